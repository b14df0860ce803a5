//! The model: what a ledger is, in as few words as possible, written from PROTOCOL sections 9 to 11.
//!
//! It keeps a journal of what was taken, and computes from it what everybody is paid. It knows no proof: of a
//! bundle it knows what it proves, and a bundle counts where that is true.

use std::collections::{BTreeMap, BTreeSet};

use fairshare_params::address::Address;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::acts::{Goal, Item, Record, Thing, Wrong};
use crate::cast::{ACTORS, COPIER, DATA, NODES, PROVING, Plain, RULES, VAULT, rules_hash, units_of};
use crate::exact::whole;
use crate::pool::{POOL, What};

/// Why something is refused: names of error variants from the outside in, as far as the model says them.
pub type Refusal = String;
/// What becomes of an act.
pub type Fate<T> = Result<T, Refusal>;

/// Refuses for this reason.
pub fn refused<T>(why: &str) -> Fate<T> {
    Err(why.to_owned())
}

/// A dataset on record.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub thing: Thing,
    /// Its registration, to the letter.
    pub item: Item,
    pub entry: u64,
    pub round: u64,
    /// The entry that struck it.
    pub struck: Option<u64>,
}

/// A bundle on record.
#[derive(Clone, Debug)]
pub struct Counted {
    pub bundle: usize,
    pub entry: u64,
    pub weight: BigRational,
}

/// Somebody's earnings in an epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    pub compute: BigInt,
    pub data: BigInt,
}

/// A settlement.
#[derive(Clone, Debug)]
pub struct Settled {
    /// By contributor; those who earn nothing left out.
    pub payouts: BTreeMap<Address, Payout>,
    /// Tenths brought, carried on and left by rounding, of computing power and of data.
    pub brought: [BigInt; 2],
    pub carried: [BigInt; 2],
    pub rounding: [BigInt; 2],
}

/// An epoch.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// The rules that stand.
    pub rules: usize,
    pub units: Option<usize>,
    /// The entry and the time of its end.
    pub ended: Option<(u64, u64)>,
    pub closed: bool,
    pub settled: Option<Settled>,
    pub struck: BTreeSet<Address>,
    /// Bundles on record, in order.
    pub bundles: Vec<Counted>,
}

impl Epoch {
    pub fn plain(&self) -> &'static Plain {
        &RULES[self.rules].plain
    }

    /// Until when data is proved.
    pub fn deadline(&self) -> Option<u64> {
        self.ended.map(|(_, time)| time + PROVING)
    }

    /// Nodes with units, by address.
    pub fn nodes(&self) -> Vec<Address> {
        let units = self.units.map(|record| units_of(self.rules, record));
        units.into_iter().flatten().map(|(node, _)| node).collect()
    }

    /// Those without a proof, by address.
    pub fn unproved(&self) -> Vec<Address> {
        let proved: BTreeSet<_> = self.of_role(false).map(|(contributor, _)| contributor).collect();
        self.nodes().into_iter().filter(|node| !proved.contains(node)).collect()
    }

    /// The heaviest bundle of each contributor.
    pub fn of_role(&self, is_data: bool) -> impl Iterator<Item = (Address, &Counted)> {
        let mut best: BTreeMap<Address, &Counted> = BTreeMap::new();
        for counted in &self.bundles {
            let bundle = &POOL.bundles[counted.bundle];
            if matches!(bundle.what, What::Data { .. }) == is_data {
                let before = best.entry(bundle.contributor()).or_insert(counted);
                if counted.weight > before.weight {
                    *before = counted;
                }
            }
        }
        best.into_iter()
    }
}

/// A list of payments on record: contributor, amount, paid in all.
pub type Transfers = Vec<(Address, BigInt, BigInt)>;

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// How many entries there are, and when the last one was made.
    pub entries: u64,
    pub time: u64,
    /// Epochs, in order.
    pub epochs: Vec<Epoch>,
    pub round: Option<u64>,
    pub data: Vec<Dataset>,
    pub earned: BTreeMap<Address, BigInt>,
    pub sent: BTreeMap<Address, BigInt>,
    pub lists: Vec<Transfers>,
    /// What was confirmed, with its evidence.
    pub confirmed: BTreeMap<(Address, BigInt), String>,
}

/// Whose a thing is.
pub fn owner(thing: Thing) -> Address {
    let owner = match thing {
        Thing::Data(data) => DATA[data].owner,
        Thing::Copy(_) => COPIER,
        Thing::Junk(actor, _) => actor,
    };
    ACTORS[owner].address
}

impl Model {
    /// The time of an entry that is made now.
    pub fn stamp(&self, now: u64) -> u64 {
        now.max(self.time)
    }

