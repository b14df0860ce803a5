//! The ledger's tables, version by version. A version that was released is never edited: the next one alters
//! it.
//!
//! The database itself holds what must never break, whatever program writes to it: no row is changed or taken
//! away (but for the cursor of a ledger that follows a chain), every row belongs to an entry (but for what
//! was read of a chain and gives an entry later), a digest and an upload are registered once, and an epoch
//! has its units, its end, its pool, its closing and its settlement once. What it cannot hold, that entries
//! follow each other in the chain as a registry would take them, an audit finds.
//!
//! No crate runs these migrations: refinery, the one for both databases, looks for what is to be applied
//! before it begins to write and takes no lock, so that of two programs one fails.

use std::path::Path;

use super::{Access, Database, DatabaseError, Result, Transaction};

/// Statements of each version for SQLite, and for PostgreSQL where they differ, which they do in types and in
/// triggers.
const MIGRATIONS: [Migration; 2] = [
    Migration {
        tables: include_str!("tables_1.sql"),
        rows: &[
            "fairshare_versions",
            "ledger",
            "entries",
            "files",
            "spans",
            "datasets",
            "strikes",
            "nodes",
            "bundles",
            "earnings",
            "transfers",
            "confirmations",
        ],
    },
    Migration { tables: include_str!("tables_2.sql"), rows: &["followed", "recorded", "pools", "claims"] },
];

struct Migration {
    /// `CREATE TABLE` statements, with the types of either database in braces.
    tables: &'static str,
    /// Tables whose rows are never changed and never deleted.
    rows: &'static [&'static str],
}

/// Brings the tables up to date; two programs that do so at once are one after the other.
pub fn run(database: &mut Database, access: Access) -> Result<()> {
    let known = MIGRATIONS.len() as i64;
    let found = database.read(version)?;
    let place = || database.location().to_string();
    if found > known {
        return Err(DatabaseError::Newer { place: place(), found, known });
    }
    match (found, access) {
        (0, Access::Read | Access::Write) => return Err(DatabaseError::NoLedger { place: place() }),
        _ if found == known => return database.read(check_tables),
        (_, Access::Read) => return Err(DatabaseError::Older { place: place(), found, known }),
        _ => {}
    }
    database.write(|transaction| {
        let done = version(transaction)?;
        if done == 0 {
            check_empty(transaction)?;
            if transaction.file().is_none() {
                transaction.batch(REFUSE)?;
            }
        }
        for (index, migration) in (1..).zip(&MIGRATIONS).skip(done.unsigned_abs() as usize) {
            migration.apply(transaction)?;
            transaction.execute("INSERT INTO fairshare_versions (version) VALUES ($1)", &[index.into()])?;
        }
        Ok(())
    })
}

/// A file is a ledger's own. (On a server a ledger may share its schema.)
fn check_empty(transaction: &mut Transaction<'_>) -> Result<()> {
    let Some(path) = transaction.file().map(Path::to_path_buf) else { return Ok(()) };
    if transaction.query_one("SELECT count(*) AS found FROM sqlite_master", &[])?.integer("found")? > 0 {
        return Err(DatabaseError::OtherProgram { place: path.display().to_string() });
    }
    Ok(())
}

/// A file that somebody else has made may have a view in a table's place, whose rows never end.
fn check_tables(transaction: &mut Transaction<'_>) -> Result<()> {
    let Some(path) = transaction.file().map(Path::to_path_buf) else { return Ok(()) };
    let views = "SELECT count(*) AS found FROM sqlite_master WHERE type = 'view'";
    if transaction.query_one(views, &[])?.integer("found")? > 0 {
        return Err(DatabaseError::OtherProgram { place: path.display().to_string() });
    }
    Ok(())
}

