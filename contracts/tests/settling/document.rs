//! docs/chain.md names a test for each line of PROTOCOL section 11: they are there.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_document_names_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/settling");
    let named = include_str!("../../../docs/chain.md").split('`').skip(1).step_by(2);
    let named: Vec<_> =
        named.filter_map(|text| text.split_once("::")).filter(|(_, test)| *test != "*").collect();
    assert!(named.len() > 20, "{named:?}");
    for (module, test) in named {
        let source = fs::read_to_string(folder.join(format!("{module}.rs")));
        let source = source.unwrap_or_else(|error| panic!("{module}: {error}"));
        assert!(source.contains(&format!("#[test]\nfn {test}() {{")), "{module}::{test}");
    }
}
