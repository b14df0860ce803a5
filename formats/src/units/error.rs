//! Why a table of units is refused, where, and how to mend it.

use std::io;

use crate::eip55::AddressError;
use crate::excerpt::Names;

/// Why a table of units is refused. Lines count from 1, the header included; what a message quotes is cut
/// to 42 characters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitsError {
    /// Reading failed underway.
    #[error("reading failed")]
    Read(#[source] io::Error),
    /// Nothing there, not even a header.
    #[error("the file is empty; a header with the columns' names is needed")]
    Empty,
    /// More columns than are read.
    #[error("line {line}: more than {bound} columns; add nodes up")]
    TooManyColumns {
        /// The line.
        line: u64,
        /// Columns read.
        bound: usize,
    },
    /// No column of a node: such a record could not be told from none.
    #[error("no column is a node's; where nobody worked, give no table")]
    NoNodes,
    /// No row but the header, where rows say which rounds there are.
    #[error("a header and no row; give every round a row, from the epoch's first to its last")]
    NoRounds,
    /// More rows than an epoch has rounds.
    #[error(
        "line {line}: more than {bound} rounds, which no geometry covers; begin a new epoch with this one"
    )]
    TooManyRounds {
        /// The line.
        line: u64,
        /// The most rounds of an epoch.
        bound: usize,
    },
    /// A column that is needed is absent.
    #[error("no column `{column}`; the file has: {present}")]
    MissingColumn {
        /// The name looked for.
        column: String,
        /// The names that are there.
        present: Names,
    },
    /// More units than are held at once.
    #[error(
        "line 1: {columns} columns of {rounds} rounds are more than {bound} units; read fewer nodes at once"
    )]
    TooManyUnits {
        /// Columns.
        columns: usize,
        /// Rounds.
        rounds: usize,
        /// Units that are held.
        bound: usize,
    },
    /// A column that is needed is there twice, or a node under two spellings of its address.
    #[error("line 1: two columns are named `{column}`; rename or remove one")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// A column that is not named by a node's address.
    #[error("line 1, column `{column}`: a node's units stand under its address")]
    NodeColumn {
        /// The column's name.
        column: String,
        /// Why that is not an address.
        source: AddressError,
    },
    /// A row with more or fewer cells than the header.
    #[error(
        "line {line}: {found} cells, but the header has {expected}; check for missing or unquoted commas"
    )]
    Ragged {
        /// The line.
        line: u64,
        /// Cells in the header.
        expected: usize,
        /// Cells in the row.
        found: usize,
    },
    /// Text that is not UTF-8.
    #[error("line {line}: not valid UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The line.
        line: u64,
    },
    /// The text ends within quotes, so that rows could be hidden in one cell.
    #[error("line {line}: a quoted cell is never closed; add the closing quote")]
    UnclosedQuote {
        /// The line on which the row begins.
        line: u64,
    },
    /// A row beyond any sensible length, as an unclosed quote makes.
    #[error("line {line}: a row of more than {bound} bytes; check for a quoted cell that is never closed")]
    RowTooLong {
        /// The line on which the row begins.
        line: u64,
        /// The most bytes that are read of a row.
        bound: usize,
    },
    /// A number that is not an integer in range.
    #[error(
        "line {line}, column `{column}`: `{cell}` is not an integer from 0 to {largest}, written in digits \
         only"
    )]
    NotAnInteger {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        cell: String,
        /// The largest that would be accepted.
        largest: u64,
    },
    /// A round past those of the epoch.
    #[error(
        "line {line}: round {round} is not one of the {rounds} rounds from {first}; leave it out, or name \
         the policy that it belongs to"
    )]
    RoundOutside {
        /// The line.
        line: u64,
        /// The round.
        round: u64,
        /// The first round of the epoch.
        first: u64,
        /// Rounds of the epoch.
        rounds: usize,
    },
    /// A row out of order, in a table that has every row.
    #[error(
        "line {line}, column `{column}`: {found} stands where {expected} belongs; list every {column} once, \
         in order, from {first}"
    )]
    Order {
        /// The line.
        line: u64,
        /// The column that numbers the rows.
        column: String,
        /// The number found.
        found: u64,
        /// The number expected.
        expected: u64,
        /// The first row's number.
        first: u64,
    },
    /// Rounds that are not there at the end.
    #[error(
        "the table ends before round {missing}; list each of the {rounds} rounds from {first}, with 0 too"
    )]
    Ended {
        /// The first that is missing.
        missing: u64,
        /// The first round of the epoch.
        first: u64,
        /// Rounds of the epoch.
        rounds: usize,
    },
    /// A round's units do not fit.
    #[error("line {line}: the units of round {round} add up to {total}, above 4294967295; use larger units")]
    Total {
        /// The line.
        line: u64,
        /// The round.
        round: u64,
        /// The sum.
        total: u64,
    },
    /// A node that nobody is.
    #[error(transparent)]
    Record(#[from] fairshare_params::units::UnitsError),
}
