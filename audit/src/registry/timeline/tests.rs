use fairshare_formats::ledger::Tenths;
use fairshare_params::encoding::Digest;

use super::*;

const FILE: Digest = Digest([1; 32]);

/// Epoch 4 has rounds 10 to 13, epoch 5 14 and 15, and so on by twos.
fn span(epoch: u64) -> Span {
    let (first, last) = if epoch == 4 { (10, 13) } else { (2 * epoch + 4, 2 * epoch + 5) };
    Span { epoch, first, last, ends_by: 0, proving_seconds: 100, pool: 1000 }
}

fn at(index: u64) -> At {
    At { index, time: Moment::from_unix_seconds(1000 * index).unwrap() }
}

/// What an entry changes, if it may stand there.
fn step(timeline: &mut Timeline, index: u64, event: &Event) -> Result<()> {
    match event {
        Event::Rounds { first, last } => timeline.check_rounds(*first, *last)?,
        Event::Ended { epoch } => timeline.check_ended(*epoch)?,
        Event::Closed { epoch } => drop(timeline.takes_proofs(*epoch)?),
        Event::Settled(settled) => drop(timeline.check_settled(settled.epoch)?),
        Event::Units { .. } => drop(timeline.takes_units()?),
        _ => {}
    }
    timeline.apply(at(index), event);
    Ok(())
}

fn rounds(first: u64, last: u64) -> Event {
    Event::Rounds { first, last }
}

fn settled(epoch: u64) -> Event {
    let (brought, left) = (Tenths::default(), Tenths::default());
    Event::Settled(Settled { epoch, brought, left, total: 0, root: None, file: FILE })
}

fn units(epoch: u64) -> Event {
    Event::Units { epoch, file: FILE }
}

fn opened(epochs: &[u64]) -> Timeline {
    let mut timeline = Timeline::default();
    for epoch in epochs {
        timeline.check_rules(&span(*epoch)).unwrap();
        timeline.apply_rules(span(*epoch), *epoch);
    }
    timeline
}

fn after(epochs: &[u64], events: &[Event]) -> Timeline {
    let mut timeline = opened(epochs);
    for (index, event) in (100..).zip(events) {
        step(&mut timeline, index, event).unwrap_or_else(|refusal| panic!("{event:?}: {refusal}"));
    }
    timeline
}

#[test]
fn an_epoch_goes_from_state_to_state() {
    let mut timeline = opened(&[4]);
    let steps = [
        (rounds(10, 13), State::Open),
        (units(4), State::Open),
        (Event::Ended { epoch: 4 }, State::Proving),
        (Event::Closed { epoch: 4 }, State::Closed),
        (settled(4), State::Settled),
    ];
    let state = |timeline: &Timeline| timeline.state(timeline.stage(4).unwrap());
    assert_eq!(state(&timeline), State::Announced);
    for (index, (event, expected)) in (100..).zip(steps) {
        step(&mut timeline, index, &event).unwrap();
        assert_eq!(state(&timeline), expected, "{event:?}");
    }
    let stage = timeline.stage(4).unwrap();
    assert_eq!((stage.units, stage.ended, stage.closed), (Some(101), Some(at(102)), Some(at(103))));
    assert_eq!((stage.settled, timeline.round()), (Some(at(104)), Some(13)));
    assert!(State::ALL.is_sorted());
}

#[test]
fn an_epoch_is_found_by_its_number() {
    let timeline = opened(&[4, 5]);
    assert_eq!(timeline.stage(5).map(|stage| stage.rules), Ok(5));
    for epoch in [0, 3, 6] {
        assert_eq!(timeline.stage(epoch).err(), Some(Refusal::UnknownEpoch { epoch }));
    }
}

#[test]
fn a_round_goes_on_until_its_epoch_ends() {
    let mut timeline = opened(&[4, 5]);
    assert_eq!(timeline.now(), Now::Between);
    step(&mut timeline, 100, &rounds(10, 11)).unwrap();
    assert!(matches!(timeline.now(), Now::Round(stage, 11) if stage.span.epoch == 4));
    step(&mut timeline, 101, &rounds(12, 13)).unwrap();
    step(&mut timeline, 102, &Event::Ended { epoch: 4 }).unwrap();
    assert_eq!(timeline.now(), Now::Between);
    step(&mut timeline, 103, &rounds(14, 14)).unwrap();
    assert!(matches!(timeline.now(), Now::Round(stage, 14) if stage.span.epoch == 5));
    assert_eq!(Timeline::default().now(), Now::Between);
}

