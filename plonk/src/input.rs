//! What a prover is given: the statement, the witness, and what is known of the columns.

use fairshare_params::commitment::Blinding;
use fairshare_params::wiped::Wipe;
use ff::Field;
use halo2curves::bn256::{Fr, G1Affine};

/// What a prover is given: the statement, the witness, and what is known of the columns.
#[derive(Debug)]
pub struct ProverInput<'a, C> {
    /// The circuit, with its witness.
    pub circuit: &'a C,
    /// The instance column.
    pub instance: &'a [Fr],
    /// The first columns' commitments as registered, in order. What a proof commits to differs only in the
    /// last rows, so these are completed rather than computed.
    pub linked: &'a [Linked],
    /// Columns that hold LogUp fractions: sums that the processor may compute in a shorter way than a device
    /// would.
    pub fractions: &'a [Fractions],
    /// Columns whose last rows are given.
    pub given: &'a [Given<'a>],
}

impl<'a, C> ProverInput<'a, C> {
    /// With columns of which nothing is known.
    pub fn new(circuit: &'a C, instance: &'a [Fr]) -> Self {
        Self { circuit, instance, linked: &[], fractions: &[], given: &[] }
    }
}

/// An advice column whose last rows are given, where all others' are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The column's index.
    pub column: usize,
    /// What its last rows hold.
    pub rows: LastRows<'a>,
}

/// The last rows of a column, which the circuit leaves alone.
#[derive(Clone, Copy)]
pub enum LastRows<'a> {
    /// A secret blinding, so that the commitment is the one that was registered: as many values as the key
    /// has [blinding rows](crate::Key::blinding_rows), drawn uniformly, and used for no other column.
    ///
    /// Several proofs may open the column under the same rows, within a budget: over **all** proofs that open
    /// it, of whatever circuit or key, its evaluations must be fewer than its blinding rows. The budget is
    /// the number of blinding rows minus one. Within it, the commitment and the evaluations are distributed
    /// alike whatever the data is. With one evaluation more they are not: whoever guesses the data can
    /// compute the rows from the evaluations, and compare with the commitment. Each proof spends one
    /// evaluation for each rotation at which its circuit queries the column.
    ///
    /// The caller must count, because it keeps the rows: this crate and a verifier see one proof at a time.
    /// A proof counts once anyone else sees any of its evaluations, also if it is cancelled or refused later.
    /// When the budget is spent, the column needs new rows and so a new commitment.
    Secret(&'a [Fr]),
    /// None, as everybody may recompute the commitment: zeros, and a 1 in the very last row, without which a
    /// column of zeros would have a commitment that no proof can hold.
    ///
    /// Not for a [linked](ProverInput::linked) column whose blinding is secret: anyone could test a guess of
    /// its data. [`PlonkError::SecretBlinding`](crate::PlonkError::SecretBlinding) refuses it.
    Public,
}

impl std::fmt::Debug for LastRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(rows) => write!(f, "Secret({} rows, redacted)", rows.len()),
            Self::Public => f.write_str("Public"),
        }
    }
}

impl LastRows<'_> {
    /// Writes them; `rows` are as many as there must be.
    pub(crate) fn write(self, rows: &mut [Fr]) {
        match self {
            Self::Secret(given) => rows.copy_from_slice(given),
            Self::Public => {
                rows.fill(Fr::ZERO);
                if let Some(last) = rows.last_mut() {
                    *last = Fr::ONE;
                }
            }
        }
    }
}

/// A column whose commitment the verifier knows.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// `C(v; r)`.
    pub commitment: G1Affine,
    /// `r`.
    pub blinding: Blinding,
}

impl Wipe for Linked {
    fn wipe(&mut self) {
        self.blinding.wipe();
    }
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
