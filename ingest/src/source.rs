//! What the readers of all formats share: cells, batch by batch, as Arrow arrays.

use std::fs::File;
use std::path::Path;

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field};
use fairshare_formats::excerpt::{Names, excerpt};
use fairshare_storage::files::{self, OpenError};

use crate::error::{IngestError, Position};

/// Most records in a batch.
pub const BATCH_RECORDS: usize = 8192;

/// Most bytes of records in a batch of text, but for the last of them.
pub(crate) const BATCH_BYTES: usize = 1 << 24;

/// Columns to read.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Those of these names, in this order; a file without one of them is refused.
    Named(Vec<String>),
    /// Every one that holds cells, in the file's order.
    All,
}

/// Cells of consecutive records: an array per column, all of one length. No `Debug`: it holds records.
pub struct Batch {
    columns: Vec<ArrayRef>,
    records: usize,
}

impl Batch {
    /// The columns' cells, which must be as many as the records.
    pub(crate) fn new(columns: Vec<ArrayRef>, records: usize) -> Self {
        debug_assert!(columns.iter().all(|column| column.len() == records));
        Self { columns, records }
    }

    /// A column's cells, in the order of the columns asked for.
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }

    /// How many records the cells are of: 1 at least.
    pub fn records(&self) -> usize {
        self.records
    }
}

/// A file of records as cells.
pub(crate) trait Source {
    /// The columns read, in the order asked for: what [`Self::next_batch`] gives an array each of.
    fn fields(&self) -> &[Field];

    /// Columns that are not read because they hold no cells: lists, maps, bytes.
    fn passed_over(&self) -> &[Field];

    /// Records that the file says it has; 0 where it says nothing.
    fn declared(&self) -> u64;

    /// The cells of the next records, [`BATCH_RECORDS`] at most; none at the end. The batch before must be
    /// dropped by then: what it points into no longer counts as memory in use.
    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError>;

    /// Where the record of that index in the last batch stands.
    fn position(&mut self, index: usize) -> Result<Position, IngestError>;

    /// Which columns no record has had yet, where a file need not say at its beginning what it has.
    fn unseen(&self) -> Vec<usize> {
        Vec::new()
    }

    /// Bytes read so far of a file of that length.
    fn bytes_read(&self, file_length: u64) -> u64;
}

/// Whether values of that type are cells: one text, number, date or truth value each.
pub(crate) fn holds_cells(kind: &DataType) -> bool {
    use DataType::{Boolean, Date32, Null, Utf8, Utf8View};
    matches!(kind, Null | Utf8 | Utf8View | Boolean | Date32)
        || kind.is_integer()
        || kind.is_floating()
        || kind.is_decimal()
}

/// Opens a file that has a length and something in it: a pipe or a device, which can neither be opened twice
/// nor measured, is refused without waiting for it.
pub(crate) fn open(path: &Path) -> Result<(File, u64), IngestError> {
    let refuse = |error| match error {
        OpenError::NotRegular => IngestError::NotAFile { path: path.to_path_buf() },
        OpenError::Io(source) => IngestError::Open { path: path.to_path_buf(), source },
        other => IngestError::Open { path: path.to_path_buf(), source: other.into() },
    };
    match files::open(path).map_err(refuse)? {
        (_, 0) => Err(IngestError::EmptyFile { path: path.to_path_buf() }),
        opened => Ok(opened),
    }
}

/// Where in `present` those columns stand; one that is absent and one that is there twice are refused.
pub(crate) fn locate_all(path: &Path, present: &[&str], names: &[String]) -> Result<Vec<usize>, IngestError> {
    names.iter().map(|name| locate(path, present, name)).collect()
}

fn locate(path: &Path, present: &[&str], column: &str) -> Result<usize, IngestError> {
    let mut positions = present.iter().enumerate().filter(|(_, name)| **name == column);
    let Some((position, _)) = positions.next() else {
        return Err(missing(path, present.iter().copied(), column));
    };
    if positions.next().is_some() {
        return Err(duplicate(path, column));
    }
    Ok(position)
}

/// Refuses columns of one name, where all are read.
pub(crate) fn check_distinct(path: &Path, names: &[&str]) -> Result<(), IngestError> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(duplicate(path, pair[0])),
        None => Ok(()),
    }
}

/// The refusal of a file without that column.
pub(crate) fn missing<'a>(
    path: &Path,
    present: impl IntoIterator<Item = &'a str>,
    column: &str,
) -> IngestError {
    IngestError::MissingColumn {
        path: path.to_path_buf(),
        column: column.to_owned(),
        present: Names::new(present),
    }
}

fn duplicate(path: &Path, column: &str) -> IngestError {
    IngestError::DuplicateColumn { path: path.to_path_buf(), column: excerpt(column) }
}
