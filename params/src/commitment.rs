//! Commitments to columns, which are the digests (PROTOCOL section 4).
//!
//! `C(v; r) = Σ_{i<u} v_i·G_i + Σ_{j<6} r_j·G_{n−6+j}`: binding under the SRS assumption, perfectly hiding
//! for uniform `r`. The six rows are those in which the proof system blinds its own columns and which no
//! constraint reads, so that a registered commitment is a proof's own. Commitments add up.

use std::collections::HashMap;
use std::ops::AddAssign;

pub use fairshare_circuits::geometry::BLINDING_ROWS;
use fairshare_circuits::wiped::Wipe;
use ff::{Field, PrimeField};
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine};

use crate::Geometry;

/// Points to commit with: those of a whole reference string, or of as much of one as a verifier has.
pub trait LagrangePoints {
    /// The geometry they are for.
    fn geometry(&self) -> Geometry;

    /// `G_0, G_1, …`: of every symbol's row at least, which is as far as a public column goes.
    fn row_points(&self) -> &[G1Affine];

    /// `G_{n−6} … G_{n−1}`: of the rows that blind a column.
    fn blinding_points(&self) -> &[G1Affine];
}

/// What checks an opening and a link: of a whole reference string, or of a verifier's parameters.
pub trait OpeningPoints {
    /// `[1]_1`, `[1]_2` and `[s]_2`, as the proof system takes them.
    fn backend(&self) -> &ParamsKZG<Bn256>;

    /// `G_u … G_{n−1}`: of the rows that hold no data.
    fn reserved_points(&self) -> &[G1Affine];
}

/// What a column's last rows hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Blinding(pub [Fr; BLINDING_ROWS]);

impl Blinding {
    /// Nothing: of a sum that is not a proof's column.
    pub const NONE: Self = Self([Fr::ZERO; BLINDING_ROWS]);

    /// That of a public column, whose commitment anyone can recompute: zeros and a 1, so that no column has
    /// the identity for a commitment, which no proof can hold.
    pub const PUBLIC: Self = {
        let mut rows = [Fr::ZERO; BLINDING_ROWS];
        rows[BLINDING_ROWS - 1] = Fr::ONE;
        Self(rows)
    };
}

impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(redacted)")
    }
}

impl AddAssign<&Self> for Blinding {
    fn add_assign(&mut self, other: &Self) {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row += other;
        }
    }
}

impl Wipe for Blinding {
    fn wipe(&mut self) {
        self.0.wipe();
    }
}

/// `C(v; r)`. Values past the usable rows, or past the points, are not committed to: callers have none there
/// but zeros.
///
/// The library's sum unwraps a point that is not on the curve if it has 8,104 bases or more and one of them
/// is the identity. The Lagrange points of an [`Srs`](crate::srs::Srs) never are: what is read or imported is
/// checked for that, and the insecure one's trapdoor is not one of the rows' roots of unity.
pub fn commit(points: &impl LagrangePoints, values: &[Fr], blinding: &Blinding) -> G1 {
    let rows = points.row_points();
    let usable = points.geometry().usable_rows().min(values.len()).min(rows.len());
    let (values, _) = values.split_at(usable);
    let (rows, _) = rows.split_at(usable);
    let blinding = points.blinding_points().iter().zip(&blinding.0);
    let blinding = blinding.filter(|(_, row)| **row != Fr::ZERO).map(|(point, row)| *point * row);
    sum(values, rows) + blinding.sum::<G1>()
}

/// Most values whose points are summed first. From some 8,100 bases on the library adds by a formula that
/// fails at the identity, and a sum of points may be the identity.
const MOST_VALUES: usize = 4096;

/// `Σ v_i·G_i`. The points of each value are summed first, where the values are few: a public column is empty
/// for the most part, and a selector has one.
pub(crate) fn sum(values: &[Fr], points: &[G1Affine]) -> G1 {
    let mut sums: HashMap<_, (Fr, G1)> = HashMap::new();
    for (value, point) in values.iter().zip(points).filter(|(value, _)| **value != Fr::ZERO) {
        let (_, sum) = sums.entry(value.to_repr()).or_insert((*value, G1::default()));
        *sum += point;
        if sums.len() > MOST_VALUES {
            return best_multiexp(values, points);
        }
    }
    let (values, sums): (Vec<_>, Vec<_>) = sums.into_values().unzip();
    best_multiexp(&values, &normalize(&sums))
}

/// The commitment to a column that everybody knows.
pub fn commit_public(points: &impl LagrangePoints, values: &[Fr]) -> G1Affine {
    commit(points, values, &Blinding::PUBLIC).to_affine()
}

/// A node's units commitment, or with the totals that of all nodes: the sum that a registry computes.
pub fn commit_units(points: &impl LagrangePoints, units: &[u32]) -> G1Affine {
    let column: Vec<_> = units.iter().map(|units| Fr::from(u64::from(*units))).collect();
    commit(points, &column, &Blinding::NONE).to_affine()
}

/// The commitment of a public column whose values add up to `sum`, which the registry computes without the
/// last row.
#[expect(clippy::arithmetic_side_effects, reason = "points add up to points")]
pub fn as_public_column(points: &impl LagrangePoints, sum: &G1Affine) -> G1Affine {
    let last = points.blinding_points().last().copied().unwrap_or_default();
    (*sum + last).to_affine()
}

/// Affine forms of several commitments, with one inversion.
pub fn normalize(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srs::Srs;

    /// None, one, as many values as are summed by value and one more; and points that cancel.
    #[test]
    fn a_sum_by_value_is_the_librarys() {
        let srs = Srs::insecure(Geometry::STANDARD);
        let points = srs.lagrange();
        for different in [0, 1, 2, MOST_VALUES, MOST_VALUES + 1] {
            let values: Vec<_> = (0..points.len())
                .map(|row| row.checked_rem(different).map_or(Fr::ZERO, |value| -Fr::from(value as u64 + 1)))
                .collect();
            assert_eq!(sum(&values, points), best_multiexp(&values, points), "{different}");
        }
        let [first, second, ..] = points else { panic!("points") };
        let cancelling = [*first, -*first, *second, -*second, *second];
        let values = [Fr::from(5), Fr::from(5), Fr::from(7), Fr::from(7), Fr::ONE];
        assert_eq!(sum(&values, &cancelling), G1::from(*second));
        assert_eq!(sum(&values[..4], &cancelling), G1::default());
    }
}
