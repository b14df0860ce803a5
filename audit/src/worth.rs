//! What data would be worth under a policy, before anything is proved: each step by the function that
//! settles.
//!
//! A score becomes a weight ([`Worth`]), and a weight among those of others a share of the pool ([`share`]).
//! An estimate is as good as what it is given: who else gives data, and how much, nobody knows before the
//! epoch's proofs are in.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use fairshare_circuits::numeric::divergence::per_record;
use fairshare_circuits::numeric::fixed::to_decimal;
use fairshare_params::policy::Policy;
use num_bigint::BigUint;

use crate::settlement::{DataValue, DataWeights, shares};

/// What a score of data is worth, step by step (PROTOCOL section 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// Records.
    pub records: NonZeroU32,
    /// Divergence of all records, in 1/256 nat.
    pub score: u64,
    /// Divergence per record in nats, 48 fractional bits.
    pub per_record: u128,
    /// What of the score counts: cap and bias.
    pub value: DataValue,
    /// The round of its registration; of several datasets the latest.
    pub round: u64,
    /// Rounds from the data window's first to that one; none if it is before the window.
    pub since: Option<u64>,
    /// By how much data of this round counts, in units of `2^−64`; none outside the window.
    pub fade: Option<u128>,
    /// The weight; 0 wherever [`Self::nothing`] has a reason.
    pub weight: BigUint,
    /// Why it earns nothing; empty if it has a weight.
    pub nothing: Vec<Nothing>,
}

/// Why data earns nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Nothing {
    /// Fewer records than the policy takes.
    #[error("it has {records} records, and the policy asks for at least {least} (`min_records`)")]
    FewRecords {
        /// Records.
        records: u32,
        /// The policy's minimum.
        least: u32,
    },
    /// A round whose data is not paid for.
    #[error(
        "round {round} is not one of the rounds {first} to {last} whose data is paid for",
        first = .rounds.start(), last = .rounds.end()
    )]
    Outside {
        /// The round.
        round: u64,
        /// The rounds whose data is paid for.
        rounds: RangeInclusive<u64>,
    },
    /// No more than chance alone gives.
    #[error(
        "what counts of its divergence is {} nats in all, and chance alone gives so many bins {} nats \
         (`bias`): to the rules it does not differ from the reference",
        nats(.counted), nats(.bias)
    )]
    WithinChance {
        /// The score as far as it counts, in 1/256 nat.
        counted: u128,
        /// The bias, in 1/256 nat.
        bias: u128,
    },
    /// No divergence at all.
    #[error("its score is 0: it does not differ from the reference")]
    Same,
}

/// Units of 1/256 nat, in nats.
fn nats(units: &u128) -> String {
    to_decimal(units.saturating_mul(1 << 40), 2)
}

impl Worth {
    /// What a score of so many records, registered in that round, is worth under a policy.
    pub fn of(policy: &Policy, score: u64, records: NonZeroU32, round: u64) -> Self {
        let rules = DataWeights::of(policy);
        let value = rules.value(score, records);
        let nothing = reasons(policy, score, &value, records.get(), round);
        let weight = if nothing.is_empty() { rules.weight(score, records, round) } else { BigUint::ZERO };
        Self {
            records,
            score,
            per_record: per_record(score, records),
            value,
            round,
            since: round.checked_sub(*rules.window.start()),
            fade: rules.fade(round),
            weight,
            nothing,
        }
    }
}

fn reasons(policy: &Policy, score: u64, value: &DataValue, records: u32, round: u64) -> Vec<Nothing> {
    let (least, rounds) = (policy.terms().min_records, policy.data_rounds());
    let mut nothing = Vec::new();
    if records < least {
        nothing.push(Nothing::FewRecords { records, least });
    }
    if !rounds.contains(&round) {
        nothing.push(Nothing::Outside { round, rounds });
    }
    if score == 0 {
        nothing.push(Nothing::Same);
    } else if value.g == 0 {
        nothing.push(Nothing::WithinChance { counted: value.counted, bias: value.bias });
    }
    nothing
}

/// What a weight among others' is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Data's pool, in tenths of a base unit.
    pub pool: BigUint,
    /// Whoever else has a weight.
    pub others: usize,
    /// All weights together, one's own included.
    pub total: BigUint,
    /// One's own share, in base units, rounded down as a vault rounds it.
    pub units: BigUint,
}

impl Share {
    /// The part of all weights that one's own is, from 0 to 1, to fifteen digits.
    pub fn part(&self, own: &BigUint) -> f64 {
        const DIGITS: u64 = 1_000_000_000_000_000;
        if self.total == BigUint::ZERO {
            return 0.0;
        }
        // One's own is one of them, so this is at most what it is multiplied by.
        let parts = u64::try_from(own * DIGITS / &self.total).unwrap_or(DIGITS);
        parts as f64 / DIGITS as f64
    }
}

