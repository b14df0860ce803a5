//! Registrations of data that should not have been taken.

use super::*;

pub const DATA: [Case; 18] = [
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
