//! Paying by lists: due, sent, confirmed.
//!
//! A list is written where whoever pays finds it before it is recorded as sent. So a ledger never says that
//! somebody was told to be paid who was not. What a list says counts even if the ledger was restored from an
//! older copy: it is read from the list.

use std::collections::BTreeMap;

use fairshare_audit::registry::{Identity, Refusal, Timeline, check_note};
use fairshare_formats::ledger::{
    Event, Files, Kind, Transfer, file_hash, transfers_from_csv, transfers_to_csv,
};
use fairshare_formats::payments::PaymentList;
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::rules::Settlement;

use super::chain::Chain;
use super::export::end;
use super::{Ledger, Result, cumulative, id, identity, insert, read_files, timeline};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

/// What is to be paid and on no list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The list as it would be sent.
    pub list: PaymentList,
    /// Whether the list is the ledger's only one so far.
    pub is_first: bool,
}

/// A list on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its entry.
    pub index: u64,
    /// The hash of what it lists.
    pub file: Digest,
    /// How many are on it.
    pub payments: usize,
}

/// Whether the lists that are there are those that the ledger has sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Lists that the ledger has sent, and nobody has given.
    pub missing: Vec<Listed>,
    /// Positions of given lists that the ledger does not know.
    pub unknown: Vec<usize>,
}

impl Ledger {
    /// What is due to one contributor or to all, after the last settlement.
    pub fn due(&mut self, contributor: Option<&Address>) -> Result<Due> {
        self.database.read(|transaction| {
            let identity = rail(transaction)?;
            let timeline = timeline(transaction)?;
            let last = timeline.stages().iter().rfind(|stage| stage.settled.is_some());
            let epoch = last.ok_or(VaultError::NothingSettled)?.span.epoch;
            let earned = cumulative(transaction, i64::MAX.unsigned_abs())?;
            if let Some(contributor) = contributor
                && !earned.contains_key(contributor)
            {
                return Err(VaultError::NothingEarned { contributor: *contributor });
            }
            let sent = sent(transaction)?;
            let transfer = |(payee, cumulative): (&Address, &u128)| {
                let before = sent.get(payee).copied().unwrap_or_default();
                let amount = cumulative.saturating_sub(before);
                let is_meant = contributor.is_none_or(|contributor| contributor == payee);
                (amount > 0 && is_meant).then_some(Transfer {
                    contributor: *payee,
                    amount,
                    cumulative: *cumulative,
                })
            };
            let payments = earned.iter().filter_map(transfer).collect();
            let (entries, head) = end(transaction)?.ok_or(VaultError::NothingSettled)?;
            let Identity { chain_id, vault, registry, .. } = identity;
            let list = PaymentList { chain_id, vault, registry, epoch, entries, head, payments };
            Ok(Due { list, is_first: sent.is_empty() })
        })
    }

    /// Compares lists that are there with those on record.
    pub fn history(&mut self, given: &[PaymentList]) -> Result<History> {
        self.database.read(|transaction| {
            let identity = rail(transaction)?;
            given.iter().try_for_each(|list| check_vault(list, &identity))?;
            let hashes: Vec<_> = given.iter().map(list_hash).collect();
            let listed = listed(transaction)?;
            let known: Vec<_> = listed.iter().map(|listed| listed.file).collect();
            let missing = listed.into_iter().filter(|listed| !hashes.contains(&listed.file)).collect();
            let unknown = hashes.iter().enumerate().filter(|(_, hash)| !known.contains(hash));
            Ok(History { missing, unknown: unknown.map(|(position, _)| position).collect() })
        })
    }

    /// Records a list that has been written, as sent. What the ledger knows to be sent is left as it is.
    pub fn record_sent(&mut self, list: &PaymentList, now: Moment) -> Result<Listed> {
        self.database.write(|transaction| {
            let identity = rail(transaction)?;
            check_vault(list, &identity)?;
            if list.payments.is_empty() {
                return Err(VaultError::EmptyList);
            }
            let file = list_hash(list);
            if let Some(known) = listed(transaction)?.into_iter().find(|listed| listed.file == file) {
                return Ok(known);
            }
            let timeline = timeline(transaction)?;
            check(transaction, &timeline, list)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let event = Event::Sent { epoch: list.epoch, file };
            let text = transfers_to_csv(&list.payments).into_bytes();
            let index = chain.append(transaction, event, &Files::one(Kind::Sent, text))?.index;
            let row = |transfer: &Transfer| {
                let Transfer { contributor, amount, cumulative } = transfer;
                let amounts = [amount, cumulative].map(|amount| amount.to_string().into());
                Ok([id(index)?, contributor.into()].into_iter().chain(amounts).collect())
            };
            let rows = list.payments.iter().map(row).collect::<Result<_>>()?;
            insert(transaction, "transfers (entry, contributor, amount, cumulative)", rows)?;
            Ok(Listed { index, file, payments: list.payments.len() })
        })
    }

