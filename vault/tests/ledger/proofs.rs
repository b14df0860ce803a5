//! Proofs: when they are taken, what they may cover, and who gets nothing where they are missing.

use fairshare_audit::audit::Fate;
use fairshare_audit::registry::{Ineligible, NotCovered, Refusal};
use fairshare_audit::settlement::DataWeights;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::MAX_BUNDLE_BYTES;
use fairshare_params::address::Address;
use fairshare_params::role::Role;
use fairshare_vault::database::{Access, Database};
use fairshare_vault::ledger::{Forfeit, Nothing, Submission, Submitted, Target, To, Verdict};
use fairshare_vault::{Ledger, MAX_BUNDLES, SubmitError, VaultError};
use fairshare_verifier::bundle::{DataBundle, Header};
use fairshare_verifier::{Bundle as Read, VerifyError};
use num_bigint::BigUint;

use crate::world::*;

/// Alice's data bundle, and what is altered of it.
fn alices(alter: impl FnOnce(&mut DataBundle)) -> Submission {
    let Read::Data(mut bundle) = FIRST.read(0) else { panic!("of data") };
    alter(&mut bundle);
    Submission { bytes: Read::Data(bundle).to_bytes() }
}

fn refusal(error: VaultError) -> Refusal {
    match error {
        VaultError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

/// The verdicts on bundles none of which is taken.
fn refused_all(ledger: &mut Ledger, submissions: &[Submission], time: u64) -> Vec<SubmitError> {
    let before = items(ledger);
    let verdicts = ledger.submit(Some(4), &VERIFIERS[0], submissions, at(time)).unwrap();
    assert_eq!(items(ledger), before);
    verdicts.into_iter().map(|verdict| verdict.result.expect_err("accepted")).collect()
}

fn one(ledger: &mut Ledger, submission: Submission) -> Verdict {
    submit(ledger, &[submission]).remove(0)
}

#[test]
fn proofs_are_taken_between_the_last_round_and_the_deadline() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        // Without units the verifier would be refused; data alone is what waits here.
        let verifier = fixture::verifier(&FIRST.policy);
        let early = |ledger: &mut Ledger| {
            let verdicts = ledger.submit(None, &verifier, &all(&FIRST), at(1)).unwrap();
            verdicts.into_iter().map(|verdict| verdict.result.unwrap_err()).collect::<Vec<_>>()
        };
        for error in early(&mut ledger) {
            assert!(
                matches!(error, SubmitError::Refused(Refusal::NotBegun { epoch: 4, first: 10 })),
                "{error}"
            );
        }
        registered(&mut ledger, &FIRST);
        for error in early(&mut ledger) {
            let SubmitError::Refused(Refusal::RoundsGoOn { epoch: 4, round: 13, last: 13 }) = error else {
                panic!("{error}")
            };
        }
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        // To the second: at the deadline Alice's is in time, after it Carol's is late.
        let deadline = ENDED[0] + PROVING;
        let verdicts = ledger.submit(None, &VERIFIERS[0], &all(&FIRST)[..1], at(deadline)).unwrap();
        assert!(verdicts[0].result.is_ok(), "{verdicts:?}");
        let errors = refused_all(&mut ledger, &all(&FIRST)[1..2], deadline + 1);
        let SubmitError::Refused(Refusal::Deadline { epoch: 4, deadline: found }) = errors[0] else {
            panic!("{errors:?}")
        };
        assert_eq!(found, at(deadline));
        // What is on record is told so, however late; and anybody proves computing power until the end.
        let verdicts = ledger.submit(None, &VERIFIERS[0], &all(&FIRST)[..3], at(deadline + 1)).unwrap();
        assert!(verdicts[0].result.as_ref().is_ok_and(|recorded| recorded.before), "{verdicts:?}");
        assert!(verdicts[2].result.is_ok() && verdicts[1].result.is_err(), "{verdicts:?}");
        let verdicts = ledger.submit(None, &VERIFIERS[0], &all(&FIRST)[3..], at(deadline + 99)).unwrap();
        assert!(verdicts[0].result.is_ok(), "{verdicts:?}");
        audit(&mut ledger);
    });
}

