//! The rows as roots of unity, the cosets on which the quotient is computed, and the transforms between
//! coefficients and values.

use ff::{Field, PrimeField};
use halo2_proofs::arithmetic::{eval_polynomial, lagrange_interpolate};
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::column::Column;
use crate::device::Work;
use crate::signal::Cancelled;
use crate::transform::Transform;

/// Rows `ω^i`, `i < n`, and one coset of them for each piece of the quotient.
pub struct Domain {
    omega: Fr,
    to_rows: Transform,
    to_coefficients: Transform,
    cosets: Vec<Coset>,
}

/// The points `s·ω^i`, none of them a row.
pub struct Coset {
    /// Values at the points from coefficients; its shift is `s`.
    pub transform: Transform,
    /// `1/(s^n − 1)`: the inverse of the vanishing polynomial, constant on the coset.
    pub vanishing_inverse: Fr,
}

impl Domain {
    /// `2^k` rows and `pieces` cosets: a quotient of degree below `pieces·2^k`.
    pub fn new(k: u32, pieces: usize) -> Self {
        let rows = 1usize << k;
        let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
        let omega_inverse = (k..Fr::S).fold(Fr::ROOT_OF_UNITY_INV, |root, _| root.square());
        let rows_inverse = Fr::from(rows as u64).invert().unwrap_or(Fr::ZERO);
        // A generator's small powers lie in different cosets of the rows, and none of them in the rows.
        let cosets = (1..=pieces as u64)
            .map(|power| {
                let shift = Fr::MULTIPLICATIVE_GENERATOR.pow([power]);
                let vanishing = shift.pow([rows as u64]) - Fr::ONE;
                Coset {
                    transform: Transform::new(k, omega, shift, Fr::ONE),
                    vanishing_inverse: vanishing.invert().unwrap_or(Fr::ZERO),
                }
            })
            .collect();
        Self {
            omega,
            to_rows: Transform::new(k, omega, Fr::ONE, Fr::ONE),
            to_coefficients: Transform::new(k, omega_inverse, Fr::ONE, rows_inverse),
            cosets,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.to_rows.rows()
    }

    /// The root of unity.
    pub fn omega(&self) -> Fr {
        self.omega
    }

    /// The rows themselves, `ω^i`: the polynomial `X` there.
    pub fn points(&self) -> Vec<Fr> {
        std::iter::successors(Some(Fr::ONE), |point| Some(point * self.omega)).take(self.rows()).collect()
    }

    /// The cosets.
    pub fn cosets(&self) -> &[Coset] {
        &self.cosets
    }

    /// `x·ω^rotation`.
    pub fn rotate(&self, x: Fr, rotation: i32) -> Fr {
        let exponent = i64::from(rotation).rem_euclid(self.rows() as i64);
        x * self.omega.pow([exponent as u64])
    }

    /// Coefficients from values at the rows: the values themselves, taken for coefficients, at the inverse
    /// points.
    pub fn to_coefficients(&self) -> &Transform {
        &self.to_coefficients
    }

    /// Values at the rows from coefficients.
    pub fn to_rows(&self) -> &Transform {
        &self.to_rows
    }

    /// The pieces `h_p` of `h = Σ_p X^{np}·h_p`, in coefficients, from the values of `h` at the points
    /// `s_j·ω^i`, as many pieces as there are shifts `s_j`. These lie in different cosets of the rows, or one
    /// of them is 1.
    ///
    /// On a coset, `X^n` is the constant `σ_j = s_j^n`, so what interpolates the values there is `Σ_p
    /// σ_j^p·h_p`: a small Vandermonde system for each coefficient.
    pub fn pieces(
        &self,
        work: Work<'_>,
        shifts: &[Fr],
        values: Vec<Column>,
    ) -> Result<Vec<Column>, Cancelled> {
        let residues = self.residues(work, shifts, values)?;
        let basis = self.basis(shifts);
        let piece = |piece: usize| {
            let weights: Vec<_> = basis.iter().map(|polynomial| polynomial[piece]).collect();
            weighted(&residues, &weights)
        };
        Ok((0..shifts.len()).into_par_iter().map(piece).collect())
    }

    /// The values on a further coset of what [`Self::pieces`] takes.
    pub fn extend(
        &self,
        work: Work<'_>,
        shifts: &[Fr],
        values: Vec<Column>,
        coset: &Coset,
    ) -> Result<Column, Cancelled> {
        let residues = self.residues(work, shifts, values)?;
        let residue = coset.transform.shift().pow([self.rows() as u64]);
        let weights: Vec<_> =
            self.basis(shifts).iter().map(|polynomial| eval_polynomial(polynomial, residue)).collect();
        let mut values = weighted(&residues, &weights);
        work.transform(&coset.transform, [&mut values])?;
        Ok(values)
    }

    /// What interpolates the values on each coset, in coefficients: the residue by `X^n − σ_j`.
    fn residues(
        &self,
        work: Work<'_>,
        shifts: &[Fr],
        mut values: Vec<Column>,
    ) -> Result<Vec<Column>, Cancelled> {
        work.transform(&self.to_coefficients, &mut values)?;
        shifts.par_iter().zip(&mut values).for_each(|(shift, column)| {
            let inverse = shift.invert().unwrap_or(Fr::ZERO);
            let mut power = Fr::ONE;
            for value in column.iter_mut() {
                *value *= power;
                power *= inverse;
            }
        });
        Ok(values)
    }

    /// Lagrange's polynomials over the `σ_j`, in coefficients.
    fn basis(&self, shifts: &[Fr]) -> Vec<Vec<Fr>> {
        let points: Vec<_> = shifts.iter().map(|shift| shift.pow([self.rows() as u64])).collect();
        let unit = |coset: usize| -> Vec<_> {
            (0..shifts.len()).map(|other| Fr::from(u64::from(other == coset))).collect()
        };
        (0..shifts.len()).map(|coset| lagrange_interpolate(&points, &unit(coset))).collect()
    }
}

/// `Σ_j w_j·c_j`.
fn weighted(columns: &[Column], weights: &[Fr]) -> Column {
    let mut sum = Column::zero(columns.first().map_or(0, |column| column.len()));
    for (column, weight) in columns.iter().zip(weights) {
        sum.iter_mut().zip(column.iter()).for_each(|(sum, value)| *sum += *weight * value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{Uninterrupted, Watch};
    use crate::tests::Plain;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn random(count: usize) -> Vec<Fr> {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        (0..count).map(|_| Fr::random(&mut rng)).collect()
    }

    #[test]
    fn transforms_evaluate_at_rows_and_cosets() {
        for k in [1, 2, 5, 11] {
            let domain = Domain::new(k, 4);
            let rows = domain.rows();
            let coefficients = random(rows);
            let mut values = coefficients.clone();
            domain.to_rows().apply(&mut values);
            for (row, value) in values.iter().enumerate().step_by(rows.div_ceil(100)) {
                assert_eq!(*value, eval_polynomial(&coefficients, domain.rotate(Fr::ONE, row as i32)));
            }
            domain.to_coefficients().apply(&mut values);
            assert_eq!(values, coefficients);
            for coset in domain.cosets() {
                values.clone_from(&coefficients);
                coset.transform.apply(&mut values);
                for (row, value) in values.iter().enumerate().step_by(rows.div_ceil(100)) {
                    let point = domain.rotate(coset.transform.shift(), row as i32);
                    assert_eq!(*value, eval_polynomial(&coefficients, point));
                    assert_eq!((point.pow([rows as u64]) - Fr::ONE) * coset.vanishing_inverse, Fr::ONE);
                }
            }
        }
    }

    #[test]
    fn pieces_and_further_values_are_those_of_the_polynomial_on_cosets_and_rows() {
        let watch = Watch::new(&Uninterrupted, 0);
        let (domain, work) = (Domain::new(4, 4), Work { device: &Plain, watch: &watch });
        let (rows, coefficients) = (domain.rows(), random(64));
        let values = |shift: Fr| -> Vec<_> {
            let point = |row: usize| domain.rotate(shift, row as i32);
            (0..rows).map(|row| eval_polynomial(&coefficients, point(row))).collect()
        };
        let mut shifts: Vec<_> = domain.cosets().iter().map(|coset| coset.transform.shift()).collect();
        for last in [shifts[3], Fr::ONE] {
            shifts[3] = last;
            let columns = || shifts.iter().map(|shift| values(*shift).into()).collect();
            let pieces = domain.pieces(work, &shifts, columns()).expect("not cancelled");
            let joined: Vec<_> = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
            assert_eq!(joined, coefficients);
            let further = &domain.cosets()[3];
            let extended = domain.extend(work, &shifts, columns(), further).expect("not cancelled");
            assert_eq!(*extended, values(further.transform.shift()));
        }
    }
}
