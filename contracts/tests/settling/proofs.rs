//! Which bundles are taken, and what they weigh: real ones, and the verifier that a vault has.

use std::collections::BTreeMap;

use alloy_primitives::{Address, FixedBytes, U256};
use alloy_sol_types::SolError;
use fairshare_audit::settlement::{DataWeights, Earned, settle};
use fairshare_contracts::proving;
use fairshare_contracts::recorded::{record_segments, split};
use fairshare_contracts::solidity::BundleVerifier::{DigestRefused, PublicColumnRefused};
use fairshare_contracts::solidity::ProvingVault::{
    self, BundleTaken, DataOutOfOrder, DataUnknown, DeadlineOver, EvidenceMissing, NoUnits, NodeStruck,
    NotTheRules, OutsideWindow, RoundsNotOver, WeighsNoMore,
};
use fairshare_contracts::solidity::TaskRegistry::{strikeDataCall, strikeNodeCall};
use fairshare_formats::ledger::Tenths;
use fairshare_params::encoding::Digest;
use fairshare_testkit::fixture;
use fairshare_verifier::Score;

use super::chain::{Sent, ok, refused};
use super::pool::{COVERS, GIVERS, NODES, POOL, Pooled, UNITS, registered};
use super::world::{
    COORDINATOR, FIRST, FIRST_ROUND, Judge, PROVING, STRANGER, World, dataset, evm, policy, rules_of,
    said_compute, said_data,
};

fn hash(digest: &Digest) -> FixedBytes<32> {
    FixedBytes(digest.0)
}

/// The digest of a giver's dataset.
fn digest(pooled: &Pooled, giver: usize, dataset: usize) -> FixedBytes<32> {
    hash(pooled.registrations[giver][dataset].unsigned().request().digest())
}

/// What Rust says that a bundle of these registrations scored.
fn score(pooled: &Pooled, index: usize, bytes: &[u8], giver: Option<(usize, &[usize])>) -> Earned {
    let units = super::pool::units_of(index, &pooled.policy);
    let verifier = fixture::verifier(&pooled.policy).with_units(&units).expect("units of its rounds");
    let covered: Vec<_> = giver
        .iter()
        .flat_map(|(giver, covers)| covers.iter().map(|one| registered(&pooled.registrations[*giver][*one])))
        .collect();
    let bundle = verifier.read(bytes, &covered).expect("a bundle");
    match verifier.verify(&bundle, &covered).expect("Rust takes it") {
        Score::Data(score) => Earned::Data {
            score: score.score,
            records: score.records,
            latest: pooled.rules.terms.first_round,
        },
        Score::Compute(score) => Earned::Compute { score: score.score },
    }
}

/// All three epochs, from registration to the last claim, as Rust settles them.
#[test]
fn epochs_are_paid_as_rust_settles_them() {
    let mut world = World::new(Judge::Real);
    let mut carried = Tenths::default();
    let mut paid: BTreeMap<Address, u128> = BTreeMap::new();
    for (index, pooled) in POOL.iter().enumerate() {
        world.play(index);
        let mut scores = Vec::new();
        for (giver, who) in GIVERS.iter().enumerate() {
            ok(world.submit(&pooled.rules, pooled.data[giver][2].clone()));
            scores.push((*who, score(pooled, index, &pooled.data[giver][2], Some((giver, COVERS[2])))));
        }
        for (node, bundle) in NODES.iter().zip(&pooled.compute) {
            ok(world.submit(&pooled.rules, bundle.clone()));
            scores.push((*node, score(pooled, index, bundle, None)));
        }
        world.chain.pass(PROVING + 1);
        let settled = settle(&pooled.policy, &carried, &scores).expect("a settlement");
        for (who, payout) in &settled.payouts {
            if payout.total() > 0 {
                ok(world.claim(pooled.rules.terms.epoch, evm(who)));
            }
            *paid.entry(evm(who)).or_default() += payout.total();
            assert_eq!(world.balance(evm(who)), paid[&evm(who)]);
        }
        carried = settled.carry;
    }
    assert!(paid.values().sum::<u128>() > 0 && paid.len() == GIVERS.len() + NODES.len() - 1);
}

