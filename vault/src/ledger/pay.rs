//! Paying by lists: due, sent, confirmed.
//!
//! A list is written where whoever pays finds it before it is recorded as sent. So a ledger never says that
//! somebody was told to be paid who was not. What a list says counts even if the ledger was restored from an
//! older copy: it is read from the list.
//!
//! What is due is computed, written and recorded in one transaction, alone among writers. So no two lists pay
//! for the same money, however many commands write lists at once.

use std::collections::{BTreeMap, BTreeSet};

use fairshare_audit::registry::{Identity, Refusal, check_note};
use fairshare_formats::ledger::{Event, Files, Kind, MAX_AMOUNTS, Transfer, file_hash, transfers_to_csv};
use fairshare_formats::payments::{ListHeading, PaymentList};
use fairshare_formats::time::Moment;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::rules::Settlement;

use super::beside::check_rows;
use super::chain::Chain;
use super::export::end;
use super::{Ledger, Result, earned_by, event, id, insert, operated, timeline};
use crate::database::{DatabaseError, Transaction};
use crate::error::VaultError;

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

/// A list that was written and recorded now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The list.
    pub list: PaymentList,
    /// Where it is on record.
    pub listed: Listed,
    /// How many payments are due and not on it, because it is full.
    pub more: usize,
}

/// Whether the lists that are there are those that the ledger has sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Lists that the ledger has sent, and nobody has given.
    pub missing: Vec<Listed>,
    /// How many numbers of lists no given list has, up to the highest: lists that nobody has given, whether
    /// the ledger knows of them or not.
    pub absent: u64,
    /// Given lists that the ledger does not know.
    pub unknown: Vec<Unknown>,
    /// Positions of given lists with payments that are not confirmed, in the order of their entries.
    pub open: Vec<usize>,
}

/// A given list that the ledger does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its position among those given.
    pub position: usize,
    /// What wrote it.
    pub origin: Origin,
}

/// What wrote a list, as far as its heading tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This ledger: it has the entry that the list names, with that head.
    Own,
    /// A ledger with other entries. So this one is an older copy of it, or has gone on from one.
    Other {
        /// The last entry of the ledger that wrote it, and the head after that.
        theirs: (u64, Digest),
        /// The same entry here, or the last one if there is no such entry.
        ours: (u64, Digest),
    },
}

/// A payment that does not follow from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The payment.
    pub payment: Transfer,
    /// What its contributor was listed to be paid before, in base units.
    pub sent: u128,
    /// What it has earned, in base units.
    pub earned: u128,
}

/// What a confirmation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Payments that were confirmed now.
    pub confirmed: usize,
    /// Payments that were confirmed before, by the same evidence.
    pub before: usize,
}

/// Why nothing was sent: the ledger's reason or the caller's.
enum Stopped<E> {
    Vault(VaultError),
    Caller(E),
}

impl<E> From<VaultError> for Stopped<E> {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl<E> From<DatabaseError> for Stopped<E> {
    fn from(error: DatabaseError) -> Self {
        Self::Vault(error.into())
    }
}

impl Ledger {
    /// Lists what is due to one contributor or to all, has the list written by `write`, and records it as
    /// sent; `None` if nothing is due.
    ///
    /// No other writer goes on between these steps. `write` has to have the list on the disk when it returns;
    /// what it refuses is not recorded. After it, only the transaction's end is left to fail. So if an error
    /// comes after a list was written, nobody knows whether the list is on record: leave it where it is, and
    /// [`history`](Self::history) tells. Whoever takes it away cannot know that nobody has paid by it.
    pub fn send<E: From<VaultError>>(
        &mut self,
        contributor: Option<&Address>,
        now: Moment,
        write: impl FnOnce(&PaymentList) -> std::result::Result<(), E>,
    ) -> std::result::Result<Option<Sent>, E> {
        let sent = self.database.write(|transaction| {
            let identity = rail(transaction)?;
            let books = Books::read(transaction, &identity)?;
            let (list, more) = due(transaction, &identity, &books, contributor)?;
            if list.payments().is_empty() {
                return Ok(None);
            }
            let listed = append(transaction, &identity, &books, &list, now)?;
            write(&list).map_err(Stopped::Caller)?;
            Ok(Some(Sent { list, listed, more }))
        });
        sent.map_err(|stopped| match stopped {
            Stopped::Vault(error) => error.into(),
            Stopped::Caller(error) => error,
        })
    }

