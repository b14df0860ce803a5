//! Parquet: framing checked before the library sees it, columns decoded one by one.
//!
//! Strings are read as views into their pages, so that a dictionary of one long string costs its length once
//! and not once a row. The embedded Arrow schema is ignored: it could only change how a value is held, and it
//! is one more thing to parse.
//!
//! The library believes what it reads. So the file's footer is read in `footer`, and every page is inflated
//! and checked in `pages`, before the library sees them; it decodes values, and nothing else. A few bytes may
//! still stand for thousands of millions of equal records: that costs time, up to the number of records that
//! a dataset can have, and no memory.

mod columns;
mod deltas;
mod footer;
mod inflate;
mod metadata;
mod page;
mod pages;
mod runs;
mod thrift;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use arrow_array::ArrayRef;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use fairshare_formats::excerpt::excerpt;

use crate::error::{IngestError, Position};
use crate::guard::guarded;
use crate::source::{BATCH_RECORDS, Batch, Source, Wanted, check_distinct, holds_cells, locate_all};
use columns::{Cells, Form, Kind};
use footer::{Column, Fault};
use pages::{Failure, Pages};

const MAGIC: &[u8; 4] = b"PAR1";
/// Length of the footer, then the magic bytes.
const TAIL: usize = 8;

/// A Parquet file as a source of cells.
pub(crate) struct ParquetSource<R> {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    pages: Pages<R>,
    fields: Vec<Field>,
    passed_over: Vec<Field>,
    /// Where each column stands in a batch of the library's.
    positions: Vec<usize>,
    declared: u64,
    /// Rows of all batches before the last.
    before: u64,
    read: u64,
}

impl<R: Read + Seek + Send + 'static> ParquetSource<R> {
    /// Reads the footer; `path` is for messages.
    pub(crate) fn open(path: &Path, mut file: R, wanted: &Wanted) -> Result<Self, IngestError> {
        let (footer, length) = read_footer(&mut file, path)?;
        let columns = footer::columns(&footer).map_err(|reason| frame(path, reason))?;
        let (roots, passed_over) = choose(path, &columns, wanted)?;
        // A column may be wanted twice; the library reads it once.
        let mut distinct: Vec<usize> = Vec::new();
        roots.iter().for_each(|root| {
            if !distinct.contains(root) {
                distinct.push(*root);
            }
        });
        let chosen: Vec<&Column> = distinct.iter().filter_map(|root| columns.get(*root)).collect();
        let cells = chosen.iter().map(|column| cells(path, column)).collect::<Result<Vec<_>, _>>()?;
        let groups =
            footer::groups(&footer, &chosen, length).map_err(|fault| faulty(path, &chosen, fault))?;
        let pages = Pages::new(file, length, cells, &groups).map_err(|reason| frame(path, reason))?;
        let reader = guarded(path, 0, || read_with(path, &pages, &chosen, &groups))?;
        let positions = roots.iter().filter_map(|root| distinct.iter().position(|own| own == root)).collect();
        let fields = roots.iter().filter_map(|root| columns.get(*root)).map(field).collect();
        let declared = groups.iter().map(|group| group.rows).sum();
        let path = path.to_path_buf();
        Ok(Self { path, reader, pages, fields, passed_over, positions, declared, before: 0, read: 0 })
    }

    fn check_count(&self) -> Result<Option<Batch>, IngestError> {
        if self.read != self.declared {
            let path = self.path.clone();
            return Err(IngestError::RowCount { path, declared: self.declared, found: self.read });
        }
        Ok(None)
    }
}

impl<R: Read + Seek + Send + 'static> Source for ParquetSource<R> {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn passed_over(&self) -> &[Field] {
        &self.passed_over
    }

    fn declared(&self) -> u64 {
        self.declared
    }

    fn next_batch(&mut self) -> Result<Option<Batch>, IngestError> {
        self.pages.batch_done();
        loop {
            let Self { path, reader, pages, read, .. } = self;
            let batch = guarded(path, *read, || {
                reader.next().transpose().map_err(|error| decode_error(path, *read, error))
            });
            let batch =
                batch.map_err(|error| pages.failure().map_or(error, |failure| refused(path, failure)))?;
            let Some(batch) = batch else { return self.check_count() };
            let rows = batch.num_rows();
            if rows == 0 {
                continue;
            }
            self.before = self.read;
            self.read += rows as u64;
            let columns = self.positions.iter().zip(&self.fields).map(|(position, field)| {
                guarded(&self.path, self.before, || {
                    narrow(batch.column(*position), field.data_type())
                        .map_err(|error| decode_error(&self.path, self.before, error))
                })
            });
            return Ok(Some(Batch::new(columns.collect::<Result<_, _>>()?, rows)));
        }
    }

    fn position(&mut self, index: usize) -> Result<Position, IngestError> {
        Ok(Position::Row(self.before + index as u64 + 1))
    }

    fn bytes_read(&self, file_length: u64) -> u64 {
        share(file_length, self.read, self.declared)
    }
}