/// What the event says is what Rust computes from it.
#[test]
fn a_bundle_that_is_taken_says_what_it_weighs() {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    world.play(0);
    let receipt = ok(world.submit(&pooled.rules, pooled.data[1][1].clone()));
    let [taken] = &receipt.events::<BundleTaken>()[..] else { panic!("an event") };
    let Earned::Data { score, records, latest } = score(pooled, 0, &pooled.data[1][1], Some((1, COVERS[1])))
    else {
        panic!("data")
    };
    assert_eq!((taken.epoch, taken.contributor, taken.role), (FIRST, evm(&GIVERS[1]), U256::from(1)));
    assert_eq!((taken.score, taken.records, taken.latest), (score, records.get(), latest));
    let weight = DataWeights::of(&pooled.policy).weight(score, records, latest);
    assert_eq!(taken.weight.to_string(), weight.to_string());
}

/// PROTOCOL section 9, *Proofs*: a later one replaces it only if it weighs more.
#[test]
fn a_bundle_that_weighs_less_or_the_same_changes_nothing() {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    world.play(0);
    let weights = COVERS.map(|covers| {
        let index = COVERS.iter().position(|own| *own == covers).expect("one of them");
        match score(pooled, 0, &pooled.data[0][index], Some((0, covers))) {
            Earned::Data { score, records, latest } => {
                DataWeights::of(&pooled.policy).weight(score, records, latest)
            }
            Earned::Compute { .. } => panic!("data"),
        }
    });
    let mut order = [0, 1, 2];
    order.sort_by_key(|index| weights[*index].clone());
    assert!(weights[order[1]] < weights[order[2]], "two of them differ");
    let mut standing = U256::ZERO;
    for index in [order[1], order[2], order[2], order[1]] {
        let weight: U256 = weights[index].to_string().parse().expect("a number");
        let sent = world.submit(&pooled.rules, pooled.data[0][index].clone());
        if weight > standing {
            ok(sent);
            standing = weight;
        } else {
            refused(sent, WeighsNoMore { weight, standing });
        }
        assert_eq!(world.epoch(FIRST).dataSum, standing);
    }
    let compute = pooled.compute[0].clone();
    let first = ok(world.submit(&pooled.rules, compute.clone())).events::<BundleTaken>()[0].weight;
    refused(world.submit(&pooled.rules, compute), WeighsNoMore { weight: first, standing: first });
    assert_eq!(U256::from(world.epoch(FIRST).computeSum), first);
}

/// What a heavier one takes the place of is not counted twice.
#[test]
fn a_heavier_bundle_takes_the_place_of_the_lighter_one() {
    let mut world = World::new(Judge::Said);
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    world.start(&rules);
    let who = evm(&NODES[0]);
    let registration = dataset(&policy, who, 1_000, 1);
    ok(world.register(registration.clone()));
    ok(world.record(&[(NODES[0], 1)]));
    world.end_epoch();
    for (score, compute) in [(6_000, 5), (9_000, 9)] {
        ok(world.submit(&rules, said_data(who, &[registration.digest], score)));
        ok(world.submit(&rules, said_compute(who, compute)));
        let (epoch, standing) = (world.epoch(FIRST), world.standing(FIRST, who));
        assert_eq!(epoch.dataSum, U256::from(standing.dataWeight));
        assert_eq!((epoch.computeSum, standing.computeWeight), (u128::from(compute), compute));
    }
}

/// PROTOCOL section 11: another contributor.
#[test]
fn nobody_is_paid_for_another_contributors_bundle() {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    world.play(0);
    let thief = evm(&NODES[3]);
    let mut bundle = pooled.data[0][0].clone();
    bundle[32 + 12..64].copy_from_slice(thief.as_slice());
    let sent = world.submit(&pooled.rules, bundle);
    assert_eq!(&sent.expect_err("another's data")[..4], DigestRefused::SELECTOR);
    // A copy of another node's bundle.
    let mut bundle = pooled.compute[0].clone();
    bundle[32 + 12..64].copy_from_slice(thief.as_slice());
    refused(world.submit(&pooled.rules, bundle), PublicColumnRefused { column: U256::ZERO });
    let standing = world.standing(FIRST, thief);
    assert_eq!((standing.computeWeight, standing.dataWeight.is_zero()), (0, true));
}

