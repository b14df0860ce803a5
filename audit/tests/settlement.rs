//! The division of a pool against exact rationals (PROTOCOL section 8).

use std::collections::BTreeMap;

use fairshare_audit::settlement::{Carry, Earned, Payout, SettlementError, settle};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_params::role::Role;
use fairshare_testkit::fixture;
use fairshare_verifier::ScoredDataset;
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use proptest::prelude::*;

fn policy(pool: u128, weighting: &str) -> Policy {
    let text = fixture::edit("pool = \"1000000000000000000000000\"", &format!("pool = \"{pool}\""));
    let text = match weighting {
        "divergence" => {
            text.replace("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"")
        }
        _ => text,
    };
    fixture::policy(&text)
}

fn rational(number: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// A data weight by PROTOCOL's formula in exact rationals, with the mean decay of the datasets.
fn exact_weight(policy: &Policy, score: u64, datasets: &[ScoredDataset]) -> BigRational {
    let records: u64 = datasets.iter().map(|dataset| u64::from(dataset.records)).sum();
    let decay = policy.data_decay();
    let decayed: BigRational = datasets
        .iter()
        .map(|dataset| rational(decay.at(dataset.round).unwrap()) * rational(dataset.records))
        .fold(rational(0), |sum, term| sum + term);
    let mean = decayed / rational(records);
    let g = match policy.weighting() {
        Weighting::Divergence => (rational(score) * rational(1u64 << 40) / rational(records)).floor(),
        Weighting::RecordsDivergence { cap } => {
            let (bins, features) = (policy.schema().symbol_count() - 1, policy.schema().len());
            // (bins − d)/2 nats, in 1/256 nat.
            let bias = BigRational::new(((bins - features) as u64).into(), 2.into()) * rational(256);
            let most = (rational(records) * rational(cap) / rational(1u64 << 40)).floor();
            (rational(score).min(most) - bias).max(rational(0))
        }
    };
    (mean * rational(decay.lambda_q()) * g).floor()
}

fn shares(tenths: &BigRational, weights: &[(Address, BigRational)]) -> BTreeMap<Address, BigInt> {
    let sum = weights.iter().fold(rational(0), |sum, (_, weight)| sum + weight);
    weights
        .iter()
        .map(|(contributor, weight)| {
            let share = if sum == rational(0) {
                BigInt::from(0)
            } else {
                (tenths * weight / &sum / rational(10)).floor().to_integer()
            };
            (*contributor, share)
        })
        .collect()
}

/// Few and many, tiny and huge, equal and lopsided.
fn scores() -> impl Strategy<Value = Vec<u64>> {
    let score = prop_oneof![Just(0), Just(1), Just(u64::MAX), any::<u64>(), 0u64..1000, Just(1 << 48)];
    prop::collection::vec(score, 0..40)
}

fn datasets() -> impl Strategy<Value = Vec<ScoredDataset>> {
    let records = prop_oneof![Just(1u32), Just(u32::MAX / 4), 1u32..100_000];
    let round = prop_oneof![Just(0u64), 0u64..1000, Just(1 << 20)];
    prop::collection::vec((round, records).prop_map(|(round, records)| dataset(round, records)), 1..4)
}

fn pools() -> impl Strategy<Value = u128> {
    prop_oneof![Just(1), Just(u128::MAX), any::<u128>().prop_map(|pool| pool.max(1)), 1u128..1000]
}

/// Settlement does not ask for the digest.
fn dataset(round: u64, records: u32) -> ScoredDataset {
    ScoredDataset { digest: Digest([0; 32]), round, records }
}

fn address(index: usize, kind: u8) -> Address {
    let mut bytes = [kind; 20];
    bytes[12..].copy_from_slice(&(index as u64).to_be_bytes());
    Address(bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_share_is_the_exact_one_rounded_down_and_nothing_is_lost(
        pool in pools(),
        weighting in prop_oneof![Just("divergence"), Just("records-divergence")],
        compute in scores(),
        data in prop::collection::vec((any::<u64>(), datasets()), 0..20),
        brought in (0u64..100, any::<u64>()),
    ) {
        let policy = policy(pool, weighting);
        let brought = Carry { compute: brought.0.into(), data: brought.1.into() };
        let computing = compute
            .iter()
            .enumerate()
            .map(|(i, score)| (address(i, 1), Earned::Compute { score: *score }));
        let giving = data.iter().enumerate().map(|(i, (score, datasets))| {
            (address(i, 2), Earned::Data { score: *score, datasets: datasets.clone() })
        });
        let settlement = settle(&policy, &brought, &computing.chain(giving).collect::<Vec<_>>()).unwrap();

        let tenths = |parts: u32, brought: &BigUint| {
            rational(pool) * rational(parts) + rational(BigInt::from(brought.clone()))
        };
        let weights = compute.iter().enumerate().map(|(i, score)| (address(i, 1), rational(*score)));
        let weights: Vec<_> = weights.collect();
        let exact = shares(&tenths(7, &brought.compute), &weights);
        for (contributor, share) in &exact {
            prop_assert_eq!(share, &settlement.payouts[contributor].compute.into());
        }
        let weights: Vec<_> = data
            .iter()
            .enumerate()
            .map(|(i, (score, datasets))| (address(i, 2), exact_weight(&policy, *score, datasets)))
            .collect();
        let exact = shares(&tenths(3, &brought.data), &weights);
        for (contributor, share) in &exact {
            prop_assert_eq!(share, &settlement.payouts[contributor].data.into());
        }

        // The sum paid never exceeds what there is, and all of the rest is carried.
        let [compute_paid, data_paid] = [1u8, 2].map(|kind| {
            let of_kind = settlement.payouts.iter().filter(|(contributor, _)| contributor.0[0] == kind);
            let paid = |payout: &Payout| if kind == 1 { payout.compute } else { payout.data };
            of_kind.fold(BigUint::ZERO, |sum, (_, payout)| sum + paid(payout))
        });
        let there_is = |parts: u32, brought: BigUint| BigUint::from(pool) * parts + brought;
        let Carry { compute, data } = settlement.carry;
        prop_assert_eq!(compute_paid * 10u32 + compute, there_is(7, brought.compute));
        prop_assert_eq!(data_paid * 10u32 + data, there_is(3, brought.data));
    }

    /// One's data in parts of one round weighs what it weighs whole: the score is of the merged histogram.
    #[test]
    fn parts_of_one_round_weigh_as_a_whole(
        score in any::<u64>(),
        round in 0u64..500,
        cuts in prop::collection::vec(1u32..1000, 1..5),
    ) {
        let policy = policy(1_000_000, "records-divergence");
        let whole = vec![dataset(round, cuts.iter().sum())];
        let parts: Vec<_> = cuts.iter().map(|records| dataset(round, *records)).collect();
        let other = (address(1, 2), Earned::Data { score: 1 << 46, datasets: vec![dataset(3, 700)] });
        let payout = |datasets| {
            let scores = [(address(0, 2), Earned::Data { score, datasets }), other.clone()];
            settle(&policy, &Carry::default(), &scores).unwrap().payouts
        };
        prop_assert_eq!(payout(whole), payout(parts));
    }
}

#[test]
fn a_pool_without_weight_is_carried_whole_and_stays_with_its_kind() {
    let policy = policy(1001, "records-divergence");
    let alone = [(address(0, 1), Earned::Compute { score: 5 })];
    let first = settle(&policy, &Carry::default(), &alone).unwrap();
    assert_eq!(first.payouts[&address(0, 1)].compute, 700);
    // 7 tenths of a unit that nobody can be paid, and all of data's.
    assert_eq!(first.carry, Carry { compute: 7u32.into(), data: 3003u32.into() });
    let data = [(address(0, 2), Earned::Data { score: 1 << 16, datasets: vec![dataset(0, 1000)] })];
    let second = settle(&policy, &first.carry, &data).unwrap();
    // 300.3 and 300.3 units.
    assert_eq!(second.payouts[&address(0, 2)].data, 600);
    assert_eq!(second.carry, Carry { compute: 7014u32.into(), data: 6u32.into() });
}

#[test]
fn records_divergence_is_capped_loses_what_chance_gives_and_fades_with_the_round() {
    let policy = policy(1_000_000_000_000, "records-divergence");
    let one = |score, records, round| Earned::Data { score, datasets: vec![dataset(round, records)] };
    let ratio = |a: Earned, b: Earned| {
        let settled = settle(&policy, &Carry::default(), &[(address(0, 2), a), (address(1, 2), b)]).unwrap();
        let [a, b] = [0, 1].map(|i| settled.payouts[&address(i, 2)].data as f64);
        a / b
    };
    const NAT: u64 = 1 << 8;
    // Capped at 0.05 nats a record: junk of any divergence weighs as one at the cap.
    assert!((ratio(one(60_000 * NAT, 1000, 0), one(50 * NAT, 1000, 0)) - 1.0).abs() < 1e-6);
    // The policy's two features have 4 and 5 bins: chance alone gives 3.5 nats over all records.
    assert!(
        (ratio(one(40 * NAT, 1000, 0), one(20 * NAT, 500, 0)) - (40.0 - 3.5) / (20.0 - 3.5)).abs() < 1e-6
    );
    let by_chance = [(address(0, 2), one(NAT, 1000, 0))];
    assert_eq!(settle(&policy, &Carry::default(), &by_chance).unwrap().payouts[&address(0, 2)].data, 0);
    // λ is 0.1: ten rounds later, a factor of e.
    assert!((ratio(one(40 * NAT, 1000, 0), one(40 * NAT, 1000, 10)) - std::f64::consts::E).abs() < 1e-6);
}

#[test]
fn a_score_given_twice_is_refused_and_not_paid_twice() {
    let policy = policy(100, "divergence");
    let twice =
        [(address(0, 1), Earned::Compute { score: 5 }), (address(0, 1), Earned::Compute { score: 5 })];
    let error = settle(&policy, &Carry::default(), &twice).unwrap_err();
    assert!(matches!(error, SettlementError::Twice { role: Role::Compute, .. }), "{error}");
    let far = [(address(0, 2), Earned::Data { score: 5, datasets: vec![dataset(u64::MAX, 1)] })];
    let error = settle(&policy, &Carry::default(), &far).unwrap_err();
    assert!(matches!(error, SettlementError::Round { round: u64::MAX, .. }), "{error}");
}

/// Opening an epoch keeps a vault's pools below `2^128` in all; whoever gets past that is told, and not paid
/// less.
#[test]
fn a_share_of_more_than_128_bits_is_refused() {
    let policy = policy(u128::MAX, "divergence");
    let brought = |bits: u32| Carry { compute: BigUint::from(1u32) << bits, data: BigUint::ZERO };
    let alone = [(address(0, 1), Earned::Compute { score: 5 })];
    let error = settle(&policy, &brought(140), &alone).unwrap_err();
    assert_eq!(error, SettlementError::TooLarge { contributor: address(0, 1) });
    // Nine tenths of 2^128 for computing and three for data: each share fits, and their sum does not.
    let both =
        [alone[0].clone(), (address(0, 1), Earned::Data { score: 5, datasets: vec![dataset(0, 1000)] })];
    let carry = Carry { compute: BigUint::from(u128::MAX) * 2u32, data: BigUint::ZERO };
    assert!(settle(&policy, &carry, &alone).is_ok());
    let error = settle(&policy, &carry, &both).unwrap_err();
    assert_eq!(error, SettlementError::TooLarge { contributor: address(0, 1) });
}
