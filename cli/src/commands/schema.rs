//! `fairshare schema`: the JSON Schema of everything that `--json` prints, made from the printed types.
//!
//! `Output::result` takes a [`Document`] only, and only `documents!` makes one, so no command can print
//! what has no schema. All schemas together are committed as docs/cli.schema.json.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::{
    audit, bench, chain, commit, demo, draft, params, policy, prove, register, score, service, upload, vault,
    verify,
};
use crate::args::SchemaArgs;
use crate::document::Document;
use crate::error::{CliError, Status};
use crate::failure;
use crate::output::Output;

pub fn run(args: &SchemaArgs, output: Output) -> Result<Status, CliError> {
    let schema = match args.command.join(" ").as_str() {
        "" => all(),
        name => {
            of(name).ok_or_else(|| CliError::NoSchema { name: name.to_owned(), known: names().join(", ") })?
        }
    };
    output.schema(&schema)?;
    Ok(Status::Done)
}

/// The name that stands for errors among those of the commands.
pub const ERROR: &str = "error";

/// Which type the commands print, and thereby which types are [`Document`]s.
macro_rules! documents {
    ($($document:ty: $($command:expr),+;)*) => {
        $(impl Document for $document {})*

        /// Commands with the one schema that they share.
        fn documents() -> Vec<(&'static [&'static str], Schema)> {
            vec![$((&[$($command),+], generator().into_root_schema_for::<$document>())),*]
        }
    };
}

documents! {
    audit::Audited<'_>: "audit", "vault audit";
    bench::Report: "bench";
    chain::Sent<chain::Claims>: "chain claim";
    chain::Sent<chain::Deployed>: "chain deploy";
    chain::Handed<chain::Funded>: "chain fund";
    chain::Sent<chain::Keys>: "chain keys";
    chain::Sent<chain::Opened>: "chain open";
    chain::Handed<chain::Paid>: "chain pay";
    chain::Handed<chain::Posted>: "chain post";
    chain::Sent<chain::Recorded>: "chain record-round";
    chain::Sent<chain::Registrations>: "chain register";
    chain::Sent<chain::Struck>: "chain strike";
    chain::Sent<chain::Submissions>: "chain submit";
    chain::Standing: "chain status";
    chain::Synced: "chain sync";
    chain::Watched: "chain watch";
    commit::CommittedResult: "commit data";
    demo::Report<'_>: "demo";
    params::Described: "params insecure", "params import", "params verifier", "params inspect";
    draft::Draft: "policy draft";
    policy::Checked: "policy check";
    policy::Counted: "policy reference";
    policy::Explained: "policy explain";
    policy::TableRead: "policy rounds";
    prove::Proved: "prove data", "prove compute";
    register::Described: "register sign", "register check";
    score::DataScored: "score data";
    score::ComputeScored: "score compute";
    service::ServingJobs: "serve";
    upload::Wrapped: "upload wrap";
    vault::Changed: "vault init";
    vault::Reached: "vault round";
    vault::RegisteredLine: "vault register";
    vault::StruckResult: "vault strike";
    vault::ClosedResult: "vault close";
    vault::Exported: "vault export";
    vault::Claims: "vault claim";
    vault::Confirmed: "vault confirm";
    vault::Serving: "vault serve";
    vault::SettledResult: "vault settle";
    vault::StatusResult: "vault status";
    vault::SubmittedLine: "vault submit";
    verify::Verdict: "verify";
    failure::Failure: ERROR;
}

/// Schemas of what is written, each complete in itself.
fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).for_serialize().into()
}

/// Everything that has a schema, in alphabetical order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = documents().into_iter().flat_map(|(names, _)| names).copied().collect();
    names.sort_unstable();
    names
}

/// The schema of what a command prints, or of errors.
pub fn of(name: &str) -> Option<Schema> {
    let (_, schema) = documents().into_iter().find(|(names, _)| names.contains(&name))?;
    Some(titled(schema, &[name]))
}

fn titled(mut schema: Schema, names: &[&str]) -> Schema {
    let title = |name: &&str| match *name {
        ERROR => "an error, with --json".to_owned(),
        name => format!("fairshare {name} --json"),
    };
    schema.insert("title".to_owned(), names.iter().map(title).collect::<Vec<_>>().join("; ").into());
    schema
}

/// All schemas in one document, by the names of their commands.
pub fn all() -> Schema {
    let mut definitions = Map::new();
    for (names, schema) in documents() {
        let Some((first, others)) = names.split_first() else { continue };
        let place = format!("#/$defs/{}", first.replace(' ', "%20"));
        for other in others {
            definitions.insert((*other).to_owned(), json_schema!({ "$ref": place }).to_value());
        }
        let mut schema = titled(schema, names);
        schema.remove("$schema");
        definitions.insert((*first).to_owned(), schema.to_value());
    }
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fairshare --json",
        "description": "What each command prints as one line of JSON. A later version may add fields; it \
                        does not take any away.",
        "$defs": Value::Object(definitions),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use fairshare_pinned::assert_pinned;

    use super::*;
    use crate::args::Cli;

    /// The names of all commands that have no subcommands.
    fn leaves(command: &clap::Command, above: &str) -> Vec<String> {
        let mut found = Vec::new();
        for command in command.get_subcommands() {
            let name = format!("{above} {}", command.get_name()).trim().to_owned();
            let below = leaves(command, &name);
            found.extend(if below.is_empty() { vec![name] } else { below });
        }
        found
    }

    #[test]
    fn every_command_has_a_schema_and_every_schema_a_command() {
        let mut commands = leaves(&Cli::command(), "");
        // This one prints the schemas.
        commands.retain(|command| command != "schema");
        commands.push(ERROR.to_owned());
        commands.sort();
        assert_eq!(names(), commands);
    }

    /// Faults of an object's properties and of those within them, by their paths.
    fn faults(schema: &Value, path: &str, found: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path} {name}");
            if property["description"].as_str().is_none_or(str::is_empty) {
                found.push(format!("{path}: has no description"));
            }
            let required = schema["required"].as_array().into_iter().flatten();
            if !required.into_iter().any(|required| required == name) && path != "error error hint" {
                found.push(format!("{path}: may be left out"));
            }
            faults(property, &path, found);
        }
        if let Some(items) = schema.get("items") {
            faults(items, path, found);
        }
    }

    #[test]
    fn every_field_is_described_and_always_there() {
        let mut found = Vec::new();
        for name in names() {
            faults(&of(name).unwrap().to_value(), name, &mut found);
        }
        assert!(found.is_empty(), "document these fields, units included: {found:#?}");
    }

    #[test]
    fn the_committed_schemas_are_those_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.schema.json");
        let text = serde_json::to_string_pretty(&all()).unwrap();
        assert_pinned(path, &format!("{text}\n"));
    }
}
