//! The text of a file, decompressed as it passes, in memory that does not grow with it.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fairshare_formats::BYTE_ORDER_MARK;
use flate2::bufread::MultiGzDecoder;
use memchr::memchr2_iter;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::error::IngestError;

const BUFFER: usize = 1 << 16;
/// Longest record. It bounds memory: an unclosed quote makes one record of all that follows.
pub(crate) const RECORD_BYTES: usize = 1 << 20;
/// Largest window of a zstd frame, as a power of two: 128 MiB, what the command `zstd` takes by default.
const ZSTD_WINDOW: u32 = 27;

/// How a file's text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// As a message names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// The text of a file that is read record by record: what is buffered, and on which line it begins. No
/// `Debug`: it holds records.
pub(crate) struct Text {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    compression: Compression,
    /// What is read and not yet used is `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether nothing follows what is buffered.
    ended: bool,
    /// The line of the first byte at hand, from 1.
    line: u64,
    /// Bytes read of the file.
    read: Arc<AtomicU64>,
}

impl Text {
    /// Reads the text's beginning, without a byte-order mark; `path` is for messages.
    pub(crate) fn open(
        path: &Path,
        file: impl Read + Send + 'static,
        compression: Compression,
    ) -> Result<Self, IngestError> {
        let read = Arc::new(AtomicU64::new(0));
        let file = Counted { file, read: Arc::clone(&read) };
        let mut text = Self {
            path: path.to_path_buf(),
            reader: Box::new(io::empty()),
            compression,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            ended: false,
            line: 1,
            read,
        };
        text.reader = decompressed(file, compression).map_err(|error| text.unreadable(error))?;
        text.more()?;
        if text.rest().starts_with(BYTE_ORDER_MARK) {
            text.start += BYTE_ORDER_MARK.len();
        }
        Ok(text)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is buffered.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether nothing follows what is buffered.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// The line on which [`Self::rest`] begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes read so far of the file, compressed as it is.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Buffers more, or finds that the text has ended. The buffer grows with the record at hand, which the
    /// caller bounds.
    pub(crate) fn more(&mut self) -> Result<(), IngestError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        // Filled as far as it goes: a record that does not fit is looked at again each time.
        while !self.ended && self.end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error)),
            }
        }
        Ok(())
    }

    /// Passes over so many bytes of [`Self::rest`], on so many lines.
    pub(crate) fn pass(&mut self, bytes: usize, lines: u64) {
        self.start = (self.start + bytes).min(self.end);
        self.line += lines;
    }

    /// Passes over the line ends at hand: blank lines are not records.
    pub(crate) fn pass_blank_lines(&mut self) -> Result<(), IngestError> {
        let mut blank = 0;
        loop {
            let rest = self.rest();
            let mut length = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let follows = length == rest.len() && !self.ended;
            if follows && rest.last() == Some(&b'\r') {
                // Its `\n` may be yet to come.
                length -= 1;
            }
            let lines = line_ends(&rest[..length]);
            self.pass(length, lines);
            if !follows {
                return Ok(());
            }
            blank += length;
            if blank > RECORD_BYTES {
                return Err(IngestError::BlankLines { path: self.path.clone(), line: self.line });
            }
            self.more()?;
        }
    }

    /// The refusal of a record longer than [`RECORD_BYTES`].
    pub(crate) fn too_long(&self) -> IngestError {
        IngestError::RecordTooLong { path: self.path.clone(), line: self.line, limit: RECORD_BYTES }
    }

    fn unreadable(&self, source: io::Error) -> IngestError {
        let path = self.path.clone();
        // What a decoder finds wrong has no number of the system's.
        if self.compression == Compression::None || source.raw_os_error().is_some() {
            return IngestError::Read { path, source };
        }
        IngestError::Compressed { path, compression: self.compression.name(), line: self.line, source }
    }
}

/// A file, and how much of it was read.
struct Counted<R> {
    file: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Several members or frames, one after the other, are one text, as for `gzip` and `zstd`. What is cut short,
/// and what follows that is none, are errors.
fn decompressed(
    file: impl Read + Send + 'static,
    compression: Compression,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file))),
        Compression::Zstd => {
            let mut decoder = ZstdDecoder::new(file)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    })
}

/// Line ends in a text: `\n`, `\r\n` and `\r`.
pub(crate) fn line_ends(text: &[u8]) -> u64 {
    let ends = memchr2_iter(b'\n', b'\r', text);
    ends.filter(|at| text[*at] == b'\n' || text.get(at + 1) != Some(&b'\n')).count() as u64
}
