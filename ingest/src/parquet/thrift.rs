//! The part of Thrift's compact encoding that Parquet's footer and page headers need, read without recursion
//! past a bound and without an allocation. Written here because the library's own decoder is what is to be
//! guarded: it allocates what it is told to, and has no limits to set.

/// Why bytes are refused.
pub(super) type Refusal = &'static str;

pub(super) const CUT_SHORT: Refusal = "its footer or a page's header is cut short";
pub(super) const BAD_FIELD: Refusal = "its footer or a page's header has a field of an unknown type";

pub(super) const TRUE: u8 = 1;
pub(super) const FALSE: u8 = 2;
pub(super) const BYTE: u8 = 3;
pub(super) const I16: u8 = 4;
pub(super) const I32: u8 = 5;
pub(super) const I64: u8 = 6;
const DOUBLE: u8 = 7;
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Deepest nesting of what is skipped.
const SKIP_DEPTH: usize = 8;

/// What is left to read.
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

    fn byte(&mut self) -> Result<u8, Refusal> {
        let (&first, rest) = self.rest.split_first().ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(first)
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Refusal> {
        let bytes = usize::try_from(bytes).map_err(|_| CUT_SHORT)?;
        self.rest = self.rest.get(bytes..).ok_or(CUT_SHORT)?;
        Ok(())
    }

    /// At most nine bytes of seven bits: no writer needs more here, and the tenth is where decoders differ.
    fn varint(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("its footer or a page's header has an integer that is too long")
    }

    pub(super) fn integer(&mut self) -> Result<i32, Refusal> {
        let zigzag = u32::try_from(self.varint()?).map_err(|_| BAD_FIELD)?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// Number and type of a struct's next field; `None` at its end.
    pub(super) fn field(&mut self, previous: i16) -> Result<Option<(i16, u8)>, Refusal> {
        let header = self.byte()?;
        let (step, kind) = (i16::from(header >> 4), header & 0x0f);
        if kind == 0 {
            return Ok(None);
        }
        let number = match step {
            0 => i16::try_from(self.integer()?).map_err(|_| BAD_FIELD)?,
            _ => previous.checked_add(step).ok_or(BAD_FIELD)?,
        };
        Ok(Some((number, kind)))
    }

    /// Length and element type of a list.
    pub(super) fn list(&mut self) -> Result<(usize, u8), Refusal> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| CUT_SHORT)?,
            short => usize::from(short),
        };
        Ok((length, header & 0x0f))
    }

    /// Skips a value of one of the simple kinds.
    pub(super) fn scalar(&mut self, kind: u8) -> Result<(), Refusal> {
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.skip(1),
            DOUBLE => self.skip(8),
            I16 | I32 | I64 => self.varint().map(drop),
            BINARY => {
                let bytes = self.varint()?;
                self.skip(bytes)
            }
            _ => Err(BAD_FIELD),
        }
    }

    /// Skips a struct of simple values and structs.
    pub(super) fn skip_struct(&mut self) -> Result<(), Refusal> {
        self.skip_struct_within(SKIP_DEPTH)
    }

    fn skip_struct_within(&mut self, depth: usize) -> Result<(), Refusal> {
        let depth = depth.checked_sub(1).ok_or(BAD_FIELD)?;
        let mut previous = 0;
        while let Some((number, kind)) = self.field(previous)? {
            match kind {
                STRUCT => self.skip_struct_within(depth)?,
                _ => self.scalar(kind)?,
            }
            previous = number;
        }
        Ok(())
    }
}
