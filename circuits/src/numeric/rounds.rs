//! # Rounds
//!
//! The compute score with 48 fractional bits, exactly as PROTOCOL section 7 defines it:
//!
//! ```text
//! share_x = ⌊u_x·2^32 / U_x⌋, and 0 where U_x = 0
//! score   = ⌊λ_q · Σ_x share_x·decay_x / 2^96⌋
//! ```

use num_bigint::BigUint;
use num_traits::ToPrimitive;

use super::decay::{DECAY_START, Decay};

/// Fractional bits of a share: a full share is `2^32`.
pub const SHARE_BITS: u32 = 32;

/// Fractional bits of `share·decay`: 32 and 64.
const PRODUCT_BITS: u32 = 96;

/// A node's units exceed the round's total, of which they are a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{units} units where all nodes together have {total}: check both against the task contract")]
#[non_exhaustive]
pub struct ShareError {
    /// `u_x`.
    pub units: u32,
    /// `U_x`.
    pub total: u32,
}

/// Why units have no compute score.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoundsError {
    /// Units and totals disagree on the number of rounds.
    #[error("units of {units} rounds and totals of {totals}: both must cover the same rounds")]
    RoundsDiffer {
        /// Rounds that units are given for.
        units: usize,
        /// Rounds that totals are given for.
        totals: usize,
    },
    /// A share above the whole.
    #[error("round {round} of those given (from 0)")]
    UnitsAboveTotal {
        /// Which of the rounds given, from 0.
        round: usize,
        /// Its units and total.
        source: ShareError,
    },
    /// The score does not fit 64 bits. The range of `λ` excludes it (see [`decay`](super::decay)); the check
    /// stands so that no other rule need be trusted here.
    #[error("the score exceeds 64 bits: choose a smaller λ")]
    ScoreOverflow,
}

/// A compute score and the sum that it was scaled from. Public, as units are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundsScore {
    /// `Σ_x share_x·decay_x`, 96 fractional bits.
    pub sum: BigUint,
    /// `⌊λ_q·sum/2^96⌋`, 48 fractional bits.
    pub score: u64,
}

/// `share_x = ⌊units·2^32/total⌋`, from 0 to `2^32`; 0 for a round in which nobody worked.
pub fn share(units: u32, total: u32) -> Result<u64, ShareError> {
    if units > total {
        return Err(ShareError { units, total });
    }
    Ok((u64::from(units) << SHARE_BITS).checked_div(total.into()).unwrap_or(0))
}

/// The compute score of an epoch's rounds, from its first on.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a share is at most 2^32 and a decay 2^64, as they never rise; the rest are big integers"
)]
pub fn compute_score(units: &[u32], totals: &[u32], decay: &Decay) -> Result<RoundsScore, RoundsError> {
    if units.len() != totals.len() {
        return Err(RoundsError::RoundsDiffer { units: units.len(), totals: totals.len() });
    }
    let mut sum = BigUint::ZERO;
    for (round, ((&units, &total), decay)) in
        units.iter().zip(totals).zip(decay.series(DECAY_START)).enumerate()
    {
        let share = share(units, total).map_err(|source| RoundsError::UnitsAboveTotal { round, source })?;
        // At most 2^32 · 2^64.
        sum += u128::from(share) * decay;
    }
    let score = ((&sum * decay.lambda_q()) >> PRODUCT_BITS).to_u64().ok_or(RoundsError::ScoreOverflow)?;
    Ok(RoundsScore { sum, score })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::decay::MIN_LAMBDA;

    fn decay(lambda: &str) -> Decay {
        Decay::from_decimal(lambda).expect("tests use good decimals")
    }

    #[test]
    fn shares_run_from_nothing_to_the_whole() {
        assert_eq!(share(0, 0), Ok(0));
        assert_eq!(share(0, 7), Ok(0));
        assert_eq!(share(1, 3), Ok(0x5555_5555));
        assert_eq!(share(2, 3), Ok(0xaaaa_aaaa));
        assert_eq!(share(u32::MAX, u32::MAX), Ok(1 << 32));
        assert_eq!(share(u32::MAX - 1, u32::MAX), Ok(u64::from(u32::MAX - 1)));
        for (units, total) in [(1, 0), (8, 7), (u32::MAX, u32::MAX - 1)] {
            assert_eq!(share(units, total), Err(ShareError { units, total }));
        }
    }

    #[test]
    fn rounds_are_checked() {
        let decay = decay("0.1");
        assert_eq!(
            compute_score(&[1], &[1, 1], &decay),
            Err(RoundsError::RoundsDiffer { units: 1, totals: 2 })
        );
        let source = ShareError { units: 3, total: 2 };
        assert_eq!(
            compute_score(&[1, 0, 3], &[1, 0, 2], &decay),
            Err(RoundsError::UnitsAboveTotal { round: 2, source })
        );
    }

    #[test]
    fn no_rounds_and_idle_rounds_score_nothing() {
        for rounds in [0, 1, 50] {
            let idle = vec![0; rounds];
            let nothing = RoundsScore { sum: BigUint::ZERO, score: 0 };
            assert_eq!(compute_score(&idle, &idle, &decay("0.1")), Ok(nothing));
        }
    }

    /// The bound `1 + λ` on a score, at both ends of the range and over a long history of full shares.
    #[test]
    fn scores_stay_below_one_plus_lambda() {
        for (lambda, ceiling) in [(MIN_LAMBDA, 1), ("0.0001", 2), ("1", 2), ("1000", 1001)] {
            let full = vec![u32::MAX; 200_000];
            let score = compute_score(&full, &full, &decay(lambda)).expect("within range").score;
            assert!(score < ceiling << 48, "λ = {lambda} scores {score}");
        }
    }

    proptest! {
        /// Rounds after the last with units add nothing, and rounds before it cost a decay each.
        #[test]
        fn idle_rounds_add_nothing(
            rounds in vec((any::<u32>(), any::<u32>()), 1..60),
            idle in 1usize..20,
            millionths in 1u32..2_000_000,
        ) {
            let decay = decay(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
            let rounds = rounds.into_iter().map(|(a, b)| (a.min(b), a.max(b)));
            let (units, totals): (Vec<u32>, Vec<u32>) = rounds.unzip();
            let pause = vec![0; idle];
            let score = compute_score(&units, &totals, &decay)?;
            let scored = |parts: [[&[u32]; 2]; 2]| {
                let [units, totals] = parts.map(|parts| parts.concat());
                compute_score(&units, &totals, &decay)
            };
            let after = scored([[&units, &pause], [&totals, &pause]])?;
            prop_assert_eq!(&after, &score);
            let before = scored([[&pause, &units], [&pause, &totals]])?;
            prop_assert!(before.sum <= score.sum);
        }

        /// All nodes of a round together never receive more than the round.
        #[test]
        fn shares_of_a_round_never_exceed_the_whole(nodes in vec(0u32..1_000_000, 1..50)) {
            let total: u32 = nodes.iter().sum();
            let shares = nodes.iter().map(|&units| share(units, total));
            let shares: Result<Vec<u64>, ShareError> = shares.collect();
            prop_assert!(shares?.iter().sum::<u64>() <= 1 << SHARE_BITS);
        }
    }
}
