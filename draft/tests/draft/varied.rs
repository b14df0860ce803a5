//! Columns with more different values than there is room to count: their frequent values are labels all the
//! same.

use fairshare_draft::{Finding, draft};

use super::support::*;

/// Of so many values each is about as frequent as one over its place, the first in about 11 of 100 records.
fn zipf(record: usize, values: usize) -> usize {
    let at = random(1, record, 1 << 30) as f64 / f64::from(1 << 30);
    ((values as f64 + 1.0).powf(at).floor() as usize).clamp(1, values)
}

/// The draft of one column beside another that is always a feature.
fn with(cell: &dyn Fn(usize) -> String, categorical: bool) -> fairshare_draft::Drafted {
    let text = table(40_000, &[("code", cell), ("x", &|record| random(99, record, 50).to_string())]);
    let files = Files::new(&[("data.csv", text)]);
    let mut options = files.options();
    if categorical {
        options.categorical = vec!["code".to_owned()];
    }
    // What is listed is another matter.
    options.accept_unmatched = true;
    draft(&options).expect("a draft")
}

#[test]
fn numbers_that_are_named_as_labels_are_counted_to_the_end() {
    let number = |record: usize| (7 * zipf(record, 5_000)).to_string();
    let numbers = with(&number, true);
    assert_eq!(labels(&numbers, "code")[0], "7");
    // The same as text has the same labels.
    let text = with(&|record| format!("c{}", number(record)), false);
    let named: Vec<_> = labels(&numbers, "code").iter().map(|label| format!("c{label}")).collect();
    assert_eq!(named, labels(&text, "code"));
    assert!(named.len() > 50, "{}", named.len());
}

/// The first with a zero before it comes after thousands without.
#[test]
fn codes_whose_zeros_come_late_are_counted_from_the_start() {
    let code = |record: usize| match record {
        0..9_000 => (10_000 + record).to_string(),
        _ => format!("{:05}", 89 * zipf(record, 1_000)),
    };
    let codes = with(&code, false);
    assert!(matches!(said(&codes, "code")[0], Finding::LeadingZeros { example } if example.starts_with('0')));
    assert_eq!(labels(&codes, "code")[0], "00089");
    assert!(labels(&codes, "code").len() > 50);
}

#[test]
fn words_that_come_after_thousands_of_numbers_are_labels() {
    let cell = |record: usize| match record {
        0..9_000 => (7 * record).to_string(),
        _ => ["none", "some", "all"][random(3, record, 3)].to_owned(),
    };
    let mut found = labels(&with(&cell, false), "code").to_vec();
    found.sort();
    assert_eq!(found, ["all", "none", "some"]);
}

/// Each of 5,000 values is in as many records as a label needs, but not all can be counted.
#[test]
fn what_is_said_of_the_most_frequent_value_is_true() {
    let drafted = with(&|record| format!("v{}", record % 5_000), false);
    let [Finding::TooVaried { distinct, most }] = said(&drafted, "code")[..] else {
        panic!("{:?}", drafted.remarks)
    };
    assert!(*most >= 1.0 / 5_000.0 && *most < 0.001, "{most}");
    assert!(distinct.abs_diff(5_000) < 300, "{distinct}");
}
