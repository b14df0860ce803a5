//! `Ln`: the table, its error on every interval, and its order.

use std::num::NonZeroU32;

use fairshare_circuits::numeric::ln::{
    INTERVALS, Interval, OFFSET_BITS, decompose, intervals, ln as integer_ln, ln2,
};
use num_bigint::BigInt;
use rand::Rng;

use super::real::{Real, TABLE, Worst, ln, real, rng, table_ln, two_to_tenths};

const LAST_OFFSET: u32 = (1 << OFFSET_BITS) - 1;

fn of(x: u32) -> u128 {
    integer_ln(NonZeroU32::new(x).expect("logarithms are asked for positive numbers"))
}

/// `X` at an interval's start.
fn start(interval: usize) -> u32 {
    (1 << 31) + ((interval as u32) << OFFSET_BITS)
}

/// `Ln(x)/2^96 − ln x`.
fn error(x: u32) -> Real {
    (real(of(x)) >> 96) - ln(x)
}

/// Powers of two and what is next to them, both ends of the domain among them.
fn around_powers_of_two() -> impl Iterator<Item = u32> {
    let near = |exponent: u32| (-2i64..=2).map(move |step| (1i64 << exponent) + step);
    (0..=32).flat_map(near).filter_map(|x| u32::try_from(x).ok()).filter(|&x| x > 0)
}

/// Where `x` enters another interval, and its neighbours, in octaves so long that every interval is entered.
fn around_interval_borders(exponents: impl Iterator<Item = u32>) -> impl Iterator<Item = u32> {
    exponents.flat_map(|exponent| {
        (0..INTERVALS).flat_map(move |interval| {
            let border = start(interval) >> (31 - exponent);
            [border - 1, border, border + 1]
        })
    })
}

#[test]
fn every_constant_is_its_definition() {
    assert_eq!(BigInt::from(ln2()), TABLE.ln2);
    for (index, (got, [a, b, c])) in intervals().iter().zip(&TABLE.intervals).enumerate() {
        assert_eq!(BigInt::from(got.a), *a, "A of interval {index}");
        assert_eq!(BigInt::from(got.b), *b, "B of interval {index}");
        assert_eq!(-BigInt::from(got.c_magnitude), *c, "C of interval {index}");
    }
}

