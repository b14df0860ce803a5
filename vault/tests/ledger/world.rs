//! Ledgers of the two epochs, and the databases to keep them in.

use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_audit::audit::{Auditor, Report};
use fairshare_audit::snapshot::LedgerSnapshot;
use fairshare_params::registration::Registration;
pub use fairshare_testkit::epochs::*;
use fairshare_vault::Ledger;
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{Batch, Submission, Verdict};
use fairshare_verifier::Trust;

use crate::fixture;

/// Runs a test on an empty database of each kind.
pub fn on_each(test: impl Fn(&Location)) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    test(&Location::File(root().join(format!("{count}.ledger"))));
    let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
    let mut client =
        postgres::Client::connect(&server, postgres::NoTls).expect("FAIRSHARE_TEST_POSTGRES is a server");
    let name = format!("fairshare_test_{}_{count}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
    test(&format!("{base}/{name}").parse().expect("a URL"));
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("nothing holds the database");
}

/// A ledger with the first epoch open.
pub fn opened(location: &Location) -> Ledger {
    let mut ledger = Ledger::open_or_create(location).expect("a ledger");
    ledger.open_epoch(&FIRST.source, &FIRST.verifier()).expect("an epoch");
    ledger
}

/// A ledger with everything of the first epoch registered.
pub fn registered(location: &Location) -> Ledger {
    let mut ledger = opened(location);
    ledger.register(None, &batch(&FIRST.registrations), Some(&FIRST.units)).expect("registrations");
    ledger
}

/// A ledger with everything of the first epoch submitted.
pub fn submitted(location: &Location) -> Ledger {
    let mut ledger = registered(location);
    assert!(submit(&mut ledger, 0, &all(&FIRST)).iter().all(|verdict| verdict.result.is_ok()));
    ledger
}

/// A ledger with the first epoch settled.
pub fn settled(location: &Location) -> Ledger {
    let mut ledger = submitted(location);
    ledger.close(None).expect("closed");
    ledger.settle(None).expect("settled");
    ledger
}

/// A ledger with both epochs paid out.
pub fn paid_out(location: &Location) -> Ledger {
    let mut ledger = settled(location);
    ledger.claim(&CAROL, Some("0xfeed")).expect("a claim");
    ledger.open_epoch(&SECOND.source, &SECOND.verifier()).expect("an epoch");
    ledger.register(None, &batch(&SECOND.registrations), Some(&SECOND.units)).expect("registrations");
    assert!(submit(&mut ledger, 1, &all(&SECOND)).iter().all(|verdict| verdict.result.is_ok()));
    ledger.close(None).expect("closed");
    ledger.settle(None).expect("settled");
    ledger.claim_all(None).expect("claims");
    ledger
}

/// Registrations in a batch's order.
pub fn batch(registrations: &[Registration]) -> Batch {
    let mut registrations = registrations.to_vec();
    registrations.sort_by_key(|registration| (*registration.digest(), *registration.contributor()));
    Batch::new(registrations).expect("each once")
}

pub fn all(world: &World) -> Vec<Submission> {
    world.bundles.iter().map(|bundle| Submission { bytes: bundle.bytes.clone() }).collect()
}

/// Submits to the latest epoch, which is the first or the second.
pub fn submit(ledger: &mut Ledger, epoch: usize, submissions: &[Submission]) -> Vec<Verdict> {
    ledger.submit(None, &VERIFIERS[epoch], submissions).expect("the database works")
}

/// An auditor who takes the development parameters.
pub fn auditor() -> Auditor<'static> {
    Auditor::new(std::slice::from_ref(&*fixture::PARAMETERS), Trust::AllowInsecure, &|_, _| {})
}

pub fn audit(snapshot: &LedgerSnapshot) -> Report {
    auditor().audit(snapshot)
}
