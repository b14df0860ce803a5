//! # The link: a data-score proof's counts are the sum of the histograms
//!
//! **Claim** The commitment `A` to the column `c` inside a data-score proof and the sum `ΣH` of the histogram
//! commitments hold the same values in all rows that constraints read: `A − ΣH` lies in the span of
//! `G_u … G_{n−1}`.
//!
//! **Protocol** (PROTOCOL section 4; LegoSNARK, ePrint 2019/142, section 4) A Schnorr proof of representation
//! of `D = A − ΣH`: commitment `R = Σ_i k_i·G_{u+i}`, challenge `e`, responses `z_i = k_i + e·w_i`. The
//! verifier checks `Σ_i z_i·G_{u+i} = R + e·D`.
//!
//! **Fiat-Shamir** `e` is the hash of the tag, the verifying-key digest, the instances, the whole proof, `ΣH`
//! and `R`, one after the other, modulo the order. Key and instances fix the proof's length, so no two
//! statements share a preimage.
//!
//! Statement, extraction and simulation, and what each absorbed element is for: `docs/link.md`.

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::commitment::OpeningPoints;
use fairshare_params::keys::VerifyingKey;
use fairshare_params::transcript::reduce;
use fairshare_params::words::Words;
use ff::Field;
use halo2curves::bn256::{Fr, G1Affine};

use crate::equation::Equation;

/// A Schnorr proof of representation in the generators of the rows that no constraint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// `R`.
    pub commitment: G1Affine,
    /// `z_i`, one for each row `u..n`.
    pub responses: [Fr; RESERVED_ROWS],
}

/// What a link is about; both sides derive the challenge from it.
#[derive(Clone, Copy, Debug)]
pub struct LinkStatement<'a> {
    /// The key under which the proof was made.
    pub key: &'a VerifyingKey,
    /// The proof's instance rows.
    pub instance: &'a [Fr],
    /// The whole data-score proof.
    pub proof: &'a [u8],
    /// `A`: the proof's first commitment.
    pub carried: G1Affine,
    /// `ΣH`.
    pub merged: G1Affine,
}

impl LinkStatement<'_> {
    /// Derives `e` from `R`.
    pub fn challenge(&self, commitment: &G1Affine) -> Fr {
        let words = Words::new("link").digest(&self.key.digest());
        let words = self.instance.iter().fold(words, |words, value| words.scalar(value));
        let hash = words.words(self.proof).point(&self.merged).point(commitment).finish();
        reduce(&hash.0)
    }
}

impl Link {
    /// The equation `Σ z_i·G_{u+i} − R − e·(A − ΣH) = 0`.
    pub(crate) fn equation(
        &self,
        parameters: &impl OpeningPoints,
        statement: &LinkStatement<'_>,
    ) -> Equation {
        let challenge = statement.challenge(&self.commitment);
        let mut equation = Equation::default();
        for (generator, response) in parameters.reserved_points().iter().zip(&self.responses) {
            equation.add(*response, *generator);
        }
        equation.add(-Fr::ONE, self.commitment);
        equation.add(-challenge, statement.carried);
        equation.add(challenge, statement.merged);
        equation
    }

    /// Whether the link holds.
    pub fn holds(&self, parameters: &impl OpeningPoints, statement: &LinkStatement<'_>) -> bool {
        self.equation(parameters, statement).holds()
    }
}
