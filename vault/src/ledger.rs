//! The ledger of one vault and subnet: epochs, what was registered and proved in them, what was paid.
//!
//! An epoch is **open** while contributions are registered and bundles submitted, **closed** once nothing is
//! added any more, **settled** once everybody's amount is fixed, **paid out** once everybody
//! has claimed it. Each method is one transaction, alone among writers; doing it again changes nothing and
//! says so.

use std::collections::BTreeMap;

use fairshare_audit::settlement::Carry;
use fairshare_audit::snapshot::State;
use fairshare_formats::policy::PolicySource;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::units::Units;

use crate::database::{Access, Database, DatabaseError, Location, Row, Transaction, Value};
use crate::error::VaultError;

mod claim;
mod close;
mod export;
mod open;
mod register;
mod settle;
mod status;
mod submit;

pub use claim::{Claimed, Payment};
pub use close::{Closed, Unproved};
pub use open::Opened;
pub use register::{Batch, Registered};
pub use settle::Settled;
pub use status::{EpochStatus, Status};
pub use submit::{Recorded, Submission, Submitted, Verdict};

type Result<T> = std::result::Result<T, VaultError>;

/// A vault's ledger.
pub struct Ledger {
    database: Database,
}

/// An epoch on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    id: i64,
    /// Its number, from the policy.
    pub number: u64,
    /// The rules hash.
    pub rules_hash: Digest,
    /// The hash of its policy as written.
    source: Digest,
    /// Where it stands.
    pub state: State,
    /// What the epoch before left it.
    pub brought: Carry,
    /// What it leaves to the next one, once settled.
    pub left: Option<Carry>,
    /// The root of its claims, once settled, unless nobody has ever earned anything.
    pub root: Option<Digest>,
}

const EPOCH: &str = "SELECT id, number, rules_hash, source, state, compute_brought, data_brought, \
    compute_left, data_left, root FROM epochs";

impl Epoch {
    fn read(row: &Row) -> Result<Self> {
        let left = match (row.optional_text("compute_left")?, row.optional_text("data_left")?) {
            (Some(_), Some(_)) => {
                Some(Carry { compute: row.parsed("compute_left")?, data: row.parsed("data_left")? })
            }
            _ => None,
        };
        Ok(Self {
            id: row.integer("id")?,
            number: row.parsed("number")?,
            rules_hash: row.parsed("rules_hash")?,
            source: row.parsed("source")?,
            state: row.parsed("state")?,
            brought: Carry { compute: row.parsed("compute_brought")?, data: row.parsed("data_brought")? },
            left,
            root: row.optional_text("root")?.is_some().then(|| row.parsed("root")).transpose()?,
        })
    }

    fn needs(&self, needed: State) -> Result<()> {
        if self.state == needed {
            return Ok(());
        }
        Err(VaultError::State { epoch: self.number, state: self.state, needed })
    }
}

impl Ledger {
    /// Opens the ledger at `location`, which has to be there.
    pub fn open(location: &Location) -> Result<Self> {
        Ok(Self { database: Database::open(location, Access::Write)? })
    }

    /// Opens the ledger at `location`; makes an empty one where there is none.
    pub fn open_or_create(location: &Location) -> Result<Self> {
        Ok(Self { database: Database::open(location, Access::Create)? })
    }

    /// Where the ledger is kept.
    pub fn location(&self) -> &Location {
        self.database.location()
    }

    /// Bytes that the database takes.
    pub fn size(&mut self) -> Result<u64> {
        Ok(self.database.size()?)
    }

    /// The epoch of this number, or the latest one, with its policy.
    pub fn epoch(&mut self, number: Option<u64>) -> Result<(Epoch, Policy)> {
        self.database.read(|transaction| {
            let epoch = find_epoch(transaction, number)?;
            let policy = read_policy(transaction, &epoch)?;
            Ok((epoch, policy))
        })
    }

    /// The nodes' units of an epoch, if they are on record.
    pub fn units(&mut self, number: Option<u64>) -> Result<Option<Units>> {
        self.database.read(|transaction| {
            let epoch = find_epoch(transaction, number)?;
            let policy = read_policy(transaction, &epoch)?;
            register::read_units(transaction, &epoch, &policy)
        })
    }
}

/// The epoch of this number, or the latest one, on record.
fn find_epoch(transaction: &mut Transaction<'_>, number: Option<u64>) -> Result<Epoch> {
    match number {
        Some(epoch) => {
            let sql = format!("{EPOCH} WHERE number = $1");
            let row = transaction.query_first(&sql, &[epoch.to_string().into()])?;
            Epoch::read(&row.ok_or(VaultError::UnknownEpoch { epoch })?)
        }
        None => latest_epoch(transaction)?.ok_or(VaultError::NoEpoch),
    }
}

fn latest_epoch(transaction: &mut Transaction<'_>) -> Result<Option<Epoch>> {
    let row = transaction.query_first(&format!("{EPOCH} ORDER BY id DESC LIMIT 1"), &[])?;
    row.as_ref().map(Epoch::read).transpose()
}

fn all_epochs(transaction: &mut Transaction<'_>) -> Result<Vec<Epoch>> {
    transaction.query(&format!("{EPOCH} ORDER BY id"), &[])?.iter().map(Epoch::read).collect()
}

fn read_source(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<PolicySource> {
    let rows =
        transaction.query("SELECT name, content FROM policy_files WHERE epoch = $1", &[epoch.id.into()])?;
    let mut files = BTreeMap::new();
    for row in &rows {
        files.insert(row.text("name")?.to_owned(), row.bytes("content")?.to_vec());
    }
    let text = files.remove(POLICY_FILE).and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or(DatabaseError::Corrupt { what: "an epoch without a policy" })?;
    Ok(PolicySource { text, files })
}

/// The policy's own name among its files.
const POLICY_FILE: &str = "";

/// The epoch's policy, which is still the one that it was opened with.
fn read_policy(transaction: &mut Transaction<'_>, epoch: &Epoch) -> Result<Policy> {
    let source = read_source(transaction, epoch)?;
    let found = source.hash();
    if found != epoch.source {
        return Err(VaultError::PolicyChanged { epoch: epoch.number, found, expected: epoch.source });
    }
    source.policy().map_err(|source| VaultError::Policy { epoch: epoch.number, source: Box::new(source) })
}

fn read_registration(row: &Row) -> Result<Registration> {
    fairshare_formats::registration::from_json(row.text("content")?.as_bytes())
        .map_err(VaultError::Registration)
}

/// What each contributor has earned in all, up to and including the epoch: the latest payout of each.
fn cumulative(transaction: &mut Transaction<'_>, epoch: i64) -> Result<BTreeMap<Address, u128>> {
    let sql = "SELECT contributor, cumulative FROM payouts AS latest WHERE epoch =
        (SELECT max(epoch) FROM payouts WHERE contributor = latest.contributor AND epoch <= $1)";
    let rows = transaction.query(sql, &[epoch.into()])?;
    rows.iter().map(|row| Ok((row.address("contributor")?, row.parsed("cumulative")?))).collect()
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
