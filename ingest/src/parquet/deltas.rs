//! Lengths written as packed differences: how long the strings are that a page stands for.
//!
//! A string of `DELTA_BYTE_ARRAY` begins with a part of the one before, which is copied once for every string
//! that repeats it: so a page of some kilobytes can stand for gigabytes. And where a string repeats more of
//! the one before than there is, the library's decoder makes a shorter string of it and says nothing. So the
//! lengths are walked here first, without an allocation, and the library sees only pages that are sound.

use super::runs::{LONG, varint};
use super::thrift::{Refusal, TOO_MUCH};

const BAD: Refusal = "a page's packed differences are not as the format has them";
const WRONG_COUNT: Refusal = "a page's packed differences are another number than its values";
pub(super) const BAD_TEXT: Refusal = "a page's text is not valid UTF-8";

const WIDE: Refusal =
    "a page's packed differences are wider than its integers: choose plain or dictionary encoding";

/// Most values in a block: writers use 128 to 2048.
const BLOCK: u64 = 1 << 16;

/// What strings have to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Strings {
    /// UTF-8.
    Text,
    /// So many bytes each, or fewer.
    AtMost(u64),
    /// That many bytes each.
    Fixed(u64),
}

/// Packed differences: their values one by one.
struct Deltas<'a> {
    /// What follows the part at hand.
    rest: &'a [u8],
    widths: &'a [u8],
    packed: &'a [u8],
    /// Bits that each value in `packed` takes.
    width: usize,
    /// Position in `packed`, in bits.
    bit: usize,
    /// Values left in `packed`.
    ready: u64,
    miniblocks: u64,
    per_miniblock: u64,
    left: u64,
    last: i64,
    least: i64,
    is_first: bool,
    /// Of the integers: 32 or 64. DuckDB writes wider differences, which nobody else reads.
    bits: u8,
}

impl<'a> Deltas<'a> {
    fn new(mut bytes: &'a [u8], bits: u8) -> Result<Self, Refusal> {
        let block = varint(&mut bytes).ok_or(BAD)?;
        let miniblocks = varint(&mut bytes).ok_or(BAD)?;
        let left = varint(&mut bytes).ok_or(BAD)?;
        let last = zigzag(&mut bytes)?;
        if block == 0 || block > BLOCK || !block.is_multiple_of(128) || miniblocks == 0 {
            return Err(BAD);
        }
        let per_miniblock = block / miniblocks;
        check_width(last, bits)?;
        if !block.is_multiple_of(miniblocks) || per_miniblock == 0 || !per_miniblock.is_multiple_of(32) {
            return Err(BAD);
        }
        Ok(Self {
            rest: bytes,
            widths: &[],
            packed: &[],
            width: 0,
            bit: 0,
            ready: 0,
            miniblocks,
            per_miniblock,
            left,
            last,
            least: 0,
            is_first: true,
            bits,
        })
    }

    /// Begins the next miniblock.
    fn advance(&mut self) -> Result<(), Refusal> {
        if self.widths.is_empty() {
            self.least = zigzag(&mut self.rest)?;
            check_width(self.least, self.bits)?;
            (self.widths, self.rest) = self.rest.split_at_checked(self.miniblocks as usize).ok_or(BAD)?;
        }
        let (&width, widths) = self.widths.split_first().ok_or(BAD)?;
        self.widths = widths;
        if width > self.bits {
            return Err(if width > 64 { BAD } else { WIDE });
        }
        // A multiple of 32 values: whole bytes.
        let bytes = self.per_miniblock as usize * usize::from(width) / 8;
        (self.packed, self.rest) = self.rest.split_at_checked(bytes).ok_or(BAD)?;
        self.width = usize::from(width);
        self.bit = 0;
        self.ready = self.per_miniblock;
        Ok(())
    }

    /// The next value, wrapped around as the format has it, in 64 bits.
    fn next(&mut self) -> Result<i64, Refusal> {
        self.left = self.left.checked_sub(1).ok_or(WRONG_COUNT)?;
        if std::mem::take(&mut self.is_first) {
            return Ok(self.last);
        }
        if self.ready == 0 {
            self.advance()?;
        }
        let delta = bits(self.packed, self.bit, self.width);
        self.bit += self.width;
        self.ready -= 1;
        self.last = self.last.wrapping_add(self.least).wrapping_add(delta as i64);
        Ok(self.last)
    }

    /// Skips all values: what follows them.
    fn skip(mut self) -> Result<&'a [u8], Refusal> {
        let mut deltas = self.left.saturating_sub(1);
        while deltas > 0 {
            self.advance()?;
            deltas = deltas.saturating_sub(self.per_miniblock);
        }
        Ok(self.rest)
    }

    /// The next value as a length, which 32 bits hold.
    fn length(&mut self) -> Result<u64, Refusal> {
        let value = self.next()?;
        // Differences of 32-bit values wrap around in 32 bits.
        u64::try_from(value as i32).map_err(|_| "a page has a string of negative length")
    }
}

