//! Events of a chain that do not go together with the ledger: nothing of them is recorded, and the error says
//! what differs.

use fairshare_audit::registry::Refusal;
use fairshare_audit::settlement::Payout;
use fairshare_formats::ledger::Tenths;
use fairshare_formats::registry::RegistryFileError;
use fairshare_params::encoding::Digest;
use fairshare_params::role::Role;
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{ChainEvent, Happened};
use fairshare_vault::{MirrorError, VaultError};

use crate::chain::*;
use crate::world::{ALICE, BOB, CONTRACTS, NOBODYS, count, fixture, otherwise, root};

fn file() -> Location {
    Location::File(root().join(format!("{}.ledger", count())))
}

/// What is said to an event instead of the one at this place.
fn instead(place: usize, alter: impl FnOnce(&mut ChainEvent)) -> VaultError {
    let events = both_epochs();
    let Happened { time, mut event } = events[place].clone();
    alter(&mut event);
    assert_ne!(event, events[place].event, "{place}");
    refusal(&file(), &events[..place], Happened { time, event })
}

fn differs(place: usize, alter: impl FnOnce(&mut ChainEvent)) -> MirrorError {
    match instead(place, alter) {
        VaultError::Mirror(error) => *error,
        other => panic!("{other}"),
    }
}

