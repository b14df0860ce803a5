//! Registering contributions: a batch is taken whole or not at all.

use fairshare_audit::snapshot::State;
use fairshare_params::address::Address;
use fairshare_params::context;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::units::Units;

use super::{Epoch, Ledger, Result, find_epoch, insert, read_policy, read_registration};
use crate::database::{DatabaseError, Transaction, Value};
use crate::error::VaultError;

/// Registrations in strictly ascending order of digest and contributor: none can hide among them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch(Vec<Registration>);

/// What registering did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// Registrations put on record.
    pub new: usize,
    /// Registrations that were on record, word for word.
    pub before: usize,
    /// Nodes whose units were put on record; none where they were before.
    pub units: usize,
}

impl Batch {
    /// Takes registrations that ascend by digest, then contributor.
    pub fn new(registrations: Vec<Registration>) -> Result<Self> {
        for (index, pair) in (1..).zip(registrations.windows(2)) {
            if let [first, second] = pair
                && key(first) >= key(second)
            {
                return Err(VaultError::Order { index });
            }
        }
        Ok(Self(registrations))
    }
}

/// The order of a batch.
pub fn key(registration: &Registration) -> (Digest, Address) {
    (*registration.digest(), *registration.contributor())
}

impl Ledger {
    /// Puts a batch on record in an open epoch, and the nodes' units with it: once, those of all nodes.
    pub fn register(
        &mut self,
        epoch: Option<u64>,
        batch: &Batch,
        units: Option<&Units>,
    ) -> Result<Registered> {
        self.database.write(|transaction| {
            let epoch = find_epoch(transaction, epoch)?;
            let policy = read_policy(transaction, &epoch)?;
            let mut registered = Registered::default();
            let mut rows = Vec::new();
            for registration in &batch.0 {
                if is_recorded(transaction, &epoch, registration)? {
                    registered.before += 1;
                    continue;
                }
                epoch.needs(State::Open)?;
                check_fits(&policy, registration)?;
                check_new(transaction, &epoch, &policy, registration)?;
                registered.new += 1;
                rows.push(row(&epoch, registration));
            }
            insert(transaction, "registrations (epoch, contributor, digest, content)", rows)?;
            if let Some(units) = units {
                registered.units = record_units(transaction, &epoch, &policy, units)?;
            }
            Ok(registered)
        })
    }
}

fn row(epoch: &Epoch, registration: &Registration) -> Vec<Value> {
    vec![
        epoch.id.into(),
        registration.contributor().into(),
        registration.digest().to_string().into(),
        fairshare_formats::registration::to_json(registration).into(),
    ]
}

/// Whether this very registration is on record in the epoch.
fn is_recorded(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    registration: &Registration,
) -> Result<bool> {
    let row = transaction.query_first(
        "SELECT content FROM registrations WHERE epoch = $1 AND contributor = $2 AND digest = $3",
        &[epoch.id.into(), registration.contributor().into(), registration.digest().to_string().into()],
    )?;
    match row {
        None => Ok(false),
        Some(row) if row.text("content")? == fairshare_formats::registration::to_json(registration) => {
            Ok(true)
        }
        Some(_) => Err(VaultError::RegisteredOtherwise {
            digest: *registration.digest(),
            epoch: epoch.number,
            owner: *registration.contributor(),
        }),
    }
}

/// Whether the policy would let it be proved: what could never be is refused here and not months later.
fn check_fits(policy: &Policy, registration: &Registration) -> Result<()> {
    let contributor = registration.contributor();
    context::check(policy, contributor, std::slice::from_ref(registration)).map_err(|source| {
        let digest = *registration.digest();
        VaultError::Unfit { contributor: *contributor, digest, source: Box::new(source) }
    })?;
    if policy.terms().evidence && registration.evidence().is_none() {
        return Err(VaultError::NoEvidence { digest: *registration.digest() });
    }
    Ok(())
}

fn check_new(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
    registration: &Registration,
) -> Result<()> {
    let is_known = check_owner(transaction, registration)?;
    let contributor = *registration.contributor();
    // A bundle that covers a round outside weighs nothing, and it has to cover all that is registered:
    // whoever could bring an old registration in again would take its owner's whole share.
    let rounds = policy.data_rounds();
    if !rounds.contains(&registration.round()) {
        let (digest, round) = (*registration.digest(), registration.round());
        let (first, last) = rounds.into_inner();
        return Err(VaultError::RoundOutside { contributor, digest, round, first, last });
    }
    // Data of an earlier round fades less: nobody may name a round in which no epoch had it.
    let (round, first) = (registration.round(), policy.terms().first_round);
    if round < first && !is_known {
        let digest = *registration.digest();
        return Err(VaultError::Backdated { contributor, digest, round, first });
    }
    let sql = "SELECT id FROM bundles WHERE epoch = $1 AND contributor = $2 AND role = 'data'";
    let scored = transaction.query(sql, &[epoch.id.into(), (&contributor).into()])?;
    if scored.is_empty() { Ok(()) } else { Err(VaultError::ScoredAlready { contributor }) }
}

/// Nobody else may take a dataset's digest, and its round, by which it is weighed, stays. Whether this very
/// registration is on record in an earlier epoch.
fn check_owner(transaction: &mut Transaction<'_>, registration: &Registration) -> Result<bool> {
    let sql =
        "SELECT content, epochs.number FROM registrations JOIN epochs ON epochs.id = registrations.epoch
        WHERE digest = $1 ORDER BY registrations.id LIMIT 1";
    let Some(row) = transaction.query_first(sql, &[registration.digest().to_string().into()])? else {
        return Ok(false);
    };
    if row.text("content")? == fairshare_formats::registration::to_json(registration) {
        return Ok(true);
    }
    let owner = *read_registration(&row)?.contributor();
    Err(VaultError::RegisteredOtherwise {
        digest: *registration.digest(),
        epoch: row.parsed("number")?,
        owner,
    })
}

fn record_units(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
    units: &Units,
) -> Result<usize> {
    if let Some(recorded) = read_units(transaction, epoch, policy)? {
        return if recorded == *units {
            Ok(0)
        } else {
            Err(VaultError::UnitsOtherwise { epoch: epoch.number })
        };
    }
    epoch.needs(State::Open)?;
    let row = |(node, units): (&Address, &[u32])| {
        let bytes: Vec<_> = units.iter().flat_map(|units| units.to_le_bytes()).collect();
        vec![epoch.id.into(), node.into(), bytes.into()]
    };
    insert(transaction, "units (epoch, node, content)", units.nodes().map(row).collect())?;
    Ok(units.nodes().len())
}

/// The nodes' units on record, if they are.
pub(super) fn read_units(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
) -> Result<Option<Units>> {
    let rows = transaction.query("SELECT node, content FROM units WHERE epoch = $1", &[epoch.id.into()])?;
    if rows.is_empty() {
        return Ok(None);
    }
    let by_node = rows
        .iter()
        .map(|row| Ok((row.address("node")?, decode_units(row.bytes("content")?)?)))
        .collect::<Result<_>>()?;
    let units = Units::new(policy.terms().first_round, policy.rounds(), by_node);
    Ok(Some(units.map_err(|_| DatabaseError::Corrupt { what: "units that are no record of the epoch" })?))
}

fn decode_units(bytes: &[u8]) -> Result<Vec<u32>> {
    match bytes.as_chunks::<4>() {
        (units, []) => Ok(units.iter().map(|units| u32::from_le_bytes(*units)).collect()),
        _ => Err(DatabaseError::Corrupt { what: "units of a part of a round" }.into()),
    }
}
