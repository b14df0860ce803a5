//! Rules that are other ones, or come when they may not.

use super::*;

pub const RULES: [Case; 20] = [
    (
        "a policy of other rules",
        C,
        |h| h.step(Kind::Rules, 0).edit_policy("cap = \"0.05\"", "cap = \"0.06\""),
        |f| matches!(f, Finding::RulesHash { .. }),
    ),
    (
        "a bigger pool",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("pool = 1001", "pool = 1002"),
        |f| matches!(f, Finding::RulesHash { .. }),
    ),
    (
        "a wider window",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("evidence = false", "evidence = false\nfirst_round = 10"),
        |f| matches!(f, Finding::RulesHash { .. }),
    ),
    (
        "another rules hash",
        C,
        |h| {
            let Event::Rules { rules_hash, .. } = event(h, Kind::Rules, 1) else { panic!() };
            rules_hash.0[31] ^= 1;
        },
        |f| matches!(f, Finding::RulesHash { .. }),
    ),
    (
        "a policy that is none",
        C,
        |h| h.step(Kind::Rules, 0).edit_policy("protocol = 2", "protocol = 3"),
        |f| matches!(f, Finding::Policy(_)),
    ),
    (
        "rules of another epoch than they say",
        C,
        |h| {
            let Event::Rules { epoch, .. } = event(h, Kind::Rules, 1) else { panic!() };
            *epoch = 6;
        },
        |f| matches!(f, Finding::EpochNumber { policy: 5 }),
    ),
    (
        "rules left out",
        C,
        |h| drop(h.take(Kind::Rules, 1)),
        |f| refused(f, |r| matches!(r, Refusal::NoRules { round: 14 })),
    ),
    (
        "the first rules left out",
        C,
        |h| drop(h.take(Kind::Rules, 0)),
        |f| refused(f, |r| matches!(r, Refusal::NoEpoch)),
    ),
    (
        "rules once more when their epoch has begun",
        C,
        |h| {
            let rules = h.step(Kind::Rules, 0).clone();
            h.put_after(Kind::Rounds, 0, rules);
        },
        |f| refused(f, |r| matches!(r, Refusal::RulesStand { epoch: 4 })),
    ),
    (
        "rules of an epoch that is over",
        C,
        |h| {
            let rules = h.step(Kind::Rules, 0).clone();
            h.put_after(Kind::Rules, 1, rules);
        },
        |f| refused(f, |r| matches!(r, Refusal::EpochNumber { found: 4, expected: 6 })),
    ),
    (
        "epochs exchanged",
        C,
        |h| {
            let second = h.take(Kind::Rules, 1);
            h.put_before(Kind::Rules, 0, second);
        },
        |f| refused(f, |r| matches!(r, Refusal::EpochNumber { found: 4, expected: 6 })),
    ),
    (
        "an epoch left out",
        C,
        |h| {
            let step = h.step(Kind::Rules, 1);
            step.edit_policy("epoch = 5", "epoch = 6");
            let Event::Rules { epoch, .. } = &mut step.event else { panic!() };
            *epoch = 6;
        },
        |f| refused(f, |r| matches!(r, Refusal::EpochNumber { found: 6, expected: 5 })),
    ),
    (
        "rounds left out between two epochs",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("first = 14", "first = 15"),
        |f| refused(f, |r| matches!(r, Refusal::FirstRound { epoch: 5, found: 15, expected: 14 })),
    ),
    (
        "rounds of the epoch before once more",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("first = 14", "first = 13"),
        |f| refused(f, |r| matches!(r, Refusal::FirstRound { epoch: 5, found: 13, expected: 14 })),
    ),
    (
        "another subnet",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("new-york-flights", "other"),
        |f| refused(f, |r| matches!(r, Refusal::OtherVault { .. })),
    ),
    (
        "amounts read in tokens of other decimals",
        C,
        |h| {
            for (nth, decimals, pool) in
                [(0, 6, "pool = \"1000000000000000000000000\""), (1, 2, "pool = 1001")]
            {
                let token = format!("{pool}\nsymbol = \"FAIR\"\ndecimals = {decimals}");
                h.step(Kind::Rules, nth).edit_policy(pool, &token);
            }
        },
        |f| refused(f, |r| matches!(r, Refusal::OtherToken { epoch: 5, .. })),
    ),
    (
        "another way to pay",
        P,
        |h| h.step(Kind::Rules, 1).edit_policy("\"payments\"", "\"claims\""),
        |f| refused(f, |r| matches!(r, Refusal::OtherVault { .. })),
    ),
    (
        "an epoch that a contract settles",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("settlement = \"claims\"", "settlement = \"contract\""),
        |f| refused(f, |r| matches!(r, Refusal::OtherVault { .. })),
    ),
    (
        "more than 2^128 units in all",
        C,
        |h| h.step(Kind::Rules, 1).edit_policy("pool = 1001", &format!("pool = \"{}\"", u128::MAX)),
        |f| refused(f, |r| matches!(r, Refusal::PoolsTooLarge)),
    ),
    (
        "the archive of another registry",
        C,
        |h| h.domain.registry = Address([7; 20]),
        |f| matches!(f, Finding::Heading { .. }),
    ),
];
