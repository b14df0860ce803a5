//! The nodes' units: recorded once, for all nodes, and what every compute score is of.

use fairshare_audit::registry::Refusal;
use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::role::Role;
use fairshare_params::units::Units;
use fairshare_vault::ledger::{Forfeit, Nothing, Submission};
use fairshare_vault::{Ledger, SubmitError, VaultError};
use fairshare_verifier::{NoUnits, VerifyError};

use crate::world::*;

fn units(by_node: &[(Address, [u32; 4])]) -> Units {
    Units::new(10, 4, by_node.iter().map(|(node, units)| (*node, units.to_vec())).collect()).unwrap()
}

fn computes() -> Vec<Submission> {
    all(&FIRST).split_off(2)
}

fn refusal(ledger: &mut Ledger, units: &Units) -> Refusal {
    match refused(ledger, |ledger| ledger.register_units(units, at(3_000))) {
        VaultError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

#[test]
fn units_are_recorded_in_the_last_round() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        assert_eq!(refusal(&mut ledger, &FIRST.units), Refusal::NoRound);
        for round in 10..=12 {
            go_to(&mut ledger, round);
            let early = Refusal::UnitsEarly { epoch: 4, round, last: 13 };
            assert_eq!(refusal(&mut ledger, &FIRST.units), early);
        }
        go_to(&mut ledger, 13);
        assert_eq!(ledger.units(None).unwrap(), None);
        let taken = ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        assert_eq!((taken.epoch, taken.nodes, taken.before), (4, 2, false));
        assert_eq!(ledger.units(None).unwrap().as_ref(), Some(&FIRST.units));
        end(&mut ledger, &FIRST);
        // What is on record is told so, between rounds and in the next epoch's; other units are not.
        let others = units(&[(ALICE, [1; 4])]);
        let again = |ledger: &mut Ledger| {
            let again = ledger.register_units(&FIRST.units, at(3_001)).unwrap();
            assert_eq!((again.before, again.epoch, again.receipt), (true, 4, taken.receipt.clone()));
        };
        again(&mut ledger);
        assert_eq!(refusal(&mut ledger, &others), Refusal::NoRound);
        open_next(&mut ledger, &SECOND);
        go_to(&mut ledger, 14);
        again(&mut ledger);
        assert!(matches!(refusal(&mut ledger, &others), Refusal::UnitsEarly { epoch: 5, round: 14, .. }));
        audit(&mut ledger);
    });
}

#[test]
fn units_are_recorded_once_and_never_change() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        assert!(ledger.register_units(&FIRST.units, at(3_000)).unwrap().before);
        // A node more, one less, and a unit less.
        for other in [
            units(&[(ALICE, [305, 943, 0, 0]), (BOB, [537, 0, 0, 7]), (CAROL, [0; 4])]),
            units(&[(ALICE, [305, 943, 0, 0])]),
            units(&[(ALICE, [305, 943, 0, 0]), (BOB, [537, 0, 0, 6])]),
        ] {
            assert_eq!(refusal(&mut ledger, &other), Refusal::UnitsKnown { epoch: 4 });
        }
        audit(&mut ledger);
    });
}

/// Units of other rounds, or of more or fewer than the epoch has, would be no record of it.
#[test]
fn units_are_of_the_epochs_rounds() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        for (first, count) in [(9, 4), (11, 4), (14, 4), (0, 4), (10, 3), (10, 5), (10, 0)] {
            let nodes = [(ALICE, vec![1; count]), (BOB, vec![2; count])];
            let other = Units::new(first, count, nodes.into_iter().collect()).unwrap();
            let error = refused(&mut ledger, |ledger| ledger.register_units(&other, at(3_000)));
            assert!(
                matches!(error, VaultError::OtherRounds { epoch: 4, first: 10, last: 13 }),
                "{first}, {count}: {error}"
            );
        }
        // Units of nobody are no record either: an epoch without any ends knowingly.
        let none = Units::new(10, 4, Default::default()).unwrap();
        let error = refused(&mut ledger, |ledger| ledger.register_units(&none, at(3_000)));
        assert!(matches!(error, VaultError::NobodysUnits { epoch: 4 }), "{error}");
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        audit(&mut ledger);
    });
}

