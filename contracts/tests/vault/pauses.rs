//! Does a pause stop posting, claims and the challenge window, to the second, and nothing else?

use fairshare_contracts::interface::RoyaltyVault::{
    EnforcedPause, ExpectedPause, RootActivated, RootNotPending, WindowResumed, acceptOwnershipCall,
    activateCall, activeRootCall, openEpochCall, pauseCall, pausedAtCall, pendingRootCall,
    transferOwnershipCall, unpauseCall,
};
use fairshare_params::encoding::Digest;

use crate::world::{
    ALICE, FIRST_EPOCH as FIRST, OWNER, Receipt, STRANGER, WINDOW, World, evm, ok, refused, word,
};

const ROOT: Digest = Digest([0x11; 32]);
const OTHER: Digest = Digest([0x22; 32]);

/// A root whose window has so many seconds left.
fn with_left(left: u64) -> World {
    let mut world = World::new();
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, ROOT, 900));
    world.chain.pass(WINDOW - left);
    world
}

fn pause(world: &mut World) -> Receipt {
    ok(world.vault(OWNER, pauseCall {}))
}

fn unpause(world: &mut World) -> Receipt {
    ok(world.vault(OWNER, unpauseCall {}))
}

/// Exactly so many seconds from now the root becomes active, and not a second earlier.
#[track_caller]
fn is_active_after(world: &mut World, seconds: u64) {
    assert_eq!(world.view(pendingRootCall {}).activeAt, world.chain.now() + seconds);
    world.chain.pass(seconds - 1);
    assert!(!world.activate(), "too early");
    world.chain.pass(1);
    assert!(world.activate(), "too late");
}

#[test]
fn what_was_left_of_a_window_is_left_after_a_pause() {
    for (left, length) in [(WINDOW, 1), (WINDOW / 2, WINDOW), (10, 100 * WINDOW), (1, 7), (1, 0)] {
        let mut world = with_left(left);
        pause(&mut world);
        world.chain.pass(length);
        let receipt = unpause(&mut world);
        let resumed = WindowResumed { epoch: FIRST, root: word(ROOT), activeAt: world.chain.now() + left };
        assert_eq!(receipt.events::<WindowResumed>(), [resumed]);
        is_active_after(&mut world, left);
    }
}

#[test]
fn several_pauses_of_one_window_add_up() {
    let mut world = with_left(1_000);
    for (length, running) in [(5, 100), (0, 0), (WINDOW, 399), (3 * WINDOW, 0), (1, 500)] {
        pause(&mut world);
        world.chain.pass(length);
        unpause(&mut world);
        world.chain.pass(running);
        assert!(!world.activate());
    }
    is_active_after(&mut world, 1);
}

#[test]
fn nothing_becomes_active_during_a_pause() {
    let mut world = with_left(1);
    pause(&mut world);
    for _ in 0..3 {
        world.chain.pass(WINDOW);
        assert!(!world.activate());
        // What records an activation on the way does not either.
        ok(world.fund(FIRST, 1));
        assert_eq!(world.view(activeRootCall { epoch: FIRST }).total, 0);
        assert_eq!(world.view(openEpochCall {}), FIRST);
    }
}

/// However long it is, up to the second in which it ends and as long afterwards as there was left.
#[test]
fn a_root_is_vetoed_during_the_whole_of_a_pause() {
    for length in [0, 1, WINDOW, 1_000 * WINDOW] {
        let mut world = with_left(1);
        pause(&mut world);
        world.chain.pass(length);
        ok(world.veto(FIRST, ROOT));
        assert!(unpause(&mut world).events::<WindowResumed>().is_empty());
        world.chain.pass(WINDOW);
        assert!(!world.activate());

        let mut world = with_left(1);
        pause(&mut world);
        world.chain.pass(length);
        unpause(&mut world);
        ok(world.veto(FIRST, ROOT));
    }
}

/// Whoever did not record it lost nothing by the pause.
#[test]
fn a_root_that_was_due_before_a_pause_is_recorded_by_it() {
    let mut world = World::new();
    let tree = world.tree(FIRST, &[(ALICE, 900)]);
    ok(world.fund(FIRST, 1_000));
    ok(world.post(FIRST, tree.root(), 900));
    world.chain.pass(WINDOW);
    let activated = RootActivated { epoch: FIRST, root: word(tree.root()), total: 900, funded: 1_000 };
    assert_eq!(pause(&mut world).events::<RootActivated>(), [activated]);
    refused(world.veto(FIRST, tree.root()), RootNotPending { epoch: FIRST, root: word(tree.root()) });
    world.chain.pass(WINDOW);
    assert!(unpause(&mut world).events::<WindowResumed>().is_empty());
    ok(world.claim(FIRST, &tree, ALICE));
}

