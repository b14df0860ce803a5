//! Settlements that pay something else.

use super::*;

pub const AMOUNTS: [Case; 16] = [
    (
        "a unit more for computing",
        C,
        |h| edit_earnings(h, 0, |earnings| earnings[0].compute += 1),
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "a unit less for data",
        C,
        |h| edit_earnings(h, 0, |earnings| earnings[2].data -= 1),
        |f| matches!(f, Finding::Payout { contributor: CAROL, .. }),
    ),
    (
        "another sum of all epochs",
        C,
        |h| edit_earnings(h, 1, |earnings| earnings[0].cumulative += 1),
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "an earning left out",
        C,
        |h| edit_earnings(h, 0, |earnings| _ = earnings.remove(1)),
        |f| matches!(f, Finding::Payout { contributor: BOB, .. }),
    ),
    (
        "an earning of a stranger's",
        C,
        |h| {
            edit_earnings(h, 0, |earnings| {
                earnings.insert(0, Earning { contributor: Address([9; 20]), ..earnings[0] });
            });
        },
        |f| matches!(f, Finding::Payout { contributor: Address([9, ..]), recorded: Some(_), .. }),
    ),
    (
        "an earning of nothing",
        C,
        |h| {
            let before = earnings_from_csv(h.step(Kind::Settled, 0).files.single()).expect("a list");
            let bobs = before.into_iter().find(|earning| earning.contributor == BOB).expect("Bob's");
            edit_earnings(h, 1, |earnings| earnings.push(Earning { compute: 0, data: 0, ..bobs }));
        },
        |f| matches!(f, Finding::Payout { contributor: BOB, .. }),
    ),
    (
        "an earning twice",
        C,
        |h| edit_earnings(h, 0, |earnings| earnings.insert(1, earnings[0])),
        |f| matches!(f, Finding::Amounts(_)),
    ),
    (
        "a list that is none",
        C,
        |h| h.step(Kind::Settled, 0).edit(|bytes| bytes.truncate(20)),
        |f| matches!(f, Finding::Amounts(_)),
    ),
    (
        "another total",
        C,
        |h| edit_settled(h, 0, |settled| settled.total += 1),
        |f| matches!(f, Finding::Total { .. }),
    ),
    (
        "another root",
        C,
        |h| edit_settled(h, 0, |settled| settled.root.as_mut().unwrap().0[31] ^= 1),
        |f| matches!(f, Finding::Root { .. }),
    ),
    (
        "no root",
        C,
        |h| edit_settled(h, 1, |settled| settled.root = None),
        |f| matches!(f, Finding::Root { recorded: None, .. }),
    ),
    (
        "more left",
        C,
        |h| edit_settled(h, 0, |settled| settled.left.data += BigUint::from(1u32)),
        |f| matches!(f, Finding::Left { .. }),
    ),
    (
        "more brought",
        C,
        |h| edit_settled(h, 1, |settled| settled.brought.compute += BigUint::from(1u32)),
        |f| matches!(f, Finding::Brought { .. }),
    ),
    (
        "a settlement left out",
        C,
        |h| drop(h.take(Kind::Settled, 0)),
        |f| refused(f, |r| matches!(r, Refusal::EarlierUnsettled { epoch: 5, earlier: 4 })),
    ),
    (
        "a settlement twice",
        C,
        |h| repeat(h, Kind::Settled, 0),
        |f| refused(f, |r| matches!(r, Refusal::SettledBefore { epoch: 4 })),
    ),
    (
        "a settlement of an epoch that is none",
        C,
        |h| edit_settled(h, 0, |settled| settled.epoch = 8),
        |f| refused(f, |r| matches!(r, Refusal::UnknownEpoch { epoch: 8 })),
    ),
];
