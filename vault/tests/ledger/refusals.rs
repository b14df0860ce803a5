//! What the ledger refuses, each with its own error, and nothing changed by it.

use fairshare_audit::snapshot::State;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::PolicySource;
use fairshare_params::context::ContextError;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_vault::database::{DatabaseError, Location};
use fairshare_vault::ledger::{Batch, Recorded, Submission};
use fairshare_vault::{Ledger, SubmitError, VaultError};
use fairshare_verifier::Bundle;

use crate::world::*;

/// The registration with its JSON edited in one place.
fn edited(registration: &Registration, from: &str, to: &str) -> Registration {
    let text = fairshare_formats::registration::to_json(registration);
    assert_eq!(text.matches(from).count(), 1, "`{from}` in {text}");
    fairshare_formats::registration::from_json(text.replace(from, to).as_bytes()).expect("a registration")
}

fn one(registration: &Registration) -> Batch {
    batch(std::slice::from_ref(registration))
}

fn data_of(who: fairshare_params::address::Address) -> &'static Registration {
    let own = |found: &&Registration| *found.contributor() == who;
    FIRST.registrations.iter().find(own).expect("registered")
}

/// Runs a refusal and sees that the ledger is as it was.
fn refused<T>(ledger: &mut Ledger, attempt: impl FnOnce(&mut Ledger) -> Result<T, VaultError>) -> VaultError {
    let before = ledger.snapshot().unwrap();
    let Err(error) = attempt(ledger) else { panic!("accepted") };
    assert_eq!(ledger.snapshot().unwrap(), before);
    error
}

#[test]
fn there_is_no_ledger_before_init() {
    let nowhere = Location::File(root().join("nowhere.ledger"));
    let Err(error) = Ledger::open(&nowhere) else { panic!("opened") };
    assert!(matches!(error, VaultError::Database(DatabaseError::NoFile { .. })), "{error}");
    let text = root().join("text.ledger");
    std::fs::write(&text, "no database, but text that is longer than its header. ".repeat(2)).unwrap();
    let Err(error) = Ledger::open_or_create(&Location::File(text)) else { panic!("opened") };
    assert!(matches!(error, VaultError::Database(DatabaseError::NotADatabase { .. })), "{error}");
    on_each(|location| {
        // A database, but nobody has opened an epoch.
        let mut ledger = Ledger::open_or_create(location).unwrap();
        assert!(matches!(ledger.epoch(None), Err(VaultError::NoEpoch)));
        assert!(matches!(ledger.epoch(Some(4)), Err(VaultError::UnknownEpoch { epoch: 4 })));
    });
}

#[test]
fn steps_are_taken_in_order() {
    on_each(|location| {
        let mut ledger = registered(location);
        let error = refused(&mut ledger, |ledger| ledger.settle(None));
        assert!(
            matches!(error, VaultError::State { state: State::Open, needed: State::Closed, .. }),
            "{error}"
        );
        let error = refused(&mut ledger, |ledger| ledger.claim_tree(None));
        assert!(matches!(error, VaultError::State { needed: State::Settled, .. }), "{error}");
        let error = refused(&mut ledger, |ledger| ledger.claim(&ALICE, None));
        assert!(matches!(error, VaultError::NothingEarned { contributor: ALICE }), "{error}");
        let error = refused(&mut ledger, |ledger| ledger.open_epoch(&SECOND.source, &SECOND.verifier()));
        assert!(matches!(error, VaultError::Unsettled { epoch: 4, state: State::Open }), "{error}");
    });
    on_each(|location| {
        let mut ledger = submitted(location);
        ledger.close(None).unwrap();
        let late = edited(data_of(CAROL), &checksummed(&CAROL).to_string(), &checksummed(&BOB).to_string());
        let late = edited(&late, &late.digest().to_string(), &format!("0x{}", "5a".repeat(32)));
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(&late), None));
        assert!(
            matches!(error, VaultError::State { state: State::Closed, needed: State::Open, .. }),
            "{error}"
        );
    });
    on_each(|location| {
        // Bundles that come after the end have no place.
        let mut ledger = opened(location);
        ledger.register(None, &batch(&FIRST.registrations), Some(&FIRST.units)).unwrap();
        ledger.close(None).unwrap();
        let data = vec![Submission { bytes: FIRST.bundles[0].bytes.clone() }];
        let error = refused(&mut ledger, |ledger| ledger.submit(None, &VERIFIERS[0], &data).map(drop));
        assert!(
            matches!(error, VaultError::State { state: State::Closed, needed: State::Open, .. }),
            "{error}"
        );
    });
}

