//! How a pool is divided (PROTOCOL section 10), in integers that cannot wrap.
//!
//! ```text
//! g             = ⌊score·2^40 / n⌋                                     `divergence`
//!               = max(0, min(score, ⌊n·cap/2^40⌋) − bins'·2^7)         `records-divergence`
//! data weight   = λ_q · g · fade(latest round of the datasets covered − first round of the window)
//! data share    = ⌊tenths of the data pool · weight / (10·Σ weight)⌋
//! compute share = ⌊tenths of the compute pool · score / (10·Σ score)⌋
//! ```
//!
//! A contributor's datasets make one histogram and one score, and the **latest** of their rounds counts for
//! all of them. A mean over datasets could be lifted by early records that cost nothing; this way nobody
//! gains by how records are cut into datasets, in which order these stand, or that some of them were early.
//!
//! The pools are kept in **tenths** of the token's base unit, because 7 : 3 of a unit is no whole unit: so
//! every floor is taken once, at the share. A pool without weight is carried whole to the next epoch's pool
//! of the same kind. What rounding leaves of a pool that is divided, less than a unit per contributor, stays
//! in the vault and is reported.
//!
//! **Bounds.** `λ_q < 2^58`, `fade ≤ 2^64` and `g < 2^104`, so a data weight is below `2^226`; verified
//! scores are below `2^60`, which makes that `2^222`. A pool and what was carried to it are below `2^128`
//! base units, because a vault's pools are so in all, and so below `2^132` tenths. A product of the two is
//! below `2^358`, ten times the sum of the weights of fewer than `2^160` addresses below `2^390`: 512 bits
//! hold either, as a contract has to. Here they are [`BigUint`]s, which have no bound. A share never exceeds
//! its pool and so fits 128 bits.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::per_record;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::policy::{COMPUTE_WEIGHT, DATA_WEIGHT, Policy, Weighting};
use fairshare_params::role::Role;
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
        /// Records of the datasets that it covers.
        records: NonZeroU32,
        /// The latest of their rounds.
        latest: u64,
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
    /// What is carried to the next epoch: the whole of a pool without weight.
    pub carry: Tenths,
    /// What rounding leaves in the vault: less than a base unit per contributor and pool.
    pub rounding: Tenths,
}

/// Scores that no pool can be divided by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementError {
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

/// Divides the policy's pool, and what was carried to it, by the scores.
pub fn settle(
    policy: &Policy,
    carried: &Tenths,
    scores: &[(Address, Earned)],
) -> Result<Settlement, SettlementError> {
    settle_pool(policy, policy.terms().pool, carried, scores)
}

/// Divides this pool, and what was carried to it, by the scores: rules that name no pool pay what was funded.
pub fn settle_pool(
    policy: &Policy,
    pool: u128,
    carried: &Tenths,
    scores: &[(Address, Earned)],
) -> Result<Settlement, SettlementError> {
    let (mut compute, mut data) = (BTreeMap::new(), BTreeMap::new());
    let rules = DataWeights::of(policy);
    for (contributor, earned) in scores {
        let (weights, weight) = match earned {
            Earned::Compute { score } => (&mut compute, BigUint::from(*score)),
            Earned::Data { score, records, latest } => (&mut data, rules.weight(*score, *records, *latest)),
        };
        if weights.insert(*contributor, weight).is_some() {
            return Err(SettlementError::Twice { contributor: *contributor, role: earned.role() });
        }
    }
    let [compute_pool, data_pool] = pools(pool, carried);
    let compute = divide(compute_pool, &compute)?;
    let data = divide(data_pool, &data)?;
    let mut payouts: BTreeMap<Address, Payout> = BTreeMap::new();
    for (contributor, share) in compute.shares {
        payouts.entry(contributor).or_default().compute = share;
    }
    for (contributor, share) in data.shares {
        let payout = payouts.entry(contributor).or_default();
        payout.data = share;
        payout.compute.checked_add(share).ok_or(SettlementError::TooLarge { contributor })?;
    }
    let carry = Tenths { compute: compute.carried, data: data.carried };
    let rounding = Tenths { compute: compute.rounding, data: data.rounding };
    Ok(Settlement { payouts, carry, rounding })
}

/// The tenths of both pools, for computing power and for data, with what was carried to them.
pub fn pools(pool: u128, carried: &Tenths) -> [BigUint; 2] {
    let pool = BigUint::from(pool);
    [&pool * COMPUTE_WEIGHT + &carried.compute, pool * DATA_WEIGHT + &carried.data]
}

/// The tenths of both pools that are neither paid nor carried, by what is on record of an epoch: of an honest
/// one, what rounding leaves; none where more is gone of a pool than there was.
pub fn kept(
    pool: u128,
    brought: &Tenths,
    carried: &Tenths,
    payouts: impl Iterator<Item = Payout>,
) -> Option<Tenths> {
    let mut gone = carried.clone();
    for payout in payouts {
        gone.compute += BigUint::from(payout.compute) * PARTS;
        gone.data += BigUint::from(payout.data) * PARTS;
    }
    let [compute, data] = pools(pool, brought);
    (gone.compute <= compute && gone.data <= data)
        .then(|| Tenths { compute: compute - gone.compute, data: data - gone.data })
}

