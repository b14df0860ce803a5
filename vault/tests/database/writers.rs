//! Writers one after the other, whatever a server's settings are.

use std::time::Duration;

use fairshare_testkit::mended;
use fairshare_vault::database::{Access, Database, DatabaseError, Location};

use super::servers::on_given;
use super::{made, note, notes};

/// The database of a location.
fn name(client: &mut postgres::Client) -> String {
    client.query_one("SELECT current_database()::text", &[]).expect("a row").get(0)
}

/// A writer that waits while another one writes finds what that one left.
fn wait_and_see(location: &Location, client: &mut postgres::Client) {
    let mut first = Database::open(location, Access::Write).unwrap();
    let before = notes(&mut first).unwrap().len() as u64;
    let found = std::thread::scope(|scope| {
        first
            .write(|transaction| {
                let second = scope
                    .spawn(|| note(&mut Database::open(location, Access::Write).unwrap(), "second").unwrap());
                let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
                    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()";
                while client.query_one(waiting, &[]).expect("a row").get::<_, i64>(0) == 0 {
                    assert!(!second.is_finished(), "the second writer did not wait");
                    std::thread::sleep(Duration::from_millis(10));
                }
                transaction.execute("INSERT INTO notes (note) VALUES ('first')", &[])?;
                Ok::<_, DatabaseError>(second)
            })
            .unwrap()
            .join()
            .unwrap()
    });
    assert_eq!(found, before + 1, "the second writer does not see what the first one left");
}

#[test]
fn a_writer_sees_what_the_one_before_it_left() {
    on_given("isolation", |location, client| {
        drop(made(location));
        wait_and_see(location, client);
        let name = name(client);
        for isolation in ["repeatable read", "serializable", "read committed"] {
            let sql = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'");
            client.batch_execute(&sql).unwrap();
            wait_and_see(location, client);
        }
        client
            .batch_execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
            .unwrap();
        wait_and_see(location, client);
        let was = "isolation was inherited: under repeatable read a dataset was registered after its owner's \
                   bundle was accepted";
        mended(
            was,
            "whatever the server's default is, a writer sees what the one before it left",
            "PostgreSQL",
        );
    });
}

/// A reader has one view, and writes nothing, whatever the server's default is.
#[test]
fn a_reader_has_one_view_of_a_server() {
    on_given("view", |location, client| {
        drop(made(location));
        let mut reader = Database::open(location, Access::Read).unwrap();
        let error = reader.write::<_, DatabaseError>(|_| Ok(())).unwrap_err();
        assert!(matches!(error, DatabaseError::OpenedToRead { .. }), "{error}");
        let count = "SELECT count(*) AS notes FROM notes";
        reader
            .read(|transaction| {
                let before = transaction.query_one(count, &[])?.count("notes")?;
                client.batch_execute("INSERT INTO notes VALUES ('meanwhile')").unwrap();
                assert_eq!(transaction.query_one(count, &[])?.count("notes")?, before);
                Ok::<_, DatabaseError>(())
            })
            .unwrap();
        assert_eq!(notes(&mut reader).unwrap(), ["meanwhile"]);
        let insert = "INSERT INTO notes VALUES ('by a reader')";
        reader.read(|transaction| transaction.execute(insert, &[])).unwrap_err();
    });
}

/// A role does what it is granted, and is told what it is not.
#[test]
fn a_role_without_a_right_is_told() {
    on_given("roles", |location, client| {
        drop(made(location));
        let role = format!("fairshare_clerk_{}", std::process::id());
        let grants = format!(
            "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE SCHEMA bare;
             GRANT USAGE ON SCHEMA public, bare TO {role};
             GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role};"
        );
        client.batch_execute(&grants).unwrap();
        let url = location.to_string();
        let (_, host) = url.rsplit_once('@').expect("postgres://user@host/database");
        let clerk: Location = format!("postgres://{role}@{host}").parse().unwrap();
        let mut database = Database::open(&clerk, Access::Write).unwrap();
        note(&mut database, "by a clerk").unwrap();
        assert_eq!(notes(&mut Database::open(&clerk, Access::Read).unwrap()).unwrap(), ["by a clerk"]);
        let errors = [
            database.write(|transaction| transaction.execute("DELETE FROM notes", &[])).unwrap_err(),
            super::refusal(
                &format!("{clerk}?options=-c%20search_path%3Dbare").parse().unwrap(),
                Access::Create,
            ),
        ];
        for error in errors {
            assert!(matches!(error, DatabaseError::Denied(_)), "{error:?}");
            assert!(error.to_string().contains(&clerk.to_string()), "{error}");
        }
        drop(database);
        client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    });
}

