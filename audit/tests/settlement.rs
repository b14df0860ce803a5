//! The division of a pool against exact rationals (PROTOCOL section 10).

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use fairshare_audit::settlement::{DataWeights, Earned, Payout, SettlementError, kept, settle};
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence};
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address;
use fairshare_params::policy::{Policy, Weighting};
use fairshare_params::role::Role;
use fairshare_testkit::fixture;
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use proptest::prelude::*;

/// The first round of the policy's epoch, and its rounds.
const FIRST: u64 = 10;
const ROUNDS: u64 = 160;

fn policy(pool: u128, weighting: &str) -> Policy {
    let text = fixture::edit("pool = \"1000000000000000000000000\"", &format!("pool = \"{pool}\""));
    let text = text.replace("count = 4", &format!("count = {ROUNDS}"));
    let text = match weighting {
        "divergence" => {
            text.replace("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"")
        }
        _ => text,
    };
    fixture::policy(&text)
}

/// One of a contributor's datasets.
#[derive(Clone, Copy, Debug)]
struct Part {
    round: u64,
    records: u32,
}

/// What a bundle of these datasets is weighed by: all records together, and the latest round.
fn together(datasets: &[Part]) -> (NonZeroU32, u64) {
    let records = datasets.iter().map(|dataset| dataset.records).sum::<u32>();
    let latest = datasets.iter().map(|dataset| dataset.round).max();
    (records.try_into().expect("records"), latest.expect("a dataset"))
}

fn earned(score: u64, datasets: &[Part]) -> Earned {
    let (records, latest) = together(datasets);
    Earned::Data { score, records, latest }
}

fn weight(weights: &DataWeights<'_>, score: u64, datasets: &[Part]) -> BigUint {
    let (records, latest) = together(datasets);
    weights.weight(score, records, latest)
}

fn rational(number: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(number.into())
}

/// `fade` word for word: a product over the bits of the number of rounds.
fn fade(decay: &Decay, rounds: u64) -> BigRational {
    let one = BigRational::from_integer(BigInt::from(1) << 64);
    let mut power = rational(decay.rho());
    let mut fade = one.clone();
    for bit in 0..64 {
        if rounds >> bit & 1 == 1 {
            fade = (fade * &power / &one).floor();
        }
        power = (&power * &power / &one).floor();
    }
    fade
}

/// A data weight by PROTOCOL's formula in exact rationals.
fn exact_weight(policy: &Policy, score: u64, datasets: &[Part]) -> BigRational {
    let records: u64 = datasets.iter().map(|dataset| u64::from(dataset.records)).sum();
    let latest = datasets.iter().map(|dataset| dataset.round).max().unwrap();
    let g = match policy.terms().weighting {
        Weighting::Divergence => (rational(score) * rational(1u64 << 40) / rational(records)).floor(),
        Weighting::RecordsDivergence { cap } => {
            // Of the reference's bins, three of `carrier` and five of `delay` occur: (3 − 1)/2 + (5 − 1)/2
            // nats, in 1/256 nat.
            let bias = rational(3 * 256);
            let most = (rational(records) * rational(cap) / rational(1u64 << 40)).floor();
            (rational(score).min(most) - bias).max(rational(0))
        }
    };
    rational(policy.data_decay().lambda_q()) * g * fade(policy.data_decay(), latest - FIRST)
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

fn datasets() -> impl Strategy<Value = Vec<Part>> {
    let round = prop_oneof![Just(FIRST), FIRST..FIRST + ROUNDS, Just(FIRST + ROUNDS - 1)];
    prop::collection::vec((round, records()).prop_map(|(round, records)| dataset(round, records)), 1..4)
}

fn pools() -> impl Strategy<Value = u128> {
    prop_oneof![Just(1), Just(u128::MAX), any::<u128>().prop_map(|pool| pool.max(1)), 1u128..1000]
}

fn records() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1u32), Just(u32::MAX / 8), 1u32..100_000]
}

fn weightings() -> impl Strategy<Value = Weighting> {
    let cap = prop_oneof![Just(1u64), Just(1 << 63), 1u64..1 << 50];
    prop_oneof![Just(Weighting::Divergence), cap.prop_map(|cap| Weighting::RecordsDivergence { cap })]
}