/// PROTOCOL section 11: another epoch, other rules, another vault, another chain.
#[test]
fn a_bundle_counts_under_its_own_rules_alone() {
    let mut world = World::new(Judge::Real);
    world.play(0);
    world.play(1);
    let standing = hash(&POOL[0].rules.hash());
    type Alter = fn(&mut fairshare_params::rules::Terms);
    let alter: [Alter; 4] = [
        |terms| terms.vault.0[0] ^= 1,
        |terms| terms.chain_id += 1,
        |terms| terms.pool += 1,
        |terms| terms.registry.0[19] ^= 1,
    ];
    for alter in alter {
        let mut rules = POOL[0].rules.clone();
        alter(&mut rules.terms);
        let found = hash(&rules.hash());
        let sent = world.submit(&rules, POOL[0].data[0][0].clone());
        refused(sent, NotTheRules { found, standing });
    }
    let mut rules = POOL[0].rules.clone();
    rules.terms.epoch = FIRST + 7;
    let found = hash(&rules.hash());
    let none = FixedBytes::ZERO;
    refused(world.submit(&rules, POOL[0].data[0][0].clone()), NotTheRules { found, standing: none });
    // Data of the epoch before is outside the window; a node's proof is of other rules.
    let sent = world.submit(&POOL[1].rules, POOL[0].data[0][0].clone());
    refused(sent, OutsideWindow { digest: digest(&POOL[0], 0, 0), round: FIRST_ROUND });
    assert!(world.submit(&POOL[1].rules, POOL[0].compute[0].clone()).is_err());
    ok(world.submit(&POOL[1].rules, POOL[1].compute[0].clone()));
}

/// PROTOCOL section 11: a digest or an upload paid twice in one epoch.
#[test]
fn a_bundle_names_each_dataset_once_in_order_of_registration() {
    let mut world = World::new(Judge::Said);
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    world.start(&rules);
    let who = Address::with_last_byte(1);
    let digests = [1, 2].map(|seed| {
        let registration = dataset(&policy, who, 200, seed);
        ok(world.register(registration.clone()));
        registration.digest
    });
    world.end_epoch();
    for wrong in [[0, 0], [1, 0], [1, 1]] {
        let named = wrong.map(|index: usize| digests[index]);
        let sent = world.submit(&rules, said_data(who, &named, 50_000));
        refused(sent, DataOutOfOrder { digest: named[1] });
    }
    let unknown = FixedBytes([7; 32]);
    let sent = world.submit(&rules, said_data(who, &[digests[0], unknown], 50_000));
    refused(sent, DataUnknown { digest: unknown });
    ok(world.submit(&rules, said_data(who, &digests, 50_000)));
}

/// PROTOCOL section 11: a weight by an earlier round than that of any record that it counts.
#[test]
fn the_latest_round_counts_for_all_of_a_bundle() {
    let mut world = World::new(Judge::Said);
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    world.start(&rules);
    let who = Address::with_last_byte(1);
    let mut register = |seed| {
        let registration = dataset(&policy, who, 200, seed);
        ok(world.register(registration.clone()));
        ok(world.end_rounds(1));
        registration.digest
    };
    let digests = [1, 2, 3].map(&mut register);
    world.end_epoch();
    // Each weighs more than the one before.
    for named in [&digests[2..], &digests[1..2], &digests[..1], &digests[..]] {
        let sent = ok(world.submit(&rules, said_data(who, named, 60_000)));
        let taken = &sent.events::<BundleTaken>()[0];
        let latest =
            digests.iter().position(|digest| digest == named.last().expect("one")).expect("on record");
        assert_eq!(taken.latest, FIRST_ROUND + latest as u64);
        let records = (200 * named.len() as u32).try_into().expect("records");
        let expected = DataWeights::of(&policy).weight(taken.score, records, taken.latest);
        assert_eq!(taken.weight.to_string(), expected.to_string());
    }
}

#[test]
fn data_counts_from_the_windows_first_round_to_the_epochs_last() {
    let mut world = World::new(Judge::Real);
    for index in 0..POOL.len() {
        world.play(index);
    }
    let last = POOL.last().expect("epochs");
    let wide = last.wide.clone().expect("a bundle");
    ok(world.submit(&last.rules, wide));
    // The second epoch's window is its own rounds: the third one's data is outside it.
    let later = digest(last, 0, 0);
    let round = last.rules.terms.first_round;
    let sent = world.submit(&POOL[1].rules, said_data(evm(&GIVERS[0]), &[later], 1));
    refused(sent, OutsideWindow { digest: later, round });
}