/// The chosen columns' positions, and the columns passed over where all are wanted.
fn choose(path: &Path, columns: &[Column], wanted: &Wanted) -> Result<(Vec<usize>, Vec<Field>), IngestError> {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    match wanted {
        Wanted::Named(wanted) => Ok((locate_all(path, &names, wanted)?, Vec::new())),
        Wanted::All => {
            check_distinct(path, &names)?;
            let (mut read, mut passed) = (Vec::new(), Vec::new());
            for (index, column) in columns.iter().enumerate() {
                let kind = match &column.form {
                    // Whoever names such a column says that it is text.
                    Form::Cells(Cells { kind: Kind::Bytes, .. }) => DataType::Binary,
                    form => form.data_type(),
                };
                if holds_cells(&kind) {
                    read.push(index);
                } else {
                    passed.push(Field::new(&column.name, kind, true));
                }
            }
            Ok((read, passed))
        }
    }
}

fn field(column: &Column) -> Field {
    Field::new(&column.name, column.form.data_type(), true)
}

/// How a column's values are stored, if they are cells.
fn cells(path: &Path, column: &Column) -> Result<Cells, IngestError> {
    match &column.form {
        Form::Cells(cells) => Ok(*cells),
        Form::Other(other) => Err(IngestError::NoCells {
            path: path.to_path_buf(),
            column: excerpt(&column.name),
            found: other.what,
            remedy: other.remedy,
        }),
    }
}

/// The library's reader of the chosen columns; strings as views.
fn read_with<R: Read + Seek + Send + 'static>(
    path: &Path,
    pages: &Pages<R>,
    chosen: &[&Column],
    groups: &[footer::Group],
) -> Result<ParquetRecordBatchReader, IngestError> {
    let refused = |error| decode_error(path, 0, error);
    let own = Arc::new(metadata::of(chosen, groups).map_err(refused)?);
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let plain = ArrowReaderMetadata::try_new(own.clone(), options.clone()).map_err(refused)?;
    let options = options.with_schema(Arc::new(with_views(plain.schema())));
    let viewed = ArrowReaderMetadata::try_new(own, options).map_err(refused)?;
    ParquetRecordBatchReaderBuilder::new_with_metadata(pages.clone(), viewed)
        .with_batch_size(BATCH_RECORDS)
        .build()
        .map_err(refused)
}

