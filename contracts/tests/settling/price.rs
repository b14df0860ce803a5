//! Gas of whole transactions, pinned in README.md, and what epochs cost that are made of them, in
//! docs/chain.md.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::TaskRegistry::{endRoundsCall, strikeDataCall};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registry::{CHUNK_BYTES, Request, Tree, Unsigned, first_chunk, padded_chunks};
use fairshare_testkit::epochs::{self, ALICE, BOB};
use revm::ExecuteCommitEvm;
use revm::primitives::TxKind;

use super::chain::{Sent, ok, transaction};
use super::pool::{NODES, POOL};
use super::world::{
    COORDINATOR, DEPLOYER, FIRST, Judge, PROVING, Task, World, dataset, evm, later, policy, registry_code,
    round_point, rules_of, said_compute, said_data, vault_code,
};

/// By how much a figure of the README may differ from what is measured, as a share of it.
const TOLERANCE: f64 = 0.03;
/// Nodes of the round whose price is divided by them.
const MANY: u8 = 100;

fn gas(sent: Sent) -> u64 {
    ok(sent).gas
}

/// A registration with evidence of an upload of so many chunks, signed.
fn signed(policy: &Policy, who: Account, chunks: u64) -> fairshare_formats::registry::SignedRegistration {
    let plain = dataset(policy, evm(&who), 200, chunks);
    let segments = plain.segments.iter().map(|hash| Digest(hash.0)).collect();
    let request = Request::new(who, policy.geometry(), policy.schema().hash(), 200, segments).expect("one");
    let mut evidence = epochs::evidence(request.digest());
    let mut tree = Tree::new();
    tree.push(&first_chunk(request.digest()));
    (1..chunks).for_each(|_| tree.push(&[1; CHUNK_BYTES]));
    assert_eq!(padded_chunks(chunks), chunks);
    (evidence.storage_root, evidence.path) = tree.finish();
    evidence.byte_length = chunks * CHUNK_BYTES as u64;
    epochs::sign(policy, request, Some(evidence), u64::MAX)
}

/// A registration whose path has as many nodes as any may have.
fn longest(policy: &Policy, who: Account) -> Unsigned {
    let plain = dataset(policy, evm(&who), 200, 1 << 30);
    let segments = plain.segments.iter().map(|hash| Digest(hash.0)).collect();
    let request = Request::new(who, policy.geometry(), policy.schema().hash(), 200, segments).expect("one");
    let mut evidence = epochs::evidence(request.digest());
    // 24 siblings, whatever they are of: the root follows.
    evidence.path = (0..24).map(|byte| Digest([byte + 100; 32])).collect();
    let leaf = alloy_primitives::keccak256(first_chunk(request.digest()));
    let root = evidence
        .path
        .iter()
        .fold(leaf, |node, sibling| alloy_primitives::keccak256([node.0, sibling.0].concat()));
    (evidence.storage_root, evidence.byte_length) = (Digest(root.0), 1 << 32);
    Unsigned::new(request, Some(evidence), policy.domain(), policy.terms().vault, u64::MAX).expect("one")
}

fn nodes(count: u8) -> Vec<(Account, u32)> {
    (1..=count).map(|index| (Account([index; 20]), 1_000 + u32::from(index))).collect()
}

/// What a registry's transactions cost.
fn registry() -> BTreeMap<&'static str, u64> {
    let policy = policy(&[("evidence = false", "evidence = true")]);
    let rules = rules_of(&policy);
    let mut world = World::new(Judge::Said);
    let registry = world.registry;
    let open = gas(world.open(&rules));
    let fund = gas(world.fund(rules.terms.pool / 2));
    let again = gas(world.fund(rules.terms.pool / 2));
    let begin = gas(world.begin(&rules));
    let mut register = |unsigned: &Unsigned| {
        let data = proving::register(unsigned, None);
        gas(world.chain.send(Address::from(unsigned.request().contributor().0), registry, data))
    };
    // The first one of a registry writes a counter that was zero.
    register(signed(&policy, BOB, 4).unsigned());
    let sender = register(signed(&policy, ALICE, 16).unsigned());
    let most = register(&longest(&policy, ALICE));
    let other = gas(world.register_for(&signed(&policy, BOB, 1 << 12)));
    let first = gas(world.record(&nodes(MANY))) / u64::from(MANY);
    let round = gas(world.registry(COORDINATOR, endRoundsCall { count: 1 }));
    let second = gas(world.record(&nodes(MANY))) / u64::from(MANY);
    let digest = alloy_primitives::FixedBytes(signed(&policy, BOB, 4).unsigned().request().digest().0);
    let strike = gas(world.registry(COORDINATOR, strikeDataCall { digest, reason: "copied".to_owned() }));
    ok(world.end_rounds(1));
    let alone = gas(world.record(&nodes(1)));
    let end = gas(world.end_rounds(2));
    let mut fhe = World::with(Task::Fhe, Judge::Said, "test/PlainToken");
    fhe.start(&rules_of(&super::world::policy(&[])));
    let send = |world: &mut World, index, node: &Account| {
        gas(world.chain.send(COORDINATOR, registry, round_point(index).record_node(node)))
    };
    send(&mut fhe, 0, &NODES[0]);
    ok(fhe.end_rounds(1));
    let first_node = send(&mut fhe, 1, &NODES[1]);
    ok(fhe.end_rounds(1));
    let node = send(&mut fhe, 2, &NODES[0]);
    BTreeMap::from([
        ("open rules", open),
        ("fund a vault that computes, the first time", fund),
        ("fund a vault that computes again", again),
        ("begin an epoch", begin),
        ("register data, the path of 4 nodes", sender),
        ("register data, the longest path: 24 nodes", most),
        ("register data for somebody who signed, a path of 12 nodes", other),
        ("record a node's units, its first round, one of 100", first),
        ("record a node's units, each further round, one of 100", second),
        ("record a node's units, alone in its round, not its first", alone),
        ("record a round's node, encryption, not its first round", node),
        ("record a round's node, encryption, its first round", first_node),
        ("end a round", round),
        ("end an epoch", end),
        ("strike a dataset", strike),
    ])
}

