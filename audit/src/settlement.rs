//! How a pool is divided (PROTOCOL section 8), in integers that cannot wrap.
//!
//! ```text
//! g                 = ⌊score·2^40 / n⌋, or max(0, min(score, ⌊n·cap/2^40⌋) − (bins − d)·2^7)
//! weight of data    = ⌊λ_q · g · Σ_i n_i·decay(x_i) / n⌋                 over the contributor's datasets i
//! share of compute  = ⌊tenths of the compute pool · score / (10 · Σ score)⌋
//! share of data     = ⌊tenths of the data pool · weight / (10 · Σ weight)⌋
//! ```
//!
//! A contributor's datasets make one histogram and one score `g(score, n)`, but each may have been registered
//! in a round of its own: the decay is their mean, each dataset counting by its records. For datasets of one
//! round, and so for a single one, this is PROTOCOL's formula exactly.
//!
//! The pools are kept in **tenths** of the token's base unit, because 7 : 3 of a unit is no whole unit: so
//! every floor is taken once, at the share, and what is carried to the next epoch is exact.
//!
//! **Bounds** `λ_q < 2^58`, `g < 2^104`, `Σ n_i·decay ≤ 2^96`, so the weight's numerator is below `2^258`;
//! there are fewer than `2^32` contributors and, over a vault's life, fewer than `2^128` base units, so
//! nothing exceeds 430 bits. All of it is computed in [`BigUint`], which has no bound; a share never exceeds
//! its pool and so fits 128 bits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use fairshare_circuits::numeric::decay::DecayError;
use fairshare_circuits::numeric::divergence::per_record;
use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::policy::{COMPUTE_WEIGHT, DATA_WEIGHT, Policy, Weighting};
use fairshare_params::role::Role;
use fairshare_verifier::{Score, ScoredDataset};
use num_bigint::BigUint;

/// Parts into which a base unit is divided between the pools.
const PARTS: u32 = COMPUTE_WEIGHT + DATA_WEIGHT;

/// A verified score, as settlement sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earned {
    /// For data.
    Data {
        /// The score, in 1/256 nat.
        score: u64,
        /// The datasets that it covers.
        datasets: Vec<ScoredDataset>,
    },
    /// For computing power.
    Compute {
        /// The score, 48 fractional bits.
        score: u64,
    },
}

impl Earned {
    /// For what.
    pub fn role(&self) -> Role {
        match self {
            Self::Data { .. } => Role::Data,
            Self::Compute { .. } => Role::Compute,
        }
    }
}

impl From<&Score> for Earned {
    fn from(score: &Score) -> Self {
        match score {
            Score::Compute(score) => Self::Compute { score: score.score },
            Score::Data(score) => Self::Data { score: score.score, datasets: score.datasets.clone() },
        }
    }
}

/// Tenths of base units that earlier epochs left, for each pool by itself: a pool without weight stays with
/// its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// For computing power.
    pub compute: BigUint,
    /// For data.
    pub data: BigUint,
}

/// What one contributor is paid for one epoch, in the token's base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payout {
    /// For computing power.
    pub compute: u128,
    /// For data.
    pub data: u128,
}

impl Payout {
    /// Both together. [`settle`] gives nobody more than `2^128`.
    pub fn total(&self) -> u128 {
        self.compute.saturating_add(self.data)
    }
}

/// An epoch's settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// By contributor; who earned nothing is listed with zeros.
    pub payouts: BTreeMap<Address, Payout>,
    /// What is left for the next epoch.
    pub carry: Carry,
}

/// A score that cannot be weighed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementError {
    /// A dataset's round has no decay.
    #[error(
        "{contributor}'s dataset of round {round} cannot be weighed",
        contributor = checksummed(.contributor)
    )]
    Round {
        /// The contributor.
        contributor: Address,
        /// The round.
        round: u64,
        /// Why.
        source: DecayError,
    },
    /// More than 128 bits of base units for one contributor. A ledger opens no epoch that could lead to it.
    #[error(
        "{contributor} would be paid more than 2^128 base units; use larger units",
        contributor = checksummed(.contributor)
    )]
    TooLarge {
        /// The contributor.
        contributor: Address,
    },
    /// One contributor scored twice in one role: paying both would pay one contribution twice.
    #[error(
        "{contributor} has two scores for {role} in one epoch",
        contributor = checksummed(.contributor)
    )]
    Twice {
        /// The contributor.
        contributor: Address,
        /// The role.
        role: Role,
    },
}

