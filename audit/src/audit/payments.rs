//! Step 5 of an audit: what was told to be paid, and what was confirmed.

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
        if self.payments.unconfirmed.remove(&(*contributor, cumulative)) {
            self.payments.confirmed = self.payments.confirmed.saturating_add(1);
        } else {
            let contributor = *contributor;
            self.note(at, None, Finding::Confirmed { contributor, cumulative });
        }
    }
}
