//! # Decay
//!
//! `f(x|λ) = λ·e^(−λx)` in integers, exactly as PROTOCOL section 7 defines it: `λ` is a decimal,
//! `λ_q = ⌊λ·2^48⌋`, `ρ = ⌊e^(−λ)·2^64⌋`, `decay_0 = 2^64` and `decay_{x+1} = ⌊decay_x·ρ/2^64⌋`. Computing
//! power is paid by this recurrence (`Decay::at`, `Decay::series`); data, whose rounds may be far apart,
//! by squaring (`Decay::fade`, section 10). The two agree but for what each of them floors.
//!
//! **Range of λ.** Every share is at most 1 and every decay at most `e^(−λx)`, so a compute score is at most
//! `λ·Σ_x e^(−λx) = λ/(1 − e^(−λ)) ≤ 1 + λ` (because `e^λ ≥ 1 + λ`), however many rounds there are. With
//! `λ ≤ 1000` that is below `2^10`, far below the `2^16` that 64 bits hold with 48 fractional ones, and the
//! data weight `decay·λ·g` has a known range too. From `2^−24` on, `λ_q` has 24 significant bits at least.

use std::cmp::Ordering;
use std::iter;

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use super::enclosure::Enclosure;
use super::fixed::{Decimal, DecimalError};

mod horizon;

pub use horizon::{FadedOut, LEAST_LAST_DECAY};

/// `decay_0 = 2^64`: no decay yet, and the unit in which decays are counted.
pub const DECAY_START: u128 = 1 << DECAY_BITS;

/// Smallest `λ` accepted: `2^−24`.
pub const MIN_LAMBDA: &str = "0.000000059604644775390625";

/// `λ_q` of [`MIN_LAMBDA`]: as `λ_q` is a floor, it is reached exactly from that `λ` on.
const MIN_LAMBDA_Q: u64 = 1 << 24;

/// Largest `λ` accepted.
pub const MAX_LAMBDA: u32 = 1000;

/// Last round whose decay [`Decay::at`] computes: the recurrence has no closed form, so a round costs a step.
pub const MAX_ROUND: u64 = 1 << 24;

/// Fractional bits of a decay and of `ρ`.
const DECAY_BITS: u32 = 64;

/// Fractional bits with which `e^λ` is first tried.
const WORKING_BITS: u32 = 256;

/// `e^λ = (e^(λ/2^10))^(2^10)`: brings every accepted `λ` below 1.
const SQUARINGS: u32 = 10;

/// Why a decay cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecayError {
    /// `λ` is not a decimal.
    #[error("λ is not a decimal")]
    Decimal(#[from] DecimalError),
    /// `λ < 2^−24`, zero included.
    #[error("λ = {lambda} is below 2^-24: choose a λ of at least {MIN_LAMBDA}")]
    TooSmall {
        /// Its canonical text.
        lambda: String,
    },
    /// `λ >` [`MAX_LAMBDA`].
    #[error("λ = {lambda} is above {MAX_LAMBDA}: choose a smaller λ")]
    TooLarge {
        /// Its canonical text.
        lambda: String,
    },
    /// A round past [`MAX_ROUND`].
    #[error("round {round} is past the last round whose decay is computed, {MAX_ROUND}")]
    RoundTooFar {
        /// The round asked for.
        round: u64,
    },
}

/// `λ` and what follows from it. Two are equal if and only if their `λ` are the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decay {
    exact: Decimal,
    lambda: String,
    lambda_q: u64,
    rho: u64,
}

impl Decay {
    /// Reads `λ` as `digits` or `digits.digits`, with `2^−24 ≤ λ ≤ 1000`.
    pub fn from_decimal(text: &str) -> Result<Self, DecayError> {
        Self::from_exact(Decimal::parse(text)?)
    }

    fn from_exact(exact: Decimal) -> Result<Self, DecayError> {
        let lambda = exact.to_string();
        if exact > Decimal::from_integer(MAX_LAMBDA) {
            return Err(DecayError::TooLarge { lambda });
        }
        match exact.floor_fixed48().to_u64() {
            None | Some(..MIN_LAMBDA_Q) => Err(DecayError::TooSmall { lambda }),
            Some(lambda_q) => Ok(Self { rho: rho(&exact), exact, lambda, lambda_q }),
        }
    }

