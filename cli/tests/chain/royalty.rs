//! `fairshare chain post`, `fund` and `pay`: by this command, and by the owners of a Safe.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, sol};
use fairshare_contracts::interface::RoyaltyVault;
use fairshare_contracts::token::Token;
use serde_json::{Value, json};

use super::proxy::{self, Way};
use super::roots::*;
use super::support::*;
use super::vaults::*;

/// Executes each transaction of a batch as the Safe whose file it is.
fn execute(roots: &Roots, file: &str) {
    let batch: Value = serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON");
    assert_eq!((&batch["version"], &batch["chainId"]), (&json!("1.0"), &json!("31337")));
    let safe: Address = batch["meta"]["createdFromSafeAddress"].as_str().unwrap().parse().unwrap();
    for transaction in batch["transactions"].as_array().expect("transactions") {
        assert_eq!(transaction["value"], "0");
        let to = transaction["to"].as_str().unwrap().parse().unwrap();
        let data = hex::decode(transaction["data"].as_str().unwrap().trim_start_matches("0x")).unwrap();
        roots.anvil.send_as(safe, Some(to), &data);
    }
}

fn functions(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["function"].as_str().expect("text")).collect()
}

/// A command that has all of it done before.
fn nothing_more(roots: &Roots, line: &str) {
    let nonce = roots.anvil.nonce(account(OPERATOR_KEY));
    for how in ["--send", "--calldata", &format!("--safe {}", roots.books.path("nothing.json"))] {
        let again = roots.chain(&format!("{line} {how}")).json();
        assert_eq!(again["before"], true, "{line} {how}: {again}");
        assert_eq!((functions(&again["calls"]).len(), &again["safe"]), (0, &Value::Null));
        assert_eq!(functions(&again["transactions"]), [""; 0]);
    }
    assert!(!roots.file("nothing.json").exists());
    assert_eq!(roots.anvil.nonce(account(OPERATOR_KEY)), nonce);
}

/// One epoch, from funds to payments, once by `--send`, once by executing what was written for a Safe. Both
/// leave the same state, and each command said again sends nothing.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn by_send_and_by_a_safe_the_state_is_the_same() {
    let (sent, safe) = (Roots::new(), Roots::new());
    for roots in [&sent, &safe] {
        roots.mint(account(OPERATOR_KEY), roots.total + 5);
    }
    let post = (sent.post(), safe.post());
    let lines = [("fund", "fund"), (post.0.as_str(), post.1.as_str()), ("pay --all", "pay --all")];
    for (index, (line, safe_line)) in lines.into_iter().enumerate() {
        if line.starts_with("pay") {
            sent.anvil.pass(WINDOW);
            safe.anvil.pass(WINDOW);
        }
        let done = sent.chain(&format!("{line} --send")).json();
        assert_eq!((&done["before"], functions(&done["calls"]).len()), (&false.into(), 0), "{done}");
        let file = safe.books.path(&format!("batch-{index}.json"));
        let planned = safe.chain(&format!("{safe_line} --safe {file}")).json();
        assert_eq!(planned["safe"], file.as_str());
        let printed = safe.chain(&format!("{safe_line} --calldata")).json();
        assert_eq!(printed["calls"], planned["calls"]);
        assert_eq!(functions(&planned["calls"]), functions(&done["transactions"]));
        execute(&safe, &file);
        assert_eq!(sent.state(), safe.state(), "{line}");
        nothing_more(&sent, line);
        nothing_more(&safe, safe_line);
    }
    let state = sent.state();
    assert_eq!(state["claimed"], sent.total.to_string(), "{state}");
    // The epoch is over: nothing can be funded or posted for it, and it says so.
    nothing_more(&sent, "fund");
    nothing_more(&sent, &sent.post());
}

/// Text for people names what is sent and what it costs before it is sent.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn costs_are_told_before() {
    let roots = Roots::new();
    roots.mint(account(OPERATOR_KEY), roots.total);
    let nonce = roots.anvil.nonce(account(OPERATOR_KEY));
    let line = format!("chain fund --ledger {}", roots.books.ledger);
    let dry = roots.run_as(OPERATOR_KEY, &format!("{line} --send --dry-run"));
    assert_eq!(dry.status, 0, "{}", dry.stderr);
    assert!(dry.stderr.contains("approve to 0x") && dry.stderr.contains("ether"), "{}", dry.stderr);
    assert!(dry.stdout.contains("nothing was sent: this was a dry run"), "{}", dry.stdout);
    let next = roots.chain("fund --send --dry-run").json();
    assert_eq!((&next["next"]["function"], &next["before"]), (&json!("approve"), &json!(false)));
    assert_eq!(roots.anvil.nonce(account(OPERATOR_KEY)), nonce);
    let printed = roots.run_as(OPERATOR_KEY, &format!("{line} --calldata"));
    assert!(printed.stdout.contains("approve to 0x") && printed.stdout.contains(" gas\n0x095ea7b3"));
    assert!(printed.stdout.contains(&format!("fund to {VAULT}\n0x")), "{}", printed.stdout);
    // Exactly one way to send.
    for how in ["", "--send --calldata", "--calldata --safe x.json", "--send --from 0x01"] {
        roots.run_as(OPERATOR_KEY, &format!("{line} {how}")).fails(2, &["error: "]);
    }
}

