//! Registering: data, of anybody who has signed, and every node's units.

use fairshare_audit::registry::{Identity, Refusal, Span, Stage, Timeline, check_registration};
use fairshare_formats::ledger::{Event, Files, Kind, Receipt, file_hash};
use fairshare_formats::registry::{SignedRegistration, signed_to_json};
use fairshare_formats::time::Moment;
use fairshare_formats::units::to_csv;
use fairshare_params::encoding::{Digest, wide};
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::registry::Unsigned;
use fairshare_params::units::Units;

use super::chain::{Chain, receipt};
use super::{Ledger, Result, epoch_of, id, insert, operated, read_policy, read_units, timeline};
use crate::database::Transaction;
use crate::error::VaultError;

/// What became of one registration of a batch.
pub type Taken = std::result::Result<Registered, Refusal>;

/// A registration on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Where it stands, and in which round.
    pub receipt: Receipt,
    /// Whether it stood there before.
    pub before: bool,
}

/// Units on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitsTaken {
    /// The epoch.
    pub epoch: u64,
    /// Nodes that have units.
    pub nodes: usize,
    /// Where they stand.
    pub receipt: Receipt,
    /// Whether they stood there before.
    pub before: bool,
}

impl Ledger {
    /// Puts signed registrations on record, in the round that goes on; an answer for each, in their order.
    /// One that is refused does not keep the others out.
    pub fn register(&mut self, signed: &[SignedRegistration], now: Moment) -> Result<Vec<Taken>> {
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let timeline = timeline(transaction)?;
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let now = match timeline.takes_data() {
                Ok((stage, round)) => {
                    let epoch = epoch_of(transaction, &timeline, stage)?;
                    Ok((read_policy(transaction, &epoch)?, round))
                }
                Err(refusal) => Err(refusal),
            };
            signed
                .iter()
                .map(|signed| {
                    let text = signed_to_json(signed);
                    if let Some(index) = same(transaction, signed, &text)? {
                        let receipt = receipt(transaction, &identity, index)?;
                        return Ok(Ok(Registered { receipt, before: true }));
                    }
                    match &now {
                        Err(refusal) => Ok(Err(refusal.clone())),
                        Ok((policy, round)) => {
                            let unsigned = signed.unsigned();
                            let taken = take(transaction, &mut chain, policy, *round, unsigned, text)?;
                            Ok(taken.map(|receipt| Registered { receipt, before: false }))
                        }
                    }
                })
                .collect()
        })
    }

    /// Puts the nodes' units on record, in the epoch's last round.
    pub fn register_units(&mut self, units: &Units, now: Moment) -> Result<UnitsTaken> {
        self.database.write(|transaction| {
            let identity: Identity = operated(transaction)?;
            let timeline = timeline(transaction)?;
            if let Some(taken) = recorded_units(transaction, &identity, &timeline, units)? {
                return Ok(taken);
            }
            let stage = timeline.takes_units()?;
            let epoch = epoch_of(transaction, &timeline, stage)?;
            let (number, nodes) = (epoch.number, units.nodes().len());
            let Span { first, last, .. } = stage.span;
            let rounds = last.saturating_sub(first).saturating_add(1);
            if (units.first_round(), wide(units.totals().len())) != (first, rounds) {
                return Err(VaultError::OtherRounds { epoch: number, first, last });
            }
            if nodes == 0 {
                return Err(VaultError::NobodysUnits { epoch: number });
            }
            let mut chain = Chain::end(transaction, &identity, now, timeline.round())?;
            let receipt = put_units(transaction, &mut chain, number, units)?;
            Ok(UnitsTaken { epoch: number, nodes, receipt, before: false })
        })
    }
}

/// Puts the units of an epoch on record.
pub(super) fn put_units(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    epoch: u64,
    units: &Units,
) -> Result<Receipt> {
    let table = to_csv(units).into_bytes();
    let event = Event::Units { epoch, file: file_hash(&table) };
    let receipt = chain.append(transaction, event, &Files::one(Kind::Units, table))?;
    let row = |node| -> Result<_> { Ok(vec![id(receipt.index)?, epoch.to_string().into(), node]) };
    let rows = units.nodes().map(|(node, _)| row(node.into())).collect::<Result<_>>()?;
    insert(transaction, "nodes (entry, epoch, node)", rows)?;
    Ok(receipt)
}

/// Where these very units stand, if they are on record: while their rounds go on, and ever after.
fn recorded_units(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    timeline: &Timeline,
    units: &Units,
) -> Result<Option<UnitsTaken>> {
    let is_theirs = |stage: &&Stage| stage.span.first == units.first_round();
    let Some(stage) = timeline.stages().iter().rfind(is_theirs) else { return Ok(None) };
    let Some(index) = stage.units else { return Ok(None) };
    let epoch = epoch_of(transaction, timeline, stage)?;
    let policy = read_policy(transaction, &epoch)?;
    if read_units(transaction, &epoch, &policy)?.as_ref() != Some(units) {
        return Ok(None);
    }
    let receipt = receipt(transaction, identity, index)?;
    Ok(Some(UnitsTaken { epoch: epoch.number, nodes: units.nodes().len(), receipt, before: true }))
}

/// Where this very registration stands, if it is on record.
fn same(transaction: &mut Transaction<'_>, signed: &SignedRegistration, text: &str) -> Result<Option<u64>> {
    let digest = signed.unsigned().request().digest().to_string();
    let sql = "SELECT files.entry AS entry, content FROM datasets JOIN files ON files.entry = datasets.entry
        WHERE digest = $1";
    let Some(row) = transaction.query_first(sql, &[digest.into()])? else { return Ok(None) };
    let is_same = row.bytes("content")? == text.as_bytes();
    Ok(if is_same { Some(row.count("entry")?) } else { None })
}

/// Puts a registration on record, as this text has it, unless it is refused.
pub(super) fn take(
    transaction: &mut Transaction<'_>,
    chain: &mut Chain,
    policy: &Policy,
    round: u64,
    unsigned: &Unsigned,
    text: String,
) -> Result<std::result::Result<Receipt, Refusal>> {
    let registration = Registration::from(unsigned.request());
    let digest = *registration.digest();
    let sql = "SELECT round FROM datasets WHERE digest = $1";
    let known = transaction.query_first(sql, &[digest.to_string().into()])?;
    let known: Option<u64> = known.map(|row| row.parsed("round")).transpose()?;
    let root = unsigned.evidence().map(|evidence| evidence.storage_root);
    let used = match root {
        None => None,
        Some(root) => {
            let sql = "SELECT digest FROM datasets WHERE root = $1";
            let row = transaction.query_first(sql, &[root.to_string().into()])?;
            row.map(|row| row.parsed::<Digest>("digest")).transpose()?
        }
    };
    if let Err(refusal) = check_registration(policy, unsigned, round, known, used) {
        return Ok(Err(refusal));
    }
    let text = text.into_bytes();
    let contributor = *registration.contributor();
    let event = Event::Registration { round, contributor, digest, file: file_hash(&text) };
    let receipt = chain.append(transaction, event, &Files::one(Kind::Registration, text))?;
    transaction.execute(
        "INSERT INTO datasets (entry, digest, root, contributor, round, geometry, schema_hash, records)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id(receipt.index)?,
            digest.to_string().into(),
            root.map(|root| root.to_string()).into(),
            (&contributor).into(),
            round.to_string().into(),
            registration.geometry().name().into(),
            registration.schema_hash().to_string().into(),
            i64::from(registration.records()).into(),
        ],
    )?;
    Ok(Ok(receipt))
}
