//! One page: what its header says, and whether what is within is that.

use ::parquet::basic::Type as Physical;

use super::columns::Cells;
use super::deltas::{self, Strings};
use super::runs::{self, LONG};
use super::thrift::{BAD_FIELD, FALSE, INTEGER, Input, Refusal, STRUCT, TRUE};

pub(super) const DATA: i32 = 0;
const INDEX: i32 = 1;
pub(super) const DICTIONARY: i32 = 2;
const DATA_V2: i32 = 3;

const PLAIN: i32 = 0;
const PLAIN_DICTIONARY: i32 = 2;
const RLE: i32 = 3;
const DELTA_BINARY_PACKED: i32 = 5;
const DELTA_LENGTH_BYTE_ARRAY: i32 = 6;
const DELTA_BYTE_ARRAY: i32 = 7;
const RLE_DICTIONARY: i32 = 8;
const BYTE_STREAM_SPLIT: i32 = 9;

const CUT: Refusal = "a page has fewer values than its header says";
const PADDING: [u8; 8] = [0; 8];
const ENCODING: Refusal =
    "a page is in an encoding that is not read here: choose plain or dictionary encoding";

/// What a page's header says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Page {
    pub(super) kind: i32,
    pub(super) inflated: i32,
    pub(super) stored: i32,
    /// Of the bytes as they are stored.
    pub(super) check_sum: Option<i32>,
    pub(super) values: i32,
    pub(super) encoding: i32,
    /// Of version 1: how its levels are written.
    pub(super) level_encoding: i32,
    pub(super) repetition_encoding: i32,
    /// Of version 2: its rows, and the lengths of its levels, which are not compressed.
    pub(super) rows: i32,
    pub(super) repetition_bytes: i32,
    pub(super) definition_bytes: i32,
    pub(super) is_compressed: bool,
}

/// What is within a page, once it is found sound.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Content {
    /// Values that are null.
    nulls: i32,
    /// What the library takes besides the page's own bytes.
    pub(super) reserved: u64,
    /// Bytes at its end that the library is not given: what an encoding begins with, of no value. By its
    /// length the library would refuse such a page.
    dropped: i32,
}

impl Content {
    /// Takes off what the library is not given.
    pub(super) fn cut(&self, page: &mut Vec<u8>) {
        page.truncate(page.len() - self.dropped as usize);
    }

    /// Whether a value of so many is not null.
    pub(super) fn has_values(&self, page: &Page) -> bool {
        self.nulls < page.values
    }
}