#[test]
fn a_closed_epoch_takes_nothing() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        submit(&mut ledger, &all(&FIRST)[2..]);
        ledger.close(None, true, at(ENDED[0] + PROVING + 1)).unwrap();
        // By whatever clock.
        for time in [0, ENDED[0] + PROVING + 2] {
            for error in refused_all(&mut ledger, &all(&FIRST)[..2], time) {
                assert!(matches!(error, SubmitError::Refused(Refusal::Closed { epoch: 4 })), "{error}");
            }
        }
        let verdicts = submit(&mut ledger, &all(&FIRST)[2..]);
        assert!(
            verdicts.iter().all(|verdict| verdict.result.as_ref().is_ok_and(|recorded| recorded.before)),
            "{verdicts:?}"
        );
        audit(&mut ledger);
    });
}

#[test]
fn every_bundle_has_a_verdict_and_a_bad_one_spoils_no_other() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let good = all(&FIRST);
        let mixed = [
            Submission { bytes: vec![1, 2, 3] },
            good[0].clone(),
            alices(|bundle| bundle.score += 1),
            good[1].clone(),
            Submission { bytes: vec![0; MAX_BUNDLE_BYTES + 1] },
            alices(|bundle| bundle.contributor = BOB),
            good[2].clone(),
            good[0].clone(),
            // As long as one may be, and no bundle for another reason.
            Submission { bytes: vec![0; MAX_BUNDLE_BYTES] },
        ];
        let verdicts = submit(&mut ledger, &mixed);
        let results: Vec<_> = verdicts.iter().map(|verdict| &verdict.result).collect();
        assert!(matches!(results[0], Err(SubmitError::Bundle(_))), "{results:?}");
        assert!(matches!(results[2], Err(SubmitError::Verify(VerifyError::Proof { .. }))), "{results:?}");
        assert!(matches!(results[4], Err(SubmitError::TooLong { .. })), "{results:?}");
        assert!(matches!(results[8], Err(SubmitError::Bundle(_))), "{results:?}");
        assert!(
            matches!(
                results[5],
                Err(SubmitError::NotCovered(NotCovered::Unregistered { contributor: BOB, .. }))
            ),
            "{results:?}"
        );
        // Given twice at once, it is on record once.
        let before = |index: usize| results[index].as_ref().ok().map(|recorded| recorded.before);
        assert_eq!([1, 3, 6, 7].map(before), [Some(false), Some(false), Some(false), Some(true)]);
        let claims: Vec<_> =
            verdicts.iter().map(|verdict| verdict.claim.map(|claim| claim.contributor)).collect();
        assert_eq!(claims[..4], [None, Some(ALICE), Some(ALICE), Some(CAROL)]);
        assert_eq!(audit(&mut ledger).bundles, 3);
    });
}

#[test]
fn a_verifier_of_other_rules_is_refused() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let attempt =
            |ledger: &mut Ledger| ledger.submit(None, &VERIFIERS[1], &all(&FIRST), proving(&FIRST)).map(drop);
        let error = refused(&mut ledger, attempt);
        assert!(matches!(error, VaultError::OtherRules { epoch: 4, .. }), "{error}");
        audit(&mut ledger);
    });
}

#[test]
fn a_bundle_covers_its_contributors_datasets_each_once_in_order() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let digest = |index: usize| *FIRST.registrations[index].unsigned().request().digest();
        let carols = match FIRST.read(1) {
            Read::Data(bundle) => bundle.datasets[0].clone(),
            Read::Compute(_) => panic!("of data"),
        };
        let mut nobodys = carols.clone();
        nobodys.digest = NOBODYS;
        let unregistered = |digest| NotCovered::Unregistered { contributor: ALICE, digest };
        for (submission, expected) in [
            (alices(|bundle| bundle.datasets.push(carols)), unregistered(digest(2))),
            (alices(|bundle| bundle.datasets.push(nobodys)), unregistered(NOBODYS)),
            (alices(|bundle| bundle.datasets.swap(0, 1)), NotCovered::Order { digest: digest(0) }),
            (
                alices(|bundle| bundle.datasets.push(bundle.datasets[1].clone())),
                NotCovered::Order { digest: digest(1) },
            ),
            (
                alices(|bundle| bundle.datasets.insert(0, bundle.datasets[0].clone())),
                NotCovered::Order { digest: digest(0) },
            ),
        ] {
            let errors = refused_all(&mut ledger, &[submission], ENDED[0] + 1);
            assert!(matches!(&errors[0], SubmitError::NotCovered(found) if *found == expected), "{errors:?}");
        }
        audit(&mut ledger);
    });
}

