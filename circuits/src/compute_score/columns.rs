//! The list of the circuit's first-phase columns.
//!
//! The public columns come first, so that their commitments are the first points of a proof. Every other cell
//! is a hint or a result, forced by the clause named.
//!
//! `lost`, the part of `decay·ρ` below `2^64`, and the score's remainder, below `2^96`, are carried scaled to
//! a whole number of limbs (see [`crate::chips::limbs`]): that makes their ranges exact.

use crate::columns::columns;

/// Bits of units, of what they lack of the total, and of a division's remainder and slack.
pub(super) const UNIT_BITS: u32 = 32;
/// Bits of a share: the full share is `2^32`.
pub(super) const SHARE_BITS: u32 = 33;
/// Bits of a decay: the first is `2^64`.
pub(super) const DECAY_BITS: u32 = 65;
/// Bits that a step of the decay loses.
pub(super) const LOST_BITS: u32 = 64;
/// Bits that the score's floor drops.
pub(super) const REMAINDER_BITS: u32 = 96;

columns! {
    /// `u`, public.
    units: One = Units, "u";
    /// `U`, public.
    totals: One = Totals, "U";
    /// `z`: a hint, 1 where `U > 0`; C3.
    nonzero: One = Nonzero, "z";
    /// `ρ`, from row 1 on: the instance's, then each row equals the row above. Row 0 holds the context's low
    /// limb; C1.
    rho: One = Rho, "ρ";
    /// `λ_q`, likewise; row 0 holds the context's high limb; C1.
    lambda: One = Lambda, "λ";
    /// The sum of this row's term and all below it, times `λ_q`; C5. Row `F` begins it with the remainder,
    /// taken off; row 0 is the score's multiple of `2^96`; C6.
    sum: One = Sum, "sum";
    /// Multiplicities of the range table: hints; LogUp.
    multiplicity: One = Multiplicity, "m_range";
    /// A limb of `u`: a hint; C2. In row `F` a limb of the score's remainder; C6.
    unit_limbs: Limbs(UNIT_BITS) = UnitLimb(limb), "unit";
    /// A limb of `U − u`: a hint; C2. In row `F` a limb of the score's remainder; C6.
    rest: Limbs(UNIT_BITS) = Rest(limb), "rest";
    /// A limb of the share: a hint; C3. In row `F` a limb of the score's remainder; C6.
    share: Limbs(SHARE_BITS) = Share(limb), "share";
    /// A limb of the share's remainder: a hint; C3.
    remainder: Limbs(UNIT_BITS) = Remainder(limb), "rem";
    /// A limb of what the share's remainder lacks of `U − z`: a hint; C3.
    slack: Limbs(UNIT_BITS) = Slack(limb), "slack";
    /// A limb of the decay: a hint; C4.
    decay: Limbs(DECAY_BITS) = Decay(limb), "decay";
    /// A limb of what the decay's step drops, scaled: a hint; C4.
    lost: Limbs(LOST_BITS) = Lost(limb), "lost";
}
