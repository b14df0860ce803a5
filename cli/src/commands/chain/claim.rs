//! `fairshare chain claim`.

use fairshare_chain::ChainError;
use fairshare_chain::proving::{Done, Pair};
use fairshare_contracts::calldata::evm_address;
use schemars::JsonSchema;
use serde::Serialize;

use super::register::refused;
use super::sending::{as_sender, connect};
use crate::args::ChainClaimArgs;
use crate::document::spelling::{Checksummed, Decimal};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, align_right, reason, short_address, table, units_cell};

/// What contributors were paid for an epoch.
#[derive(Serialize, JsonSchema)]
pub struct Claims {
    /// The epoch.
    epoch: u64,
    /// Of each contributor.
    claims: Vec<Line>,
}

#[derive(Serialize, JsonSchema)]
struct Line {
    /// Who.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// For computing power, in base units; null if it is refused.
    #[schemars(with = "Option<Decimal>")]
    compute: Option<String>,
    /// For data, in base units; null if it is refused.
    #[schemars(with = "Option<Decimal>")]
    data: Option<String>,
    /// Whether it was paid before.
    before: bool,
    /// The contract's own name of the reason; null if there is none.
    refusal: Option<String>,
    /// Why it is refused; null if it is not.
    error: Option<String>,
}

pub fn run(args: &ChainClaimArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let epoch = policy.terms().epoch;
    let node = connect(&args.send.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let to = args.to.as_ref().map(evm_address);
    let sent = as_sender(&args.send, output, &node, |sender| {
        let contributors = match args.all {
            true => pair.weighed(epoch)?.into_iter().collect(),
            false => args.contributors.iter().map(evm_address).collect::<Vec<_>>(),
        };
        if let (Some(to), Some(other)) = (to, contributors.iter().find(|who| **who != sender.address())) {
            return Err(ChainError::NotOneself { contributor: *other, to }.into());
        }
        if contributors.is_empty() {
            let is_over = pair.epoch(epoch)?.deadline != 0;
            let error =
                if is_over { ChainError::NobodyWeighs { epoch } } else { ChainError::NotOver { epoch } };
            return Err(error.into());
        }
        let mut claims = Vec::new();
        for contributor in contributors {
            let mut line = Line {
                contributor: contributor.to_checksum(None),
                compute: None,
                data: None,
                before: false,
                refusal: None,
                error: None,
            };
            match pair.claim(sender, epoch, contributor, to).map_err(CliError::from) {
                Ok(claimed) => {
                    line.compute = Some(claimed.compute.to_string());
                    line.data = Some(claimed.data.to_string());
                    line.before = claimed.done == Done::Before;
                }
                Err(error) => (line.refusal, line.error) = refused(error)?,
            }
            claims.push(line);
        }
        Ok(Claims { epoch, claims })
    })?;
    sent.print(output, text)?;
    let is_refused = |line: &Line| line.error.is_some();
    let any = sent.result.iter().flat_map(|result| &result.claims).any(is_refused);
    Ok(if any { Status::Refused } else { Status::Done })
}

fn text(result: &Claims) -> String {
    let mut lines = table(["contributor", "for computing power", "for data", ""]);
    let mut reasons = String::new();
    for line in &result.claims {
        let state = match (&line.error, line.before) {
            (Some(error), _) => {
                reasons.push_str(&reason(&line.contributor, error));
                "refused"
            }
            (None, true) => "paid before",
            (None, false) => "paid",
        };
        lines.add_row([
            short_address(&line.contributor),
            units_cell(line.compute.as_deref()),
            units_cell(line.data.as_deref()),
            state.to_owned(),
        ]);
    }
    align_right(&mut lines, [1, 2]);
    format!("{lines}{reasons}")
}
