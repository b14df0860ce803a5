//! What must hold of Arrow's messages before the library sees them.
//!
//! The library reserves what a message claims: its own length, that of its body, of each buffer, and of each
//! buffer once it is decompressed. Every one is checked against the file, or bounded, here.
//!
//! A table of FlatBuffers may refer to one string or table any number of times, and the library copies it
//! each time: a schema of 1 MiB could become gibibytes of names. A footer may list one batch any number of
//! times: a file of 1 MiB could become records without end. No writer does either, and both are refused.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{
    Footer as FooterTable, Message, MessageHeader, RecordBatch, root_as_footer_with_opts,
    root_as_message_with_opts,
};
use flatbuffers::{InvalidFlatbuffer, VerifierOptions};

use crate::error::IngestError;

/// Longest body of a message, decompressed too, and most bytes of all dictionaries.
pub(super) const BODY_BYTES: u64 = 1 << 28;
/// Longest metadata of a message, and longest footer.
const METADATA_BYTES: u64 = 1 << 24;
/// How much longer than a table's own bytes everything in it may be, where what is referred to several times
/// counts each time. Writers share nothing but the layouts of tables, which makes less than three times.
const SHARED: usize = 8;
/// What a short table may have beyond that.
const SHARED_LEAST: usize = 1 << 12;
/// Most values of a column in a batch: so many take no more than a number of bytes that fits 64 bits.
const LENGTH: i64 = 1 << 40;

const MAGIC: &[u8; 6] = b"ARROW1";
/// The mark at a file's start, padded.
const HEAD: u64 = 8;
/// A footer's length, and the mark.
const TAIL: u64 = 10;

/// Why data are not readable, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(&'static str, &'static str);

const ANEW: &str = "write the file anew";
const CUT: Refusal = Refusal("it is cut short", "copy or write the file anew");
const AFTER: Refusal = Refusal("something follows the end of its data", ANEW);
const FOOTER: Refusal = Refusal("its footer is not one of Arrow", ANEW);
const OVERLAP: Refusal = Refusal("its footer lists a batch twice, or batches that overlap", ANEW);
const OUTSIDE: Refusal = Refusal("a batch's data lie outside it", ANEW);
const LONG_METADATA: Refusal = Refusal("the description of a batch is longer than 16 MiB", ANEW);
const LONG_BODY: Refusal = Refusal(
    "a batch is longer than 256 MiB",
    "write it in batches of fewer rows (`max_chunksize`, `chunksize`, `record_batch_size`) or as Parquet",
);
pub(super) const LONG_DICTIONARIES: Refusal =
    Refusal("its dictionaries are longer than 256 MiB", "write the columns as plain text or as Parquet");
pub(super) const NO_SCHEMA: Refusal = Refusal("it does not begin with a schema", ANEW);
pub(super) const SECOND_SCHEMA: Refusal = Refusal("it has two schemas", ANEW);
pub(super) const SECOND_DICTIONARY: Refusal = Refusal("a file has a dictionary twice", ANEW);
pub(super) const UNKNOWN: Refusal = Refusal("a message is not one of records", ANEW);
pub(super) const BIG_ENDIAN: Refusal =
    Refusal("its numbers are big-endian", "write it on a little-endian machine");

impl Refusal {
    pub(super) fn told(self, path: &Path) -> IngestError {
        IngestError::ArrowFrame { path: path.to_path_buf(), reason: self.0, remedy: self.1 }
    }
}

/// Why a message cannot be had.
pub(super) enum Failure {
    Refused(Refusal),
    Io(io::Error),
}

impl Failure {
    pub(super) fn told(self, path: &Path) -> IngestError {
        match self {
            Self::Refused(refusal) => refusal.told(path),
            Self::Io(source) => IngestError::Read { path: path.to_path_buf(), source },
        }
    }
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

/// A message, whose parts are not referred to more often than writers do.
pub(super) fn message(bytes: &[u8]) -> Result<Message<'_>, InvalidFlatbuffer> {
    root_as_message_with_opts(&bounds(bytes), bytes)
}

/// A footer, likewise.
pub(super) fn footer(bytes: &[u8]) -> Result<FooterTable<'_>, InvalidFlatbuffer> {
    root_as_footer_with_opts(&bounds(bytes), bytes)
}

fn bounds(bytes: &[u8]) -> VerifierOptions {
    let max_apparent_size = bytes.len().saturating_mul(SHARED).saturating_add(SHARED_LEAST);
    VerifierOptions { max_apparent_size, ..VerifierOptions::default() }
}