/// The newest version applied; 0 where there is none.
fn version(transaction: &mut Transaction<'_>) -> Result<i64> {
    let exists = if transaction.file().is_none() {
        "SELECT count(*) AS found FROM pg_tables WHERE schemaname = current_schema() AND tablename = \
         'fairshare_versions'"
    } else {
        "SELECT count(*) AS found FROM sqlite_master WHERE type = 'table' AND name = 'fairshare_versions'"
    };
    if transaction.query_one(exists, &[])?.integer("found")? == 0 {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0) AS newest FROM fairshare_versions";
    transaction.query_one(newest, &[])?.integer("newest")
}

impl Migration {
    fn apply(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let postgres = transaction.file().is_none();
        let types = if postgres {
            [
                ("{id}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
                ("{integer}", "BIGINT"),
                ("{bytes}", "BYTEA"),
                ("{strict}", ""),
                ("{content.kind}", "(content::json ->> 'kind')"),
                ("{content.epoch}", "(content::json ->> 'epoch')"),
            ]
        } else {
            [
                ("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                ("{integer}", "INTEGER"),
                ("{bytes}", "BLOB"),
                ("{strict}", "STRICT"),
                ("{content.kind}", "json_extract(content, '$.kind')"),
                ("{content.epoch}", "json_extract(content, '$.epoch')"),
            ]
        };
        let tables = types.iter().fold(self.tables.to_owned(), |sql, (from, to)| sql.replace(from, to));
        transaction.batch(&tables)?;
        for table in self.rows {
            let guard = if postgres {
                guard_postgres(table)
            } else {
                guard_sqlite(table, &keys(transaction, table)?)
            };
            transaction.batch(&guard)?;
        }
        Ok(())
    }
}

/// Never a function that stands there already: whoever has made it owns it, and could empty it later.
const REFUSE: &str = "CREATE FUNCTION fairshare_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$;";

fn guard_postgres(table: &str) -> String {
    format!(
        "CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW \
             EXECUTE FUNCTION fairshare_refuse();
         CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION fairshare_refuse();"
    )
}

fn guard_sqlite(table: &str, keys: &[Key]) -> String {
    let rows = ["UPDATE", "DELETE"]
        .map(|event| {
            format!(
                "CREATE TRIGGER {table}_{event} BEFORE {event} ON {table}
         BEGIN SELECT raise(ABORT, 'rows of {table} are never changed'); END;"
            )
        })
        .concat();
    // `INSERT OR REPLACE` deletes the rows in its way without asking the triggers of a deletion.
    let taken: Vec<_> = keys.iter().map(|key| key.is_taken(table)).collect();
    format!(
        "{rows} CREATE TRIGGER {table}_REPLACE BEFORE INSERT ON {table} WHEN {}
         BEGIN SELECT raise(ABORT, 'rows of {table} are never changed, and one of them has this key'); END;",
        taken.join(" OR ")
    )
}

/// Columns of which no two rows of a table have the same values, or none of those to which the index is
/// confined.
struct Key {
    columns: Vec<String>,
    confined: Option<Confined>,
}

struct Confined {
    /// The index's condition.
    condition: String,
    /// All columns of the table, which it may name.
    columns: Vec<String>,
}

/// The keys of a table, as SQLite knows them.
fn keys(transaction: &mut Transaction<'_>, table: &str) -> Result<Vec<Key>> {
    let mut names = |sql: &str, of: &str| -> Result<Vec<Option<String>>> {
        let rows = transaction.query(sql, &[of.into()])?;
        rows.iter().map(|row| Ok(row.optional_text("name")?.map(str::to_owned))).collect()
    };
    let columns: Vec<_> =
        names("SELECT name FROM pragma_table_info($1)", table)?.into_iter().flatten().collect();
    let mut keys = vec![Key { columns: vec!["rowid".to_owned()], confined: None }];
    for index in names("SELECT name FROM pragma_index_list($1) WHERE \"unique\" = 1", table)? {
        let index = index.unwrap_or_default();
        let of = names("SELECT name FROM pragma_index_info($1) ORDER BY seqno", &index)?;
        let of: Option<Vec<_>> = of.into_iter().collect();
        // Known before any release: an index of a guarded table is ours.
        let of = of.ok_or(DatabaseError::Corrupt { what: "a guarded table with a key that is no column" })?;
        let sql = names("SELECT sql AS name FROM sqlite_master WHERE type = 'index' AND name = $1", &index)?;
        let sql = sql.into_iter().flatten().next().unwrap_or_default();
        let confined = sql
            .split_once(" WHERE ")
            .map(|(_, condition)| Confined { condition: condition.to_owned(), columns: columns.clone() });
        keys.push(Key { columns: of, confined });
    }
    Ok(keys)
}

impl Key {
    /// Whether a row has the key of the one to be inserted.
    fn is_taken(&self, table: &str) -> String {
        let same: Vec<_> = self.columns.iter().map(|column| format!("{column} = NEW.{column}")).collect();
        let same = same.join(" AND ");
        match &self.confined {
            None => format!("EXISTS (SELECT 1 FROM {table} WHERE {same})"),
            Some(Confined { condition, columns }) => {
                let new: Vec<_> = columns.iter().map(|column| format!("NEW.{column} AS {column}")).collect();
                format!(
                    "(EXISTS (SELECT 1 FROM {table} WHERE {same} AND ({condition}))
                      AND EXISTS (SELECT 1 FROM (SELECT {}) WHERE {condition}))",
                    new.join(", ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Backend, Location};
    use super::*;

    const GUARDED: Migration = Migration {
        tables:
            "CREATE TABLE kept (id {id}, epoch {integer} NOT NULL, name TEXT NOT NULL, node TEXT, struck TEXT,
                UNIQUE (epoch, name)) {strict};
            CREATE UNIQUE INDEX one_node ON kept (node) WHERE struck IS NULL;
            CREATE TABLE pairs (epoch {integer}, node TEXT, PRIMARY KEY (epoch, node)) {strict};
            INSERT INTO kept (epoch, name, node, struck) VALUES (1, 'a', 'n', NULL), (1, 'b', 'm', 'x');
            INSERT INTO pairs VALUES (1, 'a');",
        rows: &["kept", "pairs"],
    };

    /// What each of these leaves is what was there before.
    const CHANGES: [&str; 5] = [
        "UPDATE kept SET name = 'c' WHERE id = 1",
        "UPDATE kept SET epoch = epoch",
        "DELETE FROM kept WHERE id = 1",
        "DELETE FROM pairs",
        "INSERT INTO pairs VALUES (1, 'a') ON CONFLICT (epoch, node) DO UPDATE SET node = 'b'",
    ];

    fn made(location: &Location) -> Database {
        let mut database = Database::open(location, Access::Create).unwrap();
        database.write(|transaction| GUARDED.apply(transaction)).unwrap();
        database
    }

    const ALL: &str = "SELECT id, epoch, name, node, struck FROM kept ORDER BY id";

    #[test]
    fn rows_of_a_file_stay_whatever_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ledger");
        drop(made(&Location::File(path.clone())));
        // A connection of another program, without anything that ours switches on.
        let other = rusqlite::Connection::open(&path).unwrap();
        let all = || -> Vec<String> {
            let mut statement = other.prepare(ALL).unwrap();
            let rows = statement.query_map([], |row| {
                let values = (0..5).map(|column| row.get::<_, rusqlite::types::Value>(column));
                Ok(format!("{:?}", values.collect::<rusqlite::Result<Vec<_>>>()?))
            });
            rows.unwrap().map(rusqlite::Result::unwrap).collect()
        };
        let before = all();
        let replacing = [
            // By each key: the row's number, by either name, two columns, and one that only some rows have.
            "INSERT OR REPLACE INTO kept (id, epoch, name) VALUES (1, 7, 'z')",
            "REPLACE INTO kept (id, epoch, name) VALUES (2, 7, 'z')",
            "REPLACE INTO kept (rowid, epoch, name) VALUES (2, 7, 'z')",
            "REPLACE INTO kept (epoch, name) VALUES (1, 'a')",
            "INSERT OR REPLACE INTO kept (epoch, name, node) VALUES (2, 'z', 'n')",
            "REPLACE INTO pairs VALUES (1, 'a')",
            "REPLACE INTO pairs (rowid, epoch, node) VALUES (1, 9, 'z')",
            "UPDATE OR REPLACE kept SET name = 'b'",
        ];
        for sql in CHANGES.iter().chain(&replacing) {
            let error = other.execute(sql, []).unwrap_err().to_string();
            assert!(error.contains("are never changed"), "{sql}: {error}");
            assert_eq!(all(), before, "{sql}");
        }
        // What takes no row's place is inserted: other rows, and a node of rows that the index leaves out.
        for sql in [
            "INSERT INTO kept (epoch, name, node) VALUES (2, 'a', 'o')",
            "INSERT INTO kept (epoch, name, node) VALUES (3, 'a', 'm')",
            "INSERT INTO kept (epoch, name, node, struck) VALUES (4, 'a', 'n', 'x')",
            "INSERT OR REPLACE INTO kept (epoch, name) VALUES (5, 'a'), (6, 'a')",
            "INSERT INTO pairs VALUES (1, 'b'), (2, 'a')",
        ] {
            other.execute(sql, []).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }

    /// A ledger of the first version is brought up to date by whoever writes, with all that it has; whoever
    /// only reads is told so.
    #[test]
    fn tables_of_an_earlier_version_are_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ledger");
        let location = Location::File(path.clone());
        let connection = rusqlite::Connection::open(&path).unwrap();
        let mut database =
            Database { location, access: Access::Create, backend: Backend::Sqlite(connection, path) };
        let first = |transaction: &mut Transaction<'_>| {
            MIGRATIONS[0].apply(transaction)?;
            transaction.execute("INSERT INTO fairshare_versions (version) VALUES (1)", &[])?;
            transaction.execute(
                "INSERT INTO ledger VALUES (1, '5', 'v', 'r', 's', 'claims', '2027-01-01T00:00:00Z')",
                &[],
            )
        };
        database.write(first).unwrap();
        let location = database.location.clone();
        drop(database);
        let Err(error) = Database::open(&location, Access::Read) else { panic!("opened") };
        assert!(matches!(error, DatabaseError::Older { found: 1, known: 2, .. }), "{error}");
        drop(Database::open(&location, Access::Write).unwrap());
        let mut database = Database::open(&location, Access::Read).unwrap();
        let of = "SELECT subnet, (SELECT count(*) FROM followed) AS followed FROM ledger";
        let row = database.read(|transaction| transaction.query_one(of, &[])).unwrap();
        assert_eq!((row.text("subnet").unwrap(), row.count("followed").unwrap()), ("s", 0));
    }

    #[test]
    fn rows_of_a_server_stay_whatever_writes_to_it() {
        let Ok(server) = std::env::var("FAIRSHARE_TEST_POSTGRES") else { return };
        let mut admin = ::postgres::Client::connect(&server, ::postgres::NoTls).unwrap();
        let name = format!("fairshare_guards_{}", std::process::id());
        admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        drop(made(&url.parse().unwrap()));
        let mut other = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
        let mut all = |sql: &str| format!("{:?}", other.simple_query(sql));
        let before = all(ALL);
        let more = ["TRUNCATE kept", "TRUNCATE pairs, kept CASCADE"];
        for sql in CHANGES.iter().chain(&more) {
            let answer = all(sql);
            assert!(answer.contains("are never changed"), "{sql}: {answer}");
            assert_eq!(all(ALL), before, "{sql}");
        }
        admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    }
}
