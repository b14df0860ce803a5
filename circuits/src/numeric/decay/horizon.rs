//! # How far decay carries
//!
//! Rules whose last decay is below `2^40` are refused (PROTOCOL section 7): with so few bits left, the last
//! rounds would be paid by rounding. Computing power is checked by the recurrence over the epoch, data by
//! `fade` over the data window, so that a check is of what is then paid. A refusal names the largest `λ` and
//! the most rounds that fit.
//!
//! Both functions fall as `λ` grows, and both fall from round to round while they are at least `2^40`: a
//! round takes `2^−24` of the value or more, all of `fade`'s floors together less than `2^−34` of it. So
//! halving finds what fits.

use super::{DECAY_START, Decay, MAX_LAMBDA, step};
use crate::numeric::fixed::{Decimal, FRACTION_BITS};

/// The least decay that a last round may have, `2^−24` of the first one's.
pub const LEAST_LAST_DECAY: u128 = 1 << 40;

/// The last rounds would be paid by rounding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "with λ = {lambda}, the last of {rounds} rounds counts for less than 2^-24 of the first: {}at most \
     {most_rounds} rounds",
    lambda_hint(.largest_lambda.as_deref())
)]
#[non_exhaustive]
pub struct FadedOut {
    /// `λ`.
    pub lambda: String,
    /// The rounds, the first and the last among them.
    pub rounds: u128,
    /// The most rounds that fit this `λ`.
    pub most_rounds: u64,
    /// The largest `λ` of twelve decimal places that fits so many rounds, if any does.
    pub largest_lambda: Option<String>,
}

fn lambda_hint(largest: Option<&str>) -> String {
    match largest {
        Some(largest) => format!("choose a λ of at most {largest}, or "),
        None => "no λ fits so many; choose ".to_owned(),
    }
}

/// A decay so many rounds after the first.
type After = fn(&Decay, u64) -> u128;

impl Decay {
    /// Checks that computing power still counts in the epoch's last round, which is `last` rounds after the
    /// first. It takes `last` steps for each of some sixty tries: check the number of rounds before.
    pub fn check_epoch(&self, last: u64) -> Result<(), FadedOut> {
        self.check(last, by_recurrence)
    }

    /// Checks that data still counts in the epoch's last round, which is `last` rounds after the first of the
    /// data window.
    pub fn check_window(&self, last: u64) -> Result<(), FadedOut> {
        self.check(last, Self::fade)
    }

    /// How much more the first round pays than the one `last` rounds after it, with 48 fractional bits;
    /// `None` where that one pays nothing. Where it is far from 1, it pays to hold data back for the next
    /// epoch.
    pub fn first_over_last(&self, last: u64) -> Option<u128> {
        (DECAY_START << FRACTION_BITS).checked_div(self.fade(last))
    }

    fn check(&self, last: u64, after: After) -> Result<(), FadedOut> {
        if after(self, last) >= LEAST_LAST_DECAY {
            return Ok(());
        }
        let most = largest(last, |round| after(self, round) >= LEAST_LAST_DECAY);
        Err(FadedOut {
            lambda: self.lambda.clone(),
            rounds: u128::from(last).saturating_add(1),
            // Even under the least λ fewer than 2^29 rounds fit.
            most_rounds: most.saturating_add(1),
            largest_lambda: largest_lambda(last, after),
        })
    }
}

/// `decay_last` by the recurrence, as far as it is not below the least.
fn by_recurrence(decay: &Decay, last: u64) -> u128 {
    let mut after = DECAY_START;
    for _ in 0..last {
        if after < LEAST_LAST_DECAY {
            break;
        }
        after = step(after, decay.rho);
    }
    after
}

/// The largest `λ` in whole trillionths under which a round `last` after the first still counts.
fn largest_lambda(last: u64, after: After) -> Option<String> {
    // Not even one round fits the largest λ, whose ρ is 0.
    let beyond = u64::from(MAX_LAMBDA).saturating_mul(1_000_000_000_000);
    let decay = |trillionths| Decay::from_exact(Decimal::from_trillionths(trillionths)).ok();
    let fits = |decay: &Decay| after(decay, last) >= LEAST_LAST_DECAY;
    // What is below the least λ counts as fitting here, so that there is always something that does.
    let found = largest(beyond, |trillionths| decay(trillionths).is_none_or(|decay| fits(&decay)));
    decay(found).map(|decay| decay.lambda)
}

