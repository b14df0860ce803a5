//! Bundles, and what closes an epoch, that do not count.

use super::*;

pub const PROOFS: [Case; 20] = [
    (
        "a data bundle left out",
        C,
        |h| drop(h.take(Kind::Bundle, 1)),
        |f| refused(f, |r| matches!(r, Refusal::ClosedEarly { contributor: CAROL, .. })),
    ),
    (
        "a data bundle left out, closed after the deadline",
        C,
        |h| {
            h.take(Kind::Bundle, 1);
            let closed = h.find(Kind::Closed, 0);
            delay(h, closed, 86_401);
        },
        |f| matches!(f, Finding::Payout { contributor: CAROL, .. }),
    ),
    (
        "a compute bundle left out",
        C,
        |h| drop(h.take(Kind::Bundle, 3)),
        |f| refused(f, |r| matches!(r, Refusal::Unproved { epoch: 4, missing: 1, node: BOB })),
    ),
    ("a bundle twice", C, |h| repeat(h, Kind::Bundle, 2), |f| matches!(f, Finding::NoHeavier)),
    ("a data bundle twice", C, |h| repeat(h, Kind::Bundle, 0), |f| matches!(f, Finding::NoHeavier)),
    (
        "a bundle cut short",
        C,
        |h| h.step(Kind::Bundle, 0).edit(|bytes| _ = bytes.pop()),
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a bundle that is none",
        C,
        |h| h.step(Kind::Bundle, 0).edit(|bytes| bytes[31] ^= 4),
        |f| matches!(f, Finding::BundleBytes(_)),
    ),
    (
        "a byte of a proof",
        C,
        |h| h.step(Kind::Bundle, 1).edit(|bytes| *bytes.last_mut().unwrap() ^= 1),
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a score raised in the bundle",
        C,
        |h| {
            // Role, contributor, score.
            h.step(Kind::Bundle, 3).edit(|bytes| bytes[95] ^= 1);
            let Event::Bundle { score, .. } = event(h, Kind::Bundle, 3) else { panic!() };
            *score ^= 1;
        },
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a score raised on record",
        C,
        |h| {
            let Event::Bundle { score, .. } = event(h, Kind::Bundle, 0) else { panic!() };
            *score += 1;
        },
        |f| matches!(f, Finding::Score { .. }),
    ),
    (
        "somebody else's bundle",
        C,
        |h| {
            let Event::Bundle { contributor, .. } = event(h, Kind::Bundle, 0) else { panic!() };
            *contributor = CAROL;
        },
        |f| matches!(f, Finding::BundleOtherwise { contributor: ALICE, role: Role::Data }),
    ),
    (
        "a bundle for another role",
        C,
        |h| {
            let Event::Bundle { role, .. } = event(h, Kind::Bundle, 2) else { panic!() };
            *role = Role::Data;
        },
        |f| matches!(f, Finding::BundleOtherwise { contributor: ALICE, role: Role::Compute }),
    ),
    (
        "a bundle of the epoch before",
        C,
        |h| {
            let mut old = h.step(Kind::Bundle, 0).clone();
            let Event::Bundle { epoch, .. } = &mut old.event else { panic!() };
            *epoch = 5;
            h.put_after(Kind::Ended, 1, old);
        },
        |f| ineligible(f, |why| matches!(why, Ineligible::Round { .. })),
    ),
    (
        "a bundle before the end",
        C,
        |h| {
            let bundle = h.take(Kind::Bundle, 0);
            h.put_before(Kind::Ended, 0, bundle);
        },
        |f| refused(f, |r| matches!(r, Refusal::RoundsGoOn { epoch: 4, .. })),
    ),
    (
        "a bundle after the deadline",
        C,
        |h| {
            let bundle = h.find(Kind::Bundle, 1);
            delay(h, bundle, 86_401);
        },
        |f| refused(f, |r| matches!(r, Refusal::Deadline { epoch: 4, .. })),
    ),
    (
        "a bundle after the closing",
        C,
        |h| {
            let bundle = h.take(Kind::Bundle, 0);
            h.put_after(Kind::Closed, 0, bundle);
        },
        |f| refused(f, |r| matches!(r, Refusal::Closed { epoch: 4 })),
    ),
    (
        "a bundle of an epoch that is none",
        C,
        |h| {
            let Event::Bundle { epoch, .. } = event(h, Kind::Bundle, 0) else { panic!() };
            *epoch = 77;
        },
        |f| refused(f, |r| matches!(r, Refusal::UnknownEpoch { epoch: 77 })),
    ),
    (
        "a closing left out",
        C,
        |h| drop(h.take(Kind::Closed, 0)),
        |f| refused(f, |r| matches!(r, Refusal::NotClosed { epoch: 4 })),
    ),
    (
        "a closing twice",
        C,
        |h| repeat(h, Kind::Closed, 0),
        |f| refused(f, |r| matches!(r, Refusal::Closed { epoch: 4 })),
    ),
    (
        "a closing before the end",
        C,
        |h| {
            let closed = h.take(Kind::Closed, 0);
            h.put_before(Kind::Ended, 0, closed);
        },
        |f| refused(f, |r| matches!(r, Refusal::RoundsGoOn { epoch: 4, .. })),
    ),
];
