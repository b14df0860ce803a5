//! # Fixed point
//!
//! Compute scores and divergences per record have 48 fractional bits (PROTOCOL sections 7 and 10). People
//! read and write them as decimals: this file goes both ways in integers, and is the one parser of decimals
//! that enter a statement (`λ`, caps).

use std::fmt;

use num_bigint::BigUint;
use num_traits::ToPrimitive;

/// Fractional bits of a compute score, of a divergence per record, of `λ_q` and of a policy's cap.
pub const FRACTION_BITS: u32 = 48;

/// Longest decimal accepted, in characters.
pub const MAX_DECIMAL_LENGTH: usize = 40;

/// Decimals after which every number with 48 fractional bits has ended.
#[expect(clippy::as_conversions, reason = "48")]
const EXACT_DIGITS: usize = FRACTION_BITS as usize;

/// Decimal places that [`MAX_DECIMAL_LENGTH`] characters can have, after a digit and the point.
const PLACES: usize = MAX_DECIMAL_LENGTH - 2;

/// Decimal places of a trillionth.
const TRILLIONTHS: usize = 12;

/// Why a text is not a decimal that this protocol reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// More characters than [`MAX_DECIMAL_LENGTH`].
    #[error("decimal of {length} characters: write at most {MAX_DECIMAL_LENGTH}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not of the form `digits` or `digits.digits`.
    #[error(
        "{text:?} is not a plain decimal: write digits, or digits, one point and digits, without sign \
         or exponent"
    )]
    NotPlain {
        /// The text, at most [`MAX_DECIMAL_LENGTH`] bytes of it.
        text: String,
    },
    /// At least 2^16, which no score reaches.
    #[error("{text} is too large: values of 48 fractional bits are below 65536")]
    TooLarge {
        /// The text as given.
        text: String,
    },
}

/// `score/2^48` as a decimal with `digits` places, rounded half up; past 48 places it is exact, and ends
/// there.
#[expect(clippy::arithmetic_side_effects, reason = "a product and a sum of big integers, shifted right")]
pub fn to_decimal(score: impl Into<u128>, digits: usize) -> String {
    let digits = digits.min(EXACT_DIGITS);
    let half = 1u64 << (FRACTION_BITS - 1);
    let scaled = (power_of_ten(digits) * score.into() + half) >> FRACTION_BITS;
    with_point(&scaled, digits)
}

/// `⌊value·2^48⌋` of a decimal below 2^16, exactly.
pub fn parse_fixed48(decimal: &str) -> Result<u64, DecimalError> {
    Decimal::parse(decimal)?
        .floor_fixed48()
        .to_u64()
        .ok_or_else(|| DecimalError::TooLarge { text: decimal.to_owned() })
}

/// A non-negative decimal held exactly: its value times `10^38`.
///
/// One common denominator makes equality of values equality of representations, and order that of integers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal {
    scaled: BigUint,
}

impl Decimal {
    /// Reads `digits` or `digits.digits`, in ASCII, at most [`MAX_DECIMAL_LENGTH`] characters.
    pub(super) fn parse(text: &str) -> Result<Self, DecimalError> {
        if text.len() > MAX_DECIMAL_LENGTH {
            return Err(DecimalError::TooLong { length: text.len() });
        }
        let not_plain = || DecimalError::NotPlain { text: text.to_owned() };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        for digits in [whole, fraction] {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(not_plain());
            }
        }
        let digits = format!("{whole}{fraction:0<PLACES$}");
        let scaled = BigUint::parse_bytes(digits.as_bytes(), 10).ok_or_else(not_plain)?;
        Ok(Self { scaled })
    }

    #[expect(clippy::arithmetic_side_effects, reason = "a product of big integers")]
    pub(super) fn from_integer(value: u32) -> Self {
        Self { scaled: power_of_ten(PLACES) * value }
    }

    /// `trillionths/10^12`.
    #[expect(clippy::arithmetic_side_effects, reason = "a product of big integers")]
    pub(super) fn from_trillionths(trillionths: u64) -> Self {
        Self { scaled: power_of_ten(PLACES - TRILLIONTHS) * trillionths }
    }

    /// `⌊value·2^48⌋`.
    #[expect(clippy::arithmetic_side_effects, reason = "no power of ten is zero")]
    pub(super) fn floor_fixed48(&self) -> BigUint {
        (&self.scaled << FRACTION_BITS) / power_of_ten(PLACES)
    }

    /// The value as a fraction: numerator and denominator, not reduced.
    pub(super) fn as_fraction(&self) -> (&BigUint, BigUint) {
        (&self.scaled, power_of_ten(PLACES))
    }
}

/// The one shortest text of the value: no leading or trailing zero, no trailing point.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = with_point(&self.scaled, PLACES);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

fn power_of_ten(exponent: usize) -> BigUint {
    num_traits::pow(BigUint::from(10u32), exponent)
}

