//! The cells of several files, or tables, as one table.

use std::fmt;
use std::path::{Path, PathBuf};

use arrow_schema::Field;

use crate::arrow::ArrowSource;
use crate::csv::CsvSource;
use crate::data::Data;
use crate::error::{IngestError, Position};
use crate::inputs::{self, Input, Place};
use crate::json::{self, JsonSource, Keys};
use crate::kind::Format;
use crate::parquet::ParquetSource;
use crate::partitions;
use crate::source::{Batch, Source, Wanted, missing};
use crate::table::TableSource;
use crate::text::Text;

/// Records that a dataset must stay below: `Ln` is defined for counts under 2^32 (PROTOCOL section 6).
pub(crate) const RECORD_LIMIT: u64 = 1 << 32;

/// The cells of several files or tables, in the order given, batch by batch.
pub struct Tables {
    parts: std::vec::IntoIter<Opened>,
    current: Option<(Input, u64, Box<dyn Source + Send>)>,
    /// The file of the last batch.
    last: PathBuf,
    wanted: Wanted,
    fields: Vec<Field>,
    passed_over: Vec<Field>,
    /// Columns that no record of the files read has had; none before the first file is read.
    unseen: Option<Vec<usize>>,
    records: u64,
    record_limit: u64,
    total_bytes: u64,
    finished_bytes: u64,
    state: State,
}

/// A file or table that was looked at.
struct Opened {
    input: Input,
    /// The file's length, or the table's records.
    length: u64,
    /// The table, which is opened once. A file is opened again: a dataset of many files must not hold as many
    /// descriptors.
    source: Option<Box<dyn Source + Send>>,
}

