//! Does a root become active only after a whole window in which it could be struck out, and never change
//! after?

use alloy_primitives::{B256, U256};
use fairshare_contracts::calldata::{self, Posting};
use fairshare_contracts::interface::RoyaltyVault::{
    ActiveRoot, AnotherRootPending, ChallengeWindowOver, EpochClosed, EpochTooFarAhead, InvalidArchivePlace,
    MAX_ARCHIVE_PLACECall, NotGuardian, NotOperator, PendingRoot, RootActivated, RootNotPending, RootPosted,
    RootReplaced, RootVetoed, TotalDecreased, Underfunded, ZeroArchiveHash, ZeroRoot, ZeroRulesHash,
    ZeroTotal, activateCall, activeEpochsCall, activeRootCall, openEpochCall, pendingRootCall,
};
use fairshare_params::encoding::Digest;

use crate::world::{
    ALICE, ARCHIVE, FIRST_EPOCH as FIRST, GUARDIAN, OPERATOR, OWNER, PLACE, RULES, STRANGER, WINDOW, World,
    evm, ok, posting, refused, word,
};

const ROOT: Digest = Digest([0x11; 32]);
const OTHER: Digest = Digest([0x22; 32]);
const ZERO: Digest = Digest([0; 32]);

fn funded() -> World {
    let mut world = World::new();
    ok(world.fund(FIRST, 1_000));
    world
}

fn pending(world: &mut World) -> PendingRoot {
    world.view(pendingRootCall {})
}

fn none() -> PendingRoot {
    PendingRoot { epoch: 0, activeAt: 0, total: 0, root: B256::ZERO, rulesHash: B256::ZERO }
}

#[test]
fn a_root_goes_from_pending_to_active_with_all_its_fields() {
    let mut world = funded();
    let active_at = world.chain.now() + WINDOW;
    let receipt = ok(world.post(FIRST, ROOT, 900));
    let (root, rules) = (word(ROOT), word(RULES));
    let posted = RootPosted {
        epoch: FIRST,
        root,
        rulesHash: rules,
        total: 900,
        activeAt: active_at,
        archiveHash: word(ARCHIVE),
        archivePlace: PLACE.to_owned(),
    };
    assert_eq!(receipt.events::<RootPosted>(), [posted]);
    assert!(receipt.events::<RootReplaced>().is_empty());
    let expected = PendingRoot { epoch: FIRST, activeAt: active_at, total: 900, root, rulesHash: rules };
    assert_eq!(pending(&mut world), expected);

    world.chain.pass(WINDOW - 1);
    assert!(!world.activate());
    world.chain.pass(1);
    let receipt = ok(world.vault(STRANGER, activateCall {}));
    let activated = RootActivated { epoch: FIRST, root, total: 900, funded: 1_000 };
    assert_eq!(receipt.events::<RootActivated>(), [activated]);
    let active = ActiveRoot { root, rulesHash: rules, total: 900, index: 0, funded: 1_000, paid: 0 };
    assert_eq!(world.view(activeRootCall { epoch: FIRST }), active);
    assert_eq!(pending(&mut world), none());
    assert_eq!(world.view(openEpochCall {}), FIRST + 1);
    assert!(!world.activate(), "it is active already");
}

#[test]
fn only_the_operator_posts() {
    let mut world = funded();
    for who in [OWNER, GUARDIAN, STRANGER] {
        let sent = world.send(who, world.vault, calldata::post(&posting(FIRST, ROOT, 900)));
        refused(sent, NotOperator { caller: evm(who) });
    }
}

#[test]
fn empty_fields_are_refused() {
    let mut world = funded();
    refused(world.post(FIRST, ZERO, 900), ZeroRoot {});
    refused(world.post(FIRST, ROOT, 0), ZeroTotal {});
    let honest = posting(FIRST, ROOT, 900);
    let mut send = |posting: Posting<'_>| world.send(OPERATOR, world.vault, calldata::post(&posting));
    refused(send(Posting { rules_hash: ZERO, ..honest }), ZeroRulesHash {});
    refused(send(Posting { archive_hash: ZERO, ..honest }), ZeroArchiveHash {});
}

