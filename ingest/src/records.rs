//! The records of several files as one dataset.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use fairshare_params::schema::Schema;

use crate::binning::Binning;
use crate::csv::CsvSource;
use crate::error::IngestError;
use crate::parquet::ParquetSource;
use crate::source;

/// Records that a dataset must stay below: `Ln` is defined for counts under 2^32 (PROTOCOL section 6).
const RECORD_LIMIT: u64 = 1 << 32;

/// The records of several files, in the order given, as symbols.
pub struct Records {
    files: std::vec::IntoIter<Input>,
    current: Option<(Input, Source<File>)>,
    binning: Binning,
    records: u64,
    record_limit: u64,
    total_bytes: u64,
    finished_bytes: u64,
    state: State,
}

/// Shows how far it is, and nothing of the record at hand.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
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

enum Source<R> {
    Csv(Box<CsvSource<R>>),
    Parquet(Box<ParquetSource<R>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl Records {
    /// Opens the files and checks, before any record is read, that each has every column of the schema.
    pub fn open(paths: &[PathBuf], schema: &Schema) -> Result<Self, IngestError> {
        Self::open_below(paths, schema, RECORD_LIMIT)
    }

    fn open_below(paths: &[PathBuf], schema: &Schema, record_limit: u64) -> Result<Self, IngestError> {
        if paths.is_empty() {
            return Err(IngestError::NoFiles);
        }
        let binning = Binning::new(schema)?;
        let mut files = Vec::with_capacity(paths.len());
        let mut declared = 0u64;
        for path in paths {
            // Dropped at once: a dataset of many files must not hold as many descriptors.
            let (source, bytes) = Source::open(path, &binning)?;
            let input = Input { path: path.clone(), bytes };
            declared = declared
                .checked_add(source.declared())
                .filter(|declared| *declared < record_limit)
                .ok_or_else(|| IngestError::TooManyRecords { path: path.clone(), limit: record_limit })?;
            files.push(input);
        }
        Ok(Self {
            total_bytes: files.iter().map(|file| file.bytes).sum(),
            files: files.into_iter(),
            current: None,
            binning,
            records: 0,
            record_limit,
            finished_bytes: 0,
            state: State::Reading,
        })
    }

    /// Appends the symbols of up to [`BATCH_RECORDS`](crate::BATCH_RECORDS) records to `out` and returns how
    /// many records those were; 0 means that all files are read. A record is [`Self::features`] symbols, in
    /// the schema's order. On an error `out` is as it was, and reading on is an error too.
    pub fn next_batch(&mut self, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        match self.state {
            State::Reading => {}
            State::Ended => return Ok(0),
            State::Failed => return Err(IngestError::Stopped),
        }
        let before = out.len();
        let result = self.read_batch(out);
        match result {
            Ok(0) => self.state = State::Ended,
            Ok(_) => {}
            Err(_) => {
                out.truncate(before);
                self.state = State::Failed;
            }
        }
        result
    }

    /// `d`: symbols in a record.
    pub fn features(&self) -> usize {
        self.binning.features().len()
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
        let current = match &self.current {
            Some((input, Source::Csv(source))) => source.bytes_read().min(input.bytes),
            Some((input, Source::Parquet(source))) => source.bytes_read(input.bytes),
            None => 0,
        };
        self.finished_bytes + current
    }

    pub(crate) fn binning(&self) -> &Binning {
        &self.binning
    }

    fn read_batch(&mut self, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        loop {
            let (input, mut source) = match self.current.take() {
                Some(current) => current,
                None => match self.files.next() {
                    Some(input) => {
                        let (source, _) = Source::open(&input.path, &self.binning)?;
                        (input, source)
                    }
                    None if self.records == 0 => return Err(IngestError::NoRecords),
                    None => return Ok(0),
                },
            };
            let read = source.next_batch(&self.binning, out)?;
            if read == 0 {
                self.finished_bytes += input.bytes;
                continue;
            }
            self.records += read as u64;
            if self.records >= self.record_limit {
                return Err(IngestError::TooManyRecords { path: input.path, limit: self.record_limit });
            }
            self.current = Some((input, source));
            return Ok(read);
        }
    }
}

impl Source<File> {
    /// And the file's length.
    fn open(path: &Path, binning: &Binning) -> Result<(Self, u64), IngestError> {
        let (file, bytes) = source::open(path)?;
        Ok((Source::read(Kind::of(path)?, path, file, binning)?, bytes))
    }
}

impl<R: Read + Seek + Send + 'static> Source<R> {
    fn read(kind: Kind, path: &Path, file: R, binning: &Binning) -> Result<Self, IngestError> {
        Ok(match kind {
            Kind::Csv => Self::Csv(Box::new(CsvSource::open(path, file, binning)?)),
            Kind::Parquet => Self::Parquet(Box::new(ParquetSource::open(path, file, binning)?)),
        })
    }

    /// Records that the file says it has; a CSV file says nothing.
    fn declared(&self) -> u64 {
        match self {
            Self::Csv(_) => 0,
            Self::Parquet(source) => source.declared(),
        }
    }

    fn next_batch(&mut self, binning: &Binning, out: &mut Vec<u16>) -> Result<usize, IngestError> {
        match self {
            Self::Csv(source) => source.next_batch(binning, out),
            Self::Parquet(source) => source.next_batch(binning, out),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use fairshare_params::schema::{Column, Feature, Rule};

    use super::*;

    #[test]
    fn a_dataset_at_the_record_limit_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("three.csv");
        fs::write(&path, "x\n1\n2\n3\n").expect("write");
        let rule = Rule::Numeric { edges: vec![2.0] };
        let feature = Feature::Column(Column { name: "x".into(), rule });
        let schema = Schema::new(vec![feature], 1 << 10).expect("schema");
        let mut out = Vec::new();
        let mut records = Records::open_below(std::slice::from_ref(&path), &schema, 3).expect("open");
        let error = records.next_batch(&mut out).expect_err("three records are not below three");
        assert_eq!(
            error.to_string(),
            format!(
                "{}: the dataset has 3 records or more, which is the most that can be scored: upload fewer",
                path.display()
            )
        );
        assert!(out.is_empty(), "no symbols of a refused batch");
        assert!(matches!(records.next_batch(&mut out), Err(IngestError::Stopped)));
        let mut records = Records::open_below(&[path], &schema, 4).expect("open");
        assert_eq!(records.next_batch(&mut out).expect("below four"), 3);
    }
}
