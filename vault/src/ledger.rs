//! The ledger of one vault: who registered what and when, what was proved, what is paid. It answers for its
//! word: it is a chain of entries, none of which is ever changed (PROTOCOL section 9).
//!
//! What may follow what is for [`fairshare_audit::registry`] to say, so that an audit holds an archive to
//! the very rules that the ledger was held to. Each method is one transaction, alone among writers; doing
//! it again changes nothing and says so. The time of an entry is the caller's, and never before that of the
//! entry before it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use fairshare_audit::claims::{ClaimTree, Distribution};
use fairshare_audit::registry::{At, Dataset, Identity, Refusal, Span, Stage, State, Timeline};
use fairshare_formats::ledger::{Event, Files, Settled};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::rules;
use fairshare_params::units::Units;

use crate::database::{Access, Database, DatabaseError, Location, Row, Transaction, Value};
use crate::error::VaultError;

mod beside;
mod chain;
mod close;
mod export;
mod follow;
mod mirror;
mod open;
mod pay;
mod register;
mod rounds;
mod settle;
mod status;
mod strike;
mod submit;

pub use beside::Beside;
pub use close::{Closed, Forfeit, Nothing};
pub use follow::Followed;
pub use mirror::{Batch, ChainEvent, ChainRegistration, Cursor, Happened, Mirrored};
pub use open::Opened;
pub use pay::{Confirmation, History, Listed, Misfit, Origin, Sent, Unknown};
pub use register::{Registered, Taken, UnitsTaken};
pub use rounds::{Reached, To};
pub use settle::Settlement;
pub use status::{EpochStatus, Status};
pub use strike::{Struck, Target};
pub use submit::{Recorded, Submission, Submitted, Verdict};

type Result<T> = std::result::Result<T, VaultError>;

/// A vault's ledger.
pub struct Ledger {
    database: Database,
}

/// An epoch on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Its number.
    pub number: u64,
    /// The rules hash.
    pub rules_hash: Digest,
    /// Where it stands.
    pub state: State,
    /// Its steps.
    pub stage: Stage,
}

impl Ledger {
    /// Opens the ledger at `location`, which has to be there.
    pub fn open(location: &Location, access: Access) -> Result<Self> {
        Ok(Self { database: Database::open(location, access)? })
    }

    /// Where the ledger is kept.
    pub fn location(&self) -> &Location {
        self.database.location()
    }

    /// Bytes that the database takes.
    pub fn size(&mut self) -> Result<u64> {
        Ok(self.database.size()?)
    }

    /// Whose ledger it is.
    pub fn identity(&mut self) -> Result<Identity> {
        self.database.read(identity)?.ok_or(VaultError::Refused(Refusal::NoEpoch))
    }

    /// The epoch of this number, or the first that is not settled (the last one where all are), with its
    /// policy.
    pub fn epoch(&mut self, number: Option<u64>) -> Result<(Epoch, Policy)> {
        self.database.read(|transaction| {
            let epoch = find_epoch(transaction, number)?;
            let policy = read_policy(transaction, &epoch)?;
            Ok((epoch, policy))
        })
    }

    /// The epoch of this number, or the one whose proofs are taken (the one of [`Self::epoch`] where none
    /// are), with its policy.
    pub fn proving_epoch(&mut self, number: Option<u64>) -> Result<(Epoch, Policy)> {
        self.database.read(|transaction| {
            let epoch = find_proving(transaction, number)?;
            let policy = read_policy(transaction, &epoch)?;
            Ok((epoch, policy))
        })
    }

    /// The epoch whose rounds go on, or were over last, with its policy.
    pub fn begun_epoch(&mut self) -> Result<(Epoch, Policy)> {
        self.database.read(|transaction| {
            let timeline = timeline(transaction)?;
            let stage = timeline.stages().iter().rfind(|stage| timeline.has_begun(stage));
            let stage = stage.ok_or(Refusal::NoRound)?;
            let epoch = epoch_of(transaction, &timeline, stage)?;
            let policy = read_policy(transaction, &epoch)?;
            Ok((epoch, policy))
        })
    }

    /// The nodes' units of an epoch, if they are on record.
    pub fn units(&mut self, number: Option<u64>) -> Result<Option<Units>> {
        self.database.read(|transaction| {
            let epoch = find_epoch(transaction, number)?;
            let policy = read_policy(transaction, &epoch)?;
            read_units(transaction, &epoch, &policy)
        })
    }
}

