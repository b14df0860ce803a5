//! What is printed with `--json` has the form that the committed schemas say.
//!
//! Every run of the tests is checked ([`check`]); one test sees to it that there is one for every schema.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::support::*;
use super::vaults::*;

static DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.schema.json");
    let mut schemas: Value = serde_json::from_slice(&fs::read(path).expect("the schemas")).expect("JSON");
    let Value::Object(definitions) = schemas["$defs"].take() else { panic!("definitions") };
    definitions
});

/// The name under which the schema of a command stands: a command may share another's.
fn resolve(name: &str) -> &str {
    match DEFINITIONS[name].get("$ref") {
        Some(place) => {
            let name = place.as_str().expect("text").trim_start_matches("#/$defs/").replace("%20", " ");
            DEFINITIONS.get_key_value(&name).expect("its schema").0
        }
        None => DEFINITIONS.get_key_value(name).expect("its schema").0,
    }
}

/// The command among words, which an option may precede.
fn command(words: &[&str]) -> Option<&'static str> {
    let named = |name: &str| words.windows(name.split(' ').count()).any(|some| some.join(" ") == name);
    let found = DEFINITIONS.keys().filter(|name| *name != "error" && named(name));
    found.max_by_key(|name| name.len()).map(String::as_str)
}

/// Checks all JSON of a run.
pub fn check(line: &str, ran: &Ran) {
    // What follows two dashes is no option.
    let words: Vec<_> = line.split_whitespace().take_while(|word| *word != "--").collect();
    if !words.contains(&"--json") || words.contains(&"schema") || words.contains(&"--help") {
        return;
    }
    for printed in ran.stdout.lines() {
        let name = command(&words).unwrap_or_else(|| panic!("{line} has no schema"));
        assert_valid(name, printed);
    }
    let last = ran.stderr.lines().last().unwrap_or_default();
    if ran.status != 0 && ran.stdout.is_empty() || last.starts_with('{') {
        let error = assert_valid("error", last);
        assert_eq!(error["error"]["exit"], ran.status, "{line}: {last}");
    }
}

/// Checks what was printed as a result, or an error, of this name.
pub fn assert_valid(name: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
    let faults = faults(&DEFINITIONS[resolve(name)], &value);
    assert!(faults.is_empty(), "not what the schema of `{name}` says: {faults:#?}\n{text}");
    value
}

fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    validate(schema, value, "$", &mut faults);
    faults
}

/// A validator of the keywords that our schemas have. More fields than a schema has are a fault here, though
/// they are none for its reader.
fn validate(schema: &Value, value: &Value, path: &str, faults: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema");
    for (keyword, wanted) in schema {
        let holds = match keyword.as_str() {
            "title" | "description" | "format" | "properties" | "items" => true,
            "type" => is_of(wanted, value),
            "minimum" => value.as_f64().is_none_or(|value| value >= wanted.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|value| value <= wanted.as_f64().expect("a number")),
            "enum" => wanted.as_array().expect("values").contains(value),
            "pattern" => value.as_str().is_none_or(|text| {
                Regex::new(wanted.as_str().expect("a pattern")).expect("a pattern").is_match(text)
            }),
            "required" => value.as_object().is_none_or(|object| {
                wanted
                    .as_array()
                    .expect("names")
                    .iter()
                    .all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            _ => panic!("{path}: this test does not know the keyword `{keyword}`"),
        };
        if !holds {
            faults.push(format!("{path}: {value} is not of {keyword} {wanted}"));
        }
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        match schema.get("properties").and_then(|properties| properties.get(name)) {
            Some(schema) => validate(schema, value, &format!("{path}.{name}"), faults),
            None => faults.push(format!("{path}.{name} is not in the schema")),
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        validate(&schema["items"], value, &format!("{path}[{index}]"), faults);
    }
}

/// Whether a value is of a type, or of one of several.
fn is_of(wanted: &Value, value: &Value) -> bool {
    let one = |name: &Value| match name.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("this test does not know the type `{other}`"),
    };
    wanted.as_array().map_or_else(|| one(wanted), |types| types.iter().any(one))
}

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

/// A line for every schema but those of the demonstration, the bench and the service, which other tests run.
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
    let mut seen: BTreeSet<_> = ["bench", "demo", "vault serve"].into();
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
