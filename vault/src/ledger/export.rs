//! The whole ledger, as a snapshot that stands by itself.

use fairshare_audit::snapshot::{ClaimOnRecord, EpochSnapshot, LedgerSnapshot};
use fairshare_formats::units::to_csv;
use fairshare_params::registration::Registration;

use super::register::read_units;
use super::settle::payouts;
use super::{Epoch, Ledger, Result, all_epochs, read_policy, read_registration, read_source};
use crate::database::Transaction;

impl Ledger {
    /// Everything on record, as of one moment.
    pub fn snapshot(&mut self) -> Result<LedgerSnapshot> {
        self.database.read(|transaction| {
            let epochs = all_epochs(transaction)?
                .into_iter()
                .map(|epoch| epoch_snapshot(transaction, epoch))
                .collect::<Result<_>>()?;
            Ok(LedgerSnapshot { epochs, claims: claims(transaction)? })
        })
    }
}

fn epoch_snapshot(transaction: &mut Transaction<'_>, epoch: Epoch) -> Result<EpochSnapshot> {
    let policy = read_policy(transaction, &epoch)?;
    let units = read_units(transaction, &epoch, &policy)?;
    Ok(EpochSnapshot {
        source: read_source(transaction, &epoch)?,
        registrations: registrations(transaction, &epoch)?,
        units: units.map(|units| to_csv(&units).into_bytes()),
        bundles: bundles(transaction, &epoch)?,
        payouts: payouts(transaction, &epoch)?,
        number: epoch.number,
        state: epoch.state,
        rules_hash: epoch.rules_hash,
        brought: epoch.brought,
        left: epoch.left,
        root: epoch.root,
    })
}

fn registrations(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<Registration>> {
    let sql = "SELECT content FROM registrations WHERE epoch = $1 ORDER BY id";
    let rows = transaction.query(sql, &[epoch.id.into()])?;
    rows.iter().map(read_registration).collect()
}

/// One at a time: a server would otherwise send all of them in one answer.
fn bundles(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<Vec<u8>>> {
    let ids = transaction.query("SELECT id FROM bundles WHERE epoch = $1 ORDER BY id", &[epoch.id.into()])?;
    ids.iter()
        .map(|id| {
            let row = transaction
                .query_one("SELECT content FROM bundles WHERE id = $1", &[id.integer("id")?.into()])?;
            Ok(row.bytes("content")?.to_vec())
        })
        .collect()
}

fn claims(transaction: &mut Transaction<'_>) -> Result<Vec<ClaimOnRecord>> {
    let sql = "SELECT contributor, epochs.number, amount, cumulative, evidence
        FROM claims JOIN epochs ON epochs.id = claims.epoch ORDER BY claims.id";
    let rows = transaction.query(sql, &[])?;
    rows.iter()
        .map(|row| {
            Ok(ClaimOnRecord {
                contributor: row.address("contributor")?,
                epoch: row.parsed("number")?,
                amount: row.parsed("amount")?,
                cumulative: row.parsed("cumulative")?,
                evidence: row.optional_text("evidence")?.map(str::to_owned),
            })
        })
        .collect()
}
