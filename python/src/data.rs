//! Python's tables and paths as the reader's.
//!
//! Whatever has `__arrow_c_stream__` gives its arrays where they are. NumPy's arrays have no such method; the
//! package hands them over by `fairshare._arrays.Chunks`, a few thousand records at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::ffi_stream::RecordBatchStreamReader;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchReader, StringArray,
    UInt64Array,
};
use arrow_pyarrow::FromPyArrow;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use fairshare_ingest::{Data, Given, Reader, Reason, Table};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::halt::Halt;
use crate::handover::handed_over;

/// What a caller gave as data: paths, or tables, and not both.
pub enum Source {
    /// Files, folders and patterns.
    Files(Vec<PathBuf>),
    /// Tables in memory.
    Tables(Vec<Table>),
}

impl Source {
    /// Of what the package has sorted out: each a path, or an object that gives Arrow arrays or chunks.
    /// `halt` ends the reading of tables.
    pub fn of(items: &[Bound<'_, PyAny>], halt: &Halt) -> PyResult<Self> {
        let (mut files, mut tables) = (Vec::new(), Vec::new());
        for (index, item) in items.iter().enumerate() {
            match given(item, &named(index, items.len()), halt)? {
                Given::File(path) => files.push(path),
                Given::Table(table) => tables.push(table),
            }
        }
        match (files.is_empty(), tables.is_empty()) {
            (true, true) => Err(PyValueError::new_err("no data given: give a table or a path")),
            (false, false) => Err(PyTypeError::new_err("paths and tables together: give one or the other")),
            (true, false) => Ok(Self::Tables(tables)),
            (false, true) => Ok(Self::Files(files)),
        }
    }

    /// All of it as one dataset.
    pub fn data(&self) -> Data<'_> {
        match self {
            Self::Files(files) => Data::Files(files),
            Self::Tables(tables) => Data::Tables(tables),
        }
    }
}

fn named(index: usize, items: usize) -> String {
    if items == 1 { "the table".to_owned() } else { format!("table {}", index + 1) }
}

/// One path or table, of that name in messages. `halt` ends its reading.
pub fn given(item: &Bound<'_, PyAny>, name: &str, halt: &Halt) -> PyResult<Given> {
    if item.is_instance_of::<PyString>() {
        return Ok(Given::File(item.extract()?));
    }
    let records = if knows_its_length(item)? { item.len()? as u64 } else { 0 };
    let is_chunked =
        item.hasattr("chunk")? && item.hasattr("columns")? && !item.hasattr("__arrow_c_stream__")?;
    // A reader gives its batches once, and says so by nothing but its methods.
    let is_begun = AtomicBool::new(false);
    let reads_once = item.hasattr("read_next_batch")?;
    let (held, halt) = (Arc::new(item.clone().unbind()), halt.clone());
    let open = move || -> Result<Reader, Reason> {
        let first = || Python::attach(|py| is_first(held.bind(py)));
        if reads_once && (is_begun.swap(true, Ordering::Relaxed) || !first()?) {
            return Err("it can be read once only, and was begun before; give a table or a new reader".into());
        }
        let held = Arc::clone(&held);
        let opened = move || {
            Python::attach(|py| {
                let item = held.bind(py);
                if is_chunked {
                    return Ok(Box::new(Chunks::of(item)?) as Reader);
                }
                let reader: RecordBatchStreamReader = FromPyArrow::from_pyarrow_bound(item)?;
                Ok(Box::new(reader) as Reader)
            })
        };
        handed_over(opened, halt.clone())
    };
    Ok(Given::Table(Table::new(name, open).with_records(records)))
}

/// Whether its length is at hand. To others, as to a query, the question may be as much work as all of it.
fn knows_its_length(item: &Bound<'_, PyAny>) -> PyResult<bool> {
    let module: String = item.get_type().module()?.extract()?;
    let library = module.split('.').next().unwrap_or_default();
    Ok(["fairshare", "pandas", "polars", "pyarrow"].contains(&library) && item.hasattr("__len__")?)
}

/// Whether no call began to read it, this one or an earlier one.
fn is_first(item: &Bound<'_, PyAny>) -> PyResult<bool> {
    item.py().import("fairshare._data")?.call_method1("begin", (item,))?.extract()
}

/// Columns of NumPy's, copied chunk by chunk.
struct Chunks {
    item: Py<PyAny>,
    schema: SchemaRef,
    next: usize,
    is_over: bool,
}

impl Chunks {
    fn of(item: &Bound<'_, PyAny>) -> PyResult<Self> {
        let columns: Vec<(String, String)> = item.call_method0("columns")?.extract()?;
        let field = |(name, kind): (String, String)| -> PyResult<Field> {
            let kind = match kind.as_str() {
                "float" => DataType::Float64,
                "int" => DataType::Int64,
                "uint" => DataType::UInt64,
                "bool" => DataType::Boolean,
                "text" => DataType::Utf8,
                other => return Err(PyTypeError::new_err(format!("columns of {other} are not read"))),
            };
            Ok(Field::new(name, kind, true))
        };
        let fields: Vec<_> = columns.into_iter().map(field).collect::<PyResult<_>>()?;
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { item: item.clone().unbind(), schema, next: 0, is_over: false })
    }

    fn read(&mut self) -> PyResult<Option<RecordBatch>> {
        let batch = Python::attach(|py| -> PyResult<Option<RecordBatch>> {
            let chunk: Option<Vec<Bound<'_, PyAny>>> =
                self.item.bind(py).call_method1("chunk", (self.next,))?.extract()?;
            let Some(columns) = chunk else { return Ok(None) };
            let arrays = self.schema.fields().iter().zip(&columns);
            let arrays =
                arrays.map(|(field, cells)| array(field.data_type(), cells)).collect::<PyResult<_>>()?;
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays);
            batch.map(Some).map_err(|error| PyValueError::new_err(error.to_string()))
        })?;
        self.next += 1;
        Ok(batch)
    }
}

impl Iterator for Chunks {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let batch = self.read();
        self.is_over = !matches!(batch, Ok(Some(_)));
        batch.map_err(|error| ArrowError::ExternalError(Box::new(error))).transpose()
    }
}

impl RecordBatchReader for Chunks {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// Cells of one column: numbers by their bytes, eight each and the lowest first, truth values by one each,
/// text as a list. A number that is not one is a missing value: NumPy has no other.
fn array(kind: &DataType, cells: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if *kind == DataType::Utf8 {
        return Ok(Arc::new(StringArray::from(cells.extract::<Vec<Option<String>>>()?)));
    }
    let bytes = cells.cast::<PyBytes>()?.as_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    Ok(match kind {
        DataType::Float64 => {
            let number = |word: &[u8; 8]| Some(f64::from_le_bytes(*word)).filter(|number| !number.is_nan());
            Arc::new(words.iter().map(number).collect::<Float64Array>())
        }
        DataType::Int64 => {
            Arc::new(Int64Array::from_iter_values(words.iter().map(|word| i64::from_le_bytes(*word))))
        }
        DataType::UInt64 => {
            Arc::new(UInt64Array::from_iter_values(words.iter().map(|word| u64::from_le_bytes(*word))))
        }
        _ => Arc::new(bytes.iter().map(|byte| Some(*byte != 0)).collect::<BooleanArray>()),
    })
}
