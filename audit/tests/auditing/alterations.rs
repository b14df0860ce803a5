//! One thing of an archive that is not as it should be, and the finding that names it.
//!
//! Most alterations come with a chain of heads that holds again: whoever keeps a ledger can make it so.

use fairshare_audit::audit::{Expected, Finding};
use fairshare_audit::registry::{Ineligible, NotCovered, Refusal};
use fairshare_audit::report;
use fairshare_formats::ledger::{
    Earning, Event, Kind, Settled, Transfer, earnings_from_csv, earnings_to_csv, transfers_from_csv,
    transfers_to_csv,
};
use fairshare_formats::registry::{RegistryFileError, SignedError, SignedRegistration, signed_to_json};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{NotTaken, Request, Unsigned, UnsignedError};
use fairshare_params::role::Role;
use fairshare_testkit::epochs::{ALICE, BOB, CAROL, FIRST, account, sign};
use num_bigint::BigUint;

use crate::history::*;
use crate::honest::*;

/// Which history is altered.
type Whose = fn() -> &'static History;
/// An alteration, and the finding that names it.
type Case = (&'static str, Whose, fn(&mut History), fn(&Finding) -> bool);

const C: Whose = || &CLAIMS;
const P: Whose = || &PAYMENTS;
const S: Whose = || &STRUCK;

/// Adds a second to whatever comes from here on.
fn delay(history: &mut History, from: usize, seconds: u64) {
    for step in &mut history.steps[from..] {
        step.time = Moment::from_unix_seconds(step.time.unix_seconds() + seconds).expect("a date");
    }
}

fn event(history: &mut History, kind: Kind, nth: usize) -> &mut Event {
    &mut history.step(kind, nth).event
}

/// Puts the nth step of a kind once more, right behind itself.
fn repeat(history: &mut History, kind: Kind, nth: usize) {
    let step = history.step(kind, nth).clone();
    history.put_after(kind, nth, step);
}

pub fn edit_earnings(history: &mut History, nth: usize, alter: impl FnOnce(&mut Vec<Earning>)) {
    history.step(Kind::Settled, nth).edit(|bytes| {
        let mut earnings = earnings_from_csv(bytes).expect("a list");
        alter(&mut earnings);
        *bytes = earnings_to_csv(&earnings).into_bytes();
    });
}

pub fn edit_transfers(history: &mut History, nth: usize, alter: impl FnOnce(&mut Vec<Transfer>)) {
    history.step(Kind::Sent, nth).edit(|bytes| {
        let mut transfers = transfers_from_csv(bytes).expect("a list");
        alter(&mut transfers);
        *bytes = transfers_to_csv(&transfers).into_bytes();
    });
}

pub fn edit_settled(history: &mut History, nth: usize, alter: impl FnOnce(&mut Settled)) {
    let Event::Settled(settled) = event(history, Kind::Settled, nth) else { panic!("settled") };
    alter(settled);
}

/// Puts another registration in the place of the first one, in its round.
fn register_instead(history: &mut History, signed: &SignedRegistration) {
    let step = history.step(Kind::Registration, 0);
    let request = signed.unsigned().request();
    let Event::Registration { contributor, digest, .. } = &mut step.event else { panic!("a registration") };
    (*contributor, *digest) = (*request.contributor(), *request.digest());
    step.edit(|bytes| *bytes = signed_to_json(signed).into_bytes());
}

fn first_request() -> Request {
    FIRST.registrations[0].unsigned().request().clone()
}

fn refused(finding: &Finding, is: fn(&Refusal) -> bool) -> bool {
    matches!(finding, Finding::Refused(refusal) if is(refusal))
}

fn not_covered(finding: &Finding, is: impl Fn(&NotCovered) -> bool) -> bool {
    matches!(finding, Finding::NotCovered(source) if is(source))
}

fn ineligible(finding: &Finding, is_why: impl Fn(&Ineligible) -> bool) -> bool {
    not_covered(finding, |n| matches!(n, NotCovered::Ineligible { source, .. } if is_why(source)))
}

const RULES: [Case; 20] = [
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
        |f| refused(f, |r| matches!(r, Refusal::ContractSettles { epoch: 5 })),
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

const ROUNDS: [Case; 9] = [
    (
        "a round left out",
        C,
        |h| drop(h.take(Kind::Rounds, 1)),
        |f| refused(f, |r| matches!(r, Refusal::RoundAhead { to: 12, next: 11, .. })),
    ),
    (
        "a round twice",
        C,
        |h| repeat(h, Kind::Rounds, 1),
        |f| refused(f, |r| matches!(r, Refusal::RoundAhead { to: 11, next: 12, .. })),
    ),
    (
        "rounds past the epoch's last",
        C,
        |h| {
            let Event::Rounds { last, .. } = event(h, Kind::Rounds, 3) else { panic!() };
            *last = 14;
        },
        |f| refused(f, |r| matches!(r, Refusal::RoundAhead { to: 14, last: 13, .. })),
    ),
    (
        "rounds that go backwards",
        C,
        |h| {
            let Event::Rounds { last, .. } = event(h, Kind::Rounds, 3) else { panic!() };
            *last = 2;
        },
        |f| refused(f, |r| matches!(r, Refusal::RoundAhead { to: 2, .. })),
    ),
    (
        "an end left out",
        C,
        |h| drop(h.take(Kind::Ended, 0)),
        |f| refused(f, |r| matches!(r, Refusal::RoundsGoOn { epoch: 4, round: 13, last: 13 })),
    ),
    (
        "an end before the last round",
        C,
        |h| {
            let ended = h.take(Kind::Ended, 0);
            h.put_before(Kind::Rounds, 3, ended);
        },
        |f| refused(f, |r| matches!(r, Refusal::RoundsGoOn { epoch: 4, round: 12, last: 13 })),
    ),
    ("an end twice", C, |h| repeat(h, Kind::Ended, 0), |f| refused(f, |r| matches!(r, Refusal::NoRound))),
    (
        "the end of another epoch",
        C,
        |h| *event(h, Kind::Ended, 0) = Event::Ended { epoch: 9 },
        |f| refused(f, |r| matches!(r, Refusal::UnknownEpoch { epoch: 9 })),
    ),
    (
        "an entry that is earlier than the one before it",
        C,
        |h| h.steps[5].time = h.steps[3].time,
        |f| matches!(f, Finding::Time { .. }),
    ),
];

const DATA: [Case; 18] = [
    (
        "a registration left out",
        C,
        |h| drop(h.take(Kind::Registration, 0)),
        |f| not_covered(f, |n| matches!(n, NotCovered::Unregistered { contributor: ALICE, .. })),
    ),
    (
        "a registration twice",
        C,
        |h| repeat(h, Kind::Registration, 0),
        |f| refused(f, |r| matches!(r, Refusal::DigestKnown { round: 10, .. })),
    ),
    (
        "a registration once more in a later round",
        C,
        |h| {
            let mut again = h.step(Kind::Registration, 0).clone();
            let Event::Registration { round, .. } = &mut again.event else { panic!() };
            *round = 12;
            h.put_after(Kind::Registration, 2, again);
        },
        |f| refused(f, |r| matches!(r, Refusal::DigestKnown { round: 10, .. })),
    ),
    (
        "a registration once more in the next epoch",
        C,
        |h| {
            let mut again = h.step(Kind::Registration, 0).clone();
            let Event::Registration { round, .. } = &mut again.event else { panic!() };
            *round = 14;
            h.put_after(Kind::Registration, 3, again);
        },
        |f| refused(f, |r| matches!(r, Refusal::DigestKnown { round: 10, .. })),
    ),
    (
        "an earlier round on record",
        C,
        |h| {
            let Event::Registration { round, .. } = event(h, Kind::Registration, 2) else { panic!() };
            *round = 10;
        },
        |f| matches!(f, Finding::Round { recorded: 10, round: 12 }),
    ),
    (
        "a registration in an earlier round",
        C,
        |h| {
            let mut moved = h.take(Kind::Registration, 2);
            let Event::Registration { round, .. } = &mut moved.event else { panic!() };
            *round = 10;
            h.put_after(Kind::Registration, 0, moved);
        },
        // By itself nobody can tell; what was paid by the later round tells.
        |f| matches!(f, Finding::Payout { .. }),
    ),
    (
        "a registration before the first round",
        C,
        |h| {
            let moved = h.take(Kind::Registration, 0);
            h.put_after(Kind::Rules, 0, moved);
        },
        |f| refused(f, |r| matches!(r, Refusal::NoRound)),
    ),
    (
        "a registration in the last round",
        C,
        |h| {
            let mut moved = h.take(Kind::Registration, 2);
            let Event::Registration { round, .. } = &mut moved.event else { panic!() };
            *round = 13;
            h.put_after(Kind::Rounds, 3, moved);
        },
        |f| refused(f, |r| matches!(r, Refusal::LastRound { epoch: 4, round: 13 })),
    ),
    (
        "a registration after the end",
        C,
        |h| {
            let moved = h.take(Kind::Registration, 2);
            h.put_after(Kind::Ended, 0, moved);
        },
        |f| refused(f, |r| matches!(r, Refusal::NoRound)),
    ),
    (
        "somebody else's signature",
        C,
        |h| {
            let other = FIRST.registrations[2].signature().to_string();
            let own = FIRST.registrations[0].signature().to_string();
            h.step(Kind::Registration, 0).replace(&own, &other);
        },
        |f| {
            let is = |source: &RegistryFileError| {
                matches!(
                    source,
                    RegistryFileError::Signed(SignedError::Signer { .. } | SignedError::Signature(_))
                )
            };
            matches!(f, Finding::Registration(source) if is(source))
        },
    ),
    (
        "fewer records than were signed",
        C,
        |h| h.step(Kind::Registration, 0).replace("\"records\": 150", "\"records\": 149"),
        |f| matches!(f, Finding::Registration(source) if matches!(**source, RegistryFileError::Request(_))),
    ),
    (
        "a registration that cannot be read",
        C,
        |h| h.step(Kind::Registration, 0).edit(|bytes| bytes.truncate(40)),
        |f| matches!(f, Finding::Registration(source) if matches!(**source, RegistryFileError::Json { .. })),
    ),
    (
        "another contributor than the registration's",
        C,
        |h| {
            let Event::Registration { contributor, .. } = event(h, Kind::Registration, 0) else { panic!() };
            *contributor = BOB;
        },
        |f| matches!(f, Finding::RegistrationOtherwise { .. }),
    ),
    (
        "a registration in another spelling",
        C,
        |h| h.step(Kind::Registration, 0).edit(|bytes| bytes.push(b'\n')),
        |f| matches!(f, Finding::RegistrationOtherwise { .. }),
    ),
    (
        "a registration for another vault",
        C,
        |h| {
            let unsigned = Unsigned::new(first_request(), None, FIRST.policy.domain(), Address([7; 20]), 12);
            register_instead(h, &account(ALICE).register(unsigned.unwrap()).unwrap());
        },
        |f| refused(f, |r| matches!(r, Refusal::Elsewhere(UnsignedError::Vault { .. }))),
    ),
    (
        "a registration that was void",
        C,
        |h| {
            let mut moved = h.take(Kind::Registration, 0);
            let Event::Registration { round, .. } = &mut moved.event else { panic!() };
            *round = 12;
            let signed = sign(&FIRST.policy, first_request(), None, 11);
            moved.edit(|bytes| *bytes = signed_to_json(&signed).into_bytes());
            h.put_after(Kind::Registration, 1, moved);
        },
        |f| refused(f, |r| matches!(r, Refusal::Void { last_round: 11, round: 12 })),
    ),
    (
        "data of another schema",
        C,
        |h| {
            let own = first_request();
            let (geometry, schema) = (own.geometry(), Digest([1; 32]));
            let other = Request::new(ALICE, geometry, schema, own.records(), own.segments().to_vec());
            register_instead(h, &sign(&FIRST.policy, other.unwrap(), None, 12));
        },
        |f| refused(f, |r| matches!(r, Refusal::NotTaken(NotTaken::Schema { .. }))),
    ),
    (
        "data without the evidence that the rules require",
        C,
        |h| h.step(Kind::Rules, 0).edit_policy("evidence = false", "evidence = true"),
        |f| refused(f, |r| matches!(r, Refusal::NotTaken(NotTaken::Evidence))),
    ),
];

const UNITS: [Case; 10] = [
    (
        "a unit less of one node",
        C,
        |h| h.step(Kind::Units, 0).replace("537", "536"),
        |f| matches!(f, Finding::Bundle(_)),
    ),
    (
        "a node left out",
        C,
        |h| {
            h.step(Kind::Units, 0).edit(|bytes| {
                let text = String::from_utf8(bytes.clone()).unwrap();
                let cut = text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n");
                *bytes = cut.collect::<String>().into_bytes();
            });
        },
        |f| matches!(f, Finding::Bundle(_)),
    ),
    ("units left out", C, |h| drop(h.take(Kind::Units, 0)), |f| matches!(f, Finding::Bundle(_))),
    (
        "a round of the units left out",
        C,
        |h| h.step(Kind::Units, 0).replace("12,0,0\n", ""),
        |f| matches!(f, Finding::Units(_)),
    ),
    (
        "units in another spelling",
        C,
        |h| h.step(Kind::Units, 0).edit(|bytes| bytes.make_ascii_lowercase()),
        |f| matches!(f, Finding::RegistrationOtherwise { .. }),
    ),
    (
        "units twice",
        C,
        |h| repeat(h, Kind::Units, 0),
        |f| refused(f, |r| matches!(r, Refusal::UnitsKnown { epoch: 4 })),
    ),
    (
        "units before the last round",
        C,
        |h| {
            let units = h.take(Kind::Units, 0);
            h.put_before(Kind::Rounds, 3, units);
        },
        |f| refused(f, |r| matches!(r, Refusal::UnitsEarly { epoch: 4, round: 12, last: 13 })),
    ),
    (
        "units after the end",
        C,
        |h| {
            let units = h.take(Kind::Units, 0);
            h.put_after(Kind::Ended, 0, units);
        },
        |f| refused(f, |r| matches!(r, Refusal::NoRound)),
    ),
    (
        "units of another epoch",
        C,
        |h| {
            let Event::Units { epoch, .. } = event(h, Kind::Units, 0) else { panic!() };
            *epoch = 5;
        },
        |f| refused(f, |r| matches!(r, Refusal::NoRound)),
    ),
    (
        "a score of units that nobody has on record",
        C,
        |h| h.step(Kind::Units, 0).replace("10,305,537", "10,304,538"),
        |f| matches!(f, Finding::Bundle(_)),
    ),
];

const STRIKES: [Case; 10] = [
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

const PROOFS: [Case; 20] = [
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

const AMOUNTS: [Case; 16] = [
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

const LISTS: [Case; 12] = [
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

#[test]
fn every_alteration_is_found_and_named() {
    let mut count = 0;
    let tables: [&[Case]; 8] = [&RULES, &ROUNDS, &DATA, &UNITS, &STRIKES, &PROOFS, &AMOUNTS, &LISTS];
    for (name, whose, alter, is_found) in tables.into_iter().flatten() {
        let mut altered = whose().clone();
        alter(&mut altered);
        assert_ne!(&altered, whose(), "{name}");
        let found = audit(&altered.chained(), &Expected::default());
        let named = found.findings.iter().any(|found| is_found(&found.finding));
        assert!(named, "{name}: {:?}", found.lines().collect::<Vec<_>>());
        // The chain itself holds: what was found was found by what it says.
        let of_chain = |finding: &Finding| matches!(finding, Finding::Head { .. } | Finding::LastHead { .. });
        assert!(!found.findings.iter().any(|found| of_chain(&found.finding)), "{name}");
        assert!(report::text(&found).contains("DIFFERENCE "), "{name}");
        count += 1;
    }
    println!("{count} alterations");
    assert!(count >= 40);
}
