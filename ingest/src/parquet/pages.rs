//! What must hold of a page before the library sees it.
//!
//! The library believes a page's header: it reserves what a page says it inflates to and room for as many
//! dictionary entries as it claims, lets gzip and Brotli inflate as far as they go, and copies a string of
//! the delta encodings once for every value that repeats its beginning. A file of a few kilobytes could so
//! take all memory, and a failed allocation ends the process. So the library reads through [`Pages`], which
//! reads each page's header first and refuses
//!
//! - a page that is longer than its column chunk, or whose dictionary has more entries than bytes;
//! - a page that does not inflate to exactly what it says, where the library would find out too late;
//! - pages that together need more than [`MEMORY`], counting those that one batch of records may still point
//!   into;
//! - encodings that can grow without bound.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::parquet::basic::Compression;
use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use super::thrift::{BAD_FIELD, CUT_SHORT, FALSE, I32, Input, Refusal, STRUCT, TRUE};

/// Most memory for pages, in bytes.
const MEMORY: u64 = 512 << 20;
const TOO_MUCH: Refusal = "its pages need more than 512 MiB at once: choose smaller pages";
/// Longest page header, in bytes: a header holds a page's statistics, which may quote long strings.
const HEADER_BYTES: u64 = 1 << 20;
/// How much is read for a header at first.
const HEADER_GUESS: u64 = 1 << 12;
/// What a dictionary entry takes besides its bytes.
const ENTRY_BYTES: u64 = 16;

const DATA_PAGE: i32 = 0;
const INDEX_PAGE: i32 = 1;
const DICTIONARY_PAGE: i32 = 2;
const DATA_PAGE_V2: i32 = 3;

/// A Parquet file as the library may read it.
pub(super) struct Pages<R>(Arc<Shared<R>>);

struct Shared<R> {
    file: Mutex<Ahead<R>>,
    length: u64,
    /// By position in the file, without overlap.
    chunks: Vec<Chunk>,
    state: Mutex<State>,
}

struct Chunk {
    range: Range<u64>,
    column: usize,
    compression: Compression,
}

#[derive(Default)]
struct State {
    /// By column: the chunk that its pages are of, its dictionary's memory and its page's.
    held: Vec<Held>,
    /// Memory of earlier pages that the batch in the making may point into.
    passed: u64,
    /// Pages whose header was read, and which were not yet, by where their data begin.
    next: HashMap<u64, Page>,
    failure: Option<Failure>,
}

#[derive(Clone, Copy, Default)]
struct Held {
    chunk: u64,
    dictionary: u64,
    page: u64,
}

/// What a page's header says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Page {
    kind: i32,
    inflated: i32,
    stored: i32,
    values: i32,
    encoding: i32,
    /// Bytes at the beginning of a page of version 2 that are not compressed.
    levels: i64,
    is_compressed: bool,
}

/// Not derived: that would ask the file to be copied, too.
impl<R> Clone for Pages<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Pages<R> {
    /// The pages of those columns of the file.
    pub(super) fn new(
        file: R,
        length: u64,
        metadata: &ParquetMetaData,
        columns: &[usize],
    ) -> Result<Self, Refusal> {
        let mut chunks = Vec::new();
        for group in metadata.row_groups() {
            for &column in columns {
                let chunk = group.columns().get(column).ok_or("a row group lacks a column")?;
                let (start, bytes) = chunk.byte_range();
                let end = start.checked_add(bytes).ok_or("a column's data lie outside the file")?;
                let range = start..end;
                chunks.push(Chunk { range, column, compression: chunk.compression() });
            }
        }
        chunks.sort_by_key(|chunk| (chunk.range.start, chunk.range.end));
        // Each byte has one meaning: which codec reads it is known from where it stands.
        if chunks.windows(2).any(|pair| pair[0].range.end > pair[1].range.start) {
            return Err("two columns' data overlap");
        }
        let width = columns.iter().max().map_or(0, |last| last + 1);
        let file = Mutex::new(Ahead { file, windows: vec![Window::default(); width] });
        let state = Mutex::new(State { held: vec![Held::default(); width], ..State::default() });
        Ok(Self(Arc::new(Shared { file, length, chunks, state })))
    }

