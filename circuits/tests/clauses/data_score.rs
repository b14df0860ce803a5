use fairshare_circuits::chips::power_of_two;
use fairshare_circuits::data_score::{Cells, Clause, DataScoreCircuit, Rows, Trace, check};
use ff::PrimeField;
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::support::{assert_accepted, assert_refused, failures};
use crate::claims::{DataClaim as Claim, GEOMETRY};

impl Claim {
    fn check(&self) -> Result<(), Clause> {
        check(&self.instance, &self.reference, &self.witness).map_err(|violation| violation.clause)
    }

    #[track_caller]
    fn refused(&self, trace: Trace, constraints: &[&str]) {
        assert_refused(&DataScoreCircuit::new(GEOMETRY, trace), &self.instance.to_rows(), constraints);
    }
}

fn honest() -> Claim {
    Claim::honest()
}

const ROWS: Rows = Rows::new(GEOMETRY);

#[test]
fn honest_score_is_accepted() {
    let claim = honest();
    claim.check().unwrap();
    assert_accepted(&DataScoreCircuit::new(GEOMETRY, claim.trace()), &claim.instance.to_rows());
}

#[test]
fn d1_instance_bound() {
    let claim = honest();
    let honest_rows = claim.instance.to_rows();
    for row in 0..honest_rows.len() {
        let mut rows = honest_rows;
        rows[row] += Fr::one();
        assert_refused(&DataScoreCircuit::new(GEOMETRY, claim.trace()), &rows, &["permutation"]);
    }
    let mut features = honest();
    features.instance.features += 1;
    assert_eq!(features.check(), Err(Clause::InstanceBound));
}

#[test]
fn d1_records_are_the_same_in_every_row() {
    // Row 14 is past the schema's last feature: no other gate reads n there.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Records, 14, Fr::from(5));
    claim.refused(trace, &["D1 records"]);
}

#[test]
fn d2_unused_empty() {
    let mut claim = honest();
    claim.witness.counts[500] = 1;
    assert_eq!(claim.check(), Err(Clause::UnusedEmpty));
    // The lie enters the running total, which no later feature reads, and adds Ln(1) = 0 to the sum.
    claim.refused(claim.trace(), &["D2 unused-empty"]);
}

#[test]
fn d2_padding_is_free() {
    let mut claim = honest();
    claim.witness.counts[0] = 12_345;
    claim.check().unwrap();
    assert_accepted(&DataScoreCircuit::new(GEOMETRY, claim.trace()), &claim.instance.to_rows());
}

#[test]
fn d3_feature_totals() {
    // Moving one record from one feature to another keeps the sum of all counts, not that of each feature.
    // The score is recomputed for the false counts, so that nothing else is wrong.
    let mut claim = honest();
    claim.witness.counts[1] -= 1;
    claim.witness.counts[5] += 1;
    assert_eq!(claim.check(), Err(Clause::FeatureTotals));
    rescore(&mut claim);
    claim.refused(claim.trace(), &["D3 feature total"]);
}

#[test]
fn d3_running_total_and_start() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Running, 600, Fr::from(9));
    claim.refused(trace, &["D3 running total"]);

    // A start of 1 is carried to the end of the first feature.
    let mut trace = claim.trace();
    for row in 1..=4 {
        trace.set(Cells::Running, row, trace.get(Cells::Running, row) + Fr::one());
    }
    claim.refused(trace, &["D3 start", "D3 feature total"]);
}

