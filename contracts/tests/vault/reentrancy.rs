//! Can a token that calls back in the midst of a transfer make the vault pay twice or count what is not
//! there?

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::sol;
use fairshare_contracts::calldata;
use fairshare_contracts::interface::RoyaltyVault::{
    ReentrancyGuardReentrantCall, totalClaimedCall, totalFundedCall,
};
use fairshare_params::address::Address as Account;

use crate::world::{
    ALICE, BOB, FIRST_EPOCH as FIRST, REENTRANT_TOKEN, STRANGER, Token, World, evm, ok, proved, reverted,
};

sol! {
    contract ReentrantToken {
        function arm(address target, bytes calldata callback) external;
        function succeeded() external view returns (bool);
        function result() external view returns (bytes memory);
    }
}

fn world() -> World {
    World::with_token(REENTRANT_TOKEN)
}

fn arm(world: &mut World, callback: Vec<u8>) {
    let target = evm(world.vault);
    world.call(STRANGER, world.token, &ReentrantToken::armCall { target, callback: callback.into() });
}

/// What the vault said to the token's callback.
fn answer(world: &mut World) -> Bytes {
    let token = world.token;
    assert!(!world.ask(token, &ReentrantToken::succeededCall {}), "the callback was let in");
    world.ask(token, &ReentrantToken::resultCall {})
}

/// The outer call did what it does without a callback, the inner one nothing.
fn holds(world: &mut World, funded: u128, paid: &[(Account, u128)]) {
    let sum: u128 = paid.iter().map(|(_, amount)| amount).sum();
    let vault = world.vault;
    assert_eq!(world.balance(vault), funded - sum);
    assert_eq!(world.view(totalFundedCall {}), funded);
    assert_eq!(world.view(totalClaimedCall {}), sum);
    for &(who, amount) in paid {
        assert_eq!((world.balance(who), world.claimed(who)), (amount, amount));
    }
}

#[test]
fn the_token_does_call_back() {
    let mut world = world();
    let mint = Token::mintCall { to: evm(BOB), amount: U256::from(3) };
    let target = evm(world.token);
    let callback = alloy_sol_types::SolCall::abi_encode(&mint).into();
    world.call(STRANGER, world.token, &ReentrantToken::armCall { target, callback });
    ok(world.fund(FIRST, 10));
    assert_eq!(world.balance(BOB), 3);
}

#[test]
fn no_claim_within_a_claim() {
    let mut world = world();
    let tree = world.settle(FIRST, 1_000, &[(ALICE, 300), (BOB, 200)]);
    for inner in [ALICE, BOB] {
        let cumulative = tree.claim(&inner).unwrap().cumulative;
        arm(&mut world, calldata::claim(FIRST, &inner, cumulative, &tree.proof(&inner).unwrap()));
        // The very claim that is being paid.
        ok(world.claim(FIRST, &tree, inner));
        reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});
    }
    holds(&mut world, 1_000, &[(ALICE, 300), (BOB, 200)]);
}

/// Whatever is paid, one or many, nothing else is paid or funded within.
#[test]
fn nothing_within_a_batch_and_no_batch_within() {
    let mut world = world();
    let tree = world.settle(FIRST, 1_000, &[(ALICE, 300), (BOB, 200)]);
    let batch = [ALICE, BOB].map(|who| proved(&tree, who));
    let many = calldata::claim_many(FIRST, &batch);
    let one = calldata::claim(FIRST, &BOB, 200, &batch[1].proof);

    arm(&mut world, many.clone());
    ok(world.claim(FIRST, &tree, ALICE));
    reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});
    holds(&mut world, 1_000, &[(ALICE, 300), (BOB, 0)]);
    arm(&mut world, many.clone());
    ok(world.fund(FIRST + 1, 10));
    reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});

    // Alice's claim of the next epoch is paid while Bob's is claimed from within, in three ways.
    for (epoch, inner) in (FIRST + 1..).zip([many, one, calldata::fund(FIRST + 9, 5)]) {
        let tree = world.settle(epoch, 10, &[(ALICE, 300 + u128::from(epoch)), (BOB, 200)]);
        arm(&mut world, inner);
        ok(world.claim_many(epoch, &tree, &[ALICE]));
        reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});
        holds(
            &mut world,
            1_010 + u128::from(epoch - FIRST) * 10,
            &[(ALICE, 300 + u128::from(epoch)), (BOB, 0)],
        );
    }
}

#[test]
fn no_funding_within_a_claim() {
    let mut world = world();
    let tree = world.settle(FIRST, 1_000, &[(ALICE, 300)]);
    arm(&mut world, calldata::fund(FIRST + 1, 5));
    ok(world.claim(FIRST, &tree, ALICE));
    reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});
    holds(&mut world, 1_000, &[(ALICE, 300)]);
}

#[test]
fn no_claim_and_no_funding_within_funding() {
    let mut world = world();
    let tree = world.settle(FIRST, 1_000, &[(ALICE, 300)]);
    for callback in
        [calldata::claim(FIRST, &ALICE, 300, &tree.proof(&ALICE).unwrap()), calldata::fund(FIRST + 1, 5)]
    {
        arm(&mut world, callback);
        ok(world.fund(FIRST + 1, 10));
        reverted(&answer(&mut world), ReentrancyGuardReentrantCall {});
    }
    holds(&mut world, 1_020, &[(ALICE, 0)]);
}
