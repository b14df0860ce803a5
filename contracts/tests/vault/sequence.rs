//! Long random games between honest and dishonest parties, held after every move to a model that knows no
//! Solidity.
//!
//! The model says of every move whether the vault must accept it and what it must pay. Half of the games have
//! a guardian who strikes out every bad root, and there every true claim must be paid in full; in the other
//! half bad roots become active, and the bounds must hold all the same.

mod model;

use std::collections::BTreeMap;

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, SolError, sol};
use fairshare_contracts::calldata::{self, ProvedClaim};
use fairshare_contracts::interface::RoyaltyVault::{
    ClaimPassedOver, Claimed, ExceedsDeclaredTotal, ExceedsFunding, NothingToClaim, SafeERC20FailedOperation,
    activeEpochsCall, activeRootCall, pauseCall, pendingRootCall, setOperatorCall, totalClaimedCall,
    totalFundedCall, unpauseCall,
};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use self::model::{Fate, Model, Posted};
use crate::world::{
    FIRST_EPOCH, FREEZING_TOKEN, FUNDER, GUARDIAN, OPERATOR, OWNER, RULES, Receipt, STRANGER, Sent, Token,
    WINDOW, World, evm, posting, proved, total, word,
};

const GAMES: u64 = 40;
const MOVES: usize = 600;

const CONTRIBUTORS: [Account; 6] = [
    Account([0xc0; 20]),
    Account([0xc1; 20]),
    Account([0xc2; 20]),
    Account([0xc3; 20]),
    Account([0xc4; 20]),
    Account([0xc5; 20]),
];
const THIEF: Account = Account([0xdd; 20]);

sol! {
    function freeze(address account, bool frozen) external;
}

/// What must happen at least this often over all games, so that none of the checks is idle.
const KINDS: [&str; 29] = [
    "activate",
    "activated",
    "batch",
    "batch refused",
    "batched",
    "batched from a frozen account",
    "batched over a bound",
    "batched with nothing new",
    "claim",
    "claim early or struck out",
    "claim of a frozen account",
    "claim of nothing new",
    "claim over a bound",
    "claim while paused",
    "donate",
    "forge",
    "freeze",
    "fund",
    "fund closed or far",
    "impostor",
    "pass time",
    "pass time while a window stands still",
    "pause",
    "post bad",
    "post honest",
    "post refused",
    "replace",
    "veto",
    "veto refused",
];
const AT_LEAST: usize = 40;

/// Why a claim was passed over, by the error in its event.
fn reason(error: &[u8]) -> Fate {
    match error.first_chunk::<4>() {
        Some(&NothingToClaim::SELECTOR) => Fate::NothingNew,
        Some(&ExceedsDeclaredTotal::SELECTOR | &ExceedsFunding::SELECTOR) => Fate::OverABound,
        Some(&SafeERC20FailedOperation::SELECTOR) => Fate::Frozen,
        _ => panic!("no reason to pass a claim over: {error:?}"),
    }
}

struct Game {
    world: World,
    model: Model,
    rng: ChaCha20Rng,
    careful: bool,
    at: String,
    counts: BTreeMap<&'static str, usize>,
    /// What the vault's own books said after the move before.
    claimed: BTreeMap<Account, u128>,
    recorded: Vec<u64>,
}

#[test]
fn no_game_moves_money_where_it_should_not_be() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let started = std::time::Instant::now();
    for seed in 0..GAMES {
        let mut game = Game::new(seed);
        for step in 0..MOVES {
            game.at = format!("game {seed}, move {step}");
            game.play();
            game.check();
        }
        for (kind, count) in game.counts {
            *counts.entry(kind).or_default() += count;
        }
    }
    println!("{} moves in {:.1} s: {counts:#?}", GAMES as usize * MOVES, started.elapsed().as_secs_f32());
    for kind in KINDS {
        assert!(counts.get(kind).is_some_and(|&count| count >= AT_LEAST), "too few: {kind}");
    }
    assert_eq!(counts.len(), KINDS.len(), "a kind that no bound is set for");
}