/// Data of another schema, of a round before the window, or without the evidence that the rules require: on
/// record, and worth nothing in this epoch.
#[test]
fn a_bundle_covers_nothing_that_is_not_eligible() {
    let edits = [
        (vec![], "round"),
        (vec![("evidence = false", "evidence = true\nfirst_round = 10")], "evidence"),
        (
            vec![
                ("evidence = false", "evidence = false\nfirst_round = 10"),
                ("edges = [-5, 0.5, 30]", "edges = [-5, 1, 30]"),
            ],
            "schema",
        ),
    ];
    for (edits, why) in edits {
        on_each(|location| {
            let mut ledger = settled(location, &FIRST);
            let second = otherwise(&SECOND, &edits);
            open(&mut ledger, &second).unwrap();
            for to in [To::Next, To::End] {
                ledger.advance(to, true, at(ENDED[1])).unwrap();
            }
            let verifier = fixture::verifier(&second.policy);
            let verdicts = ledger.submit(None, &verifier, &all(&FIRST)[..1], proving(&SECOND)).unwrap();
            let Err(SubmitError::NotCovered(NotCovered::Ineligible { digest, source })) = &verdicts[0].result
            else {
                panic!("{verdicts:?}")
            };
            assert_eq!(digest, FIRST.registrations[0].unsigned().request().digest());
            let is_why = match &**source {
                Ineligible::Round { round: 10, first: 14, last: 14 } => why == "round",
                Ineligible::Evidence => why == "evidence",
                Ineligible::Schema { .. } => why == "schema",
                _ => false,
            };
            assert!(is_why, "{why}: {source}");
            // Nor does anybody forfeit in it what was registered before.
            assert!(ledger.close(None, false, proving(&SECOND)).unwrap().forfeits.is_empty());
            audit(&mut ledger);
        });
    }
}

/// Whoever leaves datasets out weighs without them; a bundle that weighs more takes the place of the one
/// before, and a lighter one does not.
#[test]
fn the_heaviest_bundle_counts() {
    let parts = [&FIRST.folders[..1], &FIRST.folders[1..2], &FIRST.folders[..2]];
    let weights = DataWeights::of(&FIRST.policy);
    let mut bundles: Vec<(BigUint, Submission, usize)> = parts
        .iter()
        .map(|folders| {
            let bundle = FIRST.prove_data(folders);
            let header = Header::read(&bundle.bytes).unwrap();
            let own = FIRST.on_record();
            let covered: Vec<_> =
                own.into_iter().filter(|own| header.digests.contains(own.digest())).collect();
            let score = VERIFIERS[0].read(&bundle.bytes, &covered).unwrap().claimed_score();
            let records = covered.iter().map(|own| own.records()).sum::<u32>();
            let latest = if folders.len() == 1 && folders[0] == FIRST.folders[0] { 10 } else { 12 };
            let weight = weights.weight(score, records.try_into().unwrap(), latest);
            (weight, submission(&bundle), folders.len())
        })
        .collect();
    bundles.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(bundles.windows(2).all(|pair| pair[0].0 < pair[1].0));
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let mut entries = Vec::new();
        for (_, submission, _) in &bundles {
            let verdict = one(&mut ledger, submission.clone());
            let recorded = verdict.result.expect("heavier");
            assert!(!recorded.before);
            entries.push(recorded.receipt.index);
        }
        // Those that were replaced stand in the ledger, and in nobody's place.
        for (index, (_, submission, _)) in bundles.iter().enumerate() {
            let recorded = one(&mut ledger, submission.clone()).result.expect("on record");
            assert_eq!((recorded.before, recorded.receipt.index), (true, entries[index]));
        }
        submit(&mut ledger, &all(&FIRST)[1..]);
        ledger.close(None, false, proving(&FIRST)).unwrap();
        ledger.settle(None, proving(&FIRST)).unwrap();
        audit(&mut ledger);
    });
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let heaviest = &bundles[2];
        let entry = one(&mut ledger, heaviest.1.clone()).result.unwrap().receipt.index;
        for (_, lighter, _) in &bundles[..2] {
            let errors = refused_all(&mut ledger, std::slice::from_ref(lighter), ENDED[0] + 2);
            let SubmitError::NoHeavier { contributor: ALICE, entry: found } = errors[0] else {
                panic!("{errors:?}")
            };
            assert_eq!(found, entry);
        }
        let left_out = heaviest.2 == 1;
        submit(&mut ledger, &all(&FIRST)[1..]);
        ledger.close(None, false, proving(&FIRST)).unwrap();
        let report = audit(&mut ledger);
        let fates: Vec<_> = report.datasets.iter().flat_map(|dataset| &dataset.fates).collect();
        assert_eq!(fates.contains(&&(4, Fate::LeftOut)), left_out, "{fates:?}");
    });
}

