//! There is a run for every schema, and the validator finds what differs.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::schemas::{DEFINITIONS, command, faults, resolve};
use super::support::*;
use super::vaults::*;

#[test]
fn the_validator_finds_every_kind_of_fault() {
    let schema = json!({
        "type": "object",
        "properties": {
            "count": { "type": "integer", "minimum": 0, "maximum": 9 },
            "name": { "type": ["string", "null"], "enum": ["a", "b", null] },
            "hashes": { "type": "array", "items": { "type": "string", "pattern": "^0x[0-9a-f]{2}$" } },
        },
        "required": ["count", "name"],
    });
    for good in [json!({ "count": 0, "name": "a" }), json!({ "count": 9, "name": null, "hashes": ["0x0f"] })]
    {
        assert_eq!(faults(&schema, &good), Vec::<String>::new(), "{good}");
    }
    for (bad, fault) in [
        (json!([]), "$: [] is not of type \"object\""),
        (json!({ "count": 0 }), "required"),
        (json!({ "count": 0, "name": "a", "more": 1 }), "$.more is not in the schema"),
        (json!({ "count": -1, "name": "a" }), "minimum"),
        (json!({ "count": 10, "name": "a" }), "maximum"),
        (json!({ "count": 0.5, "name": "a" }), "$.count: 0.5 is not of type"),
        (json!({ "count": 0, "name": "c" }), "enum"),
        (
            json!({ "count": 0, "name": "a", "hashes": ["0x0f", "0x0F"] }),
            "$.hashes[1]: \"0x0F\" is not of pattern",
        ),
    ] {
        let found = faults(&schema, &bad);
        assert!(found.iter().any(|found| found.contains(fault)), "{fault:?} is not in {found:?}");
    }
}

#[test]
fn the_program_prints_the_committed_schemas() {
    let all: Value = fairshare("schema --json").json();
    assert_eq!(all["$defs"], Value::Object(DEFINITIONS.clone()));
    let (name, own) = ("vault status", fairshare("schema vault status --json").json());
    assert_eq!(own["properties"], DEFINITIONS[name]["properties"]);
    assert_eq!(own["$schema"], all["$schema"]);
    // For people it is the same, over several lines.
    let ran = fairshare("schema vault status");
    assert!(ran.stdout.lines().count() > 20);
    assert_eq!(ran.json(), own);
    fairshare("schema vault")
        .fails(2, &["`vault` prints no JSON", "vault status, vault strike, vault submit, verify"]);
    fairshare("schema vault --json").fails_as_json(2, "`vault` prints no JSON");
}

/// Errors of every exit status, and of arguments that are no command.
#[test]
fn an_error_is_one_object() {
    let p = prepared();
    let folder = folder();
    let absent = show(&folder.join("absent"));
    let error =
        fairshare(&format!("policy check {absent} --json")).fails_as_json(2, "cannot read the policy");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("check the path")), "{error}");
    assert!(error["causes"].as_array().is_some_and(|causes| !causes.is_empty()), "{error}");
    let (other, out) = (write(&folder, "empty", []), show(&folder.join("out")));
    let request = show(&p.data.join("request.json"));
    let error = fairshare(&format!("--json upload wrap {other} --for {request} --out {out}"))
        .fails_as_json(1, "empty");
    assert_eq!(error.get("hint"), None);
    for (line, message, hint) in [
        ("divide --json", "unrecognized subcommand 'divide'", "Usage: fairshare"),
        ("--json", "subcommand", "--help"),
        ("vault --json", "subcommand", "--help"),
        ("verify x --json --jobs 3", "unexpected argument '--jobs'", "Usage: fairshare verify"),
        ("params insecure --json --geometry compact", "--out <FILE>", "Usage: fairshare params insecure"),
        ("params insecure --geometry huge --out x --json", "compact, standard, large", "--help"),
    ] {
        let error = fairshare(line).fails_as_json(2, message);
        assert!(error["hint"].as_str().is_some_and(|text| text.contains(hint)), "{line}: {error}");
    }
    // What follows two dashes is an argument, and help is no error.
    fairshare("verify -- --json").fails(2, &["--policy"]);
    let help = fairshare("verify --help --json");
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("Usage: fairshare verify"));
}

