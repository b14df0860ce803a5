//! Each polynomial's index in the one list of all that a proof is about.

use halo2_proofs::plonk::{Any, ConstraintSystem};
use halo2curves::bn256::Fr;

/// Indices by kind, in this order. Those of the [key](super::key::Key): fixed columns, the three Lagrange
/// polynomials of the copy constraints, permuted positions, and the polynomial `X`. Those of the proof:
/// advice, instance, products.
pub struct PolynomialIndex {
    lagrange: usize,
    permuted: usize,
    point: usize,
    advice: usize,
    instance: usize,
    product: usize,
}

impl PolynomialIndex {
    pub fn new(cs: &ConstraintSystem<Fr>) -> Self {
        let lagrange = cs.num_fixed_columns();
        let permuted = lagrange + 3;
        let point = permuted + cs.permutation().get_columns().len();
        let advice = point + 1;
        let instance = advice + cs.num_advice_columns();
        Self { lagrange, permuted, point, advice, instance, product: instance + cs.num_instance_columns() }
    }

    /// The column `index` of a kind.
    pub fn column(&self, kind: Any, index: usize) -> usize {
        index
            + match kind {
                Any::Advice(_) => self.advice,
                Any::Fixed => 0,
                Any::Instance => self.instance,
            }
    }

    /// The polynomials that are 1 on the first row, on the last usable row, and on all rows before that.
    pub fn lagrange(&self) -> [usize; 3] {
        [0, 1, 2].map(|offset| self.lagrange + offset)
    }

    /// The positions that a column's cells are permuted to.
    pub fn permuted(&self, index: usize) -> usize {
        self.permuted + index
    }

    /// A running product of the copy constraints.
    pub fn product(&self, index: usize) -> usize {
        self.product + index
    }

    /// The polynomial `X`.
    pub fn point(&self) -> usize {
        self.point
    }
}
