//! A proof being made: what every round works with.

use std::io;

use fairshare_params::commitment::normalize;
use fairshare_params::transcript::KeccakChallenge;
use halo2_proofs::transcript::TranscriptWrite;
use halo2curves::bn256::{Fr, G1, G1Affine};

use crate::column::Column;
use crate::commit::CommitKey;
use crate::device::{Device, Work};
use crate::key::Key;
use crate::randomness::Randomness;
use crate::signal::{Cancelled, Watch};
use crate::{PlonkError, Prover};

/// Where a proof goes: what is sent is absorbed, too. Every transcript of the library's with this project's
/// challenges is one.
pub trait Output {
    /// Takes in a scalar that the verifier knows.
    fn absorb(&mut self, scalar: Fr) -> io::Result<()>;
    /// Takes in a point and writes it.
    fn send_point(&mut self, point: G1Affine) -> io::Result<()>;
    /// Takes in a scalar and writes it.
    fn send_scalar(&mut self, scalar: Fr) -> io::Result<()>;
    /// The next challenge.
    fn challenge(&mut self) -> Fr;
}

impl<T: TranscriptWrite<G1Affine, KeccakChallenge>> Output for T {
    fn absorb(&mut self, scalar: Fr) -> io::Result<()> {
        self.common_scalar(scalar)
    }

    fn send_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.write_point(point)
    }

    fn send_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.write_scalar(scalar)
    }

    fn challenge(&mut self) -> Fr {
        *self.squeeze_challenge_scalar::<()>()
    }
}

/// The transcript, the randomness, and what both work on.
pub(crate) struct Session<'a> {
    pub commit_key: &'a CommitKey<'a>,
    pub key: &'a Key,
    pub randomness: Randomness,
    device: &'a dyn Device,
    watch: Watch<'a>,
    transcript: &'a mut dyn Output,
}

impl<'a> Session<'a> {
    pub fn new(
        prover: &Prover<'a>,
        randomness: Randomness,
        transcript: &'a mut dyn Output,
    ) -> Result<Self, PlonkError> {
        let Prover { commit_key, key, device, signal } = *prover;
        if key.domain().rows() != commit_key.srs().geometry().rows() {
            return Err(PlonkError::Key);
        }
        device.prepare(key.full_columns());
        Ok(Self { commit_key, key, device, watch: Watch::new(signal, key.steps()), randomness, transcript })
    }

    /// Access to the device.
    pub fn work(&self) -> Work<'_> {
        Work { device: self.device, watch: &self.watch }
    }

    pub fn absorb(&mut self, scalar: Fr) -> Result<(), PlonkError> {
        self.transcript.absorb(scalar).map_err(PlonkError::Transcript)
    }

    pub fn challenge(&mut self) -> Fr {
        self.transcript.challenge()
    }

    pub fn send_scalar(&mut self, scalar: Fr) -> Result<(), PlonkError> {
        self.transcript.send_scalar(scalar).map_err(PlonkError::Transcript)
    }

    /// Commits to columns given by rows.
    pub fn send_commitments(&mut self, columns: &[&[Fr]]) -> Result<(), PlonkError> {
        self.send_points(|work| work.commit(columns))
    }

    /// Sends commitments, in one batch.
    pub fn send_points(
        &mut self,
        commit: impl FnOnce(Work<'_>) -> Result<Vec<G1>, Cancelled>,
    ) -> Result<(), PlonkError> {
        let points = tracing::debug_span!("commitments")
            .in_scope(|| commit(self.work()).map(|sums| normalize(&sums)))?;
        for point in points {
            self.transcript.send_point(point).map_err(PlonkError::Transcript)?;
        }
        Ok(())
    }

    /// Commits to columns given by coefficients: a transform is cheaper than tables of a second basis.
    pub fn send_coefficients(&mut self, mut columns: Vec<Column>) -> Result<(), PlonkError> {
        tracing::debug_span!("rows")
            .in_scope(|| self.work().transform(self.key.domain().to_rows(), &mut columns))?;
        let columns: Vec<&[Fr]> = columns.iter().map(|column| &**column).collect();
        self.send_commitments(&columns)
    }
}
