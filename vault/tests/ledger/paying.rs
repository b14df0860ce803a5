//! Paying by lists: due, sent, confirmed; and a copy of the ledger that knows less than the lists.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fairshare_audit::audit::{Finding, Report};
use fairshare_audit::registry::Refusal;
use fairshare_formats::ledger::Transfer;
use fairshare_formats::payments::{ListHeading, PaymentList};
use fairshare_params::address::Address;
use fairshare_params::rules::Settlement;
use fairshare_vault::database::{Access, Database, Location};
use fairshare_vault::ledger::{Confirmation, History, Misfit, Origin, Sent, Unknown};
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

/// The list with other payments.
fn altered(list: &PaymentList, alter: impl FnOnce(&mut Vec<Transfer>)) -> PaymentList {
    let mut payments = list.payments().to_vec();
    alter(&mut payments);
    PaymentList::new(list.heading, payments).expect("a list")
}

/// Why a caller does not write a list.
#[derive(Debug)]
enum Unwritten {
    DiskFull,
    Vault(VaultError),
}

impl From<VaultError> for Unwritten {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// The list that would be sent. It is not written, and so it is not sent.
fn due(ledger: &mut Ledger, contributor: Option<&Address>) -> Option<PaymentList> {
    let before = items(ledger);
    let mut list = None;
    let stopped = ledger.send(contributor, at(20_000), |due| {
        list = Some(due.clone());
        Err(Unwritten::DiskFull)
    });
    match &stopped {
        Ok(None) | Err(Unwritten::DiskFull) => assert_eq!(stopped.is_err(), list.is_some()),
        Ok(Some(sent)) => panic!("{sent:?}"),
        Err(Unwritten::Vault(error)) => panic!("{error}"),
    }
    assert_eq!(items(ledger), before);
    list
}

/// Sends a list, and reads it back.
fn send(ledger: &mut Ledger, contributor: Option<&Address>) -> PaymentList {
    let mut written = Vec::new();
    let sent = ledger.send(contributor, at(20_000), |list| {
        written.push(read_back(list));
        Ok::<_, VaultError>(())
    });
    let Sent { list, listed, more } = sent.unwrap().expect("something is due");
    assert_eq!((written, more), (vec![list.clone()], 0));
    assert_eq!(listed.payments, list.payments().len());
    list
}

fn try_send(ledger: &mut Ledger, contributor: Option<&Address>) -> Result<(), VaultError> {
    ledger.send(contributor, at(700_000), |_| Ok(())).map(drop)
}

fn payees(list: &PaymentList) -> Vec<Address> {
    list.payments().iter().map(|payment| payment.contributor).collect()
}

const fn confirmed(confirmed: usize, before: usize) -> Confirmation {
    Confirmation { confirmed, before }
}

#[test]
fn everybody_is_listed_once_for_everything_and_confirmed() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let earnings = ledger.settle(None, at(20_000)).unwrap().earnings;
        let first = due(&mut ledger, None).unwrap();
        let transfer = |earning: &fairshare_formats::ledger::Earning| Transfer {
            contributor: earning.contributor,
            amount: earning.compute + earning.data,
            cumulative: earning.cumulative,
        };
        assert_eq!(first.payments(), earnings.iter().map(transfer).collect::<Vec<_>>());
        let status = ledger.status(None).unwrap();
        assert_eq!((first.heading.entries, Some(first.heading.head)), (status.entries, status.head));
        assert_eq!((status.due, status.outstanding), (status.earned, status.earned));

        let carols = send(&mut ledger, Some(&CAROL));
        assert_eq!(payees(&carols), [CAROL]);
        assert_eq!(due(&mut ledger, Some(&CAROL)), None);
        let others = send(&mut ledger, None);
        assert_eq!(payees(&others), [ALICE, BOB]);
        assert_eq!(due(&mut ledger, None), None);