/// What datasets of these histograms weigh, by the score of all of them together.
fn weight_of(weights: &DataWeights<'_>, datasets: &[(u64, [u32; 4])]) -> BigUint {
    let counts: [u32; 4] = std::array::from_fn(|bin| datasets.iter().map(|(_, counts)| counts[bin]).sum());
    let feature = FeatureCounts { counts: &counts, reference: &[400, 300, 200, 100] };
    let score = divergence(&[feature]).unwrap().score;
    let scored = datasets.iter().map(|(round, counts)| dataset(*round, counts.iter().sum()));
    weight(weights, score, &scored.collect::<Vec<_>>())
}

fn dataset(round: u64, records: u32) -> Part {
    Part { round, records }
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
        let brought = Tenths { compute: brought.0.into(), data: brought.1.into() };
        let computing = compute
            .iter()
            .enumerate()
            .map(|(i, score)| (address(i, 1), Earned::Compute { score: *score }));
        let giving = data.iter().enumerate().map(|(i, (score, datasets))| {
            (address(i, 2), earned(*score, datasets))
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

        let on_record = settlement.payouts.values().copied();
        let left = kept(policy.terms().pool, &brought, &settlement.carry, on_record.clone());
        prop_assert_eq!(left.as_ref(), Some(&settlement.rounding));
        // A unit more than was kept, of either kind, is more than there was.
        for (kind, kept_of_kind) in [(0, &settlement.rounding.compute), (1, &settlement.rounding.data)] {
            let more = u128::try_from(kept_of_kind / 10u32).expect("less than a pool") + 1;
            let payout = if kind == 0 {
                Payout { compute: more, data: 0 }
            } else {
                Payout { compute: 0, data: more }
            };
            let paid = on_record.clone().chain([payout]);
            prop_assert_eq!(kept(policy.terms().pool, &brought, &settlement.carry, paid), None);
        }
        // What is paid, carried and kept is what there is. A pool is carried whole or not at all, and what
        // rounding leaves is less than a unit for each contributor.
        let [compute_paid, data_paid] = [1u8, 2].map(|kind| {
            let of_kind = settlement.payouts.iter().filter(|(contributor, _)| contributor.0[0] == kind);
            let paid = |payout: &Payout| if kind == 1 { payout.compute } else { payout.data };
            of_kind.fold(BigUint::ZERO, |sum, (_, payout)| sum + paid(payout))
        });
        let there_is = |parts: u32, brought: BigUint| BigUint::from(pool) * parts + brought;
        let Tenths { compute: compute_kept, data: data_kept } = settlement.rounding;
        let Tenths { compute: compute_carried, data: data_carried } = settlement.carry;
        for (paid, kept, carried, tenths, contributors) in [
            (compute_paid, compute_kept, compute_carried, there_is(7, brought.compute), compute.len()),
            (data_paid, data_kept, data_carried, there_is(3, brought.data), data.len()),
        ] {
            prop_assert!(kept < BigUint::from(10 * contributors.max(1)), "{kept}");
            prop_assert!(carried == BigUint::ZERO || (carried == tenths && paid == BigUint::ZERO));
            prop_assert_eq!(paid * 10u32 + kept + carried, tenths);
        }
    }

    /// Of one's records, all in the latest round weigh as much as any of them earlier: a mean over rounds
    /// would pay for moving some to an early round.
    #[test]
    fn registering_some_records_earlier_never_weighs_more(
        score in any::<u64>(),
        weighting in weightings(),
        millionths in 1u32..3_000_000,
        free_bins in 0u64..10_000,
        window in prop_oneof![0u64..100, any::<u64>()],
        datasets in prop::collection::vec((0u64..200, records()), 1..6),
    ) {
        let decay = Decay::from_decimal(&format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000));
        let decay = decay.unwrap();
        let first = window.min(u64::MAX - 200);
        let weights = DataWeights { decay: &decay, weighting, free_bins, window: first..=u64::MAX };
        let latest = datasets.iter().map(|(since, _)| *since).max().unwrap();
        let early = datasets.iter().map(|(since, records)| dataset(first + since, *records));
        let late = datasets.iter().map(|(_, records)| dataset(first + latest, *records));
        let [early, late] = [early.collect::<Vec<_>>(), late.collect::<Vec<_>>()];
        prop_assert!(weight(&weights, score, &early) <= weight(&weights, score, &late));
    }

    /// Records cut into datasets some other way, in another order, have the same histogram in all, and so the
    /// same score and weight.
    #[test]
    fn splitting_and_reordering_datasets_changes_nothing(
        datasets in prop::collection::vec((FIRST..FIRST + ROUNDS, prop::array::uniform4(1u32..5_000)), 1..5),
        cuts in prop::collection::vec(prop::array::uniform4(0.0..1.0f64), 5),
        turn in 0usize..10,
        weighting in weightings(),
    ) {
        let policy = policy(1_000_000, "records-divergence");
        let weights = DataWeights { weighting, ..DataWeights::of(&policy) };
        let cut = datasets.iter().zip(&cuts).flat_map(|((round, counts), cut)| {
            let some: [u32; 4] = std::array::from_fn(|bin| (f64::from(counts[bin]) * cut[bin]) as u32);
            let others = std::array::from_fn(|bin| counts[bin] - some[bin]);
            [(*round, some), (*round, others)]
        });
        let mut cut: Vec<(u64, [u32; 4])> = cut.filter(|(_, counts)| *counts != [0; 4]).collect();
        let places = cut.len();
        cut.rotate_left(turn % places);
        cut.swap(0, places - 1);
        prop_assert_eq!(weight_of(&weights, &cut), weight_of(&weights, &datasets));
    }

    /// One's data in parts of one round weighs what it weighs whole: the score is of the merged histogram.
    #[test]
    fn parts_of_one_round_weigh_as_a_whole(
        score in any::<u64>(),
        round in FIRST..FIRST + ROUNDS,
        cuts in prop::collection::vec(1u32..1000, 1..5),
    ) {
        let policy = policy(1_000_000, "records-divergence");
        let whole = vec![dataset(round, cuts.iter().sum())];
        let parts: Vec<_> = cuts.iter().map(|records| dataset(round, *records)).collect();
        let other = (address(1, 2), earned(1 << 46, &[dataset(FIRST + 3, 700)]));
        let payout = |datasets: Vec<Part>| {
            let scores = [(address(0, 2), earned(score, &datasets)), other.clone()];
            settle(&policy, &Tenths::default(), &scores).unwrap().payouts
        };
        prop_assert_eq!(payout(whole), payout(parts));
    }
}

