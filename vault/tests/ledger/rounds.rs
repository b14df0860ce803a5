//! Rounds: one after the other, each epoch's last one to its end.

use fairshare_audit::registry::Refusal;
use fairshare_vault::VaultError;
use fairshare_vault::ledger::{Reached, To};

use crate::world::*;

fn refusal(error: VaultError) -> Refusal {
    match error {
        VaultError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    }
}

#[test]
fn rounds_begin_one_after_the_other() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        for round in [0, 9, 14] {
            let error = refused(&mut ledger, |ledger| ledger.advance(To::Round(round), false, at(1)));
            let expected = Refusal::RoundAhead { to: round, epoch: 4, next: 10, last: 13 };
            assert_eq!(refusal(error), expected);
        }
        let reached = ledger.advance(To::Next, false, at(1)).unwrap();
        assert_eq!(reached, Reached { epoch: 4, round: 10, deadline: None, before: false });
        // Again, it changes nothing.
        let again = ledger.advance(To::Round(10), false, at(1)).unwrap();
        assert_eq!(again, Reached { before: true, ..reached });
        for round in [0, 9, 14, u64::MAX] {
            let error = refused(&mut ledger, |ledger| ledger.advance(To::Round(round), false, at(1)));
            let expected = Refusal::RoundAhead { to: round, epoch: 4, next: 11, last: 13 };
            assert_eq!(refusal(error), expected);
        }
        assert_eq!(ledger.advance(To::Round(13), false, at(1)).unwrap().round, 13);
        // No round of the epoch is left: the last one ends before another begins.
        for round in [12, 14] {
            let error = refused(&mut ledger, |ledger| ledger.advance(To::Round(round), false, at(1)));
            let expected = Refusal::NoRoundsLeft { epoch: 4, last: 13 };
            assert_eq!(refusal(error), expected);
        }
        audit(&mut ledger);
    });
}

#[test]
fn the_last_round_ends_without_another_and_the_next_one_waits_for_its_rules() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 13);
        for to in [To::Next, To::End] {
            let error = refused(&mut ledger, |ledger| ledger.advance(to, false, at(2)));
            assert!(matches!(error, VaultError::NoUnits { epoch: 4 }), "{error}");
        }
        ledger.register_units(&FIRST.units, at(3_000)).unwrap();
        let reached = ledger.advance(To::Next, false, at(9_000)).unwrap();
        let expected = Reached { epoch: 4, round: 13, deadline: Some(at(9_000 + PROVING)), before: false };
        assert_eq!(reached, expected);
        for to in [To::Next, To::Round(14)] {
            let error = refused(&mut ledger, |ledger| ledger.advance(to, true, at(9_000)));
            assert_eq!(refusal(error), Refusal::NoRules { round: 14 });
        }
        open_next(&mut ledger, &SECOND);
        // Whoever ends the epoch once more does not end the next one.
        assert_eq!(ledger.advance(To::End, true, at(1)).unwrap(), Reached { before: true, ..expected });
        assert_eq!(ledger.advance(To::Next, false, at(1)).unwrap().round, 14);
        audit(&mut ledger);
    });
}

/// Rounds that nobody used end in one call; they are on record all the same.
#[test]
fn whatever_is_left_of_an_epoch_ends_in_one_call() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        go_to(&mut ledger, 11);
        let reached = ledger.advance(To::End, true, at(9_000)).unwrap();
        let expected = Reached { epoch: 4, round: 13, deadline: Some(at(9_000 + PROVING)), before: false };
        assert_eq!(reached, expected);
        let again = ledger.advance(To::End, true, at(10_000)).unwrap();
        assert_eq!(again, Reached { before: true, ..expected });
        audit(&mut ledger);
    });
}

/// A deadline past the last moment that has a date is that moment.
#[test]
fn no_deadline_is_past_the_last_date() {
    on_each(|location| {
        let long = format!("proving_seconds = \"{}\"", u64::MAX);
        let other = otherwise(&FIRST, &[("proving_seconds = 86400", &long)]);
        let mut ledger =
            fairshare_vault::Ledger::open(location, fairshare_vault::database::Access::Create).unwrap();
        open(&mut ledger, &other).unwrap();
        let reached = ledger.advance(To::End, true, at(500_000)).unwrap();
        assert_eq!(reached.deadline, Some(fairshare_formats::time::Moment::LAST));
        audit(&mut ledger);
    });
}
