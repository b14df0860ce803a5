//! A prover for the proofs that `halo2_proofs` verifies: PLONK's arithmetisation with challenge phases, copy
//! constraints, KZG commitments and SHPLONK openings.
//!
//! The verifier is the library's, and so are constraint systems and keys. The prover is ours, because that is
//! where the time goes, and the library's leaves no way in: its transforms multiply twice where once is
//! enough, it takes every scalar for a full one, and it blinds by itself columns that were committed to
//! before. Nothing here is trusted: whatever is made is verified before it is handed out, by a verifier that
//! knows nothing of this crate.
//!
//! The rounds, each a [type](rounds), with what each writes (points, then the challenges drawn after them):
//!
//! 1. [`advise`](rounds::Stated::advise): advice columns, phase by phase, blinded in the last rows
//!    (`witness.rs`); each phase's challenges;
//! 2. nothing, the lookups being LogUp's and so gates like others; `θ` (unused), `β`, `γ`;
//! 3. [`permute`](rounds::Advised::permute): the running products of the copy constraints (`permutation.rs`);
//!    a random polynomial, which hides the quotient's value in the opening; `y`;
//! 4. [`divide`](rounds::Permuted::divide): the quotient of all constraints, folded with `y`, by the
//!    vanishing polynomial, in pieces (`quotient.rs`); `x`;
//! 5. [`evaluate`](rounds::Divided::evaluate): the values of all polynomials at `x` and its rotations
//!    (scalars);
//! 6. [`open`](rounds::Evaluated::open): their opening (`shplonk.rs`).
//!
//! What is the same in every proof under a key is kept with it ([`Key`]). Sums of points and transforms,
//! which take nearly all the time, are a [`Device`]'s; between them the prover asks a [`Signal`].
//!
//! The quotient's pieces are not blinded, here as in the library: zero knowledge is computational
//! (SECURITY.md).

mod column;
mod commit;
mod constraint;
mod device;
mod domain;
mod gate_evaluator;
mod input;
mod key;
pub mod multiexp;
mod permutation;
mod polynomial_index;
mod queries;
mod quotient;
mod randomness;
pub mod rounds;
mod session;
mod shplonk;
mod signal;
mod steps;
mod transform;
mod witness;

use std::io;

use halo2_proofs::plonk::{self, Circuit};
use halo2curves::bn256::Fr;

pub use column::Column;
pub use commit::{BlindingPoints, CommitKey, commit, commit_with};
pub use device::Device;
pub use input::{Fractions, Known, LastRows, ProverInput};
pub use key::Key;
pub use randomness::Randomness;
pub use rounds::Drawn;
use rounds::Stated;
pub use session::Output;
use session::Session;
pub use signal::{Cancelled, Signal, Step, Uninterrupted, Watch};
pub use transform::Transform;

/// Why no proof was computed. Each of them but the last is a defect of the circuit, the key or the input, not
/// of the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlonkError {
    /// The circuit's synthesis failed.
    #[error("the circuit could not be filled in")]
    Synthesis(#[source] plonk::Error),
    /// The circuit did not announce the end of each phase but the last.
    #[error("the circuit's phases do not end where its challenges need it")]
    Phases,
    /// A cell without a value, outside the usable rows, or of a phase that was committed to already.
    #[error("advice column {column}, row {row}: not a cell that can be assigned now")]
    Cell {
        /// The column's index.
        column: usize,
        /// The row.
        row: usize,
    },
    /// The key is of another number of rows than the parameters, or its constraint system uses what this
    /// prover has not: the library's lookups, virtual selectors, or another number of instance columns than
    /// one.
    #[error("the proving key is not one of this prover's circuits and these parameters")]
    Key,
    /// The instance does not fit the usable rows.
    #[error("an instance of {rows} rows does not fit the circuit")]
    Instance {
        /// The instance's length.
        rows: usize,
    },
    /// A column is known that there is not, or blinded in another number of rows than the key has.
    #[error("advice column {column}: not one that can have been committed to before")]
    Known {
        /// The column's index.
        column: usize,
    },
    /// A commitment that the transcript does not take: the identity, which a blinded column never gives.
    #[error("a commitment has no encoding")]
    Transcript(#[source] io::Error),
    /// The signal said stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// What proofs under a key are made with.
#[derive(Clone, Copy)]
pub struct Prover<'a> {
    commit_key: &'a CommitKey<'a>,
    key: &'a Key,
    device: &'a dyn Device,
    signal: &'a dyn Signal,
}

impl<'a> Prover<'a> {
    /// A prover that works on the processor and is never interrupted.
    pub fn new(commit_key: &'a CommitKey<'a>, key: &'a Key) -> Self {
        Self { commit_key, key, device: commit_key, signal: &Uninterrupted }
    }

    /// The same on another device, which computes over the same reference string.
    pub fn on(self, device: &'a dyn Device) -> Self {
        Self { device, ..self }
    }

    /// The same, asking a signal.
    pub fn asking(self, signal: &'a dyn Signal) -> Self {
        Self { signal, ..self }
    }

    /// Begins a proof: absorbs the statement. The caller runs the [rounds].
    ///
    /// `randomness` must be of no other proof. What an input says of its columns is taken on trust: if it is
    /// false, the proof does not verify.
    pub fn begin<C: Circuit<Fr>>(
        &self,
        input: ProverInput<'a, C>,
        randomness: Randomness,
        transcript: &'a mut dyn Output,
    ) -> Result<Stated<'a, C>, PlonkError> {
        let session =
            tracing::debug_span!("preparation").in_scope(|| Session::new(self, randomness, transcript))?;
        Stated::new(session, input)
    }

    /// Writes a proof to `transcript`, round by round, and hands out the fresh last rows of known columns,
    /// which are secret. On randomness and trust see [`Self::begin`].
    pub fn prove<C: Circuit<Fr>>(
        &self,
        input: ProverInput<'a, C>,
        randomness: Randomness,
        transcript: &'a mut dyn Output,
    ) -> Result<Vec<Drawn>, PlonkError> {
        self.begin(input, randomness, transcript)?.advise()?.permute()?.divide()?.evaluate()?.open()
    }
}

#[cfg(test)]
mod tests;
