//! Tables in memory: the same symbols as from files, and what their owners get wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{RecordBatchIterator, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, Field, SchemaRef};
use fairshare_ingest::{Position, Reader, Table, Tables};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::ipc::{batch, every_feature, every_type, small, small_schema, stream};
use super::*;

fn reader(batches: Vec<Result<RecordBatch, ArrowError>>, schema: SchemaRef) -> Reader {
    Box::new(RecordBatchIterator::new(batches, schema))
}

/// A table of these batches, which may be opened again and again.
fn table(batches: &[RecordBatch]) -> Table {
    let batches = batches.to_vec();
    let open = move || Ok(reader(batches.iter().cloned().map(Ok).collect(), batches[0].schema()));
    Table::new("the table", open)
}

fn read(tables: &[Table], schema: &Schema) -> Result<Vec<u16>, IngestError> {
    let mut records = Records::open(tables, schema)?;
    let mut symbols = Vec::new();
    while records.next_batch(&mut symbols)? > 0 {}
    assert_eq!(records.bytes_read(), records.records_read());
    assert_eq!(symbols.len() as u64, records.records_read() * schema.len() as u64);
    Ok(symbols)
}

fn refused(tables: &[Table], schema: &Schema) -> String {
    read(tables, schema).expect_err("refused").to_string()
}

#[test]
fn a_table_gives_the_symbols_of_its_file() {
    let folder = tempfile::tempdir().expect("folder");
    for (batches, schema) in [(vec![every_type()], every_feature()), (small().to_vec(), small_schema())] {
        let path = folder.path().join("data.arrow");
        fs::write(&path, stream(&batches)).expect("write");
        let (expected, _) = read_all(&[path], &schema).expect("a file");
        assert_eq!(read(&[table(&batches)], &schema).expect("a table"), expected);
        let twice = [expected.clone(), expected].concat();
        assert_eq!(read(&[table(&batches), table(&batches)], &schema).expect("two tables"), twice);
    }
}

/// Columns as Parquet's own reader gives them, dictionaries and all, in batches larger than ours.
#[test]
fn a_table_of_flights_counts_as_its_file_does() {
    let schema = flight_schema();
    let path = flights("EWR.parquet");
    let count = |records: Records| reference::count(records).expect("count");
    let expected = count(Records::open(std::slice::from_ref(&path), &schema).expect("a file"));
    let open = move || -> Result<Reader, fairshare_ingest::Reason> {
        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?;
        Ok(Box::new(file.with_batch_size(50_001).build()?))
    };
    let table = Table::new("the table", open).with_records(120_835);
    let records = Records::open(std::slice::from_ref(&table), &schema).expect("a table");
    assert_eq!((records.total_bytes(), records.bytes_read()), (120_835, 0));
    assert_eq!(count(records), expected);
}

#[test]
fn a_table_is_opened_once_and_only_its_columns_are_looked_at() {
    static OPENED: AtomicUsize = AtomicUsize::new(0);
    let whole = small();
    // The column that nobody asks for changes its type from batch to batch.
    let other = batch(vec![
        ("x", Arc::new(Int64Array::from(vec![4]))),
        ("kind", whole[0].column(1).slice(0, 1)),
        ("text", Arc::new(Int64Array::from(vec![4]))),
    ]);
    let open = move || {
        OPENED.fetch_add(1, Ordering::Relaxed);
        Ok(reader(vec![Ok(whole[0].clone()), Ok(whole[0].slice(0, 0)), Ok(other.clone())], whole[0].schema()))
    };
    let changing = Table::new("the table", open);
    let few = schema(vec![categorical("kind", &["q"]), numeric("x", &[2.0])]);
    let symbols = read(std::slice::from_ref(&changing), &few).expect("the columns asked for");
    assert_eq!((symbols.len(), OPENED.load(Ordering::Relaxed)), (8, 1));
    let said = refused(&[changing], &small_schema());
    assert!(said.starts_with("the table, column `text`: a batch has another type"), "{said}");
}

