//! `fairshare vault round`: rounds begin, units are recorded in an epoch's last one, and it ends.

use std::path::Path;

use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::To;
use schemars::JsonSchema;
use serde::Serialize;

use super::now;
use super::receipts::Receipts;
use super::register::{self, Line};
use crate::args::RoundArgs;
use crate::error::{CliError, Status};
use crate::output::{Output, list};

/// Where the rounds stand.
#[derive(Serialize, JsonSchema)]
pub struct Reached {
    /// The epoch's number.
    epoch: u64,
    /// The round that began last.
    round: u64,
    /// Whether the epoch's rounds are over.
    ended: bool,
    /// Until when data is proved, in UTC; null while rounds go on.
    deadline: Option<String>,
    /// Whether the rounds stood there before.
    before: bool,
    /// What became of the units; null if none were given.
    units: Option<Line>,
}

pub fn run(ledger: &mut Ledger, args: &RoundArgs, output: Output) -> Result<Status, CliError> {
    let units = args.units.as_deref().map(|units| last_round(ledger, args, units)).transpose()?;
    let to = match args.to {
        Some(round) => To::Round(round),
        None if args.end => To::End,
        None => To::Next,
    };
    let reached = ledger.advance(to, args.without_units, now()?)?;
    let (epoch, round) = (reached.epoch, reached.round);
    let deadline = reached.deadline.map(|deadline| deadline.to_string());
    let result = Reached { epoch, round, ended: deadline.is_some(), deadline, before: reached.before, units };
    output.result(&result, || {
        let units = result.units.as_ref().map(|units| format!("{}\n", register::describe(&[units])));
        let reached = match &result.deadline {
            Some(deadline) => list(&[
                ("epoch", format!("{epoch}: its rounds are over")),
                ("proofs", format!("of data are taken until {deadline}")),
            ]),
            None => list(&[("round", format!("{round} of epoch {epoch} goes on"))]),
        };
        units.unwrap_or_default() + &reached
    })?;
    Ok(Status::Done)
}

/// Goes to the epoch's last round, and puts the units on record there. Before any round begins the table is
/// read and the key is tried.
fn last_round(ledger: &mut Ledger, args: &RoundArgs, units: &Path) -> Result<Line, CliError> {
    let folder = args.receipts.as_deref().unwrap_or(Path::new("."));
    let receipts = Receipts::open(ledger, folder, &args.key)?;
    let (epoch, policy) = ledger.begun_epoch()?;
    let table = read_units(units, Rounds::of(&policy))?;
    if epoch.stage.ended.is_none() {
        ledger.advance(To::Round(epoch.stage.span.last), false, now()?)?;
    }
    register::units(ledger, &receipts, units, &table)
}
