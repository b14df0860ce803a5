//! Ring 2 and ring 3 of the suite: the plain relation and the circuit agree, and each clause bites.

use fairshare_circuits::{compute_score, data_score, histogram};

mod clauses {
    mod compute_score;
    mod data_score;
    mod geometries;
    mod histogram;
    pub mod naming;
    pub mod support;
    mod vectors;
}

#[path = "support/claims.rs"]
mod claims;
#[path = "support/system.rs"]
mod system;

use claims::{ComputeClaim, DataClaim, GEOMETRY, HistogramClaim};
use clauses::naming::Naming;
use system::System;

/// A clause is named alike in the statement, the enumeration, the circuit's regions, its gates, and its test.
#[test]
fn every_clause_is_stated_constrained_and_tested() {
    let histogram = HistogramClaim::honest();
    let data = DataClaim::honest();
    let compute = ComputeClaim::honest();
    let circuits = [
        Naming::of(
            include_str!("../src/histogram/statement.md"),
            histogram::Clause::ALL.map(|clause| (format!("{clause:?}"), clause.name())),
            &System::extract(GEOMETRY.k(), &histogram.circuit(), &histogram.instance.to_rows()),
            include_str!("clauses/histogram.rs"),
        ),
        Naming::of(
            include_str!("../src/data_score/statement.md"),
            data_score::Clause::ALL.map(|clause| (format!("{clause:?}"), clause.name())),
            &System::extract(GEOMETRY.k(), &data.circuit(), &data.instance.to_rows()),
            include_str!("clauses/data_score.rs"),
        ),
        Naming::of(
            include_str!("../src/compute_score/statement.md"),
            compute_score::Clause::ALL.map(|clause| (format!("{clause:?}"), clause.name())),
            &System::extract(GEOMETRY.k(), &compute.circuit(), &compute.instance.to_rows()),
            include_str!("clauses/compute_score.rs"),
        ),
    ];
    for (naming, clauses) in circuits.iter().zip([4, 7, 7]) {
        assert_eq!(naming.clauses(), clauses);
        assert_eq!(naming.missing(), Vec::<String>::new());
    }
}