/// The tables are where the `search_path` says, and nowhere else.
#[test]
fn a_schema_of_its_own() {
    on_given("schema", |location, client| {
        client.batch_execute("CREATE SCHEMA books").unwrap();
        let url = format!("{location}?options=-c%20search_path%3Dbooks");
        let books: Location = url.parse().unwrap();
        let mut database = made(&books);
        note(&mut database, "in books").unwrap();
        drop(database);
        let error = super::refusal(location, Access::Write);
        assert!(matches!(error, DatabaseError::NoLedger { .. }), "{error}");
        assert_eq!(notes(&mut Database::open(&books, Access::Read).unwrap()).unwrap(), ["in books"]);
        // A second ledger in the same database, in the schema that all have.
        drop(made(location));
        let schemas =
            "SELECT count(DISTINCT schemaname) FROM pg_tables WHERE tablename = 'fairshare_versions'";
        assert_eq!(client.query_one(schemas, &[]).unwrap().get::<_, i64>(0), 2);
        // A schema in which another program has a table of a ledger's name.
        client
            .batch_execute(
                "CREATE SCHEMA other; CREATE TABLE other.ledger (page TEXT);
            CREATE TABLE other.epochs (since TEXT); CREATE TABLE other.registrations (name TEXT)",
            )
            .unwrap();
        let other: Location = format!("{location}?options=-c%20search_path%3Dother").parse().unwrap();
        let error = super::refusal(&other, Access::Create);
        assert!(matches!(error, DatabaseError::OtherProgram { .. }), "{error}");
        assert!(error.to_string().contains(&location.to_string()), "{error}");
        // Or a function of its name, which would stay that program's to alter.
        client
            .batch_execute(
                "CREATE SCHEMA owned; CREATE FUNCTION owned.fairshare_refuse() RETURNS trigger
            LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            )
            .unwrap();
        let owned: Location = format!("{location}?options=-c%20search_path%3Downed").parse().unwrap();
        let error = super::refusal(&owned, Access::Create);
        assert!(matches!(error, DatabaseError::OtherProgram { .. }), "{error}");
        let version: i64 =
            client.query_one("SELECT max(version) FROM books.fairshare_versions", &[]).unwrap().get(0);
        assert!(version > 0);
    });
}

/// Rows of a server: integers of either width, a `NULL` where its type is not said, and names.
#[test]
fn rows_are_read_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = super::file(folder.path().join("a.ledger"));
    let test = |location: &Location| {
        let mut database = made(location);
        database
            .write(|transaction| {
                transaction.execute("CREATE TABLE things (number BIGINT, name TEXT, content TEXT)", &[])?;
                let parameters =
                    [7.into(), None::<&str>.into(), "text".into(), 8.into(), "b".into(), None::<&str>.into()];
                transaction.execute("INSERT INTO things VALUES ($1, $2, $3), ($4, $5, $6)", &parameters)?;
                let sql = "SELECT number, name, content, 1 AS one, number AS twice, name AS twice FROM things
                    ORDER BY things.number LIMIT 1";
                let row = transaction.query_one(sql, &[])?;
                assert_eq!((row.integer("number")?, row.count("one")?), (7, 1));
                assert_eq!((row.optional_text("name")?, row.text("content")?), (None, "text"));
                let wrong = [row.text("name"), row.text("number"), row.text("twice"), row.text("absent")];
                let wrong = wrong.map(|error| error.unwrap_err().to_string());
                assert!(
                    wrong[0].contains("column `name`") && wrong[0].contains("nothing where a text stands")
                );
                assert!(wrong[1].contains("column `number`"), "{}", wrong[1]);
                assert!(wrong[2].contains("not one column `twice`"), "{}", wrong[2]);
                assert!(wrong[3].contains("not one column `absent`"), "{}", wrong[3]);
                Ok::<_, DatabaseError>(())
            })
            .unwrap();
    };
    test(&file);
    on_given("rows", |location, _| test(location));
}
