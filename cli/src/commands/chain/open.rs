//! `fairshare chain open`.

use fairshare_chain::proving::{Done, Pair};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::{as_sender, connect};
use crate::args::OpenArgs;
use crate::document::spelling::{Decimal, Hash};
use crate::error::{CliError, Status};
use crate::load::{self, Parameters};
use crate::output::{Output, amount, list};

/// Rules that are open, and what was funded for them.
#[derive(Serialize, JsonSchema)]
pub struct Opened {
    /// The epoch.
    epoch: u64,
    /// The rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// Whether they were open, or stood, before.
    before: bool,
    /// What was funded now, in base units.
    #[schemars(with = "Decimal")]
    funded: String,
}

pub fn run(args: &OpenArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.rules.policy)?;
    let parameters = Parameters::read(&args.rules.params, &policy)?;
    let verifier = parameters.verifier(&policy, Trust::AllowInsecure)?;
    let rules = verifier.rules();
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let pool = rules.terms.pool;
    let amount_to = match args.fund {
        None => None,
        Some(Some(amount)) => Some(amount),
        Some(None) if pool == 0 => return Err(CliError::NoPool),
        Some(None) => Some(pool),
    };
    let mut funded = 0;
    let sent = as_sender(&args.send, output, &node, |sender| {
        if let Some(amount) = amount_to {
            pair.check_funds(sender, rules, amount)?;
        }
        let done = pair.open(sender, rules)?;
        if let Some(amount) = amount_to {
            funded = pair.fund(sender, rules, amount)?;
        }
        Ok(Opened {
            epoch: rules.terms.epoch,
            rules_hash: rules.hash().to_string(),
            before: done == Done::Before,
            funded: funded.to_string(),
        })
    })?;
    sent.print(output, |opened| {
        let before = if opened.before { ", before this command" } else { "" };
        list(&[
            ("open", format!("epoch {}{before}", opened.epoch)),
            ("rules hash", opened.rules_hash.clone()),
            ("funded now", amount(funded, policy.token())),
        ])
    })?;
    Ok(Status::Done)
}
