//! `fairshare chain status`.

use fairshare_chain::block_time;
use fairshare_chain::proving::Pair;
use schemars::JsonSchema;
use serde::Serialize;

use super::sending::connect;
use crate::args::ChainStatusArgs;
use crate::document::spelling::{Checksummed, Decimal, Hash};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, align_right, amount, list, short_address, table, units_cell};

/// Where a vault and its registry stand.
#[derive(Serialize, JsonSchema)]
pub struct Standing {
    /// The chain.
    chain_id: u64,
    /// The vault.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The registry.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The verifier of bundles.
    #[schemars(with = "Checksummed")]
    verifier: String,
    /// The token that is paid.
    #[schemars(with = "Checksummed")]
    token: String,
    /// The epoch whose rounds go on; null between epochs.
    running_epoch: Option<u64>,
    /// The round that goes on; null between epochs.
    round: Option<u64>,
    /// The epoch for which rules are open; null if there are none.
    next_epoch: Option<u64>,
    /// The hash of those rules; null if there are none.
    #[schemars(with = "Option<Hash>")]
    next_rules_hash: Option<String>,
    /// What was funded in all, in base units.
    #[schemars(with = "Decimal")]
    funded: String,
    /// What was paid in all.
    #[schemars(with = "Decimal")]
    paid: String,
    /// What was funded and belongs to no epoch yet.
    #[schemars(with = "Decimal")]
    unassigned: String,
    /// The policy's epoch; null before it began.
    epoch: Option<EpochLine>,
}

#[derive(Serialize, JsonSchema)]
struct EpochLine {
    /// Its number.
    epoch: u64,
    /// The hash of its rules.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// What it pays without what was carried to it, in base units: of rules without a pool it is known from
    /// the last round's end on.
    #[schemars(with = "Decimal")]
    pool: String,
    /// Until when bundles are taken; null before the last round ended.
    deadline: Option<String>,
    /// Until when no claim is paid; null before the last round ended.
    closed_until: Option<String>,
    /// Whether its pools are divided.
    settled: bool,
    /// Everybody whose bundle counts, by address.
    contributors: Vec<ContributorLine>,
}

#[derive(Serialize, JsonSchema)]
struct ContributorLine {
    /// Who.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// What the data weighs.
    #[schemars(with = "Decimal")]
    data_weight: String,
    /// What the computing power weighs: the score.
    #[schemars(with = "Decimal")]
    compute_weight: String,
    /// The share for computing power, in base units; null before the epoch is settled.
    #[schemars(with = "Option<Decimal>")]
    compute: Option<String>,
    /// The share for data, in base units; null before the epoch is settled.
    #[schemars(with = "Option<Decimal>")]
    data: Option<String>,
    /// Whether all of it is paid.
    paid: bool,
}

pub fn run(args: &ChainStatusArgs, output: Output) -> Result<Status, CliError> {
    let policy = load::policy(&args.policy)?;
    let node = connect(&args.rpc)?;
    let pair = Pair::of(&node, &policy)?;
    let overview = pair.overview()?;
    let text = |address: fairshare_chain::Address| address.to_checksum(None);
    let is_next = !overview.next.rulesHash.is_zero();
    let standing = Standing {
        chain_id: node.chain_id(),
        vault: text(pair.vault()),
        registry: text(pair.registry()),
        verifier: text(overview.verifier),
        token: text(overview.token),
        running_epoch: overview.stage.isOpen.then_some(overview.stage.epoch),
        round: overview.stage.isOpen.then_some(overview.stage.round),
        next_epoch: is_next.then_some(overview.next.epoch),
        next_rules_hash: is_next.then(|| overview.next.rulesHash.to_string()),
        funded: overview.funded.to_string(),
        paid: overview.paid.to_string(),
        unassigned: overview.unassigned.to_string(),
        epoch: epoch(&pair, policy.terms().epoch)?,
    };
    output.result(&standing, || {
        let units =
            |text: &str| text.parse().map_or_else(|_| text.to_owned(), |units| amount(units, policy.token()));
        let mut lines = vec![
            ("vault", format!("{} on chain {}", standing.vault, standing.chain_id)),
            ("registry", standing.registry.clone()),
            ("funded", units(&standing.funded)),
            ("paid", units(&standing.paid)),
            ("unassigned", units(&standing.unassigned)),
            (
                "now",
                match (standing.running_epoch, standing.round) {
                    (Some(epoch), Some(round)) => format!("epoch {epoch}, round {round}"),
                    _ => "between epochs".to_owned(),
                },
            ),
        ];
        if let (Some(epoch), Some(hash)) = (standing.next_epoch, &standing.next_rules_hash) {
            lines.push(("open", format!("rules for epoch {epoch}: {hash}")));
        }
        let Some(epoch) = &standing.epoch else { return list(&lines) };
        lines.push(("rules hash", format!("{}, of epoch {}", epoch.rules_hash, epoch.epoch)));
        lines.push(("pool", units(&epoch.pool)));
        if let (Some(deadline), Some(closed)) = (&epoch.deadline, &epoch.closed_until) {
            lines.push(("bundles until", deadline.clone()));
            lines.push(("claims after", closed.clone()));
        }
        if epoch.contributors.is_empty() {
            return list(&lines);
        }
        format!("{}\n{}", list(&lines), weights(epoch))
    })?;
    Ok(Status::Done)
}

fn epoch(pair: &Pair<'_>, number: u64) -> Result<Option<EpochLine>, CliError> {
    let epoch = pair.epoch(number)?;
    if epoch.rulesHash.is_zero() {
        return Ok(None);
    }
    let is_over = epoch.deadline != 0;
    let mut contributors = Vec::new();
    for contributor in if is_over { pair.weighed(number)? } else { Default::default() } {
        let standing = pair.standing(number, contributor)?;
        let share = if epoch.isSettled { Some(pair.share(number, contributor)?) } else { None };
        let is_data_paid = standing.dataWeight.is_zero() || standing.isDataPaid;
        contributors.push(ContributorLine {
            contributor: contributor.to_checksum(None),
            data_weight: standing.dataWeight.to_string(),
            compute_weight: standing.computeWeight.to_string(),
            compute: share.map(|(compute, _)| compute.to_string()),
            data: share.map(|(_, data)| data.to_string()),
            paid: is_data_paid && (standing.computeWeight == 0 || standing.isComputePaid),
        });
    }
    Ok(Some(EpochLine {
        epoch: number,
        rules_hash: epoch.rulesHash.to_string(),
        pool: epoch.pool.to_string(),
        deadline: is_over.then(|| block_time(epoch.deadline)),
        closed_until: is_over.then(|| block_time(epoch.closedUntil)),
        settled: epoch.isSettled,
        contributors,
    }))
}

fn weights(epoch: &EpochLine) -> String {
    let mut lines =
        table(["contributor", "compute weight", "data weight", "for computing power", "for data", ""]);
    for line in &epoch.contributors {
        lines.add_row([
            short_address(&line.contributor),
            line.compute_weight.clone(),
            line.data_weight.clone(),
            units_cell(line.compute.as_deref()),
            units_cell(line.data.as_deref()),
            if line.paid { "paid".to_owned() } else { String::new() },
        ]);
    }
    align_right(&mut lines, [1, 2, 3, 4]);
    lines.to_string()
}
