//! Units: whose, when, and how a registry sums them.

use alloy_primitives::{Address, FixedBytes, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use fairshare_contracts::solidity::FederatedTask::{ListsDiffer, recordUnitsCall};
use fairshare_contracts::solidity::FheTask::RoundRecorded;
use fairshare_contracts::solidity::TaskRegistry::{
    NoEpoch, NoUnits, NodeOutOfOrder, NotCoordinator, NotThePoint, TooManyUnits, UnitsRecorded, totalsOfCall,
    unitsOfCall,
};
use fairshare_contracts::verification::point;
use fairshare_params::address::Address as Account;
use fairshare_params::commitment::commit_units;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_testkit::fixture;

use super::chain::{ok, refused};
use super::pool::{NODES, UNITS};
use super::world::{
    COORDINATOR, FIRST, FIRST_ROUND, Judge, ROUNDS, STRANGER, Task, World, evm, policy, round_point,
    rules_of, said_compute,
};

sol! {
    contract OwnTask {
        function result(
            address[] calldata nodes,
            uint32[] calldata units,
            (uint256, uint256) calldata point,
            bytes32[] calldata path
        ) external;
    }
}

fn world(policy: &Policy) -> World {
    let mut world = World::new(Judge::Said);
    world.start(&rules_of(policy));
    world
}

/// The sums that a registry keeps are those that anybody computes from the units.
#[test]
fn units_are_summed_as_rust_sums_them() {
    let mut world = World::new(Judge::Real);
    world.play(0);
    let columns = |node: usize| UNITS[0].iter().map(|round| round[node]).collect::<Vec<_>>();
    let commit = |units: &[u32]| point(&commit_units(&*fixture::PARAMETERS, units));
    let registry = world.registry;
    let mut totals = vec![0; 4];
    for (index, who) in NODES.iter().enumerate() {
        let found = world.chain.ask(registry, &unitsOfCall { epoch: FIRST, node: evm(who) });
        assert_eq!((found.units, found.isStruck), (commit(&columns(index)), false));
        totals.iter_mut().zip(columns(index)).for_each(|(total, units)| *total += units);
    }
    assert_eq!(world.chain.ask(registry, &totalsOfCall { epoch: FIRST }), commit(&totals));
    // Another epoch's begin at nothing.
    let found = world.chain.ask(registry, &unitsOfCall { epoch: FIRST + 1, node: evm(&NODES[0]) });
    assert!(found.units.x.is_zero() && found.units.y.is_zero());
}

/// A node once per round, also over several calls; a round's units below 2^32; nobody has none.
#[test]
fn a_federated_round_has_each_node_once() {
    let mut world = world(&policy(&[]));
    let [one, two, alice, last] = NODES;
    let node = |who: &Account| evm(who);
    for wrong in [[one, one], [two, one]] {
        let refusal = NodeOutOfOrder { node: node(&wrong[1]), last: node(&wrong[0]) };
        refused(world.record(&[(wrong[0], 1), (wrong[1], 1)]), refusal);
    }
    let nobody = Account([0; 20]);
    refused(world.record(&[(nobody, 1)]), NodeOutOfOrder { node: Address::ZERO, last: Address::ZERO });
    refused(world.record(&[(one, 0)]), NoUnits { node: node(&one) });
    refused(world.record(&[]), NoUnits { node: Address::ZERO });
    let sum = U256::from(1u64 << 32);
    refused(world.record(&[(one, u32::MAX), (two, 1)]), TooManyUnits { sum });
    let sent = ok(world.record(&[(one, 3), (alice, u32::MAX - 4)]));
    let [event] = &sent.events::<UnitsRecorded>()[..] else { panic!("an event") };
    assert_eq!((event.epoch, event.round, &event.units[..]), (FIRST, FIRST_ROUND, &[3, u32::MAX - 4][..]));
    for again in [one, two, alice] {
        let refusal = NodeOutOfOrder { node: node(&again), last: node(&alice) };
        refused(world.record(&[(again, 1)]), refusal);
    }
    refused(world.record(&[(last, 2)]), TooManyUnits { sum });
    ok(world.record(&[(last, 1)]));
    // Another round begins anew.
    ok(world.end_rounds(1));
    ok(world.record(&[(one, u32::MAX)]));
    let stage = world.stage();
    let point = round_point(stage.round - stage.firstRound).record_units(&[(last, 1)]);
    let mut call = recordUnitsCall::abi_decode(&point).expect("a call");
    call.nodes.clear();
    let refusal = ListsDiffer { nodes: U256::ZERO, units: U256::from(1) };
    refused(world.registry(COORDINATOR, call), refusal);
}

/// Only G_x of the round that goes on, with its path to the root that the rules name.
#[test]
fn units_are_committed_with_the_rounds_own_point() {
    let policy = policy(&[]);
    let mut world = world(&policy);
    ok(world.end_rounds(2));
    let root = FixedBytes(rules_of(&policy).parameters.lagrange_root.0);
    let refusal = || NotThePoint { row: U256::from(2), root };
    let registry = world.registry;
    for index in [0, 1, 3] {
        let data = round_point(index).record_units(&[(NODES[0], 1)]);
        refused(world.chain.send(COORDINATOR, registry, data), refusal());
    }
    let good = recordUnitsCall::abi_decode(&round_point(2).record_units(&[(NODES[0], 1)])).expect("a call");
    let alter: [fn(&mut recordUnitsCall); 6] = [
        |call| call.point.x += U256::from(1),
        |call| call.point.y = U256::ZERO,
        |call| call.path[0].0[0] ^= 1,
        |call| call.path[9].0[31] ^= 1,
        |call| call.path.truncate(9),
        |call| call.path.push(FixedBytes::ZERO),
    ];
    for alter in alter {
        let mut altered = good.clone();
        alter(&mut altered);
        refused(world.registry(COORDINATOR, altered), refusal());
    }
    ok(world.registry(COORDINATOR, good));
}

/// A root that is itself a leaf: a path has as many nodes as the row has bits, whatever tree the rules name.
#[test]
fn a_path_is_as_long_as_its_row_is_large() {
    let mut world = World::new(Judge::Said);
    let mut rules = rules_of(&policy(&[]));
    let call = |index| recordUnitsCall::abi_decode(&round_point(index).record_units(&[(NODES[0], 1)]));
    let mut call = call(2).expect("a call");
    let row = U256::from(2);
    let root = keccak256([row, call.point.x, call.point.y].map(|word| word.to_be_bytes::<32>()).concat());
    rules.parameters.lagrange_root = Digest(root.0);
    world.start(&rules);
    ok(world.end_rounds(2));
    call.path.clear();
    refused(world.registry(COORDINATOR, call), NotThePoint { row, root });
}

#[test]
fn a_round_of_encryption_has_one_node() {
    let mut world = World::with(Task::Fhe, Judge::Said, "test/PlainToken");
    let registry = world.registry;
    world.start(&rules_of(&policy(&[])));
    let send = |world: &mut World, index: u64, who: &Account| {
        world.chain.send(COORDINATOR, registry, round_point(index).record_node(who))
    };
    ok(send(&mut world, 0, &NODES[1]));
    for who in [&NODES[0], &NODES[1], &NODES[2]] {
        refused(send(&mut world, 0, who), RoundRecorded { round: FIRST_ROUND, node: evm(&NODES[1]) });
    }
    ok(world.end_rounds(2));
    ok(send(&mut world, 2, &NODES[1]));
    let found = world.chain.ask(registry, &unitsOfCall { epoch: FIRST, node: evm(&NODES[1]) });
    assert_eq!(found.units, point(&commit_units(&*fixture::PARAMETERS, &[1, 0, 1])));
    assert_eq!(world.chain.ask(registry, &totalsOfCall { epoch: FIRST }), found.units);
    world.end_epoch();
    refused(send(&mut world, 3, &NODES[0]), NoEpoch {});
}

/// The README's example: a result is a round.
#[test]
fn a_task_contract_of_ones_own_ends_rounds_by_itself() {
    let mut world = World::with(Task::Own, Judge::Said, "test/PlainToken");
    let rules = rules_of(&policy(&[]));
    world.start(&rules);
    for index in 0..ROUNDS {
        let call = recordUnitsCall::abi_decode(&round_point(index).record_units(&[(NODES[0], 2)]));
        let recordUnitsCall { nodes, units, point, path } = call.expect("a call");
        let call = OwnTask::resultCall { nodes, units, point: (point.x, point.y), path };
        refused(world.registry(STRANGER, call.clone()), NotCoordinator { caller: STRANGER });
        ok(world.registry(COORDINATOR, call));
    }
    refused(world.end_rounds(1), NoEpoch {});
    ok(world.submit(&rules, said_compute(evm(&NODES[0]), 7)));
}
