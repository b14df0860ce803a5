//! Paying by lists: due, sent, confirmed; and a copy of the ledger that knows less than the lists.

use fairshare_audit::registry::Refusal;
use fairshare_formats::ledger::Transfer;
use fairshare_formats::payments::PaymentList;
use fairshare_params::address::Address;
use fairshare_params::rules::Settlement;
use fairshare_vault::database::Access;
use fairshare_vault::ledger::History;
use fairshare_vault::{Ledger, VaultError};

use crate::world::*;

fn worlds() -> [&'static World; 2] {
    LISTED.each_ref()
}

/// As it comes back from whoever was to pay it.
fn read_back(list: &PaymentList) -> PaymentList {
    let read = PaymentList::from_json(list.to_json().as_bytes()).expect("a list");
    assert_eq!(&read, list);
    read
}

fn due(ledger: &mut Ledger, contributor: Option<&Address>) -> PaymentList {
    ledger.due(contributor).unwrap().list
}

fn send(ledger: &mut Ledger, contributor: Option<&Address>) -> PaymentList {
    let list = due(ledger, contributor);
    assert!(!list.payments.is_empty());
    let listed = ledger.record_sent(&read_back(&list), at(20_000)).unwrap();
    assert_eq!(listed.payments, list.payments.len());
    list
}

#[test]
fn everybody_is_listed_once_for_everything_and_confirmed() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let earnings = ledger.settle(None, at(20_000)).unwrap().earnings;
        let first = ledger.due(None).unwrap();
        assert!(first.is_first);
        let transfer = |earning: &fairshare_formats::ledger::Earning| Transfer {
            contributor: earning.contributor,
            amount: earning.compute + earning.data,
            cumulative: earning.cumulative,
        };
        assert_eq!(first.list.payments, earnings.iter().map(transfer).collect::<Vec<_>>());
        let status = ledger.status(None).unwrap();
        assert_eq!((first.list.entries, Some(first.list.head)), (status.entries, status.head));
        // Nothing is sent by asking what is due.
        assert_eq!(ledger.due(None).unwrap(), first);

        let carols = send(&mut ledger, Some(&CAROL));
        assert_eq!(carols.payments.len(), 1);
        assert!(due(&mut ledger, Some(&CAROL)).payments.is_empty());
        let others = send(&mut ledger, None);
        assert_eq!(
            others.payments.iter().map(|payment| payment.contributor).collect::<Vec<_>>(),
            [ALICE, BOB]
        );
        assert!(due(&mut ledger, None).payments.is_empty() && !ledger.due(None).unwrap().is_first);

        open_next(&mut ledger, worlds()[1]);
        settle(&mut ledger, worlds()[1]);
        let second = send(&mut ledger, None);
        assert_eq!(second.payments.len(), 1);
        assert_eq!(
            (second.epoch, second.payments[0].contributor, second.payments[0].amount),
            (5, ALICE, 1000)
        );

        let status = ledger.status(None).unwrap();
        assert_eq!((status.sent, status.confirmed), (status.earned, 0));
        // Nothing is due, and all of it is outstanding until somebody says that it was paid.
        assert_eq!((status.due(), status.outstanding()), (0, status.earned));
        assert_eq!(ledger.confirm(&ALICE, "0xfeed", at(700_001)).unwrap(), 2);
        assert_eq!(ledger.confirm(&ALICE, "0xfeed", at(700_001)).unwrap(), 0);
        assert_eq!(ledger.confirm(&BOB, "wire 17", at(700_001)).unwrap(), 1);
        let status = ledger.status(None).unwrap();
        let carols = carols.payments[0].amount;
        assert_eq!((status.confirmed, status.outstanding()), (status.earned - carols, carols));
        let report = audit(&mut ledger);
        assert_eq!((report.sent, report.confirmed), ((status.sent, 4), 3));
        assert_eq!(ledger.history(&[]).unwrap().missing.len(), 3);
    });
}

/// A list is what it pays: given again, under whatever heading, it is the one on record.
#[test]
fn a_list_is_sent_once() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = send(&mut ledger, None);
        let before = items(&mut ledger);
        let again = ledger.record_sent(&list, at(800_000)).unwrap();
        let mut elsewhere = list.clone();
        elsewhere.head = NOBODYS;
        elsewhere.entries = 1;
        assert_eq!(ledger.record_sent(&elsewhere, at(800_000)).unwrap(), again);
        assert_eq!(items(&mut ledger), before);
        assert_eq!(ledger.history(&[list]).unwrap(), History::default());
        audit(&mut ledger);
    });
}