        open_next(&mut ledger, worlds()[1]);
        settle(&mut ledger, worlds()[1]);
        let second = send(&mut ledger, None);
        assert_eq!(
            (second.heading.epoch, payees(&second), second.payments()[0].amount),
            (5, vec![ALICE], 1000)
        );
        let lists = [second.clone(), carols.clone(), others.clone()];
        assert_eq!(ledger.history(&lists).unwrap().open, [1, 2, 0]);

        let status = ledger.status(None).unwrap();
        assert_eq!((status.sent, status.confirmed), (status.earned, 0));
        // Nothing is due, and all of it is outstanding until somebody says that it was paid.
        assert_eq!((status.due, status.outstanding), (0, status.earned));
        let confirm = ledger.confirm(&others, &[], "0xfeed", at(700_001)).unwrap();
        assert_eq!(confirm, confirmed(2, 0));
        let status = ledger.status(None).unwrap();
        let left = carols.payments()[0].amount + 1000;
        assert_eq!((status.confirmed, status.outstanding), (status.earned - left, left));
        assert_eq!(ledger.history(&lists).unwrap().open, [1, 0]);
        let report = audit(&mut ledger);
        assert_eq!((report.sent, report.confirmed), ((status.sent, 4), 2));
        assert_eq!(ledger.history(&[]).unwrap().missing.len(), 3);
    });
}

/// Evidence is of one list, and none is dropped: all of it is on record, or nothing is and it is said why.
#[test]
fn evidence_is_of_one_list_and_never_dropped() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let first = send(&mut ledger, None);
        open_next(&mut ledger, worlds()[1]);
        settle(&mut ledger, worlds()[1]);
        let second = send(&mut ledger, None);
        let mut confirm = |list: &PaymentList, who: &[Address], evidence: &str| {
            ledger.confirm(list, who, evidence, at(700_001))
        };
        // Alice is on both lists. What paid her by the first one did not pay the second one.
        assert_eq!(confirm(&first, &[ALICE, ALICE], "0xfeed").unwrap(), confirmed(1, 0));
        assert_eq!(confirm(&first, &[ALICE], "0xfeed").unwrap(), confirmed(0, 1));
        assert_eq!(ledger.history(&[first.clone(), second.clone()]).unwrap().open, [0, 1]);
        let entries = ledger.status(None).unwrap().entries;

        // With other evidence nothing is recorded, neither hers nor what others were paid by it.
        for who in [&[][..], &[ALICE], &[BOB, ALICE]] {
            let error = refused(&mut ledger, |ledger| ledger.confirm(&first, who, "0xbeef", at(700_001)));
            let VaultError::ConfirmedBefore { contributor: ALICE, entry, evidence } = &error else {
                panic!("{error}")
            };
            assert_eq!((*entry, evidence.as_str()), (entries, "0xfeed"));
            assert!(error.to_string().contains("\"0xfeed\""), "{error}");
        }
        // Nor if one of several is not on the list.
        let error = refused(&mut ledger, |ledger| ledger.confirm(&second, &[ALICE, BOB], "0x1", at(700_001)));
        assert!(matches!(error, VaultError::NotListed { contributor: BOB }), "{error}");
        assert_eq!(ledger.confirm(&first, &[BOB], "0xbeef", at(700_001)).unwrap(), confirmed(1, 0));
        assert_eq!(ledger.confirm(&first, &[BOB, CAROL], "0xbeef", at(700_001)).unwrap(), confirmed(1, 1));
        assert_eq!(ledger.confirm(&second, &[], "0xcafe", at(700_001)).unwrap(), confirmed(1, 0));
        let status = ledger.status(None).unwrap();
        assert_eq!(status.confirmed, status.earned);
        assert_eq!(audit(&mut ledger).confirmed, 4);
    });
}

