//! Columns of Parquet files, which have types.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray,
};
use fairshare_draft::{Finding, draft};
use parquet::arrow::ArrowWriter;

use super::support::*;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("columns");
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("write");
    writer.close().expect("close");
}

#[test]
fn columns_are_guessed_by_their_types_and_their_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("typed.parquet");
    let number = |seed, bound| (0..2_000).map(move |record| random(seed, record, bound) as i64);
    let list = |_| Some(vec![Some(1)]);
    write(
        &path,
        vec![
            ("whole", Arc::new(Int64Array::from_iter_values(number(1, 5_000)))),
            (
                "float",
                Arc::new(Float64Array::from_iter_values(number(2, 9_999).map(|value| value as f64 / 7.0))),
            ),
            (
                "nan",
                Arc::new(Float64Array::from_iter_values(
                    number(3, 99).map(|value| if value == 0 { f64::NAN } else { value as f64 }),
                )),
            ),
            (
                "decimal",
                Arc::new(
                    Decimal128Array::from_iter_values(number(4, 99_999).map(i128::from))
                        .with_precision_and_scale(9, 2)
                        .expect("a decimal"),
                ),
            ),
            (
                "truth",
                Arc::new(BooleanArray::from_iter(number(5, 3).map(|value| (value > 0).then_some(value > 1)))),
            ),
            (
                "text",
                Arc::new(StringArray::from_iter_values(number(6, 4).map(|value| format!("kind {value}")))),
            ),
            ("day", Arc::new(Date32Array::from_iter_values(number(7, 999).map(|value| value as i32)))),
            (
                "list",
                Arc::new(ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>(
                    (0..2_000).map(list),
                )),
            ),
        ],
    );
    let drafted = draft(&options(&[path])).expect("a draft");
    assert_eq!(edges(&drafted, "whole").len(), 31);
    assert_eq!(edges(&drafted, "float").len(), 31);
    assert!(edges(&drafted, "decimal").iter().all(|edge| (0.0..1_000.0).contains(edge)));
    assert_eq!(labels(&drafted, "truth"), ["true", "false"]);
    assert_eq!(labels(&drafted, "text").len(), 4);
    assert!(matches!(said(&drafted, "nan")[..], [Finding::NotFinite { example, .. }] if example == "NaN"));
    assert!(matches!(said(&drafted, "day")[..], [Finding::Date { example }] if example == "Date32"));
    assert!(matches!(said(&drafted, "list")[..], [Finding::Type { .. }]));
}

/// A column that one file has as floats has no labels: the reader takes none from them.
#[test]
fn files_may_hold_a_column_by_other_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let (floats, text) = (folder.path().join("a.parquet"), folder.path().join("b.csv"));
    let cells = (0..500).map(|record| f64::from(random(1, record, 3) as u32 * 400));
    write(&floats, vec![("code", Arc::new(Float64Array::from_iter_values(cells)))]);
    std::fs::write(&text, table(500, &[("code", &|record| (random(2, record, 3) * 400).to_string())]))
        .expect("write");
    let mut options = options(&[floats, text]);
    let drafted = draft(&options).expect("a draft");
    assert_eq!(edges(&drafted, "code"), [400.0, 800.0]);
    assert!(said(&drafted, "code").is_empty(), "{:?}", drafted.remarks);
    // Whatever is asked for: labels would be refused when the floats are read. So that is said.
    options.categorical = vec!["code".to_owned()];
    let drafted = draft(&options).expect("a draft");
    assert_eq!(edges(&drafted, "code"), [400.0, 800.0]);
    assert_eq!(said(&drafted, "code"), [&Finding::Floats]);
    assert!(drafted.text.contains("`code`: a file holds floats, which cannot be labels"), "{}", drafted.text);
}

/// The reader takes neither labels from the one file nor numbers from the other.
#[test]
fn text_in_one_file_and_floats_in_another_make_no_feature() {
    let folder = tempfile::tempdir().expect("a folder");
    let (floats, text) = (folder.path().join("a.parquet"), folder.path().join("b.csv"));
    let number = |record: usize| random(1, record, 90);
    let cells = || (0..500).map(|record| number(record) as f64);
    write(
        &floats,
        vec![
            ("code", Arc::new(Float64Array::from_iter_values(cells()))),
            ("x", Arc::new(Float64Array::from_iter_values(cells()))),
        ],
    );
    let word = |record: usize| format!("word {}", random(2, record, 3));
    let cells = table(1_000, &[("code", &word), ("x", &|record| number(record).to_string())]);
    std::fs::write(&text, cells).expect("write");
    let mut options = options(&[floats, text]);
    for categorical in [vec![], vec!["code".to_owned()]] {
        options.categorical = categorical;
        let drafted = draft(&options).expect("a draft");
        assert!(matches!(
            said(&drafted, "code")[..],
            [Finding::PartlyNumbers { kept: false, cells: 1_000, .. }]
        ));
        assert!(column(&drafted, "x").is_some());
    }
}

/// As `score` and `commit` read them: each decimal by its text.
#[test]
fn decimals_may_be_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.parquet");
    let decimals = |seed, scale| {
        let cells = (0..2_000).map(move |record| [105i128, 250, 999][random(seed, record, 3)]);
        Decimal128Array::from_iter_values(cells).with_precision_and_scale(9, scale).expect("a decimal")
    };
    write(&path, vec![("price", Arc::new(decimals(1, 2))), ("code", Arc::new(decimals(2, 0)))]);
    let mut options = options(&[path]);
    options.categorical = vec!["price".to_owned()];
    let drafted = draft(&options).expect("a draft");
    let mut found = labels(&drafted, "price").to_vec();
    found.sort();
    assert_eq!(found, ["1.05", "2.50", "9.99"]);
    assert_eq!((drafted.unmatched[0].other, drafted.unmatched[0].missing), (Some(0), 0));
    // Without a fraction they look like codes, as in any other format.
    assert!(labels(&drafted, "code").contains(&"105".to_owned()));
}
