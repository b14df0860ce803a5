//! The contract's weights, shares and carries against those of the Rust settlement, to the unit.

use std::num::NonZeroU32;

use alloy_primitives::{Address, U256};
use fairshare_audit::settlement::{DataWeights, Earned, settle};
use fairshare_contracts::solidity::ProvingVault::{carriedCall, shareOfCall};
use fairshare_formats::ledger::Tenths;
use fairshare_params::address::Address as Account;
use fairshare_params::policy::Policy;
use num_bigint::BigUint;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::chain::ok;
use super::world::{
    DAY, FIRST, Judge, PROVING, World, dataset, evm, policy, rules_of, said_compute, said_data,
};

/// Worlds, and epochs of each that follow each other, so that pools without weight are carried.
const WORLDS: u64 = 20;
const EPOCHS: u64 = 10;

/// Numbers from the whole of a range, its ends among them.
fn any(rng: &mut ChaCha20Rng, least: u64, most: u64) -> u64 {
    match rng.gen_range(0..6) {
        0 => least,
        1 => most,
        2 => rng.gen_range(least..=most.min(least.saturating_add(1_000))),
        _ => {
            let bits = rng.gen_range(0..64);
            (rng.r#gen::<u64>() >> bits).clamp(least, most)
        }
    }
}

/// The rules of one epoch.
struct Drawn {
    policy: Policy,
    rounds: u64,
}

/// Draws rules whose words reach the ends of their domains.
fn draw(rng: &mut ChaCha20Rng, epoch: u64, first: u64, window: u64, pool: u128) -> Drawn {
    let rounds = *[2, 3, 5, 1_024].choose(rng).expect("one");
    // With two rounds λ may be large; with very many the last one's decay has to be above 2^40.
    let lambdas: [(&str, &str); 3] = match rounds {
        2..=5 if first - window < 3 => {
            [("2.5", "2.4"), ("0.1", "0.01"), ("0.00000006", "0.000000059604644775390625")]
        }
        _ => [("0.008", "0.0025"), ("0.001", "0.0001"), ("0.00000006", "0.000000059604644775390625")],
    };
    let (data, compute) = lambdas.choose(rng).expect("one");
    let weighting = match rng.gen_range(0..4) {
        0 => "weighting = \"divergence\"".to_owned(),
        1 => "weighting = \"records-divergence\"\ncap = \"32768\"".to_owned(),
        _ => format!("weighting = \"records-divergence\"\ncap = \"0.{:03}\"", rng.gen_range(50..1_000)),
    };
    let edits = [
        ("epoch = 4", format!("epoch = {epoch}")),
        ("first = 10", format!("first = {first}")),
        ("count = 4", format!("count = {rounds}")),
        ("pool = \"1000000000000000000000000\"", format!("pool = \"{pool}\"")),
        ("[data]\nlambda = \"0.1\"", format!("[data]\nlambda = \"{data}\"")),
        ("[compute]\nlambda = \"0.01\"", format!("[compute]\nlambda = \"{compute}\"")),
        ("weighting = \"records-divergence\"\ncap = \"0.05\"", weighting),
        ("evidence = false", format!("evidence = false\nfirst_round = {window}")),
        ("2027-01-01T00:00:00Z", "2028-06-01T00:00:00Z".to_owned()),
    ];
    let edits: Vec<_> = edits.iter().map(|(from, to)| (*from, to.as_str())).collect();
    Drawn { policy: policy(&edits), rounds }
}

/// What is left of what a vault may ever be funded with, drawn from.
fn draw_pool(rng: &mut ChaCha20Rng, left: u128) -> u128 {
    match rng.gen_range(0..5) {
        0 => 0,
        1 => 1,
        2 => left / 2,
        _ => (rng.r#gen::<u128>() >> rng.gen_range(8..128)).min(left / 2),
    }
}

#[derive(Default)]
struct Counts {
    carried: [usize; 2],
    shares: usize,
    weights: usize,
    extremes: usize,
}

#[test]
fn two_hundred_epochs_are_settled_as_rust_settles_them() {
    let mut counts = Counts::default();
    for seed in 0..WORLDS {
        one_world(seed, &mut counts);
    }
    // None of it was idle.
    assert!(counts.carried.iter().all(|carried| *carried > 20), "{:?}", counts.carried);
    assert!(counts.shares > 300 && counts.weights > 500, "{} {}", counts.shares, counts.weights);
    assert!(counts.extremes > 30, "{}", counts.extremes);
}

fn one_world(seed: u64, counts: &mut Counts) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut world = World::new(Judge::Said);
    let mut carried = Tenths::default();
    let (mut first, mut left) = (10, u128::MAX);
    // The last two epochs' first rounds: as far as a window goes back.
    let mut before = vec![first];
    for epoch in FIRST..FIRST + EPOCHS {
        let pool = draw_pool(&mut rng, left);
        left -= pool;
        let window = *before.choose(&mut rng).expect("one");
        let drawn = draw(&mut rng, epoch, first, window, pool);
        carried = one_epoch(&mut rng, &mut world, &drawn, carried, counts);
        first += drawn.rounds;
        before = vec![first, first - drawn.rounds];
    }
}

fn one_epoch(
    rng: &mut ChaCha20Rng,
    world: &mut World,
    Drawn { policy, rounds }: &Drawn,
    carried: Tenths,
    counts: &mut Counts,
) -> Tenths {
    let rules = rules_of(policy);
    let epoch = rules.terms.epoch;
    world.start(&rules);
    let mut scores: Vec<(Account, Earned)> = Vec::new();
    let givers = if rng.gen_ratio(1, 4) { 0 } else { rng.gen_range(1..5) };
    let mut bundles = Vec::new();
    for index in 0..givers {
        let who = Address::with_last_byte(0x10 + index);
        // One round after the other, as far as data is taken.
        let skipped = rng.gen_range(0..=(rounds - 2).min(3));
        let latest = world.stage().round + skipped;
        if skipped > 0 && latest < rules.terms.last_round() {
            ok(world.end_rounds(skipped));
        }
        let latest = world.stage().round;
        let most = if rng.gen_ratio(1, 8) { 1 << 20 } else { 3_000 };
        let records = u32::try_from(any(rng, 1, most)).expect("few");
        let registration = dataset(policy, who, records, epoch << 8 | u64::from(index));
        ok(world.register(registration.clone()));
        let score = any(rng, 0, u64::MAX >> 4);
        bundles.push(said_data(who, &[registration.digest], score));
        let records = NonZeroU32::new(records).expect("records");
        scores.push((Account(who.into_array()), Earned::Data { score, records, latest }));
    }
    let nodes = if rng.gen_ratio(1, 4) { 0 } else { rng.gen_range(1..5) };
    for index in 0..nodes {
        // Some give data, too.
        let who = Account(Address::with_last_byte(0x12 + index).into_array());
        ok(world.record(&[(who, 1)]));
        let score = any(rng, 0, u64::MAX);
        bundles.push(said_compute(evm(&who), score));
        scores.push((who, Earned::Compute { score }));
    }
    world.end_epoch();
    let weights = DataWeights::of(policy);
    for ((who, earned), bundle) in scores.iter().zip(bundles) {
        let expected = match earned {
            Earned::Data { score, records, latest } => weights.weight(*score, *records, *latest),
            Earned::Compute { score } => BigUint::from(*score),
        };
        let sent = world.submit(&rules, bundle);
        // What weighs nothing is no bundle that counts.
        assert_eq!(sent.is_ok(), expected > BigUint::ZERO, "{earned:?}");
        let standing = world.standing(epoch, evm(who));
        let found = match earned {
            Earned::Data { .. } => U256::from(standing.dataWeight),
            Earned::Compute { .. } => U256::from(standing.computeWeight),
        };
        assert_eq!(BigUint::from_bytes_be(&found.to_be_bytes::<32>()), expected);
        counts.weights += 1;
        counts.extremes += usize::from(
            expected.bits() > 200 || matches!(earned, Earned::Compute { score } if score >> 60 > 0),
        );
    }
    world.chain.pass(PROVING + 1);
    assert_eq!(world.settle(9), 1);
    let settled = settle(policy, &carried, &scores).expect("a settlement");
    compare(world, epoch, &settled, counts);
    world.chain.pass(DAY);
    settled.carry
}

/// Shares and carries are the same; those who were paid, were paid so.
fn compare(
    world: &mut World,
    epoch: u64,
    settled: &fairshare_audit::settlement::Settlement,
    counts: &mut Counts,
) {
    for (who, payout) in &settled.payouts {
        let (vault, contributor) = (world.vault, evm(who));
        let share = world.chain.ask(vault, &shareOfCall { epoch, contributor });
        assert_eq!((share.compute, share.data), (payout.compute, payout.data), "{who:?}");
        let before = world.balance(contributor);
        let sent = world.claim(epoch, contributor);
        assert_eq!(sent.is_ok(), payout.total() > 0);
        assert_eq!(world.balance(contributor) - before, payout.total());
        counts.shares += usize::from(payout.total() > 0);
    }
    let vault = world.vault;
    let found = world.chain.ask(vault, &carriedCall {});
    let big = |word: U256| BigUint::from_bytes_be(&word.to_be_bytes::<32>());
    assert_eq!(
        [big(found.compute), big(found.data)],
        [settled.carry.compute.clone(), settled.carry.data.clone()]
    );
    for (count, carry) in counts.carried.iter_mut().zip([&settled.carry.compute, &settled.carry.data]) {
        *count += usize::from(*carry > BigUint::ZERO);
    }
}