/// A copy of a bundle on record with another byte in it is another bundle, and judged by what it is.
#[test]
fn a_corrupt_copy_is_judged_by_its_own_bytes() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let verdicts = submit(&mut ledger, &all(&FIRST));
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        for index in [0, 2] {
            let mut corrupt = all(&FIRST)[index].clone();
            *corrupt.bytes.last_mut().unwrap() ^= 1;
            let mut cut = all(&FIRST)[index].clone();
            cut.bytes.pop();
            let mut longer = all(&FIRST)[index].clone();
            longer.bytes.push(0);
            for error in refused_all(&mut ledger, &[corrupt, cut, longer], ENDED[0] + 3) {
                assert!(matches!(error, SubmitError::Verify(_)), "{error}");
            }
        }
        audit(&mut ledger);
        let now = "refused, by its own bytes: a bit, a byte more, a byte less, of either kind";
        mended("a corrupt copy of a bundle on record was accepted", now);
    });
}

/// Proofs of the same units are many, and their score is one: the first stands.
#[test]
fn another_proof_of_the_same_units_changes_nothing() {
    let again = FIRST.prove_compute(&ALICE, &FIRST.units);
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        let first = one(&mut ledger, all(&FIRST).remove(2)).result.unwrap();
        let before = items(&mut ledger);
        let second = one(&mut ledger, submission(&again)).result.unwrap();
        assert_eq!((second.before, second.receipt), (true, first.receipt));
        assert_eq!(items(&mut ledger), before);
        audit(&mut ledger);
    });
}

#[test]
fn an_epoch_is_closed_when_every_node_is_proved() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let attempt = |ledger: &mut Ledger| ledger.close(Some(4), true, at(ENDED[0] + PROVING + 1));
        assert_eq!(refusal(refused(&mut ledger, attempt)), Refusal::NotBegun { epoch: 4, first: 10 });
        go_to(&mut ledger, 11);
        assert_eq!(
            refusal(refused(&mut ledger, attempt)),
            Refusal::RoundsGoOn { epoch: 4, round: 11, last: 13 }
        );
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        // No proof is worth making before it is taken.
        let early = refused(&mut ledger, |ledger| ledger.unproved_nodes(None));
        assert_eq!(refusal(early), Refusal::RoundsGoOn { epoch: 4, round: 13, last: 13 });
        end(&mut ledger, &FIRST);
        assert_eq!(ledger.unproved_nodes(None).unwrap(), [ALICE, BOB]);
        let unproved = |missing, node| Refusal::Unproved { epoch: 4, missing, node };
        assert_eq!(refusal(refused(&mut ledger, attempt)), unproved(2, ALICE));
        submit(&mut ledger, &all(&FIRST)[2..3]);
        assert_eq!(refusal(refused(&mut ledger, attempt)), unproved(1, BOB));
        let error = refused(&mut ledger, |ledger| ledger.close(None, true, at(ENDED[0] + 5)));
        submit(&mut ledger, &all(&FIRST)[3..]);
        assert!(!ledger.close(None, false, at(ENDED[0] + 5)).unwrap().before);
        audit(&mut ledger);
        mended("three vouched nodes got 0 and their share went to the others", error);
    });
}

