//! Epochs from opening to the last claim.

use std::collections::BTreeMap;

use fairshare_audit::archive;
use fairshare_audit::claims::{Distribution, proves};
use fairshare_audit::settlement::Carry;
use fairshare_audit::snapshot::State;
use fairshare_params::address::Address;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::Recorded;
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
    // One bit is set of 1 and of 2: ρ, and ⌊ρ²/2^64⌋.
    let fade = match rounds_since_the_first {
        1 => BigUint::from(RHO),
        2 => (BigUint::from(RHO) * RHO) >> 64,
        other => panic!("no fade for {other}"),
    };
    fade * g * LAMBDA_Q
}

#[test]
fn two_epochs_are_paid_to_the_unit() {
    on_each(|location| {
        let mut ledger = settled(location);
        let snapshot = ledger.snapshot().unwrap();
        let epoch = &snapshot.epochs[0];
        let paid: BTreeMap<_, _> = epoch.payouts.iter().map(|paid| (paid.contributor, *paid)).collect();
        assert_eq!(paid.len(), 3);

        // Compute: the pool's seven tenths by score, exactly, rounded down.
        let pool = FIRST.policy.terms().pool;
        let scores = [ALICE, BOB].map(|node| u128::from(score(&FIRST, node, false)));
        let share = |score: u128| BigRational::new((score * 7).into(), ((scores[0] + scores[1]) * 10).into());
        for (node, score) in [ALICE, BOB].into_iter().zip(scores) {
            let exact = (share(score) * BigRational::from_integer(pool.into())).floor().to_integer();
            assert_eq!(exact, paid[&node].payout.compute.into());
        }
        assert_eq!(paid[&CAROL].payout.compute, 0);
        assert_eq!(paid[&BOB].payout.data, 0);

        // Data: three tenths by weight. Alice's two datasets count by the later round, two after the first.
        let weights = [(ALICE, 400, 2), (CAROL, 500, 1)]
            .map(|(who, records, since)| data_weight(score(&FIRST, who, true), records, since));
        let sum = &weights[0] + &weights[1];
        for (who, weight) in [ALICE, CAROL].into_iter().zip(weights) {
            let exact = BigUint::from(pool) * 3u32 * weight / (&sum * 10u32);
            assert_eq!(exact, paid[&who].payout.data.into());
        }

        // Nothing is made and nothing lost: paid and kept by rounding are the pool, and nothing is carried.
        let total: u128 = paid.values().map(|paid| paid.payout.total()).sum();
        assert_eq!(epoch.left, Some(Carry::default()));
        let Carry { compute, data } = ledger.settle(None).unwrap().rounding;
        assert_eq!(BigUint::from(total) * 10u32 + compute + data, BigUint::from(pool) * 10u32);
    });
    on_each(|location| {
        let mut ledger = paid_out(location);
        let snapshot = ledger.snapshot().unwrap();
        let [first, second] = &snapshot.epochs[..] else { panic!("two epochs") };
        assert_eq!(second.brought, first.left.clone().unwrap());
        assert_eq!((first.state, second.state), (State::PaidOut, State::PaidOut));
        let alice = |epoch: usize| {
            *snapshot.epochs[epoch].payouts.iter().find(|paid| paid.contributor == ALICE).unwrap()
        };
        assert_eq!(alice(1).cumulative, alice(0).payout.total() + alice(1).payout.total());
        // Alone in her epoch she has all of both pools of 1001, in whole units.
        assert_eq!((alice(1).payout.compute, alice(1).payout.data), (700, 300));
        assert_eq!(second.left, Some(Carry::default()));
        let rounding = ledger.settle(Some(5)).unwrap().rounding;
        assert_eq!(rounding, Carry { compute: BigUint::from(7u32), data: BigUint::from(3u32) });

        // Carol claimed once, after the first epoch; Alice and Bob only at the end, for everything.
        assert_eq!(snapshot.claims.len(), 3);
        let claimed: u128 = snapshot.claims.iter().map(|claim| claim.amount).sum();
        let paid: u128 =
            snapshot.epochs.iter().flat_map(|epoch| &epoch.payouts).map(|paid| paid.payout.total()).sum();
        assert_eq!(claimed, paid);
        assert!(audit(&snapshot).is_clean(), "{:?}", audit(&snapshot).findings);
        let mut bytes = Vec::new();
        archive::write(&snapshot, &mut bytes).unwrap();
        assert_eq!(archive::read(&bytes[..]).unwrap(), snapshot);
    });
}

