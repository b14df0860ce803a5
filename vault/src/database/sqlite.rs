//! SQLite: a file, written ahead, with everything that guards it switched on.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params_from_iter};

use super::{DatabaseError, Missing, PATIENCE, Result, Row, Value};

/// Opens the file. A power cut keeps what was committed (`synchronous = FULL`); a reader never waits for a
/// writer (WAL).
pub fn open(path: &Path, missing: Missing) -> Result<Connection> {
    if missing == Missing::Refuse && !path.exists() {
        return Err(DatabaseError::NoFile { path: path.to_path_buf() });
    }
    let create = if missing == Missing::Create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let set = |pragma: &str, value: &str| connection.pragma_update(None, pragma, value);
    let opened = set("journal_mode", "WAL")
        .and_then(|()| set("synchronous", "FULL"))
        .and_then(|()| set("foreign_keys", "ON"))
        .and_then(|()| set("trusted_schema", "OFF"));
    match opened {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(DatabaseError::NotADatabase { path: path.to_path_buf() })
        }
        other => other.map(|()| connection).map_err(Into::into),
    }
}

/// Takes the write lock at once: a transaction that reads first and writes later could find that it has to
/// start anew.
pub fn begin_write(connection: &mut Connection) -> Result<Transaction<'_>> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

pub fn begin_read(connection: &mut Connection) -> Result<Transaction<'_>> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Deferred)?)
}

pub fn execute(transaction: &Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<u64> {
    let mut statement = transaction.prepare_cached(&numbered(sql))?;
    Ok(statement.execute(params_from_iter(parameters))? as u64)
}

pub fn query(transaction: &Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
    let mut statement = transaction.prepare_cached(&numbered(sql))?;
    let columns = statement.column_count();
    let rows = statement.query_map(params_from_iter(parameters), |row| {
        (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<_>>().map(Row)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// SQLite numbers its parameters with question marks.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}
