//! Ledgers at every step of the example's epoch, made once and copied for each test that wants one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use super::support::*;

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its rules stand.
    Announced,
    /// Round 0 goes on.
    Open,
    /// The prepared data is registered in it.
    Registered,
    /// The last round goes on.
    Last,
    /// Units are on record, and the rounds are over.
    Proving,
    /// Both prepared bundles are on record.
    Submitted,
    /// The other nodes are proved.
    Closed,
    /// Amounts are fixed.
    Settled,
}

const STEPS: [Step; 8] = [
    Step::Announced,
    Step::Open,
    Step::Registered,
    Step::Last,
    Step::Proving,
    Step::Submitted,
    Step::Closed,
    Step::Settled,
];

/// A ledger of one test's own.
pub struct Vault {
    pub folder: PathBuf,
    pub ledger: String,
}

impl Vault {
    /// Where a ledger may be made.
    pub fn new() -> Self {
        let folder = folder();
        let ledger = show(&folder.join("vault.ledger"));
        Self { folder, ledger }
    }

    /// One that has come so far, under the example's rules.
    pub fn at(step: Step) -> Self {
        static LEDGERS: LazyLock<PathBuf> = LazyLock::new(|| advance(prepared().policy.as_str(), false));
        Self::copy(&LEDGERS, step)
    }

    /// One that pays by lists, of a token of six decimals, and that has come so far.
    pub fn paying(step: Step) -> Self {
        Self::copy(&PAYING.0, step)
    }

    fn copy(of: &Path, step: Step) -> Self {
        let vault = Self::new();
        fs::copy(of.join(format!("{step:?}.ledger")), &vault.ledger).expect("a ledger");
        vault
    }

    /// Runs a command on the ledger, as its operator.
    pub fn run(&self, line: &str) -> Ran {
        fairshare(&self.line(line))
    }

    /// The whole line of a command on the ledger.
    pub fn line(&self, line: &str) -> String {
        format!("vault {line} --ledger {}", self.ledger)
    }

    /// Runs a command that has to succeed.
    #[track_caller]
    pub fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.status, 0, "{line}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// The result of a command that has to succeed.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        self.done(&format!("{line} --json")).json()
    }

    /// A file's path in the test's folder.
    pub fn path(&self, name: &str) -> String {
        show(&self.folder.join(name))
    }

    /// `--receipts` in the test's folder.
    pub fn receipts(&self) -> String {
        format!("--receipts {}", self.path("receipts"))
    }

    /// `register … --receipts …`.
    pub fn register(&self, files: &str) -> Ran {
        self.run(&format!("register {files} {} --json", self.receipts()))
    }

    /// `submit … --params … --receipts …`.
    pub fn submit(&self, bundles: &str) -> Ran {
        self.run(&format!("submit {bundles} {} {} --json", parameters(), self.receipts()))
    }

    /// Where everything stands.
    pub fn status(&self) -> Value {
        self.json("status")
    }

    /// Writes the archive, and returns its path.
    pub fn archive(&self) -> String {
        let path = self.path("vault.tar");
        self.done(&format!("export --archive {path}"));
        path
    }

    /// Audits the archive as it is now.
    #[track_caller]
    pub fn audits_clean(&self) -> Value {
        let ran = fairshare(&format!("audit {} {} --json", self.archive(), parameters()));
        assert_eq!(ran.status, 0, "{}\n{}", ran.stdout, ran.stderr);
        ran.json()
    }
}

/// `--params … --allow-insecure-params`.
pub fn parameters() -> String {
    format!("--params {} --allow-insecure-params", prepared().params)
}

/// The ledgers that pay by lists, and the data bundle under their rules.
static PAYING: LazyLock<(PathBuf, String)> = LazyLock::new(|| {
    let p = prepared();
    let home = p.root.join("paying");
    fs::create_dir(&home).expect("folder");
    let rules = [("\"claims\"", "\"payments\"\nsymbol = \"USDC\"\ndecimals = 6")];
    let policy = policy(&home, &rules);
    let bundle = show(&home.join("data.bundle"));
    let line = format!("prove data {} --policy {policy} --params {} --out {bundle}", show(&p.data), p.params);
    let ran = fairshare(&line);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    (advance(&policy, true), bundle)
});

/// The policy of the ledgers that pay by lists, and the data bundle under it.
pub fn paying() -> (String, &'static str) {
    let (_, bundle) = &*PAYING;
    (bundle.replace("data.bundle", "policy.toml"), bundle)
}

/// Takes a ledger from step to step, and keeps a copy of each.
fn advance(policy: &str, by_lists: bool) -> PathBuf {
    let p = prepared();
    let home = folder();
    let ledger = show(&home.join("vault.ledger"));
    let receipts = format!("--receipts {}", show(&home.join("receipts")));
    let bundles = match by_lists {
        false => format!("{} {}", p.data_bundle, p.compute_bundle),
        // The policy's own, which stands beside it.
        true => policy.replace("policy.toml", "data.bundle"),
    };
    for step in STEPS {
        let lines = match step {
            Step::Announced => vec![format!("init --policy {policy} --params {}", p.params)],
            Step::Open => vec!["round --next".to_owned()],
            Step::Registered => vec![format!("register {} {receipts}", p.signed)],
            Step::Last => vec!["round --to 364".to_owned()],
            Step::Proving => {
                vec![format!("register --units {} {receipts}", p.units), "round --end".to_owned()]
            }
            Step::Submitted => vec![format!("submit {bundles} {} {receipts}", parameters())],
            Step::Closed => vec![format!("close {}", parameters())],
            Step::Settled => vec!["settle".to_owned()],
        };
        for line in lines {
            let ran = fairshare(&format!("vault {line} --ledger {ledger}"));
            assert_eq!(ran.status, 0, "{line}\n{}\n{}", ran.stdout, ran.stderr);
        }
        fs::copy(&ledger, home.join(format!("{step:?}.ledger"))).expect("a copy");
    }
    home
}
