//! Rows of text with their lines: read once, and bounded.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use fairshare_params::encoding::wide;

use super::error::UnitsError;
use crate::BYTE_ORDER_MARK;
use crate::excerpt::{Names, excerpt};

type Result<T> = std::result::Result<T, UnitsError>;

/// Longest row: memory must not grow with the text, and an unclosed quote makes one row of all that follows.
/// The header of as many nodes as are read, each under its address, fits.
const ROW_BYTES: usize = 4 << 20;
/// Most columns: a cell takes many times its own bytes once it is read.
pub(super) const MAX_COLUMNS: usize = 1 << 16;

/// A table with a header, read row by row: as many cells in each, UTF-8, quotes closed, length bounded.
pub(super) struct Table<R> {
    reader: csv::Reader<Tracked<R>>,
    header: Vec<String>,
    record: ByteRecord,
    line: u64,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    pub(super) fn open(text: R) -> Result<Self> {
        // The header is read as any row and the lengths compared here, where both have our errors.
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Tracked::new(text));
        let mut table = Self { reader, header: Vec::new(), record: ByteRecord::new(), line: 1 };
        if !table.read()? {
            return Err(UnitsError::Empty);
        }
        table.header = table.record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Ok(table)
    }

    /// Names of the columns.
    pub(super) fn header(&self) -> impl Iterator<Item = &str> + Clone {
        self.header.iter().map(String::as_str)
    }

    /// Where that column stands; one that is absent and one that is there twice are refused.
    pub(super) fn locate(&self, column: &str) -> Result<usize> {
        let mut positions = self.header().enumerate().filter(|(_, name)| *name == column);
        match (positions.next(), positions.next()) {
            (Some((position, _)), None) => Ok(position),
            (Some(_), Some(_)) => Err(UnitsError::DuplicateColumn { column: excerpt(column) }),
            (None, _) => {
                let present = Names::new(self.header());
                Err(UnitsError::MissingColumn { column: excerpt(column), present })
            }
        }
    }

    /// Reads the next row; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool> {
        if !self.read()? {
            return Ok(false);
        }
        let (line, expected, found) = (self.line, self.header.len(), self.record.len());
        if found == expected { Ok(true) } else { Err(UnitsError::Ragged { line, expected, found }) }
    }

    /// The line on which the row read last begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The integer in a cell of the row read last, written in digits only. Positions come from
    /// [`Self::locate`].
    pub(super) fn integer<N: FromStr + Bounded>(&self, position: usize) -> Result<N> {
        let cell = self.record.get(position).unwrap_or_default();
        // Rust's parser would take a leading plus sign, too.
        let digits = cell.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(cell).ok().filter(|_| digits);
        text.and_then(|text| text.parse().ok()).ok_or_else(|| UnitsError::NotAnInteger {
            line: self.line,
            column: self.name(position),
            cell: excerpt(&String::from_utf8_lossy(cell)),
            largest: N::LARGEST,
        })
    }

    /// Checks that the row read last, after `before` others, is numbered so, from `first`.
    pub(super) fn check_number(&self, position: usize, first: u64, before: usize) -> Result<u64> {
        let found: u64 = self.integer(position)?;
        let expected = first.checked_add(wide(before));
        match expected {
            Some(expected) if expected == found => Ok(found),
            _ => {
                let (line, column) = (self.line, self.name(position));
                // Beyond the last number there is no row: the last one is shown, and found twice.
                let expected = expected.unwrap_or(u64::MAX);
                Err(UnitsError::Order { line, column, found, expected, first })
            }
        }
    }

    fn name(&self, position: usize) -> String {
        excerpt(self.header.get(position).map_or("", String::as_str))
    }

    fn read(&mut self) -> Result<bool> {
        let start = self.reader.position().byte();
        self.reader.get_mut().allowance = ROW_BYTES;
        let read = self.reader.read_byte_record(&mut self.record);
        if let Ok(false) = read {
            return Ok(false);
        }
        self.line = self.reader.get_mut().line_from(start);
        let (line, text) = (self.line, self.reader.get_ref());
        match read {
            Err(_) if text.cells > MAX_COLUMNS => {
                Err(UnitsError::TooManyColumns { line, bound: MAX_COLUMNS })
            }
            Err(_) if text.allowance == 0 => Err(UnitsError::RowTooLong { line, bound: ROW_BYTES }),
            Err(error) => Err(UnitsError::Read(error.into())),
            // The library ends a row at the text's end though its quotes be open: all that follows a stray
            // quote would vanish into one cell. It asks for more than there is for the last row only.
            Ok(_) if text.ended && text.quotes == Quotes::Quoted => Err(UnitsError::UnclosedQuote { line }),
            // Cell by cell: a character cut in two by a comma would pass as a whole.
            Ok(_) if self.record.iter().any(|cell| std::str::from_utf8(cell).is_err()) => {
                Err(UnitsError::NotUtf8 { line })
            }
            Ok(_) => Ok(true),
        }
    }
}