/// The share of data's pool, of so many tenths of a base unit, that a weight has among those of others.
pub fn share<'a>(
    pool: BigUint,
    own: &'a BigUint,
    others: impl Iterator<Item = &'a BigUint> + Clone,
) -> Share {
    let weights = std::iter::once(own).chain(others.clone());
    let (mut units, _) = shares(&pool, weights.clone());
    // One share for each weight, one's own first.
    let units = if units.is_empty() { BigUint::ZERO } else { units.swap_remove(0) };
    let others = others.filter(|weight| **weight > BigUint::ZERO).count();
    Share { total: weights.sum(), pool, others, units }
}

#[cfg(test)]
mod tests {
    use fairshare_testkit::fixture;

    use super::*;

    /// The fixture's rules: 100 records at least, a cap of 0.05, rounds 10 to 13 of which the last takes
    /// none. Six bins occur in the reference, in two features: three and five, so a bias of 2 + 4 halves of a
    /// nat.
    fn worth(score: u64, records: u32, round: u64) -> Worth {
        Worth::of(&fixture::RULES, score, NonZeroU32::new(records).unwrap(), round)
    }

    #[test]
    fn each_step_is_the_settlements() {
        let rules = DataWeights::of(&fixture::RULES);
        for (score, records, round) in
            [(10_000, 200, 10), (2_000_000, 300, 12), (900, 100, 11), (u64::MAX, u32::MAX, 10)]
        {
            let worth = worth(score, records, round);
            let records = NonZeroU32::new(records).unwrap();
            assert_eq!(worth.value.g, rules.g(score, records));
            assert_eq!(worth.weight, rules.weight(score, records, round));
            assert_eq!(worth.fade, Some(rules.decay.fade(round - 10)));
            assert_eq!(worth.since, Some(round - 10));
            assert!(worth.nothing.is_empty() && worth.weight > BigUint::ZERO);
        }
        let value = worth(2_000_000, 300, 12).value;
        // 300 records of 0.05 nats, less a hair, because the cap is the floor of its 48 bits.
        assert_eq!((value.most, value.counted, value.bias), (Some(3_839), 3_839, 768));
        assert_eq!(value.g, 3_839 - 768);
    }

    #[test]
    fn what_earns_nothing_says_why_and_weighs_nothing() {
        let words = |worth: &Worth| worth.nothing.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (worth, reason) in [
            (worth(9_000, 99, 10), "it has 99 records, and the policy asks for at least 100"),
            (worth(9_000, 200, 9), "round 9 is not one of the rounds 10 to 12"),
            // The epoch's last round takes no data, though the window has it.
            (worth(9_000, 200, 13), "round 13 is not one of the rounds 10 to 12"),
            (worth(9_000, 200, 14), "round 14 is not"),
            (worth(768, 200, 10), "is 3.00 nats in all, and chance alone gives so many bins 3.00 nats"),
            (worth(0, 200, 10), "its score is 0"),
        ] {
            assert_eq!(worth.weight, BigUint::ZERO, "{reason}");
            let words = words(&worth);
            assert!(words.len() == 1 && words[0].contains(reason), "{words:?}");
        }
        assert!(worth(769, 200, 10).nothing.is_empty());
        // All reasons at once.
        assert_eq!(worth(0, 1, 20).nothing.len(), 3);
        assert_eq!((worth(9_000, 200, 9).since, worth(9_000, 200, 14).fade), (None, None));
    }

    #[test]
    fn a_share_is_rounded_down_as_the_vault_rounds() {
        let weights = [2u32, 0, 5].map(BigUint::from);
        // 100 tenths, 3 of 10: three base units.
        let own = share(100u32.into(), &3u32.into(), weights.iter());
        assert_eq!((own.units, own.others, own.total), (3u32.into(), 2, 10u32.into()));
        let own = share(99u32.into(), &3u32.into(), weights.iter());
        assert_eq!((own.units.clone(), own.part(&3u32.into())), (2u32.into(), 0.3));
        // Alone, it has all whole base units; without weight, nothing of anything.
        assert_eq!(share(99u32.into(), &1u32.into(), [].iter()).units, 9u32.into());
        assert_eq!(share(99u32.into(), &BigUint::ZERO, weights.iter()).units, BigUint::ZERO);
        assert_eq!(share(99u32.into(), &BigUint::ZERO, [].iter()).units, BigUint::ZERO);
    }
}
