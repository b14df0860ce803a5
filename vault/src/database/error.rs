//! What can go wrong between a ledger and its database.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

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
    /// No folder to put a new file in.
    #[error("there is no folder {} to keep the ledger in; make it, or name another one", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A folder in the file's place.
    #[error("{} is a folder, and a ledger is a file; name one in it", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A name that SQLite takes for something else.
    #[error("`{name}` is not a file's name: a ledger has to be kept; name a file, or a PostgreSQL URL")]
    Name {
        /// The name.
        name: String,
    },
    /// A database without the ledger's tables.
    #[error("the database {place} holds no ledger yet; begin one with `fairshare vault init`")]
    NoLedger {
        /// The database.
        place: String,
    },
    /// A file that is something else.
    #[error("{} is not an SQLite database; name another file", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A database of something else.
    #[error(
        "{place} has tables of another program; name a file that is not there yet, or on a server a schema \
         of the ledger's own (`options=-c%20search_path%3DSCHEMA`)"
    )]
    OtherProgram {
        /// The database.
        place: String,
    },
    /// A transaction half done, which only somebody who may write can undo.
    #[error(
        "{} is not at rest: the command that wrote there last was killed half-way, or another program keeps \
         a log beside it. You may not put that in order; run any `vault` command as the user who keeps the \
         ledger, which does: nothing recorded is lost",
        path.display()
    )]
    Unfinished {
        /// The file.
        path: PathBuf,
    },
    /// Tables of an earlier version.
    #[error(
        "the tables of the ledger {place} have version {found}, and this program reads version {known}; run \
         a command that writes, such as `fairshare vault init` with the policy of its epoch, which brings \
         them up to date"
    )]
    Older {
        /// The database.
        place: String,
        /// The tables' version.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// Tables of a later version.
    #[error(
        "the tables of the ledger {place} have version {found}, and this program knows {known}; use a newer \
         `fairshare`"
    )]
    Newer {
        /// The database.
        place: String,
        /// The tables' version.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// A ledger opened to be read cannot be written.
    #[error("the ledger {place} was opened to be read, and not to be written; please report this")]
    OpenedToRead {
        /// The database.
        place: String,
    },
    /// Another writer held the ledger too long.
    #[error(
        "another command has been at work on the ledger {} for a minute; try again when it is done",
        .0.place
    )]
    Busy(#[source] Failure),
    /// No space left.
    #[error(
        "no space is left where the ledger {} is kept; nothing was changed; make room and run the command \
         again",
        .0.place
    )]
    Full(#[source] Failure),
    /// The user may not.
    #[error(
        "this user may not do that to the ledger {}; run the command as the user who keeps it (who writes to \
         a file makes others in its folder), or have the server's user granted the right",
        .0.place
    )]
    Denied(#[source] Failure),
    /// The disk fails.
    #[error(
        "the ledger {} could not be read or written; see to its disk, then run the command again",
        .0.place
    )]
    Disk(#[source] Failure),
    /// Pages that SQLite cannot have written.
    #[error("the file of the ledger {} is damaged; restore it from a backup or an archive", .0.place)]
    Damaged(#[source] Failure),
    /// The database cannot be reached.
    #[error(
        "the ledger's database {} cannot be reached; nothing is lost: see that it runs, then run the command \
         again",
        .0.place
    )]
    Unreachable(#[source] Failure),
    /// The server does not let the user in.
    #[error(
        "the server of {} does not let this user in; give the user in the URL and the password there, in \
         PGPASSWORD or in ~/.pgpass, and see to the server's pg_hba.conf",
        .0.place
    )]
    Login(#[source] Failure),
    /// The server has no such database.
    #[error("the server has no database {}; make it with `createdb`, then `fairshare vault init`", .0.place)]
    NoDatabase(#[source] Failure),
    /// The server takes no writes.
    #[error("the server of {} takes no writes: it is a standby or set read-only; name the primary", .0.place)]
    Standby(#[source] Failure),
    /// TLS is asked for, and the server has none.
    #[error(
        "the server of {} has no TLS, which `sslmode` asks for; switch `ssl` on there, or give \
         sslmode=disable where nobody can listen in between",
        .0.place
    )]
    Plaintext(#[source] Failure),
    /// A certificate that no trusted authority has signed.
    #[error(
        "the certificate of {} is not one that is trusted here; name the authority that signed it with \
         sslrootcert=FILE, or have the server's certificate renewed",
        .0.place
    )]
    Untrusted(#[source] Failure),
    /// A certificate for another host.
    #[error(
        "the certificate of {} is for another host (its subjectAltName counts, not its CN); give the name \
         that is in it, or have the server get one for this host",
        .0.place
    )]
    OtherHost(#[source] Failure),
    /// No agreement on TLS.
    #[error("TLS with the server of {} failed; see that it speaks TLS 1.2 or 1.3", .0.place)]
    Tls(#[source] Failure),
    /// TLS cannot even be prepared.
    #[error("TLS could not be prepared; please report this")]
    TlsSetup(#[source] Source),
    /// A mode that is none.
    #[error("`sslmode` (in the URL, or PGSSLMODE) is disable, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// A file of authorities that cannot be read.
    #[error(
        "no authority can be read from {} (`sslrootcert`); give a PEM file with the certificate of the \
         authority that signed the server's",
        path.display()
    )]
    RootCertificates {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Source,
    },
    /// Passwords that differ by host.
    #[error(
        "the password file has different passwords for the hosts of the URL, and none of them is to see \
         another one's; name one host"
    )]
    Passwords,
    /// The URL is not a connection string. What it holds is not repeated: it may be a password.
    #[error("the ledger's URL is not a PostgreSQL connection string: {why}")]
    Url {
        /// What is wrong, without a word of it.
        why: &'static str,
    },
    /// Text that may be meant as a connection string. It is not repeated: it may hold a password.
    #[error(
        "the ledger's name looks like a connection to a server, but is not a PostgreSQL connection string of \
         the form postgres://user:password@host:port/database; for a file of such a name put ./ before it"
    )]
    ConnectionString,
    /// A row that the ledger's rules forbid.
    #[error(
        "the database {} refused a change that would break the ledger's rules; nothing was changed",
        .0.place
    )]
    Constraint(#[source] Failure),
    /// A row that this program cannot have written.
    #[error(
        "the ledger holds what this program never writes: {what}; restore it from a backup or an archive"
    )]
    Corrupt {
        /// What was found.
        what: &'static str,
    },
    /// A column that this program cannot have written.
    #[error(
        "column `{column}` of the ledger holds what this program never writes: {what}; restore it from a \
         backup or an archive"
    )]
    Column {
        /// The column.
        column: String,
        /// What was found.
        what: &'static str,
    },
    /// A column that an answer does not have, or has twice.
    #[error("an answer of the database has not one column `{column}`; please report this")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// Anything else.
    #[error("the database {} failed; please report this if the cause does not tell what to do", .0.place)]
    Other(#[source] Failure),
}