    /// `λ` as the one shortest decimal text of its value.
    pub fn lambda(&self) -> &str {
        &self.lambda
    }

    /// `λ_q = ⌊λ·2^48⌋`, at least `2^24`.
    pub fn lambda_q(&self) -> u64 {
        self.lambda_q
    }

    /// `ρ = ⌊e^(−λ)·2^64⌋`.
    pub fn rho(&self) -> u64 {
        self.rho
    }

    /// Compares the two `λ` as exact numbers: two that share `λ_q` and `ρ` may still differ.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.exact.cmp(&other.exact)
    }

    /// `decay_round`, in units of `2^−64`; rounds up to [`MAX_ROUND`].
    pub fn at(&self, round: u64) -> Result<u128, DecayError> {
        if round > MAX_ROUND {
            return Err(DecayError::RoundTooFar { round });
        }
        let mut decay = DECAY_START;
        for _ in 0..round {
            // ρ < 2^64, so every step descends until zero, where it stays.
            if decay == 0 {
                break;
            }
            decay = step(decay, self.rho);
        }
        Ok(decay)
    }

    /// `fade(rounds)`, by which data counts that many rounds after the data window's first (PROTOCOL section
    /// 10): `2^64·e^(−λ·rounds)` in units of `2^−64`, by squaring, so that any round takes 64 steps at most.
    pub fn fade(&self, rounds: u64) -> u128 {
        let (mut fade, mut power, mut bits) = (DECAY_START, self.rho, rounds);
        while bits > 0 {
            if bits & 1 == 1 {
                fade = step(fade, power);
            }
            // ρ_{i+1} = ⌊ρ_i²/2^64⌋, the high half of the square.
            power = power.carrying_mul(power, 0).1;
            bits >>= 1;
        }
        fade
    }

    /// `first` and the decays of the rounds after it, without end.
    pub fn series(&self, first: u128) -> impl Iterator<Item = u128> + use<> {
        let rho = self.rho;
        iter::successors(Some(first), move |&decay| Some(step(decay, rho)))
    }
}

/// `⌊decay·ρ/2^64⌋`, which a split at bit 64 keeps within 128 bits for any `decay`.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "halves and ρ are below 2^64: (2^64 − 1)² and a carry below 2^64 fit 128 bits"
)]
fn step(decay: u128, rho: u64) -> u128 {
    let rho = u128::from(rho);
    let (high, low) = (decay >> DECAY_BITS, decay & (DECAY_START - 1));
    high * rho + ((low * rho) >> DECAY_BITS)
}

/// `ρ = ⌊2^64/e^λ⌋` for `2^−24 ≤ λ ≤ 1000`.
///
/// `e^λ` is irrational for rational `λ ≠ 0`, so some precision tells on which side of every integer it lies.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "no enclosure of 2^31 bits would fit memory, and 256 bits tell for all but freaks"
)]
fn rho(lambda: &Decimal) -> u64 {
    let mut bits = WORKING_BITS;
    loop {
        if let Some(rho) = rho_with(lambda, bits) {
            return rho;
        }
        bits *= 2;
    }
}

/// `ρ`, or `None` if `bits` fractional bits are too few to tell.
fn rho_with(lambda: &Decimal, bits: u32) -> Option<u64> {
    let mut power = exp_of_part(lambda, bits);
    for _ in 0..SQUARINGS {
        power = power.squared();
    }
    power.floor_of_inverse(DECAY_BITS)?.to_u64()
}

