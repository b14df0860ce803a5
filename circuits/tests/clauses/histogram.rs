use fairshare_circuits::chips::power_of_two;
use fairshare_circuits::histogram::{Clause, HistogramCircuit, Instance, Witness, check};
use ff::PrimeField;
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::support::{assert_accepted, assert_refused, failures};
use crate::claims::{GEOMETRY, HistogramClaim, SHAPE};

fn instance() -> Instance {
    HistogramClaim::honest().instance
}

fn honest() -> Witness {
    HistogramClaim::honest().witness
}

impl HistogramClaim {
    /// By the relation for this clause, by the circuit for these constraints.
    #[track_caller]
    fn refused(&self, clause: Clause, constraints: &[&str]) {
        assert_eq!(check(GEOMETRY, &self.instance, &self.witness).unwrap_err().clause, clause);
        assert_refused(&self.circuit(), &self.instance.to_rows(), constraints);
    }
}

#[track_caller]
fn refused_by_both(witness: Witness, clause: Clause, constraints: &[&str]) {
    HistogramClaim { witness, ..HistogramClaim::honest() }.refused(clause, constraints);
}

#[test]
fn honest_histogram_is_accepted() {
    check(GEOMETRY, &instance(), &honest()).unwrap();
    assert_accepted(&HistogramCircuit::new(SHAPE, honest()), &instance().to_rows());
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
    // The cell says what the instance says: only the sum objects.
    let mut claim = HistogramClaim::honest();
    claim.witness.counts[0] -= 1;
    claim.instance.padding -= 1;
    claim.refused(Clause::CountsMatch, &["LogUp boundary"]);
}

#[test]
fn h3_counts_end() {
    // Row 2^b offers symbol 0 once more; taking one count away from row 0 leaves the LogUp sum true. Padding
    // so passes for a record, and the instance says so.
    let mut claim = HistogramClaim::honest();
    claim.witness.counts[0] -= 1;
    claim.witness.counts[GEOMETRY.alphabet()] += 1;
    claim.instance.padding -= 1;
    claim.refused(Clause::CountsMatch, &["H3 counts-end"]);

    let mut witness = honest();
    witness.counts[GEOMETRY.usable_rows() - 1] = 1;
    assert_eq!(check(GEOMETRY, &instance(), &witness).unwrap_err().clause, Clause::CountsEnd);
}

#[test]
fn h4_padding_counted() {
    let padding = instance().padding;
    for wrong in [padding - 1, padding + 1, 0, SHAPE.symbols() as u64] {
        let mut claim = HistogramClaim::honest();
        claim.instance.padding = wrong;
        claim.refused(Clause::PaddingCounted, &["H4 padding-counted"]);
    }
}

#[test]
fn h4_padding_counted_is_that_of_the_cells() {
    // One record fewer than was registered, and padding in its place, counted as such.
    let honest = HistogramClaim::honest();
    let given = SHAPE.symbols() - honest.instance.padding as usize;
    let symbols = honest.witness.symbols[..given - 1].to_vec();
    let fewer = HistogramClaim { instance: honest.instance, ..HistogramClaim::of(SHAPE, symbols) };
    fewer.refused(Clause::PaddingCounted, &["H4 padding-counted"]);

    // The cell of the count altered to the instance's liking: the sum objects instead.
    let mut altered = fewer;
    altered.witness.counts[0] -= 1;
    altered.refused(Clause::CountsMatch, &["LogUp boundary"]);
}

/// The instance is a field element: no multiple of the order, and no negative, is another name for it.
#[test]
fn h4_padding_counted_as_a_field_element() {
    let claim = HistogramClaim::honest();
    let padding = claim.instance.to_rows()[0];
    for wrong in [-padding, padding + power_of_two(64), padding * Fr::TWO_INV] {
        assert_refused(&claim.circuit(), &[wrong], &["H4 padding-counted"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn relation_and_circuit_agree(
        symbols in prop::collection::vec(0u16..1024, 0..40_000),
        lie in prop::option::of((0usize..1024, 0usize..1024)),
        more_padding in prop_oneof![3 => Just(0u64), 1 => 1u64..5],
    ) {
        let mut witness = Witness::new(SHAPE, symbols);
        let padding = witness.symbols.iter().filter(|symbol| **symbol == 0).count() as u64 + more_padding;
        if let Some((from, to)) = lie && witness.counts[from] > 0 {
            witness.counts[from] -= 1;
            witness.counts[to] += 1;
        }
        let instance = Instance { padding };
        let relation = check(GEOMETRY, &instance, &witness).is_ok();
        let circuit = failures(&HistogramCircuit::new(SHAPE, witness), &instance.to_rows()).is_empty();
        prop_assert_eq!(relation, circuit);
    }
}
