//! `fairshare vault confirm`: who was paid, and by what that is known.

use fairshare_vault::Ledger;
use schemars::JsonSchema;
use serde::Serialize;

use super::{lists, now};
use crate::args::ConfirmArgs;
use crate::error::{CliError, Status};
use crate::output::{Output, count, list};

/// What was confirmed.
#[derive(Serialize, JsonSchema)]
pub struct Confirmed {
    /// Payments of the list that were confirmed now.
    confirmed: usize,
    /// Payments that were confirmed before, by the same evidence.
    before: usize,
}

pub fn run(ledger: &mut Ledger, args: &ConfirmArgs, output: Output) -> Result<Status, CliError> {
    let paid = lists::read(&args.list)?;
    let done = ledger.confirm(&paid, &args.contributors, &args.evidence, now()?)?;
    let result = Confirmed { confirmed: done.confirmed, before: done.before };
    output.result(&result, || {
        let mut lines = vec![("confirmed", count(result.confirmed, "payment"))];
        if result.before > 0 {
            lines.push(("before", format!("{}, by the same evidence", count(result.before, "payment"))));
        }
        list(&lines)
    })?;
    Ok(Status::Done)
}
