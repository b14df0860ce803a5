//! # The link: a proof's own commitments hold the registered columns
//!
//! **Claim** For every linked column `j`, the commitment `A_j` inside the halo2 proof and the registered
//! commitment `C_j` hold the same values in all rows that constraints read: `A_j − C_j` lies in the span of
//! `G_u … G_{n−1}`.
//!
//! **Protocol** (PROTOCOL section 4; LegoSNARK, ePrint 2019/142, section 4) With `ξ` a challenge,
//! `D = Σ_j ξ^j·(A_j − C_j)`. A Schnorr proof of representation: commitment `R = Σ_i k_i·G_{u+i}`, challenge
//! `e`, responses `z_i = k_i + e·w_i`. The verifier checks `Σ_i z_i·G_{u+i} = R + e·D`.
//!
//! **Soundness** Two transcripts with one `R` and different `e` give a representation of `D` in
//! `G_u … G_{n−1}`; representations for as many `ξ` as there are columns give, the powers of `ξ` being
//! independent, one of each `A_j − C_j`. Values that differ in a row below `u` would be a second
//! representation, which breaks the SRS assumption.
//!
//! **Zero knowledge** `R` and the `z_i` are simulated by choosing `e` and `z` first.
//!
//! **Fiat-Shamir** domain tag, verifying-key fingerprint, instances, the whole proof, all `C_j` — then `ξ` —
//! and `R` — then `e`. Every list carries its length.

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::encoding::{Digest, Hasher};
use fairshare_params::keys::VerifyingKey;
use fairshare_params::srs::Srs;
use fairshare_params::transcript::{LINK_TAG, reduce};
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

/// What a link is about; both sides derive the challenges from it.
#[derive(Clone, Copy, Debug)]
pub struct LinkStatement<'a> {
    /// The key under which the proof was made.
    pub key: &'a VerifyingKey,
    /// The proof's instance rows.
    pub instance: &'a [Fr],
    /// The whole halo2 proof.
    pub proof: &'a [u8],
    /// `A_j`: the proof's commitments to its linked columns, in order.
    pub carried: &'a [G1Affine],
    /// `C_j`: the registered commitments, in order.
    pub registered: &'a [G1Affine],
}

/// The link's first challenge, and what the second is derived from.
#[derive(Clone, Copy, Debug)]
pub struct Folding {
    /// `ξ`.
    pub xi: Fr,
    state: Digest,
}

impl LinkStatement<'_> {
    /// Derives `ξ`.
    pub fn fold(&self) -> Folding {
        let hasher = Hasher::new(LINK_TAG).digest(&self.key.fingerprint()).len(self.instance.len());
        let hasher = self.instance.iter().fold(hasher, |hasher, value| hasher.scalar(value));
        let hasher = hasher.len(self.proof.len()).bytes(self.proof).len(self.registered.len());
        let state = self.registered.iter().fold(hasher, |hasher, point| hasher.point(point)).finish();
        Folding { xi: reduce(&state.0), state }
    }
}

impl Folding {
    /// Derives `e` from `R`.
    pub fn challenge(&self, commitment: &G1Affine) -> Fr {
        reduce(&Hasher::new(LINK_TAG).digest(&self.state).point(commitment).finish().0)
    }
}

impl Link {
    /// The equation `Σ z_i·G_{u+i} − R − e·Σ ξ^j·(A_j − C_j) = 0`.
    ///
    /// The caller has checked that as many columns are carried as registered.
    pub(crate) fn equation(&self, srs: &Srs, statement: &LinkStatement<'_>) -> Equation {
        let folding = statement.fold();
        let challenge = folding.challenge(&self.commitment);
        let mut equation = Equation::default();
        let tail = srs.lagrange().iter().skip(srs.geometry().usable_rows());
        for (generator, response) in tail.zip(&self.responses) {
            equation.add(*response, *generator);
        }
        equation.add(-Fr::ONE, self.commitment);
        let mut power = challenge;
        for (carried, registered) in statement.carried.iter().zip(statement.registered) {
            equation.add(-power, *carried);
            equation.add(power, *registered);
            power *= folding.xi;
        }
        equation
    }

    /// Whether the link holds.
    pub fn holds(&self, srs: &Srs, statement: &LinkStatement<'_>) -> bool {
        statement.carried.len() == statement.registered.len() && self.equation(srs, statement).holds()
    }
}
