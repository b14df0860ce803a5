//! The list of the circuit's first-phase columns.
//!
//! The linked column comes first and the public ones next, so that their commitments are the first points of
//! a proof. Every other cell is a hint or a result, forced by the clause named.

use crate::columns::columns;
use crate::numeric::divergence::DROPPED_BITS;

/// Bits of an offset within an interval.
pub(super) const OFFSET_BITS: u32 = 21;
/// Bits of a count.
pub(super) const COUNT_BITS: u32 = 32;
/// Bits of `S` that the score's floor drops.
pub(super) const REMAINDER_BITS: u32 = DROPPED_BITS;

columns! {
    /// `c`, linked.
    counts: One = Counts, "c";
    /// `ℓ`, public.
    ln_reference: One = LnReference, "ℓ";
    /// `k`, public.
    boundary: One = Boundary, "k";
    /// `e`: a hint; the Ln table.
    exponent: One = Exponent, "e";
    /// `p`: a hint; D5 and the Ln table.
    power: One = Power, "p";
    /// `i`: a hint; D5 and the Ln table.
    interval: One = Interval, "i";
    /// `A`: a hint; the Ln table.
    a: One = A, "A";
    /// `B`: a hint; the Ln table.
    b: One = B, "B";
    /// `C`: a hint; the Ln table.
    c_magnitude: One = CMagnitude, "C";
    /// `L`: the logarithm of the row's count, in row 0 that of `n`; D5.
    logarithm: One = Logarithm, "L";
    /// `n`: in row 0 the instance's, then each row equals the row above; D1.
    records: One = Records, "n";
    /// `a`: the running total of the feature, zero in row 1; D3. Row 0 holds the context's low limb; D1.
    running: One = Running, "a";
    /// `S`: the sum of this row's term and all below it; D6. Row `F` begins it with the remainder's high
    /// limbs, taken off; D7. Row 0 holds the context's high limb; D1.
    sum: One = Sum, "S";
    /// Multiplicities of the range table: hints; LogUp.
    range_multiplicity: One = RangeMultiplicity, "m_range";
    /// Multiplicities of the Ln table: hints; LogUp.
    ln_multiplicity: One = LnMultiplicity, "m_ln";
    /// A limb of the offset: a hint; D5. In row `F` a high limb of the remainder; D7.
    offset: Limbs(OFFSET_BITS) = Offset(limb), "o";
    /// A limb of the count: a hint; D4. In row 0 a low limb of the remainder, in row `F` a high one; D7.
    count_limbs: Limbs(COUNT_BITS) = CountLimb(limb), "c_";
}