#[test]
fn the_logarithm_is_its_table_to_the_bit() {
    let mut rng = rng(61);
    let random = (0..200_000).map(|_| (rng.r#gen::<u32>() >> rng.gen_range(0..32)).max(1));
    let mut points = 0;
    for x in around_powers_of_two().chain(around_interval_borders(10..32)).chain(random) {
        assert_eq!(BigInt::from(of(x)), table_ln(x), "Ln({x})");
        points += 1;
    }
    println!("{points} points");
}

/// Offsets at which the error of an interval is largest: its ends, and both neighbours of each point where
/// the derivative of `ln − Ln` vanishes, the highest point of it first.
///
/// That derivative, `2^96/(X_0 + o) − (B + 2·C·o)`, has the sign of
/// `N(o) = 2·|C|·o² + (2·|C|·X_0 − B)·o + 2^96 − B·X_0`, a parabola that opens upward. It is found positive
/// at `0`, negative in the middle and positive at `2^21`; so it changes sign exactly once in each half, and
/// the error is monotone between the points returned.
fn extremal_offsets(index: usize, interval: &Interval) -> [u32; 6] {
    let signed = |x: u128| i128::try_from(x).expect("coefficients are below 2^97");
    let (b, c, x_0) = (signed(interval.b), signed(interval.c_magnitude), i128::from(start(index)));
    let derivative = |offset: u32| {
        let o = i128::from(offset);
        2 * c * o * o + (2 * c * x_0 - b) * o + (1 << 96) - b * x_0
    };
    let (middle, end) = (1 << (OFFSET_BITS - 1), 1 << OFFSET_BITS);
    assert!(derivative(0) > 0 && derivative(middle) < 0 && derivative(end) > 0, "interval {index}");
    let before_sign_change = |mut low: u32, mut high: u32| {
        let sign = derivative(low).signum();
        while high - low > 1 {
            let probe = low + (high - low) / 2;
            if derivative(probe).signum() == sign { low = probe } else { high = probe }
        }
        low
    };
    let (highest, lowest) = (before_sign_change(0, middle), before_sign_change(middle, end));
    [0, highest, highest + 1, lowest, lowest + 1, LAST_OFFSET]
}

/// `X` where `Ln` errs most downward and most upward: the first interval is the worst, as the proof below
/// finds.
pub fn worst_of_first_interval() -> [u32; 2] {
    let [_, low, _, high, ..] = extremal_offsets(0, &intervals()[0]);
    [start(0) + low, start(0) + high]
}

/// The bound for every `x` of the domain, not a sample of them: `Ln(x) − 2^96·ln x` is the error at `X`'s
/// offset in the table, which the extremal offsets bound, and `e ≤ 31` times the error of `LN2`.
#[test]
fn the_error_bound_is_proved_on_every_interval() {
    let (mut above, mut below) = (Worst::new(), Worst::new());
    let ln_2_31 = ln(1 << 31);
    for (index, interval) in intervals().iter().enumerate() {
        for offset in extremal_offsets(index, interval) {
            let o = u128::from(offset);
            let value = interval.a + interval.b * o - interval.c_magnitude * o * o;
            let error = (real(value) >> 96) - (ln(start(index) + offset) - &ln_2_31);
            let worst = if error > real(0u32) { &mut above } else { &mut below };
            worst.observe(error, || format!("interval {index}, offset {offset}"));
        }
    }
    let of_ln2 = real(31u32) * ((real(ln2()) >> 96) - ln(2));
    let of_ln2 = if of_ln2 < real(0u32) { -of_ln2 } else { of_ln2 };
    above.print("Ln above ln", "2^-35.9");
    below.print("Ln below ln", "2^-35.9");
    for worst in [above, below] {
        assert!(worst.magnitude() + &of_ln2 < two_to_tenths(-359));
        // Not vacuous, and PROTOCOL's figure for the interpolation alone is the one met: 2^−35.96 to two
        // places.
        assert!(*worst.magnitude() > two_to_tenths(-360));
    }
}

#[test]
fn the_error_bound_holds_at_powers_of_two_borders_extremes_and_at_random() {
    let mut rng = rng(62);
    let random: Vec<u32> = (0..8_000).map(|_| (rng.r#gen::<u32>() >> rng.gen_range(0..32)).max(1)).collect();
    let borders = around_interval_borders([10, 17, 24, 31].into_iter());
    let bound = two_to_tenths(-359);
    let mut worst = Worst::new();
    for x in around_powers_of_two().chain(borders).chain(random).chain(1..=2048) {
        worst.observe(error(x), || format!("x = {x}"));
        assert!(*worst.magnitude() < bound, "x = {x}");
    }
    worst.print("Ln at sampled points", "2^-35.9");
}

/// `x < y` implies `Ln(x) < Ln(y)` on the whole domain: in an interval the parabola's last step, its
/// smallest, is upward; so is the step over every border; so is the step to the next power of two.
#[test]
fn the_logarithm_rises_everywhere() {
    let at = |interval: &Interval, offset: u32| {
        let o = u128::from(offset);
        interval.a + interval.b * o - interval.c_magnitude * o * o
    };
    let ends = intervals().iter().skip(1).map(|interval| interval.a).chain([ln2()]);
    for (index, (interval, next)) in intervals().iter().zip(ends).enumerate() {
        assert!(at(interval, LAST_OFFSET - 1) < at(interval, LAST_OFFSET), "interval {index}");
        assert!(at(interval, LAST_OFFSET) < next, "the border after interval {index}");
    }
    // The steps themselves, as the product takes them, at every border of every octave.
    for x in around_interval_borders(10..32).filter(|&x| x > 1) {
        assert!(of(x - 1) < of(x), "{x}");
    }
}

/// Ties the proofs above, which speak of `X` and its offset, to `x`.
#[test]
fn a_power_of_two_moves_only_the_exponent() {
    let mut rng = rng(63);
    for _ in 0..20_000 {
        let x = (rng.r#gen::<u32>() >> rng.gen_range(1..32)).max(1);
        let doubled = decompose(NonZeroU32::new(2 * x).expect("positive"));
        let plain = decompose(NonZeroU32::new(x).expect("positive"));
        assert_eq!((doubled.interval, doubled.offset), (plain.interval, plain.offset));
        assert_eq!(of(2 * x), of(x) + ln2(), "{x}");
    }
}
