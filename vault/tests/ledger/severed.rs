//! The database gone in the middle of a command: a server behind a relay that cuts every connection after so
//! many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fairshare_audit::registry::Refusal;
use fairshare_formats::payments::PaymentList;
use fairshare_vault::database::{Access, DatabaseError, Location};
use fairshare_vault::ledger::To;
use fairshare_vault::{Ledger, VaultError};

use crate::world::*;

/// Bytes by which one attempt gets further than the one before it: a prime, and fewer than a bundle has.
const STEP: i64 = 997;
/// Attempts that are enough for an epoch, many times over.
const ATTEMPTS: i64 = 2000;

/// Relays connections to a server, and cuts all of them once so many bytes went either way.
struct Relay {
    port: u16,
    left: Arc<AtomicI64>,
}

impl Relay {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let left = Arc::new(AtomicI64::new(0));
        let allowed = Arc::clone(&left);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).expect("the server");
                // Small messages wait for nothing.
                for socket in [&client, &server] {
                    socket.set_nodelay(true).expect("a socket");
                }
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
                    let allowed = Arc::clone(&allowed);
                    std::thread::spawn(move || relay(from, to, &allowed));
                }
            }
        });
        Self { port, left }
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream, allowed: &AtomicI64) {
    let mut buffer = [0; 256];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let before = allowed.fetch_sub(read as i64, Ordering::SeqCst);
        // What is beyond the cut is lost, wherever in a message it falls.
        let passed = before.clamp(0, read as i64) as usize;
        if to.write_all(&buffer[..passed]).is_err() || passed < read {
            break;
        }
    }
    for socket in [&from, &to] {
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// An epoch from its opening to its list, as far as it gets, going on from where it stands.
fn epoch(location: &Location, lists: &mut Vec<PaymentList>) -> Result<(), VaultError> {
    let world = &LISTED[0];
    let mut ledger = Ledger::open(location, Access::Create)?;
    ledger.open_epoch(&world.source, &world.verifier(), at(0))?;
    for (round, signed) in [(10, 0), (11, 2), (12, 1)] {
        go_on(ledger.advance(To::Round(round), false, at(1_000)))?;
        let taken = ledger.register(std::slice::from_ref(&world.registrations[signed]), at(2_000))?;
        assert!(taken[0].is_ok(), "{taken:?}");
    }
    go_on(ledger.advance(To::Round(13), false, at(2_500)))?;
    go_on(ledger.register_units(&world.units, at(3_000)))?;
    go_on(ledger.advance(To::End, false, at(ENDED[0])))?;
    let verdicts = ledger.submit(None, &world.verifier(), &all(world), proving(world))?;
    assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
    ledger.close(None, false, proving(world))?;
    ledger.settle(None, proving(world))?;
    // What was written stays, whatever becomes of the connection, and is compared with the record.
    let unknown = ledger.history(lists)?.unknown;
    unknown.iter().try_for_each(|list| ledger.record_sent(&lists[list.position], at(20_000)).map(drop))?;
    ledger.send(None, at(20_000), |list| {
        lists.push(list.clone());
        Ok::<_, VaultError>(())
    })?;
    ledger.confirm(&lists[0], &[ALICE], "0xfeed", at(20_001)).map(drop)
}

/// What was done by an earlier attempt is done.
fn go_on<T>(step: Result<T, VaultError>) -> Result<(), VaultError> {
    match step {
        Ok(_)
        | Err(VaultError::Refused(Refusal::RoundAhead { .. }))
        | Err(VaultError::Refused(Refusal::NoRoundsLeft { .. }))
        | Err(VaultError::Refused(Refusal::NoRules { .. } | Refusal::NoRound)) => Ok(()),
        Err(other) => Err(other),
    }
}

#[test]
fn a_server_that_goes_away_costs_nothing_but_another_try() {
    on_each(|location| {
        let Location::Server(_) = location else { return };
        let url = std::env::var("FAIRSHARE_TEST_POSTGRES").expect("a server");
        let (before, after) = url.rsplit_once('@').expect("postgres://user@host:port/database");
        let (host, _) = after.split_once('/').expect("postgres://user@host:port/database");
        let name = location.to_string();
        let (_, database) = name.rsplit_once('/').expect("a database");
        let relay = Relay::to(host.to_owned());
        let behind: Location =
            format!("{before}@127.0.0.1:{}/{database}", relay.port).parse().expect("a URL");
        let (mut cuts, mut lists) = (0, Vec::new());
        for attempt in 1..=ATTEMPTS {
            relay.left.store(attempt * STEP, Ordering::SeqCst);
            match epoch(&behind, &mut lists) {
                Ok(()) => break,
                Err(VaultError::Database(DatabaseError::Unreachable(_))) => cuts += 1,
                Err(other) => panic!("attempt {attempt}: {other:?}"),
            }
        }
        println!("cut {cuts} times");
        assert!(cuts > 20, "the relay cut {cuts} times only");
        let mut alone = settled(&Location::File(folder().join("never-severed.ledger")), &LISTED[0]);
        let mut ledger = Ledger::open(location, Access::Write).expect("a ledger");
        let [expected, found] =
            [&mut alone, &mut ledger].map(|ledger| ledger.settle(None, at(30_000)).expect("settled"));
        assert_eq!(found.earnings, expected.earnings);
        let report = audit(&mut ledger);
        assert_eq!((report.datasets.len(), report.bundles, report.sent.1, report.confirmed), (3, 4, 3, 1));
        assert_eq!(lists.len(), 1);
    });
}