/// Shows how far it is, and nothing of the record at hand.
impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables")
            .field("records", &self.records)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl Tables {
    /// Opens the files or tables and checks, before any record is read, that each has the first one's
    /// columns. All of them that hold cells are read, in the first one's order.
    pub fn open<'a>(data: impl Into<Data<'a>>) -> Result<Self, IngestError> {
        Self::open_below(data.into(), Wanted::All, RECORD_LIMIT, |_, _| Ok(()))
    }

    /// Opens the files or tables, and lets `check` look at the columns of each.
    pub(crate) fn open_below(
        data: Data<'_>,
        mut wanted: Wanted,
        record_limit: u64,
        check: impl Fn(&Path, &[Field]) -> Result<(), IngestError>,
    ) -> Result<Self, IngestError> {
        let (mut parts, mut declared) = (Vec::new(), 0u64);
        let (mut fields, mut passed_over) = (Vec::new(), Vec::new());
        let mut look = |input: Input, length: u64, source: Box<dyn Source + Send>, wanted: &mut Wanted| {
            let path = &input.path;
            check(path, source.fields())?;
            declared = declared
                .checked_add(source.declared())
                .filter(|declared| *declared < record_limit)
                .ok_or_else(|| IngestError::TooManyRecords { path: path.clone(), limit: record_limit })?;
            if parts.is_empty() {
                (fields, passed_over) = (source.fields().to_vec(), source.passed_over().to_vec());
                *wanted = Wanted::Named(fields.iter().map(|field| field.name().clone()).collect());
            }
            let source = (input.place == Place::Table).then_some(source);
            parts.push(Opened { input, length, source });
            Ok(())
        };
        match data {
            Data::Files(paths) => {
                for input in inputs::expand(paths)? {
                    let (source, bytes) = open(&input, &wanted)?;
                    look(input, bytes, source, &mut wanted)?;
                }
            }
            Data::Tables(tables) => {
                for table in tables {
                    let source = Box::new(TableSource::open(table, &wanted)?);
                    look(Input::table(table.name()), table.records(), source, &mut wanted)?;
                }
            }
        }
        let first = parts.first().ok_or(IngestError::NoFiles)?;
        Ok(Self {
            last: first.input.path.clone(),
            unseen: None,
            total_bytes: parts.iter().map(|part| part.length).fold(0, u64::saturating_add),
            parts: parts.into_iter(),
            current: None,
            wanted,
            fields,
            passed_over,
            records: 0,
            record_limit,
            finished_bytes: 0,
            state: State::Reading,
        })
    }

    /// The columns that are read: names, and types in the first file. Another file may hold the same column
    /// by another type, as text that the first has as numbers.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Columns of the first file that are not read, because they hold no cells: lists, maps, bytes.
    pub fn passed_over(&self) -> &[Field] {
        &self.passed_over
    }

    /// The next records' cells, [`BATCH_RECORDS`](crate::BATCH_RECORDS) at most, an array for each of
    /// [`Self::fields`]; none once all files are read. Drop a batch before the next one: what it holds no
    /// longer counts as memory in use. Reading on after an error is an error too.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        match self.state {
            State::Reading => {}
            State::Ended => return Ok(None),
            State::Failed => return Err(IngestError::Stopped),
        }
        let result = self.read_batch();
        match &result {
            Ok(None) => self.state = State::Ended,
            Ok(Some(_)) => {}
            Err(_) => self.state = State::Failed,
        }
        result
    }

    /// Where the record of that index in the last batch stands: its file, and line or row.
    pub fn position(&mut self, index: usize) -> Result<(PathBuf, Position), IngestError> {
        let (input, _, source) = self.current.as_mut().ok_or(IngestError::Stopped)?;
        Ok((input.path.clone(), source.position(index)?))
    }

    /// The file of the last batch.
    pub(crate) fn path(&self) -> &Path {
        &self.last
    }

    /// Records handed out so far.
    pub fn records_read(&self) -> u64 {
        self.records
    }

    /// Bytes of all files together, as they were when opened; records of all tables, 0 where that is unknown.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes read so far, for a progress bar; within a Parquet file, its size times the share of rows read.
    /// Of tables, records.
    pub fn bytes_read(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |(_, bytes, source)| source.bytes_read(*bytes));
        self.finished_bytes + current
    }

    /// That every column stood in some record: a name that none has is misspelt, not missing everywhere.
    fn check_seen(&self) -> Result<(), IngestError> {
        let unseen = self.unseen.as_deref().unwrap_or_default();
        let Some(field) = unseen.first().and_then(|column| self.fields.get(*column)) else { return Ok(()) };
        let seen = self.fields.iter().enumerate().filter(|(column, _)| !unseen.contains(column));
        Err(missing(&self.last, seen.map(|(_, field)| field.name().as_str()), field.name()))
    }

    /// Refuses to read on.
    pub(crate) fn fail(&mut self) {
        self.state = State::Failed;
    }

    fn read_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        loop {
            let (input, bytes, source) = match &mut self.current {
                Some(current) => current,
                None => match self.parts.next() {
                    Some(Opened { input, length, source }) => {
                        let source = match source {
                            Some(source) => source,
                            None => open(&input, &self.wanted)?.0,
                        };
                        self.last.clone_from(&input.path);
                        self.current.insert((input, length, source))
                    }
                    None if self.records == 0 => return Err(IngestError::NoRecords),
                    None => return self.check_seen().map(|()| None),
                },
            };
            let Some(batch) = source.next_batch()? else {
                self.finished_bytes += source.bytes_read(*bytes).max(*bytes);
                let unseen = source.unseen();
                self.unseen.get_or_insert_with(|| unseen.clone()).retain(|column| unseen.contains(column));
                self.current = None;
                continue;
            };
            self.records += batch.records() as u64;
            if self.records >= self.record_limit {
                let (path, limit) = (input.path.clone(), self.record_limit);
                return Err(IngestError::TooManyRecords { path, limit });
            }
            return Ok(Some(batch));
        }
    }
}

/// A file's source, with the cells that its folders' names have, and its length.
fn open(input: &Input, wanted: &Wanted) -> Result<(Box<dyn Source + Send>, u64), IngestError> {
    let length = input.open()?.1;
    Ok((partitions::open(input, wanted, |wanted| open_file(input, wanted))?, length))
}

fn open_file(input: &Input, wanted: &Wanted) -> Result<Box<dyn Source + Send>, IngestError> {
    let path = &input.path;
    let (file, length, format, compression) = input.open()?;
    Ok(match format {
        Some(Format::Parquet) => Box::new(ParquetSource::open(path, file, wanted)?),
        Some(Format::Arrow) => Box::new(ArrowSource::open(path, file, length, wanted)?),
        format => {
            let text = Text::open(path, file, compression)?;
            let format = format.unwrap_or_else(|| Format::of_text(text.rest()));
            format.check_text(path, text.rest())?;
            match format {
                Format::Separated(separator) => Box::new(CsvSource::open(text, separator, wanted)?),
                _ => Box::new(open_json(input, text, wanted)?),
            }
        }
    })
}

/// Of JSON Lines the columns are known once all were read.
fn open_json(input: &Input, text: Text, wanted: &Wanted) -> Result<JsonSource, IngestError> {
    let keys = match wanted {
        Wanted::Named(names) => return Ok(JsonSource::open(text, &Keys::of(names))),
        Wanted::All => json::keys(text)?,
    };
    let (file, _, _, compression) = input.open()?;
    Ok(JsonSource::open(Text::open(&input.path, file, compression)?, &keys))
}
