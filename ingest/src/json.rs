//! JSON Lines: an object a line, each key a column.
//!
//! A value is the cell that the same text would be in CSV: a string its text, a number its digits as they
//! stand, so that none is rounded before its time, a truth value `true` or `false`; null, the empty string
//! and an absent key are missing. Lists and objects are not cells.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_schema::{DataType, Field};
use fairshare_formats::excerpt::excerpt;
use memchr::{memchr, memmem};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{IngestError, Position};
use crate::source::{BATCH_BYTES, BATCH_RECORDS, Batch, Source};
use crate::text::{RECORD_BYTES, Text};

/// A file of JSON Lines as a source. No `Debug`: it holds a record.
pub(crate) struct JsonSource {
    lines: Lines,
    columns: Columns,
    fields: Vec<Field>,
    passed_over: Vec<Field>,
    /// Which columns a record has had.
    seen: Vec<bool>,
    /// The line of each record of the last batch.
    numbers: Vec<u64>,
    /// Why there is no record after those of the last batch.
    failure: Option<IngestError>,
}

/// The wanted columns, and where each stands among the cells.
type Columns = HashMap<String, usize>;

/// The keys of a file's objects.
#[derive(Default)]
pub(crate) struct Keys {
    /// Those whose values are cells, in the order in which they are met.
    pub(crate) cells: Vec<String>,
    /// Those that have a list or object for a value.
    pub(crate) nested: Vec<String>,
}

impl Keys {
    /// Columns that are looked for.
    pub(crate) fn of(names: &[String]) -> Self {
        Self { cells: names.to_vec(), nested: Vec::new() }
    }
}

impl JsonSource {
    /// The columns of those names, which are distinct.
    pub(crate) fn open(text: Text, keys: &Keys) -> Self {
        let field = |kind: DataType| move |name: &String| Field::new(name, kind.clone(), true);
        Self {
            lines: Lines { text, bytes: 0 },
            columns: keys.cells.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect(),
            fields: keys.cells.iter().map(field(DataType::Utf8View)).collect(),
            passed_over: keys.nested.iter().map(field(DataType::Struct([].into()))).collect(),
            seen: vec![false; keys.cells.len()],
            numbers: Vec::new(),
            failure: None,
        }
    }

    fn fill(&mut self, columns: &mut [StringViewBuilder]) -> Result<(), IngestError> {
        let mut bytes = 0;
        while self.numbers.len() < BATCH_RECORDS && bytes < BATCH_BYTES && self.lines.advance()? {
            let cells = self.lines.cells(&self.columns, &self.fields)?;
            for ((cell, column), seen) in cells.iter().zip(columns.iter_mut()).zip(&mut self.seen) {
                *seen |= !matches!(cell, Value::Absent);
                match cell {
                    Value::Cell(cell) => column.append_value(cell),
                    Value::Absent | Value::Null => column.append_null(),
                }
            }
            self.numbers.push(self.lines.text.line());
            bytes += self.lines.bytes;
        }
        Ok(())
    }
}

impl Source for JsonSource {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn passed_over(&self) -> &[Field] {
        &self.passed_over
    }

    fn declared(&self) -> u64 {
        0
    }

    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        self.numbers.clear();
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut columns: Vec<_> =
            self.fields.iter().map(|_| StringViewBuilder::with_capacity(BATCH_RECORDS)).collect();
        match self.fill(&mut columns) {
            // What is wrong with the records before is said first.
            Err(failure) if !self.numbers.is_empty() => self.failure = Some(failure),
            filled => filled?,
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let records = self.numbers.len();
        Ok((records > 0).then(|| Batch::new(columns, records)))
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        Ok(Position::Line(self.numbers.get(index).copied().unwrap_or(self.lines.text.line())))
    }

    fn unseen(&self) -> Vec<usize> {
        let columns = self.seen.iter().enumerate();
        columns.filter(|(_, seen)| !**seen).map(|(index, _)| index).collect()
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        self.lines.text.bytes_read().min(file_length)
    }
}

/// All keys of a file, read to its end: any object may have one that those before it had not.
pub(crate) fn keys(text: Text) -> Result<Keys, IngestError> {
    let mut lines = Lines { text, bytes: 0 };
    let mut found = Columns::new();
    let (mut names, mut nested, mut bytes) = (Vec::new(), Vec::new(), 0);
    while lines.advance()? {
        let collect =
            Collect { found: &mut found, names: &mut names, nested: &mut nested, bytes: &mut bytes };
        lines.parse(collect)?;
    }
    let mut keys = Keys::default();
    for (name, nested) in names.into_iter().zip(nested) {
        if nested { keys.nested.push(name) } else { keys.cells.push(name) }
    }
    Ok(keys)
}

/// A text of lines, with the one read last at its beginning.
struct Lines {
    text: Text,
    /// The line's bytes, its end included.
    bytes: usize,
}

enum Value<'a> {
    Absent,
    Null,
    Cell(Cow<'a, str>),
}