    /// Records that everything sent to a contributor so far was paid, by this evidence; returns how many
    /// payments that confirms.
    pub fn confirm(&mut self, contributor: &Address, evidence: &str, now: Moment) -> Result<usize> {
        check_note("evidence", evidence)?;
        self.database.write(|transaction| {
            let identity = rail(transaction)?;
            let sql = "SELECT cumulative FROM transfers WHERE contributor = $1 AND NOT EXISTS
                (SELECT 1 FROM confirmations WHERE confirmations.contributor = transfers.contributor
                    AND confirmations.cumulative = transfers.cumulative) ORDER BY entry";
            let open = transaction.query(sql, &[contributor.into()])?;
            if open.is_empty() && !sent(transaction)?.contains_key(contributor) {
                return Err(VaultError::NothingSent { contributor: *contributor });
            }
            let timeline = timeline(transaction)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            for row in &open {
                let (cumulative, contributor): (u128, _) = (row.parsed("cumulative")?, *contributor);
                let evidence = evidence.to_owned();
                let event = Event::Confirmed { contributor, cumulative, evidence: evidence.clone() };
                let index = chain.append(transaction, event, &Files::none())?.index;
                transaction.execute(
                    "INSERT INTO confirmations (entry, contributor, cumulative, evidence)
                     VALUES ($1, $2, $3, $4)",
                    &[id(index)?, (&contributor).into(), cumulative.to_string().into(), evidence.into()],
                )?;
            }
            Ok(open.len())
        })
    }
}

/// Whose ledger it is, if it pays by lists.
fn rail(transaction: &mut Transaction<'_>) -> Result<Identity> {
    let identity: Identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
    match identity.settlement {
        Settlement::Payments => Ok(identity),
        other => Err(VaultError::OtherRail { settlement: other }),
    }
}

fn check_vault(list: &PaymentList, identity: &Identity) -> Result<()> {
    let (vault, chain_id) = (list.vault, list.chain_id);
    let is_own = (chain_id, vault, list.registry) == (identity.chain_id, identity.vault, identity.registry);
    if is_own { Ok(()) } else { Err(VaultError::OtherList { vault, chain_id }) }
}

fn list_hash(list: &PaymentList) -> Digest {
    file_hash(transfers_to_csv(&list.payments).as_bytes())
}

/// A list is of an epoch that is settled, goes on from what was sent, and pays no more than was earned.
fn check(transaction: &mut Transaction<'_>, timeline: &Timeline, list: &PaymentList) -> Result<()> {
    let (sent, earned) = (sent(transaction)?, cumulative(transaction, i64::MAX.unsigned_abs())?);
    let is_settled = timeline.stage(list.epoch).is_ok_and(|stage| stage.settled.is_some());
    for Transfer { contributor, amount, cumulative } in &list.payments {
        let of = |amounts: &BTreeMap<Address, u128>| amounts.get(contributor).copied().unwrap_or_default();
        let goes_on = of(&sent).checked_add(*amount) == Some(*cumulative) && *amount > 0;
        if !is_settled || !goes_on || of(&earned) < *cumulative {
            return Err(VaultError::ListAhead { contributor: *contributor, epoch: list.epoch });
        }
    }
    Ok(())
}

/// What each was told to be paid in all.
fn sent(transaction: &mut Transaction<'_>) -> Result<BTreeMap<Address, u128>> {
    let sql = "SELECT contributor, cumulative FROM transfers AS latest WHERE entry =
        (SELECT max(entry) FROM transfers WHERE contributor = latest.contributor)";
    let rows = transaction.query(sql, &[])?;
    rows.iter().map(|row| Ok((row.address("contributor")?, row.parsed("cumulative")?))).collect()
}

/// The lists on record, in order.
fn listed(transaction: &mut Transaction<'_>) -> Result<Vec<Listed>> {
    let rows = transaction.query("SELECT id FROM entries WHERE kind = 'sent' ORDER BY id", &[])?;
    rows.iter()
        .map(|row| {
            let index = row.count("id")?;
            let files = read_files(transaction, index)?;
            let payments = transfers_from_csv(files.single())
                .map_err(|_| DatabaseError::Corrupt { what: "a list of payments that is none" })?
                .len();
            Ok(Listed { index, file: file_hash(files.single()), payments })
        })
        .collect()
}
