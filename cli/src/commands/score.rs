//! `fairshare score`: the exact integers, without a proof, and what they are worth.

use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::score::score_units;
use fairshare_verifier::NoUnits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{NodeArgs, ScoreCommand};
use crate::document::spelling::{Decimal, RoleName};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, approximate, decimal, list, thousands};

mod among;
mod data;
mod steps;

pub use data::DataScored;

/// The score of a node's units.
#[derive(Serialize, JsonSchema)]
pub struct ComputeScored {
    /// Always `compute`.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// Rounds of the epoch.
    rounds: usize,
    /// The node's units in all rounds together.
    units: u64,
    /// Decayed share of the rounds, in 2^-48.
    #[schemars(with = "Decimal")]
    score: String,
    /// The same as a number, rounded.
    value: f64,
}

pub fn run(command: &ScoreCommand, output: Output) -> Result<Status, CliError> {
    match command {
        ScoreCommand::Data(args) => data::run(args, output),
        ScoreCommand::Compute(args) => compute(&args.policy, &args.node, output),
    }
}

fn compute(policy: &std::path::Path, node: &NodeArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(policy)?;
    let (record, node) = (read_units(&node.units, Rounds::of(&policy))?, node.contributor);
    let units = record.of(&node).ok_or(NoUnits::Node { node })?;
    let result = score_units(&policy, units, record.totals())?;
    let scored = ComputeScored {
        role: "compute",
        rounds: result.rounds,
        units: result.units,
        score: result.score.to_string(),
        value: approximate(result.score.into()),
    };
    output.result(&scored, || {
        list(&[
            ("rounds", result.rounds.to_string()),
            ("units", thousands(result.units)),
            ("score", format!("{} / 2^48", result.score)),
            ("decayed share", decimal(result.score)),
        ])
    })?;
    Ok(Status::Done)
}
