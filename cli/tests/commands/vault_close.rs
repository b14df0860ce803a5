//! Closing: what nodes left unproved is made here, whoever gets nothing is listed, and what was interrupted
//! goes on.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::*;
use super::vaults::*;

/// A ledger whose rounds are over under rules with these changes: a few rounds, this data, these nodes.
fn over(changes: &[(&str, &str)], data: bool, nodes: usize) -> Vault {
    let (p, vault) = (prepared(), Vault::new());
    let changes: Vec<_> = [("count = 365", "count = 3")].iter().chain(changes).copied().collect();
    let policy = policy(&vault.folder, &changes);
    vault.done(&format!("init --policy {policy} --params {}", p.params));
    vault.done("round --to 0");
    if data {
        let out = vault.path("signed.json");
        let line = format!("register sign --request {} --policy {policy} --last-round 9", p.registration());
        assert_eq!(fairshare_as("e1", &format!("{line} --out {out}")).status, 0);
        assert_eq!(vault.register(&out).status, 0);
    }
    vault.done("round --to 2");
    let names: String = (1..=nodes).map(|node| format!(",0x{node:040x}")).collect();
    let row = |round: usize| format!("{round}{}\n", ",5".repeat(nodes));
    let units = format!("round{names}\n{}", (0..3).map(row).collect::<String>());
    let units = write(&vault.folder, "units.csv", units);
    let ran = vault.register(&format!("--units {units}"));
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    vault.done("round --end");
    vault
}