/// Whoever watches must be able to fetch the archive, and nobody is made to read more than a place.
#[test]
fn an_archives_place_is_neither_empty_nor_long() {
    let mut world = funded();
    let longest = U256::from(256);
    for length in [0, 257, 5_000] {
        let place = "x".repeat(length);
        let posting = Posting { archive_place: &place, ..posting(FIRST, ROOT, 900) };
        let sent = world.send(OPERATOR, world.vault, calldata::post(&posting));
        refused(sent, InvalidArchivePlace { length: U256::from(length), longest });
    }
    assert_eq!(world.view(MAX_ARCHIVE_PLACECall {}), longest);
    for length in [1, 256] {
        let place = "y".repeat(length);
        let posting = Posting { archive_place: &place, ..posting(FIRST, ROOT, 900) };
        let receipt = ok(world.send(OPERATOR, world.vault, calldata::post(&posting)));
        assert_eq!(receipt.events::<RootPosted>()[0].archivePlace, place);
    }
}

#[test]
fn more_than_is_funded_is_refused() {
    let mut world = funded();
    refused(world.post(FIRST, ROOT, 1_001), Underfunded { epoch: FIRST, total: 1_001, funded: 1_000 });
    ok(world.post(FIRST, ROOT, 1_000));
    // A replacement is a posting like any other.
    refused(world.post(FIRST, OTHER, 1_001), Underfunded { epoch: FIRST, total: 1_001, funded: 1_000 });
}

#[test]
fn a_pending_root_is_replaced_and_its_window_starts_again() {
    let mut world = funded();
    ok(world.post(FIRST, ROOT, 900));
    world.chain.pass(WINDOW - 1);
    let receipt = ok(world.post(FIRST, OTHER, 800));
    let replaced = RootReplaced { epoch: FIRST, root: word(ROOT) };
    assert_eq!(receipt.events::<RootReplaced>(), [replaced]);
    world.chain.pass(WINDOW - 1);
    assert!(!world.activate(), "the window started again");
    ok(world.veto(FIRST, OTHER));
    ok(world.post(FIRST, OTHER, 800));
    world.chain.pass(WINDOW);
    assert!(world.activate());
    assert_eq!(world.view(activeRootCall { epoch: FIRST }).root, word(OTHER));
}

/// Whether or not someone has recorded the activation.
#[test]
fn an_active_root_is_not_replaced() {
    for recorded in [false, true] {
        let mut world = funded();
        ok(world.post(FIRST, ROOT, 900));
        world.chain.pass(WINDOW);
        if recorded {
            assert!(world.activate());
        }
        refused(world.post(FIRST, OTHER, 900), EpochClosed { epoch: FIRST, openEpoch: FIRST + 1 });
        world.chain.pass(10 * WINDOW);
        refused(world.post(FIRST, OTHER, 900), EpochClosed { epoch: FIRST, openEpoch: FIRST + 1 });
        world.activate();
        assert_eq!(world.view(activeRootCall { epoch: FIRST }).root, word(ROOT));
    }
}

#[test]
fn one_root_is_pending_at_a_time() {
    let mut world = funded();
    ok(world.post(FIRST + 1, ROOT, 900));
    for epoch in [FIRST, FIRST + 2] {
        refused(world.post(epoch, OTHER, 900), AnotherRootPending { pendingEpoch: FIRST + 1 });
    }
    // Past its window it is active, recorded or not, and the next one may come.
    world.chain.pass(WINDOW);
    ok(world.post(FIRST + 2, OTHER, 900));
    assert_eq!(world.view(activeRootCall { epoch: FIRST + 1 }).root, word(ROOT));
}

