//! Parquet's footer, as far as it matters: the columns, and where the data of the chosen ones lie.
//!
//! Read here and not by the library. The library refuses a file for what stands beside a column that nobody
//! asked for: a logical type or an order that it does not know, a decimal without a scale, statistics of
//! another length. It also turns the list of schema elements into a tree by recursion and reserves room for
//! as many children as an element claims, so that a footer of a few megabytes ends the process. So the footer
//! is read without recursion past a bound, and the library is told of the chosen columns only, in its own
//! terms (see `metadata`): nothing of the file's metadata reaches it.

use std::collections::HashMap;

use super::columns::{Element, Form, Logical};
use super::inflate::Codec;
use super::thrift::{BAD_FIELD, BINARY, BYTE, FALSE, INTEGER, Input, LIST, Refusal, STRUCT, TRUE};

/// Longest footer, in bytes.
pub(super) const FOOTER_BYTES: usize = 1 << 24;
/// Most columns and groups.
const ELEMENTS: usize = 1 << 16;
/// Deepest nesting of groups.
const DEPTH: usize = 64;
/// Most column chunks that are read: what is kept of each takes some hundred bytes.
const CHUNKS: usize = 1 << 19;

const BAD_TREE: Refusal = "the footer's schema is not a tree";
const OUTSIDE: Refusal = "its data lie outside the file: write the file anew";

/// A column of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) form: Form,
    /// Its position among all leaves of the schema: the one that its chunks have in each row group.
    leaf: usize,
}

/// A row group: its rows and the chosen columns' chunks, in the order chosen.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) chunks: Vec<Chunk>,
}

/// Where a column's data lie in a row group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) codec: Codec,
}

/// Why a row group is refused; the column, by its position among the chosen ones, where it is one column's
/// fault.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    File(Refusal),
    Column(usize, Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::File(refusal)
    }
}

/// The file's columns: the children of the schema's root.
pub(super) fn columns(footer: &[u8]) -> Result<Vec<Column>, Refusal> {
    let mut columns = None;
    Input::new(footer).fields(|input, number, kind| match (number, kind) {
        (2, LIST) => {
            let (length, element) = input.list()?;
            if element != STRUCT {
                return Err(BAD_FIELD);
            }
            columns = Some(tree(input, length)?);
            Ok(())
        }
        (2, _) => Err(BAD_FIELD),
        _ => input.skip(kind),
    })?;
    columns.ok_or("its footer has no schema")
}

fn tree(input: &mut Input<'_>, elements: usize) -> Result<Vec<Column>, Refusal> {
    if elements > ELEMENTS {
        return Err("the footer's schema has more than 65,536 columns");
    }
    // Children that each enclosing group still lacks.
    let mut lacking: Vec<usize> = Vec::new();
    let (mut columns, mut leaf) = (Vec::new(), 0);
    for index in 0..elements {
        let element = Element::read(input)?;
        while lacking.last() == Some(&0) {
            lacking.pop();
        }
        let depth = lacking.len();
        match lacking.last_mut() {
            Some(count) => *count -= 1,
            None if index == 0 => {}
            None => return Err(BAD_TREE),
        }
        let children = usize::try_from(element.children).map_err(|_| BAD_TREE)?;
        if children > elements - index - 1 {
            return Err(BAD_TREE);
        }
        if depth == 1 {
            columns.push(Column { name: element.name(), form: element.form(), leaf });
        }
        leaf += usize::from(element.is_leaf());
        if children > 0 {
            lacking.push(children);
        }
        if lacking.len() > DEPTH {
            return Err("the footer's schema nests groups more than 64 deep");
        }
    }
    if lacking.iter().any(|count| *count > 0) { Err(BAD_TREE) } else { Ok(columns) }
}

impl<'a> Element<'a> {
    fn read(input: &mut Input<'a>) -> Result<Self, Refusal> {
        let mut element = Self::default();
        input.fields(|input, number, kind| {
            match (number, kind) {
                (1, INTEGER) => element.physical = Some(input.integer()?),
                (2, INTEGER) => element.length = input.integer()?,
                (3, INTEGER) => element.repetition = Some(input.integer()?),
                // fastparquet writes `required` and `optional` as a truth value where it infers them.
                (3, TRUE | FALSE) => element.repetition = Some(i32::from(kind == TRUE)),
                (4, BINARY) => element.name = input.binary()?,
                (5, INTEGER) => element.children = input.integer()?,
                (6, INTEGER) => element.converted = Some(input.integer()?),
                (7, INTEGER) => element.scale = input.integer()?,
                (8, INTEGER) => element.precision = input.integer()?,
                (10, STRUCT) => element.logical = Some(Logical::read(input)?),
                (1..=8 | 10, _) => return Err(BAD_FIELD),
                _ => input.skip(kind)?,
            }
            Ok(())
        })?;
        Ok(element)
    }
}

