//! An error as JSON, for programs: with `--json` it takes the place of the text on standard error.

use std::ffi::OsString;

use clap::error::ErrorKind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{CliError, Status, advice, chain};

/// An error: the last line of standard error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Failure {
    /// What went wrong.
    error: Described,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Described {
    /// What is wrong, and where.
    message: String,
    /// What caused it, the nearest cause first; empty if nothing did.
    causes: Vec<String>,
    /// What to do about it; left out where the message says so, or nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    hint: Option<String>,
    /// The exit status: 1 refused; 2 usage, I/O or parameters; 130 interrupted.
    exit: u8,
}

impl Failure {
    /// Of a command that ran.
    pub fn of(error: &CliError) -> Self {
        let mut chain = chain(error).into_iter();
        let message = chain.next().unwrap_or_default();
        let hint = advice(error).map(str::to_owned);
        let exit = error.status() as u8;
        Self { error: Described { message, causes: chain.collect(), hint, exit } }
    }

    /// Of arguments that name no command, or do not fit it.
    pub fn of_usage(error: &clap::Error) -> Self {
        let exit = Status::Unusable as u8;
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let (message, hint) = ("no command is given".to_owned(), "see `--help`".to_owned());
            return Self { error: Described { message, causes: Vec::new(), hint: Some(hint), exit } };
        }
        let text = error.render().to_string();
        let text = text.trim_end().strip_prefix("error: ").unwrap_or(&text);
        let (message, hint) = match text.split_once("\n\n") {
            Some((message, hint)) => (message, Some(hint.trim_start().to_owned())),
            None => (text, None),
        };
        Self { error: Described { message: message.to_owned(), causes: Vec::new(), hint, exit } }
    }

    /// As one line.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Whether these arguments ask for JSON, though they may not be a command.
pub fn asks_for_json(arguments: impl IntoIterator<Item = OsString>) -> bool {
    arguments.into_iter().take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

#[cfg(test)]
mod tests {
    use std::io;

    use clap::Parser;
    use fairshare_prover::ProveError;
    use serde_json::{Value, json};

    use super::*;
    use crate::args::Cli;

    fn object(failure: &Failure) -> Value {
        serde_json::from_str(&failure.line().unwrap()).unwrap()
    }

    #[test]
    fn an_error_has_its_causes_apart() {
        let source = io::ErrorKind::StorageFull.into();
        let error = object(&Failure::of(&CliError::File { path: "x".into(), source }));
        assert_eq!(error["error"]["message"], "x: cannot be read or written");
        assert_eq!(error["error"]["causes"].as_array().unwrap().len(), 1);
        assert!(error["error"]["hint"].as_str().unwrap().contains("make room there"), "{error}");
        assert_eq!(error["error"]["exit"], 2);
    }

    #[test]
    fn the_exit_status_is_the_processes() {
        for (error, exit) in [(ProveError::NoFolders, 2), (ProveError::Cancelled, 130)] {
            let error = object(&Failure::of(&error.into()));
            assert_eq!((&error["error"]["exit"], error["error"].get("hint")), (&exit.into(), None));
        }
    }

    #[test]
    fn wrong_usage_is_told_without_its_layout() {
        let usage =
            |line: &str| object(&Failure::of_usage(&Cli::try_parse_from(line.split(' ')).unwrap_err()));
        let error = usage("fairshare policy check --json --param x");
        assert!(error["error"]["message"].as_str().unwrap().contains("'--param'"), "{error}");
        assert!(
            error["error"]["hint"].as_str().unwrap().contains("Usage: fairshare policy check"),
            "{error}"
        );
        let error = usage("fairshare verify --json");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("the following required arguments") && message.contains("<BUNDLE>"));
        assert_eq!(error["error"]["exit"], 2);
        let error = usage("fairshare");
        assert_eq!(
            (&error["error"]["message"], &error["error"]["causes"]),
            (&json!("no command is given"), &json!([]))
        );
    }

    #[test]
    fn what_follows_two_dashes_is_no_option() {
        let asks = |line: &str| asks_for_json(line.split(' ').map(OsString::from));
        assert!(asks("fairshare verify --json x"));
        assert!(!asks("fairshare verify -- --json") && !asks("fairshare verify --jsonx"));
    }
}
