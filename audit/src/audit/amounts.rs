//! Step 4 of an audit: closing and settling.

use std::collections::{BTreeMap, BTreeSet};

use fairshare_formats::ledger::{Earning, Event, Settled, Tenths, earnings_from_csv};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;

use super::open::Open;
use super::{Audit, Fate, Finding, MAX_FATES, MAX_LINES};
use crate::claims::{ClaimTree, Distribution};
use crate::registry::{At, Refusal};
use crate::settlement::{Payout, Settlement, kept, settle_pool};

impl Audit<'_> {
    pub(super) fn closed(&mut self, at: At, event: &Event, epoch: u64) {
        self.verify(epoch);
        let stage = match self.timeline.takes_proofs(epoch) {
            Ok(stage) => *stage,
            Err(source) => return self.note(at, Some(epoch), Finding::Refused(source)),
        };
        if self.is_contracts()
            && let Err(source) = self.timeline.check_closed(epoch, at.time)
        {
            self.note(at, Some(epoch), Finding::Refused(source));
        }
        self.timeline.apply(at, event);
        let unproved = self.tell_fates(epoch);
        // On a chain the deadline holds for both roles: what is not proved by then weighs nothing.
        if self.is_contracts() {
            return;
        }
        let Some(open) = self.open.get(&epoch) else { return };
        if open.basis.is_none() {
            return;
        }
        let has = |node: &Address| open.best.contains_key(&(*node, Role::Compute.id()));
        let nodes = open.units.iter().flat_map(|units| units.nodes()).map(|(node, _)| *node);
        let missing: Vec<_> = nodes.filter(|node| !has(node)).collect();
        if let Some(node) = missing.first().copied() {
            let refusal = Refusal::Unproved { epoch, missing: missing.len(), node };
            self.note(at, Some(epoch), Finding::Refused(refusal));
        }
        let early = stage.deadline().filter(|deadline| at.time <= *deadline);
        if let (Some(deadline), Some(contributor)) = (early, unproved) {
            let refusal = Refusal::ClosedEarly { epoch, contributor, deadline };
            self.note(at, Some(epoch), Finding::Refused(refusal));
        }
    }

    /// What becomes of every dataset of the epoch's data window. Returns somebody whose data counts and is
    /// not proved.
    fn tell_fates(&mut self, epoch: u64) -> Option<Address> {
        let open = self.open.get(&epoch)?;
        // Nothing can be said of proofs that nobody verified.
        open.basis?;
        let mut unproved = None;
        let ended = self.timeline.stage(epoch).ok().and_then(|stage| stage.ended);
        let first = *open.policy.data_rounds().start();
        // A later entry is of no earlier round.
        let window = self.datasets.values().rev().take_while(|dataset| dataset.round >= first);
        let ended_at = ended.map_or(u64::MAX, |ended| ended.index);
        for dataset in window.filter(|dataset| dataset.index < ended_at) {
            let digest = dataset.registration.digest();
            let fate = match dataset.check_eligible(&open.policy, ended.as_ref()) {
                Err(source) => Fate::Ineligible(source),
                Ok(()) => match open.covers(dataset.registration.contributor()) {
                    Some(digests) if digests.contains(digest) => Fate::Counted,
                    Some(_) => Fate::LeftOut,
                    None => {
                        unproved = Some(*dataset.registration.contributor());
                        Fate::Unproved
                    }
                },
            };
            if self.fates_kept < MAX_FATES {
                self.fates_kept = self.fates_kept.saturating_add(1);
                self.fates.entry(dataset.index).or_default().push((epoch, fate));
            }
        }
        unproved
    }

    pub(super) fn settled(&mut self, at: At, event: &Event, recorded: &Settled, file: &[u8]) {
        let epoch = recorded.epoch;
        self.verify(epoch);
        if let Err(source) = self.timeline.check_settled(epoch) {
            let is_again = matches!(source, Refusal::SettledBefore { .. } | Refusal::UnknownEpoch { .. });
            self.note(at, Some(epoch), Finding::Refused(source));
            if is_again {
                return;
            }
        }
        self.timeline.apply(at, event);
        let list = earnings_from_csv(file).unwrap_or_else(|source| {
            self.note(at, Some(epoch), Finding::Amounts(source));
            Vec::new()
        });
        let Some(open) = self.open.remove(&epoch) else { return };
        let brought = std::mem::take(&mut self.carry);
        if recorded.brought != brought {
            let (computed, recorded) = (brought.clone(), recorded.brought.clone());
            self.note(at, Some(epoch), Finding::Brought { computed, recorded });
        }
        let settlement = self.settlement(at, &open, &brought, recorded, &list);
        self.compare(at, epoch, recorded, &settlement, &list);
        let root = self.root(epoch, &open);
        if root != recorded.root {
            let (computed, recorded) = (root, recorded.root);
            self.note(at, Some(epoch), Finding::Root { computed, recorded });
        }
        self.carry = settlement.carry.clone();
        if open.basis.is_none() {
            self.unverified.get_or_insert(epoch);
        }
        self.report(epoch, &open, brought, settlement, root);
    }

    /// What the scores give; of an epoch that was not verified, what is on record.
    fn settlement(
        &mut self,
        at: At,
        open: &Open,
        brought: &Tenths,
        recorded: &Settled,
        list: &[Earning],
    ) -> Settlement {
        let epoch = recorded.epoch;
        let list: &[Earning] = if open.basis.is_some() {
            let scores = open.scores(|node| self.struck_nodes.contains(&(epoch, *node)));
            match settle_pool(&open.policy, self.pool(epoch), brought, &scores) {
                Ok(settlement) => return settlement,
                Err(source) => self.note(at, Some(epoch), Finding::Settlement(source)),
            }
            &[]
        } else {
            list
        };
        let payout = |earning: &Earning| Payout { compute: earning.compute, data: earning.data };
        let payouts: BTreeMap<_, _> =
            list.iter().map(|earning| (earning.contributor, payout(earning))).collect();
        let carry = recorded.left.clone();
        let rounding = kept(self.pool(epoch), brought, &carry, payouts.values().copied());
        let rounding = rounding.unwrap_or_else(|| {
            self.note(at, Some(epoch), Finding::Overpaid);
            Tenths::default()
        });
        Settlement { payouts, carry, rounding }
    }

    /// Every amount on record against the amount computed; what was earned in all goes on from the latter.
    fn compare(&mut self, at: At, epoch: u64, recorded: &Settled, settlement: &Settlement, list: &[Earning]) {
        let by_contributor: BTreeMap<_, _> =
            list.iter().map(|earning| (earning.contributor, *earning)).collect();
        let contributors: BTreeSet<_> =
            settlement.payouts.keys().chain(by_contributor.keys()).copied().collect();
        let mut total = 0u128;
        for contributor in contributors {
            let computed = settlement.payouts.get(&contributor).copied().unwrap_or_default();
            let earned = self.earned.get(&contributor).copied().unwrap_or_default();
            let Some(cumulative) = earned.checked_add(computed.total()) else {
                self.note(at, Some(epoch), Finding::TooMuch { contributor });
                continue;
            };
            total = total.saturating_add(computed.total());
            let Payout { compute, data } = computed;
            let expected = Earning { contributor, compute, data, cumulative };
            let expected = (computed.total() > 0).then_some(expected);
            if expected.is_some() {
                self.earned.insert(contributor, cumulative);
                if self.is_contracts() {
                    self.claims.earn(contributor, computed.total());
                }
            }
            let recorded = by_contributor.get(&contributor).copied();
            if recorded != expected {
                self.note(at, Some(epoch), Finding::Payout { contributor, computed, cumulative, recorded });
            }
        }
        if total != recorded.total {
            let (computed, recorded) = (total, recorded.total);
            self.note(at, Some(epoch), Finding::Total { computed, recorded });
        }
        if settlement.carry != recorded.left {
            let (computed, recorded) = (settlement.carry.clone(), recorded.left.clone());
            self.note(at, Some(epoch), Finding::Left { computed, recorded });
        }
    }

    /// The root of all claims under the rules hash as computed again; of an epoch that was not verified, as
    /// recorded.
    fn root(&self, epoch: u64, open: &Open) -> Option<Digest> {
        let recorded = self.reports.get(&epoch).map(|report| report.recorded_rules_hash);
        let rules_hash = open.basis.map(|basis| basis.rules_hash).or(recorded)?;
        let tree = ClaimTree::of_earned(Distribution::of(&open.policy, rules_hash), &self.earned);
        tree.map(|tree| tree.root())
    }

    fn report(
        &mut self,
        epoch: u64,
        open: &Open,
        brought: Tenths,
        settlement: Settlement,
        root: Option<Digest>,
    ) {
        let claims_total = self.earned.values().fold(0u128, |sum, earned| sum.saturating_add(*earned));
        let unverified_before = self.unverified.filter(|earlier| *earlier != epoch);
        let Some(report) = self.reports.get_mut(&epoch) else { return };
        let Settlement { payouts, carry: left, rounding } = settlement;
        let lines = if open.basis.is_some() { open.lines(&payouts) } else { BTreeMap::new() };
        (report.brought, report.left, report.rounding) = (brought, left, rounding);
        (report.root, report.claims_total) = (root, claims_total);
        report.unverified_before = unverified_before;
        (report.lines, report.unlisted) = (lines, 0);
        self.lines_kept = self.lines_kept.saturating_add(report.lines.len());
        self.give_up_lines(epoch);
    }

    /// Gives up lines of the earliest epochs, up to this one, where more are kept than a report holds.
    fn give_up_lines(&mut self, latest: u64) {
        let most = self.auditor.bound(MAX_LINES);
        for report in self.reports.range_mut(..latest).map(|(_, report)| report) {
            if self.lines_kept <= most {
                return;
            }
            let lines = std::mem::take(&mut report.lines);
            self.lines_kept = self.lines_kept.saturating_sub(lines.len());
            report.unlisted = report.unlisted.saturating_add(lines.len() as u64);
        }
    }

    /// What the scores so far would give an epoch that is not settled.
    pub(super) fn preview(&mut self, epoch: u64) {
        self.verify(epoch);
        let Some(open) = self.open.remove(&epoch) else { return };
        let scores = open.scores(|node| self.struck_nodes.contains(&(epoch, *node)));
        if let Ok(settlement) = settle_pool(&open.policy, self.pool(epoch), &self.carry, &scores) {
            // To the first of them; what that one would leave nobody knows.
            let brought = std::mem::take(&mut self.carry);
            self.report(epoch, &open, brought, settlement, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use fairshare_formats::archive::Heading;
    use fairshare_testkit::fixture;
    use fairshare_verifier::Trust;

    use super::super::record::empty_report;
    use super::super::{Auditor, EpochReport, Expected, Line};
    use super::*;

    #[test]
    fn of_too_many_lines_those_of_the_latest_epochs_are_kept() {
        let policy = fixture::policy(fixture::POLICY);
        let heading = Heading::new("a test", 1, Address([1; 20]), Address([2; 20]), 0, Digest([0; 32]));
        let auditor = Auditor::new(&[], Trust::AllowInsecure, &|_, _| {});
        let mut audit = auditor.begin(heading, &Expected::default());
        for epoch in 4..=6 {
            let lines = (0..2).map(|who| (Address([who; 20]), Line::default())).collect();
            audit
                .reports
                .insert(epoch, EpochReport { lines, ..empty_report(&policy, Digest([0; 32]), None) });
        }
        let kept = |audit: &Audit<'_>| -> Vec<_> {
            audit.reports.values().map(|report| (report.lines.len(), report.unlisted)).collect()
        };
        for (held, expected) in [
            (MAX_LINES, [(2, 0), (2, 0), (2, 0)]),
            (MAX_LINES + 1, [(0, 2), (2, 0), (2, 0)]),
            (MAX_LINES + 2, [(0, 2), (0, 2), (2, 0)]),
            // A report of the latest epoch alone is whole, however long it is.
            (usize::MAX, [(0, 2), (0, 2), (2, 0)]),
        ] {
            audit.lines_kept = held;
            audit.give_up_lines(6);
            assert_eq!(kept(&audit), expected, "{held}");
        }
    }
}
