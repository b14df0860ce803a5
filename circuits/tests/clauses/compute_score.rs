use fairshare_circuits::chips::limbs::count as limb_count;
use fairshare_circuits::chips::power_of_two;
use fairshare_circuits::compute_score::{Cells, Clause, ComputeScoreCircuit, Instance, Rows, Trace, check};
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::support::{assert_accepted, assert_refused, failures};
use crate::claims::{ComputeClaim as Claim, FULL_DECAY, GEOMETRY};

const ROWS: Rows = Rows::new(GEOMETRY);

impl Claim {
    fn check(&self) -> Result<(), Clause> {
        check(GEOMETRY, &self.instance, &self.witness).map_err(|violation| violation.clause)
    }

    #[track_caller]
    fn refused(&self, trace: Trace, constraints: &[&str]) {
        assert_refused(&ComputeScoreCircuit::new(GEOMETRY, trace), &self.instance.to_rows(), constraints);
    }

    fn constraints(&self, trace: Trace) -> std::collections::BTreeSet<String> {
        failures(&ComputeScoreCircuit::new(GEOMETRY, trace), &self.instance.to_rows())
    }
}

fn honest() -> Claim {
    Claim::honest()
}

#[test]
fn honest_score_is_accepted() {
    let claim = honest();
    claim.check().unwrap();
    assert_accepted(&ComputeScoreCircuit::new(GEOMETRY, claim.trace()), &claim.instance.to_rows());
}

#[test]
fn c1_instance_bound() {
    let claim = honest();
    let honest_rows = claim.instance.to_rows();
    for row in 0..honest_rows.len() {
        let mut rows = honest_rows;
        rows[row] += Fr::one();
        assert_refused(&ComputeScoreCircuit::new(GEOMETRY, claim.trace()), &rows, &["permutation"]);
    }
}

#[test]
fn c1_rho_is_the_same_in_every_row() {
    // The last row's ρ multiplies nothing.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Rho, ROWS.total(), Fr::zero());
    claim.refused(trace, &["C1 rho"]);
}

#[test]
fn c2_units_within_totals() {
    let mut claim = honest();
    claim.witness.units[1] = 1;
    assert_eq!(claim.check(), Err(Clause::UnitsWithinTotals));
    let refused = claim.constraints(claim.trace());
    assert!(refused.contains("C2 rest"), "{refused:?}");

    // Limbs that compose to the negative rest: only the table objects.
    let claim = honest();
    let mut trace = claim.trace();
    let width = GEOMETRY.alphabet_bits();
    trace.set(Cells::Rest(0), 0, trace.get(Cells::Rest(0), 0) + power_of_two(width));
    trace.set(Cells::Rest(1), 0, trace.get(Cells::Rest(1), 0) - Fr::one());
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn c2_units_are_integers() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::UnitLimb(0), 20, Fr::one());
    trace.recount();
    claim.refused(trace, &["C2 units"]);
}

#[test]
fn c3_nonzero() {
    let claim = honest();
    // A round without units claimed to have some: the slack would be −1.
    let mut trace = claim.trace();
    trace.set(Cells::Nonzero, 30, Fr::one());
    claim.refused(trace, &["C3 remainder"]);
    // A flag that is no bit, in an empty round with the slack that it asks for.
    let mut trace = claim.trace();
    trace.set(Cells::Nonzero, 30, -Fr::one());
    trace.set(Cells::Slack(0), 30, Fr::one());
    trace.recount();
    claim.refused(trace, &["C3 nonzero"]);
}

#[test]
fn c3_zero_total() {
    // A round with units claimed to be empty, to drop its share.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Nonzero, 1, Fr::zero());
    trace.set(Cells::Totals, 1, Fr::from(1));
    let refused = claim.constraints(trace);
    assert!(refused.contains("C3 zero total"), "{refused:?}");
}

#[test]
fn c3_zero_share() {
    // 0 = share·0: without its own constraint the share of an empty round would be free.
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Share(0), 1, Fr::from(7));
    trace.recount();
    let refused = claim.constraints(trace);
    assert!(refused.contains("C3 zero share"), "{refused:?}");
    assert!(!refused.contains("C3 division"), "{refused:?}");
}

#[test]
fn c3_division() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Remainder(0), 0, trace.get(Cells::Remainder(0), 0) + Fr::one());
    trace.set(Cells::Slack(0), 0, trace.get(Cells::Slack(0), 0) - Fr::one());
    trace.recount();
    claim.refused(trace, &["C3 division"]);
}