/// Integers that a table may hold.
pub(super) trait Bounded {
    /// The largest, for messages.
    const LARGEST: u64;
}

impl Bounded for u32 {
    #[expect(clippy::as_conversions, reason = "`From` is not const; 64 bits hold 32")]
    const LARGEST: u64 = u32::MAX as u64;
}

impl Bounded for u64 {
    const LARGEST: u64 = u64::MAX;
}

/// A text that yields only so many bytes until its allowance is renewed, and knows where its lines begin.
///
/// The library's own count of lines is behind after blank lines and `\r\n`.
struct Tracked<R> {
    text: R,
    allowance: usize,
    /// Bytes read so far.
    read: u64,
    /// The line of the byte read next.
    line: u64,
    /// Whether nothing has been read of that line yet.
    fresh: bool,
    previous: u8,
    /// Where lines begin that are not blank, from the row at hand on.
    starts: VecDeque<(u64, u64)>,
    quotes: Quotes,
    /// Cells of the row at hand, as far as it was read.
    cells: usize,
    ended: bool,
}

/// Where in a cell the text is. Quotes count where the library counts them: the first of a cell opens, two
/// within stand for one, a single one closes, and any other is literal.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl<R> Tracked<R> {
    fn new(text: R) -> Self {
        Self {
            text,
            allowance: 0,
            read: 0,
            line: 1,
            fresh: true,
            previous: 0,
            starts: VecDeque::new(),
            quotes: Quotes::CellStart,
            cells: 1,
            ended: false,
        }
    }

    /// The line of the first byte at or after `offset` that ends no line; lines before it are forgotten.
    fn line_from(&mut self, offset: u64) -> u64 {
        while self.starts.front().is_some_and(|(start, _)| *start < offset) {
            self.starts.pop_front();
        }
        self.starts.front().map_or(self.line, |(_, line)| *line)
    }

    fn note(&mut self, byte: u8) {
        match byte {
            b'\n' if self.previous == b'\r' => {}
            b'\n' | b'\r' => {
                self.line = self.line.saturating_add(1);
                self.fresh = true;
            }
            _ if std::mem::take(&mut self.fresh) => self.starts.push_back((self.read, self.line)),
            _ => {}
        }
        let marked = usize::try_from(self.read).ok().and_then(|at| BYTE_ORDER_MARK.get(at));
        if marked != Some(&byte) {
            self.quotes = self.quotes.after(byte);
            match byte {
                _ if self.quotes != Quotes::CellStart => {}
                b',' => self.cells = self.cells.saturating_add(1),
                _ => self.cells = 1,
            }
        }
        self.previous = byte;
        // A text of 2^64 bytes is not read in anybody's lifetime.
        self.read = self.read.saturating_add(1);
    }
}

impl Quotes {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::QuoteInQuoted,
            (Self::Quoted, _) | (Self::CellStart | Self::QuoteInQuoted, b'"') => Self::Quoted,
            (_, b',' | b'\n' | b'\r') => Self::CellStart,
            _ => Self::Plain,
        }
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.allowance);
        let (window, _) = buffer.split_at_mut(wanted);
        if window.is_empty() {
            return Err(io::Error::other("row too long"));
        }
        let read = self.text.read(window)?;
        self.ended = read == 0;
        self.allowance = self.allowance.saturating_sub(read);
        for byte in window.iter().take(read) {
            self.note(*byte);
            // A cell takes many times its own bytes, so that no more of such a row is read.
            if self.cells > MAX_COLUMNS {
                return Err(io::Error::other("too many cells"));
            }
        }
        Ok(read)
    }
}
