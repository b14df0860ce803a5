//! Going through a ledger again: entry by entry, believing none of its results.
//!
//! 1. the chain: each entry leads from the head before it to the head that it names;
//! 2. the registry: it takes each entry after those before it ([`crate::registry`]);
//! 3. the bundles: each verifies, of data with datasets that count, of computing power with the units on
//!    record; who has units has a proof of them;
//! 4. the amounts: every earning, carry and root is what the verified scores give, to the unit;
//! 5. the payments: nobody was to be paid more than it had earned, or twice.
//!
//! What the registry would not have taken changes nothing of what follows. Nothing is held but what later
//! entries need: bundles go as they are verified.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;

use fairshare_formats::archive::{self, ArchiveError, Heading, Item};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Event, Files, Receipt, Stored, Tenths};
use fairshare_formats::time::Moment;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_params::policy::{NamedParameters, Policy};
use fairshare_params::rules::Settlement;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::Trust;

use crate::registry::{At, Dataset, Identity, Stage, Timeline};

mod amounts;
mod finding;
mod open;
mod outcome;
mod payments;
mod proofs;
mod record;

pub use finding::Finding;
use open::Open;
pub use outcome::{Basis, DatasetReport, EpochReport, Fate, Found, Line, MAX_FINDINGS, Report, Strike};
use payments::{Claims, Payments};

/// What an audit is done with.
pub struct Auditor<'a> {
    parameters: &'a [VerifierParameters],
    trust: Trust,
    progress: &'a dyn Fn(u64, u64),
    memory: u64,
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

/// What somebody was told elsewhere, and the ledger has to agree with.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The rules hash of the last settled epoch, or of the last one where none is.
    pub rules_hash: Option<Digest>,
    /// The root of the last settled epoch's claims.
    pub root: Option<Digest>,
    /// The sum of these claims, in base units.
    pub total: Option<u128>,
    /// Receipts that the operator signed.
    pub receipts: Vec<Receipt>,
}

/// Most fates that are kept.
pub const MAX_FATES: usize = 1_000_000;
/// What an audit holds at most, in bytes, over the largest bundle, unless it is told otherwise; the numbers
/// below are for it.
pub const MEMORY: u64 = 256 << 20;
/// Most lines of epochs that are kept, some 45 MiB.
pub const MAX_LINES: usize = 300_000;
/// Most datasets that are held, some 80 MiB.
pub const MAX_DATASETS: usize = 400_000;
/// Most contributors whose earnings are held, some 60 MiB.
const MAX_CONTRIBUTORS: usize = 400_000;
/// Most payments that are held until they are confirmed, some 60 MiB.
const MAX_UNCONFIRMED: usize = 1_000_000;
/// Most strikes that are held.
const MAX_STRIKES: usize = 20_000;
/// Most bytes of policies of epochs that are not settled, where a contract lets any number of them wait.
const MAX_POLICIES: usize = 64 << 20;
/// Most units of epochs that are not settled, 64 MiB.
const MAX_UNITS: usize = 1 << 24;

/// Why an audit stops.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// More than is held: an audit's memory is bounded, whatever an archive has.
    #[error(
        "the ledger has more than {most} {what}, the most that its memory holds; allow more with `--memory`"
    )]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most.
        most: usize,
    },
}

impl<'a> Auditor<'a> {
    /// An auditor with these parameters, one set for each reference string that the policies name; `progress`
    /// is told how many entries are done, of how many.
    ///
    /// Parameters that were not derived from a whole reference string are of no use here: the rules hashes on
    /// record are the word of the one who is audited.
    pub fn new(parameters: &'a [VerifierParameters], trust: Trust, progress: &'a dyn Fn(u64, u64)) -> Self {
        Self { parameters, trust, progress, memory: MEMORY }
    }

