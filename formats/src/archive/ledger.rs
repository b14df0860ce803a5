//! `ledger.json`. Numbers beyond 53 bits are text, as everywhere.

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use super::error::ContentError;
use super::state::State;
use super::text;
use super::{ARCHIVE_VERSION, json};

/// Epochs and claims, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    fairshare_archive: u32,
    /// The epochs.
    pub epochs: Vec<Epoch>,
    /// The claims.
    pub claims: Vec<Claimed>,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Its number.
    #[serde(with = "text")]
    pub number: u64,
    /// Where it stands.
    #[serde(with = "text")]
    pub state: State,
    /// The rules hash that it was opened with.
    pub rules_hash: Digest,
    /// What the epoch before left it.
    pub brought: Carried,
    /// What it leaves to the next one, once settled.
    pub left: Option<Carried>,
    /// The root of its claims.
    pub root: Option<Digest>,
    /// How many registrations it has.
    pub registrations: usize,
    /// How many bundles it has.
    pub bundles: usize,
    /// What it pays.
    pub payouts: Vec<Paid>,
}

/// Tenths of base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// For computing power.
    #[serde(with = "text")]
    pub compute_tenths: BigUint,
    /// For data.
    #[serde(with = "text")]
    pub data_tenths: BigUint,
}

/// One contributor's payout of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// The contributor.
    #[serde(with = "text::address")]
    pub contributor: Address,
    /// For computing power.
    #[serde(with = "text")]
    pub compute: u128,
    /// For data.
    #[serde(with = "text")]
    pub data: u128,
    /// All that the contributor has earned up to and including this epoch.
    #[serde(with = "text")]
    pub cumulative: u128,
}

/// A claim on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claimed {
    /// Who was paid.
    #[serde(with = "text::address")]
    pub contributor: Address,
    /// The epoch up to which.
    #[serde(with = "text")]
    pub epoch: u64,
    /// How much.
    #[serde(with = "text")]
    pub amount: u128,
    /// How much in all, this included.
    #[serde(with = "text")]
    pub cumulative: u128,
    /// The transfer's name, if one was given.
    pub evidence: Option<String>,
}

impl Ledger {
    /// Of the present version.
    pub fn new(epochs: Vec<Epoch>, claims: Vec<Claimed>) -> Self {
        Self { fairshare_archive: ARCHIVE_VERSION, epochs, claims }
    }
}

pub(super) fn from_json(bytes: &[u8]) -> Result<Ledger, ContentError> {
    let ledger: Ledger = json::from_slice(bytes).map_err(ContentError::Json)?;
    let found = ledger.fairshare_archive;
    if found == ARCHIVE_VERSION { Ok(ledger) } else { Err(ContentError::Version { found }) }
}
