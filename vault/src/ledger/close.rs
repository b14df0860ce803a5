//! Closing an epoch: from here on nothing is added.

use fairshare_audit::snapshot::State;

use super::register::read_units;
use super::{Epoch, Ledger, Result, find_epoch, read_policy};
use crate::database::Transaction;

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The epoch, closed.
    pub epoch: Epoch,
    /// Whether it had been closed before.
    pub before: bool,
    /// Nodes whose units are on record.
    pub nodes: usize,
    /// What is on record and not proved.
    pub unproved: Unproved,
}

/// What is on record without a bundle that shows its score: it weighs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproved {
    /// Contributors whose data is registered.
    pub contributors: u64,
    /// Nodes whose units are on record.
    pub nodes: u64,
}

impl Unproved {
    fn count(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Self> {
        let mut count = |sql: &str| -> Result<u64> {
            Ok(transaction.query_one(sql, &[epoch.id.into()])?.count("unproved")?)
        };
        let contributors = count(
            "SELECT count(DISTINCT contributor) AS unproved FROM registrations WHERE epoch = $1 AND NOT EXISTS
                (SELECT 1 FROM bundles WHERE bundles.epoch = registrations.epoch AND role = 'data'
                    AND bundles.contributor = registrations.contributor)",
        );
        let nodes = count(
            "SELECT count(*) AS unproved FROM units WHERE epoch = $1 AND NOT EXISTS
                (SELECT 1 FROM bundles WHERE bundles.epoch = units.epoch AND role = 'compute'
                    AND bundles.contributor = units.node)",
        );
        Ok(Self { contributors: contributors?, nodes: nodes? })
    }
}

impl Ledger {
    /// Closes an open epoch.
    pub fn close(&mut self, epoch: Option<u64>) -> Result<Closed> {
        self.database.write(|transaction| {
            let mut epoch = find_epoch(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            let nodes = read_units(transaction, &epoch, &policy)?.map_or(0, |units| units.nodes().len());
            let before = epoch.state > State::Open;
            if !before {
                transaction
                    .execute("UPDATE epochs SET state = 'closed' WHERE id = $1", &[epoch.id.into()])?;
                epoch.state = State::Closed;
            }
            let unproved = Unproved::count(transaction, &epoch)?;
            Ok(Closed { epoch, before, nodes, unproved })
        })
    }
}
