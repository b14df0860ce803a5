//! Where everything stands.

use std::collections::BTreeMap;

use fairshare_audit::registry::{Identity, Now, Refusal};
use fairshare_formats::ledger::{Kind, Tenths};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::rules::Settlement;

use super::export::end;
use super::{Epoch, Ledger, Result, cumulative, epoch_of, identity, settled_entry, timeline};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

/// Where the ledger stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whose it is.
    pub identity: Identity,
    /// Entries.
    pub entries: u64,
    /// Of that, of each kind; a kind that is not there has none.
    pub kinds: BTreeMap<Kind, u64>,
    /// The head.
    pub head: Option<Digest>,
    /// The epoch and round that go on.
    pub now: Option<(u64, u64)>,
    /// Epochs, in order.
    pub epochs: Vec<EpochStatus>,
    /// Earned by all contributors in all settled epochs, in base units.
    pub earned: u128,
    /// Of that, listed to be paid.
    pub sent: u128,
    /// Of that, confirmed; of a ledger that follows a contract, what it has paid.
    pub confirmed: u128,
    /// What is owed and on no list yet; nothing where contributors claim from a contract.
    pub due: u128,
    /// The liability that is outstanding: what each has earned, less what the ledger knows to be paid. Where
    /// contributors claim from a contract that the ledger does not follow, it knows of nothing that is paid.
    pub outstanding: u128,
    /// What the last settled epoch leaves to the next one.
    pub carried: Tenths,
}

/// Where one epoch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochStatus {
    /// The epoch.
    pub epoch: Epoch,
    /// Datasets registered in its rounds.
    pub datasets: u64,
    /// Nodes whose units are on record.
    pub nodes: u64,
    /// Contributors with a bundle on record, for data and for computing power.
    pub bundles: [u64; 2],
    /// Until when data is proved, once its rounds are over.
    pub deadline: Option<Moment>,
    /// Contributors that earn something, and what they earn in all; once settled.
    pub earned: Option<(u64, u128)>,
}

impl Ledger {
    /// Where everything stands, or everything of one epoch.
    pub fn status(&mut self, only: Option<u64>) -> Result<Status> {
        self.database.read(|transaction| {
            let identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
            let timeline = timeline(transaction)?;
            if let Some(number) = only {
                timeline.stage(number)?;
            }
            let stages = timeline.stages().iter();
            let shown = stages.filter(|stage| only.is_none_or(|only| only == stage.span.epoch));
            let epochs = shown
                .map(|stage| {
                    let epoch = epoch_of(transaction, &timeline, stage)?;
                    epoch_status(transaction, epoch)
                })
                .collect::<Result<_>>()?;
            let now = match timeline.now() {
                Now::Round(stage, round) => Some((stage.span.epoch, round)),
                Now::Between => None,
            };
            let last = timeline.stages().iter().rfind(|stage| stage.settled.is_some());
            let last = match last {
                Some(stage) => settled_entry(transaction, stage.span.epoch)?,
                None => None,
            };
            let (entries, head) = end(transaction)?.map_or((0, None), |(index, head)| (index, Some(head)));
            let earned = cumulative(transaction, i64::MAX.unsigned_abs())?;
            let sent = paid(transaction, "SELECT contributor, amount FROM transfers")?;
            let confirmed = paid(transaction, confirmed(identity.settlement))?;
            let due = match identity.settlement {
                Settlement::Payments => less(&earned, &sent),
                _ => 0,
            };
            Ok(Status {
                identity,
                entries,
                kinds: kinds(transaction)?,
                head,
                now,
                epochs,
                earned: sum(&earned),
                sent: sum(&sent),
                confirmed: sum(&confirmed),
                due,
                outstanding: less(&earned, &confirmed),
                carried: last.map(|(_, settled)| settled.left).unwrap_or_default(),
            })
        })
    }
}

/// What asks how much each is known to have been paid.
fn confirmed(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Contract => {
            "SELECT contributor, cumulative AS amount FROM claims AS latest WHERE entry =
                (SELECT max(entry) FROM claims WHERE contributor = latest.contributor)"
        }
        _ => {
            "SELECT transfers.contributor AS contributor, amount FROM transfers JOIN confirmations
                ON confirmations.contributor = transfers.contributor
                AND confirmations.cumulative = transfers.cumulative"
        }
    }
}

/// How many entries of each kind there are.
fn kinds(transaction: &mut Transaction<'_>) -> Result<BTreeMap<Kind, u64>> {
    let rows = transaction.query("SELECT kind, count(*) AS found FROM entries GROUP BY kind", &[])?;
    let counted = rows.iter().map(|row| {
        let name = row.text("kind")?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        let kind = kind.ok_or(DatabaseError::Corrupt { what: "an entry of no known kind" })?;
        Ok((kind, row.count("found")?))
    });
    counted.collect()
}

/// What each was paid in all.
fn paid(transaction: &mut Transaction<'_>, sql: &str) -> Result<BTreeMap<Address, u128>> {
    let mut paid: BTreeMap<_, u128> = BTreeMap::new();
    for row in &transaction.query(sql, &[])? {
        let sum = paid.entry(row.address("contributor")?).or_default();
        *sum = sum.checked_add(row.parsed("amount")?).ok_or(VaultError::Number)?;
    }
    Ok(paid)
}

fn sum(amounts: &BTreeMap<Address, u128>) -> u128 {
    amounts.values().fold(0, |sum, amount| sum.saturating_add(*amount))
}

/// What is left to each of what was earned: who was paid too much owes nothing to the others.
fn less(earned: &BTreeMap<Address, u128>, paid: &BTreeMap<Address, u128>) -> u128 {
    earned.iter().fold(0, |sum, (contributor, earned)| {
        let paid = paid.get(contributor).copied().unwrap_or_default();
        sum.saturating_add(earned.saturating_sub(paid))
    })
}

fn epoch_status(transaction: &mut Transaction<'_>, epoch: Epoch) -> Result<EpochStatus> {
    let number = epoch.number.to_string();
    let mut count = |sql: &str| -> Result<u64> {
        let sql = format!("SELECT count(*) AS found FROM {sql}");
        Ok(transaction.query_one(&sql, &[number.as_str().into()])?.count("found")?)
    };
    let nodes = count("nodes WHERE epoch = $1")?;
    let mut proved = |role: &str| {
        count(&format!(
            "(SELECT DISTINCT contributor FROM bundles WHERE epoch = $1 AND role = '{role}') AS proved"
        ))
    };
    let bundles = [proved("data")?, proved("compute")?];
    let datasets = datasets(transaction, &epoch)?;
    let earned = match settled_entry(transaction, epoch.number)? {
        None => None,
        Some((index, settled)) => {
            let sql = "SELECT count(*) AS found FROM earnings WHERE entry = $1";
            let found = transaction.query_one(sql, &[super::id(index)?])?.count("found")?;
            Some((found, settled.total))
        }
    };
    let deadline = epoch.stage.deadline();
    Ok(EpochStatus { epoch, datasets, nodes, bundles, deadline, earned })
}

/// How many datasets were registered in an epoch's rounds: between its first rounds' entry and its end.
fn datasets(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<u64> {
    let rounds = epoch.stage.span.first..=epoch.stage.span.last;
    let rows = transaction.query("SELECT round, count(*) AS found FROM datasets GROUP BY round", &[])?;
    rows.iter().try_fold(0u64, |sum, row| {
        let round: u64 = row.parsed("round")?;
        let found = if rounds.contains(&round) { row.count("found")? } else { 0 };
        Ok(sum.saturating_add(found))
    })
}
