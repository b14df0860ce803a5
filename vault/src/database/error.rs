//! What can go wrong between a ledger and its database.

use std::error::Error as _;
use std::path::PathBuf;

/// Why the database could not do what was asked; nothing of the transaction was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// No database in this file.
    #[error("there is no ledger at {}; begin one with `fairshare vault init`", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// A database without the ledger's tables.
    #[error("the database holds no ledger yet; begin one with `fairshare vault init`")]
    NoLedger,
    /// A file that is something else.
    #[error("{} is not an SQLite database; name another file", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// Tables of a later version.
    #[error(
        "the ledger's tables have version {found}, and this program knows {known}; use a newer `fairshare`"
    )]
    Newer {
        /// The tables' version.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// Another writer held the ledger too long.
    #[error("another command has been writing to the ledger for a minute; try again when it is done")]
    Busy(#[source] Source),
    /// No space left.
    #[error(
        "no space is left where the ledger is kept; nothing was changed; make room and run the command again"
    )]
    Full(#[source] Source),
    /// The database cannot be reached.
    #[error(
        "the ledger's database cannot be reached; nothing is lost: see that it runs, then run the command \
         again"
    )]
    Unreachable(#[source] Source),
    /// The URL is not a connection string.
    #[error("the ledger's URL is not a PostgreSQL connection string")]
    Url(#[source] Source),
    /// A row that the ledger's rules forbid.
    #[error("the database refused a change that would break the ledger's rules; nothing was changed")]
    Constraint(#[source] Source),
    /// A row that this program cannot have written.
    #[error(
        "the ledger holds what this program never writes: {what}; restore it from a backup or an archive"
    )]
    Corrupt {
        /// What was found.
        what: &'static str,
    },
    /// Anything else.
    #[error("the ledger's database failed")]
    Other(#[source] Source),
}

/// The database library's own error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error.into()),
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(error.into()),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly) => {
                Self::Unreachable(error.into())
            }
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Corrupt { what: "pages that are not an SQLite database's" }
            }
            _ => Self::Other(error.into()),
        }
    }
}

impl From<::postgres::Error> for DatabaseError {
    fn from(error: ::postgres::Error) -> Self {
        use ::postgres::error::SqlState;
        let Some(state) = error.code() else {
            // Without an answer of the server, the connection is what failed; or an answer could not be
            // understood.
            let connection =
                error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>());
            return if connection { Self::Unreachable(error.into()) } else { Self::Other(error.into()) };
        };
        match *state {
            SqlState::LOCK_NOT_AVAILABLE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::T_R_SERIALIZATION_FAILURE => Self::Busy(error.into()),
            SqlState::DISK_FULL => Self::Full(error.into()),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::INVALID_CATALOG_NAME
            | SqlState::INVALID_PASSWORD
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            | SqlState::TOO_MANY_CONNECTIONS => Self::Unreachable(error.into()),
            _ if state.code().starts_with("23") || state.code() == "P0001" => Self::Constraint(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}
