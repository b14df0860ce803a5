//! Why files are no records or units: what is wrong, where, and what to do.

use std::io;
use std::path::PathBuf;

use fairshare_formats::excerpt::Names;
use fairshare_formats::units::UnitsError;

pub use crate::cell::{FeatureKind, Position};
use crate::hints::{after_quote, near, not_utf8, separate};

/// Why files cannot be read as records or units.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// No file was given.
    #[error("no file given: name a file, a folder or a pattern of files, or `-` for standard input")]
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
    /// A pipe or device.
    #[error("{}: not a regular file; pipe it in as standard input, `-`, or save it", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The name does not tell the format.
    #[error("{}: the name does not say what the file holds; it must end in {read}", path.display())]
    FileKind {
        /// The file.
        path: PathBuf,
        /// The endings that are read.
        read: &'static str,
    },
    /// The first bytes are of another kind than the name.
    #[error("{}: the file is {found}, not {expected}; {remedy}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What the name says.
        expected: &'static str,
        /// What the bytes say.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Data are to be typed.
    #[error("standard input is a terminal; pipe the data in, or name a file")]
    Terminal,
    /// A folder without data, or a pattern that nothing matches.
    #[error("{}: no file is there; check the folder's or pattern's spelling", path.display())]
    NoFilesIn {
        /// The folder or pattern.
        path: PathBuf,
    },
    /// A pattern that cannot be understood.
    #[error(
        "{}: neither a file nor a pattern ({reason}); write `*`, `?` and `[…]` for what may differ",
        path.display()
    )]
    Pattern {
        /// The pattern.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that a pattern looks into has a name that no pattern can be compared with.
    #[error(
        "{}: a name in this folder is not UTF-8, so that `{pattern}` cannot be matched; rename it, or give \
         the folder",
        folder.display()
    )]
    NameText {
        /// The folder.
        folder: PathBuf,
        /// The pattern, or its beginning.
        pattern: String,
    },
    /// More files than a dataset may have.
    #[error("{}: more than {limit} files; write fewer, larger ones", path.display())]
    TooManyFiles {
        /// The folder or pattern.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Folders in folders without end.
    #[error("{}: more than {limit} folders deep; name a folder further down", path.display())]
    FolderTooDeep {
        /// Where the limit was reached.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A folder that contains itself.
    #[error("{}: a link leads back to a folder that it is in; remove the link", path.display())]
    FolderLoop {
        /// The link.
        path: PathBuf,
    },
    /// Files of several formats under one name.
    #[error(
        "{}: {}, but {} is {}; name the files of one format by a pattern, as 'folder/*.parquet'",
        path.display(), formats[1], first.display(), formats[0]
    )]
    MixedFormats {
        /// A file.
        first: PathBuf,
        /// A file of another format.
        path: PathBuf,
        /// Their formats.
        formats: [&'static str; 2],
    },
    /// A file that two names stand for.
    #[error("{}: named twice, so that its records would count twice; name it once", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// A partition whose name is not text.
    #[error("{}: the folder's name `{folder}` does not decode to UTF-8; rename it", path.display())]
    PartitionText {
        /// The file in it.
        path: PathBuf,
        /// The folder.
        folder: String,
    },
    /// Two partitions of one column on the way to a file.
    #[error("{}: two folders on the way are named `{column}=…`; rename one", path.display())]
    PartitionTwice {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A cell that is not what the folder's name says of its column.
    #[error(
        "{}, {position}: the cell `{cell}` contradicts the folder's name `{folder}`; correct one of them",
        path.display()
    )]
    PartitionColumn {
        /// The file.
        path: PathBuf,
        /// Line or row.
        position: Position,
        /// The cell, cut to 42 characters.
        cell: String,
        /// The folder, cut to 42 characters.
        folder: String,
    },
    /// What was compressed cannot be decompressed.
    #[error(
        "{}: the {compression} data break off or are damaged after line {line}; copy or write the file anew",
        path.display()
    )]
    Compressed {
        /// The file.
        path: PathBuf,
        /// The compression.
        compression: &'static str,
        /// The line at hand in the text, from 1.
        line: u64,
        /// The decoder's reason.
        source: io::Error,
    },
    /// Nothing in the file, not even a header.
    #[error("{}: the file is empty; a header with the columns' names is needed", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// A column that the schema names is absent.
    #[error("{}: no column `{column}`; the file has: {present}{}", path.display(), near(column, present))]
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
    /// A header that another separator splits into the columns looked for.
    #[error(
        "{}: column `{column}` is there if {found} separate the cells, but {expected} must in a file of this \
         name; {}",
        path.display(), separate(found)
    )]
    Separator {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What separates the cells of a file of that name.
        expected: &'static str,
        /// What does in this one.
        found: &'static str,
    },
    /// The header once more, among the records.
    #[error(
        "{}, line {line}: the header again, as in files that were joined; remove the line, or rename the \
         columns if it is a record",
        path.display()
    )]
    HeaderAgain {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A cell that goes on after its closing quote.
    #[error(
        "{}, line {line}, column `{column}`: text follows a closing quote; {}",
        path.display(), after_quote(*backslash)
    )]
    TextAfterQuote {
        /// The file.
        path: PathBuf,
        /// The line on which the record begins, from 1.
        line: u64,
        /// The column, or its number in a header.
        column: String,
        /// Whether a backslash is before the quote.
        backslash: bool,
    },
    /// More blank lines than any writer leaves.
    #[error("{}, line {line}: a mebibyte of blank lines; remove them", path.display())]
    BlankLines {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A NUL in a text.
    #[error(
        "{}, line {line}: a NUL byte, so the file is damaged or of another kind; write it anew as text",
        path.display()
    )]
    NulByte {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// A line that is not an object in JSON.
    #[error("{}, line {line}: not a JSON object ({reason}); {remedy}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The parser's reason.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A list or object where a cell is wanted.
    #[error(
        "{}, line {line}, column `{column}`: a list or object is not a cell; write its parts as columns",
        path.display()
    )]
    Nested {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
    },
    /// A key twice in one object.
    #[error("{}, line {line}: the key `{column}` is there twice; remove one", path.display())]
    DuplicateKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The key.
        column: String,
    },
    /// What frames Arrow data is not as the format has it.
    #[error("{}: not readable as Arrow IPC: {reason}; {remedy}", path.display())]
    ArrowFrame {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The Arrow library refused the data.
    #[error("{}: Arrow data cannot be decoded after row {row}; write the file anew", path.display())]
    ArrowDecode {
        /// The file.
        path: PathBuf,
        /// Rows read before.
        row: u64,
        /// The library's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Who holds a table does not give it.
    #[error("{}: its owner does not give it as an Arrow stream", path.display())]
    TableOpen {
        /// The table.
        path: PathBuf,
        /// The owner's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Who holds a table gives no more of it, or what cannot be converted.
    #[error("{}: cannot be read after row {row}; make the table anew", path.display())]
    TableRead {
        /// The table.
        path: PathBuf,
        /// Rows read before.
        row: u64,
        /// The owner's or the library's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A column whose cells stand for something else than their numbers.
    #[error(
        "{}, column `{column}`: it is of the extension type `{extension}`, whose stored values are not what \
         it means; convert it to numbers or text",
        path.display()
    )]
    Extension {
        /// The file or table.
        path: PathBuf,
        /// The column.
        column: String,
        /// The extension type's name.
        extension: String,
    },
    /// A batch of a table that is not of the table's schema.
    #[error(
        "{}, column `{column}`: a batch has another type or length than the table says; make the table anew",
        path.display()
    )]
    TableShape {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// Arrays that are not what they say.
    #[error("{}, column `{column}`: not valid Arrow data; make the table anew", path.display())]
    TableCells {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
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
    #[error("{}, line {line}: byte {byte:#04x} is not UTF-8; {}", path.display(), not_utf8(*byte))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The first byte that is not.
        byte: u8,
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
    /// A column whose type cannot become the feature.
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
    /// A column whose values are not cells.
    #[error("{}, column `{column}`: {found}, which is not read; {remedy}", path.display())]
    NoCells {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What the column is.
        found: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A Parquet file whose footer is encrypted.
    #[error("{}: an encrypted Parquet file; write it without encryption", path.display())]
    ParquetEncrypted {
        /// The file.
        path: PathBuf,
    },
    /// What a Parquet file says of a column's data cannot be read.
    #[error("{}, column `{column}`: {reason}", path.display())]
    ParquetColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong, and what to do about it.
        reason: &'static str,
    },
    /// A column of a Parquet file that is read as text and holds other bytes.
    #[error("{}: a column that is read as text is not valid UTF-8; write it as UTF-8", path.display())]
    ParquetNotUtf8 {
        /// The file.
        path: PathBuf,
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
    /// Cells of a column cannot be made text or numbers, by the library that does it.
    #[error(
        "{}, column `{column}`: a cell after row {row} cannot be converted; write the column as text or \
         numbers",
        path.display()
    )]
    Cells {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Rows before the batch that the cell is in.
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
    /// The files or tables together hold no record.
    #[error("no records: the data has columns only")]
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