/// An error of a library.
pub type Source = Box<dyn Error + Send + Sync>;

/// What failed where: the database library's own error, and the database, without any password.
#[derive(Debug)]
pub struct Failure {
    place: String,
    cause: Source,
}

impl Failure {
    fn new(cause: impl Into<Source>, place: &impl fmt::Display) -> Self {
        Self { place: place.to_string(), cause: cause.into() }
    }
}

/// The cause alone: whoever holds it has named the place.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl DatabaseError {
    /// What keeps a file from being used.
    pub(super) fn denied(error: std::io::Error, path: &Path) -> Self {
        let is_denied = error.kind() == std::io::ErrorKind::PermissionDenied;
        let failure = Failure::new(error, &path.display());
        if is_denied { Self::Denied(failure) } else { Self::Disk(failure) }
    }

    /// An error of SQLite, of this file.
    pub(super) fn of_file(error: rusqlite::Error, path: &Path) -> Self {
        use rusqlite::ErrorCode;
        let code = error.sqlite_error_code();
        if matches!(error, rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::Utf8Error(..)) {
            return Self::Corrupt { what: "a text that is not UTF-8" };
        }
        if code == Some(ErrorCode::NotADatabase) {
            return Self::NotADatabase { path: path.to_path_buf() };
        }
        if error.sqlite_error().map(|error| error.extended_code)
            == Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK)
        {
            return Self::Unfinished { path: path.to_path_buf() };
        }
        let failure = Failure::new(error, &path.display());
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(failure),
            Some(ErrorCode::DiskFull) => Self::Full(failure),
            Some(ErrorCode::ConstraintViolation) => Self::Constraint(failure),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::Denied(failure)
            }
            Some(ErrorCode::SystemIoFailure) => Self::Disk(failure),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged(failure),
            _ => Self::Other(failure),
        }
    }

    /// An error of PostgreSQL's client, of a database on this server.
    pub(super) fn of_postgres(error: ::postgres::Error, place: &impl fmt::Display) -> Self {
        let kind = Kind::of(&error);
        let failure = Failure::new(error, place);
        match kind {
            Kind::OtherProgram => Self::OtherProgram { place: failure.place },
            Kind::Busy => Self::Busy(failure),
            Kind::Full => Self::Full(failure),
            Kind::Denied => Self::Denied(failure),
            Kind::Unreachable => Self::Unreachable(failure),
            Kind::Login => Self::Login(failure),
            Kind::NoDatabase => Self::NoDatabase(failure),
            Kind::Standby => Self::Standby(failure),
            Kind::Plaintext => Self::Plaintext(failure),
            Kind::Untrusted => Self::Untrusted(failure),
            Kind::OtherHost => Self::OtherHost(failure),
            Kind::Tls => Self::Tls(failure),
            Kind::Constraint => Self::Constraint(failure),
            Kind::Other => Self::Other(failure),
        }
    }
}

