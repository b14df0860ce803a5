//! Every command of a vault's epoch killed (signal 9) at seeded moments, on either database: the ledger is
//! never in a wrong state, and running the commands again finishes the epoch with the same books, entry for
//! entry apart from their times.
//!
//! A score of kills in the default suite;
//! `FAIRSHARE_KILLS=500 cargo test --release -p fairshare --test commands vault_crash -- --nocapture` for
//! more, `FAIRSHARE_SEED` for others, `FAIRSHARE_TEST_POSTGRES` for PostgreSQL too.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use fairshare_formats::archive::{self, ArchiveError, Item};
use fairshare_formats::ledger::Event;
use fairshare_params::encoding::Digest;

use super::support::*;
use super::vaults::{parameters, paying};

/// The commands of an epoch that is paid by lists, in order.
fn script(folder: &Path, ledger: &str) -> Vec<String> {
    let (p, home, (policy, bundle)) = (prepared(), show(folder), paying());
    let receipts = format!("--receipts {home}/receipts");
    let lines = [
        format!("init --policy {policy} --params {}", p.params),
        "round --to 0".to_owned(),
        format!("register {} {receipts}", p.signed),
        "round --to 364".to_owned(),
        format!("register --units {} {receipts}", p.units),
        "round --end".to_owned(),
        format!("submit {bundle} {} {receipts}", parameters()),
        format!("close {}", parameters()),
        "settle".to_owned(),
        format!("claim --all --lists {home}/lists --resume-without-history"),
        format!("confirm --list {home}/lists/{LIST} --evidence 0xfeed"),
        format!("export --archive {home}/vault.tar"),
    ];
    lines.iter().map(|line| format!("vault {line} --ledger {ledger}")).collect()
}

/// Stands for the one list's name, in which the ledger's head is.
const LIST: &str = "LIST";

/// A line with the list's name.
fn named(line: &str) -> String {
    let Some(path) = line.split(' ').find(|word| word.ends_with(LIST)) else { return line.to_owned() };
    let folder = Path::new(path).parent().expect("a folder");
    let names = fs::read_dir(folder).expect("lists").map(|entry| entry.expect("a list").file_name());
    let names: Vec<_> = names.map(|name| name.to_str().expect("text").to_owned()).collect();
    let lists: Vec<_> = names.iter().filter(|name| name.starts_with("payments-")).collect();
    let [list] = lists[..] else { panic!("{names:?}") };
    line.replace(LIST, list)
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

/// Runs a line and kills it after `moment`; false if it had ended by itself.
fn killed(line: &str, moment: Duration) -> bool {
    let mut child = program()
        .args(named(line).split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(moment);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    // A round that has begun does not begin again, and a list that is on record needs no word.
    let is_told = |code, command| status.code() == Some(code) && line.contains(command);
    let ended = status.success() || is_told(1, " round ") || is_told(2, " claim ");
    assert!(ended || status.signal() == Some(9), "{line}: {status:?}");
    status.signal().is_some()
}

/// Runs a line to its end and says how long it took. A round that has begun does not begin again, and one
/// that has ended is over: who was killed in the middle is told so.
fn finish(line: &str, again: bool) -> Duration {
    let begun = Instant::now();
    let mut ran = fairshare(&named(line));
    // A list that is on record needs no word, and takes none.
    if again && ran.stderr.contains("leave out --resume-without-history") {
        ran = fairshare(&line.replace("--resume-without-history", ""));
    }
    let told =
        ["have not begun", "no rules stand for round 365", "end it with `fairshare vault round --end`"];
    let is_done = again && line.contains(" round ") && told.iter().any(|part| ran.stderr.contains(part));
    assert!(ran.status == 0 || is_done, "{line}\n{}\n{}", ran.stdout, ran.stderr);
    begun.elapsed()
}

/// Audits a ledger that a kill has left: whatever is on record is right, in every state but one that lacks
/// what closing has not made yet.
fn inspect(ledger: &str, began: bool) {
    let ran = fairshare(&format!("vault audit --ledger {ledger} {}", parameters()));
    let empty = !began && ran.stderr.contains("vault init");
    assert!(ran.status == 0 || empty, "{}\n{}", ran.stdout, ran.stderr);
}

type NamedFile = (String, Vec<u8>);

/// Everything that an archive says but times, and what of entries follows from them. A compute proof is not
/// made twice alike.
fn books(folder: &Path) -> Vec<(Event, Vec<NamedFile>)> {
    let mut books = Vec::new();
    let file = fs::File::open(folder.join("vault.tar")).expect("an archive");
    archive::read(file, |item| {
        if let Item::Entry(stored, files) = item {
            let mut event = stored.event;
            let mut files: Vec<_> =
                files.iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
            if let Event::Bundle { file, .. } = &mut event {
                *file = Digest([0; 32]);
                files.clear();
            }
            books.push((event, files));
        }
        Ok::<_, ArchiveError>(())
    })
    .expect("an archive");
    books
}

/// Kills `kills` commands of as many epochs as it takes.
fn campaign(name: &str, kills: usize, seed: u64, stored: impl Fn(&Path, usize) -> Stored) {
    let folder = folder();
    // What nobody disturbs, and how long each command takes.
    let undisturbed = folder.join("undisturbed");
    fs::create_dir(&undisturbed).unwrap();
    let times: Vec<_> = {
        let stored = stored(&undisturbed, 0);
        script(&undisturbed, &stored.ledger).iter().map(|line| finish(line, false)).collect()
    };
    let expected = books(&undisturbed);

    let mut random = Random(seed);
    let (mut done, mut epochs) = (0, 0);
    while done < kills {
        epochs += 1;
        let disturbed = folder.join(format!("disturbed-{epochs}"));
        fs::create_dir(&disturbed).unwrap();
        let stored = stored(&disturbed, epochs);
        for (step, (line, time)) in script(&disturbed, &stored.ledger).iter().zip(&times).enumerate() {
            // Two kills a command in the mean: after one, what was begun twice is interrupted again.
            let mut again = false;
            while random.below(3) > 0 && done < kills {
                again = true;
                let micros = random.below(time.as_micros() as u64 * 11 / 10 + 1);
                if killed(line, Duration::from_micros(micros)) {
                    done += 1;
                    if random.below(4) == 0 {
                        inspect(&stored.ledger, step > 0);
                    }
                }
            }
            finish(line, again);
        }
        assert!(books(&disturbed) == expected, "{name}, seed {seed}, epoch {epochs}: other books");
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
            let ran = bounded(blocks, &named(line));
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
        assert!(refused > 0, "{line}: even without any room");
        finish(line, true);
    }
}
