//! Epochs from opening to settlement.

use std::collections::BTreeMap;

use fairshare_audit::audit::{Expected, Fate};
use fairshare_audit::claims::{Distribution, proves};
use fairshare_audit::registry::State;
use fairshare_formats::archive::Item;
use fairshare_formats::ledger::{Earning, Tenths};
use fairshare_params::address::Address;
use fairshare_vault::database::Access;
use fairshare_vault::ledger::To;
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::Bundle;
use num_bigint::BigUint;
use num_rational::BigRational;

use crate::world::*;

fn score(world: &World, contributor: Address, data: bool) -> u64 {
    let all = world.bundles.iter().enumerate();
    let own = all.filter(|(_, bundle)| bundle.contributor == contributor);
    let bundles = own.map(|(index, _)| world.read(index));
    let mut of_role = bundles.filter(|bundle| matches!(bundle, Bundle::Data(_)) == data);
    of_role.next().unwrap().claimed_score()
}

/// A weight under the fixture's rules by PROTOCOL section 10 in plain integers: λ is 0.1, the cap 0.05 nats,
/// and `bins'` 6, for 3 and 5 bins of the reference are not empty.
fn data_weight(score: u64, records: u64, rounds_since_the_first: u32) -> BigUint {
    const LAMBDA_Q: u64 = 28_147_497_671_065; // ⌊0.1·2^48⌋
    const RHO: u64 = 16_691_304_278_825_489_409; // ⌊e^−0.1·2^64⌋
    const CAP: u64 = 14_073_748_835_532; // ⌊0.05·2^48⌋
    let most = (u128::from(records) * u128::from(CAP)) >> 40;
    let g = u128::from(score).min(most) - 6 * 128;
    let square = (BigUint::from(RHO) * RHO) >> 64;
    // One bit is set of 1, 2 and 4: ρ, ⌊ρ²/2^64⌋ and that once more.
    let fade = match rounds_since_the_first {
        1 => BigUint::from(RHO),
        2 => square,
        4 => (&square * &square) >> 64,
        other => panic!("no fade for {other}"),
    };
    fade * g * LAMBDA_Q
}

fn by_contributor(earnings: &[Earning]) -> BTreeMap<Address, Earning> {
    earnings.iter().map(|earning| (earning.contributor, *earning)).collect()
}

#[test]
fn an_epoch_is_paid_to_the_unit() {
    on_each(|location| {
        let mut ledger = settled(location, &FIRST);
        let settled = ledger.settle(None, at(20_000)).unwrap();
        let paid = by_contributor(&settled.earnings);
        assert_eq!(paid.len(), 3);

        // Compute: the pool's seven tenths by score, exactly, rounded down.
        let pool = FIRST.policy.terms().pool;
        let scores = [ALICE, BOB].map(|node| u128::from(score(&FIRST, node, false)));
        let share = |score: u128| BigRational::new((score * 7).into(), ((scores[0] + scores[1]) * 10).into());
        for (node, score) in [ALICE, BOB].into_iter().zip(scores) {
            let exact = (share(score) * BigRational::from_integer(pool.into())).floor().to_integer();
            assert_eq!(exact, paid[&node].compute.into());
        }
        assert_eq!((paid[&CAROL].compute, paid[&BOB].data), (0, 0));

        // Data: three tenths by weight. Alice's two datasets count by the later round, two after the first.
        let weights = [(ALICE, 400, 2), (CAROL, 500, 1)]
            .map(|(who, records, since)| data_weight(score(&FIRST, who, true), records, since));
        let sum = &weights[0] + &weights[1];
        for (who, weight) in [ALICE, CAROL].into_iter().zip(weights) {
            let exact = BigUint::from(pool) * 3u32 * weight / (&sum * 10u32);
            assert_eq!(exact, paid[&who].data.into());
        }

        // Nothing is made and nothing lost: paid and kept by rounding are the pool, and nothing is carried.
        let total: u128 = paid.values().map(|earning| earning.compute + earning.data).sum();
        assert_eq!((settled.settled.total, settled.settled.left), (total, Tenths::default()));
        let Tenths { compute, data } = settled.rounding;
        assert_eq!(BigUint::from(total) * 10u32 + compute + data, BigUint::from(pool) * 10u32);
        audit(&mut ledger);
    });
}