#[test]
fn a_pause_in_the_last_second_of_a_window_records_nothing() {
    let mut world = with_left(1);
    assert!(pause(&mut world).events::<RootActivated>().is_empty());
    ok(world.veto(FIRST, ROOT));
}

#[test]
fn a_pause_without_a_pending_root_leaves_no_trace() {
    let mut world = World::new();
    ok(world.fund(FIRST, 1_000));
    pause(&mut world);
    assert_eq!(world.view(pausedAtCall {}), world.chain.now());
    assert_eq!(world.view(pendingRootCall {}).activeAt, 0);
    world.chain.pass(WINDOW);
    assert_eq!(world.view(pendingRootCall {}).activeAt, 0);
    assert!(unpause(&mut world).events::<WindowResumed>().is_empty());
    assert_eq!(world.view(pausedAtCall {}), 0);
    ok(world.post(FIRST, ROOT, 900));
    is_active_after(&mut world, WINDOW);
}

/// A reader of a paused vault sees what is left, not a moment that has passed.
#[test]
fn the_pending_root_says_when_it_would_be_active_if_the_pause_ended_now() {
    let mut world = with_left(60);
    pause(&mut world);
    for _ in 0..4 {
        let pending = world.view(pendingRootCall {});
        assert_eq!((pending.epoch, pending.root, pending.total), (FIRST, word(ROOT), 900));
        assert_eq!(pending.activeAt, world.chain.now() + 60);
        world.chain.pass(WINDOW / 3);
    }
}

#[test]
fn a_pause_stops_posting_and_starts_no_window() {
    let mut world = with_left(100);
    pause(&mut world);
    refused(world.post(FIRST, OTHER, 900), EnforcedPause {});
    ok(world.veto(FIRST, ROOT));
    refused(world.post(FIRST, OTHER, 900), EnforcedPause {});
    unpause(&mut world);
    ok(world.post(FIRST, OTHER, 900));
    is_active_after(&mut world, WINDOW);
}

/// The pause is the vault's, not that of the owner who began it.
#[test]
fn the_next_owner_ends_the_pause_that_the_last_one_began() {
    let mut world = with_left(60);
    pause(&mut world);
    world.chain.pass(1_000);
    ok(world.vault(OWNER, transferOwnershipCall { newOwner: evm(ALICE) }));
    ok(world.vault(ALICE, acceptOwnershipCall {}));
    world.chain.pass(1_000);
    ok(world.vault(ALICE, unpauseCall {}));
    is_active_after(&mut world, 60);
}

/// Nobody lengthens or shortens a window by pausing or ending a pause twice.
#[test]
fn a_refused_pause_moves_nothing() {
    let mut world = with_left(60);
    refused(world.vault(OWNER, unpauseCall {}), ExpectedPause {});
    pause(&mut world);
    world.chain.pass(1_000);
    refused(world.vault(OWNER, pauseCall {}), EnforcedPause {});
    world.chain.pass(1_000);
    unpause(&mut world);
    refused(world.vault(OWNER, unpauseCall {}), ExpectedPause {});
    is_active_after(&mut world, 60);
}

/// Also for the epoch whose root is pending: it counts when the root becomes active.
#[test]
fn funding_goes_on_during_a_pause() {
    let mut world = with_left(60);
    pause(&mut world);
    world.chain.pass(WINDOW);
    ok(world.fund(FIRST, 11));
    ok(world.fund(FIRST + 1, 7));
    unpause(&mut world);
    world.chain.pass(60);
    let receipt = ok(world.vault(STRANGER, activateCall {}));
    let activated = RootActivated { epoch: FIRST, root: word(ROOT), total: 900, funded: 1_011 };
    assert_eq!(receipt.events::<RootActivated>(), [activated]);
}

/// What earlier roots say can be claimed while a later root's window runs: a pause takes none of that time.
#[test]
fn a_pause_takes_no_time_for_claims_from_a_window() {
    let mut world = World::new();
    let tree = world.settle(FIRST, 1_000, &[(ALICE, 1_000)]);
    ok(world.post(FIRST + 1, ROOT, 1_000));
    pause(&mut world);
    world.chain.pass(10 * WINDOW);
    refused(world.claim(FIRST, &tree, ALICE), EnforcedPause {});
    unpause(&mut world);
    world.chain.pass(WINDOW - 1);
    ok(world.claim(FIRST, &tree, ALICE));
    assert!(!world.activate());
}
