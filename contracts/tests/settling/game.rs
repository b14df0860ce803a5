//! Long random games between honest and hostile parties, over a pool of real bundles, held after every move
//! to a model that knows no Solidity.
//!
//! Every run plays 5,000 moves. `FAIRSHARE_MOVES` asks for more.

mod checks;
mod model;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use alloy_primitives::{FixedBytes, U256};
use alloy_sol_types::{SolCall, sol};
use fairshare_audit::settlement::Earned;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{claimToCall, setOperatorCall};
use fairshare_contracts::solidity::TaskRegistry::{
    endRoundsCall, setCoordinatorCall, strikeDataCall, strikeNodeCall,
};
use fairshare_params::address::Address as Account;
use fairshare_testkit::fixture;
use fairshare_verifier::Score;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use self::model::{Known, Model};
use super::chain::{Sent, Token, ok};
use super::pool::{COVERS, EPOCHS, GIVERS, NODES, POOL, UNITS, registered, units_of};
use super::world::{
    COORDINATOR, DAY, FIRST, FUNDER, Judge, OWNER, ROUNDS, STRANGER, Task, World, evm, round_point,
};

sol! {
    contract FreezingToken {
        function freeze(address account, bool isFrozen) external;
    }
}

/// Moves of one game.
const GAME: usize = 250;
/// Moves of a run that nobody asked for more of.
const MOVES: usize = 5_000;
/// Somebody who earns nothing.
const THIEF: Account = Account([0xdd; 20]);

/// What must happen at least once in every 1,000 moves, so that none of the checks is idle.
const KINDS: [&str; 27] = [
    "begin",
    "begin refused",
    "bundle altered",
    "bundle in another epoch's rules",
    "bundle of what is not on record",
    "bundle of what is struck",
    "bundle taken",
    "bundle that weighs no more",
    "bundle too early or late",
    "claim",
    "claim early",
    "claim of a frozen account",
    "claim of nothing",
    "claim to another account",
    "donate",
    "end rounds",
    "finish",
    "finish early",
    "freeze",
    "fund",
    "impostor",
    "open",
    "register",
    "register refused",
    "settle",
    "strike",
    "units",
];

/// All bundles of the pool, as Rust verifies them.
static BUNDLES: LazyLock<Vec<Known>> = LazyLock::new(|| (0..EPOCHS).flat_map(bundles_of).collect());

fn digest_of(index: usize, giver: usize, dataset: usize) -> FixedBytes<32> {
    FixedBytes(POOL[index].registrations[giver][dataset].unsigned().request().digest().0)
}

fn bundles_of(index: usize) -> Vec<Known> {
    let pooled = &POOL[index];
    let units = units_of(index, &pooled.policy);
    let verifier = fixture::verifier(&pooled.policy).with_units(&units).expect("units of its rounds");
    let known = |who: Account, covered: &[(usize, usize, usize)], bytes: &[u8]| {
        let own = |(index, giver, dataset): &(usize, usize, usize)| {
            registered(&POOL[*index].registrations[*giver][*dataset])
        };
        let own: Vec<_> = covered.iter().map(own).collect();
        let bundle = verifier.read(bytes, &own).expect("a bundle");
        let earned = match verifier.verify(&bundle, &own).expect("Rust takes it") {
            Score::Data(score) => Earned::Data { score: score.score, records: score.records, latest: 0 },
            Score::Compute(score) => Earned::Compute { score: score.score },
        };
        let digests = covered.iter().map(|(index, giver, dataset)| digest_of(*index, *giver, *dataset));
        Known { index, who, digests: digests.collect(), earned, bytes: bytes.to_vec() }
    };
    let mut all = Vec::new();
    for (giver, who) in GIVERS.iter().enumerate() {
        for (covers, bytes) in COVERS.iter().zip(&pooled.data[giver]) {
            let covered: Vec<_> = covers.iter().map(|dataset| (index, giver, *dataset)).collect();
            all.push(known(*who, &covered, bytes));
        }
    }
    for (node, bytes) in NODES.iter().zip(&pooled.compute) {
        all.push(known(*node, &[], bytes));
    }
    if let Some(bytes) = &pooled.wide {
        let covered: Vec<_> = (0..EPOCHS).map(|index| (index, 0, 0)).collect();
        all.push(known(GIVERS[0], &covered, bytes));
    }
    all
}

struct Game {
    world: World,
    model: Model,
    rng: ChaCha20Rng,
    at: String,
    counts: BTreeMap<&'static str, usize>,
    /// Whether this game's coordinator records what the pool's bundles were made of.
    is_planned: bool,
}

