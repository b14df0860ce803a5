//! What contracts on a chain are sent.

use std::fs;
use std::path::Path;

use fairshare_contracts::verification::{register_keys, register_openings};
use fairshare_testkit::fixture::PARAMETERS;
use serde_json::Value;

use super::support::*;

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The transactions are those that the tests of the contract send, and the names those of the rules.
#[test]
fn keys_and_openings_are_made_for_a_contract() {
    let p = prepared();
    let out = folder().join("register");
    let made =
        fairshare(&format!("chain keys --params {} --out {} --json", p.params, show(&out))).json()["result"]
            .clone();
    let words = PARAMETERS.words();
    assert_eq!(text(&made["keys_digest"]), words.keys.to_string());
    assert_eq!(text(&made["openings_digest"]), words.openings.to_string());
    assert_eq!((text(&made["geometry"]), &made["insecure"]), ("compact", &Value::Bool(true)));
    let expected = [
        ("registerKeys", register_keys(&PARAMETERS), "keys.hex"),
        ("registerOpenings", register_openings(&PARAMETERS), "openings.hex"),
    ];
    let transactions = made["calls"].as_array().expect("a list");
    assert_eq!(transactions.len(), expected.len());
    for (transaction, (function, data, file)) in transactions.iter().zip(expected) {
        let data = format!("0x{}", hex::encode(data));
        assert_eq!((text(&transaction["function"]), text(&transaction["data"])), (function, data.as_str()));
        assert_eq!(Path::new(text(&transaction["file"])), out.join(file));
        assert_eq!(fs::read_to_string(out.join(file)).expect("a file").trim_end(), data);
    }
    let digests = made["circuits"].as_array().expect("a list").iter().map(|key| text(&key["digest"]));
    let kinds = fairshare_params::keys::CircuitKind::all(PARAMETERS.geometry());
    let keys = kinds.map(|kind| PARAMETERS.key(kind).expect("a key").digest().to_string());
    assert!(digests.eq(keys));
}

/// Without a folder nothing is written, and the result says how to get the data; development parameters are
/// named as such.
#[test]
fn without_a_folder_it_says_how_to_have_them() {
    let p = prepared();
    let ran = fairshare(&format!("chain keys --params {}", p.params));
    assert!(ran.stdout.contains("--out writes them, --json prints them"), "{}", ran.stdout);
    assert_eq!(ran.stderr.matches("INSECURE").count(), 1, "{}", ran.stderr);
    let made = fairshare(&format!("chain keys --params {} --json", p.params)).json()["result"].clone();
    let transactions = made["calls"].as_array().expect("a list");
    assert_eq!(transactions.iter().filter(|sent| sent["file"].is_null()).count(), 2);
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let p = prepared();
    let file = write(&folder(), "taken", "");
    fairshare(&format!("chain keys --params {} --out {file}", p.params)).fails(2, &["taken"]);
    fairshare("chain keys").fails(2, &["--params <SRS>"]);
    fairshare(&format!("chain keys --params {}", p.policy)).fails(2, &[&p.policy]);
}
