//! From a column's cells to the terms of its feature's symbols: the one place that says what a cell means.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, StringViewArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType};

use crate::binning::{Bins, Column, Edges, number_hint};
use crate::error::FeatureKind;

/// Why a column's cells are no terms.
pub(crate) enum CellError {
    /// A cell of a numeric feature that is not a finite decimal number.
    NotANumber {
        /// Its position among the cells.
        index: usize,
        /// Its text.
        cell: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The library cannot convert the cells.
    Decode(ArrowError),
}

/// Whether a column of that type can be read by the rule; if not, what the rule wants.
pub(crate) fn check_type(column: &Column, found: &DataType) -> Result<(), FeatureKind> {
    let readable = matches!(found, DataType::Null | DataType::Utf8 | DataType::Utf8View)
        || found.is_integer()
        || found.is_decimal();
    let (readable, wanted) = match column.bins() {
        Bins::Categorical(_) => {
            let has_text = matches!(found, DataType::Boolean | DataType::Date32);
            (readable || has_text, FeatureKind::Categorical)
        }
        Bins::Numeric(_) => (readable || found.is_floating(), FeatureKind::Numeric),
    };
    if readable { Ok(()) } else { Err(wanted) }
}

/// Adds the cells' terms to the symbols, which are as many.
pub(crate) fn add_terms<'a>(
    array: &ArrayRef,
    column: &Column,
    symbols: impl Iterator<Item = &'a mut u16>,
) -> Result<(), CellError> {
    match (column.bins(), array.data_type()) {
        (_, DataType::Null) => symbols.for_each(|symbol| *symbol += column.missing()),
        (_, DataType::Utf8View) => add_texts(array.as_string_view(), column, symbols)?,
        (Bins::Numeric(edges), kind) if kind.is_integer() || kind.is_floating() => {
            add_floats(&cast(array, &DataType::Float64)?, column, edges, symbols)?;
        }
        // Decimals through their text, which the parser rounds once; dividing would round twice.
        _ => add_texts(as_text(array)?.as_string_view(), column, symbols)?,
    }
    Ok(())
}

fn add_texts<'a>(
    array: &StringViewArray,
    column: &Column,
    symbols: impl Iterator<Item = &'a mut u16>,
) -> Result<(), CellError> {
    for (index, (symbol, cell)) in symbols.zip(array.iter()).enumerate() {
        let cell = cell.unwrap_or_default();
        let refuse = || CellError::NotANumber { index, cell: cell.to_owned(), hint: number_hint(cell) };
        *symbol += column.text_term(cell.as_bytes()).ok_or_else(refuse)?;
    }
    Ok(())
}

fn add_floats<'a>(
    array: &ArrayRef,
    column: &Column,
    edges: &Edges,
    symbols: impl Iterator<Item = &'a mut u16>,
) -> Result<(), CellError> {
    for (index, (symbol, cell)) in symbols.zip(array.as_primitive::<Float64Type>().iter()).enumerate() {
        *symbol += match cell {
            None => column.missing(),
            Some(value) => edges.term(value).ok_or_else(|| CellError::NotANumber {
                index,
                cell: value.to_string(),
                hint: "correct it, or make it a null if the value is missing",
            })?,
        };
    }
    Ok(())
}

/// The cells as text.
pub(crate) fn as_text(array: &ArrayRef) -> Result<ArrayRef, CellError> {
    cast(array, &DataType::Utf8View)
}

/// Not the casts' default, which turns what it cannot convert into nulls.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, CellError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, to, &options).map_err(CellError::Decode)
}
