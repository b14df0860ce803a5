//! Pages, each inflated and found sound before the library sees it.
//!
//! The library believes a page's header: it reserves what a page says it inflates to and room for as many
//! dictionary entries as it claims, and copies a string of the delta encodings once for every value that
//! repeats its beginning. A file of a few kilobytes could so take all memory, and a failed allocation ends
//! the process. It also reads some pages as other values than their writer meant, without an error. So the
//! library reads through [`Pages`], which reads, inflates and checks each page first and refuses
//!
//! - a page that is longer than its column chunk, or whose bytes are not those that were written;
//! - a page that does not inflate to exactly what it says, or does not hold exactly the values that it says;
//! - a column chunk whose pages do not hold a value for each row of the row group;
//! - pages that together need more than [`MEMORY`], counting those that one batch of records may still point
//!   into.
//!
//! The library is told that nothing is compressed, and given each page inflated, under a header made here.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use super::columns::Cells;
use super::footer::Group;
use super::inflate::{Codec, Inflater};
use super::page::{Content, DICTIONARY, Page};
use super::thrift::{CUT_SHORT, Refusal, TOO_MUCH};

/// Most memory for pages, in bytes.
const MEMORY: u64 = 512 << 20;
/// Longest page header, in bytes: a header holds a page's statistics, which may quote long strings.
const HEADER_BYTES: u64 = 1 << 20;
/// How much is read for a header at first.
const HEADER_GUESS: u64 = 1 << 12;
/// What a dictionary entry takes besides its bytes.
const ENTRY_BYTES: u64 = 16;

/// A Parquet file as the library may read it.
pub(super) struct Pages<R>(Arc<Shared<R>>);

struct Shared<R> {
    file: Mutex<Ahead<R>>,
    length: u64,
    /// By column.
    cells: Vec<Cells>,
    /// By position in the file, without overlap.
    chunks: Vec<Chunk>,
    state: Mutex<State>,
}

/// A column's data in a row group.
struct Chunk {
    range: Range<u64>,
    column: usize,
    codec: Codec,
    rows: u64,
}

#[derive(Default)]
struct State {
    /// By column.
    held: Vec<Held>,
    /// Memory of earlier pages that the batch in the making may point into.
    passed: u64,
    /// Pages that the library has seen the header of, by where it believes their data begin.
    next: HashMap<u64, (usize, Vec<u8>)>,
    inflater: Inflater,
    failure: Option<Failure>,
}

/// A column's chunk that is being read: where it begins and how many rows it is of, the memory of its
/// dictionary and of its page, and the values of its pages so far.
#[derive(Clone, Copy, Default)]
struct Held {
    chunk: Option<u64>,
    rows: u64,
    dictionary: u64,
    page: u64,
    values: u64,
}

/// Not derived: that would ask the file to be copied, too.
impl<R> Clone for Pages<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> Pages<R> {
    /// The pages of those columns of the file.
    pub(super) fn new(file: R, length: u64, cells: Vec<Cells>, groups: &[Group]) -> Result<Self, Refusal> {
        let mut chunks = Vec::new();
        for group in groups {
            for (column, chunk) in group.chunks.iter().enumerate() {
                // Found to lie within the file.
                let range = chunk.start..chunk.start + chunk.length;
                chunks.push(Chunk { range, column, codec: chunk.codec, rows: group.rows });
            }
        }
        chunks.sort_by_key(|chunk| (chunk.range.start, chunk.range.end));
        // Each byte has one meaning: which codec reads it is known from where it stands.
        if chunks.windows(2).any(|pair| pair[0].range.end > pair[1].range.start) {
            return Err("two columns' data overlap");
        }
        let file = Mutex::new(Ahead { file, windows: vec![Window::default(); cells.len()] });
        let state = Mutex::new(State { held: vec![Held::default(); cells.len()], ..State::default() });
        Ok(Self(Arc::new(Shared { file, length, cells, chunks, state })))
    }

    /// Once a batch is dropped, nothing points into the pages before the current ones.
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

    /// A page's header: whatever else the library wants to read here it may not.
    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        self.0.refuse(|| self.0.load(start))
    }

    /// A page whose header was read, inflated: longer than what the library believes is in the file.
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

    fn page(&self, start: u64, length: usize) -> Result<Bytes, Failure> {
        let page = self.with(|state| state.next.remove(&start)).filter(|(own, _)| *own == length);
        let (_, bytes) = page.ok_or("a page is read without its header")?;
        Ok(bytes.into())
    }
}

