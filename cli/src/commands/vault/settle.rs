//! `fairshare vault settle`: what everybody is paid.

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::Settled;
use serde::Serialize;

use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands};

#[derive(Serialize)]
struct SettledResult {
    epoch: u64,
    state: &'static str,
    before: bool,
    root: Option<String>,
    payouts: Vec<PayoutLine>,
    /// Tenths of base units carried to the next epoch's pools: of a pool that nobody has a share in, all.
    compute_tenths_left: String,
    data_tenths_left: String,
    /// Tenths of base units that rounding leaves in the vault.
    compute_tenths_rounded: String,
    data_tenths_rounded: String,
}

#[derive(Serialize)]
struct PayoutLine {
    contributor: String,
    compute: String,
    data: String,
    total: String,
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