#[test]
fn the_next_epoch_goes_on_from_it() {
    on_each(|location| {
        let mut ledger = both(location, [&FIRST, &SECOND]);
        let [first, second] = [4, 5].map(|epoch| ledger.settle(Some(epoch), at(600_000)).unwrap());
        assert_eq!(second.settled.brought, first.settled.left);
        assert_eq!((first.epoch.state, second.epoch.state), (State::Settled, State::Settled));
        let [before, after] = [&first, &second].map(|settled| by_contributor(&settled.earnings)[&ALICE]);
        assert_eq!(after.cumulative, before.cumulative + after.compute + after.data);
        // Alone in her epoch she has all of both pools of 1001, in whole units.
        assert_eq!((after.compute, after.data), (700, 300));
        assert_eq!(second.settled.left, Tenths::default());
        assert_eq!(second.rounding, Tenths { compute: BigUint::from(7u32), data: BigUint::from(3u32) });
        let report = audit(&mut ledger);
        assert_eq!((report.bundles, report.epochs.len()), (6, 2));
        // What somebody was told elsewhere: rules, root, total, and a receipt of every step.
        let tree = ledger.claim_tree(None).unwrap().unwrap();
        let rules_hash = tree.distribution().rules_hash;
        let total = tree.claims().iter().map(|claim| claim.cumulative).sum();
        let receipts = vec![first.receipt, second.receipt];
        let root = Some(tree.root());
        audit_with(
            &mut ledger,
            &Expected { rules_hash: Some(rules_hash), root, total: Some(total), receipts },
        );
    });
}

/// Rounds go on while data of the epoch before is proved.
#[test]
fn an_epochs_rounds_do_not_wait_for_the_one_before() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        ledger.open_epoch(&SECOND.source, &SECOND.verifier(), at(10_100)).unwrap();
        go_to(&mut ledger, 14);
        let verdicts = submit(&mut ledger, &all(&FIRST)[..2]);
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        register(&mut ledger, &SECOND.registrations[0]);
        let verdicts = submit(&mut ledger, &all(&FIRST)[2..]);
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        ledger.close(Some(4), false, proving(&FIRST)).unwrap();
        ledger.settle(Some(4), proving(&FIRST)).unwrap();
        assert_eq!(ledger.epoch(None).unwrap().0.number, 5);
        go_to(&mut ledger, 15);
        ledger.register_units(&SECOND.units, at(20_000)).unwrap();
        end(&mut ledger, &SECOND);
        let verdicts = ledger.submit(None, &VERIFIERS[1], &all(&SECOND), proving(&SECOND)).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        ledger.close(None, false, proving(&SECOND)).unwrap();
        ledger.settle(None, proving(&SECOND)).unwrap();
        audit(&mut ledger);
    });
}

#[test]
fn data_of_an_earlier_epoch_counts_under_a_wider_window() {
    on_each(|location| {
        let mut ledger = both(location, [&FIRST, &WIDE]);
        let settled = ledger.settle(Some(5), at(600_000)).unwrap();
        let paid = by_contributor(&settled.earnings);
        let weights = [(ALICE, 150, 4), (CAROL, 500, 1)]
            .map(|(who, records, since)| data_weight(score_in_wide(who), records, since));
        let sum = &weights[0] + &weights[1];
        for (who, weight) in [ALICE, CAROL].into_iter().zip(weights) {
            let exact = BigUint::from(1001u32) * 3u32 * weight / (&sum * 10u32);
            assert_eq!(exact, paid[&who].data.into());
        }
        let report = audit(&mut ledger);
        let fates: Vec<_> = report.datasets.iter().map(|dataset| dataset.fates.clone()).collect();
        // Alice's of the first epoch are in the window, and not in her bundle of the second.
        let of_both = |second| vec![(4, Fate::Counted), (5, second)];
        let expected = [of_both(Fate::LeftOut), of_both(Fate::Counted), of_both(Fate::LeftOut)];
        assert_eq!((&fates[..3], &fates[3]), (&expected[..], &vec![(5, Fate::Counted)]));
    });
}

/// Carol's is of a dataset that the first world registered.
fn score_in_wide(who: Address) -> u64 {
    let bundle = WIDE.bundles.iter().find(|bundle| bundle.contributor == who).unwrap();
    let own: Vec<_> = [&*FIRST, &*WIDE].into_iter().flat_map(World::on_record).collect();
    let header = fairshare_verifier::bundle::Header::read(&bundle.bytes).unwrap();
    let own: Vec<_> = own.into_iter().filter(|own| header.digests.contains(own.digest())).collect();
    WIDE.verifier().read(&bundle.bytes, &own).unwrap().claimed_score()
}