/// An allowance that is too small is set to 0 first, as USDT wants it; one that is there is not asked for
/// again.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn funding_brings_what_is_missing() {
    let roots = Roots::new();
    let operator = account(OPERATOR_KEY);
    roots.chain("fund --send").fails_as_json(2, "has 0 base units of the token");
    roots.fund(roots.total - 10);
    roots.mint(operator, 100);
    let approve = Token::approveCall { spender: VAULT, amount: U256::from(3) };
    roots.anvil.send_as(operator, Some(roots.token), &approve.abi_encode());
    let done = roots.chain("fund --send").json();
    assert_eq!(functions(&done["transactions"]), ["approve", "approve", "fund"]);
    assert_eq!(done["result"]["funded"], roots.total.to_string());
    assert_eq!(roots.balance(operator), U256::from(90));
    let allowance = roots.anvil.read(roots.token, Token::allowanceCall { owner: operator, spender: VAULT });
    assert_eq!(allowance, U256::ZERO);
    // Anybody may fund: a Safe is asked for by its address.
    let other = Roots::new();
    let friend = Address::repeat_byte(0x77);
    let line = format!("fund --calldata --from {friend}");
    let error = other.chain(&line).fails_as_json(2, "base units of the token");
    assert!(error["message"].as_str().unwrap().contains(&friend.to_string()), "{error}");
    other.mint(friend, other.total);
    assert_eq!(functions(&other.chain(&line).json()["calls"]), ["approve", "fund"]);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn each_step_says_what_it_waits_for() {
    let roots = Roots::new();
    let post = format!("{} --send", roots.post());
    roots.chain(&post).fails_as_json(1, "fund it first: `fairshare chain fund`");
    roots.chain("pay --all --send").fails_as_json(1, "post it first: `fairshare chain post`");
    roots.fund(roots.total);
    let operator = account(OPERATOR_KEY).to_string();
    let wrong = roots.run_as(STRANGER_KEY, &roots.line(&post));
    wrong.fails_as_json(2, &format!("is not the vault's operator, which is {operator}"));
    assert_eq!(roots.anvil.nonce(account(STRANGER_KEY)), 0);
    let posted = roots.chain(&post).json();
    assert_eq!(posted["result"]["posted"], true);
    assert_eq!(functions(&posted["transactions"]), ["post"]);
    assert!(posted["result"]["active_at"].as_str().unwrap().ends_with('Z'), "{posted}");
    roots.chain("pay --all --send").fails_as_json(1, "when its window is over");
    roots.anvil.pass(WINDOW);
    roots.chain(&format!("pay {OTHER} --send")).fails_as_json(1, "has no claim in epoch 2013");
    let one = roots.run_as(STRANGER_KEY, &roots.line(&format!("pay {JFK} {JFK} --send"))).json();
    assert_eq!(one["result"]["payments"].as_array().unwrap().len(), 1);
    // Anybody may pay, and what was paid is left out.
    let all = roots.chain("pay --all --send").json();
    assert_eq!(all["result"]["before"], 1);
    assert_eq!(roots.state()["claimed"], roots.total.to_string());
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn another_root_is_replaced_only_if_that_is_said() {
    let roots = Roots::new();
    let raised = roots.raised();
    roots.fund(roots.total + 1);
    roots.post_as(raised.root(), raised.total(), b"x", "https://archives.example/x.tar");
    let post = roots.post();
    roots.chain(&format!("{post} --send")).fails_as_json(1, "--replace posts it instead");
    assert_eq!(roots.pending().root.0, raised.root().0);
    let done = roots.chain(&format!("{post} --send --replace")).json();
    assert_eq!((&done["result"]["posted"], roots.pending().root.0), (&json!(true), roots.root.0));
    nothing_more(&roots, &post);
    nothing_more(&roots, &format!("{post} --replace"));
    // The same root at another place is another posting.
    let elsewhere = post.replace("archives.example", "elsewhere.example");
    roots.chain(&format!("{elsewhere} --send")).fails_as_json(1, "archive and place");
    let again = roots.chain(&format!("{elsewhere} --send --replace")).json();
    assert_eq!(functions(&again["transactions"]), ["post"]);
    // What pays is final.
    roots.anvil.pass(WINDOW);
    nothing_more(&roots, &post);
    let other = Roots::new();
    let raised = other.raised();
    other.fund(other.total + 1);
    other.post_as(raised.root(), raised.total(), b"x", "https://archives.example/x.tar");
    other.anvil.pass(WINDOW);
    other.chain(&format!("{} --send --replace", other.post())).fails_as_json(1, "which pays already");
    other.chain("pay --all --send").fails_as_json(1, "claims of this ledger cannot be paid under it");
}

/// What is posted can be recomputed: the archive is the ledger's, and has the settlement.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn only_the_ledgers_archive_is_posted() {
    let roots = Roots::new();
    roots.fund(roots.total);
    let post = |archive: &str| {
        let line = format!("post --archive {archive} --archive-place https://a.example/v.tar --send");
        roots.chain(&line)
    };
    let early = Vault::at(Step::Closed).archive();
    post(&early).fails_as_json(2, "before epoch 2013 was settled");
    let mut bytes = fs::read(&roots.archive).unwrap();
    let at = bytes.windows(9).rposition(|window| window == b"\"settled\"").expect("the settlement");
    bytes[at + 1] = b'S';
    post(&write(&roots.books.folder, "altered.tar", &bytes)).fails_as_json(2, "not an archive of the ledger");
    post(&write(&roots.books.folder, "none.tar", b"none")).fails_as_json(2, "not an archive of the ledger");
    post(&roots.books.path("absent.tar")).fails_as_json(2, "absent.tar");
    assert_eq!(roots.anvil.nonce(account(OPERATOR_KEY)), 0);
    let paying = Vault::paying(Step::Settled).ledger;
    let line = format!("chain fund --ledger {paying} --calldata --json");
    roots.run_as(OPERATOR_KEY, &line).fails_as_json(2, "`settlement` is `payments`");
}

