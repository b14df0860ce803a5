//! What one proof has to show, and how that is checked: alone, or together with others.

use fairshare_params::encoding::{POINT_BYTES, decode_point};
use fairshare_params::keys::VerifyingKey;
use fairshare_params::srs::Srs;
use fairshare_params::transcript::Reader;
use halo2_proofs::plonk::verify_proof;
use halo2_proofs::poly::VerificationStrategy;
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::AccumulatorStrategy;
use halo2curves::bn256::{Bn256, Fr, G1Affine};

use crate::bundle::LinkedProof;
use crate::equation::Equation;
use crate::error::{ProofError, Subject, VerifyError};
use crate::link::LinkStatement;

/// One proof with all that it must be about.
#[derive(Clone, Debug)]
pub(crate) struct ProofCheck<'a> {
    pub(crate) subject: Subject,
    pub(crate) key: &'a VerifyingKey,
    pub(crate) instance: Vec<Fr>,
    /// The registered or public commitments, in the order of the circuit's linked columns.
    pub(crate) registered: Vec<G1Affine>,
    pub(crate) linked: &'a LinkedProof,
}

/// Pairing checks of several proofs, accumulated.
pub(crate) type Accumulator<'a> = AccumulatorStrategy<'a, Bn256>;

impl ProofCheck<'_> {
    /// Steps 5 and 6 for this proof alone.
    pub(crate) fn run(&self, srs: &Srs) -> Result<(), VerifyError> {
        let refuse = |source| VerifyError::Proof { subject: self.subject, source };
        // 5. the proof
        let accumulator = self.accumulate(srs, Accumulator::new(srs.params())).map_err(refuse)?;
        if !finalize(accumulator) {
            return Err(refuse(ProofError::False));
        }
        // 6. the link
        if !self.link_equation(srs).map_err(refuse)?.holds() {
            return Err(VerifyError::Link { subject: self.subject });
        }
        Ok(())
    }

    /// Adds the proof's pairing check to others'.
    pub(crate) fn accumulate<'s>(
        &self,
        srs: &'s Srs,
        accumulator: Accumulator<'s>,
    ) -> Result<Accumulator<'s>, ProofError> {
        let kind = self.key.id().kind;
        let expected = kind.instance_rows();
        if self.instance.len() != expected {
            return Err(ProofError::Shape { found: self.instance.len(), expected });
        }
        let (found, expected) = (self.linked.proof.len(), self.key.proof_bytes());
        if found != expected {
            return Err(ProofError::Length { found, expected });
        }
        let mut transcript = Reader::new(&self.linked.proof);
        let accumulator = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'s, Bn256>, _, _, _>(
            srs.params(),
            self.key.key(),
            accumulator,
            &[&[&self.instance]],
            &mut transcript,
        )
        .map_err(ProofError::Backend)?;
        match transcript.remaining() {
            0 => Ok(accumulator),
            extra => Err(ProofError::Length { found, expected: found.saturating_sub(extra) }),
        }
    }

    /// The link's equation.
    pub(crate) fn link_equation(&self, srs: &Srs) -> Result<Equation, ProofError> {
        let id = self.key.id();
        let expected = id.kind.linked_columns(id.geometry);
        let carried = carried(&self.linked.proof, expected);
        for found in [carried.len(), self.registered.len()] {
            if found != expected {
                return Err(ProofError::Shape { found, expected });
            }
        }
        let statement = LinkStatement {
            key: self.key,
            instance: &self.instance,
            proof: &self.linked.proof,
            carried: &carried,
            registered: &self.registered,
        };
        Ok(self.linked.link.equation(srs, &statement))
    }
}

/// The proof's first commitments: those of its linked columns. Fewer than `count` if it is too short or a
/// point does not decode.
pub fn carried(proof: &[u8], count: usize) -> Vec<G1Affine> {
    let (points, _) = proof.as_chunks::<POINT_BYTES>();
    points.iter().take(count).map_while(decode_point).collect()
}

/// The one pairing check of everything accumulated.
pub(crate) fn finalize(accumulator: Accumulator<'_>) -> bool {
    VerificationStrategy::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>>::finalize(accumulator)
}
