//! Pairs that depend on each other: the block that crosses them is a policy's once it is uncommented.

use fairshare_draft::{Finding, draft};
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
        matches!(dependent[0].finding, Finding::Dependent { nats, bins: 100, proposed: true } if nats > 0.2)
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
