//! The chain: how an entry gets its place, and what its receipt says.

use fairshare_audit::registry::{At, Identity};
use fairshare_formats::ledger::{Entry, Event, Files, Receipt};
use fairshare_formats::time::Moment;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::first_head;
use fairshare_params::registry::Domain;

use super::{Result, event, id, insert};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

/// The end of the chain, at which entries are appended.
pub(super) struct Chain {
    domain: Domain,
    /// The last entry's place; 0 where there is none.
    index: u64,
    head: Digest,
    /// When the next entry stands: never before the last one.
    time: Moment,
    round: u64,
}

impl Chain {
    /// The end of a ledger that is this identity's.
    pub fn end(
        transaction: &mut Transaction<'_>,
        identity: &Identity,
        now: Moment,
        round: Option<u64>,
    ) -> Result<Self> {
        let Identity { chain_id, vault, registry, .. } = *identity;
        let domain = Domain { chain_id, registry };
        let rows =
            transaction.query("SELECT id, time, content, head FROM entries ORDER BY id DESC LIMIT 2", &[])?;
        let (round, first) = (round.unwrap_or_default(), first_head(chain_id, &vault, &registry));
        let Some(row) = rows.first() else {
            return Ok(Self { domain, index: 0, head: first, time: now, round });
        };
        // Nothing is recorded behind an entry that is none of the chain: an audit would find both.
        let (index, head) = (row.count("id")?, row.parsed("head")?);
        let last = Entry { time: row.parsed("time")?, event: event(row)? };
        let before = rows.get(1).map(|row| row.parsed("head")).transpose()?.unwrap_or(first);
        if last.follow(&before) != head {
            return Err(VaultError::Unchained { entry: index });
        }
        Ok(Self { domain, index, head, time: now.max(last.time), round })
    }

    /// Appends entries at this time from now on; whether it is not before the last one's.
    pub fn move_to(&mut self, time: Moment) -> bool {
        let is_later = time >= self.time;
        self.time = self.time.max(time);
        is_later
    }

    /// When entries are appended.
    pub fn time(&self) -> Moment {
        self.time
    }

    /// Appends an entry with its files.
    pub fn append(
        &mut self,
        transaction: &mut Transaction<'_>,
        event: Event,
        files: &Files,
    ) -> Result<Receipt> {
        files.check_bounds(event.kind())?;
        let entry = Entry { time: self.time, event };
        let (before, head) = (self.head, entry.follow(&self.head));
        let index = self.index.checked_add(1).ok_or(VaultError::Number)?;
        let content = serde_json::to_string(&entry.event).map_err(|_| VaultError::Number)?;
        transaction.execute(
            "INSERT INTO entries (id, time, kind, epoch, content, head) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                id(index)?,
                self.time.to_string().into(),
                entry.event.kind().name().into(),
                entry.event.epoch().map(|epoch| epoch.to_string()).into(),
                content.into(),
                head.to_string().into(),
            ],
        )?;
        let file =
            |(name, content): (&str, &[u8])| Ok(vec![id(index)?, name.into(), content.to_vec().into()]);
        insert(transaction, "files (entry, name, content)", files.iter().map(file).collect::<Result<_>>()?)?;
        (self.index, self.head) = (index, head);
        let round = self.round;
        if let Event::Rounds { last, .. } = &entry.event {
            self.round = *last;
        }
        Ok(Receipt { domain: self.domain, index, round, entry, before })
    }

    /// Where the last appended entry stands.
    pub fn at(&self) -> At {
        At { index: self.index, time: self.time }
    }
}

/// The receipt of an entry on record.
pub(super) fn receipt(transaction: &mut Transaction<'_>, identity: &Identity, index: u64) -> Result<Receipt> {
    let Identity { chain_id, vault, registry, .. } = *identity;
    let row = transaction.query_one("SELECT time, content FROM entries WHERE id = $1", &[id(index)?])?;
    let entry = Entry { time: row.parsed("time")?, event: event(&row)? };
    let sql = "SELECT head FROM entries WHERE id = $1";
    let before = match index.checked_sub(1) {
        None | Some(0) => first_head(chain_id, &vault, &registry),
        Some(last) => transaction.query_one(sql, &[id(last)?])?.parsed("head")?,
    };
    let sql = "SELECT content FROM entries WHERE kind = 'rounds' AND id < $1 ORDER BY id DESC LIMIT 1";
    let round = match transaction.query_first(sql, &[id(index)?])?.map(|row| event(&row)).transpose()? {
        Some(Event::Rounds { last, .. }) => last,
        Some(_) => return Err(DatabaseError::Corrupt { what: "rounds that are none" }.into()),
        None => 0,
    };
    Ok(Receipt { domain: Domain { chain_id, registry }, index, round, entry, before })
}
