//! Two epochs of one vault, proved once for all tests, and the databases to keep them in.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_audit::audit::{Auditor, Report};
use fairshare_audit::snapshot::LedgerSnapshot;
use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_prover::{Contributor, Limits, Prover, Silent, commit_compute, commit_data};
use fairshare_vault::Ledger;
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{Batch, Submission, Verdict};
use fairshare_verifier::{Trust, Verifier};

use crate::fixture;

/// Gives data twice and computing power.
pub const ALICE: Address = Address([0xa1; 20]);
/// Gives computing power.
pub const BOB: Address = Address([0xb0; 20]);
/// Gives data.
pub const CAROL: Address = Address([0xca; 20]);

/// A contribution: registered, and proved with what belongs to it.
pub struct Bundle {
    pub contributor: Address,
    pub bytes: Vec<u8>,
}

/// One epoch's policy, registrations and bundles.
pub struct World {
    pub source: PolicySource,
    pub policy: Policy,
    pub registrations: Vec<Registration>,
    pub bundles: Vec<Bundle>,
}

/// The first epoch: the fixture's policy, whose rounds have 842, 943, 0 and 7 units.
pub static FIRST: LazyLock<World> = LazyLock::new(|| {
    let folder = root().join("first");
    let world = Unproved::new(fixture::POLICY.to_owned());
    let [one, two, carols] = [(10, 1, 150), (12, 2, 250), (11, 3, 500)];
    let alice = [one, two].map(|data| world.data(&folder, ALICE, data));
    let carol = [world.data(&folder, CAROL, carols)];
    let alices_units = [world.units(&folder, ALICE, "10,305\n11,943\n")];
    let bobs_units = [world.units(&folder, BOB, "10,537\n13,7\n")];
    world.prove(&[(ALICE, &alice), (CAROL, &carol), (ALICE, &alices_units), (BOB, &bobs_units)])
});

/// The second one: rounds numbered on, Alice alone, with the first of her datasets.
pub static SECOND: LazyLock<World> = LazyLock::new(|| {
    let folder = root().join("second");
    let text = [
        ("epoch = 4", "epoch = 5"),
        ("first = 10", "first = 14"),
        ("totals = [842, 943, 0, 7]", "totals = [4, 0]"),
        ("pool = \"1000000000000000000000000\"", "pool = 1001"),
    ];
    let text = text.iter().fold(fixture::POLICY.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    let world = Unproved::new(text);
    // The same dataset, and so the same opening: it was committed to once.
    LazyLock::force(&FIRST);
    let data = root().join("first").join(name(ALICE, 10));
    let units = world.units(&folder, ALICE, "14,4\n");
    world.prove(&[(ALICE, &[data]), (ALICE, &[units])])
});

/// Verifiers of the two epochs.
pub static VERIFIERS: LazyLock<[Verifier<'static>; 2]> =
    LazyLock::new(|| [&FIRST, &SECOND].map(|world| fixture::verifier(&world.policy)));

struct Unproved {
    source: PolicySource,
    policy: Policy,
}

impl Unproved {
    fn new(text: String) -> Self {
        let source = PolicySource { text, files: Default::default() };
        let policy = source.policy().expect("a good policy");
        Self { source, policy }
    }

    fn data(&self, folder: &Path, who: Address, (round, seed, count): (u64, u64, usize)) -> PathBuf {
        std::fs::create_dir_all(folder).expect("folder");
        let file = fixture::write(folder, &format!("{seed}.csv"), &fixture::records(count, seed));
        let target = folder.join(name(who, round));
        let contributor = Contributor { address: who, round, evidence: None };
        commit_data(&fixture::SRS, &self.policy, &contributor, &[file], &target, &Silent)
            .expect("a commitment");
        target
    }

    fn units(&self, folder: &Path, who: Address, rows: &str) -> PathBuf {
        std::fs::create_dir_all(folder).expect("folder");
        let file = fixture::write(folder, &format!("{}.csv", name(who, 0)), &format!("round,units\n{rows}"));
        let target = folder.join(name(who, 0));
        let contributor = Contributor { address: who, round: self.policy.first_round(), evidence: None };
        commit_compute(&fixture::SRS, &self.policy, &contributor, &file, None, &target)
            .expect("a commitment");
        target
    }

    fn prove(self, claims: &[(Address, &[PathBuf])]) -> World {
        let verifier = fixture::verifier(&self.policy);
        let prover = Prover::new(&verifier, Limits::default());
        let (mut registrations, mut bundles) = (Vec::new(), Vec::new());
        for (contributor, folders) in claims {
            let proved = prover.prove(folders, &Silent).expect("a proof");
            registrations.extend(proved.registrations);
            bundles.push(Bundle {
                contributor: *contributor,
                bytes: proved.bundle.to_bytes().expect("an encoding"),
            });
        }
        World { source: self.source, policy: self.policy, registrations, bundles }
    }
}

fn name(who: Address, round: u64) -> String {
    format!("{who}-{round}")
}

/// A folder of this run.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("folder"));
    ROOT.path()
}

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
    test(&Location::Server(format!("{base}/{name}")));
    client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("nothing holds the database");
}

/// A ledger with the first epoch open.
pub fn opened(location: &Location) -> Ledger {
    let mut ledger = Ledger::open_or_create(location).expect("a ledger");
    ledger.open_epoch(&FIRST.source, &FIRST.policy).expect("an epoch");
    ledger
}

/// A ledger with everything of the first epoch registered.
pub fn registered(location: &Location) -> Ledger {
    let mut ledger = opened(location);
    ledger.register(None, &batch(&FIRST.registrations), None).expect("registrations");
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
    ledger.close(None, &fixture::SRS).expect("closed");
    ledger.settle(None).expect("settled");
    ledger
}

/// A ledger with both epochs paid out.
pub fn paid_out(location: &Location) -> Ledger {
    let mut ledger = settled(location);
    ledger.claim(&CAROL, Some("0xfeed")).expect("a claim");
    ledger.open_epoch(&SECOND.source, &SECOND.policy).expect("an epoch");
    ledger.register(None, &batch(&SECOND.registrations), None).expect("registrations");
    assert!(submit(&mut ledger, 1, &all(&SECOND)).iter().all(|verdict| verdict.result.is_ok()));
    ledger.close(None, &fixture::SRS).expect("closed");
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
    Auditor::new(std::slice::from_ref(&*fixture::SRS), Trust::AllowInsecure, &|_, _| {})
}

pub fn audit(snapshot: &LedgerSnapshot) -> Report {
    auditor().audit(snapshot)
}
