//! Which polynomials are opened, where, and in which order their values are sent: the library's verifier's.

use halo2_proofs::arithmetic::eval_polynomial;
use halo2_proofs::plonk::Any;
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::domain::Domain;
use crate::key::Key;

/// A polynomial's [index](super::polynomial_index::PolynomialIndex), and a rotation of `x`.
type Query = (usize, i32);

/// Indices and rotations of what is opened.
pub struct QueryOrder {
    /// Whose values come before that of the random polynomial.
    pub columns: Vec<Query>,
    /// Whose values come after it.
    pub copies: Vec<Query>,
    /// All, in the order of the opening.
    pub opened: Vec<Query>,
}

impl QueryOrder {
    pub fn new(key: &Key) -> Self {
        let (cs, indices) = (key.cs(), key.indices());
        let query = |kind, index, at: Rotation| (indices.column(kind, index), at.0);
        let advice: Vec<_> = cs
            .advice_queries()
            .iter()
            .map(|(column, at)| query(Any::advice(), column.index(), *at))
            .collect();
        let fixed: Vec<_> =
            cs.fixed_queries().iter().map(|(column, at)| query(Any::Fixed, column.index(), *at)).collect();
        let permuted: Vec<_> =
            (0..cs.permutation().get_columns().len()).map(|index| (indices.permuted(index), 0)).collect();
        let products = products(key);
        Self {
            columns: [&advice[..], &fixed].concat(),
            copies: [&permuted[..], &products].concat(),
            opened: [advice, products, fixed, permuted].concat(),
        }
    }

    /// What the polynomials are at `x` and its rotations.
    pub fn values(queries: &[Query], domain: &Domain, polynomials: &[&[Fr]], x: Fr) -> Vec<Fr> {
        let value =
            |(index, rotation): &Query| eval_polynomial(polynomials[*index], domain.rotate(x, *rotation));
        queries.par_iter().map(value).collect()
    }
}

/// Every running product on its row and the next; all but the last also where the one after it begins.
fn products(key: &Key) -> Vec<Query> {
    let (count, end) = (key.products(), key.last_usable());
    (0..count)
        .flat_map(|index| {
            let rotations = [0, 1].into_iter().chain((index + 1 < count).then_some(end));
            rotations.map(move |rotation| (key.indices().product(index), rotation))
        })
        .collect()
}