/// A line for every schema but those of the demonstration, the bench and the service, which other tests run,
/// and those of commands that need a chain (`tests/chain`).
#[test]
fn every_output_is_as_its_schema_says() {
    let p = prepared();
    let folder = folder();
    let path = |name: &str| show(&folder.join(name));
    let (ledger, archive, srs) = (path("vault.ledger"), path("vault.tar"), path("again.srs"));
    let (common, policy, params) = (p.common(), &p.policy, &p.params);
    let data = format!("{}/flights-2000.csv", show(examples()));
    let (units, trust) = (&p.units, "--allow-insecure-params");
    let damaged = write(&folder, "damaged.bundle", []);
    let (commit, request) = (path("data"), format!("{}/request.json", path("data")));
    let upload = path("upload");
    let invalid = write(&folder, "policy.toml", "version = 7");
    let signed = path("signed.json");
    let (lists, paying) = (path("lists"), Vault::paying(Step::Settled).ledger);
    let receipts = format!("--receipts {}", path("receipts"));
    let lines = [
        format!("params insecure --geometry compact --out {srs}"),
        format!("policy check {policy}"),
        format!("policy check {invalid}"),
        format!("policy reference --policy {policy} --data {data} --out {}", path("reference.json")),
        format!("policy explain {policy}"),
        format!("policy rounds --units {units} --policy {policy}"),
        format!("policy draft --data {data} --units {units} --out {}", path("drafted.toml")),
        format!("score data --policy {policy} --data {data}"),
        format!("score compute --policy {policy} --units {units} --contributor {CONTRIBUTOR}"),
        // The operator may contribute, too.
        format!("commit data {common} --contributor {OPERATOR} --data {data} --out {commit}"),
        format!("upload wrap {data} --for {request} --out {upload}"),
        format!("register sign --request {request} --policy {policy} --last-round 9 --out {signed}"),
        format!("register check {signed} --policy {policy}"),
        format!("prove data {commit} {common} --out {}", path("data.bundle")),
        format!(
            "prove compute {common} --units {units} --contributor {CONTRIBUTOR} --out {}",
            path("compute.bundle")
        ),
        format!("verify {damaged} {} {} {common} {} {trust}", p.data_bundle, p.compute_bundle, p.record()),
        format!("vault init {common} --ledger {ledger}"),
        format!("vault status --ledger {ledger}"),
        format!("vault round --next --ledger {ledger}"),
        format!("vault register {} {signed} {damaged} {receipts} --ledger {ledger}", p.signed),
        format!("vault round --to 364 --ledger {ledger}"),
        format!("vault register --units {units} {receipts} --ledger {ledger}"),
        format!("vault strike {JFK} --why unseen --ledger {ledger}"),
        format!("vault round --end --ledger {ledger}"),
        format!(
            "vault submit {damaged} {} {} {} --params {params} {trust} {receipts} --ledger {ledger}",
            p.data_bundle,
            p.compute_bundle,
            path("data.bundle")
        ),
        format!("vault close --params {params} {trust} --forfeit --ledger {ledger}"),
        format!("vault settle --ledger {ledger}"),
        format!("vault export --claims {} --archive {archive} --ledger {ledger}", path("claims.json")),
        format!("vault status --ledger {ledger}"),
        format!("vault status --epoch 2013 --ledger {ledger}"),
        format!("vault audit --params {params} {trust} --ledger {ledger}"),
        format!("audit {archive} --params {params} {trust}"),
        format!("vault claim --all --lists {lists} --resume-without-history --ledger {paying}"),
        format!("vault confirm --list {lists}/LIST --evidence 0xfeed --ledger {paying}"),
        format!("vault status --ledger {paying}"),
        format!("chain keys --params {params}"),
        "divide".to_owned(),
    ];
    let mut seen: BTreeSet<_> = ["bench", "demo", "serve", "vault serve"].into();
    seen.extend(DEFINITIONS.keys().map(String::as_str).filter(|name| name.starts_with("chain ")));
    for line in &lines {
        let mut line = format!("{line} --json");
        if line.contains("LIST") {
            let mut names = fs::read_dir(&lists).unwrap().map(|list| list.unwrap().file_name());
            let list = names.find(|name| name.to_str().unwrap().ends_with(".json")).unwrap();
            line = line.replace("LIST", list.to_str().unwrap());
        }
        let ran = fairshare(&line);
        assert!(
            ran.status == 0 || ["damaged", "policy.toml", "divide"].iter().any(|name| line.contains(name)),
            "{line}\n{}",
            ran.stderr
        );
        let words: Vec<_> = line.split_whitespace().collect();
        seen.insert(if ran.stdout.is_empty() {
            "error"
        } else {
            resolve(command(&words).expect("a schema"))
        });
    }
    let all: BTreeSet<_> = DEFINITIONS.keys().map(|name| resolve(name)).collect();
    assert_eq!(seen, all);
}
