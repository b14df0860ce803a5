//! An epoch from its deployment to the last claim, by the command alone: both kinds of rounds, three who give
//! data, six nodes, 40 rounds, and those who cheat. The synced ledger's audit agrees with the chain to the
//! unit.

use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolEvent};
use fairshare_contracts::proving::data_registration;
use fairshare_contracts::solidity::{ProvingVault, TaskRegistry};
use fairshare_contracts::token::Token;
use fairshare_formats::registry::signed_from_json;
use fairshare_params::registry::first_chunk;
use serde_json::{Value, json};

use super::anvil::number as hexadecimal;
use super::support::*;
use super::world::*;

/// Why a contract refuses a call, by the name of its error.
fn refusal(vault: &Vault, from: Address, to: Address, data: &[u8]) -> String {
    let call = json!({ "from": from, "to": to, "data": format!("0x{}", hex::encode(data)) });
    let answer = vault.anvil.ask("eth_call", json!([call, "latest"]));
    let data = answer["error"]["data"].as_str().unwrap_or_else(|| panic!("taken: {answer}"));
    let data = hex::decode(data.trim_start_matches("0x")).expect("digits");
    fairshare_chain::refusal::Refusal::decode(&data).name
}

/// Whoever copies what others registered, or signs for them, is refused.
fn cheat_at_registration(vault: &Vault, data: &str) {
    let text = std::fs::read(format!("{data}/signed.json")).expect("a registration");
    let signed = signed_from_json(&text).expect("a registration");
    let thief = address(STRANGER_KEY);
    let honest = data_registration(signed.unsigned());
    let register = |registration: TaskRegistry::DataRegistration| {
        let data = TaskRegistry::registerCall { registration }.abi_encode();
        refusal(vault, thief, vault.registry, &data)
    };
    // The thief's digest is another: a copied one is of nobody else's fields.
    let copied = TaskRegistry::DataRegistration { contributor: thief, ..honest.clone() };
    assert_eq!(register(copied), "DigestRefused");
    let signature = Bytes::from(vec![27; 65]);
    let forged = TaskRegistry::registerForCall { registration: honest.clone(), signature };
    assert_eq!(refusal(vault, thief, vault.registry, &forged.abi_encode()), "SignatureRefused");
    // The upload says for which digest it is. Own data with another's upload:
    let own = vault.sign(STRANGER_KEY, "stolen-upload", (60, 99));
    let own = signed_from_json(&std::fs::read(format!("{own}/signed.json")).expect("a registration"));
    let own = data_registration(own.expect("a registration").unsigned());
    let reused = TaskRegistry::DataRegistration {
        root: honest.root,
        length: honest.length,
        path: honest.path.clone(),
        ..own
    };
    assert_ne!(first_chunk(signed.unsigned().request().digest()), [0; 256]);
    assert_eq!(register(reused), "RootRefused");
    // On record once.
    let again = TaskRegistry::registerForCall {
        registration: honest,
        signature: signed.signature().to_bytes().to_vec().into(),
    };
    assert_eq!(refusal(vault, thief, vault.registry, &again.abi_encode()), "DigestKnown");
    // The command refuses a signature that is another's before it asks the chain.
    let altered = String::from_utf8(text).expect("text").replace("\"last_round\": ", "\"last_round\": 1");
    let file = write(&vault.folder, "altered.json", altered);
    let ran = vault.run(STRANGER_KEY, &format!("chain register {file} --policy {} --json", vault.policy));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
}

/// What is on one line of the result.
fn line<'a>(result: &'a Value, list: &str, index: usize) -> &'a Value {
    &result["result"][list].as_array().expect("a list")[index]
}

