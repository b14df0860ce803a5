//! Is the vault that is deployed the vault that was meant?

use fairshare_contracts::interface::RoyaltyVault::{
    InvalidChallengeWindow, InvalidFirstEpoch, OwnableInvalidOwner, RolesMustDiffer, TokenHasNoCode,
    ZeroAddress, challengeWindowCall, guardianCall, openEpochCall, operatorCall, ownerCall, pausedCall,
    tokenCall,
};
use fairshare_params::address::Address as Account;

use crate::world::{FIRST_EPOCH, GUARDIAN, OPERATOR, OWNER, STRANGER, WINDOW, World, evm, ok, reverted};

/// EIP-170: no chain deploys more.
const CODE_LIMIT: usize = 24_576;

#[test]
fn the_code_is_small_enough_to_deploy() {
    let size = World::new().runtime.len();
    println!("runtime code: {size} bytes of {CODE_LIMIT}");
    assert!(size > 1_000 && size < CODE_LIMIT, "{size}");
}

#[test]
fn every_argument_arrives_where_it_belongs() {
    let mut world = World::new();
    assert_eq!(world.view(tokenCall {}), evm(world.token));
    assert_eq!(world.view(ownerCall {}), evm(OWNER));
    assert_eq!(world.view(operatorCall {}), evm(OPERATOR));
    assert_eq!(world.view(guardianCall {}), evm(GUARDIAN));
    assert_eq!(world.view(challengeWindowCall {}), WINDOW);
    assert_eq!(world.view(openEpochCall {}), FIRST_EPOCH);
    assert!(!world.view(pausedCall {}));
}

#[test]
fn zero_addresses_are_refused() {
    let mut world = World::new();
    let zero = Account([0; 20]);
    reverted(&world.deploy_vault(|d| d.operator = zero).unwrap_err(), ZeroAddress {});
    reverted(&world.deploy_vault(|d| d.guardian = zero).unwrap_err(), ZeroAddress {});
    reverted(&world.deploy_vault(|d| d.owner = zero).unwrap_err(), OwnableInvalidOwner { owner: evm(zero) });
    reverted(&world.deploy_vault(|d| d.token = zero).unwrap_err(), TokenHasNoCode { token: evm(zero) });
    reverted(
        &world.deploy_vault(|d| d.token = STRANGER).unwrap_err(),
        TokenHasNoCode { token: evm(STRANGER) },
    );
}

#[test]
fn operator_and_guardian_are_two() {
    let refused = World::new().deploy_vault(|d| d.guardian = OPERATOR).unwrap_err();
    reverted(&refused, RolesMustDiffer { account: evm(OPERATOR) });
}

#[test]
fn the_window_is_neither_too_short_nor_too_long() {
    let mut world = World::new();
    let (shortest, longest) = (3_600, 30 * 86_400);
    for given in [shortest, longest] {
        world.deploy_vault(|d| d.challenge_window = given).unwrap();
    }
    for given in [0, shortest - 1, longest + 1, u64::MAX] {
        let refused = world.deploy_vault(|d| d.challenge_window = given).unwrap_err();
        reverted(&refused, InvalidChallengeWindow { given, shortest, longest });
    }
}

/// At the largest first epoch the vault still works; beyond it an epoch could be reached that has no
/// successor.
#[test]
fn the_first_epoch_leaves_room_for_all_that_follow() {
    let mut world = World::new();
    let largest = u64::MAX / 2;
    (world.vault, _) = world.deploy_vault(|d| d.first_epoch = largest).unwrap();
    world.call(
        crate::world::FUNDER,
        world.token,
        &crate::world::Token::approveCall { spender: evm(world.vault), amount: alloy_primitives::U256::MAX },
    );
    let tree = world.settle(largest, 10, &[(crate::world::ALICE, 10)]);
    ok(world.claim(largest, &tree, crate::world::ALICE));
    for given in [largest + 1, u64::MAX] {
        let refused = world.deploy_vault(|d| d.first_epoch = given).unwrap_err();
        reverted(&refused, InvalidFirstEpoch { given, largest });
    }
}
