//! What the columns of the files hold, in one pass and in memory that does not grow with them.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field};

use crate::error::DraftError;

pub(crate) mod cells;
mod column;
mod distinct;
mod hash;
mod labels;
mod sample;

pub(crate) use column::Column;
pub(crate) use sample::{Cell, Sample};

/// Most columns of all files together.
pub(crate) const MAX_COLUMNS: usize = 1_024;
/// Most records in the sample, and most cells.
const SAMPLE_RECORDS: usize = 16_384;
const SAMPLE_CELLS: usize = 1 << 20;
/// Most different cells that are counted, of a column and of all.
const COLUMN_LABELS: usize = 4_096;
const ALL_LABELS: usize = 1 << 17;

/// What files are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be scored: their columns have to be readable.
    Part,
    /// To be compared with: labels and edges come from them, too.
    Reference,
}

/// The columns of all files, as they were found.
pub(crate) struct Profile {
    columns: Vec<Column>,
    sample: Sample,
    files: usize,
    records: u64,
    reference_records: u64,
}

/// The columns of the file at hand, by their places among all.
pub(crate) struct Layout {
    places: Vec<usize>,
    purpose: Purpose,
}

impl Profile {
    /// Of files with these columns, all names that there are once. Of those in `counted`, numbers are counted
    /// as labels, however many there are.
    pub(crate) fn new(fields: &[Field], counted: &[String]) -> Result<Self, DraftError> {
        let columns = fields.len();
        if columns > MAX_COLUMNS {
            return Err(DraftError::TooManyColumns { found: columns, bound: MAX_COLUMNS });
        }
        let labels = (ALL_LABELS / columns.max(1)).min(COLUMN_LABELS);
        let records = (SAMPLE_CELLS / columns.max(1)).min(SAMPLE_RECORDS);
        Ok(Self {
            columns: fields
                .iter()
                .map(|field| Column::new(field.name(), labels, counted.contains(field.name())))
                .collect(),
            sample: Sample::new(columns, records),
            files: 0,
            records: 0,
            reference_records: 0,
        })
    }

    /// Begins a file with these columns, and some that hold no cells.
    pub(crate) fn begin(&mut self, fields: &[Field], passed_over: &[Field], purpose: Purpose) -> Layout {
        self.files += 1;
        let by_name: HashMap<_, _> = self
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.name().to_owned(), place))
            .collect();
        let place = |field: &Field| by_name.get(field.name()).copied();
        for field in passed_over {
            if let Some(column) = place(field).and_then(|place| self.columns.get_mut(place)) {
                column.begin_file();
                column.unreadable(field.data_type());
            }
        }
        let places: Vec<_> = fields.iter().filter_map(place).collect();
        for &place in &places {
            if let Some(column) = self.columns.get_mut(place) {
                column.begin_file();
            }
        }
        Layout { places, purpose }
    }

    /// Takes the cells of the next records: an array for each of the file's columns. An error names the file
    /// by `path`.
    pub(crate) fn add(
        &mut self,
        layout: &Layout,
        path: &Path,
        records: usize,
        arrays: &[ArrayRef],
    ) -> Result<(), DraftError> {
        self.records += u64::try_from(records).unwrap_or(u64::MAX);
        let is_reference = layout.purpose == Purpose::Reference;
        let taken = if is_reference { self.sample.take(records) } else { Vec::new() };
        if is_reference {
            self.reference_records += u64::try_from(records).unwrap_or(u64::MAX);
        }
        for (array, &place) in arrays.iter().zip(&layout.places) {
            let Some(column) = self.columns.get_mut(place) else { continue };
            let cells = Cells::of(array).map_err(|source| DraftError::Cells {
                path: path.to_owned(),
                column: column.name().to_owned(),
                source,
            })?;
            cells.count(column, is_reference);
            for &(record, slot) in &taken {
                self.sample.put(place, slot, cells.at(record));
            }
        }
        Ok(())
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The sample of the reference's records; its columns are in the same order.
    pub(crate) fn sample(&self) -> &Sample {
        &self.sample
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        self.files
    }

    /// How many records all files have.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// How many of them are the reference's.
    pub(crate) fn reference_records(&self) -> u64 {
        self.reference_records
    }
}

/// A column's cells of one batch, as features could be made of them.
enum Cells {
    /// Text, and what has an exact text that may be a label: whole numbers, decimals and truth values.
    Texts(StringViewArray),
    Floats(ArrayRef),
    Empty(usize),
    Other(DataType, usize),
}

impl Cells {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(match array.data_type() {
            DataType::Null => Self::Empty(array.len()),
            DataType::Utf8View => Self::Texts(array.as_string_view().clone()),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Boolean => Self::text_of(array)?,
            kind if kind.is_integer() || kind.is_decimal() => Self::text_of(array)?,
            kind if kind.is_floating() => Self::Floats(cast(array, &DataType::Float64)?),
            kind => Self::Other(kind.clone(), array.len()),
        })
    }

    fn text_of(array: &ArrayRef) -> Result<Self, ArrowError> {
        Ok(Self::Texts(cast(array, &DataType::Utf8View)?.as_string_view().clone()))
    }

    fn count(&self, column: &mut Column, is_reference: bool) {
        match self {
            Self::Texts(texts) => {
                texts.iter().for_each(|text| column.text(text.unwrap_or_default(), is_reference));
            }
            Self::Floats(array) => {
                column.without_labels();
                array.as_primitive::<Float64Type>().iter().for_each(|number| column.float(number));
            }
            Self::Empty(records) => (0..*records).for_each(|_| column.float(None)),
            Self::Other(kind, records) => {
                column.unreadable(kind);
                (0..*records).for_each(|_| column.float(None));
            }
        }
    }

    /// The cell of one record.
    fn at(&self, record: usize) -> Cell {
        match self {
            Self::Texts(texts) if texts.is_valid(record) => Cell::of_text(texts.value(record)),
            Self::Floats(array) if array.is_valid(record) => {
                Cell::of_float(array.as_primitive::<Float64Type>().value(record))
            }
            _ => Cell::default(),
        }
    }
}

impl Cell {
    pub(crate) fn of_text(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self { hash: hash::of(text.as_bytes()), number: cells::number(text) }
    }

    fn of_float(number: f64) -> Self {
        Self {
            hash: hash::of(&number.to_bits().to_le_bytes()),
            number: Some(number).filter(|n| n.is_finite()),
        }
    }
}

/// Not the casts' default, which turns what it cannot convert into nulls.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options)
}
