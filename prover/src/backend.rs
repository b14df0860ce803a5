//! The one place that calls the proving backend.
//!
//! The [prover](fairshare_plonk) commits to advice columns freshly blinded in their last six rows, and hands
//! out that blinding of the linked columns, which is the link's witness. Should it be another than the
//! proof's, the link would not hold, and the proof is refused here: never a bad proof, only an error.

use fairshare_circuits::geometry::{Geometry, RESERVED_ROWS};
use fairshare_params::keys::{CircuitKind, ProvingKey, VerifyingKey};
use fairshare_params::keystream::Keystream;
use fairshare_params::srs::Srs;
use fairshare_params::transcript::Writer;
use fairshare_params::wiped::Wiped;
use fairshare_verifier::bundle::LinkedProof;
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{VerifyError, carried_commitments, verify_linked};
use ff::Field;
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::{Fr, G1Affine};
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

use fairshare_plonk::{
    self as plonk, Column, CommitKey, Linked, PlonkError, ProverInput, Randomness, Signal,
};

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The backend gave up.
    #[error("the proof could not be computed")]
    Prove(#[source] PlonkError),
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
            CircuitKind::Histogram => key.with_coset_cache(),
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

/// Proves the input and links its first columns, in order, to their commitments; then verifies both.
pub fn prove<C: Circuit<Fr>>(
    commit_key: &CommitKey<'_>,
    key: &Key,
    input: ProverInput<'_, C>,
    signal: &dyn Signal,
) -> Result<LinkedProof, BackendError> {
    let srs = commit_key.srs();
    let _span = tracing::debug_span!("other", statement = key.verifying().id().kind.name()).entered();
    let ProverInput { instance, linked, .. } = input;
    let mut transcript = Writer::new();
    let blinding = plonk::Prover::new(commit_key, key.plonk())
        .asking(signal)
        .prove(input, randomness()?, &mut transcript)
        .map_err(BackendError::Prove)?;
    let proof = transcript.into_proof();

    let registered: Vec<_> = linked.iter().map(|column| column.commitment).collect();
    let statement = LinkStatement {
        key: key.verifying(),
        instance,
        proof: &proof,
        carried: &carried_commitments(&proof, linked.len()),
        registered: &registered,
    };
    let link = link(srs, &statement, linked, &blinding, &mut *nonces(OsRng)?);
    let linked_proof = LinkedProof { proof, link };
    tracing::debug_span!("verification")
        .in_scope(|| verify_linked(srs, key.verifying(), instance, &registered, &linked_proof))
        .map_err(|error| BackendError::Verify(Box::new(error)))?;
    Ok(linked_proof)
}

/// A proof's randomness, of no other's. Its draws cannot fail: only this can.
fn randomness() -> Result<Randomness, BackendError> {
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

/// The Schnorr proof of representation. `blinding` is that of the linked columns in the proof.
fn link(
    srs: &Srs,
    statement: &LinkStatement<'_>,
    linked: &[Linked],
    blinding: &[Column],
    drawn: &mut Keystream,
) -> Link {
    let folding = statement.fold();
    // Columns, so that they are overwritten: a nonce tells the witness, and the witness the blinding of a
    // column.
    let mut witness = Column::zero(RESERVED_ROWS);
    let mut power = Fr::ONE;
    for (column, blinding) in linked.iter().zip(blinding) {
        // The rows between the data and the blinding are zero in both.
        for (value, blinding) in witness.iter_mut().rev().zip(blinding.iter().rev()) {
            *value += power * blinding;
        }
        witness[RESERVED_ROWS - 1] -= power * column.blinding.0;
        power *= folding.xi;
    }
    let mut nonces = Column::zero(RESERVED_ROWS);
    nonces.fill_with(|| drawn.draw());
    let commitment = best_multiexp(&nonces, tail(srs)).to_affine();
    let challenge = folding.challenge(&commitment);
    let responses = std::array::from_fn(|row| nonces[row] + challenge * witness[row]);
    Link { commitment, responses }
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
