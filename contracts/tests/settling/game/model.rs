//! What a vault and its registry must do, by somebody who knows no Solidity: it says of every move whether it
//! is taken, and what everybody has afterwards.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::FixedBytes;
use fairshare_audit::settlement::{DataWeights, Earned, shares};
use fairshare_params::address::Address as Account;
use num_bigint::BigUint;

use crate::pool::{EPOCHS, NODES, POOL, UNITS};
use crate::world::{FIRST, ROUNDS};

/// A bundle of the pool: what it is of, and what Rust says of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The epoch's place in the pool, whose rules the bundle is of.
    pub index: usize,
    pub who: Account,
    /// The digests that it covers; none of computing power.
    pub digests: Vec<FixedBytes<32>>,
    /// The score; of data also the records.
    pub earned: Earned,
    pub bytes: Vec<u8>,
}

/// A dataset on record.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub round: u64,
    pub order: u64,
    /// The first epoch, by its place, in which it counts no more.
    pub struck_from: Option<usize>,
}

/// An epoch that began.
#[derive(Clone, Debug, Default)]
pub struct Epoch {
    pub pool: u128,
    pub deadline: Option<u64>,
    pub closed_until: u64,
    /// Units as they were recorded, round by round.
    pub units: [[u32; 4]; ROUNDS as usize],
    /// The place of the node that was recorded last in the round that goes on.
    pub recorded: Option<usize>,
    pub struck: BTreeSet<Account>,
    pub data: BTreeMap<Account, BigUint>,
    pub compute: BTreeMap<Account, BigUint>,
    pub paid: BTreeSet<Account>,
}

/// What an epoch owes: by contributor for computing power and for data, and what it carries of each in
/// tenths.
#[derive(Clone, Debug)]
pub struct Owed {
    pub shares: BTreeMap<Account, u128>,
    pub tenths: [BigUint; 2],
    pub carried: [BigUint; 2],
}

#[derive(Debug, Default)]
pub struct Model {
    /// Whether the rules of the epoch that begins next were opened.
    pub is_opened: bool,
    pub epochs: Vec<Epoch>,
    /// The round that goes on, counted from the epoch's first; none between epochs.
    pub round: Option<u64>,
    pub datasets: BTreeMap<FixedBytes<32>, Dataset>,
    pub unassigned: u128,
    pub funded: u128,
    pub paid: u128,
    pub donated: u128,
    pub balances: BTreeMap<Account, u128>,
    pub frozen: BTreeSet<Account>,
    /// How many epochs the vault has settled.
    pub settled: usize,
}

impl Model {
    /// The place of the epoch that begins next.
    pub fn next(&self) -> usize {
        self.epochs.len()
    }

    /// Whether the first round of the next epoch may begin.
    pub fn may_begin(&self, now: u64) -> bool {
        let pooled = POOL.get(self.next());
        self.round.is_none()
            && self.is_opened
            && pooled.is_some_and(|pooled| {
                pooled.rules.terms.pool <= self.unassigned && now < pooled.rules.terms.ends_by
            })
    }

    pub fn begin(&mut self) {
        let pool = POOL[self.next()].rules.terms.pool;
        self.unassigned -= pool;
        self.epochs.push(Epoch { pool, ..Epoch::default() });
        (self.is_opened, self.round) = (false, Some(0));
    }

    /// The epoch whose rounds go on.
    pub fn running(&mut self) -> Option<&mut Epoch> {
        self.round.and(self.epochs.last_mut())
    }

    pub fn end_rounds(&mut self, count: u64, now: u64) {
        let round = self.round.expect("a round goes on") + count;
        self.epochs.last_mut().expect("it began").recorded = None;
        if round < ROUNDS {
            self.round = Some(round);
        } else {
            self.end(now);
        }
    }

    pub fn end(&mut self, now: u64) {
        let index = self.next() - 1;
        let terms = &POOL[index].rules.terms;
        let before = index.checked_sub(1).map_or(0, |before| self.epochs[before].closed_until);
        let epoch = &mut self.epochs[index];
        if terms.pool == 0 {
            epoch.pool = std::mem::take(&mut self.unassigned);
        }
        let deadline = now + terms.proving_seconds;
        (epoch.deadline, epoch.closed_until) = (Some(deadline), before.max(deadline));
        self.round = None;
    }

    /// The first epoch whose last round has not ended.
    pub fn unended(&self) -> usize {
        if self.round.is_some() { self.next() - 1 } else { self.next() }
    }

    /// Whether data is taken, which is void after this round.
    pub fn takes_data(&self, digest: &FixedBytes<32>, last_round: u64) -> bool {
        let Some(round) = self.round else { return false };
        let number = POOL[self.next() - 1].rules.terms.first_round + round;
        round < ROUNDS - 1 && last_round >= number && !self.datasets.contains_key(digest)
    }