/// The cells as what the file declares them to be: a number beyond that is an error.
fn narrow(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, arrow_schema::ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

/// The footer and the file's length, once the frame around the footer is found sound.
fn read_footer(file: &mut (impl Read + Seek), path: &Path) -> Result<(Vec<u8>, u64), IngestError> {
    let failed = |source| IngestError::Read { path: path.to_path_buf(), source };
    let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
    if length < (MAGIC.len() + TAIL) as u64 {
        return Err(frame(path, "the file is too short to be one"));
    }
    let mut head = [0; MAGIC.len()];
    let mut tail = [0; TAIL];
    file.rewind().and_then(|()| file.read_exact(&mut head)).map_err(failed)?;
    file.seek(SeekFrom::End(-(TAIL as i64))).map_err(failed)?;
    file.read_exact(&mut tail).map_err(failed)?;
    let [a, b, c, d, magic @ ..] = tail;
    if &magic == b"PARE" {
        return Err(IngestError::ParquetEncrypted { path: path.to_path_buf() });
    }
    if &head != MAGIC || &magic != MAGIC {
        return Err(frame(
            path,
            "it does not begin and end with `PAR1`, so it is of another kind or cut short",
        ));
    }
    let footer = u32::from_le_bytes([a, b, c, d]);
    if footer as usize > footer::FOOTER_BYTES {
        return Err(frame(path, "its footer is longer than 16 MiB"));
    }
    let Some(start) = length.checked_sub(u64::from(footer) + TAIL as u64) else {
        return Err(frame(path, "its footer is longer than the file"));
    };
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bytes = vec![0; footer as usize];
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok((bytes, length))
}

/// The same columns, strings as views.
fn with_views(schema: &ArrowSchema) -> ArrowSchema {
    let viewed = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    ArrowSchema::new(schema.fields().iter().map(viewed).collect::<Vec<_>>())
}

fn frame(path: &Path, reason: &'static str) -> IngestError {
    IngestError::ParquetFrame { path: path.to_path_buf(), reason }
}

/// A row group that is refused.
fn faulty(path: &Path, chosen: &[&Column], fault: Fault) -> IngestError {
    match fault {
        Fault::File(reason) => frame(path, reason),
        Fault::Column(position, reason) => IngestError::ParquetColumn {
            path: path.to_path_buf(),
            column: chosen.get(position).map_or_else(String::new, |column| excerpt(&column.name)),
            reason,
        },
    }
}

fn not_utf8(path: &Path) -> IngestError {
    IngestError::ParquetNotUtf8 { path: path.to_path_buf() }
}

/// A page that the library was not given.
fn refused(path: &Path, failure: Failure) -> IngestError {
    match failure {
        Failure::Refused(deltas::BAD_TEXT) => not_utf8(path),
        Failure::Refused(reason) => frame(path, reason),
        Failure::Io(source) => IngestError::Read { path: path.to_path_buf(), source },
    }
}

fn decode_error(
    path: &Path,
    row: u64,
    source: impl std::error::Error + Send + Sync + 'static,
) -> IngestError {
    // It has no error of its own for this.
    if source.to_string().contains("UTF-8") {
        return not_utf8(path);
    }
    IngestError::ParquetDecode { path: path.to_path_buf(), row, source: Box::new(source) }
}

/// The share of a file that so many of its rows are. Of a file that was exchanged after it was measured, any
/// number may be declared.
fn share(file_length: u64, read: u64, declared: u64) -> u64 {
    let (read, declared) = (read.min(declared), declared.max(1));
    let bytes = u128::from(file_length) * u128::from(read) / u128::from(declared);
    // Of no more than all rows, no more than the file: it fits.
    u64::try_from(bytes).unwrap_or(file_length)
}

#[cfg(test)]
mod tests {
    use std::io;

    use ::parquet::arrow::ArrowWriter;
    use ::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};

    use super::*;
    use fairshare_pinned::counting::Counting;

    const ROWS: usize = 3_000;

    fn file(properties: WriterProperties) -> Counting {
        let labels = (0..ROWS).map(|row| format!("label {}", row % 10));
        let numbers = Int64Array::from_iter_values((0..ROWS).map(|row| row as i64));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("kind", Arc::new(StringArray::from_iter_values(labels))),
            ("unread", Arc::new(numbers.clone())),
            ("x", Arc::new(numbers)),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).expect("writer");
        writer.write(&batch).expect("write");
        writer.close().expect("close");
        Counting::new(bytes)
    }

    /// A file that cannot be read any more once its footer was read.
    struct Failing {
        file: Counting,
        reads_left: usize,
    }

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads_left = self.reads_left.checked_sub(1).ok_or(io::ErrorKind::PermissionDenied)?;
            self.file.read(buffer)
        }
    }

    impl Seek for Failing {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.file.seek(to)
        }
    }

    #[test]
    fn progress_stays_within_the_file_whatever_is_declared() {
        const ALL: u64 = u64::MAX;
        for (length, read, declared, bytes) in [
            (1_000, 1, 4, 250),
            (1_000, 0, 0, 0),
            (1_000, 7, 3, 1_000),
            (ALL, ALL - 1, ALL, ALL - 1),
            (ALL - 1, ALL / 2, ALL, ALL / 2 - 1),
            (12_345, ALL, ALL, 12_345),
        ] {
            assert_eq!(share(length, read, declared), bytes, "{length} {read} {declared}");
        }
    }

    #[test]
    fn a_page_that_cannot_be_read_is_told_with_the_systems_reason() {
        let file = Failing { file: file(WriterProperties::default()), reads_left: 3 };
        let mut source = ParquetSource::open(Path::new("x.parquet"), file, &wanted()).expect("a footer");
        let Err(IngestError::Read { source, .. }) = source.next_batch() else {
            panic!("no page can be read")
        };
        assert_eq!(source.kind(), io::ErrorKind::PermissionDenied);
    }

    fn wanted() -> Wanted {
        Wanted::Named(["x", "kind"].map(str::to_owned).to_vec())
    }

    /// Pages of a few bytes each, in chunks of many pages or of one: none is read more than once for its
    /// neighbours.
    #[test]
    fn a_file_of_small_pages_is_read_twice_at_most() {
        for (version, rows_in_page, rows_in_group) in [
            (WriterVersion::PARQUET_1_0, 1, ROWS),
            (WriterVersion::PARQUET_2_0, 1, 7),
            (WriterVersion::PARQUET_2_0, 700, 1_000),
        ] {
            let properties = WriterProperties::builder()
                .set_writer_version(version)
                .set_encoding(::parquet::basic::Encoding::PLAIN)
                .set_statistics_enabled(EnabledStatistics::None)
                .set_write_batch_size(rows_in_page)
                .set_data_page_row_count_limit(rows_in_page)
                .set_max_row_group_row_count(Some(rows_in_group));
            for dictionary in [false, true] {
                let file = file(properties.clone().set_dictionary_enabled(dictionary).build());
                let path = Path::new("small.parquet");
                let mut source = ParquetSource::open(path, file.clone(), &wanted()).expect("a footer");
                let mut read = 0;
                while let Some(batch) = source.next_batch().expect("rows") {
                    assert_eq!(batch.columns().len(), 2);
                    read += batch.records();
                }
                assert_eq!(read, ROWS);
                file.assert_read_at_most(2);
            }
        }
    }
}
