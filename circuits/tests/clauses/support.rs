//! What the three circuits' clause tests share.

use std::collections::BTreeSet;

use fairshare_circuits::geometry::Geometry;
use halo2_proofs::dev::{MockProver, VerifyFailure};
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;

use crate::claims::GEOMETRY;
use crate::system::System;

/// The names of the constraints that object, or `permutation` for a copy: the mock prover's answer, and the
/// test support's own, which must be one.
pub fn failures<C: Circuit<Fr>>(circuit: &C, instance: &[Fr]) -> BTreeSet<String> {
    let names = mock_failures(circuit, instance);
    assert_eq!(
        System::extract(GEOMETRY.k(), circuit, instance).failing_names(),
        names,
        "the evaluator differs"
    );
    names
}

fn mock_failures<C: Circuit<Fr>>(circuit: &C, instance: &[Fr]) -> BTreeSet<String> {
    let prover = MockProver::run(GEOMETRY.k(), circuit, vec![instance.to_vec()]).expect("synthesis");
    let failures = prover.verify().err().unwrap_or_default();
    failures
        .into_iter()
        .map(|failure| match failure {
            VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
                // "Constraint 0 ('NAME') in gate 1 ('GATE')"
                constraint.to_string().split('\'').nth(1).expect("a named constraint").to_owned()
            }
            VerifyFailure::Permutation { .. } => "permutation".to_owned(),
            other => panic!("unexpected failure {other}"),
        })
        .collect()
}

/// The names of the constraints that object in any geometry. Beyond the one under test it is the evaluator's
/// answer alone, which takes a fraction of the mock prover's time.
pub fn failures_in<C: Circuit<Fr>>(geometry: Geometry, circuit: &C, instance: &[Fr]) -> BTreeSet<String> {
    if geometry == GEOMETRY {
        return failures(circuit, instance);
    }
    System::extract(geometry.k(), circuit, instance).failing_names()
}

/// Asserts that exactly the constraints `names` object.
#[track_caller]
pub fn assert_refused<C: Circuit<Fr>>(circuit: &C, instance: &[Fr], names: &[&str]) {
    let expected: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(failures(circuit, instance), expected);
}

/// Asserts that nothing objects.
#[track_caller]
pub fn assert_accepted<C: Circuit<Fr>>(circuit: &C, instance: &[Fr]) {
    assert_refused(circuit, instance, &[]);
}
