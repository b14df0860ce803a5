//! A ledger's whole content, by itself: what an archive holds and an audit reads.

use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;

use crate::ledger::{Paid, State};
use crate::settlement::Carry;

/// Every epoch of a vault, in order, and every claim. Nothing in it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// The epochs, in order.
    pub epochs: Vec<EpochBooks>,
    /// The claims, in order.
    pub claims: Vec<ClaimOnRecord>,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochBooks {
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: State,
    /// The hash of the policy that it was opened with.
    pub policy: Digest,
    /// The policy.
    pub source: PolicySource,
    /// What the epoch before left it.
    pub brought: Carry,
    /// What it leaves to the next one, once settled.
    pub left: Option<Carry>,
    /// The root of its claims.
    pub root: Option<Digest>,
    /// What was registered, in order.
    pub registrations: Vec<Registered>,
    /// The accepted bundles, in order, byte for byte.
    pub bundles: Vec<Vec<u8>>,
    /// What it pays, by address.
    pub payouts: Vec<Paid>,
}

/// A registration on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The registration.
    pub registration: Registration,
    /// The node's units by round, where they are on record.
    pub units: Option<Vec<u32>>,
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