#[test]
fn whoever_has_not_proved_may_until_the_deadline_and_forfeits_after_it() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        submit(&mut ledger, &all(&FIRST)[2..]);
        submit(&mut ledger, &all(&FIRST)[..1]);
        let carol = Forfeit { contributor: CAROL, role: Role::Data, why: Nothing::Unproved };
        assert_eq!(ledger.forfeits(None).unwrap(), std::slice::from_ref(&carol));
        let deadline = at(ENDED[0] + PROVING);
        for time in [ENDED[0], ENDED[0] + PROVING] {
            for forfeit in [false, true] {
                let error = refused(&mut ledger, |ledger| ledger.close(None, forfeit, at(time)));
                let expected = Refusal::ClosedEarly { epoch: 4, contributor: CAROL, deadline };
                assert_eq!(refusal(error), expected);
            }
        }
        let late = at(ENDED[0] + PROVING + 1);
        let error = refused(&mut ledger, |ledger| ledger.close(None, false, late));
        assert!(matches!(error, VaultError::Forfeits { epoch: 4, count: 1 }), "{error}");
        let closed = ledger.close(None, true, late).unwrap();
        assert_eq!((closed.forfeits, closed.before), (vec![carol.clone()], false));
        assert_eq!(ledger.close(None, false, late).unwrap().forfeits, [carol]);
        // Her share goes to the others.
        let settled = ledger.settle(None, late).unwrap();
        let alice = settled.earnings.iter().find(|earning| earning.contributor == ALICE).unwrap();
        assert_eq!(alice.data, FIRST.policy.terms().pool / 10 * 3);
        let report = audit(&mut ledger);
        let fates: Vec<_> = report.datasets.iter().flat_map(|dataset| &dataset.fates).collect();
        assert!(fates.contains(&&(4, Fate::Unproved)), "{fates:?}");
        let now = "closed after the deadline without the one who does not prove, settled, audited";
        mended("one false log blocked everybody", now);
        mended("`awaited` named nodes only", error);
    });
}

/// Bob's data is as the reference is: its score is no more than chance gives. He is told, before anything is
/// closed.
#[test]
fn data_that_is_worth_nothing_is_forfeited_knowingly() {
    // Smoothed by 2, the reference has 12, 22, 32 and 2 of `carrier`, and 3 to 7 of `delay`.
    let spread = |counts: &[(&'static str, usize)]| -> Vec<_> {
        counts.iter().flat_map(|(cell, count)| std::iter::repeat_n(*cell, *count)).collect()
    };
    let carriers = spread(&[("UA", 18), ("B6", 32), ("DL", 47), ("", 3)]);
    let delays = spread(&[("-9", 12), ("0", 16), ("9", 20), ("40", 24), ("", 28)]);
    let rows = delays.iter().zip(&carriers).map(|(delay, carrier)| format!("{delay},{carrier}\n"));
    let text = format!("delay,carrier\n{}", rows.collect::<String>());
    let dull = commit(&FIRST.policy, &folder(), BOB, &text, 12);
    let bundle = FIRST.prove_data(std::slice::from_ref(&dull.folder));
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 12);
        register(&mut ledger, &dull.signed);
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        submit(&mut ledger, &all(&FIRST)[2..]);
        let bob = |why| Forfeit { contributor: BOB, role: Role::Data, why };
        assert_eq!(ledger.forfeits(None).unwrap(), [bob(Nothing::Unproved)]);
        let verdict = one(&mut ledger, submission(&bundle));
        assert!(verdict.result.is_ok(), "{verdict:?}");
        assert_eq!(ledger.forfeits(None).unwrap(), [bob(Nothing::Weightless)]);
        let error = refused(&mut ledger, |ledger| ledger.close(None, false, proving(&FIRST)));
        assert!(matches!(error, VaultError::Forfeits { epoch: 4, count: 1 }), "{error}");
        ledger.close(None, true, proving(&FIRST)).unwrap();
        let settled = ledger.settle(None, proving(&FIRST)).unwrap();
        // Nobody's data weighs anything: the pool goes on whole, and Bob is paid for his computing power.
        assert_eq!(settled.settled.left.data, BigUint::from(FIRST.policy.terms().pool) * 3u32);
        assert!(settled.earnings.iter().all(|earning| earning.data == 0 && earning.compute > 0));
        audit(&mut ledger);
    });
}

