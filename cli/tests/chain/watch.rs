//! `fairshare chain watch`: a true root is left alone, a false one is vetoed, once.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use alloy_primitives::{Address, B256};
use fairshare_audit::claims::ClaimTree;
use fairshare_params::encoding::Digest;
use serde_json::{Value, json};

use super::anvil::post;
use super::archives::forge;
use super::proxy::{self, Way};
use super::roots::*;
use super::support::*;
use super::vaults::*;

/// The line of a watch that fetches from this machine.
fn line(more: &str) -> String {
    let p = prepared();
    let place = "--private-archives --once --json";
    format!("chain watch --policy {} {} {place} {more}", p.policy, parameters())
}

fn watch(roots: &Roots, more: &str) -> Ran {
    roots.run_as(GUARDIAN_KEY, &line(more))
}

/// The result of a watch that ended so.
#[track_caller]
fn result(ran: &Ran, status: i32, verdict: &str) -> Value {
    assert_eq!(ran.status, status, "{}\n{}", ran.stdout, ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    assert_eq!(found["verdict"], verdict, "{found}");
    found
}

/// A vault with a root at its own archive, which is served.
fn posted(tree: impl FnOnce(&Roots) -> ClaimTree) -> (Roots, ClaimTree) {
    let roots = Roots::new();
    let tree = tree(&roots);
    roots.fund(roots.total + 1);
    let archive = fs::read(&roots.archive).expect("the archive");
    roots.post_as(tree.root(), tree.total(), &archive, &proxy::archive(archive.clone()));
    (roots, tree)
}

fn raised() -> (Roots, ClaimTree) {
    posted(Roots::raised)
}

/// Neither a veto nor anything else was sent by the guardian, and the root is pending.
#[track_caller]
fn untouched(roots: &Roots) {
    assert_eq!((roots.vetoes(), roots.anvil.nonce(account(GUARDIAN_KEY))), (0, 0));
    assert!(!roots.pending().root.is_zero());
}

/// Exactly one veto, and nothing pending.
#[track_caller]
fn vetoed_once(roots: &Roots) {
    assert_eq!((roots.vetoes(), roots.anvil.nonce(account(GUARDIAN_KEY))), (1, 1));
    assert!(roots.pending().root.is_zero());
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_true_root_is_left_alone() {
    let nothing = Roots::new();
    result(&watch(&nothing, ""), 0, "nothing-pending");
    let (roots, tree) = posted(Roots::tree);
    let folder = roots.books.path("archives");
    let found = result(&watch(&roots, &format!("--archives {folder}")), 0, "true");
    let root = tree.root().to_string();
    assert_eq!((&found["posted_root"], &found["found_root"]), (&json!(root), &json!(root)));
    assert_eq!(found["found_total"], roots.total.to_string());
    assert_eq!(
        (&found["veto"], &found["transactions"], &found["reasons"]),
        (&Value::Null, &json!([]), &json!([]))
    );
    untouched(&roots);
    // What was fetched is kept under its hash, and needs no server the next time.
    let kept = format!("{folder}/{}.tar", found["archive_hash"].as_str().unwrap());
    assert_eq!(fs::read(kept).unwrap(), fs::read(&roots.archive).unwrap());
    let alone = line(&format!("--archives {folder} --rules-hash {}", roots.rules_hash));
    result(&roots.run_as(GUARDIAN_KEY, &alone.replace("--private-archives", "")), 0, "true");
    // By address, without a key.
    let by_address = format!("--vault {VAULT} --chain-id 31337 --no-veto");
    let policy = format!("--policy {}", prepared().policy);
    let mut program = roots.program(GUARDIAN_KEY);
    program.env_remove(KEY_VARIABLE);
    result(&run(program, &line("").replace(&policy, &by_address)), 0, "true");
    // Rules that others published are not those of the root: it is false.
    let other = format!("0x{}", "5a".repeat(32));
    let found = result(&watch(&roots, &format!("--rules-hash {other} --no-veto")), 1, "false");
    let told = found["differences"][0].as_str().unwrap();
    assert!(told.contains(&other) && told.contains("was to be expected"), "{told}");
    untouched(&roots);
    let told = roots.run_as(GUARDIAN_KEY, &line("").replace("--json", ""));
    assert!(
        told.stdout.contains("TRUE: the archive gives it") && told.stdout.contains(&root),
        "{}",
        told.stdout
    );
    // A forgotten flag vetoes nobody, and without a policy's parameters nothing is said.
    let strict = line("").replace("--allow-insecure-params", "");
    roots.run_as(GUARDIAN_KEY, &strict).fails_as_json(2, "--allow-insecure-params");
    let standard = roots.books.path("standard.srs");
    assert_eq!(fairshare(&format!("params insecure --geometry standard --out {standard}")).status, 0);
    let without = line("").replace(&prepared().params, &standard);
    let found = result(&roots.run_as(GUARDIAN_KEY, &without), 2, "unknown");
    assert!(found["reasons"][0].as_str().unwrap().contains("names the parameters"), "{found}");
    untouched(&roots);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_leaf_raised_by_one_is_vetoed() {
    let (roots, tree) = raised();
    let end = roots.pending().activeAt;
    let found = result(&watch(&roots, ""), 1, "false");
    assert_eq!(found["posted_root"], tree.root().to_string());
    assert_eq!(found["found_root"], roots.root.to_string());
    assert_eq!(found["posted_total"], (roots.total + 1).to_string());
    assert_eq!((&found["vetoed"], &found["veto"]), (&json!(true), &Value::Null));
    assert_eq!(found["transactions"][0]["function"], "veto");
    assert_eq!(found["differences"].as_array().unwrap().len(), 2, "{found}");
    assert!(roots.anvil.time() < end);
    vetoed_once(&roots);
    // Said again, it finds nothing to veto.
    result(&watch(&roots, ""), 0, "nothing-pending");
    vetoed_once(&roots);
}

/// A root of an archive whose own books were altered: it is what the archive says, and not what its bundles
/// prove.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn altered_books_are_vetoed_and_so_is_what_is_no_archive() {
    let roots = Roots::new();
    roots.fund(roots.total + 1);
    let forged = roots.books.path("forged.tar");
    forge(&roots.archive, &forged, |entries| {
        // The last bundle is left out: the others earn its share.
        let bundle = entries.iter().rposition(|(entry, _)| entry.event.kind().name() == "bundle").unwrap();
        entries.remove(bundle);
    });
    for (bytes, part) in [
        (fs::read(&forged).unwrap(), "entry "),
        (b"no archive".to_vec(), "what was posted is not an archive"),
    ] {
        let url = proxy::archive(bytes.clone());
        roots.post_as(roots.root, roots.total, &bytes, &url);
        let found = result(&watch(&roots, ""), 1, "false");
        let told = found["differences"].as_array().unwrap();
        assert!(told.iter().any(|line| line.as_str().unwrap().contains(part)), "{part}: {found}");
        assert_eq!(found["vetoed"], true);
    }
    assert_eq!((roots.vetoes(), roots.anvil.nonce(account(GUARDIAN_KEY))), (2, 2));
    // Of an archive of an earlier state there is no such epoch.
    let early = fs::read(Vault::at(Step::Closed).archive()).unwrap();
    roots.post_as(roots.root, roots.total, &early, &proxy::archive(early.clone()));
    let found = result(&watch(&roots, ""), 1, "false");
    assert!(found["differences"][0].as_str().unwrap().contains("no settled epoch 2013"), "{found}");
    assert_eq!((&found["found_root"], &found["vetoed"]), (&Value::Null, &json!(true)));
}

/// Whatever keeps the archive away: nothing is said of the root, and nothing is vetoed.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn an_archive_that_is_not_to_be_had_is_no_reason_for_a_veto() {
    let (roots, tree) = raised();
    let archive = fs::read(&roots.archive).unwrap();
    let unknown = |more: &str, part: &str| {
        let found = result(&watch(&roots, more), 2, "unknown");
        let told = found["reasons"][0].as_str().unwrap();
        assert!(told.starts_with("the archive is not to be had: ") && told.contains(part), "{part}: {told}");
        assert_eq!(found["found_root"], Value::Null);
        assert_eq!(found["veto"]["function"], "veto");
        untouched(&roots);
    };
    let bound = format!("--max-archive {}", archive.len() - 1);
    unknown(&bound, "--max-archive allows more");
    let mut altered = archive.clone();
    *altered.last_mut().unwrap() ^= 1;
    let post = |place: &str| roots.post_as(tree.root(), tree.total(), &archive, place);
    post(&proxy::archive(altered));
    unknown("", "these are other bytes");
    let (url, here) = (proxy::archive(archive.clone()), proxy::elsewhere);
    post(&proxy::endless());
    unknown("--max-archive 1MiB", "--max-archive allows more");
    post(&url.replace("T0KEN", "other"));
    unknown("", "status 404");
    post(&here(url.clone()));
    unknown("", "status 302");
    post("http://127.0.0.1:9/vault.tar");
    unknown("", "cannot be fetched");
    post("ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi");
    unknown("", "put it into the folder of --archives");
    post(&url);
    let private = roots.run_as(GUARDIAN_KEY, &line("").replace("--private-archives", ""));
    let found = result(&private, 2, "unknown");
    assert!(found["reasons"][0].as_str().unwrap().contains("in a private network"), "{found}");
    untouched(&roots);
    // A file of that name in the folder, with other bytes.
    let folder = roots.books.folder.join("kept");
    fs::create_dir(&folder).unwrap();
    let name = format!("{}.tar", found["archive_hash"].as_str().unwrap());
    fs::write(folder.join(&name), b"other").unwrap();
    unknown(&format!("--archives {}", show(&folder)), "these are other bytes");
    fs::write(folder.join(name), &archive).unwrap();
    result(&watch(&roots, &format!("--archives {}", show(&folder))), 1, "false");
    vetoed_once(&roots);
}

/// A program that is killed once the node has seen a method.
fn killed_at(roots: &Roots, method: &'static str, way: Way) {
    let seen = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&seen);
    let url = proxy::before(roots.anvil.port(), move |body| match body.contains(method) {
        true => {
            told.store(true, Ordering::Relaxed);
            way
        }
        false => Way::Through,
    });
    let mut program = roots.program(GUARDIAN_KEY);
    program.args(line(&format!("--rpc {url}")).split_whitespace());
    let mut child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
    wait_until(|| seen.load(Ordering::Relaxed));
    if way == Way::Taken {
        wait_until(|| roots.anvil.nonce(account(GUARDIAN_KEY)) == 1);
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// After the audit and before anything was signed; signed, and not sent; and in a block, without having heard
/// of it.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn killed_between_audit_and_veto_it_vetoes_once() {
    for (method, way) in [
        ("eth_estimateGas", Way::Held),
        ("eth_sendRawTransaction", Way::Held),
        ("eth_sendRawTransaction", Way::Taken),
    ] {
        let (roots, tree) = raised();
        killed_at(&roots, method, way);
        let found = result(&watch(&roots, ""), 1, "false");
        assert_eq!(found["posted_root"], tree.root().to_string());
        assert_eq!(found["found_root"], roots.root.to_string());
        assert_eq!(found["vetoed"], true, "{method}: {found}");
        assert_eq!(found["transactions"].as_array().unwrap().len(), 1, "{method}: {found}");
        vetoed_once(&roots);
        result(&watch(&roots, ""), 0, "nothing-pending");
        vetoed_once(&roots);
    }
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn only_the_guardian_vetoes() {
    let (roots, tree) = raised();
    let guardian = account(GUARDIAN_KEY).to_string();
    let wrong = roots.run_as(STRANGER_KEY, &line(""));
    wrong.fails_as_json(2, &format!("is not the vault's guardian, which is {guardian}"));
    let mut keyless = roots.program(GUARDIAN_KEY);
    keyless.env_remove(KEY_VARIABLE);
    run(keyless, &line("")).fails_as_json(2, "there is no key to sign with");
    // Whoever is not the guardian reports, with what the guardian has to send.
    let found = result(&roots.run_as(STRANGER_KEY, &line("--no-veto")), 1, "false");
    assert_eq!((&found["vetoed"], &found["veto"]["function"]), (&json!(false), &json!("veto")));
    assert!(found["reasons"][0].as_str().unwrap().contains("--no-veto"), "{found}");
    let dry = result(&watch(&roots, "--dry-run"), 1, "false");
    assert_eq!((&dry["next"]["function"], &dry["vetoed"]), (&json!("veto"), &json!(false)));
    untouched(&roots);
    let to: Address = found["veto"]["to"].as_str().unwrap().parse().unwrap();
    let data = hex::decode(found["veto"]["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
    roots.anvil.send_as(account(GUARDIAN_KEY), Some(to), &data);
    vetoed_once(&roots);
    assert_eq!(found["posted_root"], tree.root().to_string());
}

/// A veto that comes too late is said to be so.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn after_the_window_nothing_is_vetoed() {
    let (roots, _) = raised();
    roots.anvil.pass(WINDOW);
    let found = result(&watch(&roots, ""), 1, "false");
    assert_eq!(found["vetoed"], false);
    assert!(found["reasons"][0].as_str().unwrap().contains("ChallengeWindowOver"), "{found}");
    untouched(&roots);
}

/// The window ends while the archive is audited.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_window_that_ends_during_the_audit_is_told() {
    let (roots, _) = raised();
    let port = roots.anvil.port();
    let url = proxy::before(port, move |body| {
        if body.contains("eth_estimateGas") {
            for (method, params) in [("evm_increaseTime", json!([WINDOW])), ("evm_mine", json!([]))] {
                let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
                post(port, body.to_string().as_bytes());
            }
        }
        Way::Through
    });
    let found = result(&watch(&roots, &format!("--rpc {url}")), 1, "false");
    assert_eq!(found["vetoed"], false);
    assert!(found["reasons"][0].as_str().unwrap().contains("ChallengeWindowOver"), "{found}");
    untouched(&roots);
}

/// The node is lost between audit and veto: what was found is told, and that nothing was vetoed.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_node_that_dies_is_told() {
    let (roots, _) = raised();
    let lost = |method: &'static str| {
        let url = proxy::before(roots.anvil.port(), move |body| match body.contains(method) {
            true => Way::Lost,
            false => Way::Through,
        });
        watch(&roots, &format!("--rpc {url}/SECRET"))
    };
    let ran = lost("eth_estimateGas");
    let found = result(&ran, 1, "false");
    assert_eq!(found["vetoed"], false);
    let told = found["reasons"][0].as_str().unwrap();
    assert!(told.contains("the node at 127.0.0.1") && told.contains("eth_estimateGas"), "{told}");
    assert!(!ran.stdout.contains("SECRET") && !ran.stderr.contains("SECRET"));
    lost("eth_getLogs").fails_as_json(2, "eth_getLogs");
    lost("eth_chainId").fails_as_json(2, "eth_chainId");
    untouched(&roots);
    result(&watch(&roots, ""), 1, "false");
    vetoed_once(&roots);
}

