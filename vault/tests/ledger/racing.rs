//! Many operators at once: every step is done by one of them, and the ledger is as one alone would have
//! written it.

use std::sync::Barrier;

use fairshare_audit::registry::Refusal;
use fairshare_vault::Ledger;
use fairshare_vault::VaultError;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::{Reached, To};

use crate::world::*;

const OPERATORS: usize = 8;
const STEPS: usize = 10;

/// Whether this one let the rounds begin; the others are told that they have.
fn advanced(reached: Result<Reached, VaultError>) -> usize {
    match reached {
        Ok(reached) => usize::from(!reached.before),
        Err(VaultError::Refused(Refusal::RoundAhead { .. } | Refusal::NoRules { .. })) => 0,
        Err(other) => panic!("{other}"),
    }
}

/// What one operator did of every step, in step with the others.
fn operate(location: &Location, barrier: &Barrier) -> [usize; STEPS] {
    let world = &LISTED[0];
    let mut ledger = Ledger::open(location, Access::Create).unwrap();
    let mut done = [0; STEPS];
    let mut step = |index: usize, did: usize| {
        done[index] += did;
        barrier.wait();
    };
    let opened = ledger.open_epoch(&world.source, &world.verifier(), at(0)).unwrap();
    step(0, usize::from(!opened.before));
    step(1, advanced(ledger.advance(To::Round(12), false, at(1_000))));
    let taken = ledger.register(&world.registrations, at(2_000)).unwrap();
    step(2, taken.iter().filter(|taken| !taken.as_ref().unwrap().before).count());
    step(1, advanced(ledger.advance(To::Round(13), false, at(2_500))));
    step(3, usize::from(!ledger.register_units(&world.units, at(3_000)).unwrap().before));
    step(4, advanced(ledger.advance(To::End, false, at(ENDED[0]))));
    let verdicts = ledger.submit(None, &world.verifier(), &all(world), proving(world)).unwrap();
    step(5, verdicts.iter().filter(|verdict| !verdict.result.as_ref().unwrap().before).count());
    step(6, usize::from(!ledger.close(None, false, proving(world)).unwrap().before));
    step(7, usize::from(!ledger.settle(None, proving(world)).unwrap().before));
    // One of them lists everything; nothing is due after that.
    let sent = send_all(&mut ledger);
    step(8, sent.iter().map(|sent| sent.listed.payments).sum());
    let list = ledger.history(&[]).unwrap().missing;
    assert_eq!(list.len(), 1);
    if let Some(sent) = sent {
        step(9, ledger.confirm(&sent.list, &[ALICE], "0xfeed", at(20_001)).unwrap().confirmed);
    } else {
        step(9, 0);
    }
    done
}

#[test]
fn eight_operators_at_once_do_every_step_once() {
    on_each(|location| {
        drop(Ledger::open(location, Access::Create).unwrap());
        let barrier = Barrier::new(OPERATORS);
        let done: Vec<[usize; STEPS]> = std::thread::scope(|scope| {
            let operators: Vec<_> =
                (0..OPERATORS).map(|_| scope.spawn(|| operate(location, &barrier))).collect();
            operators.into_iter().map(|operator| operator.join().unwrap()).collect()
        });
        let sum = |step: usize| done.iter().map(|done| done[step]).sum::<usize>();
        assert_eq!(std::array::from_fn(sum), [1, 2, 3, 1, 1, 4, 1, 1, 3, 1]);
        let mut ledger = Ledger::open(location, Access::Write).unwrap();
        let report = audit(&mut ledger);
        assert_eq!((report.bundles, report.sent.1, report.confirmed), (4, 3, 1));
        let earnings = ledger.settle(None, at(30_000)).unwrap().earnings;
        let alone = Location::File(folder().join("alone.ledger"));
        // Everything was registered in one round here: the data's amounts are others, the computing power's
        // are not.
        let of = |earnings: &[fairshare_formats::ledger::Earning]| {
            earnings.iter().map(|earning| (earning.contributor, earning.compute)).collect::<Vec<_>>()
        };
        let expected = settled(&alone, &LISTED[0]).settle(None, at(30_000)).unwrap().earnings;
        assert_eq!(of(&earnings), of(&expected));
    });
}
