//! Claiming: recording that a contributor has been paid all that it has earned so far.
//!
//! A claim is for the contributor's cumulative amount less what it has claimed before. Made twice, it is
//! worth nothing the second time; never made, its amount is in the next one.

use fairshare_params::address::Address;

use super::{Ledger, Result};
use crate::database::Transaction;
use crate::error::VaultError;

/// What a claim did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Who is to be paid what, by address; who had claimed everything is left out.
    pub payments: Vec<Payment>,
}

/// One contributor's payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The contributor.
    pub contributor: Address,
    /// The epoch up to which it is paid.
    pub epoch: u64,
    /// What to pay now, in the token's base units; 0 where all was claimed before.
    pub amount: u128,
    /// What has been paid in all, this included.
    pub cumulative: u128,
}

impl Ledger {
    /// Records one contributor's claim, with the transfer's name if there is one.
    pub fn claim(&mut self, contributor: &Address, evidence: Option<&str>) -> Result<Payment> {
        self.database.write(|transaction| {
            let due = due(transaction, Some(contributor))?.pop();
            let due = due.ok_or(VaultError::NothingEarned { contributor: *contributor })?;
            if due.payment.amount > 0 {
                record(transaction, &due, evidence)?;
                mark_paid_out(transaction)?;
            }
            Ok(due.payment)
        })
    }

    /// Records the claims of everybody who has one.
    pub fn claim_all(&mut self, evidence: Option<&str>) -> Result<Claimed> {
        self.database.write(|transaction| {
            let mut due = due(transaction, None)?;
            due.retain(|due| due.payment.amount > 0);
            for due in &due {
                record(transaction, due, evidence)?;
            }
            mark_paid_out(transaction)?;
            let mut payments: Vec<_> = due.into_iter().map(|due| due.payment).collect();
            payments.sort_by_key(|payment| payment.contributor);
            Ok(Claimed { payments })
        })
    }
}

/// A payment and the epoch's row.
struct Due {
    epoch: i64,
    payment: Payment,
}

/// What everybody, or one contributor, has not claimed yet.
fn due(transaction: &mut Transaction<'_>, contributor: Option<&Address>) -> Result<Vec<Due>> {
    let sql = "SELECT latest.contributor, latest.epoch, epochs.number, latest.cumulative,
            (SELECT cumulative FROM claims WHERE contributor = latest.contributor ORDER BY id DESC LIMIT 1)
                AS claimed
        FROM payouts AS latest JOIN epochs ON epochs.id = latest.epoch
        WHERE latest.epoch = (SELECT max(epoch) FROM payouts WHERE contributor = latest.contributor)";
    let rows = match contributor {
        None => transaction.query(sql, &[])?,
        Some(contributor) => {
            let sql = format!("{sql} AND latest.contributor = $1");
            transaction.query(&sql, &[contributor.into()])?
        }
    };
    rows.iter()
        .map(|row| {
            let cumulative: u128 = row.parsed("cumulative")?;
            let claimed: u128 = row.optional_text("claimed")?.map_or(Ok(0), |_| row.parsed("claimed"))?;
            // More claimed than earned is for an audit to tell; nothing is paid on it.
            let amount = cumulative.saturating_sub(claimed);
            let payment = Payment {
                contributor: row.address("contributor")?,
                epoch: row.parsed("number")?,
                amount,
                cumulative,
            };
            Ok(Due { epoch: row.integer("epoch")?, payment })
        })
        .collect()
}

fn record(transaction: &mut Transaction<'_>, due: &Due, evidence: Option<&str>) -> Result<()> {
    let Payment { contributor, amount, cumulative, .. } = &due.payment;
    transaction.execute(
        "INSERT INTO claims (contributor, epoch, amount, cumulative, evidence) VALUES ($1, $2, $3, $4, $5)",
        &[
            contributor.into(),
            due.epoch.into(),
            amount.to_string().into(),
            cumulative.to_string().into(),
            evidence.into(),
        ],
    )?;
    Ok(())
}

/// A settled epoch is paid out once each of its payouts is covered by a claim of that epoch or a later one: a
/// claim is for everything up to its epoch.
pub(super) fn mark_paid_out(transaction: &mut Transaction<'_>) -> Result<()> {
    transaction.execute(
        "UPDATE epochs SET state = 'paid out' WHERE state = 'settled' AND NOT EXISTS
            (SELECT 1 FROM payouts WHERE payouts.epoch = epochs.id AND NOT EXISTS
                (SELECT 1 FROM claims WHERE claims.contributor = payouts.contributor
                    AND claims.epoch >= payouts.epoch))",
        &[],
    )?;
    Ok(())
}