fn refused(place: usize, alter: impl FnOnce(&mut ChainEvent)) -> Refusal {
    match instead(place, alter) {
        VaultError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

/// The place of the nth event of a kind.
fn place(nth: usize, is_it: fn(&ChainEvent) -> bool) -> usize {
    let events = both_epochs();
    let found = events.iter().enumerate().filter(|(_, happened)| is_it(&happened.event));
    found.map(|(at, _)| at).nth(nth).expect("such an event")
}

#[test]
fn what_a_contract_pays_is_what_the_ledger_owes() {
    let claim = |nth| place(nth, |event| matches!(event, ChainEvent::Claimed { .. }));
    for more in [true, false] {
        let error = differs(claim(1), |event| {
            let ChainEvent::Claimed { compute, data, .. } = event else { panic!("a claim") };
            if more { *compute += 1 } else { *data -= 1 }
        });
        let told = error.to_string();
        let MirrorError::Share { epoch: 5, contributor: ALICE, chain, ledger } = error else {
            panic!("{told}")
        };
        let [compute, data] = if more { [1, 0] } else { [0, 1] };
        let same = Payout { compute: ledger.compute + compute, data: ledger.data - data };
        assert_eq!(chain, same);
        for amount in [chain.compute, chain.data, ledger.compute, ledger.data] {
            assert!(told.contains(&amount.to_string()), "{told}");
        }
        assert!(told.contains("epoch 5"), "{told}");
    }
    // Somebody who has earned nothing, and a share of another epoch.
    let error = differs(claim(1), |event| {
        let ChainEvent::Claimed { contributor, .. } = event else { panic!("a claim") };
        *contributor = BOB;
    });
    assert!(matches!(error, MirrorError::Share { epoch: 5, contributor: BOB, .. }), "{error}");
    let error = differs(claim(1), |event| {
        let ChainEvent::Claimed { epoch, .. } = event else { panic!("a claim") };
        *epoch = 4;
    });
    assert!(matches!(error, MirrorError::Share { epoch: 4, contributor: ALICE, .. }), "{error}");
    // The same share once more.
    let mut events = both_epochs();
    let again = events[claim(1)].clone();
    let error = refusal(&file(), &events, Happened { time: events[events.len() - 1].time, ..again });
    let VaultError::Mirror(error) = error else { panic!("{error}") };
    assert!(matches!(*error, MirrorError::Twice { epoch: 5, contributor: ALICE, .. }), "{error}");
    // Before its time.
    let at_once = events.remove(claim(0));
    let ended = place(0, |event| matches!(event, ChainEvent::EpochEnded { .. }));
    let early = Happened { time: events[ended].time, ..at_once };
    let VaultError::Mirror(error) = refusal(&file(), &events[..=ended], early) else { panic!() };
    assert!(matches!(*error, MirrorError::Unsettled { epoch: 4 }), "{error}");
}

#[test]
fn what_a_contract_divides_and_carries_is_what_the_ledger_does() {
    let settled = place(1, |event| matches!(event, ChainEvent::EpochSettled { .. }));
    let alterations: [fn(&mut Tenths, &mut Tenths); 4] = [
        |divided, _| divided.compute += 1u32,
        |divided, _| divided.data -= 1u32,
        |_, carried| carried.compute += 1u32,
        |divided, carried| std::mem::swap(divided, carried),
    ];
    for alter in alterations {
        let error = differs(settled, |event| {
            let ChainEvent::EpochSettled { divided, carried, .. } = event else { panic!("a settlement") };
            alter(divided, carried);
        });
        assert!(matches!(error, MirrorError::Pools { epoch: 5, .. }), "{error}");
        assert!(error.to_string().contains("divides 7007 and 3003"), "{error}");
    }
    let error = instead(settled, |event| {
        let ChainEvent::EpochSettled { epoch, .. } = event else { panic!("a settlement") };
        *epoch = 9;
    });
    assert!(matches!(error, VaultError::Refused(Refusal::UnknownEpoch { epoch: 9 })), "{error}");
}

#[test]
fn an_epoch_ends_with_its_pool_and_its_deadline() {
    let end = |nth| place(nth, |event| matches!(event, ChainEvent::EpochEnded { .. }));
    fn of(event: &mut ChainEvent) -> (&mut u64, &mut u64, &mut u128, &mut u64) {
        let ChainEvent::EpochEnded { epoch, last_round, pool, closed_until } = event else {
            panic!("an end")
        };
        (epoch, last_round, pool, closed_until)
    }
    let error = differs(end(0), |event| *of(event).2 -= 1);
    assert!(matches!(error, MirrorError::Pool { epoch: 4, chain, rules } if chain + 1 == rules), "{error}");
    for nth in [0, 1] {
        let error = differs(end(nth), |event| *of(event).3 += 1);
        let is_one = matches!(error, MirrorError::ClosedUntil { chain, ledger, .. } if chain == ledger + 1);
        assert!(is_one, "{error}");
    }
    let error = differs(end(0), |event| *of(event).1 += 1);
    assert!(matches!(error, MirrorError::Round { found: 14, expected: 13 }), "{error}");
    let error = differs(end(0), |event| *of(event).0 = 5);
    assert!(matches!(error, MirrorError::NotRunning { epoch: 5 }), "{error}");
}

#[test]
fn rounds_and_what_is_recorded_in_them_are_those_that_go_on() {
    let round = |nth| place(nth, |event| matches!(event, ChainEvent::RoundBegan { .. }));
    for other in [10, 14] {
        let refusal = refused(round(0), |event| {
            let ChainEvent::RoundBegan { round, .. } = event else { panic!("a round") };
            *round = other;
        });
        assert!(matches!(refusal, Refusal::RoundAhead { .. }), "{refusal}");
    }
    type Of = fn(&mut ChainEvent) -> &mut u64;
    let epochs: [(usize, Of); 3] = [
        (round(0), |event| {
            let ChainEvent::RoundBegan { epoch, .. } = event else { panic!("a round") };
            epoch
        }),
        (place(0, |event| matches!(event, ChainEvent::UnitsRecorded { .. })), |event| {
            let ChainEvent::UnitsRecorded { epoch, .. } = event else { panic!("units") };
            epoch
        }),
        (place(0, |event| matches!(event, ChainEvent::NodeStruck { .. })), |event| {
            let ChainEvent::NodeStruck { epoch, .. } = event else { panic!("a strike") };
            epoch
        }),
    ];
    for (place, of) in epochs {
        let error = differs(place, |event| *of(event) = 7);
        assert!(matches!(error, MirrorError::NotRunning { epoch: 7 }), "{error}");
    }
    let error = differs(place(0, |event| matches!(event, ChainEvent::UnitsRecorded { .. })), |event| {
        let ChainEvent::UnitsRecorded { round, .. } = event else { panic!("units") };
        *round = 11;
    });
    assert!(matches!(error, MirrorError::Round { found: 11, expected: 10 }), "{error}");
    // Units of a node in a round twice, by whatever calls.
    let units = place(1, |event| matches!(event, ChainEvent::UnitsRecorded { .. }));
    let error = instead(units, |event| {
        let ChainEvent::UnitsRecorded { units, .. } = event else { panic!("units") };
        units[0].0 = ALICE;
    });
    assert!(matches!(error, VaultError::Database(_)), "{error}");
    // Rules while rounds go on, and rules that are none.
    let began = place(1, |event| matches!(event, ChainEvent::EpochBegan { .. }));
    let events = both_epochs();
    let early = Happened { time: events[3].time, event: events[began].event.clone() };
    let error = refusal(&file(), &events[..4], early);
    assert!(matches!(error, VaultError::Refused(Refusal::RoundsGoOn { epoch: 4, .. })), "{error}");
    let error = differs(began, |event| {
        let ChainEvent::EpochBegan { source, .. } = event else { panic!("rules") };
        source.text.push('?');
    });
    assert!(matches!(error, MirrorError::Policy(_)), "{error}");
    let skipped = otherwise(&CONTRACTS[1], &[("first = 14", "first = 15")]);
    let skipped = refused(began, |event| {
        let rules_hash = fixture::verifier(&skipped.policy).rules_hash();
        *event = ChainEvent::EpochBegan { source: skipped.source.clone(), rules_hash };
    });
    assert!(matches!(skipped, Refusal::FirstRound { epoch: 5, found: 15, expected: 14 }), "{skipped}");
    // A policy that has amounts read otherwise: its text is the follower's, to be put right.
    let [first, second] = [&CONTRACTS[0], &CONTRACTS[1]].map(|world| world.policy.terms().pool);
    let token = |index: usize, pool: u128, decimals: u8| {
        let line = CONTRACTS[index].source.text.lines().find(|line| line.starts_with("pool = ")).unwrap();
        assert!(line.contains(&pool.to_string()));
        let named = format!("{line}\nsymbol = \"FAIR\"\ndecimals = {decimals}");
        otherwise(&CONTRACTS[index], &[(line, &named)]).source
    };
    let mut events = both_epochs();
    for (nth, (pool, decimals)) in [(first, 6), (second, 2)].into_iter().enumerate() {
        let place = place(nth, |event| matches!(event, ChainEvent::EpochBegan { .. }));
        let ChainEvent::EpochBegan { source, .. } = &mut events[place].event else { panic!("rules") };
        *source = token(nth, pool, decimals);
    }
    let error = refusal(&file(), &events[..began], events[began].clone());
    assert!(matches!(error, VaultError::Refused(Refusal::OtherToken { epoch: 5, .. })), "{error}");
}

#[test]
fn a_registration_is_one_that_a_registry_takes() {
    let data = |nth| place(nth, |event| matches!(event, ChainEvent::DataRegistered { .. }));
    let error = differs(data(1), |event| {
        let ChainEvent::DataRegistered { round, .. } = event else { panic!("data") };
        *round = 12;
    });
    assert!(matches!(error, MirrorError::Round { found: 12, expected: 11 }), "{error}");
    let alterations: [fn(&mut fairshare_vault::ledger::ChainRegistration); 4] = [
        |of| of.digest = NOBODYS,
        |of| of.records += 1,
        |of| of.contributor = BOB,
        |of| of.root = Digest([1; 32]),
    ];
    for alter in alterations {
        let error = differs(data(1), |event| {
            let ChainEvent::DataRegistered { registration, .. } = event else { panic!("data") };
            alter(registration);
        });
        let MirrorError::Registration { source, .. } = error else { panic!("{error}") };
        let is_one = matches!(*source, RegistryFileError::Request(_) | RegistryFileError::Unsigned(_));
        assert!(is_one, "{source}");
    }
    let refusal = refused(data(1), |event| {
        let ChainEvent::DataRegistered { registration, .. } = event else { panic!("data") };
        registration.last_round = 10;
    });
    assert!(matches!(refusal, Refusal::Void { last_round: 10, round: 11 }), "{refusal}");
    let again = data_came(&CONTRACTS[0], 0, &[]);
    let refusal = refused(data(2), |event| {
        *event = again;
        let ChainEvent::DataRegistered { round, .. } = event else { panic!("data") };
        *round = 12;
    });
    assert!(matches!(refusal, Refusal::DigestKnown { round: 10, .. }), "{refusal}");
    let refusal = refused(place(0, |event| matches!(event, ChainEvent::DataStruck { .. })), |event| {
        let ChainEvent::DataStruck { digest, .. } = event else { panic!("a strike") };
        *digest = NOBODYS;
    });
    assert_eq!(refusal, Refusal::UnknownDigest { digest: NOBODYS });
}

/// The chain has verified it; but it has to be that very one, or every audit would find it.
#[test]
fn a_bundle_is_the_one_that_the_contract_took() {
    type Alter = fn(&mut ChainEvent);
    fn of(event: &mut ChainEvent) -> (&mut Role, &mut u32, &mut u64, &mut Vec<u8>) {
        let ChainEvent::BundleTaken { role, records, latest, bytes, .. } = event else { panic!("a bundle") };
        (role, records, latest, bytes)
    }
    let alterations: [(usize, Alter); 7] = [
        (0, |event| *of(event).0 = Role::Compute),
        (0, |event| *of(event).1 += 1),
        (0, |event| *of(event).1 = 0),
        (0, |event| *of(event).2 -= 1),
        (0, |event| of(event).3.truncate(100)),
        (1, |event| *of(event).1 = 1),
        (1, |event| *of(event).3 = CONTRACTS[0].bundles[2].bytes.clone()),
    ];
    for (nth, alter) in alterations {
        let error = differs(place(nth, |event| matches!(event, ChainEvent::BundleTaken { .. })), alter);
        assert!(matches!(error, MirrorError::Bundle { epoch: 4, .. }), "{error}");
    }
    // None after the deadline, of either role.
    let events = both_epochs();
    let late = place(4, |event| matches!(event, ChainEvent::BundleTaken { .. }));
    let Happened { event, .. } = events[late].clone();
    let closed = place(5, |event| matches!(event, ChainEvent::BundleTaken { .. }));
    let error = refusal(&file(), &events[..late], Happened { time: events[closed].time, event });
    let is_late =
        matches!(error, VaultError::Refused(Refusal::Closed { epoch: 4 } | Refusal::Deadline { .. }));
    assert!(is_late, "{error}");
}
