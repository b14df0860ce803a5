//! A value of a policy, read as what it should be. Numbers are read from their source text, as strings or as
//! TOML's numbers, and never as floats: but for edges, which are floats by definition (PROTOCOL section 3).

use std::borrow::Cow;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use toml::de::{DeInteger, DeValue};

use super::fault::PolicyFault;
use super::table::Value;
use super::time::unix_seconds;
use crate::eip55;
use crate::excerpt::excerpt;

/// Up to here a float holds every integer exactly.
const EXACT: u64 = 1 << 53;

/// A whole number's type.
pub(super) trait Whole: Sized {
    const MOST: u128;

    fn from_digits(digits: &str, radix: u32) -> Option<Self>;
}

macro_rules! whole {
    ($($number:ty),+) => {$(
        impl Whole for $number {
            #[expect(clippy::as_conversions, reason = "no unsigned number is wider than 128 bits")]
            const MOST: u128 = Self::MAX as u128;

            fn from_digits(digits: &str, radix: u32) -> Option<Self> {
                Self::from_str_radix(digits, radix).ok()
            }
        }
    )+};
}

whole!(u32, u64, u128);

impl<'t> Value<'t> {
    /// What was read, unless it is refused.
    fn accept<T, E>(&self, read: Result<T, E>, fault: impl FnOnce(E) -> PolicyFault) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => self.refuse(fault(error)),
        }
    }

    /// A string.
    pub(super) fn text(&self) -> Option<&'t str> {
        match self.raw() {
            DeValue::String(text) => Some(text),
            _ => self.mismatch("a string"),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.raw() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.mismatch("true or false"),
        }
    }

    /// One of these words.
    pub(super) fn choice<T: Copy, const N: usize>(&self, of: [(&'static str, T); N]) -> Option<T> {
        let text = self.text()?;
        let chosen = of.iter().find(|(word, _)| *word == text);
        chosen.map(|(_, choice)| *choice).or_else(|| {
            self.refuse(PolicyFault::Choice { found: excerpt(text), of: of.map(|(word, _)| word).into() })
        })
    }

    /// A whole number, in decimal digits or as one of TOML's integers.
    pub(super) fn whole<T: Whole>(&self) -> Option<T> {
        let number = match self.raw() {
            // Rust's parser also takes a plus sign.
            DeValue::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                T::from_digits(text, 10)
            }
            DeValue::Integer(integer) => T::from_digits(integer.as_str(), integer.radix()),
            DeValue::String(_) | DeValue::Float(_) => None,
            _ => return self.mismatch("a whole number"),
        };
        number.or_else(|| self.refuse(PolicyFault::Whole { found: self.written(), most: T::MOST }))
    }

    /// What reads a decimal gives of this one's text: no other form of a number is turned into digits.
    pub(super) fn decimal<T, E>(
        &self,
        read: impl FnOnce(&str) -> Result<T, E>,
        fault: impl FnOnce(E) -> PolicyFault,
    ) -> Option<T> {
        let text = self.number().or_else(|| self.mismatch("a decimal"))?;
        self.accept(read(&text), fault)
    }

    /// A bin's edge: the nearest float of a decimal, or an integer that a float holds exactly.
    pub(super) fn edge(&self) -> Option<f64> {
        let edge = match self.raw() {
            DeValue::Integer(integer) => exact_integer(integer.as_str(), integer.radix()),
            DeValue::Float(float) => finite(float.as_str()),
            DeValue::String(text) if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => {
                finite(text)
            }
            DeValue::String(text) => exact_integer(text, 10),
            _ => return self.mismatch("a number"),
        };
        edge.or_else(|| self.refuse(PolicyFault::Edge { found: self.written() }))
    }

    /// Seconds since 1970 began, or a date and time of which they are computed.
    pub(super) fn time(&self) -> Option<u64> {
        match self.raw() {
            DeValue::Datetime(time) => self.accept(unix_seconds(time), PolicyFault::Time),
            DeValue::Integer(_) | DeValue::Float(_) => self.whole(),
            DeValue::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => self.whole(),
            _ => self.mismatch("a date and time, without quotes, or Unix seconds"),
        }
    }

    /// An address.
    pub(super) fn address(&self) -> Option<Address> {
        self.accept(eip55::parse(self.text()?), PolicyFault::Address)
    }

    /// A digest.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.accept(self.text()?.parse(), PolicyFault::Hash)
    }

    /// The values of a list, each of which is read by itself; nothing if one of them is refused.
    pub(super) fn list<T>(&self, read: impl Fn(&Value<'t>) -> Option<T>) -> Option<Vec<T>> {
        let values: Vec<_> = self.items()?.map(|item| read(&item)).collect();
        values.into_iter().collect()
    }

    /// The text of a number, as TOML's or as a string. A radix stands in it, so that no reader of decimals
    /// takes it.
    fn number(&self) -> Option<Cow<'t, str>> {
        match self.raw() {
            DeValue::String(text) => Some(Cow::Borrowed(text)),
            DeValue::Integer(integer) => Some(shown(integer)),
            DeValue::Float(float) => Some(Cow::Borrowed(float.as_str())),
            _ => None,
        }
    }

    /// A number as a message shows it.
    fn written(&self) -> String {
        let text = self.number().unwrap_or_default();
        if self.raw().is_str() { format!("\"{}\"", excerpt(&text)) } else { excerpt(&text) }
    }
}

fn shown<'t>(integer: &'t DeInteger<'t>) -> Cow<'t, str> {
    match integer.radix() {
        10 => Cow::Borrowed(integer.as_str()),
        _ => Cow::Owned(integer.to_string()),
    }
}

/// A finite float, the nearest to the decimal.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

#[expect(clippy::as_conversions, reason = "up to 2^53 in size, a float holds every integer exactly")]
fn exact_integer(text: &str, radix: u32) -> Option<f64> {
    let integer = i64::from_str_radix(text, radix).ok()?;
    (integer.unsigned_abs() <= EXACT).then_some(integer as f64)
}
