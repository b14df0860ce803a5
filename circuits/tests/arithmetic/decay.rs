//! `ρ` on both sides of the integers it floors to, and how far decays fall short of `2^64·e^(−λx)`.
//!
//! **Bound.** Let `q = e^(−λ)` and `2^64·q = ρ + θ`, `0 ≤ θ < 1`. The shortfall `E_x = 2^64·q^x − decay_x` is
//! 0 at 0, `θ` at 1, and `E_{x+1} < E_x·q + θ·q^x + 1`; therefore `0 ≤ E_x < x·q^(x−1) + Σ_{j<x} q^j ≤ 2x`.

use fairshare_circuits::numeric::decay::{DECAY_START, Decay, MIN_LAMBDA};
use num_bigint::BigUint;
use rand::Rng;

use super::real::{Real, Worst, decimal, floor, real, rng, slack, to_f64};

fn decay(lambda: &str) -> Decay {
    Decay::from_decimal(lambda).expect("an admissible λ")
}

/// A `ρ` whose `λ` is just above the least.
const SLOWEST: u64 = u64::MAX - (1 << 40);

/// Decimals of `places` places on either side of `λ`.
fn neighbours(lambda: &Real, places: usize) -> [String; 2] {
    let below = floor(&(lambda * real(10u128.pow(places as u32))));
    [below, below + 1].map(|digits| {
        let mut text = format!("{digits:0>width$}", width = places + 1);
        text.insert(text.len() - places, '.');
        text
    })
}

/// `−ln(k/2^64)`: there `2^64·e^(−λ)` is the integer `k`.
fn lambda_where_rho_steps_to(k: u64) -> Real {
    -((real(k) >> 64).ln())
}

/// Two decimals that are next to each other at 36 places and between which `ρ` steps from `k` to `k − 1`.
fn across_the_step(k: u64) -> [String; 2] {
    neighbours(&lambda_where_rho_steps_to(k), 36)
}

/// `λ` of every size from `2^−24` to `2^limit`, as text of 20 significant digits at most.
fn arb_lambda(rng: &mut impl Rng, limit: f64) -> String {
    let lambda = rng.gen_range(-23.99..limit).exp2();
    format!("{lambda:.20}")
}