#[test]
fn missing_proofs_are_made_and_without_parameters_it_says_so() {
    let vault = over(&[], false, 2);
    vault
        .run("close")
        .fails(2, &["nodes of epoch 2013 without a compute proof on record: 2", "--params SRS"]);
    vault.run(&format!("close --params {}", prepared().params)).fails(1, &["--allow-insecure-params"]);
    let ran = vault.done(&format!("close {}", parameters()));
    for part in ["without a compute proof: 2 nodes", "processor time"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert!(ran.stdout.contains("2 compute proofs made in"), "{}", ran.stdout);
    let settled = vault.json("settle");
    let paid: Vec<_> =
        settled["payouts"].as_array().unwrap().iter().map(|line| number(&line["total"])).collect();
    // Nobody gave data: its pool is carried whole.
    assert_eq!((&paid, &settled["data_carried"]), (&vec![35_000_000; 2], &"30000000".into()));
    let now = format!("`close` made the missing proofs, and each was paid: {paid:?}");
    mended("three vouched nodes got 0 and their share went to the others", now);
    let audited = vault.audits_clean();
    assert_eq!(audited["bundles"], 2);
    // What is published of a settlement is what an audit computes.
    assert_eq!((&audited["total"], &audited["root"]), (&settled["claims_total"], &settled["root"]));
}

/// Where proofs are not taken yet none is made.
#[test]
fn before_the_rounds_are_over_nothing_is_proved() {
    let vault = Vault::at(Step::Last);
    assert_eq!(vault.register(&format!("--units {}", prepared().units)).status, 0);
    let ran = vault.run(&format!("close {}", parameters()));
    assert!(!ran.stderr.contains("processor time"), "{}", ran.stderr);
    ran.fails(1, &["round 364 of epoch 2013 goes on", "`fairshare vault round --end`"]);
}

#[test]
fn whoever_gets_nothing_is_listed_and_forfeited_knowingly() {
    // Chance alone gives one who proves nothing no weight; the deadline is past at once.
    let vault = over(&[("proving_seconds = 1_209_600", "proving_seconds = 0")], true, 1);
    sleep(Duration::from_millis(1_100));
    let close = format!("close {}", parameters());
    let ran = vault.run(&close);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    for part in [CONTRIBUTOR, "data is registered and not proved", "gets nothing"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(ran.stderr.contains("--forfeit"), "{}", ran.stderr);
    mended("`awaited` named nodes only", ran.stdout.lines().find(|line| line.contains(CONTRIBUTOR)).unwrap());
    let ran = vault.run(&format!("{close} --json"));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let line = &told["nothing"][0];
    assert_eq!((&told["state"], &line["contributor"]), (&"proving".into(), &CONTRIBUTOR.into()));
    assert_eq!((&line["role"], &line["why"]), (&"data".into(), &"data is registered and not proved".into()));
    let closed = vault.json(&format!("{close} --forfeit"));
    assert_eq!((&closed["state"], &closed["nothing"][0]), (&"closed".into(), line));
    vault.json("settle");
    let audited = vault.audits_clean();
    assert_eq!(audited["datasets"][0]["fates"][0]["fate"], "not proved in time");
}

/// Before the deadline nobody who could still prove is forfeited, whatever is asked.
#[test]
fn until_the_deadline_unproved_data_keeps_an_epoch_open() {
    let (p, vault) = (prepared(), Vault::at(Step::Proving));
    let line = format!("close {} --forfeit", parameters());
    let ran = vault.run(&line);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    for part in [CONTRIBUTOR, "not proved, and may prove it until", "close the epoch after that"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(vault.status()["epochs"][0]["nodes_proved"], 3, "what was made stays");
    assert_eq!(vault.submit(&p.data_bundle).status, 0);
    let closed = vault.json(&line);
    assert_eq!((&closed["state"], &closed["proved"]), (&"closed".into(), &0.into()));
}

/// A struck node is proved, and gets nothing.
#[test]
fn a_struck_node_is_listed() {
    let (p, vault) = (prepared(), Vault::at(Step::Last));
    vault.done(&format!("strike {LGA} --why unseen"));
    assert_eq!(vault.register(&format!("--units {}", p.units)).status, 0);
    vault.done("round --end");
    assert_eq!(vault.submit(&format!("{} {}", p.data_bundle, p.compute_bundle)).status, 0);
    let ran = vault.run(&format!("close {} --json", parameters()));
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["nothing"][0]["contributor"], LGA);
    assert_eq!(told["nothing"][0]["why"], "struck by the operator");
    vault.json(&format!("close {} --forfeit", parameters()));
    let settled = vault.json("settle");
    assert!(settled["payouts"].as_array().unwrap().iter().all(|line| line["contributor"] != LGA));
    vault.audits_clean();
}

/// Starts closing, and waits until so many nodes are proved.
fn closing(vault: &Vault, proved: u64) -> Child {
    // In the background of a shell the tests ignore Ctrl-C, and so would the program.
    let mut child = Command::new("env")
        .arg("--default-signal=INT")
        .arg(program().get_program())
        .args(vault.line(&format!("close {} --threads 1", parameters())).split_whitespace())
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let begun = Instant::now();
    while vault.status()["epochs"][0]["nodes_proved"].as_u64() < Some(proved) {
        assert!(child.try_wait().expect("wait").is_none(), "it ended too early");
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain");
        sleep(Duration::from_millis(5));
    }
    child
}

#[cfg(target_os = "linux")]
#[test]
fn interrupted_it_goes_on_where_it_stopped() {
    const NODES: usize = 12;
    let vault = over(&[], false, NODES);
    let proved = || vault.status()["epochs"][0]["nodes_proved"].as_u64().unwrap();
    // Ctrl-C.
    let child = closing(&vault, 2);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let after_interrupt = proved();
    let told = format!("{after_interrupt} of {NODES} missing compute proofs are made and on record");
    assert!(stderr.contains(&told) && stderr.contains("what is finished is kept"), "{told}: {stderr}");
    // Killed.
    let mut child = closing(&vault, after_interrupt + 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let after_kill = proved();
    assert!((2..NODES as u64).contains(&after_interrupt) && after_kill < NODES as u64);
    let closed = vault.json(&format!("close {}", parameters()));
    assert_eq!(closed["proved"], NODES as u64 - after_kill);
    assert_eq!(vault.audits_clean()["bundles"], NODES);
}

/// Two commands prove the same nodes: both end well, and each node has one proof.
#[cfg(target_os = "linux")]
#[test]
fn two_that_close_at_once_are_in_nobodys_way() {
    const NODES: usize = 6;
    let vault = over(&[], false, NODES);
    let first = closing(&vault, 1);
    let second = vault.json(&format!("close {}", parameters()));
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(second["state"], "closed");
    assert_eq!(vault.audits_clean()["bundles"], NODES);
}
