//! Servers of a test's own, in folders of their own, which end with the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fairshare_vault::database::Location;
use tempfile::TempDir;

/// The server on which databases may be made.
pub fn given() -> Option<String> {
    std::env::var("FAIRSHARE_TEST_POSTGRES").ok()
}

/// Runs a test on an empty database of the given server, with a client that may do anything to it.
pub fn on_given(name: &str, test: impl FnOnce(&Location, &mut postgres::Client)) {
    let Some(server) = given() else { return };
    let mut admin = connect(&server);
    let name = format!("fairshare_database_{}_{name}", std::process::id());
    admin.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database");
    let (base, _) = server.rsplit_once('/').expect("postgres://user@host/database");
    let url = format!("{base}/{name}");
    let mut client = connect(&url);
    test(&url.parse().expect("a URL"), &mut client);
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).expect("dropped");
}

pub fn connect(url: &str) -> postgres::Client {
    postgres::Client::connect(url, postgres::NoTls).expect("a server")
}

/// A PostgreSQL server. User and password are `fairshare` and [`PASSWORD`].
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    pub port: u16,
}

pub const PASSWORD: &str = "s3cret/of@a:kind";
/// The same in a URL.
pub const ESCAPED: &str = "s3cret%2Fof%40a:kind";

impl Server {
    /// Starts one where the programs are, with these lines in its settings and these files in its folder.
    /// Where a server is given, the programs have to be there.
    pub fn start(settings: &str, files: &[(&str, String)]) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(given().is_none(), "PostgreSQL's programs are missing");
            println!("skipped: there are no programs of PostgreSQL");
            return None;
        };
        let server = Self { folder: tempfile::tempdir().expect("a folder"), programs, port: free_port() };
        let (folder, data) = (server.folder.path(), server.data());
        std::fs::write(folder.join("password"), PASSWORD).expect("written");
        give_away(folder);
        let password = folder.join("password");
        server.run("initdb", ["-A", "scram-sha-256", "-U", "fairshare", "--pwfile", &show(&password)]);
        for (name, content) in files {
            std::fs::write(data.join(name), content).expect("written");
            super::children::open_to_all(&data.join(name), 0o600);
        }
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\n{settings}\n",
            server.port,
            folder.display()
        );
        server.set(&settings);
        give_away(folder);
        server.run("pg_ctl", ["-w", "-l", &show(&folder.join("log")), "start"]);
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Adds lines to the settings.
    fn set(&self, settings: &str) {
        let path = self.data().join("postgresql.conf");
        let before = std::fs::read_to_string(&path).expect("settings");
        std::fs::write(path, before + settings).expect("written");
    }

    /// Adds lines to the settings of a server that runs.
    pub fn change(&self, settings: &str) {
        self.set(settings);
        self.run("pg_ctl", ["-w", "-l", &show(&self.folder.path().join("log")), "restart"]);
    }

    fn run<const N: usize>(&self, program: &str, arguments: [&str; N]) {
        let mut command = as_server(&self.programs.join(program));
        command.arg("-D").arg(self.data()).args(arguments);
        let status = command.current_dir(self.folder.path()).stdout(Stdio::null()).status().expect("started");
        assert!(status.success(), "{program}");
    }

    /// Its folder, which the server's user owns.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = as_server(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .args(["-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .status();
    }
}

/// pgbouncer in transaction mode before a server: its clients share one session of the server.
pub struct Pooler {
    child: Child,
    pub port: u16,
}

impl Pooler {
    pub fn before(server: &Server) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].map(Path::new);
        let Some(program) = program.into_iter().find(|path| path.exists()) else {
            assert!(given().is_none(), "pgbouncer is missing");
            println!("skipped: there is no pgbouncer");
            return None;
        };
        let (folder, port) = (server.folder(), free_port());
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=fairshare password='{PASSWORD}'\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 1\n",
            server.port
        );
        let path = folder.join("pgbouncer.ini");
        std::fs::write(&path, settings).expect("written");
        give_away(folder);
        let child = as_server(program).arg("-q").arg(&path).spawn().expect("started");
        let pooler = Self { child, port };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "pgbouncer does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn show(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

/// The newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut versions: Vec<_> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    versions.retain(|path| path.join("initdb").exists());
    versions.sort();
    versions.pop()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// Servers refuse to run as root.
fn as_server(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

fn give_away(folder: &Path) {
    if is_root() {
        let status = Command::new("chown").args(["-R", "postgres"]).arg(folder).status().expect("chown");
        assert!(status.success());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
