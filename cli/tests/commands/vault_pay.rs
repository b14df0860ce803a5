//! Paying by lists: written, recorded, confirmed; and a ledger that was restored from an older copy.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use fairshare_vault::database::{Access, Database, DatabaseError, Location};
use serde_json::Value;

use super::support::*;
use super::vaults::*;

/// The lists in a vault's folder.
fn lists(vault: &Vault) -> Vec<PathBuf> {
    let entries = fs::read_dir(vault.folder.join("lists")).into_iter().flatten();
    let mut lists: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    lists.retain(|path| path.extension().is_some_and(|found| found == "json"));
    lists.sort();
    lists
}

/// `claim WHO --lists …`.
fn claim(vault: &Vault, who: &str) -> String {
    format!("claim {who} --lists {}", vault.path("lists"))
}

fn first(vault: &Vault) -> String {
    claim(vault, "--all --resume-without-history")
}

#[test]
fn a_claims_ledger_pays_by_no_list() {
    let vault = Vault::at(Step::Settled);
    let parts = ["pay by `claims`", "vault export --claims", "twice"];
    vault.run(&first(&vault)).fails(2, &parts);
    assert!(!vault.folder.join("lists").exists());
    let paying = Vault::paying(Step::Settled);
    paying.done(&first(&paying));
    let list = show(&lists(&paying)[0]);
    vault.run(&format!("confirm --list {list} --evidence 0xfeed")).fails(2, &parts[..1]);
}

#[test]
fn due_sent_and_confirmed() {
    let vault = Vault::paying(Step::Settled);
    let refused = ["cannot know what was sent", "there are no lists", "--resume-without-history"];
    vault.run(&claim(&vault, "--all")).fails(1, &refused);
    assert!(lists(&vault).is_empty());
    let earned = number(&vault.status()["earned"]);
    // One of them, then the others: the second list needs no word, because the first is there.
    let own = vault.json(&claim(&vault, &format!("{CONTRIBUTOR} --resume-without-history")));
    assert_eq!(own["payments"][0]["contributor"], CONTRIBUTOR);
    assert_eq!(own["unconfirmed"], own["payments"][0]["amount"]);
    let all = vault.json(&claim(&vault, "--all"));
    let paid: Vec<_> =
        [&own, &all].iter().flat_map(|told| told["payments"].as_array().unwrap().clone()).collect();
    assert_eq!(paid.iter().map(|line| number(&line["amount"])).sum::<u128>(), earned);
    assert_eq!((paid.len(), lists(&vault).len()), (3, 2));
    let listed: Value = serde_json::from_slice(&fs::read(&lists(&vault)[1]).unwrap()).unwrap();
    assert_eq!(listed["payments"].as_array().map(Vec::len), Some(2));
    // Who says it always is not protected by it.
    let needless = ["all lists of this ledger are in", "leave out --resume-without-history"];
    vault.run(&first(&vault)).fails(2, &needless);
    // Nothing more is due, and what is not confirmed is told until it is.
    let again = vault.done(&claim(&vault, "--all"));
    for part in ["nothing more is due", "sent and not confirmed", &show(&lists(&vault)[1])] {
        assert!(again.stdout.contains(part), "{part}: {}", again.stdout);
    }
    assert_eq!(vault.json(&claim(&vault, "--all"))["payments"], Value::Array(Vec::new()));
    let status = vault.status();
    let amounts = ["sent", "confirmed", "due"].map(|name| number(&status[name]));
    assert_eq!(amounts, [earned, 0, 0]);

    let [own, all] = [own, all].map(|told| told["list"].as_str().unwrap().to_owned());
    vault.run(&format!("confirm --list {own} {OTHER} --evidence 0xfeed")).fails(2, &["does not pay"]);
    let told = vault.done(&format!("confirm --list {own} --evidence 0xfeed"));
    assert!(told.stdout.contains("1 payment") && !told.stdout.contains("1 payments"), "{}", told.stdout);
    let told = vault.done(&format!("confirm --list {own} --evidence 0xfeed"));
    assert!(told.stdout.contains("by the same evidence"), "{}", told.stdout);
    let other = ["confirmed before", "by entry", "0xfeed"];
    vault.run(&format!("confirm --list {own} --evidence 0xbeef")).fails(1, &other);
    // Two of one list by one transfer, though one of them is on record by that already.
    let told = vault.json(&format!("confirm --list {all} {JFK} --evidence 0xbeef"));
    assert_eq!((&told["confirmed"], &told["before"]), (&1.into(), &0.into()));
    let told = vault.json(&format!("confirm --list {all} --evidence 0xbeef"));
    assert_eq!((&told["confirmed"], &told["before"]), (&1.into(), &1.into()));
    assert_eq!(number(&vault.status()["confirmed"]), earned);
    assert_eq!(vault.done(&claim(&vault, "--all")).stdout.trim(), "nothing is due");
    vault.run(&claim(&vault, OTHER)).fails(2, &["has earned nothing"]);
    let audited = vault.audits_clean();
    assert_eq!((&audited["payments"], &audited["confirmed"]), (&3.into(), &3.into()));
}

