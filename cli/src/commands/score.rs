//! `fairshare score`: the exact integers, without a proof.

use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::score::{score_data, score_units};
use fairshare_verifier::NoUnits;
use serde::Serialize;

use crate::args::ScoreCommand;
use crate::error::{CliError, Status};
use crate::output::{Output, approximate, decimal, list, notice, thousands};
use crate::{load, progress};

#[derive(Serialize)]
struct DataScored {
    role: &'static str,
    records: u32,
    score: String,
    nats_per_record: f64,
}

#[derive(Serialize)]
struct ComputeScored {
    role: &'static str,
    rounds: usize,
    units: u64,
    score: String,
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
            if records < policy.min_records() {
                notice(&format!(
                    "warning: the policy asks for at least {} records; fewer are not paid for",
                    thousands(policy.min_records())
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
