//! Tables that another library holds in memory, given batch by batch as Arrow arrays.
//!
//! The arrays are read where they are: nothing is copied but the cells of one batch of ours. What is in them
//! is another library's word, so each column that is read is validated before a cell of it is looked at:
//! offsets within their buffers, text as UTF-8, keys within their dictionary. Whoever gives a table must not
//! change its arrays while they are read.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Field, SchemaRef};
use fairshare_formats::excerpt::excerpt;

use crate::arrow::cells::{Chosen, Rows};
use crate::error::{IngestError, Position};
use crate::guard::guarded;
use crate::source::{Batch, Source, Wanted};

/// Batches of records, each with the columns of one schema.
pub type Reader = Box<dyn RecordBatchReader + Send>;
/// Why a table's owner does not give it.
pub type Reason = Box<dyn Error + Send + Sync>;

/// A table that another library holds.
#[derive(Clone)]
pub struct Table {
    name: PathBuf,
    records: u64,
    open: Arc<dyn Fn() -> Result<Reader, Reason> + Send + Sync>,
}

/// Shows its name, and nothing of its records.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Table {
    /// A table of that name in messages, whose batches `open` gives from the first one on.
    /// [`Records`](crate::Records) calls it once; who reads a table twice, as a draft does, calls it twice.
    pub fn new(
        name: impl Into<PathBuf>,
        open: impl Fn() -> Result<Reader, Reason> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), records: 0, open: Arc::new(open) }
    }

    /// The same table, said to have that many records: for a progress bar, and for nothing else.
    pub fn with_records(self, records: u64) -> Self {
        Self { records, ..self }
    }

    /// Its name in messages.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Records that it is said to have; 0 where nobody says.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }
}

/// A table as a source of cells. No `Debug`: it holds records.
pub(crate) struct TableSource {
    path: PathBuf,
    reader: Reader,
    schema: SchemaRef,
    chosen: Chosen,
    /// The owner's batch at hand.
    rows: Rows,
}

impl TableSource {
    /// Begins to read a table.
    pub(crate) fn open(table: &Table, wanted: &Wanted) -> Result<Self, IngestError> {
        let path = table.name.clone();
        let refuse = |source| IngestError::TableOpen { path: path.clone(), source };
        let reader = guarded(&path, 0, || (table.open)().map_err(refuse))?;
        let schema = reader.schema();
        let chosen = Chosen::of(&path, &schema, wanted)?;
        Ok(Self { path, reader, schema, chosen, rows: Rows::default() })
    }

    /// The owner's next batch that has rows; false at the end.
    fn advance(&mut self) -> Result<bool, IngestError> {
        while self.rows.is_empty() {
            let (reader, path, row) = (&mut self.reader, &self.path, self.rows.read());
            let Some(batch) = guarded(path, row, || Ok(reader.next()))? else { return Ok(false) };
            let batch = batch.map_err(|error| read_error(path, row, error))?;
            let columns = guarded(path, row, || self.columns(&batch))?;
            self.rows.take(columns, batch.num_rows());
        }
        Ok(true)
    }

    /// The columns that are read of a batch, which are what the schema says and valid.
    fn columns(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, IngestError> {
        let column = |position: &usize| {
            let field = self.schema.field(*position);
            let path = self.path.clone();
            let name = excerpt(field.name());
            let Some(array) = batch.columns().get(*position) else {
                return Err(IngestError::TableShape { path, column: name });
            };
            if array.data_type() != field.data_type() || array.len() != batch.num_rows() {
                return Err(IngestError::TableShape { path, column: name });
            }
            match array.to_data().validate_full() {
                Ok(()) => Ok(Arc::clone(array)),
                Err(error) => Err(IngestError::TableCells { path, column: name, source: Box::new(error) }),
            }
        };
        self.chosen.positions().iter().map(column).collect()
    }
}

impl Source for TableSource {
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
        self.rows.next_batch(path, &self.chosen, |row, error| read_error(path, row, error)).map(Some)
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        Ok(self.rows.position(index))
    }

    /// Of a table records are counted, which its owner need not know the number of.
    fn bytes_read(&self, records: u64) -> u64 {
        if records == 0 { self.rows.read() } else { self.rows.read().min(records) }
    }
}

fn read_error(path: &Path, row: u64, source: ArrowError) -> IngestError {
    IngestError::TableRead { path: path.to_path_buf(), row, source: Box::new(source) }
}
