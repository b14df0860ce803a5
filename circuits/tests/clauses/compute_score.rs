use fairshare_circuits::chips::limbs::count as limb_count;
use fairshare_circuits::chips::power_of_two;
use fairshare_circuits::compute_score::{Cells, Clause, ComputeScoreCircuit, Rows, Trace, check};
use fairshare_circuits::geometry::Geometry;
use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::support::{assert_accepted, assert_refused, failures};
use crate::claims::{ComputeClaim as Claim, GEOMETRY};

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
    let readers = ["C1 context low", "C1 context high", "C1 rho", "C1 lambda", "C6 score"];
    for (row, reader) in readers.into_iter().enumerate() {
        let mut rows = honest_rows;
        rows[row] += Fr::one();
        assert_refused(&ComputeScoreCircuit::new(GEOMETRY, claim.trace()), &rows, &[reader]);
    }
}

#[test]
fn c1_rho_and_lambda_are_the_same_in_every_row() {
    // No units stand in the last row. Where there are so few rounds that a decay is left, it objects, too.
    for (cells, name) in [(Cells::Rho, "C1 same rho"), (Cells::Lambda, "C1 same lambda")] {
        let claim = honest();
        let mut trace = claim.trace();
        trace.set(cells, ROWS.bottom(), Fr::zero());
        let refused = claim.constraints(trace);
        assert!(refused.contains(name), "{refused:?}");
        let others = refused.iter().filter(|other| *other != name);
        assert!(others.eq((cells == Cells::Rho && GEOMETRY == Geometry::COMPACT).then_some("C4 decay")));
    }
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
    let row = ROWS.bottom();
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
    // Half a decay in round 0, where the share is zero once there are no units; everything after it is true.
    let mut claim = honest();
    claim.witness.units = vec![0; 10];
    claim.instance.score = 0;
    let mut trace = claim.trace();
    let rho = u128::from(claim.instance.rho);
    let scale = fairshare_circuits::chips::limbs::scaling(64, GEOMETRY.alphabet_bits());
    let mut decay = 1u128 << 63;
    for row in 0..ROWS.bottom() {
        trace.set_limbs(Cells::Decay(0), row, decay, 65);
        let product = decay * rho;
        decay = product >> 64;
        trace.set_limbs(Cells::Lost(0), row, (product - (decay << 64)) << scale, 64);
    }
    trace.set_limbs(Cells::Decay(0), ROWS.bottom(), decay, 65);
    trace.recount();
    claim.refused(trace, &["C4 start"]);
}

#[test]
fn c5_sum() {
    let claim = honest();
    let mut trace = claim.trace();
    trace.set(Cells::Sum, 40, trace.get(Cells::Sum, 40) + Fr::one());
    claim.refused(trace, &["C5 term"]);
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
fn c6_remainder_is_taken_off_the_sum() {
    let claim = honest();
    let mut trace = claim.trace();
    let cells = Cells::UnitLimb(0);
    trace.set(cells, ROWS.bottom(), trace.get(cells, ROWS.bottom()) + Fr::one());
    trace.recount();
    claim.refused(trace, &["C6 remainder"]);
}

#[test]
fn c6_remainder_is_in_range() {
    // The limbs compose to the out-of-range remainder: only the table objects.
    let mut claim = honest();
    let mut trace = claim.trace();
    claim.instance.score -= 1;
    let last = remainder_limbs().last().expect("a limb");
    let width = GEOMETRY.alphabet_bits();
    trace.set(last, ROWS.bottom(), trace.get(last, ROWS.bottom()) + power_of_two(width));
    for row in 0..=ROWS.bottom() {
        trace.set(Cells::Sum, row, trace.get(Cells::Sum, row) - power_of_two(96));
    }
    trace.recount();
    claim.refused(trace, &["LogUp boundary"]);
}

#[test]
fn c7_rounds_end() {
    // Units below the last round that a proof covers: they would be paid by nobody's total.
    for row in [ROWS.bottom(), GEOMETRY.usable_rows() - 1] {
        let mut claim = honest();
        claim.witness.totals.resize(row + 1, 0);
        claim.witness.totals[row] = 7;
        claim.witness.units.resize(row + 1, 0);
        assert_eq!(claim.check(), Err(Clause::RoundsEnd));
        claim.refused(claim.trace(), &["C7 totals"]);
        claim.witness.units[row] = 7;
        assert_eq!(claim.check(), Err(Clause::RoundsEnd));
        claim.refused(claim.trace(), &["C7 totals", "C7 units"]);
    }
}

prop_compose! {
    fn arb_claim()(
        lambda in prop::sample::select(vec!["0.0001", "0.01", "0.693147", "2.5", "1000"]),
        rounds in prop::collection::vec((0u32..=u32::MAX, 0u32..=u32::MAX, 0u8..4), 1..200),
    ) -> Claim {
        let (units, totals) = rounds
            .into_iter()
            .map(|(units, total, kind)| match kind {
                0 => (0, 0),
                1 => (total, total),
                _ => (if total == 0 { 0 } else { units % total }, total),
            })
            .unzip();
        Claim::new(lambda, units, totals)
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
