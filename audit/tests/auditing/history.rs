//! Histories of ledgers, entry by entry, and archives of them with a chain of heads that holds.
//!
//! They are put together here from verified scores and [`settle`], by nothing that a ledger is written with.

use std::collections::BTreeMap;

use fairshare_audit::audit::{Auditor, Expected, Report};
use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_audit::settlement::{Earned, settle_pool};
use fairshare_formats::archive::{Heading, Item, Writer};
use fairshare_formats::ledger::{
    Earning, Entry, Event, Files, Kind, Receipt, Settled, Stored, Tenths, Transfer, earnings_to_csv,
    file_hash, transfers_to_csv,
};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::registry::{
    RecordedRegistration, SignedRegistration, recorded_to_json, signed_to_json,
};
use fairshare_formats::time::Moment;
use fairshare_formats::units::to_csv;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_params::registry::Domain;
use fairshare_params::role::Role;
use fairshare_params::rules::Settlement;
use fairshare_testkit::epochs::World;
use fairshare_testkit::fixture;
use fairshare_verifier::{Bundle, Trust};

/// An entry without its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub time: Moment,
    pub event: Event,
    pub files: Files,
}

impl Step {
    /// Gives it other files, and names them.
    pub fn refile(&mut self, files: Files) {
        self.files = files;
        let hash = match &self.event {
            Event::Rules { .. } => self.files.policy().expect("a policy").hash(),
            _ => file_hash(self.files.single()),
        };
        match &mut self.event {
            Event::Rules { policy: file, .. }
            | Event::Registration { file, .. }
            | Event::Units { file, .. }
            | Event::Bundle { file, .. }
            | Event::Settled(Settled { file, .. })
            | Event::Sent { file, .. } => *file = hash,
            other => panic!("{other:?} has no file"),
        }
    }

    /// Edits the one file that belongs to it.
    pub fn edit(&mut self, alter: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.files.single().to_vec();
        alter(&mut bytes);
        self.refile(Files::one(self.event.kind(), bytes));
    }

    /// The same of a text, in which this occurs.
    pub fn replace(&mut self, from: &str, to: &str) {
        self.edit(|bytes| {
            let text = String::from_utf8(bytes.clone()).expect("a text");
            assert!(text.contains(from), "{from} in {text}");
            *bytes = text.replacen(from, to, 1).into_bytes();
        });
    }

    /// Edits the policy of rules in one place.
    pub fn edit_policy(&mut self, from: &str, to: &str) {
        let mut source: PolicySource = self.files.policy().expect("a policy");
        assert_eq!(source.text.matches(from).count(), 1, "{from}");
        source.text = source.text.replace(from, to);
        self.refile(Files::of_policy(&source));
    }
}

/// A ledger's history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub domain: Domain,
    pub vault: Address,
    pub steps: Vec<Step>,
}

impl History {
    /// Everything as an archive has it, every head that of the entries before it.
    pub fn chained(&self) -> Vec<Item> {
        let Domain { chain_id, registry } = self.domain;
        let mut head = first_head(chain_id, &self.vault, &registry);
        let mut entries = Vec::new();
        for (index, Step { time, event, files }) in (1..).zip(&self.steps) {
            head = Entry { time: *time, event: event.clone() }.follow(&head);
            let stored = Stored { index, time: *time, event: event.clone(), head };
            entries.push(Item::Entry(Box::new(stored), files.clone()));
        }
        let count = self.steps.len() as u64;
        let heading = Heading::new("a test", chain_id, self.vault, registry, count, head);
        [Item::Heading(heading)].into_iter().chain(entries).collect()
    }

    /// Where the nth entry of this kind stands among the steps.
    pub fn find(&self, kind: Kind, nth: usize) -> usize {
        let of_kind = self.steps.iter().enumerate().filter(|(_, step)| step.event.kind() == kind);
        of_kind.map(|(index, _)| index).nth(nth).unwrap_or_else(|| panic!("no {kind} {nth}"))
    }

    /// The nth entry of this kind.
    pub fn step(&mut self, kind: Kind, nth: usize) -> &mut Step {
        let index = self.find(kind, nth);
        &mut self.steps[index]
    }

    /// Takes it out.
    pub fn take(&mut self, kind: Kind, nth: usize) -> Step {
        let index = self.find(kind, nth);
        self.steps.remove(index)
    }

    /// Puts a step before the nth entry of this kind, at that one's time.
    pub fn put_before(&mut self, kind: Kind, nth: usize, mut step: Step) {
        let index = self.find(kind, nth);
        step.time = self.steps[index].time;
        self.steps.insert(index, step);
    }

    /// Puts a step after the nth entry of this kind, at that one's time.
    pub fn put_after(&mut self, kind: Kind, nth: usize, mut step: Step) {
        let index = self.find(kind, nth);
        step.time = self.steps[index].time;
        self.steps.insert(index + 1, step);
    }