sol! {
    function freeze(address account, bool frozen) external;
}

/// Who cannot be paid is named, and holds up nobody; nothing is sent in vain for it.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_frozen_account_is_named_and_left_out() {
    let roots = Roots::with_token(include_str!("../../../contracts/artifacts/test/FreezingToken.json"));
    roots.fund(roots.total);
    roots.chain(&format!("{} --send", roots.post())).json();
    roots.anvil.pass(WINDOW);
    let frozen: Address = JFK.parse().unwrap();
    let freeze = freezeCall { account: frozen, frozen: true };
    roots.anvil.send_as(Address::repeat_byte(1), Some(roots.token), &freeze.abi_encode());
    let operator = account(OPERATOR_KEY);
    for (transactions, before) in [(1, 0), (0, 2)] {
        let nonce = roots.anvil.nonce(operator);
        let ran = roots.chain("pay --all --send");
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let paid: Value = serde_json::from_str(&ran.stdout).unwrap();
        let unpaid = paid["result"]["unpaid"].as_array().unwrap();
        assert_eq!((unpaid.len(), &unpaid[0]["contributor"]), (1, &json!(JFK)), "{paid}");
        assert_eq!(paid["result"]["before"], before);
        assert_eq!(roots.anvil.nonce(operator) - nonce, transactions);
    }
    assert_eq!(roots.balance(frozen), U256::ZERO);
    let thaw = freezeCall { account: frozen, frozen: false };
    roots.anvil.send_as(Address::repeat_byte(1), Some(roots.token), &thaw.abi_encode());
    roots.chain("pay --all --send").json();
    assert_eq!(roots.state()["claimed"], roots.total.to_string());
    // A vault that its owner paused pays nothing, and says so.
    let pause = RoyaltyVault::pauseCall {}.abi_encode();
    roots.anvil.send_as(Address::repeat_byte(0xa1), Some(VAULT), &pause);
    roots.chain("pay --all --send").fails_as_json(1, "paused by its owner");
}

/// Killed after the node had a transaction and before the command heard of it; and a node that is lost. The
/// next command finds out what was mined.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_command_that_was_killed_sends_nothing_twice() {
    let roots = Roots::new();
    roots.fund(roots.total);
    let (port, operator) = (roots.anvil.port(), account(OPERATOR_KEY));
    let lost = proxy::before(port, |body| match body.contains("eth_estimateGas") {
        true => Way::Lost,
        false => Way::Through,
    });
    let line = roots.line(&format!("{} --send", roots.post()));
    let ran = run(roots.program(OPERATOR_KEY), &format!("{line} --rpc {lost}/SECRET"));
    let error = ran.fails_as_json(2, "the node at 127.0.0.1");
    assert!(!ran.stderr.contains("SECRET"), "{error}");
    assert_eq!(roots.anvil.nonce(operator), 0);
    let seen = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&seen);
    let taken = proxy::before(port, move |body| match body.contains("eth_sendRawTransaction") {
        true => {
            told.store(true, Ordering::Relaxed);
            Way::Taken
        }
        false => Way::Through,
    });
    let mut program = roots.program(OPERATOR_KEY);
    program.args(format!("{line} --rpc {taken}").split_whitespace());
    let mut child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
    while !seen.load(Ordering::Relaxed) || roots.anvil.nonce(operator) == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    let again = roots.chain(&format!("{} --send", roots.post())).json();
    assert_eq!((&again["before"], functions(&again["transactions"])), (&json!(true), vec!["post"]));
    assert_eq!((roots.anvil.nonce(operator), roots.pending().root.0), (1, roots.root.0));
}
