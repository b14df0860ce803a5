//! Strikes: on record for everybody to see, with the effect of their time.

use fairshare_audit::audit::Fate;
use fairshare_audit::registry::{Ineligible, NotCovered, Refusal};
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_vault::ledger::{Forfeit, Nothing, Target};
use fairshare_vault::{Ledger, SubmitError, VaultError};

use crate::world::*;

fn carols() -> Digest {
    *FIRST.registrations[2].unsigned().request().digest()
}

fn strike(ledger: &mut Ledger, target: Target) -> Result<Option<u64>, VaultError> {
    ledger.strike(target, "copied from a public set", at(5_000)).map(|struck| struck.epoch)
}

fn refusal(ledger: &mut Ledger, target: Target) -> Refusal {
    match refused(ledger, |ledger| strike(ledger, target)) {
        VaultError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

#[test]
fn a_dataset_struck_in_time_weighs_nothing() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        let struck = ledger.strike(Target::Data(carols()), "copied", at(5_000)).unwrap();
        assert_eq!((struck.epoch, struck.receipt.round), (Some(4), 13));
        let entry = struck.receipt.index;
        ledger.register_units(&FIRST.units, at(5_100)).unwrap();
        end(&mut ledger, &FIRST);
        let verdicts = submit(&mut ledger, &all(&FIRST));
        let why = Ineligible::Struck { entry };
        let Err(SubmitError::NotCovered(NotCovered::Ineligible { digest, source })) = &verdicts[1].result
        else {
            panic!("{verdicts:?}")
        };
        assert_eq!((*digest, &**source), (carols(), &why));
        let carol = Forfeit { contributor: CAROL, role: Role::Data, why: Nothing::Ineligible(why.clone()) };
        assert_eq!(ledger.forfeits(None).unwrap(), std::slice::from_ref(&carol));
        let error = refused(&mut ledger, |ledger| ledger.close(None, false, proving(&FIRST)));
        assert!(matches!(error, VaultError::Forfeits { epoch: 4, count: 1 }), "{error}");
        assert_eq!(ledger.close(None, true, proving(&FIRST)).unwrap().forfeits, [carol]);
        let settled = ledger.settle(None, proving(&FIRST)).unwrap();
        assert!(settled.earnings.iter().all(|earning| earning.contributor != CAROL));
        let report = audit(&mut ledger);
        assert_eq!(report.datasets[2].fates.len() + report.datasets[1].fates.len(), 2);
        let fates: Vec<_> = report.datasets.iter().flat_map(|dataset| &dataset.fates).collect();
        assert!(fates.contains(&&(4, Fate::Ineligible(why))), "{fates:?}");
        assert_eq!(report.strikes[0].reason, "copied");
        // Its digest stays used.
        open_next(&mut ledger, &SECOND);
        go_to(&mut ledger, 14);
        let again = sign(&FIRST.policy, FIRST.registrations[2].unsigned().request().clone(), None, 20);
        assert_eq!(take(&mut ledger, &again), Err(Refusal::DigestKnown { digest: carols(), round: 11 }));
        audit(&mut ledger);
    });
}

/// Who has several datasets that do not count is told why of the last one, as it is written.
#[test]
fn whoever_has_nothing_that_counts_is_told_of_the_last_dataset() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        let [first, last] = [0, 1].map(|index| *FIRST.registrations[index].unsigned().request().digest());
        let mut entry =
            |digest| ledger.strike(Target::Data(digest), "copied", at(5_000)).unwrap().receipt.index;
        let [last, first] = [last, first].map(&mut entry);
        assert!(last < first);
        ledger.register_units(&FIRST.units, at(5_100)).unwrap();
        end(&mut ledger, &FIRST);
        let forfeits = ledger.forfeits(None).unwrap();
        let alices = forfeits.iter().find(|forfeit| forfeit.contributor == ALICE).map(|forfeit| &forfeit.why);
        assert_eq!(alices, Some(&Nothing::Ineligible(Ineligible::Struck { entry: last })));
        audit(&mut ledger);
    });
}

#[test]
fn a_dataset_struck_after_the_last_round_counts_in_that_epoch_and_in_no_later_one() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        assert_eq!(strike(&mut ledger, Target::Data(carols())).unwrap(), None);
        let verdicts = submit(&mut ledger, &all(&FIRST));
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        assert!(ledger.close(None, false, proving(&FIRST)).unwrap().forfeits.is_empty());
        let settled = ledger.settle(None, proving(&FIRST)).unwrap();
        assert!(settled.earnings.iter().any(|earning| earning.contributor == CAROL));
        open_next(&mut ledger, &WIDE);
        over(&mut ledger, &WIDE);
        let verdicts = ledger.submit(None, &WIDE.verifier(), &all(&WIDE), proving(&WIDE)).unwrap();
        let carols =
            verdicts.iter().find(|verdict| verdict.claim.is_some_and(|claim| claim.contributor == CAROL));
        assert!(
            matches!(
                &carols.unwrap().result,
                Err(SubmitError::NotCovered(NotCovered::Ineligible { source, .. }))
                    if matches!(**source, Ineligible::Struck { .. })
            ),
            "{carols:?}"
        );
        // She registered nothing in this one's rounds: nobody who forfeits anything.
        assert!(ledger.close(None, false, proving(&WIDE)).unwrap().forfeits.is_empty());
        ledger.settle(None, proving(&WIDE)).unwrap();
        audit(&mut ledger);
    });
}

