//! The program, and one contribution to each role that all tests share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, atomic::AtomicUsize, atomic::Ordering};

use fairshare_formats::eip55;
use fairshare_params::Geometry;
use fairshare_params::digest::data_digest;
use fairshare_params::encoding::Digest;
use serde_json::Value;

use super::schemas;

/// What a test has seen of the command: see [`fairshare_testkit::mended`].
pub fn mended(was: &str, now: impl std::fmt::Display) {
    fairshare_testkit::mended(was, now, "the command");
}

/// The contributor of [`prepared`], and first node of the example's units; its key is 32 bytes `e1`.
pub const CONTRIBUTOR: &str = "0xB22CE629B429C75aCfD5c43a939b1551acd4b17f";
/// The other nodes of the example's units; their keys are 32 bytes `a2` and `b3`.
pub const JFK: &str = "0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4";
pub const LGA: &str = "0x88D78a6ca41965A2B5428545d2812c9f2958A1aC";
/// The `registry` of the example's policies: the ledger's operator, whose key is 32 bytes `c2`.
pub const OPERATOR: &str = "0x8bfa4eEEdbaa73913B8290777d65A84CB242fE67";
/// Somebody else, of whom nothing is on record.
pub const OTHER: &str = "0x00000000000000000000000000000000000000A2";
/// What every command reads its key from.
pub const KEY_VARIABLE: &str = "FAIRSHARE_PRIVATE_KEY";

/// What a run of the program left.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn new(output: Output) -> Self {
        Self {
            status: output.status.code().expect("ended by itself"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// The result, after checking that the run succeeded.
    pub fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).expect("one JSON object")
    }

    /// Checks that the run succeeded.
    pub fn done(&self) {
        assert_eq!(self.status, 0, "{}\n{}", self.stdout, self.stderr);
    }

    /// The error, after checking that the run failed with that status, with `part` in its message.
    pub fn fails_as_json(&self, status: i32, part: &str) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        let last = self.stderr.lines().last().expect("an error");
        let error: Value = serde_json::from_str(last).expect("one JSON object");
        assert!(
            error["error"]["message"].as_str().expect("text").contains(part),
            "{part:?} is not in {last}"
        );
        error["error"].clone()
    }

    /// Checks that the run failed with that status, and that every part is in its error.
    pub fn fails(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        assert!(self.stdout.is_empty(), "a failed run prints no result: {}", self.stdout);
        let last = self.stderr.lines().last().unwrap_or_default();
        assert!(self.stderr.contains("error: ") || last.starts_with("{\"error\":"), "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in\n{}", self.stderr);
        }
    }
}

/// A key of 32 equal bytes, as the demonstration's are.
pub fn key(byte: &str) -> String {
    byte.repeat(32)
}

/// The program, keeping its proving keys in the build's folder instead of the user's cache. Whatever it
/// signs, it signs as the ledger's operator.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fairshare"));
    program.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).env(KEY_VARIABLE, key("c2"));
    program
}

/// Runs the program with the key of 32 such bytes.
pub fn fairshare_as(byte: &str, line: &str) -> Ran {
    let mut program = program();
    program.env(KEY_VARIABLE, key(byte));
    run(program, line)
}

/// Runs the program with a line of arguments, split at spaces. What it prints as JSON has to be what the
/// schemas say.
pub fn fairshare(line: &str) -> Ran {
    run(program(), line)
}

/// The same with a program that has been prepared.
pub fn run(mut program: Command, line: &str) -> Ran {
    let ran = Ran::new(program.args(line.split_whitespace()).output().expect("the program starts"));
    schemas::check(line, &ran);
    ran
}

/// A run's lines of JSON.
pub fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

/// A base-unit amount, which JSON has as text.
pub fn number(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).expect("a decimal string")
}

/// Runs a line under a bound on the size of every file that it writes, in blocks of 512 bytes: what a full
/// disk does to a process, wherever the tests run. The signal that would end the process is ignored, so that
/// writing fails.
pub fn bounded(blocks: u32, line: &str) -> Ran {
    let program = program();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", &blocks.to_string()]);
    shell.arg(program.get_program()).args(line.split_whitespace());
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    Ran::new(shell.output().expect("a shell"))
}

/// Vigna's SplitMix64: the moments are the seed's.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// `examples/flights`.
pub fn examples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/flights"))
}