/// What a vault and a registry cost, once.
fn deployments() -> BTreeMap<&'static str, u64> {
    let mut world = World::new(Judge::Said);
    let mut gas = |code: Vec<u8>| {
        let result = world.chain.machine.transact_commit(transaction(DEPLOYER, TxKind::Create, code));
        result.expect("it is deployed").tx_gas_used()
    };
    BTreeMap::from([
        ("deploy a vault that computes", gas(vault_code(|_| {}))),
        ("deploy a federated registry", gas(registry_code(Task::Federated, |_| {}))),
    ])
}

/// What real bundles cost when a vault takes them.
fn bundles() -> BTreeMap<&'static str, u64> {
    let (mut world, pooled) = (World::new(Judge::Real), &POOL[0]);
    world.play(0);
    let mut submit = |bundle: &Vec<u8>| gas(world.submit(&pooled.rules, bundle.clone()));
    submit(&pooled.data[1][2]);
    let data = submit(&pooled.data[0][0]);
    let both = submit(&pooled.data[2][2]);
    submit(&pooled.compute[0]);
    let compute = submit(&pooled.compute[1]);
    BTreeMap::from([
        ("submit compact data, one segment of 4 columns", data),
        ("submit compact data, two datasets", both),
        ("submit compact computing power", compute),
    ])
}

/// What claims cost.
fn claims() -> BTreeMap<&'static str, u64> {
    let mut world = World::new(Judge::Said);
    let givers = [0x31, 0x32, 0x33].map(Address::repeat_byte);
    let mut found = BTreeMap::new();
    for index in 0..2 {
        let policy = later(index, &[("2027-01-01T00:00:00Z", "2027-12-01T00:00:00Z")]);
        let rules = rules_of(&policy);
        world.start(&rules);
        let mut bundles = Vec::new();
        for (number, who) in givers.iter().enumerate() {
            let registration = dataset(&policy, *who, 1_000, index * 10 + number as u64);
            ok(world.register(registration.clone()));
            bundles.push(said_data(*who, &[registration.digest], 9_000));
            bundles.push(said_compute(*who, 1 << 40));
        }
        let units: Vec<_> = givers.iter().map(|who| (Account(who.into_array()), 3)).collect();
        ok(world.record(&units));
        world.end_epoch();
        bundles.into_iter().for_each(|bundle| drop(ok(world.submit(&rules, bundle))));
        world.chain.pass(PROVING + 1);
        let [first, second, third] = givers.map(|who| gas(world.claim(FIRST + index, who)));
        match index {
            0 => {
                found.insert("claim that also settles an epoch", first);
                found.insert("claim, a contributor's first of a vault that computes", second);
                assert!(third <= second);
            }
            _ => drop(found.insert("claim, a contributor's later one of a vault that computes", third)),
        }
    }
    found
}

/// The rows of a document's tables by their first cells; numbers without separators.
fn rows(document: &str) -> BTreeMap<String, Vec<String>> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()));
    cells
        .filter_map(|mut cells| Some((cells.next()?, cells.map(|cell| cell.replace(',', "")).collect())))
        .collect()
}

/// The most that each of these may cost.
const MOST: [(&str, u64); 6] = [
    ("register data, the path of 4 nodes", 150_000),
    ("register data, the longest path: 24 nodes", 150_000),
    ("register data for somebody who signed, a path of 12 nodes", 150_000),
    ("record a node's units, each further round, one of 100", 30_000),
    ("claim, a contributor's first of a vault that computes", 115_000),
    ("claim, a contributor's later one of a vault that computes", 80_000),
];

