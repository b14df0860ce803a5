//! # Ln
//!
//! `Ln(x) ≈ 2^96·ln x` for `1 ≤ x < 2^32`: a table of 1,024 parabolas, exactly as PROTOCOL section 6 defines
//! it.
//!
//! `x` is first brought to `X = x·2^(31−e)` in `[2^31, 2^32)`; the ten bits of `X` below the leading one
//! choose an interval `i`, the lowest 21 bits are the offset `o` in it, and
//! `Ln(x) = e·LN2 + A_i + B_i·o + C_i·o²`. The parabola interpolates `ln` at both ends and the middle of the
//! interval; `|Ln(x)/2^96 − ln x| < 2^−35.9`.
//!
//! The nodes `y = round(2^96·ln(1 + j/2048))` come from `ln((m+1)/m) = 2·artanh(1/(2m+1))`, summed over
//! `m = 2048, 2049, …` with 192 fractional bits. The sum over all 2,048 of them is `ln 2` itself.

mod table;

use std::num::NonZeroU32;

use table::TABLE;

/// Fractional bits of `Ln(x)`.
pub const SCALE_BITS: u32 = 96;

/// Number of intervals that `[1, 2)` is cut into.
pub const INTERVALS: usize = 1 << INTERVAL_BITS;

/// Bits of `X` that are the offset within an interval.
pub const OFFSET_BITS: u32 = 31 - INTERVAL_BITS;

const INTERVAL_BITS: u32 = 10;

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
    /// `A_i + B_i·o + C_i·o²`; `o < 2^21`.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "o < 2^21; A and B·o are below 2^97, and C·o² is the smaller part of B·o that bends it down"
    )]
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
#[expect(clippy::arithmetic_side_effects, reason = "e ≤ 31, and x·2^(31−e) lies in [2^31, 2^32)")]
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
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "e·LN2 is below 2^101; i is ten bits of x, and there are 2^10 intervals"
)]
pub fn ln(x: NonZeroU32) -> u128 {
    let Decomposition { exponent, interval, offset, .. } = decompose(x);
    u128::from(exponent) * ln2() + intervals()[interval as usize].at(offset)
}

#[cfg(test)]
mod tests {
    use dashu_float::FBig;
    use dashu_float::round::mode::HalfEven;
    use proptest::prelude::*;

    use num_bigint::BigUint;

    use super::table::{nodes, rounded_shift};
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