    /// Once a batch is binned, nothing points into the pages before the current ones.
    pub(super) fn batch_done(&self) {
        self.0.with(|state| state.passed = 0);
    }

    /// Why the library was not given a page, if it was not.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.0.with(|state| state.failure.take())
    }
}

impl<R> Length for Pages<R> {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl<R: Read + Seek + Send> ChunkReader for Pages<R> {
    type T = io::Cursor<Vec<u8>>;

    /// A page's header, checked: whatever else the library wants to read here it may not.
    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        self.0.refuse(|| self.0.header(start))
    }

    /// A page whose header was read.
    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.0.refuse(|| self.0.page(start, length))
    }
}

/// A page that is refused, or one that cannot be read.
pub(super) enum Failure {
    Refused(Refusal),
    Io(io::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R> Shared<R> {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut lock(&self.state))
    }

    /// Remembers a failure, which the library's error would tell as text only.
    fn refuse<T>(&self, read: impl FnOnce() -> Result<T, Failure>) -> ParquetResult<T> {
        read().map_err(|failure| {
            self.with(|state| state.failure = Some(failure));
            ParquetError::General("a page is not given to the library".to_owned())
        })
    }

    fn chunk(&self, position: u64) -> Result<&Chunk, Refusal> {
        let after = self.chunks.partition_point(|chunk| chunk.range.start <= position);
        let found = after.checked_sub(1).and_then(|index| self.chunks.get(index));
        found.filter(|chunk| chunk.range.contains(&position)).ok_or("a page lies outside its column")
    }

    /// Counts a page's memory, before any of it is read.
    fn account(&self, chunk: &Chunk, page: &Page) -> Result<(), Refusal> {
        // Both may be in memory at once.
        let bytes = page.inflated as u64 + page.stored as u64;
        self.with(|state| {
            let held = state.held.get_mut(chunk.column).ok_or(BAD_FIELD)?;
            let chunk_id = chunk.range.start + 1;
            let before = *held;
            if before.chunk != chunk_id {
                *held = Held { chunk: chunk_id, ..Held::default() };
                state.passed += before.dictionary + before.page;
            } else if page.kind == DICTIONARY_PAGE {
                state.passed += before.dictionary;
            } else {
                state.passed += before.page;
            }
            match page.kind {
                DICTIONARY_PAGE => held.dictionary = bytes + ENTRY_BYTES * page.values as u64,
                _ => held.page = bytes,
            }
            let now: u64 = state.held.iter().map(|held| held.dictionary + held.page).sum();
            if now + state.passed > MEMORY { Err(TOO_MUCH) } else { Ok(()) }
        })
    }
}

impl<R: Read + Seek> Shared<R> {
    fn header(&self, start: u64) -> Result<io::Cursor<Vec<u8>>, Failure> {
        // The library asks for a reader once more where it has read the header ahead, and leaves it unused.
        if self.with(|state| state.next.contains_key(&start)) {
            return Ok(io::Cursor::default());
        }
        let (page, bytes) = lock(&self.file).header(self.chunk(start)?, start)?;
        page.check()?;
        // What follows the header is not for the library's parser.
        self.with(|state| state.next.insert(start + bytes.len() as u64, page));
        Ok(io::Cursor::new(bytes))
    }

    fn page(&self, start: u64, length: usize) -> Result<Bytes, Failure> {
        let chunk = self.chunk(start)?;
        let next = self.with(|state| state.next.remove(&start));
        let page = next.filter(|page| page.stored as usize == length);
        let page = page.ok_or("a page is read without its header")?;
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > chunk.range.end) {
            return Err("a page is longer than its column".into());
        }
        self.account(chunk, &page)?;
        let bytes = lock(&self.file).take(chunk.column, start, length)?;
        if bytes.len() != length {
            return Err(CUT_SHORT.into());
        }
        page.check_inflation(chunk.compression, &bytes)?;
        Ok(bytes.into())
    }
}

