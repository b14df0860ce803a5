//! Do the Rust types and the committed artifacts speak of the same contracts?

use std::collections::{BTreeMap, BTreeSet};

use fairshare_contracts::interface::RoyaltyVault::{
    RoyaltyVaultCalls, RoyaltyVaultErrors, RoyaltyVaultEvents,
};
use fairshare_contracts::solidity::BundleVerifier::{
    BundleVerifierCalls, BundleVerifierErrors, BundleVerifierEvents,
};
use fairshare_contracts::solidity::ProvingVault::{
    ProvingVaultCalls, ProvingVaultErrors, ProvingVaultEvents,
};
use fairshare_contracts::solidity::TaskRegistry::{
    TaskRegistryCalls, TaskRegistryErrors, TaskRegistryEvents,
};
use fairshare_contracts::solidity::{FederatedTask, FheTask};
use fairshare_contracts::{artifact, proving, verification};
use serde_json::Value;

/// Where all contracts but the royalty vault are declared.
const SOLIDITY: &str = include_str!("../../src/solidity.rs");

/// A contract on both sides.
struct Contract {
    name: &'static str,
    /// The Rust source of its declaration.
    source: String,
    /// The artifact's interface.
    abi: Vec<Value>,
    /// Signatures that the Rust types have: functions, events, errors.
    ours: [Vec<&'static str>; 3],
}

fn contracts() -> [Contract; 5] {
    [
        Contract {
            name: "RoyaltyVault",
            source: include_str!("../../src/interface.rs").to_owned(),
            abi: abi(artifact::ROYALTY_VAULT_JSON),
            ours: [
                RoyaltyVaultCalls::SIGNATURES.to_vec(),
                RoyaltyVaultEvents::SIGNATURES.to_vec(),
                RoyaltyVaultErrors::SIGNATURES.to_vec(),
            ],
        },
        Contract {
            name: "BundleVerifier",
            source: declared("BundleVerifier"),
            abi: abi(verification::BUNDLE_VERIFIER_JSON),
            ours: [
                BundleVerifierCalls::SIGNATURES.to_vec(),
                BundleVerifierEvents::SIGNATURES.to_vec(),
                BundleVerifierErrors::SIGNATURES.to_vec(),
            ],
        },
        Contract {
            name: "ProvingVault",
            source: declared("ProvingVault"),
            abi: abi(proving::PROVING_VAULT_JSON),
            ours: [
                ProvingVaultCalls::SIGNATURES.to_vec(),
                ProvingVaultEvents::SIGNATURES.to_vec(),
                ProvingVaultErrors::SIGNATURES.to_vec(),
            ],
        },
        task(
            "FheTask",
            proving::FHE_TASK_JSON,
            FheTask::FheTaskCalls::SIGNATURES,
            FheTask::FheTaskErrors::SIGNATURES,
        ),
        task(
            "FederatedTask",
            proving::FEDERATED_TASK_JSON,
            FederatedTask::FederatedTaskCalls::SIGNATURES,
            FederatedTask::FederatedTaskErrors::SIGNATURES,
        ),
    ]
}

/// A task contract: what all of them have, and its own calls and errors.
fn task(name: &'static str, artifact: &str, calls: &[&'static str], errors: &[&'static str]) -> Contract {
    Contract {
        name,
        source: declared(name),
        abi: abi(artifact),
        ours: [
            [TaskRegistryCalls::SIGNATURES, calls].concat(),
            TaskRegistryEvents::SIGNATURES.to_vec(),
            [TaskRegistryErrors::SIGNATURES, errors].concat(),
        ],
    }
}

/// A contract's declaration; of a task contract also what all of them have.
fn declared(name: &str) -> String {
    let of = |name: &str| {
        let start = SOLIDITY.find(&format!("contract {name} {{")).expect("it is declared");
        let end = SOLIDITY[start..].find("\n    }\n").expect("it ends");
        &SOLIDITY[start..start + end]
    };
    if name.ends_with("Task") { [of(name), of("TaskRegistry")].concat() } else { of(name).to_owned() }
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

/// A parameter's type; a struct by its own name.
fn type_name(parameter: &Value) -> &str {
    match text(parameter, "internalType").strip_prefix("struct ") {
        Some(path) => path.rsplit('.').next().expect("a name"),
        None => text(parameter, "type"),
    }
}

fn text<'a>(item: &'a Value, field: &str) -> &'a str {
    item[field].as_str().expect("a text")
}

