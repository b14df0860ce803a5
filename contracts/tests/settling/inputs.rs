//! Whatever a call carries: it is refused, or taken, and never ends in a panic or without gas.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{claimForCall, openCall};
use fairshare_contracts::solidity::TaskRegistry::{
    beginCall, endRoundsCall, registerCall, registerForCall, strikeDataCall, strikeNodeCall,
};
use fairshare_contracts::verification::words;
use fairshare_testkit::epochs::ALICE;

use super::chain::ok;
use super::world::{
    COORDINATOR, FIRST, Judge, OPERATOR, PROVING, STRANGER, World, dataset, evm, policy, round_point,
    rules_of, said_compute, said_data,
};

/// What each word of a call is replaced by, besides itself with another bit or one more.
const EXTREMES: [U256; 10] = [
    U256::ZERO,
    U256::MAX,
    U256::from_limbs([1, 0, 0, 0]),
    U256::from_limbs([u32::MAX as u64, 0, 0, 0]),
    U256::from_limbs([1 << 32, 0, 0, 0]),
    U256::from_limbs([u64::MAX, 0, 0, 0]),
    U256::from_limbs([0, 1, 0, 0]),
    U256::from_limbs([u64::MAX, u64::MAX, 0, 0]),
    U256::from_limbs([0, 0, 1 << 32, 0]),
    U256::from_limbs([0, 0, 0, 1 << 63]),
];

/// Sends a call with each of its words replaced, and cut at several lengths; nothing of it stays. How many
/// were taken.
fn alter(world: &mut World, from: Address, to: Address, data: &[u8]) -> usize {
    let mut taken = 0;
    let mut send = |data: Vec<u8>| {
        let before = world.chain.machine.ctx.journaled_state.database.clone();
        taken += usize::from(world.chain.send(from, to, data).is_ok());
        world.chain.machine.ctx.journaled_state.database = before;
    };
    for at in (4..data.len() - 31).step_by(32) {
        let original = U256::from_be_slice(&data[at..at + 32]);
        let near = [original | U256::from(1) << 255, original.wrapping_add(U256::from(1)), original >> 1];
        for word in EXTREMES.into_iter().chain(near).filter(|word| *word != original) {
            let mut altered = data.to_vec();
            altered[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
            send(altered);
        }
    }
    for length in [0, 1, 3, 4, 5, 35, data.len() / 2, data.len() - 1] {
        send(data[..length.min(data.len())].to_vec());
    }
    taken
}

/// A word with bits that its type lacks would have a hash of its own. No rules are taken with one: of the
/// typed words, those of a type below 256 bits with a high bit set are all refused.
#[test]
fn no_word_of_the_rules_has_a_second_encoding() {
    let mut world = World::new(Judge::Said);
    let vault = world.vault;
    let data = openCall { rules: words(&rules_of(&policy(&[]))) }.abi_encode();
    // Those that fill their word: bytes32, and coordinates.
    let whole = [5, 14, 15, 19, 20, 21, 22, 31, 32, 33, 34];
    for index in (0..35).filter(|index| !whole.contains(index)) {
        let mut altered = data.clone();
        altered[4 + 32 * index] |= 0x80;
        assert!(world.chain.send(OPERATOR, vault, altered).is_err(), "word {index}");
    }
    ok(world.chain.send(OPERATOR, vault, data));
}

#[test]
fn no_word_of_a_call_ends_in_a_panic() {
    let policy = policy(&[]);
    let rules = rules_of(&policy);
    let mut world = World::new(Judge::Said);
    let (vault, registry) = (world.vault, world.registry);
    let who = evm(&ALICE);
    let mut taken = alter(&mut world, OPERATOR, vault, &proving::open(&rules));
    ok(world.open(&rules));
    ok(world.fund(rules.terms.pool));
    taken += alter(&mut world, COORDINATOR, registry, &beginCall { rules: words(&rules) }.abi_encode());
    ok(world.begin(&rules));
    let own = dataset(&policy, who, 16_400, 1);
    let call = registerForCall { registration: own.clone(), signature: Bytes::from(vec![1; 65]) };
    taken += alter(&mut world, STRANGER, registry, &call.abi_encode());
    let call = registerCall { registration: own.clone() };
    taken += alter(&mut world, who, registry, &call.abi_encode());
    ok(world.register(own.clone()));
    let units = round_point(0).record_units(&[(ALICE, 1)]);
    taken += alter(&mut world, COORDINATOR, registry, &units);
    ok(world.record(&[(ALICE, 1)]));
    let reason = || "a reason".to_owned();
    for call in [
        strikeDataCall { digest: own.digest, reason: reason() }.abi_encode(),
        strikeNodeCall { node: STRANGER, reason: reason() }.abi_encode(),
        endRoundsCall { count: 1 }.abi_encode(),
    ] {
        taken += alter(&mut world, COORDINATOR, registry, &call);
    }
    world.end_epoch();
    for bundle in [said_data(who, &[own.digest], 60_000), said_compute(who, 7)] {
        taken += alter(&mut world, STRANGER, vault, &proving::submit(&rules, bundle.clone()));
        ok(world.submit(&rules, bundle));
    }
    world.chain.pass(PROVING + 1);
    let call =
        claimForCall { epoch: FIRST, contributor: who, recipient: STRANGER, signature: vec![1; 65].into() };
    taken += alter(&mut world, STRANGER, vault, &call.abi_encode());
    taken += alter(&mut world, STRANGER, vault, &proving::claim(FIRST, &ALICE));
    ok(world.claim(FIRST, who));
    // Other rules, other numbers of records or units and the like are as good as these.
    assert!(taken > 100, "{taken}");
}
