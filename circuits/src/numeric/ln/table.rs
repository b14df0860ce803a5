//! The table, computed once from constants.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "nothing here depends on an input: if the table could be computed once, it always can"
)]

use std::array;
use std::sync::LazyLock;

use num_bigint::BigUint;
use num_traits::{ToPrimitive, Zero};

use super::{INTERVALS, Interval, OFFSET_BITS, SCALE_BITS};
use crate::numeric::enclosure::Enclosure;

/// Fractional bits of the table's computation: 96 to keep, 96 to show that the rounding is right.
const WORKING_BITS: u32 = 192;

/// What `Ln` looks up.
pub(super) struct Table {
    pub(super) ln2: u128,
    pub(super) intervals: [Interval; INTERVALS],
}

/// Computed when it is first asked for.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let nodes = nodes();
    let node = |j: usize| i128::try_from(nodes[j]).expect("a logarithm of at most ln 2 is below 2^96");
    Table {
        ln2: nodes[2 * INTERVALS],
        intervals: array::from_fn(|i| Interval::through([node(2 * i), node(2 * i + 1), node(2 * i + 2)])),
    }
});

impl Interval {
    /// PROTOCOL's formulas for `A_i`, `B_i`, `C_i` from the values at an interval's start, middle and end.
    ///
    /// `div_euclid` by a positive number is floor for numerators of either sign; `/` would truncate.
    pub(super) fn through([y_0, y_1, y_2]: [i128; 3]) -> Self {
        let linear = -3 * y_0 + 4 * y_1 - y_2;
        let quadratic = y_0 - 2 * y_1 + y_2;
        let b = rounded_shift(linear, OFFSET_BITS);
        let c = rounded_shift(quadratic, 2 * OFFSET_BITS - 1);
        assert!(y_0 >= 0 && b > 0 && c < 0, "the logarithm is non-negative, rising and concave on [1, 2)");
        Self { a: y_0.unsigned_abs(), b: b.unsigned_abs(), c_magnitude: c.unsigned_abs() }
    }
}

/// `round(2^96·ln(1 + j/2048))` for `0 ≤ j ≤ 2048`: the ends and the middles of all intervals.
pub(super) fn nodes() -> Vec<u128> {
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
/// Each term is floored (floors of floors by integers are floors of the exact quotient), so a sum of `K`
/// terms is short by less than `K`. The tail begins where `2^bits < q^(2K+1)`, and is therefore less than
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
pub(super) fn rounded_shift(numerator: i128, shift: u32) -> i128 {
    (numerator + (1 << (shift - 1))).div_euclid(1 << shift)
}
