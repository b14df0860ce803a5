//! Histories in which nothing is wrong.

use std::sync::LazyLock;

use fairshare_params::encoding::Digest;
use fairshare_testkit::epochs::{ALICE, BOB, CAROL, CONTRACTS, FIRST, LISTED, SECOND, World};

use crate::history::*;

/// Both epochs, settled by claims. Carol's dataset is struck when it has counted, a node that does nothing in
/// the second one's rounds.
pub static CLAIMS: LazyLock<History> = LazyLock::new(|| {
    let mut clerk = Clerk::new();
    clerk.rules(&FIRST);
    clerk.rounds(&FIRST);
    clerk.units(&FIRST);
    clerk.ended(&FIRST);
    (0..4).for_each(|index| clerk.bundle(&FIRST, index));
    clerk.struck_data(carols(&FIRST));
    clerk.closed(&FIRST);
    clerk.settled(&FIRST, &[0, 1, 2, 3]);
    clerk.whole(&SECOND);
    clerk.finish(&FIRST)
});

/// Both epochs, paid by lists.
pub static PAYMENTS: LazyLock<History> = LazyLock::new(|| {
    let [first, second] = &*LISTED;
    let mut clerk = Clerk::new();
    clerk.whole(first);
    clerk.sent(4, &[CAROL]);
    clerk.sent(4, &[ALICE, BOB]);
    clerk.confirmed(CAROL);
    clerk.whole(second);
    clerk.sent(5, &[ALICE]);
    clerk.confirmed(ALICE);
    clerk.finish(first)
});

/// The first epoch with Carol's dataset and Bob's work struck in time.
pub static STRUCK: LazyLock<History> = LazyLock::new(|| {
    let mut clerk = Clerk::new();
    clerk.rules(&FIRST);
    clerk.rounds(&FIRST);
    clerk.struck_data(carols(&FIRST));
    clerk.struck_node(4, BOB);
    clerk.units(&FIRST);
    clerk.ended(&FIRST);
    [0, 2, 3].into_iter().for_each(|index| clerk.bundle(&FIRST, index));
    clerk.closed(&FIRST);
    clerk.settled(&FIRST, &[0, 2]);
    clerk.finish(&FIRST)
});

/// Both epochs of a contract. Carol's work is struck, Bob does not prove his, and the second one's rules name
/// no pool. Alice claims her shares in another order than she earned them.
pub static CONTRACT: LazyLock<History> = LazyLock::new(|| {
    let [first, second] = &*CONTRACTS;
    let mut clerk = Clerk::new();
    clerk.rules(first);
    clerk.rounds(first);
    clerk.struck_node(4, CAROL);
    clerk.units(first);
    clerk.ended(first);
    (0..3).for_each(|index| clerk.bundle(first, index));
    clerk.wait(86_400);
    clerk.closed(first);
    clerk.settled(first, &[0, 1, 2]);
    clerk.rules(second);
    clerk.rounds(second);
    clerk.units(second);
    clerk.ended(second);
    clerk.funded(second, 1_001);
    (0..2).for_each(|index| clerk.bundle(second, index));
    clerk.wait(86_400);
    clerk.closed(second);
    clerk.settled(second, &[0, 1]);
    clerk.claimed(5, ALICE);
    clerk.claimed(4, CAROL);
    clerk.claimed(4, ALICE);
    clerk.finish(first)
});

/// What Carol has registered.
pub fn carols(world: &World) -> Digest {
    *world.registrations[2].unsigned().request().digest()
}
