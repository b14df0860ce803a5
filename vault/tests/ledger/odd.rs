//! What a contract accepts from whoever acts oddly: it is recorded, and stops nobody.

use fairshare_audit::settlement::pools;
use fairshare_formats::archive::Item;
use fairshare_formats::ledger::{Event, Tenths};
use fairshare_formats::registry::{MAX_SIGNATURE_BYTES, RegistryFileError, recorded_from_json};
use fairshare_formats::units::UnitsError;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{ChainEvent, Happened};
use fairshare_vault::{Ledger, MirrorError, VaultError};

use crate::chain::*;
use crate::world::*;

fn file() -> Location {
    Location::File(root().join(format!("{}.ledger", count())))
}

/// The first epoch's first round, and whatever happens in it.
fn in_the_first_round(odd: Vec<ChainEvent>) -> Vec<Happened> {
    let events = [began(&CONTRACTS[0])].into_iter().chain(odd);
    (100..).zip(events).map(|(seconds, event)| happened(seconds, event)).collect()
}

/// The end of the first epoch, with all that it needs.
fn end(events: &mut Vec<Happened>) {
    let world = &CONTRACTS[0];
    events.push(happened(10_000, ended(world, world.policy.terms().pool, OPEN[0])));
}

fn registrations(ledger: &mut Ledger) -> Vec<Vec<u8>> {
    let file = |item: Item| match item {
        Item::Entry(stored, files) if matches!(stored.event, Event::Registration { .. }) => {
            Some(files.into_single())
        }
        _ => None,
    };
    items(ledger).into_iter().filter_map(file).collect()
}

#[test]
fn a_signature_of_any_length_is_kept() {
    let lengths = [0, 1, 64, 65, 66, 200_000];
    for length in lengths {
        let signature = vec![0xab; length];
        let events = in_the_first_round(vec![data_came(&CONTRACTS[0], 0, &signature)]);
        let mut ledger = following(&file(), &events);
        let [file] = &registrations(&mut ledger)[..] else { panic!("one") };
        assert_eq!(recorded_from_json(file).unwrap().signature(), signature);
        let text = std::str::from_utf8(file).unwrap();
        assert!(text.contains(&format!("\"signature\": \"0x{}\"", "ab".repeat(length))));
        assert_eq!(ledger.beside().unwrap(), []);
        audit(&mut ledger);
    }
    // Longer than any block can hold.
    let next = data_came(&CONTRACTS[0], 0, &vec![0; MAX_SIGNATURE_BYTES + 1]);
    let error = refusal(&file(), &in_the_first_round(vec![]), happened(2_000, next));
    let VaultError::Mirror(error) = error else { panic!("{error}") };
    let MirrorError::Registration { source, .. } = *error else { panic!("{error}") };
    assert!(matches!(*source, RegistryFileError::Recorded(_)), "{source}");
    let mut events = in_the_first_round(vec![data_came(&CONTRACTS[0], 0, &vec![0; MAX_SIGNATURE_BYTES])]);
    end(&mut events);
    audit(&mut following(&file(), &events));
}

/// What the contributor says of an upload is nobody's to check, if its path leads to its root.
#[test]
fn what_a_contributor_says_of_an_upload_is_kept_as_it_is() {
    let world = &CONTRACTS[0];
    for (length, upload_tx, last_round) in [
        (0, Digest([0; 32]), 10),
        (1, Digest([1; 32]), 11),
        (u64::MAX, Digest([0xff; 32]), u64::MAX),
        (1 << 33, Digest([9; 32]), 1 << 60),
    ] {
        let mut own = registration(world, 0);
        let shown = evidence(&own.digest);
        (own.root, own.path) = (shown.storage_root, shown.path);
        (own.length, own.upload_tx, own.last_round) = (length, upload_tx, last_round);
        let event = ChainEvent::DataRegistered { round: 10, registration: own, signature: Vec::new() };
        let mut ledger = following(&file(), &in_the_first_round(vec![event]));
        let [file] = &registrations(&mut ledger)[..] else { panic!("one") };
        let recorded = recorded_from_json(file).unwrap();
        let shown = recorded.unsigned().evidence().expect("evidence");
        assert_eq!((shown.byte_length, shown.transaction_hash), (length, upload_tx));
        assert_eq!(recorded.unsigned().last_round(), last_round);
        assert_eq!(ledger.beside().unwrap(), []);
        audit(&mut ledger);
    }
}