#[test]
fn every_step_done_again_changes_nothing_and_says_so() {
    on_each(|location| {
        let mut ledger = paid_out(location);
        let before = ledger.snapshot().unwrap();
        // By another connection, as another operator would.
        let mut again = Ledger::open(location).unwrap();
        assert!(again.open_epoch(&FIRST.source, &FIRST.verifier()).unwrap().before);
        let registered = again.register(Some(4), &batch(&FIRST.registrations), Some(&FIRST.units)).unwrap();
        assert_eq!((registered.new, registered.before, registered.units), (0, FIRST.registrations.len(), 0));
        let verdicts = again.submit(Some(4), &VERIFIERS[0], &all(&FIRST)).unwrap();
        assert!(verdicts.iter().all(|verdict| matches!(verdict.result, Ok(Recorded::Before))));
        assert!(again.close(Some(4)).unwrap().before);
        let settled = again.settle(Some(4)).unwrap();
        assert!(settled.before);
        assert_eq!(settled.payouts, before.epochs[0].payouts);
        assert_eq!(again.claim(&ALICE, None).unwrap().amount, 0);
        assert!(again.claim_all(None).unwrap().payments.is_empty());
        assert_eq!(again.snapshot().unwrap(), before);
    });
}

#[test]
fn the_tree_of_claims_proves_what_everybody_has_earned_so_far() {
    on_each(|location| {
        let mut ledger = paid_out(location);
        let snapshot = ledger.snapshot().unwrap();
        for (epoch, world) in snapshot.epochs.iter().zip([&FIRST, &SECOND]) {
            let tree = ledger.claim_tree(Some(epoch.number)).unwrap().unwrap();
            assert_eq!(Some(tree.root()), epoch.root);
            let vault = world.policy.terms();
            let here = Distribution { chain_id: vault.chain_id, vault: vault.vault, epoch: vault.epoch };
            // Carol earned nothing in the second epoch, and may still claim the first one's.
            for contributor in [ALICE, BOB, CAROL] {
                let claim = tree.claim(&contributor).unwrap();
                assert!(proves(&tree.root(), &here, claim, &tree.proof(&contributor).unwrap()));
            }
        }
        let earned =
            |epoch: u64| ledger.claim_tree(Some(epoch)).unwrap().unwrap().claim(&CAROL).unwrap().cumulative;
        let mut earned = earned;
        assert_eq!(earned(4), earned(5));
    });
}

#[test]
fn an_epoch_without_contributions_carries_its_pools_whole() {
    on_each(|location| {
        let mut ledger = opened(location);
        ledger.close(None).unwrap();
        let settled = ledger.settle(None).unwrap();
        assert!(settled.payouts.is_empty());
        // Nobody has anything to claim, so nothing is open.
        assert_eq!((settled.epoch.state, settled.epoch.root), (State::PaidOut, None));
        let pool = BigUint::from(FIRST.policy.terms().pool);
        let left = settled.epoch.left.unwrap();
        assert_eq!((left.compute, left.data), (&pool * 7u32, &pool * 3u32));
        assert!(ledger.claim_tree(None).unwrap().is_none());
        assert!(audit(&ledger.snapshot().unwrap()).is_clean());
    });
}

#[test]
fn status_says_where_everything_stands() {
    on_each(|location| {
        let mut ledger = registered(location);
        let status = ledger.status().unwrap();
        let epoch = &status.epochs[0];
        assert_eq!((epoch.datasets, epoch.nodes, epoch.bundles), (3, 2, [0, 0]));
        assert_eq!(epoch.paid, None);
        drop(ledger);
    });
    on_each(|location| {
        let mut ledger = paid_out(location);
        let status = ledger.status().unwrap();
        assert_eq!(status.epochs[0].bundles, [2, 2]);
        let paid: u128 = status.epochs.iter().map(|epoch| epoch.paid.unwrap().1).sum();
        assert_eq!((status.claimed, status.claims), (paid, 3));
        assert!(ledger.size().unwrap() > 10_000);
    });
}