#[test]
fn epochs_ascend_and_may_skip() {
    let mut world = funded();
    for epoch in [FIRST, FIRST + 1, FIRST + 65] {
        ok(world.post(epoch, ROOT, 900));
        world.chain.pass(WINDOW);
    }
    assert!(world.activate());
    assert_eq!(world.view(activeEpochsCall {}), [FIRST, FIRST + 1, FIRST + 65]);
    let open = FIRST + 66;
    for epoch in [0, FIRST, FIRST + 2, FIRST + 65] {
        refused(world.post(epoch, OTHER, 900), EpochClosed { epoch, openEpoch: open });
    }
    for epoch in [open + 64, u64::MAX] {
        refused(world.post(epoch, OTHER, 900), EpochTooFarAhead { epoch, openEpoch: open });
    }
    ok(world.post(open + 63, OTHER, 900));
}

#[test]
fn totals_never_decrease() {
    let mut world = funded();
    ok(world.post(FIRST, ROOT, 900));
    ok(world.post(FIRST, ROOT, 800));
    world.chain.pass(WINDOW);
    refused(world.post(FIRST + 1, OTHER, 799), TotalDecreased { total: 799, previousTotal: 800 });
    ok(world.post(FIRST + 1, OTHER, 800));
}

#[test]
fn the_guardian_strikes_out_a_pending_root() {
    let mut world = funded();
    ok(world.post(FIRST, ROOT, 900));
    world.chain.pass(WINDOW - 1);
    let receipt = ok(world.veto(FIRST, ROOT));
    let vetoed = RootVetoed { epoch: FIRST, root: word(ROOT), guardian: evm(GUARDIAN) };
    assert_eq!(receipt.events::<RootVetoed>(), [vetoed]);
    assert_eq!(pending(&mut world), none());
    world.chain.pass(2 * WINDOW);
    assert!(!world.activate());
    // The epoch is open as before: for funding, and for another root or the same one.
    ok(world.fund(FIRST, 1));
    ok(world.post(FIRST, ROOT, 900));
}

#[test]
fn only_the_guardian_vetoes() {
    let mut world = funded();
    ok(world.post(FIRST, ROOT, 900));
    for who in [OWNER, OPERATOR, STRANGER] {
        let sent = world.send(who, world.vault, calldata::veto(FIRST, &ROOT));
        refused(sent, NotGuardian { caller: evm(who) });
    }
}

#[test]
fn a_veto_hits_the_root_that_it_names() {
    let mut world = funded();
    refused(world.veto(0, ZERO), RootNotPending { epoch: 0, root: B256::ZERO });
    ok(world.post(FIRST, ROOT, 900));
    for (epoch, root) in [(FIRST, OTHER), (FIRST + 1, ROOT), (FIRST, ZERO)] {
        refused(world.veto(epoch, root), RootNotPending { epoch, root: word(root) });
    }
    // It crosses with a replacement.
    ok(world.post(FIRST, OTHER, 900));
    refused(world.veto(FIRST, ROOT), RootNotPending { epoch: FIRST, root: word(ROOT) });
    assert_eq!(pending(&mut world).root, word(OTHER));
}

#[test]
fn an_active_root_is_not_vetoed() {
    let mut world = funded();
    let active_at = world.chain.now() + WINDOW;
    ok(world.post(FIRST, ROOT, 900));
    for seconds in [WINDOW, 5 * WINDOW] {
        world.chain.pass(seconds);
        refused(world.veto(FIRST, ROOT), ChallengeWindowOver { epoch: FIRST, activeAt: active_at });
    }
    assert!(world.activate());
    refused(world.veto(FIRST, ROOT), RootNotPending { epoch: FIRST, root: word(ROOT) });
}

/// The most that one activation has to sum: it must fit a block with ease.
#[test]
fn skipping_as_far_as_can_be_costs_little() {
    let mut world = World::new();
    let last = FIRST + 63;
    for epoch in FIRST..=last {
        ok(world.fund(epoch, 10));
    }
    let tree = world.tree(last, &[(ALICE, 640)]);
    ok(world.post(last, tree.root(), 640));
    world.chain.pass(WINDOW);
    let receipt = ok(world.claim(last, &tree, ALICE));
    println!("claim that records an activation over 64 funded epochs: {} gas", receipt.gas);
    assert!(receipt.gas < 500_000, "{}", receipt.gas);
    assert_eq!(world.balance(ALICE), 640);
}
