//! The one place that calls the proving backend.
//!
//! The [prover](fairshare_plonk) takes registered commitments as the proof's own. Of the one column that a
//! score's proof blinds afresh it hands out the blinding, which is the link's witness. Whatever is false in
//! all that makes a proof that does not verify: never a bad proof, only an error.

use fairshare_circuits::geometry::{BLINDING_ROWS, Geometry, RESERVED_ROWS};
use fairshare_params::commitment::Blinding;
use fairshare_params::keys::{CircuitKind, ProvingKey, VerifyingKey};
use fairshare_params::keystream::Keystream;
use fairshare_params::srs::Srs;
use fairshare_params::transcript::Writer;
use fairshare_params::wiped::Wiped;
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{ProofCheck, VerifyError};
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::{Fr, G1Affine};
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use fairshare_plonk::{self as plonk, Column, CommitKey, Drawn, PlonkError, ProverInput, Randomness, Signal};

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The backend gave up.
    #[error("the proof could not be computed")]
    Prove(#[source] PlonkError),
    /// A proof without what its input asks for. A defect of the prover's.
    #[error("the proof is not whole; please report")]
    Incomplete,
    /// The system gives no random numbers.
    #[error(
        "the system gives no random numbers, and a proof without them would hide nothing; try again when it \
         does"
    )]
    Randomness(#[source] std::io::Error),
    /// The finished proof does not verify: the statement is false, or the opening is not that of the
    /// commitments.
    #[error(
        "the finished proof does not verify, so it is not handed out: the data is not what was committed to"
    )]
    Verify(#[source] Box<VerifyError>),
}

/// A proving key, ready for proofs: of histograms many, of a score one.
#[derive(Debug)]
pub struct Key {
    verifying: VerifyingKey,
    plonk: plonk::Key,
}

impl Key {
    /// Takes what was built or read.
    pub fn new(key: ProvingKey) -> Result<Self, BackendError> {
        let (verifying, library) = key.into_parts();
        let key = plonk::Key::new(library).map_err(BackendError::Prove)?;
        let plonk = match verifying.id().kind {
            CircuitKind::Histogram(_) => key.with_coset_cache(),
            CircuitKind::DataScore | CircuitKind::ComputeScore => key,
        };
        Ok(Self { verifying, plonk })
    }

    /// The matching verifying key.
    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The [prover](fairshare_plonk)'s key.
    pub fn plonk(&self) -> &plonk::Key {
        &self.plonk
    }
}

/// Proves the input, and hands out with the proof the last rows that were drawn for known columns. Nothing
/// was verified: see `check`.
pub fn prove<C: Circuit<Fr>>(
    commit_key: &CommitKey<'_>,
    key: &Key,
    input: ProverInput<'_, C>,
    randomness: Randomness,
    signal: &dyn Signal,
) -> Result<(Vec<u8>, Vec<Drawn>), BackendError> {
    let _span = tracing::debug_span!("other", statement = key.verifying().id().kind.name()).entered();
    let mut transcript = Writer::under(&key.verifying().digest());
    let drawn = plonk::Prover::new(commit_key, key.plonk())
        .asking(signal)
        .prove(input, randomness, &mut transcript)
        .map_err(BackendError::Prove)?;
    Ok((transcript.into_proof(), drawn))
}

/// Verifies a finished proof: no other is handed out.
pub fn check(srs: &Srs, proof: &ProofCheck<'_>) -> Result<(), BackendError> {
    tracing::debug_span!("verification")
        .in_scope(|| proof.run(srs))
        .map_err(|error| BackendError::Verify(Box::new(error)))
}

/// A score's randomness, of no other proof's. Its draws cannot fail: only this can.
pub fn fresh_randomness() -> Result<Randomness, BackendError> {
    Randomness::fresh(&mut OsRng).map_err(no_randomness)
}

fn no_randomness(error: rand_core::Error) -> BackendError {
    BackendError::Randomness(std::io::Error::other(error))
}

/// A link's nonces, of no other's: `source` seeds them. Drawing them cannot fail: only this can.
fn nonces(mut source: impl RngCore) -> Result<Wiped<Keystream>, BackendError> {
    let mut seed = Zeroizing::new([0; 32]);
    source.try_fill_bytes(seed.as_mut()).map_err(no_randomness)?;
    Ok(Keystream::new(&seed))
}

/// The Schnorr proof of representation: `carried` blinds the counts in the proof, `merged` in the sum of the
/// histogram commitments.
pub fn link(
    srs: &Srs,
    statement: &LinkStatement<'_>,
    carried: &Blinding,
    merged: &Blinding,
) -> Result<Link, BackendError> {
    let mut drawn = nonces(OsRng)?;
    // Columns, so that they are overwritten: a nonce tells the witness, and the witness the blinding of a
    // column.
    let mut nonces = Column::zero(RESERVED_ROWS);
    nonces.fill_with(|| drawn.draw());
    let commitment = best_multiexp(&nonces, tail(srs)).to_affine();
    let challenge = statement.challenge(&commitment);
    let mut witness = Column::zero(RESERVED_ROWS);
    // The rows between the data and the blinding are zero in both.
    let rows = witness.iter_mut().skip(RESERVED_ROWS - BLINDING_ROWS);
    for (row, (carried, merged)) in rows.zip(carried.0.iter().zip(&merged.0)) {
        *row = *carried - merged;
    }
    let responses = std::array::from_fn(|row| nonces[row] + challenge * witness[row]);
    Ok(Link { commitment, responses })
}

/// `G_u … G_{n−1}`.
fn tail(srs: &Srs) -> &[G1Affine] {
    let geometry: Geometry = srs.geometry();
    &srs.lagrange()[geometry.usable_rows()..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::Exhausted;

    #[test]
    fn without_randomness_there_is_no_proof_and_no_panic() {
        assert!(matches!(nonces(Exhausted), Err(BackendError::Randomness(_))));
        let [mut one, mut other] = [nonces(OsRng).expect("seeded"), nonces(OsRng).expect("seeded")];
        assert_ne!(one.draw(), other.draw(), "no two proofs draw from one stream");
    }
}