#[test]
fn a_list_that_could_not_be_said_is_there_and_told_again() {
    let vault = Vault::paying(Step::Settled);
    let device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let line = vault.line(&first(&vault));
    let output = program().args(line.split_whitespace()).stdout(device).output().unwrap();
    Ran::new(output).fails(2, &["cannot be written to standard output"]);
    let [list] = &lists(&vault)[..] else { panic!("one list") };
    let listed: Value = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
    assert_eq!(listed["payments"].as_array().map(Vec::len), Some(3));
    let again = vault.done(&claim(&vault, "--all"));
    assert!(
        again.stdout.contains("sent and not confirmed") && again.stdout.contains(&show(list)),
        "{}",
        again.stdout
    );
    let now = "exit 2; the list is on disk, durably, and the next call names it as sent and not confirmed";
    mended("`claim --all > /dev/full` recorded all as paid and told nobody", now);
}

/// Where the list cannot be written, nobody is recorded as told.
#[test]
fn without_a_list_nothing_is_sent() {
    let vault = Vault::paying(Step::Settled);
    let lists = write(&vault.folder, "lists", "no folder");
    vault.run(&first(&vault)).fails(2, &[&lists, "something stands there already; choose another path"]);
    assert_eq!(vault.status()["sent"], "0");
}

/// Starts a command that does not end by itself.
fn start(vault: &Vault, line: &str, stdout: impl Into<Stdio>) -> Child {
    let line = vault.line(line);
    let child = program().args(line.split_whitespace()).stdout(stdout).stderr(Stdio::piped()).spawn();
    child.expect("the program starts")
}

/// Waits until something is so.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(50), "it is not so after a long time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Kills a command that is still at work.
fn kill(mut child: Child) {
    assert!(child.try_wait().unwrap().is_none(), "it has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn database(vault: &Vault, access: Access) -> Database {
    let location: Location = vault.ledger.parse().unwrap();
    Database::open(&location, access).unwrap()
}

/// Leaves what the first `claim` leaves that is killed when its list is written, and not on record: it is a
/// copy of the ledger that has the record. (Commands are killed at any moment elsewhere.)
fn kill_before_the_record(vault: &Vault) {
    let copy = Vault::new();
    fs::copy(&vault.ledger, &copy.ledger).unwrap();
    copy.done(&first(vault));
}

/// Kills the first `claim` when its list is on record, and not said.
fn kill_after_the_record(vault: &Vault) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stdout = writer.try_clone().unwrap();
    // Nobody reads from the pipe: when it is full, whoever writes waits.
    let full = std::thread::spawn(move || writer.write_all(&vec![b'x'; 16 << 20]));
    std::thread::sleep(Duration::from_millis(100));
    let child = start(vault, &first(vault), stdout);
    until(|| vault.status()["sent"] != "0");
    std::thread::sleep(Duration::from_millis(200));
    kill(child);
    drop(reader);
    full.join().unwrap().expect_err("nobody reads");
}

#[test]
fn killed_between_the_list_and_the_record_nobody_is_paid_twice_or_forgotten() {
    for recorded in [false, true] {
        let vault = Vault::paying(Step::Settled);
        let earned = number(&vault.status()["earned"]);
        if recorded {
            kill_after_the_record(&vault);
        } else {
            kill_before_the_record(&vault);
        }
        assert_eq!(number(&vault.status()["sent"]), if recorded { earned } else { 0 });
        // A list that is not on record is recorded, and told apart: it may have been paid.
        let again = vault.done(&format!("{} --json", claim(&vault, "--all")));
        let told = again.json();
        assert_eq!((&told["list"], &told["payments"]), (&Value::Null, &Value::Array(Vec::new())));
        assert_eq!(told["found"].as_array().map(Vec::len), Some(usize::from(!recorded)));
        assert_eq!(again.stderr.contains("this list was written and not on record"), !recorded);
        assert_eq!(told["unfounded"], Value::Array(Vec::new()));
        // It is this ledger's own.
        assert!(!again.stderr.contains("the ledger that wrote it"), "{}", again.stderr);
        assert_eq!((number(&told["unconfirmed"]), lists(&vault).len()), (earned, 1));
        let status = vault.status();
        assert_eq!((number(&status["sent"]), number(&status["due"])), (earned, 0));
        vault.audits_clean();
    }
}