/// Errors that a contract hands through without declaring them are known, too.
#[test]
fn every_function_event_and_error_is_the_same_on_both_sides() {
    for contract in contracts() {
        for (kind, ours) in ["function", "event", "error"].into_iter().zip(&contract.ours) {
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
                format!("{}{topic} {}", type_name(input), text(input, "name"))
            };
            let fields = event["inputs"].as_array().expect("a list").iter().map(field);
            let (name, fields) = (text(event, "name"), fields.collect::<Vec<_>>().join(", "));
            // A struct of another contract is called by that one's name.
            let flat = flat.replace("BundleVerifier.", "");
            let written = [format!("event {name}({fields});"), format!("event {name}( {fields} );")];
            assert!(written.iter().any(|text| flat.contains(text)), "{}", written[0]);
        }
        for function in contract.items("function") {
            let name = text(function, "name");
            let written = flat.split(&format!("function {name}(")).nth(1).expect("declared");
            let written = written.split(';').next().expect("a declaration");
            let answers = written.split("returns (").nth(1).unwrap_or("").trim_end_matches(')');
            let ours = answers.trim().split(", ").map(|answer| answer.split(' ').next().unwrap_or(""));
            let ours: Vec<_> = ours.map(|name| name.trim_start_matches("BundleVerifier.")).collect();
            let theirs: Vec<_> =
                function["outputs"].as_array().expect("a list").iter().map(type_name).collect();
            assert_eq!(
                ours.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>(),
                theirs,
                "{name}"
            );
        }
    }
}

/// Structs with their fields, by type, name and order: two that are swapped would be read as each other.
#[test]
fn the_fields_of_structs_are_the_same_on_both_sides() {
    let declared = [SOLIDITY, include_str!("../../src/interface.rs")].concat();
    let declared = declared.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut structs = BTreeMap::new();
    for contract in contracts() {
        let parameters = contract.abi.iter().flat_map(|item| [&item["inputs"], &item["outputs"]]);
        parameters.filter_map(Value::as_array).flatten().for_each(|own| collect(own, &mut structs));
    }
    assert!(structs.len() > 12, "{structs:?}");
    for (name, fields) in structs {
        let written = format!("struct {name} {{ {fields} }}");
        assert!(declared.contains(&written), "{written}");
    }
}

/// The structs that a parameter is made of: by name, their fields.
fn collect(parameter: &Value, structs: &mut BTreeMap<String, String>) {
    let Some(components) = parameter["components"].as_array() else { return };
    let fields = components.iter().map(|own| format!("{} {};", type_name(own), text(own, "name")));
    let name = type_name(parameter).trim_end_matches("[]");
    structs.insert(name.to_owned(), fields.collect::<Vec<_>>().join(" "));
    components.iter().for_each(|own| collect(own, structs));
}

/// The words are those of the protocol's table, in its order: their hash is the rules hash.
#[test]
fn the_words_of_rules_are_what_their_hash_is_of() {
    let verifier = fairshare_testkit::fixture::verifier(&fairshare_testkit::fixture::RULES);
    let words = fairshare_contracts::verification::encoded_words(verifier.rules());
    assert_eq!(words.len(), 35);
    let hashed =
        words.iter().fold(fairshare_params::words::Words::new("rules"), |hash, word| hash.digest(word));
    assert_eq!(hashed.finish(), verifier.rules_hash());
}
