//! The ledger's tables, version by version. A version that was released is never edited: the next one alters
//! it.
//!
//! The database itself holds what must never break, whatever program writes to it: states in their order, one
//! score a contributor and role, one registration of a dataset in an epoch, and no row of the record changed
//! or taken away.

use super::{Database, DatabaseError, Missing, Result, Transaction};

/// Statements of each version for SQLite, and for PostgreSQL where they differ, which they do in types and in
/// triggers.
const MIGRATIONS: [Migration; 1] = [Migration {
    tables: include_str!("tables_1.sql"),
    rows: &["registrations", "units", "bundles", "payouts", "claims", "policy_files"],
}];

struct Migration {
    /// `CREATE TABLE` statements, with the types of either database in braces.
    tables: &'static str,
    /// Tables whose rows are never changed and never deleted.
    rows: &'static [&'static str],
}

/// Brings the tables up to date; two programs that do so at once are one after the other.
pub fn run(database: &mut Database, missing: Missing) -> Result<()> {
    let known = MIGRATIONS.len() as i64;
    let found = database.read(version)?;
    if found == 0 && missing == Missing::Refuse {
        return Err(DatabaseError::NoLedger);
    }
    if found > known {
        return Err(DatabaseError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    database.write(|transaction| {
        let done = version(transaction)?;
        for (index, migration) in (1..).zip(&MIGRATIONS).skip(done.unsigned_abs() as usize) {
            migration.apply(transaction)?;
            transaction.execute("INSERT INTO fairshare_versions (version) VALUES ($1)", &[index.into()])?;
        }
        Ok(())
    })
}

/// The newest version applied; 0 where there is none.
fn version(transaction: &mut Transaction<'_>) -> Result<i64> {
    let exists = if transaction.is_postgres() {
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = \
         'fairshare_versions'"
    } else {
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'fairshare_versions'"
    };
    if transaction.query_one(exists, &[])?.integer(0)? == 0 {
        return Ok(0);
    }
    transaction.query_one("SELECT coalesce(max(version), 0) FROM fairshare_versions", &[])?.integer(0)
}

impl Migration {
    fn apply(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let postgres = transaction.is_postgres();
        let types = if postgres {
            [
                ("{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
                ("{integer}", "BIGINT"),
                ("{bytes}", "BYTEA"),
                ("{strict}", ""),
            ]
        } else {
            [
                ("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                ("{integer}", "INTEGER"),
                ("{bytes}", "BLOB"),
                ("{strict}", "STRICT"),
            ]
        };
        let tables = types.iter().fold(self.tables.to_owned(), |sql, (from, to)| sql.replace(from, to));
        transaction.batch(&tables)?;
        if postgres {
            transaction.batch(REFUSE)?;
        }
        for table in self.rows {
            transaction.batch(&if postgres { guard_postgres(table) } else { guard_sqlite(table) })?;
        }
        Ok(())
    }
}

const REFUSE: &str = "CREATE OR REPLACE FUNCTION fairshare_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$;";

fn guard_postgres(table: &str) -> String {
    format!(
        "CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW \
             EXECUTE FUNCTION fairshare_refuse();
         CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION fairshare_refuse();"
    )
}

fn guard_sqlite(table: &str) -> String {
    ["UPDATE", "DELETE"]
        .map(|event| {
            format!(
                "CREATE TRIGGER {table}_{event} BEFORE {event} ON {table}
         BEGIN SELECT raise(ABORT, 'rows of {table} are never changed'); END;"
            )
        })
        .concat()
}
