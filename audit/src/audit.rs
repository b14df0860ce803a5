//! Computing everything again: from a snapshot alone, believing none of its results.
//!
//! 1. the policies: each is the one its epoch was opened with, and follows the one before it;
//! 2. the registrations: each fits its policy, no dataset has two owners;
//! 3. the bundles: each verifies, of data with all that its contributor registered, of computing power with
//!    the units on record;
//! 4. the payouts: every amount, carry and root is what the verified scores give, to the unit;
//! 5. the claims: nobody was paid more than it had earned, or twice.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroU32;

use fairshare_circuits::numeric::divergence::per_record;
use fairshare_formats::eip55;
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::context;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::{NamedParameters, Policy};
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement as SettledBy;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::bundle::Header;
use fairshare_verifier::{Trust, Verifier};
use num_bigint::BigUint;

use crate::claims::{ClaimTree, Distribution};
use crate::settlement::{Carry, Earned, Payout, Settlement, settle};
use crate::snapshot::{EpochSnapshot, LedgerSnapshot, Paid, State, VaultIdentity};

mod claims;
mod finding;

pub use finding::Finding;

/// Bundles verified at once: enough for every core, few enough for the memory.
const BATCH: usize = 256;

/// What an audit is done with.
pub struct Auditor<'a> {
    parameters: &'a [VerifierParameters],
    trust: Trust,
    progress: &'a dyn Fn(usize, usize),
}

/// Parameters that an audit needs and was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the policy of epoch {epoch} names the parameters {named} for geometry `{geometry}`, and they were not \
     given; give the whole reference string (`--params`)"
)]
pub struct NoParameters {
    /// The epoch.
    pub epoch: u64,
    /// The geometry of its policy.
    pub geometry: Geometry,
    /// The parameters that it names.
    pub named: NamedParameters,
}

/// What an audit found.
#[derive(Debug)]
pub struct Report {
    /// Every epoch, in order.
    pub epochs: Vec<EpochReport>,
    /// Paid to contributors in all, by the claims.
    pub claimed: BigUint,
    /// Claims on record.
    pub claims: usize,
    /// Everything that is not as it should be, by epoch.
    pub findings: BTreeMap<u64, Vec<Finding>>,
    /// Epochs that were not audited, in order, for want of parameters. They may hide anything.
    pub unaudited: Vec<NoParameters>,
    /// Bundles verified.
    pub bundles: usize,
}

/// One epoch, as computed again.
#[derive(Debug)]
pub struct EpochReport {
    /// Its number.
    pub number: u64,
    /// Its policy, unless that could not be read.
    pub policy: Option<Policy>,
    /// What it was verified under; none where it was not verified.
    pub basis: Option<Basis>,
    /// The first of the epochs before it, if there is any, that was not verified: what this one brings, and
    /// what was earned before it, is then the record's word.
    pub unverified_before: Option<u64>,
    /// Its state on record.
    pub state: State,
    /// What was brought from the epoch before.
    pub brought: Carry,
    /// What is carried to the next: the whole of a pool without weight.
    pub left: Carry,
    /// What rounding leaves in the vault.
    pub rounding: Carry,
    /// Every contributor with a verified score, by address.
    pub lines: BTreeMap<Address, Line>,
}

/// What an epoch was verified under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The rules hash, computed again.
    pub rules_hash: Digest,
    /// The reference string's fingerprint.
    pub srs: Digest,
}

/// One contributor in one epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Records of its data.
    pub records: u64,
    /// Its verified data score, in 1/256 nat.
    pub data: Option<u64>,
    /// Its verified compute score, 48 fractional bits.
    pub compute: Option<u64>,
    /// What it earns, computed again.
    pub payout: Payout,
}

impl Line {
    /// Its divergence per record in nats, 48 fractional bits.
    pub fn divergence(&self) -> Option<u128> {
        let records = u32::try_from(self.records).ok().and_then(NonZeroU32::new)?;
        Some(per_record(self.data?, records))
    }
}

impl Report {
    /// Whether everything was audited, and was as it should be.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unaudited.is_empty()
    }

    /// How many findings there are.
    pub fn finding_count(&self) -> usize {
        self.findings.values().map(Vec::len).sum()
    }

    /// Every finding in one line of words, with its epoch and its causes, cut to some 2,000 bytes.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.findings.iter().flat_map(|(epoch, findings)| findings.iter().map(move |f| in_words(*epoch, f)))
    }
}