    /// The same with another bound of what is held, in bytes: a ledger may have so many contributors that
    /// [`MEMORY`] is not enough.
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// A bound that is for [`MEMORY`], as the auditor's memory allows.
    fn bound(&self, most: usize) -> usize {
        let most = u128::from(self.memory).saturating_mul(most as u128) / u128::from(MEMORY);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Audits an archive, which is read once. Of an epoch whose parameters were not given there is nothing to
    /// be said, neither good nor bad; the others are audited all the same, because whoever is audited writes
    /// the policies and could hide behind one.
    pub fn archive(&self, from: impl Read, expected: &Expected) -> Result<Report, AuditError> {
        let mut audit = None;
        archive::read(from, |item| {
            match item {
                Item::Heading(heading) => audit = Some(self.begin(heading, expected)),
                Item::Entry(stored, files) => {
                    if let Some(audit) = &mut audit {
                        audit.entry(&stored, files)?;
                    }
                }
            }
            Ok::<_, AuditError>(())
        })?;
        // An archive without a heading was refused.
        audit.map(Audit::finish).ok_or(AuditError::Archive(ArchiveError::Empty))
    }

    /// Begins an audit of a ledger, whose entries have to follow in order.
    pub fn begin(&self, heading: Heading, expected: &Expected) -> Audit<'_> {
        let head = first_head(heading.chain_id, &heading.vault, &heading.registry);
        let mut expected = expected.clone();
        expected.receipts.sort_by_key(|receipt| receipt.index);
        Audit {
            auditor: self,
            expected,
            heading,
            head,
            last: None,
            identity: None,
            timeline: Timeline::default(),
            datasets: BTreeMap::new(),
            digests: HashMap::new(),
            roots: HashMap::new(),
            struck_nodes: BTreeSet::new(),
            open: BTreeMap::new(),
            waiting: None,
            reports: BTreeMap::new(),
            lines_kept: 0,
            fates: BTreeMap::new(),
            fates_kept: 0,
            strikes: Vec::new(),
            carry: Tenths::default(),
            earned: BTreeMap::new(),
            unverified: None,
            payments: Payments::default(),
            claims: Claims::default(),
            findings: Vec::new(),
            more_findings: 0,
            unaudited: Vec::new(),
            bundles: 0,
        }
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

/// An audit under way.
pub struct Audit<'a> {
    auditor: &'a Auditor<'a>,
    expected: Expected,
    heading: Heading,
    head: Digest,
    last: Option<At>,
    identity: Option<Identity>,
    timeline: Timeline,
    /// Datasets by the entry that registered them.
    datasets: BTreeMap<u64, Dataset>,
    /// Where each digest was registered.
    digests: HashMap<Digest, u64>,
    /// Whose each upload is.
    roots: HashMap<Digest, Digest>,
    struck_nodes: BTreeSet<(u64, Address)>,
    /// Epochs whose amounts are not fixed.
    open: BTreeMap<u64, Open>,
    /// The one of them, if any, that has bundles to be verified.
    waiting: Option<u64>,
    reports: BTreeMap<u64, EpochReport>,
    lines_kept: usize,
    fates: BTreeMap<u64, Vec<(u64, Fate)>>,
    fates_kept: usize,
    strikes: Vec<Strike>,
    /// What the last settled epoch leaves.
    carry: Tenths,
    earned: BTreeMap<Address, u128>,
    /// The first epoch that was not verified: what follows builds on the record's word.
    unverified: Option<u64>,
    payments: Payments,
    claims: Claims,
    findings: Vec<Found>,
    more_findings: u64,
    unaudited: Vec<NoParameters>,
    bundles: u64,
}

impl Audit<'_> {
    /// The next entry, with what stands beside it.
    pub fn entry(&mut self, stored: &Stored, files: Files) -> Result<(), AuditError> {
        let at = At { index: stored.index, time: stored.time };
        self.chain(stored, at);
        match files.check(&stored.event) {
            Ok(()) => self.event(at, &stored.event, files),
            Err(source) => self.note(at, stored.event.epoch(), Finding::Files(source)),
        }
        self.check_memory()?;
        self.last = Some(at);
        (self.auditor.progress)(stored.index, self.heading.entries);
        Ok(())
    }