pub fn show(path: &Path) -> String {
    let text = path.to_str().expect("text").to_owned();
    assert!(!text.contains(char::is_whitespace), "these tests split lines at spaces: {text}");
    text
}

/// A folder for one test, empty and new.
pub fn folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let path = prepared().root.join(format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir(&path).expect("folder");
    path
}

/// Writes a file into a test's folder and returns its path.
pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, content).expect("write");
    show(&path)
}

/// The compact example policy with some texts replaced, beside a copy of the file that it names.
pub fn policy(folder: &Path, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(examples().join("policy-compact.toml")).expect("policy");
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the policy");
        text = text.replacen(from, to, 1);
    }
    let name = "reference-compact.json";
    fs::copy(examples().join(name), folder.join(name)).expect("copy");
    write(folder, "policy.toml", text)
}

/// Writes a request with the digest of what it says.
pub fn request(folder: &Path, name: &str, mut json: Value) -> String {
    let hash = |value: &Value| value.as_str().expect("text").parse::<Digest>().expect("a hash");
    let segments: Vec<_> = json["segments"].as_array().expect("a list").iter().map(hash).collect();
    let digest = data_digest(
        &eip55::parse(json["contributor"].as_str().expect("text")).expect("an address"),
        &Geometry::COMPACT,
        &hash(&json["schema_hash"]),
        json["records"].as_u64().and_then(|records| u32::try_from(records).ok()).expect("a count"),
        &segments,
    );
    json["digest"] = digest.to_string().into();
    write(folder, name, json.to_string())
}

/// The prepared request with another contributor, and so another digest.
pub fn request_of(folder: &Path, name: &str, contributor: &str) -> String {
    let text = fs::read_to_string(prepared().registration()).expect("read");
    let mut json: Value = serde_json::from_str(&text).expect("JSON");
    json["contributor"] = contributor.into();
    request(folder, name, json)
}

/// Parameters, and one contribution to each role, proved.
pub struct Prepared {
    pub root: PathBuf,
    pub policy: String,
    pub params: String,
    pub data: PathBuf,
    /// What is registered of the data, with [`CONTRIBUTOR`]'s signature, for the example's registry.
    pub signed: String,
    /// The example's units on record.
    pub units: String,
    pub data_bundle: String,
    pub compute_bundle: String,
}

impl Prepared {
    /// `--policy … --params …`.
    pub fn common(&self) -> String {
        format!("--policy {} --params {}", self.policy, self.params)
    }

    /// What the registry is asked to record of the data.
    pub fn registration(&self) -> String {
        show(&self.data.join("request.json"))
    }

    /// All that is on record: `--registration … --units …`.
    pub fn record(&self) -> String {
        format!("--registration {} --units {}", self.registration(), self.units)
    }
}

/// The contributions, made when first asked for.
pub fn prepared() -> &'static Prepared {
    static PREPARED: LazyLock<Prepared> = LazyLock::new(prepare);
    &PREPARED
}

fn prepare() -> Prepared {
    // In the build's own folder, where the next run takes its place.
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!("fairshare-", env!("CARGO_CRATE_NAME")));
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).expect("folder");
    let prepared = Prepared {
        policy: show(&examples().join("policy-compact.toml")),
        params: show(&root.join("compact.srs")),
        data: root.join("data"),
        signed: show(&root.join("signed.json")),
        units: write(&root, "units.csv", fs::read(examples().join("units.csv")).expect("units")),
        data_bundle: show(&root.join("data.bundle")),
        compute_bundle: show(&root.join("compute.bundle")),
        root,
    };
    let run = |line: &str| {
        let ran = fairshare(line);
        assert_eq!(ran.status, 0, "{line}\n{}", ran.stderr);
    };
    let (common, examples) = (prepared.common(), show(examples()));
    let (data, units) = (show(&prepared.data), &prepared.units);
    run(&format!("params insecure --geometry compact --out {}", prepared.params));
    run(&format!(
        "commit data {common} --contributor {CONTRIBUTOR} --data {examples}/flights-2000.csv --out \
         {data}"
    ));
    run(&format!("prove data {data} {common} --out {}", prepared.data_bundle));
    let bundle = &prepared.compute_bundle;
    run(&format!("prove compute {common} --units {units} --contributor {CONTRIBUTOR} --out {bundle}"));
    let sign = format!("register sign --request {data}/request.json --policy {}", prepared.policy);
    let ran = fairshare_as("e1", &format!("{sign} --last-round 363 --out {}", prepared.signed));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    prepared
}
