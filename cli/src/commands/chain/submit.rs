//! `fairshare chain submit`.

use fairshare_chain::proving::{Done, Pair};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::MAX_BUNDLE_BYTES;
use fairshare_verifier::Trust;
use fairshare_verifier::bundle::Header;
use schemars::JsonSchema;
use serde::Serialize;

use super::register::refused;
use super::sending::{as_sender, connect};
use crate::args::ChainSubmitArgs;
use crate::document::spelling::{Checksummed, Decimal, RoleName};
use crate::error::{CliError, Status};
use crate::load::{self, Parameters};
use crate::output::{Output, align_right, file_cell, reason, short_address, table};

/// What became of bundles.
#[derive(Serialize, JsonSchema)]
pub struct Submissions {
    /// Of each, in order.
    bundles: Vec<Line>,
}

#[derive(Serialize, JsonSchema)]
struct Line {
    /// The file.
    file: String,
    /// Whose it is; null where the file cannot be read.
    #[schemars(with = "Option<Checksummed>")]
    contributor: Option<String>,
    /// For what; null where the file cannot be read.
    #[schemars(with = "Option<RoleName>")]
    role: Option<String>,
    /// What it weighs; null if it is refused.
    #[schemars(with = "Option<Decimal>")]
    weight: Option<String>,
    /// Whether one of this weight counted before.
    before: bool,
    /// The contract's own name of the reason; null if there is none.
    refusal: Option<String>,
    /// Why it is refused; null if it is not.
    error: Option<String>,
}

pub fn run(args: &ChainSubmitArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.rules.policy)?;
    let parameters = Parameters::read(&args.rules.params, &policy)?;
    let verifier = parameters.verifier(&policy, Trust::AllowInsecure)?;
    let rules = verifier.rules();
    let paths = load::expand(&args.bundles, "bundle")?;
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let sent = as_sender(&args.send, output, &node, |sender| {
        let mut bundles = Vec::new();
        for path in &paths {
            let mut line = Line {
                file: path.display().to_string(),
                contributor: None,
                role: None,
                weight: None,
                before: false,
                refusal: None,
                error: None,
            };
            let taken = load::bytes(path, MAX_BUNDLE_BYTES as u64).and_then(|bundle| {
                if let Ok(header) = Header::read(&bundle) {
                    line.contributor = Some(checksummed(&header.contributor).to_string());
                    line.role = Some(header.role.name().to_owned());
                }
                Ok(pair.submit(sender, rules, verifier.parameters(), &bundle)?)
            });
            match taken {
                Ok(submitted) => {
                    line.weight = Some(submitted.weight.to_string());
                    line.before = submitted.done == Done::Before;
                }
                Err(error) => (line.refusal, line.error) = refused(error)?,
            }
            bundles.push(line);
        }
        Ok(Submissions { bundles })
    })?;
    sent.print(output, text)?;
    let is_refused = |line: &Line| line.error.is_some();
    let any = sent.result.iter().flat_map(|result| &result.bundles).any(is_refused);
    Ok(if any { Status::Refused } else { Status::Done })
}

fn text(result: &Submissions) -> String {
    let mut lines = table(["bundle", "contributor", "role", "weight", ""]);
    let mut reasons = String::new();
    for line in &result.bundles {
        let state = match (&line.error, line.before) {
            (Some(error), _) => {
                reasons.push_str(&reason(&line.file, error));
                "refused"
            }
            (None, true) => "counted before",
            (None, false) => "counts",
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        lines.add_row(vec![
            file_cell(&line.file),
            short_address(&text(&line.contributor)).into(),
            text(&line.role).into(),
            text(&line.weight).into(),
            state.into(),
        ]);
    }
    align_right(&mut lines, [3]);
    format!("{lines}{reasons}")
}
