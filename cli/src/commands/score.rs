//! `fairshare score`: the exact integers, without a proof.

use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::score::{score_data, score_units};
use fairshare_verifier::NoUnits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ScoreCommand;
use crate::document::spelling::{Decimal, RoleName};
use crate::error::{CliError, Status};
use crate::output::{Output, approximate, decimal, list, notice, thousands};
use crate::{load, progress};

/// The score of records.
#[derive(Serialize, JsonSchema)]
pub struct DataScored {
    /// Always `data`.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// Records scored.
    records: u32,
    /// Divergence of all records, in 1/256 nat.
    #[schemars(with = "Decimal")]
    score: String,
    /// Divergence in nats per record, rounded.
    nats_per_record: f64,
}

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
        ScoreCommand::Data(args) => {
            let policy = load::policy(&args.policy)?;
            let spinner = progress::spinner("scoring");
            let result = score_data(&policy, &args.data)?;
            drop(spinner);
            let (records, score) = (result.records.get(), result.score);
            if records < policy.terms().min_records {
                notice(&format!(
                    "warning: the policy asks for at least {} records; fewer are not paid for",
                    thousands(policy.terms().min_records)
                ));
            }
            let per_record = result.per_record();
            let scored = DataScored {
                role: "data",
                records,
                score: score.to_string(),
                nats_per_record: approximate(per_record),
            };
            output.result(&scored, || {
                list(&[
                    ("records", thousands(records)),
                    ("score", format!("{score} / 256 nats")),
                    ("divergence", format!("{} nats per record", decimal(per_record))),
                ])
            })?;
        }
        ScoreCommand::Compute(args) => {
            let policy = load::policy(&args.policy)?;
            let (record, node) = (read_units(&args.node.units, Rounds::of(&policy))?, args.node.contributor);
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
        }
    }
    Ok(Status::Done)
}
