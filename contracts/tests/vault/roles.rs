//! Can each role do its own work and nothing else, above all not reach the money?

use alloy_sol_types::SolCall;
use fairshare_contracts::calldata;
use fairshare_contracts::interface::RoyaltyVault::{
    CannotRenounceWhilePaused, EnforcedPause, ExpectedPause, GuardianChanged, GuardianDelayRunning,
    GuardianProposed, NotGuardian, NotOperator, NotProposedGuardian, OperatorChanged,
    OwnableUnauthorizedAccount, Paused, RolesMustDiffer, ZeroAddress, acceptGuardianCall,
    acceptOwnershipCall, guardianCall, operatorCall, ownerCall, pauseCall, pausedCall, proposeGuardianCall,
    proposedGuardianCall, renounceOwnershipCall, setOperatorCall, transferOwnershipCall, unpauseCall,
};
use fairshare_params::address::Address as Account;
use fairshare_params::encoding::Digest;

use crate::world::{
    ALICE, BOB, FIRST_EPOCH as FIRST, GUARDIAN, OPERATOR, OWNER, STRANGER, WINDOW, World, artifact_abi, evm,
    ok, posting, refused,
};

const DELAY: u64 = 30 * 86_400;
const ROOT: Digest = Digest([0x11; 32]);

/// Every function that is for the owner, as calldata that would succeed if the owner sent it.
fn owners_calls() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("pause", pauseCall {}.abi_encode()),
        ("setOperator", setOperatorCall { operator: evm(ALICE) }.abi_encode()),
        ("proposeGuardian", proposeGuardianCall { guardian: evm(BOB) }.abi_encode()),
        ("transferOwnership", transferOwnershipCall { newOwner: evm(BOB) }.abi_encode()),
        ("renounceOwnership", renounceOwnershipCall {}.abi_encode()),
    ]
}

#[test]
fn the_owners_functions_are_the_owners_alone() {
    for who in [OPERATOR, GUARDIAN, STRANGER] {
        let mut world = World::new();
        for (name, data) in owners_calls() {
            println!("{name}");
            let unauthorized = OwnableUnauthorizedAccount { account: evm(who) };
            refused(world.send(who, world.vault, data.clone()), unauthorized);
        }
        ok(world.vault(OWNER, pauseCall {}));
        let unauthorized = OwnableUnauthorizedAccount { account: evm(who) };
        refused(world.vault(who, unpauseCall {}), unauthorized);
    }
    for (_, data) in owners_calls() {
        let mut world = World::new();
        ok(world.send(OWNER, world.vault, data));
    }
}

/// All functions that change anything are listed here, so a new one asks for its tests.
#[test]
fn no_function_is_overlooked() {
    let mut names: Vec<String> = artifact_abi()
        .iter()
        .filter(|item| item["type"] == "function")
        .filter(|item| item["stateMutability"] != "view" && item["stateMutability"] != "pure")
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    let anyones = ["acceptGuardian", "acceptOwnership", "activate", "claim", "claimMany", "fund"];
    let roles = ["post", "veto", "unpause"];
    let mut expected: Vec<String> = [&anyones[..], &roles].concat().iter().map(ToString::to_string).collect();
    expected.extend(owners_calls().iter().map(|(name, _)| name.to_string()));
    expected.sort();
    assert_eq!(names, expected);
    let payable = artifact_abi().iter().any(|item| item["stateMutability"] == "payable");
    let fallback = artifact_abi().iter().any(|item| item["type"] == "fallback" || item["type"] == "receive");
    assert!(!payable && !fallback, "the vault takes no ether and has no fallback");
}

#[test]
fn another_operator_posts_and_the_old_one_no_more() {
    let mut world = World::new();
    ok(world.fund(FIRST, 10));
    let receipt = ok(world.vault(OWNER, setOperatorCall { operator: evm(ALICE) }));
    let changed = OperatorChanged { previous: evm(OPERATOR), current: evm(ALICE) };
    assert_eq!(receipt.events::<OperatorChanged>(), [changed]);
    assert_eq!(world.view(operatorCall {}), evm(ALICE));
    refused(world.post(FIRST, ROOT, 10), NotOperator { caller: evm(OPERATOR) });
    let post = calldata::post(&posting(FIRST, ROOT, 10));
    ok(world.send(ALICE, world.vault, post));
}

#[test]
fn an_operator_is_neither_nobody_nor_the_guardian() {
    let mut world = World::new();
    let zero = evm(Account([0; 20]));
    refused(world.vault(OWNER, setOperatorCall { operator: zero }), ZeroAddress {});
    let differ = RolesMustDiffer { account: evm(GUARDIAN) };
    refused(world.vault(OWNER, setOperatorCall { operator: evm(GUARDIAN) }), differ);
}

#[test]
fn a_guardian_is_announced_a_month_before() {
    let mut world = World::new();
    let acceptable = world.chain.now() + DELAY;
    let receipt = ok(world.vault(OWNER, proposeGuardianCall { guardian: evm(ALICE) }));
    let proposed =
        GuardianProposed { current: evm(GUARDIAN), proposed: evm(ALICE), acceptableAt: acceptable };
    assert_eq!(receipt.events::<GuardianProposed>(), [proposed]);

    refused(world.vault(STRANGER, acceptGuardianCall {}), NotProposedGuardian { caller: evm(STRANGER) });
    world.chain.pass(DELAY - 1);
    let running = GuardianDelayRunning { acceptableAt: acceptable };
    refused(world.vault(ALICE, acceptGuardianCall {}), running);
    assert_eq!(world.view(guardianCall {}), evm(GUARDIAN), "the old one stays until then");
    world.chain.pass(1);
    refused(world.vault(STRANGER, acceptGuardianCall {}), NotProposedGuardian { caller: evm(STRANGER) });
    let receipt = ok(world.vault(ALICE, acceptGuardianCall {}));
    let changed = GuardianChanged { previous: evm(GUARDIAN), current: evm(ALICE) };
    assert_eq!(receipt.events::<GuardianChanged>(), [changed]);
    assert_eq!(world.view(guardianCall {}), evm(ALICE));
    assert_eq!(world.view(proposedGuardianCall {}), evm(Account([0; 20])));
    refused(world.vault(ALICE, acceptGuardianCall {}), NotProposedGuardian { caller: evm(ALICE) });

    ok(world.fund(FIRST, 10));
    ok(world.post(FIRST, ROOT, 10));
    refused(world.veto(FIRST, ROOT), NotGuardian { caller: evm(GUARDIAN) });
    let veto = calldata::veto(FIRST, &ROOT);
    ok(world.send(ALICE, world.vault, veto));
}