impl Logical {
    /// A union: one field, itself a struct, of which a few kinds have fields of their own.
    fn read(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let mut logical = Self::default();
        input.fields(|input, number, kind| {
            if kind != STRUCT {
                return input.skip(kind);
            }
            logical = Self { number, ..Self::default() };
            input.fields(|input, field, kind| {
                match (number, field, kind) {
                    // Of a decimal the scale and precision, of an integer the bits and the sign.
                    (5, 1, INTEGER) => logical.first = input.integer()?,
                    (5, 2, INTEGER) => logical.second = input.integer()?,
                    (10, 1, BYTE) => logical.first = i32::from(input.byte()?),
                    (10, 2, TRUE | FALSE) => logical.second = i32::from(kind == TRUE),
                    _ => input.skip(kind)?,
                }
                Ok(())
            })
        })?;
        Ok(logical)
    }
}

/// The row groups that have rows, as far as they are of the chosen columns.
pub(super) fn groups(footer: &[u8], chosen: &[&Column], file_length: u64) -> Result<Vec<Group>, Fault> {
    let (mut groups, mut rows, mut fault) = (Vec::new(), None, None);
    let positions = chosen.iter().enumerate().map(|(position, column)| (column.leaf, position)).collect();
    let read = Input::new(footer).fields(|input, number, kind| match (number, kind) {
        (3, INTEGER) => input.long().map(|declared| rows = Some(declared)),
        (4, LIST) => {
            let (length, element) = input.list()?;
            if length > 0 && element != STRUCT {
                return Err(BAD_FIELD);
            }
            for _ in 0..length {
                let group = RawGroup::read(input, &positions)?.check(chosen, file_length);
                groups.extend(group.map_err(|found| told(found, &mut fault))?);
                if groups.len().saturating_mul(chosen.len()) > CHUNKS {
                    return Err("its columns are in more than 524,288 pieces: choose larger row groups");
                }
            }
            Ok(())
        }
        (3 | 4, _) => Err(BAD_FIELD),
        _ => input.skip(kind),
    });
    if let Err(refusal) = read {
        return Err(fault.unwrap_or(Fault::File(refusal)));
    }
    let total = groups.iter().try_fold(0u64, |sum, group: &Group| sum.checked_add(group.rows));
    let total = total.ok_or("a row group has a negative or absurd number of rows")?;
    if rows.and_then(|rows| u64::try_from(rows).ok()) != Some(total) {
        return Err(Fault::File("its row groups do not add up to its number of rows"));
    }
    Ok(groups)
}

/// Remembers which column's fault it is.
fn told(found: Fault, fault: &mut Option<Fault>) -> Refusal {
    let (Fault::File(refusal) | Fault::Column(_, refusal)) = found;
    *fault = Some(found);
    refusal
}

/// What a footer says of a row group.
struct RawGroup<'a> {
    rows: Option<i64>,
    /// Of the chosen columns.
    chunks: Vec<Option<RawChunk<'a>>>,
}

impl<'a> RawGroup<'a> {
    /// `positions`: of the chosen columns, by their leaves.
    fn read(input: &mut Input<'a>, positions: &HashMap<usize, usize>) -> Result<Self, Refusal> {
        let mut group = Self { rows: None, chunks: vec![None; positions.len()] };
        input.fields(|input, number, kind| match (number, kind) {
            (1, LIST) => {
                let (length, element) = input.list()?;
                if length > 0 && element != STRUCT {
                    return Err(BAD_FIELD);
                }
                for leaf in 0..length {
                    match positions.get(&leaf).and_then(|position| group.chunks.get_mut(*position)) {
                        Some(chunk) => *chunk = Some(RawChunk::read(input)?),
                        None => input.skip(STRUCT)?,
                    }
                }
                Ok(())
            }
            (3, INTEGER) => input.long().map(|declared| group.rows = Some(declared)),
            (1 | 3, _) => Err(BAD_FIELD),
            _ => input.skip(kind),
        })?;
        Ok(group)
    }

