//! Why files are no records or units: what is wrong, where, and what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use fairshare_formats::excerpt::Names;
use fairshare_formats::units::UnitsError;

/// Where a cell stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The line of a text file on which the record begins, from 1.
    Line(u64),
    /// The row of a Parquet file, from 1.
    Row(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// Kinds of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Labels.
    Categorical,
    /// Numbers, between edges.
    Numeric,
}

impl FeatureKind {
    /// Types of columns that can be read as such a feature.
    fn readable(self) -> &'static str {
        match self {
            Self::Categorical => "a string, integer or boolean",
            Self::Numeric => "an integer, float or decimal",
        }
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Categorical => "categorical",
            Self::Numeric => "numeric",
        })
    }
}

/// Why files cannot be read as records or units.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// No file was given.
    #[error("no file given: name at least one .csv or .parquet file")]
    NoFiles,
    /// The file cannot be opened.
    #[error("{}: cannot be opened", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Reading failed underway.
    #[error("{}: reading failed", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A folder, pipe or device.
    #[error("{}: not a regular file; save the data as a .csv or .parquet file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The extension says neither CSV nor Parquet.
    #[error(
        "{}: the name ends in neither .csv nor .parquet; convert or decompress the file, or rename it",
        path.display()
    )]
    FileKind {
        /// The file.
        path: PathBuf,
    },
    /// Nothing in the file, not even a header.
    #[error("{}: the file is empty; a header with the columns' names is needed", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// A column that the schema names is absent.
    #[error("{}: no column `{column}`; the file has: {present}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The name looked for.
        column: String,
        /// The names that are there.
        present: Names,
    },
    /// A column that the schema names is there twice.
    #[error("{}: two columns are named `{column}`; rename or remove one", path.display())]
    DuplicateColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
    },
    /// A record with more or fewer cells than the header.
    #[error(
        "{}, line {line}: {found} cells, but the header has {expected}; check for missing or unquoted \
         commas",
        path.display()
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Cells in the header.
        expected: usize,
        /// Cells in the record.
        found: usize,
    },
    /// Text that is not UTF-8.
    #[error("{}, line {line}: not valid UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// The file ends within quotes, so that records could be hidden in one cell.
    #[error("{}, line {line}: a quoted cell is never closed; add the closing quote", path.display())]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins, from 1.
        line: u64,
    },
    /// A record beyond any sensible length, as an unclosed quote makes.
    #[error(
        "{}, line {line}: a record of more than {limit} bytes; check for a quoted cell that is never closed",
        path.display()
    )]
    RecordTooLong {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins, from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A cell of a numeric feature that is not a finite decimal number.
    #[error(
        "{}, {position}, column `{column}`: `{cell}` is not a finite decimal number: {hint}",
        path.display()
    )]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Line or row.
        position: Position,
        /// The column.
        column: String,
        /// The cell, cut to 42 characters.
        cell: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A Parquet column whose type cannot become the feature.
    #[error(
        "{}, column `{column}`: type {found} cannot be read as a {wanted} feature; convert it to {}",
        path.display(), wanted.readable()
    )]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The name of the column's type, cut to 42 characters: the type itself is the library's.
        found: String,
        /// The feature's kind.
        wanted: FeatureKind,
    },
    /// What frames a Parquet file is not as the format has it.
    #[error("{}: not a readable Parquet file: {reason}; write the file anew", path.display())]
    ParquetFrame {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The Parquet library refused the file.
    #[error("{}: Parquet data cannot be decoded after row {row}; write the file anew", path.display())]
    ParquetDecode {
        /// The file.
        path: PathBuf,
        /// Rows read before.
        row: u64,
        /// The library's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A library failed on the file in a way it should not.
    #[error(
        "{}: the decoder broke down after row {row} ({message}); the file is corrupt: write it anew",
        path.display()
    )]
    DecoderPanic {
        /// The file.
        path: PathBuf,
        /// Rows read before.
        row: u64,
        /// What the decoder said.
        message: String,
    },
    /// A Parquet file holds another number of rows than it says.
    #[error("{}: {found} rows, but its footer declares {declared}; write the file anew", path.display())]
    RowCount {
        /// The file.
        path: PathBuf,
        /// Rows declared.
        declared: u64,
        /// Rows found.
        found: u64,
    },
    /// The files together hold no record.
    #[error("no records: every file has a header only")]
    NoRecords,
    /// The counts would not fit the score's arithmetic.
    #[error(
        "{}: the dataset has {limit} records or more, which is the most that can be scored: upload fewer",
        path.display()
    )]
    TooManyRecords {
        /// The file during which the limit was reached.
        path: PathBuf,
        /// Records that a dataset must stay below.
        limit: u64,
    },
    /// A schema of more symbols than any geometry's alphabet.
    #[error("the schema has {symbols} symbols, but a symbol is at most 65535: drop bins")]
    TooManySymbols {
        /// Symbols of the schema, padding included.
        symbols: usize,
    },
    /// Reading on after an error.
    #[error("reading stopped at an earlier error: open the files again")]
    Stopped,
    /// Units that are refused.
    #[error("{}: not a table of units", path.display())]
    Units {
        /// The file.
        path: PathBuf,
        /// Why, with line and column.
        source: UnitsError,
    },
}
