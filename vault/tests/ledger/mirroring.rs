//! Ledgers that follow a chain: what comes of its events, however they are cut, and who may write.

use fairshare_audit::registry::{Refusal, State};
use fairshare_formats::archive::Item;
use fairshare_formats::ledger::{Event, Kind};
use fairshare_params::encoding::Digest;
use fairshare_vault::database::{Access, Database, Location};
use fairshare_vault::ledger::{Batch, ChainEvent, Cursor, Target, To};
use fairshare_vault::{Ledger, MirrorError, VaultError};

use crate::chain::*;
use crate::world::*;

fn kinds(ledger: &mut Ledger) -> Vec<(Kind, u64)> {
    let entry = |item: Item| match item {
        Item::Heading(_) => None,
        Item::Entry(stored, _) => {
            Some((stored.event.kind(), stored.time.unix_seconds() - at(0).unix_seconds()))
        }
    };
    items(ledger).into_iter().filter_map(entry).collect()
}

/// Rows that stand beside the entries.
fn rows(location: &Location) -> String {
    let mut database = Database::open(location, Access::Read).unwrap();
    let tables =
        ["followed", "recorded", "pools", "claims", "spans", "datasets", "strikes", "nodes", "bundles"];
    let mut rows = Vec::new();
    for table in tables {
        let found = database.read(|transaction| transaction.query(&format!("SELECT * FROM {table}"), &[]));
        let mut found: Vec<_> = found.unwrap().iter().map(|row| format!("{table} {row:?}")).collect();
        found.sort();
        rows.extend(found);
    }
    rows.join("\n")
}

#[test]
fn what_happens_on_a_chain_becomes_a_ledger_that_audits_clean() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = Ledger::open(location, Access::Create).unwrap();
        assert_eq!(ledger.cursor().unwrap(), None);
        let mirrored = mirror(&mut ledger, &batch(&events, None, events.len()));
        assert_eq!(mirrored.settled, [4, 5]);
        assert_eq!(ledger.cursor().unwrap(), Some(cursor(events.len())));
        assert_eq!(ledger.beside().unwrap(), []);
        let expected = [
            (Kind::Rules, 100),
            (Kind::Rounds, 100),
            (Kind::Registration, 100),
            (Kind::Rounds, 200),
            (Kind::Registration, 210),
            (Kind::Rounds, 300),
            (Kind::Registration, 310),
            (Kind::StrikeNode, 320),
            (Kind::Rounds, 400),
            (Kind::Units, 10_000),
            (Kind::Ended, 10_000),
            (Kind::StrikeData, 10_100),
            (Kind::Bundle, 10_200),
            (Kind::Rules, 11_000),
            (Kind::Rounds, 11_000),
            (Kind::Bundle, 11_100),
            (Kind::Registration, 11_200),
            (Kind::Bundle, 12_000),
            // The second one's last round was passed over, and its rules name no pool.
            (Kind::Rounds, 20_000),
            (Kind::Units, 20_000),
            (Kind::Ended, 20_000),
            (Kind::Funded, 20_000),
            (Kind::Bundle, 20_000),
            (Kind::Bundle, OPEN[0]),
            // A second after the last one at which no claim is paid, before what happens then.
            (Kind::Closed, OPEN[0] + 1),
            (Kind::Settled, OPEN[0] + 1),
            (Kind::Bundle, OPEN[0] + 1),
            (Kind::Confirmed, OPEN[0] + 2),
            (Kind::Closed, OPEN[1] + 1),
            (Kind::Settled, OPEN[1] + 1),
            (Kind::Confirmed, OPEN[1] + 50),
            (Kind::Confirmed, OPEN[1] + 50),
        ];
        assert_eq!(kinds(&mut ledger), expected);
        assert_eq!(mirrored.appended, expected.len() as u64);
        let report = audit(&mut ledger);
        assert_eq!(report.bundles, 6);
        let pools: Vec<_> = report.epochs.iter().map(|epoch| epoch.pool).collect();
        assert_eq!(pools, [Some(CONTRACTS[0].policy.terms().pool), Some(FUNDED)]);
        let paid = CONTRACTS[0].policy.terms().pool + FUNDED;
        let status = ledger.status(None).unwrap();
        assert_eq!(status.epochs.iter().map(|epoch| epoch.epoch.state).max(), Some(State::Settled));
        assert!(status.earned > paid - 10 && status.earned <= paid);
        // Carol has claimed nothing.
        assert_eq!(report.claimed, (status.confirmed, 3));
        let carols = shares(&CONTRACTS[0], paid - FUNDED, &Default::default(), &[0, 1, 2, 3]).payouts[&CAROL];
        assert_eq!(status.outstanding, carols.total());
        assert_eq!(status.confirmed, status.earned - carols.total());
        let [Item::Entry(last, _)] = &items(&mut ledger)[32..] else { panic!("32 entries") };
        let Event::Confirmed { contributor: ALICE, evidence, .. } = &last.event else { panic!("{last:?}") };
        assert_eq!(*evidence, Digest([4; 32]).to_string());
    });
}

