//! The cells of several files as one table.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_schema::Field;

use crate::csv::CsvSource;
use crate::error::{IngestError, Position};
use crate::parquet::ParquetSource;
use crate::source::{self, Batch, Source, Wanted};

/// Records that a dataset must stay below: `Ln` is defined for counts under 2^32 (PROTOCOL section 6).
pub(crate) const RECORD_LIMIT: u64 = 1 << 32;

/// The cells of several files, in the order given, batch by batch.
pub struct Tables {
    files: std::vec::IntoIter<Input>,
    current: Option<(Input, Box<dyn Source + Send>)>,
    /// The file of the last batch.
    last: PathBuf,
    wanted: Wanted,
    fields: Vec<Field>,
    passed_over: Vec<Field>,
    records: u64,
    record_limit: u64,
    total_bytes: u64,
    finished_bytes: u64,
    state: State,
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

#[derive(Clone)]
struct Input {
    path: PathBuf,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl Tables {
    /// Opens the files and checks, before any record is read, that each has the first one's columns. All of
    /// them that hold cells are read, in the first file's order.
    pub fn open(paths: &[PathBuf]) -> Result<Self, IngestError> {
        Self::open_below(paths, Wanted::All, RECORD_LIMIT, |_, _| Ok(()))
    }

    /// Opens the files, and lets `check` look at the columns of each.
    pub(crate) fn open_below(
        paths: &[PathBuf],
        mut wanted: Wanted,
        record_limit: u64,
        check: impl Fn(&Path, &[Field]) -> Result<(), IngestError>,
    ) -> Result<Self, IngestError> {
        let (mut files, mut declared) = (Vec::with_capacity(paths.len()), 0u64);
        let (mut fields, mut passed_over) = (Vec::new(), Vec::new());
        for path in paths {
            // Dropped at once: a dataset of many files must not hold as many descriptors.
            let (source, bytes) = open(path, &wanted)?;
            check(path, source.fields())?;
            declared = declared
                .checked_add(source.declared())
                .filter(|declared| *declared < record_limit)
                .ok_or_else(|| IngestError::TooManyRecords { path: path.clone(), limit: record_limit })?;
            if files.is_empty() {
                (fields, passed_over) = (source.fields().to_vec(), source.passed_over().to_vec());
                wanted = Wanted::Named(fields.iter().map(|field| field.name().clone()).collect());
            }
            files.push(Input { path: path.clone(), bytes });
        }
        Ok(Self {
            last: paths.first().ok_or(IngestError::NoFiles)?.clone(),
            total_bytes: files.iter().map(|file| file.bytes).sum(),
            files: files.into_iter(),
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
        let (input, source) = self.current.as_mut().ok_or(IngestError::Stopped)?;
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

    /// Bytes of all files together, as they were when opened.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes read so far, for a progress bar; within a Parquet file, its size times the share of rows read.
    pub fn bytes_read(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |(input, source)| source.bytes_read(input.bytes));
        self.finished_bytes + current
    }

    /// Refuses to read on.
    pub(crate) fn fail(&mut self) {
        self.state = State::Failed;
    }

    fn read_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        loop {
            let (input, source) = match &mut self.current {
                Some(current) => current,
                None => match self.files.next() {
                    Some(input) => {
                        let (source, _) = open(&input.path, &self.wanted)?;
                        self.last.clone_from(&input.path);
                        self.current.insert((input, source))
                    }
                    None if self.records == 0 => return Err(IngestError::NoRecords),
                    None => return Ok(None),
                },
            };
            let Some(batch) = source.next_batch()? else {
                self.finished_bytes += input.bytes;
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

/// A file's source, by the kind that its name tells, and its length.
fn open(path: &Path, wanted: &Wanted) -> Result<(Box<dyn Source + Send>, u64), IngestError> {
    let (file, bytes) = source::open(path)?;
    Ok((open_as(Kind::of(path)?, path, file, wanted)?, bytes))
}

fn open_as(
    kind: Kind,
    path: &Path,
    file: File,
    wanted: &Wanted,
) -> Result<Box<dyn Source + Send>, IngestError> {
    Ok(match kind {
        Kind::Csv => Box::new(CsvSource::open(path, file, wanted)?),
        Kind::Parquet => Box::new(ParquetSource::open(path, file, wanted)?),
    })
}

/// Kinds of files, told by their names.
#[derive(Clone, Copy)]
enum Kind {
    Csv,
    Parquet,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, IngestError> {
        let named =
            |kind: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(kind));
        if named("csv") {
            Ok(Self::Csv)
        } else if named("parquet") {
            Ok(Self::Parquet)
        } else {
            Err(IngestError::FileKind { path: path.to_path_buf() })
        }
    }
}
