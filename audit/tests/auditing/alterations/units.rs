//! Units that are not those of the epoch.

use super::*;

pub const UNITS: [Case; 10] = [
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