#[test]
fn errors_name_the_table_its_row_and_its_column() {
    let rows = 2 * BATCH_RECORDS + 3;
    let text = |row: usize| if row + 2 == rows { "two".to_owned() } else { row.to_string() };
    let numbers: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(text)));
    let wide = table(&[batch(vec![("x", numbers)])]);
    let number = schema(vec![numeric("x", &[0.0])]);
    let said = refused(std::slice::from_ref(&wide), &number);
    assert!(said.starts_with(&format!("the table, row {}, column `x`: `two`", rows - 1)), "{said}");
    let missing = schema(vec![numeric("y", &[0.0])]);
    assert!(refused(&[wide], &missing).starts_with("the table: no column `y`"));
    let empty = table(&[small()[0].slice(0, 0)]);
    assert_eq!(refused(&[empty], &small_schema()), "no records: the data has columns only");
    assert!(matches!(read(&[], &number), Err(IngestError::NoFiles)));
}

#[test]
fn an_owner_that_fails_or_panics_is_an_error() {
    let closed = Table::new("the table", || Err("it is closed".into()));
    let error = read(&[closed], &small_schema()).expect_err("closed");
    assert!(matches!(error, IngestError::TableOpen { .. }), "{error}");
    let [first, _] = small();
    let broken = || Err(ArrowError::ComputeError("the query failed".to_owned()));
    let kept = first.clone();
    let failing =
        Table::new("the table", move || Ok(reader(vec![Ok(kept.clone()), broken()], kept.schema())));
    let error = read(&[failing], &small_schema()).expect_err("broken");
    assert!(matches!(error, IngestError::TableRead { row: 3, .. }), "{error}");
    let kept = first.schema();
    let panicking = Table::new("the table", move || Ok(Box::new(Panicking(kept.clone()))));
    let error = read(&[panicking], &small_schema()).expect_err("a panic");
    assert!(matches!(error, IngestError::DecoderPanic { .. }), "{error}");
}

struct Panicking(SchemaRef);

impl Iterator for Panicking {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        panic!("out of bounds")
    }
}

impl RecordBatchReader for Panicking {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0)
    }
}

#[test]
fn all_columns_of_a_table_are_read_where_no_schema_names_them() {
    let part = fairshare_ingest::Given::from(table(&[every_type()]));
    let mut tables = Tables::open(part.data()).expect("open");
    let batch = tables.next_batch().expect("read").expect("records");
    assert_eq!((batch.records(), batch.columns().len(), tables.fields().len()), (3, 12, 12));
    drop(batch);
    assert_eq!(tables.position(2).expect("a record"), (PathBuf::from("the table"), Position::Row(3)));
    assert_eq!(part.name(), Path::new("the table"));
}

/// What an extension type stores is not what it means, but for text.
#[test]
fn columns_of_extension_types_are_refused_where_they_are_asked_for() {
    let named = |field: Field, extension: &str| {
        let metadata = [("ARROW:extension:name".to_owned(), extension.to_owned())];
        field.with_metadata(std::collections::HashMap::from(metadata))
    };
    let fields = [
        named(Field::new("period", DataType::Int64, true), "pandas.period"),
        named(Field::new("words", DataType::Utf8, true), "arrow.json"),
        Field::new("plain", DataType::Int64, true),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![648])),
        Arc::new(StringArray::from(vec!["{}"])),
        Arc::new(Int64Array::from(vec![7])),
    ];
    let all =
        RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields.to_vec())), columns).expect("a batch");
    let tables = [table(std::slice::from_ref(&all))];
    let text = schema(vec![categorical("words", &["{}"]), numeric("plain", &[0.0])]);
    assert_eq!(read(&tables, &text).expect("text is text"), [1, 5]);
    let error = read(&tables, &schema(vec![numeric("period", &[0.0])])).expect_err("a refusal");
    assert!(
        matches!(&error, IngestError::Extension { column, extension, .. }
        if column == "period" && extension == "pandas.period"),
        "{error}"
    );
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("data.arrow");
    fs::write(&path, stream(&[all])).expect("write");
    let error = read_all(&[path], &schema(vec![numeric("period", &[0.0])])).expect_err("a refusal");
    assert!(matches!(error, IngestError::Extension { .. }), "{error}");
    // Where all columns are read, it is passed over, as lists are.
    let tables = Tables::open(&tables[..]).expect("a table");
    let names: Vec<_> = tables.passed_over().iter().map(|field| field.name().as_str()).collect();
    assert_eq!((names, tables.fields().len()), (vec!["period"], 2));
}
