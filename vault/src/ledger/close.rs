//! Closing an epoch: from here on nothing is added, and the nodes' units are known to add up.

use fairshare_audit::snapshot::State;
use fairshare_audit::units::{UnitLog, check_sum};
use fairshare_params::srs::Srs;

use super::register::{check_geometry, logs};
use super::{Epoch, Ledger, Result, find_epoch, read_policy};

/// What closing an epoch did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The epoch, closed.
    pub epoch: Epoch,
    /// Whether it had been closed before.
    pub before: bool,
    /// Nodes whose units add up to the rounds' totals.
    pub nodes: usize,
}

impl Ledger {
    /// Closes an open epoch if its nodes' units add up to the round totals.
    pub fn close(&mut self, epoch: Option<u64>, srs: &Srs) -> Result<Closed> {
        self.database.write(|transaction| {
            let mut epoch = find_epoch(transaction, epoch)?;
            let logs: Vec<UnitLog> = logs(transaction, &epoch)?.into_iter().map(|(_, log)| log).collect();
            if epoch.state > State::Open {
                return Ok(Closed { epoch, before: true, nodes: logs.len() });
            }
            let policy = read_policy(transaction, &epoch)?;
            check_geometry(&epoch, &policy, srs)?;
            check_sum(srs, &policy, &logs)?;
            transaction.execute("UPDATE epochs SET state = 'closed' WHERE id = $1", &[epoch.id.into()])?;
            epoch.state = State::Closed;
            Ok(Closed { epoch, before: false, nodes: logs.len() })
        })
    }
}
