//! The sweep and the mock prover give one answer, on the honest assignments and on a spread of altered ones.
//!
//! All alterations of the sample are judged by every gate on every row, with the second phase computed anew;
//! some of them also by the mock prover, which must name the same constraints.

use std::collections::BTreeSet;

use ff::Field;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::subjects::{self, Subject};
use super::sweep::{Change, Sweep, View, alterations};
use crate::system::System;

const SEED: u64 = 0x6167_7265;
/// Altered cells a circuit, one in `MOCKED` of them shown to the mock prover.
const SAMPLES: usize = 40;
const MOCKED: usize = 10;

/// What every gate and copy says of an altered assignment, its second phase computed anew.
fn full_objections(sweep: &Sweep, changes: &[Change]) -> BTreeSet<String> {
    let mut system = altered(sweep, changes);
    sweep.logup.sum(&mut system, Fr::ZERO);
    system.failing_names()
}

fn altered(sweep: &Sweep, changes: &[Change]) -> System {
    let mut system = sweep.system.clone();
    changes.iter().for_each(|(column, row, value)| system.advice[*column][*row] = *value);
    system
}

/// First-phase cells from all columns, most of them from rows where something happens.
fn sample(sweep: &Sweep, rng: &mut ChaCha8Rng) -> Vec<Change> {
    let mut below = |bound: usize| (rng.next_u64() % bound as u64) as usize;
    let first_phase =
        (0..sweep.system.advice.len()).filter(|column| sweep.system.phase(*column) == 0).count();
    let column = match below(2) {
        0 => below(first_phase),
        _ => sweep.held - 1 + below(first_phase - sweep.held + 1),
    };
    let row = match below(4) {
        0 => below(sweep.system.usable - 1),
        1 => 1022 + below(8),
        2 => below(2),
        _ => below(14),
    };
    let mut ways = alterations(&sweep.system, column, row);
    ways.swap_remove(below(ways.len())).1
}

fn agrees(subject: &Subject) {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut sweep = subject.sweep();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut recounted = 0;
    assert!(sweep.logup.binds);
    assert_eq!(sweep.balance(), Fr::ZERO);
    assert_eq!(full_objections(&sweep, &[]), BTreeSet::new());
    assert_eq!((subject.mock)(subject.system.clone(), sweep.logup.clone(), Vec::new()), BTreeSet::new());
    for index in 0..SAMPLES {
        let changes = sample(&sweep, &mut rng);
        let names = sweep.objections(&changes, View::Alone);
        assert_eq!(names.is_empty(), sweep.survives(&changes, View::Alone));
        assert_eq!(full_objections(&sweep, &changes), names, "{changes:?}");
        if index % MOCKED == 0 {
            let altered = altered(&sweep, &changes);
            assert_eq!((subject.mock)(altered, sweep.logup.clone(), Vec::new()), names, "{changes:?}");
        }
        recounted += usize::from(recounting_agrees(&mut sweep, &changes));
        seen.extend(names);
    }
    assert!(seen.contains("LogUp boundary") && seen.len() >= 3, "a narrow sample: {seen:?}");
    assert_eq!(recounted > 0, sweep.has_free_multiplicities(), "a narrow sample");
}

/// What survives with the multiplicities counted anew is accepted once they are; the rest is refused still.
fn recounting_agrees(sweep: &mut Sweep, changes: &[Change]) -> bool {
    let more = sweep.recount(changes);
    let all: Vec<Change> = changes.iter().chain(&more).copied().collect();
    let survives = sweep.survives(changes, View::Recounted);
    if sweep.has_free_multiplicities() {
        assert_eq!(full_objections(sweep, &all).is_empty(), survives, "{changes:?}");
    }
    survives && !more.is_empty()
}

#[test]
fn histogram_agrees() {
    agrees(&subjects::histogram());
}

#[test]
fn data_score_agrees() {
    agrees(&subjects::data_score());
}

#[test]
fn compute_score_agrees() {
    agrees(&subjects::compute_score());
}

/// Second-phase cells meet the gates as they are: helpers their own gate and the sum's, the running sum its
/// step and, at both ends, the boundary.
#[test]
fn second_phase_cells_are_held_by_name() {
    for subject in [subjects::histogram(), subjects::data_score(), subjects::compute_score()] {
        let mut sweep = subject.sweep();
        let (sum, rows) = (sweep.logup.running, sweep.logup.rows.end);
        for column in (0..sweep.system.advice.len()).filter(|column| subject.system.phase(*column) > 0) {
            for row in 0..=rows {
                let expected: &[&str] = match (column == sum, row) {
                    (false, row) if row == rows => &[],
                    (false, _) => &["LogUp helper", "LogUp sum"],
                    (true, row) if row == 0 || row == rows => &["LogUp boundary", "LogUp sum"],
                    (true, _) => &["LogUp sum"],
                };
                let value = subject.system.advice[column][row] + Fr::ONE;
                let names = sweep.objections(&[(column, row, value)], View::Alone);
                assert!(names.iter().eq(expected), "{} row {row}: {names:?}", subject.columns[column]);
            }
        }
    }
}

/// The mock prover on shifted second-phase cells: one of a helper, one of the running sum.
#[test]
fn second_phase_agrees() {
    let subject = subjects::data_score();
    let mut sweep = subject.sweep();
    for column in [subject.column("h1"), subject.column("φ")] {
        let value = subject.system.advice[column][700] + Fr::ONE;
        let names = sweep.objections(&[(column, 700, value)], View::Alone);
        let shifted = vec![(column, 700, Fr::ONE)];
        assert_eq!((subject.mock)(subject.system.clone(), sweep.logup.clone(), shifted), names);
    }
}