    /// The round that began last before a step.
    fn round_before(&self, index: usize) -> u64 {
        let rounds = self.steps[..index].iter().rev().find_map(|step| match step.event {
            Event::Rounds { last, .. } => Some(last),
            _ => None,
        });
        rounds.unwrap_or_default()
    }

    /// The receipt of an entry.
    pub fn receipt(&self, kind: Kind, nth: usize) -> Receipt {
        let items = self.chained();
        let index = self.find(kind, nth);
        let Domain { chain_id, registry } = self.domain;
        let before = match &items[index] {
            Item::Heading(_) => first_head(chain_id, &self.vault, &registry),
            Item::Entry(stored, _) => stored.head,
        };
        let Step { time, event, .. } = self.steps[index].clone();
        Receipt {
            domain: self.domain,
            index: index as u64 + 1,
            round: self.round_before(index),
            entry: Entry { time, event },
            before,
        }
    }
}

/// The bytes of an archive.
pub fn archived(items: &[Item]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some((Item::Heading(heading), entries)) = items.split_first() else { panic!("no heading") };
    let mut writer = Writer::begin(&mut bytes, heading).expect("memory");
    for item in entries {
        let Item::Entry(stored, files) = item else { panic!("two headings") };
        writer.entry(stored, files).expect("memory");
    }
    writer.finish().expect("memory");
    bytes
}

pub fn auditor() -> Auditor<'static> {
    Auditor::new(std::slice::from_ref(&*fixture::PARAMETERS), Trust::AllowInsecure, &|_, _| {})
}

pub fn audit(items: &[Item], expected: &Expected) -> Report {
    auditor().archive(&archived(items)[..], expected).expect("an archive")
}

/// Writes a history.
pub struct Clerk {
    steps: Vec<Step>,
    time: u64,
    carry: Tenths,
    earned: BTreeMap<Address, u128>,
    sent: BTreeMap<Address, u128>,
    /// What was funded, of rules that name no pool.
    funded: u128,
    /// What each earns in an epoch.
    shares: BTreeMap<(u64, Address), u128>,
}

impl Clerk {
    pub fn new() -> Self {
        let (carry, earned, sent) = (Tenths::default(), BTreeMap::new(), BTreeMap::new());
        let (funded, shares) = (0, BTreeMap::new());
        Self { steps: Vec::new(), time: 1_797_000_000, carry, earned, sent, funded, shares }
    }

    pub fn finish(self, world: &World) -> History {
        History { domain: world.policy.domain(), vault: world.policy.terms().vault, steps: self.steps }
    }

    pub fn push(&mut self, event: Event, files: Files) {
        self.time += 10;
        let time = Moment::from_unix_seconds(self.time).expect("a date");
        self.steps.push(Step { time, event, files });
    }

    pub fn rules(&mut self, world: &World) {
        let (epoch, rules_hash) = (world.policy.terms().epoch, world.verifier().rules_hash());
        let policy = world.source.hash();
        self.push(Event::Rules { epoch, rules_hash, policy }, Files::of_policy(&world.source));
    }

    /// All rounds, with what is registered in each.
    pub fn rounds(&mut self, world: &World) {
        let rounds = world.policy.terms().first_round..=world.policy.terms().last_round();
        for round in rounds {
            self.push(Event::Rounds { first: round, last: round }, Files::none());
            let own = world.registrations.iter().zip(&world.rounds).filter(|(_, own)| **own == round);
            for (signed, _) in own {
                let bytes = registration(world, signed).into_bytes();
                let request = signed.unsigned().request();
                let (contributor, digest) = (*request.contributor(), *request.digest());
                let event = Event::Registration { round, contributor, digest, file: file_hash(&bytes) };
                self.push(event, Files::one(Kind::Registration, bytes));
            }
        }
    }

    pub fn units(&mut self, world: &World) {
        let (epoch, bytes) = (world.policy.terms().epoch, to_csv(&world.units).into_bytes());
        self.push(Event::Units { epoch, file: file_hash(&bytes) }, Files::one(Kind::Units, bytes));
    }

    pub fn ended(&mut self, world: &World) {
        self.push(Event::Ended { epoch: world.policy.terms().epoch }, Files::none());
    }

    /// What was funded by then.
    pub fn funded(&mut self, world: &World, pool: u128) {
        self.funded = pool;
        self.push(Event::Funded { epoch: world.policy.terms().epoch, pool }, Files::none());
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: u64) {
        self.time += seconds;
    }

    /// The contract pays somebody an epoch's share.
    pub fn claimed(&mut self, epoch: u64, contributor: Address) {
        *self.sent.entry(contributor).or_default() += self.shares[&(epoch, contributor)];
        self.confirmed(contributor);
    }