/// Whoever reads archives alone has the same claims as of any other ledger.
#[test]
fn a_mirrored_ledger_has_a_tree_of_claims_like_any_other() {
    let location = Location::File(root().join(format!("{}.ledger", count())));
    let mut ledger = following(&location, &both_epochs());
    let tree = ledger.claim_tree(None).unwrap().expect("somebody has earned something");
    assert_eq!(tree.total(), ledger.status(None).unwrap().earned);
    assert_eq!(audit(&mut ledger).epochs[1].root, Some(tree.root()));
}

#[test]
fn however_a_chain_is_cut_the_same_entries_and_rows_come_of_it() {
    let events = both_epochs();
    let file = || Location::File(root().join(format!("{}.ledger", count())));
    let whole = file();
    let mut ledger = following(&whole, &events);
    let (entries, beside) = (items(&mut ledger), rows(&whole));
    let every: Vec<_> = (0..events.len()).collect();
    let mut cuts: Vec<Vec<usize>> = every.iter().map(|place| vec![*place]).collect();
    cuts.extend([every.clone(), every.iter().copied().step_by(3).collect()]);
    for places in cuts {
        let location = file();
        // Every batch by a program of its own, as if the one before had died.
        for batch in cut(&events, &places) {
            let mut ledger = Ledger::open(&location, Access::Create).unwrap();
            assert_eq!(ledger.cursor().unwrap(), batch.after);
            mirror(&mut ledger, &batch);
            assert_eq!(ledger.cursor().unwrap(), Some(batch.until));
        }
        let mut ledger = Ledger::open(&location, Access::Read).unwrap();
        assert_eq!(items(&mut ledger), entries, "{places:?}");
        assert_eq!(rows(&location), beside, "{places:?}");
    }
}

/// An epoch is closed as soon as the chain is past its time, whether anything happens then or not; and as
/// long as it is not, it is open.
#[test]
fn an_epoch_is_closed_by_the_time_of_a_block_alone() {
    on_each(|location| {
        let mut events = up_to_claims();
        events.truncate(events.len() - 1);
        let mut ledger = following(location, &events);
        let count = events.len();
        let next = |place: usize, seconds: u64| Batch {
            after: Some(cursor(place - 1)),
            until: cursor(place),
            time: at(seconds),
            ..batch(&events, Some(count), count)
        };
        assert_eq!(mirror(&mut ledger, &next(count + 1, OPEN[0])).settled, [0u64; 0]);
        audit(&mut ledger);
        assert_eq!(mirror(&mut ledger, &next(count + 2, OPEN[0] + 1)).settled, [4]);
        assert_eq!(mirror(&mut ledger, &next(count + 3, OPEN[1] + 9_000)).settled, [5]);
        let end = kinds(&mut ledger);
        assert_eq!(end[end.len() - 1], (Kind::Settled, OPEN[1] + 1));
        let report = audit(&mut ledger);
        // The second one's data was not proved.
        assert_eq!(report.epochs[1].left.data, (FUNDED * 3).into());
    });
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = following(location, &events[..20]);
        let (before, beside) = (items(&mut ledger), rows(location));
        let mut wrong = events.clone();
        let last = wrong.len() - 1;
        let ChainEvent::Claimed { compute, .. } = &mut wrong[last].event else { panic!("a claim") };
        *compute += 1;
        let error = ledger.mirror(&batch(&wrong, Some(20), wrong.len())).unwrap_err();
        assert!(matches!(error, VaultError::Mirror(_)), "{error}");
        assert_eq!((items(&mut ledger), rows(location)), (before, beside));
        assert_eq!(ledger.cursor().unwrap(), Some(cursor(20)));
        mirror(&mut ledger, &batch(&events, Some(20), events.len()));
        audit(&mut ledger);
    });
}

fn mirror_error(error: VaultError) -> MirrorError {
    match error {
        VaultError::Mirror(error) => *error,
        other => panic!("{other}"),
    }
}