/// `e^z` for `z = λ/2^10 < 1`, as `Σ_k z^k/k!`.
///
/// A term computed from the one before is short of its true value by less than 2: the error before, times
/// `z/(k+1)`, at most 1, and the floor's 1. The first term computed as 0 is thus truly below 2, and so the
/// omitted terms, each at most half the one before, sum to less than 4.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "big integers only grow; the denominator is positive, and k! passes 2^bits before k does 2^30"
)]
fn exp_of_part(lambda: &Decimal, bits: u32) -> Enclosure {
    let (numerator, denominator) = lambda.as_fraction();
    let denominator = denominator << SQUARINGS;
    let mut term = BigUint::from(1u32) << bits;
    let mut sum = BigUint::ZERO;
    let mut terms = 0u32;
    while !term.is_zero() {
        sum += &term;
        terms += 1;
        term = term * numerator / (&denominator * terms);
    }
    let high = &sum + 2 * terms + 4u32;
    Enclosure::new(sum, high, bits)
}

#[cfg(test)]
mod tests {
    use dashu_float::FBig;
    use dashu_float::round::mode::Down;
    use proptest::prelude::*;

    use super::*;

    /// `ln 2` to 38 places, rounded down, and one unit above: neighbours on either side of the real number.
    const LN_2_BELOW: &str = "0.69314718055994530941723212145817656807";
    const LN_2_ABOVE: &str = "0.69314718055994530941723212145817656808";

    /// The largest decimal of 38 places below `2^−24`.
    const TOO_SMALL: &str = "0.00000005960464477539062499999999999999";

    fn decay(lambda: &str) -> Decay {
        Decay::from_decimal(lambda).expect("tests use good decimals")
    }

    #[test]
    fn only_plain_decimals_in_range_are_accepted() {
        for text in ["", "-1", "1e-3", ".1", "0.1 "] {
            assert!(matches!(
                Decay::from_decimal(text),
                Err(DecayError::Decimal(DecimalError::NotPlain { .. }))
            ));
        }
        let long = "0.".to_owned() + &"1".repeat(39);
        let too_long = DecimalError::TooLong { length: 41 };
        assert_eq!(Decay::from_decimal(&long), Err(DecayError::Decimal(too_long)));
        for (text, lambda) in [("0", "0"), ("00.00", "0"), (TOO_SMALL, TOO_SMALL)] {
            assert_eq!(Decay::from_decimal(text), Err(DecayError::TooSmall { lambda: lambda.to_owned() }));
        }
        for text in ["1000.0000000000000000000000000000000001", "1001", &"9".repeat(40)] {
            assert_eq!(Decay::from_decimal(text), Err(DecayError::TooLarge { lambda: text.to_owned() }));
        }
    }

    #[test]
    fn the_ends_of_the_range_are_accepted() {
        let slowest = decay(MIN_LAMBDA);
        assert_eq!(slowest.lambda_q(), 1 << 24);
        // 2^64·(1 − λ + λ²/2), and a fraction of a unit less.
        assert_eq!(slowest.rho(), u64::MAX - (1 << 40) + (1 << 15));
        let fastest = decay("1000.0");
        assert_eq!((fastest.lambda(), fastest.lambda_q(), fastest.rho()), ("1000", 1000 << 48, 0));
        assert_eq!(fastest.at(MAX_ROUND), Ok(0));
    }

    #[test]
    fn rho_falls_on_the_right_side_of_an_integer_it_nearly_is() {
        assert_eq!(decay(LN_2_BELOW).rho(), 1 << 63);
        assert_eq!(decay(LN_2_ABOVE).rho(), (1 << 63) - 1);
    }

    #[test]
    fn too_little_precision_is_noticed() {
        let lambda = &decay(LN_2_BELOW).exact;
        assert_eq!(rho_with(lambda, 128), None);
        assert_eq!(rho_with(lambda, 512), Some(1 << 63));
    }

    /// Enclosures at work: however few bits there are, the answer is the right one or none.
    #[test]
    fn no_precision_gives_a_wrong_answer() {
        for lambda in [MIN_LAMBDA, "0.001", LN_2_BELOW, LN_2_ABOVE, "7.3", "44.3614", "44.3615", "1000"] {
            let (exact, right) = (decay(lambda).exact, decay(lambda).rho());
            let answers: Vec<u64> = (1..=400).filter_map(|bits| rho_with(&exact, bits)).collect();
            assert!(answers.iter().all(|&answer| answer == right), "λ = {lambda}");
            assert!(answers.len() > 200, "λ = {lambda}: {} answers", answers.len());
        }
    }

