//! `chain sync`: honest and hostile registrations, blocks that change, and a process that is killed all the
//! time.

use std::process::Stdio;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use fairshare_contracts::artifact::bytecode;
use fairshare_contracts::solidity::TaskRegistry::{
    self, DataRegistration, registerCall, registerForCall, strikeDataCall, strikeNodeCall,
};
use fairshare_params::Geometry;
use fairshare_params::digest::data_digest;
use fairshare_params::encoding::Digest;
use fairshare_params::registry::{CHUNK_BYTES, Tree, first_chunk};
use serde_json::{Value, json};

use super::support::*;
use super::world::*;

const WALLET: &str = include_str!("../../../contracts/artifacts/test/WalletOf.json");

/// A registration of data that nobody has: a registry cannot know.
fn registration(vault: &Vault, contributor: Address, seed: u8) -> DataRegistration {
    let policy = fairshare_storage::policy::load(vault.policy.as_ref()).expect("a policy");
    let records = 100 + u32::from(seed);
    let segment = Digest(keccak256([seed]).0);
    let account = fairshare_params::address::Address(contributor.into());
    let digest = data_digest(&account, &Geometry::COMPACT, &policy.schema().hash(), records, &[segment]);
    let mut tree = Tree::new();
    tree.push(&first_chunk(&digest));
    (0..=seed % 9).for_each(|chunk| tree.push(&[chunk; CHUNK_BYTES]));
    let (root, path) = tree.finish();
    DataRegistration {
        contributor,
        records,
        digest: digest.0.into(),
        segments: vec![segment.0.into()],
        root: root.0.into(),
        length: u64::from(seed) * 1_000,
        uploadTx: B256::repeat_byte(seed),
        path: path.iter().map(|node| node.0.into()).collect(),
        lastRound: 200,
    }
}

/// Registers something of its contributor's own; whether the registry took it.
fn register(vault: &Vault, from: Address, registration: DataRegistration) -> bool {
    try_send(vault, from, registerCall { registration }.abi_encode())
}

/// Sends a call to the registry; whether it was taken.
fn try_send(vault: &Vault, from: Address, data: Vec<u8>) -> bool {
    let anvil = &vault.anvil;
    anvil.endow(from);
    anvil.rpc("anvil_impersonateAccount", json!([from]));
    // With gas of its own it goes into a block although it is refused.
    let transaction = json!({
        "from": from, "to": vault.registry, "gas": "0x200000", "data": format!("0x{}", hex::encode(data))
    });
    let hash = anvil.rpc("eth_sendTransaction", json!([transaction]));
    anvil.receipt(&hash)["status"] == "0x1"
}

/// Who registers number `seed`.
fn somebody(seed: u8) -> Address {
    Address::repeat_byte(seed)
}

/// A vault whose epoch goes on, with 50 registrations that were tried: whoever can is odd, or cheats.
fn crowd() -> Vault {
    let vault = Vault::deploy("federated", (100, 60));
    let rules = vault.rules();
    vault.done(OPERATOR_KEY, &format!("chain open --fund {rules}"));
    vault.done(OPERATOR_KEY, &format!("chain record-round --begin {rules}"));
    let wallet = bytecode(WALLET).expect("bytecode");
    let wallet = vault.anvil.deploy(&[wallet, address("d1").abi_encode()].concat());
    let mut taken = 0;
    for seed in 1..=50u8 {
        let who = somebody(seed);
        let mut own = registration(&vault, who, seed);
        let is_taken = match seed % 10 {
            // Lengths and rounds that are nobody's business.
            1 => {
                (own.length, own.uploadTx, own.lastRound) = (u64::MAX, B256::ZERO, u64::MAX);
                register(&vault, who, own)
            }
            2 => {
                own.length = 0;
                register(&vault, who, own)
            }
            // Somebody else's digest, a path that is cut, a record more, one that was void before it came.
            3 => !register(&vault, who, registration(&vault, somebody(seed - 1), seed - 1)),
            4 => {
                own.path.pop();
                !register(&vault, who, own)
            }
            5 => {
                own.records += 1;
                !register(&vault, who, own)
            }
            6 => {
                own.lastRound = 99;
                !register(&vault, who, own)
            }
            // A contract account, whose signature is its owner's, brought by anybody.
            7 => {
                let own = registration(&vault, wallet, seed);
                let hash = vault
                    .anvil
                    .read(vault.registry, TaskRegistry::registrationHashCall { registration: own.clone() });
                let account = fairshare_prover::Account::from_text(key("d1").as_bytes()).expect("a key");
                let signature = account.sign_transaction(&Digest(hash.0)).expect("a signature").to_bytes();
                let signature = Bytes::from(signature.to_vec());
                try_send(&vault, who, registerForCall { registration: own, signature }.abi_encode())
            }
            // Struck with words that would paint a terminal, or are no text at all.
            8 => {
                let digest = own.digest;
                let reason = "bad\u{1b}[31m \u{202e}\n".repeat(1 + usize::from(seed) / 10);
                register(&vault, who, own)
                    && try_send(&vault, address(OPERATOR_KEY), strikeDataCall { digest, reason }.abi_encode())
            }
            9 => {
                let reason = "\u{7f}".repeat(1_000);
                register(&vault, who, own)
                    && try_send(
                        &vault,
                        address(OPERATOR_KEY),
                        strikeNodeCall { node: who, reason }.abi_encode(),
                    )
            }
            _ => register(&vault, who, own),
        };
        assert!(is_taken, "{seed}");
        taken += usize::from(!(3..=6).contains(&(seed % 10)));
        if seed % 7 == 0 {
            let to = format!("chain record-round --to {} --without-units {rules}", 100 + u64::from(seed) / 7);
            vault.done(OPERATOR_KEY, &to);
        }
    }
    assert_eq!(taken, 30);
    vault
}