/// A list is what it pays: given again, under whatever heading, it is the one on record.
#[test]
fn a_list_is_sent_once() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = send(&mut ledger, None);
        let before = items(&mut ledger);
        assert_eq!(ledger.record_sent(&list, at(800_000)).unwrap(), None);
        let mut elsewhere = list.clone();
        elsewhere.heading.head = NOBODYS;
        elsewhere.heading.entries = 1;
        assert_eq!(ledger.record_sent(&elsewhere, at(800_000)).unwrap(), None);
        assert_eq!(ledger.record_unfounded(&elsewhere, at(800_000)).unwrap(), None);
        assert_eq!(items(&mut ledger), before);
        let history = History { open: vec![0], ..History::default() };
        assert_eq!(ledger.history(&[list]).unwrap(), history);
        audit(&mut ledger);
    });
}

/// While one list is written, nobody computes another one: whoever asks for all is told what is left.
#[test]
fn lists_made_at_once_pay_nobody_twice() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let (asked, computed) = (AtomicBool::new(false), AtomicBool::new(false));
        let others = std::thread::scope(|scope| {
            let mut others = None;
            let carols = ledger.send(Some(&CAROL), at(700_000), |_| {
                others = Some(scope.spawn(|| {
                    asked.store(true, Ordering::SeqCst);
                    let mut ledger = Ledger::open(location, Access::Write).unwrap();
                    let sent = ledger.send(None, at(700_000), |_| {
                        computed.store(true, Ordering::SeqCst);
                        Ok::<_, VaultError>(())
                    });
                    sent.unwrap().expect("something is due").list
                }));
                while !asked.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
                std::thread::sleep(Duration::from_millis(300));
                assert!(!computed.load(Ordering::SeqCst), "another list was written at the same time");
                Ok::<_, VaultError>(())
            });
            assert_eq!(payees(&carols.unwrap().unwrap().list), [CAROL]);
            others.expect("asked").join().unwrap()
        });
        assert_eq!(payees(&others), [ALICE, BOB]);
        audit(&mut ledger);
    });
}

/// A list that pays what a list on record pays is told apart: whoever finds both may have paid twice.
#[test]
fn a_list_of_what_was_sent_is_refused() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let all = due(&mut ledger, None).unwrap();
        let carols = send(&mut ledger, Some(&CAROL)).payments()[0].cumulative;
        for attempt in [
            |ledger: &mut Ledger, all: &PaymentList| ledger.record_sent(all, at(700_000)).map(drop),
            |ledger: &mut Ledger, all: &PaymentList| ledger.record_unfounded(all, at(700_000)).map(drop),
        ] {
            let error = refused(&mut ledger, |ledger| attempt(ledger, &all));
            let is_right = matches!(error, VaultError::ListTwice { contributor: CAROL, cumulative, sent }
                if cumulative == carols && sent == carols);
            assert!(is_right, "{error}");
        }
        send(&mut ledger, None);
        audit(&mut ledger);
    });
}

#[test]
fn a_list_pays_what_is_due_and_nothing_else() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = due(&mut ledger, None).unwrap();
        let alterations: [fn(&mut Vec<Transfer>); 5] = [
            |payments| payments[0].cumulative += 1,
            |payments| payments[0].amount -= 1,
            |payments| {
                payments[0].amount += 1;
                payments[0].cumulative += 1;
            },
            |payments| payments[0].contributor = Address([1; 20]),
            |payments| (payments[0].amount, payments[0].cumulative) = (u128::MAX, u128::MAX),
        ];
        for alter in alterations {
            let altered = altered(&list, alter);
            let contributor = altered.payments()[0].contributor;
            let error = refused(&mut ledger, |ledger| ledger.record_sent(&altered, at(700_000)));
            let VaultError::ListAhead { contributor: found, epoch: 4, .. } = error else { panic!("{error}") };
            assert_eq!(found, contributor);
        }
        // One of an epoch that nobody has settled, whatever it pays, and one of nothing.
        let mut later = list.clone();
        later.heading.epoch = 5;
        let error = refused(&mut ledger, |ledger| ledger.record_sent(&later, at(700_000)));
        assert!(matches!(error, VaultError::ListAhead { epoch: 5, .. }), "{error}");
        let empty = altered(&list, Vec::clear);
        let error = refused(&mut ledger, |ledger| ledger.record_sent(&empty, at(700_000)));
        assert!(matches!(error, VaultError::EmptyList), "{error}");
        // Less than is due is a list like others: what is left stays due.
        let part = altered(&list, |payments| {
            payments.truncate(1);
            payments[0].amount -= 5;
            payments[0].cumulative -= 5;
        });
        ledger.record_sent(&part, at(700_000)).unwrap();
        let rest = due(&mut ledger, Some(&payees(&part)[0])).unwrap();
        assert_eq!(rest.payments()[0].amount, 5);
        audit(&mut ledger);
    });
}

