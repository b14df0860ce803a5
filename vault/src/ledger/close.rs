//! Closing an epoch: from here on nothing is added. Nobody's consent is needed: what is missing of computing
//! power anybody can prove, and who has not proved data by the deadline has forfeited it.

use std::collections::{BTreeMap, BTreeSet};

use fairshare_audit::registry::{Identity, Ineligible, Refusal};
use fairshare_formats::ledger::{Event, Files, Receipt};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::role::Role;

use super::beside::check_rows;
use super::chain::{Chain, receipt};
use super::settle::amounts;
use super::submit::weight;
use super::{
    DATASETS, Epoch, Ledger, Result, best_bundles, dataset, find_epoch, find_proving, operated, read_policy,
    struck_nodes, timeline,
};
use crate::database::Transaction;
use crate::error::VaultError;

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The epoch, closed.
    pub epoch: Epoch,
    /// Whether it had been closed before.
    pub before: bool,
    /// Where it stands.
    pub receipt: Receipt,
    /// Who gets nothing, by role and address.
    pub forfeits: Vec<Forfeit>,
}

/// Somebody on record who gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forfeit {
    /// Who.
    pub contributor: Address,
    /// For what.
    pub role: Role,
    /// Why.
    pub why: Nothing,
}

/// Why somebody on record gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Nothing {
    /// No bundle.
    #[error("data is registered and not proved")]
    Unproved,
    /// No dataset that counts.
    #[error("none of the registered datasets counts: the last one does not because {0}")]
    Ineligible(#[source] Ineligible),
    /// A score that weighs nothing.
    #[error("the data is worth no more than chance gives so many records")]
    Weightless,
    /// No units that count.
    #[error("no units, or so few that their score is 0")]
    NoUnits,
    /// Struck.
    #[error("struck by the operator")]
    Struck,
    /// A share of less than a base unit.
    #[error("the share is less than a base unit, and rounding leaves it in the vault")]
    Rounded,
}

impl Ledger {
    /// Nodes with units and without a compute proof on record, by address.
    pub fn unproved_nodes(&mut self, epoch: Option<u64>) -> Result<Vec<Address>> {
        self.database.read(|transaction| {
            let epoch = find_proving(transaction, epoch)?;
            // Before its rounds are over no proof is taken, and none is worth making.
            if epoch.stage.closed.is_none() {
                timeline(transaction)?.takes_proofs(epoch.number)?;
            }
            unproved_nodes(transaction, &epoch)
        })
    }

    /// Who would get nothing if the epoch were closed now.
    pub fn forfeits(&mut self, epoch: Option<u64>) -> Result<Vec<Forfeit>> {
        self.database.read(|transaction| {
            let epoch = find_proving(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            forfeits(transaction, &epoch, &policy)
        })
    }

    /// Closes an epoch whose rounds are over and whose nodes are all proved. Somebody who gets nothing has to
    /// be forfeited knowingly; until the deadline nobody whose data is not proved can be.
    pub fn close(&mut self, epoch: Option<u64>, forfeit: bool, now: Moment) -> Result<Closed> {
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let epoch = find_proving(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            let forfeits = forfeits(transaction, &epoch, &policy)?;
            if let Some(at) = epoch.stage.closed {
                let receipt = receipt(transaction, &identity, at.index)?;
                return Ok(Closed { epoch, before: true, receipt, forfeits });
            }
            let (number, timeline) = (epoch.number, timeline(transaction)?);
            timeline.takes_proofs(number)?;
            check_rows(transaction)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let missing = unproved_nodes(transaction, &epoch)?;
            if let Some(node) = missing.first().copied() {
                return Err(Refusal::Unproved { epoch: number, missing: missing.len(), node }.into());
            }
            let early = epoch.stage.deadline().filter(|deadline| chain.time() <= *deadline);
            let unproved = forfeits.iter().find(|forfeit| forfeit.why == Nothing::Unproved);
            if let (Some(deadline), Some(Forfeit { contributor, .. })) = (early, unproved) {
                let contributor = *contributor;
                return Err(Refusal::ClosedEarly { epoch: number, contributor, deadline }.into());
            }
            if !forfeits.is_empty() && !forfeit {
                return Err(VaultError::Forfeits { epoch: number, count: forfeits.len() });
            }
            let receipt = chain.append(transaction, Event::Closed { epoch: number }, &Files::none())?;
            let epoch = find_epoch(transaction, Some(number))?;
            Ok(Closed { epoch, before: false, receipt, forfeits })
        })
    }
}

