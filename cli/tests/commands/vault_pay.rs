//! Paying by lists: written, recorded, confirmed; and a ledger that was restored from an older copy.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

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
    vault.run(&format!("confirm {CONTRIBUTOR} --evidence 0xfeed")).fails(2, &parts[..1]);
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
    // Nothing more is due, and what is not confirmed is told until it is.
    let again = vault.done(&claim(&vault, "--all"));
    for part in ["nothing more is due", "sent and not confirmed", &show(&lists(&vault)[1])] {
        assert!(again.stdout.contains(part), "{part}: {}", again.stdout);
    }
    assert_eq!(vault.json(&claim(&vault, "--all"))["payments"], Value::Array(Vec::new()));
    let status = vault.status();
    let amounts = ["sent", "confirmed", "due"].map(|name| number(&status[name]));
    assert_eq!(amounts, [earned, 0, 0]);

    vault.run(&format!("confirm {OTHER} --evidence 0xfeed")).fails(2, &["nothing was sent to"]);
    let told = vault.done(&format!("confirm {CONTRIBUTOR} --evidence 0xfeed"));
    assert!(told.stdout.contains("1 payment") && !told.stdout.contains("1 payments"), "{}", told.stdout);
    assert_eq!(vault.json(&format!("confirm {CONTRIBUTOR} {JFK} {LGA} --evidence 0xfeed"))["confirmed"], 2);
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
    vault.run(&first(&vault)).fails(2, &[&lists]);
    assert_eq!(vault.status()["sent"], "0");
}

#[test]
fn killed_between_the_list_and_the_record_nobody_is_paid_twice_or_forgotten() {
    let mut found = [0; 2];
    for moment in 0..12 {
        let vault = Vault::paying(Step::Settled);
        let mut child = program()
            .args(vault.line(&first(&vault)).split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let begun = Instant::now();
        while lists(&vault).is_empty() && begun.elapsed() < Duration::from_secs(60) {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_micros(moment * moment * 20));
        let _ = child.kill();
        child.wait().unwrap();
        let earned = number(&vault.status()["earned"]);
        let recorded = number(&vault.status()["sent"]) == earned;
        found[usize::from(recorded)] += 1;
        // A list that is not on record is recorded, and told apart: it may have been paid.
        let again = vault.done(&format!("{} --json", claim(&vault, "--all")));
        let told = again.json();
        assert_eq!((&told["list"], &told["payments"]), (&Value::Null, &Value::Array(Vec::new())));
        assert_eq!(told["found"].as_array().map(Vec::len), Some(usize::from(!recorded)));
        assert_eq!(again.stderr.contains("this list was written and not on record"), !recorded);
        assert_eq!((number(&told["unconfirmed"]), lists(&vault).len()), (earned, 1));
        let status = vault.status();
        assert_eq!((number(&status["sent"]), number(&status["due"])), (earned, 0));
        vault.audits_clean();
    }
    println!("killed before the record: {}, after it: {}", found[0], found[1]);
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
    for (text, status, part) in [
        ("[]".to_owned(), 2, "not a list of payments"),
        (good.replace(of, OTHER), 2, "not of this ledger"),
        (good.replace("\"fairshare_payments\": 2", "\"fairshare_payments\": 3"), 2, "version 3"),
        (good.replacen("\"amount\": \"", "\"amount\": \"1", 1), 2, "pays"),
    ] {
        fs::write(&beside, text).unwrap();
        vault.run(&claim(&vault, "--all")).fails(status, &[part]);
    }
}
