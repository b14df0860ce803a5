//! Registering contributions: a batch is taken whole or not at all.

use std::collections::BTreeMap;

use fairshare_audit::snapshot::State;
use fairshare_audit::units::{UnitLog, opens};
use fairshare_params::address::Address;
use fairshare_params::context;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_params::role::Role;
use fairshare_params::srs::Srs;

use super::{Epoch, Ledger, Result, find_epoch, insert, read_policy, read_registration};
use crate::database::{Row, Transaction, Value};
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
    /// Nodes whose units were put on record.
    pub units: usize,
}

/// Units by round, as the task contract publishes them, for nodes whose log is registered or in the batch;
/// with the parameters under which they are committed to.
pub struct Units<'a> {
    /// The parameters.
    pub srs: &'a Srs,
    /// By node, from the policy's first round on.
    pub by_node: BTreeMap<Address, Vec<u32>>,
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
    /// Puts a batch on record in an open epoch, and units of nodes with it.
    pub fn register(
        &mut self,
        epoch: Option<u64>,
        batch: &Batch,
        units: Option<&Units<'_>>,
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
                check_new(transaction, &epoch, registration)?;
                registered.new += 1;
                rows.push(row(&epoch, registration));
            }
            insert(transaction, "registrations (epoch, role, contributor, digest, content)", rows)?;
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
        registration.role().name().into(),
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
        Some(row) if row.text(0)? == fairshare_formats::registration::to_json(registration) => Ok(true),
        Some(_) => Err(VaultError::RegisteredOtherwise {
            digest: *registration.digest(),
            epoch: epoch.number,
            owner: *registration.contributor(),
        }),
    }
}

/// Whether the policy would let it be proved: what could never be paid is refused here and not months later.
fn check_fits(policy: &Policy, registration: &Registration) -> Result<()> {
    let contributor = registration.contributor();
    context::check(policy, contributor, registration.role(), std::slice::from_ref(registration)).map_err(
        |source| VaultError::Unfit {
            contributor: *contributor,
            digest: *registration.digest(),
            source: Box::new(source),
        },
    )
}

fn check_new(transaction: &mut Transaction<'_>, epoch: &Epoch, registration: &Registration) -> Result<()> {
    let contributor = *registration.contributor();
    match registration.role() {
        Role::Data => {
            check_owner(transaction, registration)?;
            let sql = "SELECT id FROM bundles WHERE epoch = $1 AND contributor = $2 AND role = 'data'";
            let scored = transaction.query(sql, &[epoch.id.into(), (&contributor).into()])?;
            if !scored.is_empty() {
                return Err(VaultError::ScoredAlready { contributor });
            }
        }
        Role::Compute => {
            let sql =
                "SELECT digest FROM registrations WHERE epoch = $1 AND contributor = $2 AND role = 'compute'";
            let log = transaction.query_first(sql, &[epoch.id.into(), (&contributor).into()])?;
            if let Some(log) = log {
                return Err(VaultError::SecondLog { contributor, recorded: log.parsed(0)? });
            }
        }
    }
    Ok(())
}

/// A dataset takes part in later epochs under the registration it first had: nobody else may take its digest,
/// and its round, by which it is weighed, stays.
fn check_owner(transaction: &mut Transaction<'_>, registration: &Registration) -> Result<()> {
    let sql =
        "SELECT content, epochs.number FROM registrations JOIN epochs ON epochs.id = registrations.epoch
        WHERE digest = $1 AND role = 'data' ORDER BY registrations.id LIMIT 1";
    let Some(row) = transaction.query_first(sql, &[registration.digest().to_string().into()])? else {
        return Ok(());
    };
    if row.text(0)? == fairshare_formats::registration::to_json(registration) {
        return Ok(());
    }
    let owner = *read_registration(&row, 0)?.contributor();
    Err(VaultError::RegisteredOtherwise { digest: *registration.digest(), epoch: row.parsed(1)?, owner })
}

fn record_units(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
    units: &Units<'_>,
) -> Result<usize> {
    check_geometry(epoch, policy, units.srs)?;
    let mut rows = Vec::new();
    for (id, log) in logs(transaction, epoch)? {
        let Some(given) = units.by_node.get(&log.node) else { continue };
        match &log.units {
            Some(recorded) if recorded == given => continue,
            Some(_) => return Err(VaultError::UnitsOtherwise { contributor: log.node }),
            None => {}
        }
        epoch.needs(State::Open)?;
        if !opens(units.srs, policy, &log.commitment, given) {
            return Err(VaultError::Units { contributor: log.node });
        }
        let bytes: Vec<_> = given.iter().flat_map(|units| units.to_le_bytes()).collect();
        rows.push(vec![id.into(), bytes.into()]);
    }
    let recorded = rows.len();
    insert(transaction, "units (registration, content)", rows)?;
    Ok(recorded)
}

/// That the parameters are of the policy's geometry.
pub(super) fn check_geometry(epoch: &Epoch, policy: &Policy, srs: &Srs) -> Result<()> {
    let (parameters, policy) = (srs.geometry(), policy.geometry());
    if parameters != policy {
        return Err(VaultError::Geometry { epoch: epoch.number, parameters, policy });
    }
    Ok(())
}

/// Every node's log of an epoch, with the id of its registration.
pub(super) fn logs(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Vec<(i64, UnitLog)>> {
    let sql = "SELECT registrations.id, registrations.content, units.content,
            (SELECT count(*) FROM bundles WHERE bundles.epoch = registrations.epoch
             AND bundles.contributor = registrations.contributor AND bundles.role = 'compute')
        FROM registrations LEFT JOIN units ON units.registration = registrations.id
        WHERE registrations.epoch = $1 AND registrations.role = 'compute' ORDER BY registrations.id";
    let rows = transaction.query(sql, &[epoch.id.into()])?;
    rows.iter().map(read_log).collect()
}

fn read_log(row: &Row) -> Result<(i64, UnitLog)> {
    let registration = read_registration(row, 1)?;
    let Contribution::Compute { commitment, .. } = registration.contribution() else {
        return Err(crate::database::DatabaseError::Corrupt { what: "data registered as units" }.into());
    };
    let units = row.optional_bytes(2)?.map(decode_units);
    let log = UnitLog {
        node: *registration.contributor(),
        commitment: *commitment,
        units,
        proved: row.integer(3)? > 0,
    };
    Ok((row.integer(0)?, log))
}

/// Units as the ledger keeps them.
pub(super) fn decode_units(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|units| u32::from_le_bytes(*units)).collect()
}
