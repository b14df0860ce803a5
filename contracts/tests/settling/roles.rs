//! Can each role do its own work, and nothing else?

use alloy_primitives::Address;
use fairshare_contracts::proving;
use fairshare_contracts::solidity::ProvingVault::{
    NotOperator, NotRegistry, OperatorChanged, OwnableUnauthorizedAccount, acceptOwnershipCall, beginCall,
    endCall, ownerCall, setOperatorCall, transferOwnershipCall,
};
use fairshare_contracts::solidity::TaskRegistry::{
    CoordinatorChanged, NotCoordinator, endRoundsCall, setCoordinatorCall,
};

use super::chain::{ok, refused};
use super::world::{COORDINATOR, FUNDER, Judge, OPERATOR, OWNER, STRANGER, World, policy, rules_of};

const OTHERS: [Address; 4] = [STRANGER, OPERATOR, COORDINATOR, FUNDER];

#[test]
fn the_owner_appoints_and_can_do_nothing_else() {
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

/// The functions of vault and registry that change anything, and who may call them: a new one has to be put
/// in this list.
#[test]
fn there_are_no_other_powers() {
    let anybody = "acceptOwnership claim claimFor claimTo finish fund register registerFor settle submit \
                   submitRecorded";
    let roles = "begin end endRounds open recordUnits recordNode renounceOwnership setCoordinator \
                 setOperator strikeData strikeNode transferOwnership";
    let known: Vec<_> = anybody.split_whitespace().chain(roles.split_whitespace()).collect();
    for artifact in [proving::PROVING_VAULT_JSON, proving::FHE_TASK_JSON, proving::FEDERATED_TASK_JSON] {
        let artifact: serde_json::Value = serde_json::from_str(artifact).expect("JSON");
        for item in artifact["abi"].as_array().expect("a list") {
            let state = item["stateMutability"].as_str().unwrap_or("");
            assert_ne!(state, "payable", "ether would be locked");
            if item["type"] == "function" && state == "nonpayable" {
                let name = item["name"].as_str().expect("a name");
                assert!(known.contains(&name), "{name}");
            }
            assert!(item["type"] != "fallback" && item["type"] != "receive");
        }
    }
}
