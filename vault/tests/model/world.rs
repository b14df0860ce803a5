//! The world: the ledger and everybody around it. It does what an act says, and holds what the ledger says
//! and has become against the model.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use fairshare_formats::ledger::{Receipt, Transfer};
use fairshare_formats::payments::{ListHeading, PaymentList};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_vault::database::Access;
use fairshare_vault::ledger::{Submission, Target, To, Verdict};
use fairshare_vault::{Ledger, VaultError};
use num_bigint::BigInt;

use crate::acts::{Act, Falsehood, Goal, Item, Lists, Record, Submitted, Thing, With};
use crate::cast::{ACTORS, DATA, HONEST, NODES, RULES, VAULT, line, verifier};
use crate::databases::Room;
use crate::invariants::{self, Balance};
use crate::model::{Fate, Model, Settled, Transfers};
use crate::pool::{POOL, What};
use crate::things::{alter, bad_table, digest, forge, recorded, signed};

mod lists;

/// Right, or what is wrong.
pub type Checked<T = ()> = Result<T, String>;

/// A ledger, its model, and what stands outside of it.
pub struct World<'a> {
    pub room: &'a mut Room,
    /// Two handles; acts go through the first.
    ledgers: Vec<Ledger>,
    pub model: Model,
    /// The ledger's head after the last act.
    head: Option<Digest>,
    /// What the copy is of.
    copy: Option<(Model, Vec<Balance>)>,
    /// Unix seconds, less [`EPOCH`].
    pub now: u64,
    /// Lists that were written, with what each pays.
    lists: Vec<PaymentList>,
    /// What whoever pays has paid to each, by these lists.
    paid: BTreeMap<Address, BigInt>,
    /// The most that each has earned, in whatever has become of the ledger.
    pub most: BTreeMap<Address, BigInt>,
    /// Receipts of what is on record.
    pub receipts: Vec<Receipt>,
    /// What settlements fixed, as the ledger said.
    pub balances: Vec<Balance>,
    /// The line of rules that this ledger is opened with.
    line: usize,
}

/// When the first history begins.
const EPOCH: u64 = 1_797_000_000;

fn at(now: u64) -> Moment {
    Moment::from_unix_seconds(EPOCH + now).expect("a date")
}

/// The names of an error's variants, from the outside in.
pub fn kind(error: &impl Debug) -> String {
    let text = format!("{error:?}");
    let (mut rest, mut names) = (text.as_str(), Vec::new());
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        names.push(name);
        rest = match (behind.strip_prefix('('), behind.split_once(" source: ")) {
            (Some(inner), _) => inner,
            (None, Some((_, source))) if name == "Ineligible" => source,
            _ => break,
        };
    }
    // A registration is refused without a word of the ledger around it.
    names.retain(|name| *name != "Refused");
    names.join(".")
}

/// How often each refusal and each event was seen, by all histories of the program.
pub static SEEN: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Something that histories have to come across.
pub fn see(what: &str) {
    let mut seen = SEEN.lock().expect("no panic in here");
    *seen.entry(what.to_owned()).or_default() += 1;
}

/// A fate against the model's: a refusal is of the kind that the model says.
pub fn agree<T, U, E: Debug>(
    found: Result<T, E>,
    expected: Fate<U>,
    same: impl FnOnce(T, U) -> Checked,
) -> Checked {
    match (found, expected) {
        (Ok(found), Ok(expected)) => same(found, expected),
        (Err(found), Err(expected)) => {
            let name = kind(&found);
            see(&name);
            let is_same =
                expected.is_empty() || name == expected || name.starts_with(&format!("{expected}."));
            if is_same { Ok(()) } else { Err(format!("refused as {name}, and the model says {expected}")) }
        }
        (Ok(_), Err(expected)) => Err(format!("taken, and the model refuses it as {expected}")),
        (Err(found), Ok(_)) => Err(format!("refused as {found:?}, and the model takes it")),
    }
}

/// Two values that have to be one.
pub fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Checked {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: {found:?}, and the model says {expected:?}"))
    }
}

/// Why a list was not sent.
#[derive(Debug)]
enum Halted {
    /// The machine stopped when the list was written.
    Crash,
    Vault(VaultError),
}

impl From<VaultError> for Halted {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl<'a> World<'a> {
    /// An empty ledger, for a line of rules.
    pub fn new(room: &'a mut Room, line: usize) -> Self {
        room.clear();
        let ledgers = open(room, Access::Create);
        let (model, head, copy, now) = Default::default();
        let (lists, paid, most, receipts, balances) = Default::default();
        Self { room, ledgers, model, head, copy, now, lists, paid, most, receipts, balances, line }
    }

