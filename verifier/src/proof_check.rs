//! What one proof has to show, and how that is checked: alone, or together with others.

use fairshare_params::commitment::OpeningPoints;
use fairshare_params::keys::VerifyingKey;
use fairshare_params::transcript::Reader;
use halo2_proofs::plonk::verify_proof;
use halo2_proofs::poly::VerificationStrategy;
use halo2_proofs::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_proofs::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_proofs::poly::kzg::strategy::AccumulatorStrategy;
use halo2curves::bn256::{Bn256, Fr, G1Affine};

use crate::bundle::leading_points;
use crate::equation::Equation;
use crate::error::{ProofError, Subject, VerifyError};
use crate::link::{Link, LinkStatement};

/// One proof with all that it must be about.
#[derive(Clone, Debug)]
pub struct ProofCheck<'a> {
    /// Which proof it is.
    pub subject: Subject,
    /// The key.
    pub key: &'a VerifyingKey,
    /// The instance rows.
    pub instance: Vec<Fr>,
    /// The commitments to the circuit's public columns, computed by the verifier.
    pub public: Vec<G1Affine>,
    /// The link of the column before those, and the commitment that it is linked to.
    pub linked: Option<(&'a Link, G1Affine)>,
    /// The proof.
    pub proof: &'a [u8],
}

/// Pairing checks of several proofs, accumulated.
pub(crate) type Accumulator<'a> = AccumulatorStrategy<'a, Bn256>;

impl ProofCheck<'_> {
    /// Steps 5 and 6 for this proof alone: what a prover asks of each proof before it hands it out.
    pub fn run(&self, parameters: &impl OpeningPoints) -> Result<(), VerifyError> {
        let refuse = |source| VerifyError::Proof { subject: self.subject, source };
        // 5. the proof
        let accumulator =
            self.accumulate(parameters, Accumulator::new(parameters.backend())).map_err(refuse)?;
        if !finalize(accumulator) {
            return Err(refuse(ProofError::False));
        }
        // 6. the link
        match self.link_equation(parameters).map_err(refuse)? {
            Some(equation) if !equation.holds() => Err(VerifyError::Link { subject: self.subject }),
            _ => Ok(()),
        }
    }

    /// Adds the proof's pairing check to others'.
    pub(crate) fn accumulate<'s>(
        &self,
        parameters: &'s impl OpeningPoints,
        accumulator: Accumulator<'s>,
    ) -> Result<Accumulator<'s>, ProofError> {
        let expected = self.key.id().kind.instance_rows();
        if self.instance.len() != expected {
            return Err(ProofError::Shape { found: self.instance.len(), expected });
        }
        self.check_public()?;
        let mut transcript = Reader::under(&self.key.digest(), self.proof);
        let accumulator = verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'s, Bn256>, _, _, _>(
            parameters.backend(),
            self.key.key(),
            accumulator,
            &[&[&self.instance]],
            &mut transcript,
        )
        .map_err(ProofError::Backend)?;
        match transcript.remaining() {
            0 => Ok(accumulator),
            extra => {
                let found = self.proof.len();
                Err(ProofError::Length { found, expected: found.saturating_sub(extra) })
            }
        }
    }

    /// That the proof is of its length, and its commitments to public columns are those that the verifier
    /// computed.
    fn check_public(&self) -> Result<(), ProofError> {
        let kind = self.key.id().kind;
        let (linked, expected) = (kind.linked_columns(), kind.public_columns());
        for (found, expected) in [(usize::from(self.linked.is_some()), linked), (self.public.len(), expected)]
        {
            if found != expected {
                return Err(ProofError::Shape { found, expected });
            }
        }
        check_length(self.key, self.proof)?;
        if expected == 0 {
            return Ok(());
        }
        let leading = leading(self.key, self.proof)?;
        let mut pairs = leading.iter().skip(linked).zip(&self.public);
        match pairs.position(|(carried, computed)| carried != computed) {
            Some(column) => Err(ProofError::PublicColumn { column: column.saturating_add(linked) }),
            None => Ok(()),
        }
    }

    /// The link's equation, if there is a link.
    pub(crate) fn link_equation(
        &self,
        parameters: &impl OpeningPoints,
    ) -> Result<Option<Equation>, ProofError> {
        let Some((link, merged)) = self.linked else { return Ok(None) };
        let leading = leading(self.key, self.proof)?;
        let carried = *leading.first().ok_or(ProofError::Shape { found: 0, expected: 1 })?;
        let (key, instance, proof) = (self.key, &self.instance, self.proof);
        Ok(Some(link.equation(parameters, &LinkStatement { key, instance, proof, carried, merged })))
    }
}

/// The commitments that a proof of this length begins with and that are used by themselves.
pub(crate) fn leading(key: &VerifyingKey, proof: &[u8]) -> Result<Vec<G1Affine>, ProofError> {
    check_length(key, proof)?;
    let count = key.id().kind.leading_columns();
    let points = leading_points(proof, count);
    if points.len() < count {
        return Err(ProofError::Point { index: points.len() });
    }
    Ok(points)
}

fn check_length(key: &VerifyingKey, proof: &[u8]) -> Result<(), ProofError> {
    let (found, expected) = (proof.len(), key.proof_bytes());
    if found == expected { Ok(()) } else { Err(ProofError::Length { found, expected }) }
}

/// The one pairing check of everything accumulated.
pub(crate) fn finalize(accumulator: Accumulator<'_>) -> bool {
    VerificationStrategy::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>>::finalize(accumulator)
}
