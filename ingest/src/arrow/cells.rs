//! What every source of Arrow arrays shares: which columns are read, and their rows as cells, batch by batch.

use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use fairshare_formats::excerpt::excerpt;

use crate::error::{IngestError, Position};
use crate::guard::guarded;
use crate::source::{BATCH_RECORDS, Batch, Wanted, check_distinct, holds_cells, locate_all};

/// The columns that are read.
pub(crate) struct Chosen {
    /// Where they stand in the schema.
    positions: Vec<usize>,
    fields: Vec<Field>,
    passed_over: Vec<Field>,
}

impl Chosen {
    /// Those that are wanted of a schema; `path` is for messages.
    pub(crate) fn of(path: &Path, schema: &Schema, wanted: &Wanted) -> Result<Self, IngestError> {
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let (positions, passed_over) = match wanted {
            Wanted::Named(wanted) => {
                let positions = locate_all(path, &names, wanted)?;
                positions.iter().try_for_each(|column| check_extension(path, schema.field(*column)))?;
                (positions, Vec::new())
            }
            Wanted::All => {
                check_distinct(path, &names)?;
                (0..names.len()).partition(|column| {
                    let field = schema.field(*column);
                    holds_cells(plain(field.data_type())) && extension(field).is_none()
                })
            }
        };
        let field = |position: &usize| {
            let field = schema.field(*position);
            Field::new(field.name(), plain(field.data_type()).clone(), true)
        };
        let fields = positions.iter().map(field).collect();
        let passed_over = passed_over.into_iter().map(|column| schema.field(column).clone()).collect();
        Ok(Self { positions, fields, passed_over })
    }

    /// Where the columns stand in the schema.
    pub(crate) fn positions(&self) -> &[usize] {
        &self.positions
    }

    /// The columns, with the types of their cells.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Columns that are not read.
    pub(crate) fn passed_over(&self) -> &[Field] {
        &self.passed_over
    }
}

/// The rows of the source's batch at hand, of which ours are slices. No `Debug`: it holds records.
#[derive(Default)]
pub(crate) struct Rows {
    columns: Vec<ArrayRef>,
    rows: usize,
    /// How many were handed out.
    given: usize,
    /// Rows of all batches before the last of ours, and with it.
    before: u64,
    read: u64,
}

impl Rows {
    /// Whether all were handed out.
    pub(crate) fn is_empty(&self) -> bool {
        self.given == self.rows
    }

    /// Takes the next batch's columns, which are as long as it has rows.
    pub(crate) fn take(&mut self, columns: Vec<ArrayRef>, rows: usize) {
        (self.columns, self.rows, self.given) = (columns, rows, 0);
    }

    /// Rows handed out so far.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Where the record of that index in the last batch stands.
    pub(crate) fn position(&self, index: usize) -> Position {
        Position::Row(self.before + index as u64 + 1)
    }

    /// The next rows as cells, [`BATCH_RECORDS`] at most; `refuse` says where it was that they could not be
    /// converted. The columns go with the last of them.
    pub(crate) fn next_batch(
        &mut self,
        path: &Path,
        chosen: &Chosen,
        refuse: impl Fn(u64, ArrowError) -> IngestError,
    ) -> Result<Batch, IngestError> {
        let rows = (self.rows - self.given).min(BATCH_RECORDS);
        let cells = self.columns.iter().zip(&chosen.fields);
        let cells = cells.map(|(column, field)| cast(&column.slice(self.given, rows), field.data_type()));
        let cells = guarded(path, self.read, || {
            cells.collect::<Result<_, _>>().map_err(|error| refuse(self.read, error))
        })?;
        self.given += rows;
        (self.before, self.read) = (self.read, self.read + rows as u64);
        if self.is_empty() {
            self.columns.clear();
        }
        Ok(Batch::new(cells, rows))
    }
}

/// The extension type of a column that is not text. What it stores is not what it means: a period's number
/// counts its months, and nobody but the type's library can tell.
fn extension(field: &Field) -> Option<&str> {
    let name = field.metadata().get(EXTENSION_TYPE_NAME_KEY).map(String::as_str);
    name.filter(|_| *plain(field.data_type()) != DataType::Utf8View)
}

fn check_extension(path: &Path, field: &Field) -> Result<(), IngestError> {
    extension(field).map_or(Ok(()), |name| {
        let (column, extension) = (excerpt(field.name()), excerpt(name));
        Err(IngestError::Extension { path: path.to_path_buf(), column, extension })
    })
}

/// The type of a column's values, be they in a dictionary or not; text as every source has it.
pub(crate) fn plain(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, values) => viewed(values),
        kind => viewed(kind),
    }
}

fn viewed(kind: &DataType) -> &DataType {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 => &DataType::Utf8View,
        kind => kind,
    }
}

/// Not the casts' default, which turns what it cannot convert into nulls.
fn cast(cells: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if cells.data_type() == to {
        return Ok(Arc::clone(cells));
    }
    cast_with_options(cells, to, &CastOptions { safe: false, ..CastOptions::default() })
}
