//! Lists of payments, and confirmations, that do not follow from what was earned.

use super::*;

pub const LISTS: [Case; 12] = [
    (
        "a list of a ledger that pays by claims",
        C,
        |h| {
            let sent = PAYMENTS.steps[PAYMENTS.find(Kind::Sent, 0)].clone();
            h.put_after(Kind::Settled, 0, sent);
        },
        |f| matches!(f, Finding::OtherRail { found: "claims" }),
    ),
    (
        "a list twice",
        P,
        |h| repeat(h, Kind::Sent, 0),
        |f| matches!(f, Finding::Payment { contributor: CAROL, due: 0, .. }),
    ),
    (
        "a payment raised",
        P,
        |h| {
            edit_transfers(h, 1, |transfers| {
                transfers[0].amount += 1;
                transfers[0].cumulative += 1;
            });
        },
        |f| matches!(f, Finding::Payment { contributor: ALICE, .. }),
    ),
    (
        "another sum of all payments",
        P,
        |h| edit_transfers(h, 2, |transfers| transfers[0].cumulative -= 1),
        |f| matches!(f, Finding::Payment { contributor: ALICE, .. }),
    ),
    (
        "a payment of nothing",
        P,
        |h| edit_transfers(h, 0, |transfers| (transfers[0].amount, transfers[0].cumulative) = (0, 0)),
        |f| matches!(f, Finding::Payment { contributor: CAROL, .. }),
    ),
    (
        "a payment to a stranger",
        P,
        |h| edit_transfers(h, 0, |transfers| transfers[0].contributor = Address([9; 20])),
        |f| matches!(f, Finding::Payment { contributor: Address([9, ..]), due: 0, .. }),
    ),
    (
        "a list before anything was settled",
        P,
        |h| {
            let sent = h.take(Kind::Sent, 0);
            h.put_before(Kind::Settled, 0, sent);
        },
        |f| matches!(f, Finding::PaidEarly { epoch: 4 }),
    ),
    (
        "a list up to an epoch that is not settled",
        P,
        |h| {
            let Event::Sent { epoch, .. } = event(h, Kind::Sent, 0) else { panic!() };
            *epoch = 5;
        },
        |f| matches!(f, Finding::PaidEarly { epoch: 5 }),
    ),
    (
        "a list that cannot be read",
        P,
        |h| h.step(Kind::Sent, 0).edit(|bytes| bytes.truncate(9)),
        |f| matches!(f, Finding::Amounts(_)),
    ),
    (
        "a confirmation twice",
        P,
        |h| repeat(h, Kind::Confirmed, 0),
        |f| matches!(f, Finding::Confirmed { contributor: CAROL, .. }),
    ),
    (
        "a confirmation of what nobody listed",
        P,
        |h| {
            let Event::Confirmed { cumulative, .. } = event(h, Kind::Confirmed, 0) else { panic!() };
            *cumulative += 1;
        },
        |f| matches!(f, Finding::Confirmed { contributor: CAROL, .. }),
    ),
    (
        "evidence with a control character",
        P,
        |h| {
            let Event::Confirmed { evidence, .. } = event(h, Kind::Confirmed, 0) else { panic!() };
            evidence.push('\u{1b}');
        },
        |f| refused(f, |r| matches!(r, Refusal::Note { what: "evidence", .. })),
    ),
];