    #[test]
    fn equality_and_order_are_those_of_lambda() {
        let (below, above) = (decay(LN_2_BELOW), decay(LN_2_ABOVE));
        assert_eq!(below.lambda_q(), above.lambda_q());
        assert_eq!(below.compare(&above), Ordering::Less);
        assert_eq!(decay("0.9").compare(&decay("0.10")), Ordering::Greater);
        assert_eq!(decay("00.10").compare(&decay("0.1")), Ordering::Equal);
        assert_eq!(decay("00.10"), decay("0.1"));
        assert_ne!(below, above);
    }

    #[test]
    fn rounds_past_the_limit_are_refused() {
        let slow = decay("0.000001");
        assert!(slow.at(MAX_ROUND).is_ok());
        for round in [MAX_ROUND + 1, u64::MAX] {
            assert_eq!(slow.at(round), Err(DecayError::RoundTooFar { round }));
        }
    }

    /// By squaring and step by step: the same power, each floored its own way.
    #[test]
    fn fade_is_the_power_of_rho_and_takes_any_round() {
        let fastest = decay("1000");
        assert_eq!([0, 1, 2, u64::MAX].map(|rounds| fastest.fade(rounds)), [DECAY_START, 0, 0, 0]);
        // ρ = 2^63 exactly, whose powers are exact until they are below a unit.
        let halving = decay(LN_2_BELOW);
        for rounds in 0..=64 {
            assert_eq!(halving.fade(rounds), DECAY_START >> rounds, "{rounds} rounds");
        }
        assert_eq!(halving.fade(65), 0);
        let slowest = decay(MIN_LAMBDA);
        assert_eq!(slowest.fade(1), slowest.rho().into());
        // A round past the recurrence's last, and one of bit 63.
        assert!(slowest.fade(MAX_ROUND + 1) > slowest.fade(1 << 30));
        assert_eq!((slowest.fade(1 << 63), slowest.fade(u64::MAX)), (0, 0));
    }

    #[test]
    fn decay_descends_to_zero_and_stays() {
        let series: Vec<u128> = decay("2.5").series(DECAY_START).take(40).collect();
        assert_eq!(series[0], DECAY_START);
        assert!(series.windows(2).all(|pair| pair[1] < pair[0] || pair == [0, 0]));
        assert_eq!(series.last(), Some(&0));
    }

    /// `e^(−λ)` by a library that shares nothing with this file, from `λ = millionths/10^6`.
    fn reference_rho(millionths: u32) -> u64 {
        let [numerator, denominator] =
            [millionths, 1_000_000].map(|x| FBig::<Down, 2>::from(x).with_precision(320).value());
        let scaled = (-(numerator / denominator)).exp() << 64;
        scaled.to_int().value().try_into().expect("e to a negative power is below one")
    }

    proptest! {
        #[test]
        fn rho_is_the_floor_of_the_exponential(millionths in 1u32..50_000_000) {
            let decay = decay(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
            prop_assert_eq!(decay.rho(), reference_rho(millionths));
        }

        #[test]
        fn series_continues_where_it_is_picked_up(millionths in 1u32..3_000_000, round in 0u64..500) {
            let decay = decay(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
            let here = decay.at(round)?;
            prop_assert_eq!(decay.series(DECAY_START).nth(round as usize), Some(here));
            prop_assert_eq!(decay.series(here).nth(1), Some(decay.at(round + 1)?));
        }

        /// Against the exact power of `ρ`, each falls short by less than a unit per round.
        #[test]
        fn fade_and_the_recurrence_agree_but_for_rounding(
            millionths in 1u32..3_000_000,
            round in 0u64..100_000,
        ) {
            let decay = decay(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
            let apart = decay.fade(round).abs_diff(decay.at(round)?);
            prop_assert!(apart <= u128::from(round), "{apart} units after {round} rounds");
        }

        #[test]
        fn step_is_exact_for_any_decay(decay in any::<u128>(), rho in any::<u64>()) {
            let exact = (BigUint::from(decay) * rho) >> DECAY_BITS;
            prop_assert_eq!(BigUint::from(step(decay, rho)), exact);
        }
    }
}
