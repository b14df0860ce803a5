//! A draft pays those whose data differs, and its numbers keep the rule that they are said to keep.

use fairshare_draft::{Finding, draft};
use fairshare_params::Geometry;

use super::support::*;

/// A part of so many records, `shift` of a hundred of them elsewhere.
fn part(seed: usize, records: usize, shift: usize) -> String {
    let moved = move |record: usize| random(seed + 50, record, 100) < shift;
    table(
        records,
        &[
            ("kind", &move |record| format!("k{}", if moved(record) { 0 } else { random(seed, record, 9) })),
            ("size", &move |record| {
                (random(seed + 1, record, 1_000) + if moved(record) { 900 } else { 0 }).to_string()
            }),
        ],
    )
}

#[test]
fn parts_that_differ_from_the_whole_earn_and_copies_of_it_do_not() {
    let files = Files::new(&[
        ("plain.csv", part(1, 20_000, 0)),
        ("same.csv", part(2, 20_000, 0)),
        ("other.csv", part(3, 4_000, 60)),
    ]);
    let mut options = files.options();
    options.reference_from = vec![files.path("plain.csv").into(), files.path("same.csv").into()];
    let drafted = draft(&options).expect("a draft");
    let [plain, same, other] = &drafted.parts[..] else { panic!("three parts") };
    assert!(other.worth > 0 && other.nats_per_record > 0.2, "{other:?}");
    assert!(plain.nats_per_record < 0.01 && same.nats_per_record < 0.01);
    // The cap is what the most divergent reaches, so that nothing of it is cut.
    let cap: f64 = drafted.figures.cap.parse().expect("a number");
    assert!(cap >= other.nats_per_record && cap < 1.2 * other.nats_per_record, "{cap}: {other:?}");
    assert!(drafted.policy.terms().min_records <= 4_000);
    assert_eq!(drafted.reference_records, 40_000);

    // Together they are the reference, and the one that differs still earns.
    let drafted = draft(&files.options()).expect("a draft");
    assert!(drafted.parts[2].worth > 0);
    assert!(drafted.text.contains("#   other.csv: "), "{}", drafted.text);
}

#[test]
fn one_that_is_like_the_reference_is_told_that_it_earns_nothing() {
    let files = Files::new(&[("a.csv", part(1, 5_000, 0)), ("b.csv", part(1, 5_000, 0))]);
    let drafted = draft(&files.options()).expect("a draft");
    let told: Vec<_> = drafted
        .remarks
        .iter()
        .filter(|remark| matches!(&remark.finding, Finding::NoWeight { part, .. } if part.ends_with(".csv")))
        .collect();
    assert_eq!(told.len(), 2);
}

#[test]
fn chance_stays_a_twentieth_of_a_nat_and_a_tenth_of_the_cap() {
    let names: Vec<String> = (0..12).map(|column| format!("c{column}")).collect();
    for records in [1_000, 4_000, 30_000] {
        let cells: Vec<Box<dyn Fn(usize) -> String>> = (0..12)
            .map(|column| Box::new(move |record| random(column, record, 100_000).to_string()) as _)
            .collect();
        let columns: Vec<_> =
            names.iter().map(String::as_str).zip(cells.iter().map(|cell| &**cell as _)).collect();
        let files = Files::new(&[("a.csv", table(records, &columns)), ("b.csv", table(records, &columns))]);
        let drafted = draft(&files.options()).expect("a draft");
        let bias = drafted.figures.bias(drafted.expected_records);
        assert!(bias <= 0.05 && (bias > 0.04 || records == 30_000), "{records}: {bias}");
        let cap: f64 = drafted.figures.cap.parse().expect("a number");
        assert!(cap >= 10.0 * bias - 1e-9, "{cap} {bias}");
        assert!(u64::from(drafted.policy.terms().min_records) <= records as u64);
        assert!(drafted.policy.schema().features().iter().all(|feature| feature.bins() <= 33));
    }
}