fn other_policy(changes: &[(&str, &str)]) -> (PolicySource, Policy) {
    let text = changes.iter().fold(SECOND.source.text.clone(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let source = PolicySource { text, files: Default::default() };
    let policy = source.policy().unwrap();
    (source, policy)
}

#[test]
fn an_epoch_follows_the_one_before_it_under_its_own_rules() {
    on_each(|location| {
        let mut ledger = settled(location);
        let mut open = |changes: &[(&str, &str)]| {
            let (source, policy) = other_policy(changes);
            refused(&mut ledger, |ledger| {
                ledger.open_epoch(&source, &fairshare_testkit::fixture::verifier(&policy))
            })
        };
        assert!(matches!(
            open(&[("epoch = 5", "epoch = 3")]),
            VaultError::NotAscending { epoch: 3, last: 4 }
        ));
        // Rounds 10 to 13 are paid.
        assert!(matches!(
            open(&[("first = 14", "first = 13")]),
            VaultError::RoundsAgain { first: 13, epoch: 4, last: 13 }
        ));
        assert!(matches!(open(&[("epoch = 5", "epoch = 4")]), VaultError::OtherRules { epoch: 4, .. }));
        for (from, to) in [
            ("chain_id = 16601", "chain_id = 1"),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
            ("new-york-flights", "other"),
        ] {
            assert!(matches!(open(&[(from, to)]), VaultError::OtherVault { .. }), "{from}");
        }
        let most = format!("pool = \"{}\"", u128::MAX);
        assert!(matches!(open(&[("pool = 1001", &most)]), VaultError::PoolsTooLarge));
    });
}

#[test]
fn a_batch_is_ascending_and_taken_whole() {
    let (alice, carol) = (data_of(ALICE).clone(), data_of(CAROL).clone());
    let (low, high) = if alice.digest() < carol.digest() { (alice, carol) } else { (carol, alice) };
    assert!(matches!(Batch::new(vec![high.clone(), low.clone()]), Err(VaultError::Order { index: 1 })));
    assert!(matches!(Batch::new(vec![low.clone(), low.clone()]), Err(VaultError::Order { index: 1 })));
    on_each(|location| {
        let mut ledger = opened(location);
        // One that does not fit spoils the batch: nothing of it is on record.
        let unfit = edited(data_of(CAROL), "\"segments\": 1", "\"segments\": 2");
        let batch = batch(&[data_of(ALICE).clone(), unfit]);
        let error = refused(&mut ledger, |ledger| ledger.register(None, &batch, None));
        let VaultError::Unfit { contributor: CAROL, source, .. } = error else { panic!("{error}") };
        assert!(matches!(*source, ContextError::Segments { .. }), "{source}");
    });
}

#[test]
fn a_registration_never_changes_and_a_digest_has_one_owner() {
    on_each(|location| {
        let mut ledger = registered(location);
        let carols = data_of(CAROL);
        // The thief's, the owner's own with other values, and both once more in the next epoch.
        let stolen = edited(carols, &checksummed(&CAROL).to_string(), &checksummed(&BOB).to_string());
        let fresher = edited(carols, "\"round\": 11,", "\"round\": 0,");
        for attempt in [&stolen, &fresher] {
            let error = refused(&mut ledger, |ledger| ledger.register(None, &one(attempt), None));
            assert!(
                matches!(error, VaultError::RegisteredOtherwise { epoch: 4, owner: CAROL, .. }),
                "{error}"
            );
        }

        // What comes after the score is for the next epoch.
        assert!(submit(&mut ledger, 0, &all(&FIRST)).iter().all(|verdict| verdict.result.is_ok()));
        let more = edited(carols, &carols.digest().to_string(), &format!("0x{}", "5a".repeat(32)));
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(&more), None));
        assert!(matches!(error, VaultError::ScoredAlready { contributor: CAROL }), "{error}");

        ledger.close(None).unwrap();
        ledger.settle(None).unwrap();
        ledger.open_epoch(&SECOND.source, &SECOND.verifier()).unwrap();
        for attempt in [&stolen, &fresher] {
            let error = refused(&mut ledger, |ledger| ledger.register(None, &one(attempt), None));
            assert!(
                matches!(error, VaultError::RegisteredOtherwise { epoch: 4, owner: CAROL, .. }),
                "{error}"
            );
        }
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(carols), None));
        assert!(
            matches!(
                error,
                VaultError::RoundOutside { contributor: CAROL, round: 11, first: 14, last: 14, .. }
            ),
            "{error}"
        );
    });
}

