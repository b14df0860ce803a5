//! Behind pgbouncer in transaction mode, where each transaction has whatever session is free.

use fairshare_vault::database::{Access, Database, DatabaseError, Location};

use super::servers::{Pooler, Server, connect};
use super::{made, note, notes};

const CLIENTS: usize = 4;
const ROUNDS: usize = 25;

#[test]
fn transactions_share_a_session() {
    let Some(server) = Server::start("", &[]) else { return };
    let Some(pooler) = Pooler::before(&server) else { return };
    let url = format!("postgres://fairshare@127.0.0.1:{}/postgres", pooler.port);
    let location: Location = url.parse().unwrap();
    drop(made(&location));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let location = &location;
            scope.spawn(move || {
                let mut database = Database::open(location, Access::Write).unwrap();
                for round in 0..ROUNDS {
                    note(&mut database, &format!("{client} {round}")).unwrap();
                    notes(&mut database).unwrap();
                    // One that fails leaves the session as it was.
                    let failed: Result<u64, _> = database.write(|transaction| {
                        transaction.execute("INSERT INTO notes VALUES ('undone')", &[])?;
                        transaction.execute("SELECT no_column FROM notes", &[])
                    });
                    assert!(matches!(failed, Err(DatabaseError::Other(_))));
                }
            });
        }
    });
    // A table that somebody has made for the session is in nobody's way, though its name comes first.
    connect(&url).batch_execute("CREATE TEMP TABLE notes (id INT, note TEXT)").unwrap();
    let mut database = Database::open(&location, Access::Read).unwrap();
    assert_eq!(notes(&mut database).unwrap().len(), CLIENTS * ROUNDS);
    // The one session that all have used is as if nobody had.
    let mut client = connect(&url);
    let mut answer = |sql: &str| -> String {
        let answer = client.simple_query(sql).unwrap();
        let row = answer.iter().find_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        row.unwrap().to_owned()
    };
    assert_eq!(answer("SHOW lock_timeout"), "0");
    assert_eq!(answer("SELECT count(*) FROM pg_prepared_statements"), "0");
    assert_eq!(answer("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}
