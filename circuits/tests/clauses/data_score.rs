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
    let readers = ["D1 context low", "D1 context high", "D1 records", "D7 score", "D7 score", "D7 score"];
    for (row, reader) in readers.into_iter().enumerate() {
        let mut rows = honest_rows;
        rows[row] += Fr::one();
        assert_refused(&DataScoreCircuit::new(GEOMETRY, claim.trace()), &rows, &[reader]);
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
    claim.refused(trace, &["D1 same records"]);
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
    // The last of them is more than a count may be: segments of padding alone add up.
    for padding in [0, 12_345, 1 << 33] {
        claim.witness.padding = padding;
        claim.check().unwrap();
        let trace = claim.trace();
        assert_eq!(trace.get(Cells::Counts, 0), Fr::from(padding));
        assert_accepted(&DataScoreCircuit::new(GEOMETRY, trace), &claim.instance.to_rows());
    }
    // What stands among the counts in its place goes nowhere.
    let trace = claim.trace();
    claim.witness.counts[0] = 5;
    claim.check().unwrap();
    assert_eq!(claim.trace().columns(), trace.columns());
}

/// Of any other symbol such a count is refused, by its range alone.
#[test]
fn d4_counts_range_is_for_symbols_alone() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Counts, 900, power_of_two(33));
    let refused = failures(&DataScoreCircuit::new(GEOMETRY, trace), &claim.instance.to_rows());
    assert!(refused.contains("D4 counts-range"), "{refused:?}");
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
    trace.set(Cells::Exponent, 900, Fr::from(30));
    trace.set(Cells::Power, 900, Fr::from(2));
    let scale = fairshare_circuits::chips::limbs::scaling(21, GEOMETRY.alphabet_bits());
    trace.set(Cells::Offset(0), 900, Fr::from(1 << scale));
    trace.recount();
    let refused = failures(&DataScoreCircuit::new(GEOMETRY, trace), &claim.instance.to_rows());
    assert!(refused.contains("D4 counts-range"), "{refused:?}");
    assert!(!refused.contains("D5 normalised"), "{refused:?}");
}

/// The hints for a logarithm, and the logarithm.
const LOGARITHM: [Cells; 5] = [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude, Cells::Logarithm];

#[test]
fn d5_an_empty_bin_may_carry_any_number() {
    // Whatever the hints of an empty bin say is multiplied by its count.
    let claim = honest();
    let mut trace = claim.trace();
    for cells in LOGARITHM.into_iter().chain([Cells::Exponent, Cells::Power]) {
        trace.set(cells, 800, trace.get(cells, 4));
    }
    for limb in 0..fairshare_circuits::chips::limbs::count(21, GEOMETRY.alphabet_bits()) {
        trace.set(Cells::Offset(limb), 800, trace.get(Cells::Offset(limb), 4));
    }
    trace.recount();
    claim.refused(trace, &[]);
}

#[test]
fn d5_normalised() {
    // Another interval with its own coefficients: the table is content, neither the number nor its logarithm.
    for (row, refused) in [(11, "D5 normalised"), (0, "D5 normalised n")] {
        let claim = honest();
        let mut trace = claim.trace();
        for cells in &LOGARITHM[..4] {
            trace.set(*cells, row, trace.get(*cells, 3));
        }
        trace.recount();
        claim.refused(trace, &[refused, "D5 logarithm"]);
    }
}

#[test]
fn d5_logarithm() {
    // Another logarithm with every sum carried along.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Logarithm, 3, trace.get(Cells::Logarithm, 3) + Fr::one());
    trace.fill_score(&claim.instance);
    trace.recount();
    claim.refused(trace, &["D5 logarithm"]);
}

#[test]
fn d5_logarithms_come_from_the_table() {
    // Other coefficients for the same interval, with the logarithm and every sum carried along: only the
    // look-up objects.
    let claim = honest();
    for row in [0, 3] {
        let mut trace = claim.trace();
        for cells in [Cells::A, Cells::Logarithm] {
            trace.set(cells, row, trace.get(cells, row) + Fr::one());
        }
        trace.fill_score(&claim.instance);
        trace.recount();
        claim.refused(trace, &["LogUp boundary"]);
    }
}

#[test]
fn d5_exponent_and_power_belong_together() {
    let claim = honest();
    let row = 3;
    let mut trace = claim.trace();
    trace.set(Cells::Exponent, row, trace.get(Cells::Exponent, row) + Fr::one());
    trace.recount();
    claim.refused(trace, &["LogUp boundary", "D5 logarithm"]);
}

#[test]
fn d5_no_row_of_zeros_in_the_table() {
    // All-zero coefficients under the interval's tag: what the range table offers must not pass for them.
    let claim = honest();
    let mut trace = claim.trace();
    for cells in [Cells::Interval, Cells::A, Cells::B, Cells::CMagnitude] {
        trace.set(cells, ROWS.bottom() + 5, Fr::zero());
    }
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn d6_sum() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Sum, 30, trace.get(Cells::Sum, 30) + Fr::one());
    claim.refused(trace, &["D6 term"]);
}

#[test]
fn d7_score_off_by_one() {
    for delta in [1, u64::MAX] {
        let mut claim = honest();
        claim.instance.score = claim.instance.score.wrapping_add(delta);
        assert_eq!(claim.check(), Err(Clause::Score));
        // The remainder leaves its range, so that its limbs no longer compose to it.
        claim.refused(claim.trace(), &["D7 score"]);
    }
}

#[test]
fn d7_high_limbs_are_taken_off_the_sum() {
    // The sum begins one unit too high, and the low limbs follow.
    let claim = honest();
    let mut trace = claim.trace();
    for row in 1..=ROWS.bottom() {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) + Fr::one());
    }
    let scale = fairshare_circuits::chips::limbs::scaling(88, GEOMETRY.alphabet_bits());
    trace.set(Cells::CountLimb(0), 0, trace.get(Cells::CountLimb(0), 0) + power_of_two(scale));
    trace.recount();
    claim.refused(trace, &["D7 high"]);
}

#[test]
fn d7_remainder_is_in_range() {
    // The score one too low, and the last limb of the remainder larger by all of it: only the table objects.
    let mut claim = honest();
    let mut trace = claim.trace();
    claim.instance.score -= 1;
    let width = GEOMETRY.alphabet_bits();
    let [low, all] = [32, 88].map(|bits| fairshare_circuits::chips::limbs::count(bits, width));
    let last = Cells::Offset(0).index(GEOMETRY) + (all - low) - 1;
    let offsets = Cells::CountLimb(0).index(GEOMETRY);
    let last = if last < offsets { Cells::Offset(all - low - 1) } else { Cells::CountLimb(last - offsets) };
    trace.set(last, ROWS.bottom(), trace.get(last, ROWS.bottom()) + power_of_two(width));
    for row in 1..=ROWS.bottom() {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) - power_of_two(88));
    }
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

/// The score that the sum over the witness as it is would give, true or not.
fn rescore(claim: &mut Claim) {
    let total = claim.trace().total(&claim.instance);
    let sum = num_bigint::BigUint::from_bytes_le(total.to_repr().as_ref());
    claim.instance.score = u64::try_from(sum >> 88u32).expect("a small score");
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
