//! `demo --chain`.

use serde_json::json;

use super::anvil::Anvil;
use super::support::*;

/// The chain pays what the demonstration's ledger pays, and refuses what is forged.
#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn the_demonstration_ends_on_a_chain() {
    let anvil = Anvil::start();
    let shown = fairshare(&format!("demo --chain --rpc {} --json", anvil.url())).json();
    assert_eq!((&shown["accepted"], &shown["attacks"].as_array().map(Vec::len)), (&json!(true), &Some(3)));
    let attacks = shown["attacks"].as_array().expect("a list");
    for (attack, why) in attacks.iter().zip(["DigestKnown", "LinkRefused", "DigestRefused"]) {
        assert!(attack["error"].as_str().expect("text").contains(why), "{attack}");
    }
    let shares = |name: &str| shown[name].as_array().expect("a list").iter().map(number).collect::<Vec<_>>();
    // As `fairshare demo` has them (`tests/commands/path.rs` and the README).
    assert_eq!(shares("data_shares"), [8_524_641, 10_918_927, 10_556_431]);
    assert_eq!(shares("compute_shares"), [25_274_406, 23_466_076, 21_259_516]);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn it_plays_on_no_other_chain() {
    // A node that knows no `anvil_setBalance`, and one that is gone when it is asked.
    let anvil = Anvil::start();
    let url = super::proxy::altering(anvil.port(), |body, answer| match body.contains("anvil_setBalance") {
        true => {
            let id = serde_json::from_str::<serde_json::Value>(body).expect("JSON")["id"].clone();
            let error = json!({ "code": -32601, "message": "the method does not exist" });
            json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string().into_bytes()
        }
        false => answer,
    });
    fairshare(&format!("demo --chain --rpc {url} --json")).fails_as_json(2, "development chain");
    let url = super::proxy::before(anvil.port(), |body| match body.contains("anvil_setBalance") {
        true => super::proxy::Way::Lost,
        false => super::proxy::Way::Through,
    });
    fairshare(&format!("demo --chain --rpc {url} --json")).fails_as_json(2, "did not do `anvil_setBalance`");
    fairshare("demo --rpc http://127.0.0.1:1").fails(2, &["--chain"]);
}