#[test]
fn every_step_done_again_changes_nothing_and_says_so() {
    on_each(|location| {
        let mut ledger = both(location, [&FIRST, &SECOND]);
        let before = items(&mut ledger);
        let earlier = ledger.settle(Some(4), at(600_000)).unwrap();
        // By another connection, as another operator would.
        let mut again = Ledger::open(location, Access::Write).unwrap();
        let opened = again.open_epoch(&FIRST.source, &FIRST.verifier(), at(700_000)).unwrap();
        assert!(opened.before);
        for (signed, round) in FIRST.registrations.iter().zip(&FIRST.rounds) {
            let registered = take(&mut again, signed).unwrap();
            assert_eq!((registered.before, registered.receipt.round), (true, *round));
        }
        let verdicts = again.submit(Some(4), &VERIFIERS[0], &all(&FIRST), at(700_000)).unwrap();
        assert!(
            verdicts.iter().all(|verdict| verdict.result.as_ref().is_ok_and(|recorded| recorded.before)),
            "{verdicts:?}"
        );
        assert!(again.close(Some(4), false, at(700_000)).unwrap().before);
        let settled = again.settle(Some(4), at(700_000)).unwrap();
        assert!(settled.before);
        assert_eq!(settled, earlier);
        assert_eq!(items(&mut again), before);
        audit(&mut again);
    });
}

#[test]
fn a_receipt_is_of_the_entry_and_the_same_again() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let mut receipts = vec![register(&mut ledger, &FIRST.registrations[0])];
        go_to(&mut ledger, 13);
        receipts.push(ledger.register_units(&FIRST.units, at(3_000)).unwrap().receipt);
        let again = ledger.register_units(&FIRST.units, at(4_000)).unwrap();
        assert!(again.before);
        assert_eq!(again.receipt, receipts[1]);
        end(&mut ledger, &FIRST);
        for _ in 0..2 {
            let verdicts = submit(&mut ledger, &all(&FIRST)[2..]);
            for verdict in &verdicts {
                receipts.push(verdict.result.as_ref().unwrap().receipt.clone());
            }
        }
        assert_eq!(receipts[2..4], receipts[4..]);
        assert_eq!(take(&mut ledger, &FIRST.registrations[0]).unwrap().receipt, receipts[0]);
        assert_eq!(
            receipts.iter().map(|receipt| receipt.round).collect::<Vec<_>>(),
            [10, 13, 13, 13, 13, 13]
        );
        // Each is its place in the archive: what it says of the heads is what stands there.
        let items = items(&mut ledger);
        for receipt in &receipts {
            assert_eq!(signed(receipt).receipt(), receipt);
            let Item::Entry(stored, _) = &items[receipt.index as usize] else { panic!() };
            assert_eq!((stored.entry(), stored.head), (receipt.entry.clone(), receipt.after()));
            assert_eq!(receipt.entry.time, stored.time);
        }
        audit_with(&mut ledger, &Expected { receipts, ..Expected::default() });
    });
}

/// A clock that goes backwards makes no entry earlier than the one before it.
/// Whoever reads the whole ledger, however long it takes, keeps nobody from writing, and reads what stood
/// when it began.
#[test]
fn a_long_export_keeps_no_writer_waiting() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 10);
        let before = items(&mut ledger);
        let mut writer = Ledger::open(location, Access::Write).unwrap();
        let (mut read, mut round) = (Vec::new(), 10);
        let each = |item| {
            read.push(item);
            round += 1;
            go_to(&mut writer, round);
            Ok::<_, VaultError>(())
        };
        ledger.export("fairshare test", each).unwrap();
        assert_eq!((read, round), (before, 13));
        audit(&mut ledger);
    });
}

/// An epoch that is closed and waits to be settled is not the one that a command without a number means.
#[test]
fn proofs_without_a_number_are_of_the_epoch_that_takes_them() {
    on_each(|location| {
        let mut ledger = over_alone(location, &FIRST);
        submit(&mut ledger, &all(&FIRST));
        open_next(&mut ledger, &SECOND);
        assert_eq!(ledger.close(None, false, proving(&FIRST)).unwrap().epoch.number, 4);
        assert!(ledger.close(None, false, proving(&FIRST)).unwrap().before);
        over(&mut ledger, &SECOND);
        assert_eq!(ledger.unproved_nodes(None).unwrap().len(), SECOND.units.nodes().len());
        let verdicts = ledger.submit(None, &VERIFIERS[1], &all(&SECOND), proving(&SECOND)).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
        assert_eq!(ledger.close(None, false, proving(&SECOND)).unwrap().epoch.number, 5);
        assert_eq!(ledger.settle(None, proving(&SECOND)).unwrap().epoch.number, 4);
        assert_eq!(ledger.settle(None, proving(&SECOND)).unwrap().epoch.number, 5);
        audit(&mut ledger);
    });
}