/// A proposal changed at the last moment is announced for a whole month of its own.
#[test]
fn a_second_proposal_waits_as_long_as_the_first() {
    let mut world = World::new();
    ok(world.vault(OWNER, proposeGuardianCall { guardian: evm(ALICE) }));
    world.chain.pass(DELAY - 1);
    let acceptable = world.chain.now() + DELAY;
    ok(world.vault(OWNER, proposeGuardianCall { guardian: evm(BOB) }));
    world.chain.pass(1);
    refused(world.vault(ALICE, acceptGuardianCall {}), NotProposedGuardian { caller: evm(ALICE) });
    refused(world.vault(BOB, acceptGuardianCall {}), GuardianDelayRunning { acceptableAt: acceptable });
}

#[test]
fn a_guardian_is_neither_nobody_nor_the_operator() {
    let mut world = World::new();
    let zero = evm(Account([0; 20]));
    refused(world.vault(OWNER, proposeGuardianCall { guardian: zero }), ZeroAddress {});
    ok(world.vault(OWNER, proposeGuardianCall { guardian: evm(ALICE) }));
    ok(world.vault(OWNER, setOperatorCall { operator: evm(ALICE) }));
    world.chain.pass(DELAY);
    refused(world.vault(ALICE, acceptGuardianCall {}), RolesMustDiffer { account: evm(ALICE) });
}

/// The worst that an owner can do alone: make itself operator and appoint an obliging guardian. The guardian
/// in office strikes out the root, and has the power to for a month.
#[test]
fn an_owner_alone_cannot_reach_the_money() {
    let mut world = World::new();
    let honest = world.settle(FIRST, 1_000, &[(ALICE, 600), (BOB, 400)]);
    ok(world.vault(OWNER, setOperatorCall { operator: evm(OWNER) }));
    ok(world.vault(OWNER, proposeGuardianCall { guardian: evm(STRANGER) }));
    let theft = world.tree(FIRST + 1, &[(STRANGER, 1_000)]);
    let post = calldata::post(&posting(FIRST + 1, theft.root(), 1_000));
    for _ in 0..DELAY / WINDOW - 1 {
        ok(world.send(OWNER, world.vault, post.clone()));
        world.chain.pass(WINDOW - 1);
        ok(world.veto(FIRST + 1, theft.root()));
        world.chain.pass(1);
    }
    // Meanwhile everyone has had a month to claim under the root that nothing can revoke.
    ok(world.claim(FIRST, &honest, ALICE));
    ok(world.claim(FIRST, &honest, BOB));
    let vault = world.vault;
    assert_eq!((world.balance(vault), world.balance(STRANGER)), (0, 0));
}

#[test]
fn ownership_moves_in_two_steps() {
    let mut world = World::new();
    ok(world.vault(OWNER, transferOwnershipCall { newOwner: evm(ALICE) }));
    assert_eq!(world.view(ownerCall {}), evm(OWNER));
    let unauthorized = OwnableUnauthorizedAccount { account: evm(BOB) };
    refused(world.vault(BOB, acceptOwnershipCall {}), unauthorized);
    ok(world.vault(ALICE, acceptOwnershipCall {}));
    assert_eq!(world.view(ownerCall {}), evm(ALICE));
    refused(world.vault(OWNER, pauseCall {}), OwnableUnauthorizedAccount { account: evm(OWNER) });
    ok(world.vault(ALICE, pauseCall {}));
}

/// A vault that is paused and has no owner would be paused for ever.
#[test]
fn a_paused_vault_keeps_its_owner() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 10, &[(ALICE, 10)]);
    ok(world.vault(OWNER, transferOwnershipCall { newOwner: evm(BOB) }));
    ok(world.vault(OWNER, pauseCall {}));
    refused(world.vault(OWNER, renounceOwnershipCall {}), CannotRenounceWhilePaused {});
    ok(world.vault(OWNER, unpauseCall {}));
    ok(world.vault(OWNER, renounceOwnershipCall {}));
    assert_eq!(world.view(ownerCall {}), evm(Account([0; 20])));
    // The offer made before is void with it.
    refused(world.vault(BOB, acceptOwnershipCall {}), OwnableUnauthorizedAccount { account: evm(BOB) });
    ok(world.claim(FIRST, &tree, ALICE));
}

#[test]
fn a_pause_is_on_or_off() {
    let mut world = World::new();
    refused(world.vault(OWNER, unpauseCall {}), ExpectedPause {});
    let receipt = ok(world.vault(OWNER, pauseCall {}));
    assert_eq!(receipt.events::<Paused>(), [Paused { account: evm(OWNER) }]);
    assert!(world.view(pausedCall {}));
    refused(world.vault(OWNER, pauseCall {}), EnforcedPause {});
    ok(world.vault(OWNER, unpauseCall {}));
    assert!(!world.view(pausedCall {}));
}