#[test]
fn a_node_struck_weighs_nothing_in_the_epoch_whose_rounds_go_on() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        assert_eq!(strike(&mut ledger, Target::Node(BOB)).unwrap(), Some(4));
        ledger.register_units(&FIRST.units, at(5_100)).unwrap();
        end(&mut ledger, &FIRST);
        let verdicts = submit(&mut ledger, &all(&FIRST));
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        let bob = Forfeit { contributor: BOB, role: Role::Compute, why: Nothing::Struck };
        assert_eq!(ledger.close(None, true, proving(&FIRST)).unwrap().forfeits, [bob]);
        let settled = ledger.settle(None, proving(&FIRST)).unwrap();
        let alice = settled.earnings.iter().find(|earning| earning.contributor == ALICE).unwrap();
        assert_eq!(alice.compute, FIRST.policy.terms().pool / 10 * 7);
        assert!(settled.earnings.iter().all(|earning| earning.contributor != BOB));
        audit(&mut ledger);
    });
}

#[test]
fn a_node_is_struck_while_rounds_go_on() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        assert_eq!(refusal(&mut ledger, Target::Node(BOB)), Refusal::NoEpochToStrike);
        over(&mut ledger, &FIRST);
        assert_eq!(refusal(&mut ledger, Target::Node(BOB)), Refusal::NoEpochToStrike);
        // What comes after the end is of the next epoch alone.
        ledger.open_epoch(&SECOND.source, &SECOND.verifier(), at(10_100)).unwrap();
        go_to(&mut ledger, 14);
        assert_eq!(strike(&mut ledger, Target::Node(ALICE)).unwrap(), Some(5));
        let verdicts = submit(&mut ledger, &all(&FIRST));
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        ledger.close(Some(4), false, proving(&FIRST)).unwrap();
        let settled = ledger.settle(Some(4), proving(&FIRST)).unwrap();
        assert!(settled.earnings.iter().any(|earning| earning.contributor == ALICE && earning.compute > 0));
        audit(&mut ledger);
    });
}

#[test]
fn what_is_struck_is_on_record_and_struck_once() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        let digest = NOBODYS;
        assert_eq!(refusal(&mut ledger, Target::Data(digest)), Refusal::UnknownDigest { digest });
        let digest = carols();
        strike(&mut ledger, Target::Data(digest)).unwrap();
        assert_eq!(refusal(&mut ledger, Target::Data(digest)), Refusal::DataStruck { digest });
        strike(&mut ledger, Target::Node(BOB)).unwrap();
        assert_eq!(refusal(&mut ledger, Target::Node(BOB)), Refusal::NodeStruck { node: BOB, epoch: 4 });
        // Another node, and one without any units.
        for node in [ALICE, CAROL] {
            strike(&mut ledger, Target::Node(node)).unwrap();
        }
        ledger.register_units(&FIRST.units, at(5_100)).unwrap();
        end(&mut ledger, &FIRST);
        open_next(&mut ledger, &SECOND);
        go_to(&mut ledger, 14);
        strike(&mut ledger, Target::Node(BOB)).unwrap();
        assert_eq!(refusal(&mut ledger, Target::Data(digest)), Refusal::DataStruck { digest });
        assert_eq!(audit(&mut ledger).strikes.len(), 5);
    });
}

#[test]
fn a_reason_is_one_line_of_text() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        let long = "x".repeat(1_001);
        let bad = ["", " ", "two\nlines", "bell\u{7}", "\u{1b}[31mred", "end ", " start", "nul\0", &long];
        for (target, reason) in [Target::Data(carols()), Target::Node(BOB)]
            .into_iter()
            .flat_map(|target| bad.map(|bad| (target, bad)))
        {
            let error = refused(&mut ledger, |ledger| ledger.strike(target, reason, at(5_000)));
            let expected = Refusal::Note { what: "reason", found: reason.len(), bound: 1_000 };
            assert!(matches!(error, VaultError::Refused(found) if found == expected), "{reason:?}");
        }
        ledger.strike(Target::Data(carols()), &"x".repeat(1_000), at(5_000)).unwrap();
        ledger.strike(Target::Node(BOB), "Fälschung", at(5_000)).unwrap();
        audit(&mut ledger);
    });
}