    /// None if the row group has no rows: then nothing is read of it.
    fn check(self, chosen: &[&Column], file_length: u64) -> Result<Option<Group>, Fault> {
        let rows = self.rows.and_then(|rows| u64::try_from(rows).ok());
        let rows = rows.ok_or("a row group has a negative or absurd number of rows")?;
        if rows == 0 {
            return Ok(None);
        }
        let check = |(position, (raw, column)): (usize, (Option<RawChunk<'_>>, &&Column))| {
            let raw = raw.ok_or("a row group lacks it: write the file anew");
            let chunk = raw.and_then(|raw| raw.check(column, file_length));
            chunk.map_err(|refusal| Fault::Column(position, refusal))
        };
        let chunks = self.chunks.into_iter().zip(chosen).enumerate().map(check);
        Ok(Some(Group { rows, chunks: chunks.collect::<Result<_, _>>()? }))
    }
}

/// What a footer says of a column chunk.
#[derive(Clone, Default)]
struct RawChunk<'a> {
    other_file: &'a [u8],
    is_encrypted: bool,
    has_data: bool,
    physical: Option<i32>,
    path: Vec<&'a [u8]>,
    codec: i32,
    stored: i64,
    data: i64,
    dictionary: i64,
}

impl<'a> RawChunk<'a> {
    fn read(input: &mut Input<'a>) -> Result<Self, Refusal> {
        let mut chunk = Self::default();
        input.fields(|input, number, kind| {
            match (number, kind) {
                (1, BINARY) => chunk.other_file = input.binary()?,
                (3, STRUCT) => chunk.read_data(input)?,
                (8, STRUCT) | (9, BINARY) => {
                    chunk.is_encrypted = true;
                    input.skip(kind)?;
                }
                (1 | 3 | 8 | 9, _) => return Err(BAD_FIELD),
                _ => input.skip(kind)?,
            }
            Ok(())
        })?;
        Ok(chunk)
    }

    fn read_data(&mut self, input: &mut Input<'a>) -> Result<(), Refusal> {
        self.has_data = true;
        input.fields(|input, number, kind| {
            match (number, kind) {
                (1, INTEGER) => self.physical = Some(input.integer()?),
                (3, LIST) => self.path = names(input)?,
                (4, INTEGER) => self.codec = input.integer()?,
                (7, INTEGER) => self.stored = input.long()?,
                (9, INTEGER) => self.data = input.long()?,
                (11, INTEGER) => self.dictionary = input.long()?,
                (1 | 3 | 4 | 7 | 9 | 11, _) => return Err(BAD_FIELD),
                _ => input.skip(kind)?,
            }
            Ok(())
        })
    }

    fn check(&self, column: &Column, file_length: u64) -> Result<Chunk, Refusal> {
        if self.is_encrypted {
            return Err("it is encrypted: write it without encryption");
        }
        if !self.other_file.is_empty() {
            return Err("its data are in another file, which this one sums up: name the files with the data");
        }
        if !self.has_data {
            return Err("a row group does not say where its data are: write the file anew");
        }
        if self.physical.is_some_and(|own| Some(own) != column.form.physical()) {
            return Err("a row group has it by another type than the schema: write the file anew");
        }
        // Columns are told by their positions: were they in another order, each would be read as another.
        if !self.path.is_empty() && self.path != [column.name.as_bytes()] {
            return Err("a row group has another column in its place: write the file anew");
        }
        let codec = Codec::of(self.codec)?;
        // Some writers leave the dictionary's place 0 where there is none.
        let start = if self.dictionary > 0 { self.data.min(self.dictionary) } else { self.data };
        let (Ok(start), Ok(length)) = (u64::try_from(start), u64::try_from(self.stored)) else {
            return Err(OUTSIDE);
        };
        let is_inside =
            self.dictionary >= 0 && u64::try_from(self.data).is_ok_and(|data| data <= file_length);
        match start.checked_add(length) {
            Some(end) if end <= file_length && is_inside => Ok(Chunk { start, length, codec }),
            _ => Err(OUTSIDE),
        }
    }
}