/// Two programs follow one chain at once: the second one's batch was made for where the ledger stood before.
#[test]
fn a_batch_goes_on_from_where_the_ledger_stands() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = following(location, &events[..9]);
        for from in [None, Some(8), Some(10)] {
            let error = refused(&mut ledger, |ledger| ledger.mirror(&batch(&events, from, 12)));
            let plain = |at: usize| (cursor(at).number, cursor(at).hash);
            let MirrorError::Cursor { expected, recorded } = mirror_error(error) else { panic!("{from:?}") };
            assert_eq!((expected, recorded), (from.map(plain), Some(plain(9))));
        }
        // Another block of that number: the chain was another one.
        let mut other = batch(&events, Some(9), 12);
        other.after = Some(Cursor { hash: Digest([1; 32]), ..cursor(9) });
        let error = refused(&mut ledger, |ledger| ledger.mirror(&other));
        assert!(matches!(mirror_error(error), MirrorError::Cursor { .. }));
        // No blocks, and blocks that are older.
        for to in [8, 9] {
            let back = Batch { until: cursor(to), ..batch(&events, Some(9), 9) };
            let error = refused(&mut ledger, |ledger| ledger.mirror(&back));
            assert!(matches!(mirror_error(error), MirrorError::Backwards { before: 10, .. }));
        }
        let mut early = batch(&events, Some(9), 12);
        early.events[0].time = at(309);
        let error = refused(&mut ledger, |ledger| ledger.mirror(&early));
        assert!(matches!(mirror_error(error), MirrorError::Backwards { .. }));
        // The last block is not before its events, and no event before the block that was looked at last.
        let late = Batch { time: at(309), ..batch(&events, Some(9), 12) };
        let error = refused(&mut ledger, |ledger| ledger.mirror(&late));
        assert!(matches!(mirror_error(error), MirrorError::Backwards { .. }));
        let looked = Batch { time: at(9_000), until: cursor(20), ..batch(&events, Some(9), 9) };
        mirror(&mut ledger, &looked);
        let old = Batch { after: Some(cursor(20)), until: cursor(21), ..batch(&events, Some(9), 12) };
        let error = refused(&mut ledger, |ledger| ledger.mirror(&old));
        let MirrorError::Backwards { before, .. } = mirror_error(error) else { panic!("taken") };
        assert_eq!(before, at(9_000).unix_seconds());
    });
}

/// Times ascend within a batch, too.
#[test]
fn events_happen_in_the_order_of_the_chain() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = following(location, &events[..9]);
        let mut early = batch(&events, Some(9), 12);
        early.events[0].time = at(100_000);
        let error = refused(&mut ledger, |ledger| ledger.mirror(&early));
        assert!(matches!(mirror_error(error), MirrorError::Backwards { .. }));
        mirror(&mut ledger, &batch(&events, Some(9), events.len()));
    });
}

#[test]
fn a_ledger_follows_one_vault() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = following(location, &events[..0]);
        let identity = identity();
        assert_eq!(ledger.identity().unwrap(), identity);
        for other in [
            fairshare_audit::registry::Identity { chain_id: 5, ..identity.clone() },
            fairshare_audit::registry::Identity { registry: ALICE, ..identity.clone() },
            fairshare_audit::registry::Identity { subnet: "other".to_owned(), ..identity.clone() },
        ] {
            let other = Batch { identity: other, ..batch(&events, Some(0), 1) };
            let error = ledger.mirror(&other).unwrap_err();
            assert!(matches!(error, VaultError::Refused(Refusal::OtherVault { .. })), "{error}");
        }
        // Nor is the policy another vault's.
        let foreign = happened(100, began(&FIRST));
        let foreign = Batch { events: vec![foreign], ..batch(&events, Some(0), 1) };
        let error = ledger.mirror(&foreign).unwrap_err();
        assert!(matches!(error, VaultError::Refused(Refusal::OtherVault { .. })), "{error}");
        assert!(matches!(ledger.epoch(None).unwrap_err(), VaultError::NoneBegan));
        mirror(&mut ledger, &batch(&events, Some(0), events.len()));
    });
}

/// A ledger that an operator keeps follows nothing.
#[test]
fn an_operators_ledger_follows_no_chain() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let events = both_epochs();
        let error = refused(&mut ledger, |ledger| ledger.mirror(&batch(&events, None, 3)));
        assert!(matches!(error, VaultError::Refused(Refusal::OtherVault { .. })), "{error}");
        let own = fairshare_audit::registry::Identity::of(&FIRST.policy);
        let own = Batch { identity: own, ..batch(&events, None, 3) };
        let error = refused(&mut ledger, |ledger| ledger.mirror(&own));
        assert!(matches!(mirror_error(error), MirrorError::Settlement { .. }));
        assert_eq!(ledger.cursor().unwrap(), None);
        audit(&mut ledger);
    });
}

