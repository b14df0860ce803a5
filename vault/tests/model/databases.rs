//! Where ledgers are kept: files on SQLite, a database on a PostgreSQL server; and older copies of either.

use std::path::PathBuf;

use fairshare_vault::database::Location;
use postgres::{Client, NoTls};
use tempfile::TempDir;

/// Room for one ledger at a time, and for one copy of it.
pub enum Room {
    /// A folder.
    Folder(TempDir),
    /// A server.
    Server {
        /// A connection to another database than the ledger's.
        client: Box<Client>,
        /// The server's URL, up to the database's name.
        base: String,
        /// The name.
        name: String,
    },
}

impl Room {
    /// A folder, in memory where the system has such folders: no history is about power that fails.
    pub fn folder() -> Self {
        let builder = tempfile::Builder::new();
        Self::Folder(builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir()).expect("a folder"))
    }

    /// A database of the worker's own on the server that `FAIRSHARE_TEST_POSTGRES` names, if it names one.
    pub fn server(worker: usize) -> Option<Self> {
        let url = std::env::var("FAIRSHARE_TEST_POSTGRES").ok()?;
        let mut client = Client::connect(&url, NoTls).expect("FAIRSHARE_TEST_POSTGRES is a server");
        let (base, _) = url.rsplit_once('/').expect("postgres://user@host/database");
        let name = format!("fairshare_model_{}_{worker}", std::process::id());
        create(&mut client, &name, "template1");
        let client = Box::new(client);
        Some(Self::Server { client, base: base.to_owned(), name })
    }

    /// Where the ledger is.
    pub fn location(&self) -> Location {
        match self {
            Self::Folder(folder) => Location::File(folder.path().join("ledger")),
            Self::Server { base, name, .. } => format!("{base}/{name}").parse().expect("a URL"),
        }
    }

    fn copy(&self) -> PathBuf {
        let Self::Folder(folder) = self else { panic!("of a folder") };
        folder.path().join("copy")
    }

    /// Clears it for another ledger. Nothing is open.
    pub fn clear(&mut self) {
        match self {
            Self::Folder(folder) => {
                for name in ["ledger", "copy"] {
                    let _ = std::fs::remove_file(folder.path().join(name));
                }
            }
            // Quicker than another database.
            Self::Server { base, name, .. } => {
                let own = Client::connect(&format!("{base}/{name}"), NoTls);
                let mut own = own.expect("the worker's database");
                own.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").expect("it is cleared");
            }
        }
    }

    /// Keeps a copy of the ledger. Nothing is open.
    pub fn keep(&mut self) {
        if let Self::Server { client, name, .. } = self {
            let copy = format!("{name}_copy");
            drop_database(client, &copy);
            return create(client, &copy, name);
        }
        let Location::File(ledger) = self.location() else { return };
        std::fs::copy(ledger, self.copy()).expect("a copy");
    }

    /// Puts the copy in the ledger's place. Nothing is open.
    pub fn restore(&mut self) {
        if let Self::Server { client, name, .. } = self {
            drop_database(client, name);
            return create(client, name, &format!("{name}_copy"));
        }
        let Location::File(ledger) = self.location() else { return };
        std::fs::copy(self.copy(), ledger).expect("a copy");
    }
}

fn drop_database(client: &mut Client, name: &str) {
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).expect("it is dropped");
}

/// Whoever has just gone may take a moment to be gone.
fn create(client: &mut Client, name: &str, template: &str) {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    for _ in 0..200 {
        match client.batch_execute(&sql) {
            Ok(()) => return,
            Err(error) if error.code().is_some_and(|code| code.code() == "55006") => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
    panic!("{template} is in use");
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Self::Server { client, name, .. } = self {
            for name in [name.clone(), format!("{name}_copy")] {
                let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }
        }
    }
}