    /// Compares lists that are there with those on record.
    pub fn history(&mut self, given: &[PaymentList]) -> Result<History> {
        self.database.read(|transaction| {
            let identity = rail(transaction)?;
            given.iter().try_for_each(|list| check_vault(list, &identity))?;
            let positions: BTreeMap<_, _> =
                (0..).zip(given).map(|(at, list)| (list_hash(list), at)).collect();
            let mut listed = listed(transaction)?;
            let known: BTreeSet<_> = listed.iter().map(|listed| listed.file).collect();
            let open = open_lists(transaction)?;
            let open = listed.iter().filter(|listed| open.contains(&listed.index));
            let open = open.filter_map(|listed| positions.get(&listed.file).copied()).collect();
            let mut unknown = Vec::new();
            for (position, list) in given.iter().enumerate() {
                if !known.contains(&list_hash(list)) {
                    unknown.push(Unknown { position, origin: origin(transaction, &list.heading)? });
                }
            }
            listed.retain(|listed| !positions.contains_key(&listed.file));
            Ok(History { missing: listed, absent: absent(given), unknown, open })
        })
    }

    /// Records a list that was found written, as sent; `None` if it is on record by now. A list that does not
    /// follow from the ledger is refused ([`VaultError::ListAhead`]): one up to an epoch
    /// that is not settled, one that does not go on from what was sent, or pays more than was earned.
    pub fn record_sent(&mut self, list: &PaymentList, now: Moment) -> Result<Option<Listed>> {
        self.database.write(|transaction| match find(transaction, list)? {
            Found::Known(_) => Ok(None),
            Found::New(identity, books) => match misfits(transaction, &books, list)?.first() {
                Some(misfit) => Err(misfit.ahead(list)),
                None => append(transaction, &identity, &books, list, now).map(Some),
            },
        })
    }

    /// Records a list that was found written, although it does not follow from the ledger, and returns which
    /// of its payments do not; `None` if it is on record by now. That somebody was told to pay them is a
    /// fact, and what they pay is not due any more; but every audit names them.
    pub fn record_unfounded(&mut self, list: &PaymentList, now: Moment) -> Result<Option<Vec<Misfit>>> {
        self.database.write(|transaction| match find(transaction, list)? {
            Found::Known(_) => Ok(None),
            Found::New(identity, books) => {
                let misfits = misfits(transaction, &books, list)?;
                // What an altered list says must not leave no room for what is due to the others.
                if sum(&books, list).is_none_or(|sum| sum >= MOST_UNFOUNDED) {
                    return Err(VaultError::ListTooMuch { epoch: list.heading.epoch });
                }
                append(transaction, &identity, &books, list, now)?;
                Ok(Some(misfits))
            }
        })
    }

    /// Records that payments of a list were made, by this evidence: those to these contributors, or all where
    /// none are named; all of them or none. A payment is confirmed once.
    pub fn confirm(
        &mut self,
        list: &PaymentList,
        contributors: &[Address],
        evidence: &str,
        now: Moment,
    ) -> Result<Confirmation> {
        check_note("evidence", evidence)?;
        self.database.write(|transaction| {
            let Found::Known(listed) = find(transaction, list)? else {
                return Err(VaultError::UnknownList { epoch: list.heading.epoch });
            };
            let payments = chosen(list, contributors)?;
            let open = unconfirmed(transaction, &listed, &payments, evidence)?;
            let (round, identity) = (timeline(transaction)?.round(), rail(transaction)?);
            let mut chain = Chain::end(transaction, &identity, now, round)?;
            let mut rows = Vec::new();
            for Transfer { contributor, cumulative, .. } in &open {
                let (contributor, cumulative, evidence) = (*contributor, *cumulative, evidence.to_owned());
                let row = [(&contributor).into(), cumulative.to_string().into(), evidence.clone().into()];
                let event = Event::Confirmed { contributor, cumulative, evidence };
                let index = chain.append(transaction, event, &Files::none())?.index;
                rows.push([id(index)?].into_iter().chain(row).collect());
            }
            insert(transaction, "confirmations (entry, contributor, cumulative, evidence)", rows)?;
            Ok(Confirmation { confirmed: open.len(), before: payments.len().saturating_sub(open.len()) })
        })
    }
}

/// What each has earned and was told to be paid, in all, in base units.
struct Books {
    earned: BTreeMap<Address, u128>,
    sent: BTreeMap<Address, u128>,
    /// All payments of all lists.
    total: u128,
}

impl Books {
    fn read(transaction: &mut Transaction<'_>, identity: &Identity) -> Result<Self> {
        check_rows(transaction)?;
        let timeline = timeline(transaction)?;
        let earned = match timeline.stages().iter().rfind(|stage| stage.settled.is_some()) {
            Some(last) => earned_by(transaction, identity, last.span.epoch)?,
            None => BTreeMap::new(),
        };
        let (mut sent, mut total) = (BTreeMap::new(), 0u128);
        let sql = "SELECT contributor, amount, cumulative FROM transfers ORDER BY entry";
        for row in &transaction.query(sql, &[])? {
            let (amount, cumulative): (u128, u128) = (row.parsed("amount")?, row.parsed("cumulative")?);
            let before: &mut u128 = sent.entry(row.address("contributor")?).or_default();
            // The same sum twice, but on a list that does not follow from this ledger: what it says in all
            // counts where it goes on from a list that is lost, and what it pays where it pays again.
            *before = before.saturating_add(amount).max(cumulative);
            total = total.checked_add(amount).ok_or(VaultError::Number)?;
        }
        Ok(Self { earned, sent, total })
    }

