//! What must hold of a Parquet footer before the library sees it.
//!
//! The library turns the footer's flat list of schema elements into a tree by recursion, and reserves room
//! for as many children as an element claims. A footer of a few megabytes that nests each element in the one
//! before ends the process by stack overflow, one that claims two thousand million children by a failed
//! allocation; neither can be caught. Of a list in a field that it does not know it skips as many entries as
//! the list claims, though an entry may take no byte. So the footer is walked here first: the schema without
//! recursion, the rest along [`FILE`], every list bounded.
//!
//! These limits are written here because the library has none to set: it reads whatever footer it is given.
//!
//! The library trusts field numbers and ignores the types written beside them. Bytes read here by their types
//! and there by their numbers could thus mean two things; hence known fields must have their own type, and
//! the schema must be where every writer puts it, right after the version. Once it is read the library skips
//! any other.

use super::thrift::{BAD_FIELD, BINARY, BYTE, FALSE, I16, I32, I64, Input, LIST, Refusal, STRUCT, TRUE};

/// Longest footer, in bytes.
pub(super) const FOOTER_BYTES: usize = 1 << 24;
/// Most columns and groups.
const ELEMENTS: usize = 1 << 16;
/// Deepest nesting of groups.
const DEPTH: usize = 64;
/// Deepest nesting of what follows the schema: a box of coordinates in a column in a chunk in a row group.
const NESTED: usize = 8;

const NO_SCHEMA: Refusal = "the footer does not begin with a version and a schema";
const BAD_TREE: Refusal = "the footer's schema is not a tree";

/// A struct's fields: number, type, what is within.
type Fields = &'static [(i16, u8, Within)];

/// What a field holds.
enum Within {
    /// A number, text or truth value.
    Value,
    /// A struct, or a list of structs.
    Struct(Fields),
    /// A list of values of one type.
    Values(u8),
}
use Within::{Struct, Value, Values};

const FILE: Fields = &[
    (1, I32, Value),
    (2, LIST, Struct(&[])),
    (3, I64, Value),
    (4, LIST, Struct(ROW_GROUP)),
    (5, LIST, Struct(KEY_VALUE)),
    (6, BINARY, Value),
    (7, LIST, Struct(&[(1, STRUCT, Struct(&[])), (2, STRUCT, Struct(&[]))])),
    (8, STRUCT, Struct(&[])),
    (9, BINARY, Value),
];
const ROW_GROUP: Fields = &[
    (1, LIST, Struct(COLUMN_CHUNK)),
    (2, I64, Value),
    (3, I64, Value),
    (4, LIST, Struct(&[(1, I32, Value), (2, TRUE, Value), (3, TRUE, Value)])),
    (5, I64, Value),
    (6, I64, Value),
    (7, I16, Value),
];
const COLUMN_CHUNK: Fields = &[
    (1, BINARY, Value),
    (2, I64, Value),
    (3, STRUCT, Struct(COLUMN)),
    (4, I64, Value),
    (5, I32, Value),
    (6, I64, Value),
    (7, I32, Value),
    (8, STRUCT, Struct(&[])),
    (9, BINARY, Value),
];
const COLUMN: Fields = &[
    (1, I32, Value),
    (2, LIST, Values(I32)),
    (3, LIST, Values(BINARY)),
    (4, I32, Value),
    (5, I64, Value),
    (6, I64, Value),
    (7, I64, Value),
    (8, LIST, Struct(KEY_VALUE)),
    (9, I64, Value),
    (10, I64, Value),
    (11, I64, Value),
    (12, STRUCT, Struct(STATISTICS)),
    (13, LIST, Struct(&[(1, I32, Value), (2, I32, Value), (3, I32, Value)])),
    (14, I64, Value),
    (15, I32, Value),
    (16, STRUCT, Struct(&[(1, I64, Value), (2, LIST, Values(I64)), (3, LIST, Values(I64))])),
    (17, STRUCT, Struct(&[(1, STRUCT, Struct(&[])), (2, LIST, Values(I32))])),
];
const STATISTICS: Fields = &[
    (1, BINARY, Value),
    (2, BINARY, Value),
    (3, I64, Value),
    (4, I64, Value),
    (5, BINARY, Value),
    (6, BINARY, Value),
    (7, TRUE, Value),
    (8, TRUE, Value),
];
const KEY_VALUE: Fields = &[(1, BINARY, Value), (2, BINARY, Value)];

/// Checks that the footer, in Thrift's compact encoding, begins with a version and a schema that is a shallow
/// tree, and that what follows has the types it should and no long list.
pub(super) fn check(footer: &[u8]) -> Result<(), Refusal> {
    let mut input = Input::new(footer);
    if input.field(0)? != Some((1, I32)) {
        return Err(NO_SCHEMA);
    }
    input.integer()?;
    if input.field(1)? != Some((2, LIST)) {
        return Err(NO_SCHEMA);
    }
    let (elements, STRUCT) = input.list()? else { return Err(NO_SCHEMA) };
    if elements > ELEMENTS {
        return Err("the footer's schema has more than 65,536 columns");
    }
    check_tree(&mut input, elements)?;
    input.fields(2, FILE, NESTED)
}

