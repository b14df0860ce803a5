//! Histories: drawn from a seed, run on a ledger, and made as short as they can be where something is wrong.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::acts::{
    Act, Altered, BadTable, Falsehood, Forgery, Goal, Item, Lists, Record, Submitted, Thing, With, Wrong,
};
use crate::cast::{ACTORS, ALTERATIONS, DATA, HONEST, LINES, NODES, PROVING, RULES, STANDARD, altered, line};
use crate::databases::Room;
use crate::invariants;
use crate::model::{Counted, Epoch, Model};
use crate::pool::{POOL, What};
use crate::world::{Checked, World, see};

/// What draws the acts of one history.
pub struct Drawn<'a> {
    pub random: &'a mut ChaCha8Rng,
    /// The line of rules.
    pub line: usize,
}

/// Reasons and evidence: most may stand in a ledger.
const NOTES: [&str; 6] = ["copied", "Fälschung", "0xfeed", "wire 17", "two\nlines", ""];

impl Drawn<'_> {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.choose(self.random).expect("something")
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.gen_range(0..100) < percent
    }

    /// The next act: mostly one that brings the epochs on, often any other.
    pub fn act(&mut self, model: &Model) -> Act {
        if self.chance(58) {
            return self.onward(model);
        }
        let any = self.random.gen_range(0..100);
        match any {
            0..6 => self.open(),
            6..13 => self.advance(model),
            13..28 => {
                let count = self.random.gen_range(1..4);
                Act::Register((0..count).map(|_| self.item(model)).collect())
            }
            28..31 => Act::Forge { item: self.item(model), how: self.forgery() },
            31..36 => Act::Units(self.record()),
            36..38 => Act::UnitsFile(self.table()),
            38..43 => Act::StrikeData { thing: self.thing(), reason: self.pick(&NOTES) },
            43..47 => {
                Act::StrikeNode { node: self.random.gen_range(0..NODES.len()), reason: self.pick(&NOTES) }
            }
            47..62 => self.submit(model),
            62..66 => {
                Act::Close { epoch: self.epoch(model), forfeit: self.chance(50), prove: self.chance(50) }
            }
            66..69 => Act::Settle(self.epoch(model)),
            69..72 => Act::Claims(self.epoch(model)),
            72..77 => self.pay(),
            77..82 => Act::FalseList(self.falsehood()),
            82..85 => self.confirm(),
            85..88 => Act::Backup,
            88..91 => Act::Restore,
            91..93 => Act::Switch,
            93..95 => Act::Reopen,
            95..96 => Act::Audit,
            96..98 => Act::Wait(self.pick(&[60, PROVING / 2, PROVING, PROVING + 1])),
            98..99 => Act::Back(self.pick(&[60, PROVING, 5 * PROVING])),
            _ => Act::OpenNext(self.pick(&[1, 2, 3, 64, 66])),
        }
    }

    /// What an operator and honest people would do next.
    fn onward(&mut self, model: &Model) -> Act {
        let next = model.epochs.last().map_or(0, |last| last.plain().epoch + 1);
        let next = line(self.line).find(|rules| RULES[*rules].plain.epoch >= next);
        let Some(index) = model.running() else { return self.between(model, next) };
        let epoch = &model.epochs[index];
        let is_last = model.round == Some(epoch.plain().last());
        match self.random.gen_range(0..100) {
            0..10 => Act::Honest,
            10..14 => self.later(model).unwrap_or(Act::Honest),
            14..17 => next.map_or(Act::Honest, Act::Open),
            17..22 if !is_last => {
                Act::StrikeNode { node: self.random.gen_range(0..NODES.len()), reason: NOTES[0] }
            }
            17..26 => Act::StrikeData { thing: self.known(model), reason: NOTES[0] },
            _ if is_last && epoch.units.is_none() && self.chance(85) => {
                Act::Units(Record::Own(self.random.gen_range(0..3)))
            }
            _ if is_last => Act::Advance { to: Goal::End, without_units: self.chance(60) },
            26..70 => {
                let count = self.random.gen_range(1..4);
                Act::Register((0..count).map(|_| self.good(model)).collect())
            }
            _ => Act::Advance { to: Goal::Next, without_units: false },
        }
    }

    fn between(&mut self, model: &Model, next: Option<usize>) -> Act {
        let is_announced = model.epochs.last().is_some_and(|last| model.state(last) == "announced");
        let later = if self.chance(75) { self.later(model) } else { None };
        match (later, next) {
            (Some(later), _) => later,
            (None, _) if is_announced => Act::Advance { to: Goal::Next, without_units: false },
            (None, Some(next)) => Act::Open(next),
            (None, None) => self.later(model).unwrap_or(Act::Audit),
        }
    }

    /// What is to be done about epochs whose rounds are over.
    fn later(&mut self, model: &Model) -> Option<Act> {
        let over: Vec<_> = model.epochs.iter().filter(|epoch| epoch.ended.is_some()).collect();
        let epoch: &Epoch = over.choose(self.random)?;
        let number = Some(epoch.plain().epoch);
        Some(match model.state(epoch) {
            "settled" if model.rail() == Some("payments") && self.chance(60) => self.pay(),
            "settled" if self.chance(50) => self.confirm(),
            "settled" => Act::Claims(number),
            "closed" => Act::Settle(number),
            // The clock is wrong, and what was recorded knows better.
            _ if epoch.deadline() < Some(model.time) && self.chance(20) => Act::Back(PROVING),
            _ => match self.random.gen_range(0..10) {
                0..2 => Act::Honest,
                2..8 => {
                    let (with, bundles) = (With::Own, self.fitting(model, epoch));
                    Act::Submit { epoch: number, with, bundles }
                }
                8 if self.chance(40) => Act::Wait(PROVING),
                _ => Act::Close { epoch: number, forfeit: self.chance(70), prove: self.chance(80) },
            },
        })
    }

    /// Bundles that an epoch would take, if their time is right.
    fn fitting(&mut self, model: &Model, epoch: &Epoch) -> Vec<Submitted> {
        let is_fitting = |index: &usize| {
            let bundle = &POOL.bundles[*index];
            let has_all = |set: &[usize]| {
                let known = |data: &usize| model.data.iter().any(|known| known.thing == Thing::Data(*data));
                set.iter().all(known)
            };
            bundle.rules == epoch.rules
                && match &bundle.what {
                    What::Compute { record, .. } => epoch.units == Some(*record),
                    What::Data { set, .. } => has_all(set),
                }
        };
        let fitting: Vec<_> = (0..POOL.bundles.len()).filter(is_fitting).collect();
        let count = self.random.gen_range(1..5);
        fitting
            .choose_multiple(self.random, count)
            .map(|bundle| Submitted { bundle: *bundle, altered: None })
            .collect()
    }

    fn open(&mut self) -> Act {
        let alterations: Vec<_> = match self.line < 3 {
            true => line(self.line)
                .flat_map(|rules| (0..ALTERATIONS).map(move |how| altered(rules, how)))
                .collect(),
            false => vec![altered(0, 0)],
        };
        match self.random.gen_range(0..4) {
            0 => Act::Open(self.random.gen_range(0..STANDARD)),
            1 => Act::Open(line(self.line).start + self.random.gen_range(0..LINES[self.line].min(3))),
            _ => Act::Open(self.pick(&alterations)),
        }
    }

    fn advance(&mut self, model: &Model) -> Act {
        let round = model.round.unwrap_or_default();
        let to = match self.random.gen_range(0..4) {
            0 => Goal::Next,
            1 => Goal::End,
            _ => Goal::Round((round + self.random.gen_range(0..6)).saturating_sub(1)),
        };
        Act::Advance { to, without_units: self.chance(30) }
    }

    fn thing(&mut self) -> Thing {
        match self.random.gen_range(0..10) {
            0 => Thing::Copy(self.random.gen_range(0..DATA.len())),
            1 => Thing::Junk(self.random.gen_range(1..ACTORS.len()), self.random.gen_range(1..4)),
            _ => Thing::Data(self.random.gen_range(0..DATA.len())),
        }
    }

    /// Something on record, if anything is.
    fn known(&mut self, model: &Model) -> Thing {
        model.data.choose(self.random).map_or(Thing::Copy(0), |data| data.thing)
    }

    /// A registration that would be taken while a round goes on. Nobody but herself signs for the honest one.
    fn good(&mut self, model: &Model) -> Item {
        let is_new = |data: &usize| {
            DATA[*data].owner != HONEST && !model.data.iter().any(|known| known.thing == Thing::Data(*data))
        };
        let new: Vec<_> = (0..DATA.len()).filter(is_new).collect();
        let thing = new.choose(self.random).map_or_else(|| self.others(), |data| Thing::Data(*data));
        Item { thing, last_round: u64::MAX, evidence: true, wrong: None }
    }

    fn others(&mut self) -> Thing {
        match self.thing() {
            Thing::Data(data) if DATA[data].owner == HONEST => Thing::Copy(data),
            other => other,
        }
    }

    fn item(&mut self, model: &Model) -> Item {
        // One of record, as it was or signed again.
        let known = model.data.choose(self.random).map(|data| data.item);
        if let Some(known) = known.filter(|_| self.chance(20)) {
            let other = Item { evidence: !known.evidence, ..known };
            return if self.chance(50) { known } else { other };
        }
        let round = model.round.unwrap_or_default();
        let last_round = match self.random.gen_range(0..4) {
            0 => (round + self.random.gen_range(0..4)).saturating_sub(2),
            _ => self.pick(&[round + 1, 40, u64::MAX]),
        };
        let wrongs =
            [Wrong::Chain, Wrong::Registry, Wrong::Vault, Wrong::Geometry, Wrong::Schema, Wrong::Segments];
        let wrong = if self.chance(25) { Some(self.pick(&wrongs)) } else { None };
        Item { thing: self.others(), last_round, evidence: self.chance(70), wrong }
    }

    fn forgery(&mut self) -> Forgery {
        let all =
            [Forgery::Signer, Forgery::LastRound, Forgery::Contributor, Forgery::Records, Forgery::Upload];
        self.pick(&all)
    }

    fn record(&mut self) -> Record {
        self.pick(&[
            Record::Own(0),
            Record::Own(1),
            Record::Own(2),
            Record::Shifted,
            Record::Short,
            Record::Empty,
        ])
    }

    fn table(&mut self) -> BadTable {
        let all =
            [BadTable::Missing, BadTable::Doubled, BadTable::Spellings, BadTable::Column, BadTable::Overflow];
        self.pick(&all)
    }

    fn epoch(&mut self, model: &Model) -> Option<u64> {
        match self.random.gen_range(0..10) {
            0..3 => None,
            3 => Some(self.random.gen_range(0..9)),
            _ => model.epochs.choose(self.random).map(|epoch| epoch.plain().epoch),
        }
    }

    /// Bundles of all kinds: of this epoch and altered, of other epochs, ledgers, contributors and records.
    fn submit(&mut self, model: &Model) -> Act {
        let number = self.epoch(model);
        let epoch = model.find(number).ok().map(|index| &model.epochs[index]);
        let mut bundles = Vec::new();
        for _ in 0..self.random.gen_range(1..4) {
            let fitting = epoch.map(|epoch| self.fitting(model, epoch)).unwrap_or_default();
            let on_record = epoch.and_then(|epoch| epoch.bundles.choose(self.random));
            let bundle = match (self.random.gen_range(0..10), fitting.first(), on_record) {
                (0..4, Some(fitting), _) => fitting.bundle,
                (4..7, _, Some(on_record)) => on_record.bundle,
                _ => self.random.gen_range(0..POOL.bundles.len()),
            };
            let altered = match self.random.gen_range(0..8) {
                0 => Some(Altered::Bit(self.random.gen_range(0..1 << 17))),
                2 => Some(Altered::As(self.random.gen_range(0..ACTORS.len()))),
                1 => Some(self.pick(&[
                    Altered::Cut(1),
                    Altered::Cut(96),
                    Altered::Cut(5_000),
                    Altered::Longer,
                ])),
                _ => None,
            };
            bundles.push(Submitted { bundle, altered });
        }
        let with = match self.random.gen_range(0..10) {
            0 => With::NoUnits,
            1 => With::OtherUnits,
            2 => With::OtherRules(self.random.gen_range(0..STANDARD)),
            _ => With::Own,
        };
        Act::Submit { epoch: number, with, bundles }
    }

    fn pay(&mut self) -> Act {
        let contributor = if self.chance(40) { Some(self.random.gen_range(0..ACTORS.len())) } else { None };
        let with = match self.random.gen_range(0..8) {
            0 => Lists::Silent,
            1 => Lists::AllButOne(self.random.gen_range(0..8)),
            2 => Lists::Crash,
            _ => Lists::All,
        };
        Act::Pay { contributor, with }
    }

    fn confirm(&mut self) -> Act {
        Act::Confirm { contributor: self.random.gen_range(0..ACTORS.len()), evidence: self.pick(&NOTES) }
    }

    fn falsehood(&mut self) -> Falsehood {
        let all = [
            Falsehood::Again(self.random.gen_range(0..8)),
            Falsehood::More,
            Falsehood::Jump,
            Falsehood::Stranger,
            Falsehood::Empty,
            Falsehood::Later,
            Falsehood::OtherVault,
            Falsehood::Part,
        ];
        self.pick(&all)
    }
}

