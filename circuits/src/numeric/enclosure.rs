//! Real numbers between two integers: how a constant is rounded without being trusted to be accurate.

use std::ops::AddAssign;

use num_bigint::BigUint;
use num_traits::CheckedDiv;

/// A real number `v` of which is known that `low ≤ v·2^bits ≤ high`.
///
/// Every operation rounds `low` down and `high` up, so that the claim outlives any number of them.
pub(super) struct Enclosure {
    low: BigUint,
    high: BigUint,
    bits: u32,
}

impl Enclosure {
    /// The caller vouches for `low ≤ v·2^bits ≤ high`.
    pub(super) fn new(low: BigUint, high: BigUint, bits: u32) -> Self {
        debug_assert!(low <= high);
        Self { low, high, bits }
    }

    pub(super) fn zero(bits: u32) -> Self {
        Self::new(BigUint::ZERO, BigUint::ZERO, bits)
    }

    #[expect(clippy::arithmetic_side_effects, reason = "products and sums of big integers, shifted right")]
    pub(super) fn squared(&self) -> Self {
        let low = (&self.low * &self.low) >> self.bits;
        let high = ((&self.high * &self.high) >> self.bits) + 1u32;
        Self::new(low, high, self.bits)
    }

    /// `round(2^fraction_bits·v)`, or `None` if the enclosure is too wide to tell.
    #[expect(clippy::arithmetic_side_effects, reason = "sums of big integers, shifted right")]
    pub(super) fn round(&self, fraction_bits: u32) -> Option<BigUint> {
        let dropped = self.bits.checked_sub(fraction_bits)?;
        let half = power_of_two(dropped) >> 1u32;
        let low = (&self.low + &half) >> dropped;
        let high = (&self.high + &half) >> dropped;
        (low == high).then_some(low)
    }

    /// `⌊2^fraction_bits / v⌋` for `v > 0`, or `None` if the enclosure is too wide to tell.
    pub(super) fn floor_of_inverse(&self, fraction_bits: u32) -> Option<BigUint> {
        let scaled = power_of_two(self.bits.checked_add(fraction_bits)?);
        let low = scaled.checked_div(&self.high)?;
        let high = scaled.checked_div(&self.low)?;
        (low == high).then_some(low)
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "a big integer has room for any bit that memory has")]
fn power_of_two(exponent: u32) -> BigUint {
    BigUint::from(1u32) << exponent
}

impl AddAssign for Enclosure {
    #[expect(clippy::arithmetic_side_effects, reason = "sums of big integers")]
    fn add_assign(&mut self, other: Self) {
        debug_assert_eq!(self.bits, other.bits);
        self.low += other.low;
        self.high += other.high;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enclosure(low: u32, high: u32, bits: u32) -> Enclosure {
        Enclosure::new(low.into(), high.into(), bits)
    }

    #[test]
    fn rounds_to_nearest_only_where_both_ends_agree() {
        assert_eq!(enclosure(0x17f, 0x17f, 8).round(0), Some(1u32.into()));
        assert_eq!(enclosure(0x180, 0x27f, 8).round(0), Some(2u32.into()));
        assert_eq!(enclosure(0x17f, 0x180, 8).round(0), None);
        assert_eq!(enclosure(0x27f, 0x280, 8).round(8), None);
    }

    #[test]
    fn inverts_only_where_both_ends_agree() {
        // 1/v for v in [2, 2 + 1/16]: 4.0 down to 3.8 in halves of a half.
        assert_eq!(enclosure(32, 32, 4).floor_of_inverse(3), Some(4u32.into()));
        assert_eq!(enclosure(32, 33, 4).floor_of_inverse(3), None);
        assert_eq!(enclosure(33, 34, 4).floor_of_inverse(3), Some(3u32.into()));
        assert_eq!(enclosure(0, 1, 4).floor_of_inverse(3), None);
    }

    #[test]
    fn squares_outward() {
        let squared = enclosure(0x19, 0x1a, 4).squared();
        // (25/16)² = 39.06/16 and (26/16)² = 42.25/16.
        assert_eq!((squared.low, squared.high), (39u32.into(), 43u32.into()));
    }

    #[test]
    fn sums_widths() {
        let mut sum = Enclosure::zero(4);
        sum += enclosure(3, 5, 4);
        sum += enclosure(10, 11, 4);
        assert_eq!((sum.low, sum.high), (13u32.into(), 16u32.into()));
    }

    /// What is claimed of `v` holds for every `v` within, here sixteen to a unit, and is not withheld
    /// needlessly.
    #[test]
    fn claims_hold_for_every_number_within() {
        const BITS: u32 = 3;
        for (low, high) in (0u32..40).flat_map(|low| (low..low + 6).map(move |high| (low, high))) {
            let it = enclosure(low, high, BITS);
            let within = 16 * low..=16 * high;
            let squared = it.squared();
            let square = |v: u32| BigUint::from(v * v);
            assert!(within.clone().all(|v| (&squared.low << (BITS + 8)) <= square(v)));
            assert!(within.clone().all(|v| square(v) <= (&squared.high << (BITS + 8))));
            for fraction_bits in 0..=BITS {
                let unit = 16 << (BITS - fraction_bits);
                let alike = |values: Vec<u32>| {
                    values.windows(2).all(|pair| pair[0] == pair[1]).then(|| values[0].into())
                };
                let rounded = within.clone().map(|v| (v + unit / 2) / unit).collect();
                assert_eq!(it.round(fraction_bits), alike(rounded), "{low}..{high} at {fraction_bits}");
                if low > 0 {
                    let inverse = within.clone().map(|v| (16 << (BITS + fraction_bits)) / v).collect();
                    assert_eq!(it.floor_of_inverse(fraction_bits), alike(inverse), "1/({low}..{high})");
                }
            }
        }
    }
}