/// Whoever may insert rows is paid by none that no settlement has put there, and nobody else is until it is
/// put right: what a list pays is held to the root that the settlement fixed.
#[test]
fn nobody_is_listed_for_what_no_settlement_gives() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let sql = "INSERT INTO earnings (entry, contributor, compute, data, cumulative) SELECT max(entry),
            '0x1111111111111111111111111111111111111111', '7', '0', '7' FROM earnings";
        let mut database = Database::open(location, Access::Write).unwrap();
        database.write(|transaction| transaction.execute(sql, &[])).unwrap();
        let send = |ledger: &mut Ledger| ledger.send(None, at(20_000), |_| Ok::<_, VaultError>(()));
        let error = refused(&mut ledger, send);
        assert!(matches!(error, VaultError::EarnedOtherwise { epoch: 4 }), "{error}");
    });
}

#[test]
fn lists_are_of_this_vault_chain_and_registry() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = due(&mut ledger, None).unwrap();
        let other = Address([7; 20]);
        let alterations: [fn(&mut ListHeading, Address); 3] = [
            |heading, _| heading.chain_id = 1,
            |heading, other| heading.vault = other,
            |heading, other| heading.registry = other,
        ];
        for alter in alterations {
            let mut altered = list.clone();
            alter(&mut altered.heading, other);
            let error = refused(&mut ledger, |ledger| ledger.history(&[list.clone(), altered.clone()]));
            assert!(matches!(error, VaultError::OtherList { .. }), "{error}");
            let error = refused(&mut ledger, |ledger| ledger.record_sent(&altered, at(700_000)));
            assert!(matches!(error, VaultError::OtherList { .. }), "{error}");
            let error = refused(&mut ledger, |ledger| ledger.confirm(&altered, &[], "0xfeed", at(700_000)));
            assert!(matches!(error, VaultError::OtherList { .. }), "{error}");
        }
        audit(&mut ledger);
    });
}

/// A ledger, and a copy of it that is older than whatever is done from here on.
fn with_older(location: &Location) -> (Ledger, Location) {
    drop(settled(location, worlds()[0]));
    let older = backup(location);
    (Ledger::open(location, Access::Write).unwrap(), older)
}

/// A copy that is older than two lists, the second of an epoch that it has not, and the lists.
fn two_lists(location: &Location) -> (Location, [PaymentList; 2]) {
    let (mut ledger, older) = with_older(location);
    let first = send(&mut ledger, None);
    open_next(&mut ledger, worlds()[1]);
    settle(&mut ledger, worlds()[1]);
    let second = send(&mut ledger, None);
    (older, [first, second])
}

