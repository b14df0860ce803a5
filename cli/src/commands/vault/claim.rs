//! `fairshare vault claim`: what to pay now, put on record.

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::Payment;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::ClaimArgs;
use crate::document::spelling::{Checksummed, Decimal};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands};

/// What to pay now, which is on record as paid.
#[derive(Serialize, JsonSchema)]
pub struct Claims {
    /// A payment per contributor.
    payments: Vec<PaymentLine>,
}

/// What to pay a contributor.
#[derive(Serialize, JsonSchema)]
pub struct PaymentLine {
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The last epoch that it pays for.
    epoch: u64,
    /// What to pay now, in base units.
    #[schemars(with = "Decimal")]
    amount: String,
    /// Paid to the contributor in all, this payment included.
    #[schemars(with = "Decimal")]
    cumulative: String,
}

pub fn run(ledger: &mut Ledger, args: &ClaimArgs, output: Output) -> Result<Status, CliError> {
    let payments = match &args.contributor {
        Some(contributor) => vec![ledger.claim(contributor, args.evidence.as_deref())?],
        None => ledger.claim_all(args.evidence.as_deref())?.payments,
    };
    let line = |payment: &Payment| PaymentLine {
        contributor: checksummed(&payment.contributor).to_string(),
        epoch: payment.epoch,
        amount: payment.amount.to_string(),
        cumulative: payment.cumulative.to_string(),
    };
    output.result(&Claims { payments: payments.iter().map(line).collect() }, || describe(&payments))?;
    Ok(Status::Done)
}

fn describe(payments: &[Payment]) -> String {
    if payments.is_empty() {
        return "nothing is left to claim".to_owned();
    }
    let mut table = table(["contributor", "pay now", "paid in all", "up to epoch"]);
    align_right(&mut table, 1..4);
    for payment in payments {
        table.add_row([
            Cell::new(checksummed(&payment.contributor)),
            Cell::new(thousands(payment.amount)),
            Cell::new(thousands(payment.cumulative)),
            Cell::new(payment.epoch),
        ]);
    }
    table.to_string()
}