/// Ends a program that follows a vault, as Ctrl-C does, and returns what it printed.
fn interrupted(child: Child) -> (i32, Vec<Value>) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
    let ran = Ran::new(child.wait_with_output().expect("its output"));
    (ran.status, lines(&ran))
}

/// It goes on: each root that is posted gets a verdict, until Ctrl-C.
#[cfg(unix)]
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn it_follows_root_after_root() {
    let (roots, tree) = posted(Roots::tree);
    let mut program = roots.program(GUARDIAN_KEY);
    let line = line("--every 1").replace("--once", "");
    program.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = program.spawn().expect("the program");
    // Wait for the first verdict by the clock: it prints nothing else.
    std::thread::sleep(Duration::from_secs(8));
    let raised = roots.raised();
    let archive = fs::read(&roots.archive).unwrap();
    roots.post_as(raised.root(), raised.total(), &archive, &proxy::archive(archive.clone()));
    wait_until(|| roots.vetoes() == 1);
    let (status, verdicts) = interrupted(child);
    assert_eq!(status, 1, "{verdicts:?}");
    let told: Vec<_> =
        verdicts.iter().map(|one| (one["verdict"].as_str().unwrap(), &one["posted_root"])).collect();
    let roots_of = [tree.root(), raised.root()].map(|root: Digest| json!(B256::from(root.0).to_string()));
    assert_eq!(told, [("true", &roots_of[0]), ("false", &roots_of[1])]);
    vetoed_once(&roots);
}

/// A block that is given up takes the veto in it back: the root is pending again, and is vetoed again.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_veto_that_a_reorganisation_takes_back_is_sent_again() {
    let (roots, _) = posted(Roots::raised);
    let before = roots.anvil.rpc("evm_snapshot", json!([]));
    let mut program = roots.program(GUARDIAN_KEY);
    let line = line("--every 1").replace("--once", "");
    program.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = program.spawn().expect("the program");
    wait_until(|| roots.vetoes() == 1);
    std::thread::sleep(Duration::from_secs(2));
    roots.anvil.rpc("evm_revert", json!([before]));
    assert_eq!(roots.vetoes(), 0);
    wait_until(|| roots.vetoes() == 1);
    let (status, _) = interrupted(child);
    assert_eq!(status, 1);
}
