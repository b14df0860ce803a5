//! Parquet files made byte by byte: what no writer writes, or only one that is not at hand.

use super::*;

/// A Thrift struct in the compact encoding.
#[derive(Clone, Default)]
pub(crate) struct Struct {
    bytes: Vec<u8>,
    previous: u8,
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

impl Struct {
    fn field(mut self, number: u8, kind: u8) -> Self {
        match number - self.previous {
            step @ 1..=15 => self.bytes.push(step << 4 | kind),
            _ => self.bytes.extend([kind, number << 1]),
        }
        self.previous = number;
        self
    }

    pub(crate) fn int(self, number: u8, value: i64) -> Self {
        let mut own = self.field(number, 5);
        varint(zigzag(value), &mut own.bytes);
        own
    }

    /// A number of 8 bits.
    pub(crate) fn byte(self, number: u8, value: u8) -> Self {
        let mut own = self.field(number, 3);
        own.bytes.push(value);
        own
    }

    pub(crate) fn flag(self, number: u8, value: bool) -> Self {
        self.field(number, if value { 1 } else { 2 })
    }

    pub(crate) fn text(self, number: u8, value: &str) -> Self {
        let mut own = self.field(number, 8);
        varint(value.len() as u64, &mut own.bytes);
        own.bytes.extend(value.as_bytes());
        own
    }

    pub(crate) fn within(self, number: u8, value: Struct) -> Self {
        let mut own = self.field(number, 12);
        own.bytes.extend(value.done());
        own
    }

    pub(crate) fn list(self, number: u8, values: Vec<Struct>) -> Self {
        let mut own = self.field(number, 9);
        own.bytes.push(0xfc);
        varint(values.len() as u64, &mut own.bytes);
        values.into_iter().for_each(|value| own.bytes.extend(value.done()));
        own
    }

    /// Fields whose bytes are given, the last of them of that number.
    pub(crate) fn raw(mut self, bytes: &[u8], last: u8) -> Self {
        self.bytes.extend(bytes);
        self.previous = last;
        self
    }

