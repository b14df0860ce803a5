//! This program once more, as another process: to be killed, to be another user, or to have another
//! environment.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fairshare_vault::database::{Access, Database, DatabaseError, Location};

use super::{note, notes, said};

/// Does what `FAIRSHARE_CHILD` says to the ledger at `FAIRSHARE_LEDGER`.
#[test]
#[ignore = "a part of other tests, which start it"]
fn child() {
    let Ok(what) = std::env::var("FAIRSHARE_CHILD") else { return };
    let ledger = std::env::var("FAIRSHARE_LEDGER").expect("a ledger");
    let done = ledger.parse().and_then(|location: Location| match what.as_str() {
        "read" => Database::open(&location, Access::Read)
            .and_then(|mut database| notes(&mut database))
            .map(|notes| notes.join(", ")),
        "write" => Database::open(&location, Access::Write)
            .and_then(|mut database| note(&mut database, "from a child"))
            .map(|before| format!("wrote after {before}")),
        "half" => Database::open(&location, Access::Write).and_then(|mut database| half(&mut database)),
        other => panic!("{other}"),
    });
    println!("CHILD {}", done.unwrap_or_else(|error| format!("refused: {}", said(&error))));
}

/// Half a transaction, which never ends; so large that it is in the file already.
fn half(database: &mut Database) -> Result<String, DatabaseError> {
    database.write(|transaction| {
        for _ in 0..64 {
            transaction.execute("INSERT INTO notes (note) VALUES ($1)", &["half".repeat(50_000).into()])?;
        }
        println!("CHILD half-way");
        loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    })
}

fn command(program: &Path, what: &str, ledger: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "children::child", "--ignored", "--nocapture"])
        .envs([("FAIRSHARE_CHILD", what), ("FAIRSHARE_LEDGER", ledger)])
        .stdout(Stdio::piped());
    for variable in ["PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT"] {
        command.env_remove(variable);
    }
    command
}

/// What a child said, with more of an environment.
pub fn ran(what: &str, ledger: &str, environment: &[(&str, &str)]) -> String {
    let program = std::env::current_exe().expect("this program");
    told(command(&program, what, ledger).envs(environment.iter().copied()))
}

fn told(command: &mut Command) -> String {
    let mut child = command.spawn().expect("a child");
    let mut output = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut output).expect("text");
    child.wait().expect("ended");
    let line =
        output.lines().find_map(|line| line.split_once("CHILD ")).unwrap_or_else(|| panic!("{output}"));
    line.1.to_owned()
}

/// Starts a transaction on a file and kills it half-way.
pub fn kill_half_way(ledger: &str) {
    let program = std::env::current_exe().expect("this program");
    let mut child: Child = command(&program, "half", ledger).spawn().expect("a child");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let half = lines.map_while(Result::ok).find(|line| line.contains("CHILD "));
    assert!(half.is_some_and(|line| line.contains("half-way")));
    child.kill().expect("killed");
    child.wait().expect("ended");
}

/// Another user, who may read what all may read and write nothing else; where this one is root.
pub struct Stranger {
    program: PathBuf,
}

impl Stranger {
    /// With the program in a folder that everybody may enter.
    pub fn beside(folder: &Path) -> Option<Self> {
        let id = Command::new("id").arg("-u").output().expect("id");
        if id.stdout != b"0\n" {
            println!("skipped in part: only root can be another user");
            return None;
        }
        let program = folder.join("program");
        std::fs::copy(std::env::current_exe().expect("this program"), &program).expect("a copy");
        open_to_all(folder, 0o755);
        open_to_all(&program, 0o755);
        Some(Self { program })
    }

    pub fn ran(&self, what: &str, ledger: &str) -> String {
        let child = command(&self.program, what, ledger);
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(child.get_program());
        other.args(child.get_args()).stdout(Stdio::piped());
        for (variable, value) in child.get_envs() {
            if let Some(value) = value {
                other.env(variable, value);
            }
        }
        told(&mut other)
    }
}

pub fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}