/// What kind of failure an error of PostgreSQL's client is.
enum Kind {
    Busy,
    Full,
    Denied,
    Unreachable,
    Login,
    NoDatabase,
    Standby,
    Plaintext,
    Untrusted,
    OtherHost,
    Tls,
    Constraint,
    OtherProgram,
    Other,
}

impl Kind {
    fn of(error: &::postgres::Error) -> Self {
        use ::postgres::error::SqlState;
        let Some(state) = error.code() else { return Self::without_answer(error) };
        match *state {
            SqlState::LOCK_NOT_AVAILABLE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::T_R_SERIALIZATION_FAILURE => Self::Busy,
            SqlState::DISK_FULL => Self::Full,
            SqlState::INSUFFICIENT_PRIVILEGE => Self::Denied,
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::Standby,
            // Only tables and a function are made, and only where there is no ledger.
            SqlState::DUPLICATE_TABLE | SqlState::DUPLICATE_FUNCTION => Self::OtherProgram,
            SqlState::INVALID_CATALOG_NAME => Self::NoDatabase,
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Login,
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::TOO_MANY_CONNECTIONS => Self::Unreachable,
            // Class 08: whatever stands between this program and the server has lost it.
            _ if state.code().starts_with("08") => Self::Unreachable,
            _ if state.code().starts_with("23") || state.code() == "P0001" => Self::Constraint,
            _ => Self::Other,
        }
    }

    /// Without an answer of the server: the connection failed, or its beginning, or an answer could not be
    /// understood.
    fn without_answer(error: &::postgres::Error) -> Self {
        use rustls::{CertificateError, Error as TlsError};
        let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        let tls = io.and_then(|io| io.get_ref()?.downcast_ref::<TlsError>());
        match tls {
            Some(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => return Self::OtherHost,
            Some(TlsError::InvalidCertificate(_)) => return Self::Untrusted,
            Some(_) => return Self::Tls,
            None if io.is_some() || error.is_closed() => return Self::Unreachable,
            None => {}
        }
        // The client has no names for these: it says them.
        let said = (error.to_string(), error.source().map(ToString::to_string).unwrap_or_default());
        match (said.0.as_str(), said.1.as_str()) {
            ("error performing TLS handshake", "server does not support TLS") => Self::Plaintext,
            ("error performing TLS handshake", _) => Self::Tls,
            ("invalid configuration", "password missing") | ("authentication error", _) => Self::Login,
            ("error connecting to server" | "timeout waiting for server", _) => Self::Unreachable,
            _ => Self::Other,
        }
    }
}