#[test]
fn c3_shares_off_by_one() {
    // One unit of share less, the remainder above the total: the slack is negative, so its limbs cannot be
    // in range. The rest of the trace follows the lie.
    let claim = honest();
    let mut trace = claim.trace();
    let total = Fr::from(1000);
    trace.set(Cells::Share(0), 0, trace.get(Cells::Share(0), 0) - Fr::one());
    trace.set(Cells::Remainder(0), 0, trace.get(Cells::Remainder(0), 0) + total);
    trace.set(Cells::Slack(0), 0, trace.get(Cells::Slack(0), 0) - total);
    trace.recount();
    let refused = claim.constraints(trace);
    assert!(refused.contains("LogUp boundary"), "{refused:?}");
    assert!(!refused.contains("C3 division") && !refused.contains("C3 remainder"), "{refused:?}");
}

#[test]
fn c4_decay() {
    // The decay rounded up in the last step, which no share reads: the part lost is negative.
    let claim = honest();
    let mut trace = claim.trace();
    let row = ROWS.total();
    trace.set(Cells::Decay(0), row, trace.get(Cells::Decay(0), row) + Fr::one());
    trace.recount();
    claim.refused(trace, &["C4 decay"]);

    let mut trace = claim.trace();
    let row = row - 1;
    trace.set(Cells::Decay(0), row + 1, trace.get(Cells::Decay(0), row + 1) + Fr::one());
    let scale = fairshare_circuits::chips::limbs::scaling(64, GEOMETRY.alphabet_bits());
    trace.set(Cells::Lost(0), row, trace.get(Cells::Lost(0), row) - power_of_two(64 + scale));
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn c4_start() {
    // Another first decay, with everything after it true.
    let claim = honest();
    let mut other = Claim::new("0.01", claim.witness.units.clone(), claim.witness.totals.clone(), 1 << 63);
    other.instance.first_decay = claim.instance.first_decay;
    let mut trace =
        Trace::new(GEOMETRY, &Instance { first_decay: 1 << 63, ..other.instance }, &other.witness);
    trace.set(Cells::Io, 0, Fr::from_raw([0, 1, 0, 0]));
    other.refused(trace, &["C4 start"]);
}

#[test]
fn c5_sum() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Sum, 40, Fr::one());
    claim.refused(trace, &["C5 term"]);

    // A head start of one unit in the last place vanishes in the score's floor, but not in its remainder.
    let mut trace = claim.trace();
    for row in 0..=ROWS.total() {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) + Fr::one());
    }
    let refused = claim.constraints(trace);
    assert!(refused.contains("C5 start"), "{refused:?}");
}

#[test]
fn c6_score_off_by_one() {
    for delta in [1, u64::MAX] {
        let mut claim = honest();
        claim.instance.score = claim.instance.score.wrapping_add(delta);
        assert_eq!(claim.check(), Err(Clause::Score));
        claim.refused(claim.trace(), &["C6 score"]);
    }
}

/// The cells of the score's remainder: the first limbs of units, rest and share.
fn remainder_limbs() -> impl Iterator<Item = Cells> {
    let width = GEOMETRY.alphabet_bits();
    let units = (0..limb_count(32, width)).map(Cells::UnitLimb);
    let rest = (0..limb_count(32, width)).map(Cells::Rest);
    units.chain(rest).chain((0..limb_count(33, width)).map(Cells::Share)).take(limb_count(96, width))
}

#[test]
fn c6_remainder_is_in_range() {
    // The limbs compose to the out-of-range remainder: only the table objects.
    let mut claim = honest();
    claim.instance.score -= 1;
    let honest = honest().trace();
    let mut trace = claim.trace();
    let width = GEOMETRY.alphabet_bits();
    let cells: Vec<_> = remainder_limbs().collect();
    for cells in &cells {
        trace.set(*cells, ROWS.total(), honest.get(*cells, ROWS.total()));
    }
    let last = cells[cells.len() - 1];
    trace.set(last, ROWS.total(), honest.get(last, ROWS.total()) + power_of_two(width));
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

prop_compose! {
    fn arb_claim()(
        lambda in prop::sample::select(vec!["0.0001", "0.01", "0.693147", "2.5", "1000"]),
        rounds in prop::collection::vec((0u32..=u32::MAX, 0u32..=u32::MAX, 0u8..4), 1..200),
        first_decay in prop::sample::select(vec![0, 1, FULL_DECAY / 3, FULL_DECAY]),
    ) -> Claim {
        let (units, totals) = rounds
            .into_iter()
            .map(|(units, total, kind)| match kind {
                0 => (0, 0),
                1 => (total, total),
                _ => (if total == 0 { 0 } else { units % total }, total),
            })
            .unzip();
        Claim::new(lambda, units, totals, first_decay)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn relation_and_circuit_agree(claim in arb_claim(), lie in prop::option::of(0usize..3)) {
        let mut claim = claim;
        match lie {
            Some(0) => claim.instance.score ^= 1,
            Some(1) => claim.witness.units[0] = claim.witness.totals[0].wrapping_add(1),
            Some(_) => claim.instance.rho ^= 1 << 40,
            None => {}
        }
        let relation = claim.check().is_ok();
        prop_assert_eq!(relation, claim.constraints(claim.trace()).is_empty());
    }
}
