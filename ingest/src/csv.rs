//! CSV, and other text of cells with separators: a strict, bounded reader that knows its lines, and the
//! source of cells made from it.

mod record;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_schema::{DataType, Field};
use fairshare_formats::excerpt::excerpt;
use memchr::memchr;

use crate::error::{IngestError, Position};
use crate::source::{BATCH_BYTES, BATCH_RECORDS, Batch, Source, Wanted, check_distinct, locate_all};
use crate::text::{RECORD_BYTES, Text};
use record::{Cell, Found};

/// Separators, and what a message calls them.
const SEPARATORS: [(u8, &str); 4] =
    [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b'|', "vertical bars")];

/// A file of cells with separators as a source. No `Debug`: it holds a record.
pub(crate) struct CsvSource {
    table: Table,
    fields: Vec<Field>,
    positions: Vec<usize>,
    /// The line on which each record of the last batch begins.
    lines: Vec<u64>,
    /// Why there is no record after those of the last batch.
    failure: Option<IngestError>,
}

impl CsvSource {
    /// Reads the header.
    pub(crate) fn open(text: Text, separator: u8, wanted: &Wanted) -> Result<Self, IngestError> {
        let table = Table::open(text, separator)?;
        let path = table.text.path();
        let names: Vec<_> = table.header.iter().map(String::as_str).collect();
        let positions: Vec<_> = match wanted {
            Wanted::Named(wanted) => {
                locate_all(path, &names, wanted).map_err(|error| table.other_separator(error))?
            }
            Wanted::All => {
                check_distinct(path, &names)?;
                if let ([name], Some(found)) = (&names[..], table.separator_in_header(None)) {
                    return Err(table.separated_by(found, name));
                }
                (0..names.len()).collect()
            }
        };
        let field = |position: &usize| Field::new(names[*position], DataType::Utf8View, false);
        let fields = positions.iter().map(field).collect();
        Ok(Self { table, fields, positions, lines: Vec::new(), failure: None })
    }

    /// Appends the cells of the next records.
    fn fill(&mut self, columns: &mut [StringViewBuilder]) -> Result<(), IngestError> {
        let mut bytes = 0;
        while self.lines.len() < BATCH_RECORDS && bytes < BATCH_BYTES && self.table.advance()? {
            for (column, &position) in columns.iter_mut().zip(&self.positions) {
                column.append_value(self.table.cell(position));
            }
            self.lines.push(self.table.text.line());
            bytes += self.table.bytes;
        }
        Ok(())
    }
}

impl Source for CsvSource {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn passed_over(&self) -> &[Field] {
        &[]
    }

    fn declared(&self) -> u64 {
        0
    }

    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        self.lines.clear();
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut columns: Vec<_> =
            self.positions.iter().map(|_| StringViewBuilder::with_capacity(BATCH_RECORDS)).collect();
        match self.fill(&mut columns) {
            // What is wrong with the records before is said first.
            Err(failure) if !self.lines.is_empty() => self.failure = Some(failure),
            filled => filled?,
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let records = self.lines.len();
        Ok((records > 0).then(|| Batch::new(columns, records)))
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        Ok(Position::Line(self.lines.get(index).copied().unwrap_or(self.table.text.line())))
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        self.table.text.bytes_read().min(file_length)
    }
}

/// Text of cells with a header, read record by record: equal cells a record, UTF-8, quotes closed, length
/// bounded. No `Debug`: it holds a record.
struct Table {
    text: Text,
    separator: u8,
    header: Vec<String>,
    /// The cells of the record read last, at the beginning of the text at hand.
    cells: Vec<Cell>,
    /// Its bytes and lines.
    bytes: usize,
    lines: u64,
}

impl Table {
    fn open(text: Text, separator: u8) -> Result<Self, IngestError> {
        let mut table = Self { text, separator, header: Vec::new(), cells: Vec::new(), bytes: 0, lines: 0 };
        if !table.read()? {
            return Err(IngestError::EmptyFile { path: table.text.path().to_path_buf() });
        }
        table.header = (0..table.cells.len()).map(|position| table.cell(position).into_owned()).collect();
        Ok(table)
    }

