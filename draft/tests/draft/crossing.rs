//! Pairs that depend on each other: the block that crosses them is a policy's once it is uncommented.

use fairshare_draft::{Crossing, Drafted, Finding, draft};
use fairshare_formats::policy::{PartialPolicy, from_toml, side_file_hash};
use fairshare_formats::reference::to_json;
use fairshare_ingest::{Records, reference};
use fairshare_params::reference::Reference;
use fairshare_params::schema::Feature;

use super::support::*;

/// The lines behind a `#` without a space, uncommented.
fn uncommented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(code) if !code.is_empty() && !code.starts_with(' ') => format!("{code}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn parts() -> Files {
    let depends = |seed: usize| {
        table(
            8_000,
            &[
                ("a", &move |record| format!("a{}", random(seed, record, 8))),
                // Half of the time that of `a`.
                ("b", &move |record| {
                    let follows = random(seed + 10, record, 2) == 0;
                    format!(
                        "b{}",
                        if follows { random(seed, record, 8) } else { random(seed + 20, record, 8) }
                    )
                }),
                ("c", &move |record| random(seed + 30, record, 900).to_string()),
            ],
        )
    };
    Files::new(&[("one.csv", depends(1)), ("two.csv", depends(2))])
}

#[test]
fn a_crossed_feature_is_proposed_and_valid_once_it_is_uncommented() {
    let files = parts();
    let drafted = draft(&files.options()).expect("a draft");
    let dependent: Vec<_> =
        drafted.remarks.iter().filter(|remark| remark.finding.name() == "dependent").collect();
    assert_eq!(dependent.len(), 1, "{:?}", drafted.remarks);
    assert_eq!(dependent[0].columns, ["a", "b"]);
    assert!(
        matches!(dependent[0].finding, Finding::Dependent { nats, bins: 100, crossing: Crossing::Proposed }
        if nats > 0.2)
    );

    let text = uncommented(&drafted.text);
    let partial = PartialPolicy::from_toml(&text).expect("a schema");
    let schema = partial.schema();
    assert!(matches!(&schema.features()[1], Feature::Crossed { name, .. } if name == "a and b"));
    // As `fairshare policy reference` counts it.
    let counts = reference::histogram(Records::open(&files.paths, schema).expect("open")).expect("counts");
    let json = to_json(&Reference::from_histogram(schema, &counts).expect("a reference"));
    let before = side_file_hash(drafted.reference.as_bytes()).to_string();
    let text = text.replace(&before, &side_file_hash(json.as_bytes()).to_string());
    let policy = from_toml(&text, &|_| Ok(json.clone().into_bytes())).expect("a policy");
    assert_eq!(policy.schema().len(), 2);
}

#[test]
fn columns_that_follow_may_be_uncommented_too() {
    let text = table(
        2_000,
        &[
            ("city", &|record| format!("city {}", random(1, record, 12))),
            ("country", &|record| format!("country {}", random(1, record, 12) / 4)),
        ],
    );
    let files = Files::new(&[("data.csv", text)]);
    let drafted = draft(&files.options()).expect("a draft");
    assert_eq!(drafted.policy.schema().len(), 1);
    let partial = PartialPolicy::from_toml(&uncommented(&drafted.text)).expect("a schema");
    assert_eq!(partial.schema().len(), 2);
}

/// A draft of columns `c0`, `c1` and so on. In half of the records a column has the label of its group, and
/// in the others its own.
fn of_groups(groups: &[usize]) -> Drafted {
    let label = |column: usize, group: usize, record: usize| match random(column + 10, record, 2) {
        0 => format!("l{}", random(group + 1, record, 5)),
        _ => format!("l{}", random(column + 200, record, 5)),
    };
    let names: Vec<String> = (0..groups.len()).map(|column| format!("c{column}")).collect();
    let cells: Vec<Box<dyn Fn(usize) -> String>> = groups
        .iter()
        .enumerate()
        .map(|(column, group)| Box::new(move |record| label(column, *group, record)) as _)
        .collect();
    let columns: Vec<_> =
        names.iter().map(String::as_str).zip(cells.iter().map(|cell| &**cell as _)).collect();
    let files = Files::new(&[("data.csv", table(16_000, &columns))]);
    let mut options = files.options();
    options.terms.cap = Some("1".to_owned());
    draft(&options).expect("a draft")
}

fn crossings(drafted: &Drafted) -> Vec<Crossing> {
    let found = drafted.remarks.iter().filter_map(|remark| match remark.finding {
        Finding::Dependent { crossing, .. } => Some(crossing),
        _ => None,
    });
    found.collect()
}

#[test]
fn every_pair_that_depends_is_named_and_why_it_is_not_crossed() {
    // Of three that depend on each other, one pair is crossed, and the third feature stays as it is.
    let three = of_groups(&[0, 0, 0]);
    assert_eq!(
        crossings(&three),
        [Crossing::Proposed, Crossing::AlreadyCrossed, Crossing::AlreadyCrossed],
        "{:?}",
        three.remarks
    );
    assert_eq!(three.text.matches("#kind = \"crossed\"").count(), 1);
    let unwrapped = three.text.replace("\n#   ", " ");
    assert!(unwrapped.contains("since another crosses one of them"), "{}", three.text);
    // Of four pairs, three are crossed.
    let pairs = of_groups(&[0, 0, 1, 1, 2, 2, 3, 3]);
    assert_eq!(
        crossings(&pairs),
        [Crossing::Proposed, Crossing::Proposed, Crossing::Proposed, Crossing::Enough],
        "{:?}",
        pairs.remarks
    );
    assert_eq!(pairs.text.matches("#kind = \"crossed\"").count(), 3);
}

#[test]
fn pairs_beyond_the_bound_are_counted() {
    let drafted = of_groups(&[0; 13]);
    assert_eq!(crossings(&drafted).len(), 64);
    // Of 13 columns there are 78 pairs.
    let more: Vec<_> = drafted.remarks.iter().map(|remark| &remark.finding).collect();
    assert!(more.contains(&&Finding::MorePairs { pairs: 14 }), "{more:?}");
}

#[test]
fn columns_that_are_not_compared_are_counted() {
    let not_compared = |columns: usize| {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let cells: Vec<Box<dyn Fn(usize) -> String>> = (0..columns)
            .map(|column| Box::new(move |record| random(column, record, 40).to_string()) as _)
            .collect();
        let columns: Vec<_> =
            names.iter().map(String::as_str).zip(cells.iter().map(|cell| &**cell as _)).collect();
        let drafted = drafted(&table(400, &columns)).expect("a draft");
        drafted.remarks.into_iter().map(|remark| remark.finding).find(|found| found.name() == "not-compared")
    };
    assert_eq!(not_compared(64), None);
    assert_eq!(not_compared(70), Some(Finding::NotCompared { columns: 6, compared: 64 }));
}
