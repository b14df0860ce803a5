//! The nodes' units: recorded once, for all nodes, and what every compute score is of.

use fairshare_audit::snapshot::State;
use fairshare_params::address::Address;
use fairshare_params::units::Units;
use fairshare_vault::ledger::{Recorded, Submission, Unproved};
use fairshare_vault::{SubmitError, VaultError};
use fairshare_verifier::{NoUnits, VerifyError};

use crate::fixture;
use crate::world::*;

fn units(by_node: &[(Address, [u32; 4])]) -> Units {
    Units::new(10, 4, by_node.iter().map(|(node, units)| (*node, units.to_vec())).collect()).unwrap()
}

fn computes() -> Vec<Submission> {
    all(&FIRST).split_off(2)
}

#[test]
fn units_are_recorded_once_and_never_change() {
    on_each(|location| {
        let mut ledger = opened(location);
        assert_eq!(ledger.units(None).unwrap(), None);
        assert_eq!(ledger.register(None, &batch(&[]), Some(&FIRST.units)).unwrap().units, 2);
        assert_eq!(ledger.units(None).unwrap().as_ref(), Some(&FIRST.units));
        assert_eq!(ledger.register(None, &batch(&[]), Some(&FIRST.units)).unwrap().units, 0);
        // A node more, one less, and a unit less.
        for other in [
            units(&[(ALICE, [305, 943, 0, 0]), (BOB, [537, 0, 0, 7]), (CAROL, [0; 4])]),
            units(&[(ALICE, [305, 943, 0, 0])]),
            units(&[(ALICE, [305, 943, 0, 0]), (BOB, [537, 0, 0, 6])]),
        ] {
            let before = ledger.snapshot().unwrap();
            let error = ledger.register(None, &batch(&[]), Some(&other)).unwrap_err();
            assert!(matches!(error, VaultError::UnitsOtherwise { epoch: 4 }), "{error}");
            assert_eq!(ledger.snapshot().unwrap(), before);
        }
        ledger.close(None).unwrap();
        assert_eq!(ledger.register(None, &batch(&[]), Some(&FIRST.units)).unwrap().units, 0);
    });
    on_each(|location| {
        let mut ledger = opened(location);
        ledger.close(None).unwrap();
        let error = ledger.register(None, &batch(&[]), Some(&FIRST.units)).unwrap_err();
        assert!(
            matches!(error, VaultError::State { state: State::Closed, needed: State::Open, .. }),
            "{error}"
        );
    });
}

/// Whoever submits them, and with whatever units in hand: a bundle is of the units on record.
#[test]
fn a_compute_bundle_is_verified_with_the_units_on_record() {
    on_each(|location| {
        let mut ledger = opened(location);
        let error = ledger.submit(None, &VERIFIERS[0], &computes()).unwrap_err();
        assert!(matches!(error, VaultError::UnitsOtherwise { epoch: 4 }), "{error}");
        let without = fixture::verifier(&FIRST.policy);
        for verdict in ledger.submit(None, &without, &computes()).unwrap() {
            let Err(SubmitError::Verify(VerifyError::Units(NoUnits::Epoch))) = verdict.result else {
                panic!("{verdict:?}")
            };
        }
        // A record in which Bob did half of what he did: his own proof is not of it, nor is Alice's, whose
        // shares of the rounds are others.
        let other = units(&[(ALICE, [305, 943, 0, 0]), (BOB, [268, 0, 0, 7])]);
        ledger.register(None, &batch(&[]), Some(&other)).unwrap();
        let error = ledger.submit(None, &VERIFIERS[0], &computes()).unwrap_err();
        assert!(matches!(error, VaultError::UnitsOtherwise { epoch: 4 }), "{error}");
        let verifier = fixture::verifier(&FIRST.policy).with_units(&other).unwrap();
        for verdict in ledger.submit(None, &verifier, &computes()).unwrap() {
            assert!(
                matches!(verdict.result, Err(SubmitError::Verify(VerifyError::Proof { .. }))),
                "{verdict:?}"
            );
        }
    });
}

#[test]
fn a_node_without_a_proof_weighs_nothing_and_keeps_nobody_from_being_paid() {
    on_each(|location| {
        let mut ledger = opened(location);
        ledger.register(None, &batch(&[]), Some(&FIRST.units)).unwrap();
        let alices = &computes()[..1];
        let verdicts = ledger.submit(None, &VERIFIERS[0], alices).unwrap();
        assert!(matches!(verdicts[0].result, Ok(Recorded::Now)), "{verdicts:?}");
        ledger.register(None, &batch(&FIRST.registrations), None).unwrap();
        let closed = ledger.close(None).unwrap();
        assert_eq!((closed.nodes, closed.unproved), (2, Unproved { contributors: 2, nodes: 1 }));
        let settled = ledger.settle(None).unwrap();
        let [paid] = &settled.payouts[..] else { panic!("{:?}", settled.payouts) };
        // All of it: 7 tenths of a pool that they divide exactly.
        assert_eq!((paid.contributor, paid.payout.compute), (ALICE, FIRST.policy.terms().pool / 10 * 7));
        assert!(audit(&ledger.snapshot().unwrap()).is_clean());
    });
}
