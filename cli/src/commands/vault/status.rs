//! `fairshare vault status`: where everything stands.

use comfy_table::Cell;
use fairshare_audit::registry::State;
use fairshare_formats::eip55::checksummed;
use fairshare_params::policy::Token;
use fairshare_params::rules::Settlement;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::{EpochStatus, Status as Standing};
use schemars::JsonSchema;
use serde::Serialize;

use crate::document::spelling::{Checksummed, Decimal, Hash, SettlementName, StateName, Units};
use crate::error::{CliError, Status};
use crate::output::{Output, align_right, amount, list, table, thousands, units};

/// Where the ledger and every epoch stand.
#[derive(Serialize, JsonSchema)]
pub struct StatusResult {
    /// Where the ledger is kept, without a password.
    ledger: String,
    /// Its size, in bytes.
    bytes: u64,
    /// The vault's chain.
    chain_id: u64,
    /// The vault's address.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The operator's address.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The subnet.
    subnet: String,
    /// How it pays.
    #[schemars(with = "SettlementName")]
    settlement: &'static str,
    /// Entries.
    entries: u64,
    /// The head after them; null of an empty ledger.
    #[schemars(with = "Option<Hash>")]
    head: Option<String>,
    /// The epoch whose rounds go on; null in between.
    running_epoch: Option<u64>,
    /// The round that goes on; null in between.
    round: Option<u64>,
    /// Earned in all settled epochs, in base units.
    #[schemars(with = "Decimal")]
    earned: String,
    /// Of that, listed to be paid, in base units; null where contributors claim from a contract.
    #[schemars(with = "Option<Decimal>")]
    sent: Option<String>,
    /// Of that, confirmed, in base units; of a ledger that follows a contract, what it has paid. Null where
    /// contributors claim from a contract that the ledger does not follow.
    #[schemars(with = "Option<Decimal>")]
    confirmed: Option<String>,
    /// What is owed and on no list yet, in base units; null where contributors claim from a contract.
    #[schemars(with = "Option<Decimal>")]
    due: Option<String>,
    /// The liability that is outstanding, in base units: earned, and not known to be paid.
    #[schemars(with = "Decimal")]
    outstanding: String,
    /// Base units that the last settled epoch leaves to the next one's pool for computing power.
    #[schemars(with = "Units")]
    compute_carried: String,
    /// The same of data.
    #[schemars(with = "Units")]
    data_carried: String,
    /// Every epoch, or the one asked for, in order.
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
    /// Its first round.
    first_round: u64,
    /// Its last round.
    last_round: u64,
    /// What both roles share, in base units; null where the rules name no pool, until it is known what was
    /// funded.
    #[schemars(with = "Option<Decimal>")]
    pool: Option<String>,
    /// Datasets registered in its rounds.
    datasets: u64,
    /// Contributors whose data is proved.
    data_proved: u64,
    /// Nodes whose units are on record.
    nodes: u64,
    /// Nodes whose units are proved.
    nodes_proved: u64,
    /// Until when data is proved, in UTC; null until the rounds are over.
    deadline: Option<String>,
    /// Contributors that earn something; null until it is settled.
    earning: Option<u64>,
    /// What they earn in all, in base units; null until it is settled.
    #[schemars(with = "Option<Decimal>")]
    earned: Option<String>,
}

impl From<&EpochStatus> for Line {
    fn from(status: &EpochStatus) -> Self {
        let span = &status.epoch.stage.span;
        let [data_proved, nodes_proved] = status.bundles;
        Self {
            epoch: status.epoch.number,
            state: status.epoch.state.name(),
            rules_hash: status.epoch.rules_hash.to_string(),
            first_round: span.first,
            last_round: span.last,
            pool: status.epoch.stage.pool().map(|pool| pool.to_string()),
            datasets: status.datasets,
            data_proved,
            nodes: status.nodes,
            nodes_proved,
            deadline: status.deadline.map(|deadline| deadline.to_string()),
            earning: status.earned.map(|(contributors, _)| contributors),
            earned: status.earned.map(|(_, earned)| earned.to_string()),
        }
    }
}

