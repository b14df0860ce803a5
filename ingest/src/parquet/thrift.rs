//! The part of Thrift's compact encoding that Parquet's footer and page headers need, read without recursion
//! past a bound and without an allocation. Written here because the library's own decoder believes what it
//! reads: it allocates what it is told to, and has no limits to set.

/// Why bytes are refused.
pub(super) type Refusal = &'static str;

pub(super) const CUT_SHORT: Refusal = "its footer or a page's header is cut short";
pub(super) const BAD_FIELD: Refusal = "its footer or a page's header has a field of an unknown type";

pub(super) const TOO_MUCH: Refusal = "its pages need more than 512 MiB at once: choose smaller pages";

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const BYTE: u8 = 3;
const I16: u8 = 4;
/// Integers of 16, 32 and 64 bits are written alike, and fastparquet says 64 where the format has 32: these
/// are all one type here.
pub(super) const INTEGER: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Deepest nesting of what is skipped.
const SKIP_DEPTH: usize = 32;

/// What is left to read.
#[derive(Clone)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        let (&first, rest) = self.rest.split_first().ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(first)
    }

    fn take(&mut self, bytes: u64) -> Result<&'a [u8], Refusal> {
        let bytes = usize::try_from(bytes).map_err(|_| CUT_SHORT)?;
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    /// At most ten bytes of seven bits, as many as 64 bits take.
    fn varint(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte only the lowest bit is left.
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("its footer or a page's header has an integer that is too long")
    }

    pub(super) fn long(&mut self) -> Result<i64, Refusal> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    pub(super) fn integer(&mut self) -> Result<i32, Refusal> {
        i32::try_from(self.long()?).map_err(|_| BAD_FIELD)
    }

    /// Bytes or text.
    pub(super) fn binary(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.varint()?;
        self.take(length)
    }

    /// Number and type of a struct's next field; `None` at its end.
    pub(super) fn field(&mut self, previous: i16) -> Result<Option<(i16, u8)>, Refusal> {
        let header = self.byte()?;
        let (step, kind) = (i16::from(header >> 4), header & 0x0f);
        let kind = if matches!(kind, I16 | I64) { INTEGER } else { kind };
        if kind == 0 {
            return Ok(None);
        }
        let number = match step {
            0 => i16::try_from(self.integer()?).map_err(|_| BAD_FIELD)?,
            _ => previous.checked_add(step).ok_or(BAD_FIELD)?,
        };
        Ok(Some((number, kind)))
    }

    /// Goes through a struct's fields: number and type, then what is to read it or to skip it.
    pub(super) fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, i16, u8) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut previous = 0;
        while let Some((number, kind)) = self.field(previous)? {
            read(self, number, kind)?;
            previous = number;
        }
        Ok(())
    }

    /// Length and element type of a list. An entry takes a byte at least, so none is longer than what is
    /// left.
    pub(super) fn list(&mut self) -> Result<(usize, u8), Refusal> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| CUT_SHORT)?,
            short => usize::from(short),
        };
        if length > self.left() {
            return Err(CUT_SHORT);
        }
        Ok((length, header & 0x0f))
    }

    /// Skips a field's value.
    pub(super) fn skip(&mut self, kind: u8) -> Result<(), Refusal> {
        match kind {
            TRUE | FALSE => Ok(()),
            _ => self.skip_within(kind, SKIP_DEPTH),
        }
    }

    /// Skips a value that is not itself a field: there a truth value takes a byte.
    fn skip_within(&mut self, kind: u8, depth: usize) -> Result<(), Refusal> {
        match kind {
            TRUE | FALSE | BYTE => self.take(1).map(drop),
            DOUBLE => self.take(8).map(drop),
            UUID => self.take(16).map(drop),
            I16 | INTEGER | I64 => self.varint().map(drop),
            BINARY => self.binary().map(drop),
            LIST | SET | MAP | STRUCT => {
                let depth = depth.checked_sub(1).ok_or("its footer nests too deep")?;
                self.skip_nested(kind, depth)
            }
            _ => Err(BAD_FIELD),
        }
    }

    fn skip_nested(&mut self, kind: u8, depth: usize) -> Result<(), Refusal> {
        match kind {
            STRUCT => self.fields(|input, _, kind| match kind {
                TRUE | FALSE => Ok(()),
                _ => input.skip_within(kind, depth),
            }),
            MAP => {
                let pairs = self.varint()?;
                let kinds = if pairs == 0 { 0 } else { self.byte()? };
                (0..pairs).try_for_each(|_| {
                    self.skip_within(kinds >> 4, depth)?;
                    self.skip_within(kinds & 0x0f, depth)
                })
            }
            _ => {
                let (length, element) = self.list()?;
                (0..length).try_for_each(|_| self.skip_within(element, depth))
            }
        }
    }
}
