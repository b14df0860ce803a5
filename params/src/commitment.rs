//! Commitments to columns, which are the digests (PROTOCOL section 4).
//!
//! `C(v; r) = Σ_{i<u} v_i·G_i + r·G_{n−1}`: binding under the SRS assumption, perfectly hiding for uniform
//! `r`, because row `n − 1` is a blinding row that no constraint reads. Commitments add up.

use fairshare_circuits::wiped::{Wipe, Wiped};
use ff::Field;
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1, G1Affine};

use crate::encoding::Hasher;
use crate::keystream::Keystream;
use crate::srs::Srs;

/// A column's blinding `r`. Zero for public columns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Blinding(pub Fr);

impl Blinding {
    /// No blinding: the column is public, and anyone can recompute its commitment.
    pub const PUBLIC: Self = Self(Fr::ZERO);
}

impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(redacted)")
    }
}

impl std::iter::Sum for Blinding {
    fn sum<I: Iterator<Item = Self>>(blindings: I) -> Self {
        Self(blindings.map(|blinding| blinding.0).sum())
    }
}

impl Wipe for Blinding {
    fn wipe(&mut self) {
        *self = Self::PUBLIC;
    }
}

/// The blindings of one segment: its data columns' and its histogram's, all from one secret seed.
///
/// They are derived rather than drawn, so that the secret opening holds 32 bytes whatever the data's size.
pub fn segment_blindings(
    seed: &[u8; 32],
    segment: u32,
    data_columns: usize,
) -> (Wiped<Vec<Blinding>>, Wiped<Blinding>) {
    let key = Wiped::from(Hasher::new("fairshare/v1/blinding").bytes(seed).u32(segment).finish().0);
    let mut keystream = Keystream::new(&key);
    let data: Vec<_> = (0..data_columns).map(|_| Blinding(keystream.draw())).collect();
    (data.into(), Blinding(keystream.draw()).into())
}

/// `C(v; r)`. Values past the usable rows are not committed to: callers never have any.
///
/// The library's sum unwraps a point that is not on the curve if it has 8,104 bases or more and one of them
/// is the identity. The Lagrange points of an [`Srs`] never are: what is read or imported is checked for
/// that, and the insecure one's trapdoor is not one of the rows' roots of unity.
pub fn commit(srs: &Srs, values: &[Fr], blinding: Blinding) -> G1 {
    let usable = srs.geometry().usable_rows().min(values.len());
    let (values, _) = values.split_at(usable);
    let (points, _) = srs.lagrange().split_at(usable);
    let sum = best_multiexp(values, points);
    match srs.lagrange().last() {
        Some(last) if blinding != Blinding::PUBLIC => sum + *last * blinding.0,
        _ => sum,
    }
}

/// Affine forms of several commitments, with one inversion.
pub fn normalize(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    G1::batch_normalize(points, &mut affine);
    affine
}
