//! The database gone in the middle of a command: a server behind a relay that cuts every connection after so
//! many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fairshare_vault::Ledger;
use fairshare_vault::VaultError;
use fairshare_vault::database::{DatabaseError, Location};

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

/// An epoch from its opening to the last claim, as far as it gets.
fn epoch(location: &Location) -> Result<(), VaultError> {
    let mut ledger = Ledger::open_or_create(location)?;
    ledger.open_epoch(&FIRST.source, &FIRST.verifier())?;
    ledger.register(None, &batch(&FIRST.registrations), Some(&FIRST.units))?;
    let verdicts = ledger.submit(None, &VERIFIERS[0], &all(&FIRST))?;
    assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
    ledger.close(None)?;
    ledger.settle(None)?;
    ledger.claim_all(None)?;
    Ok(())
}

#[test]
fn a_server_that_goes_away_costs_nothing_but_another_try() {
    on_each(|location| {
        let Location::Server(server) = location else { return };
        let url = server.to_string();
        let (before, after) = url.rsplit_once('@').expect("postgres://user@host:port/database");
        let (host, database) = after.split_once('/').expect("postgres://user@host:port/database");
        let relay = Relay::to(host.to_owned());
        let behind = format!("{before}@127.0.0.1:{}/{database}", relay.port).parse().expect("a URL");
        let mut cuts = 0;
        for attempt in 1..=ATTEMPTS {
            relay.left.store(attempt * STEP, Ordering::SeqCst);
            match epoch(&behind) {
                Ok(()) => break,
                Err(VaultError::Database(DatabaseError::Unreachable(_))) => cuts += 1,
                Err(other) => panic!("attempt {attempt}: {other:?}"),
            }
        }
        println!("cut {cuts} times");
        assert!(cuts > 20, "the relay cut {cuts} times only");
        let alone = settled_alone();
        let snapshot = Ledger::open(location).expect("a ledger").snapshot().expect("a snapshot");
        assert_eq!(snapshot.epochs.len(), 1);
        assert_eq!(snapshot.epochs[0].payouts, alone.epochs[0].payouts);
        assert_eq!(snapshot.epochs[0].registrations.len(), alone.epochs[0].registrations.len());
        assert!(audit(&snapshot).is_clean());
    });
}

fn settled_alone() -> fairshare_audit::snapshot::LedgerSnapshot {
    let mut ledger = settled(&Location::File(root().join("never-severed.ledger")));
    ledger.claim_all(None).expect("claims");
    ledger.snapshot().expect("a snapshot")
}