/// An old registration, which is public, brought in again would take its owner's whole share; and an epoch's
/// last round takes no data.
#[test]
fn data_is_registered_in_rounds_that_take_it() {
    on_each(|location| {
        let mut ledger = opened(location);
        for round in [0, 9, 13, 14, u64::MAX] {
            let other = edited(data_of(CAROL), "\"round\": 11,", &format!("\"round\": {round},"));
            let error = refused(&mut ledger, |ledger| ledger.register(None, &one(&other), None));
            let VaultError::RoundOutside { round: found, first: 10, last: 12, .. } = error else {
                panic!("{error}")
            };
            assert_eq!(found, round);
        }
        for round in [10, 12] {
            let other = edited(data_of(CAROL), "\"round\": 11,", &format!("\"round\": {round},"));
            let other = edited(&other, &other.digest().to_string(), &format!("0x{}", hex(round)));
            assert_eq!(ledger.register(None, &one(&other), None).unwrap().new, 1);
        }
    });
}

/// Under a wider window, data of an earlier round fades less.
#[test]
fn a_round_before_the_epoch_is_for_data_that_was_on_record_then() {
    let wider = [("evidence = false", "evidence = false\nfirst_round = 10")];
    on_each(|location| {
        let mut ledger = settled(location);
        let (source, policy) = other_policy(&wider);
        ledger.open_epoch(&source, &fairshare_testkit::fixture::verifier(&policy)).unwrap();
        let carols = data_of(CAROL);
        let backdated = edited(carols, &carols.digest().to_string(), &format!("0x{}", hex(1)));
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(&backdated), None));
        let VaultError::Backdated { contributor: CAROL, round: 11, first: 14, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(ledger.register(None, &one(carols), None).unwrap().new, 1);
        let of_now = edited(&backdated, "\"round\": 11,", "\"round\": 14,");
        assert_eq!(ledger.register(None, &one(&of_now), None).unwrap().new, 1);
    });
    // Nor does a ledger's first epoch take any, which has none before it.
    on_each(|location| {
        let mut ledger = Ledger::open_or_create(location).unwrap();
        let (source, policy) = other_policy(&wider);
        ledger.open_epoch(&source, &fairshare_testkit::fixture::verifier(&policy)).unwrap();
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(data_of(CAROL)), None));
        assert!(matches!(error, VaultError::Backdated { .. }), "{error}");
    });
}

#[test]
fn data_has_evidence_where_the_rules_require_it() {
    on_each(|location| {
        let mut ledger = Ledger::open_or_create(location).unwrap();
        let (source, policy) = other_policy(&[("evidence = false", "evidence = true")]);
        ledger.open_epoch(&source, &fairshare_testkit::fixture::verifier(&policy)).unwrap();
        let bare = edited(data_of(CAROL), "\"round\": 11,", "\"round\": 14,");
        let error = refused(&mut ledger, |ledger| ledger.register(None, &one(&bare), None));
        let VaultError::NoEvidence { digest } = error else { panic!("{error}") };
        assert_eq!(digest, *bare.digest());
        let evident = bare.with_evidence(fairshare_testkit::fixture::evidence(7));
        assert_eq!(ledger.register(None, &one(&evident), None).unwrap().new, 1);
    });
}