fn identity(transaction: &mut Transaction<'_>) -> Result<Option<Identity>> {
    let sql = "SELECT chain_id, vault, registry, subnet, settlement FROM ledger
        UNION ALL SELECT chain_id, vault, registry, subnet, 'contract' AS settlement FROM followed";
    let Some(row) = transaction.query_first(sql, &[])? else { return Ok(None) };
    let settlement = row.text("settlement")?;
    let settlement = rules::Settlement::ALL.into_iter().find(|known| known.name() == settlement);
    Ok(Some(Identity {
        chain_id: row.parsed("chain_id")?,
        vault: row.address("vault")?,
        registry: row.address("registry")?,
        subnet: row.text("subnet")?.to_owned(),
        settlement: settlement.ok_or(DatabaseError::Corrupt { what: "an unknown way to settle" })?,
    }))
}

/// Whose ledger it is, if an operator keeps it: one that follows a chain says what happened there.
fn operated(transaction: &mut Transaction<'_>) -> Result<Identity> {
    let identity = identity(transaction)?.ok_or(Refusal::NoEpoch)?;
    let follows = identity.settlement == rules::Settlement::Contract;
    if follows { Err(VaultError::FollowsChain) } else { Ok(identity) }
}

/// Epochs and rounds as they are on record.
fn timeline(transaction: &mut Transaction<'_>) -> Result<Timeline> {
    let mut stages: BTreeMap<u64, Stage> = BTreeMap::new();
    for row in &transaction.query("SELECT * FROM spans ORDER BY entry", &[])? {
        let span = Span {
            epoch: row.parsed("epoch")?,
            first: row.parsed("first_round")?,
            last: row.parsed("last_round")?,
            ends_by: row.parsed("ends_by")?,
            proving_seconds: row.parsed("proving_seconds")?,
            pool: row.parsed("pool")?,
        };
        let rules = row.count("entry")?;
        stages.insert(span.epoch, Stage::new(span, rules));
    }
    let sql = "SELECT content FROM entries WHERE kind = 'rounds' ORDER BY id DESC LIMIT 1";
    let round = match transaction.query_first(sql, &[])?.map(|row| event(&row)).transpose()? {
        Some(Event::Rounds { last, .. }) => Some(last),
        _ => None,
    };
    let mut timeline = Timeline::new(stages.into_values().collect(), round);
    let sql = "SELECT id, time, content FROM entries
        WHERE kind IN ('units', 'ended', 'funded', 'closed', 'settled') ORDER BY id";
    for row in &transaction.query(sql, &[])? {
        timeline.apply(At { index: row.count("id")?, time: row.parsed("time")? }, &event(row)?);
    }
    Ok(timeline)
}

/// What an entry says. There is one way to write it: what reads otherwise to the database was not written by
/// this program.
fn event(row: &Row) -> Result<Event> {
    let (content, corrupt) = (row.text("content")?, DatabaseError::Corrupt { what: "an entry that is none" });
    match serde_json::from_str::<Event>(content) {
        Ok(event) if serde_json::to_string(&event).is_ok_and(|text| text == content) => Ok(event),
        _ => Err(corrupt.into()),
    }
}

/// The epoch of this number, or the one that is being worked on.
fn find_epoch(transaction: &mut Transaction<'_>, number: Option<u64>) -> Result<Epoch> {
    let timeline = timeline(transaction)?;
    let stage = match number {
        Some(number) => timeline.stage(number)?,
        None => match current(&timeline) {
            Some(stage) => stage,
            None => return Err(no_epoch(transaction)?),
        },
    };
    epoch_of(transaction, &timeline, stage)
}

/// What is told where there is no epoch.
fn no_epoch(transaction: &mut Transaction<'_>) -> Result<VaultError> {
    let identity = identity(transaction)?;
    let follows = identity.is_some_and(|identity| identity.settlement == rules::Settlement::Contract);
    Ok(if follows { VaultError::NoneBegan } else { Refusal::NoEpoch.into() })
}

/// The same of a command that takes proofs: the first that is over and not closed, so that one that waits to
/// be settled is in nobody's way.
fn find_proving(transaction: &mut Transaction<'_>, number: Option<u64>) -> Result<Epoch> {
    let timeline = timeline(transaction)?;
    let is_proving = |stage: &&Stage| stage.ended.is_some() && stage.closed.is_none();
    let proving = timeline.stages().iter().find(is_proving).map(|stage| stage.span.epoch);
    find_epoch(transaction, number.or(proving))
}