/// Longest line about one finding, in bytes: a policy may have a hundred errors.
const MAX_LINE: usize = 2000;

fn in_words(epoch: u64, finding: &Finding) -> String {
    let causes = eip55::chain(finding).map(|cause| {
        let mut lines = cause.lines().map(str::trim);
        // `3 errors:` and the errors.
        let first = lines.next().unwrap_or_default();
        let others: Vec<_> = lines.collect();
        if others.is_empty() { first.to_owned() } else { format!("{first} {}", others.join("; ")) }
    });
    let mut line = format!("epoch {epoch}: {}", causes.collect::<Vec<_>>().join(": "));
    if line.len() > MAX_LINE {
        line.truncate(line.floor_char_boundary(MAX_LINE));
        line.push('…');
    }
    line
}

/// What earlier epochs say about later ones.
#[derive(Default)]
struct Past {
    vault: Option<VaultIdentity>,
    last: Option<u64>,
    last_round: Option<u64>,
    /// The first epoch that was not verified: what follows builds on the record's word.
    unverified: Option<u64>,
    /// A dataset's first registration.
    datasets: HashMap<Digest, Registration>,
    carry: Carry,
    earned: BTreeMap<Address, u128>,
    /// What those who claim up to a settled epoch had earned in all by then.
    settled: BTreeMap<u64, BTreeMap<Address, u128>>,
    /// The first epoch that is not settled: a ledger opens none after it.
    unsettled: Option<u64>,
}

impl<'a> Auditor<'a> {
    /// An auditor with these parameters, one set for each reference string that the policies name; `progress`
    /// is told how many bundles have been verified, of how many.
    ///
    /// Parameters that were not derived from a whole reference string are of no use here: the rules hashes on
    /// record are the word of the one who is audited.
    pub fn new(
        parameters: &'a [VerifierParameters],
        trust: Trust,
        progress: &'a dyn Fn(usize, usize),
    ) -> Self {
        Self { parameters, trust, progress }
    }

    /// Audits a ledger's snapshot. Of an epoch whose parameters were not given there is nothing to be said,
    /// neither good nor bad; the others are audited all the same, because whoever is audited writes the
    /// policies and could hide behind one.
    pub fn audit(&self, snapshot: &LedgerSnapshot) -> Report {
        let total = snapshot.epochs.iter().map(|epoch| epoch.bundles.len()).sum();
        let (past, findings) = (Past::default(), BTreeMap::new());
        let mut claimants: BTreeMap<u64, BTreeSet<Address>> = BTreeMap::new();
        for claim in &snapshot.claims {
            claimants.entry(claim.epoch).or_default().insert(claim.contributor);
        }
        let mut run = Run { auditor: self, past, claimants, findings, unaudited: Vec::new(), done: 0, total };
        let epochs = snapshot.epochs.iter().map(|epoch| run.epoch(epoch)).collect();
        let claimed = claims::check(&mut run, snapshot);
        let Run { findings, unaudited, done, .. } = run;
        Report { epochs, claimed, claims: snapshot.claims.len(), findings, unaudited, bundles: done }
    }

    fn parameters(&self, policy: &Policy) -> Option<&VerifierParameters> {
        let mut derived = self.parameters.iter().filter(|parameters| parameters.is_derived());
        let is_named = |parameters: &&VerifierParameters| {
            let (geometry, srs) = (parameters.geometry(), &parameters.words().srs);
            policy.check_parameters(geometry, srs, parameters.is_insecure()).is_ok()
        };
        derived.find(is_named)
    }
}

/// What each contributor registered in an epoch.
type Own<'a> = HashMap<Address, Vec<&'a Registration>>;

/// An audit under way.
struct Run<'a> {
    auditor: &'a Auditor<'a>,
    past: Past,
    /// Who claims, by the epoch up to which.
    claimants: BTreeMap<u64, BTreeSet<Address>>,
    findings: BTreeMap<u64, Vec<Finding>>,
    unaudited: Vec<NoParameters>,
    done: usize,
    total: usize,
}