/// A copy that was made before a list was sent does not pay it again when the list is there; and says which
/// lists are missing where they are not.
#[test]
fn a_restored_copy_does_not_pay_again() {
    on_each(|location| {
        let (mut ledger, older) = with_older(location);
        let (carols, others) = (send(&mut ledger, Some(&CAROL)), send(&mut ledger, None));
        drop(ledger);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        let end = restored.status(None).unwrap();
        let lists = [carols, others].map(|list| read_back(&list));
        // It knows of none of them: as long as they are not given, all is due.
        assert_eq!(payees(&due(&mut restored, None).unwrap()), [ALICE, BOB, CAROL]);
        let history = restored.history(&lists).unwrap();
        // The first list was written after the last entry that the copy has. The second one, after another.
        let theirs = (lists[1].heading.entries, lists[1].heading.head);
        assert_eq!(theirs.0, end.entries + 1);
        let ours = (end.entries, end.head.unwrap());
        let unknown = vec![
            Unknown { position: 0, origin: Origin::Own },
            Unknown { position: 1, origin: Origin::Other { theirs, ours } },
        ];
        assert_eq!(history, History { unknown, ..History::default() });
        restored.record_sent(&lists[0], at(900_000)).unwrap();
        // The copy has that entry now, but at another time, and so with another head.
        let [Unknown { position: 1, origin: Origin::Other { theirs: found, ours } }] =
            restored.history(&lists).unwrap().unknown[..]
        else {
            panic!("one list is unknown, of another ledger")
        };
        assert_eq!((found, ours.0), (theirs, theirs.0));
        assert_ne!(ours.1, theirs.1);
        restored.record_sent(&lists[1], at(900_000)).unwrap();
        assert_eq!(restored.history(&lists).unwrap(), History { open: vec![0, 1], ..History::default() });
        assert_eq!(due(&mut restored, None), None);
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
        let (older, [first, second]) = two_lists(location);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        restored.record_sent(&first, at(900_000)).unwrap();
        let error = refused(&mut restored, |ledger| ledger.record_sent(&second, at(900_000)));
        assert!(matches!(error, VaultError::ListAhead { contributor: ALICE, epoch: 5, .. }), "{error}");
        let unknown = restored.history(&[first.clone(), second.clone()]).unwrap().unknown;
        assert_eq!(unknown.iter().map(|unknown| unknown.position).collect::<Vec<_>>(), [1]);
        open_at(&mut restored, worlds()[1]);
        let attempt = restored.record_sent(&second, at(900_001));
        assert!(attempt.is_ok(), "{attempt:?}");
        assert_eq!(due(&mut restored, None), None);
        audit(&mut restored);
    });
}

/// What an audit finds, as the ledger's end leaves it.
fn differences(ledger: &mut Ledger) -> Report {
    let bytes = archived(items(ledger));
    auditor().archive(&bytes[..], &Default::default()).expect("an archive")
}

/// A list that pays what the copy has lost for good: what was told to be paid is not due any more, nobody
/// else waits for it, and every audit names it, and nothing else.
#[test]
fn a_list_of_what_is_lost_is_recorded_as_it_is() {
    on_each(|location| {
        let (older, [first, second]) = two_lists(location);
        // The first list is lost, too: the second one says alone what Alice was paid before it.
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        let [alices] = second.payments() else { panic!("{second:?}") };
        let earned = alices.cumulative - 1000;
        let misfits = restored.record_unfounded(&second, at(900_000)).unwrap();
        assert_eq!(misfits, Some(vec![Misfit { payment: *alices, sent: 0, earned }]));
        assert_eq!(due(&mut restored, Some(&ALICE)), None);
        assert_eq!(payees(&send(&mut restored, None)), [BOB, CAROL]);
        // The first one pays what is on record by now.
        let error = refused(&mut restored, |ledger| ledger.record_unfounded(&first, at(900_000)));
        assert!(matches!(error, VaultError::ListTwice { contributor: ALICE, .. }), "{error}");
        let named = |ledger: &mut Ledger| -> Vec<String> {
            let report = differences(ledger);
            report.lines().map(|line| line.to_string()).collect()
        };
        let found = named(&mut restored);
        let payment = Finding::Payment { contributor: ALICE, recorded: 1000, due: earned }.to_string();
        let early = Finding::PaidEarly { epoch: 5 }.to_string();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!([early, payment].iter().zip(&found).all(|(part, line)| line.contains(part)), "{found:?}");
        // What is settled later pays the difference only, and no audit finds more.
        open_at(&mut restored, worlds()[1]);
        assert_eq!(due(&mut restored, None), None);
        assert_eq!(named(&mut restored), found);
    });
}