/// Reasons are bytes of whatever kind; a node may be struck that has no units, and data between epochs.
#[test]
fn a_strike_is_kept_whatever_its_reason_is() {
    let world = &CONTRACTS[0];
    let digest = *world.registrations[0].unsigned().request().digest();
    let replaced = "\u{fffd}".repeat(1_000);
    let cut = "\u{fffd}".repeat(332) + "…";
    for (reason, kept) in [
        ("plain", "plain"),
        ("\u{0}", "\\u{0}"),
        ("a\nb", "a\\u{a}b"),
        (" ", "\\u{20}"),
        ("a\u{202e}b\u{1b}[2J", "a\\u{202e}b\\u{1b}[2J"),
        ("\\u{0}", "\\u{0}"),
        (&replaced, &cut),
    ] {
        on_each(|location| {
            let strike = |node| ChainEvent::NodeStruck { epoch: 4, node, reason: reason.to_owned() };
            let mut events = in_the_first_round(vec![data_came(world, 0, &[]), strike(BOB), strike(CAROL)]);
            end(&mut events);
            events.push(happened(10_001, ChainEvent::DataStruck { digest, reason: reason.to_owned() }));
            let report = audit(&mut following(location, &events));
            let reasons: Vec<_> = report.strikes.iter().map(|strike| strike.reason.as_str()).collect();
            assert_eq!(reasons, [kept; 3]);
        });
    }
}

/// Nobody has to prove anything: what is not proved by the deadline weighs nothing, for computing power too,
/// and its pool is carried.
#[test]
fn an_epoch_that_nobody_proves_is_settled() {
    let [first, second] = &*CONTRACTS;
    let pool = first.policy.terms().pool;
    for bundles in [&[][..], &[0], &[2], &[1, 3]] {
        let is_missing = |happened: &Happened| match &happened.event {
            ChainEvent::BundleTaken { bytes, .. } => {
                !bundles.iter().any(|index| first.bundles[*index].bytes == *bytes)
            }
            _ => false,
        };
        let mut events = up_to_claims();
        events.retain(|happened| !is_missing(happened));
        let one = shares(first, pool, &Default::default(), bundles);
        let two = shares(second, FUNDED, &one.carry, &[]);
        for (epoch, pool, brought, carried) in
            [(4, pool, Tenths::default(), &one.carry), (5, FUNDED, one.carry.clone(), &two.carry)]
        {
            let [compute, data] = pools(pool, &brought);
            let divided = Tenths { compute: compute - &carried.compute, data: data - &carried.data };
            let carried = carried.clone();
            events.push(happened(OPEN[1] + 9, ChainEvent::EpochSettled { epoch, divided, carried }));
        }
        for contributor in one.payouts.keys() {
            events.push(happened(OPEN[1] + 10, claimed(4, *contributor, &one)));
        }
        let mut ledger = following(&file(), &events);
        let status = ledger.status(None).unwrap();
        assert_eq!((status.carried, status.outstanding), (two.carry, 0), "{bundles:?}");
        audit(&mut ledger);
    }
}

/// An epoch without any units has no entry of them, and one of which nothing at all came is settled.
#[test]
fn an_epoch_in_which_nothing_happens_is_settled() {
    let mut events = in_the_first_round(vec![]);
    end(&mut events);
    events.push(happened(OPEN[0] + 1, began(&CONTRACTS[1])));
    events.push(happened(OPEN[0] + 2, ended(&CONTRACTS[1], 0, OPEN[0] + 2 + PROVING)));
    events.push(happened(OPEN[1] * 3, divided_nothing(5)));
    let mut ledger = following(&file(), &events);
    assert_eq!(ledger.units(Some(4)).unwrap(), None);
    let report = audit(&mut ledger);
    assert_eq!(report.epochs[1].pool, Some(0));
    assert_eq!(report.epochs[1].left, report.epochs[0].left);
}