    pub fn register(&mut self, digest: FixedBytes<32>) {
        let first = POOL[self.next() - 1].rules.terms.first_round;
        let round = first + self.round.expect("a round goes on");
        let order = self.datasets.len() as u64 + 1;
        self.datasets.insert(digest, Dataset { round, order, struck_from: None });
    }

    /// What a bundle weighs under its own rules, if all that it says is on record and it comes in time.
    pub fn weight(&self, known: &Known, now: u64) -> Option<BigUint> {
        let epoch = self.epochs.get(known.index)?;
        if now > epoch.deadline? {
            return None;
        }
        match known.earned {
            Earned::Compute { score } => {
                let is_true = epoch.units == UNITS[known.index] && !epoch.struck.contains(&known.who);
                (is_true && score > 0).then(|| score.into())
            }
            Earned::Data { score, records, .. } => {
                let latest = self.latest(known)?;
                let weights = DataWeights::of(&POOL[known.index].policy);
                Some(weights.weight(score, records, latest))
            }
        }
    }

    /// The latest round of the datasets that a bundle covers, if they all count, in this order.
    fn latest(&self, known: &Known) -> Option<u64> {
        let terms = &POOL[known.index].rules.terms;
        let (mut latest, mut order) = (0, 0);
        for digest in &known.digests {
            let dataset = self.datasets.get(digest)?;
            let is_within = (terms.data_first_round..=terms.last_round()).contains(&dataset.round);
            let is_struck = dataset.struck_from.is_some_and(|from| from <= known.index);
            if !is_within || is_struck || dataset.order <= order {
                return None;
            }
            order = dataset.order;
            latest = latest.max(dataset.round);
        }
        Some(latest)
    }

    /// Where a contributor stands for a bundle's role and epoch.
    pub fn standing(&self, known: &Known) -> BigUint {
        let epoch = &self.epochs[known.index];
        let by = match known.earned {
            Earned::Data { .. } => &epoch.data,
            Earned::Compute { .. } => &epoch.compute,
        };
        by.get(&known.who).cloned().unwrap_or_default()
    }

    pub fn submit(&mut self, known: &Known, weight: BigUint) {
        let epoch = &mut self.epochs[known.index];
        let by = match known.earned {
            Earned::Data { .. } => &mut epoch.data,
            Earned::Compute { .. } => &mut epoch.compute,
        };
        by.insert(known.who, weight);
    }

    /// Whether an epoch's claims are open.
    pub fn is_open(&self, index: usize, now: u64) -> bool {
        self.epochs.get(index).is_some_and(|epoch| epoch.deadline.is_some() && now > epoch.closed_until)
    }

    /// What an epoch owes whose claims are open: both pools by weight, each with what was carried to it.
    pub fn owed(&self, index: usize) -> Owed {
        let carried = match index.checked_sub(1) {
            Some(before) => self.owed(before).carried,
            None => [BigUint::ZERO, BigUint::ZERO],
        };
        let epoch = &self.epochs[index];
        let mut owed = Owed { shares: BTreeMap::new(), tenths: carried.clone(), carried: carried.clone() };
        for (kind, (by, parts)) in [(&epoch.compute, 7u32), (&epoch.data, 3)].into_iter().enumerate() {
            let tenths = BigUint::from(epoch.pool) * parts + &carried[kind];
            let (divided, left) = shares(&tenths, by.values());
            for (who, share) in by.keys().zip(divided) {
                *owed.shares.entry(*who).or_default() += u128::try_from(share).expect("a share");
            }
            let has_weight = by.values().any(|weight| *weight > BigUint::ZERO);
            (owed.tenths[kind], owed.carried[kind]) =
                if has_weight { (tenths, BigUint::ZERO) } else { (BigUint::ZERO, left) };
        }
        owed
    }

    /// What a claim pays; none if it is refused.
    pub fn claimable(&self, index: usize, who: Account, recipient: Account, now: u64) -> Option<u128> {
        if !self.is_open(index, now) || self.frozen.contains(&recipient) {
            return None;
        }
        let epoch = &self.epochs[index];
        let share = self.owed(index).shares.get(&who).copied().unwrap_or(0);
        (share > 0 && !epoch.paid.contains(&who)).then_some(share)
    }

    pub fn pay(&mut self, index: usize, who: Account, recipient: Account, amount: u128) {
        self.epochs[index].paid.insert(who);
        self.paid += amount;
        *self.balances.entry(recipient).or_default() += amount;
        self.settled = self.settled.max(index + 1);
    }

    /// How many epochs have open claims.
    pub fn due(&self, now: u64) -> usize {
        (0..EPOCHS).take_while(|index| self.is_open(*index, now)).count()
    }

    /// All who may ever have a standing.
    pub fn contributors() -> BTreeSet<Account> {
        crate::pool::GIVERS.iter().chain(&NODES).copied().collect()
    }

    /// An epoch's number.
    pub fn number(index: usize) -> u64 {
        FIRST + index as u64
    }
}
