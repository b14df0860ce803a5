//! Can each role do its own work, and nothing else?

use std::collections::BTreeSet;

use alloy_primitives::Address;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{
    NotOperator, NotRegistry, OperatorChanged, OwnableUnauthorizedAccount, acceptOwnershipCall, beginCall,
    endCall, ownerCall, renounceOwnershipCall, setOperatorCall, transferOwnershipCall,
};
use fairshare_contracts::solidity::TaskRegistry::{
    CoordinatorChanged, NotCoordinator, endRoundsCall, setCoordinatorCall,
};

use super::chain::{ok, refused};
use super::pool::NODES;
use super::world::{
    COORDINATOR, FIRST, FUNDER, Judge, OPERATOR, OWNER, PROVING, STRANGER, World, evm, policy, rules_of,
    said_compute,
};

const OTHERS: [Address; 4] = [STRANGER, OPERATOR, COORDINATOR, FUNDER];

#[test]
fn only_the_owner_appoints() {
    let mut world = World::new(Judge::Said);
    let rules = rules_of(&policy(&[]));
    for account in OTHERS {
        let refusal = || OwnableUnauthorizedAccount { account };
        refused(world.vault(account, setOperatorCall { operator: account }), refusal());
        refused(world.registry(account, setCoordinatorCall { coordinator: account }), refusal());
        refused(world.vault(account, transferOwnershipCall { newOwner: account }), refusal());
    }
    for zero in [true, false] {
        let who = if zero { Address::ZERO } else { STRANGER };
        let sent = world.vault(OWNER, setOperatorCall { operator: who });
        assert_eq!(sent.is_ok(), !zero);
        let sent = world.registry(OWNER, setCoordinatorCall { coordinator: who });
        assert_eq!(sent.is_ok(), !zero);
    }
    // The old ones are none any more.
    refused(world.open(&rules), NotOperator { caller: OPERATOR });
    let vault = world.vault;
    ok(world.chain.send(STRANGER, vault, proving::open(&rules)));
    ok(world.fund(rules.terms.pool));
    refused(world.begin(&rules), NotCoordinator { caller: COORDINATOR });
    let registry = world.registry;
    ok(world.chain.send(STRANGER, registry, proving::begin(&rules)));
    let sent = ok(world.vault(OWNER, setOperatorCall { operator: OPERATOR }));
    let [event] = &sent.events::<OperatorChanged>()[..] else { panic!("an event") };
    assert_eq!((event.previous, event.current), (STRANGER, OPERATOR));
    let sent = ok(world.registry(OWNER, setCoordinatorCall { coordinator: COORDINATOR }));
    let [event] = &sent.events::<CoordinatorChanged>()[..] else { panic!("an event") };
    assert_eq!((event.previous, event.current), (STRANGER, COORDINATOR));
    ok(world.registry(COORDINATOR, endRoundsCall { count: 1 }));
}

#[test]
fn ownership_goes_on_in_two_steps() {
    let mut world = World::new(Judge::Said);
    let vault = world.vault;
    ok(world.vault(OWNER, transferOwnershipCall { newOwner: STRANGER }));
    assert_eq!(world.chain.ask(vault, &ownerCall {}), OWNER);
    refused(world.vault(FUNDER, acceptOwnershipCall {}), OwnableUnauthorizedAccount { account: FUNDER });
    ok(world.vault(STRANGER, acceptOwnershipCall {}));
    assert_eq!(world.chain.ask(vault, &ownerCall {}), STRANGER);
    let registry = world.registry;
    ok(world.registry(OWNER, transferOwnershipCall { newOwner: STRANGER }));
    assert_eq!(world.chain.ask(registry, &ownerCall {}), OWNER);
    ok(world.registry(STRANGER, acceptOwnershipCall {}));
    assert_eq!(world.chain.ask(registry, &ownerCall {}), STRANGER);
}

/// Whoever gives up ownership leaves roles as they are, and takes nothing with it.
#[test]
fn a_vault_goes_on_without_an_owner() {
    let mut world = World::new(Judge::Said);
    let rules = rules_of(&policy(&[]));
    ok(world.vault(OWNER, renounceOwnershipCall {}));
    ok(world.registry(OWNER, renounceOwnershipCall {}));
    let refusal = OwnableUnauthorizedAccount { account: OWNER };
    refused(world.vault(OWNER, setOperatorCall { operator: OWNER }), refusal);
    world.start(&rules);
    ok(world.record(&[(NODES[0], 1)]));
    world.end_epoch();
    ok(world.submit(&rules, said_compute(evm(&NODES[0]), 7)));
    world.chain.pass(PROVING + 1);
    ok(world.claim(FIRST, evm(&NODES[0])));
}

/// The registry tells the vault when epochs begin and end; nobody else does.
#[test]
fn only_the_registry_begins_and_ends_epochs() {
    let mut world = World::new(Judge::Said);
    let rules = rules_of(&policy(&[]));
    ok(world.open(&rules));
    ok(world.fund(rules.terms.pool));
    let hash = alloy_primitives::FixedBytes(rules.hash().0);
    for caller in [OWNER, OPERATOR, COORDINATOR, STRANGER] {
        refused(world.vault(caller, beginCall { rulesHash: hash }), NotRegistry { caller });
        refused(world.vault(caller, endCall {}), NotRegistry { caller });
    }
    ok(world.begin(&rules));
}

/// The functions that change anything: one that is new has to be put in a list, and its caller in a test.
#[test]
fn there_are_no_other_powers() {
    let vault = "acceptOwnership begin claim claimFor claimTo end fund fundRunning open renounceOwnership \
                 setOperator settle submit submitRecorded transferOwnership";
    let registry = "acceptOwnership begin endRounds finish register registerFor renounceOwnership \
                    setCoordinator strikeData strikeNode transferOwnership";
    for (artifact, shared, own) in [
        (proving::PROVING_VAULT_JSON, vault, ""),
        (proving::FHE_TASK_JSON, registry, "recordNode"),
        (proving::FEDERATED_TASK_JSON, registry, "recordUnits"),
    ] {
        let artifact: serde_json::Value = serde_json::from_str(artifact).expect("JSON");
        let items = artifact["abi"].as_array().expect("a list");
        for item in items {
            assert_ne!(item["stateMutability"], "payable", "ether would be locked");
            assert!(item["type"] != "fallback" && item["type"] != "receive");
        }
        let changing = items.iter().filter(|item| item["type"] == "function");
        let changing = changing.filter(|item| item["stateMutability"] == "nonpayable");
        let found: BTreeSet<_> = changing.map(|item| item["name"].as_str().expect("a name")).collect();
        let known: BTreeSet<_> = shared.split_whitespace().chain(own.split_whitespace()).collect();
        assert_eq!(found, known);
    }
}