#[test]
fn a_pool_without_weight_is_carried_whole_and_stays_with_its_kind() {
    let policy = policy(1001, "records-divergence");
    let alone = [(address(0, 1), Earned::Compute { score: 5 })];
    let first = settle(&policy, &Tenths::default(), &alone).unwrap();
    assert_eq!(first.payouts[&address(0, 1)].compute, 700);
    // 7 tenths of a unit that nobody can be paid stay, and all of data's pool goes on.
    assert_eq!(first.rounding, Tenths { compute: 7u32.into(), data: 0u32.into() });
    assert_eq!(first.carry, Tenths { compute: 0u32.into(), data: 3003u32.into() });
    let data = [(address(0, 2), earned(1 << 16, &[dataset(FIRST, 1000)]))];
    let second = settle(&policy, &first.carry, &data).unwrap();
    // 300.3 and 300.3 units.
    assert_eq!(second.payouts[&address(0, 2)].data, 600);
    assert_eq!(second.rounding, Tenths { compute: 0u32.into(), data: 6u32.into() });
    assert_eq!(second.carry, Tenths { compute: 7007u32.into(), data: 0u32.into() });
}

/// Contributors who have scored nothing are no weight: their pool is carried, too.
#[test]
fn a_pool_of_scores_of_nothing_is_carried_whole() {
    let policy = policy(1001, "records-divergence");
    let nothing = [
        (address(0, 1), Earned::Compute { score: 0 }),
        (address(0, 2), earned(3 * 256, &[dataset(FIRST, 1000)])),
    ];
    let settled = settle(&policy, &Tenths::default(), &nothing).unwrap();
    assert_eq!(settled.carry, Tenths { compute: 7007u32.into(), data: 3003u32.into() });
    assert_eq!(settled.rounding, Tenths::default());
    assert!(settled.payouts.values().all(|payout| payout.total() == 0));
}

