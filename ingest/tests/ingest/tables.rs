//! Tables: the cells of all columns, as they stand in the files.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ListArray};
use fairshare_ingest::{Position, Tables};

use super::*;

fn names(fields: &[arrow_schema::Field]) -> Vec<&str> {
    fields.iter().map(|field| field.name().as_str()).collect()
}

#[test]
fn every_column_that_holds_cells_is_read_in_the_first_files_order() {
    let folder = tempfile::tempdir().expect("folder");
    let (typed, text) = (folder.path().join("a.parquet"), folder.path().join("b.csv"));
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("kind", Arc::new(StringArray::from(vec![Some("a"), None]))),
        ("lists", Arc::new(lists)),
        ("x", Arc::new(Int64Array::from(vec![1, 2]))),
    ];
    write_parquet(&typed, columns, WriterProperties::default());
    fs::write(&text, "x,more,kind\n3,?,b\n").expect("write");
    let mut tables = Tables::open(&[typed, text.clone()]).expect("open");
    assert_eq!((names(tables.fields()), names(tables.passed_over())), (vec!["kind", "x"], vec!["lists"]));
    let batch = tables.next_batch().expect("a batch").expect("records");
    assert_eq!(batch.records(), 2);
    assert!(batch.columns()[0].is_null(1));
    assert_eq!(batch.columns()[1].as_primitive::<Int64Type>().values(), &[1, 2]);
    drop(batch);
    let batch = tables.next_batch().expect("a batch").expect("records");
    let cells: Vec<_> = batch.columns().iter().map(|column| column.as_string_view().value(0)).collect();
    assert_eq!(cells, ["b", "3"]);
    assert_eq!(tables.position(0).expect("a position"), (text, Position::Line(2)));
    assert!(tables.next_batch().expect("an end").is_none());
    assert_eq!(tables.records_read(), 3);
}

#[test]
fn a_later_file_must_have_the_first_ones_columns() {
    let folder = tempfile::tempdir().expect("folder");
    let files = [("a.csv", "x,y\n1,2\n"), ("b.csv", "y\n1\n")].map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("write");
        path
    });
    let error = Tables::open(&files).expect_err("a refusal");
    assert!(matches!(error, IngestError::MissingColumn { column, .. } if column == "x"));
}

#[test]
fn columns_of_one_name_are_refused_where_all_are_read() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("twice.csv");
    fs::write(&path, "x,y,x\n1,2,3\n").expect("write");
    let error = Tables::open(&[path]).expect_err("a refusal");
    assert!(matches!(error, IngestError::DuplicateColumn { column, .. } if column == "x"));
}

/// What is wrong with a record is said before what is wrong with a later one of the same batch.
#[test]
fn the_first_fault_of_a_file_is_the_one_told() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("faults.csv");
    fs::write(&path, "x\n1\ntwo\n3,4\n").expect("write");
    let error = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect_err("a refusal");
    assert!(matches!(error, IngestError::NotANumber { position: Position::Line(3), .. }), "{error}");
}
