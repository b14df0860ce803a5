//! Do the Rust types and the committed artifacts speak of the same contracts?

use std::collections::BTreeSet;

use fairshare_contracts::interface::RoyaltyVault::{
    RoyaltyVaultCalls, RoyaltyVaultErrors, RoyaltyVaultEvents,
};
use fairshare_contracts::verification::BundleVerifier::{
    BundleVerifierCalls, BundleVerifierErrors, BundleVerifierEvents,
};
use fairshare_contracts::{artifact, verification};
use serde_json::Value;

/// A contract on both sides.
struct Contract {
    name: &'static str,
    /// The Rust source with its declaration.
    source: &'static str,
    /// The artifact's interface.
    abi: Vec<Value>,
    /// Signatures that the Rust types have: functions, events, errors.
    ours: [&'static [&'static str]; 3],
}

fn contracts() -> [Contract; 2] {
    [
        Contract {
            name: "RoyaltyVault",
            source: include_str!("../../src/interface.rs"),
            abi: abi(artifact::ROYALTY_VAULT_JSON),
            ours: [
                RoyaltyVaultCalls::SIGNATURES,
                RoyaltyVaultEvents::SIGNATURES,
                RoyaltyVaultErrors::SIGNATURES,
            ],
        },
        Contract {
            name: "BundleVerifier",
            source: include_str!("../../src/verification.rs"),
            abi: abi(verification::BUNDLE_VERIFIER_JSON),
            ours: [
                BundleVerifierCalls::SIGNATURES,
                BundleVerifierEvents::SIGNATURES,
                BundleVerifierErrors::SIGNATURES,
            ],
        },
    ]
}

fn abi(artifact: &str) -> Vec<Value> {
    let artifact: Value = serde_json::from_str(artifact).expect("JSON");
    artifact["abi"].as_array().expect("a list").clone()
}

impl Contract {
    fn items(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.abi.iter().filter(move |item| item["type"] == kind)
    }
}

/// `name(type,…)` of an item of the artifact, tuples spelled out.
fn signature(item: &Value) -> String {
    format!("{}({})", text(item, "name"), types(&item["inputs"]))
}

fn types(parameters: &Value) -> String {
    let one = |parameter: &Value| {
        let name = text(parameter, "type");
        match name.strip_prefix("tuple") {
            Some(suffix) => format!("({}){suffix}", types(&parameter["components"])),
            None => name.to_owned(),
        }
    };
    parameters.as_array().expect("a list").iter().map(one).collect::<Vec<_>>().join(",")
}

fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().expect("a text")
}

/// Errors that a contract hands through without declaring them are known, too.
#[test]
fn every_function_event_and_error_is_the_same_on_both_sides() {
    for contract in contracts() {
        for (kind, ours) in ["function", "event", "error"].into_iter().zip(contract.ours) {
            let ours: BTreeSet<_> = ours.iter().map(ToString::to_string).collect();
            let theirs: BTreeSet<_> = contract.items(kind).map(signature).collect();
            assert_eq!(ours, theirs, "{} {kind}", contract.name);
        }
    }
}

/// What signatures do not show: which event fields are topics, and what functions return.
#[test]
fn topics_and_answers_are_the_same_on_both_sides() {
    for contract in contracts() {
        let flat = contract.source.split_whitespace().collect::<Vec<_>>().join(" ");
        for event in contract.items("event") {
            let field = |input: &Value| {
                let topic = if input["indexed"] == true { " indexed" } else { "" };
                format!("{}{topic} {}", text(input, "type"), text(input, "name"))
            };
            let fields = event["inputs"].as_array().expect("a list").iter().map(field);
            let (name, fields) = (text(event, "name"), fields.collect::<Vec<_>>().join(", "));
            let written = [format!("event {name}({fields});"), format!("event {name}( {fields} );")];
            assert!(written.iter().any(|text| flat.contains(text)), "{}", written[0]);
        }
        for function in contract.items("function") {
            let name = text(function, "name");
            let written = flat.split(&format!("function {name}(")).nth(1).expect("declared");
            let written = written.split(';').next().expect("a declaration");
            let answers = written.split("returns (").nth(1).unwrap_or("").trim_end_matches(')');
            let ours: Vec<_> =
                answers.split(", ").map(|answer| answer.split(' ').next().unwrap_or("")).collect();
            let theirs = function["outputs"].as_array().expect("a list").iter().map(|output| {
                match text(output, "internalType").strip_prefix("struct ") {
                    Some(path) => path.rsplit('.').next().expect("a name"),
                    None => text(output, "type"),
                }
            });
            let theirs: Vec<_> = theirs.collect();
            assert_eq!(
                ours.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>(),
                theirs,
                "{name}"
            );
        }
    }
}