#[test]
fn a_contracts_epoch_is_not_a_ledgers() {
    on_each(|location| {
        let mut ledger = Ledger::open_or_create(location).unwrap();
        for pool in ["pool = 1001", "pool = 0"] {
            let changes = [("settlement = \"claims\"", "settlement = \"contract\""), ("pool = 1001", pool)];
            let (source, policy) = other_policy(&changes);
            let verifier = fairshare_testkit::fixture::verifier(&policy);
            let error = refused(&mut ledger, |ledger| ledger.open_epoch(&source, &verifier));
            assert!(matches!(error, VaultError::ContractSettles { epoch: 5 }), "{error}");
        }
        let (source, policy) = other_policy(&[("\"claims\"", "\"payments\"")]);
        ledger.open_epoch(&source, &fairshare_testkit::fixture::verifier(&policy)).unwrap();
    });
}

fn hex(round: u64) -> String {
    format!("{round:064x}")
}

#[test]
fn every_bundle_has_a_verdict_and_a_bad_one_spoils_no_other() {
    on_each(|location| {
        let mut ledger = registered(location);
        let good = all(&FIRST);
        let raised = match FIRST.read(1) {
            Bundle::Data(mut bundle) => {
                bundle.score += 1;
                Bundle::Data(bundle).to_bytes()
            }
            Bundle::Compute(_) => unreachable!("Carol's"),
        };
        let left_out = match FIRST.read(0) {
            Bundle::Data(mut bundle) => {
                bundle.datasets.pop();
                Bundle::Data(bundle).to_bytes()
            }
            Bundle::Compute(_) => unreachable!("Alice's"),
        };
        let replayed = match FIRST.read(1) {
            Bundle::Data(mut bundle) => {
                bundle.contributor = BOB;
                Bundle::Data(bundle).to_bytes()
            }
            Bundle::Compute(_) => unreachable!("Carol's"),
        };
        let bad = [vec![1, 2, 3], raised, left_out, replayed].map(|bytes| Submission { bytes });
        let [garbage, raised, left_out, replayed] = bad;
        let mixed = [
            garbage,
            good[0].clone(),
            raised,
            good[1].clone(),
            left_out,
            replayed,
            good[2].clone(),
            good[0].clone(),
        ];
        let verdicts = submit(&mut ledger, 0, &mixed);
        let results: Vec<_> = verdicts.iter().map(|verdict| &verdict.result).collect();
        assert!(matches!(results[0], Err(SubmitError::Bundle(_))), "{results:?}");
        assert!(matches!(results[1], Ok(Recorded::Now)), "{results:?}");
        assert!(matches!(results[2], Err(SubmitError::Verify(_))), "{results:?}");
        assert!(matches!(results[3], Ok(Recorded::Now)), "{results:?}");
        assert!(matches!(results[4], Err(SubmitError::LeftOut { contributor: ALICE, .. })), "{results:?}");
        assert!(matches!(results[5], Err(SubmitError::Unregistered { contributor: BOB, .. })), "{results:?}");
        assert!(matches!(results[6], Ok(Recorded::Now)), "{results:?}");
        // Given twice at once, it is on record once.
        assert!(matches!(results[7], Ok(Recorded::Before)), "{results:?}");
        assert_eq!(ledger.snapshot().unwrap().epochs[0].bundles.len(), 3);
    });
}

#[test]
fn a_verifier_of_other_rules_is_refused() {
    on_each(|location| {
        let mut ledger = registered(location);
        let error = refused(&mut ledger, |ledger| ledger.submit(None, &VERIFIERS[1], &all(&FIRST)).map(drop));
        assert!(matches!(error, VaultError::OtherRules { epoch: 4, .. }), "{error}");
    });
}