    /// Reads the next record; false at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        if !self.read()? {
            return Ok(false);
        }
        let (expected, found) = (self.header.len(), self.cells.len());
        if found != expected {
            let (path, line) = self.place();
            return Err(IngestError::Ragged { path, line, expected, found });
        }
        if self.header.iter().enumerate().all(|(position, name)| self.cell(position) == name.as_str()) {
            let (path, line) = self.place();
            return Err(IngestError::HeaderAgain { path, line });
        }
        Ok(true)
    }

    /// A cell of the record read last, known to be UTF-8.
    fn cell(&self, position: usize) -> Cow<'_, str> {
        let Some(cell) = self.cells.get(position) else { return Cow::Borrowed("") };
        let text = self.text.rest().get(cell.range()).unwrap_or_default();
        let text = std::str::from_utf8(text).unwrap_or_default();
        if cell.doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
    }

    fn read(&mut self) -> Result<bool, IngestError> {
        self.text.pass(self.bytes, self.lines);
        (self.bytes, self.lines) = (0, 0);
        self.text.pass_blank_lines()?;
        if self.text.rest().is_empty() {
            return Ok(false);
        }
        loop {
            let (rest, ended) = (self.text.rest(), self.text.ended());
            match record::find(rest, ended, self.separator, &mut self.cells) {
                Found::Record { bytes, .. } if bytes > RECORD_BYTES => return Err(self.text.too_long()),
                Found::Record { bytes, lines } => {
                    (self.bytes, self.lines) = (bytes, lines);
                    return self.check_text().map(|()| true);
                }
                Found::Beginning if rest.len() > RECORD_BYTES => return Err(self.text.too_long()),
                Found::Beginning => self.text.more()?,
                Found::AfterQuote(byte) => return Err(self.after_quote(byte)),
                Found::Unclosed => {
                    let (path, line) = self.place();
                    return Err(IngestError::UnclosedQuote { path, line });
                }
            }
        }
    }

    /// That the record is UTF-8 without NUL. As a whole: what stands between its cells is ASCII, so that a
    /// character cut in two by a comma is none.
    fn check_text(&self) -> Result<(), IngestError> {
        let record = self.text.rest().get(..self.bytes).unwrap_or_default();
        if let Err(error) = std::str::from_utf8(record) {
            let (path, line) = self.place();
            let byte = record.get(error.valid_up_to()).copied().unwrap_or_default();
            return Err(IngestError::NotUtf8 { path, line, byte });
        }
        if memchr(0, record).is_some() {
            let (path, line) = self.place();
            return Err(IngestError::NulByte { path, line });
        }
        Ok(())
    }

    fn after_quote(&self, byte: u8) -> IngestError {
        let position = self.cells.len().saturating_sub(1);
        let cell = self.cell(position);
        let other = SEPARATORS.iter().find(|(separator, _)| *separator == byte);
        if let (true, Some((_, found))) = (self.header.is_empty(), other) {
            return self.separated_by(found, &cell);
        }
        let (path, line) = self.place();
        let number = || (position + 1).to_string();
        let column = self.header.get(position).map_or_else(number, |name| excerpt(name));
        let backslash = cell.ends_with('\\') || cell.contains("\\\"");
        IngestError::TextAfterQuote { path, line, column, backslash }
    }

    /// The file, and the line on which the record at hand begins.
    fn place(&self) -> (PathBuf, u64) {
        (self.text.path().to_path_buf(), self.text.line())
    }

    /// A missing column that is there if the header is split by another separator.
    fn other_separator(&self, error: IngestError) -> IngestError {
        let IngestError::MissingColumn { column, .. } = &error else { return error };
        match self.separator_in_header(Some(column)) {
            Some(found) => self.separated_by(found, column),
            None => error,
        }
    }

    /// Another separator that makes several columns of the header, that one among them.
    fn separator_in_header(&self, column: Option<&str>) -> Option<&'static str> {
        let header =
            self.text.rest().get(..self.bytes).and_then(|header| std::str::from_utf8(header).ok())?;
        let others = SEPARATORS.iter().filter(|(separator, _)| *separator != self.separator);
        let mut fitting = others.filter(|(separator, _)| {
            let mut names = header.trim_end().split(char::from(*separator));
            match column {
                Some(column) => names.any(|name| name.trim_matches('"') == column),
                None => names.count() > 1,
            }
        });
        fitting.next().map(|(_, name)| *name)
    }

    fn separated_by(&self, found: &'static str, column: &str) -> IngestError {
        let expected = SEPARATORS.iter().find(|(separator, _)| *separator == self.separator);
        IngestError::Separator {
            path: self.text.path().to_path_buf(),
            column: excerpt(column),
            expected: expected.map_or("commas", |(_, name)| *name),
            found,
        }
    }
}
