//! A vault that computes what it pays, at a chain of its own, by the command alone.

use std::path::PathBuf;
use std::process::Command;

use alloy_primitives::Address;
use fairshare_testkit::fixture;
use serde_json::Value;

use super::anvil::Anvil;
use super::support::*;

/// Keys of 32 such bytes: owner, operator and coordinator of the vault.
pub const OPERATOR_KEY: &str = "0a";
/// Nobody that the vault knows.
pub const STRANGER_KEY: &str = "0b";
/// Three data contributors.
pub const GIVERS: [&str; 3] = ["d1", "d2", "d3"];
/// Six nodes.
pub const NODES: [&str; 6] = ["e1", "e2", "e3", "e4", "e5", "e6"];

/// The policy of a vault's epoch without its schema and reference, which are the fixture's, and without the
/// addresses, which a deployment gives.
const POLICY: &str = r#"
protocol = 2
geometry = "compact"
parameters = "insecure-development"

[vault]
chain_id = 31337
address = "VAULT"
registry = "REGISTRY"
settlement = "contract"
subnet = "end-to-end"
epoch = EPOCH
pool = 1_000_000

[data]
lambda = "0.02"
pseudo_count = 2
min_records = 50
weighting = "records-divergence"
cap = "0.5"
evidence = true

[compute]
lambda = "0.01"

[rounds]
first = FIRST
count = COUNT
ends_by = ENDS_BY
proving_seconds = 3600
"#;

/// The address of the account whose key is 32 such bytes.
pub fn address(byte: &str) -> Address {
    let account = fairshare_prover::Account::from_text(key(byte).as_bytes()).expect("a key");
    Address::from(account.address().0)
}

/// The same as it is written.
pub fn named(byte: &str) -> String {
    address(byte).to_checksum(None)
}

/// A vault at a chain.
pub struct Vault {
    pub anvil: Anvil,
    pub folder: PathBuf,
    pub vault: Address,
    pub registry: Address,
    pub token: Address,
    pub policy: String,
    pub first: u64,
    pub count: u64,
    pub epoch: u64,
}

impl Vault {
    /// Deploys one for this kind of rounds, and registers the keys of its rules.
    pub fn deploy(task: &str, (first, count): (u64, u64)) -> Self {
        let anvil = Anvil::start();
        let folder = folder();
        for byte in GIVERS.into_iter().chain(NODES).chain([OPERATOR_KEY, STRANGER_KEY]) {
            anvil.endow(address(byte));
        }
        let mut vault = Self {
            anvil,
            folder,
            vault: Address::ZERO,
            registry: Address::ZERO,
            token: Address::ZERO,
            policy: String::new(),
            first,
            count,
            epoch: 7,
        };
        let line = vault.deployment(task);
        let deployed = vault.done(OPERATOR_KEY, &line)["result"].clone();
        let at = |name: &str| deployed[name].as_str().expect("text").parse().expect("an address");
        (vault.vault, vault.registry, vault.token) = (at("vault"), at("registry"), at("token"));
        vault.policy = vault.write_policy("policy.toml", vault.epoch, first, count);
        let verifier = deployed["verifier"].as_str().expect("text");
        vault.done(STRANGER_KEY, &format!("chain keys --params {} --verifier {verifier}", prepared().params));
        vault
    }

    /// The line that deploys it.
    pub fn deployment(&self, task: &str) -> String {
        format!(
            "chain deploy --development-token --takes-insecure --subnet end-to-end --task {task} --out {}",
            self.path("deployment.json")
        )
    }

    /// Writes the policy of an epoch that ends two days from now.
    pub fn write_policy(&self, name: &str, epoch: u64, first: u64, count: u64) -> String {
        let ends = fairshare_formats::time::Moment::from_unix_seconds(self.anvil.time() + 172_800);
        let text = POLICY
            .replace("VAULT", &self.vault.to_checksum(None))
            .replace("REGISTRY", &self.registry.to_checksum(None))
            .replace("EPOCH", &epoch.to_string())
            .replace("FIRST", &first.to_string())
            .replace("COUNT", &count.to_string())
            .replace("ENDS_BY", &ends.expect("a moment").to_string());
        let schema = fixture::POLICY.find("[[schema.feature]]").expect("a schema");
        write(&self.folder, name, format!("{text}\n{}", &fixture::POLICY[schema..]))
    }

    /// `--policy … --params …`.
    pub fn rules(&self) -> String {
        format!("--policy {} --params {}", self.policy, prepared().params)
    }

    /// A path in its folder.
    pub fn path(&self, name: &str) -> String {
        show(&self.folder.join(name))
    }

    /// The program as the account of that key, asking this chain.
    pub fn program(&self, byte: &str) -> Command {
        let mut program = program();
        program.env(KEY_VARIABLE, key(byte)).env("ETH_RPC_URL", self.anvil.url());
        program.env("XDG_STATE_HOME", self.folder.join("state"));
        program
    }

    /// Runs a line as that account.
    pub fn run(&self, byte: &str, line: &str) -> Ran {
        run(self.program(byte), line)
    }

    /// Runs a line that has to succeed, and returns its JSON.
    #[track_caller]
    pub fn done(&self, byte: &str, line: &str) -> Value {
        let ran = self.run(byte, &format!("{line} --json"));
        assert_eq!(ran.status, 0, "{line}\n{}\n{}", ran.stdout, ran.stderr);
        ran.json()
    }

    /// The same a second time: nothing is sent.
    #[track_caller]
    pub fn twice(&self, byte: &str, line: &str) -> Value {
        let first = self.done(byte, line);
        let nonce = self.anvil.nonce(address(byte));
        let again = self.done(byte, line);
        assert_eq!(again["transactions"], Value::Array(Vec::new()), "{line}");
        assert_eq!(self.anvil.nonce(address(byte)), nonce, "{line}");
        first
    }

    /// Commits to records as a contributor, wraps an upload, signs the registration; the folder of the data.
    pub fn sign(&self, byte: &str, name: &str, (count, seed): (usize, u64)) -> String {
        let csv = write(&self.folder, &format!("{name}.csv"), fixture::records(count, seed));
        let data = self.path(name);
        let rules = self.rules();
        self.done(
            byte,
            &format!("commit data {rules} --contributor {} --data {csv} --out {data}", named(byte)),
        );
        let cipher = write(&self.folder, &format!("{name}.enc"), format!("ciphertext of {name}"));
        let upload = self.path(&format!("{name}.upload"));
        self.done(byte, &format!("upload wrap {cipher} --for {data}/request.json --out {upload}"));
        let sign = format!(
            "register sign --request {data}/request.json --upload {upload}.json --upload-tx 0x{} --policy {} \
             --last-round {} --out {data}/signed.json",
            "5c".repeat(32),
            self.policy,
            self.first + self.count - 2,
        );
        self.done(byte, &sign);
        data
    }

    /// A table of units, of `count` rounds from the first: of round `x` and node `n` what `of(x, n)` says.
    pub fn units(&self, of: impl Fn(u64, usize) -> u32) -> String {
        let mut text = format!("round,{}\n", NODES.map(named).join(","));
        for index in 0..self.count {
            let cells: Vec<_> = (0..NODES.len()).map(|node| of(index, node).to_string()).collect();
            text.push_str(&format!("{},{}\n", self.first + index, cells.join(",")));
        }
        write(&self.folder, "units.csv", text)
    }

    /// Lets the chain call all that was done final.
    pub fn finalise(&self) {
        self.anvil.rpc("anvil_mine", serde_json::json!(["0x50"]));
    }
}
