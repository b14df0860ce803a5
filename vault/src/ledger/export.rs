//! The whole ledger, entry by entry: what an archive holds and an audit reads.

use fairshare_audit::registry::{Identity, Refusal};
use fairshare_formats::archive::{Heading, Item};
use fairshare_formats::ledger::{Files, Stored};
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;

use super::{Ledger, Result, event, id, identity, read_files};
use crate::database::Transaction;
use crate::error::VaultError;

impl Ledger {
    /// Gives everything on record as of one moment: whose ledger it is, then every entry with its files, in
    /// order, one at a time.
    pub fn export<E: From<VaultError>>(
        &mut self,
        software: &str,
        mut each: impl FnMut(Item) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let heading = self.database.read(|transaction| begin(transaction, software))?;
        let entries = heading.entries;
        each(Item::Heading(heading))?;
        for index in 1..=entries {
            // Entries never change. Each is read by itself, so that a slow reader keeps no writer waiting.
            let (stored, files) = self.database.read(|transaction| entry(transaction, index))?;
            each(Item::Entry(Box::new(stored), files))?;
        }
        Ok(())
    }
}

fn begin(transaction: &mut Transaction<'_>, software: &str) -> Result<Heading> {
    let identity: Identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
    let Identity { chain_id, vault, registry, .. } = identity;
    let (entries, head): (u64, Digest) = match end(transaction)? {
        Some(end) => end,
        None => (0, first_head(chain_id, &vault, &registry)),
    };
    Ok(Heading::new(software, chain_id, vault, registry, entries, head))
}

/// The last entry's place and head.
pub(super) fn end(transaction: &mut Transaction<'_>) -> Result<Option<(u64, Digest)>> {
    let row = transaction.query_first("SELECT id, head FROM entries ORDER BY id DESC LIMIT 1", &[])?;
    row.map(|row| Ok((row.count("id")?, row.parsed("head")?))).transpose()
}

pub(super) fn entry(transaction: &mut Transaction<'_>, index: u64) -> Result<(Stored, Files)> {
    let sql = "SELECT time, content, head FROM entries WHERE id = $1";
    let row = transaction.query_first(sql, &[id(index)?])?;
    let row = row.ok_or(VaultError::MissingEntry { index })?;
    let stored = Stored { index, time: row.parsed("time")?, event: event(&row)?, head: row.parsed("head")? };
    Ok((stored, read_files(transaction, index)?))
}
