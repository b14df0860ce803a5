//! `fairshare vault status`: where every epoch stands.

use comfy_table::Cell;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::{EpochStatus, Status as Standing};
use serde::Serialize;

use crate::error::{CliError, Status};
use crate::output::{Output, align_right, table, thousands};

#[derive(Serialize)]
struct StatusResult {
    ledger: String,
    bytes: u64,
    claims: u64,
    claimed: String,
    epochs: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    epoch: u64,
    state: &'static str,
    policy: String,
    pool: String,
    datasets: u64,
    nodes: u64,
    data_bundles: u64,
    compute_bundles: u64,
    paid_contributors: Option<u64>,
    paid: Option<String>,
    root: Option<String>,
}

impl Line {
    fn of(status: &EpochStatus) -> Self {
        let [data_bundles, compute_bundles] = status.bundles;
        Self {
            epoch: status.epoch.number,
            state: status.epoch.state.name(),
            policy: status.epoch.policy.to_string(),
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