#[test]
fn rules_follow_the_last_ones() {
    let timeline = opened(&[4, 5]);
    assert_eq!(timeline.check_rules(&span(6)), Ok(()));
    for found in [0, 4, 7, u64::MAX] {
        let other = Span { epoch: found, ..span(6) };
        assert_eq!(timeline.check_rules(&other), Err(Refusal::EpochNumber { found, expected: 6 }));
    }
    for found in [0, 15, 17] {
        let other = Span { first: found, ..span(6) };
        let expected = Refusal::FirstRound { epoch: 6, found, expected: 16 };
        assert_eq!(timeline.check_rules(&other), Err(expected));
    }
    // A ledger's first epoch has whatever number and rounds it has.
    assert_eq!(Timeline::default().check_rules(&span(9)), Ok(()));
    // The last ones may be replaced, by rules that follow the ones before.
    assert_eq!(timeline.check_rules(&Span { last: 99, ..span(5) }), Ok(()));
    let expected = Refusal::FirstRound { epoch: 5, found: 13, expected: 14 };
    assert_eq!(timeline.check_rules(&Span { first: 13, ..span(5) }), Err(expected));
    assert_eq!(opened(&[4]).check_rules(&Span { first: 900, ..span(4) }), Ok(()));
}

#[test]
fn rules_stand_when_their_first_round_has_begun() {
    let timeline = after(&[4], &[rounds(10, 10)]);
    assert_eq!(timeline.check_rules(&span(4)), Err(Refusal::RulesStand { epoch: 4 }));
    assert_eq!(timeline.check_rules(&span(5)), Ok(()));
    let timeline = after(&[4, 5], &[rounds(10, 13)]);
    assert_eq!(timeline.check_rules(&span(5)), Ok(()));
    assert_eq!(timeline.check_rules(&span(4)), Err(Refusal::EpochNumber { found: 4, expected: 6 }));
}

#[test]
fn rules_that_take_the_place_of_others_are_the_only_ones() {
    let mut timeline = opened(&[4, 5]);
    timeline.apply_rules(Span { last: 20, ..span(5) }, 77);
    assert_eq!(timeline.stages().len(), 2);
    assert_eq!(timeline.stage(5).map(|stage| (stage.span.last, stage.rules)), Ok((20, 77)));
}

#[test]
fn pools_are_below_2_to_the_128_in_all() {
    let timeline = opened(&[4, 5]);
    let with = |pool| Span { pool, ..span(6) };
    assert_eq!(timeline.check_rules(&with(u128::MAX - 2000)), Ok(()));
    assert_eq!(timeline.check_rules(&with(u128::MAX - 1999)), Err(Refusal::PoolsTooLarge));
    // Of the one that is replaced nothing counts.
    let replaced = |pool| Span { pool, ..span(5) };
    assert_eq!(timeline.check_rules(&replaced(u128::MAX - 1000)), Ok(()));
    assert_eq!(timeline.check_rules(&replaced(u128::MAX - 999)), Err(Refusal::PoolsTooLarge));
}