/// Nothing panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file, and of each column what was read beyond the last header. What is read for a header may hold many
/// short pages: were each read anew, a file of such pages would be read a hundred times over.
struct Ahead<R> {
    file: R,
    windows: Vec<Window>,
}

/// Bytes of the file from an offset on.
#[derive(Clone, Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl<R: Read + Seek> Ahead<R> {
    /// The header of the page at that position, and its bytes.
    fn header(&mut self, chunk: &Chunk, start: u64) -> Result<(Page, Vec<u8>), Failure> {
        let longest = HEADER_BYTES.min(chunk.range.end - start);
        let mut wanted = longest.min(HEADER_GUESS);
        loop {
            let window = self.fill(chunk.column, start, wanted)?;
            match Page::parse(&window.bytes) {
                Err(CUT_SHORT) if wanted < longest => wanted = longest.min(2 * wanted),
                Err(refusal) => return Err(refusal.into()),
                Ok((page, length)) => return Ok((page, window.take(length))),
            }
        }
    }

    /// Up to `length` bytes of a column from that position on: fewer only at the file's end.
    fn take(&mut self, column: usize, start: u64, length: usize) -> Result<Vec<u8>, Failure> {
        Ok(self.fill(column, start, length as u64)?.take(length))
    }

    /// The column's window, moved to that position and lengthened to that many bytes.
    fn fill(&mut self, column: usize, start: u64, length: u64) -> Result<&mut Window, Failure> {
        let window = self.windows.get_mut(column).ok_or(BAD_FIELD)?;
        window.move_to(start);
        let held = window.bytes.len() as u64;
        if held < length {
            self.file.seek(SeekFrom::Start(start + held))?;
            (&mut self.file).take(length - held).read_to_end(&mut window.bytes)?;
        }
        Ok(window)
    }
}

impl Window {
    fn move_to(&mut self, start: u64) {
        let skipped = start.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        match skipped {
            Some(skipped) if skipped <= self.bytes.len() => drop(self.bytes.drain(..skipped)),
            _ => self.bytes.clear(),
        }
        self.start = start;
    }

    /// Takes the first bytes out. What remains is kept while it is short: memory is for pages.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(length.min(self.bytes.len()));
        let taken = std::mem::replace(&mut self.bytes, rest);
        self.start += taken.len() as u64;
        if self.bytes.len() as u64 > HEADER_GUESS {
            self.bytes = Vec::new();
        }
        taken
    }
}

impl Page {
    /// The header at the beginning of `bytes`, and its length. As in the library, of a field that is given
    /// twice the last counts.
    fn parse(bytes: &[u8]) -> Result<(Self, usize), Refusal> {
        let mut input = Input::new(bytes);
        let (mut kind, mut inflated, mut stored) = (-1, -1, -1);
        let (mut data, mut dictionary, mut data_v2) = (None, None, None);
        let mut previous = 0;
        while let Some((number, form)) = input.field(previous)? {
            match (number, form) {
                (1, I32) => kind = input.integer()?,
                (2, I32) => inflated = input.integer()?,
                (3, I32) => stored = input.integer()?,
                (4, I32) => input.scalar(form)?,
                (5, STRUCT) => data = Some(Self::part(&mut input, 2, 5)?),
                (6, STRUCT) => input.skip_struct()?,
                (7, STRUCT) => dictionary = Some(Self::part(&mut input, 2, 0)?),
                (8, STRUCT) => data_v2 = Some(Self::part(&mut input, 4, 8)?),
                (1..=8, _) | (_, STRUCT) => return Err(BAD_FIELD),
                _ => input.scalar(form)?,
            }
            previous = number;
        }
        // The library looks at the levels' lengths whatever the page's kind.
        let (levels, is_compressed) =
            data_v2.as_ref().map_or((0, true), |part: &Self| (part.levels, part.is_compressed));
        let part = match kind {
            DATA_PAGE => data,
            DICTIONARY_PAGE => dictionary,
            DATA_PAGE_V2 => data_v2,
            INDEX_PAGE => Some(Self::default()),
            _ => None,
        };
        let part = part.ok_or("a page's header does not say what the page is")?;
        Ok((Self { kind, inflated, stored, levels, is_compressed, ..part }, bytes.len() - input.left()))
    }

