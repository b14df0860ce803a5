//! Ledgers of the two epochs, and the databases to keep them in.

use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_audit::audit::{Auditor, Expected, Report};
use fairshare_formats::archive::{Item, Writer};
use fairshare_formats::ledger::{Receipt, SignedReceipt};
use fairshare_formats::registry::SignedRegistration;
use fairshare_formats::time::Moment;
use fairshare_params::encoding::Digest;
pub use fairshare_testkit::epochs::*;
pub use fairshare_testkit::fixture;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::{Sent, Submission, Taken, To, Verdict};
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::Trust;

/// Runs a test on an empty database of each kind.
pub fn on_each(test: impl Fn(&Location)) {
    let count = count();
    test(&Location::File(root().join(format!("{count}.ledger"))));
    let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
    let mut client =
        postgres::Client::connect(&server, postgres::NoTls).expect("FAIRSHARE_TEST_POSTGRES is a server");
    let name = format!("fairshare_test_{}_{count}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
    test(&format!("{base}/{name}").parse().expect("a URL"));
    for name in [older(&name), name] {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        client.batch_execute(&drop).expect("nothing holds the database");
    }
}

/// What a test of each database has seen: see [`fairshare_testkit::mended`].
pub fn mended(was: &str, now: impl std::fmt::Display) {
    let is_both = std::env::var_os("FAIRSHARE_TEST_POSTGRES").is_some();
    fairshare_testkit::mended(was, now, if is_both { "SQLite and PostgreSQL" } else { "SQLite" });
}

/// A number that no other test has.
pub fn count() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A moment, in seconds since the first ledger was begun. Each helper here has its own hour, so that no test
/// has to know which seconds the others take.
pub fn at(seconds: u64) -> Moment {
    Moment::from_unix_seconds(1_797_000_000 + seconds).expect("a date")
}

/// How long data of the epochs is proved after their last round.
pub const PROVING: u64 = 86_400;
/// When the first epoch's rounds end, and the second one's.
pub const ENDED: [u64; 2] = [10_000, 500_000];

/// A ledger with an epoch open.
pub fn opened(location: &Location, world: &World) -> Ledger {
    let mut ledger = Ledger::open(location, Access::Create).expect("a ledger");
    let opened = ledger.open_epoch(&world.source, &world.verifier(), at(0)).expect("an epoch");
    assert!(!opened.before);
    ledger
}

/// Lets rounds begin up to this one.
pub fn go_to(ledger: &mut Ledger, round: u64) {
    ledger.advance(To::Round(round), false, at(1_000)).expect("a round");
}

/// Registers what has to be taken.
pub fn register(ledger: &mut Ledger, signed: &SignedRegistration) -> Receipt {
    let taken = ledger.register(std::slice::from_ref(signed), at(2_000)).expect("the database works");
    let [Ok(registered)] = &taken[..] else { panic!("{taken:?}") };
    registered.receipt.clone()
}

/// What the ledger says to one registration.
pub fn take(ledger: &mut Ledger, signed: &SignedRegistration) -> Taken {
    let taken = ledger.register(std::slice::from_ref(signed), at(2_000)).expect("the database works");
    taken.into_iter().next().expect("one answer")
}

/// All of a world's data is registered, each in its round, and its last round goes on.
pub fn registered(ledger: &mut Ledger, world: &World) {
    let mut order: Vec<_> = world.rounds.iter().zip(&world.registrations).collect();
    order.sort_by_key(|(round, _)| **round);
    for (round, signed) in order {
        go_to(ledger, *round);
        assert_eq!(register(ledger, signed).round, *round);
    }
    go_to(ledger, world.policy.terms().last_round());
}

/// The world's rounds are over, with its units on record.
pub fn over(ledger: &mut Ledger, world: &World) {
    registered(ledger, world);
    let taken = ledger.register_units(&world.units, at(3_000)).expect("units");
    assert!(!taken.before);
    end(ledger, world);
}

/// Ends the world's rounds.
pub fn end(ledger: &mut Ledger, world: &World) {
    let index = usize::from(world.policy.terms().epoch == 5);
    let reached = ledger.advance(To::End, false, at(ENDED[index])).expect("an end");
    assert_eq!(reached.epoch, world.policy.terms().epoch);
    assert_eq!(reached.deadline, Some(at(ENDED[index] + PROVING)));
}

/// A time at which the world's data is proved.
pub fn proving(world: &World) -> Moment {
    at(ENDED[usize::from(world.policy.terms().epoch == 5)] + 1_000)
}

/// A ledger with the rounds of the first epoch over.
pub fn over_alone(location: &Location, world: &World) -> Ledger {
    let mut ledger = opened(location, world);
    over(&mut ledger, world);
    ledger
}

/// From the first round to the settlement, with all bundles.
pub fn settle(ledger: &mut Ledger, world: &World) {
    over(ledger, world);
    let epoch = Some(world.policy.terms().epoch);
    let verdicts = ledger.submit(epoch, &world.verifier(), &all(world), proving(world)).expect("submitted");
    assert!(verdicts.iter().all(|verdict| verdict.result.is_ok()), "{verdicts:?}");
    assert!(ledger.close(epoch, false, proving(world)).expect("closed").forfeits.is_empty());
    ledger.settle(epoch, proving(world)).expect("settled");
}

/// A ledger with an epoch settled.
pub fn settled(location: &Location, world: &World) -> Ledger {
    let mut ledger = opened(location, world);
    settle(&mut ledger, world);
    ledger
}

/// A ledger with both epochs settled.
pub fn both(location: &Location, worlds: [&World; 2]) -> Ledger {
    let mut ledger = settled(location, worlds[0]);
    open_next(&mut ledger, worlds[1]);
    settle(&mut ledger, worlds[1]);
    ledger
}

/// Opens the next epoch.
pub fn open_next(ledger: &mut Ledger, world: &World) {
    ledger.open_epoch(&world.source, &world.verifier(), at(400_000)).expect("an epoch");
}

/// Sends what is due to all, where nobody keeps the list.
pub fn send_all(ledger: &mut Ledger) -> Option<Sent> {
    ledger.send(None, at(20_000), |_| Ok::<_, VaultError>(())).expect("the database works")
}

/// All bundles of a world.
pub fn all(world: &World) -> Vec<Submission> {
    world.bundles.iter().map(submission).collect()
}

pub fn submission(bundle: &Bundle) -> Submission {
    Submission { bytes: bundle.bytes.clone() }
}

/// Submits to the first epoch, in time.
pub fn submit(ledger: &mut Ledger, submissions: &[Submission]) -> Vec<Verdict> {
    ledger.submit(Some(4), &VERIFIERS[0], submissions, proving(&FIRST)).expect("the database works")
}

/// Everything on record, as an archive has it.
pub fn items(ledger: &mut Ledger) -> Vec<Item> {
    let mut items = Vec::new();
    ledger
        .export("fairshare test", |item| {
            items.push(item);
            Ok::<_, VaultError>(())
        })
        .expect("an export");
    items
}

/// The archive that is exported of it.
pub fn archived(items: Vec<Item>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut items = items.into_iter();
    let Some(Item::Heading(heading)) = items.next() else { panic!("no heading") };
    let mut writer = Writer::begin(&mut bytes, &heading).expect("memory");
    for item in items {
        let Item::Entry(stored, files) = item else { panic!("two headings") };
        writer.entry(&stored, &files).expect("memory");
    }
    writer.finish().expect("memory");
    bytes
}

/// An auditor who takes the development parameters.
pub fn auditor() -> Auditor<'static> {
    Auditor::new(std::slice::from_ref(&*fixture::PARAMETERS), Trust::AllowInsecure, &|_, _| {})
}