fn zigzag(bytes: &mut &[u8]) -> Result<i64, Refusal> {
    let value = varint(bytes).ok_or(BAD)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64))
}

fn check_width(value: i64, bits: u8) -> Result<(), Refusal> {
    if bits == 32 && i32::try_from(value).is_err() { Err(WIDE) } else { Ok(()) }
}

/// That many bits, from that bit on, the lowest first.
fn bits(bytes: &[u8], from: usize, width: usize) -> u64 {
    if width == 0 {
        return 0;
    }
    let window = bytes.get(from / 8..).unwrap_or_default();
    let value = window.first_chunk().map_or_else(
        || window.iter().rev().fold(0, |value, byte| value << 8 | u128::from(*byte)),
        |window| u128::from_le_bytes(*window),
    );
    let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    (value >> (from % 8)) as u64 & mask
}

/// Checks integers of so many bits, 32 or 64, of `DELTA_BINARY_PACKED`.
pub(super) fn check_integers(bytes: &[u8], values: u64, bits: u8) -> Result<(), Refusal> {
    let deltas = Deltas::new(bytes, bits)?;
    if deltas.left != values {
        return Err(WRONG_COUNT);
    }
    end(deltas.skip()?)
}

/// Checks strings of `DELTA_LENGTH_BYTE_ARRAY`; the bytes that the library reserves for them.
pub(super) fn check_lengths(bytes: &[u8], values: u64, strings: Strings, limit: u64) -> Result<u64, Refusal> {
    let mut lengths = Deltas::new(bytes, 32)?;
    let reserved = reserve(&lengths, values, 4, limit)?;
    let mut data = Deltas::new(bytes, 32)?.skip()?;
    for _ in 0..values {
        let length = lengths.length()?;
        let suffix = split(&mut data, length)?;
        strings.check(length, suffix)?;
    }
    end(data).map(|()| reserved)
}

/// Checks strings of `DELTA_BYTE_ARRAY`; the bytes that the library reserves for them, all counted.
pub(super) fn check_strings(bytes: &[u8], values: u64, strings: Strings, limit: u64) -> Result<u64, Refusal> {
    let mut prefixes = Deltas::new(bytes, 32)?;
    let mut reserved = reserve(&prefixes, values, 8, limit)?;
    let second = Deltas::new(bytes, 32)?.skip()?;
    let mut suffixes = Deltas::new(second, 32)?;
    reserve(&suffixes, values, 8, limit)?;
    let mut data = Deltas::new(second, 32)?.skip()?;
    let mut before = 0;
    for _ in 0..values {
        let (prefix, suffix) = (prefixes.length()?, suffixes.length()?);
        if prefix > before {
            return Err("a page has a string that repeats more of the one before than there is");
        }
        let first = split(&mut data, suffix)?;
        before = prefix + suffix;
        // The beginning of a string that repeats another was seen there.
        strings.check(before, if prefix == 0 { first } else { &[] })?;
        // Of at most 2^31 strings of at most 2^32 bytes.
        reserved += before;
    }
    end(data).map(|()| reserved)
}

/// That nothing follows the values: what does would be a sign that they were written otherwise.
fn end(rest: &[u8]) -> Result<(), Refusal> {
    if rest.is_empty() { Ok(()) } else { Err(LONG) }
}

/// What as many lengths take, so many bytes each, if they are that many.
fn reserve(lengths: &Deltas<'_>, values: u64, each: u64, limit: u64) -> Result<u64, Refusal> {
    if lengths.left != values {
        return Err(WRONG_COUNT);
    }
    let reserved = values.saturating_mul(each);
    if reserved > limit { Err(TOO_MUCH) } else { Ok(reserved) }
}

fn split<'a>(data: &mut &'a [u8], length: u64) -> Result<&'a [u8], Refusal> {
    let length = usize::try_from(length).map_err(|_| BAD)?;
    let (first, rest) =
        data.split_at_checked(length).ok_or("a page's strings are longer than their bytes")?;
    *data = rest;
    Ok(first)
}

impl Strings {
    /// Whether a string may have that length.
    pub(super) fn check_length(self, length: u64) -> Result<(), Refusal> {
        let is_right = match self {
            Self::Text => true,
            Self::AtMost(most) => length <= most,
            Self::Fixed(own) => length == own,
        };
        if is_right { Ok(()) } else { Err("a page has a value of a length that its type does not have") }
    }

    /// And whether it may begin so. Of text, the library checks all strings as one: where one ends in the
    /// midst of a character that the next goes on with, it sees nothing wrong.
    fn check(self, length: u64, beginning: &[u8]) -> Result<(), Refusal> {
        self.check_length(length)?;
        if self == Self::Text && beginning.first().is_some_and(|byte| byte & 0xc0 == 0x80) {
            return Err(BAD_TEXT);
        }
        Ok(())
    }
}