    pub(crate) fn done(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// A file of one column `x`.
#[derive(Clone)]
pub(crate) struct Forged {
    /// The schema's element, but for what is given here.
    pub(crate) element: Struct,
    pub(crate) physical: i64,
    pub(crate) codec: i64,
    /// Of each row group: rows and pages.
    pub(crate) groups: Vec<(i64, Vec<Vec<u8>>)>,
    /// What a column chunk says before its data, and after.
    pub(crate) chunk: Struct,
    pub(crate) chunk_end: Struct,
    /// The column that the chunk says it is of.
    pub(crate) path: Option<&'static str>,
    /// What the footer says after the row groups.
    pub(crate) after: Struct,
}

/// An element of the schema: type, repetition and name.
pub(crate) fn element(physical: i64, is_optional: bool) -> Struct {
    Struct::default().int(1, physical).int(3, i64::from(is_optional)).text(4, "x")
}

impl Forged {
    pub(crate) fn new(physical: i64, is_optional: bool, rows: i64, pages: Vec<Vec<u8>>) -> Self {
        Self {
            element: element(physical, is_optional),
            physical,
            codec: 0,
            groups: vec![(rows, pages)],
            chunk: Struct::default(),
            chunk_end: Struct { bytes: Vec::new(), previous: 3 },
            path: None,
            after: Struct { bytes: Vec::new(), previous: 4 },
        }
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        let mut bytes = b"PAR1".to_vec();
        let mut groups = Vec::new();
        for (rows, pages) in &self.groups {
            let start = bytes.len() as i64;
            pages.iter().for_each(|page| bytes.extend(page));
            let data = Struct::default().int(1, self.physical);
            let data = match self.path {
                // A list of one text.
                Some(path) => data.raw(&[&[0x29, 0x18, path.len() as u8], path.as_bytes()].concat(), 3),
                None => data,
            };
            let data = data.int(4, self.codec).int(7, bytes.len() as i64 - start).int(9, start);
            let chunk = self.chunk.clone().within(3, data);
            let chunk = chunk.raw(&self.chunk_end.bytes, self.chunk_end.previous);
            groups.push(Struct::default().list(1, vec![chunk]).int(3, *rows));
        }
        let rows = self.groups.iter().map(|(rows, _)| rows).sum();
        let root = Struct::default().text(4, "schema").int(5, 1);
        let footer =
            Struct::default().int(1, 1).list(2, vec![root, self.element]).int(3, rows).list(4, groups);
        let footer = footer.raw(&self.after.bytes, self.after.previous).done();
        bytes.extend(&footer);
        bytes.extend((footer.len() as u32).to_le_bytes());
        bytes.extend(b"PAR1");
        bytes
    }

    /// The symbols by this rule, or why there are none.
    pub(crate) fn read(self, feature: &Feature) -> Result<Vec<u16>, String> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("forged.parquet");
        fs::write(&path, self.bytes()).expect("write");
        read_all(&[path], &schema(vec![feature.clone()])).map(|(symbols, _)| symbols).map_err(|error| {
            let text = error.to_string();
            let text = text.split_once(".parquet").map_or(text.as_str(), |(_, rest)| rest).to_owned();
            let frame = text.strip_prefix(": not a readable Parquet file: ");
            frame
                .and_then(|reason| reason.strip_suffix("; write the file anew"))
                .map_or(text.clone(), str::to_owned)
        })
    }
}

fn page(kind: i64, inflated: usize, bytes: &[u8], part: (u8, Struct)) -> Vec<u8> {
    let header = Struct::default().int(1, kind).int(2, inflated as i64).int(3, bytes.len() as i64);
    [header.within(part.0, part.1).done(), bytes.to_vec()].concat()
}

/// A data page of version 1, not compressed.
pub(crate) fn data(values: i64, encoding: i64, bytes: &[u8]) -> Vec<u8> {
    compressed(values, encoding, bytes.len(), bytes)
}

/// A data page of version 1 that says it inflates to so many bytes.
pub(crate) fn compressed(values: i64, encoding: i64, inflated: usize, bytes: &[u8]) -> Vec<u8> {
    page(0, inflated, bytes, (5, Struct::default().int(1, values).int(2, encoding).int(3, 3).int(4, 3)))
}

/// A dictionary page.
pub(crate) fn dictionary(values: i64, bytes: &[u8]) -> Vec<u8> {
    page(2, bytes.len(), bytes, (7, Struct::default().int(1, values).int(2, 0)))
}

/// A data page of version 2 whose first bytes are levels.
pub(crate) fn data_v2(values: i64, nulls: i64, encoding: i64, levels: usize, bytes: &[u8]) -> Vec<u8> {
    let part = Struct::default().int(1, values).int(2, nulls).int(3, values).int(4, encoding);
    page(3, bytes.len(), bytes, (8, part.int(5, levels as i64).int(6, 0)))
}

/// A data page of version 2 of plain values without levels, and what its flag says of its bytes.
pub(crate) fn flagged_v2(values: i64, inflated: usize, is_compressed: bool, bytes: &[u8]) -> Vec<u8> {
    let part = Struct::default().int(1, values).int(2, 0).int(3, values).int(4, 0).int(5, 0).int(6, 0);
    page(3, inflated, bytes, (8, part.flag(7, is_compressed)))
}

/// Packed differences, all of them the same: the first value, and what each adds to the one before.
pub(crate) fn deltas(values: u64, first: i64, step: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    [128, 4, values, zigzag(first)].into_iter().for_each(|part| varint(part, &mut bytes));
    for _ in 0..values.saturating_sub(1).div_ceil(128) {
        varint(zigzag(step), &mut bytes);
        bytes.extend([0; 4]);
    }
    bytes
}
