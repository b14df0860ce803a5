//! One way to speak to either database: SQLite in a file, or PostgreSQL by URL.
//!
//! Statements are written once, with `$1, $2, …` for parameters, in the part of SQL that both understand. A
//! write sees the ledger as it is and keeps every other writer out until it ends; a read sees one moment of
//! it. So no rule of the ledger has to be argued about under concurrency: whoever comes second finds what the
//! first one left.

use std::path::{Path, PathBuf};
use std::time::Duration;

mod error;
mod location;
mod migrations;
mod passfile;
mod postgres;
mod sqlite;
mod tls;
mod value;

pub use error::{DatabaseError, Failure, Source};
pub use location::{Location, Server};
pub use value::{Row, Value};

/// How long a writer waits for another one before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, DatabaseError>;

/// What the environment says by a name.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A connection to a ledger's database.
pub struct Database {
    location: Location,
    access: Access,
    backend: Backend,
}

enum Backend {
    Sqlite(rusqlite::Connection, PathBuf),
    Postgres(Box<::postgres::Client>, Server),
}

/// A transaction under way; what it did is undone unless it ends well.
pub struct Transaction<'a>(Begun<'a>);

/// With where it is, for its errors.
enum Begun<'a> {
    Sqlite(rusqlite::Transaction<'a>, &'a Path),
    Postgres(::postgres::Transaction<'a>, &'a Server),
}

/// What a database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To be read. Nothing is changed, and nothing left behind that a ledger's keeper would stumble over.
    Read,
    /// To be written; it has to be there.
    Write,
    /// To be written; it is made where there is none.
    Create,
}

impl Database {
    /// Opens the database at `location`, and brings its tables up to date unless it is to be read only.
    pub fn open(location: &Location, access: Access) -> Result<Self> {
        let backend = match location {
            Location::File(path) => {
                location::check_name(path)?;
                Backend::Sqlite(sqlite::open(path, access)?, path.clone())
            }
            Location::Server(server) => Backend::Postgres(Box::new(postgres::open(server)?), server.clone()),
        };
        let mut database = Self { location: location.clone(), access, backend };
        migrations::run(&mut database, access)?;
        Ok(database)
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Bytes that the database takes on its disk.
    pub fn size(&mut self) -> Result<u64> {
        let sql = match self.backend {
            Backend::Sqlite(..) => {
                "SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()"
            }
            Backend::Postgres(..) => "SELECT pg_database_size(current_database()) AS size",
        };
        let row = self.read(|transaction| transaction.query_one(sql, &[]))?;
        row.count("size")
    }

    /// Does `work` in one transaction, alone among writers: all of it is kept, or, on an error, nothing.
    pub fn write<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        if self.access == Access::Read {
            return Err(DatabaseError::OpenedToRead { place: self.location.to_string() }.into());
        }
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
        let mut transaction = self.begin_read()?;
        work(&mut transaction)
    }

    fn begin_write(&mut self) -> Result<Transaction<'_>> {
        Ok(Transaction(match &mut self.backend {
            Backend::Sqlite(connection, path) => Begun::Sqlite(
                sqlite::begin_write(connection).map_err(|error| DatabaseError::of_file(error, path))?,
                path,
            ),
            Backend::Postgres(client, server) => Begun::Postgres(
                postgres::begin_write(client).map_err(|error| DatabaseError::of_postgres(error, server))?,
                server,
            ),
        }))
    }

    fn begin_read(&mut self) -> Result<Transaction<'_>> {
        Ok(Transaction(match &mut self.backend {
            Backend::Sqlite(connection, path) => Begun::Sqlite(sqlite::begin_read(connection, path)?, path),
            Backend::Postgres(client, server) => Begun::Postgres(
                postgres::begin_read(client).map_err(|error| DatabaseError::of_postgres(error, server))?,
                server,
            ),
        }))
    }
}

impl Transaction<'_> {
    /// Runs a statement; returns how many rows it touched.
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        match &mut self.0 {
            Begun::Sqlite(transaction, path) => sqlite::execute(transaction, sql, parameters)
                .map_err(|error| DatabaseError::of_file(error, path)),
            Begun::Postgres(transaction, server) => postgres::execute(transaction, sql, parameters)
                .map_err(|error| DatabaseError::of_postgres(error, server)),
        }
    }

    /// All rows of a query. A column that is computed needs a name: `count(*) AS bundles`.
    pub fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
        match &mut self.0 {
            Begun::Sqlite(transaction, path) => sqlite::query(transaction, sql, parameters)
                .map_err(|error| DatabaseError::of_file(error, path)),
            Begun::Postgres(transaction, server) => postgres::query(transaction, sql, parameters)
                .map_err(|error| DatabaseError::of_postgres(error, server)),
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
        match &mut self.0 {
            Begun::Sqlite(transaction, path) => {
                transaction.execute_batch(sql).map_err(|error| DatabaseError::of_file(error, path))
            }
            Begun::Postgres(transaction, server) => {
                transaction.batch_execute(sql).map_err(|error| DatabaseError::of_postgres(error, server))
            }
        }
    }

    /// The file that it is on, unless it is on a server.
    fn file(&self) -> Option<&Path> {
        match &self.0 {
            Begun::Sqlite(_, path) => Some(path),
            Begun::Postgres(..) => None,
        }
    }

    fn commit(self) -> Result<()> {
        match self.0 {
            Begun::Sqlite(transaction, path) => {
                transaction.commit().map_err(|error| DatabaseError::of_file(error, path))
            }
            Begun::Postgres(transaction, server) => {
                transaction.commit().map_err(|error| DatabaseError::of_postgres(error, server))
            }
        }
    }
}
