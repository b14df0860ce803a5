//! The model's payments: claims, or lists that are due, sent and confirmed.

use std::collections::BTreeMap;

use fairshare_params::address::Address;
use num_bigint::BigInt;

use crate::model::{Fate, Model, Transfers, check_note, refused};

impl Model {
    /// The claims of an epoch: what each contributor has earned up to it; none if nothing was ever earned.
    pub fn claims(&self, epoch: Option<u64>) -> Fate<BTreeMap<Address, BigInt>> {
        match self.rail() {
            None => return refused("NoEpoch"),
            Some("payments") => return Err("PaysByLists".to_owned()),
            _ => {}
        }
        let last = self.last_settled().map(|epoch| epoch.plain().epoch);
        let Some(number) = epoch.or(last) else { return Err("NothingSettled".to_owned()) };
        let index = self.find(Some(number))?;
        if self.epochs[index].settled.is_none() {
            return Err("Unsettled".to_owned());
        }
        let mut claims: BTreeMap<Address, BigInt> = BTreeMap::new();
        for settled in self.epochs[..=index].iter().filter_map(|epoch| epoch.settled.as_ref()) {
            for (contributor, payout) in &settled.payouts {
                *claims.entry(*contributor).or_default() += &payout.compute + &payout.data;
            }
        }
        Ok(claims)
    }

    fn check_lists(&self) -> Fate<()> {
        match self.rail() {
            None => refused("NoEpoch"),
            Some("payments") => Ok(()),
            Some(_) => Err("OtherRail".to_owned()),
        }
    }

    /// What is due to one contributor or to all.
    pub fn due(&self, contributor: Option<Address>) -> Fate<Transfers> {
        self.check_lists()?;
        if self.last_settled().is_none() {
            return Err("NothingSettled".to_owned());
        }
        if contributor.is_some_and(|contributor| !self.earned.contains_key(&contributor)) {
            return Err("NothingEarned".to_owned());
        }
        let is_meant = |payee: &Address| contributor.is_none_or(|contributor| contributor == *payee);
        let due = |(payee, earned): (&Address, &BigInt)| {
            let sent = self.sent.get(payee).cloned().unwrap_or_default();
            (sent < *earned && is_meant(payee)).then(|| (*payee, earned - sent, earned.clone()))
        };
        Ok(self.earned.iter().filter_map(due).collect())
    }

    /// Of these lists, which the ledger does not know; and how many that it knows are not among them.
    pub fn history(&self, given: &[Transfers]) -> Fate<(Vec<usize>, usize)> {
        self.check_lists()?;
        let unknown = (0..given.len()).filter(|list| !self.lists.contains(&given[*list])).collect();
        Ok((unknown, self.lists.iter().filter(|list| !given.contains(list)).count()))
    }

    /// A list is recorded as sent: whether it was before.
    pub fn record_sent(&mut self, epoch: u64, list: &Transfers, now: u64) -> Fate<bool> {
        self.check_lists()?;
        if list.is_empty() {
            return Err("EmptyList".to_owned());
        }
        if self.lists.contains(list) {
            return Ok(true);
        }
        let is_settled = self.find(Some(epoch)).is_ok_and(|index| self.epochs[index].settled.is_some());
        let sent = |contributor| self.sent.get(contributor).cloned().unwrap_or_default();
        if list.iter().any(|(contributor, _, cumulative)| *cumulative <= sent(contributor)) {
            return Err("ListTwice".to_owned());
        }
        for (contributor, amount, cumulative) in list {
            let of =
                |amounts: &BTreeMap<Address, BigInt>| amounts.get(contributor).cloned().unwrap_or_default();
            let goes_on = of(&self.sent) + amount == *cumulative;
            if !is_settled || !goes_on || of(&self.earned) < *cumulative {
                return Err("ListAhead".to_owned());
            }
        }
        self.append(now);
        for (contributor, _, cumulative) in list {
            self.sent.insert(*contributor, cumulative.clone());
        }
        self.lists.push(list.clone());
        Ok(false)
    }

    /// A list's payment to a contributor was made: how many payments that confirms, and how many were
    /// confirmed before.
    pub fn confirm(
        &mut self,
        list: &Transfers,
        contributor: Address,
        evidence: &str,
        now: u64,
    ) -> Fate<(usize, usize)> {
        check_note(evidence)?;
        self.check_lists()?;
        if !self.lists.contains(list) {
            return Err("UnknownList".to_owned());
        }
        let own = list.iter().find(|(payee, ..)| *payee == contributor);
        let Some((_, _, cumulative)) = own else { return Err("NotListed".to_owned()) };
        match self.confirmed.get(&(contributor, cumulative.clone())) {
            Some(before) if before == evidence => Ok((0, 1)),
            Some(_) => Err("ConfirmedBefore".to_owned()),
            None => {
                self.append(now);
                self.confirmed.insert((contributor, cumulative.clone()), evidence.to_owned());
                Ok((1, 0))
            }
        }
    }

    /// What was confirmed to be paid to each.
    pub fn paid(&self) -> BTreeMap<Address, BigInt> {
        let mut paid = BTreeMap::new();
        for (payee, amount, cumulative) in self.lists.iter().flatten() {
            if self.confirmed.contains_key(&(*payee, cumulative.clone())) {
                *paid.entry(*payee).or_default() += amount;
            }
        }
        paid
    }

    /// What each has earned beyond what was paid.
    pub fn beyond(&self, paid: &BTreeMap<Address, BigInt>) -> BigInt {
        let left = |(payee, earned): (&Address, &BigInt)| {
            (earned - paid.get(payee).cloned().unwrap_or_default()).max(BigInt::ZERO)
        };
        self.earned.iter().map(left).sum()
    }
}