#[test]
fn nothing_else_writes_a_ledger_that_follows_a_chain() {
    on_each(|location| {
        let world = &CONTRACTS[0];
        let mut ledger = following(location, &up_to_claims());
        let digest = *world.registrations[0].unsigned().request().digest();
        let (verifier, now) = (world.verifier(), at(900_000));
        type Act<'a> = Box<dyn Fn(&mut Ledger) -> Result<(), VaultError> + 'a>;
        let acts: [Act<'_>; 9] = [
            Box::new(|ledger| ledger.open_epoch(&FIRST.source, &FIRST.verifier(), now).map(drop)),
            Box::new(|ledger| ledger.advance(To::Next, false, now).map(drop)),
            Box::new(|ledger| ledger.register(&world.registrations, now).map(drop)),
            Box::new(|ledger| ledger.register_units(&world.units, now).map(drop)),
            Box::new(|ledger| ledger.strike(Target::Data(digest), "copied", now).map(drop)),
            Box::new(|ledger| ledger.submit(Some(4), &verifier, &all(world), now).map(drop)),
            Box::new(|ledger| ledger.close(None, true, now).map(drop)),
            Box::new(|ledger| ledger.settle(None, now).map(drop)),
            Box::new(|ledger| ledger.send(None, now, |_| Ok::<_, VaultError>(())).map(drop)),
        ];
        for act in acts {
            let error = refused(&mut ledger, act);
            assert!(matches!(error, VaultError::FollowsChain), "{error}");
            assert!(error.to_string().contains("fairshare chain sync"), "{error}");
        }
        // The policy of a contract is refused with the same advice.
        let error = refused(&mut ledger, |ledger| ledger.open_epoch(&world.source, &verifier, now));
        assert!(matches!(error, VaultError::Refused(Refusal::ContractSettles { epoch: 4 })), "{error}");
        assert!(error.to_string().contains("fairshare chain sync"), "{error}");
        audit(&mut ledger);
    });
}

/// A row that stands there before an epoch is closed settles nothing here either.
#[test]
fn nothing_is_mirrored_past_a_row_of_somebody_elses_making() {
    on_each(|location| {
        let events = both_epochs();
        let mut ledger = following(location, &events[..20]);
        let node = fairshare_formats::eip55::checksummed(&BOB);
        let forged = format!(
            "INSERT INTO bundles SELECT id, '4', 'data', '{node}', '100000000', 2000, '10', '{NOBODYS}'
                FROM entries WHERE kind = 'ended'"
        );
        let mut database = Database::open(location, Access::Write).unwrap();
        database.write(|transaction| transaction.execute(&forged, &[])).unwrap();
        let next = batch(&events, Some(20), events.len());
        let error = refused(&mut ledger, |ledger| ledger.mirror(&next));
        assert!(matches!(error, VaultError::Beside { table: "bundles", .. }), "{error}");
    });
}

/// As of the other tables: the rows of `mirror` stay, but for the cursor.
#[test]
fn rows_of_a_mirrored_ledger_stay() {
    on_each(|location| {
        drop(following(location, &both_epochs()));
        let meddle = |sql: &str| {
            let mut database = Database::open(location, Access::Write).unwrap();
            database.write(|transaction| transaction.execute(sql, &[]))
        };
        for (table, column) in
            [("followed", "subnet"), ("recorded", "units"), ("pools", "pool"), ("claims", "evidence")]
        {
            for sql in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
                assert!(meddle(&sql).is_err(), "{sql}");
            }
        }
        for again in [
            "INSERT INTO pools SELECT entry + 1, epoch, pool FROM pools",
            "INSERT INTO claims SELECT entry - 1, contributor, cumulative, evidence FROM claims",
            "INSERT INTO recorded SELECT * FROM recorded",
            "INSERT INTO followed SELECT 2, chain_id, vault, registry, subnet FROM followed",
            "INSERT INTO cursors SELECT 2, number, hash, time FROM cursors",
        ] {
            assert!(meddle(again).is_err(), "{again}");
        }
        // Rows that no entry gives are found.
        let mut ledger = Ledger::open(location, Access::Write).unwrap();
        for (table, values) in [("pools", "'9', '5'"), ("claims", "'nobody', '5', 'x'")] {
            let before = ledger.beside().unwrap().len();
            meddle(&format!("INSERT INTO {table} SELECT min(id), {values} FROM entries")).unwrap();
            let found = ledger.beside().unwrap();
            assert_eq!(found.len(), before + 1);
            assert!(found.iter().any(|beside| beside.table == table), "{found:?}");
        }
    });
}