impl State {
    /// Counts a page's values and memory, before any of it is read.
    fn account(&mut self, chunk: &Chunk, page: &Page) -> Result<(), Refusal> {
        const OTHER_ROWS: Refusal = "a column has another number of values than its row group has rows";
        let held = self.held.get_mut(chunk.column).ok_or(CUT_SHORT)?;
        if held.chunk != Some(chunk.range.start) {
            if held.chunk.is_some() && held.values != held.rows {
                return Err(OTHER_ROWS);
            }
            self.passed += held.dictionary + held.page;
            *held = Held { chunk: Some(chunk.range.start), rows: chunk.rows, ..Held::default() };
        }
        if page.is_data() {
            held.values += page.values as u64;
            if held.values > held.rows {
                return Err(OTHER_ROWS);
            }
        }
        // Both may be in memory at once.
        let bytes = page.inflated as u64 + page.stored as u64;
        if page.kind == DICTIONARY {
            if held.dictionary > 0 || held.values > 0 {
                return Err("a column has a dictionary that is not its first page");
            }
            held.dictionary = bytes + ENTRY_BYTES * page.values as u64;
        } else {
            self.passed += held.page;
            held.page = bytes;
        }
        if self.used() > MEMORY { Err(TOO_MUCH) } else { Ok(()) }
    }

    fn has_dictionary(&self, chunk: &Chunk) -> bool {
        self.held.get(chunk.column).is_some_and(|held| held.dictionary > 0)
    }

    /// Counts what the library takes for the current page besides its bytes.
    fn reserve(&mut self, column: usize, bytes: u64) -> Result<(), Refusal> {
        self.held.get_mut(column).ok_or(CUT_SHORT)?.page += bytes;
        if self.used() > MEMORY { Err(TOO_MUCH) } else { Ok(()) }
    }

    fn used(&self) -> u64 {
        self.passed + self.held.iter().map(|held| held.dictionary + held.page).sum::<u64>()
    }
}

impl<R: Read + Seek> Shared<R> {
    /// Reads a page, inflates and checks it, and keeps it; the header for the library.
    fn load(&self, start: u64) -> Result<io::Cursor<Vec<u8>>, Failure> {
        // The library asks for a reader once more where it has read the header ahead, and leaves it unused.
        if self.with(|state| state.next.contains_key(&start)) {
            return Ok(io::Cursor::default());
        }
        let chunk = self.chunk(start)?;
        let (page, length) = lock(&self.file).header(chunk, start)?;
        let (content, inflated) = self.content(chunk, start + length as u64, &page)?;
        let header = page.for_library(&content, length)?;
        if !page.is_skipped() {
            let data = start + header.bytes.len() as u64;
            self.with(|state| state.next.insert(data, (header.stored, inflated)));
        }
        Ok(io::Cursor::new(header.bytes))
    }

