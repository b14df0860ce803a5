//! A ledger's whole content, by itself: what an archive holds and an audit reads.

use std::fmt;

use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;

use crate::settlement::{Carry, Payout};

pub use fairshare_formats::archive::{MAX_BUNDLE_BYTES, State};

/// Every epoch of a vault, in order, and every claim. Nothing in it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    /// The epochs, in order.
    pub epochs: Vec<EpochSnapshot>,
    /// The claims, in order.
    pub claims: Vec<ClaimOnRecord>,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochSnapshot {
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: State,
    /// The rules hash that it was opened with.
    pub rules_hash: Digest,
    /// The policy.
    pub source: PolicySource,
    /// What the epoch before left it.
    pub brought: Carry,
    /// What it leaves to the next one, once settled.
    pub left: Option<Carry>,
    /// The root of its claims.
    pub root: Option<Digest>,
    /// What was registered, in order.
    pub registrations: Vec<Registration>,
    /// The nodes' units as CSV, if they are on record.
    pub units: Option<Vec<u8>>,
    /// The accepted bundles, in order, byte for byte.
    pub bundles: Vec<Vec<u8>>,
    /// What it pays, by address.
    pub payouts: Vec<Paid>,
}

/// Whose ledger it is: one chain's, one vault's, one subnet's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultIdentity {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault's contract.
    pub address: Address,
    /// The subnet.
    pub subnet: String,
}

impl VaultIdentity {
    /// The policy's.
    pub fn of(policy: &Policy) -> Self {
        let terms = policy.terms();
        Self { chain_id: terms.chain_id, address: terms.vault, subnet: terms.subnet.clone() }
    }
}

impl fmt::Display for VaultIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, address, subnet } = self;
        write!(f, "vault {} on chain {chain_id}, subnet `{subnet}`", checksummed(address))
    }
}

/// One contributor's payout of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The contributor.
    pub contributor: Address,
    /// What this epoch pays.
    pub payout: Payout,
    /// All that the contributor has earned up to and including this epoch.
    pub cumulative: u128,
}

/// A claim on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOnRecord {
    /// Who was paid.
    pub contributor: Address,
    /// The epoch up to which.
    pub epoch: u64,
    /// How much.
    pub amount: u128,
    /// How much in all, this included.
    pub cumulative: u128,
    /// The transfer's name, if one was given.
    pub evidence: Option<String>,
}