    /// The ledger.
    pub fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledgers[0]
    }

    /// Does what the act says, and holds everything against the model. A panic is wrong like anything else.
    pub fn act(&mut self, act: &Act) -> Checked {
        let caught = catch_unwind(AssertUnwindSafe(|| self.checked(act)));
        caught.unwrap_or_else(|_| Err("it panics, as said above".to_owned()))
    }

    fn checked(&mut self, act: &Act) -> Checked {
        self.now += 1;
        let entries = self.model.entries;
        self.perform(act)?;
        for (contributor, earned) in &self.model.earned {
            let most = self.most.entry(*contributor).or_default();
            *most = earned.max(most).clone();
        }
        for (contributor, paid) in &self.paid {
            if self.most.get(contributor).is_none_or(|most| paid > most) {
                return Err(format!("{contributor:?} was paid {paid}, and has never earned as much"));
            }
        }
        let head = invariants::check(&mut self.ledgers[0], &self.model, &self.balances)?;
        let was = std::mem::replace(&mut self.head, head);
        let is_unchanged = self.model.entries == entries && *act != Act::Restore;
        if is_unchanged { same("the head, nothing being recorded", head, was) } else { Ok(()) }
    }

    fn perform(&mut self, act: &Act) -> Checked {
        match act {
            Act::Open(rules) => self.open(*rules),
            Act::OpenNext(count) => self.open_next(*count),
            Act::Advance { to, without_units } => self.advance(*to, *without_units),
            Act::Register(items) => self.register(items),
            Act::Forge { item, how } => forge(item, *how),
            Act::Units(record) => self.units(*record),
            Act::UnitsFile(how) => bad_table(line(self.line.min(2)).start, *how),
            Act::StrikeData { thing, reason } => {
                let expected = self.model.strike_data(*thing, reason, self.now);
                self.strike(Target::Data(digest(*thing)), reason, expected)
            }
            Act::StrikeNode { node, reason } => {
                let expected = self.model.strike_node(*node, reason, self.now);
                self.strike(Target::Node(NODES[*node]), reason, expected)
            }
            Act::Submit { epoch, with, bundles } => self.submit(*epoch, *with, bundles).map(drop),
            Act::Honest => self.honest(),
            Act::Close { epoch, forfeit, prove } => self.close(*epoch, *forfeit, *prove),
            Act::Settle(epoch) => self.settle(*epoch),
            Act::Claims(epoch) => self.claims(*epoch),
            Act::Pay { contributor, with } => self.pay(*contributor, *with),
            Act::FalseList(how) => self.false_list(*how),
            Act::Confirm { contributor, evidence } => self.confirm(*contributor, evidence),
            Act::Backup => self.backup(),
            Act::Restore => self.restore(),
            Act::Switch => self.switch(),
            Act::Reopen => {
                self.ledgers.clear();
                self.ledgers = open(self.room, Access::Write);
                Ok(())
            }
            Act::Audit => invariants::audit(self),
            Act::Wait(seconds) => {
                self.now += seconds;
                Ok(())
            }
            Act::Back(seconds) => {
                self.now = self.now.saturating_sub(*seconds);
                Ok(())
            }
        }
    }

    fn open(&mut self, rules: usize) -> Checked {
        let found = self.ledgers[0].open_epoch(&RULES[rules].source, verifier(rules, None), at(self.now));
        let expected = self.model.open(rules, self.now);
        agree(found, expected, |found, before| same("stood before", found.before, before))
    }

    fn open_next(&mut self, count: usize) -> Checked {
        for _ in 0..count {
            let next = self.model.epochs.last().map_or(0, |last| last.plain().epoch + 1);
            let rules = line(self.line).find(|rules| RULES[*rules].plain.epoch >= next);
            if let Some(rules) = rules {
                self.open(rules)?;
            }
        }
        Ok(())
    }

    fn advance(&mut self, to: Goal, without_units: bool) -> Checked {
        let goal = match to {
            Goal::Next => To::Next,
            Goal::Round(round) => To::Round(round),
            Goal::End => To::End,
        };
        let found = self.ledgers[0].advance(goal, without_units, at(self.now));
        agree(found, self.model.advance(to, without_units, self.now), |found, expected| {
            let deadline = found.deadline.map(|deadline| deadline.unix_seconds() - EPOCH);
            same("the rounds", (found.epoch, found.round, deadline, found.before), expected)
        })
    }