impl Page {
    /// The header at the beginning of `bytes`, and its length. Of a field that is given twice the last
    /// counts.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, usize), Refusal> {
        let mut input = Input::new(bytes);
        let (mut kind, mut inflated, mut stored, mut check_sum) = (-1, -1, -1, None);
        let (mut data, mut dictionary, mut data_v2) = (None, None, None);
        input.fields(|input, number, form| {
            match (number, form) {
                (1, INTEGER) => kind = input.integer()?,
                (2, INTEGER) => inflated = input.integer()?,
                (3, INTEGER) => stored = input.integer()?,
                (4, INTEGER) => check_sum = Some(input.integer()?),
                (5, STRUCT) => data = Some(Self::data(input)?),
                (7, STRUCT) => dictionary = Some(Self::dictionary(input)?),
                (8, STRUCT) => data_v2 = Some(Self::data_v2(input)?),
                (1..=5 | 7 | 8, _) => return Err(BAD_FIELD),
                _ => input.skip(form)?,
            }
            Ok(())
        })?;
        let part = match kind {
            DATA => data,
            DICTIONARY => dictionary,
            DATA_V2 => data_v2,
            INDEX => Some(Self::default()),
            _ => None,
        };
        let part = part.ok_or("a page's header does not say what the page is")?;
        let page = Self { kind, inflated, stored, check_sum, ..part };
        page.check()?;
        Ok((page, bytes.len() - input.left()))
    }

    fn data(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let mut page = Self { values: -1, encoding: -1, is_compressed: true, ..Self::default() };
        input.fields(|input, number, form| {
            match (number, form) {
                (1, INTEGER) => page.values = input.integer()?,
                (2, INTEGER) => page.encoding = input.integer()?,
                (3, INTEGER) => page.level_encoding = input.integer()?,
                (4, INTEGER) => page.repetition_encoding = input.integer()?,
                (1..=4, _) => return Err(BAD_FIELD),
                _ => input.skip(form)?,
            }
            Ok(())
        })?;
        Ok(page)
    }

    fn dictionary(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let mut page = Self { values: -1, encoding: -1, is_compressed: true, ..Self::default() };
        input.fields(|input, number, form| {
            match (number, form) {
                (1, INTEGER) => page.values = input.integer()?,
                (2, INTEGER) => page.encoding = input.integer()?,
                (1 | 2, _) => return Err(BAD_FIELD),
                _ => input.skip(form)?,
            }
            Ok(())
        })?;
        Ok(page)
    }

    fn data_v2(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let mut page = Self { values: -1, encoding: -1, rows: -1, is_compressed: true, ..Self::default() };
        input.fields(|input, number, form| {
            match (number, form) {
                (1, INTEGER) => page.values = input.integer()?,
                (3, INTEGER) => page.rows = input.integer()?,
                (4, INTEGER) => page.encoding = input.integer()?,
                (5, INTEGER) => page.definition_bytes = input.integer()?,
                (6, INTEGER) => page.repetition_bytes = input.integer()?,
                (7, TRUE | FALSE) => page.is_compressed = form == TRUE,
                (1 | 3..=7, _) => return Err(BAD_FIELD),
                // The nulls are counted.
                _ => input.skip(form)?,
            }
            Ok(())
        })?;
        Ok(page)
    }

    fn check(&self) -> Result<(), Refusal> {
        let lengths = [self.inflated, self.stored, self.repetition_bytes, self.definition_bytes];
        if lengths.iter().any(|length| *length < 0) || (self.kind != INDEX && self.values < 0) {
            return Err("a page has a negative length or number of values");
        }
        if self.levels() > self.inflated as usize {
            return Err("a page's levels are longer than the page");
        }
        if self.kind == DICTIONARY && self.values > self.inflated {
            return Err("a dictionary has more entries than bytes");
        }
        if self.kind == DATA_V2 && self.rows != self.values {
            return Err("a page has another number of rows than of values");
        }
        Ok(())
    }

    /// Whether it is one of values, and there are some.
    pub(super) fn is_data(&self) -> bool {
        matches!(self.kind, DATA | DATA_V2) && self.values > 0
    }

    /// Whether nothing is read of it.
    pub(super) fn is_skipped(&self) -> bool {
        !self.is_data() && self.kind != DICTIONARY
    }

    /// Bytes at its beginning that are not compressed.
    pub(super) fn levels(&self) -> usize {
        // Neither is negative.
        self.repetition_bytes as usize + self.definition_bytes as usize
    }

    /// Whether what follows the levels is compressed, in a column that is.
    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Checks that an inflated page holds what its header says, values of that column; the library may then
    /// take no more than `limit` besides.
    pub(super) fn content(&self, cells: &Cells, bytes: &[u8], limit: u64) -> Result<Content, Refusal> {
        let values = self.values as u64;
        if self.kind == DICTIONARY {
            if !matches!(self.encoding, PLAIN | PLAIN_DICTIONARY) {
                return Err(ENCODING);
            }
            check_plain(cells, bytes, values)?;
            return Ok(Content::default());
        }
        let (levels, data) = self.split(cells, bytes)?;
        let present = match levels {
            Some(levels) => runs::present(levels, values)?,
            None => values,
        };
        let reserved = match check_values(self.encoding, cells, data, present, limit) {
            _ if present == 0 => 0,
            // fastparquet ends its pages of version 1 so.
            Err(LONG) if self.may_be_padded() && data.ends_with(&PADDING) => {
                let data = data.strip_suffix(&PADDING).unwrap_or(data);
                check_values(self.encoding, cells, data, present, limit)?
            }
            checked => checked?,
        };
        if cells.is_null && present > 0 {
            return Err("a column that its file declares to hold nulls only has a value");
        }
        let dropped = if present == 0 { data.len() } else { 0 };
        // No more than the values, which 31 bits hold, and than the page's bytes.
        Ok(Content { nulls: (values - present) as i32, reserved, dropped: dropped as i32 })
    }

    /// Whether its values are indices of the dictionary.
    pub(super) fn has_indices(&self) -> bool {
        matches!(self.kind, DATA | DATA_V2) && matches!(self.encoding, PLAIN_DICTIONARY | RLE_DICTIONARY)
    }

    /// Whether the library reads values that are followed by other bytes.
    fn may_be_padded(&self) -> bool {
        self.kind == DATA && matches!(self.encoding, PLAIN | PLAIN_DICTIONARY | RLE_DICTIONARY)
    }

    /// The levels that say which values are null, if some may be, and the values.
    fn split<'a>(&self, cells: &Cells, bytes: &'a [u8]) -> Result<(Option<&'a [u8]>, &'a [u8]), Refusal> {
        if self.kind == DATA_V2 {
            let (levels, data) = bytes.split_at_checked(self.levels()).ok_or(CUT)?;
            let levels = levels.get(self.repetition_bytes as usize..).ok_or(CUT)?;
            return Ok((cells.is_optional.then_some(levels), data));
        }
        if !cells.is_optional {
            return Ok((None, bytes));
        }
        if self.level_encoding != RLE {
            // The library reads these bits in another order than the format has them.
            return Err("a page's levels are in an encoding that the format gave up");
        }
        let (length, rest) = bytes.split_first_chunk().ok_or(CUT)?;
        let (levels, data) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(CUT)?;
        Ok((Some(levels), data))
    }

    /// The header that the library sees, in place of one of `length` bytes. It says nothing but what was
    /// checked; the page that follows makes up for the difference between the two headers' lengths.
    pub(super) fn for_library(&self, content: &Content, length: usize) -> Result<Header, Refusal> {
        let mut part = Vec::new();
        let is_empty = content.nulls == self.values;
        // Where all values are null, some writers leave out what the encoding begins with.
        let encoding = if is_empty { PLAIN } else { self.encoding };
        let (kind, fields): (_, &[i32]) = match self.kind {
            _ if self.is_skipped() => (INDEX, &[]),
            DICTIONARY => (DICTIONARY, &[self.values, PLAIN]),
            DATA => (DATA, &[self.values, encoding, self.level_encoding, self.repetition_encoding]),
            _ => (
                DATA_V2,
                &[
                    self.values,
                    content.nulls,
                    self.values,
                    encoding,
                    self.definition_bytes,
                    self.repetition_bytes,
                ],
            ),
        };
        if !fields.is_empty() {
            // The struct's field follows the third, or the one before the check sum.
            let step = match kind {
                DATA => 2,
                DICTIONARY => 4,
                _ => 5,
            };
            part.push(step << 4 | STRUCT);
            fields.iter().for_each(|field| push_integer(&mut part, *field, 0));
            part.push(0);
        }
        part.push(0);
        let mut bytes = Vec::new();
        push_integer(&mut bytes, kind, 0);
        push_integer(&mut bytes, self.inflated - content.dropped, 0);
        let total = length + self.stored as usize;
        // The length itself takes a byte or more: as many as it then needs.
        for width in 1..=5 {
            let stored = total.checked_sub(bytes.len() + 1 + width + part.len());
            let stored = stored.and_then(|stored| i32::try_from(stored).ok());
            if let Some(stored) = stored.filter(|stored| u64::from(*stored as u32) < 1 << (7 * width - 1)) {
                push_integer(&mut bytes, stored, width);
                bytes.extend(part);
                return Ok(Header { bytes, stored: stored as usize });
            }
        }
        Err("a page's header lacks a field")
    }
}