/// Of two lists of the same money that were made at once, the second is refused.
#[test]
fn two_lists_of_one_due_are_one() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let (all, carols) = (due(&mut ledger, None), due(&mut ledger, Some(&CAROL)));
        ledger.record_sent(&carols, at(700_000)).unwrap();
        let error = refused(&mut ledger, |ledger| ledger.record_sent(&all, at(700_000)));
        assert!(matches!(error, VaultError::ListAhead { contributor: CAROL, epoch: 4 }), "{error}");
        send(&mut ledger, None);
        audit(&mut ledger);
    });
}

#[test]
fn a_list_pays_what_is_due_and_nothing_else() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = due(&mut ledger, None);
        let alterations: [fn(&mut Vec<Transfer>); 6] = [
            |payments| payments[0].amount += 1,
            |payments| payments[0].cumulative += 1,
            |payments| {
                payments[0].amount += 1;
                payments[0].cumulative += 1;
            },
            |payments| payments[0].amount = 0,
            |payments| payments[0].contributor = Address([1; 20]),
            |payments| (payments[0].amount, payments[0].cumulative) = (u128::MAX, u128::MAX),
        ];
        for alter in alterations {
            let mut altered = list.clone();
            alter(&mut altered.payments);
            let contributor = altered.payments[0].contributor;
            let error = refused(&mut ledger, |ledger| ledger.record_sent(&altered, at(700_000)));
            let VaultError::ListAhead { contributor: found, epoch: 4 } = error else { panic!("{error}") };
            assert_eq!(found, contributor);
        }
        // One of an epoch that nobody has settled, whatever it pays, and one of nothing.
        let mut later = list.clone();
        later.epoch = 5;
        let error = refused(&mut ledger, |ledger| ledger.record_sent(&later, at(700_000)));
        assert!(matches!(error, VaultError::ListAhead { epoch: 5, .. }), "{error}");
        let mut empty = list.clone();
        empty.payments.clear();
        let error = refused(&mut ledger, |ledger| ledger.record_sent(&empty, at(700_000)));
        assert!(matches!(error, VaultError::EmptyList), "{error}");
        // Less than is due is a list like others: what is left stays due.
        let mut part = list.clone();
        part.payments.truncate(1);
        part.payments[0].amount -= 5;
        part.payments[0].cumulative -= 5;
        ledger.record_sent(&part, at(700_000)).unwrap();
        let rest = due(&mut ledger, Some(&part.payments[0].contributor));
        assert_eq!(rest.payments[0].amount, 5);
        audit(&mut ledger);
    });
}

#[test]
fn lists_are_of_this_vault_chain_and_registry() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = due(&mut ledger, None);
        let other = Address([7; 20]);
        let alterations: [fn(&mut PaymentList, Address); 3] = [
            |list, _| list.chain_id = 1,
            |list, other| list.vault = other,
            |list, other| list.registry = other,
        ];
        for alter in alterations {
            let mut altered = list.clone();
            alter(&mut altered, other);
            let error = refused(&mut ledger, |ledger| ledger.history(&[list.clone(), altered.clone()]));
            assert!(matches!(error, VaultError::OtherList { .. }), "{error}");
            let error = refused(&mut ledger, |ledger| ledger.record_sent(&altered, at(700_000)));
            assert!(matches!(error, VaultError::OtherList { .. }), "{error}");
        }
        audit(&mut ledger);
    });
}

/// A copy that was made before a list was sent does not pay it again when the list is there; and says which
/// lists are missing where they are not.
#[test]
fn a_restored_copy_does_not_pay_again() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let Some(older) = backup(location, &folder().join("older.ledger")) else { return };
        let (carols, others) = (send(&mut ledger, Some(&CAROL)), send(&mut ledger, None));
        drop(ledger);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        let lists = [carols, others].map(|list| read_back(&list));
        // It knows of none of them: as long as they are not given, all is due.
        assert!(restored.due(None).unwrap().is_first);
        let history = restored.history(&lists).unwrap();
        assert_eq!(history, History { missing: Vec::new(), unknown: vec![0, 1] });
        for index in history.unknown {
            restored.record_sent(&lists[index], at(900_000)).unwrap();
        }
        assert_eq!(restored.history(&lists).unwrap(), History::default());
        assert!(due(&mut restored, None).payments.is_empty());
        let missing = restored.history(&lists[1..]).unwrap().missing;
        assert_eq!(missing.iter().map(|listed| listed.payments).collect::<Vec<_>>(), [1]);
        audit(&mut restored);
        mended(
            "a restored older copy paid again unasked",
            "both lists that it did not know are known, nothing is due",
        );
    });
}