/// `scaled/10^digits`, with every one of its `digits` places written.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "at most 48 places, and the text has at least one digit more than places"
)]
fn with_point(scaled: &BigUint, digits: usize) -> String {
    let mut text = format!("{:0>width$}", scaled.to_string(), width = digits + 1);
    if digits > 0 {
        text.insert(text.len() - digits, '.');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    const ONE: u64 = 1 << FRACTION_BITS;

    #[test]
    fn scores_are_displayed_rounded_half_up() {
        assert_eq!(to_decimal(0u64, 9), "0.000000000");
        assert_eq!(to_decimal(ONE, 9), "1.000000000");
        assert_eq!(to_decimal(ONE / 2, 0), "1");
        assert_eq!(to_decimal(ONE / 2 - 1, 0), "0");
        assert_eq!(to_decimal(ONE / 4, 1), "0.3");
        assert_eq!(to_decimal(ONE / 4 - 1, 1), "0.2");
        assert_eq!(to_decimal(u64::MAX, 9), "65536.000000000");
        assert_eq!(to_decimal(391_708_021_030_492u64, 9), "1.391626444");
    }

    #[test]
    fn the_smallest_unit_ends_after_48_places() {
        let exact = "0.000000000000003552713678800500929355621337890625";
        assert_eq!(to_decimal(1u64, 48), exact);
        assert_eq!(to_decimal(1u64, usize::MAX), exact);
    }

    #[test]
    fn decimals_are_floored_at_48_bits() {
        assert_eq!(parse_fixed48("0"), Ok(0));
        assert_eq!(parse_fixed48("0.05"), Ok(14_073_748_835_532));
        assert_eq!(parse_fixed48("0000000000000000000000000000000000000001"), Ok(ONE));
        assert_eq!(parse_fixed48("0.00000000000000355271367880050092935562"), Ok(0));
        assert_eq!(parse_fixed48("0.00000000000000355271367880050092935563"), Ok(1));
        assert_eq!(parse_fixed48("65535.99999999999999999999999999999999"), Ok(u64::MAX));
    }

    #[test]
    fn values_above_sixty_four_bits_are_refused() {
        let text = "65536".to_owned();
        assert_eq!(parse_fixed48("65536"), Err(DecimalError::TooLarge { text }));
        assert!(matches!(parse_fixed48(&"9".repeat(40)), Err(DecimalError::TooLarge { .. })));
    }

    #[test]
    fn only_plain_decimals_are_read() {
        for text in
            ["", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1 ", "1_0", "1,5", "1.2.3", "0x1", "٣", "NaN"]
        {
            assert_eq!(Decimal::parse(text), Err(DecimalError::NotPlain { text: text.to_owned() }));
        }
        let length = MAX_DECIMAL_LENGTH + 1;
        assert_eq!(Decimal::parse(&"0".repeat(length)), Err(DecimalError::TooLong { length }));
    }

    #[test]
    fn the_canonical_text_is_the_shortest() {
        for (text, canonical) in [
            ("0", "0"),
            ("0.000", "0"),
            ("00.10", "0.1"),
            ("100", "100"),
            ("1000.0", "1000"),
            ("7.07", "7.07"),
        ] {
            assert_eq!(Decimal::parse(text).map(|decimal| decimal.to_string()), Ok(canonical.to_owned()));
        }
    }

    #[test]
    fn trillionths_are_decimals_of_twelve_places() {
        for (trillionths, text) in [(0, "0"), (1, "0.000000000001"), (99_595_900_000, "0.0995959")] {
            assert_eq!(Decimal::from_trillionths(trillionths).to_string(), text);
        }
        assert_eq!(Decimal::from_trillionths(1000 * 10u64.pow(12)), Decimal::from_integer(1000));
    }

    #[test]
    fn order_is_that_of_values() {
        let compare = |a, b| Decimal::parse(a).and_then(|a| Ok(a.cmp(&Decimal::parse(b)?)));
        assert_eq!(compare("0.10", "0.1"), Ok(Ordering::Equal));
        assert_eq!(compare("0.9", "0.10"), Ok(Ordering::Greater));
        assert_eq!(compare("9", "10"), Ok(Ordering::Less));
        assert_eq!(compare("0.10000000000000000000000000000000000001", "0.1"), Ok(Ordering::Greater));
    }

    proptest! {
        /// Twenty places are off by far less than one unit, but may round to just below the score.
        #[test]
        fn display_and_parse_agree(score in any::<u64>()) {
            let shown = parse_fixed48(&to_decimal(score, 20))?;
            prop_assert!(shown.abs_diff(score) <= 1, "came back as {shown}");
        }

        #[test]
        fn canonical_text_is_a_fixed_point(whole in "[0-9]{1,10}", fraction in "[0-9]{1,29}") {
            let decimal = Decimal::parse(&format!("{whole}.{fraction}"))?;
            let canonical = decimal.to_string();
            prop_assert!(canonical.len() <= whole.len() + 1 + fraction.len());
            prop_assert_eq!(Decimal::parse(&canonical)?, decimal);
        }

        #[test]
        fn whatever_is_read_is_plain(text in "[0-9.eE+_ -]{1,6}|\\PC{0,45}") {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            prop_assert!(plain || parse_fixed48(&text).is_err());
        }
    }
}
