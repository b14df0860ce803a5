//! Decimals in and out: every floor and rounding on both sides of its boundary, in exact decimal arithmetic.

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::fixed::{DecimalError, parse_fixed48, to_decimal};
use num_bigint::BigInt;
use rand::Rng;

use super::real::rng;

/// `digits` as an integer, and how many of them stand after the point.
fn exact(text: &str) -> (BigInt, u32) {
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u32);
    (text.replace('.', "").parse().expect("digits"), places)
}

fn ten_to(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// `scaled/10^places`.
fn text(scaled: &BigInt, places: usize) -> String {
    let mut text = format!("{:0>width$}", scaled.to_string(), width = places + 1);
    text.insert(text.len() - places, '.');
    text
}

fn arb_score(rng: &mut impl Rng) -> u64 {
    rng.r#gen::<u64>() >> rng.gen_range(0..64)
}

/// The least decimal that is not below `k/2^48` reads as `k`, the one before it as `k − 1`.
#[test]
fn parsing_steps_exactly_at_multiples_of_the_unit() {
    let mut rng = rng(91);
    let random: Vec<u64> = (0..5_000).map(|_| arb_score(&mut rng).max(1)).collect();
    for k in random.into_iter().chain([1, 2, (1 << 48) - 1, 1 << 48, u64::MAX - 1, u64::MAX]) {
        // 40 characters hold 38 places after one digit, and 34 after five.
        for places in [if k < 10 << 48 { 38 } else { 34 }, 20, 15] {
            let least: BigInt = (BigInt::from(k) * ten_to(places) + ((1u64 << 48) - 1)) >> 48;
            let [at, before] = [text(&least, places as usize), text(&(least - 1), places as usize)];
            assert_eq!(parse_fixed48(&at), Ok(k), "{at}");
            assert_eq!(parse_fixed48(&before), Ok(k - 1), "{before}");
        }
    }
}

/// `λ_q` is that same floor, in the range in which `λ` is admissible: from `2^−24` on.
#[test]
fn lambda_q_steps_exactly_at_multiples_of_the_unit() {
    let mut rng = rng(92);
    for k in
        (0..300).map(|_| rng.gen_range(2..=1000u64 << 48) >> rng.gen_range(0..34)).filter(|&k| k > 1 << 24)
    {
        let least: BigInt = (BigInt::from(k) * ten_to(34) + ((1u64 << 48) - 1)) >> 48;
        for (scaled, expected) in [(least.clone(), k), (least - 1, k - 1)] {
            let lambda = text(&scaled, 34);
            assert_eq!(Decay::from_decimal(&lambda).map(|decay| decay.lambda_q()), Ok(expected), "{lambda}");
        }
    }
}

/// `−½ < shown − score·10^digits/2^48 ≤ ½`: half up, exactly; with 48 places nothing is rounded.
#[test]
fn shown_scores_are_nearest_and_halves_go_up() {
    let mut rng = rng(93);
    for _ in 0..5_000 {
        let digits = rng.gen_range(0..=60);
        // Scores that end in many zero bits are the ones with exact halves.
        let score = arb_score(&mut rng) << rng.gen_range(0..48);
        let (shown, places) = exact(&to_decimal(score, digits));
        assert_eq!(places as usize, digits.min(48));
        let twice = (shown << 49) - 2 * BigInt::from(score) * ten_to(places);
        let half = BigInt::from(1u64 << 48);
        assert!(-&half < twice && twice <= half, "{score} with {digits} places");
        if digits >= 48 {
            assert_eq!(twice, BigInt::ZERO, "{score}");
        }
    }
}

/// Whatever length is admissible: too large a value is an error that says so, never a wrapped one.
#[test]
fn values_too_large_are_refused_at_every_length() {
    for length in 6..=40 {
        let text = "9".repeat(length);
        assert_eq!(parse_fixed48(&text), Err(DecimalError::TooLarge { text: text.clone() }));
    }
    assert_eq!(parse_fixed48("65535.9999999999999999"), Ok(u64::MAX));
    // 2^64 units, and 2^64 + 1 of them, which wrapping would read as 0 and 1.
    for text in ["65536", "65536.0000000000000036", "131072"] {
        assert_eq!(parse_fixed48(text), Err(DecimalError::TooLarge { text: text.to_owned() }));
    }
}