#[test]
fn times_never_go_back() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        ledger.advance(To::Next, false, at(5_000)).unwrap();
        ledger.advance(To::Next, false, at(2)).unwrap();
        let receipt = register(&mut ledger, &FIRST.registrations[0]);
        assert_eq!(receipt.entry.time, at(5_000));
        audit(&mut ledger);
    });
}

#[test]
fn the_tree_of_claims_proves_what_everybody_has_earned_so_far() {
    on_each(|location| {
        let mut ledger = both(location, [&FIRST, &SECOND]);
        for world in [&*FIRST, &*SECOND] {
            let terms = world.policy.terms();
            let settled = ledger.settle(Some(terms.epoch), at(600_000)).unwrap();
            let tree = ledger.claim_tree(Some(terms.epoch)).unwrap().unwrap();
            assert_eq!(Some(tree.root()), settled.settled.root);
            let here = Distribution::of(&world.policy, world.verifier().rules_hash());
            assert_eq!(*tree.distribution(), here);
            // Carol earned nothing in the second epoch, and may still claim the first one's.
            for contributor in [ALICE, BOB, CAROL] {
                let claim = tree.claim(&contributor).unwrap();
                assert!(proves(&tree.root(), &here, claim, &tree.proof(&contributor).unwrap()));
            }
        }
        let mut earned =
            |epoch| ledger.claim_tree(Some(epoch)).unwrap().unwrap().claim(&CAROL).unwrap().cumulative;
        assert_eq!(earned(4), earned(5));
        let last = ledger.claim_tree(None).unwrap().unwrap().root();
        assert_eq!(last, ledger.claim_tree(Some(5)).unwrap().unwrap().root());
        audit(&mut ledger);
    });
}

#[test]
fn an_epoch_without_contributions_carries_its_pools_whole() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let error = refused(&mut ledger, |ledger| ledger.advance(To::End, false, at(10_000)));
        assert!(matches!(error, VaultError::NoUnits { epoch: 4 }), "{error}");
        ledger.advance(To::End, true, at(10_000)).unwrap();
        assert!(ledger.close(None, false, at(10_001)).unwrap().forfeits.is_empty());
        let settled = ledger.settle(None, at(10_002)).unwrap();
        assert!(settled.earnings.is_empty());
        assert_eq!((settled.epoch.state, settled.settled.root), (State::Settled, None));
        let pool = BigUint::from(FIRST.policy.terms().pool);
        let left = Tenths { compute: &pool * 7u32, data: &pool * 3u32 };
        assert_eq!(settled.settled.left, left);
        assert!(ledger.claim_tree(None).unwrap().is_none());
        audit(&mut ledger);
        // What it leaves goes to the next one's pools, and is paid there.
        open_next(&mut ledger, &SECOND);
        settle(&mut ledger, &SECOND);
        let second = ledger.settle(Some(5), at(600_000)).unwrap();
        assert_eq!(second.settled.brought, left);
        let all = pool + 1001u32;
        let paid = BigUint::from(second.settled.total) * 10u32;
        assert_eq!(paid + second.rounding.compute + second.rounding.data, all * 10u32);
        audit(&mut ledger);
    });
}

#[test]
fn status_says_where_everything_stands() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        registered(&mut ledger, &FIRST);
        let status = ledger.status(None).unwrap();
        let epoch = &status.epochs[0];
        assert_eq!((epoch.datasets, epoch.nodes, epoch.bundles), (3, 0, [0, 0]));
        assert_eq!((status.now, epoch.deadline, epoch.earned), (Some((4, 13)), None, None));
        assert_eq!(epoch.epoch.state, State::Open);
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        end(&mut ledger, &FIRST);
        let status = ledger.status(Some(4)).unwrap();
        assert_eq!((status.now, status.epochs[0].nodes), (None, 2));
        assert_eq!(status.epochs[0].deadline, Some(at(ENDED[0] + PROVING)));
        audit(&mut ledger);
    });
    on_each(|location| {
        let mut ledger = both(location, [&FIRST, &SECOND]);
        let status = ledger.status(None).unwrap();
        assert_eq!(status.epochs[0].bundles, [2, 2]);
        let earned: u128 = status.epochs.iter().map(|epoch| epoch.earned.unwrap().1).sum();
        assert_eq!((status.earned, status.sent, status.confirmed), (earned, 0, 0));
        let items = items(&mut ledger);
        let Item::Entry(last, _) = items.last().unwrap() else { panic!() };
        assert_eq!((status.entries, status.head), (last.index, Some(last.head)));
        assert_eq!(ledger.status(Some(5)).unwrap().epochs.len(), 1);
        assert!(ledger.size().unwrap() > 10_000);
        audit(&mut ledger);
    });
}