    /// All that is due to those who are meant, by address.
    fn due(&self, contributor: Option<&Address>) -> Vec<Transfer> {
        let is_meant = |payee: &Address| contributor.is_none_or(|contributor| contributor == payee);
        let transfer = |(payee, cumulative): (&Address, &u128)| {
            let amount = cumulative.saturating_sub(of(&self.sent, payee));
            let transfer = Transfer { contributor: *payee, amount, cumulative: *cumulative };
            (amount > 0 && is_meant(payee)).then_some(transfer)
        };
        self.earned.iter().filter_map(transfer).collect()
    }
}

fn of(amounts: &BTreeMap<Address, u128>, contributor: &Address) -> u128 {
    amounts.get(contributor).copied().unwrap_or_default()
}

impl Misfit {
    fn ahead(&self, list: &PaymentList) -> VaultError {
        let Self { payment: Transfer { contributor, amount, cumulative }, sent, earned } = *self;
        let epoch = list.heading.epoch;
        VaultError::ListAhead { contributor, epoch, amount, cumulative, sent, earned }
    }
}

/// The list of what is due after the last settlement, which may be empty, and how many payments more.
fn due(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    books: &Books,
    contributor: Option<&Address>,
) -> Result<(PaymentList, usize)> {
    let timeline = timeline(transaction)?;
    let last = timeline.stages().iter().rfind(|stage| stage.settled.is_some());
    let epoch = last.ok_or(VaultError::NothingSettled)?.span.epoch;
    if let Some(contributor) = contributor.filter(|contributor| !books.earned.contains_key(*contributor)) {
        return Err(VaultError::NothingEarned { contributor: *contributor });
    }
    let (payments, more) = fitting(books.due(contributor));
    let (entries, head) = end(transaction)?.ok_or(VaultError::NothingSettled)?;
    let Identity { chain_id, vault, registry, .. } = *identity;
    let number = listed(transaction)?.len() as u64 + 1;
    let heading = ListHeading { chain_id, vault, registry, epoch, number, entries, head };
    let list = PaymentList::new(heading, payments);
    Ok((list.map_err(|_| DatabaseError::Corrupt { what: "amounts that no list can pay" })?, more))
}

/// As many payments as one list takes, and how many wait for the next.
fn fitting(mut payments: Vec<Transfer>) -> (Vec<Transfer>, usize) {
    let more = payments.len().saturating_sub(MAX_AMOUNTS);
    payments.truncate(MAX_AMOUNTS);
    (payments, more)
}

/// All lists together stay below this where one does not follow from the ledger, in base units.
const MOST_UNFOUNDED: u128 = 1 << 127;

/// What all lists pay together with this one, below 2^128 base units.
fn sum(books: &Books, list: &PaymentList) -> Option<u128> {
    list.payments().iter().try_fold(books.total, |sum, payment| sum.checked_add(payment.amount))
}

/// Appends a list. Its payments can be read back: their type sees to that.
fn append(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    books: &Books,
    list: &PaymentList,
    now: Moment,
) -> Result<Listed> {
    let epoch = list.heading.epoch;
    sum(books, list).ok_or(VaultError::ListTooMuch { epoch })?;
    let round = timeline(transaction)?.round();
    let mut chain = Chain::end(transaction, identity, now, round)?;
    let (text, file) = (transfers_to_csv(list.payments()).into_bytes(), list_hash(list));
    let files = Files::one(Kind::Sent, text);
    let index = chain.append(transaction, Event::Sent { epoch, file }, &files)?.index;
    let row = |transfer: &Transfer| {
        let Transfer { contributor, amount, cumulative } = transfer;
        let amounts = [amount, cumulative].map(|amount| amount.to_string().into());
        Ok([id(index)?, contributor.into()].into_iter().chain(amounts).collect())
    };
    let rows = list.payments().iter().map(row).collect::<Result<_>>()?;
    insert(transaction, "transfers (entry, contributor, amount, cumulative)", rows)?;
    Ok(Listed { index, file, payments: list.payments().len() })
}

/// Whose ledger it is, if it pays by lists.
fn rail(transaction: &mut Transaction<'_>) -> Result<Identity> {
    let identity: Identity = operated(transaction)?;
    match identity.settlement {
        Settlement::Payments => Ok(identity),
        other => Err(VaultError::OtherRail { settlement: other }),
    }
}

fn check_vault(list: &PaymentList, identity: &Identity) -> Result<()> {
    let ListHeading { chain_id, vault, registry, .. } = list.heading;
    let is_own = (chain_id, vault, registry) == (identity.chain_id, identity.vault, identity.registry);
    if is_own { Ok(()) } else { Err(VaultError::OtherList { vault, chain_id }) }
}

fn list_hash(list: &PaymentList) -> Digest {
    file_hash(transfers_to_csv(list.payments()).as_bytes())
}

/// What the ledger has of a list.
enum Found {
    Known(Listed),
    New(Identity, Books),
}

fn find(transaction: &mut Transaction<'_>, list: &PaymentList) -> Result<Found> {
    let identity = rail(transaction)?;
    check_vault(list, &identity)?;
    if list.payments().is_empty() {
        return Err(VaultError::EmptyList);
    }
    let file = list_hash(list);
    match listed(transaction)?.into_iter().find(|listed| listed.file == file) {
        Some(known) => Ok(Found::Known(known)),
        None => {
            let books = Books::read(transaction, &identity)?;
            Ok(Found::New(identity, books))
        }
    }
}

/// The payments of a list that do not follow from the ledger: of an epoch that is not settled, all. A list
/// that pays what lists on record pay is refused: it can change nothing that is due.
fn misfits(transaction: &mut Transaction<'_>, books: &Books, list: &PaymentList) -> Result<Vec<Misfit>> {
    let timeline = timeline(transaction)?;
    let is_settled = timeline.stage(list.heading.epoch).is_ok_and(|stage| stage.settled.is_some());
    let mut misfits = Vec::new();
    for payment in list.payments() {
        let Transfer { contributor, amount, cumulative } = *payment;
        let (sent, earned) = (of(&books.sent, &contributor), of(&books.earned, &contributor));
        if cumulative <= sent {
            return Err(VaultError::ListTwice { contributor, cumulative, sent });
        }
        let goes_on = sent.checked_add(amount) == Some(cumulative);
        if !is_settled || !goes_on || cumulative > earned {
            misfits.push(Misfit { payment: *payment, sent, earned });
        }
    }
    Ok(misfits)
}

/// The lists on record, in order.
fn listed(transaction: &mut Transaction<'_>) -> Result<Vec<Listed>> {
    let sql = "SELECT entries.id AS id, content, count(*) AS payments FROM entries
        JOIN transfers ON transfers.entry = entries.id
        WHERE kind = 'sent' GROUP BY entries.id, content ORDER BY entries.id";
    let rows = transaction.query(sql, &[])?;
    rows.iter()
        .map(|row| {
            let file =
                event(row)?.file().ok_or(DatabaseError::Corrupt { what: "a list without payments" })?;
            let payments = usize::try_from(row.count("payments")?).map_err(|_| VaultError::Number)?;
            Ok(Listed { index: row.count("id")?, file, payments })
        })
        .collect()
}

fn absent(given: &[PaymentList]) -> u64 {
    let numbers: BTreeSet<_> = given.iter().map(|list| list.heading.number).collect();
    let highest = numbers.last().copied().unwrap_or_default();
    highest.saturating_sub(numbers.len() as u64)
}

/// Entries of lists with payments that are not confirmed.
fn open_lists(transaction: &mut Transaction<'_>) -> Result<BTreeSet<u64>> {
    let sql = "SELECT DISTINCT transfers.entry AS entry FROM transfers LEFT JOIN confirmations
        ON confirmations.contributor = transfers.contributor
        AND confirmations.cumulative = transfers.cumulative WHERE confirmations.entry IS NULL";
    transaction.query(sql, &[])?.iter().map(|row| Ok(row.count("entry")?)).collect()
}

/// Whether the entry that a list names is this ledger's.
fn origin(transaction: &mut Transaction<'_>, heading: &ListHeading) -> Result<Origin> {
    let theirs = (heading.entries, heading.head);
    let Some(last) = end(transaction)? else { return Err(Refusal::NoEpoch.into()) };
    if !(1..=last.0).contains(&theirs.0) {
        return Ok(Origin::Other { theirs, ours: last });
    }
    let row = transaction.query_first("SELECT head FROM entries WHERE id = $1", &[id(theirs.0)?])?;
    let head = row.ok_or(VaultError::MissingEntry { index: theirs.0 })?.parsed("head")?;
    Ok(if head == theirs.1 { Origin::Own } else { Origin::Other { theirs, ours: (theirs.0, head) } })
}

/// The list's payments to these contributors, or all.
fn chosen(list: &PaymentList, contributors: &[Address]) -> Result<Vec<Transfer>> {
    let wanted: BTreeSet<_> = contributors.iter().copied().collect();
    let payments = list.payments().iter().copied();
    let chosen: Vec<_> =
        payments.filter(|payment| wanted.is_empty() || wanted.contains(&payment.contributor)).collect();
    let found: BTreeSet<_> = chosen.iter().map(|payment| payment.contributor).collect();
    match wanted.difference(&found).next() {
        Some(contributor) => Err(VaultError::NotListed { contributor: *contributor }),
        None => Ok(chosen),
    }
}

/// Those of a list's payments that are not confirmed. Evidence is never dropped: it is refused where other
/// evidence stands.
fn unconfirmed(
    transaction: &mut Transaction<'_>,
    listed: &Listed,
    payments: &[Transfer],
    evidence: &str,
) -> Result<Vec<Transfer>> {
    let sql = "SELECT confirmations.entry AS entry, confirmations.contributor AS contributor, evidence
        FROM confirmations JOIN transfers ON transfers.contributor = confirmations.contributor
        AND transfers.cumulative = confirmations.cumulative WHERE transfers.entry = $1";
    let mut recorded = BTreeMap::new();
    for row in &transaction.query(sql, &[id(listed.index)?])? {
        let found = (row.count("entry")?, row.text("evidence")?.to_owned());
        recorded.insert(row.address("contributor")?, found);
    }
    let mut open = Vec::new();
    for payment in payments {
        let contributor = payment.contributor;
        match recorded.remove(&contributor) {
            None => open.push(*payment),
            Some((entry, found)) if found != evidence => {
                return Err(VaultError::ConfirmedBefore { contributor, entry, evidence: found });
            }
            Some(_) => {}
        }
    }
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list has as many payments as its file has rows at most. The others wait for the next list.
    #[test]
    fn what_does_not_fit_one_list_is_on_the_next() {
        let payment = |index: usize| {
            let mut address = [0; 20];
            address[12..].copy_from_slice(&(index as u64).to_be_bytes());
            Transfer { contributor: Address(address), amount: 7, cumulative: 7 }
        };
        for (due, listed, more) in
            [(3, 3, 0), (MAX_AMOUNTS, MAX_AMOUNTS, 0), (MAX_AMOUNTS + 2, MAX_AMOUNTS, 2)]
        {
            let (payments, waiting) = fitting((1..=due).map(payment).collect());
            assert_eq!((payments.len(), waiting), (listed, more));
            assert_eq!(payments.last().map(|last| last.contributor), Some(payment(listed).contributor));
        }
    }
}
