//! An epoch whose amounts are not fixed yet.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::role::Role;
use fairshare_params::units::Units;
use num_bigint::BigUint;

use super::{Basis, Line};
use crate::registry::At;
use crate::settlement::{Earned, Payout};

/// What is held of an epoch until it is settled.
pub(super) struct Open {
    pub policy: Policy,
    /// What it is verified under; none where nothing is.
    pub basis: Option<Basis>,
    /// Bytes of the policy and the files that it names.
    pub bytes: usize,
    pub units: Option<Units>,
    pub pending: Vec<Pending>,
    pub pending_bytes: usize,
    pub best: BTreeMap<(Address, u8), Best>,
}

/// A bundle on record that is not verified yet.
pub(super) struct Pending {
    pub at: At,
    pub contributor: Address,
    pub role: Role,
    pub score: u64,
    pub bytes: Vec<u8>,
}

/// The bundle that counts for a contributor and role.
pub(super) struct Best {
    pub score: u64,
    pub weight: BigUint,
    /// Of data, what it covers.
    pub data: Option<(NonZeroU32, u64, Vec<Digest>)>,
}

impl Open {
    pub fn new(policy: Policy, basis: Option<Basis>) -> Self {
        let (pending, best) = (Vec::new(), BTreeMap::new());
        Self { policy, basis, bytes: 0, units: None, pending, pending_bytes: 0, best }
    }

    /// The scores that count: of nodes that were not struck.
    pub fn scores(&self, is_struck: impl Fn(&Address) -> bool) -> Vec<(Address, Earned)> {
        let earned = |((contributor, _), best): (&(Address, u8), &Best)| match &best.data {
            Some((records, latest, _)) => {
                Some((*contributor, Earned::Data { score: best.score, records: *records, latest: *latest }))
            }
            None if is_struck(contributor) => None,
            None => Some((*contributor, Earned::Compute { score: best.score })),
        };
        self.best.iter().filter_map(earned).collect()
    }

    /// Every contributor with a verified score, and what it earns.
    pub fn lines(&self, payouts: &BTreeMap<Address, Payout>) -> BTreeMap<Address, Line> {
        let mut lines: BTreeMap<Address, Line> = BTreeMap::new();
        for ((contributor, _), best) in &self.best {
            let line = lines.entry(*contributor).or_default();
            match &best.data {
                None => line.compute = Some(best.score),
                Some((records, latest, _)) => {
                    (line.data, line.records) = (Some(best.score), u64::from(records.get()));
                    line.latest = Some(*latest);
                }
            }
        }
        for (contributor, payout) in payouts {
            lines.entry(*contributor).or_default().payout = *payout;
        }
        lines
    }

    /// The digests that the contributor's data bundle covers, if there is one.
    pub fn covers(&self, contributor: &Address) -> Option<&[Digest]> {
        let best = self.best.get(&(*contributor, Role::Data.id()))?;
        best.data.as_ref().map(|(_, _, digests)| digests.as_slice())
    }
}