fn names<'a>(input: &mut Input<'a>) -> Result<Vec<&'a [u8]>, Refusal> {
    let (length, element) = input.list()?;
    if length > 0 && element != BINARY {
        return Err(BAD_FIELD);
    }
    if length > DEPTH {
        return Err("its footer has a column more than 64 deep");
    }
    (0..length).map(|_| input.binary()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::thrift::CUT_SHORT;
    use super::*;

    /// Version 1, then a schema of as many elements, each named `a`, with the children given; no row groups.
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

    fn check(footer: &[u8]) -> Result<usize, Refusal> {
        let columns = columns(footer)?;
        match groups(footer, &[], 0) {
            Ok(_) => Ok(columns.len()),
            Err(Fault::File(refusal) | Fault::Column(_, refusal)) => Err(refusal),
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |elements: usize| footer(elements, move |index| u32::from(index + 1 < elements));
        assert_eq!(check(&nested(DEPTH + 1)), Ok(1));
        assert_eq!(check(&nested(DEPTH + 2)), Err("the footer's schema nests groups more than 64 deep"));
        assert_eq!(check(&nested(60_000)), Err("the footer's schema nests groups more than 64 deep"));
    }

    #[test]
    fn claimed_children_and_elements_are_bounded() {
        let root = |children| move |index| if index == 0 { children } else { 0 };
        assert_eq!(check(&footer(3, root(2))), Ok(2));
        assert_eq!(check(&footer(3, root(i32::MAX as u32))), Err(BAD_TREE));
        assert_eq!(check(&footer(3, root(3))), Err(BAD_TREE));
        assert_eq!(check(&footer(3, root(1))), Err(BAD_TREE));
        assert_eq!(check(&footer(3, |_| 0)), Err(BAD_TREE), "three roots");
        assert_eq!(
            check(&footer(ELEMENTS + 1, root(ELEMENTS as u32))),
            Err("the footer's schema has more than 65,536 columns")
        );
    }

    #[test]
    fn a_known_field_has_its_type() {
        let sound = footer(2, |index| u32::from(index == 0));
        assert_eq!(check(&sound), Ok(1));
        for (position, byte, why) in
            [(2, 0x15, BAD_FIELD), (3, 0xf0 | INTEGER, BAD_FIELD), (5, 0x38, BAD_FIELD), (7, 0x15, BAD_FIELD)]
        {
            let mut bytes = sound.clone();
            bytes[position] = byte;
            assert_eq!(check(&bytes), Err(why), "byte {position}");
        }
    }

    #[test]
    fn whatever_else_there_is_is_skipped_within_bounds() {
        let mut sound = footer(2, |index| u32::from(index == 0));
        sound.pop();
        let with = |fields: &[u8]| check(&[sound.as_slice(), fields, &[0]].concat());
        // Field 10, which nobody knows: lists, sets and maps of all there is; an empty list of type 0.
        for field in [
            &[0x69, 0x3c, 0, 0, 0][..],
            &[0x69, 0x21, 1, 2],
            &[0x6a, 0x25, 2, 4],
            &[0x69, 0x19, 0x15, 2],
            &[0x6b, 2, 0x85, 1, b'a', 2, 1, b'b', 4],
            &[0x6b, 0],
            &[0x69, 0],
            &[0x67, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x61],
            &[0x63, 9],
        ] {
            assert_eq!(with(field), Ok(1), "{field:?}");
        }
        // A list of more than there is; of a type that there is not; too deep; a number of eleven bytes.
        assert_eq!(with(&[0x69, 0xfc, 0xff, 0xff, 0x7f]), Err(CUT_SHORT));
        assert_eq!(with(&[0x6b, 0xff, 0xff, 0xff, 0x7f, 0x11]), Err(CUT_SHORT));
        assert_eq!(with(&[0x69, 0x1e, 0]), Err(BAD_FIELD));
        let deep = [0x6c].into_iter().chain([0x1c; 40]).chain([0; 41]).collect::<Vec<_>>();
        assert_eq!(with(&deep), Err("its footer nests too deep"));
        let long = [[0x66].as_slice(), &[0xff; 9], &[3]].concat();
        assert_eq!(with(&long), Err("its footer or a page's header has an integer that is too long"));
    }

    #[test]
    fn every_truncation_is_refused() {
        let sound = footer(2, |index| u32::from(index == 0));
        for length in 0..sound.len() {
            assert_eq!(check(&sound[..length]), Err(CUT_SHORT), "{length} bytes");
        }
    }
}