#[test]
fn the_geometry_is_the_smallest_that_the_data_fits() {
    let small = Files::new(&[("a.csv", part(1, 500, 0))]);
    assert_eq!(draft(&small.options()).expect("a draft").geometry(), Geometry::COMPACT);
    // 600,000 cells would be 18 compact segments.
    let large = Files::new(&[("a.csv", part(1, 300_000, 0))]);
    assert_eq!(draft(&large.options()).expect("a draft").geometry(), Geometry::STANDARD);
    let mut options = small.options();
    options.terms.rounds = Some((5, 2_000));
    let drafted = draft(&options).expect("a draft");
    assert_eq!(drafted.geometry(), Geometry::STANDARD);
    assert_eq!((drafted.policy.terms().first_round, drafted.policy.rounds()), (5, 2_000));
}

#[test]
fn terms_that_are_given_are_taken_and_the_others_are_listed() {
    let files = Files::new(&[("a.csv", part(1, 2_000, 0)), ("b.csv", part(2, 2_000, 40))]);
    let mut options = files.options();
    let keys = |drafted: &fairshare_draft::Drafted| -> Vec<_> {
        drafted.placeholders.iter().map(|placeholder| placeholder.key).collect()
    };
    assert_eq!(keys(&draft(&options).expect("a draft")).len(), 8);
    options.terms.pool = Some(7);
    options.terms.chain_id = Some(9);
    options.terms.subnet = Some("clinics".to_owned());
    options.terms.cap = Some("0.5".to_owned());
    options.terms.min_records = Some(321);
    options.terms.data_lambda = Some("0.02".to_owned());
    options.terms.pseudo_count = Some(3);
    let drafted = draft(&options).expect("a draft");
    assert_eq!(
        keys(&drafted),
        ["parameters", "vault.address", "vault.registry", "rounds.first and rounds.count", "rounds.ends_by"]
    );
    let terms = drafted.policy.terms();
    assert_eq!((terms.pool, terms.chain_id, terms.min_records), (7, 9, 321));
    assert_eq!((terms.subnet.as_str(), drafted.policy.pseudo_count()), ("clinics", 3));
    assert_eq!(drafted.policy.data_decay().lambda(), "0.02");
    assert_eq!(drafted.policy.compute_decay().lambda(), "0.01");
    // What the rules refuse is refused with its key.
    options.terms.min_records = Some(1);
    let error = draft(&options).expect_err("a refusal");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("`data.min_records`") && cause.contains("ask for"), "{cause}");
}

#[test]
fn the_same_files_give_the_same_draft() {
    let files = Files::new(&[("a.csv", part(1, 30_000, 0)), ("b.csv", part(2, 2_000, 40))]);
    let [one, two] = [0, 1].map(|_| draft(&files.options()).expect("a draft"));
    assert_eq!((one.text, one.reference), (two.text, two.reference));
}

/// A column that is another way to say who contributes pays for the name, whatever else the data is.
#[test]
fn a_column_that_tells_the_parts_apart_is_remarked_on() {
    let part = |host: &'static str, first: usize| {
        table(
            2_000,
            &[
                ("host", &move |_| host.to_owned()),
                ("number", &move |record| (first + random(1, record, 500)).to_string()),
                ("kind", &|record| format!("k{}", random(2, record, 5))),
            ],
        )
    };
    let apart = |files: &Files| {
        let drafted = draft(&files.options()).expect("a draft");
        let found = drafted.remarks.iter().filter(|remark| matches!(remark.finding, Finding::Apart { .. }));
        let found: Vec<_> = found.map(|remark| remark.columns.join(",")).collect();
        assert_eq!(drafted.text.contains("names the contributor"), !found.is_empty());
        found
    };
    for (hosts, first, column) in [(["web1", "web2"], 0, "host"), (["same", "same"], 500, "number")] {
        let files = Files::new(&[("web1.csv", part(hosts[0], 0)), ("web2.csv", part(hosts[1], first))]);
        assert_eq!(apart(&files), [column]);
    }
    let files = Files::new(&[("a.csv", part("same", 0)), ("b.csv", part("same", 250))]);
    assert_eq!(apart(&files), Vec::<String>::new());
    // One part is apart from nothing.
    assert_eq!(apart(&Files::new(&[("web1.csv", part("web1", 0))])), Vec::<String>::new());
}