/// The ledger goes into an archive, and the archive through an audit that has to find nothing.
pub fn audit(ledger: &mut Ledger) -> Report {
    audit_with(ledger, &Expected::default())
}

/// The same, held to what somebody was told.
pub fn audit_with(ledger: &mut Ledger, expected: &Expected) -> Report {
    let bytes = archived(items(ledger));
    let report = auditor().archive(&bytes[..], expected).expect("an archive");
    assert!(report.is_clean(), "{:?}", report.lines().collect::<Vec<_>>());
    report
}

/// Runs a refusal and sees that the ledger is as it was.
pub fn refused<T>(
    ledger: &mut Ledger,
    attempt: impl FnOnce(&mut Ledger) -> Result<T, VaultError>,
) -> VaultError {
    let before = items(ledger);
    let Err(error) = attempt(ledger) else { panic!("accepted") };
    assert_eq!(items(ledger), before);
    error
}

/// Signed by the operator, as it is handed out.
pub fn signed(receipt: &Receipt) -> SignedReceipt {
    let signed = fixture::operator().receipt(receipt.clone()).expect("the operator's");
    assert_eq!(SignedReceipt::from_json(signed.to_json().as_bytes()).expect("a receipt"), signed);
    signed
}

/// Whatever a policy, an edit of a world's, says otherwise.
pub struct Otherwise {
    pub source: fairshare_formats::policy::PolicySource,
    pub policy: fairshare_params::policy::Policy,
}

/// A world's policy with edits.
pub fn otherwise(world: &World, edits: &[(&str, &str)]) -> Otherwise {
    let source = fairshare_formats::policy::PolicySource {
        text: edited(&world.source.text, edits),
        files: Default::default(),
    };
    let policy = source.policy().expect("a policy");
    Otherwise { source, policy }
}

/// Opens the epoch of another policy.
pub fn open(ledger: &mut Ledger, other: &Otherwise) -> Result<bool, VaultError> {
    let verifier = fixture::verifier(&other.policy);
    ledger.open_epoch(&other.source, &verifier, at(400_000)).map(|opened| opened.before)
}

/// The folder of a test's own.
pub fn folder() -> std::path::PathBuf {
    let path = root().join(format!("folder-{}", count()));
    std::fs::create_dir_all(&path).expect("a folder");
    path
}

/// A digest that nobody has registered.
pub const NOBODYS: Digest = Digest([0x5a; 32]);

/// Copies a ledger that nobody has open, as a backup does.
pub fn backup(from: &Location) -> Location {
    match from {
        Location::File(path) => {
            let to = folder().join("older.ledger");
            std::fs::copy(path, &to).expect("a copy");
            Location::File(to)
        }
        Location::Server(_) => {
            let server = std::env::var("FAIRSHARE_TEST_POSTGRES").expect("a server");
            let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
            let url = from.to_string();
            let (_, name) = url.rsplit_once('/').expect("a database");
            let mut client = postgres::Client::connect(&server, postgres::NoTls).expect("a server");
            let copy = format!("CREATE DATABASE {} TEMPLATE {name}", older(name));
            client.batch_execute(&copy).expect("nothing holds the database");
            format!("{base}/{}", older(name)).parse().expect("a URL")
        }
    }
}

/// The name of a database's copy.
fn older(name: &str) -> String {
    format!("{name}_older")
}