    pub fn append(&mut self, now: u64) -> u64 {
        self.time = self.stamp(now);
        self.entries += 1;
        self.entries
    }

    pub fn has_begun(&self, epoch: &Epoch) -> bool {
        self.round.is_some_and(|round| round >= epoch.plain().first)
    }

    /// The epoch whose rounds go on.
    pub fn running(&self) -> Option<usize> {
        self.epochs.iter().position(|epoch| self.has_begun(epoch) && epoch.ended.is_none())
    }

    /// Whether the ledger is anybody's.
    pub fn check_begun(&self) -> Fate<()> {
        if self.epochs.is_empty() { refused("NoEpoch") } else { Ok(()) }
    }

    /// The name of where an epoch stands.
    pub fn state(&self, epoch: &Epoch) -> &'static str {
        match (&epoch.settled, epoch.closed, epoch.ended) {
            (Some(_), ..) => "settled",
            (_, true, _) => "closed",
            (_, _, Some(_)) => "proving",
            _ if self.has_begun(epoch) => "open",
            _ => "announced",
        }
    }

    /// The epoch of a number, or without one the first that is not settled, or the last.
    pub fn find(&self, number: Option<u64>) -> Fate<usize> {
        match number {
            Some(number) => {
                let found = self.epochs.iter().position(|epoch| epoch.plain().epoch == number);
                found.map_or_else(|| refused("UnknownEpoch"), Ok)
            }
            None if self.epochs.is_empty() => refused("NoEpoch"),
            None => {
                let first = self.epochs.iter().position(|epoch| epoch.settled.is_none());
                Ok(first.unwrap_or(self.epochs.len() - 1))
            }
        }
    }

    /// The epoch that a command means which takes proofs: the first that is over and not closed.
    pub fn find_proving(&self, number: Option<u64>) -> Fate<usize> {
        let is_proving = |epoch: &&Epoch| epoch.ended.is_some() && !epoch.closed;
        let proving = self.epochs.iter().find(is_proving).map(|epoch| epoch.plain().epoch);
        self.find(number.or(proving))
    }

    /// How the ledger pays.
    pub fn rail(&self) -> Option<&'static str> {
        self.epochs.first().map(|epoch| epoch.plain().settlement)
    }

    pub fn last_settled(&self) -> Option<&Epoch> {
        self.epochs.iter().rfind(|epoch| epoch.settled.is_some())
    }

    /// Rules stand: whether they stood before.
    pub fn open(&mut self, rules: usize, now: u64) -> Fate<bool> {
        let plain = &RULES[rules].plain;
        if plain.settlement == "contract" {
            return refused("ContractSettles");
        }
        if let Some(first) = self.epochs.first().map(Epoch::plain)
            && (first.vault, first.subnet, first.settlement) != (plain.vault, plain.subnet, plain.settlement)
        {
            return refused("OtherVault");
        }
        let same = self.epochs.iter().find(|epoch| epoch.plain().epoch == plain.epoch);
        if same.is_some_and(|epoch| rules_hash(epoch.rules) == rules_hash(rules)) {
            return Ok(true);
        }
        let replaces = self.epochs.last().is_some_and(|last| last.plain().epoch == plain.epoch);
        if replaces && self.epochs.last().is_some_and(|last| self.has_begun(last)) {
            return refused("RulesStand");
        }
        let others = &self.epochs[..self.epochs.len() - usize::from(replaces)];
        if let Some(last) = others.last().map(Epoch::plain) {
            if plain.epoch != last.epoch + 1 {
                return refused("EpochNumber");
            }
            if plain.first != last.last() + 1 {
                return refused("FirstRound");
            }
        }
        if others.iter().filter(|epoch| epoch.settled.is_none()).count() > 62 {
            return refused("TooFarAhead");
        }
        let pools: BigInt = others.iter().map(|epoch| BigInt::from(epoch.plain().pool)).sum();
        if pools + plain.pool >= BigInt::from(1) << 128 {
            return refused("PoolsTooLarge");
        }
        if replaces {
            self.epochs.pop();
        }
        let (units, ended, settled, struck, bundles) = Default::default();
        self.epochs.push(Epoch { rules, units, ended, closed: false, settled, struck, bundles });
        self.append(now);
        Ok(false)
    }

    /// Rounds begin: the epoch, the last round that has begun, the deadline, and whether it was so before.
    pub fn advance(
        &mut self,
        to: Goal,
        without_units: bool,
        now: u64,
    ) -> Fate<(u64, u64, Option<u64>, bool)> {
        self.check_begun()?;
        if let Some((round, epoch)) = self.round.zip(self.epochs.iter().rfind(|epoch| self.has_begun(epoch)))
        {
            let is_there = to == Goal::Round(round) || (to == Goal::End && epoch.ended.is_some());
            if is_there {
                return Ok((epoch.plain().epoch, round, epoch.deadline(), true));
            }
        }
        let announced = self.epochs.iter().position(|epoch| !self.has_begun(epoch));
        let Some(index) = self.running().or(announced) else { return refused("NoRules") };
        let plain = self.epochs[index].plain();
        let next =
            if self.running().is_some() { self.round.map_or(0, |round| round + 1) } else { plain.first };
        let is_last = next > plain.last();
        let (until, ends) = match to {
            Goal::Next => (next, is_last),
            Goal::Round(round) => (round, false),
            Goal::End => (plain.last(), true),
        };
        if is_last && !ends {
            return refused("NoRoundsLeft");
        }
        if !is_last && !(next..=plain.last()).contains(&until) {
            return refused("RoundAhead");
        }
        if ends && self.epochs[index].units.is_none() && !without_units {
            return Err("NoUnits".to_owned());
        }
        if !is_last {
            self.round = Some(until);
            self.append(now);
        }
        if ends {
            let entry = self.append(now);
            self.epochs[index].ended = Some((entry, self.time));
        }
        Ok((plain.epoch, self.round.unwrap_or_default(), self.epochs[index].deadline(), false))
    }

    /// A registration is brought: its entry, its round, and whether it stood before.
    pub fn register(&mut self, item: &Item, now: u64) -> Fate<(u64, u64, bool)> {
        let known = match item.wrong {
            Some(Wrong::Geometry | Wrong::Schema | Wrong::Segments) => None,
            _ => self.data.iter().find(|data| data.thing == item.thing),
        };
        if let Some(known) = known.filter(|known| known.item == *item) {
            return Ok((known.entry, known.round, true));
        }
        let Some(index) = self.running() else { return refused("NoRound") };
        let (plain, round) = (self.epochs[index].plain(), self.round.unwrap_or_default());
        if round == plain.last() {
            return refused("LastRound");
        }
        match item.wrong {
            Some(Wrong::Chain) => return refused("Elsewhere.Chain"),
            Some(Wrong::Registry) => return refused("Elsewhere.Registry"),
            // All is signed for one vault, and a ledger may be another's.
            _ if item.wrong == Some(Wrong::Vault) || plain.vault != VAULT => {
                return refused("Elsewhere.Vault");
            }
            _ if known.is_some() => return refused("DigestKnown"),
            Some(Wrong::Geometry) => return refused("NotTaken.Geometry"),
            Some(Wrong::Schema) => return refused("NotTaken.Schema"),
            Some(Wrong::Segments) => return refused("NotTaken.Segments"),
            _ => {}
        }
        if plain.evidence && !item.evidence {
            return refused("NotTaken.Evidence");
        }
        if item.last_round < plain.window {
            return refused("NotTaken.Void");
        }
        if item.last_round < round {
            return refused("Void");
        }
        let entry = self.append(now);
        self.data.push(Dataset { thing: item.thing, item: *item, entry, round, struck: None });
        Ok((entry, round, false))
    }

    /// Units of these rules are brought: how many nodes, and whether they stood before.
    pub fn register_units(&mut self, rules: usize, record: Record, now: u64) -> Fate<(usize, bool)> {
        self.check_begun()?;
        // What is on record is told so, however late it is.
        let same = |epoch: &&Epoch| {
            epoch.rules == rules && epoch.units.is_some_and(|known| record == Record::Own(known))
        };
        if let Some(epoch) = self.epochs.iter().find(same) {
            return Ok((epoch.nodes().len(), true));
        }
        let Some(index) = self.running() else { return refused("NoRound") };
        let plain = self.epochs[index].plain();
        if self.epochs[index].units.is_some() {
            return refused("UnitsKnown");
        }
        if self.round != Some(plain.last()) {
            return refused("UnitsEarly");
        }
        match record {
            Record::Shifted | Record::Short => return Err("OtherRounds".to_owned()),
            Record::Empty => return Err("NobodysUnits".to_owned()),
            Record::Own(record) => self.epochs[index].units = Some(record),
        }
        self.append(now);
        Ok((self.epochs[index].nodes().len(), false))
    }

    /// A dataset is struck: the epoch whose rounds go on.
    pub fn strike_data(&mut self, thing: Thing, reason: &str, now: u64) -> Fate<Option<u64>> {
        check_note(reason)?;
        self.check_begun()?;
        let Some(index) = self.data.iter().position(|data| data.thing == thing) else {
            return refused("UnknownDigest");
        };
        if self.data[index].struck.is_some() {
            return refused("DataStruck");
        }
        self.data[index].struck = Some(self.append(now));
        Ok(self.running().map(|index| self.epochs[index].plain().epoch))
    }

    /// A node is struck, in the epoch whose rounds go on.
    pub fn strike_node(&mut self, node: usize, reason: &str, now: u64) -> Fate<Option<u64>> {
        check_note(reason)?;
        self.check_begun()?;
        let Some(index) = self.running() else { return refused("NoEpochToStrike") };
        if !self.epochs[index].struck.insert(NODES[node]) {
            return refused("NodeStruck");
        }
        self.append(now);
        Ok(Some(self.epochs[index].plain().epoch))
    }

    /// An epoch is closed: whether it was before.
    pub fn close(&mut self, epoch: Option<u64>, forfeit: bool, now: u64) -> Fate<bool> {
        self.check_begun()?;
        let index = self.find_proving(epoch)?;
        if self.epochs[index].closed {
            return Ok(true);
        }
        self.takes_proofs(&self.epochs[index], false, now)?;
        if !self.epochs[index].unproved().is_empty() {
            return refused("Unproved");
        }
        let forfeits = self.forfeits(index);
        let is_early = self.epochs[index].deadline().is_some_and(|deadline| self.stamp(now) <= deadline);
        if is_early && forfeits.iter().any(|(_, _, why)| why == "Unproved") {
            return refused("ClosedEarly");
        }
        if !forfeits.is_empty() && !forfeit {
            return Err("Forfeits".to_owned());
        }
        self.append(now);
        self.epochs[index].closed = true;
        Ok(false)
    }

    /// An epoch is settled: which, and whether it was before.
    pub fn settle(&mut self, epoch: Option<u64>, now: u64) -> Fate<(usize, bool)> {
        self.check_begun()?;
        let index = self.find(epoch)?;
        if self.epochs[index].settled.is_some() {
            return Ok((index, true));
        }
        if !self.epochs[index].closed {
            self.takes_proofs(&self.epochs[index], false, now)?;
            return refused("NotClosed");
        }
        let before = &self.epochs[..index];
        if before.iter().any(|epoch| epoch.settled.is_none()) {
            return refused("EarlierUnsettled");
        }
        let settled = self.amounts(index);
        for (contributor, payout) in &settled.payouts {
            *self.earned.entry(*contributor).or_default() += &payout.compute + &payout.data;
        }
        self.append(now);
        self.epochs[index].settled = Some(settled);
        Ok((index, false))
    }

    /// What an epoch's bundles give, with what the one before is known to leave.
    pub fn amounts(&self, index: usize) -> Settled {
        let before = index.checked_sub(1).and_then(|before| self.epochs[before].settled.as_ref());
        let brought = before.map(|settled| settled.carried.clone());
        amounts(&self.epochs[index], brought.unwrap_or_default())
    }
}