#[test]
fn d4_counts_range() {
    // A wrong limb, counted in the table: only the composition objects.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::CountLimb(0), 700, Fr::from(1));
    trace.recount();
    claim.refused(trace, &["D4 counts-range"]);

    // A limb out of range that composes to the count: only the look-up objects.
    let mut trace = claim.trace();
    let (low, high) = (trace.get(Cells::CountLimb(0), 4), trace.get(Cells::CountLimb(1), 4));
    trace.set(Cells::CountLimb(0), 4, low + power_of_two(GEOMETRY.alphabet_bits()));
    trace.set(Cells::CountLimb(1), 4, high - Fr::one());
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn d4_a_fractional_count_has_no_logarithm() {
    // c = (2^31 + 1)/2 in the field normalises with e = 30; only its range refuses it.
    let claim = honest();
    let mut trace = claim.trace();
    let count = (power_of_two(31) + Fr::one()) * Fr::TWO_INV;
    trace.set(Cells::Counts, 900, count);
    trace.set(Cells::Nonempty, 900, Fr::one());
    trace.set(Cells::Exponent, 900, Fr::from(30));
    trace.set(Cells::Power, 900, Fr::from(2));
    let scale = fairshare_circuits::chips::limbs::scaling(21, GEOMETRY.alphabet_bits());
    trace.set(Cells::Offset(0), 900, Fr::from(1 << scale));
    trace.recount();
    let refused = failures(&DataScoreCircuit::new(GEOMETRY, trace), &claim.instance.to_rows());
    assert!(refused.contains("D4 counts-range"), "{refused:?}");
    assert!(!refused.contains("D5 normalised"), "{refused:?}");
}

#[test]
fn d5_nonempty() {
    let claim = honest();
    // An empty bin called non-empty.
    let mut trace = claim.trace();
    trace.set(Cells::Nonempty, 800, Fr::one());
    claim.refused(trace, &["D5 normalised"]);
    // A flag that is neither 0 nor 1, where every product with it stays true.
    let mut trace = claim.trace();
    let half = Fr::TWO_INV;
    trace.set(Cells::Nonempty, 4, half);
    let refused = failures(&DataScoreCircuit::new(GEOMETRY, trace), &claim.instance.to_rows());
    assert!(refused.contains("D5 nonempty"), "{refused:?}");
}

#[test]
fn d5_normalised() {
    // Another interval with its own coefficients: the table is content, the count is not, nor is the sum.
    let claim = honest();
    let mut trace = claim.trace();
    for cells in [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude] {
        let other = trace.get(cells, 4);
        trace.set(cells, 11, other);
    }
    trace.recount();
    claim.refused(trace, &["D5 normalised", "D6 term"]);
}

#[test]
fn d5_logarithms_come_from_the_table() {
    // Other coefficients for the same interval, with the sum carried along: only the look-up objects, and the
    // score, which the sum no longer gives.
    let claim = honest();
    let row = 3;
    let mut trace = claim.trace();
    trace.set(Cells::A, row, trace.get(Cells::A, row) + Fr::one());
    let shift = trace.get(Cells::Counts, row);
    for row in row + 1..=ROWS.total() + 1 {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) + shift);
    }
    let remainder = trace.get(Cells::Running, ROWS.remainder()) + shift;
    let slack = trace.get(Cells::Running, ROWS.slack()) - shift;
    trace.set_wide(ROWS.remainder(), remainder);
    trace.set_wide(ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn d5_exponent_and_power_belong_together() {
    let claim = honest();
    let row = 3;
    let mut trace = claim.trace();
    trace.set(Cells::Exponent, row, trace.get(Cells::Exponent, row) + Fr::one());
    trace.recount();
    claim.refused(trace, &["LogUp boundary", "D6 term"]);
}

#[test]
fn d5_no_row_of_zeros_in_the_table() {
    // All-zero coefficients under the interval's tag: what the range table offers must not pass for them.
    let claim = honest();
    let mut trace = claim.trace();
    for cells in [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude] {
        trace.set(cells, 0, Fr::zero());
    }
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn d6_sum() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Sum, 30, Fr::one());
    claim.refused(trace, &["D6 term"]);

    let mut trace = claim.trace();
    for row in 1..=ROWS.total() + 1 {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) + Fr::one());
    }
    let remainder = trace.get(Cells::Running, ROWS.remainder()) + Fr::one();
    let slack = trace.get(Cells::Running, ROWS.slack()) - Fr::one();
    trace.set_wide(ROWS.remainder(), remainder);
    trace.set_wide(ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["D6 start"]);
}