fn epoch(task: &str, units: impl Fn(u64, usize) -> u32, ends_by_time: bool) {
    let vault = Vault::deploy(task, (100, 40));
    let rules = vault.rules();
    vault.twice(OPERATOR_KEY, &vault.deployment(task));

    // The operator opens rules and funds them; the coordinator begins.
    let record = |line: &str| format!("chain record-round {line} {rules}");
    let early = vault.run(OPERATOR_KEY, &record("--begin --json"));
    early.fails_as_json(1, "NotTheRules");
    let opened = vault.twice(OPERATOR_KEY, &format!("chain open --fund {rules}"));
    assert_eq!(
        (&opened["result"]["funded"], &opened["result"]["before"]),
        (&json!("1000000"), &json!(false))
    );
    vault.run(STRANGER_KEY, &record("--begin --json")).fails_as_json(1, "NotCoordinator");
    vault.twice(OPERATOR_KEY, &record("--begin"));

    // Data is registered, round by round; one contributor has two datasets, one is brought by somebody else.
    let first = vault.sign("d1", "one", (400, 1));
    let second = vault.sign("d1", "one-more", (300, 4));
    let other = vault.sign("d2", "two", (500, 2));
    let third = vault.sign("d3", "three", (600, 3));
    let register = |data: &str| format!("chain register {data}/signed.json --policy {}", vault.policy);
    let registered = vault.twice("d1", &register(&first));
    assert_eq!(line(&registered, "registrations", 0)["round"], 100);
    let units = vault.units(units);
    let to = |round: u64| record(&format!("--to {round} --units {units}"));
    let done = vault.twice(OPERATOR_KEY, &to(104));
    assert_eq!((&done["result"]["ended"], &done["result"]["round"]), (&json!(5), &json!(105)));
    // A table that differs in a round that ended is not gone on with, and none at all ends no round unasked.
    let other_table = vault.turned(&units, 103);
    let turned = vault.run(OPERATOR_KEY, &record(&format!("--to 110 --units {other_table} --json")));
    turned.fails_as_json(1, "round 103 has units on record that are not those of this table");
    vault.run(OPERATOR_KEY, &record("--to 110 --json")).fails_as_json(2, "--without-units");
    let registered = vault.twice(STRANGER_KEY, &register(&other));
    assert_eq!(line(&registered, "registrations", 0)["round"], 105);
    vault.done("d1", &register(&second));
    cheat_at_registration(&vault, &other);
    vault.done(OPERATOR_KEY, &to(119));
    vault.done("d3", &register(&third));

    // A bundle before its time, and a dataset that is struck.
    let bundle = |name: &str| vault.path(&format!("{name}.bundle"));
    vault.done("d1", &format!("prove data {first} {second} {rules} --out {}", bundle("one")));
    let submit = |bundles: &str| format!("chain submit {bundles} {rules}");
    let early = vault.run("d1", &format!("{} --json", submit(&bundle("one"))));
    assert_eq!(line(&early.json_of(1), "bundles", 0)["refusal"], "RoundsNotOver");

    // The epoch ends: by its coordinator, or, if that one is gone, by anybody once its time is over.
    if ends_by_time {
        vault.done(OPERATOR_KEY, &to(137));
        let finish = record("--finish");
        vault.run(STRANGER_KEY, &format!("{finish} --json")).fails_as_json(1, "TooEarly");
        vault.anvil.pass(172_800);
        vault.twice(STRANGER_KEY, &finish);
    } else {
        vault.twice(OPERATOR_KEY, &to(139));
    }

    // Everybody proves; a node drops out, and somebody else sends its proof.
    vault.done("d2", &format!("prove data {other} {rules} --out {}", bundle("two")));
    vault.done("d3", &format!("prove data {third} {rules} --out {}", bundle("three")));
    let on_record = vault.units_on_record(&units, ends_by_time);
    for node in NODES {
        let prove = format!("prove compute --contributor {} --units {on_record} {rules}", named(node));
        vault.done(node, &format!("{prove} --out {}", bundle(node)));
    }
    // One that weighs less: a dataset alone, after both.
    vault.done("d1", &format!("prove data {first} {rules} --out {}", bundle("less")));
    let counted = vault.twice("d1", &submit(&bundle("one")));
    assert!(number(&line(&counted, "bundles", 0)["weight"]) > 0);
    let less = vault.run("d1", &format!("{} --json", submit(&bundle("less"))));
    assert_eq!(line(&less.json_of(1), "bundles", 0)["refusal"], "WeighsNoMore");
    // Replayed by another, in the same words and in its own name.
    let replayed = vault.done(STRANGER_KEY, &submit(&bundle("one")));
    assert_eq!(line(&replayed, "bundles", 0)["before"], true);
    let mut bytes = std::fs::read(bundle("one")).expect("a bundle");
    bytes[44..64].copy_from_slice(address("d2").as_slice());
    let stolen = write(&vault.folder, "stolen.bundle", bytes);
    let stolen = vault.run(STRANGER_KEY, &format!("{} --json", submit(&stolen)));
    assert_eq!(line(&stolen.json_of(1), "bundles", 0)["refusal"], "DigestRefused");
    // One of another epoch.
    let others = vault.write_policy("other.toml", 8, vault.first, vault.count);
    let prove = format!("prove compute --contributor {} --units {on_record}", named("e1"));
    let other_rules = format!("--policy {others} --params {}", prepared().params);
    vault.done("e1", &format!("{prove} {other_rules} --out {}", bundle("other")));
    let other_epoch = vault.run("e1", &format!("{} --json", submit(&bundle("other"))));
    let why = line(&other_epoch.json_of(1), "bundles", 0)["refusal"].clone();
    // Which equation fails first depends on what the proof happens to say.
    assert!(["ProofRefused", "PublicColumnRefused"].contains(&why.as_str().expect("text")), "{why}");
    let other_epoch = vault.run("e1", &format!("chain submit {} {other_rules} --json", bundle("other")));
    assert_eq!(line(&other_epoch.json_of(1), "bundles", 0)["refusal"], "NotTheRules");

    let rest: Vec<_> = ["two", "three"].into_iter().chain(NODES).map(bundle).collect();
    let counted = vault.twice("e2", &submit(&rest.join(" ")));
    assert_eq!(counted["result"]["bundles"].as_array().expect("a list").len(), 8);

    // Claims, once the deadline is over.
    let claim = format!("chain claim --all --policy {}", vault.policy);
    let early = vault.run("e1", &format!("{claim} --json"));
    assert_eq!(line(&early.json_of(1), "claims", 0)["refusal"], "NotOpen");
    vault.anvil.pass(3_601);
    let late = vault.run("e1", &format!("{} --json", submit(&bundle("other"))));
    assert_eq!(line(&late.json_of(1), "bundles", 0)["refusal"], "DeadlineOver");
    let elsewhere = Address::repeat_byte(0x77);
    let own = format!("chain claim {} --to {elsewhere} --policy {}", named("d3"), vault.policy);
    vault.run("d2", &format!("{own} --json")).fails_as_json(2, "only");
    vault.twice("d3", &own);
    let claims = vault.twice(STRANGER_KEY, &claim);
    let claims = claims["result"]["claims"].as_array().expect("a list").clone();
    assert_eq!(claims.len(), 9);

    // What the contract paid, from its events and the token.
    let paid = vault.paid();
    assert_eq!(paid.len(), 9);
    let sum: u128 = paid.iter().map(|(_, compute, data)| compute + data).sum();
    assert!((999_980..=1_000_000).contains(&sum), "{sum}");
    let balance = |account| vault.anvil.read(vault.token, Token::balanceOfCall { account }).to::<u128>();
    for (contributor, compute, data) in &paid {
        let account = if *contributor == address("d3") { elsewhere } else { *contributor };
        assert_eq!(balance(account), compute + data, "{contributor}");
    }

    // The synced ledger, audited, says the same to the unit.
    let ledger = vault.path("chain.ledger");
    let sync = format!("chain sync --policy {} --ledger {ledger}", vault.policy);
    vault.finalise();
    let synced = vault.done(STRANGER_KEY, &sync);
    assert_eq!(synced["settled"], json!([7]));
    assert_eq!(vault.done(STRANGER_KEY, &sync)["appended"], 0);
    let audit =
        format!("vault audit --params {} --allow-insecure-params --ledger {ledger}", prepared().params);
    let audited = vault.done(STRANGER_KEY, &audit);
    assert_eq!((&audited["accepted"], &audited["differences"]), (&json!(true), &json!([])));
    let mut found: Vec<_> = audited["epochs"][0]["contributors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| {
            let contributor: Address =
                line["contributor"].as_str().expect("text").parse().expect("an address");
            (contributor, number(&line["compute"]), number(&line["data"]))
        })
        .collect();
    found.sort();
    assert_eq!(found, paid);
    let status = vault.done(STRANGER_KEY, &format!("chain status --policy {}", vault.policy));
    assert_eq!(status["paid"], sum.to_string());
    assert_eq!(status["epoch"]["contributors"].as_array().expect("a list").len(), 9);
}

