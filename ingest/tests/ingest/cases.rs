//! Files of other writers that once were refused or, worse, misread. Beside each folder of them stands a
//! `PROVENANCE.md`.

use super::*;

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

#[test]
fn fastparquets_footer_is_read() {
    let towns = categorical("town", &["Oslo", "Bergen"]);
    let schema = schema(vec![towns, numeric("height", &[10.0])]);
    let (symbols, records) = read_all(&[file("data/fastparquet.parquet")], &schema).expect("read");
    assert_eq!(records, 5);
    // Oslo 23, Bergen 12, Oslo 4.5, another town without a height, none.
    assert_eq!(symbols, [1, 6, 2, 6, 1, 5, 3, 7, 4, 6]);
}

/// Spark escapes a quote by a backslash, unless it is told otherwise.
#[test]
fn quotes_that_spark_escapes_are_refused_with_what_to_tell_spark() {
    let path = file("differential/files/spark-quotes.csv");
    let error = read_all(&[path], &schema(vec![categorical("kind", &["plain"])])).expect_err("a refusal");
    assert!(matches!(error, IngestError::TextAfterQuote { line: 2, backslash: true, .. }), "{error}");
    assert!(error.to_string().contains(".option("), "{error}");
}
