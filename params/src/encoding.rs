//! The one canonical encoding: fixed widths, big-endian, every element with exactly one form.
//!
//! Every digest of the protocol (PROTOCOL sections 4 and 5) is Keccak-256 over a domain tag and fields
//! written by [`Hasher`]. Strings and lists carry their length, so no two field sequences share bytes.

use std::fmt;
use std::str::FromStr;

use fairshare_circuits::trace::element;
use ff::PrimeField;
use halo2curves::CurveAffine;
use halo2curves::bn256::{Fq, Fr, G1Affine};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest as _, Keccak256};

/// Bytes of an encoded scalar.
pub const SCALAR_BYTES: usize = 32;
/// Bytes of an encoded point: `x‖y`, uncompressed, each big-endian.
pub const POINT_BYTES: usize = 64;

/// A 32-byte digest, shown as `0x` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest as two 128-bit limbs, low limb first: how a digest enters a circuit's instances.
    pub fn limbs(&self) -> [Fr; 2] {
        let number = |half: &[u8]| {
            let mut limb = [0u8; 16];
            limb.copy_from_slice(half);
            element(u128::from_be_bytes(limb))
        };
        let (high, low) = self.0.split_at(16);
        [number(low), number(high)]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not `0x` and the expected number of hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not 0x followed by {digits} hexadecimal digits")]
pub struct HexError {
    /// The text, cut to 80 characters, control characters escaped.
    pub text: String,
    /// How many digits were expected.
    pub digits: usize,
}

/// A character as a message shows it: a terminal obeys no control character in an error.
fn shown(letter: char) -> impl Iterator<Item = char> {
    let escaped = letter.is_control().then(|| letter.escape_debug());
    let plain = escaped.is_none().then_some(letter);
    escaped.into_iter().flatten().chain(plain)
}

/// Decodes `0x` and exactly `2·N` hexadecimal digits.
pub fn decode_hex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let error =
        || HexError { text: text.chars().take(80).flat_map(shown).collect(), digits: N.saturating_mul(2) };
    let digits = text.strip_prefix("0x").ok_or_else(error)?;
    let mut bytes = [0u8; N];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| error())?;
    Ok(bytes)
}

impl FromStr for Digest {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        decode_hex(text).map(Self)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A length as it is encoded.
#[expect(clippy::as_conversions, reason = "a usize has at most 64 bits, but there is no `From`")]
pub const fn wide(length: usize) -> u64 {
    length as u64
}

/// Keccak-256 over a domain tag and fixed-width fields.
#[derive(Clone)]
pub struct Hasher(Keccak256);

impl Hasher {
    /// Starts a digest under `tag`; the tag is length-prefixed like every string.
    pub fn new(tag: &str) -> Self {
        Self(Keccak256::new()).string(tag)
    }

    /// Absorbs raw bytes. The caller fixes their number or writes it first.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// One byte.
    pub fn u8(self, value: u8) -> Self {
        self.bytes(&[value])
    }

    /// Four bytes, big-endian.
    pub fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    /// Sixteen bytes, big-endian.
    pub fn u128(self, value: u128) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    /// A list's or string's length, eight bytes.
    pub fn len(self, length: usize) -> Self {
        self.u64(wide(length))
    }

    /// A UTF-8 string after its length in bytes.
    pub fn string(self, text: &str) -> Self {
        self.len(text.len()).bytes(text.as_bytes())
    }

    /// Another digest.
    pub fn digest(self, digest: &Digest) -> Self {
        self.bytes(&digest.0)
    }

    /// A scalar, 32 bytes big-endian.
    pub fn scalar(self, scalar: &Fr) -> Self {
        self.bytes(&encode_scalar(scalar))
    }

    /// A point, 64 bytes; the identity, which has no coordinates, is 64 zero bytes.
    pub fn point(self, point: &G1Affine) -> Self {
        self.bytes(&encode_point(point))
    }

    /// The digest of all that was absorbed.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A scalar as 32 bytes, big-endian.
pub fn encode_scalar(scalar: &Fr) -> [u8; SCALAR_BYTES] {
    let mut bytes = scalar.to_repr();
    bytes.reverse();
    bytes
}

/// The scalar with this encoding; `None` if it is not below the modulus.
pub fn decode_scalar(bytes: &[u8; SCALAR_BYTES]) -> Option<Fr> {
    let mut little_endian = *bytes;
    little_endian.reverse();
    Fr::from_repr(little_endian).into()
}

/// A point as `x‖y`, big-endian; the identity as 64 zero bytes.
pub fn encode_point(point: &G1Affine) -> [u8; POINT_BYTES] {
    let mut bytes = [0u8; POINT_BYTES];
    let (x, y) = bytes.split_at_mut(POINT_BYTES / 2);
    for (half, coordinate) in [(x, point.x), (y, point.y)] {
        half.copy_from_slice(&coordinate.to_repr());
        half.reverse();
    }
    bytes
}

/// The point with this encoding; `None` if a coordinate is not below the modulus, the point is off the
/// curve, or it is the identity, which occurs nowhere in an honest proof or commitment.
pub fn decode_point(bytes: &[u8; POINT_BYTES]) -> Option<G1Affine> {
    let coordinate = |half: &[u8]| {
        let mut repr = [0u8; 32];
        repr.copy_from_slice(half);
        repr.reverse();
        Option::<Fq>::from(Fq::from_repr(repr))
    };
    let (x, y) = bytes.split_at(POINT_BYTES / 2);
    let (x, y) = (coordinate(x)?, coordinate(y)?);
    // `from_xy` refuses a point off the curve; (0, 0) is off the curve and is how the identity would look.
    if x == Fq::zero() && y == Fq::zero() {
        return None;
    }
    G1Affine::from_xy(x, y).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_no_control_character() {
        let error = decode_hex::<2>("0x\u{1b}[3é").unwrap_err().to_string();
        assert!(error.contains("0x\\u{1b}[3é") && !error.contains('\u{1b}'), "{error:?}");
        let long = decode_hex::<2>(&"\u{7f}".repeat(1000)).unwrap_err().to_string();
        assert!(long.len() < 700, "{}", long.len());
    }
}