impl Lines {
    /// Reads the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        self.text.pass(self.bytes, u64::from(self.bytes > 0));
        self.bytes = 0;
        self.text.pass_blank_lines()?;
        loop {
            let rest = self.text.rest();
            let end = memchr(b'\n', rest).map(|end| end + 1);
            let end = end.or_else(|| self.text.ended().then_some(rest.len()));
            match end {
                Some(0) => return Ok(false),
                Some(end) if end <= RECORD_BYTES => {
                    self.bytes = end;
                    return Ok(true);
                }
                None if rest.len() <= RECORD_BYTES => self.text.more()?,
                _ => return Err(self.text.too_long()),
            }
        }
    }

    fn line(&self) -> Result<&str, IngestError> {
        let line = self.text.rest().get(..self.bytes).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        std::str::from_utf8(line).map_err(|error| {
            let byte = line.get(error.valid_up_to()).copied().unwrap_or_default();
            IngestError::NotUtf8 { path: self.text.path().to_path_buf(), line: self.text.line(), byte }
        })
    }

    fn parse<'a, V: Visitor<'a>>(&'a self, visitor: V) -> Result<V::Value, IngestError> {
        let line = self.line()?;
        let mut parser = serde_json::Deserializer::from_str(line);
        let value = (&mut parser).deserialize_map(visitor).and_then(|value| parser.end().map(|()| value));
        value.map_err(|error| self.refused(line, &error))
    }

    fn refused(&self, line: &str, error: &serde_json::Error) -> IngestError {
        let (path, number) = (self.text.path().to_path_buf(), self.text.line());
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or_default();
        if let Some(column) = reason.strip_prefix(DUPLICATE) {
            return IngestError::DuplicateKey { path, line: number, column: excerpt(column) };
        }
        let reason = format!("{}, column {}", excerpt(reason), error.column());
        IngestError::Json { path, line: number, reason, remedy: remedy(line) }
    }

    /// The line's cells, in the order of the columns.
    fn cells(&self, columns: &Columns, fields: &[Field]) -> Result<Vec<Value<'_>>, IngestError> {
        let cells = self.parse(Record { columns, width: fields.len() })?;
        let named = cells.into_iter().zip(fields);
        named
            .map(|(cell, field)| cell.map_or(Ok(Value::Absent), |cell| self.value(cell, field.name())))
            .collect()
    }

    fn value<'a>(&self, value: &'a RawValue, column: &str) -> Result<Value<'a>, IngestError> {
        let text = value.get();
        match text.as_bytes() {
            [b'"', .., b'"'] if !text.contains('\\') => Ok(Value::Cell(text[1..text.len() - 1].into())),
            [b'"', ..] => match serde_json::from_str::<String>(text) {
                Ok(text) => Ok(Value::Cell(text.into())),
                Err(error) => Err(self.refused("", &error)),
            },
            [b'n', ..] => Ok(Value::Null),
            [b'{' | b'[', ..] => {
                let (path, line) = (self.text.path().to_path_buf(), self.text.line());
                Err(IngestError::Nested { path, line, column: excerpt(column) })
            }
            _ => Ok(Value::Cell(text.into())),
        }
    }
}

/// What begins the reason for which [`Record`] refuses an object; the key follows.
const DUPLICATE: &str = "duplicate key: ";

fn remedy(line: &str) -> &'static str {
    let contains = |part: &str| memmem::find(line.as_bytes(), part.as_bytes()).is_some();
    let line = line.trim_ascii();
    if line.starts_with('[') {
        "write an object a line, as `jq -c '.[]'` does"
    } else if contains("NaN") || contains("Infinity") {
        "write null for a value that is missing"
    } else if line.starts_with('{') && !line.ends_with('}') {
        "an object must stand on one line: write it so, as `jq -c .` does"
    } else {
        "write an object with the columns for keys on each line"
    }
}

/// An object's values by column.
struct Record<'a> {
    columns: &'a Columns,
    width: usize,
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut cells = vec![None; self.width];
        while let Some(column) = object.next_key_seed(Key(self.columns))? {
            match column.and_then(|column| cells.get_mut(column).map(|cell| (column, cell))) {
                // As in CSV, columns that nobody reads may repeat.
                None => drop(object.next_value::<IgnoredAny>()?),
                Some((column, Some(_))) => {
                    let key = self.columns.iter().find(|(_, other)| **other == column);
                    let key = key.map_or("", |(key, _)| key.as_str());
                    return Err(A::Error::custom(format!("{DUPLICATE}{key}")));
                }
                Some((_, cell)) => *cell = Some(object.next_value()?),
            }
        }
        Ok(cells)
    }
}

/// A key's column, if it is wanted.
struct Key<'a>(&'a Columns);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.get(key).copied())
    }
}

/// Most columns of a file of which all are read, and most bytes of their names.
const COLUMNS: usize = 1 << 16;
const NAMES_BYTES: usize = 1 << 24;

/// Collects keys, and whether any of their values is a list or object.
struct Collect<'a> {
    found: &'a mut Columns,
    names: &'a mut Vec<String>,
    nested: &'a mut Vec<bool>,
    bytes: &'a mut usize,
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key::<Cow<'de, str>>()? {
            let is_nested = object.next_value::<&RawValue>()?.get().starts_with(['{', '[']);
            let column = match self.found.get(&*key) {
                Some(column) => *column,
                None if self.names.len() == COLUMNS || *self.bytes > NAMES_BYTES => {
                    return Err(A::Error::custom("more keys than columns are read"));
                }
                None => {
                    *self.bytes += key.len();
                    self.found.insert(key.clone().into_owned(), self.names.len());
                    self.names.push(key.into_owned());
                    self.nested.push(false);
                    self.names.len() - 1
                }
            };
            if let Some(nested) = self.nested.get_mut(column) {
                *nested |= is_nested;
            }
        }
        Ok(())
    }
}
