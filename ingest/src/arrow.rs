//! Arrow IPC, files and streams: framing checked before the library sees it, columns decoded one by one.
//!
//! A stream has its schema first, then its batches, then a mark of its end. A file has a footer with the
//! schema and the batches' places, and is read by that, as every reader does.
//!
//! A batch of the file is in memory whole, so its length is bounded; its cells are handed out in batches of
//! ours.

pub(crate) mod cells;
mod frame;

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{Endianness, Message, MessageHeader};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use crate::error::{IngestError, Position};
use crate::guard::guarded;
use crate::source::{Batch, Source, Wanted, holds_cells};
use cells::{Chosen, Rows, plain};
use frame::{BODY_BYTES, Frame, Frames, Refusal};

/// An Arrow file or stream as a source of cells. No `Debug`: it holds records.
pub(crate) struct ArrowSource<R> {
    path: PathBuf,
    frames: Frames<R>,
    schema: SchemaRef,
    chosen: Chosen,
    dictionaries: Dictionaries,
    /// The file's batch at hand.
    rows: Rows,
}

/// Dictionaries by their number, and bytes of all of them.
#[derive(Default)]
struct Dictionaries {
    by_id: HashMap<i64, ArrayRef>,
    bytes: u64,
}

impl<R: Read + Seek> ArrowSource<R> {
    /// Reads the schema; `path` is for messages.
    pub(crate) fn open(path: &Path, file: R, length: u64, wanted: &Wanted) -> Result<Self, IngestError> {
        let refused = |failure: frame::Failure| failure.told(path);
        let mut frames = Frames::open(file, length).map_err(refused)?;
        let (table, is_footer) = frames.schema().map_err(refused)?;
        let schema = guarded(path, 0, || read_schema(path, &table, is_footer))?;
        let chosen = Chosen::of(path, &schema, wanted)?;
        Ok(Self {
            path: path.to_path_buf(),
            frames,
            chosen,
            schema: Arc::new(schema),
            dictionaries: Dictionaries::default(),
            rows: Rows::default(),
        })
    }

    /// The next batch of the file that has rows; false at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        while self.rows.is_empty() {
            let Some(frame) = self.frames.next().map_err(|failure| failure.told(&self.path))? else {
                return Ok(false);
            };
            let path = self.path.clone();
            guarded(&path, self.rows.read(), || self.take(&frame))?;
        }
        Ok(true)
    }

    fn take(&mut self, frame: &Frame) -> Result<(), IngestError> {
        let message = message(frame).map_err(|refusal| refusal.told(&self.path))?;
        if frame.listed.is_some_and(|listed| listed != message.header_type()) {
            return Err(frame::UNKNOWN.told(&self.path));
        }
        match message.header_type() {
            MessageHeader::RecordBatch => self.take_batch(&message),
            MessageHeader::DictionaryBatch => self.take_dictionary(&message),
            MessageHeader::Schema => Err(frame::SECOND_SCHEMA.told(&self.path)),
            _ => Err(frame::UNKNOWN.told(&self.path)),
        }
    }

    fn take_batch(&mut self, message: &Message<'_>) -> Result<(), IngestError> {
        let batch = message.header_as_record_batch().ok_or_else(|| frame::UNKNOWN.told(&self.path))?;
        let body = self.body(&batch)?;
        let (schema, read, version) = (Arc::clone(&self.schema), self.rows.read(), message.version());
        let decoded = read_record_batch(
            &body,
            batch,
            schema,
            &self.dictionaries.by_id,
            Some(self.chosen.positions()),
            &version,
        );
        let decoded = decoded.map_err(|error| decode_error(&self.path, read, error))?;
        self.rows.take(decoded.columns().to_vec(), decoded.num_rows());
        Ok(())
    }

    fn take_dictionary(&mut self, message: &Message<'_>) -> Result<(), IngestError> {
        let path = self.path.clone();
        let refuse = |refusal: Refusal| refusal.told(&path);
        let dictionary = message.header_as_dictionary_batch().ok_or_else(|| refuse(frame::UNKNOWN))?;
        let Some(values) = dictionary.data() else { return Err(refuse(frame::UNKNOWN)) };
        if !self.is_wanted(dictionary.id()) {
            return self.frames.skip_body().map_err(|failure| failure.told(&self.path));
        }
        let is_known = self.dictionaries.by_id.contains_key(&dictionary.id());
        if is_known && !dictionary.isDelta() && self.frames.has_footer() {
            return Err(refuse(frame::SECOND_DICTIONARY));
        }
        let body = self.body(&values)?;
        let bytes = self.dictionaries.bytes.saturating_add(frame::decompressed(&values, &body));
        if bytes > BODY_BYTES {
            return Err(refuse(frame::LONG_DICTIONARIES));
        }
        self.dictionaries.bytes = bytes;
        let known = &mut self.dictionaries.by_id;
        read_dictionary(&body, dictionary, &self.schema, known, &message.version())
            .map_err(|error| decode_error(&self.path, self.rows.read(), error))
    }

    /// Whether a column of cells that is read has that dictionary.
    fn is_wanted(&self, id: i64) -> bool {
        self.chosen.positions().iter().any(|position| {
            let field = self.schema.field(*position);
            #[expect(deprecated, reason = "the library's own reader knows dictionaries by nothing else")]
            let own = field.dict_id();
            own == Some(id) && holds_cells(plain(field.data_type()))
        })
    }

    /// The body of the message at hand, once what it is said to hold lies within it and is bounded.
    fn body(&mut self, batch: &arrow_ipc::RecordBatch<'_>) -> Result<Buffer, IngestError> {
        let told = |failure: frame::Failure| failure.told(&self.path);
        let body = self.frames.read_body().map_err(told)?;
        frame::check_batch(batch, &body).map_err(|refusal| refusal.told(&self.path))?;
        Ok(body)
    }
}

impl<R: Read + Seek> Source for ArrowSource<R> {
    fn fields(&self) -> &[Field] {
        self.chosen.fields()
    }

    fn passed_over(&self) -> &[Field] {
        self.chosen.passed_over()
    }

    fn declared(&self) -> u64 {
        0
    }

    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        if self.rows.is_empty() && !self.advance()? {
            return Ok(None);
        }
        let path = &self.path;
        self.rows.next_batch(path, &self.chosen, |row, error| decode_error(path, row, error)).map(Some)
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        Ok(self.rows.position(index))
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        self.frames.furthest().min(file_length)
    }
}

fn message(frame: &Frame) -> Result<Message<'_>, Refusal> {
    frame::message(&frame.metadata).map_err(|_| frame::UNKNOWN)
}

fn read_schema(path: &Path, table: &[u8], is_footer: bool) -> Result<Schema, IngestError> {
    let schema = if is_footer {
        frame::footer(table).ok().and_then(|footer| footer.schema())
    } else {
        frame::message(table).ok().and_then(|message| message.header_as_schema())
    };
    let schema = schema.ok_or_else(|| frame::NO_SCHEMA.told(path))?;
    if schema.endianness() != Endianness::Little {
        return Err(frame::BIG_ENDIAN.told(path));
    }
    try_fb_to_schema(schema).map_err(|error| decode_error(path, 0, error))
}

fn decode_error(path: &Path, row: u64, source: ArrowError) -> IngestError {
    IngestError::ArrowDecode { path: path.to_path_buf(), row, source: Box::new(source) }
}
