//! Equations in the curve's group, checked one by one or many at once.

use ff::Field;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1Affine};
use rand_core::OsRng;

/// `Σ s_i·P_i = 0`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Equation {
    scalars: Vec<Fr>,
    points: Vec<G1Affine>,
}

impl Equation {
    /// Adds a term.
    pub(crate) fn add(&mut self, scalar: Fr, point: G1Affine) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// Adds another equation under a random weight: a sum of false equations is true with probability
    /// `2^-253`.
    pub(crate) fn merge(&mut self, other: Self) {
        let weight = Fr::random(OsRng);
        self.scalars.extend(other.scalars.into_iter().map(|scalar| scalar * weight));
        self.points.extend(other.points);
    }

    /// Whether it holds.
    pub(crate) fn holds(&self) -> bool {
        use group::Group;
        best_multiexp(&self.scalars, &self.points).is_identity().into()
    }
}