/// Whoever pays every list in the folder pays everybody once, all that is earned.
#[track_caller]
fn all_are_paid_once(vault: &Vault) {
    let mut paid = Vec::new();
    for path in lists(vault) {
        let list: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for payment in list["payments"].as_array().unwrap() {
            paid.push((payment["contributor"].to_string(), number(&payment["amount"])));
        }
    }
    let names: BTreeSet<_> = paid.iter().map(|(name, _)| name).collect();
    assert_eq!((names.len(), paid.len()), (3, 3), "{paid:?}");
    let earned = number(&vault.status()["earned"]);
    assert_eq!(paid.iter().map(|(_, amount)| amount).sum::<u128>(), earned);
    // Nothing is left that any later command would stumble over.
    let again = vault.json(&claim(vault, "--all"));
    assert_eq!((&again["list"], &again["found"]), (&Value::Null, &Value::Array(Vec::new())));
    assert_eq!(number(&vault.status()["sent"]), earned);
    vault.audits_clean();
}

#[test]
fn claims_at_once_pay_everybody_once() {
    let vault = Vault::paying(Step::Settled);
    vault.done(&claim(&vault, &format!("{CONTRIBUTOR} --resume-without-history")));
    let begun: Vec<_> = [JFK, "--all", LGA, "--all", JFK, "--all"]
        .map(|who| start(&vault, &claim(&vault, who), Stdio::piped()))
        .into_iter()
        .collect();
    for child in begun {
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        // Nobody was stopped before a list was on record.
        assert!(!told.contains("not on record"), "{told}");
    }
    all_are_paid_once(&vault);
}

/// One command has compared the folder with the record and waits, another one is killed when its list is
/// written: the first one does not list the same money.
#[test]
fn a_list_that_comes_while_a_command_waits_is_not_paid_again() {
    let vault = Vault::paying(Step::Settled);
    vault.done(&claim(&vault, &format!("{CONTRIBUTOR} --resume-without-history")));
    // What the other one leaves.
    let before = fs::read(&vault.ledger).unwrap();
    let path = vault.json(&claim(&vault, JFK))["list"].as_str().unwrap().to_owned();
    let list = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&vault.ledger, before).unwrap();
    let waiting = database(&vault, Access::Write).write(|_| {
        let mut child = start(&vault, &format!("{} --json", claim(&vault, "--all")), Stdio::piped());
        std::thread::sleep(Duration::from_millis(1500));
        assert!(child.try_wait().unwrap().is_none(), "it does not wait for the other writer");
        fs::write(&path, list).unwrap();
        Ok::<_, DatabaseError>(child)
    });
    let output = waiting.unwrap().wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["found"], Value::from(vec![path]));
    let [payment] = &told["payments"].as_array().unwrap()[..] else { panic!("{told}") };
    assert_eq!(payment["contributor"], LGA);
    all_are_paid_once(&vault);
}