/// By address, as everywhere: databases order text each in their own way, and its capitals are a checksum's.
///
/// The two are compared here: a server that has not looked at its tables yet would look for each node among
/// all bundles.
fn unproved_nodes(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<Address>> {
    let number = epoch.number.to_string();
    let mut addresses = |sql: &str| -> Result<BTreeSet<Address>> {
        let rows = transaction.query(sql, &[number.as_str().into()])?;
        rows.iter().map(|row| Ok(row.address("node")?)).collect()
    };
    let nodes = addresses("SELECT node FROM nodes WHERE epoch = $1")?;
    let proved = addresses("SELECT contributor AS node FROM bundles WHERE epoch = $1 AND role = 'compute'")?;
    Ok(nodes.difference(&proved).copied().collect())
}

/// Everybody on record for an epoch who gets nothing, with what the epoch before is known to leave.
fn forfeits(transaction: &mut Transaction<'_>, epoch: &Epoch, policy: &Policy) -> Result<Vec<Forfeit>> {
    let struck = struck_nodes(transaction, epoch.number)?;
    let settlement = amounts(transaction, epoch, policy)?;
    let mut weightless = BTreeMap::new();
    for best in best_bundles(transaction, epoch.number)? {
        let is_nothing = weight(policy, best.score, best.data) == num_bigint::BigUint::ZERO;
        weightless.insert((best.role.id(), best.contributor), is_nothing);
    }
    let share = |contributor: &Address| settlement.payouts.get(contributor).copied().unwrap_or_default();
    let mut found = Vec::new();
    for (contributor, eligible) in contributors(transaction, epoch, policy)? {
        let why = match (weightless.get(&(Role::Data.id(), contributor)), eligible) {
            (Some(false), _) if share(&contributor).data > 0 => continue,
            (Some(false), _) => Nothing::Rounded,
            (Some(true), _) => Nothing::Weightless,
            (None, Ok(())) => Nothing::Unproved,
            (None, Err(why)) => Nothing::Ineligible(why),
        };
        found.push(Forfeit { contributor, role: Role::Data, why });
    }
    let nodes = weightless.iter().filter(|((role, _), _)| *role == Role::Compute.id());
    for ((_, node), is_nothing) in nodes {
        let why = match (struck.contains(node), is_nothing) {
            (true, _) => Nothing::Struck,
            (_, true) => Nothing::NoUnits,
            _ if share(node).compute > 0 => continue,
            _ => Nothing::Rounded,
        };
        found.push(Forfeit { contributor: *node, role: Role::Compute, why });
    }
    Ok(found)
}

/// Whoever has registered data in the epoch's rounds, or earlier data that counts in it; and whether any of
/// it counts.
fn contributors(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
) -> Result<BTreeMap<Address, std::result::Result<(), Ineligible>>> {
    let (ended, rounds) = (epoch.stage.ended, epoch.stage.span.first..=epoch.stage.span.last);
    let mut contributors = BTreeMap::new();
    let sql = format!("{DATASETS} ORDER BY datasets.entry");
    for row in &transaction.query(&sql, &[])? {
        let dataset = dataset(row)?;
        let eligible = dataset.check_eligible(policy, ended.as_ref());
        if eligible.is_err() && !rounds.contains(&dataset.round) {
            continue;
        }
        let known = contributors.entry(*dataset.registration.contributor()).or_insert(eligible.clone());
        if eligible.is_ok() || known.is_err() {
            *known = eligible;
        }
    }
    Ok(contributors)
}