/// Whether a text may stand in a ledger.
pub fn check_note(note: &str) -> Fate<()> {
    let is_plain = !note.is_empty() && note.trim() == note && !note.chars().any(char::is_control);
    if is_plain && note.len() <= 1_000 { Ok(()) } else { refused("Note") }
}

/// What everybody is paid: each pool's tenths by the weights of what counts, with one floor for each share.
fn amounts(epoch: &Epoch, brought: [BigInt; 2]) -> Settled {
    let is_struck = |node: &Address| epoch.struck.contains(node);
    let compute: Vec<_> = epoch.of_role(false).filter(|(node, _)| !is_struck(node)).collect();
    let data: Vec<_> = epoch.of_role(true).collect();
    let mut payouts: BTreeMap<Address, Payout> = BTreeMap::new();
    let (mut carried, mut rounding) = <([BigInt; 2], [BigInt; 2])>::default();
    for (kind, (weights, parts)) in [(compute, 7u32), (data, 3)].into_iter().enumerate() {
        let tenths = whole(epoch.plain().pool) * whole(parts) + whole(brought[kind].clone());
        let total: BigRational = weights.iter().map(|(_, counted)| &counted.weight).sum();
        if total == whole(0) {
            carried[kind] = tenths.to_integer();
            continue;
        }
        let mut left = tenths.clone();
        for (contributor, counted) in weights {
            let share = (&tenths * &counted.weight / &total / whole(10)).floor();
            left -= &share * whole(10);
            let payout = payouts.entry(contributor).or_default();
            *(if kind == 0 { &mut payout.compute } else { &mut payout.data }) = share.to_integer();
        }
        rounding[kind] = left.to_integer();
    }
    payouts.retain(|_, payout| *payout != Payout::default());
    Settled { payouts, brought, carried, rounding }
}