impl Run<'_> {
    fn note(&mut self, epoch: u64, finding: Finding) {
        self.findings.entry(epoch).or_default().push(finding);
    }

    fn epoch(&mut self, snapshot: &EpochSnapshot) -> EpochReport {
        let mut report = EpochReport {
            number: snapshot.number,
            policy: None,
            basis: None,
            unverified_before: self.past.unverified,
            state: snapshot.state,
            brought: self.past.carry.clone(),
            left: Carry::default(),
            rounding: Carry::default(),
            lines: BTreeMap::new(),
        };
        if let Some(earlier) = self.past.unsettled {
            self.note(snapshot.number, Finding::NotSettledBefore { earlier });
        }
        if snapshot.state < State::Settled {
            self.past.unsettled.get_or_insert(snapshot.number);
        }
        if let Some(policy) = self.policy(snapshot) {
            self.registrations(snapshot, &policy);
            if let Some((basis, scores)) = self.scores(snapshot, &policy) {
                report.basis = Some(basis);
                report.lines = lines(&scores);
                self.settlement(snapshot, &policy, &scores, &mut report);
            }
            report.policy = Some(policy);
        }
        if report.basis.is_none() {
            self.unverified(snapshot);
        }
        report
    }

    /// What an epoch that was not verified leaves to later ones: what is on record, because nothing can be
    /// said of it, and against nothing everything would differ.
    fn unverified(&mut self, snapshot: &EpochSnapshot) {
        self.past.unverified.get_or_insert(snapshot.number);
        for registration in &snapshot.registrations {
            self.past.datasets.entry(*registration.digest()).or_insert_with(|| registration.clone());
        }
        if snapshot.state < State::Settled {
            return;
        }
        for paid in snapshot.payouts.iter().filter(|paid| paid.payout.total() > 0) {
            let earned = self.past.earned.entry(paid.contributor).or_default();
            *earned = earned.saturating_add(paid.payout.total());
        }
        self.past.carry = snapshot.left.clone().unwrap_or_default();
        self.keep_earned(snapshot.number);
    }

    /// Keeps what was earned up to this epoch, as far as somebody claims it: an archive of many epochs and
    /// many contributors takes no more memory than its claims.
    fn keep_earned(&mut self, epoch: u64) {
        let claimants = self.claimants.get(&epoch).into_iter().flatten();
        let earned = claimants.filter_map(|claimant| Some((*claimant, *self.past.earned.get(claimant)?)));
        let earned = earned.collect();
        self.past.settled.insert(epoch, earned);
    }

    /// Step 1.
    fn policy(&mut self, snapshot: &EpochSnapshot) -> Option<Policy> {
        let epoch = snapshot.number;
        let policy = match snapshot.source.policy() {
            Ok(policy) => policy,
            Err(source) => {
                self.note(epoch, Finding::Policy(Box::new(source)));
                return None;
            }
        };
        let terms = policy.terms();
        if terms.settlement == SettledBy::Contract {
            self.note(epoch, Finding::ContractSettles);
        }
        if terms.epoch != epoch {
            self.note(epoch, Finding::EpochNumber { policy: terms.epoch });
        }
        let identity = VaultIdentity::of(&policy);
        let first = self.past.vault.get_or_insert_with(|| identity.clone());
        if *first != identity {
            let first = first.clone();
            self.note(epoch, Finding::OtherVault { found: identity, first });
        }
        if self.past.last.is_some_and(|last| epoch <= last) {
            self.note(epoch, Finding::NotAscending);
        }
        self.past.last = Some(epoch);
        let first = terms.first_round;
        if self.past.last_round.is_some_and(|last| first <= last) {
            self.note(epoch, Finding::RoundsAgain { first });
        }
        self.past.last_round = Some(terms.last_round());
        Some(policy)
    }

    /// Step 2.
    fn registrations(&mut self, snapshot: &EpochSnapshot, policy: &Policy) {
        let epoch = snapshot.number;
        let mut seen = HashSet::new();
        for registration in &snapshot.registrations {
            let (digest, contributor) = (*registration.digest(), *registration.contributor());
            if !seen.insert((digest, contributor)) {
                self.note(epoch, Finding::RegisteredTwice { contributor, digest });
            }
            let one = std::slice::from_ref(registration);
            if let Err(source) = context::check(policy, &contributor, one) {
                self.note(epoch, Finding::Unfit { contributor, digest, source: Box::new(source) });
            }
            if policy.terms().evidence && registration.evidence().is_none() {
                self.note(epoch, Finding::NoEvidence { contributor, digest });
            }
            let (round, first) = (registration.round(), policy.terms().first_round);
            if !policy.data_rounds().contains(&round) {
                self.note(epoch, Finding::RoundOutside { contributor, digest, round });
            } else if round < first && !self.past.datasets.contains_key(&digest) {
                self.note(epoch, Finding::Backdated { contributor, digest, round });
            }
            let first = self.past.datasets.entry(digest).or_insert_with(|| registration.clone());
            if first != registration {
                let owner = *first.contributor();
                self.note(epoch, Finding::RegisteredOtherwise { contributor, digest, owner });
            }
        }
    }

    /// Step 3: the verified scores of the epoch, unless there is nothing to verify them under.
    fn scores(
        &mut self,
        snapshot: &EpochSnapshot,
        policy: &Policy,
    ) -> Option<(Basis, Vec<(Address, Earned)>)> {
        let epoch = snapshot.number;
        let auditor = self.auditor;
        let Some(parameters) = auditor.parameters(policy) else {
            let (geometry, named) = (policy.geometry(), policy.parameters());
            self.unaudited.push(NoParameters { epoch, geometry, named });
            return None;
        };
        let units = self.units(snapshot, policy);
        let verifier = Verifier::new(parameters, policy, auditor.trust);
        let verifier = match verifier.and_then(|verifier| verifier.with_units(units.as_ref())) {
            Ok(verifier) => verifier,
            Err(source) => {
                self.note(epoch, Finding::Setup(source));
                return None;
            }
        };
        let basis = Basis { rules_hash: verifier.rules_hash(), srs: parameters.words().srs };
        if basis.rules_hash != snapshot.rules_hash {
            let (found, recorded) = (basis.rules_hash, snapshot.rules_hash);
            self.note(epoch, Finding::RulesHash { found, recorded });
        }
        let mut own: Own<'_> = HashMap::new();
        for registration in &snapshot.registrations {
            own.entry(*registration.contributor()).or_default().push(registration);
        }
        let mut scores = BTreeMap::new();
        for (batch, bundles) in snapshot.bundles.chunks(BATCH).enumerate() {
            self.verify(epoch, &own, &verifier, (batch * BATCH..).zip(bundles), &mut scores);
            self.done += bundles.len();
            (auditor.progress)(self.done, self.total);
        }
        let scores = scores.into_iter().map(|((contributor, _), earned)| (contributor, earned));
        Some((basis, scores.collect()))
    }

    /// The units on record.
    fn units(&mut self, snapshot: &EpochSnapshot, policy: &Policy) -> Option<Units> {
        let read = from_csv(snapshot.units.as_deref()?, Rounds::of(policy));
        read.map_err(|source| self.note(snapshot.number, Finding::Units(source))).ok()
    }

    fn verify<'b>(
        &mut self,
        epoch: u64,
        own: &Own<'_>,
        verifier: &Verifier<'_>,
        bundles: impl Iterator<Item = (usize, &'b Vec<u8>)>,
        scores: &mut BTreeMap<(Address, u8), Earned>,
    ) {
        let mut read = Vec::new();
        for (index, bytes) in bundles {
            let header = match Header::read(bytes) {
                Ok(header) => header,
                Err(source) => {
                    self.note(epoch, Finding::BundleBytes { index, source });
                    continue;
                }
            };
            let registrations = self.covered(epoch, own, index, &header);
            match verifier.read(bytes, &registrations) {
                Ok(bundle) => read.push((index, bundle, registrations)),
                Err(source) => {
                    let (contributor, role, source) = (header.contributor, header.role, Box::new(source));
                    self.note(epoch, Finding::Bundle { index, contributor, role, source });
                }
            }
        }
        let items: Vec<_> = read.iter().map(|(_, bundle, covered)| (bundle, covered.as_slice())).collect();
        for (result, (index, bundle, _)) in verifier.verify_batch(&items).into_iter().zip(&read) {
            let (index, contributor, role) = (*index, bundle.contributor(), bundle.role());
            match result {
                Err(source) => {
                    let source = Box::new(source);
                    self.note(epoch, Finding::Bundle { index, contributor, role, source });
                }
                Ok(score) => match scores.entry((contributor, role.id())) {
                    Entry::Vacant(entry) => {
                        entry.insert(Earned::from(&score));
                    }
                    Entry::Occupied(_) => self.note(epoch, Finding::ScoredTwice { index, contributor, role }),
                },
            }
        }
    }

    /// What the bundle's contributor registered, all of which it has to cover. A compute bundle covers none:
    /// it is of the node's units.
    fn covered(&mut self, epoch: u64, own: &Own<'_>, index: usize, header: &Header) -> Vec<Registration> {
        if header.role == Role::Compute {
            return Vec::new();
        }
        let contributor = header.contributor;
        let digests: HashSet<_> = header.digests.iter().collect();
        let own = own.get(&contributor).map(Vec::as_slice).unwrap_or_default();
        let (covered, left_out): (Vec<&Registration>, Vec<_>) =
            own.iter().partition(|own| digests.contains(own.digest()));
        for registration in left_out {
            self.note(epoch, Finding::LeftOut { index, contributor, digest: *registration.digest() });
        }
        covered.into_iter().cloned().collect()
    }

    /// Step 4.
    fn settlement(
        &mut self,
        snapshot: &EpochSnapshot,
        policy: &Policy,
        scores: &[(Address, Earned)],
        report: &mut EpochReport,
    ) {
        let epoch = snapshot.number;
        if snapshot.brought != self.past.carry {
            let (computed, recorded) = (self.past.carry.clone(), snapshot.brought.clone());
            self.note(epoch, Finding::Brought { computed, recorded });
        }
        let settlement = match settle(policy, &self.past.carry, scores) {
            Ok(settlement) => settlement,
            Err(source) => return self.note(epoch, Finding::Settlement(source)),
        };
        for (contributor, payout) in &settlement.payouts {
            report.lines.entry(*contributor).or_default().payout = *payout;
        }
        report.left = settlement.carry.clone();
        report.rounding = settlement.rounding.clone();
        if snapshot.state < State::Settled {
            if !snapshot.payouts.is_empty() || snapshot.left.is_some() || snapshot.root.is_some() {
                self.note(epoch, Finding::SettledEarly);
            }
            return;
        }
        self.payouts(snapshot, &settlement);
        if snapshot.left.as_ref() != Some(&settlement.carry) {
            let (computed, recorded) = (settlement.carry.clone(), snapshot.left.clone().unwrap_or_default());
            self.note(epoch, Finding::Left { computed, recorded });
        }
        let tree = ClaimTree::of_earned(Distribution::of(policy), &self.past.earned);
        let root = tree.map(|tree| tree.root());
        if root != snapshot.root {
            self.note(epoch, Finding::Root { computed: root, recorded: snapshot.root });
        }
        self.past.carry = settlement.carry;
        self.keep_earned(epoch);
    }

    /// Every amount on record against the amount computed; what was earned in all goes on from the latter.
    fn payouts(&mut self, snapshot: &EpochSnapshot, settlement: &Settlement) {
        let mut recorded: BTreeMap<Address, Vec<&Paid>> = BTreeMap::new();
        for paid in &snapshot.payouts {
            recorded.entry(paid.contributor).or_default().push(paid);
        }
        let contributors: Vec<_> = settlement.payouts.keys().chain(recorded.keys()).copied().collect();
        let mut seen = HashSet::new();
        for contributor in contributors.into_iter().filter(|contributor| seen.insert(*contributor)) {
            let computed = settlement.payouts.get(&contributor).copied().unwrap_or_default();
            let earned = self.past.earned.get(&contributor).copied().unwrap_or_default();
            let Some(cumulative) = earned.checked_add(computed.total()) else {
                self.note(snapshot.number, Finding::TooMuch { contributor });
                continue;
            };
            if computed.total() > 0 {
                self.past.earned.insert(contributor, cumulative);
            }
            let expected =
                (computed.total() > 0).then_some(Paid { contributor, payout: computed, cumulative });
            let found = recorded.get(&contributor).map(Vec::as_slice).unwrap_or_default();
            if found.iter().copied().ne(expected.iter()) {
                let recorded = found.iter().map(|paid| **paid).collect();
                self.note(snapshot.number, Finding::Payout { contributor, computed, cumulative, recorded });
            }
        }
    }
}