/// A page's header as the library sees it, and the length of what follows by it.
pub(super) struct Header {
    pub(super) bytes: Vec<u8>,
    pub(super) stored: usize,
}

/// The next field of a struct, an integer, in `width` bytes at least.
fn push_integer(out: &mut Vec<u8>, value: i32, width: usize) {
    out.push(1 << 4 | INTEGER);
    let end = out.len() + width;
    let mut zigzag = (value << 1 ^ value >> 31) as u32;
    while zigzag >= 0x80 || out.len() + 1 < end {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    out.push(zigzag as u8);
}

/// Checks the values of a data page; what the library takes for them besides.
fn check_values(encoding: i32, cells: &Cells, data: &[u8], values: u64, limit: u64) -> Result<u64, Refusal> {
    let done = |checked: Result<(), Refusal>| checked.map(|()| 0);
    match (encoding, cells.physical) {
        (PLAIN, _) => done(check_plain(cells, data, values)),
        (PLAIN_DICTIONARY | RLE_DICTIONARY, _) => {
            let (&width, indices) = data.split_first().ok_or(CUT)?;
            done(runs::check(indices, usize::from(width), values))
        }
        (RLE, Physical::BOOLEAN) => {
            let (length, runs) = data.split_first_chunk().ok_or(CUT)?;
            if u32::from_le_bytes(*length) as usize != runs.len() {
                return Err("a page's truth values have another length than they say");
            }
            done(runs::check(runs, 1, values))
        }
        (BYTE_STREAM_SPLIT, _) => {
            // How far apart a value's bytes lie, the library tells from the page's length.
            let width = cells.width().ok_or(ENCODING)?;
            done(check_length(data, values.saturating_mul(width)))
        }
        (DELTA_BINARY_PACKED, Physical::INT32) => done(deltas::check_integers(data, values, 32)),
        (DELTA_BINARY_PACKED, Physical::INT64) => done(deltas::check_integers(data, values, 64)),
        (DELTA_LENGTH_BYTE_ARRAY, Physical::BYTE_ARRAY) => {
            deltas::check_lengths(data, values, cells.strings(), limit)
        }
        (DELTA_BYTE_ARRAY, Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY) => {
            deltas::check_strings(data, values, cells.strings(), limit)
        }
        _ => Err(ENCODING),
    }
}

/// Checks that the bytes are so many plain values, and nothing more.
fn check_plain(cells: &Cells, data: &[u8], values: u64) -> Result<(), Refusal> {
    match (cells.physical, cells.width()) {
        // Some writers end truth values with a byte too many.
        (Physical::BOOLEAN, _) if data.len() as u64 >= values.div_ceil(8) => Ok(()),
        (Physical::BOOLEAN, _) => Err(CUT),
        (_, Some(width)) => check_length(data, values.saturating_mul(width)),
        (_, None) => check_strings(cells.strings(), data, values),
    }
}

fn check_length(data: &[u8], length: u64) -> Result<(), Refusal> {
    match (data.len() as u64).cmp(&length) {
        std::cmp::Ordering::Less => Err(CUT),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(LONG),
    }
}

fn check_strings(strings: Strings, mut data: &[u8], values: u64) -> Result<(), Refusal> {
    for _ in 0..values {
        let (length, rest) = data.split_first_chunk().ok_or(CUT)?;
        let length = u32::from_le_bytes(*length);
        strings.check_length(u64::from(length))?;
        data = rest.get(length as usize..).ok_or(CUT)?;
    }
    if data.is_empty() { Ok(()) } else { Err(LONG) }
}

#[cfg(test)]
mod tests {
    use super::super::thrift::CUT_SHORT;
    use super::*;

    /// Type, lengths 100 and 40; then a part of that field number.
    fn header(kind: u8, part: &[u8]) -> Vec<u8> {
        [&[0x15, kind << 1, 0x15, 200, 1, 0x15, 80], part, &[0]].concat()
    }

    fn each_kind() -> [(Vec<u8>, Page); 4] {
        let common = Page { inflated: 100, stored: 40, values: 3, is_compressed: true, ..Page::default() };
        let data = header(0, &[0x2c, 0x15, 6, 0x15, 16, 0x15, 6, 0x15, 6, 0x1c, 0x18, 1, b'x', 0, 0]);
        let dictionary = header(2, &[0x4c, 0x15, 6, 0x15, 4, 0x11, 0]);
        // Two and five bytes of levels, not compressed.
        let parts = [0x15, 6, 0x15, 0, 0x15, 6, 0x15, 10, 0x15, 4, 0x15, 10, 0x12, 0];
        let data_v2 = header(3, &[&[0x5c], parts.as_slice()].concat());
        let second = Page {
            kind: DATA_V2,
            encoding: 5,
            rows: 3,
            definition_bytes: 2,
            repetition_bytes: 5,
            is_compressed: false,
            ..common
        };
        let index = Page { kind: INDEX, values: 0, is_compressed: false, ..common };
        [
            (data, Page { encoding: 8, level_encoding: 3, repetition_encoding: 3, ..common }),
            (dictionary, Page { kind: DICTIONARY, encoding: 2, ..common }),
            (data_v2, second),
            (header(1, &[]), index),
        ]
    }

    #[test]
    fn each_kind_of_page_is_understood() {
        for (bytes, page) in each_kind() {
            assert_eq!(Page::parse(&bytes), Ok((page, bytes.len())));
            for length in 0..bytes.len() {
                assert_eq!(Page::parse(&bytes[..length]), Err(CUT_SHORT), "{length} bytes");
            }
        }
    }

    /// Whatever the library reads ends where the file's page does.
    #[test]
    fn the_librarys_header_and_what_follows_are_as_long_as_the_files() {
        for (bytes, page) in each_kind() {
            for length in bytes.len()..bytes.len() + 200 {
                let own = page.for_library(&Content::default(), length).expect("room for it");
                let (read, end) = Page::parse(&own.bytes).expect("a header");
                assert_eq!(end, own.bytes.len());
                assert_eq!(own.bytes.len() + own.stored, length + 40, "{page:?}");
                assert_eq!((read.values, read.stored as usize), (page.values, own.stored));
            }
            assert!(page.for_library(&Content::default(), 0).is_ok(), "the page makes up for it");
            let alone = Page { stored: 0, ..page };
            let error = alone.for_library(&Content::default(), 4).err();
            assert_eq!(error, Some("a page's header lacks a field"));
        }
    }

    #[test]
    fn the_last_of_two_fields_counts_and_types_must_be_right() {
        let part = [0x2c, 0x15, 6, 0x15, 0, 0];
        // Field 2 once more, its number spelled out.
        let twice = header(0, &[part.as_slice(), &[0x05, 4, 14]].concat());
        assert_eq!(Page::parse(&twice).map(|(page, _)| page.inflated), Ok(7));
        for wrong in [header(0, &[0x28, 0]), header(0, &[0x2c, 0x18, 0, 0]), header(0, &[0x48, 0])] {
            assert_eq!(Page::parse(&wrong), Err(BAD_FIELD));
        }
        let nameless = header(2, &part);
        assert_eq!(Page::parse(&nameless), Err("a page's header does not say what the page is"));
    }

    #[test]
    fn lengths_and_numbers_are_not_negative_and_fit() {
        for (kind, part, why) in [
            (0, &[0x2c, 0x15, 1, 0x15, 0, 0][..], "a page has a negative length or number of values"),
            (2, &[0x4c, 0x15, 202, 1, 0x15, 0, 0], "a dictionary has more entries than bytes"),
            (
                3,
                &[0x5c, 0x15, 6, 0x25, 4, 0x15, 0, 0x15, 0, 0x15, 0, 0],
                "a page has another number of rows than of values",
            ),
            (
                3,
                &[0x5c, 0x15, 6, 0x25, 6, 0x15, 0, 0x15, 202, 1, 0x15, 0, 0],
                "a page's levels are longer than the page",
            ),
        ] {
            assert_eq!(Page::parse(&header(kind, part)), Err(why));
        }
    }
}
