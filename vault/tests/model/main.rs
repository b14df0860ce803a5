//! The ledger against a model of it: random histories of all acts of operator, contributors and nodes, honest
//! and hostile, with real proofs from a pool that was made once ([`pool`]). After each act the ledger stands
//! where the model stands ([`invariants`]): the books balance, nobody is paid twice, whoever proves in time
//! is paid the model's amount to the unit. From wherever a history ends, its operator alone settles every
//! epoch that has begun, and an audit of the archive finds nothing.
//!
//! `FAIRSHARE_HISTORIES` for more than 500, `FAIRSHARE_SEED` for others, `FAIRSHARE_TEST_POSTGRES` for
//! PostgreSQL too. A history that goes wrong is printed as its seed and as the shortest list of acts that
//! still goes wrong.

mod acts;
mod cast;
mod databases;
mod exact;
mod history;
mod invariants;
mod model;
mod payments;
mod pool;
mod proofs;
mod things;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use acts::Act;
use databases::Room;
use history::{draw, shrink};

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

/// Runs the histories of these seeds, some at a time, until one goes wrong; returns how often each kind of
/// act was done.
fn histories(
    first: u64,
    count: u64,
    room: impl Fn(usize) -> Room + Sync,
) -> Result<BTreeMap<String, usize>, String> {
    let (next, done) = (AtomicU64::new(0), Mutex::new(Ok(BTreeMap::new())));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (next, done, room) = (&next, &done, &room);
            scope.spawn(move || {
                let mut room = room(worker);
                while done.lock().is_ok_and(|done| done.is_ok()) {
                    let seed = first + next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let acts = one(seed, &mut room);
                    let mut done = done.lock().expect("no panic in here");
                    match (acts, &mut *done) {
                        (Ok(acts), Ok(done)) => count_acts(&acts, done),
                        (Err(failure), Ok(_)) => *done = Err(failure),
                        _ => {}
                    }
                }
            });
        }
    });
    done.into_inner().expect("no worker has panicked")
}

/// Runs one history; where it goes wrong, tells the shortest.
fn one(seed: u64, room: &mut Room) -> Result<Vec<Act>, String> {
    draw(&mut ChaCha8Rng::seed_from_u64(seed), room).map_err(|failed| {
        let (line, failure) = *failed;
        let (why, drawn) = (failure.why.clone(), failure.acts.len());
        let shortest = shrink(failure, line, room);
        let acts: String = shortest.acts.iter().map(|act| format!("    {act:?}\n")).collect();
        let short = shortest.why;
        format!(
            "FAIRSHARE_SEED={seed} FAIRSHARE_HISTORIES=1: after {drawn} acts: {why}\nwith fewer acts, on \
             line {line}: {short}\n{acts}"
        )
    })
}

fn count_acts(acts: &[Act], done: &mut BTreeMap<String, usize>) {
    for act in acts {
        let text = format!("{act:?}");
        let name = text.chars().take_while(|c| c.is_alphanumeric()).collect();
        *done.entry(name).or_default() += 1;
    }
}

/// How many kinds of acts there are.
const ACTS: usize = 24;

/// What 500 histories come across, whatever their seeds: refusals by their names, and events. Rarer ones
/// are left out.
const SEEN: [&str; 59] = [
    "Bundle.Truncated",
    "Closed",
    "ClosedEarly",
    "ContractSettles",
    "ConfirmedBefore",
    "Deadline",
    "DigestKnown",
    "Elsewhere.Chain",
    "Elsewhere.Registry",
    "Elsewhere.Vault",
    "EpochNumber",
    "FirstRound",
    "Forfeits",
    "LastRound",
    "NoEpoch",
    "NoEpochToStrike",
    "NoHeavier",
    "NoRound",
    "NoRoundsLeft",
    "NoRules",
    "NoUnits",
    "NodeStruck",
    "NotBegun",
    "NotClosed",
    "NotCovered.Ineligible.Round",
    "NotCovered.Ineligible.Struck",
    "NotCovered.Order",
    "NotCovered.Unregistered",
    "NotListed",
    "NotTaken.Evidence",
    "NotTaken.Geometry",
    "NotTaken.Schema",
    "NotTaken.Segments",
    "Note",
    "NothingEarned",
    "NothingSettled",
    "OtherRail",
    "OtherRules",
    "OtherVault",
    "PaysByLists",
    "RoundAhead",
    "RoundsGoOn",
    "RulesStand",
    "UnitsEarly",
    "UnitsOtherwise",
    "UnknownDigest",
    "UnknownEpoch",
    "Unproved",
    "Unsettled",
    "Verify.Bundle.Length",
    "Verify.Proof",
    "Verify.Units.Epoch",
    "Void",
    "a heavier bundle",
    "brought",
    "carried",
    "more data paid",
    "one data paid",
    "rounded",
];

fn run(room: impl Fn(usize) -> Room + Sync) {
    let (first, count) =
        (number("FAIRSHARE_SEED").unwrap_or(1), number("FAIRSHARE_HISTORIES").unwrap_or(500));
    let done = histories(first, count, room).unwrap_or_else(|failure| panic!("{failure}"));
    let seen = world::SEEN.lock().expect("no worker has panicked");
    println!("{count} histories from seed {first}, {} acts: {done:?}", done.values().sum::<usize>());
    println!("came across, with what ran beside them: {seen:?}");
    // Fewer may leave something out.
    if count >= 500 {
        assert_eq!(done.len(), ACTS, "some act was never done: {done:?}");
        let unseen: Vec<_> = SEEN.iter().filter(|name| !seen.contains_key(**name)).collect();
        assert!(unseen.is_empty(), "these histories never came across {unseen:?}");
    }
}

#[test]
fn the_ledger_is_its_model() {
    run(|_| Room::folder());
}

/// The same histories on a server.
#[test]
fn the_ledger_is_its_model_on_a_server() {
    if std::env::var_os("FAIRSHARE_TEST_POSTGRES").is_some() {
        run(|worker| Room::server(worker).expect("a server"));
    }
}