/// The epoch that a command without a number means: the first that is not settled, or the last one.
fn current(timeline: &Timeline) -> Option<&Stage> {
    let stages = timeline.stages();
    stages.iter().find(|stage| stage.settled.is_none()).or(stages.last())
}

fn epoch_of(transaction: &mut Transaction<'_>, timeline: &Timeline, stage: &Stage) -> Result<Epoch> {
    let row = transaction.query_one("SELECT rules_hash FROM spans WHERE entry = $1", &[id(stage.rules)?])?;
    let (number, rules_hash) = (stage.span.epoch, row.parsed("rules_hash")?);
    Ok(Epoch { number, rules_hash, state: timeline.state(stage), stage: *stage })
}

/// An entry's place as the database has it.
fn id(index: u64) -> Result<Value> {
    Ok(i64::try_from(index).map_err(|_| VaultError::Number)?.into())
}

/// The files of an entry.
fn read_files(transaction: &mut Transaction<'_>, index: u64) -> Result<Files> {
    let rows = transaction.query("SELECT name, content FROM files WHERE entry = $1", &[id(index)?])?;
    let file = |row: &Row| Ok((row.text("name")?.to_owned(), row.bytes("content")?.to_vec()));
    Ok(Files::from_map(rows.iter().map(file).collect::<Result<_>>()?))
}

