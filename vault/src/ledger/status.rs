//! Where everything stands.

use fairshare_audit::snapshot::State;

use super::settle::payouts;
use super::{Epoch, Ledger, Result, all_epochs, read_policy};
use crate::database::Transaction;
use crate::error::VaultError;

/// Where the ledger stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Every epoch, in order.
    pub epochs: Vec<EpochStatus>,
    /// Paid to contributors in all, in base units.
    pub claimed: u128,
    /// Claims made.
    pub claims: u64,
}

/// Where one epoch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochStatus {
    /// The epoch.
    pub epoch: Epoch,
    /// Its pool, in base units.
    pub pool: u128,
    /// Datasets registered.
    pub datasets: u64,
    /// Nodes whose units are on record.
    pub nodes: u64,
    /// Bundles on record, for data and for computing power.
    pub bundles: [u64; 2],
    /// Contributors that the epoch pays, and what it pays them in all; once settled.
    pub paid: Option<(u64, u128)>,
}

impl Ledger {
    /// Where everything stands.
    pub fn status(&mut self) -> Result<Status> {
        self.database.read(|transaction| {
            let epochs = all_epochs(transaction)?
                .into_iter()
                .map(|epoch| epoch_status(transaction, epoch))
                .collect::<Result<_>>()?;
            let mut claimed = 0u128;
            let rows = transaction.query("SELECT amount FROM claims", &[])?;
            for row in &rows {
                claimed = claimed.checked_add(row.parsed("amount")?).ok_or(VaultError::Number)?;
            }
            Ok(Status { epochs, claimed, claims: rows.len() as u64 })
        })
    }
}

fn epoch_status(transaction: &mut Transaction<'_>, epoch: Epoch) -> Result<EpochStatus> {
    let mut count = |of: &str| -> Result<u64> {
        let sql = format!("SELECT count(*) AS found FROM {of}");
        Ok(transaction.query_one(&sql, &[epoch.id.into()])?.count("found")?)
    };
    let (datasets, nodes) = (count("registrations WHERE epoch = $1")?, count("units WHERE epoch = $1")?);
    let bundles = [
        count("bundles WHERE epoch = $1 AND role = 'data'")?,
        count("bundles WHERE epoch = $1 AND role = 'compute'")?,
    ];
    let paid = if epoch.state >= State::Settled {
        let payouts = payouts(transaction, &epoch)?;
        let sum = payouts.iter().try_fold(0u128, |sum, paid| sum.checked_add(paid.payout.total()));
        Some((payouts.len() as u64, sum.ok_or(VaultError::Number)?))
    } else {
        None
    };
    let pool = read_policy(transaction, &epoch)?.terms().pool;
    Ok(EpochStatus { epoch, pool, datasets, nodes, bundles, paid })
}
