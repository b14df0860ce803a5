//! Files of other writers that once were refused or, worse, misread: `tests/data/PROVENANCE.md` says which.

use super::*;

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

#[test]
fn fastparquets_footer_is_read() {
    let path = data("fastparquet.parquet");
    let (symbols, records) = read_all(&[path], &schema(vec![numeric("x", &[0.0])])).expect("read");
    assert_eq!((symbols.len(), records), (3, 3));
}

#[test]
fn a_page_that_is_compressed_against_its_flag_is_refused() {
    let path = data("v2-page-flag-false.parquet");
    let error = read_all(&[path], &schema(vec![numeric("x", &[20.0])])).expect_err("a refusal");
    let IngestError::ParquetFrame { reason, .. } = error else { panic!("{error}") };
    assert_eq!(reason, "a page does not inflate to what its header says");
}
