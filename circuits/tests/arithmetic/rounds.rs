//! Shares and the compute score: floors to the bit, never above the true value, and how far below it.
//!
//! **Bound.** With `q = e^(−λ)` and `G = Σ_{x<X} q^x` over `X` rounds, what a score loses is: less than
//! `2^−48` by its own floor, less than `2^−48·G` by that of `λ_q`, less than `2^−32·λG` by those of the
//! shares, and `λ·2^−64·Σ E_x ≤ λ·2^−64·(G + X)·G` by the decays' (see `decay.rs`). Since `λG ≤ 1 + λ`, up to
//! 2^14 rounds lose less than `(1 + λ)·2^−31.6` together.

use fairshare_circuits::numeric::decay::{DECAY_START, Decay, MIN_LAMBDA};
use fairshare_circuits::numeric::rounds::{compute_score, share};
use num_bigint::BigUint;
use rand::Rng;

use super::real::{Real, Worst, decimal, real, rng, slack, to_f64, two_to_tenths};

/// One node's units of each round, and the round's totals.
struct History {
    units: Vec<u32>,
    totals: Vec<u32>,
}

#[test]
fn shares_are_floors_on_both_sides_of_every_step() {
    let mut rng = rng(76);
    let mut steps = 0;
    for _ in 0..50_000 {
        let total = (rng.r#gen::<u32>() >> rng.gen_range(0..32)).max(1);
        let units = rng.gen_range(0..=total);
        let got = u128::from(share(units, total).expect("a part of the total"));
        let (scaled, total) = (u128::from(units) << 32, u128::from(total));
        assert!(got * total <= scaled && scaled < (got + 1) * total, "{units} of {total}");

        // The fewest units that reach this share: one unit less does not.
        let fewest = (got * total).div_ceil(1 << 32) as u32;
        assert_eq!(share(fewest, total as u32).map(u128::from), Ok(got), "{fewest} of {total}");
        if fewest > 0 {
            assert!(
                share(fewest - 1, total as u32).is_ok_and(|less| u128::from(less) < got),
                "{fewest} of {total}"
            );
            steps += 1;
        }
    }
    println!("{steps} steps, both sides of each");
}

#[test]
fn shares_rise_with_units_and_fall_with_totals() {
    let mut rng = rng(77);
    for _ in 0..50_000 {
        let total = rng.gen_range(2..=u32::MAX);
        let units = rng.gen_range(1..total);
        let got = |units, total| share(units, total).expect("a part of the total");
        let here = got(units, total);
        assert!(got(units - 1, total) <= here && here <= got(units + 1, total), "{units} of {total}");
        assert!(got(units, total - 1) >= here, "{units} of {total}");
    }
}

/// The score's own floor, approached through shares one unit apart: with `λ = 2^−20` and one round of `2^31`
/// units, the score is `⌊units/8⌋`.
#[test]
fn the_score_steps_between_two_shares() {
    let slow = Decay::from_decimal("0.00000095367431640625").expect("admissible");
    let score = |units| compute_score(&[units], &[1 << 31], &slow).expect("in range").score;
    let mut rng = rng(78);
    for step in (0..1_000).map(|_| rng.gen_range(1..=1u32 << 28)).chain([1, 1 << 28]) {
        let units = step << 3;
        assert_eq!([score(units - 1), score(units)], [u64::from(step) - 1, u64::from(step)]);
    }
}

/// The score recomputed: sum and floor with integers alone, then its distance from the real number.
fn check(text: &str, History { units, totals }: &History) -> Real {
    let decay = Decay::from_decimal(text).expect("admissible");
    let got = compute_score(units, totals, &decay).expect("in range");

    let (lambda, one) = (decimal(text), real(1u32));
    let q = (-&lambda).exp();
    let (mut sum, mut power, mut exact, mut geometric) = (BigUint::ZERO, one.clone(), real(0u32), real(0u32));
    for ((&u, &total), decay) in units.iter().zip(totals).zip(decay.series(DECAY_START)) {
        if total > 0 {
            sum += ((u128::from(u) << 32) / u128::from(total)) * decay;
            exact += real(u) / real(total) * &power;
        }
        geometric += &power;
        power *= &q;
    }
    assert_eq!(got.sum, sum, "λ = {text}");
    let scaled = sum * decay.lambda_q();
    let floor = BigUint::from(got.score) << 96;
    assert!(floor <= scaled && scaled < floor + (BigUint::from(1u32) << 96), "λ = {text}");

    let rounds = real(units.len() as u64);
    let lost = &lambda * exact - (real(got.score) >> 48);
    let bound = ((&one + &geometric) >> 48)
        + ((&lambda * &geometric) >> 32)
        + ((&lambda * (&geometric + rounds) * &geometric) >> 64);
    assert!(lost >= -slack(), "λ = {text}: the score is above the true value");
    assert!(lost < bound, "λ = {text}: {lost} lost");
    if units.len() <= 1 << 14 {
        assert!(lost < (one + &lambda) * two_to_tenths(-316), "λ = {text}: {lost} lost");
    }
    lost / (real(1u32) + lambda)
}

fn random_history(rng: &mut impl Rng) -> History {
    let rounds = 1usize << rng.gen_range(0..9);
    let totals: Vec<u32> = (0..rounds)
        .map(|_| if rng.gen_bool(0.1) { 0 } else { rng.r#gen::<u32>() >> rng.gen_range(0..32) })
        .collect();
    let units = totals.iter().map(|&total| if rng.gen_bool(0.3) { total } else { rng.gen_range(0..=total) });
    History { units: units.collect(), totals }
}

/// Shares that lose nearly a unit each: `2^32` leaves 1 when divided by 65,537, and so `u·2^32` leaves
/// `U − 1`.
fn worst_history(rounds: usize) -> History {
    History { units: vec![65_536; rounds], totals: vec![65_537; rounds] }
}

#[test]
fn scores_are_never_above_the_true_value_and_within_the_bound_below() {
    let mut rng = rng(79);
    let mut worst = Worst::new();
    for _ in 0..1_500 {
        let text = format!("{:.20}", rng.gen_range(-23.99f64..9.96).exp2());
        worst.observe(check(&text, &random_history(&mut rng)), || format!("λ = {text}"));
    }
    for text in [MIN_LAMBDA, "0.000001", "0.001", "0.01", "0.1", "1", "10", "44.36", "44.37", "1000"] {
        for rounds in [1, 2, 1_000, 1 << 14] {
            worst.observe(check(text, &worst_history(rounds)), || format!("λ = {text}, {rounds} rounds"));
        }
    }
    worst.print("compute score below its true value, over 1 + λ", "2^-31.6");
    // Not vacuous: adverse shares lose nearly the whole 2^−32.
    assert!(*worst.magnitude() > two_to_tenths(-321), "2^{}", to_f64(worst.magnitude()).log2());
}

/// More units in any round, or one more round, never lower a score.
#[test]
fn scores_rise_with_units_and_rounds() {
    let mut rng = rng(80);
    for _ in 0..500 {
        let decay = Decay::from_decimal(&format!("{:.12}", rng.gen_range(0.001..3.0))).expect("admissible");
        let History { mut units, totals } = random_history(&mut rng);
        let score = |units: &[u32]| compute_score(units, &totals[..units.len()], &decay).map(|s| s.score);
        let shorter = score(&units[..units.len() - 1]);
        let before = score(&units);
        assert!(shorter.is_ok() && shorter.ok() <= before.clone().ok());
        let round = rng.gen_range(0..units.len());
        units[round] = rng.gen_range(units[round]..=totals[round]);
        let after = score(&units);
        assert!(after.is_ok() && before.ok() <= after.ok());
    }
}
