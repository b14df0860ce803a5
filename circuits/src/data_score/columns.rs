//! The list of the circuit's first-phase columns.
//!
//! The linked columns come first, so that their commitments are the first points of a proof. *Copied* cells
//! come from the instance; every other cell is linked, or a hint or result forced by the gate named.

use crate::columns::columns;

/// Bits of an offset within an interval.
pub(super) const OFFSET_BITS: u32 = 21;
/// Bits of a count.
pub(super) const COUNT_BITS: u32 = 32;
/// Bits of `n·2^48`, the bound of the remainder.
pub(super) const REMAINDER_BITS: u32 = 80;

columns! {
    /// `c`, linked.
    counts: One = Counts, "c";
    /// `ℓ`, linked.
    ln_reference: One = LnReference, "ℓ";
    /// `k`, linked.
    boundary: One = Boundary, "k";
    /// `s`: a hint, 1 where `c > 0`; D5.
    nonempty: One = Nonempty, "s";
    /// `e`: a hint; D5 and the Ln table.
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
    /// `n`: row 1 is copied, then each row equals the row above; D1.
    records: One = Records, "n";
    /// `a`: the running total of the feature, zero in row 1; D3. Row `F+1` holds the remainder, row `F+3`
    /// what the remainder lacks of `n·2^48`; D7.
    running: One = Running, "a";
    /// `S`: the running sum, zero in row 1; D6.
    sum: One = Sum, "S";
    /// Copied.
    io: One = Io, "io";
    /// Multiplicities of the range table: hints; LogUp.
    range_multiplicity: One = RangeMultiplicity, "m_range";
    /// Multiplicities of the Ln table: hints; LogUp.
    ln_multiplicity: One = LnMultiplicity, "m_ln";
    /// A limb of the offset: a hint; D5. In rows `F+1..F+5` a limb of one of the two values in `a`; D7.
    offset: Limbs(OFFSET_BITS) = Offset(limb), "o";
    /// A limb of the count: a hint; D4. In rows `F+1..F+5` a limb of one of the two values in `a`; D7.
    count_limbs: Limbs(COUNT_BITS) = CountLimb(limb), "c_";
}