    /// What is within a page whose bytes begin there, and the page inflated.
    fn content(&self, chunk: &Chunk, start: u64, page: &Page) -> Result<(Content, Vec<u8>), Failure> {
        let stored = page.stored as usize;
        if start.checked_add(stored as u64).is_none_or(|end| end > chunk.range.end) {
            return Err("a page is longer than its column".into());
        }
        if page.is_skipped() {
            return Ok((Content::default(), Vec::new()));
        }
        self.with(|state| state.account(chunk, page))?;
        let bytes = lock(&self.file).take(chunk.column, start, stored)?;
        if bytes.len() != stored {
            return Err(CUT_SHORT.into());
        }
        if let Some(check_sum) = page.check_sum {
            let mut own = flate2::Crc::new();
            own.update(&bytes);
            if own.sum() != check_sum as u32 {
                return Err("a page was altered after it was written: its check sum does not fit".into());
            }
        }
        let codec = if page.is_compressed() { chunk.codec } else { Codec::None };
        let length = page.inflated as usize;
        let mut inflated = self.with(|state| state.inflater.inflate(codec, bytes, page.levels(), length))?;
        let cells = self.cells.get(chunk.column).ok_or(CUT_SHORT)?;
        let content = page.content(cells, &inflated, MEMORY)?;
        if page.has_indices() && content.has_values(page) && !self.with(|state| state.has_dictionary(chunk)) {
            return Err("a page of indices stands before its dictionary".into());
        }
        self.with(|state| state.reserve(chunk.column, content.reserved))?;
        content.cut(&mut inflated);
        Ok((content, inflated))
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
    /// The header of the page at that position, and its length.
    fn header(&mut self, chunk: &Chunk, start: u64) -> Result<(Page, usize), Failure> {
        let longest = HEADER_BYTES.min(chunk.range.end - start);
        let mut wanted = longest.min(HEADER_GUESS);
        loop {
            let window = self.fill(chunk.column, start, wanted)?;
            let bytes = window.bytes.get(..longest as usize).unwrap_or(&window.bytes);
            match Page::parse(bytes) {
                Err(CUT_SHORT) if wanted < longest => wanted = longest.min(2 * wanted),
                Err(refusal) => return Err(refusal.into()),
                Ok((page, length)) => {
                    window.take(length);
                    return Ok((page, length));
                }
            }
        }
    }

    /// Up to `length` bytes of a column from that position on: fewer only at the file's end.
    fn take(&mut self, column: usize, start: u64, length: usize) -> Result<Vec<u8>, Failure> {
        Ok(self.fill(column, start, length as u64)?.take(length))
    }

    fn fill(&mut self, column: usize, start: u64, length: u64) -> Result<&mut Window, Failure> {
        let window = self.windows.get_mut(column).ok_or(CUT_SHORT)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_that_of_all_pages_that_a_batch_points_into() {
        let chunk =
            |column, start: u64| Chunk { range: start..start + 10, column, codec: Codec::None, rows: 9 };
        let mut state = State { held: vec![Held::default(); 2], ..State::default() };
        let data = Page { inflated: 100 << 20, values: 3, ..Page::default() };
        let dictionary = Page { kind: DICTIONARY, values: 0, ..data };
        let (first, second) = (chunk(0, 0), chunk(1, 10));
        for (chunk, page, expected) in [
            (&first, &dictionary, 100),
            (&first, &data, 200),
            (&second, &data, 300),
            (&first, &data, 400),
            (&second, &data, 500),
        ] {
            assert_eq!(state.account(chunk, page), Ok(()));
            assert_eq!(state.used() >> 20, expected);
        }
        assert_eq!(state.account(&second, &data), Err(TOO_MUCH));
        // The dictionary and one page of each column are what the next batch begins with.
        state.passed = 0;
        assert_eq!(state.used() >> 20, 300);
        assert_eq!(state.account(&first, &data), Ok(()));
        state.passed = 0;
        // The next row group's dictionary replaces all that the first held.
        assert_eq!(state.account(&chunk(0, 20), &dictionary), Ok(()));
        assert_eq!(state.used() >> 20, 400);
        state.passed = 0;
        assert_eq!(state.used() >> 20, 200);
        assert_eq!(state.reserve(0, 300 << 20), Ok(()));
        assert_eq!(state.reserve(1, 20 << 20), Err(TOO_MUCH));
    }

    #[test]
    fn a_row_group_has_a_value_of_each_column_for_each_row() {
        const OTHER_ROWS: Refusal = "a column has another number of values than its row group has rows";
        let chunk = |start: u64| Chunk { range: start..start + 10, column: 0, codec: Codec::None, rows: 9 };
        let mut state = State { held: vec![Held::default(); 1], ..State::default() };
        let data = Page { values: 4, ..Page::default() };
        assert_eq!(state.account(&chunk(0), &data), Ok(()));
        assert_eq!(state.account(&chunk(0), &data), Ok(()));
        assert_eq!(state.account(&chunk(10), &data), Err(OTHER_ROWS), "one too few");
        assert_eq!(state.account(&chunk(0), &data), Err(OTHER_ROWS), "three too many");
    }

    #[test]
    fn a_dictionary_comes_first_and_once() {
        const LATE: Refusal = "a column has a dictionary that is not its first page";
        let chunk = Chunk { range: 0..10, column: 0, codec: Codec::None, rows: 9 };
        let data = Page { values: 4, inflated: 5, ..Page::default() };
        let dictionary = Page { kind: DICTIONARY, ..data };
        for before in [data, dictionary] {
            let mut state = State { held: vec![Held::default(); 1], ..State::default() };
            assert_eq!(state.account(&chunk, &before), Ok(()));
            assert_eq!(state.account(&chunk, &dictionary), Err(LATE));
        }
    }
}