/// A message without its body.
pub(super) struct Frame {
    /// The table of FlatBuffers.
    pub(super) metadata: Vec<u8>,
    /// What it must be by a file's footer.
    pub(super) listed: Option<MessageHeader>,
}

/// The messages of a stream, one after the other, or those that a file's footer lists.
pub(super) struct Frames<R> {
    file: R,
    /// Where the next message begins, or the body of the last.
    at: u64,
    /// The furthest that was read: a footer may list batches in any order.
    furthest: u64,
    /// Where the messages end.
    end: u64,
    /// The body of the last message, while it is not read.
    body: u64,
    footer: Option<Footer>,
}

/// A file's footer, and where the messages begin that it lists: dictionaries, then batches.
struct Footer {
    bytes: Vec<u8>,
    blocks: std::vec::IntoIter<(u64, MessageHeader)>,
    /// All beginnings in the order of the file: none may lie within another message.
    starts: Vec<u64>,
}

impl Footer {
    fn new(bytes: Vec<u8>) -> Result<Self, Failure> {
        let blocks = listed(&bytes)?;
        let mut starts: Vec<_> = blocks.iter().map(|(offset, _)| *offset).collect();
        starts.sort_unstable();
        if starts.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(OVERLAP.into());
        }
        Ok(Self { bytes, blocks: blocks.into_iter(), starts })
    }

    /// Where the message that follows the one at `start` begins, if one does.
    fn after(&self, start: u64) -> Option<u64> {
        self.starts.get(self.starts.partition_point(|other| *other <= start)).copied()
    }
}

impl<R: Read + Seek> Frames<R> {
    pub(super) fn open(mut file: R, length: u64) -> Result<Self, Failure> {
        let mut head = [0; MAGIC.len()];
        file.rewind()?;
        let is_file = length >= HEAD && file.read_exact(&mut head).is_ok() && head == *MAGIC;
        if !is_file {
            file.rewind()?;
            return Ok(Self { file, at: 0, furthest: 0, end: length, body: 0, footer: None });
        }
        let (bytes, end) = read_footer(&mut file, length)?;
        let footer = Some(Footer::new(bytes)?);
        Ok(Self { file, at: HEAD, furthest: HEAD, end, body: 0, footer })
    }

    pub(super) fn furthest(&self) -> u64 {
        self.furthest
    }

    pub(super) fn has_footer(&self) -> bool {
        self.footer.is_some()
    }

    /// The table of FlatBuffers with the schema, and whether it is a footer.
    pub(super) fn schema(&mut self) -> Result<(Vec<u8>, bool), Failure> {
        match &mut self.footer {
            Some(footer) => Ok((std::mem::take(&mut footer.bytes), true)),
            None => Ok((self.next()?.ok_or(NO_SCHEMA)?.metadata, false)),
        }
    }

    /// The next message; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Failure> {
        self.skip_body()?;
        let (mut listed, mut end) = (None, self.end);
        if let Some(footer) = &mut self.footer {
            let Some((offset, kind)) = footer.blocks.next() else { return Ok(None) };
            (self.at, listed) = (offset, Some(kind));
            end = footer.after(offset).unwrap_or(end);
            self.file.seek(SeekFrom::Start(offset))?;
        }
        let mut length = self.number()?;
        if length == u32::MAX {
            length = self.number()?;
        }
        let length = u64::from(length);
        match (length, &self.footer) {
            (0, None) if self.at == self.end => return Ok(None),
            (0, None) => return Err(AFTER.into()),
            (0, Some(_)) => return Err(UNKNOWN.into()),
            _ if length > METADATA_BYTES => return Err(LONG_METADATA.into()),
            _ => {}
        }
        let metadata = self.bytes(length)?;
        let message = message(&metadata).map_err(|_| UNKNOWN)?;
        let body = u64::try_from(message.bodyLength()).map_err(|_| OUTSIDE)?;
        if body > self.end.saturating_sub(self.at) {
            return Err(CUT.into());
        }
        if self.at.saturating_add(body) > end {
            return Err(OVERLAP.into());
        }
        self.body = body;
        Ok(Some(Frame { metadata, listed }))
    }

    /// Passes over the body of the last message, if it was not read.
    pub(super) fn skip_body(&mut self) -> Result<(), Failure> {
        if self.body > 0 {
            self.at += self.body;
            self.body = 0;
            self.file.seek(SeekFrom::Start(self.at))?;
        }
        Ok(())
    }

    /// The body of the last message.
    pub(super) fn read_body(&mut self) -> Result<Buffer, Failure> {
        if self.body > BODY_BYTES {
            return Err(LONG_BODY.into());
        }
        // It fits: no longer than the bound.
        let mut body = MutableBuffer::from_len_zeroed(self.body as usize);
        self.file.read_exact(&mut body)?;
        self.at += self.body;
        self.furthest = self.furthest.max(self.at);
        self.body = 0;
        Ok(body.into())
    }

    fn number(&mut self) -> Result<u32, Failure> {
        let bytes = self.bytes(4)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// The next bytes, which must be there.
    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Failure> {
        if length > self.end.saturating_sub(self.at) {
            return Err(CUT.into());
        }
        let mut bytes = vec![0; length as usize];
        self.file.read_exact(&mut bytes)?;
        self.at += length;
        Ok(bytes)
    }
}