    /// The header of one kind of page: its number of values, always the first field, its encoding, and where
    /// its statistics stand, if it has any.
    fn part(input: &mut Input<'_>, encoding: i16, statistics: i16) -> Result<Self, Refusal> {
        let mut part = Self { values: -1, is_compressed: true, ..Self::default() };
        let mut previous = 0;
        while let Some((number, form)) = input.field(previous)? {
            match (number, form) {
                (1, I32) => part.values = input.integer()?,
                (number, I32) if number == encoding => part.encoding = input.integer()?,
                (5 | 6, I32) if statistics == 8 => part.levels += i64::from(input.integer()?),
                (number, STRUCT) if number == statistics => input.skip_struct()?,
                (7, TRUE | FALSE) => part.is_compressed = form == TRUE,
                (1..=8, I32 | TRUE | FALSE) => input.scalar(form)?,
                _ => return Err(BAD_FIELD),
            }
            previous = number;
        }
        Ok(part)
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.inflated < 0 || self.stored < 0 || self.values < 0 {
            return Err("a page has a negative length or number of values");
        }
        if self.kind == DICTIONARY_PAGE && self.values > self.inflated {
            return Err("a dictionary has more entries than bytes");
        }
        // Plain, by dictionary (both ways of writing it), run lengths, packed differences, split bytes.
        if self.kind != INDEX_PAGE && !matches!(self.encoding, 0 | 2 | 3 | 5 | 8 | 9) {
            return Err(
                "a page is in an encoding that is not read here: choose plain or dictionary encoding",
            );
        }
        Ok(())
    }

    /// Whether a codec that the library does not bound inflates these bytes to what the header says: once
    /// more than necessary, into nothing.
    fn check_inflation(&self, compression: Compression, bytes: &[u8]) -> Result<(), Refusal> {
        const WRONG: Refusal = "a page does not inflate to what its header says";
        if self.kind == INDEX_PAGE {
            return Ok(());
        }
        if !self.is_compressed {
            // Arrow's writer before 3.0 compressed such pages all the same: read as they are, they are other
            // values.
            return if self.stored == self.inflated { Ok(()) } else { Err(WRONG) };
        }
        let levels = usize::try_from(self.levels).map_err(|_| WRONG)?;
        let (compressed, expected) = match (bytes.get(levels..), self.inflated as usize) {
            (Some(compressed), inflated) if inflated >= levels => (compressed, (inflated - levels) as u64),
            _ => return Err(WRONG),
        };
        if expected == 0 {
            return Ok(());
        }
        let inflates = |decoder: &mut dyn Read| {
            io::copy(&mut decoder.take(expected + 1), &mut io::sink()).is_ok_and(|found| found == expected)
        };
        let right = match compression {
            Compression::GZIP(_) => inflates(&mut flate2::read::MultiGzDecoder::new(compressed)),
            Compression::BROTLI(_) => inflates(&mut brotli::Decompressor::new(compressed, 1 << 12)),
            // The library falls back to frames, without a bound, for files that its own first versions wrote.
            Compression::LZ4 if is_lz4_frame(compressed) => {
                return Err("a page is compressed into an LZ4 frame: choose Zstandard or LZ4_RAW");
            }
            _ => true,
        };
        if right { Ok(()) } else { Err(WRONG) }
    }
}