/// A history that went wrong: its acts, and what was wrong with the last one.
#[derive(Debug)]
pub struct Failure {
    /// The acts, up to the one that failed.
    pub acts: Vec<Act>,
    /// What was wrong.
    pub why: String,
}

/// Draws a history and runs it to its end.
pub fn draw(random: &mut ChaCha8Rng, room: &mut Room) -> Result<Vec<Act>, Box<(usize, Failure)>> {
    let chosen = match random.gen_range(0..100) {
        0..2 => 3,
        other => other % 3,
    };
    let length = random.gen_range(6..58);
    let mut world = World::new(room, chosen);
    let mut acts = Vec::with_capacity(length);
    let fail = |acts: &[Act], why| Box::new((chosen, Failure { acts: acts.to_vec(), why }));
    for _ in 0..length {
        let act = Drawn { random, line: chosen }.act(&world.model);
        acts.push(act);
        world.act(&acts[acts.len() - 1]).map_err(|why| fail(&acts, why))?;
    }
    finish(&mut world).map_err(|why| fail(&acts, why))?;
    Ok(acts)
}

/// Runs these acts on a ledger of this line.
pub fn run(acts: &[Act], line: usize, room: &mut Room) -> Result<(), Failure> {
    let mut world = World::new(room, line);
    for (index, act) in acts.iter().enumerate() {
        world.act(act).map_err(|why| Failure { acts: acts[..=index].to_vec(), why })?;
    }
    finish(&mut world).map_err(|why| Failure { acts: acts.to_vec(), why })
}