/// A copy that is older than what a list pays cannot know whether it is right: it says up to which epoch to
/// settle first, and takes the list then.
#[test]
fn a_copy_older_than_the_list_says_so() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let Some(older) = backup(location, &folder().join("older.ledger")) else { return };
        let first = send(&mut ledger, None);
        open_next(&mut ledger, worlds()[1]);
        settle(&mut ledger, worlds()[1]);
        let second = send(&mut ledger, None);
        drop(ledger);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        restored.record_sent(&first, at(900_000)).unwrap();
        let error = refused(&mut restored, |ledger| ledger.record_sent(&second, at(900_000)));
        assert!(matches!(error, VaultError::ListAhead { contributor: ALICE, epoch: 5 }), "{error}");
        assert_eq!(restored.history(&[first.clone(), second.clone()]).unwrap().unknown, [1]);
        open_at(&mut restored, worlds()[1]);
        let attempt = restored.record_sent(&second, at(900_001));
        assert!(attempt.is_ok(), "{attempt:?}");
        assert!(due(&mut restored, None).payments.is_empty());
        audit(&mut restored);
    });
}

/// A copy that has settled the next epoch before anybody gave it the list of the one before takes it all the
/// same, and pays the rest.
#[test]
fn an_earlier_list_is_taken_after_a_later_settlement() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let Some(older) = backup(location, &folder().join("older.ledger")) else { return };
        let first = send(&mut ledger, None);
        drop(ledger);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        open_at(&mut restored, worlds()[1]);
        restored.record_sent(&first, at(900_002)).unwrap();
        let rest = send(&mut restored, None);
        let [alice] = &rest.payments[..] else { panic!("{rest:?}") };
        assert_eq!((alice.contributor, alice.amount), (ALICE, 1000));
        audit(&mut restored);
    });
}

/// The second epoch once more, after whatever time the restored copy knows of.
fn open_at(ledger: &mut Ledger, world: &World) {
    let now = at(900_000);
    ledger.open_epoch(&world.source, &world.verifier(), now).unwrap();
    registered(ledger, world);
    ledger.register_units(&world.units, now).unwrap();
    ledger.advance(fairshare_vault::ledger::To::End, false, now).unwrap();
    let verdicts = ledger.submit(None, &world.verifier(), &all(world), now).unwrap();
    assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
    ledger.close(None, false, now).unwrap();
    ledger.settle(None, now).unwrap();
}

#[test]
fn nothing_is_due_before_something_is_settled_or_to_who_has_earned_nothing() {
    on_each(|location| {
        let mut ledger = opened(location, worlds()[0]);
        let error = refused(&mut ledger, |ledger| ledger.due(None));
        assert!(matches!(error, VaultError::NothingSettled), "{error}");
        let error = refused(&mut ledger, |ledger| ledger.confirm(&ALICE, "0xfeed", at(1)));
        assert!(matches!(error, VaultError::NothingSent { contributor: ALICE }), "{error}");
        settle(&mut ledger, worlds()[0]);
        let stranger = Address([1; 20]);
        let error = refused(&mut ledger, |ledger| ledger.due(Some(&stranger)));
        assert!(
            matches!(error, VaultError::NothingEarned { contributor } if contributor == stranger),
            "{error}"
        );
        let error = refused(&mut ledger, |ledger| ledger.confirm(&ALICE, "0xfeed", at(700_000)));
        assert!(matches!(error, VaultError::NothingSent { contributor: ALICE }), "{error}");
        send(&mut ledger, Some(&ALICE));
        let error = refused(&mut ledger, |ledger| ledger.confirm(&ALICE, "two\nlines", at(700_000)));
        assert!(matches!(error, VaultError::Refused(Refusal::Note { what: "evidence", .. })), "{error}");
        audit(&mut ledger);
    });
}

#[test]
fn a_ledger_pays_one_way() {
    on_each(|location| {
        let mut ledger = settled(location, &FIRST);
        let list = PaymentList {
            chain_id: FIRST.policy.terms().chain_id,
            vault: FIRST.policy.terms().vault,
            registry: FIRST.policy.terms().registry,
            epoch: 4,
            entries: 1,
            head: NOBODYS,
            payments: Vec::new(),
        };
        type Attempt<'a> = &'a dyn Fn(&mut Ledger) -> Result<(), VaultError>;
        let attempts: [Attempt; 4] = [
            &|ledger| ledger.due(None).map(drop),
            &|ledger| ledger.history(&[]).map(drop),
            &|ledger| ledger.record_sent(&list, at(700_000)).map(drop),
            &|ledger| ledger.confirm(&ALICE, "0xfeed", at(700_000)).map(drop),
        ];
        for attempt in attempts {
            let error = refused(&mut ledger, attempt);
            assert!(matches!(error, VaultError::OtherRail { settlement: Settlement::Claims }), "{error}");
        }
        audit(&mut ledger);
    });
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        for epoch in [None, Some(4)] {
            let error = refused(&mut ledger, |ledger| ledger.claim_tree(epoch));
            assert!(matches!(error, VaultError::PaysByLists), "{error}");
        }
        audit(&mut ledger);
    });
}