/// Whether the bytes begin with the mark of an LZ4 frame: current, legacy or to be skipped.
fn is_lz4_frame(bytes: &[u8]) -> bool {
    let mark = bytes.first_chunk().map(|mark| u32::from_le_bytes(*mark));
    matches!(mark, Some(0x184d_2204 | 0x184c_2102 | 0x184d_2a50..=0x184d_2a5f))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type, lengths 100 and 40; then a part of that field number.
    fn header(kind: u8, part: &[u8]) -> Vec<u8> {
        [&[0x15, kind << 1, 0x15, 200, 1, 0x15, 80], part, &[0]].concat()
    }

    #[test]
    fn each_kind_of_page_is_understood() {
        let data = header(0, &[0x2c, 0x15, 6, 0x15, 16, 0x15, 6, 0x15, 6, 0x1c, 0x18, 1, b'x', 0, 0]);
        let common = Page { inflated: 100, stored: 40, values: 3, is_compressed: true, ..Page::default() };
        assert_eq!(Page::parse(&data), Ok((Page { encoding: 8, ..common }, data.len())));
        let dictionary = header(2, &[0x4c, 0x15, 6, 0x15, 4, 0x11, 0]);
        let expected = Page { kind: DICTIONARY_PAGE, encoding: 2, ..common };
        assert_eq!(Page::parse(&dictionary), Ok((expected, dictionary.len())));
        // Two and five bytes of levels, not compressed.
        let data_v2 = header(3, &[0x5c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 10, 0x15, 4, 0x15, 10, 0x12, 0]);
        let expected = Page { kind: DATA_PAGE_V2, encoding: 5, levels: 7, is_compressed: false, ..common };
        assert_eq!(Page::parse(&data_v2), Ok((expected, data_v2.len())));
        for header in [data, dictionary, data_v2] {
            for length in 0..header.len() {
                assert_eq!(Page::parse(&header[..length]), Err(CUT_SHORT), "{length} bytes");
            }
        }
    }

    #[test]
    fn the_last_of_two_fields_counts_and_types_must_be_right() {
        let part = [0x2c, 0x15, 6, 0x15, 0, 0];
        // Field 2 once more, its number spelled out.
        let twice = header(0, &[part.as_slice(), &[0x05, 4, 14]].concat());
        assert_eq!(Page::parse(&twice).map(|(page, _)| page.inflated), Ok(7));
        for wrong in [header(0, &[0x28, 0]), header(0, &[0x2c, 0x18, 0, 0]), header(0, &[0x45, 0])] {
            assert_eq!(Page::parse(&wrong), Err(BAD_FIELD));
        }
        let nameless = header(2, &part);
        assert_eq!(Page::parse(&nameless), Err("a page's header does not say what the page is"));
    }

    #[test]
    fn memory_is_that_of_all_pages_that_a_batch_points_into() {
        let chunk = |column, start: u64| Chunk {
            range: start..start + 10,
            column,
            compression: Compression::UNCOMPRESSED,
        };
        let file = Mutex::new(Ahead { file: io::empty(), windows: Vec::new() });
        let state = Mutex::new(State { held: vec![Held::default(); 2], ..State::default() });
        let shared = Shared { file, length: 0, chunks: Vec::new(), state };
        let data = Page { inflated: 100 << 20, ..Page::default() };
        let dictionary = Page { kind: DICTIONARY_PAGE, ..data };
        let used = || {
            shared.with(|state| {
                state.passed + state.held.iter().map(|held| held.dictionary + held.page).sum::<u64>()
            }) >> 20
        };
        let (first, second) = (chunk(0, 0), chunk(1, 10));
        for (chunk, page, expected) in [
            (&first, &dictionary, 100),
            (&first, &data, 200),
            (&second, &data, 300),
            (&first, &data, 400),
            (&second, &data, 500),
        ] {
            assert_eq!(shared.account(chunk, page), Ok(()));
            assert_eq!(used(), expected);
        }
        assert_eq!(shared.account(&second, &data), Err(TOO_MUCH));
        // The dictionary and one page of each column are what the next batch begins with.
        shared.with(|state| state.passed = 0);
        assert_eq!(used(), 300);
        // The next row group's dictionary replaces all that the first held.
        assert_eq!(shared.account(&chunk(0, 20), &dictionary), Ok(()));
        assert_eq!(used(), 400);
        shared.with(|state| state.passed = 0);
        assert_eq!(used(), 200);
    }
}