/// All rows of a ledger.
fn rows(ledger: &str) -> String {
    let database = rusqlite::Connection::open(ledger).expect("a ledger");
    let mut statement = database
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .expect("tables");
    let tables: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("names").map(|name| name.expect("a name")).collect();
    let mut rows = Vec::new();
    for table in &tables {
        // When a ledger was begun is its own.
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).expect("rows");
        let count = statement.column_count();
        let names: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut found = statement.query([]).expect("rows");
        while let Some(row) = found.next().expect("a row") {
            let cells: Vec<_> = (0..count)
                .filter(|index| !(table == "ledger" && names[*index] == "time"))
                .map(|index| format!("{:?}", row.get_ref(index).expect("a cell")))
                .collect();
            rows.push(format!("{table}: {}", cells.join(" | ")));
        }
    }
    rows.sort();
    rows.join("\n")
}

fn line(vault: &Vault, ledger: &str) -> String {
    format!("chain sync --policy {} --ledger {ledger}", vault.policy)
}

fn status(vault: &Vault, ledger: &str) -> Value {
    vault.done(STRANGER_KEY, &format!("vault status --ledger {ledger}"))
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_crowd_is_followed_whatever_it_registers_and_wherever_the_process_dies() {
    let vault = crowd();
    vault.finalise();
    let whole = vault.path("whole.ledger");
    let synced = vault.done(STRANGER_KEY, &line(&vault, &whole));
    assert!(synced["appended"].as_u64().expect("a number") > 40, "{synced}");
    let found = status(&vault, &whole);
    assert_eq!((&found["epochs"][0]["datasets"], &found["round"]), (&json!(30), &json!(108)));
    let audit =
        format!("vault audit --params {} --allow-insecure-params --ledger {whole}", prepared().params);
    assert_eq!(vault.done(STRANGER_KEY, &audit)["accepted"], true);

    // Killed a hundred times, block by block; a ledger that is whole is compared, and another one begun.
    let (mut random, expected) = (Random(20), rows(&whole));
    let (mut died, mut ledgers) = (0, 0);
    while died < 100 {
        let killed = vault.path(&format!("killed-{ledgers}.ledger"));
        let mut program = vault.program(STRANGER_KEY);
        let slow = format!("{} --blocks 1", line(&vault, &killed));
        program.args(slow.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = program.spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(5 + random.below(60)));
        match child.try_wait().expect("a child") {
            None => died += 1,
            Some(status) => {
                assert!(status.success());
                assert_eq!(rows(&killed), expected);
                ledgers += 1;
            }
        }
        let _ = child.kill();
        child.wait().expect("ended");
    }
    let killed = vault.path(&format!("killed-{ledgers}.ledger"));
    vault.done(STRANGER_KEY, &line(&vault, &killed));
    assert_eq!(rows(&killed), expected);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn blocks_that_are_not_final_change_nothing_and_final_ones_that_change_stop_it() {
    let vault = Vault::deploy("federated", (100, 60));
    let rules = vault.rules();
    vault.done(OPERATOR_KEY, &format!("chain open --fund {rules}"));
    vault.done(OPERATOR_KEY, &format!("chain record-round --begin {rules}"));
    // Deployed, and not final yet.
    let ledger = vault.path("chain.ledger");
    let early = vault.run(STRANGER_KEY, &format!("{} --json", line(&vault, &ledger)));
    early.fails_as_json(2, "final");
    assert!(register(&vault, somebody(1), registration(&vault, somebody(1), 1)));
    vault.finalise();
    vault.done(STRANGER_KEY, &line(&vault, &ledger));
    let before = rows(&ledger);

    // What comes then is in blocks that may still change: the ledger has none of it, before and after they
    // do.
    assert!(register(&vault, somebody(2), registration(&vault, somebody(2), 2)));
    vault.anvil.rpc("anvil_mine", json!(["0x3"]));
    vault.done(STRANGER_KEY, &line(&vault, &ledger));
    let known = |rows: &str| rows.lines().filter(|row| row.starts_with("datasets")).count();
    assert_eq!(known(&rows(&ledger)), 1);
    vault.anvil.rpc("anvil_reorg", json!([4, []]));
    vault.done(STRANGER_KEY, &line(&vault, &ledger));
    assert_eq!(known(&rows(&ledger)), 1);
    let entries = |rows: &str| {
        let entries: Vec<_> =
            rows.lines().filter(|row| row.starts_with("entries")).map(str::to_owned).collect();
        entries
    };
    assert_eq!(entries(&rows(&ledger)), entries(&before));

    // A block that was final is another now.
    let before = rows(&ledger);
    vault.anvil.rpc("anvil_reorg", json!([75, []]));
    vault.anvil.rpc("anvil_mine", json!(["0x10"]));
    let stopped = vault.run(STRANGER_KEY, &format!("{} --json", line(&vault, &ledger)));
    stopped.fails_as_json(2, "when it was read");
    assert_eq!(rows(&ledger), before);
}

/// Two blocks of one second: what stops a sync in the second one leaves all of the first, and nothing of it.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_block_that_cannot_be_read_is_left_whole_though_its_time_is_the_last_ones() {
    let vault = Vault::deploy("federated", (100, 2));
    let rules = vault.rules();
    vault.done(OPERATOR_KEY, &format!("chain open --fund {rules}"));
    vault.done(OPERATOR_KEY, &format!("chain record-round --begin {rules}"));
    let next = vault.write_policy("next.toml", 8, 102, 2);
    let next_rules = format!("--policy {next} --params {}", prepared().params);
    vault.done(OPERATOR_KEY, &format!("chain open --fund {next_rules}"));
    // One block ends round 100; the next one, of the same time, ends the epoch and begins the other.
    let anvil = &vault.anvil;
    let operator = address(OPERATOR_KEY);
    anvil.rpc("anvil_impersonateAccount", json!([operator]));
    anvil.rpc("evm_setAutomine", json!([false]));
    anvil.rpc("anvil_setBlockTimestampInterval", json!([0]));
    let send = |data: Vec<u8>| {
        let data = format!("0x{}", hex::encode(data));
        let call = json!({ "from": operator, "to": vault.registry, "gas": "0x100000", "data": data });
        anvil.rpc("eth_sendTransaction", json!([call]))
    };
    let first = send(fairshare_contracts::proving::end_rounds(1));
    anvil.rpc("evm_mine", json!([]));
    let time = anvil.time();
    send(fairshare_contracts::proving::end_rounds(1));
    let policy = fairshare_storage::policy::load(next.as_ref()).expect("a policy");
    let verifier = fairshare_testkit::fixture::verifier(&policy);
    let begun = send(fairshare_contracts::proving::begin(verifier.rules()));
    anvil.rpc("evm_mine", json!([]));
    assert_eq!((anvil.time(), anvil.receipt(&begun)["status"].as_str()), (time, Some("0x1")));
    assert_eq!(anvil.receipt(&first)["status"], "0x1");
    anvil.rpc("anvil_setBlockTimestampInterval", json!([1]));
    anvil.rpc("evm_setAutomine", json!([true]));
    vault.finalise();

    let [ledger, whole] = ["stopped.ledger", "whole.ledger"].map(|name| vault.path(name));
    let stopped = vault.run(STRANGER_KEY, &format!("{} --json", line(&vault, &ledger)));
    stopped.fails_as_json(2, "which no --policy has");
    let both = |ledger: &str| format!("{} --policy {next}", line(&vault, ledger));
    vault.done(STRANGER_KEY, &both(&ledger));
    vault.done(STRANGER_KEY, &both(&whole));
    assert_eq!(rows(&ledger), rows(&whole));
}