#[test]
fn transactions_cost_what_the_readme_says() {
    let readme = rows(include_str!("../../README.md"));
    let found = [deployments(), registry(), bundles(), claims()];
    let found: BTreeMap<_, _> = found.into_iter().flatten().collect();
    let mut wrong = Vec::new();
    for (name, gas) in &found {
        println!("| {name} | {gas} |");
        let stated = readme.get(*name).and_then(|cells| cells.first()?.parse::<u64>().ok());
        let is_near = stated.is_some_and(|stated| stated.abs_diff(*gas) as f64 <= TOLERANCE * stated as f64);
        if !is_near {
            wrong.push(format!("{name}: {gas} gas"));
        }
    }
    for (name, most) in MOST {
        assert!(found[name] <= most, "{name}: {} gas, {most} at most", found[name]);
    }
    assert!(wrong.is_empty(), "the README says otherwise: {wrong:#?}");
}

/// The longest epochs: their rules can be opened, and an idle one ended, within one transaction.
#[test]
fn the_longest_epochs_fit_a_transaction() {
    let mut world = World::new(Judge::Said);
    let mut rules = rules_of(&policy(&[]));
    rules.terms.geometry = fairshare_params::Geometry::LARGE;
    rules.terms.rounds = 1 << 15;
    (rules.compute_decay.rho, rules.data_decay.rho) = (u64::MAX, u64::MAX);
    let open = gas(world.open(&rules));
    println!("open rules of 2^15 rounds: {open}");
    assert!(open < 3_000_000);
    ok(world.fund(rules.terms.pool));
    ok(world.begin(&rules));
    assert!(gas(world.end_rounds(1 << 15)) < 200_000);
}

/// Gas of an epoch, from the tables of the README: half of the contributors give data, half are nodes of ten
/// rounds.
fn epoch_gas(readme: &BTreeMap<String, Vec<String>>, contributors: u64) -> u64 {
    let of = |name: &str| -> u64 { readme[name][0].parse().expect("gas") };
    // What a vault adds to a verification is the same in every geometry.
    let added = |submit: &str, verify: &str| of(submit) - of(verify);
    let data = of("standard data, one segment of 4 columns")
        + added("submit compact data, one segment of 4 columns", "compact data, one segment of 4 columns");
    let compute = of("standard compute") + added("submit compact computing power", "compact compute");
    let claim = of("claim, a contributor's first of a vault that computes");
    let giver = of("register data for somebody who signed, a path of 12 nodes") + data + claim;
    let node = of("record a node's units, its first round, one of 100")
        + 9 * of("record a node's units, each further round, one of 100")
        + compute
        + claim;
    let steps = ["open rules", "fund a vault that computes again", "begin an epoch", "end an epoch"].map(of);
    steps.iter().sum::<u64>() + 9 * of("end a round") + contributors / 2 * (giver + node)
}

/// The prices that the document states.
#[test]
fn an_epoch_costs_what_the_document_says() {
    let readme = rows(include_str!("../../README.md"));
    let document = rows(include_str!("../../../docs/chain.md"));
    for (row, contributors) in [("100", 100), ("10,000", 10_000)] {
        let gas = epoch_gas(&readme, contributors) as f64;
        // A blob of 128 KiB is 2^17 blob gas: a byte is one.
        let blobs = contributors as f64 * 10_000.0;
        let ethereum = gas * 1e-9 * 3_000.0;
        let rollup = (gas * 0.01 + blobs) * 1e-9 * 3_000.0;
        let story = gas * 1e-9 * 2.0;
        let expected = [gas / 1e6, ethereum, rollup, story];
        println!("| {row} | {:.0} | {ethereum:.0} | {rollup:.1} | {story:.2} |", gas / 1e6);
        let stated = &document[row];
        for (stated, expected) in stated.iter().zip(expected) {
            let stated: f64 = stated.parse().expect("a number");
            assert!((stated - expected).abs() <= 0.05 * expected, "{contributors}: {stated}, not {expected}");
        }
    }
}

/// What a dataset adds to a bundle in the vault alone: docs/chain.md says some 6,400.
#[test]
fn a_dataset_costs_a_bundle_what_the_document_says() {
    let mut world = World::new(Judge::Said);
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    world.start(&rules);
    let who = evm(&ALICE);
    let mut register = |seed| {
        let registration = dataset(&policy, who, 1_000, seed);
        ok(world.register(registration.clone()));
        registration.digest
    };
    let digests: Vec<_> = (0..40).map(&mut register).collect();
    world.end_epoch();
    let mut submit = |count: usize| gas(world.submit(&rules, said_data(who, &digests[..count], 1 << 40)));
    submit(1);
    let [ten, forty] = [10, 40].map(&mut submit);
    let each = (forty - ten) / 30;
    println!("{each} gas a dataset");
    assert!((6_200..6_600).contains(&each), "{each}");
}