/// A list that pays what a restored ledger has not settled says which entries are lost. It is recorded once
/// the epoch is settled again; or as it is, and every audit names it.
#[test]
fn a_list_ahead_of_a_restored_ledger_blocks_nobody() {
    let older = Vault::paying(Step::Closed);
    let vault = Vault::paying(Step::Settled);
    vault.done(&first(&vault));
    let listed: Value = serde_json::from_slice(&fs::read(&lists(&vault)[0]).unwrap()).unwrap();
    let [theirs, ours] = [listed["head"].as_str().unwrap().to_owned(), older.status()["head"].to_string()];
    let (own, entries) = (older.status()["entries"].to_string(), listed["entries"].as_str().unwrap());
    let lost = [
        "this list was written and is not on record",
        &format!("head {theirs} after entry {entries}"),
        &format!("{} after entry {own}", ours.trim_matches('"')),
        "this one is an older copy",
        "settle the epochs up to 2013",
        "--record-unfounded",
    ];
    let restore = || fs::copy(&older.ledger, &vault.ledger).map(drop).unwrap();
    restore();
    vault.run(&claim(&vault, "--all")).fails(1, &lost);
    // Settled again.
    vault.done("settle");
    let told = vault.json(&claim(&vault, "--all"));
    assert_eq!((&told["list"], told["found"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
    vault.audits_clean();
    // As it is.
    restore();
    // Nobody says that by the way: a flag for something else does not.
    vault.run(&first(&vault)).fails(1, &lost);
    let list = show(&lists(&vault)[0]);
    let ran = vault.run(&claim(&vault, &format!("--all --record-unfounded {list}")));
    for part in ["every audit names these payments", CONTRIBUTOR, JFK, LGA, "no epoch is settled"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    vault.done("settle");
    let told = vault.json(&claim(&vault, "--all"));
    assert_eq!((&told["list"], &told["found"]), (&Value::Null, &Value::Array(Vec::new())));
    let ran = fairshare(&format!("audit {} {}", vault.archive(), parameters()));
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("is not settled, and nobody is paid before that"), "{}", ran.stdout);
}

#[test]
fn a_restored_ledger_pays_nobody_again_unasked() {
    let vault = Vault::paying(Step::Settled);
    let older = fs::read(&vault.ledger).unwrap();
    vault.done(&first(&vault));
    let earned = number(&vault.status()["earned"]);
    let newer = fs::read(&vault.ledger).unwrap();
    // With its lists it knows what was sent since.
    fs::write(&vault.ledger, &older).unwrap();
    let told = vault.done(&format!("{} --json", claim(&vault, "--all")));
    assert!(told.stderr.contains("see whether it was paid"), "{}", told.stderr);
    let told = told.json();
    assert_eq!(
        (&told["payments"], &told["found"][0]),
        (&Value::Array(Vec::new()), &show(&lists(&vault)[0]).into())
    );
    assert_eq!((number(&vault.status()["sent"]), lists(&vault).len()), (earned, 1));
    assert_eq!(vault.json(&claim(&vault, "--all"))["payments"], Value::Array(Vec::new()));
    vault.audits_clean();
    // Without them it cannot know.
    fs::write(&vault.ledger, &older).unwrap();
    let list = lists(&vault).remove(0);
    let elsewhere = vault.folder.join("elsewhere.json");
    fs::rename(&list, &elsewhere).unwrap();
    vault.run(&claim(&vault, "--all")).fails(1, &["cannot know what was sent", "--resume-without-history"]);
    assert_eq!(vault.status()["sent"], "0");
    let now = "with its lists it knows what was sent; without them: `cannot know what was sent`, exit 1";
    mended("a restored older copy paid again unasked", now);
    // A ledger that knows of a list misses it, too.
    fs::write(&vault.ledger, &newer).unwrap();
    vault.run(&claim(&vault, "--all")).fails(1, &["1 of its lists", "--resume-without-history"]);
    fs::rename(&elsewhere, &list).unwrap();
    vault.done(&claim(&vault, "--all"));
}

#[test]
fn lists_that_are_not_this_ledgers_are_refused() {
    let vault = Vault::paying(Step::Settled);
    vault.done(&first(&vault));
    let path = lists(&vault).remove(0);
    let good = fs::read_to_string(&path).unwrap();
    let beside = vault.folder.join("lists/payments-000000099.json");
    let json: Value = serde_json::from_str(&good).unwrap();
    let of = json["vault"].as_str().unwrap();
    let mut one = json.clone();
    one["payments"].as_array_mut().unwrap().truncate(1);
    for (text, status, part) in [
        ("[]".to_owned(), 2, "not a list of payments"),
        (good.replace(of, OTHER), 2, "not of this ledger"),
        (good.replace("\"fairshare_payments\": 2", "\"fairshare_payments\": 3"), 2, "version 3"),
        (good.replacen("\"amount\": \"", "\"amount\": \"1", 1), 2, "a payment is at least 1 base unit"),
        (good.replace("\"amount\": \"", "\"amount\": \"1").replace("ive\": \"", "ive\": \"1"), 1, "pays"),
        (one.to_string(), 1, "whoever was paid by both was paid twice"),
    ] {
        fs::write(&beside, text).unwrap();
        vault.run(&claim(&vault, "--all")).fails(status, &[part]);
    }
}

/// Two files that pay the same are one list to the ledger, and twice the money to whoever pays by both.
#[test]
fn lists_that_pay_the_same_are_told_apart_first() {
    let vault = Vault::paying(Step::Settled);
    vault.done(&first(&vault));
    let list = lists(&vault).remove(0);
    let copy = vault.folder.join("lists/payments-000000099-copy.json");
    let altered = fs::read_to_string(&list).unwrap().replacen("\"entries\": \"", "\"entries\": \"9", 1);
    fs::write(&copy, altered).unwrap();
    vault.run(&claim(&vault, "--all")).fails(1, &[&show(&list), &show(&copy), "pay the same", "take the"]);
    fs::remove_file(&copy).unwrap();
    vault.done(&claim(&vault, "--all"));
}

/// A ledger and a copy of it that pay by one folder at once: the second finds the list of the first.
#[test]
fn two_ledgers_at_one_folder_pay_once() {
    let vault = Vault::paying(Step::Settled);
    let copy = Vault::new();
    fs::copy(&vault.ledger, &copy.ledger).unwrap();
    let line = |ledger: &Vault| ledger.line(&claim(&vault, "--all --resume-without-history"));
    fs::create_dir_all(vault.folder.join("lists")).unwrap();
    let held = fs::File::create(vault.folder.join("lists/.lock")).unwrap();
    held.lock().unwrap();
    let begun: Vec<_> = [&vault, &copy]
        .map(|ledger| {
            let mut command = program();
            command.args(line(ledger).split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .into_iter()
        .collect();
    // Neither has looked into the folder yet.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(lists(&vault).is_empty());
    drop(held);
    let ended: Vec<_> = begun.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert_eq!(lists(&vault).len(), 1, "{ended:?}");
    let told = |part: &str| {
        let is_told = |output: &&std::process::Output| String::from_utf8_lossy(&output.stdout).contains(part);
        ended.iter().filter(is_told).count()
    };
    assert_eq!((told("pay now"), told("on record now")), (1, 1), "{ended:?}");
}

/// Lists are numbered: one that a restored ledger does not know of, and that is in the folder no more, is
/// seen to be missing by a later one, whatever its file is called.
#[test]
fn a_restored_ledger_misses_a_list_before_a_later_one() {
    let vault = Vault::paying(Step::Settled);
    let older = fs::read(&vault.ledger).unwrap();
    vault.done(&claim(&vault, &format!("{CONTRIBUTOR} --resume-without-history")));
    vault.done(&claim(&vault, "--all"));
    let number = |path: &PathBuf| -> Value {
        serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap()["number"].clone()
    };
    let (first, second): (Vec<_>, Vec<_>) = lists(&vault).into_iter().partition(|path| number(path) == "1");
    assert_eq!((first.len(), second.len()), (1, 1));
    fs::write(&vault.ledger, &older).unwrap();
    let away = vault.folder.join("away.json");
    fs::rename(&first[0], &away).unwrap();
    vault.run(&claim(&vault, "--all")).fails(1, &["cannot know what was sent", "1 of its lists"]);
    // Under another name it is a list as before.
    fs::rename(&away, vault.folder.join("lists/paid in November.json")).unwrap();
    assert_eq!(vault.json(&claim(&vault, "--all"))["payments"], Value::Array(Vec::new()));
    vault.audits_clean();
    // What is no list does not stand among them unseen.
    let note = write(&vault.folder.join("lists"), "note.json", "{}");
    vault.run(&claim(&vault, "--all")).fails(2, &[&note, "not a list of payments"]);
}

/// Where nothing is settled nothing is due, and nobody has to say anything for it.
#[test]
fn before_a_settlement_nothing_is_due() {
    let vault = Vault::paying(Step::Closed);
    vault.run(&claim(&vault, "--all")).fails(2, &["no epoch is settled yet"]);
    assert!(!vault.folder.join("lists").exists());
}

/// Whoever reads the file holds a writer up before it has written a list, not after.
#[test]
fn a_list_is_written_when_nobody_is_in_the_way() {
    let vault = Vault::paying(Step::Settled);
    let child = database(&vault, Access::Read).read(|transaction| {
        transaction.query("SELECT id FROM entries", &[])?;
        let child = start(&vault, &first(&vault), Stdio::piped());
        std::thread::sleep(Duration::from_millis(700));
        assert!(lists(&vault).is_empty(), "it is written, and cannot be on record");
        Ok::<_, DatabaseError>(child)
    });
    let output = child.unwrap().wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lists(&vault).len(), 1);
}
