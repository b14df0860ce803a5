//! # From files to symbols (PROTOCOL section 3)
//!
//! [`Tables`] streams files as one table of cells, Arrow arrays batch by batch, in memory that does not grow
//! with the files: CSV and other text of cells, JSON Lines, both also compressed, Parquet and Arrow IPC,
//! single, in folders or from standard input, and [tables](Table) that another library holds in memory.
//! `docs/data.md` says what is read. [`Records`] makes symbols of
//! them: every record becomes exactly one symbol for each feature of the schema, in the schema's order.
//! [`reference`](mod@reference) counts symbols, [`units`] reads a compute log.
//!
//! What a cell means is decided byte for byte, alike for all formats:
//!
//! - **empty** (a null, an empty string or an absent key too): the missing bin. So are, in a numeric
//!   feature, [the words](MISSING_NUMBERS) for a missing number;
//! - **categorical**: the cell's text is the label; integers, decimals, dates and booleans of a typed file
//!   stand for the text that writers of CSV give them: `-3`, `1.50` with all digits of its scale,
//!   `2024-01-31`, `true` or `false`;
//! - **numeric**: a finite decimal number, rounded to the nearest 64-bit float before it is compared with the
//!   edges (integers beyond 2^53 and decimals too, so the same number gives the same bin from any
//!   format). A 32-bit float is the number it holds: 0.1 stored so lies above an edge of 0.1.
//!
//! Of a Parquet column what it holds counts, not what the file says besides. Bytes without an annotation are
//! text if they are UTF-8. Times of day and timestamps are refused, as writers of CSV have a dozen spellings
//! of them; so are lists, maps, structs and bytes. None of this matters in a column that nobody asks for.
//!
//! A **crossed** feature's columns are read so, each by itself; together their bins are one symbol.
//!
//! Anything else is an error that names the file, the line or row and the column; nothing is guessed and
//! nothing skipped. As an exception that the CSV format forces, a blank line is not a record, in a file of
//! one column too: there a missing value is written `""`.

mod arrow;
mod binning;
mod cell;
mod csv;
mod data;
mod error;
mod guard;
mod hints;
mod inputs;
mod json;
mod kind;
mod parquet;
mod partitions;
mod records;
pub mod reference;
mod source;
mod stdin;
mod symbols;
mod table;
mod tables;
mod text;
pub mod units;
pub mod unmatched;

pub use self::binning::{MISSING_NUMBERS, may_mean_missing};
pub use self::data::{Data, Given};
pub use self::error::{FeatureKind, IngestError, Position};
pub use self::guard::is_decoding;
pub use self::inputs::named_files;
pub use self::records::Records;
pub use self::source::{BATCH_RECORDS, Batch};
pub use self::table::{Reader, Reason, Table};
pub use self::tables::Tables;
