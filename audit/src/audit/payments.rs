//! Step 5 of an audit: what was told to be paid, and what was confirmed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use fairshare_formats::ledger::{Transfer, transfers_from_csv};
use fairshare_params::address::Address;
use fairshare_params::rules::Settlement;

use super::{Audit, Finding};
use crate::registry::{At, check_note};

/// What was listed, and what confirmed.
#[derive(Default)]
pub(super) struct Payments {
    /// What each was listed to be paid in all.
    sent: BTreeMap<Address, u128>,
    /// Cumulative amounts that were listed and are not confirmed.
    unconfirmed: BTreeSet<(Address, u128)>,
    total: u128,
    transfers: u64,
    confirmed: u64,
}

impl Payments {
    /// What was listed in all, and how many transfers.
    pub fn sent(&self) -> (u128, u64) {
        (self.total, self.transfers)
    }

    /// What is on no list of what somebody has earned.
    pub fn due(&self, contributor: &Address, earned: u128) -> u128 {
        earned.saturating_sub(self.sent.get(contributor).copied().unwrap_or_default())
    }

    /// How many were confirmed.
    pub fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// How many contributors were listed.
    pub fn contributors(&self) -> usize {
        self.sent.len()
    }

    /// How many payments are listed and not confirmed.
    pub fn unconfirmed(&self) -> usize {
        self.unconfirmed.len()
    }

    /// Takes a payment to somebody who has earned so much in all; where it is not what is due, that.
    fn list(&mut self, transfer: &Transfer, earned: u128) -> Option<u128> {
        let Transfer { contributor, amount, cumulative } = *transfer;
        let due = earned.saturating_sub(self.sent.get(&contributor).copied().unwrap_or_default());
        let before = self.sent.get(&contributor).copied().unwrap_or_default();
        self.total = self.total.saturating_add(amount);
        self.transfers = self.transfers.saturating_add(1);
        // Saturated or not, it is no less than anybody has earned, and nothing more is due. A list that does
        // not go on from those before it is found below; what it says in all was told all the same.
        self.sent.insert(contributor, before.saturating_add(amount).max(cumulative));
        self.unconfirmed.insert((contributor, cumulative));
        // Less than is due is right: a list of an earlier epoch may come when a later one is settled.
        let is_right = (1..=due).contains(&amount) && before.checked_add(amount) == Some(cumulative);
        if is_right { None } else { Some(due) }
    }
}

/// What a contract has paid: an epoch's share at a time, in whatever order its contributor claims them.
#[derive(Default)]
pub(super) struct Claims {
    /// Shares that were settled and not claimed, and how often each of one amount.
    unclaimed: BTreeMap<(Address, u128), u32>,
    /// What each was paid in all.
    paid: BTreeMap<Address, u128>,
    total: u128,
    count: u64,
}

impl Claims {
    /// A share that was settled.
    pub fn earn(&mut self, contributor: Address, share: u128) {
        let count = self.unclaimed.entry((contributor, share)).or_default();
        *count = count.saturating_add(1);
    }

    /// How many shares of different amounts or contributors are not claimed.
    pub fn unclaimed(&self) -> usize {
        self.unclaimed.len()
    }

    /// What was paid in all, and by how many claims.
    pub fn paid(&self) -> (u128, u64) {
        (self.total, self.count)
    }

    /// Takes a claim by what its contributor was paid in all with it; where it is of no share, its amount.
    fn claim(&mut self, contributor: Address, cumulative: u128) -> Option<u128> {
        let amount = cumulative.saturating_sub(self.paid.get(&contributor).copied().unwrap_or_default());
        let Entry::Occupied(mut share) = self.unclaimed.entry((contributor, amount)) else {
            return Some(amount);
        };
        match share.get().checked_sub(1) {
            None | Some(0) => _ = share.remove(),
            Some(left) => _ = share.insert(left),
        }
        self.paid.insert(contributor, cumulative);
        (self.total, self.count) = (self.total.saturating_add(amount), self.count.saturating_add(1));
        None
    }
}

impl Audit<'_> {
    pub(super) fn sent(&mut self, at: At, epoch: u64, file: &[u8]) {
        if let Some(settlement) = self.identity.as_ref().map(|identity| identity.settlement)
            && settlement != Settlement::Payments
        {
            self.note(at, Some(epoch), Finding::OtherRail { found: settlement.name() });
        }
        if !self.timeline.stage(epoch).is_ok_and(|stage| stage.settled.is_some()) {
            self.note(at, Some(epoch), Finding::PaidEarly { epoch });
        }
        let transfers = match transfers_from_csv(file) {
            Ok(transfers) => transfers,
            Err(source) => return self.note(at, Some(epoch), Finding::Amounts(source)),
        };
        for transfer in transfers {
            let earned = self.earned.get(&transfer.contributor).copied().unwrap_or_default();
            if let Some(due) = self.payments.list(&transfer, earned) {
                let Transfer { contributor, amount: recorded, .. } = transfer;
                self.note(at, Some(epoch), Finding::Payment { contributor, recorded, due });
            }
        }
    }

    pub(super) fn confirmed(&mut self, at: At, contributor: &Address, cumulative: u128, evidence: &str) {
        if let Err(source) = check_note("evidence", evidence) {
            return self.note(at, None, Finding::Refused(source));
        }
        if self.is_contracts() {
            if let Some(amount) = self.claims.claim(*contributor, cumulative) {
                let contributor = *contributor;
                self.note(at, None, Finding::Claimed { contributor, cumulative, amount });
            }
            return;
        }
        if self.payments.unconfirmed.remove(&(*contributor, cumulative)) {
            self.payments.confirmed = self.payments.confirmed.saturating_add(1);
        } else {
            let contributor = *contributor;
            self.note(at, None, Finding::Confirmed { contributor, cumulative });
        }
    }
}