#[test]
fn nobody_bends_or_stops_a_vault() {
    let moves = std::env::var("FAIRSHARE_MOVES").map_or(MOVES, |moves| moves.parse().expect("a number"));
    let began = std::time::Instant::now();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..moves.div_ceil(GAME) as u64 {
        let mut game = Game::new(seed);
        for step in 0..GAME {
            game.at = format!("game {seed}, move {step}");
            game.play();
            game.check();
        }
        game.finish_all();
        for (kind, count) in game.counts {
            *counts.entry(kind).or_default() += count;
        }
    }
    println!("{moves} moves in {:.1} s: {counts:#?}", began.elapsed().as_secs_f32());
    for kind in KINDS {
        let count = counts.get(kind).copied().unwrap_or(0);
        assert!(count >= moves / 1_000, "{kind}: {count} times");
    }
    assert!(counts.keys().all(|kind| KINDS.contains(kind)), "a kind that no bound is set for: {counts:?}");
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        Self {
            world: World::with(Task::Federated, Judge::Real, "test/FreezingToken"),
            model: Model::default(),
            is_planned: rng.gen_ratio(4, 5),
            rng,
            at: String::new(),
            counts: BTreeMap::new(),
        }
    }

    fn now(&self) -> u64 {
        self.world.chain.now()
    }

    fn count(&mut self, kind: &'static str) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// The contracts must have done what the model says.
    #[track_caller]
    fn agree(&self, sent: &Sent, expected: bool, what: &str) {
        let revert = sent.as_ref().err().map(|revert| super::chain::explain(revert));
        assert_eq!(sent.is_ok(), expected, "{}: {what}: {revert:?}", self.at);
    }

    fn play(&mut self) {
        if self.rng.gen_bool(0.6) { self.play_on() } else { self.play_any() }
    }

    /// What brings an epoch forward.
    fn play_on(&mut self) {
        let now = self.now();
        let takes_bundles = |epoch: &model::Epoch| epoch.deadline.is_some_and(|deadline| now <= deadline);
        if self.model.epochs.iter().any(takes_bundles) && self.rng.gen_ratio(2, 3) {
            return if self.rng.gen_ratio(1, 12) { self.pass() } else { self.submit() };
        }
        if self.model.round.is_some() {
            let is_late = now >= POOL[self.model.next() - 1].rules.terms.ends_by;
            return match self.rng.gen_range(0..40) {
                0 => self.world.chain.pass(9 * DAY),
                1..=2 => self.strike(),
                _ if is_late && self.rng.gen_bool(0.5) => self.finish(),
                3..=24 => self.register(),
                25..=30 => self.units(),
                _ => self.end_rounds(),
            };
        }
        if self.model.next() < EPOCHS && self.rng.gen_bool(0.5) {
            return match (self.model.is_opened, self.model.may_begin(now)) {
                (false, _) => self.open(),
                (_, true) => self.begin(),
                _ => self.fund(),
            };
        }
        if self.rng.gen_ratio(1, 6) { self.pass() } else { self.claim() }
    }

    fn play_any(&mut self) {
        match self.rng.gen_range(0..100) {
            0..=3 => self.fund(),
            4..=8 => self.open(),
            9..=13 => self.begin(),
            14..=22 => self.register(),
            23..=28 => self.units(),
            29..=34 => self.end_rounds(),
            35 => self.strike(),
            36..=66 => self.submit(),
            67..=80 => self.claim(),
            81..=86 => self.pass(),
            87..=90 => self.impostor(),
            91..=92 => self.donate(),
            93..=95 => self.freeze(),
            96..=97 => self.settle(),
            _ => self.finish(),
        }
    }

    fn fund(&mut self) {
        let amount = match self.rng.gen_range(0..3) {
            0 => self.rng.gen_range(0..3),
            1 => 1_000_000_000_000_000_000_000_000,
            _ => self.rng.gen_range(0..10_000_000),
        };
        let expected = amount > 0 && (self.model.is_opened || !self.model.epochs.is_empty());
        let sent = self.world.fund(amount);
        self.agree(&sent, expected, "fund");
        if expected {
            self.model.funded += amount;
            self.model.unassigned += amount;
            self.count("fund");
        }
    }

    /// Rules of any of the pool's epochs: those are taken that begin next. Before the first epoch any are, so
    /// only the first one's are tried then.
    fn open(&mut self) {
        let next = self.model.next();
        let index = match self.rng.gen_ratio(1, 4) && next > 0 {
            true => self.rng.gen_range(0..EPOCHS),
            false if next < EPOCHS => next,
            false => return,
        };
        let rules = &POOL[index].rules;
        let expected = index == next && self.now() < rules.terms.ends_by;
        let sent = self.world.open(rules);
        self.agree(&sent, expected, "open");
        if expected {
            self.model.is_opened = true;
            self.count("open");
        }
    }

    fn begin(&mut self) {
        let index = match self.rng.gen_ratio(1, 5) {
            true => self.rng.gen_range(0..EPOCHS),
            false => self.model.next().min(EPOCHS - 1),
        };
        let expected = index == self.model.next() && self.model.may_begin(self.now());
        let sent = self.world.begin(&POOL[index].rules);
        self.agree(&sent, expected, "begin");
        if expected {
            self.model.begin();
        }
        self.count(if expected { "begin" } else { "begin refused" });
    }

    /// What somebody of the pool signed, sent by anybody; or by somebody who takes it for his own.
    fn register(&mut self) {
        let near = self.model.next().saturating_sub(1);
        let index = if self.rng.gen_ratio(4, 5) { near } else { self.rng.gen_range(0..EPOCHS) };
        let giver = self.rng.gen_range(0..GIVERS.len());
        let dataset = self.rng.gen_range(0..2);
        let signed = &POOL[index].registrations[giver][dataset];
        let digest = digest_of(index, giver, dataset);
        let (sent, expected) = if self.rng.gen_ratio(1, 6) {
            let mut stolen = proving::data_registration(signed.unsigned());
            stolen.contributor = evm(&THIEF);
            (self.world.register(stolen), false)
        } else {
            let expected = self.model.takes_data(&digest, signed.unsigned().last_round());
            (self.world.register_for(signed), expected)
        };
        self.agree(&sent, expected, "register");
        if expected {
            self.model.register(digest);
        }
        self.count(if expected { "register" } else { "register refused" });
    }

    /// What is left to be recorded of the round that goes on, as planned, in one part or in two; or something
    /// else.
    fn units(&mut self) {
        let Some(round) = self.model.round else { return };
        let index = self.model.next() - 1;
        let planned = UNITS[index][round as usize];
        let from = self.model.epochs[index].recorded.map_or(0, |last| last + 1);
        let upto = if self.rng.gen_ratio(1, 3) { self.rng.gen_range(from..=4) } else { 4 };
        let mut part: Vec<_> = (from..upto).map(|node| (node, planned[node])).collect();
        part.retain(|(_, units)| *units > 0);
        if !self.is_planned && self.rng.gen_ratio(1, 2) {
            part.iter_mut().for_each(|(_, units)| *units = (*units / 2).max(1));
        }
        let list: Vec<_> = part.iter().map(|(node, units)| (NODES[*node], *units)).collect();
        let sent = self.world.record(&list);
        self.agree(&sent, !part.is_empty(), "units");
        if !part.is_empty() {
            self.count("units");
        }
        let epoch = &mut self.model.epochs[index];
        for (node, units) in part {
            epoch.units[round as usize][node] = units;
            epoch.recorded = Some(node);
        }
        // Each again, and those before the last one: a node once in a round.
        if let Some(last) = epoch.recorded {
            let again = self.rng.gen_range(0..=last);
            let sent = self.world.record(&[(NODES[again], 1)]);
            self.agree(&sent, false, "units again");
        }
    }

    fn end_rounds(&mut self) {
        if self.is_planned && self.model.round.is_some() {
            self.units();
            self.complete();
        }
        let count = if self.rng.gen_ratio(1, 8) { self.rng.gen_range(0..7) } else { 1 };
        // A coordinator who keeps to the plan passes over no round.
        let count = if self.is_planned { count.min(1) } else { count };
        let expected = self.model.round.is_some_and(|round| count >= 1 && round + count <= ROUNDS);
        let sent = self.world.end_rounds(count);
        self.agree(&sent, expected, "end rounds");
        if expected {
            self.model.end_rounds(count, self.now());
            self.count("end rounds");
        }
    }

    /// Records what is missing of the round that goes on.
    fn complete(&mut self) {
        let (round, index) = (self.model.round.expect("a round"), self.model.next() - 1);
        let from = self.model.epochs[index].recorded.map_or(0, |last| last + 1);
        let planned = UNITS[index][round as usize];
        let part: Vec<_> = (from..4).filter(|node| planned[*node] > 0).collect();
        if !part.is_empty() {
            let list: Vec<_> = part.iter().map(|node| (NODES[*node], planned[*node])).collect();
            ok(self.world.record(&list));
            let epoch = &mut self.model.epochs[index];
            part.iter().for_each(|node| epoch.units[round as usize][*node] = planned[*node]);
            epoch.recorded = part.last().copied();
        }
    }

    fn finish(&mut self) {
        let is_late = self.model.round.is_some() && {
            let ends_by = POOL[self.model.next() - 1].rules.terms.ends_by;
            self.now() >= ends_by
        };
        let sent = self.world.finish(STRANGER);
        self.agree(&sent, is_late, "finish");
        if is_late {
            self.model.end(self.now());
        }
        self.count(if is_late { "finish" } else { "finish early" });
    }

    fn strike(&mut self) {
        let reason = "a reason".to_owned();
        let expected = if self.rng.gen_bool(0.5) {
            let (index, giver) = (self.rng.gen_range(0..EPOCHS), self.rng.gen_range(0..GIVERS.len()));
            let digest = digest_of(index, giver, self.rng.gen_range(0..2));
            let from = self.model.unended();
            let dataset = self.model.datasets.get_mut(&digest).filter(|own| own.struck_from.is_none());
            let expected = dataset.is_some();
            if let Some(dataset) = dataset {
                dataset.struck_from = Some(from);
            }
            let sent = self.world.registry(COORDINATOR, strikeDataCall { digest, reason });
            self.agree(&sent, expected, "strike data");
            expected
        } else {
            let node = *NODES.choose(&mut self.rng).expect("one");
            let expected = self.model.running().is_some_and(|epoch| epoch.struck.insert(node));
            let sent = self.world.registry(COORDINATOR, strikeNodeCall { node: evm(&node), reason });
            self.agree(&sent, expected, "strike a node");
            expected
        };
        if expected {
            self.count("strike");
        }
    }

    /// Any bundle of the pool, most often one of an epoch that takes some.
    fn submit(&mut self) {
        let near = self
            .model
            .epochs
            .iter()
            .position(|epoch| epoch.deadline.is_some_and(|deadline| self.world.chain.now() <= deadline));
        let near: Vec<_> = BUNDLES.iter().filter(|known| Some(known.index) == near).collect();
        let known = match near.choose(&mut self.rng) {
            Some(known) if self.rng.gen_ratio(5, 6) => *known,
            _ => BUNDLES.choose(&mut self.rng).expect("one"),
        };
        match self.rng.gen_range(0..12) {
            0 => self.submit_altered(known),
            1 => self.submit_elsewhere(known),
            _ => self.submit_own(known),
        }
    }

    fn submit_altered(&mut self, known: &Known) {
        let mut bytes = known.bytes.clone();
        if self.rng.gen_ratio(1, 4) {
            bytes.truncate(self.rng.gen_range(0..bytes.len()));
        } else {
            let at = self.rng.gen_range(0..bytes.len());
            bytes[at] ^= 1 << self.rng.gen_range(0..8);
        }
        let sent = self.world.submit(&POOL[known.index].rules, bytes);
        self.agree(&sent, false, "altered");
        self.count("bundle altered");
    }

    fn submit_elsewhere(&mut self, known: &Known) {
        let other = (known.index + self.rng.gen_range(1..EPOCHS)) % EPOCHS;
        let sent = self.world.submit(&POOL[other].rules, known.bytes.clone());
        self.agree(&sent, false, "under another epoch's rules");
        self.count("bundle in another epoch's rules");
    }

    fn submit_own(&mut self, known: &Known) {
        let now = self.now();
        let weight = self.model.weight(known, now);
        let expected = weight.as_ref().is_some_and(|weight| *weight > self.model.standing(known));
        let from = *[STRANGER, evm(&known.who), evm(&THIEF), FUNDER].choose(&mut self.rng).expect("one");
        let data = proving::submit(&POOL[known.index].rules, known.bytes.clone());
        let sent = self.world.chain.send(from, self.world.vault, data);
        self.agree(&sent, expected, "submit");
        let epoch = self.model.epochs.get(known.index);
        let in_time = epoch.and_then(|epoch| epoch.deadline).is_some_and(|deadline| now <= deadline);
        let is_struck = epoch.is_some_and(|epoch| epoch.struck.contains(&known.who))
            || known.digests.iter().any(|digest| {
                self.model.datasets.get(digest).is_some_and(|dataset| dataset.struck_from.is_some())
            });
        match weight {
            Some(weight) if expected => {
                self.model.submit(known, weight);
                self.count("bundle taken");
            }
            Some(_) => self.count("bundle that weighs no more"),
            None if !in_time => self.count("bundle too early or late"),
            None if is_struck => self.count("bundle of what is struck"),
            None => self.count("bundle of what is not on record"),
        }
    }

    fn claim(&mut self) {
        let everybody: Vec<_> = Model::contributors().into_iter().chain([THIEF]).collect();
        let who = match self.model.frozen.first() {
            Some(frozen) if self.rng.gen_ratio(1, 6) => *frozen,
            _ => *everybody.choose(&mut self.rng).expect("one"),
        };
        let index = self.rng.gen_range(0..EPOCHS.min(self.model.next() + 1));
        let to_other = self.rng.gen_ratio(1, 6);
        let recipient = if to_other { Account([0xee; 20]) } else { who };
        let epoch = Model::number(index);
        let now = self.now();
        let amount = self.model.claimable(index, who, recipient, now);
        let sent = if to_other {
            self.world.vault(evm(&who), claimToCall { epoch, recipient: evm(&recipient) })
        } else {
            self.world.claim(epoch, evm(&who))
        };
        self.agree(&sent, amount.is_some(), "claim");
        if let (Some(amount), Ok(receipt)) = (amount, &sent) {
            assert_eq!(U256::from_be_slice(&receipt.output), U256::from(amount), "{}", self.at);
            self.model.pay(index, who, recipient, amount);
        }
        self.count(match amount {
            Some(_) if to_other => "claim to another account",
            Some(_) => "claim",
            None if !self.model.is_open(index, now) => "claim early",
            None if self.model.frozen.contains(&recipient) => "claim of a frozen account",
            None => "claim of nothing",
        });
    }

    fn pass(&mut self) {
        let seconds = *[1, 600, DAY / 2, DAY - 1, DAY, DAY + 1, 9 * DAY].choose(&mut self.rng).expect("one");
        // Rarely so long that an epoch's time is over before its rounds are.
        let seconds = if seconds > 2 * DAY && self.rng.gen_ratio(2, 3) { 1 } else { seconds };
        self.world.chain.pass(seconds);
    }

    fn settle(&mut self) {
        let most = self.rng.gen_range(0..3);
        let due = self.model.due(self.now());
        let expected = (due.saturating_sub(self.model.settled) as u64).min(most);
        assert_eq!(self.world.settle(most), expected, "{}", self.at);
        self.model.settled += expected as usize;
        if expected > 0 {
            self.count("settle");
        }
    }

    /// Somebody tries what is for another role.
    fn impostor(&mut self) {
        let all = [STRANGER, FUNDER, evm(&THIEF), OWNER];
        let from = *all.choose(&mut self.rng).expect("one");
        let (vault, registry) = (self.world.vault, self.world.registry);
        let node = evm(&NODES[1]);
        let (to, data) = match self.rng.gen_range(0..8) {
            0 => (vault, proving::open(&POOL[self.model.next().min(EPOCHS - 1)].rules)),
            1 => (registry, proving::begin(&POOL[self.model.next().min(EPOCHS - 1)].rules)),
            2 => (registry, endRoundsCall { count: 1 }.abi_encode()),
            3 => (registry, strikeNodeCall { node, reason: "x".to_owned() }.abi_encode()),
            4 => (registry, round_point(0).record_units(&[(THIEF, 7)])),
            5 if from != OWNER => (vault, setOperatorCall { operator: from }.abi_encode()),
            6 if from != OWNER => (registry, setCoordinatorCall { coordinator: from }.abi_encode()),
            _ => (vault, claimToCall { epoch: FIRST, recipient: evm(&THIEF) }.abi_encode()),
        };
        let sent = self.world.chain.send(from, to, data);
        self.agree(&sent, false, "impostor");
        self.count("impostor");
    }

    fn donate(&mut self) {
        let amount = self.rng.gen_range(1..500u128);
        let transfer = Token::transferCall { to: self.world.vault, amount: U256::from(amount) };
        ok(self.world.chain.send(FUNDER, self.world.token, transfer.abi_encode()));
        self.model.donated += amount;
        self.count("donate");
    }

    fn freeze(&mut self) {
        // One at a time, so that most are paid.
        let everybody: Vec<_> = Model::contributors().into_iter().collect();
        let frozen = self.model.frozen.iter().next().copied();
        let who = frozen.unwrap_or(*everybody.choose(&mut self.rng).expect("one"));
        let is_frozen = !self.model.frozen.remove(&who);
        if is_frozen {
            self.model.frozen.insert(who);
        }
        self.set_frozen(who, is_frozen);
        self.count("freeze");
    }

    fn set_frozen(&mut self, who: Account, is_frozen: bool) {
        let call = FreezingToken::freezeCall { account: evm(&who), isFrozen: is_frozen };
        ok(self.world.chain.send(STRANGER, self.world.token, call.abi_encode()));
    }
}