#[test]
fn rounds_begin_one_after_the_other_under_rules_that_stand() {
    let ahead = |epoch, to, next, last| Err(Refusal::RoundAhead { to, epoch, next, last });
    assert_eq!(Timeline::default().check_rounds(0, 0), Err(Refusal::NoEpoch));
    let timeline = opened(&[4, 5]);
    assert_eq!(timeline.check_rounds(10, 10), Ok(()));
    assert_eq!(timeline.check_rounds(10, 13), Ok(()));
    assert_eq!(timeline.check_rounds(10, 14), ahead(4, 14, 10, 13));
    assert_eq!(timeline.check_rounds(11, 12), ahead(4, 11, 10, 13));
    assert_eq!(timeline.check_rounds(9, 12), ahead(4, 9, 10, 13));
    assert_eq!(timeline.check_rounds(10, 9), ahead(4, 9, 10, 13));
    let timeline = after(&[4, 5], &[rounds(10, 12)]);
    assert_eq!(timeline.check_rounds(13, 13), Ok(()));
    assert_eq!(timeline.check_rounds(12, 13), ahead(4, 12, 13, 13));
    assert_eq!(timeline.check_rounds(13, 14), ahead(4, 14, 13, 13));
    // The last one ends before the next epoch's first one begins.
    let timeline = after(&[4, 5], &[rounds(10, 13)]);
    assert_eq!(timeline.check_rounds(14, 14), Err(Refusal::NoRoundsLeft { epoch: 4, last: 13 }));
    let timeline = after(&[4, 5], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(timeline.check_rounds(14, 14), Ok(()));
    assert_eq!(timeline.check_rounds(13, 14), ahead(5, 13, 14, 15));
    let timeline = after(&[4], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(timeline.check_rounds(14, 14), Err(Refusal::NoRules { round: 14 }));
}

#[test]
fn the_last_round_ends_once() {
    let timeline = opened(&[4, 5]);
    assert_eq!(timeline.check_ended(4), Err(Refusal::NoRound));
    let timeline = after(&[4, 5], &[rounds(10, 12)]);
    assert_eq!(timeline.check_ended(4), Err(Refusal::RoundsGoOn { epoch: 4, round: 12, last: 13 }));
    let mut timeline = after(&[4, 5], &[rounds(10, 13)]);
    assert_eq!(timeline.check_ended(5), Err(Refusal::NoRound));
    assert_eq!(timeline.check_ended(6), Err(Refusal::UnknownEpoch { epoch: 6 }));
    step(&mut timeline, 200, &Event::Ended { epoch: 4 }).unwrap();
    assert_eq!(timeline.check_ended(4), Err(Refusal::NoRound));
}

#[test]
fn data_is_taken_in_all_rounds_but_the_last() {
    let takes = |timeline: &Timeline| timeline.takes_data().map(|(stage, round)| (stage.span.epoch, round));
    assert_eq!(takes(&opened(&[4])), Err(Refusal::NoRound));
    for round in 10..=12 {
        assert_eq!(takes(&after(&[4], &[rounds(10, round)])), Ok((4, round)));
    }
    assert_eq!(takes(&after(&[4], &[rounds(10, 13)])), Err(Refusal::LastRound { epoch: 4, round: 13 }));
    let ended = after(&[4], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(takes(&ended), Err(Refusal::NoRound));
}

#[test]
fn units_are_taken_once_in_the_last_round() {
    let takes = |timeline: &Timeline| timeline.takes_units().map(|stage| stage.span.epoch);
    assert_eq!(takes(&opened(&[4])), Err(Refusal::NoRound));
    let early = Refusal::UnitsEarly { epoch: 4, round: 12, last: 13 };
    assert_eq!(takes(&after(&[4], &[rounds(10, 12)])), Err(early));
    assert_eq!(takes(&after(&[4], &[rounds(10, 13)])), Ok(4));
    let known = Err(Refusal::UnitsKnown { epoch: 4 });
    assert_eq!(takes(&after(&[4], &[rounds(10, 13), units(4)])), known);
    let ended = after(&[4], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(takes(&ended), Err(Refusal::NoRound));
}

#[test]
fn proofs_are_taken_from_the_end_to_the_closing_and_of_data_to_the_deadline() {
    let seconds = |seconds| Moment::from_unix_seconds(seconds).unwrap();
    let takes = |timeline: &Timeline| timeline.takes_proofs(4).map(drop);
    assert_eq!(takes(&opened(&[4])), Err(Refusal::NotBegun { epoch: 4, first: 10 }));
    let going_on = after(&[4], &[rounds(10, 13)]);
    assert_eq!(takes(&going_on), Err(Refusal::RoundsGoOn { epoch: 4, round: 13, last: 13 }));
    assert_eq!(going_on.takes_proofs_by_deadline(4, seconds(0)).err(), takes(&going_on).err());
    assert_eq!(going_on.stage(4).unwrap().deadline(), None);
    let ended = after(&[4], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(takes(&ended), Ok(()));
    // It ended at second 101,000.
    let deadline = seconds(101_100);
    assert_eq!(ended.stage(4).unwrap().deadline(), Some(deadline));
    for time in [0, 101_100] {
        assert!(ended.takes_proofs_by_deadline(4, seconds(time)).is_ok());
    }
    let late = Refusal::Deadline { epoch: 4, deadline };
    assert_eq!(ended.takes_proofs_by_deadline(4, seconds(101_101)).err(), Some(late));
    let closed = after(&[4], &[rounds(10, 13), Event::Ended { epoch: 4 }, Event::Closed { epoch: 4 }]);
    assert_eq!(takes(&closed), Err(Refusal::Closed { epoch: 4 }));
    assert_eq!(closed.takes_proofs_by_deadline(4, seconds(0)).err(), Some(Refusal::Closed { epoch: 4 }));
    assert_eq!(closed.takes_proofs(4).err(), Some(Refusal::Closed { epoch: 4 }));
    assert_eq!(opened(&[4, 5]).takes_proofs(9).err(), Some(Refusal::UnknownEpoch { epoch: 9 }));
    // Of the next epoch, whose first round has not begun, nothing is taken.
    let ended = after(&[4, 5], &[rounds(10, 13), Event::Ended { epoch: 4 }]);
    assert_eq!(ended.takes_proofs(5).err(), Some(Refusal::NotBegun { epoch: 5, first: 14 }));
}

#[test]
fn a_deadline_has_a_date() {
    let mut timeline = Timeline::default();
    timeline.apply_rules(Span { proving_seconds: u64::MAX, ..span(4) }, 1);
    timeline.apply(at(2), &Event::Ended { epoch: 4 });
    assert_eq!(timeline.stage(4).unwrap().deadline(), Some(Moment::LAST));
}

#[test]
fn epochs_are_settled_once_in_order() {
    let first = [rounds(10, 13), Event::Ended { epoch: 4 }];
    let second = [rounds(14, 15), Event::Ended { epoch: 5 }];
    let [close_first, close_second] = [4, 5].map(|epoch| Event::Closed { epoch });
    let check = |timeline: &Timeline, epoch| timeline.check_settled(epoch).err();
    assert_eq!(check(&opened(&[4]), 4), Some(Refusal::NotBegun { epoch: 4, first: 10 }));
    let goes_on = Refusal::RoundsGoOn { epoch: 4, round: 11, last: 13 };
    assert_eq!(check(&after(&[4], &[rounds(10, 11)]), 4), Some(goes_on));
    assert_eq!(check(&after(&[4], &first), 4), Some(Refusal::NotClosed { epoch: 4 }));
    assert_eq!(check(&opened(&[4]), 9), Some(Refusal::UnknownEpoch { epoch: 9 }));
    let mut both = after(&[4, 5], &[&first[..], &second, &[close_first, close_second]].concat());
    assert_eq!(check(&both, 5), Some(Refusal::EarlierUnsettled { epoch: 5, earlier: 4 }));
    assert_eq!(check(&both, 4), None);
    both.apply(at(300), &settled(4));
    assert_eq!(check(&both, 4), Some(Refusal::SettledBefore { epoch: 4 }));
    assert_eq!(check(&both, 5), None);
}

/// Whoever could let rules stand for any number of epochs would fill every auditor's memory.
#[test]
fn epochs_that_are_not_settled_are_63_at_most() {
    let epochs: Vec<_> = (4..4 + MAX_AHEAD as u64).collect();
    let mut timeline = opened(&epochs);
    let next = span(4 + MAX_AHEAD as u64);
    assert_eq!(timeline.check_rules(&next), Err(Refusal::TooFarAhead { epoch: next.epoch }));
    for (index, event) in
        (100..).zip([rounds(10, 13), Event::Ended { epoch: 4 }, Event::Closed { epoch: 4 }, settled(4)])
    {
        step(&mut timeline, index, &event).unwrap();
    }
    assert_eq!(timeline.check_rules(&next), Ok(()));
}

#[test]
fn a_state_is_written_by_its_name() {
    let written = State::ALL.map(|state| state.to_string());
    assert_eq!(written, ["announced", "open", "proving", "closed", "settled"]);
}