#[test]
fn d6_total() {
    let claim = honest();
    let mut trace = claim.trace();
    let row = ROWS.total() + 1;
    trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) + Fr::one());
    let remainder = trace.get(Cells::Running, ROWS.remainder()) + Fr::one();
    let slack = trace.get(Cells::Running, ROWS.slack()) - Fr::one();
    trace.set_wide(ROWS.remainder(), remainder);
    trace.set_wide(ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["D6 total"]);
}

#[test]
fn d7_score_off_by_one() {
    for delta in [1, u64::MAX] {
        let mut claim = honest();
        claim.instance.score = claim.instance.score.wrapping_add(delta);
        assert_eq!(claim.check(), Err(Clause::Score));
        // The remainder leaves its range: its limbs no longer compose to it, or its slack's to the slack.
        claim.refused(claim.trace(), &["D7 range"]);
    }
}

#[test]
fn d7_division() {
    let claim = honest();
    let mut trace = claim.trace();
    let remainder = trace.get(Cells::Running, ROWS.remainder()) + Fr::one();
    let slack = trace.get(Cells::Running, ROWS.slack()) - Fr::one();
    trace.set_wide(ROWS.remainder(), remainder);
    trace.set_wide(ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["D7 division"]);
}

#[test]
fn d7_remainder() {
    let claim = honest();
    let mut trace = claim.trace();
    let slack = trace.get(Cells::Running, ROWS.slack()) - Fr::one();
    trace.set_wide(ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["D7 remainder"]);
}

#[test]
fn d7_range() {
    // The score one too low: the remainder exceeds its bound by exactly what the slack is below zero. Its
    // limbs may be any field elements that compose to it, but then the table objects.
    let mut claim = honest();
    claim.instance.score -= 1;
    let mut trace = claim.trace();
    let slack = trace.get(Cells::Running, ROWS.slack());
    trace.set_wide(ROWS.slack(), Fr::zero());
    trace.set(Cells::Running, ROWS.slack(), slack);
    trace.set(Cells::Offset(0), ROWS.slack(), slack);
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

/// The score that the sum over the witness as it is would give, true or not.
fn rescore(claim: &mut Claim) {
    let total = claim.trace().get(Cells::Sum, ROWS.total() + 1);
    let mut bytes = [0u8; 32];
    bytes.copy_from_slice(&total.to_repr());
    let sum = num_bigint::BigUint::from_bytes_le(&bytes);
    let quotient = sum / (num_bigint::BigUint::from(claim.instance.records.get()) << 48u32);
    claim.instance.score = u64::try_from(quotient).expect("a small score");
}

prop_compose! {
    /// Features with equal totals, and references.
    fn arb_features()(
        records in prop_oneof![1u32..50, 1u32..u32::MAX],
        shapes in prop::collection::vec((prop::collection::vec(0u32..=u32::MAX, 1..12), any::<u64>()), 1..6),
    ) -> Vec<(Vec<u32>, Vec<u32>)> {
        shapes
            .into_iter()
            .map(|(cuts, seed)| {
                let mut cuts: Vec<u32> = cuts.iter().map(|cut| cut % records).collect();
                cuts.extend([0, records]);
                cuts.sort_unstable();
                let counts: Vec<u32> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let reference = (0..counts.len() as u64)
                    .map(|bin| (seed.rotate_left((bin * 7 % 64) as u32) % 300_000_000) as u32 + 1)
                    .collect();
                (counts, reference)
            })
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn relation_and_circuit_agree(features in arb_features(), lie in prop::option::of(0usize..14)) {
        let mut claim = Claim::new(&features);
        match lie {
            Some(index @ 0..12) => {
                let symbol = index + 1;
                claim.witness.counts[symbol] = claim.witness.counts[symbol].wrapping_add(1);
            }
            Some(12) => claim.instance.score ^= 1,
            Some(_) => claim.instance.ln_totals += 1 << 100,
            None => {}
        }
        let relation = claim.check().is_ok();
        let circuit = DataScoreCircuit::new(GEOMETRY, claim.trace());
        prop_assert_eq!(relation, failures(&circuit, &claim.instance.to_rows()).is_empty());
    }
}