/// However much altered lists say, lists never add up to more than can be told, and the others are paid.
#[test]
fn lists_of_more_than_there_can_be_are_refused() {
    on_each(|location| {
        let mut ledger = settled(location, worlds()[0]);
        let list = due(&mut ledger, None).unwrap();
        let of_alice = |amount: u128| {
            altered(&list, |payments| {
                payments.truncate(1);
                (payments[0].amount, payments[0].cumulative) = (amount, amount);
            })
        };
        for most in [u128::MAX, 1 << 127] {
            let most = of_alice(most);
            let error = refused(&mut ledger, |ledger| ledger.record_unfounded(&most, at(700_000)));
            assert!(matches!(error, VaultError::ListTooMuch { epoch: 4 }), "{error}");
        }
        ledger.record_unfounded(&of_alice((1 << 127) - 1), at(700_000)).unwrap();
        let error = refused(&mut ledger, |ledger| {
            let bobs = altered(&list, |payments| {
                payments.retain(|payment| payment.contributor == BOB);
                payments[0].cumulative += 1;
            });
            ledger.record_unfounded(&bobs, at(700_000))
        });
        assert!(matches!(error, VaultError::ListTooMuch { epoch: 4 }), "{error}");
        // Whatever was altered, the others are paid.
        assert_eq!(payees(&send(&mut ledger, None)), [BOB, CAROL]);
        ledger.status(None).unwrap();
    });
}

/// A copy that has settled the next epoch before anybody gave it the list of the one before takes it all the
/// same, and pays the rest.
#[test]
fn an_earlier_list_is_taken_after_a_later_settlement() {
    on_each(|location| {
        let (mut ledger, older) = with_older(location);
        let first = send(&mut ledger, None);
        drop(ledger);
        let mut restored = Ledger::open(&older, Access::Write).unwrap();
        open_at(&mut restored, worlds()[1]);
        restored.record_sent(&first, at(900_002)).unwrap();
        let rest = send(&mut restored, None);
        let [alice] = rest.payments() else { panic!("{rest:?}") };
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
        let error = refused(&mut ledger, |ledger| try_send(ledger, None));
        assert!(matches!(error, VaultError::NothingSettled), "{error}");
        settle(&mut ledger, worlds()[0]);
        let stranger = Address([1; 20]);
        let error = refused(&mut ledger, |ledger| try_send(ledger, Some(&stranger)));
        assert!(
            matches!(error, VaultError::NothingEarned { contributor } if contributor == stranger),
            "{error}"
        );
        // What nobody has sent is not confirmed.
        let list = due(&mut ledger, Some(&ALICE)).unwrap();
        let error = refused(&mut ledger, |ledger| ledger.confirm(&list, &[], "0xfeed", at(700_000)));
        assert!(matches!(error, VaultError::UnknownList { epoch: 4 }), "{error}");
        send(&mut ledger, Some(&ALICE));
        let error = refused(&mut ledger, |ledger| ledger.confirm(&list, &[], "two\nlines", at(700_000)));
        assert!(matches!(error, VaultError::Refused(Refusal::Note { what: "evidence", .. })), "{error}");
        audit(&mut ledger);
    });
}

#[test]
fn a_ledger_pays_one_way() {
    on_each(|location| {
        let mut ledger = settled(location, &FIRST);
        let heading = ListHeading {
            chain_id: FIRST.policy.terms().chain_id,
            vault: FIRST.policy.terms().vault,
            registry: FIRST.policy.terms().registry,
            epoch: 4,
            number: 1,
            entries: 1,
            head: NOBODYS,
        };
        let list = PaymentList::new(heading, Vec::new()).unwrap();
        type Attempt<'a> = &'a dyn Fn(&mut Ledger) -> Result<(), VaultError>;
        let attempts: [Attempt; 5] = [
            &|ledger| try_send(ledger, None),
            &|ledger| ledger.history(&[]).map(drop),
            &|ledger| ledger.record_sent(&list, at(700_000)).map(drop),
            &|ledger| ledger.record_unfounded(&list, at(700_000)).map(drop),
            &|ledger| ledger.confirm(&list, &[ALICE], "0xfeed", at(700_000)).map(drop),
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
