//! Equations in the curve's group, checked one by one or many at once.

use ff::Field;
use group::prime::PrimeCurveAffine;
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
    /// Adds a term. One of the identity adds nothing and is left out: from 8,104 points on the library's sum
    /// takes the identity for a point like others, leaves the curve and panics. No encoding brings one, but a
    /// sum of points that a bundle brings can be one: of `H` and `−H`.
    pub(crate) fn add(&mut self, scalar: Fr, point: G1Affine) {
        if !bool::from(point.is_identity()) {
            self.scalars.push(scalar);
            self.points.push(point);
        }
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

#[cfg(test)]
mod tests {
    use group::Curve;
    use halo2curves::bn256::G1;

    use super::*;

    /// More terms than the library sums without batches of points, some of them the identity.
    #[test]
    fn identities_among_thousands_of_points_are_harmless() {
        const TERMS: u64 = 9_000;
        let (mut equation, mut sum) = (Equation::default(), Fr::ZERO);
        for term in 1..=TERMS {
            let (scalar, factor) = (Fr::random(OsRng), Fr::from(term));
            equation.add(scalar, (G1::generator() * factor).to_affine());
            equation.add(scalar, G1Affine::default());
            sum += scalar * factor;
        }
        assert!(!equation.holds());
        equation.add(-sum, G1Affine::generator());
        assert!(equation.holds());
        let mut merged = Equation::default();
        merged.merge(equation);
        assert!(merged.holds());
    }
}