/// From wherever a history leaves its epochs, each that has begun is settled by its operator alone, and an
/// audit finds nothing.
fn finish(world: &mut World<'_>) -> Checked {
    let said = |why| format!("at its end, to settle what has begun: {why}");
    if world.model.running().is_some() {
        world.act(&Act::Advance { to: Goal::End, without_units: true }).map_err(said)?;
    }
    world.act(&Act::Wait(world.model.time.saturating_sub(world.now) + PROVING + 1)).map_err(said)?;
    let over = |epoch: &&Epoch| epoch.ended.is_some();
    let numbers: Vec<_> = world.model.epochs.iter().filter(over).map(|epoch| epoch.plain().epoch).collect();
    for number in numbers {
        let epoch = Some(number);
        world.act(&Act::Close { epoch, forfeit: true, prove: true }).map_err(said)?;
        world.act(&Act::Settle(epoch)).map_err(said)?;
        let index = world.model.find(epoch)?;
        if world.model.epochs[index].settled.is_none() {
            return Err(said(format!("epoch {number} cannot be settled")));
        }
    }
    let is_replaced = |epoch: &Epoch| {
        let data = |counted: &&Counted| matches!(POOL.bundles[counted.bundle].what, What::Data { .. });
        epoch.bundles.iter().filter(data).count() > epoch.of_role(true).count()
    };
    if world.model.epochs.iter().any(is_replaced) {
        see("a heavier bundle");
    }
    invariants::audit(world)
}

/// The shortest history that one finds by leaving acts out, one after the other, and that still goes wrong.
pub fn shrink(failure: Failure, line: usize, room: &mut Room) -> Failure {
    let mut shortest = failure;
    let mut index = 0;
    while index < shortest.acts.len() {
        let mut shorter = shortest.acts.clone();
        shorter.remove(index);
        match run(&shorter, line, room) {
            Err(failure) => shortest = failure,
            Ok(()) => index += 1,
        }
    }
    shortest
}