#[test]
fn rules_that_ask_for_evidence_take_no_data_without_it() {
    let mut world = World::new(Judge::Said);
    // Registered under rules that ask for none; the next epoch's window has it, and asks.
    let first = policy(&[]);
    let rules = rules_of(&first);
    world.start(&rules);
    let who = Address::with_last_byte(1);
    let registration = dataset(&first, who, 200, 1);
    ok(world.register(registration.clone()));
    world.end_epoch();
    let next =
        rules_of(&super::world::later(1, &[("evidence = false", "evidence = true\nfirst_round = 10")]));
    world.start(&next);
    world.end_epoch();
    let bundle = said_data(who, &[registration.digest], 60_000);
    refused(world.submit(&next, bundle.clone()), EvidenceMissing { digest: registration.digest });
    ok(world.submit(&rules, bundle));
}

#[test]
fn what_is_struck_in_time_weighs_nothing_and_stays_in_the_totals() {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    world.start(&pooled.rules);
    for signed in pooled.registrations.iter().flatten() {
        ok(world.register_for(signed));
    }
    let struck = digest(pooled, 0, 0);
    let strike = strikeDataCall { digest: struck, reason: "copied".to_owned() };
    ok(world.registry(COORDINATOR, strike));
    let node = evm(&NODES[1]);
    ok(world.registry(COORDINATOR, strikeNodeCall { node, reason: "false results".to_owned() }));
    UNITS[0].iter().for_each(|round| world.play_round(round));
    for covers in [0, 2] {
        let sent = world.submit(&pooled.rules, pooled.data[0][covers].clone());
        refused(sent, ProvingVault::DataStruck { digest: struck });
    }
    refused(world.submit(&pooled.rules, pooled.compute[1].clone()), NodeStruck { node });
    // The rest of the contributor's data, and the other nodes, whose shares are of the same totals.
    ok(world.submit(&pooled.rules, pooled.data[0][1].clone()));
    ok(world.submit(&pooled.rules, pooled.compute[0].clone()));
}

#[test]
fn a_strike_after_the_last_round_is_of_the_next_epoch() {
    let mut world = World::new(Judge::Real);
    world.play(0);
    let struck = digest(&POOL[0], 0, 0);
    let strike = strikeDataCall { digest: struck, reason: "too late".to_owned() };
    ok(world.registry(COORDINATOR, strike));
    ok(world.submit(&POOL[0].rules, POOL[0].data[0][2].clone()));
    world.play(1);
    world.play(2);
    let sent = world.submit(&POOL[2].rules, POOL[2].wide.clone().expect("a bundle"));
    refused(sent, ProvingVault::DataStruck { digest: struck });
}

/// From the end of the last round up to the deadline, to the second.
#[test]
fn bundles_are_taken_up_to_the_deadline() {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    let submit = |world: &mut World, index: usize| world.submit(&pooled.rules, pooled.compute[index].clone());
    world.start(&pooled.rules);
    refused(submit(&mut world, 0), RoundsNotOver { epoch: FIRST });
    UNITS[0].iter().for_each(|round| world.play_round(round));
    let deadline = world.chain.now() + PROVING;
    assert_eq!(world.epoch(FIRST).deadline, deadline);
    world.chain.pass(PROVING);
    ok(submit(&mut world, 0));
    world.chain.pass(1);
    refused(submit(&mut world, 1), DeadlineOver { epoch: FIRST, deadline });
}