fn read_source(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<PolicySource> {
    let source = read_files(transaction, epoch.stage.rules)?.policy();
    Ok(source.map_err(|_| DatabaseError::Corrupt { what: "an epoch without a policy" })?)
}

/// The epoch's policy, which is still the one that stands in its entry.
fn read_policy(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Policy> {
    let source = read_source(transaction, epoch)?;
    let sql = "SELECT content FROM entries WHERE id = $1";
    let recorded = event(&transaction.query_one(sql, &[id(epoch.stage.rules)?])?)?.file();
    let found = source.hash();
    if recorded != Some(found) {
        return Err(VaultError::PolicyChanged { epoch: epoch.number });
    }
    source.policy().map_err(|source| VaultError::Policy { epoch: epoch.number, source: Box::new(source) })
}

/// The nodes' units on record, if they are.
fn read_units(transaction: &mut Transaction<'_>, epoch: &Epoch, policy: &Policy) -> Result<Option<Units>> {
    let Some(index) = epoch.stage.units else { return Ok(None) };
    let files = read_files(transaction, index)?;
    let units = from_csv(files.single(), Rounds::of(policy));
    let corrupt = DatabaseError::Corrupt { what: "units that are no record of the epoch" };
    Ok(Some(units.map_err(|_| corrupt)?))
}

const DATASETS: &str = "SELECT datasets.entry AS entry, datasets.digest AS digest, root, contributor, round,
    geometry, schema_hash, records, strikes.entry AS struck
    FROM datasets LEFT JOIN strikes ON strikes.digest = datasets.digest";

fn dataset(row: &Row) -> Result<Dataset> {
    let corrupt = || DatabaseError::Corrupt { what: "a dataset that is none" };
    let geometry = Geometry::from_name(row.text("geometry")?).ok_or_else(corrupt)?;
    let records = u32::try_from(row.count("records")?).map_err(|_| corrupt())?;
    let (schema, digest) = (row.parsed("schema_hash")?, row.parsed("digest")?);
    let registration = Registration::new(row.address("contributor")?, geometry, schema, records, digest);
    Ok(Dataset {
        index: row.count("entry")?,
        round: row.parsed("round")?,
        registration: registration.map_err(|_| corrupt())?,
        root: row.optional_text("root")?.is_some().then(|| row.parsed("root")).transpose()?,
        struck: match row.value("struck")? {
            Value::Null => None,
            _ => Some(row.count("struck")?),
        },
    })
}

/// All datasets of a contributor, in order of registration.
fn datasets_of(transaction: &mut Transaction<'_>, contributor: &Address) -> Result<Vec<Dataset>> {
    let sql = format!("{DATASETS} WHERE contributor = $1 ORDER BY datasets.entry");
    transaction.query(&sql, &[contributor.into()])?.iter().map(dataset).collect()
}

/// The bundle that counts for a contributor and role.
struct Best {
    entry: u64,
    contributor: Address,
    role: fairshare_params::role::Role,
    score: u64,
    /// Of data: its records, and the latest round of what it covers.
    data: Option<(NonZeroU32, u64)>,
}

fn best(row: &Row) -> Result<Best> {
    let corrupt = || DatabaseError::Corrupt { what: "a bundle that is none" };
    let role = fairshare_params::role::Role::from_name(row.text("role")?).ok_or_else(corrupt)?;
    let data = match row.value("records")? {
        Value::Null => None,
        _ => {
            let records = u32::try_from(row.count("records")?).ok().and_then(NonZeroU32::new);
            Some((records.ok_or_else(corrupt)?, row.parsed("latest")?))
        }
    };
    let (contributor, score) = (row.address("contributor")?, row.parsed("score")?);
    Ok(Best { entry: row.count("entry")?, contributor, role, score, data })
}

/// The bundles of an epoch that count.
fn best_bundles(transaction: &mut Transaction<'_>, epoch: u64) -> Result<Vec<Best>> {
    let sql = "SELECT entry, role, contributor, score, records, latest FROM bundles WHERE entry IN
        (SELECT max(entry) FROM bundles WHERE epoch = $1 GROUP BY role, contributor) ORDER BY entry";
    transaction.query(sql, &[epoch.to_string().into()])?.iter().map(best).collect()
}

/// What each contributor has earned in all, up to and including the entry: the latest of each.
fn cumulative(transaction: &mut Transaction<'_>, entry: u64) -> Result<BTreeMap<Address, u128>> {
    let sql = "SELECT contributor, cumulative FROM earnings AS latest WHERE entry =
        (SELECT max(entry) FROM earnings WHERE contributor = latest.contributor AND entry <= $1)";
    let rows = transaction.query(sql, &[id(entry)?])?;
    rows.iter().map(|row| Ok((row.address("contributor")?, row.parsed("cumulative")?))).collect()
}

/// What each has earned in all, as the last settlement up to an entry fixed it: whatever stands beside the
/// entries, nobody is paid anything else.
fn earned_by(
    transaction: &mut Transaction<'_>,
    identity: &Identity,
    epoch: u64,
) -> Result<BTreeMap<Address, u128>> {
    let (entry, settled) = settled_entry(transaction, epoch)?.ok_or(VaultError::Unsettled { epoch })?;
    let earned = cumulative(transaction, entry)?;
    let Identity { chain_id, vault, .. } = *identity;
    let rules_hash = find_epoch(transaction, Some(epoch))?.rules_hash;
    let tree = ClaimTree::of_earned(Distribution { chain_id, vault, epoch, rules_hash }, &earned);
    let is_fixed = tree.map(|tree| tree.root()) == settled.root;
    if is_fixed { Ok(earned) } else { Err(VaultError::EarnedOtherwise { epoch }) }
}

/// The entry that settled an epoch, and what it fixed.
fn settled_entry(transaction: &mut Transaction<'_>, epoch: u64) -> Result<Option<(u64, Settled)>> {
    let sql = "SELECT id, content FROM entries WHERE kind = 'settled' AND epoch = $1";
    let row = transaction.query_first(sql, &[epoch.to_string().into()])?;
    let Some(row) = row else { return Ok(None) };
    match event(&row)? {
        Event::Settled(settled) => Ok(Some((row.count("id")?, settled))),
        _ => Err(DatabaseError::Corrupt { what: "a settlement that is none" }.into()),
    }
}

/// Nodes that were struck in an epoch.
fn struck_nodes(transaction: &mut Transaction<'_>, epoch: u64) -> Result<BTreeSet<Address>> {
    let sql = "SELECT node FROM strikes WHERE epoch = $1";
    let rows = transaction.query(sql, &[epoch.to_string().into()])?;
    rows.iter().map(|row| Ok(row.address("node")?)).collect()
}

/// Inserts rows many at a time: a server is asked once for hundreds of them.
fn insert(transaction: &mut Transaction<'_>, into: &str, rows: Vec<Vec<Value>>) -> Result<()> {
    const ROWS: usize = 500;
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.peek() {
        let width = first.len();
        let chunk: Vec<_> = rows.by_ref().take(ROWS).collect();
        let row = |index: usize| {
            let placeholders: Vec<_> =
                (1..=width).map(|column| format!("${}", index * width + column)).collect();
            format!("({})", placeholders.join(", "))
        };
        let tuples: Vec<_> = (0..chunk.len()).map(row).collect();
        let sql = format!("INSERT INTO {into} VALUES {}", tuples.join(", "));
        transaction.execute(&sql, &chunk.into_iter().flatten().collect::<Vec<_>>())?;
    }
    Ok(())
}
