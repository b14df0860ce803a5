//! Every command of a vault's epoch killed (signal 9) at seeded moments, on either database: the ledger is
//! never in a wrong state, and running the commands again finishes the epoch with the same books, byte for
//! byte.
//!
//! A score of kills in the default suite;
//! `FAIRSHARE_KILLS=500 cargo test --release -p fairshare --test commands vault_crash -- --nocapture` for
//! more, `FAIRSHARE_SEED` for others, `FAIRSHARE_TEST_POSTGRES` for PostgreSQL too.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::support::*;

/// The commands of an epoch, in order.
fn script(folder: &Path, ledger: &str) -> Vec<String> {
    let p = prepared();
    let lines = [
        format!("init {}", p.common()),
        format!("register {} --units {}", p.registration(), p.units),
        format!(
            "submit {} {} --params {} --allow-insecure-params",
            p.data_bundle, p.compute_bundle, p.params
        ),
        "close".to_owned(),
        "settle".to_owned(),
        format!("claim {CONTRIBUTOR} --evidence 0xfeed"),
        "claim --all".to_owned(),
        format!("export --claims {0}/claims.json --archive {0}/vault.tar", show(folder)),
    ];
    lines.iter().map(|line| format!("vault {line} --ledger {ledger}")).collect()
}

/// A database that is not there yet, and how to be rid of it.
struct Stored {
    ledger: String,
    server: Option<(String, String)>,
}

impl Stored {
    fn file(folder: &Path) -> Self {
        Self { ledger: show(&folder.join("vault.ledger")), server: None }
    }

    fn on(server: &str, name: String) -> Self {
        connect(server).batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
        let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
        Self { ledger: format!("{base}/{name}"), server: Some((server.to_owned(), name)) }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            let _ = connect(server).batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn connect(server: &str) -> postgres::Client {
    postgres::Client::connect(server, postgres::NoTls).expect("FAIRSHARE_TEST_POSTGRES is a server")
}

/// Runs a line and kills it after `moment`; false if it had ended by itself, which must be well.
fn killed(line: &str, moment: Duration) -> bool {
    let mut child = program()
        .args(line.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(moment);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(status.success() || status.signal() == Some(9), "{line}: {status:?}");
    status.signal().is_some()
}

/// Runs a line to its end and says how long it took.
fn finish(line: &str) -> Duration {
    let begun = Instant::now();
    let ran = fairshare(line);
    assert_eq!(ran.status, 0, "{line}\n{}", ran.stderr);
    begun.elapsed()
}

/// Audits a ledger that a kill has left: whatever is on record is right, in every state.
fn inspect(ledger: &str, began: bool) {
    let audit =
        format!("vault audit --ledger {ledger} --params {} --allow-insecure-params", prepared().params);
    let ran = fairshare(&audit);
    let empty = !began && ran.stderr.contains("vault init");
    assert!(ran.status == 0 || empty, "{}\n{}", ran.stdout, ran.stderr);
}

/// Kills `kills` commands of as many epochs as it takes.
fn campaign(name: &str, kills: usize, seed: u64, stored: impl Fn(&Path, usize) -> Stored) {
    let folder = folder();
    // What nobody disturbs, and how long each command takes.
    let undisturbed = folder.join("undisturbed");
    fs::create_dir(&undisturbed).unwrap();
    let times: Vec<_> = {
        let stored = stored(&undisturbed, 0);
        script(&undisturbed, &stored.ledger).iter().map(|line| finish(line)).collect()
    };
    let expected = ["claims.json", "vault.tar"].map(|file| fs::read(undisturbed.join(file)).unwrap());

    let mut random = Random(seed);
    let (mut done, mut epochs) = (0, 0);
    while done < kills {
        epochs += 1;
        let disturbed = folder.join(format!("disturbed-{epochs}"));
        fs::create_dir(&disturbed).unwrap();
        let stored = stored(&disturbed, epochs);
        for (step, (line, time)) in script(&disturbed, &stored.ledger).iter().zip(&times).enumerate() {
            // Two kills a command in the mean: after one, what was begun twice is interrupted again.
            while random.below(3) > 0 && done < kills {
                let micros = random.below(time.as_micros() as u64 * 11 / 10 + 1);
                if killed(line, Duration::from_micros(micros)) {
                    done += 1;
                    if random.below(4) == 0 {
                        inspect(&stored.ledger, step > 0);
                    }
                }
            }
            finish(line);
        }
        for (file, expected) in ["claims.json", "vault.tar"].iter().zip(&expected) {
            let found = fs::read(disturbed.join(file)).unwrap();
            assert!(found == *expected, "{name}, seed {seed}, epoch {epochs}: {file} differs");
        }
        inspect(&stored.ledger, true);
    }
    println!("{name}, seed {seed}: {done} kills in {epochs} epochs, all with the same books");
}

fn wanted() -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    (number("FAIRSHARE_KILLS").map_or(20, |kills: u64| kills as usize), number("FAIRSHARE_SEED").unwrap_or(1))
}

#[test]
fn killed_at_any_moment_an_epoch_in_a_file_ends_with_the_same_books() {
    let (kills, seed) = wanted();
    campaign("SQLite", kills, seed, |folder, _| Stored::file(folder));
}

#[test]
fn killed_at_any_moment_an_epoch_on_a_server_ends_with_the_same_books() {
    let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
    let (kills, seed) = wanted();
    let name = |count: usize| format!("fairshare_kills_{}_{count}", std::process::id());
    campaign("PostgreSQL", kills, seed, |_, count| Stored::on(&server, name(count)));
}

/// A bound on the size of every file is what a full disk does to a process: whatever step it stops, the
/// ledger is as it was.
#[test]
fn on_a_full_disk_no_step_is_half_done() {
    let folder = folder();
    let stored = Stored::file(&folder);
    let lines = script(&folder, &stored.ledger);
    for (step, line) in lines.iter().enumerate() {
        let mut refused = 0;
        for blocks in [0, 8, 32, 64] {
            let ran = bounded(blocks, line);
            if ran.status == 0 {
                break;
            }
            refused += 1;
            assert_eq!(ran.status, 2, "{line}\n{}", ran.stderr);
            assert!(ran.stderr.contains("error: "), "{}", ran.stderr);
            if step > 0 {
                inspect(&stored.ledger, true);
            }
        }
        // When everybody has claimed, there is nothing to write.
        assert!(refused > 0 || line.contains("claim --all"), "{line}: even without any room");
        finish(line);
    }
}