#[test]
fn rho_steps_exactly_where_the_exponential_does() {
    let mut rng = rng(71);
    let extremes = [1, 2, 3, SLOWEST, SLOWEST - 1_000_000, (1 << 63) - 1, 1 << 63, (1 << 63) + 1];
    let powers = (0..64).map(|exponent| 1u64 << exponent);
    let random: Vec<u64> = (0..500).map(|_| rng.r#gen::<u64>() >> rng.gen_range(0..64)).collect();
    let mut steps = 0;
    for k in extremes.into_iter().chain(powers).chain(random).filter(|&k| k > 0 && k <= SLOWEST) {
        let [below, above] = across_the_step(k);
        assert_eq!(decay(&below).rho(), k, "λ = {below}");
        assert_eq!(decay(&above).rho(), k - 1, "λ = {above}");
        steps += 1;
    }
    println!("{steps} steps, both sides of each");
}

/// The floor itself, over the whole domain: `ρ ≤ 2^64·e^(−λ) < ρ + 1` and `λ_q ≤ λ·2^48 < λ_q + 1`.
#[test]
fn rho_and_lambda_q_are_floors_over_the_whole_domain() {
    let mut rng = rng(72);
    let ends = [MIN_LAMBDA, "1000", "999.9999999999999999999999999999999999", "44.3614", "44.3615"];
    let random: Vec<String> = (0..3_000).map(|_| arb_lambda(&mut rng, 9.96)).collect();
    for text in ends.iter().map(|text| text.to_string()).chain(random) {
        let (lambda, got) = (decimal(&text), decay(&text));
        let exponential = (-&lambda).exp() << 64;
        assert_eq!(u128::from(got.rho()), floor(&exponential), "ρ of {text}");
        assert_eq!(u128::from(got.lambda_q()), floor(&(lambda << 48)), "λ_q of {text}");
    }
}

/// `E_x`, after checking it against its bound; also the bound.
fn shortfall(lambda: &Real, x: u64, decay: u128) -> (Real, Real) {
    let (q, rounds) = ((-lambda).exp(), real(x));
    let power = (-(lambda * &rounds)).exp();
    let bound =
        if x == 0 { real(0u32) } else { &rounds * &power / &q + (real(1u32) - &power) / (real(1u32) - q) };
    let shortfall = (power << 64) - real(decay);
    assert!(shortfall >= -slack(), "decay_{x} = {decay} is above e^(-λx) for λ = {lambda}");
    assert!(shortfall < &bound + slack(), "decay_{x} = {decay} is too far below e^(-λx) for λ = {lambda}");
    (shortfall, bound)
}

/// Rounds to look at: the first ones, then ever further apart, while decays are not yet 0.
fn sparse(x: u64) -> bool {
    x < 8 || x.is_power_of_two() || x.is_multiple_of(997)
}

/// `λ` just past a step of `ρ` is the worst: nearly a whole unit of `ρ` is lost, in every round.
#[test]
fn decays_never_exceed_the_exponential_and_keep_within_the_bound() {
    let mut rng = rng(73);
    let mut lambdas: Vec<String> = (0..60).map(|_| arb_lambda(&mut rng, 6.0)).collect();
    for exponent in [20, 32, 48, 63] {
        lambdas.extend(across_the_step(1 << exponent));
    }
    for below_one in [40, 41, 45, 50, 55, 60] {
        lambdas.extend(across_the_step(u64::MAX - (1 << below_one)));
    }
    lambdas.extend([MIN_LAMBDA, "0.01", "0.1", "1", "1000"].map(str::to_owned));

    let mut largest = Worst::new();
    let mut share_of_bound = Worst::new();
    for text in &lambdas {
        let lambda = decimal(text);
        let mut idle = 0;
        for (x, decay) in (0u64..20_000).zip(decay(text).series(DECAY_START)).filter(|&(x, _)| sparse(x)) {
            let (shortfall, bound) = shortfall(&lambda, x, decay);
            if x > 1 {
                share_of_bound.observe(&shortfall / bound, || format!("λ = {text}, round {x}"));
            }
            largest.observe(shortfall >> 64, || format!("λ = {text}, round {x}"));
            idle += u32::from(decay == 0);
            if idle > 3 {
                break;
            }
        }
    }
    largest.print("e^(-λx) - decay_x/2^64, first 20,000 rounds", "2x·2^-64 = 2^-48.7");
    println!("largest share of its bound reached: {:.3}", to_f64(share_of_bound.magnitude()));
    assert!(*share_of_bound.magnitude() > real(1u32) / real(2u32), "the bound is not of the right size");
}

/// The last round computed, where the shortfall may have grown for sixteen million steps.
#[test]
fn the_last_round_is_still_within_the_bound() {
    let last = fairshare_circuits::numeric::decay::MAX_ROUND;
    for text in [MIN_LAMBDA, "0.0000001", "0.000001"] {
        let got = decay(text).at(last).expect("the last round");
        let (shortfall, bound) = shortfall(&decimal(text), last, got);
        println!("λ = {text}: short by {:.0} units of 2^-64 of {:.0}", to_f64(&shortfall), to_f64(&bound));
    }
}

/// Every step of long series, recomputed with integers that know nothing of words.
#[test]
fn every_step_is_a_floor() {
    let mut rng = rng(74);
    for _ in 0..40 {
        let decay = decay(&arb_lambda(&mut rng, 2.0));
        let mut expected = BigUint::from(1u32) << 64;
        for (x, got) in decay.series(DECAY_START).take(600).enumerate() {
            assert_eq!(BigUint::from(got), expected, "λ = {}, round {x}", decay.lambda());
            expected = (expected * decay.rho()) >> 64;
        }
    }
}

/// A larger `λ` never decays less, and a later round never more.
#[test]
fn decays_fall_in_rounds_and_in_lambda() {
    let mut rng = rng(75);
    for _ in 0..200 {
        let mut pair = [arb_lambda(&mut rng, 4.0), arb_lambda(&mut rng, 4.0)].map(|text| decay(&text));
        pair.sort_by(Decay::compare);
        let [slow, fast] = &pair;
        assert!(slow.rho() >= fast.rho() && slow.lambda_q() <= fast.lambda_q());
        let mut before = None;
        for (slower, faster) in slow.series(DECAY_START).zip(fast.series(DECAY_START)).take(100) {
            assert!(slower >= faster, "λ = {} and {}", slow.lambda(), fast.lambda());
            assert!(before.is_none_or(|before| faster < before || faster == 0));
            before = Some(faster);
        }
    }
    for k in [1, 1 << 32, SLOWEST] {
        let [slow, fast] = across_the_step(k).map(|text| decay(&text));
        assert!(slow.compare(&fast).is_lt() && slow.rho() > fast.rho());
    }
}
