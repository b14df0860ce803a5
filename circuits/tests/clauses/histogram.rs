use fairshare_circuits::histogram::{Clause, HistogramCircuit, Instance, Witness, check};
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::support::{assert_accepted, assert_refused, failures};
use crate::claims::{GEOMETRY, HistogramClaim};

fn instance() -> Instance {
    HistogramClaim::honest().instance
}

fn honest() -> Witness {
    HistogramClaim::honest().witness
}

#[track_caller]
fn refused_by_both(witness: Witness, clause: Clause, constraints: &[&str]) {
    assert_eq!(check(GEOMETRY, &instance(), &witness).unwrap_err().clause, clause);
    assert_refused(&HistogramCircuit::new(GEOMETRY, witness), &instance().to_rows(), constraints);
}

#[test]
fn honest_histogram_is_accepted() {
    check(GEOMETRY, &instance(), &honest()).unwrap();
    assert_accepted(&HistogramCircuit::new(GEOMETRY, honest()), &instance().to_rows());
}

#[test]
fn h1_in_alphabet() {
    let mut witness = honest();
    witness.counts[usize::from(witness.symbols[5])] -= 1;
    witness.symbols[5] = GEOMETRY.alphabet() as u16;
    refused_by_both(witness, Clause::InAlphabet, &["LogUp boundary"]);
}

#[test]
fn h2_counts_match() {
    let mut witness = honest();
    witness.counts[7] += 1;
    witness.counts[8] -= 1;
    refused_by_both(witness, Clause::CountsMatch, &["LogUp boundary"]);
}

#[test]
fn h2_padding_is_counted_too() {
    let mut witness = honest();
    witness.counts[0] -= 1;
    refused_by_both(witness, Clause::CountsMatch, &["LogUp boundary"]);
}

#[test]
fn h3_counts_end() {
    // Row 2^b offers symbol 0 once more; taking one count away from row 0 leaves the LogUp sum true.
    let mut witness = honest();
    witness.counts[0] -= 1;
    witness.counts[GEOMETRY.alphabet()] += 1;
    assert_refused(&HistogramCircuit::new(GEOMETRY, witness), &instance().to_rows(), &["H3 counts-end"]);

    let mut witness = honest();
    witness.counts[GEOMETRY.usable_rows() - 1] = 1;
    assert_eq!(check(GEOMETRY, &instance(), &witness).unwrap_err().clause, Clause::CountsEnd);
}

#[test]
fn h4_statement_bound() {
    for limb in 0..2 {
        let mut witness = honest();
        witness.statement[limb] += Fr::one();
        refused_by_both(witness, Clause::StatementBound, &["H4 statement-bound"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn relation_and_circuit_agree(
        symbols in prop::collection::vec(0u16..1024, 0..40_000),
        lie in prop::option::of((0usize..1024, 0usize..1024)),
    ) {
        let mut witness = Witness::new(GEOMETRY, symbols, instance().statement);
        if let Some((from, to)) = lie && witness.counts[from] > 0 {
            witness.counts[from] -= 1;
            witness.counts[to] += 1;
        }
        let relation = check(GEOMETRY, &instance(), &witness).is_ok();
        let circuit = failures(&HistogramCircuit::new(GEOMETRY, witness), &instance().to_rows()).is_empty();
        prop_assert_eq!(relation, circuit);
    }
}
