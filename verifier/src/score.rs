//! What a bundle says was earned. None of these types claims to have been verified: see [`crate::Verified`].

use std::num::NonZeroU32;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

/// A contributor's data score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataScore {
    /// Who contributed.
    pub contributor: Address,
    /// The rules hash under which it was scored.
    pub rules_hash: Digest,
    /// The registered datasets it covers, in the bundle's order.
    pub datasets: Vec<ScoredDataset>,
    /// `n`: records in all datasets.
    pub records: NonZeroU32,
    /// The score, in 1/256 nat.
    pub score: u64,
}

/// One dataset of a data score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoredDataset {
    /// The registered digest.
    pub digest: Digest,
    /// Its number of records.
    pub records: u32,
}

/// A node's compute score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeScore {
    /// The node.
    pub contributor: Address,
    /// The rules hash under which it was scored.
    pub rules_hash: Digest,
    /// The score, 48 fractional bits.
    pub score: u64,
}

/// A score of either role, as the bundle states it.
#[derive(Clone, Debug)]
pub(crate) enum Stated {
    /// A data score.
    Data(DataScore),
    /// A compute score.
    Compute(ComputeScore),
}
