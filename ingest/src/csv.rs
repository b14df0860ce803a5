//! CSV: a bounded reader that knows its lines, and the source of cells made from it.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::csv::{ByteRecord, ReaderBuilder};
use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_schema::{DataType, Field};
use fairshare_formats::BYTE_ORDER_MARK;

use crate::error::{IngestError, Position};
use crate::source::{BATCH_RECORDS, Batch, Source, Wanted, check_distinct, locate_all};

const BUFFER: usize = 1 << 16;
/// Longest record: memory must not grow with the file, and an unclosed quote makes one record of all that
/// follows.
const RECORD_BYTES: usize = 1 << 20;
/// Most bytes of records in a batch, but for the last of them.
const BATCH_BYTES: usize = 1 << 24;

/// A CSV file as a source of cells. No `Debug`: it holds a record.
pub(crate) struct CsvSource<R> {
    table: Table<R>,
    fields: Vec<Field>,
    positions: Vec<usize>,
    /// Where each record of the last batch begins.
    starts: Vec<u64>,
    /// Why there is no record after those of the last batch.
    failure: Option<IngestError>,
}

impl<R: Read + Seek> CsvSource<R> {
    /// Reads the header; `path` is for messages.
    pub(crate) fn open(path: &Path, input: R, wanted: &Wanted) -> Result<Self, IngestError> {
        let table = Table::open(path, input)?;
        let names = table.header();
        let positions: Vec<_> = match wanted {
            Wanted::Named(wanted) => locate_all(path, &names, wanted)?,
            Wanted::All => {
                check_distinct(path, &names)?;
                (0..names.len()).collect()
            }
        };
        let field = |position: &usize| Field::new(names[*position], DataType::Utf8View, false);
        let fields = positions.iter().map(field).collect();
        Ok(Self { table, fields, positions, starts: Vec::new(), failure: None })
    }

    /// Appends the cells of the next records.
    fn fill(&mut self, columns: &mut [StringViewBuilder]) -> Result<(), IngestError> {
        let mut bytes = 0;
        while self.starts.len() < BATCH_RECORDS && bytes < BATCH_BYTES && self.table.advance()? {
            for (column, &position) in columns.iter_mut().zip(&self.positions) {
                column.append_value(self.table.cell(position));
            }
            self.starts.push(self.table.start);
            bytes += self.table.record.as_slice().len();
        }
        Ok(())
    }
}

impl<R: Read + Seek> Source for CsvSource<R> {
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
        self.starts.clear();
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut columns: Vec<_> =
            self.positions.iter().map(|_| StringViewBuilder::with_capacity(BATCH_RECORDS)).collect();
        match self.fill(&mut columns) {
            // What is wrong with the records before is said first.
            Err(failure) if !self.starts.is_empty() => self.failure = Some(failure),
            filled => filled?,
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let records = self.starts.len();
        Ok((records > 0).then(|| Batch::new(columns, records)))
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        let start = self.starts.get(index).copied().unwrap_or(self.table.start);
        self.table.line_at(start).map(Position::Line)
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        self.table.reader.position().byte().min(file_length)
    }
}

/// A CSV file with a header, read record by record: equal cells a record, UTF-8, quotes closed, length
/// bounded. No `Debug`, for the same reason.
pub(crate) struct Table<R> {
    path: PathBuf,
    reader: ::csv::Reader<Bounded<R>>,
    header: Vec<String>,
    record: ByteRecord,
    /// Offset in the file at which the record, or a line end before it, begins.
    start: u64,
}

/// A file that yields only so many bytes until its allowance is renewed.
struct Bounded<R> {
    file: R,
    allowance: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.allowance);
        if wanted == 0 {
            return Err(io::Error::other("record too long"));
        }
        let read = self.file.read(&mut buffer[..wanted])?;
        self.allowance -= read;
        Ok(read)
    }
}

impl<R: Read + Seek> Table<R> {
    /// Reads the header; `path` is for messages.
    pub(crate) fn open(path: &Path, input: R) -> Result<Self, IngestError> {
        // The header is read as any record and the lengths compared here, where both have our errors.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(Bounded { file: input, allowance: RECORD_BYTES });
        let mut table = Self {
            path: path.to_path_buf(),
            reader,
            header: Vec::new(),
            record: ByteRecord::new(),
            start: 0,
        };
        if !table.read()? {
            return Err(IngestError::EmptyFile { path: table.path });
        }
        table.header = (0..table.record.len()).map(|position| table.cell(position).to_owned()).collect();
        Ok(table)
    }

    /// Names of the columns.
    fn header(&self) -> Vec<&str> {
        self.header.iter().map(String::as_str).collect()
    }

