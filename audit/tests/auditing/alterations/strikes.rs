//! Strikes that struck nothing, or too late.

use super::*;

pub const STRIKES: [Case; 10] = [
    (
        "a strike of what nobody has registered",
        C,
        |h| {
            let Event::StrikeData { digest, .. } = event(h, Kind::StrikeData, 0) else { panic!() };
            digest.0[0] ^= 1;
        },
        |f| refused(f, |r| matches!(r, Refusal::UnknownDigest { .. })),
    ),
    (
        "a dataset struck twice",
        C,
        |h| repeat(h, Kind::StrikeData, 0),
        |f| refused(f, |r| matches!(r, Refusal::DataStruck { .. })),
    ),
    (
        "a node struck twice",
        S,
        |h| repeat(h, Kind::StrikeNode, 0),
        |f| refused(f, |r| matches!(r, Refusal::NodeStruck { node: BOB, epoch: 4 })),
    ),
    (
        "a reason of two lines",
        S,
        |h| {
            let Event::StrikeNode { reason, .. } = event(h, Kind::StrikeNode, 0) else { panic!() };
            reason.push_str("\nx");
        },
        |f| refused(f, |r| matches!(r, Refusal::Note { what: "reason", .. })),
    ),
    (
        "a node's strike left out",
        S,
        |h| drop(h.take(Kind::StrikeNode, 0)),
        |f| matches!(f, Finding::Payout { contributor: BOB, .. }),
    ),
    (
        "a node's strike in another epoch than goes on",
        S,
        |h| {
            let Event::StrikeNode { epoch, .. } = event(h, Kind::StrikeNode, 0) else { panic!() };
            *epoch = 5;
        },
        |f| refused(f, |r| matches!(r, Refusal::NoEpochToStrike)),
    ),
    (
        "a node's strike after the end",
        S,
        |h| {
            let strike = h.take(Kind::StrikeNode, 0);
            h.put_after(Kind::Ended, 0, strike);
        },
        |f| refused(f, |r| matches!(r, Refusal::NoEpochToStrike)),
    ),
    (
        "a dataset's strike left out",
        S,
        |h| drop(h.take(Kind::StrikeData, 0)),
        |f| refused(f, |r| matches!(r, Refusal::ClosedEarly { epoch: 4, contributor: CAROL, .. })),
    ),
    (
        "a dataset's strike after the end",
        S,
        |h| {
            let strike = h.take(Kind::StrikeData, 0);
            h.put_after(Kind::Ended, 0, strike);
        },
        |f| refused(f, |r| matches!(r, Refusal::ClosedEarly { epoch: 4, contributor: CAROL, .. })),
    ),
    (
        "a dataset's strike before the end",
        C,
        |h| {
            let strike = h.take(Kind::StrikeData, 0);
            h.put_before(Kind::Ended, 0, strike);
        },
        |f| ineligible(f, |why| matches!(why, Ineligible::Struck { .. })),
    ),
];