fn divided_nothing(epoch: u64) -> ChainEvent {
    let pool = CONTRACTS[0].policy.terms().pool;
    let carried = Tenths { compute: (pool * 7).into(), data: (pool * 3).into() };
    ChainEvent::EpochSettled { epoch, divided: Default::default(), carried }
}

/// A ledger keeps units as a table of nodes and rounds, which has its bounds: what is beyond them is told,
/// and nothing is recorded that no audit could read.
#[test]
fn units_of_more_than_a_ledger_keeps_are_told() {
    let long = otherwise(
        &CONTRACTS[0],
        &[("count = 4", "count = 1024"), ("\"0.01\"", "\"0.001\""), ("\"0.1\"", "\"0.01\"")],
    );
    let node = |number: usize| {
        let mut address = [7; 20];
        address[..8].copy_from_slice(&(number as u64).to_be_bytes());
        (Address(address), 1u32)
    };
    for (policy, nodes) in [(&long.policy, (1 << 24) / 1024), (&CONTRACTS[0].policy, 65_535)] {
        let terms = policy.terms();
        let is_long = policy.rounds() > 4;
        let source = if is_long { &long.source } else { &CONTRACTS[0].source };
        let (source, rules_hash) = (source.clone(), fixture::verifier(policy).rules_hash());
        let units = |count: usize| ChainEvent::UnitsRecorded {
            epoch: 4,
            round: 10,
            units: (0..count).map(node).collect(),
        };
        let end = ChainEvent::EpochEnded {
            epoch: 4,
            last_round: terms.last_round(),
            pool: terms.pool,
            closed_until: at(200 + PROVING).unix_seconds(),
        };
        let began = happened(100, ChainEvent::EpochBegan { source, rules_hash });
        let events = |count: usize| [began.clone(), happened(150, units(count))];
        let error = refusal(&file(), &events(nodes + 1), happened(200, end.clone()));
        let VaultError::Mirror(error) = error else { panic!("{error}") };
        let MirrorError::Units { epoch: 4, source } = *error else { panic!("{error}") };
        let is_it = match *source {
            UnitsError::TooManyUnits { .. } => is_long,
            UnitsError::TooManyColumns { .. } => !is_long,
            _ => false,
        };
        assert!(is_it, "{source}");
    }
}

/// A chain lets any number of epochs wait for their deadlines, and proving may take less time in a later one:
/// its claims wait for those of the epochs before.
#[test]
fn any_number_of_epochs_wait_and_are_settled_in_their_order() {
    let count = 70;
    let mut events = Vec::new();
    let mut until = 0;
    for nth in 0..count {
        let (epoch, first) = (5 + nth, 14 + 2 * nth);
        let proving = PROVING - 600 * nth;
        let other = otherwise(
            &CONTRACTS[1],
            &[
                ("epoch = 5", &format!("epoch = {epoch}")),
                ("first = 14", &format!("first = {first}")),
                ("proving_seconds = 86400", &format!("proving_seconds = {proving}")),
            ],
        );
        let rules_hash = fixture::verifier(&other.policy).rules_hash();
        let source = other.source.clone();
        events.push(happened(100 + nth, ChainEvent::EpochBegan { source, rules_hash }));
        until = until.max(100 + nth + proving);
        let closed_until = at(until).unix_seconds();
        let (last_round, pool) = (first + 1, u128::from(nth));
        events.push(happened(100 + nth, ChainEvent::EpochEnded { epoch, last_round, pool, closed_until }));
    }
    assert_eq!(until, 100 + PROVING);
    let location = file();
    let mut ledger = following(&location, &events);
    assert!(ledger.status(None).unwrap().epochs.iter().all(|epoch| epoch.earned.is_none()));
    audit(&mut ledger);
    let end = fairshare_vault::ledger::Batch {
        until: cursor(events.len() + 1),
        time: at(until + 1),
        ..batch(&events, Some(events.len()), events.len())
    };
    assert_eq!(mirror(&mut ledger, &end).settled, (5..5 + count).collect::<Vec<_>>());
    let funded: u128 = (0..count).map(u128::from).sum();
    let carried = ledger.status(None).unwrap().carried;
    assert_eq!(carried.compute, (funded * 7).into());
    audit(&mut ledger);
}
