//! A vault under load: 10,000 contributors verified, closed, settled and paid in one epoch, and 100,000
//! settled and paid.
//!
//! `cargo bench -p fairshare-benches --bench vault`; `FAIRSHARE_TEST_POSTGRES=postgres://user@host/database`
//! for a server, `FAIRSHARE_CONTRIBUTORS=1000` for fewer. One real proof is verified over and over, as often
//! as there are contributors. A ledger takes no score that was not verified, so the scores go straight into
//! its tables, past it, each as an entry of the chain.

use std::time::{Duration, Instant};

use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_formats::archive::Item;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Entry, Event, file_hash};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::time::Moment;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::role::Role;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Limits, Prover, Silent};
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::To;
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::{Trust, Verifier};
use rusqlite::params;

/// Bundles verified together, as `fairshare vault submit` does.
const BATCH: usize = 64;

fn main() {
    let contributors = std::env::var("FAIRSHARE_CONTRIBUTORS").ok();
    let contributors = contributors.map_or(10_000, |text| text.parse().expect("a number of contributors"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| Location::File(folder.path().join(name));
    epoch("SQLite", &file("submit.ledger"), contributors, true);
    epoch("SQLite", &file("settle.ledger"), contributors * 10, false);
    if let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") {
        for (count, submitted) in [(contributors, true), (contributors * 10, false)] {
            let mut client = postgres::Client::connect(&server, postgres::NoTls).expect("a server");
            let name = format!("fairshare_load_{}_{count}", std::process::id());
            client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
            let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
            let location = format!("{base}/{name}").parse().expect("a URL");
            epoch("PostgreSQL", &location, count, submitted);
            client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("dropped");
        }
    }
}

/// Two rounds.
fn source() -> (PolicySource, Policy) {
    let text = "protocol = 2\ngeometry = \"compact\"\nparameters = \"insecure-development\"\n\
         [vault]\nchain_id = 31337\naddress = \"0x00000000000000000000000000000000f11e4755\"\n\
         registry = \"0x0000000000000000000000000000000000009e61\"\nsettlement = \"payments\"\n\
         subnet = \"load\"\n\
         epoch = 1\npool = \"1000000000000000000\"\n\
         [data]\nlambda = \"0.1\"\npseudo_count = 1\nmin_records = 1\nweighting = \"divergence\"\n\
         evidence = false\n\
         [compute]\nlambda = \"0.01\"\n\
         [rounds]\nfirst = 0\ncount = 2\nends_by = 2027-01-01T00:00:00Z\nproving_seconds = 86400\n\
         [[schema.feature]]\nname = \"x\"\nkind = \"numeric\"\nedges = [0]\n\
         [reference.counts]\nx = [1, 1, 1]\n";
    let source = PolicySource { text: text.to_owned(), files: Default::default() };
    let policy = source.policy().expect("a good policy");
    (source, policy)
}

fn epoch(database: &str, location: &Location, contributors: usize, verify: bool) {
    let (source, policy) = source();
    let srs = Srs::insecure(Geometry::COMPACT);
    let parameters = VerifierParameters::derive(&srs).expect("keys");
    // Everybody did one unit in the first round, so that all scores are the same.
    let by_node = (0..contributors).map(|index| (address(index), vec![1, 0])).collect();
    let units = Units::new(policy.terms().first_round, policy.rounds(), by_node).expect("units");
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)
        .and_then(|verifier| verifier.with_units(&units))
        .expect("a verifier");
    let proved = Prover::new(&srs, &verifier, Limits::default()).prove_compute(&address(0), &Silent);
    let bundle = proved.expect("proved").bundle;
    let (bytes, score) = (bundle.to_bytes(), bundle.claimed_score());

    println!("\n{database}, {contributors} contributors");
    let mut ledger = Ledger::open(location, Access::Create).expect("a ledger");
    ledger.open_epoch(&source, &verifier, now()).expect("an epoch");
    ledger.advance(To::Round(1), false, now()).expect("the last round");
    timed("put units on record", contributors, || {
        drop(ledger.register_units(&units, now()).expect("recorded"))
    });
    ledger.advance(To::End, false, now()).expect("the end");
    let nodes: Vec<_> = (0..contributors).map(address).collect();
    let mut tables = Tables::open(location, &mut ledger);
    timed(if verify { "verify and record" } else { "record" }, contributors, || {
        for nodes in nodes.chunks(BATCH) {
            if verify {
                let items = vec![(&bundle, [].as_slice()); nodes.len()];
                assert!(verifier.verify_batch(&items).iter().all(Result::is_ok));
            }
            tables.insert_scores(nodes, score, &bytes);
        }
    });
    timed("close", contributors, || drop(ledger.close(None, false, now()).expect("closed")));
    let settled = timed("settle", contributors, || ledger.settle(None, now()).expect("settled"));
    assert_eq!(settled.earnings.len(), contributors);
    // This ledger pays by lists, so the tree is made of what a ledger of claims would have settled.
    let earned = settled.earnings.iter().map(|earning| (earning.contributor, earning.cumulative)).collect();
    timed("tree of claims as JSON", contributors, || {
        let tree = ClaimTree::of_earned(Distribution::of(&policy, settled.epoch.rules_hash), &earned)
            .expect("earned");
        drop(tree.to_json().expect("text"));
    });
    // Written to nowhere: what the disk takes for a file is not the ledger's.
    let sent = timed("list and send", contributors, || {
        ledger.send(None, now(), |_| Ok::<_, VaultError>(())).expect("sent").expect("a list")
    });
    assert_eq!(sent.list.payments().len(), contributors);
    let size = ledger.size().expect("a size");
    println!(
        "  database {:.1} MB, {} bytes a contributor; process at most {}",
        size as f64 / 1e6,
        size / contributors as u64,
        peak()
    );
}