/// A file's footer, and where it begins.
fn read_footer(file: &mut (impl Read + Seek), length: u64) -> Result<(Vec<u8>, u64), Failure> {
    let Some(tail) = length.checked_sub(TAIL).filter(|tail| *tail >= HEAD) else { return Err(CUT.into()) };
    let mut end = [0; TAIL as usize];
    file.seek(SeekFrom::Start(tail))?;
    file.read_exact(&mut end)?;
    let [a, b, c, d, magic @ ..] = end;
    if magic != *MAGIC {
        return Err(CUT.into());
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = tail.checked_sub(footer).filter(|start| *start >= HEAD && footer <= METADATA_BYTES);
    let start = start.ok_or(FOOTER)?;
    let mut bytes = vec![0; footer as usize];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok((bytes, start))
}

/// Where the messages begin that a footer lists, and what they are.
fn listed(footer: &[u8]) -> Result<Vec<(u64, MessageHeader)>, Failure> {
    let footer = self::footer(footer).map_err(|_| FOOTER)?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let batches = footer.recordBatches().into_iter().flatten();
    let blocks = dictionaries
        .map(|block| (block, MessageHeader::DictionaryBatch))
        .chain(batches.map(|block| (block, MessageHeader::RecordBatch)));
    let offset = |(block, kind): (&arrow_ipc::Block, _)| match u64::try_from(block.offset()) {
        Ok(offset) => Ok((offset, kind)),
        Err(_) => Err(FOOTER.into()),
    };
    blocks.map(offset).collect()
}

/// That a batch's buffers lie within its body, that they are bounded once they are decompressed, and that no
/// column has absurdly many values.
pub(super) fn check_batch(batch: &RecordBatch<'_>, body: &[u8]) -> Result<(), Refusal> {
    if !(0..=LENGTH).contains(&batch.length()) {
        return Err(OUTSIDE);
    }
    for node in batch.nodes().into_iter().flatten() {
        if !(0..=LENGTH).contains(&node.length()) || !(0..=node.length()).contains(&node.null_count()) {
            return Err(OUTSIDE);
        }
    }
    for buffer in batch.buffers().into_iter().flatten() {
        within(buffer, body).ok_or(OUTSIDE)?;
    }
    if decompressed(batch, body) > BODY_BYTES { Err(LONG_BODY) } else { Ok(()) }
}

fn within<'a>(buffer: &arrow_ipc::Buffer, body: &'a [u8]) -> Option<&'a [u8]> {
    let start = usize::try_from(buffer.offset()).ok()?;
    let end = start.checked_add(usize::try_from(buffer.length()).ok()?)?;
    body.get(start..end)
}

/// Bytes of a batch's buffers, once they are decompressed.
pub(super) fn decompressed(batch: &RecordBatch<'_>, body: &[u8]) -> u64 {
    let is_compressed = batch.compression().is_some();
    let length = |buffer: &arrow_ipc::Buffer| {
        let bytes = within(buffer, body).unwrap_or_default();
        match bytes.first_chunk() {
            // Before each stands its length; -1 says that it is as it was.
            Some(length) if is_compressed => match i64::from_le_bytes(*length) {
                -1 => bytes.len() as u64,
                length => length.unsigned_abs(),
            },
            _ => bytes.len() as u64,
        }
    };
    batch.buffers().into_iter().flatten().fold(0, |sum, buffer| length(buffer).saturating_add(sum))
}
