//! What somebody who watches the ledger asks again and again: how far it has come since.

use fairshare_audit::registry::{Identity, Refusal};
use fairshare_formats::ledger::{Kind, Stored};
use fairshare_formats::time::Moment;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;

use super::{Ledger, Result, event, id, identity};
use crate::database::{DatabaseError, Row, Transaction};
use crate::error::VaultError;

/// What has come after an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Whose ledger it is.
    pub identity: Identity,
    /// The last entry; 0 of an empty ledger.
    pub entries: u64,
    /// The head after it.
    pub head: Digest,
    /// When it was appended; none of an empty ledger.
    pub time: Option<Moment>,
    /// The head after the entry that was asked for; none if the ledger does not have it. A ledger that goes
    /// on from what was seen of it has the same one there for ever.
    pub there: Option<Digest>,
    /// The first closings and settlements after that entry.
    pub news: Vec<Stored>,
    /// How many closings and settlements there are after it.
    pub waiting: u64,
}

impl Ledger {
    /// What has come after an entry (0: from the beginning), at most `most` closings and settlements of it.
    pub fn follow(&mut self, entry: u64, most: u32) -> Result<Followed> {
        self.database.read(|transaction| {
            let identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
            let Identity { chain_id, vault, registry, .. } = identity;
            let first = first_head(chain_id, &vault, &registry);
            let sql = "SELECT id, time, head FROM entries ORDER BY id DESC LIMIT 1";
            let (entries, head, time) = match transaction.query_first(sql, &[])? {
                Some(row) => (row.count("id")?, row.parsed("head")?, Some(row.parsed("time")?)),
                None => (0, first, None),
            };
            let there = head_after(transaction, entry, first)?;
            let (news, waiting) = news(transaction, entry, most, first)?;
            Ok(Followed { identity, entries, head, time, there, news, waiting })
        })
    }
}

fn head_after(transaction: &mut Transaction<'_>, entry: u64, first: Digest) -> Result<Option<Digest>> {
    if entry == 0 {
        return Ok(Some(first));
    }
    // A place that no database can have is that of no entry.
    let Ok(entry) = id(entry) else { return Ok(None) };
    let row = transaction.query_first("SELECT head FROM entries WHERE id = $1", &[entry])?;
    Ok(row.map(|row| row.parsed("head")).transpose()?)
}

fn news(
    transaction: &mut Transaction<'_>,
    entry: u64,
    most: u32,
    first: Digest,
) -> Result<(Vec<Stored>, u64)> {
    let Ok(entry) = id(entry) else { return Ok((Vec::new(), 0)) };
    let among = format!("kind IN ('{}', '{}') AND id > $1", Kind::Closed, Kind::Settled);
    let sql = format!("SELECT count(*) AS found FROM entries WHERE {among}");
    let waiting = transaction.query_one(&sql, std::slice::from_ref(&entry))?.count("found")?;
    let before = "SELECT head FROM entries AS before WHERE before.id = entries.id - 1";
    let sql = format!(
        "SELECT id, time, content, head, ({before}) AS before FROM entries WHERE {among} ORDER BY id \
         LIMIT {most}"
    );
    let rows = transaction.query(&sql, &[entry])?;
    Ok((rows.iter().map(|row| stored(row, first)).collect::<Result<_>>()?, waiting))
}

/// An entry that goes on from the one before it: nobody is told of any other.
fn stored(row: &Row, first: Digest) -> Result<Stored> {
    let stored = Stored {
        index: row.count("id")?,
        time: row.parsed("time")?,
        event: event(row)?,
        head: row.parsed("head")?,
    };
    let before = row.optional_text("before")?.is_some().then(|| row.parsed("before")).transpose()?;
    if stored.entry().follow(&before.unwrap_or(first)) != stored.head {
        return Err(VaultError::Unchained { entry: stored.index });
    }
    match stored.event.kind() {
        Kind::Closed | Kind::Settled => Ok(stored),
        _ => Err(DatabaseError::Corrupt { what: "an entry of another kind than it says" }.into()),
    }
}
