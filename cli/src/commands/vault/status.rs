//! `fairshare vault status`: where every epoch stands.

use comfy_table::Cell;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::{EpochStatus, Status as Standing};
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::spelling::{Decimal, Hash, StateName};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands};

/// Where the ledger and every epoch stand.
#[derive(Serialize, JsonSchema)]
pub struct StatusResult {
    /// Where the ledger is kept, without a password.
    ledger: String,
    /// Its size, in bytes.
    bytes: u64,
    /// Payments on record.
    claims: u64,
    /// Paid in all, in base units.
    #[schemars(with = "Decimal")]
    claimed: String,
    /// Every epoch, in order.
    epochs: Vec<Line>,
}

/// Where one epoch stands.
#[derive(Serialize, JsonSchema)]
pub struct Line {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// The rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// What both roles share, in base units.
    #[schemars(with = "Decimal")]
    pool: String,
    /// Datasets registered.
    datasets: u64,
    /// Nodes whose units are on record.
    nodes: u64,
    /// Bundles on record for data.
    data_bundles: u64,
    /// Bundles on record for computing power.
    compute_bundles: u64,
    /// Contributors that it pays; null until it is settled.
    paid_contributors: Option<u64>,
    /// What it pays them in all, in base units; null until it is settled.
    #[schemars(with = "Option<Decimal>")]
    paid: Option<String>,
    /// Root of the claims; null until it is settled, or if nothing has been earned.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
}

impl Line {
    fn of(status: &EpochStatus) -> Self {
        let [data_bundles, compute_bundles] = status.bundles;
        Self {
            epoch: status.epoch.number,
            state: status.epoch.state.name(),
            rules_hash: status.epoch.rules_hash.to_string(),
            pool: status.pool.to_string(),
            datasets: status.datasets,
            nodes: status.nodes,
            data_bundles,
            compute_bundles,
            paid_contributors: status.paid.map(|(contributors, _)| contributors),
            paid: status.paid.map(|(_, paid)| paid.to_string()),
            root: status.epoch.root.map(|root| root.to_string()),
        }
    }
}

pub fn run(ledger: &mut Ledger, output: Output) -> Result<Status, CliError> {
    let standing = ledger.status()?;
    let result = StatusResult {
        ledger: ledger.location().to_string(),
        bytes: ledger.size()?,
        claims: standing.claims,
        claimed: standing.claimed.to_string(),
        epochs: standing.epochs.iter().map(Line::of).collect(),
    };
    output.result(&result, || describe(&standing, &result))?;
    Ok(Status::Done)
}

fn describe(standing: &Standing, result: &StatusResult) -> String {
    let mut table = table(["epoch", "state", "pool", "datasets", "proved", "nodes", "proved", "paid", "to"]);
    align_right(&mut table, [0, 2, 3, 4, 5, 6, 7, 8]);
    for (epoch, line) in standing.epochs.iter().zip(&result.epochs) {
        let (to, paid) =
            epoch.paid.map_or_else(Default::default, |(to, paid)| (thousands(to), thousands(paid)));
        table.add_row([
            Cell::new(line.epoch),
            Cell::new(line.state),
            Cell::new(thousands(epoch.pool)),
            Cell::new(thousands(line.datasets)),
            Cell::new(thousands(line.data_bundles)),
            Cell::new(thousands(line.nodes)),
            Cell::new(thousands(line.compute_bundles)),
            Cell::new(paid),
            Cell::new(to),
        ]);
    }
    format!(
        "{table}\n{}, {} bytes; {} claims, {} units paid",
        result.ledger,
        thousands(result.bytes),
        thousands(result.claims),
        thousands(standing.claimed)
    )
}
