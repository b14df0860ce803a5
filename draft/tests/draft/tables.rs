//! Drafts of tables in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, RecordBatchIterator, StringArray};
use fairshare_draft::{DraftError, draft, draft_while};
use fairshare_ingest::{Given, Reader, Reason, Table};

use super::support::*;

const RECORDS: usize = 20_000;

fn kind(record: usize) -> String {
    format!("k{}", random(1, record, 9))
}

fn size(record: usize) -> f64 {
    random(2, record, 1_000) as f64
}

/// So many of these records, as a table that may be opened again.
fn batches(records: usize) -> Result<Reader, Reason> {
    let kinds: ArrayRef = Arc::new(StringArray::from_iter_values((0..records).map(kind)));
    let sizes: ArrayRef = Arc::new(Float64Array::from_iter_values((0..records).map(size)));
    let batch = RecordBatch::try_from_iter([("kind", kinds), ("size", sizes)])?;
    let schema = batch.schema();
    Ok(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}

#[test]
fn a_table_is_drafted_as_its_file_is() {
    let text = table(RECORDS, &[("kind", &kind), ("size", &|record| size(record).to_string())]);
    let files = Files::new(&[("part.csv", text.as_str())]);
    let mut options = options(&[files.path("part.csv")]);
    let of_file = draft(&options).expect("a file");
    options.data = vec![Given::from(Table::new("part.csv", || batches(RECORDS)))];
    let of_table = draft(&options).expect("a table");
    assert_eq!(of_table.text, of_file.text);
    assert_eq!(of_table.reference, of_file.reference);
}

/// What can be read once only gives nothing, or less, the second time.
#[test]
fn a_table_that_changes_between_the_passes_is_refused() {
    let opened = AtomicUsize::new(0);
    let less = move || batches(if opened.fetch_add(1, Ordering::Relaxed) < 2 { 300 } else { 299 });
    let mut options = options(&[]);
    options.data = vec![Given::from(Table::new("the table", less))];
    let error = draft(&options).expect_err("fewer records");
    assert!(matches!(error, DraftError::Changed { first: 300, second: 299, .. }), "{error}");
}

#[test]
fn drafting_stops_in_either_pass() {
    let mut options = options(&[]);
    options.data = vec![Given::from(Table::new("the table", || batches(RECORDS)))];
    for records in [1, RECORDS as u64 + 1] {
        let stopped = draft_while(&options, &|read| read < records);
        assert!(matches!(stopped, Err(DraftError::Cancelled)), "{records}");
    }
    let told = std::cell::RefCell::new(Vec::new());
    draft_while(&options, &|read| {
        told.borrow_mut().push(read);
        true
    })
    .expect("a draft");
    assert_eq!(told.borrow().last(), Some(&(2 * RECORDS as u64)));
}
