//! What must hold of a Parquet footer before the library sees it.
//!
//! The library turns the footer's flat list of schema elements into a tree by recursion, and reserves room for as many
//! children as an element claims. A footer of a few megabytes that nests each element in the one before ends the process
//! by stack overflow, one that claims two thousand million children by a failed allocation; neither can be caught. So the list
//! is walked here first, without recursion.
//!
//! The library trusts field numbers and ignores the types written beside them. Bytes read here by their types and there
//! by their numbers could thus mean two things; hence known fields must have their own type, and the schema must be where
//! every writer puts it, right after the version. Once it is read the library skips any other.

/// Longest footer, in bytes.
pub(super) const FOOTER_BYTES: usize = 1 << 24;
/// Most columns and groups.
const ELEMENTS: usize = 1 << 16;
/// Deepest nesting of groups.
const DEPTH: usize = 64;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I32: u8 = 5;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Why a footer is refused.
type Refusal = &'static str;

const CUT_SHORT: Refusal = "the footer is cut short";
const NO_SCHEMA: Refusal = "the footer does not begin with a version and a schema";
const BAD_ELEMENT: Refusal = "the footer's schema has a field of an unknown type";
const BAD_TREE: Refusal = "the footer's schema is no tree";

/// Checks that the footer, in Thrift's compact encoding, begins with a version and a schema that is a shallow tree.
pub(super) fn check(footer: &[u8]) -> Result<(), Refusal> {
    let mut input = Input { rest: footer };
    if input.field(0)? != Some((1, I32)) {
        return Err(NO_SCHEMA);
    }
    input.integer()?;
    if input.field(1)? != Some((2, LIST)) {
        return Err(NO_SCHEMA);
    }
    let elements = input.struct_list_len()?;
    if elements > ELEMENTS {
        return Err("the footer's schema has more than 65,536 columns");
    }
    // Children that each enclosing group still lacks.
    let mut lacking: Vec<usize> = Vec::new();
    for index in 0..elements {
        let children = usize::try_from(input.element()?).map_err(|_| BAD_TREE)?;
        while lacking.last() == Some(&0) {
            lacking.pop();
        }
        match lacking.last_mut() {
            Some(count) => *count -= 1,
            None if index == 0 => {}
            None => return Err(BAD_TREE),
        }
        if children > elements - index - 1 {
            return Err(BAD_TREE);
        }
        if children > 0 {
            lacking.push(children);
        }
        if lacking.len() > DEPTH {
            return Err("the footer's schema nests groups more than 64 deep");
        }
    }
    Ok(())
}

struct Input<'a> {
    rest: &'a [u8],
}

