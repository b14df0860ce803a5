//! CSV: a bounded reader that knows its lines, and the source of symbols made from it.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ::csv::{ByteRecord, ReaderBuilder};

use crate::binning::{Binning, number_hint};
use crate::error::{IngestError, Place, excerpt};
use crate::source::{BATCH_RECORDS, locate};

const BUFFER: usize = 1 << 16;
/// Longest record: memory must not grow with the file, and an unclosed quote makes one record of all that follows.
const RECORD_BYTES: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file as a source of symbols. No `Debug`: it holds a record.
pub(crate) struct CsvSource {
    table: Table,
    places: Vec<usize>,
}

impl CsvSource {
    pub(crate) fn open(path: &Path, binning: &Binning) -> Result<Self, IngestError> {
        let table = Table::open(path)?;
        let places =
            binning.columns().iter().map(|column| table.locate(column.name())).collect::<Result<_, _>>()?;
        Ok(Self { table, places })
    }

    /// Appends the symbols of up to [`BATCH_RECORDS`] records; returns their number, 0 at the file's end.
    pub(crate) fn next_batch(&mut self, binning: &Binning, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        let columns = binning.columns();
        out.reserve(BATCH_RECORDS * columns.len());
        for read in 0..BATCH_RECORDS {
            if !self.table.advance()? {
                return Ok(read);
            }
            for (column, &place) in columns.iter().zip(&self.places) {
                let cell = self.table.cell(place);
                match column.text_symbol(cell) {
                    Some(symbol) => out.push(symbol),
                    None => return Err(self.not_a_number(column.name(), place)),
                }
            }
        }
        Ok(BATCH_RECORDS)
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.table.reader.position().byte()
    }

    fn not_a_number(&self, column: &str, place: usize) -> IngestError {
        let cell = self.table.text(place);
        IngestError::NotANumber {
            path: self.table.path.clone(),
            place: Place::Line(self.table.line()),
            column: column.to_owned(),
            cell: excerpt(&cell),
            hint: number_hint(&cell),
        }
    }
}

/// A CSV file with a header, read record by record: equal cells a record, UTF-8, quotes closed, length bounded. No `Debug`, for
/// the same reason.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    reader: ::csv::Reader<Bounded>,
    header: Vec<String>,
    record: ByteRecord,
    /// Offset in the file at which the record, or a line end before it, begins.
    start: u64,
}

/// A file that yields only so many bytes until its allowance is renewed.
struct Bounded {
    file: File,
    allowance: usize,
}

impl Read for Bounded {
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

impl Table {
    pub(crate) fn open(path: &Path) -> Result<Self, IngestError> {
        let file =
            File::open(path).map_err(|source| IngestError::Open { path: path.to_path_buf(), source })?;
        // The header is read as any record and the lengths compared here, where both have our errors.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            .from_reader(Bounded { file, allowance: RECORD_BYTES });
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
        table.header = (0..table.record.len()).map(|place| table.text(place)).collect();
        Ok(table)
    }

    /// Names of the columns.
    pub(crate) fn header(&self) -> Vec<&str> {
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
        if self.record.len() != self.header.len() {
            return Err(IngestError::Ragged {
                path: self.path.clone(),
                line: self.line(),
                expected: self.header.len(),
                found: self.record.len(),
            });
        }
        Ok(true)
    }

    /// A cell of the record read last. Places come from [`Self::locate`], and the record has as many cells as the header.
    pub(crate) fn cell(&self, place: usize) -> &[u8] {
        self.record.get(place).unwrap_or_default()
    }

    /// A cell for a message or a name.
    pub(crate) fn text(&self, place: usize) -> String {
        String::from_utf8_lossy(self.cell(place)).into_owned()
    }

    /// The line on which the record read last begins, from 1. Counted anew from the file: the library's count is
    /// behind after blank lines and `\r\n`, and counting line ends all the way would cost every record what only an
    /// error needs.
    pub(crate) fn line(&self) -> u64 {
        let library = self.record.position().map_or(0, |position| position.line());
        line_at(&self.path, self.start).unwrap_or(library)
    }

    fn read(&mut self) -> Result<bool, IngestError> {
        let start = self.reader.position().byte();
        self.reader.get_mut().allowance = RECORD_BYTES;
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => self.start = start,
            Ok(false) => return self.check_end().map(|()| false),
            Err(_) if self.reader.get_ref().allowance == 0 => {
                self.start = start;
                return Err(IngestError::RecordTooLong {
                    path: self.path.clone(),
                    line: self.line(),
                    limit: RECORD_BYTES,
                });
            }
            Err(error) => return Err(IngestError::Read { path: self.path.clone(), source: error.into() }),
        }
        // Cell by cell where it matters: a character cut in two by a comma would pass as a whole.
        let ascii = self.record.as_slice().is_ascii();
        if !ascii && self.record.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return Err(IngestError::NotUtf8 { path: self.path.clone(), line: self.line() });
        }
        Ok(true)
    }

    /// The library ends a record at the file's end though its quotes be open: all that follows a stray quote would
    /// vanish into one cell. Only the last record can be so.
    fn check_end(&self) -> Result<(), IngestError> {
        let mut last = Vec::new();
        let mut file =
            File::open(&self.path).map_err(|source| IngestError::Open { path: self.path.clone(), source })?;
        file.seek(SeekFrom::Start(self.start))
            .and_then(|_| file.take((RECORD_BYTES + BUFFER) as u64).read_to_end(&mut last))
            .map_err(|source| IngestError::Read { path: self.path.clone(), source })?;
        if ends_in_quotes(last.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&last)) {
            return Err(IngestError::UnclosedQuote { path: self.path.clone(), line: self.line() });
        }
        Ok(())
    }
}

/// Whether text that begins at a cell's start ends inside a quoted cell. Quotes count where the library counts them: the
/// first of a cell opens, two within stand for one, a single one closes, and any other is literal.
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

/// The line of the first byte at or after `offset` that ends no line.
fn line_at(path: &Path, offset: u64) -> io::Result<u64> {
    let (mut line, mut previous) = (1, 0);
    for (place, byte) in (0u64..).zip(BufReader::with_capacity(BUFFER, File::open(path)?).bytes()) {
        let byte = byte?;
        match byte {
            b'\n' if previous == b'\r' => {}
            b'\n' | b'\r' => line += 1,
            _ if place >= offset => break,
            _ => {}
        }
        previous = byte;
    }
    Ok(line)
}
