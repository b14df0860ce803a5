//! The one place that calls the proving backend.
//!
//! The library commits to advice columns freshly blinded: rows `n − 6 … n − 1` of every first-phase column, in
//! order of columns and rows, are the first scalars drawn from the generator handed in. The generator here is
//! seeded from the operating system for each proof and replayed to learn that blinding, which the link's witness
//! needs. Should a release of the library draw in another order, the link would not hold, and the proof is refused
//! here: never a bad proof, only an error.

use fairshare_circuits::geometry::{Geometry, RESERVED_ROWS};
use fairshare_circuits::trace::wipe;
use fairshare_params::commitment::Blinding;
use fairshare_params::keys::ProvingKey;
use fairshare_params::srs::Srs;
use fairshare_params::transcript::Writer;
use fairshare_verifier::bundle::LinkedProof;
use fairshare_verifier::link::{Link, LinkStatement};
use fairshare_verifier::{VerifyError, carried_commitments, verify_linked};
use ff::Field;
use group::Curve;
use halo2_proofs::arithmetic::best_multiexp;
use halo2_proofs::plonk::{self, Circuit, create_proof};
use halo2curves::bn256::{Fr, G1Affine};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};

use crate::scheme::{Opener, Parameters, Scheme};

/// Blinding rows of every advice column.
const BLINDING_ROWS: usize = 6;

/// A column whose commitment the verifier knows.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// `C(v; r)`.
    pub commitment: G1Affine,
    /// `r`.
    pub blinding: Blinding,
}

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The backend gave up.
    #[error("the proof could not be computed")]
    Prove(#[source] plonk::Error),
    /// The system gives no random numbers.
    #[error(
        "the system gives no random numbers, and a proof without them would hide nothing; try again when it does"
    )]
    Randomness(#[source] std::io::Error),
    /// The finished proof does not verify: the statement is false, or the opening is not that of the commitments.
    #[error(
        "the finished proof does not verify, so it is not handed out: the data is not what was committed to"
    )]
    Verify(#[source] Box<VerifyError>),
}

/// Proves `circuit` for `instance` and links its first columns, in order, to `linked`; then verifies both.
pub fn prove<C: Circuit<Fr>>(
    srs: &Srs,
    key: &ProvingKey,
    circuit: C,
    instance: &[Fr],
    linked: &[Linked],
) -> Result<LinkedProof, BackendError> {
    let rng = seeded(OsRng)?;
    let replay = rng.clone();
    let mut transcript = Writer::new();
    create_proof::<Scheme, Opener<'_>, _, _, _, _>(
        &Parameters::from(srs),
        key.key(),
        &[circuit],
        &[&[instance]],
        rng,
        &mut transcript,
    )
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
    let link = link(srs, &statement, linked, replay, seeded(OsRng)?);
    let linked_proof = LinkedProof { proof, link };
    verify_linked(srs, key.verifying(), instance, &registered, &linked_proof)
        .map_err(|error| BackendError::Verify(Box::new(error)))?;
    Ok(linked_proof)
}

/// A generator seeded by `source`. The library's own draws and ours after it cannot fail: only this can.
fn seeded(source: impl RngCore) -> Result<ChaCha20Rng, BackendError> {
    ChaCha20Rng::from_rng(source).map_err(|error| BackendError::Randomness(std::io::Error::other(error)))
}

/// The Schnorr proof of representation; `replay` is at the first scalar that the proof drew. Both generators are used
/// up here: the one stream has made one proof, and the nonces come from another, fresh from the operating system.
fn link(
    srs: &Srs,
    statement: &LinkStatement<'_>,
    linked: &[Linked],
    mut replay: ChaCha20Rng,
    mut fresh: ChaCha20Rng,
) -> Link {
    let folding = statement.fold();
    let mut witness = [Fr::ZERO; RESERVED_ROWS];
    let mut power = Fr::ONE;
    for column in linked {
        for value in &mut witness[RESERVED_ROWS - BLINDING_ROWS..] {
            *value += power * Fr::random(&mut replay);
        }
        witness[RESERVED_ROWS - 1] -= power * column.blinding.0;
        power *= folding.xi;
    }
    let mut nonces: [Fr; RESERVED_ROWS] = std::array::from_fn(|_| Fr::random(&mut fresh));
    let commitment = best_multiexp(&nonces, tail(srs)).to_affine();
    let challenge = folding.challenge(&commitment);
    let responses = std::array::from_fn(|row| nonces[row] + challenge * witness[row]);
    // A nonce tells the witness, and the witness the blinding of a column.
    wipe(&mut nonces);
    wipe(&mut witness);
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
    use crate::opening::tests::Exhausted;

    #[test]
    fn without_randomness_there_is_no_proof_and_no_panic() {
        assert!(matches!(seeded(Exhausted), Err(BackendError::Randomness(_))));
        let [mut one, mut other] = [seeded(OsRng).expect("seeded"), seeded(OsRng).expect("seeded")];
        assert_ne!(one.next_u64(), other.next_u64(), "no two proofs draw from one stream");
    }
}
