//! What a prover is given: the statement, the witness, and what is known of the columns.

use fairshare_params::commitment::Blinding;
use halo2curves::bn256::{Fr, G1Affine};

/// What a prover is given: the statement, the witness, and what is known of the columns.
#[derive(Debug)]
pub struct ProverInput<'a, C> {
    /// The circuit, with its witness.
    pub circuit: &'a C,
    /// The instance column.
    pub instance: &'a [Fr],
    /// The first columns, in order, that were committed to before: they are not committed to again.
    pub known: &'a [Known<'a>],
    /// Columns that hold LogUp fractions: sums that the processor may compute in a shorter way than a device
    /// would.
    pub fractions: &'a [Fractions],
}

impl<'a, C> ProverInput<'a, C> {
    /// With columns of which nothing is known.
    pub fn new(circuit: &'a C, instance: &'a [Fr]) -> Self {
        Self { circuit, instance, known: &[], fractions: &[] }
    }
}

/// An advice column that was committed to before.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// `C(v; r)`.
    pub commitment: G1Affine,
    /// `r`: what the commitment has in the last rows.
    pub blinding: &'a Blinding,
    /// What the proof has there.
    pub rows: LastRows,
}

/// The last rows of a column in a proof, where the commitment before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastRows {
    /// Those of the commitment, which so is the proof's own. The blinding is public, or it is drawn
    /// uniformly, secret, and of no other column.
    ///
    /// Several proofs may open a column under one secret blinding, within a budget: over **all** proofs that
    /// open it, of whatever circuit or key, its evaluations must be fewer than its blinding rows. The budget
    /// is the number of blinding rows minus one. Within it, the commitment and the evaluations are
    /// distributed alike whatever the data is. With one evaluation more they are not: whoever guesses the
    /// data can compute the rows from the evaluations, and compare with the commitment. Each proof spends one
    /// evaluation for each rotation at which its circuit queries the column.
    ///
    /// The caller must count, because it keeps the blinding: this crate and a verifier see one proof at a
    /// time. A proof counts once anyone else sees any of its evaluations, also if it is cancelled or refused
    /// later. When the budget is spent, the column needs a new blinding and so a new commitment.
    Kept,
    /// Fresh ones, which the prover hands out: the proof has a commitment of its own.
    Fresh,
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
