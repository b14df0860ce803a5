//! `fairshare vault settle`: what everybody is paid.

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::Settled;
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::spelling::{Checksummed, Decimal, Hash, StateName};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands};

/// What everybody is paid for an epoch.
#[derive(Serialize, JsonSchema)]
pub struct SettledResult {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// Whether it was settled before.
    before: bool,
    /// Root of the claims; null if nothing has been earned yet.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// What each contributor is paid.
    payouts: Vec<PayoutLine>,
    /// Tenths of base units carried to the next epoch's pool for computing power: all, if nobody has a share.
    #[schemars(with = "Decimal")]
    compute_tenths_left: String,
    /// The same of data.
    #[schemars(with = "Decimal")]
    data_tenths_left: String,
    /// Tenths of base units that rounding leaves in the vault, of the pool for computing power.
    #[schemars(with = "Decimal")]
    compute_tenths_rounded: String,
    /// The same of data.
    #[schemars(with = "Decimal")]
    data_tenths_rounded: String,
}

/// What one contributor is paid for an epoch.
#[derive(Serialize, JsonSchema)]
pub struct PayoutLine {
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// For computing power, in base units.
    #[schemars(with = "Decimal")]
    compute: String,
    /// For data, in base units.
    #[schemars(with = "Decimal")]
    data: String,
    /// Both together.
    #[schemars(with = "Decimal")]
    total: String,
    /// Earned in all epochs so far.
    #[schemars(with = "Decimal")]
    cumulative: String,
}

pub fn run(ledger: &mut Ledger, epoch: Option<u64>, output: Output) -> Result<Status, CliError> {
    let settled = ledger.settle(epoch)?;
    let left = settled.epoch.left.clone().unwrap_or_default();
    let line = |paid: &fairshare_audit::snapshot::Paid| PayoutLine {
        contributor: checksummed(&paid.contributor).to_string(),
        compute: paid.payout.compute.to_string(),
        data: paid.payout.data.to_string(),
        total: paid.payout.total().to_string(),
        cumulative: paid.cumulative.to_string(),
    };
    let result = SettledResult {
        epoch: settled.epoch.number,
        state: settled.epoch.state.name(),
        before: settled.before,
        root: settled.epoch.root.map(|root| root.to_string()),
        payouts: settled.payouts.iter().map(line).collect(),
        compute_tenths_left: left.compute.to_string(),
        data_tenths_left: left.data.to_string(),
        compute_tenths_rounded: settled.rounding.compute.to_string(),
        data_tenths_rounded: settled.rounding.data.to_string(),
    };
    output.result(&result, || describe(&settled, &result))?;
    Ok(Status::Done)
}

fn describe(settled: &Settled, result: &SettledResult) -> String {
    let mut table = table(["contributor", "for computing", "for data", "together"]);
    align_right(&mut table, 1..4);
    for paid in &settled.payouts {
        let amounts = [paid.payout.compute, paid.payout.data, paid.payout.total()];
        let cells = std::iter::once(checksummed(&paid.contributor).to_string()).chain(amounts.map(thousands));
        table.add_row(cells.map(Cell::new));
    }
    let again = if result.before { ", as it was before" } else { "" };
    format!(
        "{table}\nepoch {} is {}{again}; {} and {} tenths of a unit are carried to the next epoch's pools \
         for computing power and data, {} and {} stay in the vault by rounding\nroot of the claims: {}",
        result.epoch,
        result.state,
        result.compute_tenths_left,
        result.data_tenths_left,
        result.compute_tenths_rounded,
        result.data_tenths_rounded,
        result.root.as_deref().unwrap_or("none, nothing has been earned yet"),
    )
}
