//! Where each polynomial of a proof stands in the one list of all of them.

use halo2_proofs::plonk::{Any, ConstraintSystem};
use halo2curves::bn256::Fr;

/// Places by kind, in this order: advice, fixed, instance, the three Lagrange polynomials of the copy constraints,
/// permuted positions, products, and the polynomial `X`.
pub struct Places {
    fixed: usize,
    instance: usize,
    lagrange: usize,
    permuted: usize,
    product: usize,
    point: usize,
}

impl Places {
    pub fn new(cs: &ConstraintSystem<Fr>, products: usize) -> Self {
        let fixed = cs.num_advice_columns();
        let instance = fixed + cs.num_fixed_columns();
        let lagrange = instance + cs.num_instance_columns();
        let permuted = lagrange + 3;
        let product = permuted + cs.permutation().get_columns().len();
        Self { fixed, instance, lagrange, permuted, product, point: product + products }
    }

    /// The column `index` of a kind.
    pub fn column(&self, kind: Any, index: usize) -> usize {
        index
            + match kind {
                Any::Advice(_) => 0,
                Any::Fixed => self.fixed,
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

    /// The polynomial `X`, the last.
    pub fn point(&self) -> usize {
        self.point
    }
}
