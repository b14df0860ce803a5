//! The sum check: nodes whose units do not add up keep an epoch from closing, by name.

use std::collections::BTreeMap;

use fairshare_audit::snapshot::State;
use fairshare_audit::units::{RoundDifference, SumError};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::registration::Registration;
use fairshare_vault::ledger::Units;
use fairshare_vault::{Ledger, VaultError};
use ff::Field;
use group::Curve;
use halo2curves::bn256::Fr;

use crate::fixture;
use crate::world::*;

/// A node's log of any column, even one that no circuit would take.
fn log(node: Address, column: &[Fr]) -> Registration {
    let commitment = commit(&fixture::SRS, column, &Blinding::NONE).to_affine();
    Registration::for_compute(node, 10, Geometry::COMPACT, 10, 4, commitment).unwrap()
}

fn integers(units: &[u32]) -> Vec<Fr> {
    units.iter().map(|units| Fr::from(u64::from(*units))).collect()
}

fn on_record(by_node: &[(Address, &[u32])]) -> Units<'static> {
    let by_node: BTreeMap<_, _> = by_node.iter().map(|(node, units)| (*node, units.to_vec())).collect();
    Units { srs: &fixture::SRS, by_node }
}

fn register(ledger: &mut Ledger, logs: &[(Address, &[u32])]) {
    let registrations: Vec<_> = logs.iter().map(|(node, units)| log(*node, &integers(units))).collect();
    ledger.register(None, &batch(&registrations), Some(&on_record(logs))).unwrap();
}

fn refusal(ledger: &mut Ledger) -> SumError {
    let Err(VaultError::Sum(error)) = ledger.close(None, &fixture::SRS) else { panic!("closed") };
    assert_eq!(ledger.epoch(None).unwrap().0.state, State::Open);
    error
}

#[test]
fn units_on_record_close_an_epoch_without_any_proof() {
    on_each(|location| {
        let mut ledger = opened(location);
        register(&mut ledger, &[(ALICE, &[305, 943, 0, 0]), (BOB, &[537, 0, 0, 7])]);
        assert_eq!(ledger.close(None, &fixture::SRS).unwrap().nodes, 2);
        // They have no score, so nobody is paid.
        assert!(ledger.settle(None).unwrap().payouts.is_empty());
        assert!(audit(&ledger.snapshot().unwrap()).is_clean());
    });
}

#[test]
fn a_node_with_more_units_than_the_round_had_is_told_by_round() {
    on_each(|location| {
        let mut ledger = opened(location);
        register(&mut ledger, &[(ALICE, &[305, 943, 0, 0]), (BOB, &[538, 1, 0, 7])]);
        let SumError::Sum { differences, unknown } = refusal(&mut ledger) else { panic!("another refusal") };
        let excess = |round, registered, total| RoundDifference { round, registered, total };
        assert_eq!(differences, [excess(10, 843, 842), excess(11, 944, 943)]);
        assert!(unknown.is_empty());
    });
    on_each(|location| {
        let mut ledger = opened(location);
        register(&mut ledger, &[(ALICE, &[305, 943, 0, 0]), (BOB, &[500, 0, 0, 7])]);
        let error = refusal(&mut ledger);
        assert!(
            error.to_string().contains("round 10 has 37 units too few (805 registered of 842)"),
            "{error}"
        );
    });
}

#[test]
fn a_node_that_is_proved_but_not_on_record_is_named_where_rounds_cannot_be() {
    on_each(|location| {
        let mut ledger = registered(location);
        assert!(submit(&mut ledger, 0, &all(&FIRST)).iter().all(|verdict| verdict.result.is_ok()));
        register(&mut ledger, &[(CAROL, &[1, 0, 0, 0])]);
        let SumError::Sum { differences, mut unknown } = refusal(&mut ledger) else {
            panic!("another refusal")
        };
        unknown.sort();
        assert_eq!((differences, unknown), (vec![], vec![ALICE, BOB]));
        // With everybody's units on record the round can be named.
        let units = on_record(&[(ALICE, &[305, 943, 0, 0]), (BOB, &[537, 0, 0, 7])]);
        assert_eq!(ledger.register(None, &batch(&[]), Some(&units)).unwrap().units, 2);
        let SumError::Sum { differences, .. } = refusal(&mut ledger) else { panic!("another refusal") };
        assert_eq!(differences, [RoundDifference { round: 10, registered: 843, total: 842 }]);
    });
}

/// Alice has five units too many, and a phantom minus five: the commitments add up, the units do not.
#[test]
fn a_log_of_negative_units_vouches_for_nothing() {
    on_each(|location| {
        let mut ledger = opened(location);
        register(&mut ledger, &[(ALICE, &[310, 943, 0, 0]), (BOB, &[537, 0, 0, 7])]);
        let phantom = log(CAROL, &[-Fr::from(5), Fr::ZERO, Fr::ZERO, Fr::ZERO]);
        ledger.register(None, &batch(&[phantom]), None).unwrap();
        assert_eq!(refusal(&mut ledger), SumError::Unbacked { nodes: vec![CAROL] });
        // No units in range open its commitment.
        for column in [[u32::MAX - 4, 0, 0, 0], [0, 0, 0, 0], [5, 0, 0, 0]] {
            let error =
                ledger.register(None, &batch(&[]), Some(&on_record(&[(CAROL, &column)]))).unwrap_err();
            assert!(matches!(error, VaultError::Units { contributor: CAROL }), "{error}");
        }
    });
}

#[test]
fn units_on_record_are_those_committed_to_and_stay() {
    on_each(|location| {
        let mut ledger = registered(location);
        let units = |column: &'static [u32]| on_record(&[(BOB, column)]);
        for wrong in [&[537u32, 0, 0, 8][..], &[537, 0, 0, 7, 0], &[537, 0, 7, 0], &[]] {
            let error = ledger.register(None, &batch(&[]), Some(&on_record(&[(BOB, wrong)]))).unwrap_err();
            assert!(matches!(error, VaultError::Units { contributor: BOB }), "{error}");
        }
        assert_eq!(ledger.register(None, &batch(&[]), Some(&units(&[537, 0, 0, 7]))).unwrap().units, 1);
        assert_eq!(ledger.register(None, &batch(&[]), Some(&units(&[537, 0, 0, 7]))).unwrap().units, 0);
        let error = ledger.register(None, &batch(&[]), Some(&units(&[537, 0, 0, 6]))).unwrap_err();
        assert!(matches!(error, VaultError::UnitsOtherwise { contributor: BOB }), "{error}");
    });
}
