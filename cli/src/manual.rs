//! docs/cli.md, held to the definition of the command line.
//!
//! Its list of commands is made from the definition, so it has every command and every option. What is
//! written by hand around the list names no command and no option that is not there, but in the part that
//! says so.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::sync::LazyLock;

use clap::{Arg, Command, CommandFactory};
use fairshare_pinned::assert_pinned;
use pulldown_cmark::{Event, Parser};
use serde_json::Value;

use crate::args::Cli;
use crate::commands::schema;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cli.md");
/// Around the list of commands.
const BEGIN: &str = "<!-- begin: made from the program; `FAIRSHARE_BLESS=1 cargo test --release -p fairshare \
                     --bin fairshare` writes it anew -->";
const END: &str = "<!-- end -->";
/// Read once, so that no test sees it while another writes it anew.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| fs::read_to_string(PATH).expect("docs/cli.md"));
/// The part whose table is about commands.
const STATUS: &str = "## What exit status 1 means";

/// The command line's definition with everything that the library adds.
fn definition() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// All commands that have no subcommands, with their names.
fn leaves<'a>(command: &'a Command, above: &str) -> Vec<(String, &'a Command)> {
    let mut found = Vec::new();
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{above} {}", command.get_name()).trim().to_owned();
        if command.has_subcommands() {
            found.extend(leaves(command, &name));
        } else {
            found.push((name, command));
        }
    }
    found
}

/// The arguments of a command alone: not those of every command.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let general = ["json", "log_level", "help", "version"];
    command.get_arguments().filter(move |argument| !general.contains(&argument.get_id().as_str()))
}

/// A part of the document, up to the next heading of its rank.
fn part<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, from) = document.split_once(&format!("\n{heading}\n")).expect(heading);
    from.split_once("\n## ").map_or(from, |(part, _)| part)
}

/// The document before the list of commands, the list, and what follows it.
fn parts(document: &str) -> (&str, &str, &str) {
    let (before, rest) = document.split_once(BEGIN).expect("the beginning's mark");
    let (list, after) = rest.split_once(END).expect("the end's mark");
    (before, list, after)
}

fn list(root: &Command) -> String {
    let mut text = String::new();
    for (name, command) in leaves(root, "") {
        text.push_str(&section(&name, &mut command.clone()));
    }
    text
}

fn section(name: &str, command: &mut Command) -> String {
    let about = command.get_about().expect("every command says what it does").to_string();
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("\n### {name}\n\n{about}.\n\n`{usage}`\n");
    let rows: Vec<_> = arguments(command).map(row).collect();
    if !rows.is_empty() {
        text.push_str("\n| argument | what it is |\n| --- | --- |\n");
        text.push_str(&rows.concat());
    }
    text.push_str(&output(name));
    text
}

fn row(argument: &Arg) -> String {
    let help = argument.get_help().expect("every argument is explained").to_string().replace('\n', " ");
    let mut text = format!("| `{argument}` | {help}");
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if argument.get_action().takes_values() && !defaults.is_empty() {
        let _ = write!(text, " [default: `{}`]", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        let _ = write!(text, " [environment variable: `{}`]", variable.to_string_lossy());
    }
    text.push_str(" |\n");
    text
}

/// What a command prints with `--json`, in short.
fn output(name: &str) -> String {
    let Some(schema) = schema::of(name) else {
        return "\nPrints a schema, with `--json` on one line.\n".to_owned();
    };
    let schema = schema.to_value();
    let what = schema["description"].as_str().expect("every output is explained");
    format!("\nJSON: {} Fields: {}.\n", what.replace('\n', " "), fields(&schema))
}

/// The fields of an object, those of objects within it in brackets.
fn fields(schema: &Value) -> String {
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(name, property)| {
        let items = property.get("items").unwrap_or(property);
        let within = fields(items);
        if within.is_empty() { format!("`{name}`") } else { format!("`{name}` ({within})") }
    });
    fields.collect::<Vec<_>>().join(", ")
}

fn has_option(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == option.strip_prefix("--"))
}

fn anywhere(command: &Command, option: &str) -> bool {
    has_option(command, option) || command.get_subcommands().any(|command| anywhere(command, option))
}

fn spans(text: &str) -> Vec<String> {
    let code = |event| if let Event::Code(span) = event { Some(span.to_string()) } else { None };
    Parser::new(text).filter_map(code).collect()
}

/// The spans of each row's cells.
fn rows(part: &str) -> Vec<Vec<Vec<String>>> {
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(spans).collect()).collect()
}

/// What a span of the prose names that is not there.
fn is_missing(root: &Command, span: &str) -> bool {
    let words: Vec<_> = span.split([' ', '=', ',']).collect();
    let unknown = |word: &&str| word.starts_with("--") && !anywhere(root, word);
    let mut command = root;
    if words.first() == Some(&"fairshare") {
        for word in words.iter().skip(1) {
            match command.find_subcommand(word) {
                Some(found) => command = found,
                // An argument may stand where there are no further subcommands.
                None if command.has_subcommands() && !word.starts_with("--") => return true,
                None => break,
            }
        }
    }
    words.iter().any(unknown)
}

#[test]
fn the_list_of_commands_is_that_of_the_program() {
    let (before, _, after) = parts(&DOCUMENT);
    assert_pinned(PATH, &format!("{before}{BEGIN}\n{}\n{END}{after}", list(&definition())));
}

#[test]
fn the_list_has_every_command_and_every_option() {
    let root = definition();
    let list = list(&root);
    let headings: Vec<_> = list.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let commands = leaves(&root, "");
    assert_eq!(headings, commands.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (name, command) in commands {
        let (_, section) = list.split_once(&format!("### {name}\n")).expect("its section");
        let section = section.split_once("\n### ").map_or(section, |(section, _)| section);
        let named: Vec<_> =
            rows(section).into_iter().filter_map(|row| row.into_iter().next()).flatten().collect();
        assert_eq!(named, arguments(command).map(ToString::to_string).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn the_prose_names_what_is_there() {
    let (before, _, after) = parts(&DOCUMENT);
    let root = definition();
    let prose = format!("{before}{after}");
    let missing: Vec<_> = spans(&prose).into_iter().filter(|span| is_missing(&root, span)).collect();
    assert!(missing.is_empty(), "docs/cli.md names what is not there: {missing:?}");
}

#[test]
fn every_command_says_when_its_status_is_1() {
    let named: Vec<_> = rows(part(&DOCUMENT, STATUS))
        .into_iter()
        .filter_map(|row| row.into_iter().next())
        .flatten()
        .collect();
    let distinct: BTreeSet<_> = named.iter().cloned().collect();
    let commands: BTreeSet<_> = leaves(&definition(), "").into_iter().map(|(name, _)| name).collect();
    assert_eq!(distinct, commands);
    assert_eq!(named.len(), distinct.len(), "each command once");
}

#[test]
fn what_is_not_there_is_found_in_prose() {
    let root = definition();
    for span in ["fairshare verify x --jsn", "fairshare vault pay", "fairshare valt", "--param"] {
        assert!(is_missing(&root, span), "{span}");
    }
    for span in
        ["fairshare verify x --json", "fairshare vault", "fairshare --help", "policy.toml", "--keystore"]
    {
        assert!(!is_missing(&root, span), "{span}");
    }
}
