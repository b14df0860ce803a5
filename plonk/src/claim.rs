//! What is proved, with what is known of its columns.

use fairshare_params::commitment::Blinding;
use halo2curves::bn256::{Fr, G1Affine};

/// What is proved, with what is known of its columns.
#[derive(Debug)]
pub struct Claim<'a, C> {
    /// The circuit, with its witness.
    pub circuit: &'a C,
    /// The instance column.
    pub instance: &'a [Fr],
    /// The first columns' commitments as registered, in order. What a proof commits to differs only in the
    /// last rows, so these are completed rather than computed.
    pub linked: &'a [Linked],
    /// Columns that hold LogUp fractions.
    pub fractions: &'a [Fractions],
}

/// A column whose commitment the verifier knows.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// `C(v; r)`.
    pub commitment: G1Affine,
    /// `r`.
    pub blinding: Blinding,
}

/// An advice column of a later phase that holds `Σ 1/(γ − v)` over columns `v` of an earlier one, row by row.
#[derive(Clone, Debug)]
pub struct Fractions {
    /// The column's index.
    pub column: usize,
    /// Indices of the columns `v`.
    pub looked_up: Vec<usize>,
    /// The index of `γ` among the challenges.
    pub gamma: usize,
}