impl Game {
    fn new(seed: u64) -> Self {
        Self {
            world: World::with_token(FREEZING_TOKEN),
            model: Model::new(FIRST_EPOCH),
            rng: ChaCha20Rng::seed_from_u64(seed),
            careful: seed.is_multiple_of(2),
            at: String::new(),
            counts: BTreeMap::new(),
            claimed: BTreeMap::new(),
            recorded: Vec::new(),
        }
    }

    fn play(&mut self) {
        match self.rng.gen_range(0..100) {
            0..=14 => self.fund(),
            15..=24 => self.post_honest(),
            25..=29 => self.post_bad(),
            30..=33 => self.veto(),
            34..=55 => self.claim(),
            56..=63 => self.batch(),
            64..=71 => self.forge(),
            72..=85 => self.pass_time(),
            86..=87 => self.donate(),
            88 => self.freeze(),
            89..=91 => self.activate(),
            92..=95 => self.impostor(),
            _ => self.pause(),
        }
    }

    fn count(&mut self, kind: &'static str) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// The vault must have done what the model says.
    #[track_caller]
    fn agree(&self, sent: &Sent, expected: bool, what: &str) {
        assert_eq!(sent.is_ok(), expected, "{}: {what}", self.at);
    }

    fn fund(&mut self) {
        let epoch = self.rng.gen_range((self.model.open().saturating_sub(2))..self.model.open() + 4);
        let epoch = if self.rng.gen_ratio(1, 20) { epoch + 64 } else { epoch };
        let amount = self.rng.gen_range(0..1_000);
        let expected = amount > 0 && self.model.in_reach(epoch);
        let sent = self.world.fund(epoch, amount);
        self.agree(&sent, expected, "fund");
        if expected {
            self.model.fund(epoch, amount);
        }
        self.count(if expected { "fund" } else { "fund closed or far" });
    }

    fn next_epoch(&mut self) -> u64 {
        let pending = self.model.pending.as_ref().map(|(posted, _)| posted.epoch);
        match pending {
            Some(epoch) if self.rng.gen_ratio(3, 4) => epoch,
            _ => self.rng.gen_range((self.model.open() - 1)..self.model.open() + 3),
        }
    }

    /// Adds to what everyone has earned, within what is funded.
    fn post_honest(&mut self) {
        let epoch = self.next_epoch();
        let mut claims = self.model.earned(&CONTRIBUTORS);
        let mut left = self.model.funded_through(epoch).saturating_sub(total(&claims));
        let everything = self.rng.gen_bool(0.5);
        let last = claims.len() - 1;
        for (index, (_, cumulative)) in claims.iter_mut().enumerate() {
            let share = if everything && index == last { left } else { self.rng.gen_range(0..=left) };
            *cumulative += share;
            left -= share;
        }
        let declared = total(&claims);
        self.post(epoch, claims, declared, true);
    }

    fn post_bad(&mut self) {
        let epoch = self.next_epoch();
        let funded = self.model.funded_through(epoch);
        let claims = match self.rng.gen_range(0..3) {
            0 => vec![(THIEF, funded), (CONTRIBUTORS[0], 1)],
            // Claims that add up to more than is declared.
            1 => self
                .model
                .earned(&CONTRIBUTORS)
                .into_iter()
                .map(|(who, amount)| (who, amount * 3 + 5))
                .collect(),
            // Less than was earned before, and someone left out.
            _ => CONTRIBUTORS[1..4].iter().map(|&who| (who, self.rng.gen_range(0..500))).collect(),
        };
        let declared = match self.rng.gen_range(0..8) {
            0 => funded + 1,
            1..=4 => self.rng.gen_range(funded / 2..=funded),
            _ => funded,
        };
        self.post(epoch, claims, declared, false);
    }

    fn post(&mut self, epoch: u64, claims: Vec<(Account, u128)>, declared: u128, honest: bool) {
        let tree = self.world.tree(epoch, &claims);
        let replacing = self.model.pending.is_some();
        let expected = self.model.accepts_post(epoch, declared);
        let sent = self.world.post(epoch, tree.root(), declared);
        self.agree(&sent, expected, "post");
        if expected {
            let posted = Posted { epoch, tree, claims, declared, honest };
            self.model.post(posted, WINDOW);
        }
        self.count(match (expected, replacing, honest) {
            (false, ..) => "post refused",
            (_, true, _) => "replace",
            (.., true) => "post honest",
            (.., false) => "post bad",
        });
    }

    fn veto(&mut self) {
        let (epoch, root, expected) = match &self.model.pending {
            Some((posted, _)) => (posted.epoch, posted.tree.root(), true),
            // The last active root: it is too late.
            None => match self.model.active.values().next_back() {
                Some(posted) => (posted.epoch, posted.tree.root(), false),
                None => (self.model.open(), Digest([1; 32]), false),
            },
        };
        let sent = self.world.veto(epoch, root);
        self.agree(&sent, expected, "veto");
        if expected {
            self.model.veto();
        }
        self.count(if expected { "veto" } else { "veto refused" });
    }

    /// A claim from any tree that was ever posted, most often a recent one, submitted by anyone.
    fn claim(&mut self) {
        let Some(posted) = self.model.some_posted(&mut self.rng) else { return };
        let &(who, cumulative) = posted.claims.choose(&mut self.rng).unwrap();
        let (epoch, proof) = (posted.epoch, posted.tree.proof(&who).unwrap());
        let standing = self.model.is_active(&posted);
        let fate = standing.then(|| self.model.fate(epoch, who, cumulative));
        let expected = !self.model.paused && matches!(fate, Some(Fate::Paid(_)));
        self.is_covered(&posted, fate);
        let from = *[STRANGER, who, THIEF, OPERATOR].choose(&mut self.rng).unwrap();
        let sent = self.world.send(from, self.world.vault, calldata::claim(epoch, &who, cumulative, &proof));
        self.agree(&sent, expected, "claim");
        if let (Ok(receipt), Some(Fate::Paid(amount))) = (sent, fate) {
            assert_eq!(U256::from_be_slice(&receipt.output), U256::from(amount), "{}", self.at);
            self.model.pay(epoch, who, amount);
        }
        self.count(match (self.model.paused, fate) {
            (true, _) => "claim while paused",
            (_, None) => "claim early or struck out",
            (_, Some(Fate::NothingNew)) => "claim of nothing new",
            (_, Some(Fate::OverABound)) => "claim over a bound",
            (_, Some(Fate::Frozen)) => "claim of a frozen account",
            (_, Some(Fate::Paid(_))) => "claim",
        });
    }

    /// Where every bad root is struck out, every true claim is covered.
    fn is_covered(&self, posted: &Posted, fate: Option<Fate>) {
        let uncovered = self.careful && posted.honest && fate == Some(Fate::OverABound);
        assert!(!uncovered, "{}: a true claim is not covered", self.at);
    }

    /// Some claims of one tree, some of them twice, and now and then one that is false.
    fn batch(&mut self) {
        let Some(posted) = self.model.some_posted(&mut self.rng) else { return };
        let count = self.rng.gen_range(0..9);
        let mut claims: Vec<ProvedClaim> = (0..count)
            .map(|_| proved(&posted.tree, posted.claims.choose(&mut self.rng).unwrap().0))
            .collect();
        let forged = self.rng.gen_ratio(1, 8).then(|| claims.choose_mut(&mut self.rng)).flatten();
        let is_forged = forged.map(|claim| claim.cumulative += 1).is_some();
        // Of nothing, any epoch with an active root will do.
        let of_nothing = claims.is_empty() && self.model.active.contains_key(&posted.epoch);
        let standing = of_nothing || self.model.is_active(&posted);
        let expected = !self.model.paused && standing && !is_forged;
        let sent = self.world.claim_many_with(posted.epoch, &claims);
        self.agree(&sent, expected, "batch");
        self.count(if expected { "batch" } else { "batch refused" });
        if let Ok(receipt) = sent {
            self.pay(&posted, &claims, &receipt);
        }
    }

    /// Each claim of a batch in turn, as if it were alone.
    fn pay(&mut self, posted: &Posted, claims: &[ProvedClaim], receipt: &Receipt) {
        let (mut paid, mut passed_over, mut sum) = (Vec::new(), Vec::new(), 0);
        for ProvedClaim { contributor, cumulative, .. } in claims {
            let fate = self.model.fate(posted.epoch, *contributor, *cumulative);
            self.is_covered(posted, Some(fate));
            if let Fate::Paid(amount) = fate {
                self.model.pay(posted.epoch, *contributor, amount);
                paid.push((evm(*contributor), amount, *cumulative));
                sum += amount;
            } else {
                passed_over.push((evm(*contributor), *cumulative, fate));
            }
            self.count(match fate {
                Fate::NothingNew => "batched with nothing new",
                Fate::OverABound => "batched over a bound",
                Fate::Frozen => "batched from a frozen account",
                Fate::Paid(_) => "batched",
            });
        }
        let claimed = |event: Claimed| (event.contributor, event.amount, event.cumulative);
        let found: Vec<_> = receipt.events().into_iter().map(claimed).collect();
        assert_eq!(found, paid, "{}", self.at);
        let over = |event: ClaimPassedOver| (event.contributor, event.cumulative, reason(&event.reason));
        let found: Vec<_> = receipt.events().into_iter().map(over).collect();
        assert_eq!(found, passed_over, "{}", self.at);
        assert_eq!(U256::from_be_slice(&receipt.output), U256::from(sum), "{}", self.at);
    }

    /// A true claim altered in one thing.
    fn forge(&mut self) {
        let Some(posted) = self.model.some_posted(&mut self.rng) else { return };
        let &(mut who, mut cumulative) = posted.claims.choose(&mut self.rng).unwrap();
        let (mut epoch, mut proof) = (posted.epoch, posted.tree.proof(&who).unwrap());
        match self.rng.gen_range(0..4) {
            0 => cumulative += self.rng.gen_range(1..1_000),
            1 => who = STRANGER,
            2 => epoch += 1,
            _ => match proof.choose_mut(&mut self.rng) {
                Some(sibling) => sibling.0[self.rng.gen_range(0..32)] ^= 1 << self.rng.gen_range(0..8),
                None => proof.push(Digest([3; 32])),
            },
        }
        let sent = self.world.claim_with(epoch, who, cumulative, &proof);
        self.agree(&sent, false, "forge");
        self.count("forge");
    }

    /// The token freezes somebody, most often for a short while.
    fn freeze(&mut self) {
        let who = self.model.frozen.iter().next().copied().filter(|_| self.rng.gen_ratio(2, 3));
        let who = who.unwrap_or_else(|| *CONTRIBUTORS.choose(&mut self.rng).unwrap());
        let frozen = !self.model.frozen.remove(&who);
        if frozen {
            self.model.frozen.insert(who);
        }
        self.world.call(STRANGER, self.world.token, &freezeCall { account: evm(who), frozen });
        self.count("freeze");
    }

    fn pass_time(&mut self) {
        let bad = self.model.pending.as_ref().is_some_and(|(posted, _)| !posted.honest);
        if self.careful && bad {
            return self.veto();
        }
        let seconds = *[1, 600, WINDOW / 2, WINDOW - 1, WINDOW, 3 * WINDOW].choose(&mut self.rng).unwrap();
        self.world.chain.pass(seconds);
        if self.model.pass(seconds) {
            self.count("activated");
        }
        let stands_still = self.model.paused && self.model.pending.is_some();
        self.count(if stands_still { "pass time while a window stands still" } else { "pass time" });
    }

    fn donate(&mut self) {
        let amount = self.rng.gen_range(1..500u128);
        let transfer = Token::transferCall { to: evm(self.world.vault), amount: U256::from(amount) };
        self.world.call(FUNDER, self.world.token, &transfer);
        self.model.donated += amount;
        self.count("donate");
    }

    fn activate(&mut self) {
        let unrecorded = self.recorded.len() < self.model.active.len();
        assert_eq!(self.world.activate(), unrecorded, "{}", self.at);
        self.count("activate");
    }

    fn impostor(&mut self) {
        let from = *[STRANGER, THIEF, CONTRIBUTORS[0], FUNDER].choose(&mut self.rng).unwrap();
        let epoch = self.model.open();
        let data = match self.rng.gen_range(0..4) {
            0 => calldata::post(&posting(epoch, Digest([9; 32]), 1)),
            1 => match &self.model.pending {
                Some((posted, _)) => calldata::veto(posted.epoch, &posted.tree.root()),
                None => calldata::veto(epoch, &Digest([9; 32])),
            },
            2 if self.model.paused => unpauseCall {}.abi_encode(),
            2 => pauseCall {}.abi_encode(),
            _ => setOperatorCall { operator: evm(from) }.abi_encode(),
        };
        let sent = self.world.send(from, self.world.vault, data);
        self.agree(&sent, false, "impostor");
        self.count("impostor");
    }

    /// Pauses are rare and short, or little else would ever be tried.
    fn pause(&mut self) {
        if !self.model.paused && self.rng.gen_ratio(3, 4) {
            return self.claim();
        }
        let data = if self.model.paused { unpauseCall {}.abi_encode() } else { pauseCall {}.abi_encode() };
        let sent = self.world.send(OWNER, self.world.vault, data);
        self.agree(&sent, true, "pause");
        self.model.paused = !self.model.paused;
        self.count("pause");
    }

    fn check(&mut self) {
        self.check_money();
        self.check_contributors();
        self.check_roots();
    }

    fn check_money(&mut self) {
        let (at, funded, paid) = (&self.at, self.model.total_funded(), self.model.total_paid());
        assert!(paid <= funded, "{at}");
        assert_eq!(self.world.view(totalFundedCall {}), funded, "{at}");
        assert_eq!(self.world.view(totalClaimedCall {}), paid, "{at}");
        let vault = self.world.vault;
        assert_eq!(self.world.balance(vault), funded + self.model.donated - paid, "{at}");
        assert_eq!(self.world.balance(FUNDER), u128::MAX - funded - self.model.donated, "{at}");
        for who in [OWNER, OPERATOR, GUARDIAN, STRANGER] {
            assert_eq!(self.world.balance(who), 0, "{at}");
        }
    }

    fn check_contributors(&mut self) {
        for who in CONTRIBUTORS.into_iter().chain([THIEF]) {
            let at = &self.at;
            let claimed = self.world.claimed(who);
            assert_eq!(self.world.balance(who), claimed, "{at}");
            assert_eq!(claimed, self.model.paid(who), "{at}");
            assert!(claimed <= self.model.highest(who), "{at}: more than any active root says");
            let before = self.claimed.insert(who, claimed).unwrap_or(0);
            assert!(claimed >= before, "{at}");
        }
    }

    /// What is left of the window is what the model says, during a pause, too.
    fn check_pending(&mut self) {
        let (at, root) = (&self.at, self.world.view(pendingRootCall {}));
        match &self.model.pending {
            Some((posted, left)) => {
                assert_eq!((root.epoch, root.root), (posted.epoch, word(posted.tree.root())), "{at}");
                assert_eq!(root.activeAt, self.world.chain.now() + left, "{at}");
            }
            None => assert!(root.activeAt <= self.world.chain.now(), "{at}"),
        }
    }

    /// Active roots are those that the model says, for ever, and each pays within its bounds.
    fn check_roots(&mut self) {
        let at = &self.at;
        let recorded = self.world.view(activeEpochsCall {});
        assert!(recorded.starts_with(&self.recorded), "{at}");
        // One root at most is due and not yet recorded.
        let due: Vec<u64> = self.model.active.keys().copied().collect();
        assert!(due.starts_with(&recorded) && due.len() <= recorded.len() + 1, "{at}");
        // A pause has recorded what was due, and nothing becomes due while it lasts.
        assert!(!self.model.paused || due == recorded, "{at}");
        self.check_pending();
        let at = &self.at;
        let mut paid_through = 0;
        for (index, &epoch) in recorded.iter().enumerate() {
            let root = self.world.view(activeRootCall { epoch });
            let posted = &self.model.active[&epoch];
            assert_eq!((root.root, root.rulesHash), (word(posted.tree.root()), word(RULES)), "{at}");
            assert_eq!((root.total, root.index), (posted.declared, index as u64), "{at}");
            assert_eq!(root.funded, self.model.funded_through(epoch), "{at}");
            assert_eq!(root.paid, self.model.paid_under(epoch), "{at}");
            paid_through += root.paid;
            assert!(root.paid <= root.total && paid_through <= root.funded, "{at}");
        }
        self.recorded = recorded;
    }
}
