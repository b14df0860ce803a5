//! A ledger that follows a contract, and says something else than happened on the chain.

use super::*;

pub const CONTRACT: [Case; 25] = [
    (
        "a unit more for computing",
        K,
        |h| edit_earnings(h, 0, |earnings| earnings[0].compute += 1),
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "a unit less of what was funded",
        K,
        |h| edit_earnings(h, 1, |earnings| earnings[0].data -= 1),
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "another pool",
        K,
        |h| *event(h, Kind::Funded, 0) = Event::Funded { epoch: 5, pool: 1_011 },
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "another carry",
        K,
        |h| edit_settled(h, 0, |settled| settled.left.data += BigUint::from(1u32)),
        |f| matches!(f, Finding::Left { .. }),
    ),
    (
        "a pool left out",
        K,
        |h| drop(h.take(Kind::Funded, 0)),
        |f| refused(f, |r| matches!(r, Refusal::NotFunded { epoch: 5 })),
    ),
    (
        "a pool twice",
        K,
        |h| repeat(h, Kind::Funded, 0),
        |f| refused(f, |r| matches!(r, Refusal::FundedElsewhere { epoch: 5 })),
    ),
    (
        "a pool that came later",
        K,
        |h| {
            let funded = h.take(Kind::Funded, 0);
            h.put_before(Kind::Closed, 1, funded);
        },
        |f| refused(f, |r| matches!(r, Refusal::FundedElsewhere { epoch: 5 })),
    ),
    (
        "a pool before the end",
        K,
        |h| {
            let funded = h.take(Kind::Funded, 0);
            h.put_before(Kind::Ended, 1, funded);
        },
        |f| refused(f, |r| matches!(r, Refusal::FundedElsewhere { epoch: 5 })),
    ),
    (
        "another pool than the rules'",
        K,
        |h| {
            let mut funded = h.step(Kind::Funded, 0).clone();
            funded.event = Event::Funded { epoch: 4, pool: 7 };
            h.put_after(Kind::Ended, 0, funded);
        },
        |f| refused(f, |r| matches!(r, Refusal::PoolNamed { epoch: 4 })),
    ),
    (
        "a pool of no epoch",
        K,
        |h| *event(h, Kind::Funded, 0) = Event::Funded { epoch: 9, pool: 1_001 },
        |f| refused(f, |r| matches!(r, Refusal::UnknownEpoch { epoch: 9 })),
    ),
    (
        "a pool of an operator's epoch",
        C,
        |h| {
            let mut funded = h.step(Kind::Ended, 0).clone();
            funded.event = Event::Funded { epoch: 4, pool: 7 };
            h.put_after(Kind::Ended, 0, funded);
        },
        |f| refused(f, |r| matches!(r, Refusal::PoolNamed { epoch: 4 })),
    ),
    (
        "closed at the deadline, when the contract still takes bundles",
        K,
        |h| {
            let (ended, closed) = (h.find(Kind::Ended, 0), h.find(Kind::Closed, 0));
            h.steps[closed].time =
                Moment::from_unix_seconds(h.steps[ended].time.unix_seconds() + 86_400).expect("a date");
        },
        |f| refused(f, |r| matches!(r, Refusal::ClosedUntil { epoch: 4, .. })),
    ),
    (
        "a compute bundle after the deadline",
        K,
        |h| {
            let late = h.take(Kind::Bundle, 2);
            h.put_before(Kind::Closed, 0, late);
        },
        |f| refused(f, |r| matches!(r, Refusal::Deadline { epoch: 4, .. })),
    ),
    (
        "a unit less of one node",
        K,
        |h| h.step(Kind::Units, 0).replace("305", "304"),
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a byte of a proof",
        K,
        |h| h.step(Kind::Bundle, 1).edit(|bytes| *bytes.last_mut().unwrap() ^= 1),
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a bundle left out",
        K,
        |h| drop(h.take(Kind::Bundle, 2)),
        |f| matches!(f, Finding::Payout { contributor: ALICE, .. }),
    ),
    (
        "a registration left out",
        K,
        |h| drop(h.take(Kind::Registration, 1)),
        |f| not_covered(f, |n| matches!(n, NotCovered::Unregistered { .. })),
    ),
    (
        "records more",
        K,
        |h| h.step(Kind::Registration, 0).replace("\"records\": 150", "\"records\": 151"),
        |f| matches!(f, Finding::Registration(_)),
    ),
    (
        "a signature that is none",
        K,
        |h| h.step(Kind::Registration, 0).replace("\"signature\": \"0x\"", "\"signature\": \"0x1\""),
        |f| matches!(f, Finding::Registration(_)),
    ),
    (
        "a registration in another spelling",
        K,
        |h| h.step(Kind::Registration, 0).replace("\"signature\": \"0x\"", "\"signature\":  \"0x\""),
        |f| matches!(f, Finding::RegistrationOtherwise { .. }),
    ),
    (
        "a claim of a unit more",
        K,
        |h| {
            let Event::Confirmed { cumulative, .. } = event(h, Kind::Confirmed, 1) else { panic!() };
            *cumulative += 1;
        },
        |f| matches!(f, Finding::Claimed { contributor: CAROL, .. }),
    ),
    (
        "a claim twice",
        K,
        |h| repeat(h, Kind::Confirmed, 1),
        |f| matches!(f, Finding::Claimed { contributor: CAROL, amount: 0, .. }),
    ),
    (
        "a share paid twice",
        K,
        |h| {
            let Event::Confirmed { cumulative: share, .. } = event(h, Kind::Confirmed, 1).clone() else {
                panic!()
            };
            repeat(h, Kind::Confirmed, 1);
            let Event::Confirmed { cumulative, .. } = event(h, Kind::Confirmed, 2) else { panic!() };
            *cumulative += share;
        },
        |f| matches!(f, Finding::Claimed { contributor: CAROL, .. }),
    ),
    (
        "a claim before its epoch is settled",
        K,
        |h| {
            let claim = h.take(Kind::Confirmed, 1);
            h.put_before(Kind::Settled, 0, claim);
        },
        |f| matches!(f, Finding::Claimed { contributor: CAROL, .. }),
    ),
    (
        "a list of payments",
        K,
        |h| {
            let sent = PAYMENTS.steps[PAYMENTS.find(Kind::Sent, 0)].clone();
            h.put_after(Kind::Settled, 0, sent);
        },
        |f| matches!(f, Finding::OtherRail { found: "contract" }),
    ),
];
