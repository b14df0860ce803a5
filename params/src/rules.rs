//! The rules of one epoch, as the words that their hash covers (PROTOCOL section 8, *What*).
//!
//! A contract has the same struct, and computes the same hash. It cannot compute the derived words, so rules
//! with a wrong one have a hash, too: one that nobody accepts who derives them. Nor does a hash say that
//! words are in their domains; [`Terms::faults`] does, as a contract can. What takes more than the words is
//! for whoever makes rules to check: that λ is in its range and that of compute below that of data (words may
//! be equal where decimals are not), that the last rounds' decay is not mere rounding, that the fewest
//! records could weigh something. A policy has been checked for all of it.

mod derived;
mod domains;
#[cfg(test)]
mod tests;

use std::fmt;

use fairshare_circuits::numeric::decay::Decay;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::Digest;
use crate::words::Words;

pub use derived::{DerivedError, ParameterWords, ReferenceWords, keys_digest};
pub use domains::DomainError;

/// The protocol's version, as a word of the rules.
pub const PROTOCOL_VERSION: u32 = 2;

/// One epoch's rules: the words of the protocol's table. The version is [`PROTOCOL_VERSION`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What is said, and is its own word.
    pub terms: Terms,
    /// The hash of the schema.
    pub schema_hash: Digest,
    /// The hash of the smoothed reference counts.
    pub reference_hash: Digest,
    /// What is derived from the reference.
    pub reference: ReferenceWords,
    /// λ of data.
    pub data_decay: DecayWords,
    /// λ of compute.
    pub compute_decay: DecayWords,
    /// What is derived from the SRS, and the SRS itself.
    pub parameters: ParameterWords,
}

/// The rules that are their own words, for which nothing has to be known but themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The chain of vault and registry, 1 or more.
    pub chain_id: u64,
    /// The vault, not zero.
    pub vault: Address,
    /// The registry: the contract, or the address of the ledger's operator; not zero.
    pub registry: Address,
    /// Who computes what is paid, and how it is claimed.
    pub settlement: Settlement,
    /// The subnet's name: 1 to 64 printable ASCII characters, without a space at either end. Its hash is the
    /// word.
    pub subnet: String,
    /// The epoch's number.
    pub epoch: u64,
    /// The epoch's first round.
    pub first_round: u64,
    /// How many rounds it has: 2 to [`Geometry::rounds`], the last of them below `2^64`.
    pub rounds: u32,
    /// The first round of the data window, at most the epoch's.
    pub data_first_round: u64,
    /// When anybody may end the epoch's rounds, in Unix seconds.
    pub ends_by: u64,
    /// For how many seconds proofs are taken after the last round.
    pub proving_seconds: u64,
    /// What the epoch pays, in the token's base units; 0 only where the contract computes: whatever is
    /// funded.
    pub pool: u128,
    /// The circuits' shape, one of the protocol's.
    pub geometry: Geometry,
    /// Fewest records that are paid for; 1 or more.
    pub min_records: u32,
    /// How a data score becomes a weight.
    pub weighting: Weighting,
    /// Whether a registration needs evidence that its data was uploaded.
    pub evidence: bool,
}

impl Rules {
    /// `K(T_rules, …)` over all words. Words outside their domains have a hash like any others.
    pub fn hash(&self) -> Digest {
        let words = self.of_data(self.terms.of_vault_and_rounds(Words::new("rules")));
        self.parameters.append(words.integer(self.terms.evidence)).finish()
    }

    /// The words from the geometry to λ.
    fn of_data(&self, words: Words) -> Words {
        let Terms { geometry, min_records, weighting, .. } = self.terms;
        let words = words.integer(geometry.id()).digest(&self.schema_hash).digest(&self.reference_hash);
        let words = self.reference.append(words).integer(min_records);
        let words = words.integer(weighting.id()).integer(weighting.cap());
        [self.data_decay, self.compute_decay]
            .iter()
            .fold(words, |words, decay| words.integer(decay.lambda_q).integer(decay.rho))
    }
}

impl Terms {
    /// The epoch's last round. It is below `2^64` where [`Terms::faults`] finds none.
    pub fn last_round(&self) -> u64 {
        self.first_round.saturating_add(u64::from(self.rounds).saturating_sub(1))
    }

    /// The words up to the pool.
    fn of_vault_and_rounds(&self, words: Words) -> Words {
        words
            .integer(PROTOCOL_VERSION)
            .integer(self.chain_id)
            .address(&self.vault)
            .address(&self.registry)
            .integer(self.settlement.id())
            .text(&self.subnet)
            .integer(self.epoch)
            .integer(self.first_round)
            .integer(self.rounds)
            .integer(self.data_first_round)
            .integer(self.ends_by)
            .integer(self.proving_seconds)
            .integer(self.pool)
    }
}

/// Who computes what is paid, and how it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// The contract computes.
    Contract,
    /// A ledger computes; a contract pays Merkle claims.
    Claims,
    /// A ledger computes; somebody pays a list.
    Payments,
}

impl Settlement {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Contract, Self::Claims, Self::Payments];

    /// Its name in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Claims => "claims",
            Self::Payments => "payments",
        }
    }

    /// Its word.
    pub const fn id(self) -> u8 {
        match self {
            Self::Contract => 1,
            Self::Claims => 2,
            Self::Payments => 3,
        }
    }
}

impl fmt::Display for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `g` of PROTOCOL section 10: how a data score becomes a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// The divergence itself.
    Divergence,
    /// Records times capped divergence, less the plug-in bias.
    RecordsDivergence {
        /// The cap in nats, with 48 fractional bits; 1 to `2^63`.
        cap: u64,
    },
}

impl Weighting {
    /// Its word.
    pub const fn id(self) -> u8 {
        match self {
            Self::Divergence => 1,
            Self::RecordsDivergence { .. } => 2,
        }
    }

    /// The cap's word: 0 where there is none.
    pub const fn cap(self) -> u64 {
        match self {
            Self::Divergence => 0,
            Self::RecordsDivergence { cap } => cap,
        }
    }
}

/// The words of a λ, which is a decimal and no word itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecayWords {
    /// `λ_q = ⌊λ·2^48⌋`, from `2^24` to `1000·2^48`.
    pub lambda_q: u64,
    /// `ρ = ⌊e^(−λ)·2^64⌋`.
    pub rho: u64,
}

impl From<&Decay> for DecayWords {
    fn from(decay: &Decay) -> Self {
        Self { lambda_q: decay.lambda_q(), rho: decay.rho() }
    }
}