/// Divides the policy's pool, and what was carried, by the scores.
pub fn settle(
    policy: &Policy,
    carried: &Carry,
    scores: &[(Address, Earned)],
) -> Result<Settlement, SettlementError> {
    let (mut compute, mut data) = (BTreeMap::new(), BTreeMap::new());
    let mut decays = Decays::new(policy);
    for (contributor, earned) in scores {
        let (weights, role, weight) = match earned {
            Earned::Compute { score } => (&mut compute, Role::Compute, BigUint::from(*score)),
            Earned::Data { score, datasets } => {
                let weight = decays.weight(*score, datasets).map_err(|(round, source)| {
                    SettlementError::Round { contributor: *contributor, round, source }
                })?;
                (&mut data, Role::Data, weight)
            }
        };
        if weights.insert(*contributor, weight).is_some() {
            return Err(SettlementError::Twice { contributor: *contributor, role });
        }
    }
    let pool = BigUint::from(policy.vault().pool);
    let (compute, compute_left) = divide(&pool * COMPUTE_WEIGHT + &carried.compute, &compute)?;
    let (data, data_left) = divide(&pool * DATA_WEIGHT + &carried.data, &data)?;
    let mut payouts: BTreeMap<Address, Payout> = BTreeMap::new();
    for (contributor, share) in compute {
        payouts.entry(contributor).or_default().compute = share;
    }
    for (contributor, share) in data {
        let payout = payouts.entry(contributor).or_default();
        payout.data = share;
        payout.compute.checked_add(share).ok_or(SettlementError::TooLarge { contributor })?;
    }
    Ok(Settlement { payouts, carry: Carry { compute: compute_left, data: data_left } })
}

/// The weights of data under one policy; a round's decay takes as many steps as its number, so each is
/// computed once.
struct Decays<'a> {
    policy: &'a Policy,
    known: BTreeMap<u64, u128>,
}

impl<'a> Decays<'a> {
    fn new(policy: &'a Policy) -> Self {
        Self { policy, known: BTreeMap::new() }
    }

    /// A contributor's weight; on failure, the round that has no decay.
    fn weight(&mut self, score: u64, datasets: &[ScoredDataset]) -> Result<BigUint, (u64, DecayError)> {
        let records: u64 = datasets.iter().map(|dataset| u64::from(dataset.records)).sum();
        // A verified score is of 1 to 2^32 − 1 records.
        let Some(records) = u32::try_from(records).ok().and_then(NonZeroU32::new) else {
            return Ok(BigUint::ZERO);
        };
        let mut decayed = BigUint::ZERO;
        for dataset in datasets {
            decayed += BigUint::from(self.at(dataset.round)?) * dataset.records;
        }
        let schema = self.policy.schema();
        // Symbol 0, padding, is no bin.
        let freedom = schema.symbol_count().saturating_sub(1).saturating_sub(schema.len()) as u64;
        let g = g(self.policy.weighting(), score, records, freedom);
        Ok(decayed * g * self.policy.data_decay().lambda_q() / records.get())
    }

    fn at(&mut self, round: u64) -> Result<u128, (u64, DecayError)> {
        if let Some(decay) = self.known.get(&round) {
            return Ok(*decay);
        }
        let decay = self.policy.data_decay().at(round).map_err(|source| (round, source))?;
        self.known.insert(round, decay);
        Ok(decay)
    }
}

/// `g`; `freedom` is bins less features.
///
/// The plug-in bias of a total divergence is `freedom/2` nats, whatever the number of records: `2^7` for each
/// in 1/256 nat.
fn g(weighting: Weighting, score: u64, records: NonZeroU32, freedom: u64) -> u128 {
    match weighting {
        Weighting::Divergence => per_record(score, records),
        Weighting::RecordsDivergence { cap } => {
            // A cap below 2^64 times a number of records below 2^32.
            let most = (u128::from(records.get()) * u128::from(cap)) >> 40;
            u128::from(score).min(most).saturating_sub(u128::from(freedom) << 7)
        }
    }
}

/// A number for each contributor.
type Shares = BTreeMap<Address, u128>;

/// `⌊tenths · w / (10 · Σw)⌋` for each weight, and the tenths that are left: all of them where there is no
/// weight.
fn divide(
    tenths: BigUint,
    weights: &BTreeMap<Address, BigUint>,
) -> Result<(Shares, BigUint), SettlementError> {
    let divisor = weights.values().sum::<BigUint>() * PARTS;
    if divisor == BigUint::ZERO {
        return Ok((weights.keys().map(|contributor| (*contributor, 0)).collect(), tenths));
    }
    let mut left = tenths.clone();
    let mut shares = Shares::new();
    for (contributor, weight) in weights {
        let share = u128::try_from(&tenths * weight / &divisor)
            .map_err(|_| SettlementError::TooLarge { contributor: *contributor })?;
        left -= BigUint::from(share) * PARTS;
        shares.insert(*contributor, share);
    }
    Ok((shares, left))
}