/// The chain makes the digest of computing power: a proof of other units is false.
#[test]
fn a_proof_of_units_that_are_not_on_record_is_false() {
    let pooled = &POOL[0];
    let column = |column| PublicColumnRefused { column: U256::from(column) };
    // A unit of the first node's is the second one's: the totals are the same.
    let mut world = World::new(Judge::Real);
    world.start(&pooled.rules);
    let mut units = UNITS[0];
    units[0][0] -= 1;
    units[0][1] += 1;
    units.iter().for_each(|round| world.play_round(round));
    for node in [0, 1] {
        refused(world.submit(&pooled.rules, pooled.compute[node].clone()), column(0));
    }
    ok(world.submit(&pooled.rules, pooled.compute[2].clone()));
    // One unit more of one node: everybody's totals are others.
    let mut world = World::new(Judge::Real);
    world.start(&pooled.rules);
    let mut units = UNITS[0];
    units[0][1] += 1;
    units.iter().for_each(|round| world.play_round(round));
    refused(world.submit(&pooled.rules, pooled.compute[1].clone()), column(0));
    for node in [0, 2, 3] {
        refused(world.submit(&pooled.rules, pooled.compute[node].clone()), column(1));
    }
}

#[test]
fn a_node_without_units_has_no_score() {
    let mut world = World::new(Judge::Said);
    let rules = rules_of(&policy(&[]));
    world.start(&rules);
    ok(world.record(&[(NODES[0], 5)]));
    world.end_epoch();
    let node = Address::with_last_byte(9);
    refused(world.submit(&rules, said_compute(node, 5)), NoUnits { node });
    ok(world.submit(&rules, said_compute(evm(&NODES[0]), 5)));
}

/// What every byte of a bundle's head may be.
#[test]
fn a_bundle_begins_with_a_role_a_contributor_and_what_it_is_about() {
    let mut world = World::new(Judge::Said);
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    world.start(&rules);
    let who = Address::with_last_byte(1);
    let registration = dataset(&policy, who, 200, 1);
    ok(world.register(registration.clone()));
    ok(world.record(&[(fairshare_params::address::Address(who.into_array()), 1)]));
    world.end_epoch();
    let data = said_data(who, &[registration.digest], 60_000);
    let compute = said_compute(who, 5);
    let altered = |bundle: &[u8], at: usize, value: u8| {
        let mut bundle = bundle.to_vec();
        bundle[at] = value;
        bundle
    };
    let head = |sent: Sent| refused(sent, ProvingVault::HeaderRefused {});
    for length in [0, 1, 63] {
        head(world.submit(&rules, compute[..length].to_vec()));
    }
    for length in [64, 95, 96, 127] {
        head(world.submit(&rules, data[..length].to_vec()));
    }
    for (at, value) in [(0, 1), (31, 0), (31, 3), (32, 1), (43, 1)] {
        head(world.submit(&rules, altered(&compute, at, value)));
    }
    // A number of datasets that is cut off.
    head(world.submit(&rules, altered(&data, 64, 1)[..70].to_vec()));
    // The number of datasets: none, more than there are words, and very many.
    for (at, value) in [(95, 0), (95, 3), (64, 0xff)] {
        head(world.submit(&rules, altered(&data, at, value)));
    }
    // Computing power has no histograms that could have been recorded.
    let sent = world.chain.send(STRANGER, world.vault, proving::submit_recorded(&rules, compute.clone()));
    head(sent);
    ok(world.submit(&rules, data));
    ok(world.submit(&rules, compute));
}

/// A large bundle in several transactions.
#[test]
fn a_bundle_whose_histograms_were_recorded_weighs_the_same() {
    let pooled = &POOL[0];
    let [mut whole, mut parts] = [(); 2].map(|()| World::new(Judge::Real));
    let bundle = &pooled.data[0][2];
    whole.play(0);
    let expected = ok(whole.submit(&pooled.rules, bundle.clone())).events::<BundleTaken>();
    parts.play(0);
    let own: Vec<_> = pooled.registrations[0].iter().map(registered).collect();
    let features = pooled.rules.reference.features;
    let split = split(&fixture::PARAMETERS, features, &own, bundle).expect("parts");
    let rest = proving::submit_recorded(&pooled.rules, split.bundle);
    let (verifier, vault) = (parts.verifier, parts.vault);
    assert!(parts.chain.send(STRANGER, vault, rest.clone()).is_err(), "before anything is recorded");
    let record = record_segments(&fixture::PARAMETERS, &split.segments);
    ok(parts.chain.send(STRANGER, verifier, record));
    assert_eq!(ok(parts.chain.send(STRANGER, vault, rest)).events::<BundleTaken>(), expected);
    // In the other call it is no bundle.
    refused(parts.submit(&pooled.rules, Vec::new()), ProvingVault::HeaderRefused {});
}