fn lines(scores: &[(Address, Earned)]) -> BTreeMap<Address, Line> {
    let mut lines: BTreeMap<Address, Line> = BTreeMap::new();
    for (contributor, earned) in scores {
        let line = lines.entry(*contributor).or_default();
        match earned {
            Earned::Compute { score } => line.compute = Some(*score),
            Earned::Data { score, datasets } => {
                line.data = Some(*score);
                line.records = datasets.iter().map(|dataset| u64::from(dataset.records)).sum();
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use fairshare_formats::policy::PolicySource;

    use super::*;

    fn settled(number: u64) -> EpochSnapshot {
        EpochSnapshot {
            number,
            state: State::Settled,
            rules_hash: Digest([0; 32]),
            source: PolicySource { text: String::new(), files: BTreeMap::new() },
            brought: Carry::default(),
            left: None,
            root: None,
            registrations: Vec::new(),
            units: None,
            bundles: Vec::new(),
            payouts: Vec::new(),
        }
    }

    /// An epoch that nobody can verify costs an archive a few hundred bytes, so no more is kept of it.
    #[test]
    fn what_was_earned_is_kept_for_those_who_claim() {
        let auditor = Auditor::new(&[], Trust::CeremonyOnly, &|_, _| {});
        let [one, two] = [7, 8].map(|byte| Address([byte; 20]));
        let claimants = BTreeMap::from([(2, BTreeSet::from([one]))]);
        let (past, findings, unaudited) = (Past::default(), BTreeMap::new(), Vec::new());
        let mut run = Run { auditor: &auditor, past, claimants, findings, unaudited, done: 0, total: 0 };
        let payout = Payout { compute: 3, data: 0 };
        let paid = |contributor| Paid { contributor, payout, cumulative: 3 };
        for number in 1..4 {
            run.epoch(&EpochSnapshot { payouts: vec![paid(one), paid(two)], ..settled(number) });
        }
        assert_eq!(run.past.earned[&two], 9);
        let kept = |epoch: u64| run.past.settled[&epoch].clone();
        assert_eq!([1, 2, 3].map(kept), [BTreeMap::new(), [(one, 6)].into(), BTreeMap::new()]);
    }

    /// A ledger opens no epoch before the last one is settled: whoever leaves one open keeps its pool.
    #[test]
    fn an_epoch_is_settled_before_the_next() {
        let auditor = Auditor::new(&[], Trust::CeremonyOnly, &|_, _| {});
        let (past, findings, unaudited) = (Past::default(), BTreeMap::new(), Vec::new());
        let claimants = BTreeMap::new();
        let mut run = Run { auditor: &auditor, past, claimants, findings, unaudited, done: 0, total: 0 };
        let is_told = |run: &Run<'_>, epoch| {
            run.findings[&epoch].iter().any(|found| matches!(found, Finding::NotSettledBefore { earlier: 2 }))
        };
        run.epoch(&settled(1));
        run.epoch(&EpochSnapshot { state: State::Closed, ..settled(2) });
        run.epoch(&settled(3));
        assert_eq!([1, 2, 3].map(|epoch| is_told(&run, epoch)), [false, false, true]);
    }

    /// No ledger leads there, but an archive may say what it likes.
    #[test]
    fn more_than_128_bits_in_all_are_a_finding_and_not_a_smaller_sum() {
        let auditor = Auditor::new(&[], Trust::CeremonyOnly, &|_, _| {});
        let findings = BTreeMap::new();
        let past = Past::default();
        let (claimants, unaudited) = (BTreeMap::new(), Vec::new());
        let mut run = Run { auditor: &auditor, past, claimants, findings, unaudited, done: 0, total: 0 };
        let contributor = Address([7; 20]);
        run.past.earned.insert(contributor, u128::MAX);
        let payouts = BTreeMap::from([(contributor, Payout { compute: 1, data: 0 })]);
        run.payouts(
            &settled(3),
            &Settlement { payouts, carry: Carry::default(), rounding: Carry::default() },
        );
        assert!(matches!(run.findings[&3][..], [Finding::TooMuch { .. }]), "{:?}", run.findings);
        assert_eq!(run.past.earned[&contributor], u128::MAX);
    }
}