/// What the weight of data depends on besides the data.
#[derive(Clone, Debug)]
pub struct DataWeights<'a> {
    /// `λ_q` and `fade`.
    pub decay: &'a Decay,
    /// Which `g`.
    pub weighting: Weighting,
    /// `bins'`.
    pub free_bins: u64,
    /// The data window: the rounds whose datasets are eligible.
    pub window: RangeInclusive<u64>,
}

impl<'a> DataWeights<'a> {
    /// A policy's rules.
    pub fn of(policy: &'a Policy) -> Self {
        Self {
            decay: policy.data_decay(),
            weighting: policy.terms().weighting,
            free_bins: policy.free_bins(),
            window: policy.data_window(),
        }
    }

    /// The weight of a contributor's data: `λ_q · g · fade`.
    ///
    /// Data of a round outside the window, which is not eligible (section 9), weighs nothing. It is no error,
    /// because one contributor's act must not keep the others from being paid.
    pub fn weight(&self, score: u64, records: NonZeroU32, latest: u64) -> BigUint {
        match self.fade(latest) {
            Some(fade) => BigUint::from(self.g(score, records)) * self.decay.lambda_q() * fade,
            None => BigUint::ZERO,
        }
    }

    /// By how much data counts whose latest round this is, in units of `2^−64`; nothing outside the window.
    pub fn fade(&self, latest: u64) -> Option<u128> {
        let since = latest.checked_sub(*self.window.start())?;
        self.window.contains(&latest).then(|| self.decay.fade(since))
    }

    /// `g`: what a score is worth before decay.
    pub fn g(&self, score: u64, records: NonZeroU32) -> u128 {
        self.value(score, records).g
    }

    /// `g`, and what it is made of.
    ///
    /// The plug-in bias of a total divergence is `bins'/2` nats, whatever the number of records: `2^7` for
    /// each in 1/256 nat.
    pub fn value(&self, score: u64, records: NonZeroU32) -> DataValue {
        let bias = u128::from(self.free_bins) << 7;
        match self.weighting {
            Weighting::Divergence => {
                DataValue { most: None, counted: score.into(), bias, g: per_record(score, records) }
            }
            Weighting::RecordsDivergence { cap } => {
                // A cap below 2^64 times a number of records below 2^32.
                let most = (u128::from(records.get()) * u128::from(cap)) >> 40;
                let counted = u128::from(score).min(most);
                DataValue { most: Some(most), counted, bias, g: counted.saturating_sub(bias) }
            }
        }
    }
}

/// What a data score is worth before decay, step by step; all but `g` in 1/256 nat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataValue {
    /// The most that the cap allows; none under `divergence`, which has no cap.
    pub most: Option<u128>,
    /// The score as far as it counts.
    pub counted: u128,
    /// What chance alone gives, on average. Under `divergence` it is not taken off.
    pub bias: u128,
    /// In 1/256 nat; under `divergence` per record, 48 fractional bits.
    pub g: u128,
}

/// A pool, divided.
struct Divided {
    shares: BTreeMap<Address, u128>,
    /// All tenths, where nobody has any weight.
    carried: BigUint,
    /// Tenths that rounding leaves.
    rounding: BigUint,
}

/// Divides a pool's tenths, unless nobody has any weight.
fn divide(tenths: BigUint, weights: &BTreeMap<Address, BigUint>) -> Result<Divided, SettlementError> {
    let (shares, left) = shares(&tenths, weights.values());
    let shares = weights.keys().zip(shares).map(|(contributor, share)| {
        let share = u128::try_from(share);
        let share = share.map_err(|_| SettlementError::TooLarge { contributor: *contributor })?;
        Ok((*contributor, share))
    });
    let shares = shares.collect::<Result<_, _>>()?;
    let earned = weights.values().any(|weight| *weight > BigUint::ZERO);
    let (carried, rounding) = if earned { (BigUint::ZERO, left) } else { (left, BigUint::ZERO) };
    Ok(Divided { shares, carried, rounding })
}

/// `⌊tenths·w / (10·Σw)⌋` for each weight, in their order, and the tenths that are left: all of them where
/// there is no weight.
pub fn shares<'a>(
    tenths: &BigUint,
    weights: impl Iterator<Item = &'a BigUint> + Clone,
) -> (Vec<BigUint>, BigUint) {
    let divisor = weights.clone().sum::<BigUint>() * PARTS;
    if divisor == BigUint::ZERO {
        return (weights.map(|_| BigUint::ZERO).collect(), tenths.clone());
    }
    let shares: Vec<_> = weights.map(|weight| tenths * weight / &divisor).collect();
    // The shares' sum is at most a tenth of the tenths.
    let left = tenths - shares.iter().sum::<BigUint>() * PARTS;
    (shares, left)
}
