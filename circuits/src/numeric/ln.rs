//! # Ln
//!
//! `Ln(x) ≈ 2^96·ln x` for `1 ≤ x < 2^32`: a table of 1,024 parabolas, exactly as PROTOCOL section 6 defines it.
//!
//! `x` is first brought to `X = x·2^(31−e)` in `[2^31, 2^32)`; the ten bits of `X` below the leading one choose
//! an interval `i`, the lowest 21 bits are the offset `o` in it, and
//! `Ln(x) = e·LN2 + A_i + B_i·o + C_i·o²`. The parabola interpolates `ln` at both ends and the middle of the
//! interval; `|Ln(x)/2^96 − ln x| < 2^−35.9`.
//!
//! The nodes `y = round(2^96·ln(1 + j/2048))` come from `ln((m+1)/m) = 2·artanh(1/(2m+1))`, summed over
//! `m = 2048, 2049, …` with 192 fractional bits. The sum over all 2,048 of them is `ln 2` itself.

use std::array;
use std::num::NonZeroU32;
use std::sync::LazyLock;

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use super::enclosure::Enclosure;

/// Fractional bits of `Ln(x)`.
pub const SCALE_BITS: u32 = 96;

/// Number of intervals that `[1, 2)` is cut into.
pub const INTERVALS: usize = 1 << INTERVAL_BITS;

/// Bits of `X` that are the offset within an interval.
pub const OFFSET_BITS: u32 = 31 - INTERVAL_BITS;

const INTERVAL_BITS: u32 = 10;

/// Fractional bits of the table's computation: 96 to keep, 96 to show that the rounding is right.
const WORKING_BITS: u32 = 192;

/// Coefficients of one interval's parabola, in units of `2^−96` nats.
///
/// The logarithm is concave, so that `C_i` is negative in every interval: its magnitude is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// `A_i`: the value at the interval's start.
    pub a: u128,
    /// `B_i`: per unit of offset.
    pub b: u128,
    /// `−C_i`: per squared unit of offset, to be subtracted.
    pub c_magnitude: u128,
}

impl Interval {
    /// PROTOCOL's formulas for `A_i`, `B_i`, `C_i` from the values at an interval's start, middle and end.
    ///
    /// `div_euclid` by a positive number is floor for numerators of either sign; `/` would truncate.
    fn through([y_0, y_1, y_2]: [i128; 3]) -> Self {
        let linear = -3 * y_0 + 4 * y_1 - y_2;
        let quadratic = y_0 - 2 * y_1 + y_2;
        let b = rounded_shift(linear, OFFSET_BITS);
        let c = rounded_shift(quadratic, 2 * OFFSET_BITS - 1);
        assert!(y_0 >= 0 && b > 0 && c < 0, "the logarithm is non-negative, rising and concave on [1, 2)");
        Self { a: y_0.unsigned_abs(), b: b.unsigned_abs(), c_magnitude: c.unsigned_abs() }
    }

    /// `A_i + B_i·o + C_i·o²`; `o < 2^21`.
    fn at(&self, offset: u32) -> u128 {
        let offset = u128::from(offset);
        self.a + self.b * offset - self.c_magnitude * offset * offset
    }
}

/// How `Ln` sees `x`: `x·power = 2^31 + interval·2^21 + offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decomposition {
    /// `e = ⌊log2 x⌋`, at most 31.
    pub exponent: u32,
    /// `2^(31−e)`.
    pub power: u32,
    /// `i`, below 2^10.
    pub interval: u32,
    /// `o`, below 2^21.
    pub offset: u32,
}

/// `LN2 = round(2^96·ln 2)`.
pub fn ln2() -> u128 {
    TABLE.ln2
}

/// `A_i`, `B_i`, `−C_i` for every interval `i`, computed once.
pub fn intervals() -> &'static [Interval; INTERVALS] {
    &TABLE.intervals
}

/// `e`, `2^(31−e)`, `i` and `o` of `x`.
pub fn decompose(x: NonZeroU32) -> Decomposition {
    let exponent = x.ilog2();
    let power = 1 << (31 - exponent);
    let below_leading_bit = x.get() * power - (1 << 31);
    Decomposition {
        exponent,
        power,
        interval: below_leading_bit >> OFFSET_BITS,
        offset: below_leading_bit & ((1 << OFFSET_BITS) - 1),
    }
}

/// `Ln(x)`: `2^96·ln x` within `2^60.1`; below `2^101`.
pub fn ln(x: NonZeroU32) -> u128 {
    let Decomposition { exponent, interval, offset, .. } = decompose(x);
    u128::from(exponent) * ln2() + intervals()[interval as usize].at(offset)
}

struct Table {
    ln2: u128,
    intervals: [Interval; INTERVALS],
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let nodes = nodes();
    let node = |j: usize| i128::try_from(nodes[j]).expect("a logarithm of at most ln 2 is below 2^96");
    Table {
        ln2: nodes[2 * INTERVALS],
        intervals: array::from_fn(|i| Interval::through([node(2 * i), node(2 * i + 1), node(2 * i + 2)])),
    }
});

/// `round(2^96·ln(1 + j/2048))` for `0 ≤ j ≤ 2048`: the ends and the middles of all intervals.
fn nodes() -> Vec<u128> {
    let first = 2 * INTERVALS as u32;
    let mut sum = Enclosure::zero(WORKING_BITS);
    let mut nodes = vec![0];
    for m in first..2 * first {
        sum += ln_of_successor_over(m);
        let node = sum.round(SCALE_BITS).and_then(|node| node.to_u128());
        nodes.push(node.expect("96 guard bits separate every node from a tie: a fact about constants"));
    }
    nodes
}

