//! How transactions are sent: each once, whatever happens in between, and nothing before it is said.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use alloy_sol_types::SolEvent;
use fairshare_contracts::solidity::ProvingVault::{self, Funded};
use serde_json::json;

use super::proxy::{Way, before};
use super::support::*;
use super::world::*;

/// How often the vault was funded.
fn funded(vault: &Vault) -> usize {
    vault.anvil.events(vault.vault, Funded::SIGNATURE_HASH)
}

/// Starts a line at another node.
fn start(vault: &Vault, url: &str, line: &str) -> Child {
    let mut program = vault.program(OPERATOR_KEY);
    program.args(line.split(' ')).env("ETH_RPC_URL", url);
    program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The outbox's file with a transaction in it, if there is one.
fn pending(vault: &Vault) -> Option<String> {
    let folder = vault.folder.join("state/fairshare");
    let folders = std::fs::read_dir(folder).ok()?.map(|entry| entry.expect("an entry").path());
    folders.map(|folder| folder.join("pending.json")).find_map(|path| std::fs::read_to_string(path).ok())
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn whoever_is_killed_while_sending_sends_nothing_twice() {
    // The transaction reaches nobody; it reaches the chain, and nobody says so; it is in a block, and unheard
    // of.
    let moments = [
        ("eth_sendRawTransaction", Way::Held),
        ("eth_sendRawTransaction", Way::Taken),
        ("eth_getTransactionReceipt", Way::Held),
    ];
    let vault = Vault::deploy("federated", (100, 40));
    let rules = vault.rules();
    for (round, (method, way)) in moments.into_iter().enumerate() {
        let sum = 1_000_000 + 10 * round;
        let line = format!("chain open --fund {sum} {rules}");
        if round == 0 {
            vault.done(OPERATOR_KEY, &format!("chain open {rules}"));
        }
        // The first transaction allows the vault to take tokens, the second one brings them: that is held up.
        let count = std::sync::atomic::AtomicUsize::new(0);
        let url = before(vault.anvil.port(), move |body| {
            let is_last = method == "eth_getTransactionReceipt" && !body.contains(method);
            if is_last || !body.contains(method) {
                return Way::Through;
            }
            let seen = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let allowance = if method == "eth_sendRawTransaction" { 1 } else { 3 };
            if seen < allowance { Way::Through } else { way }
        });
        let mut child = start(&vault, &url, &line);
        until("nothing is kept", || pending(&vault).is_some_and(|text| text.contains("\"fund\"")));
        std::thread::sleep(Duration::from_millis(300));
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(pending(&vault).expect("it is kept").contains("\"fund\""));
        let before_it = funded(&vault);
        assert_eq!(before_it, round + usize::from(way == Way::Taken || method.ends_with("Receipt")));
        let ran = vault.run(OPERATOR_KEY, &line);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("of an earlier command: fund in block"), "{}", ran.stderr);
        assert_eq!((funded(&vault), pending(&vault)), (round + 1, None));
        let there = vault.anvil.read(vault.vault, ProvingVault::unassignedCall {});
        assert_eq!(there, sum as u128);
    }
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn what_comes_is_said_before_it_is_sent() {
    let vault = Vault::deploy("federated", (100, 40));
    let open = format!("chain open --fund {}", vault.rules());
    let nonce = vault.anvil.nonce(address(OPERATOR_KEY));
    let dry = vault.done(OPERATOR_KEY, &format!("{open} --dry-run"));
    assert_eq!((&dry["result"], &dry["transactions"]), (&json!(null), &json!([])));
    assert_eq!(dry["next"]["function"], "open");
    assert!(number(&dry["next"]["most"]) > 0 && dry["next"]["gas"].as_u64() > Some(50_000), "{dry}");
    assert_eq!(vault.anvil.nonce(address(OPERATOR_KEY)), nonce);
    let ran = vault.run(OPERATOR_KEY, &open);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for part in
        ["sending: open to 0x", "sending: approve to 0x", "sending: fund to 0x", "ether", "on chain 31337"]
    {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }

    // Who has no money, or no tokens, is told before anything is sent.
    let poor = "77";
    vault
        .run(poor, &format!("chain open --fund 2000000 {} --json", vault.rules()))
        .fails_as_json(2, "base units");
    let begin = format!("chain record-round --begin {} --json", vault.rules());
    vault.anvil.rpc("anvil_setBalance", json!([address(OPERATOR_KEY), "0x1"]));
    vault.run(OPERATOR_KEY, &begin).fails_as_json(2, "wei");
    vault.anvil.endow(address(OPERATOR_KEY));
    vault.done(OPERATOR_KEY, begin.trim_end_matches(" --json"));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn one_command_at_a_time_sends_from_an_account_and_fees_rise_for_what_waits() {
    let vault = Vault::deploy("federated", (100, 40));
    let open = format!("chain open {}", vault.rules());
    vault.anvil.rpc("evm_setAutomine", json!([false]));
    let waiting = start(&vault, &vault.anvil.url(), &open);
    until("it is sent", || vault.anvil.rpc("txpool_status", json!([]))["pending"] != "0x0");
    let busy = vault.run(OPERATOR_KEY, &format!("{open} --json"));
    busy.fails_as_json(2, "another command sends from this account");
    let mut waiting = waiting;
    waiting.kill().expect("killed");
    waiting.wait().expect("ended");

    // Nobody makes a block for a while, and gas becomes dear.
    let slow = vault.run(OPERATOR_KEY, &format!("{open} --wait 1 --json"));
    slow.fails_as_json(2, "in no block after 1 seconds");
    let fee = |text: &str| {
        let kept: serde_json::Value = serde_json::from_str(text).expect("JSON");
        kept["sent"].as_array().expect("a list").len()
    };
    assert_eq!(fee(&pending(&vault).expect("it is kept")), 1);
    vault.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0x2540be400"]));
    vault.anvil.rpc("evm_mine", json!([]));
    let slow = vault.run(OPERATOR_KEY, &format!("{open} --wait 1 --json"));
    slow.fails_as_json(2, "in no block after 1 seconds");
    assert_eq!(fee(&pending(&vault).expect("it is kept")), 2);
    vault.anvil.rpc("evm_setAutomine", json!([true]));
    vault.anvil.rpc("evm_mine", json!([]));
    let done = vault.done(OPERATOR_KEY, &open);
    assert_eq!(done["result"]["before"], true);
    let opened = vault.anvil.events(vault.vault, ProvingVault::RulesOpened::SIGNATURE_HASH);
    assert_eq!((opened, pending(&vault)), (1, None));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn no_secret_is_in_what_is_said_or_kept() {
    let vault = Vault::deploy("federated", (100, 40));
    let open = format!("chain open {}", vault.rules());
    let secret = key(OPERATOR_KEY);
    // A service's URL has the user's key in it.
    for url in
        ["http://127.0.0.1:9/v2/T0KEN", "http://user:T0KEN@127.0.0.1:9/", "http://127.0.0.1:9/?key=T0KEN"]
    {
        let mut program = vault.program(OPERATOR_KEY);
        program.env("ETH_RPC_URL", url);
        let ran = run(program, &format!("{open} --json"));
        let error = ran.fails_as_json(2, "127.0.0.1:9");
        assert!(!ran.stderr.contains("T0KEN") && !ran.stderr.contains(&secret), "{error}");
        let help = vault.run(OPERATOR_KEY, "chain open --help");
        assert!(!help.stdout.contains(&secret) && !help.stdout.contains("127.0.0.1"), "{}", help.stdout);
    }
    vault.anvil.rpc("evm_setAutomine", json!([false]));
    let ran = vault.run(OPERATOR_KEY, &format!("{open} --wait 1 --log-level trace"));
    assert!(!ran.stderr.contains(&secret), "{}", ran.stderr);
    assert!(!pending(&vault).expect("it is kept").contains(&secret));
    let wrong = vault.run(OPERATOR_KEY, &format!("{open} --rpc ftp://T0KEN.example --json"));
    wrong.fails_as_json(2, "not http");
    let other = vault.run(OPERATOR_KEY, &format!("chain open {} --json", prepared().common()));
    other.fails_as_json(2, "settlement");
    assert_ne!(address(OPERATOR_KEY), Address::ZERO);
}

/// The outbox's only file.
fn kept(vault: &Vault) -> std::path::PathBuf {
    let folder = vault.folder.join("state/fairshare");
    let folders = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let own = hex::encode(address(OPERATOR_KEY));
    let mut folders = folders.filter(|folder| folder.display().to_string().ends_with(&own));
    folders.next().expect("the operator's").join("pending.json")
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn what_somebody_else_put_into_an_outbox_is_not_sent() {
    let vault = Vault::deploy("federated", (100, 40));
    let open = format!("chain open {} --json", vault.rules());
    let thief = fairshare_params::address::Address(address(STRANGER_KEY).into());
    let nonce = vault.anvil.nonce(address(OPERATOR_KEY));
    let input = hex::encode(fairshare_contracts::token::approve(&thief, u128::MAX));
    let mut forged = json!({
        "function": "open", "nonce": nonce, "to": vault.token, "input": format!("0x{input}"),
        "gas_limit": 200_000,
        "sent": [{ "hash": format!("0x{}", "01".repeat(32)), "raw": "0x02", "max_fee": 0, "tip": 0 }]
    });
    let path = kept(&vault);
    for _ in 0..2 {
        std::fs::write(&path, forged.to_string()).expect("written");
        for more in ["", " --dry-run"] {
            vault.run(OPERATOR_KEY, &format!("{open}{more}")).fails_as_json(2, "this is no outbox");
        }
        forged["sent"] = json!([]);
    }
    assert_eq!(vault.anvil.nonce(address(OPERATOR_KEY)), nonce);
    std::fs::remove_file(&path).expect("removed");
    // A folder that others can write to is nobody's word.
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().expect("a folder");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("opened");
    let shared = vault.run(OPERATOR_KEY, &open);
    shared.fails_as_json(2, "others than you");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).expect("closed");

    // A dry run tells of what waits, and sends it no more than anything else.
    vault.anvil.rpc("evm_setAutomine", json!([false]));
    vault.run(OPERATOR_KEY, &format!("{open} --wait 1")).fails_as_json(2, "in no block");
    vault.anvil.rpc("anvil_dropAllTransactions", json!([]));
    let dry = vault.run(OPERATOR_KEY, &format!("{} --dry-run", open.trim_end_matches(" --json")));
    assert!(dry.stderr.contains("open waits for a block"), "{}", dry.stderr);
    assert_eq!(vault.anvil.rpc("txpool_status", json!([]))["pending"], "0x0");
    vault.anvil.rpc("evm_setAutomine", json!([true]));
    vault.done(OPERATOR_KEY, open.trim_end_matches(" --json"));
    let opened = vault.anvil.events(vault.vault, ProvingVault::RulesOpened::SIGNATURE_HASH);
    assert_eq!(opened, 1);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_node_can_make_nothing_dear() {
    let vault = Vault::deploy("federated", (100, 40));
    let open = format!("chain open {}", vault.rules());
    // It says that everybody gives tips of ten million gwei.
    let port = vault.anvil.port();
    let url = super::proxy::altering(port, |body, answer| {
        if !body.contains("eth_feeHistory") {
            return answer;
        }
        let mut answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        for block in answer["result"]["reward"].as_array_mut().expect("rewards") {
            block[0] = "0x2386f26fc10000".into();
        }
        answer.to_string().into_bytes()
    });
    let done = vault.done(OPERATOR_KEY, &format!("{open} --rpc {url}"));
    let cost = number(&done["transactions"][0]["cost"]);
    assert!(cost < 500_000 * 10_000_000_000, "{cost} wei");
    vault.done(OPERATOR_KEY, &format!("{open} --fund"));
    // Who has little pays what a block asks for.
    vault.anvil.rpc("anvil_setBalance", json!([address(OPERATOR_KEY), "0x16bcc41e90000"]));
    vault.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"]));
    vault.anvil.rpc("evm_mine", json!([]));
    vault.done(OPERATOR_KEY, &format!("chain record-round --begin {} --rpc {url}", vault.rules()));
    vault.anvil.rpc("anvil_setNextBlockBaseFeePerGas", json!(["0xe8d4a51000"]));
    vault.anvil.rpc("evm_mine", json!([]));
    vault.anvil.endow(address(OPERATOR_KEY));
    let dear = vault
        .run(OPERATOR_KEY, &format!("chain record-round --to 100 --without-units {} --json", vault.rules()));
    dear.fails_as_json(2, "--max-fee");
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn an_answer_without_an_end_is_not_held() {
    let vault = Vault::deploy("federated", (100, 40));
    let url = super::proxy::endless();
    let status = format!("chain status --policy {} --rpc {url} --json", vault.policy);
    vault.run(STRANGER_KEY, &status).fails_as_json(2, "more than 268435456 bytes");
}
