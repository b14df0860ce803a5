//! Rounds and times that do not follow each other.

use super::*;

pub const ROUNDS: [Case; 9] = [
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
