//! How tests alter a history: what every alteration is made of, and how a finding is told from others.

use fairshare_audit::audit::Finding;
use fairshare_audit::registry::{Ineligible, NotCovered, Refusal};
use fairshare_formats::ledger::{
    Earning, Event, Kind, Settled, Transfer, earnings_from_csv, earnings_to_csv, transfers_from_csv,
    transfers_to_csv,
};
use fairshare_formats::registry::{SignedRegistration, signed_to_json};
use fairshare_formats::time::Moment;
use fairshare_params::registry::Request;
use fairshare_testkit::epochs::FIRST;

use crate::history::*;

/// Adds a second to whatever comes from here on.
pub fn delay(history: &mut History, from: usize, seconds: u64) {
    for step in &mut history.steps[from..] {
        step.time = Moment::from_unix_seconds(step.time.unix_seconds() + seconds).expect("a date");
    }
}

pub fn event(history: &mut History, kind: Kind, nth: usize) -> &mut Event {
    &mut history.step(kind, nth).event
}

/// Puts the nth step of a kind once more, right behind itself.
pub fn repeat(history: &mut History, kind: Kind, nth: usize) {
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
pub fn register_instead(history: &mut History, signed: &SignedRegistration) {
    let step = history.step(Kind::Registration, 0);
    let request = signed.unsigned().request();
    let Event::Registration { contributor, digest, .. } = &mut step.event else { panic!("a registration") };
    (*contributor, *digest) = (*request.contributor(), *request.digest());
    step.edit(|bytes| *bytes = signed_to_json(signed).into_bytes());
}

pub fn first_request() -> Request {
    FIRST.registrations[0].unsigned().request().clone()
}

pub fn refused(finding: &Finding, is: fn(&Refusal) -> bool) -> bool {
    matches!(finding, Finding::Refused(refusal) if is(refusal))
}

pub fn not_covered(finding: &Finding, is: impl Fn(&NotCovered) -> bool) -> bool {
    matches!(finding, Finding::NotCovered(source) if is(source))
}

pub fn ineligible(finding: &Finding, is_why: impl Fn(&Ineligible) -> bool) -> bool {
    not_covered(finding, |n| matches!(n, NotCovered::Ineligible { source, .. } if is_why(source)))
}