    fn register(&mut self, items: &[Item]) -> Checked {
        let signed: Vec<_> = items.iter().map(signed).collect();
        let found = self.ledgers[0].register(&signed, at(self.now));
        agree(found, self.model.check_begun(), |found, ()| {
            for (item, taken) in items.iter().zip(found) {
                agree(taken, self.model.register(item, self.now), |taken, (entry, round, before)| {
                    let place = (taken.receipt.index, taken.receipt.round, taken.before);
                    self.receipts.push(taken.receipt);
                    // The receipt of what stood before is of the round in which it was recorded.
                    same("a registration", place, (entry, round, before))
                })?;
            }
            Ok(())
        })
    }

    fn units(&mut self, record: Record) -> Checked {
        let begun = self.model.epochs.iter().rfind(|epoch| self.model.has_begun(epoch));
        let rules = begun.map_or(line(self.line.min(2)).start, |epoch| epoch.rules);
        // Of other rules than the standard ones the pool has no proofs: they go without units.
        if !RULES[rules].is_standard {
            return Ok(());
        }
        let found = self.ledgers[0].register_units(&recorded(rules, record), at(self.now));
        agree(found, self.model.register_units(rules, record, self.now), |found, expected| {
            self.receipts.push(found.receipt);
            same("the units", (found.nodes, found.before), expected)
        })
    }

    fn strike(&mut self, target: Target, reason: &str, expected: Fate<Option<u64>>) -> Checked {
        let found = self.ledgers[0].strike(target, reason, at(self.now));
        agree(found, expected, |found, epoch| {
            self.receipts.push(found.receipt);
            same("the epoch", found.epoch, epoch)
        })
    }

    fn submit(&mut self, epoch: Option<u64>, with: With, bundles: &[Submitted]) -> Checked<Vec<Verdict>> {
        let index = self.model.find_proving(epoch).ok();
        let (rules, record) = match index {
            Some(index) => self.model.verifier(index, with),
            None => (0, None),
        };
        let bytes = |one: &Submitted| alter(POOL.bundles[one.bundle].bytes.clone(), one.altered);
        let submissions: Vec<_> = bundles.iter().map(|one| Submission { bytes: bytes(one) }).collect();
        let verifier = verifier(rules, record);
        let found = self.ledgers[0].submit(epoch, verifier, &submissions, at(self.now));
        let expected = self.model.submit(epoch, with, bundles, self.now);
        let mut verdicts = Vec::new();
        agree(found, expected, |found, expected| {
            for ((verdict, expected), one) in found.into_iter().zip(expected).zip(bundles) {
                let result = verdict.result.as_ref();
                let recorded = result.map(|recorded| (recorded.receipt.index, recorded.before));
                let checked = agree(recorded, expected, |found, expected| same("its entry", found, expected));
                checked.map_err(|error| format!("bundle {}: {error}", one.bundle))?;
                self.receipts.extend(result.ok().map(|recorded| recorded.receipt.clone()));
                verdicts.push(verdict);
            }
            Ok(())
        })?;
        Ok(verdicts)
    }

    /// The honest contributor registers what she has while data is taken, and proves all of it while proofs
    /// are. Nobody's act keeps her from either.
    fn honest(&mut self) -> Checked {
        let (address, before) = (ACTORS[HONEST].address, self.model.data.len());
        let is_known =
            |model: &Model, data: usize| model.data.iter().any(|known| known.thing == Thing::Data(data));
        let fresh = (0..DATA.len()).find(|data| DATA[*data].owner == HONEST && !is_known(&self.model, *data));
        if let (Some(index), Some(data)) = (self.model.running(), fresh)
            && self.model.round != Some(self.model.epochs[index].plain().last())
            && self.model.epochs[index].plain().vault == VAULT
        {
            let thing = Thing::Data(data);
            self.register(&[Item { thing, last_round: u64::MAX, evidence: true, wrong: None }])?;
            same("the honest registration", self.model.data.len(), before + 1)?;
        }
        for index in 0..self.model.epochs.len() {
            let epoch = &self.model.epochs[index];
            let is_time = epoch.deadline().is_some_and(|deadline| self.now.max(self.model.time) <= deadline);
            let Some(bundle) = self.model.all_of(index, HONEST).filter(|_| is_time && !epoch.closed) else {
                continue;
            };
            let number = epoch.plain().epoch;
            let verdicts = self.submit(Some(number), With::Own, &[Submitted { bundle, altered: None }])?;
            let is_taken = verdicts.iter().all(|verdict| verdict.result.is_ok());
            // What she has proved before may weigh more: what she proves is hers to choose.
            let has_before =
                self.model.epochs[index].of_role(true).any(|(contributor, _)| contributor == address);
            if !is_taken && !has_before {
                return Err(format!("the honest contributor cannot prove in time: {verdicts:?}"));
            }
        }
        Ok(())
    }