    pub fn bundle(&mut self, world: &World, index: usize) {
        let (epoch, read) = (world.policy.terms().epoch, world.read(index));
        let (role, contributor, score) = (read.role(), read.contributor(), read.claimed_score());
        let bytes = world.bundles[index].bytes.clone();
        let event = Event::Bundle { epoch, role, contributor, score, file: file_hash(&bytes) };
        self.push(event, Files::one(Kind::Bundle, bytes));
    }

    pub fn closed(&mut self, world: &World) {
        self.push(Event::Closed { epoch: world.policy.terms().epoch }, Files::none());
    }

    /// Settles by these of the world's bundles.
    pub fn settled(&mut self, world: &World, bundles: &[usize]) {
        let scores: Vec<_> = bundles.iter().map(|index| earned(world, &world.read(*index))).collect();
        let pool = match world.policy.terms().pool {
            0 => self.funded,
            pool => pool,
        };
        let settlement = settle_pool(&world.policy, pool, &self.carry, &scores).expect("scores");
        let brought = std::mem::replace(&mut self.carry, settlement.carry.clone());
        let (mut earnings, mut total) = (Vec::new(), 0);
        for (contributor, payout) in settlement.payouts.into_iter().filter(|(_, payout)| payout.total() > 0) {
            let cumulative = self.earned.entry(contributor).or_default();
            *cumulative += payout.total();
            total += payout.total();
            self.shares.insert((world.policy.terms().epoch, contributor), payout.total());
            let (compute, data) = (payout.compute, payout.data);
            earnings.push(Earning { contributor, compute, data, cumulative: *cumulative });
        }
        let distribution = Distribution::of(&world.policy, world.verifier().rules_hash());
        let root = ClaimTree::of_earned(distribution, &self.earned).map(|tree| tree.root());
        let bytes = earnings_to_csv(&earnings).into_bytes();
        let (epoch, left, file) = (world.policy.terms().epoch, settlement.carry, file_hash(&bytes));
        let settled = Settled { epoch, brought, left, total, root, file };
        self.push(Event::Settled(settled), Files::one(Kind::Settled, bytes));
    }

    /// Lists everything that is due to these.
    pub fn sent(&mut self, epoch: u64, to: &[Address]) {
        let mut transfers = Vec::new();
        for contributor in to {
            let cumulative = self.earned[contributor];
            let before = self.sent.insert(*contributor, cumulative).unwrap_or_default();
            let amount = cumulative - before;
            transfers.push(Transfer { contributor: *contributor, amount, cumulative });
        }
        let bytes = transfers_to_csv(&transfers).into_bytes();
        self.push(Event::Sent { epoch, file: file_hash(&bytes) }, Files::one(Kind::Sent, bytes));
    }

    /// Confirms everything that was sent to somebody.
    pub fn confirmed(&mut self, contributor: Address) {
        let (cumulative, evidence) = (self.sent[&contributor], "0xfeed".to_owned());
        self.push(Event::Confirmed { contributor, cumulative, evidence }, Files::none());
    }

    pub fn struck_data(&mut self, digest: Digest) {
        self.push(Event::StrikeData { digest, reason: "copied".to_owned() }, Files::none());
    }

    pub fn struck_node(&mut self, epoch: u64, node: Address) {
        self.push(Event::StrikeNode { epoch, node, reason: "false records".to_owned() }, Files::none());
    }

    /// From the rules to the settlement, with every bundle.
    pub fn whole(&mut self, world: &World) {
        self.rules(world);
        self.rounds(world);
        self.units(world);
        self.ended(world);
        let all: Vec<_> = (0..world.bundles.len()).collect();
        all.iter().for_each(|index| self.bundle(world, *index));
        self.closed(world);
        self.settled(world, &all);
    }
}

/// The file of a registration, as the ledger of the world's rules keeps it.
fn registration(world: &World, signed: &SignedRegistration) -> String {
    match world.policy.terms().settlement {
        // By its sender.
        Settlement::Contract => {
            let recorded = RecordedRegistration::new(signed.unsigned().clone(), Vec::new());
            recorded_to_json(&recorded.expect("a registration"))
        }
        _ => signed_to_json(signed),
    }
}

fn earned(world: &World, bundle: &Bundle) -> (Address, Earned) {
    let (contributor, score) = (bundle.contributor(), bundle.claimed_score());
    let earned = match bundle.role() {
        Role::Compute => Earned::Compute { score },
        Role::Data => {
            let digests = bundle.header().digests;
            let own: Vec<_> = world
                .on_record()
                .into_iter()
                .zip(&world.rounds)
                .filter(|(own, _)| digests.contains(own.digest()))
                .collect();
            let records = own.iter().map(|(own, _)| own.records()).sum::<u32>().try_into().expect("records");
            let latest = own.iter().map(|(_, round)| **round).max().expect("datasets");
            Earned::Data { score, records, latest }
        }
    };
    (contributor, earned)
}
