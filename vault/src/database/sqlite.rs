//! SQLite: a file, with everything that guards it switched on.
//!
//! The journal is a rollback journal that a commit deletes (`journal_mode = DELETE`), not one written ahead:
//! with that one even a reader makes files beside the ledger, which belong to the reader and lock the owner
//! out. The price: a commit waits for readers, and they for it, for the moment that each takes. A commit is
//! kept whatever happens to the power: `synchronous = EXTRA` makes the journal's deletion as durable.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Result, Transaction, TransactionBehavior, params_from_iter,
};

use super::{Access, DatabaseError, PATIENCE, Row, Value};

/// Opens the file.
pub fn open(path: &Path, access: Access) -> super::Result<Connection> {
    check_file(path, access)?;
    if access != Access::Read {
        return open_to_write(path, access);
    }
    for _ in 0..2 {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = connection.map_err(|error| DatabaseError::of_file(error, path))?;
        see(&connection, path)?;
        if journal_mode(&connection).map_err(|error| DatabaseError::of_file(error, path))? != "wal" {
            return Ok(connection);
        }
        // Another program has switched the file to writing ahead.
        drop(connection);
        put_in_order(path)?;
    }
    Err(DatabaseError::Unfinished { path: path.to_path_buf() })
}

fn check_file(path: &Path, access: Access) -> super::Result<()> {
    let place = path.to_path_buf();
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(DatabaseError::Folder { path: place }),
        Ok(metadata) if !metadata.is_file() => Err(DatabaseError::NotADatabase { path: place }),
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent.filter(|parent| !parent.is_dir()) {
                _ if access != Access::Create => Err(DatabaseError::NoFile { path: place }),
                Some(parent) => Err(DatabaseError::NoFolder { path: parent.to_path_buf() }),
                None => Ok(()),
            }
        }
        Err(error) => Err(DatabaseError::denied(error, path)),
    }
}

fn open_to_write(path: &Path, access: Access) -> super::Result<Connection> {
    let create = if access == Access::Create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let open = || -> Result<Connection> {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | create)?;
        let set = |pragma: &str, value: &str| connection.pragma_update(None, pragma, value);
        set("synchronous", "EXTRA")?;
        set("foreign_keys", "ON")?;
        Ok(connection)
    };
    let connection = open().map_err(|error| DatabaseError::of_file(error, path))?;
    // Whoever may not write gets a connection all the same, which cannot.
    if connection.is_readonly("main").map_err(|error| DatabaseError::of_file(error, path))? {
        return Err(DatabaseError::denied(io::ErrorKind::PermissionDenied.into(), path));
    }
    // The first look undoes what a killed writer has left.
    look(&connection)
        .and_then(|()| connection.pragma_update(None, "journal_mode", "DELETE"))
        .map_err(|error| DatabaseError::of_file(error, path))?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    // Where the program is alone, in a container, there is no folder for temporary files.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Reads from the file, which opening it does not.
fn look(connection: &Connection) -> Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
}

fn journal_mode(connection: &Connection) -> Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Looks into the file; where a killed writer has left a transaction half done, has it undone first, which
/// takes a connection that may write.
fn see(connection: &Connection, path: &Path) -> super::Result<()> {
    let Err(error) = look(connection) else { return Ok(()) };
    let needs_order = error.sqlite_error_code() == Some(ErrorCode::ReadOnly);
    if !needs_order {
        return Err(DatabaseError::of_file(error, path));
    }
    put_in_order(path)?;
    look(connection).map_err(|error| DatabaseError::of_file(error, path))
}

fn put_in_order(path: &Path) -> super::Result<()> {
    match open_to_write(path, Access::Write) {
        Ok(_) => Ok(()),
        Err(DatabaseError::Denied(_)) => Err(DatabaseError::Unfinished { path: path.to_path_buf() }),
        Err(other) => Err(other),
    }
}

/// Takes all locks at once: a transaction that reads first and writes later could find that it has to start
/// anew, and one that a reader holds up at its end has done all its work, a list of payments written too, for
/// nothing.
pub fn begin_write(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Exclusive)
}

/// A reader has one view from here on.
pub fn begin_read<'a>(connection: &'a mut Connection, path: &Path) -> super::Result<Transaction<'a>> {
    see(connection, path)?;
    connection
        .transaction_with_behavior(TransactionBehavior::Deferred)
        .and_then(|transaction| look(&transaction).map(|()| transaction))
        .map_err(|error| DatabaseError::of_file(error, path))
}

pub fn execute(transaction: &Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<u64> {
    let mut statement = transaction.prepare_cached(&numbered(sql))?;
    Ok(statement.execute(params_from_iter(parameters))? as u64)
}

pub fn query(transaction: &Transaction<'_>, sql: &str, parameters: &[Value]) -> Result<Vec<Row>> {
    let mut statement = transaction.prepare_cached(&numbered(sql))?;
    let names: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
    let rows = statement.query_map(params_from_iter(parameters), |row| {
        let values = (0..names.len()).map(|column| row.get(column));
        Ok(Row::new(&names, values.collect::<Result<_>>()?))
    })?;
    rows.collect()
}

/// SQLite numbers its parameters with question marks.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}
