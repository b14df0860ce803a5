//! Many operators at once: every step is done by one of them, and the ledger is as one alone would have
//! written it.

use std::sync::Barrier;

use fairshare_vault::Ledger;

use crate::world::*;

const OPERATORS: usize = 8;

#[test]
fn eight_operators_at_once_do_every_step_once() {
    on_each(|location| {
        let alone = {
            let mut expected = None;
            on_each_file(|location| expected = Some(paid_out_plainly(location)));
            expected.expect("ran")
        };
        drop(Ledger::open_or_create(location).unwrap());
        let barrier = Barrier::new(OPERATORS);
        let done: Vec<[usize; 7]> = std::thread::scope(|scope| {
            let operators: Vec<_> = (0..OPERATORS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut ledger = Ledger::open_or_create(location).unwrap();
                        let mut done = [0; 7];
                        let mut step = |index: usize, did: usize| {
                            done[index] += did;
                            barrier.wait();
                        };
                        let opened = ledger.open_epoch(&FIRST.source, &FIRST.verifier()).unwrap();
                        step(0, usize::from(!opened.before));
                        let registered =
                            ledger.register(None, &batch(&FIRST.registrations), Some(&FIRST.units)).unwrap();
                        step(1, registered.new);
                        let verdicts = submit(&mut ledger, 0, &all(&FIRST));
                        let now = |verdict: &fairshare_vault::ledger::Verdict| {
                            matches!(verdict.result, Ok(fairshare_vault::ledger::Recorded::Now))
                        };
                        assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()));
                        step(2, verdicts.iter().filter(|verdict| now(verdict)).count());
                        step(3, usize::from(!ledger.close(None).unwrap().before));
                        step(4, usize::from(!ledger.settle(None).unwrap().before));
                        step(5, usize::from(ledger.claim(&ALICE, None).unwrap().amount > 0));
                        step(6, ledger.claim_all(None).unwrap().payments.len());
                        done
                    })
                })
                .collect();
            operators.into_iter().map(|operator| operator.join().unwrap()).collect()
        });
        let sum = |step: usize| done.iter().map(|done| done[step]).sum::<usize>();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6].map(sum),
            [1, FIRST.registrations.len(), FIRST.bundles.len(), 1, 1, 1, 2]
        );
        let snapshot = Ledger::open(location).unwrap().snapshot().unwrap();
        assert_eq!(snapshot.epochs[0].payouts, alone);
        assert!(audit(&snapshot).is_clean());
    });
}

fn on_each_file(test: impl FnOnce(&fairshare_vault::database::Location)) {
    test(&fairshare_vault::database::Location::File(
        root().join(format!("alone-{:?}.ledger", std::thread::current().id())),
    ));
}

fn paid_out_plainly(location: &fairshare_vault::database::Location) -> Vec<fairshare_audit::snapshot::Paid> {
    if let fairshare_vault::database::Location::File(path) = location {
        let _ = std::fs::remove_file(path);
    }
    settled(location).snapshot().unwrap().epochs[0].payouts.clone()
}
