//! What the vault should do, in plain sums.

use std::collections::{BTreeMap, BTreeSet};

use fairshare_audit::claims::ClaimTree;
use fairshare_params::address::Address as Account;
use rand::Rng;
use rand_chacha::ChaCha20Rng;

/// Epochs that can be funded and posted, from the open one.
const AHEAD: u64 = 64;

/// A root that was posted, and all that it holds.
#[derive(Clone)]
pub struct Posted {
    pub epoch: u64,
    pub tree: ClaimTree,
    pub claims: Vec<(Account, u128)>,
    pub declared: u128,
    pub honest: bool,
}

pub struct Model {
    first: u64,
    funded: BTreeMap<u64, u128>,
    paid: BTreeMap<(u64, Account), u128>,
    posted: Vec<Posted>,
    /// The root whose window runs, and how many seconds of it are left: above zero.
    pub pending: Option<(Posted, u64)>,
    /// By epoch, from the moment the window ends, recorded or not.
    pub active: BTreeMap<u64, Posted>,
    pub paused: bool,
    /// Accounts that the token has frozen.
    pub frozen: BTreeSet<Account>,
    pub donated: u128,
}

/// What becomes of a claim that its root proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    NothingNew,
    OverABound,
    Frozen,
    Paid(u128),
}

impl Model {
    pub fn new(first: u64) -> Self {
        Self {
            first,
            funded: BTreeMap::new(),
            paid: BTreeMap::new(),
            posted: Vec::new(),
            pending: None,
            active: BTreeMap::new(),
            paused: false,
            frozen: BTreeSet::new(),
            donated: 0,
        }
    }

    /// The lowest epoch that can be funded and posted.
    pub fn open(&self) -> u64 {
        self.active.keys().next_back().map_or(self.first, |last| last + 1)
    }

    pub fn in_reach(&self, epoch: u64) -> bool {
        (self.open()..self.open() + AHEAD).contains(&epoch)
    }

    pub fn fund(&mut self, epoch: u64, amount: u128) {
        *self.funded.entry(epoch).or_default() += amount;
    }

    pub fn funded_through(&self, epoch: u64) -> u128 {
        self.funded.range(..=epoch).map(|(_, amount)| amount).sum()
    }

    pub fn total_funded(&self) -> u128 {
        self.funded.values().sum()
    }

    pub fn accepts_post(&self, epoch: u64, declared: u128) -> bool {
        let previous = self.active.values().next_back().map_or(1, |posted| posted.declared);
        let alone = self.pending.as_ref().is_none_or(|(posted, _)| posted.epoch == epoch);
        let amount = (previous..=self.funded_through(epoch)).contains(&declared);
        !self.paused && self.in_reach(epoch) && amount && alone
    }

    pub fn post(&mut self, posted: Posted, window: u64) {
        self.posted.push(posted.clone());
        self.pending = Some((posted, window));
    }

    pub fn veto(&mut self) {
        self.pending = None;
    }

    /// Lets time pass: a pause stops the window. Says whether a root became active.
    pub fn pass(&mut self, seconds: u64) -> bool {
        if self.paused {
            return false;
        }
        if let Some((_, left)) = &mut self.pending {
            *left = left.saturating_sub(seconds);
        }
        match self.pending.take_if(|(_, left)| *left == 0) {
            Some((posted, _)) => self.active.insert(posted.epoch, posted).is_none(),
            None => false,
        }
    }

    /// What becomes of a claim under an active root of an epoch.
    pub fn fate(&self, epoch: u64, who: Account, cumulative: u128) -> Fate {
        match cumulative.saturating_sub(self.paid(who)) {
            0 => Fate::NothingNew,
            amount if !self.covers(epoch, amount) => Fate::OverABound,
            _ if self.frozen.contains(&who) => Fate::Frozen,
            amount => Fate::Paid(amount),
        }
    }

    /// Any root that was ever posted, most often a recent one, and every other time the last that is active.
    pub fn some_posted(&self, rng: &mut ChaCha20Rng) -> Option<Posted> {
        if let Some(last) = self.active.values().next_back().filter(|_| rng.r#gen()) {
            return Some(last.clone());
        }
        let count = self.posted.len();
        let recent = if rng.gen_ratio(4, 5) { count.min(5) } else { count };
        (count > 0).then(|| self.posted[count - 1 - rng.gen_range(0..recent)].clone())
    }

    pub fn is_active(&self, posted: &Posted) -> bool {
        self.active.get(&posted.epoch).is_some_and(|active| active.tree.root() == posted.tree.root())
    }

    /// Whether the bounds leave room: what the root declares, and what was funded up to it and each later
    /// root.
    pub fn covers(&self, epoch: u64, amount: u128) -> bool {
        let declared = self.paid_under(epoch) + amount <= self.active[&epoch].declared;
        declared
            && self.active.range(epoch..).all(|(&later, _)| {
                let paid: u128 =
                    self.paid.iter().filter(|((e, _), _)| *e <= later).map(|(_, paid)| paid).sum();
                paid + amount <= self.funded_through(later)
            })
    }

    pub fn pay(&mut self, epoch: u64, who: Account, amount: u128) {
        *self.paid.entry((epoch, who)).or_default() += amount;
    }

    pub fn paid(&self, who: Account) -> u128 {
        self.paid.iter().filter(|((_, account), _)| *account == who).map(|(_, amount)| amount).sum()
    }

    pub fn paid_under(&self, epoch: u64) -> u128 {
        self.paid.iter().filter(|((e, _), _)| *e == epoch).map(|(_, amount)| amount).sum()
    }

    pub fn total_paid(&self) -> u128 {
        self.paid.values().sum()
    }

    /// The highest amount that any active root says a contributor has earned.
    pub fn highest(&self, who: Account) -> u128 {
        let amounts = self.active.values().filter_map(|posted| posted.tree.claim(&who));
        amounts.map(|claim| claim.cumulative).max().unwrap_or(0)
    }

    /// What everyone has earned by the last honest root that became active.
    pub fn earned(&self, contributors: &[Account]) -> Vec<(Account, u128)> {
        let last = self.active.values().rev().find(|posted| posted.honest);
        last.map_or_else(
            || contributors.iter().map(|&who| (who, 0)).collect(),
            |posted| posted.claims.clone(),
        )
    }
}