fn check_tree(input: &mut Input<'_>, elements: usize) -> Result<(), Refusal> {
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

impl Input<'_> {
    /// The fields of a struct after the one of that number, up to its end.
    fn fields(&mut self, mut previous: i16, known: Fields, depth: usize) -> Result<(), Refusal> {
        let depth = depth.checked_sub(1).ok_or(BAD_FIELD)?;
        while let Some((number, kind)) = self.field(previous)? {
            let own = known.iter().find(|(own, ..)| *own == number);
            let truth = |kind| matches!(kind, TRUE | FALSE);
            match own {
                Some((_, own, _)) if *own != kind && !(truth(*own) && truth(kind)) => return Err(BAD_FIELD),
                Some((.., within)) => self.within(kind, within, depth)?,
                None => self.within(kind, &Struct(&[]), depth)?,
            }
            previous = number;
        }
        Ok(())
    }

    fn within(&mut self, kind: u8, within: &Within, depth: usize) -> Result<(), Refusal> {
        let known = match within {
            Struct(known) => known,
            Value | Values(_) => &[][..],
        };
        match kind {
            STRUCT => self.fields(0, known, depth),
            LIST => {
                let (length, element) = self.list()?;
                // Nothing is read by it, and fastparquet leaves it at 0.
                if length == 0 {
                    return Ok(());
                }
                let right = match within {
                    // Truth values in lists take a byte or none, by whom one asks.
                    Struct([]) | Value => !matches!(element, TRUE | FALSE | LIST),
                    Struct(_) => element == STRUCT,
                    Values(own) => element == *own,
                };
                if !right {
                    return Err(BAD_FIELD);
                }
                if length > ELEMENTS {
                    return Err("its footer has a list of more than 65,536 entries");
                }
                (0..length).try_for_each(|_| self.within(element, within, depth))
            }
            _ => self.scalar(kind),
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
                (1..=10, _) => return Err(BAD_FIELD),
                _ => self.scalar(kind)?,
            }
            previous = number;
        }
        Ok(children)
    }

    /// A union: one field, itself a struct, of which a few kinds have fields of their own.
    fn logical_type(&mut self) -> Result<(), Refusal> {
        let Some((logical, STRUCT)) = self.field(0)? else { return Err(BAD_FIELD) };
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
                _ => return Err(BAD_FIELD),
            }
            previous = number;
        }
        self.end()
    }

    /// A union of empty structs.
    fn time_unit(&mut self) -> Result<(), Refusal> {
        let Some((_, STRUCT)) = self.field(0)? else { return Err(BAD_FIELD) };
        self.end()?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Refusal> {
        match self.field(0)? {
            None => Ok(()),
            Some(_) => Err(BAD_FIELD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::thrift::CUT_SHORT;
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
        // Field 3, the number of rows: 0; field 4, the row groups: none.
        bytes.extend([0x16, 0, 0x19, STRUCT, 0]);
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
        for (position, byte, why) in [
            (0, 0x18, NO_SCHEMA),
            (2, 0x15, NO_SCHEMA),
            (3, 0xf0 | I32, NO_SCHEMA),
            (5, 0x38, BAD_FIELD),
            (7, 0x15, BAD_FIELD),
        ] {
            let mut bytes = sound.clone();
            bytes[position] = byte;
            assert_eq!(check(&bytes), Err(why), "byte {position}");
        }
    }

    #[test]
    fn what_follows_the_schema_has_its_type_and_no_long_list() {
        let mut sound = footer(2, |index| u32::from(index == 0));
        sound.pop();
        let with = |fields: &[u8]| check(&[sound.as_slice(), fields, &[0]].concat());
        let list = |element: u8, length: u64| {
            let mut bytes = vec![0x69, 0xf0 | element];
            varint(length, &mut bytes);
            bytes.resize(bytes.len() + (length as usize).min(1 << 17), 0);
            bytes
        };
        // Field 10, which nobody knows.
        assert_eq!(with(&list(STRUCT, 3)), Ok(()));
        assert_eq!(with(&list(I32, 1 << 16)), Ok(()));
        assert_eq!(with(&list(I32, (1 << 16) + 1)), Err("its footer has a list of more than 65,536 entries"));
        assert_eq!(with(&list(TRUE, 3)), Err(BAD_FIELD));
        assert_eq!(with(&list(LIST, 3)), Err(BAD_FIELD));
        // Row groups once more, in number: the field's number spelled out; then their second list as a
        // number.
        assert_eq!(with(&[0x05, 8, 0]), Err(BAD_FIELD));
        assert_eq!(with(&[0x09, 8, 0x1c, 0]), Ok(()));
        assert_eq!(with(&[0x09, 8, 0x1c, 0x15, 0, 0]), Err(BAD_FIELD));
        let deep = [0x6c].into_iter().chain([0x1c; 9]).chain([0; 10]).collect::<Vec<_>>();
        assert_eq!(with(&deep), Err(BAD_FIELD));
    }

    #[test]
    fn every_truncation_is_refused() {
        let sound = footer(2, |index| u32::from(index == 0));
        for length in 0..sound.len() {
            assert_eq!(check(&sound[..length]), Err(CUT_SHORT), "{length} bytes");
        }
    }
}
