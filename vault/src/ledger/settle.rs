//! Settling a closed epoch: everybody's amount is fixed, and the root of the claims with it.

use std::collections::BTreeMap;

use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_audit::settlement::{Carry, Earned, Payout, kept, settle};
use fairshare_audit::snapshot::{Paid, State};
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_verifier::ScoredDataset;

use super::{Epoch, Ledger, Result, cumulative, find_epoch, insert, read_policy, read_registration};
use crate::database::Transaction;
use crate::error::VaultError;

/// What settling an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The epoch, settled.
    pub epoch: Epoch,
    /// Whether it had been settled before.
    pub before: bool,
    /// Who is paid what, by address.
    pub payouts: Vec<Paid>,
    /// Tenths of base units that rounding leaves in the vault.
    pub rounding: Carry,
}

impl Ledger {
    /// Settles a closed epoch (PROTOCOL section 10).
    pub fn settle(&mut self, epoch: Option<u64>) -> Result<Settled> {
        self.database.write(|transaction| {
            let mut epoch = find_epoch(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            if epoch.state >= State::Settled {
                let payouts = payouts(transaction, &epoch)?;
                let rounding = rounding(&policy, &epoch, &payouts);
                return Ok(Settled { epoch, before: true, payouts, rounding });
            }
            epoch.needs(State::Closed)?;
            let settlement = settle(&policy, &epoch.brought, &scores(transaction, &epoch)?)?;
            let mut earned = cumulative(transaction, epoch.id)?;
            let mut payouts = Vec::new();
            for (contributor, payout) in
                settlement.payouts.into_iter().filter(|(_, payout)| payout.total() > 0)
            {
                let cumulative = earned.entry(contributor).or_default();
                // Bounded by the sum of all pools, which opening keeps below 2^128.
                *cumulative = cumulative.checked_add(payout.total()).ok_or(VaultError::Number)?;
                payouts.push(Paid { contributor, payout, cumulative: *cumulative });
            }
            let tree = ClaimTree::of_earned(Distribution::of(&policy), &earned);
            epoch.root = tree.map(|tree| tree.root());
            epoch.left = Some(settlement.carry);
            record(transaction, &epoch, &payouts)?;
            super::claim::mark_paid_out(transaction)?;
            let epoch = find_epoch(transaction, Some(epoch.number))?;
            Ok(Settled { epoch, before: false, payouts, rounding: settlement.rounding })
        })
    }
}

/// What rounding left, by what is on record.
fn rounding(policy: &Policy, epoch: &Epoch, payouts: &[Paid]) -> Carry {
    let left = epoch.left.clone().unwrap_or_default();
    kept(policy, &epoch.brought, &left, payouts.iter().map(|paid| paid.payout))
}

fn record(transaction: &mut Transaction<'_>, epoch: &Epoch, payouts: &[Paid]) -> Result<()> {
    let rows = payouts.iter().map(|paid| {
        vec![
            epoch.id.into(),
            (&paid.contributor).into(),
            paid.payout.compute.to_string().into(),
            paid.payout.data.to_string().into(),
            paid.cumulative.to_string().into(),
        ]
    });
    insert(transaction, "payouts (epoch, contributor, compute, data, cumulative)", rows.collect())?;
    let left = epoch.left.clone().unwrap_or_default();
    transaction.execute(
        "UPDATE epochs SET state = 'settled', compute_left = $2, data_left = $3, root = $4 WHERE id = $1",
        &[
            epoch.id.into(),
            left.compute.to_string().into(),
            left.data.to_string().into(),
            epoch.root.map(|root| root.to_string()).into(),
        ],
    )?;
    Ok(())
}

/// The payouts on record, by address.
pub(super) fn payouts(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<Paid>> {
    let sql = "SELECT contributor, compute, data, cumulative FROM payouts WHERE epoch = $1";
    let rows = transaction.query(sql, &[epoch.id.into()])?;
    let mut payouts = rows
        .iter()
        .map(|row| {
            let payout = Payout { compute: row.parsed("compute")?, data: row.parsed("data")? };
            Ok(Paid {
                contributor: row.address("contributor")?,
                payout,
                cumulative: row.parsed("cumulative")?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    payouts.sort_by_key(|paid| paid.contributor);
    Ok(payouts)
}

/// The scores on record, with what settlement asks of the data.
fn scores(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<(Address, Earned)>> {
    let mut datasets = datasets(transaction, epoch)?;
    let sql = "SELECT role, contributor, score FROM bundles WHERE epoch = $1 ORDER BY id";
    let rows = transaction.query(sql, &[epoch.id.into()])?;
    rows.iter()
        .map(|row| {
            let (contributor, score) = (row.address("contributor")?, row.parsed("score")?);
            let earned = match row.text("role")? {
                "data" => Earned::Data { score, datasets: datasets.remove(&contributor).unwrap_or_default() },
                _ => Earned::Compute { score },
            };
            Ok((contributor, earned))
        })
        .collect()
}

/// Every contributor's datasets: a bundle covers all of them, or it would not be on record.
fn datasets(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
) -> Result<BTreeMap<Address, Vec<ScoredDataset>>> {
    let sql = "SELECT content FROM registrations WHERE epoch = $1 ORDER BY id";
    let mut datasets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in &transaction.query(sql, &[epoch.id.into()])? {
        let registration = read_registration(row)?;
        let (digest, round, records) = (*registration.digest(), registration.round(), registration.records());
        let dataset = ScoredDataset { digest, round, records };
        datasets.entry(*registration.contributor()).or_default().push(dataset);
    }
    Ok(datasets)
}

impl Ledger {
    /// The claims of a settled epoch; none if nothing has ever been earned.
    pub fn claim_tree(&mut self, epoch: Option<u64>) -> Result<Option<ClaimTree>> {
        self.database.read(|transaction| {
            let epoch = find_epoch(transaction, epoch)?;
            if epoch.state < State::Settled {
                return Err(VaultError::State {
                    epoch: epoch.number,
                    state: epoch.state,
                    needed: State::Settled,
                });
            }
            let policy: Policy = read_policy(transaction, &epoch)?;
            let earned = cumulative(transaction, epoch.id)?;
            Ok(ClaimTree::of_earned(Distribution::of(&policy), &earned))
        })
    }
}
