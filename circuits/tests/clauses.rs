//! Ring 2 and ring 3 of the suite: the plain relation and the circuit agree, and each clause bites.

mod clauses {
    mod compute_score;
    mod data_score;
    mod histogram;
    pub mod support;
    mod vectors;
}

#[path = "support/claims.rs"]
mod claims;
#[path = "support/system.rs"]
mod system;

/// A clause is named alike in the statement, in the circuit's regions or gates, and in its test.
#[test]
fn every_clause_is_stated_constrained_and_tested() {
    let circuits: [(&str, &[&str], &str, Vec<&str>); 3] = [
        (
            include_str!("../src/histogram/statement.md"),
            &[include_str!("../src/histogram/clauses.rs"), include_str!("../src/histogram/layout.rs")],
            include_str!("clauses/histogram.rs"),
            fairshare_circuits::histogram::Clause::ALL.iter().map(|clause| clause.name()).collect(),
        ),
        (
            include_str!("../src/data_score/statement.md"),
            &[include_str!("../src/data_score/layout.rs")],
            include_str!("clauses/data_score.rs"),
            fairshare_circuits::data_score::Clause::ALL.iter().map(|clause| clause.name()).collect(),
        ),
        (
            include_str!("../src/compute_score/statement.md"),
            &[include_str!("../src/compute_score/layout.rs")],
            include_str!("clauses/compute_score.rs"),
            fairshare_circuits::compute_score::Clause::ALL.iter().map(|clause| clause.name()).collect(),
        ),
    ];
    for (statement, sources, tests, names) in circuits {
        let headings: Vec<_> =
            statement.lines().filter_map(|line| line.strip_prefix("### ")).map(str::trim).collect();
        assert_eq!(headings, names);
        for name in names {
            let (number, _) = name.split_once(' ').expect("a number and a name");
            assert!(sources.iter().any(|source| source.contains(&format!("\"{number} "))), "{name}");
            let test = format!("fn {}_", number.to_lowercase());
            assert!(tests.contains(&test), "no test starts with `{test}`");
        }
    }
}