fn now() -> Moment {
    Moment::from_unix_seconds(1_800_000_000).expect("a moment")
}

/// A ledger's tables, on a connection of their own, and the end of its chain.
struct Tables {
    connection: Connection,
    index: u64,
    head: Digest,
}

enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Client),
}

/// The same words for both databases.
const ENTRY: &str = "INSERT INTO entries (id, time, kind, epoch, content, head)
    VALUES ($1, $2, 'bundle', '1', $3, $4)";
const FILE: &str = "INSERT INTO files (entry, name, content) VALUES ($1, 'proof.bundle', $2)";
const BUNDLE: &str = "INSERT INTO bundles (entry, epoch, role, contributor, score, file)
    VALUES ($1, '1', 'compute', $2, $3, $4)";

impl Tables {
    fn open(location: &Location, ledger: &mut Ledger) -> Self {
        let connection = match location {
            Location::File(path) => {
                let connection = rusqlite::Connection::open(path).expect("a ledger");
                // As the ledger itself writes: committed is kept, whatever happens to the power.
                connection.pragma_update(None, "synchronous", "FULL").expect("set");
                Connection::Sqlite(connection)
            }
            Location::Server(server) => {
                // It is shown without its password, and has none.
                let url = server.to_string();
                Connection::Postgres(postgres::Client::connect(&url, postgres::NoTls).expect("a server"))
            }
        };
        let (mut index, mut head) = (0, Digest([0; 32]));
        let heading = |item| {
            if let Item::Heading(heading) = item {
                (index, head) = (heading.entries, heading.head);
            }
            Ok::<_, VaultError>(())
        };
        ledger.export("bench", heading).expect("a ledger");
        Self { connection, index, head }
    }

    /// A compute score for each node, each with the same bytes in the place of a bundle, in one transaction.
    fn insert_scores(&mut self, nodes: &[Address], score: u64, bundle: &[u8]) {
        let file = file_hash(bundle);
        let rows: Vec<_> = nodes.iter().map(|node| self.row(*node, score, file)).collect();
        let score = score.to_string();
        let file = file.to_string();
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                let transaction = connection.transaction().expect("a transaction");
                for Row { id, node, time, content, head } in &rows {
                    let run = |sql: &str, row: &[&dyn rusqlite::ToSql]| {
                        transaction.prepare_cached(sql).expect("SQL").execute(row).expect("a row");
                    };
                    run(ENTRY, params![id, time, content, head]);
                    run(FILE, params![id, bundle]);
                    run(BUNDLE, params![id, node, score, file]);
                }
                transaction.commit().expect("recorded");
            }
            Connection::Postgres(client) => {
                let mut transaction = client.transaction().expect("a transaction");
                let [entry, contents, bundles] =
                    [ENTRY, FILE, BUNDLE].map(|sql| transaction.prepare(sql).expect("SQL"));
                for Row { id, node, time, content, head } in &rows {
                    transaction.execute(&entry, &[id, time, content, head]).expect("a row");
                    transaction.execute(&contents, &[id, &bundle]).expect("a row");
                    transaction.execute(&bundles, &[id, node, &score, &file]).expect("a row");
                }
                transaction.commit().expect("recorded");
            }
        }
    }

    fn row(&mut self, node: Address, score: u64, file: Digest) -> Row {
        let event = Event::Bundle { epoch: 1, role: Role::Compute, contributor: node, score, file };
        let entry = Entry { time: now(), event };
        (self.index, self.head) = (self.index + 1, entry.follow(&self.head));
        Row {
            id: i64::try_from(self.index).expect("few entries"),
            node: checksummed(&node).to_string(),
            time: now().to_string(),
            content: serde_json::to_string(&entry.event).expect("text"),
            head: self.head.to_string(),
        }
    }
}

/// An entry as the tables have it.
struct Row {
    id: i64,
    node: String,
    time: String,
    content: String,
    head: String,
}

fn address(index: usize) -> Address {
    let mut bytes = [0x5a; 20];
    bytes[12..].copy_from_slice(&(index as u64).to_be_bytes());
    Address(bytes)
}

fn timed<T>(name: &str, contributors: usize, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let took: Duration = begun.elapsed();
    println!(
        "  {name:<24} {:>8.2} s   {:>9.0} a second",
        took.as_secs_f64(),
        contributors as f64 / took.as_secs_f64()
    );
    done
}

/// The most memory that this process has had, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(str::trim);
    peak.unwrap_or("unknown").to_owned()
}