trait Json {
    fn json_of(&self, status: i32) -> Value;
}

impl Json for Ran {
    /// The result of a run that ended with this status.
    #[track_caller]
    fn json_of(&self, status: i32) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).expect("one JSON object")
    }
}

impl Vault {
    /// What was paid, by contributor: for computing power and for data.
    fn paid(&self) -> Vec<(Address, u128, u128)> {
        let topic = ProvingVault::Claimed::SIGNATURE_HASH;
        let filter = json!({ "address": self.vault, "topics": [topic], "fromBlock": "0x0" });
        let logs = self.anvil.rpc("eth_getLogs", json!([filter]));
        let mut paid: Vec<_> = logs
            .as_array()
            .expect("logs")
            .iter()
            .map(|log| {
                assert!(hexadecimal(&log["blockNumber"]) > 0);
                let log: alloy_rpc_types_eth::Log = serde_json::from_value(log.clone()).expect("a log");
                let event = ProvingVault::Claimed::decode_log_data(log.data()).expect("the event");
                (event.contributor, event.compute, event.data)
            })
            .collect();
        paid.sort();
        paid
    }

    /// The table with the units of one round given to other nodes.
    fn turned(&self, units: &str, round: u64) -> String {
        let text = std::fs::read_to_string(units).expect("units");
        let turn = |line: &str| {
            let mut cells: Vec<_> = line.split(',').collect();
            if cells[0] == round.to_string() {
                cells[1..].rotate_right(1);
            }
            cells.join(",")
        };
        let text: Vec<_> = text.lines().map(turn).collect();
        write(&self.folder, "turned.csv", text.join("\n") + "\n")
    }

    /// The table of what is on record: without the rounds that nobody recorded.
    fn units_on_record(&self, units: &str, ends_by_time: bool) -> String {
        let text = std::fs::read_to_string(units).expect("units");
        let cut = |line: &str| {
            let round = line.split(',').next().expect("a cell");
            let is_empty = ends_by_time && round.parse().is_ok_and(|round: u64| round > 137);
            if is_empty { format!("{round},0,0,0,0,0,0") } else { line.to_owned() }
        };
        let text: Vec<_> = text.lines().map(cut).collect();
        write(&self.folder, "on-record.csv", text.join("\n") + "\n")
    }
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_federated_epoch_is_lived_through_by_the_command() {
    // A node without units in some rounds, a round without any.
    epoch(
        "federated",
        |round, node| if round == 17 { 0 } else { (round as u32 * 7 + node as u32 * 13) % 50 },
        false,
    );
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn an_encrypted_epoch_is_lived_through_though_its_coordinator_vanishes() {
    epoch("fhe", |round, node| u32::from(round as usize % 6 == node), true);
}