    fn close(&mut self, epoch: Option<u64>, forfeit: bool, prove: bool) -> Checked {
        if prove {
            self.prove(epoch)?;
        }
        let index = self.model.find_proving(epoch);
        let forfeits = index.map(|index| self.model.forfeits(index)).unwrap_or_default();
        let found = self.ledgers[0].close(epoch, forfeit, at(self.now));
        agree(found, self.model.close(epoch, forfeit, self.now), |found, before| {
            same("closed before", found.before, before)?;
            self.receipts.push(found.receipt);
            same("who gets nothing", invariants::forfeits(&found.forfeits), forfeits)
        })
    }

    /// Anybody makes the proofs that nodes left unmade.
    fn prove(&mut self, epoch: Option<u64>) -> Checked {
        let mut missing = Vec::new();
        agree(self.ledgers[0].unproved_nodes(epoch), self.model.unproved(epoch), |found, expected| {
            missing.clone_from(&found);
            same("nodes that are not proved", found, expected)
        })?;
        let Ok(index) = self.model.find_proving(epoch) else { return Ok(()) };
        let Some(record) = self.model.epochs[index].units else {
            return same("unproved", missing, Vec::new());
        };
        let rules = self.model.epochs[index].rules;
        let place = |node: Address| {
            let what = What::Compute { node, record };
            POOL.bundles.iter().position(|bundle| bundle.rules == rules && bundle.what == what)
        };
        for node in missing {
            let bundle = place(node).ok_or("a node is not proved that has no units")?;
            self.submit(epoch, With::Own, &[Submitted { bundle, altered: None }])?;
        }
        Ok(())
    }

    fn settle(&mut self, epoch: Option<u64>) -> Checked {
        let found = self.ledgers[0].settle(epoch, at(self.now));
        let expected = self.model.settle(epoch, self.now);
        agree(found, expected, |found, (index, before)| {
            same("settled before", found.before, before)?;
            let balance = Balance::of(&found);
            self.receipts.push(found.receipt);
            if !before {
                self.balances.push(balance.clone());
                self.model.epochs[index].settled.iter().for_each(see_settled);
            }
            invariants::check_settlement(&balance, &self.model, index)
        })
    }

    fn backup(&mut self) -> Checked {
        self.ledgers.clear();
        self.room.keep();
        self.ledgers = open(self.room, Access::Write);
        self.copy = Some((self.model.clone(), self.balances.clone()));
        Ok(())
    }

    fn restore(&mut self) -> Checked {
        let Some((model, balances)) = self.copy.clone() else { return Ok(()) };
        self.ledgers.clear();
        self.room.restore();
        self.ledgers = open(self.room, Access::Write);
        // Of what is lost the operator has no word to stand by.
        self.receipts.retain(|receipt| receipt.index <= model.entries);
        (self.model, self.balances) = (model, balances);
        Ok(())
    }

    fn switch(&mut self) -> Checked {
        self.ledgers.rotate_left(1);
        Ok(())
    }
}

fn see_settled(settled: &Settled) {
    let Settled { payouts, brought, carried, rounding } = settled;
    let is_any = |tenths: &[BigInt; 2]| tenths.iter().any(|tenths| *tenths > BigInt::ZERO);
    for (what, tenths) in [("brought", brought), ("carried", carried), ("rounded", rounding)] {
        if is_any(tenths) {
            see(what);
        }
    }
    let data = payouts.values().filter(|payout| payout.data > BigInt::ZERO).count();
    see(["no data paid", "one data paid", "more data paid"][data.min(2)]);
}

fn open(room: &Room, access: Access) -> Vec<Ledger> {
    let open = |_| Ledger::open(&room.location(), access).expect("a ledger");
    (0..2).map(open).collect()
}

/// An error as a history's.
pub fn failed(error: VaultError) -> String {
    format!("the ledger says nothing: {error:?}")
}