    /// Reads the next record; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, IngestError> {
        if !self.read()? {
            return Ok(false);
        }
        let (expected, found) = (self.header.len(), self.record.len());
        if found != expected {
            return Err(self.refuse(|path, line| IngestError::Ragged { path, line, expected, found }));
        }
        Ok(true)
    }

    /// A cell of the record read last, which has as many cells as the header, each known to be UTF-8.
    pub(crate) fn cell(&self, position: usize) -> &str {
        self.record.get(position).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default()
    }

    /// The error of the record read last, made of the file's name and the line on which the record begins,
    /// from 1.
    ///
    /// Lines are counted here, from the file's start, and only here: the library's count is behind after
    /// blank lines and `\r\n`, and counting line ends all the way would cost every record what only an error
    /// needs. Since a line is had for an error only, no file is read once more for each of its records.
    pub(crate) fn refuse(&mut self, refusal: impl FnOnce(PathBuf, u64) -> IngestError) -> IngestError {
        match self.line_at(self.start) {
            Ok(line) => refusal(self.path.clone(), line),
            Err(error) => error,
        }
    }

    /// The line on which the record that begins at that offset does.
    fn line_at(&mut self, start: u64) -> Result<u64, IngestError> {
        line_at(&mut self.reader.get_mut().file, start).map_err(|source| self.unreadable(source))
    }

    fn unreadable(&self, source: io::Error) -> IngestError {
        IngestError::Read { path: self.path.clone(), source }
    }

    fn read(&mut self) -> Result<bool, IngestError> {
        let start = self.reader.position().byte();
        self.reader.get_mut().allowance = RECORD_BYTES;
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => self.start = start,
            Ok(false) => return self.check_end().map(|()| false),
            Err(_) if self.reader.get_ref().allowance == 0 => {
                self.start = start;
                let limit = RECORD_BYTES;
                return Err(self.refuse(|path, line| IngestError::RecordTooLong { path, line, limit }));
            }
            Err(error) => return Err(self.unreadable(error.into())),
        }
        // Cell by cell where it matters: a character cut in two by a comma would pass as a whole.
        let ascii = self.record.as_slice().is_ascii();
        if !ascii && self.record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return Err(self.refuse(|path, line| IngestError::NotUtf8 { path, line }));
        }
        Ok(true)
    }

    /// The library ends a record at the file's end though its quotes be open: all that follows a stray quote
    /// would vanish into one cell. Only the last record can be so.
    fn check_end(&mut self) -> Result<(), IngestError> {
        let mut last = Vec::new();
        let (start, file) = (self.start, &mut self.reader.get_mut().file);
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.take((RECORD_BYTES + BUFFER) as u64).read_to_end(&mut last))
            .map_err(|source| self.unreadable(source))?;
        if ends_in_quotes(last.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&last)) {
            return Err(self.refuse(|path, line| IngestError::UnclosedQuote { path, line }));
        }
        Ok(())
    }
}

/// Whether text that begins at a cell's start ends inside a quoted cell. Quotes count where the library
/// counts them: the first of a cell opens, two within stand for one, a single one closes, and any other is
/// literal.
fn ends_in_quotes(text: &[u8]) -> bool {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        QuoteInQuoted,
    }
    let mut at = At::Start;
    for &byte in text {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) | (At::Start | At::QuoteInQuoted, b'"') => At::Quoted,
            (_, b',' | b'\n' | b'\r') => At::Start,
            _ => At::Plain,
        };
    }
    at == At::Quoted
}

/// The line of the first byte at or after `offset` that ends no line. The file is left where it was.
fn line_at(file: &mut (impl Read + Seek), offset: u64) -> io::Result<u64> {
    let position = file.stream_position()?;
    file.seek(SeekFrom::Start(0))?;
    let line = count_lines(BufReader::with_capacity(BUFFER, &mut *file), offset)?;
    file.seek(SeekFrom::Start(position))?;
    Ok(line)
}

fn count_lines(text: impl BufRead, offset: u64) -> io::Result<u64> {
    let (mut line, mut previous) = (1, 0);
    for (at, byte) in (0u64..).zip(text.bytes()) {
        let byte = byte?;
        match byte {
            b'\n' if previous == b'\r' => {}
            b'\n' | b'\r' => line += 1,
            _ if at >= offset => break,
            _ => {}
        }
        previous = byte;
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fairshare_pinned::counting::Counting;

    /// Reads all that text; the number of records or the error, and what was read.
    fn read(text: String) -> (Result<usize, IngestError>, Counting) {
        let file = Counting::new(text.into_bytes());
        let mut table = Table::open(Path::new("data.csv"), file.clone()).expect("a header");
        let mut records = 0;
        loop {
            match table.advance() {
                Ok(true) => records += 1,
                Ok(false) => return (Ok(records), file),
                Err(error) => return (Err(error), file),
            }
        }
    }

    fn sound() -> String {
        format!("x,kind\r\n{}", "12,\"label\"\r\n\r\n".repeat(200_000))
    }

    #[test]
    fn a_table_is_read_once_and_its_last_record_twice() {
        let (records, file) = read(sound());
        assert_eq!(records.expect("sound"), 200_000);
        file.assert_read_at_most(2);
    }

    /// Once to read, once for the last record, and once to count the lines before it.
    #[test]
    fn a_refused_table_is_read_three_times_at_most() {
        let line = 400_002;
        let endless = "\"".to_owned() + &"a\n".repeat(RECORD_BYTES);
        for (end, refusal) in [
            ("1\n", IngestError::Ragged { path: "data.csv".into(), line, expected: 2, found: 1 }),
            ("1,\"a\n", IngestError::UnclosedQuote { path: "data.csv".into(), line }),
            (&endless, IngestError::RecordTooLong { path: "data.csv".into(), line, limit: RECORD_BYTES }),
        ] {
            let (error, file) = read(sound() + end);
            assert_eq!(error.expect_err("a refusal").to_string(), refusal.to_string());
            file.assert_read_at_most(3);
        }
    }

    /// Counting lines leaves the file where it was, beyond what is buffered of it.
    #[test]
    fn a_table_is_read_on_after_a_refusal() {
        let text = "x,kind\n2\n".to_owned() + &"1,a\n".repeat(50_000);
        let file = Counting::new(text.into_bytes());
        let mut table = Table::open(Path::new("data.csv"), file).expect("a header");
        assert!(matches!(table.advance(), Err(IngestError::Ragged { found: 1, .. })));
        for record in 0..50_000 {
            assert!(table.advance().expect("two cells"), "record {record}");
            assert!(table.cell(0) == "1" && table.cell(1) == "a", "record {record}");
        }
    }
}