/// Whoever submits them, and with whatever units in hand: a bundle is of the units on record.
#[test]
fn a_compute_bundle_is_verified_with_the_units_on_record() {
    on_each(|location| {
        // A record in which Bob did half of what he did: his own proof is not of it, nor is Alice's, whose
        // shares of the rounds are others.
        let other = units(&[(ALICE, [305, 943, 0, 0]), (BOB, [268, 0, 0, 7])]);
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        ledger.register_units(&other, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        let attempt =
            |ledger: &mut Ledger| ledger.submit(None, &VERIFIERS[0], &computes(), proving(&FIRST)).map(drop);
        let error = refused(&mut ledger, attempt);
        assert!(matches!(error, VaultError::UnitsOtherwise { epoch: 4 }), "{error}");
        let without = fixture::verifier(&FIRST.policy);
        for verdict in ledger.submit(None, &without, &computes(), proving(&FIRST)).unwrap() {
            let Err(SubmitError::Verify(VerifyError::Units(NoUnits::Epoch))) = verdict.result else {
                panic!("{verdict:?}")
            };
        }
        let verifier = fixture::verifier(&FIRST.policy).with_units(&other).unwrap();
        for verdict in ledger.submit(None, &verifier, &computes(), proving(&FIRST)).unwrap() {
            assert!(
                matches!(verdict.result, Err(SubmitError::Verify(VerifyError::Proof { .. }))),
                "{verdict:?}"
            );
        }
        assert_eq!(ledger.unproved_nodes(None).unwrap(), [ALICE, BOB]);
        audit(&mut ledger);
        let was = "`0xee` proved a copy of a2's public units first and was paid a2's 23,466,076, audit clean";
        mended(was, format!("a bundle is verified with the one record of all nodes' units: {error}"));
    });
    // Where no units are on record, nobody has a compute score.
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        ledger.advance(fairshare_vault::ledger::To::End, true, at(9_000)).unwrap();
        let attempt =
            |ledger: &mut Ledger| ledger.submit(None, &VERIFIERS[0], &computes(), proving(&FIRST)).map(drop);
        let error = refused(&mut ledger, attempt);
        assert!(matches!(error, VaultError::UnitsOtherwise { epoch: 4 }), "{error}");
        assert!(ledger.unproved_nodes(None).unwrap().is_empty());
        audit(&mut ledger);
    });
}

/// The spelling of an address has capitals, which each database orders in its own way.
#[test]
fn unproved_nodes_stand_by_address() {
    let nodes: Vec<_> = (0x9f..=0xbf).step_by(4).map(|byte| Address([byte; 20])).collect();
    let mut spelled: Vec<_> = nodes.iter().map(|node| (checksummed(node).to_string(), *node)).collect();
    spelled.sort();
    assert_ne!(spelled.into_iter().map(|(_, node)| node).collect::<Vec<_>>(), nodes);
    let record: Vec<_> = nodes.iter().rev().map(|node| (*node, [1; 4])).collect();
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        ledger.register_units(&units(&record), at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        assert_eq!(ledger.unproved_nodes(None).unwrap(), nodes);
        let error = refused(&mut ledger, |ledger| ledger.close(None, true, proving(&FIRST)));
        let VaultError::Refused(Refusal::Unproved { epoch: 4, missing, node }) = error else {
            panic!("{error}")
        };
        assert_eq!((missing, node), (nodes.len(), nodes[0]));
        audit(&mut ledger);
    });
}

/// Units that come to nothing are proved like others, and forfeited knowingly.
#[test]
fn a_node_whose_units_are_nothing_is_told() {
    let idle = units(&[(ALICE, [305, 943, 0, 0]), (CAROL, [0; 4])]);
    let bundles = [ALICE, CAROL].map(|node| FIRST.prove_compute(&node, &idle));
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        ledger.register_units(&idle, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        let verifier = fixture::verifier(&FIRST.policy).with_units(&idle).unwrap();
        let submissions = bundles.each_ref().map(submission);
        let verdicts = ledger.submit(None, &verifier, &submissions, proving(&FIRST)).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        let carol = Forfeit { contributor: CAROL, role: Role::Compute, why: Nothing::NoUnits };
        let error = refused(&mut ledger, |ledger| ledger.close(None, false, proving(&FIRST)));
        assert!(matches!(error, VaultError::Forfeits { epoch: 4, count: 1 }), "{error}");
        assert_eq!(ledger.close(None, true, proving(&FIRST)).unwrap().forfeits, [carol]);
        let settled = ledger.settle(None, proving(&FIRST)).unwrap();
        let [paid] = &settled.earnings[..] else { panic!("{:?}", settled.earnings) };
        assert_eq!((paid.contributor, paid.compute), (ALICE, FIRST.policy.terms().pool / 10 * 7));
        audit(&mut ledger);
    });
}