/// The largest number that fits, of those below one that does not; 0 fits.
fn largest(beyond: u64, fits: impl Fn(u64) -> bool) -> u64 {
    let (mut fitting, mut beyond) = (0, beyond);
    loop {
        let middle = u64::midpoint(fitting, beyond);
        if middle == fitting {
            return fitting;
        }
        if fits(middle) {
            fitting = middle;
        } else {
            beyond = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::numeric::decay::{MAX_ROUND, MIN_LAMBDA};
    use crate::numeric::fixed::to_decimal;

    fn decay(lambda: &str) -> Decay {
        Decay::from_decimal(lambda).expect("tests use good decimals")
    }

    type Check = fn(&Decay, u64) -> Result<(), FadedOut>;

    /// What a refusal names, with what is just beyond it: the one fits, the other does not.
    fn neighbours(refusal: &FadedOut) -> (u64, Decay, Decay) {
        let largest = refusal.largest_lambda.as_deref().expect("a λ that fits");
        let (whole, places) = largest.split_once('.').unwrap_or((largest, ""));
        let trillionths: u64 = format!("{whole}{places:0<12}").parse().expect("twelve places");
        let next = Decimal::from_trillionths(trillionths + 1);
        (refusal.most_rounds, decay(largest), Decay::from_exact(next).expect("in range"))
    }

    /// 24·ln 2 = 16.6355… is the most that λ times rounds may be.
    #[test]
    fn a_refusal_names_the_largest_lambda_and_the_most_rounds_that_fit() {
        let refusal = FadedOut {
            lambda: "0.1".to_owned(),
            rounds: 365,
            most_rounds: 167,
            largest_lambda: Some("0.045702011905".to_owned()),
        };
        assert_eq!(decay("0.1").check_window(364), Err(refusal.clone()));
        assert_eq!(decay("0.1").check_epoch(364), Err(refusal.clone()));
        assert_eq!(
            refusal.to_string(),
            "with λ = 0.1, the last of 365 rounds counts for less than 2^-24 of the first: choose a λ of at \
             most 0.045702011905, or at most 167 rounds"
        );
        for last in [0, 1, 166] {
            assert_eq!((decay("0.1").check_window(last), decay("0.1").check_epoch(last)), (Ok(()), Ok(())));
        }
    }

    #[test]
    fn the_ends_of_lambda_are_checked_like_any_other() {
        // ρ is 0: a second round is one too many, and the first always fits.
        let fastest = decay("1000");
        for check in [Decay::check_epoch as Check, Decay::check_window] {
            assert_eq!(check(&fastest, 0), Ok(()));
            let refusal = check(&fastest, 1).unwrap_err();
            assert_eq!((refusal.most_rounds, refusal.rounds), (1, 2));
            assert_eq!(refusal.largest_lambda.as_deref(), Some("16.635532333438"));
        }
        // 16.6355·2^24 rounds, and no more under any λ.
        let slowest = decay(MIN_LAMBDA);
        assert_eq!(slowest.check_window(279_000_000), Ok(()));
        let refusal = slowest.check_window(u64::MAX).unwrap_err();
        assert_eq!((refusal.rounds, refusal.largest_lambda.clone()), (1 << 64, None));
        assert!(refusal.most_rounds.abs_diff(279_097_919) < 2_000, "{refusal}");
        assert!(refusal.to_string().contains("no λ fits so many; choose at most 2790"), "{refusal}");
    }

    /// The two functions part where their floors do: each check is of what is paid by it.
    #[test]
    fn the_epoch_is_checked_by_the_recurrence_and_the_window_by_fade() {
        let between = decay("0.41588830833596");
        assert_eq!((between.at(40), between.fade(40)), (Ok(LEAST_LAST_DECAY - 1), LEAST_LAST_DECAY));
        assert_eq!(between.check_window(40), Ok(()));
        let refusal = between.check_epoch(40).unwrap_err();
        assert_eq!((refusal.rounds, refusal.most_rounds), (41, 40));
    }

    /// Where floors change most: across powers of two, and next to the least decay.
    #[test]
    fn fade_falls_from_round_to_round() {
        for lambda in [MIN_LAMBDA, "0.000001", "0.0001", "0.01", "0.1", "1"] {
            let decay = decay(lambda);
            let most = decay.check_window(u64::MAX).unwrap_err().most_rounds;
            let powers = (0..29).map(|bit| (1 << bit) - 1);
            let ends = most.saturating_sub(1000)..most - 1;
            for round in powers.chain(ends).filter(|round| round + 1 < most) {
                assert!(decay.fade(round + 1) < decay.fade(round), "λ = {lambda}, round {round}");
            }
        }
    }

    #[test]
    fn the_first_round_over_the_last_is_told() {
        let ratio = |lambda, last| decay(lambda).first_over_last(last).map(|ratio| to_decimal(ratio, 3));
        assert_eq!(ratio("0.1", 0).as_deref(), Some("1.000"));
        assert_eq!(ratio("0.1", 10).as_deref(), Some("2.718"));
        assert_eq!(ratio("0.005", 364).as_deref(), Some("6.172"));
        assert_eq!(ratio("1000", 1), None);
        assert!(ratio(MIN_LAMBDA, MAX_ROUND).is_some_and(|ratio| ratio.starts_with("2.718")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_named_fits_and_what_is_next_to_it_does_not(
            millionths in 1u32..30_000_000,
            last in prop_oneof![1u64..400, 1u64..40_000],
        ) {
            let decay = decay(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
            let checks: [(Check, After); 2] =
                [(Decay::check_epoch, by_recurrence), (Decay::check_window, Decay::fade)];
            for (check, after) in checks {
                let Err(refusal) = check(&decay, last) else {
                    prop_assert!(after(&decay, last) >= LEAST_LAST_DECAY);
                    continue;
                };
                let (most, largest, next) = neighbours(&refusal);
                prop_assert!(most <= last);
                prop_assert_eq!((check(&decay, most - 1), check(&decay, most).is_err()), (Ok(()), true));
                prop_assert_eq!((check(&largest, last), check(&next, last).is_err()), (Ok(()), true));
            }
        }
    }
}