/// Fewer records than the rules pay for cannot be proved; whoever has no other data forfeits it after the
/// deadline, and holds up nobody.
#[test]
fn too_few_records_hold_up_nobody() {
    let few = commit(&FIRST.policy, &folder(), BOB, &fixture::records(99, 8), 12);
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 12);
        register(&mut ledger, &few.signed);
        go_to(&mut ledger, 13);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        submit(&mut ledger, &all(&FIRST)[2..]);
        let closed = ledger.close(None, true, at(ENDED[0] + PROVING + 1)).unwrap();
        assert_eq!(closed.forfeits, [Forfeit { contributor: BOB, role: Role::Data, why: Nothing::Unproved }]);
        ledger.settle(None, at(ENDED[0] + PROVING + 1)).unwrap();
        audit(&mut ledger);
    });
}

#[test]
fn epochs_are_settled_closed_and_in_order() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let settle = |epoch| move |ledger: &mut Ledger| ledger.settle(Some(epoch), proving(&SECOND));
        assert_eq!(refusal(refused(&mut ledger, settle(4))), Refusal::NotBegun { epoch: 4, first: 10 });
        assert_eq!(refusal(refused(&mut ledger, settle(7))), Refusal::UnknownEpoch { epoch: 7 });
        let error = refused(&mut ledger, |ledger| ledger.claim_tree(None));
        assert!(matches!(error, VaultError::NothingSettled), "{error}");
        go_to(&mut ledger, 13);
        let goes_on = Refusal::RoundsGoOn { epoch: 4, round: 13, last: 13 };
        assert_eq!(refusal(refused(&mut ledger, settle(4))), goes_on);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        assert_eq!(refusal(refused(&mut ledger, settle(4))), Refusal::NotClosed { epoch: 4 });
        submit(&mut ledger, &all(&FIRST)[2..]);
        open_next(&mut ledger, &SECOND);
        over(&mut ledger, &SECOND);
        let verdicts = ledger.submit(Some(5), &VERIFIERS[1], &all(&SECOND), proving(&SECOND)).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        ledger.close(Some(5), false, proving(&SECOND)).unwrap();
        let earlier = Refusal::EarlierUnsettled { epoch: 5, earlier: 4 };
        assert_eq!(refusal(refused(&mut ledger, settle(5))), earlier);
        ledger.close(Some(4), true, proving(&SECOND)).unwrap();
        assert_eq!(refusal(refused(&mut ledger, settle(5))), earlier);
        let error = refused(&mut ledger, |ledger| ledger.claim_tree(Some(4)));
        assert!(matches!(error, VaultError::Unsettled { epoch: 4 }), "{error}");
        ledger.settle(Some(4), proving(&SECOND)).unwrap();
        ledger.settle(Some(5), proving(&SECOND)).unwrap();
        audit(&mut ledger);
    });
}

/// Of many datasets each set may weigh more than the one before: somebody could make audits long at will.
#[test]
fn a_ledger_keeps_so_many_bundles_of_one() {
    for count in [MAX_BUNDLES - 1, MAX_BUNDLES] {
        on_each(|location| {
            let world = &FIRST;
            let mut ledger = opened(location, world);
            registered(&mut ledger, world);
            // An entry for each row.
            for node in 0..16 {
                ledger.strike(Target::Node(Address([node; 20])), "nobody", at(2_500)).unwrap();
            }
            ledger.register_units(&world.units, at(3_000)).unwrap();
            end(&mut ledger, world);
            let sql = format!(
                "INSERT INTO bundles SELECT id, '4', 'data', '{}', '0', 5, '10', '{NOBODYS}' FROM entries
                    ORDER BY id LIMIT {count}",
                checksummed(&ALICE)
            );
            let mut database = Database::open(location, Access::Write).unwrap();
            assert_eq!(database.write(|transaction| transaction.execute(&sql, &[])).unwrap(), count);
            let verdicts = ledger.submit(None, &world.verifier(), &all(world), proving(world)).unwrap();
            for verdict in verdicts {
                let Submitted { contributor, role, .. } = verdict.claim.unwrap();
                let is_full = count == MAX_BUNDLES && (contributor, role) == (ALICE, Role::Data);
                match verdict.result {
                    Ok(recorded) => assert!(!recorded.before && !is_full, "{count}"),
                    Err(SubmitError::TooMany { contributor: ALICE }) => assert!(is_full, "{count}"),
                    Err(error) => panic!("{count}: {error}"),
                }
            }
        });
    }
}
