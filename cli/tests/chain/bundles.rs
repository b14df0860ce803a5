//! Bundles that reach the vault otherwise than whole and by themselves: in parts, and through another
//! contract.

use alloy_primitives::Address;
use fairshare_contracts::proving::submit;
use fairshare_params::rules::Rules;
use fairshare_testkit::fixture;
use fairshare_verifier::{Trust, Verifier};
use serde_json::json;

use super::support::*;
use super::world::*;

/// Sends what follows the first 8,192 bytes of what it is sent to the vault, and reverts if that does; one
/// that hides turns the bits of the first byte.
fn relay(vault: Address, is_hiding: bool) -> Vec<u8> {
    let hex = |digits: &str| hex::decode(digits).expect("digits");
    let turned = if is_hiding { "5f5160ff60f81b185f52" } else { "" };
    let mut code = hex(&format!("6120003603806120005f37{turned}5f5f915f5f73"));
    code.extend(vault);
    code.extend(hex("5af11560"));
    code.push(if is_hiding { 0x36 } else { 0x2c });
    code.extend(hex("57005b5f5ffd"));
    let length = u8::try_from(code.len()).expect("short");
    [vec![0x60, length], hex("8060095f395ff3"), code].concat()
}

/// A vault with the data of one contributor, of so many records, proved; its bundle.
fn proved(records: usize) -> (Vault, String) {
    let vault = Vault::deploy("federated", (100, 2));
    let rules = vault.rules();
    vault.done(OPERATOR_KEY, &format!("chain open --fund {rules}"));
    vault.done(OPERATOR_KEY, &format!("chain record-round --begin {rules}"));
    let data = vault.sign("d1", "data", (records, 5));
    vault.done("d1", &format!("chain register {data}/signed.json --policy {}", vault.policy));
    vault.done(OPERATOR_KEY, &format!("chain record-round --to 101 --without-units {rules}"));
    let bundle = vault.path("data.bundle");
    vault.done("d1", &format!("prove data {data} {rules} --out {bundle}"));
    (vault, bundle)
}

/// Syncs a ledger, with more arguments, after the deadline.
fn sync(vault: &Vault, more: &str) -> Ran {
    let ledger = vault.path("chain.ledger");
    let line = format!("chain sync --policy {} --ledger {ledger}{more} --json", vault.policy);
    vault.run(STRANGER_KEY, &line)
}

fn audits(vault: &Vault) {
    let ledger = vault.path("chain.ledger");
    let audit =
        format!("vault audit --params {} --allow-insecure-params --ledger {ledger}", prepared().params);
    let audited = vault.done(STRANGER_KEY, &audit);
    assert_eq!((&audited["accepted"], &audited["bundles"]), (&json!(true), &json!(1)));
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_bundle_too_large_for_a_transaction_is_sent_in_several_and_synced_with_its_file() {
    let (vault, bundle) = proved(45 * 16_320);
    let submit = format!("chain submit {bundle} {}", vault.rules());
    let sent = vault.twice("d1", &submit);
    let functions: Vec<_> = sent["transactions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|sent| sent["function"].as_str().expect("text").to_owned())
        .collect();
    assert!(functions.len() >= 3, "{functions:?}");
    assert_eq!(functions.last().expect("one"), "submitRecorded");
    assert!(functions.iter().rev().skip(1).all(|function| function == "recordSegments"), "{functions:?}");
    vault.anvil.pass(3_601);
    vault.finalise();
    sync(&vault, "").fails_as_json(2, "in parts");
    let params = &prepared().params;
    // Another's bundle is not it.
    let other = format!(" --bundles {} --params {params}", prepared().data_bundle);
    sync(&vault, &other).fails_as_json(2, "in parts");
    let ran = sync(&vault, &format!(" --bundles {bundle} --params {params}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    audits(&vault);
}

/// Sends a bundle through another contract, behind a false one, and syncs.
fn through_a_contract(is_hiding: bool) {
    let (vault, bundle) = proved(400);
    let policy = fairshare_storage::policy::load(vault.policy.as_ref()).expect("a policy");
    let verifier = Verifier::new(&fixture::PARAMETERS, &policy, Trust::AllowInsecure).expect("a verifier");
    let rules: &Rules = verifier.rules();
    let bytes = std::fs::read(bundle).expect("a bundle");
    let mut false_one = bytes.clone();
    let end = false_one.len() - 1;
    false_one[end] ^= 1;
    let mut data = submit(rules, false_one);
    assert!(data.len() < 0x2000);
    data.resize(0x2000, 0);
    data.extend(submit(rules, bytes));
    if is_hiding {
        data[0x2000] ^= 0xff;
    }
    let relay = vault.anvil.deploy(&relay(vault.vault, is_hiding));
    vault.anvil.send_as(address(STRANGER_KEY), Some(relay), &data);
    let claims = vault.done("d1", &format!("chain status --policy {}", vault.policy));
    assert_eq!(claims["epoch"]["contributors"].as_array().expect("a list").len(), 1);
    vault.anvil.pass(3_601);
    vault.finalise();
    // A node that does not trace: most public ones do not.
    let url = super::proxy::altering(vault.anvil.port(), |body, answer| {
        if !body.contains("debug_traceTransaction") {
            return answer;
        }
        let id = serde_json::from_str::<serde_json::Value>(body).expect("JSON")["id"].clone();
        let error = json!({ "code": -32601, "message": "the method does not exist" });
        json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string().into_bytes()
    });
    let blind = sync(&vault, &format!(" --rpc {url}"));
    if is_hiding {
        blind.fails_as_json(2, "--bundles FILE");
        let ran = sync(&vault, "");
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    } else {
        assert_eq!(blind.status, 0, "{}", blind.stderr);
    }
    audits(&vault);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_bundle_that_came_through_a_contract_is_found_behind_a_decoy() {
    through_a_contract(false);
}

/// Its data has no call of the vault; the node's trace has.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_bundle_that_a_contract_hides_is_found_in_the_trace() {
    through_a_contract(true);
}