/// `ln((m+1)/m) = 2·Σ_k 1/((2k+1)·q^(2k+1))` with `q = 2m + 1`.
///
/// Each term is floored (floors of floors by integers are floors of the exact quotient), so a sum of `K` terms
/// is short by less than `K`. The tail begins where `2^bits < q^(2K+1)`, and is therefore less than
/// `Σ_j q^(−2j)/(2K+1) < 1`.
fn ln_of_successor_over(m: u32) -> Enclosure {
    let q = 2 * m + 1;
    let mut power = (BigUint::from(1u32) << WORKING_BITS) / q;
    let mut sum = BigUint::ZERO;
    let mut terms = 0u32;
    while !power.is_zero() {
        sum += &power / (2 * terms + 1);
        power /= u64::from(q) * u64::from(q);
        terms += 1;
    }
    Enclosure::new(&sum * 2u32, (&sum + terms + 1u32) * 2u32, WORKING_BITS)
}

/// `⌊(numerator + 2^(shift−1)) / 2^shift⌋`, the rounding of PROTOCOL section 6.
fn rounded_shift(numerator: i128, shift: u32) -> i128 {
    (numerator + (1 << (shift - 1))).div_euclid(1 << shift)
}

#[cfg(test)]
mod tests {
    use dashu_float::FBig;
    use dashu_float::round::mode::HalfEven;
    use proptest::prelude::*;

    use super::*;

    fn positive(x: u32) -> NonZeroU32 {
        NonZeroU32::new(x).expect("tests ask for logarithms of positive numbers")
    }

    /// `round(2^96·ln(numerator/2^shift))` by a library that shares nothing with this file.
    fn reference_ln(numerator: u32, shift: usize) -> u128 {
        let x = FBig::<HalfEven, 2>::from(numerator).with_precision(256).value() >> shift as isize;
        let scaled = x.ln() << SCALE_BITS as isize;
        scaled.to_int().value().try_into().expect("the logarithm of a number above one")
    }

    /// `|Ln(x)/2^96 − ln x| < 2^−35.9`, as `error^10 < 2^(10·60.1)`.
    fn error_is_bounded(x: u32) -> bool {
        let error = ln(positive(x)).abs_diff(reference_ln(x, 0)) + 1;
        BigUint::from(error).pow(10) < BigUint::from(1u32) << 601u32
    }

    #[test]
    fn every_node_is_the_rounded_logarithm() {
        let nodes = nodes();
        assert_eq!(nodes.len(), 2 * INTERVALS + 1);
        for (j, node) in (2048..).zip(nodes) {
            assert_eq!(node, reference_ln(j, 11), "node {j}");
        }
        assert_eq!(ln2(), reference_ln(2, 0));
    }

    #[test]
    fn every_interval_rises_and_is_concave() {
        for (i, interval) in intervals().iter().enumerate() {
            let [y_0, y_2] = [i as u32 + 1024, i as u32 + 1025].map(|j| reference_ln(j, 10));
            assert_eq!(interval.a, y_0);
            assert!(interval.b > 0 && interval.c_magnitude > 0, "interval {i}");
            // Half a unit in B times 2^21 and half a unit in C times 2^42.
            assert!(interval.at(1 << OFFSET_BITS).abs_diff(y_2) <= (1 << 20) + (1 << 41), "interval {i}");
        }
    }

    #[test]
    fn negative_numerators_are_floored_and_not_truncated() {
        assert_eq!(rounded_shift(-9, 3), -1); // ⌊−5/8⌋: truncation says 0.
        assert_eq!(rounded_shift(-4, 3), 0);
        assert_eq!(rounded_shift(-5, 3), -1);
        assert_eq!(rounded_shift(-12, 3), -1);
        assert_eq!(rounded_shift(4, 3), 1);
        // A whole and a quarter unit of curvature: ⌊(−5/4) + 1/2⌋ = −1.
        let curvature = 5 << (2 * OFFSET_BITS - 3);
        let interval = Interval::through([0, curvature, curvature]);
        assert_eq!(interval.c_magnitude, 1);
        // One unit more than one and a half rounds away: ⌊−(3/2 + ε) + 1/2⌋ = −2.
        let curvature = (6 << (2 * OFFSET_BITS - 3)) + 1;
        assert_eq!(Interval::through([0, curvature, curvature]).c_magnitude, 2);
    }

    #[test]
    #[should_panic(expected = "concave")]
    fn a_convex_table_is_refused() {
        Interval::through([0, 1 << 60, 1 << 62]);
    }

    #[test]
    fn powers_of_two_and_their_neighbours_decompose() {
        for exponent in 0..32 {
            let power_of_two = 1u32 << exponent;
            let expected = Decomposition { exponent, power: 1 << (31 - exponent), interval: 0, offset: 0 };
            assert_eq!(decompose(positive(power_of_two)), expected);
            assert_eq!(ln(positive(power_of_two)), u128::from(exponent) * ln2());
            for x in [power_of_two - 1, power_of_two + 1].into_iter().filter(|&x| x > 0) {
                check_decomposition(x);
                assert!(error_is_bounded(x), "{x}");
            }
        }
        check_decomposition(u32::MAX);
    }

    fn check_decomposition(x: u32) {
        let Decomposition { exponent, power, interval, offset } = decompose(positive(x));
        assert!(interval < 1 << 10 && offset < 1 << 21);
        assert_eq!(u64::from(power) << exponent, 1 << 31);
        let recomposed = (1u64 << 31) + (u64::from(interval) << 21) + u64::from(offset);
        assert_eq!(u64::from(x) * u64::from(power), recomposed);
    }

    proptest! {
        #[test]
        fn any_number_decomposes_and_is_close(bits in 0u32..32, x in any::<u32>()) {
            let x = (x >> bits).max(1);
            check_decomposition(x);
            prop_assert!(error_is_bounded(x));
        }
    }
}
