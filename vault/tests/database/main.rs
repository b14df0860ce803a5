//! The database under the ledger: files and servers, who may do what, and what is said where it fails.
//!
//! Tests of servers run where `FAIRSHARE_TEST_POSTGRES` names one on which databases may be made
//! (`postgres://user@host/database`); those of TLS and of pgbouncer start servers of their own besides.

#![cfg(unix)]

mod children;
mod files;
mod pooled;
mod servers;
mod tls;
mod writers;

use std::path::Path;

use fairshare_vault::database::{Access, Database, DatabaseError, Location};

/// All that is said of an error, to its last cause.
fn said(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(&format!(": {error}"));
        cause = error.source();
    }
    said
}

/// A ledger there, with a table `notes` beside its own.
fn made(location: &Location) -> Database {
    let mut database = Database::open(location, Access::Create).expect("a database");
    let sql = "CREATE TABLE notes (note TEXT NOT NULL)";
    database.write::<_, DatabaseError>(|transaction| transaction.execute(sql, &[])).expect("a table");
    database
}

/// Writes a note; returns how many there were before.
fn note(database: &mut Database, note: &str) -> Result<u64, DatabaseError> {
    database.write(|transaction| {
        let before = transaction.query_one("SELECT count(*) AS notes FROM notes", &[])?.count("notes")?;
        transaction.execute("INSERT INTO notes (note) VALUES ($1)", &[note.into()])?;
        Ok(before)
    })
}

fn notes(database: &mut Database) -> Result<Vec<String>, DatabaseError> {
    let rows = database.read(|transaction| transaction.query("SELECT note FROM notes ORDER BY note", &[]))?;
    rows.iter().map(|row| row.text("note").map(str::to_owned)).collect()
}

/// The error of opening.
fn refusal(location: &Location, access: Access) -> DatabaseError {
    match Database::open(location, access) {
        Ok(_) => panic!("{location} was opened"),
        Err(error) => error,
    }
}

/// Whether an error is the one that was meant.
type Meant = fn(&DatabaseError) -> bool;

fn file(path: impl AsRef<Path>) -> Location {
    Location::File(path.as_ref().to_path_buf())
}
