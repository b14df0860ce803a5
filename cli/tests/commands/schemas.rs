//! What is printed with `--json` has the form that the committed schemas say.
//!
//! Every run of the tests is checked ([`check`]).

use std::fs;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::support::Ran;

/// The committed schemas, by the names of their commands.
pub static DEFINITIONS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.schema.json");
    let mut schemas: Value = serde_json::from_slice(&fs::read(path).expect("the schemas")).expect("JSON");
    let Value::Object(definitions) = schemas["$defs"].take() else { panic!("definitions") };
    definitions
});

/// The name under which the schema of a command stands: a command may share another's.
pub fn resolve(name: &str) -> &str {
    match DEFINITIONS[name].get("$ref") {
        Some(place) => {
            let name = place.as_str().expect("text").trim_start_matches("#/$defs/").replace("%20", " ");
            DEFINITIONS.get_key_value(&name).expect("its schema").0
        }
        None => DEFINITIONS.get_key_value(name).expect("its schema").0,
    }
}

/// The command among words, which an option may precede.
pub fn command(words: &[&str]) -> Option<&'static str> {
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

/// What of a value is not as a schema says.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
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