pub fn run(ledger: &mut Ledger, epoch: Option<u64>, output: Output) -> Result<Status, CliError> {
    let standing = ledger.status(epoch)?;
    let identity = &standing.identity;
    let by_list = identity.settlement == Settlement::Payments;
    let follows = identity.settlement == Settlement::Contract;
    let listed = |amount: u128| by_list.then(|| amount.to_string());
    let result = StatusResult {
        ledger: ledger.location().to_string(),
        bytes: ledger.size()?,
        chain_id: identity.chain_id,
        vault: checksummed(&identity.vault).to_string(),
        registry: checksummed(&identity.registry).to_string(),
        subnet: identity.subnet.clone(),
        settlement: identity.settlement.name(),
        entries: standing.entries,
        head: standing.head.map(|head| head.to_string()),
        running_epoch: standing.now.map(|(epoch, _)| epoch),
        round: standing.now.map(|(_, round)| round),
        earned: standing.earned.to_string(),
        sent: listed(standing.sent),
        confirmed: (by_list || follows).then(|| standing.confirmed.to_string()),
        due: listed(standing.due),
        outstanding: standing.outstanding.to_string(),
        compute_carried: units(&standing.carried.compute),
        data_carried: units(&standing.carried.data),
        epochs: standing.epochs.iter().map(Line::from).collect(),
    };
    let (_, policy) = ledger.epoch(epoch)?;
    output.result(&result, || describe(&standing, &result, policy.token()))?;
    Ok(Status::Done)
}

fn describe(standing: &Standing, result: &StatusResult, token: Option<&Token>) -> String {
    let header = [
        "epoch",
        "state",
        "pool",
        "datasets",
        "contributors\nproved",
        "nodes",
        "nodes\nproved",
        "earned",
        "earned\nby",
    ];
    let mut table = table(header);
    align_right(&mut table, [0, 2, 3, 4, 5, 6, 7, 8]);
    for (epoch, line) in standing.epochs.iter().zip(&result.epochs) {
        let (by, earned) =
            epoch.earned.map_or_else(Default::default, |(by, earned)| (thousands(by), thousands(earned)));
        table.add_row([
            Cell::new(line.epoch),
            Cell::new(line.state),
            Cell::new(epoch.epoch.stage.pool().map(thousands).unwrap_or_default()),
            Cell::new(thousands(line.datasets)),
            Cell::new(thousands(line.data_proved)),
            Cell::new(thousands(line.nodes)),
            Cell::new(thousands(line.nodes_proved)),
            Cell::new(earned),
            Cell::new(by),
        ]);
    }
    format!("{table}\n{}", list(&whose(standing, result, token)))
}

/// What is of the whole ledger.
fn whose(standing: &Standing, result: &StatusResult, token: Option<&Token>) -> Vec<(&'static str, String)> {
    let now = match standing.now {
        Some((epoch, round)) => format!("{round} of epoch {epoch} goes on"),
        None => "none goes on".to_owned(),
    };
    let mut lines = vec![
        ("vault", format!("{} on chain {}, subnet {}", result.vault, result.chain_id, result.subnet)),
        ("registry", format!("{}, pays by {}", result.registry, result.settlement)),
        ("ledger", format!("{}, {} bytes", result.ledger, thousands(result.bytes))),
        (
            "entries",
            format!("{}, head {}", thousands(result.entries), result.head.as_deref().unwrap_or("none")),
        ),
        ("round", now),
    ];
    for epoch in &result.epochs {
        if let Some(deadline) = epoch.deadline.as_ref().filter(|_| epoch.state == State::Proving.name()) {
            lines.push(("proofs", format!("of epoch {}'s data are taken until {deadline}", epoch.epoch)));
        }
    }
    if standing.identity.settlement == Settlement::Payments {
        for (name, sum, what) in [
            ("units", standing.earned, "earned"),
            ("", standing.sent, "listed to be paid"),
            ("", standing.confirmed, "confirmed"),
            ("", standing.due, "due"),
        ] {
            lines.push((name, format!("{} {what}", amount(sum, token))));
        }
    } else {
        lines.push((
            "units",
            format!("{} earned, to be claimed from the contract", amount(standing.earned, token)),
        ));
        if standing.identity.settlement == Settlement::Contract {
            lines.push(("", format!("{} claimed", amount(standing.confirmed, token))));
        }
    }
    lines.push(("liability", format!("{} outstanding", amount(standing.outstanding, token))));
    let carried = format!("{} for computing power, {} for data", result.compute_carried, result.data_carried);
    lines.push(("carried", carried));
    lines
}