impl Input<'_> {
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
        Err("the footer has an integer that is too long")
    }

    fn integer(&mut self) -> Result<i32, Refusal> {
        let zigzag = u32::try_from(self.varint()?).map_err(|_| BAD_ELEMENT)?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// Number and type of a struct's next field; `None` at its end.
    fn field(&mut self, previous: i16) -> Result<Option<(i16, u8)>, Refusal> {
        let header = self.byte()?;
        let (step, kind) = (i16::from(header >> 4), header & 0x0f);
        if kind == 0 {
            return Ok(None);
        }
        let number = match step {
            0 => i16::try_from(self.integer()?).map_err(|_| BAD_ELEMENT)?,
            _ => previous.checked_add(step).ok_or(BAD_ELEMENT)?,
        };
        Ok(Some((number, kind)))
    }

    fn struct_list_len(&mut self) -> Result<usize, Refusal> {
        let header = self.byte()?;
        if header & 0x0f != STRUCT {
            return Err(NO_SCHEMA);
        }
        match header >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| CUT_SHORT),
            short => Ok(usize::from(short)),
        }
    }

    /// One schema element; its number of children.
    fn element(&mut self) -> Result<i32, Refusal> {
        let (mut previous, mut children) = (0, 0);
        while let Some((number, kind)) = self.field(previous)? {
            match (number, kind) {
                (5, I32) => children = self.integer()?,
                (1..=3 | 6..=9, I32) | (4, BINARY) => self.scalar(kind)?,
                (10, STRUCT) => self.logical_type()?,
                (1..=10, _) => return Err(BAD_ELEMENT),
                _ => self.scalar(kind)?,
            }
            previous = number;
        }
        Ok(children)
    }

    fn scalar(&mut self, kind: u8) -> Result<(), Refusal> {
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.skip(1),
            I32 => self.varint().map(drop),
            BINARY => {
                let bytes = self.varint()?;
                self.skip(bytes)
            }
            _ => Err(BAD_ELEMENT),
        }
    }

    /// A union: one field, itself a struct, of which a few kinds have fields of their own.
    fn logical_type(&mut self) -> Result<(), Refusal> {
        let Some((logical, STRUCT)) = self.field(0)? else { return Err(BAD_ELEMENT) };
        let mut previous = 0;
        while let Some((number, kind)) = self.field(previous)? {
            match (logical, number, kind) {
                // Decimal; integer; variant; geometry and geography.
                (5, 1 | 2, I32) | (10 | 16, 1, BYTE) | (17 | 18, 1, BINARY) | (18, 2, I32) => {
                    self.scalar(kind)?;
                }
                // Whether an integer is signed, a time is in UTC.
                (10, 2, TRUE | FALSE) | (7 | 8, 1, TRUE | FALSE) => {}
                (7 | 8, 2, STRUCT) => self.time_unit()?,
                _ => return Err(BAD_ELEMENT),
            }
            previous = number;
        }
        self.end()
    }

    /// A union of empty structs.
    fn time_unit(&mut self) -> Result<(), Refusal> {
        let Some((_, STRUCT)) = self.field(0)? else { return Err(BAD_ELEMENT) };
        self.end()?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match self.field(0)? {
            None => Ok(()),
            Some(_) => Err(BAD_ELEMENT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1, then a schema of as many elements, each named `a`, with the children given.
    fn footer(elements: usize, children: impl Fn(usize) -> u32) -> Vec<u8> {
        let mut bytes = vec![0x15, 2, 0x19, 0xf0 | STRUCT];
        varint(elements as u64, &mut bytes);
        for index in 0..elements {
            // Field 3, repetition: required; field 4, name; field 5, children.
            bytes.extend([0x35, 0, 0x18, 1, b'a', 0x15]);
            varint(u64::from(children(index)) << 1, &mut bytes);
            bytes.push(0);
        }
        bytes
    }

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |elements: usize| footer(elements, move |index| u32::from(index + 1 < elements));
        assert_eq!(check(&nested(DEPTH + 1)), Ok(()));
        assert_eq!(check(&nested(DEPTH + 2)), Err("the footer's schema nests groups more than 64 deep"));
        assert_eq!(check(&nested(60_000)), Err("the footer's schema nests groups more than 64 deep"));
    }

    #[test]
    fn claimed_children_and_elements_are_bounded() {
        assert_eq!(check(&footer(3, |index| if index == 0 { 2 } else { 0 })), Ok(()));
        assert_eq!(check(&footer(3, |index| if index == 0 { i32::MAX as u32 } else { 0 })), Err(BAD_TREE));
        assert_eq!(check(&footer(3, |_| 0)), Err(BAD_TREE), "three roots");
        let columns = ELEMENTS + 1;
        assert_eq!(
            check(&footer(columns, |index| if index == 0 { ELEMENTS as u32 } else { 0 })),
            Err("the footer's schema has more than 65,536 columns")
        );
    }

    #[test]
    fn a_field_of_another_type_is_refused() {
        let sound = footer(2, |index| u32::from(index == 0));
        assert_eq!(check(&sound), Ok(()));
        for (place, byte, why) in [
            (0, 0x18, NO_SCHEMA),
            (2, 0x15, NO_SCHEMA),
            (3, 0xf0 | I32, NO_SCHEMA),
            (5, 0x38, BAD_ELEMENT),
            (7, 0x15, BAD_ELEMENT),
        ] {
            let mut bytes = sound.clone();
            bytes[place] = byte;
            assert_eq!(check(&bytes), Err(why), "byte {place}");
        }
    }

    #[test]
    fn every_truncation_is_refused() {
        let sound = footer(2, |index| u32::from(index == 0));
        for length in 0..sound.len() {
            assert_eq!(check(&sound[..length]), Err(CUT_SHORT), "{length} bytes");
        }
    }
}