    /// What is held grows with the ledger, up to here.
    fn check_memory(&self) -> Result<(), AuditError> {
        let units = self.open.values().filter_map(|open| open.units.as_ref());
        let units = units.map(|units| units.nodes().len().saturating_mul(units.totals().len()));
        // An operator's ledger has a bound of its own.
        let waiting = self.open.values().filter(|_| self.is_contracts());
        for (what, held, most) in [
            ("datasets on record", self.datasets.len(), MAX_DATASETS),
            ("contributors that have earned something", self.earned.len(), MAX_CONTRIBUTORS),
            ("contributors that were told to be paid", self.payments.contributors(), MAX_CONTRIBUTORS),
            ("payments that are not confirmed", self.payments.unconfirmed(), MAX_UNCONFIRMED),
            ("shares that are not claimed", self.claims.unclaimed(), MAX_UNCONFIRMED),
            (
                "bytes of policies of epochs that are not settled",
                waiting.map(|open| open.bytes).sum(),
                MAX_POLICIES,
            ),
            ("strikes", self.strikes.len(), MAX_STRIKES),
            ("units in epochs that are not settled", units.sum(), MAX_UNITS),
        ] {
            let most = self.auditor.bound(most);
            if held > most {
                return Err(AuditError::TooMany { what, most });
            }
        }
        Ok(())
    }

    /// Step 1. The chain goes on from what is recorded, so that one altered entry is one finding.
    fn chain(&mut self, stored: &Stored, at: At) {
        let (before, epoch) = (self.head, stored.event.epoch());
        let (computed, recorded) = (stored.entry().follow(&before), stored.head);
        if computed != recorded {
            self.note(at, epoch, Finding::Head { computed, recorded });
        }
        self.head = recorded;
        let before_time = self.last.map_or(Moment::default(), |last| last.time);
        if stored.time < before_time {
            let (found, before) = (stored.time, before_time);
            self.note(at, epoch, Finding::Time { found, before });
        }
        let index = stored.index;
        let round = self.timeline.round().unwrap_or_default();
        let is_other =
            |receipt: &Receipt| (receipt.round, receipt.before, receipt.after()) != (round, before, computed);
        // In order of their entries, so that each is looked at when its turn comes.
        let receipts = &self.expected.receipts;
        let from = receipts.partition_point(|receipt| receipt.index < index);
        if receipts[from..].iter().take_while(|receipt| receipt.index == index).any(is_other) {
            self.note(at, epoch, Finding::Receipt { index });
        }
    }

    fn event(&mut self, at: At, event: &Event, files: Files) {
        match event {
            Event::Rules { epoch, rules_hash, .. } => self.rules(at, *epoch, rules_hash, &files),
            Event::Rounds { first, last } => {
                let check = self.timeline.check_rounds(*first, *last);
                self.step(at, event, check);
            }
            Event::Registration { .. } => self.registration(at, event, files.single()),
            Event::Units { epoch, .. } => self.units(at, event, *epoch, files.single()),
            Event::StrikeData { digest, reason } => self.strike_data(at, digest, reason),
            Event::StrikeNode { epoch, node, reason } => self.strike_node(at, *epoch, node, reason),
            Event::Ended { epoch } => {
                let check = self.timeline.check_ended(*epoch);
                self.step(at, event, check);
            }
            Event::Funded { epoch, .. } => {
                let check = self.timeline.check_funded(*epoch, at.index);
                self.step(at, event, check);
            }
            Event::Bundle { epoch, .. } => self.bundle(at, *epoch, event, files),
            Event::Closed { epoch } => self.closed(at, event, *epoch),
            Event::Settled(settled) => self.settled(at, event, settled, files.single()),
            Event::Sent { epoch, .. } => self.sent(at, *epoch, files.single()),
            Event::Confirmed { contributor, cumulative, evidence } => {
                self.confirmed(at, contributor, *cumulative, evidence);
            }
        }
    }

    /// A step of the timeline, if the registry takes it.
    fn step(&mut self, at: At, event: &Event, check: Result<(), crate::registry::Refusal>) {
        match check {
            Ok(()) => self.timeline.apply(at, event),
            Err(source) => self.note(at, event.epoch(), Finding::Refused(source)),
        }
    }

    fn note(&mut self, at: At, epoch: Option<u64>, finding: Finding) {
        self.find(Some(at.index), epoch, finding);
    }

