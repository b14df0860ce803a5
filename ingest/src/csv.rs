//! CSV: a bounded reader that knows its lines, and the source of symbols made from it.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ::csv::{ByteRecord, ReaderBuilder};
use fairshare_formats::BYTE_ORDER_MARK;
use fairshare_formats::excerpt::excerpt;

use crate::binning::{Binning, number_hint};
use crate::error::{IngestError, Position};
use crate::source::{BATCH_RECORDS, locate};

const BUFFER: usize = 1 << 16;
/// Longest record: memory must not grow with the file, and an unclosed quote makes one record of all that
/// follows.
const RECORD_BYTES: usize = 1 << 20;

/// A CSV file as a source of symbols. No `Debug`: it holds a record.
pub(crate) struct CsvSource<R> {
    table: Table<R>,
    positions: Vec<usize>,
}

impl<R: Read + Seek> CsvSource<R> {
    /// Reads the header; `path` is for messages.
    pub(crate) fn open(path: &Path, input: R, binning: &Binning) -> Result<Self, IngestError> {
        let table = Table::open(path, input)?;
        let positions =
            binning.columns().iter().map(|column| table.locate(column.name())).collect::<Result<_, _>>()?;
        Ok(Self { table, positions })
    }

    /// Appends the symbols of up to [`BATCH_RECORDS`] records; returns their number, 0 at the file's end.
    pub(crate) fn next_batch(&mut self, binning: &Binning, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        let (columns, features) = (binning.columns(), binning.features().len());
        out.reserve(BATCH_RECORDS * features);
        for read in 0..BATCH_RECORDS {
            if !self.table.advance()? {
                return Ok(read);
            }
            let record = out.len();
            out.resize(record + features, 0);
            for (column, &position) in columns.iter().zip(&self.positions) {
                let cell = self.table.cell(position);
                match column.text_term(cell) {
                    Some(term) => out[record + column.feature()] += term,
                    None => return Err(self.not_a_number(column.name(), position)),
                }
            }
        }
        Ok(BATCH_RECORDS)
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.table.reader.position().byte()
    }

    fn not_a_number(&mut self, column: &str, position: usize) -> IngestError {
        let cell = self.table.text(position);
        self.table.refuse(|path, line| IngestError::NotANumber {
            path,
            position: Position::Line(line),
            column: column.to_owned(),
            cell: excerpt(&cell),
            hint: number_hint(&cell),
        })
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
        table.header = (0..table.record.len()).map(|position| table.text(position)).collect();
        Ok(table)
    }

    /// Names of the columns.
    fn header(&self) -> Vec<&str> {
        self.header.iter().map(String::as_str).collect()
    }

    /// Where that column stands.
    pub(crate) fn locate(&self, column: &str) -> Result<usize, IngestError> {
        locate(&self.path, &self.header(), column)
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

    /// A cell of the record read last. Positions come from [`Self::locate`], and the record has as many cells
    /// as the header.
    pub(crate) fn cell(&self, position: usize) -> &[u8] {
        self.record.get(position).unwrap_or_default()
    }

    /// A cell for a message or a name.
    pub(crate) fn text(&self, position: usize) -> String {
        String::from_utf8_lossy(self.cell(position)).into_owned()
    }

    /// The error of the record read last, made of the file's name and the line on which the record begins,
    /// from 1.
    ///
    /// Lines are counted here, from the file's start, and only here: the library's count is behind after
    /// blank lines and `\r\n`, and counting line ends all the way would cost every record what only an error
    /// needs. Since a line is had for an error only, no file is read once more for each of its records.
    pub(crate) fn refuse(&mut self, refusal: impl FnOnce(PathBuf, u64) -> IngestError) -> IngestError {
        match line_at(&mut self.reader.get_mut().file, self.start) {
            Ok(line) => refusal(self.path.clone(), line),
            Err(source) => self.unreadable(source),
        }
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
            assert!(table.cell(0) == b"1" && table.cell(1) == b"a", "record {record}");
        }
    }
}
