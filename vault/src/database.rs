//! One way to speak to either database: SQLite in a file, or PostgreSQL by URL.
//!
//! Statements are written once, with `$1, $2, …` for parameters, in the part of SQL that both understand. A
//! write sees the ledger as it is and keeps every other writer out until it ends; a read sees one moment of
//! it. So no rule of the ledger has to be argued about under concurrency: whoever comes second finds what the
//! first one left.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

mod error;
mod migrations;
mod postgres;
mod sqlite;
mod value;

pub use error::DatabaseError;
pub use value::{Row, Value};

/// How long a writer waits for another one before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, DatabaseError>;

/// Where a ledger is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An SQLite database in this file.
    File(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host/database`, or with a Unix socket's folder as
    /// host.
    Server(String),
}

impl FromStr for Location {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        Ok(if is_url { Self::Server(text.to_owned()) } else { Self::File(PathBuf::from(text)) })
    }
}

/// Without the password that a URL may hold.
impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

/// A connection to a ledger's database.
pub struct Database {
    location: Location,
    backend: Backend,
}

enum Backend {
    Sqlite(rusqlite::Connection),
    Postgres(Box<::postgres::Client>),
}

/// A transaction under way; what it did is undone unless it ends well.
pub enum Transaction<'a> {
    /// Of SQLite.
    Sqlite(rusqlite::Transaction<'a>),
    /// Of PostgreSQL.
    Postgres(::postgres::Transaction<'a>),
}

/// Whether a database that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make it.
    Create,
    /// Refuse.
    Refuse,
}

impl Database {
    /// Opens the database at `location` and brings its tables up to date.
    pub fn open(location: &Location, missing: Missing) -> Result<Self> {
        let backend = match location {
            Location::File(path) => Backend::Sqlite(sqlite::open(path, missing)?),
            Location::Server(url) => Backend::Postgres(Box::new(postgres::open(url)?)),
        };
        let mut database = Self { location: location.clone(), backend };
        migrations::run(&mut database, missing)?;
        Ok(database)
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Bytes that the database takes on its disk.
    pub fn size(&mut self) -> Result<u64> {
        let sql = match self.backend {
            Backend::Sqlite(_) => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            Backend::Postgres(_) => "SELECT pg_database_size(current_database())",
        };
        let row = self.read(|transaction| transaction.query_one(sql, &[]))?;
        row.count(0)
    }

    /// Does `work` in one transaction, alone among writers: all of it is kept, or, on an error, nothing.
    pub fn write<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut transaction = self.begin_write()?;
        let done = work(&mut transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Does `work` on one unchanging view of the ledger.
    pub fn read<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut transaction = match &mut self.backend {
            Backend::Sqlite(connection) => Transaction::Sqlite(sqlite::begin_read(connection)?),
            Backend::Postgres(client) => Transaction::Postgres(postgres::begin_read(client)?),
        };
        work(&mut transaction)
    }

    fn begin_write(&mut self) -> Result<Transaction<'_>> {
        Ok(match &mut self.backend {
            Backend::Sqlite(connection) => Transaction::Sqlite(sqlite::begin_write(connection)?),
            Backend::Postgres(client) => Transaction::Postgres(postgres::begin_write(client)?),
        })
    }
}

impl Transaction<'_> {
    /// Runs a statement; returns how many rows it touched.
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        match self {
            Self::Sqlite(transaction) => sqlite::execute(transaction, sql, parameters),
            Self::Postgres(transaction) => postgres::execute(transaction, sql, parameters),
        }
    }

    /// All rows of a query.
    pub fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(transaction) => sqlite::query(transaction, sql, parameters),
            Self::Postgres(transaction) => postgres::query(transaction, sql, parameters),
        }
    }

    /// The first row, if there is one.
    pub fn query_first(&mut self, sql: &str, parameters: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }

    /// The row of a query that always has one.
    pub fn query_one(&mut self, sql: &str, parameters: &[Value]) -> Result<Row> {
        self.query_first(sql, parameters)?
            .ok_or(DatabaseError::Corrupt { what: "a query that always answers did not" })
    }

    /// Several statements without parameters.
    fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.execute_batch(sql).map_err(Into::into),
            Self::Postgres(transaction) => transaction.batch_execute(sql).map_err(Into::into),
        }
    }

    fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().map_err(Into::into),
            Self::Postgres(transaction) => transaction.commit().map_err(Into::into),
        }
    }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => authority.to_owned(),
    };
    // A password may also stand among the parameters.
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    format!("{scheme}://{shown}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_its_password_is_not_shown() {
        let location: Location =
            "postgres://vault:s3cret@db.example:5432/fairshare?sslmode=disable".parse().unwrap();
        assert!(matches!(location, Location::Server(_)));
        assert_eq!(location.to_string(), "postgres://vault@db.example:5432/fairshare");
        let location: Location = "postgresql:///fairshare?user=a&password=s3cret".parse().unwrap();
        assert_eq!(location.to_string(), "postgresql:///fairshare");
        let location: Location = "vault.ledger".parse().unwrap();
        assert_eq!(location, Location::File("vault.ledger".into()));
    }
}
