//! The opening of every polynomial at all its points with two group elements: SHPLONK (Boneh, Drake, Fisch,
//! Gabizon 2020, ePrint 2020/081, section 4).
//!
//! What the polynomials are at the points enters only through remainders: `(P − R)/Z` is the quotient of `P`
//! by `Z`, whatever the remainder `R`. So nothing is interpolated here.

use ff::Field;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::PlonkError;
use crate::column::Column;
use crate::session::Session;

/// Polynomials and the rotations of `x` at which they are opened, in the order of the verifier's queries.
#[derive(Default)]
pub struct Queries<'p> {
    polynomials: Vec<(&'p [Fr], Vec<i32>)>,
    ids: Vec<usize>,
}

impl<'p> Queries<'p> {
    /// Opens `polynomial`, of which `id` is the name, at `x·ω^rotation`.
    pub fn open(&mut self, id: usize, polynomial: &'p [Fr], rotation: i32) {
        match self.ids.iter().position(|known| *known == id) {
            Some(index) => self.polynomials[index].1.push(rotation),
            None => {
                self.ids.push(id);
                self.polynomials.push((polynomial, vec![rotation]));
            }
        }
    }

    /// Polynomials that are opened at the same points, in the order of their first.
    fn sets(mut self) -> Vec<(Vec<i32>, Vec<&'p [Fr]>)> {
        let mut sets: Vec<(Vec<i32>, Vec<&'p [Fr]>)> = Vec::new();
        for (polynomial, mut rotations) in self.polynomials.drain(..) {
            rotations.sort_unstable();
            match sets.iter_mut().find(|(known, _)| *known == rotations) {
                Some((_, polynomials)) => polynomials.push(polynomial),
                None => sets.push((rotations, vec![polynomial])),
            }
        }
        sets
    }
}

/// Writes the two group elements.
pub fn open(session: &mut Session<'_>, queries: Queries<'_>, x: Fr) -> Result<(), PlonkError> {
    let (within, across) = (session.challenge(), session.challenge());
    let sets = queries.sets();
    let rows = session.key.domain().rows();
    let points: Vec<Vec<Fr>> = sets
        .iter()
        .map(|(rotations, _)| {
            rotations.iter().map(|rotation| session.key.domain().rotate(x, *rotation)).collect()
        })
        .collect();
    // One polynomial for each set, folded with powers of the first challenge.
    let folded: Vec<Column> =
        sets.par_iter().map(|(_, polynomials)| fold(polynomials, within, rows)).collect();

    let quotients: Vec<Column> = folded
        .par_iter()
        .zip(&points)
        .map(|(polynomial, points)| {
            let mut quotient = polynomial.clone();
            points.iter().for_each(|point| divide(&mut quotient, *point));
            quotient
        })
        .collect();
    let quotients: Vec<&[Fr]> = quotients.iter().map(|quotient| &**quotient).collect();
    let quotient = fold(&quotients, across, rows);
    session.send_coefficients(vec![quotient.clone()])?;
    let u = session.challenge();

    let mut all: Vec<Fr> = Vec::new();
    for point in points.iter().flatten() {
        if !all.contains(point) {
            all.push(*point);
        }
    }
    let vanishing = |points: &mut dyn Iterator<Item = &Fr>| points.map(|point| u - point).product::<Fr>();
    // What a set's points lack of all points, at the challenge.
    let missing: Vec<Fr> =
        points.iter().map(|own| vanishing(&mut all.iter().filter(|point| !own.contains(point)))).collect();
    // Normalised by the first set, as the verifier expects.
    let norm = missing.first().and_then(|first| Option::from(first.invert())).unwrap_or(Fr::ZERO);
    let mut weight = norm;
    let mut combined = Column::zero(rows);
    for (polynomial, missing) in folded.iter().zip(&missing) {
        let factor = weight * missing;
        accumulate(&mut combined, polynomial, factor);
        weight *= across;
    }
    accumulate(&mut combined, &quotient, -(norm * vanishing(&mut all.iter())));
    divide(&mut combined, u);
    session.send_coefficients(vec![combined])
}

/// `Σ_j factor^j·p_j`.
fn fold(polynomials: &[&[Fr]], factor: Fr, rows: usize) -> Column {
    let mut sum = Column::zero(rows);
    sum.par_chunks_mut(1 << 10).enumerate().for_each(|(chunk, sum)| {
        let first = chunk << 10;
        for polynomial in polynomials.iter().rev() {
            for (sum, coefficient) in sum.iter_mut().zip(&polynomial[first..]) {
                *sum = *sum * factor + coefficient;
            }
        }
    });
    sum
}

fn accumulate(sum: &mut [Fr], polynomial: &[Fr], factor: Fr) {
    for (sum, coefficient) in sum.iter_mut().zip(polynomial) {
        *sum += factor * coefficient;
    }
}

/// Divides by `X − point`, in place, and drops the remainder.
fn divide(polynomial: &mut [Fr], point: Fr) {
    let mut carry = Fr::ZERO;
    for coefficient in polynomial.iter_mut().rev() {
        let next = *coefficient + carry * point;
        *coefficient = carry;
        carry = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::arithmetic::eval_polynomial;

    #[test]
    fn division_leaves_quotient_and_drops_remainder() {
        let [p, point, z]: [Vec<Fr>; 3] =
            [vec![5, 4, 3, 2], vec![7], vec![11]].map(|v| v.into_iter().map(Fr::from).collect());
        let mut quotient = p.clone();
        divide(&mut quotient, point[0]);
        assert_eq!(quotient[3], Fr::ZERO);
        let remainder = eval_polynomial(&p, point[0]);
        let product = eval_polynomial(&quotient, z[0]) * (z[0] - point[0]);
        assert_eq!(product + remainder, eval_polynomial(&p, z[0]));
    }

    #[test]
    fn sets_hold_what_is_opened_at_the_same_points() {
        let [a, b, c] = [[Fr::ONE], [Fr::ZERO], [-Fr::ONE]];
        let mut queries = Queries::default();
        queries.open(0, &a, 0);
        queries.open(1, &b, 1);
        queries.open(2, &c, -1);
        queries.open(1, &b, 0);
        queries.open(2, &c, 0);
        queries.open(0, &a, 1);
        let sets: Vec<_> =
            queries.sets().into_iter().map(|(rotations, set)| (rotations, set.concat())).collect();
        assert_eq!(sets, [(vec![0, 1], vec![Fr::ONE, Fr::ZERO]), (vec![-1, 0], vec![-Fr::ONE])]);
    }
}
