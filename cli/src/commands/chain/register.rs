//! `fairshare chain register`.

use fairshare_chain::ChainError;
use fairshare_chain::proving::{Done, Pair};
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{as_sender, connect};
use crate::args::ChainRegisterArgs;
use crate::document::spelling::Hash;
use crate::error::{CliError, Status, one_line};
use crate::load;
use crate::output::{Output, file_cell, reason, table};

/// What became of registrations.
#[derive(Serialize, JsonSchema)]
pub struct Registrations {
    /// Of each, in order.
    registrations: Vec<Line>,
}

#[derive(Serialize, JsonSchema)]
struct Line {
    /// The file.
    file: String,
    /// The dataset's digest; null where the file cannot be read.
    #[schemars(with = "Option<Hash>")]
    digest: Option<String>,
    /// The round in which the registry took it; null if it is refused.
    round: Option<u64>,
    /// Whether it was on record before.
    before: bool,
    /// The contract's own name of the reason; null if there is none.
    refusal: Option<String>,
    /// Why it is refused; null if it is not.
    error: Option<String>,
}

pub fn run(args: &ChainRegisterArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let paths = load::expand(&args.registrations, "json")?;
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let sent = as_sender(&args.send, output, &node, |sender| {
        let mut registrations = Vec::new();
        for path in &paths {
            let mut line = Line {
                file: path.display().to_string(),
                digest: None,
                round: None,
                before: false,
                refusal: None,
                error: None,
            };
            let taken = load::signed_registration(path).and_then(|signed| {
                line.digest = Some(signed.unsigned().request().digest().to_string());
                signed.unsigned().check(&policy.domain(), &policy.terms().vault)?;
                Ok(pair.register(sender, &signed)?)
            });
            match taken {
                Ok(registered) => {
                    (line.round, line.before) = (Some(registered.round), registered.done == Done::Before);
                }
                Err(error) => (line.refusal, line.error) = refused(error)?,
            }
            registrations.push(line);
        }
        Ok(Registrations { registrations })
    })?;
    sent.print(output, text)?;
    let is_refused = |line: &Line| line.error.is_some();
    let any = sent.result.iter().flat_map(|result| &result.registrations).any(is_refused);
    Ok(if any { Status::Refused } else { Status::Done })
}

/// The reason of what concerns one file alone, by the contract's name and in words; anything else ends the
/// command.
pub fn refused(error: CliError) -> Result<(Option<String>, Option<String>), CliError> {
    let name = match &error {
        CliError::Chain(chain) => match &**chain {
            ChainError::Refused { refusal, .. } | ChainError::Failed { refusal: Some(refusal), .. } => {
                Some(refusal.name.clone()).filter(|name| !name.is_empty())
            }
            ChainError::Failed { .. }
            | ChainError::Bundle { .. }
            | ChainError::Parts(_)
            | ChainError::UnknownDigest { .. }
            | ChainError::NothingEarned { .. }
            | ChainError::TooMuchGas { .. } => None,
            _ => return Err(error),
        },
        CliError::File { .. }
        | CliError::RegistryFile { .. }
        | CliError::Unsigned(_)
        | CliError::TooLong { .. } => None,
        _ => return Err(error),
    };
    Ok((name, Some(one_line(&error))))
}

fn text(result: &Registrations) -> String {
    let mut lines = table(["registration", "round", ""]);
    let mut reasons = String::new();
    for line in &result.registrations {
        let (round, state) = match (&line.error, line.round, line.before) {
            (Some(error), ..) => {
                reasons.push_str(&reason(&line.file, error));
                (String::new(), "refused")
            }
            (_, round, true) => (round.unwrap_or_default().to_string(), "on record before"),
            (_, round, false) => (round.unwrap_or_default().to_string(), "registered"),
        };
        lines.add_row(vec![file_cell(&line.file), round.into(), state.into()]);
    }
    format!("{lines}{reasons}")
}
