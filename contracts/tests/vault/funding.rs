//! Is everything that the vault counts as funded really there, and counted where it was meant?

use alloy_primitives::U256;
use fairshare_contracts::calldata;
use fairshare_contracts::interface::RoyaltyVault::{
    EpochClosed, EpochTooFarAhead, Funded, TooMuchFunded, Underfunded, UnexpectedDelivery, ZeroAmount,
    activeRootCall, closedFundingCall, fundedForCall, fundedThroughCall, pauseCall, totalFundedCall,
};

use crate::world::{
    ALICE, FEE_TOKEN, FIRST_EPOCH as FIRST, FUNDER, OWNER, STRANGER, Token, WINDOW, World, evm, ok, refused,
};

#[test]
fn anyone_funds_any_open_epoch() {
    let mut world = World::new();
    let receipt = ok(world.fund(FIRST, 100));
    let event = Funded { epoch: FIRST, funder: evm(FUNDER), amount: 100 };
    assert_eq!(receipt.events::<Funded>(), [event]);
    ok(world.fund(FIRST + 2, 7));
    world.call(STRANGER, world.token, &Token::mintCall { to: evm(STRANGER), amount: U256::from(5) });
    world.call(
        STRANGER,
        world.token,
        &Token::approveCall { spender: evm(world.vault), amount: U256::from(5) },
    );
    ok(world.send(STRANGER, world.vault, calldata::fund(FIRST, 5)));

    let through = |world: &mut World, epoch| world.view(fundedThroughCall { epoch });
    assert_eq!([0, 1, 2, 63].map(|ahead| through(&mut world, FIRST + ahead)), [105, 105, 112, 112]);
    assert_eq!(world.view(fundedForCall { epoch: FIRST }), 105);
    assert_eq!(world.view(totalFundedCall {}), 112);
    let vault = world.vault;
    assert_eq!((world.balance(vault), world.balance(STRANGER)), (112, 0));
}

#[test]
fn nothing_is_no_funding() {
    refused(World::new().fund(FIRST, 0), ZeroAmount {});
}

#[test]
fn a_token_that_delivers_less_is_refused() {
    let mut world = World::with_token(FEE_TOKEN);
    let before = world.balance(FUNDER);
    let delivery = UnexpectedDelivery { asked: 1_000, received: U256::from(990) };
    refused(world.fund(FIRST, 1_000), delivery);
    assert_eq!((world.balance(FUNDER), world.view(totalFundedCall {})), (before, 0));
    // Below one unit of fee the same token delivers in full, and that is all that is asked of it.
    ok(world.fund(FIRST, 99));
}

#[test]
fn funding_needs_the_funders_approval() {
    let mut world = World::new();
    world.call(STRANGER, world.token, &Token::mintCall { to: evm(STRANGER), amount: U256::from(5) });
    assert!(world.send(STRANGER, world.vault, calldata::fund(FIRST, 5)).is_err());
    assert_eq!(world.view(totalFundedCall {}), 0);
}

#[test]
fn epochs_too_far_ahead_are_refused() {
    let mut world = World::new();
    ok(world.fund(FIRST + 63, 1));
    for epoch in [FIRST + 64, u64::MAX] {
        refused(world.fund(epoch, 1), EpochTooFarAhead { epoch, openEpoch: FIRST });
    }
    for epoch in [0, FIRST - 1] {
        refused(world.fund(epoch, 1), EpochClosed { epoch, openEpoch: FIRST });
    }
}

/// An epoch's funding counts until its root is active, and an active root's `funded` never moves again.
#[test]
fn funding_closes_with_activation() {
    let mut world = World::new();
    let tree = world.tree(FIRST + 2, &[(ALICE, 10)]);
    ok(world.fund(FIRST, 10));
    ok(world.post(FIRST + 2, tree.root(), 10));
    ok(world.fund(FIRST + 1, 4));
    ok(world.fund(FIRST + 3, 8));
    world.chain.pass(WINDOW);
    // No one has touched the vault since the window ended: funding itself must notice.
    for epoch in [FIRST, FIRST + 1, FIRST + 2] {
        refused(world.fund(epoch, 1), EpochClosed { epoch, openEpoch: FIRST + 3 });
    }
    ok(world.fund(FIRST + 3, 1));
    assert_eq!(world.view(activeRootCall { epoch: FIRST + 2 }).funded, 14);
    assert_eq!(world.view(closedFundingCall {}), 14);
    assert_eq!(world.view(fundedThroughCall { epoch: FIRST + 3 }), 23);
}

#[test]
fn what_an_epoch_leaves_is_there_for_the_next() {
    let mut world = World::new();
    world.settle(FIRST, 1_000, &[(ALICE, 900)]);
    let tree = world.tree(FIRST + 1, &[(ALICE, 1_001)]);
    let underfunded = Underfunded { epoch: FIRST + 1, total: 1_001, funded: 1_000 };
    refused(world.post(FIRST + 1, tree.root(), 1_001), underfunded);
    ok(world.fund(FIRST + 1, 1));
    ok(world.post(FIRST + 1, tree.root(), 1_001));
}

/// What was funded for a later epoch does not cover an earlier one.
#[test]
fn later_funding_covers_no_earlier_epoch() {
    let mut world = World::new();
    ok(world.fund(FIRST, 10));
    ok(world.fund(FIRST + 1, 1_000));
    let tree = world.tree(FIRST, &[(ALICE, 11)]);
    refused(world.post(FIRST, tree.root(), 11), Underfunded { epoch: FIRST, total: 11, funded: 10 });
}

/// The books are in 128 bits: a token with a larger supply cannot make them wrap.
#[test]
fn sums_never_wrap() {
    let mut world = World::new();
    ok(world.fund(FIRST, u128::MAX));
    world.call(FUNDER, world.token, &Token::mintCall { to: evm(FUNDER), amount: U256::from(u128::MAX) });
    refused(world.fund(FIRST + 1, 1), TooMuchFunded { totalFunded: u128::MAX, amount: 1 });
    let tree = world.tree(FIRST, &[(ALICE, u128::MAX)]);
    ok(world.post(FIRST, tree.root(), u128::MAX));
    world.chain.pass(WINDOW);
    ok(world.claim(FIRST, &tree, ALICE));
    assert_eq!(world.balance(ALICE), u128::MAX);
}

#[test]
fn a_pause_stops_no_funding() {
    let mut world = World::new();
    ok(world.vault(OWNER, pauseCall {}));
    ok(world.fund(FIRST, 1));
}