    fn find(&mut self, entry: Option<u64>, epoch: Option<u64>, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Found { entry, epoch, finding });
        } else {
            self.more_findings = self.more_findings.saturating_add(1);
        }
    }

    /// What was found, when no entry is left.
    pub fn finish(mut self) -> Report {
        let open: Vec<_> = self.open.keys().copied().collect();
        open.into_iter().for_each(|epoch| self.preview(epoch));
        let (computed, recorded) = (self.head, self.heading.head);
        if computed != recorded {
            self.find(None, None, Finding::LastHead { computed, recorded });
        }
        for receipt in std::mem::take(&mut self.expected.receipts) {
            let domain = receipt.domain;
            let is_ours =
                (domain.chain_id, domain.registry) == (self.heading.chain_id, self.heading.registry);
            if !is_ours || receipt.index > self.last.map_or(0, |last| last.index) {
                self.find(None, None, Finding::Receipt { index: receipt.index });
            }
        }
        let states: Vec<_> = self
            .timeline
            .stages()
            .iter()
            .map(|stage| (stage.span.epoch, self.timeline.state(stage), stage.pool()))
            .collect();
        for (epoch, state, pool) in states {
            if let Some(report) = self.reports.get_mut(&epoch) {
                (report.state, report.pool) = (state, pool);
            }
        }
        let due = self.due();
        let fates = std::mem::take(&mut self.fates);
        let datasets = self.datasets.values().map(|dataset| DatasetReport {
            index: dataset.index,
            digest: *dataset.registration.digest(),
            contributor: *dataset.registration.contributor(),
            round: dataset.round,
            records: dataset.registration.records(),
            fates: fates.get(&dataset.index).cloned().unwrap_or_default(),
        });
        let mut report = Report {
            identity: self.identity,
            head: self.head,
            datasets: datasets.collect(),
            strikes: self.strikes,
            sent: self.payments.sent(),
            confirmed: self.payments.confirmed(),
            claimed: self.claims.paid(),
            due,
            heading: self.heading,
            epochs: self.reports.into_values().collect(),
            findings: self.findings,
            more_findings: self.more_findings,
            unaudited: self.unaudited,
            bundles: self.bundles,
        };
        compare(&mut report, &self.expected);
        report
    }
}

impl Audit<'_> {
    /// Whether a contract computes what is paid, and the ledger follows it.
    fn is_contracts(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.settlement == Settlement::Contract)
    }

    /// What an epoch pays, without what was carried to it; nothing while nobody can know it.
    fn pool(&self, epoch: u64) -> u128 {
        self.timeline.stage(epoch).ok().and_then(Stage::pool).unwrap_or_default()
    }

    /// What was earned and is on no list, and of how many.
    fn due(&self) -> (u128, u64) {
        if self.identity.as_ref().is_none_or(|identity| identity.settlement != Settlement::Payments) {
            return (0, 0);
        }
        let due = self.earned.iter().map(|(contributor, earned)| self.payments.due(contributor, *earned));
        due.filter(|due| *due > 0)
            .fold((0, 0), |(sum, count), due| (sum.saturating_add(due), count.saturating_add(1)))
    }
}

/// What the auditor was told elsewhere, against what was computed.
fn compare(report: &mut Report, expected: &Expected) {
    let last = report.last();
    let epoch = last.map(|last| last.number);
    let (root, total) = last.map_or((None, 0), |last| (last.root, last.claims_total));
    let hash = last.and_then(|last| last.basis).map(|basis| basis.rules_hash);
    // Of rules that were not verified nothing is said; a ledger without any is not of those expected.
    let is_known = last.is_none_or(|last| last.basis.is_some());
    let mut found = Vec::new();
    if let Some(expected) = expected.rules_hash
        && is_known
        && hash != Some(expected)
    {
        found.push(Finding::OtherRules { found: hash, expected });
    }
    if let Some(expected) = expected.root
        && root != Some(expected)
    {
        found.push(Finding::OtherRoot { found: root, expected });
    }
    if let Some(expected) = expected.total
        && total != expected
    {
        found.push(Finding::OtherTotal { found: total, expected });
    }
    report.findings.extend(found.into_iter().map(|finding| Found { entry: None, epoch, finding }));
}

/// A node's or dataset's name in a report.
fn node_name(node: &Address) -> String {
    format!("node {}", checksummed(node))
}