#[test]
fn records_divergence_is_capped_loses_what_chance_gives_and_fades_with_the_round() {
    let policy = policy(1_000_000_000_000, "records-divergence");
    let one = |score, records, round| earned(score, &[dataset(FIRST + round, records)]);
    let ratio = |a: Earned, b: Earned| {
        let settled = settle(&policy, &Tenths::default(), &[(address(0, 2), a), (address(1, 2), b)]).unwrap();
        let [a, b] = [0, 1].map(|i| settled.payouts[&address(i, 2)].data as f64);
        a / b
    };
    const NAT: u64 = 1 << 8;
    // Capped at 0.05 nats a record: junk of any divergence weighs as one at the cap.
    assert!((ratio(one(60_000 * NAT, 1000, 0), one(50 * NAT, 1000, 0)) - 1.0).abs() < 1e-6);
    // Of the two features' bins, 3 and 5 occur in the reference: chance gives 3 nats over all records.
    assert!(
        (ratio(one(40 * NAT, 1000, 0), one(20 * NAT, 500, 0)) - (40.0 - 3.0) / (20.0 - 3.0)).abs() < 1e-6
    );
    let by_chance = [(address(0, 2), one(NAT, 1000, 0))];
    assert_eq!(settle(&policy, &Tenths::default(), &by_chance).unwrap().payouts[&address(0, 2)].data, 0);
    // λ is 0.1: ten rounds later, a factor of e.
    assert!((ratio(one(40 * NAT, 1000, 0), one(40 * NAT, 1000, 10)) - std::f64::consts::E).abs() < 1e-6);
}

#[test]
fn a_score_given_twice_is_refused_and_not_paid_twice() {
    let policy = policy(100, "divergence");
    let twice =
        [(address(0, 1), Earned::Compute { score: 5 }), (address(0, 1), Earned::Compute { score: 5 })];
    let error = settle(&policy, &Tenths::default(), &twice).unwrap_err();
    assert!(matches!(error, SettlementError::Twice { role: Role::Compute, .. }), "{error}");
}

/// What is on record of an epoch that nobody could verify may be anything.
#[test]
fn more_paid_than_there_was_is_told() {
    let (policy, nothing) = (policy(1001, "divergence"), Tenths::default());
    let left =
        |compute, data| kept(policy.terms().pool, &nothing, &nothing, [Payout { compute, data }].into_iter());
    let tenths = |compute: u32, data: u32| Tenths { compute: compute.into(), data: data.into() };
    assert_eq!(left(700, 300), Some(tenths(7, 3)));
    assert_eq!(left(701, 300), None);
    assert_eq!(left(700, 301), None);
    assert_eq!(left(u128::MAX, u128::MAX), None);
}

/// Data of a round before the window or after the epoch is not eligible, and no bundle that counts covers
/// it. Were it to come here, it would weigh nothing: it neither counts by a wrapped round nor keeps the
/// others from being paid.
#[test]
fn data_outside_the_window_weighs_nothing_and_is_in_nobodys_way() {
    let policy = policy(1_000_000, "records-divergence");
    let last = FIRST + ROUNDS - 1;
    let of = |latest: u64| earned(1 << 16, &[dataset(latest, 1000)]);
    for outside in [0, FIRST - 1, last + 1, u64::MAX] {
        let scores = [(address(0, 2), of(outside)), (address(1, 2), of(last))];
        let payouts = settle(&policy, &Tenths::default(), &scores).unwrap().payouts;
        let shares = [0, 1].map(|index| payouts[&address(index, 2)].data);
        assert_eq!(shares, [0, 300_000], "round {outside}");
    }
    let both = [(address(0, 2), of(FIRST)), (address(1, 2), of(FIRST))];
    let payouts = settle(&policy, &Tenths::default(), &both).unwrap().payouts;
    assert_eq!([0, 1].map(|index| payouts[&address(index, 2)].data), [150_000; 2]);
}

/// Opening an epoch keeps a vault's pools below `2^128` in all; whoever gets past that is told, and not paid
/// less.
#[test]
fn a_share_of_more_than_128_bits_is_refused() {
    let policy = policy(u128::MAX, "divergence");
    let brought = |bits: u32| Tenths { compute: BigUint::from(1u32) << bits, data: BigUint::ZERO };
    let alone = [(address(0, 1), Earned::Compute { score: 5 })];
    let error = settle(&policy, &brought(140), &alone).unwrap_err();
    assert_eq!(error, SettlementError::TooLarge { contributor: address(0, 1) });
    // Nine tenths of 2^128 for computing and three for data: each share fits, and their sum does not.
    let both = [alone[0].clone(), (address(0, 1), earned(5, &[dataset(FIRST, 1000)]))];
    let carry = Tenths { compute: BigUint::from(u128::MAX) * 2u32, data: BigUint::ZERO };
    assert!(settle(&policy, &carry, &alone).is_ok());
    let error = settle(&policy, &carry, &both).unwrap_err();
    assert_eq!(error, SettlementError::TooLarge { contributor: address(0, 1) });
}
