//! The command line: what can be asked for, with an example each.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use fairshare_formats::eip55;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_prover::Segments;
use tracing::level_filters::LevelFilter;

mod chain;
mod draft;
mod policy;
mod register;
mod royalty;
mod score;
mod sending;
mod serve;
mod service;
mod vault;

pub use chain::{
    ChainClaimArgs, ChainCommand, ChainRegisterArgs, ChainStatusArgs, ChainStrikeArgs, ChainSubmitArgs,
    DeployArgs, KeysArgs, OpenArgs, RecordRoundArgs, SyncArgs, Task,
};
pub use draft::DraftArgs;
pub use policy::{PolicyCommand, ReferenceArgs, RoundsArgs};
pub use register::{CheckArgs, PlaceArgs, RegisterCommand, SignArgs, UploadCommand, WrapArgs};
pub use royalty::{BookArgs, FundArgs, HandArgs, PayArgs, PostArgs, WatchArgs};
pub use score::{NodeArgs, ScoreCommand, ScoreDataArgs, UnmatchedArgs};
pub use sending::{RpcArgs, SendArgs};
pub use serve::{LogFormat, ServeArgs};
pub use service::ServiceArgs;
pub use vault::{
    AuditArchiveArgs, AuditArgs, ClaimArgs, CloseArgs, ConfirmArgs, ExportArgs, InitArgs, RegisterArgs,
    RoundArgs, StrikeArgs, SubmitArgs, VaultArgs, VaultCommand,
};

/// Proves that a share of royalties is fair, without showing the data it is for.
///
/// A contributor commits to data and proves the score that a public policy gives it; for the units of
/// computing power on record anybody can prove theirs. Anyone can verify it. Start with `fairshare demo`.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "\
Example, a whole round in the folder examples/flights:
  fairshare params insecure --geometry compact --out dev.srs
  fairshare commit data --policy policy-compact.toml --params dev.srs \\
      --contributor 0x00000000000000000000000000000000000000e1 --data flights-2000.csv --out mine
  fairshare prove data mine --policy policy-compact.toml --params dev.srs --out mine.bundle
  fairshare verify mine.bundle --policy policy-compact.toml --params dev.srs \\
      --registration mine/request.json --allow-insecure-params

Exit status:
  0    done; all that was to be verified is accepted
  1    a proof or check was refused
  2    usage, I/O or parameters: nothing was judged, or by an audit not everything
  130  interrupted by Ctrl-C

With --json, an error is one line of JSON on standard error; `fairshare schema` describes all output."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print the result, or the error, as JSON, for programs
    #[arg(long, global = true, display_order = 100)]
    pub json: bool,
    /// How much to log to standard error [default: warn; of `serve` and `vault serve` info]
    #[arg(long, global = true, value_enum, value_name = "LEVEL", display_order = 101)]
    pub log_level: Option<LogLevel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, import or inspect the parameters that every proof rests on
    #[command(subcommand)]
    Params(ParamsCommand),
    /// Draft a policy from data, check and explain it, count its reference, look at a table of units
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Commit to data: write a public request to register it, and the secret opening to prove it with
    #[command(subcommand)]
    Commit(CommitCommand),
    /// Prepare encrypted data for storage
    #[command(subcommand)]
    Upload(UploadCommand),
    /// Sign what a contributor asks the registry to record
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Compute a score without proving it
    #[command(subcommand)]
    Score(ScoreCommand),
    /// Prove a score: of data that was committed to, or of units on record
    #[command(subcommand)]
    Prove(ProveCommand),
    /// Verify bundles against what is on record
    Verify(VerifyArgs),
    /// Commit and prove for programs of other languages, as a service over gRPC
    Serve(ServiceArgs),
    /// Run a vault's ledger: register, submit, close, settle, claim
    Vault(VaultArgs),
    /// Verify every bundle of a vault's archive and recompute every amount
    Audit(AuditArchiveArgs),
    /// Deploy, fund, register, prove, pay, follow and watch vaults on a chain
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Show the whole path on a year of flights from three airports, in a temporary folder
    #[command(after_help = "\
Example:
  fairshare demo
  fairshare demo --chain

With --chain a vault on a chain takes the ledger's place: it verifies every bundle and computes what it \
pays. It needs a development chain, Foundry's anvil, on this machine, makes its own money there, and lets \
its time pass.")]
    Demo(DemoArgs),
    /// Measure commitments, proofs and verification on this machine
    Bench(BenchArgs),
    /// Print the JSON Schema of what a command prints with --json, or of errors
    Schema(SchemaArgs),
}

#[derive(Debug, Subcommand)]
pub enum ParamsCommand {
    /// Make INSECURE parameters from a public seed, for development: anyone can forge proofs under them
    #[command(after_help = "Example:\n  fairshare params insecure --geometry standard --out dev.srs")]
    Insecure(InsecureArgs),
    /// Take parameters from a powers-of-tau ceremony (snarkjs `.ptau`, BN254), checking every point
    #[command(after_help = "\
Example:
  fairshare params import powersOfTau28_hez_final_14.ptau --geometry standard --out ceremony.srs

A file of any larger power works too. Files of the public Perpetual Powers of Tau are recognised by their \
hash.")]
    Import(ImportArgs),
    /// Write the file with which a verifier starts at once
    #[command(after_help = "\
Example:
  fairshare params verifier ceremony.srs

Writes ceremony.verifier.params, as `import` and `insecure` do. `verify`, `vault init` and `vault submit` \
take it as --params; with the whole parameters, they and `prove` find it beside them. It is believed only \
under a rules hash: `rules_hash` in the policy, `verify --rules-hash`, or the one of an epoch that is open.")]
    Verifier(VerifierArgs),
    /// Check a parameter file and describe it
    #[command(after_help = "Example:\n  fairshare params inspect dev.srs")]
    Inspect {
        /// The parameters
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct InsecureArgs {
    /// The circuits' shape, which must be the policy's
    #[arg(long, value_parser = parse_geometry, value_name = "NAME")]
    pub geometry: Geometry,
    /// Where to write the parameters
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The ceremony's file
    #[arg(value_name = "CEREMONY.ptau")]
    pub ceremony: PathBuf,
    /// The circuits' shape, which must be the policy's
    #[arg(long, value_parser = parse_geometry, value_name = "NAME")]
    pub geometry: Geometry,
    /// Where to write the parameters
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct VerifierArgs {
    /// The parameters, whole
    #[arg(value_name = "SRS")]
    pub params: PathBuf,
    /// Where to write [default: beside the parameters, with their name]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum CommitCommand {
    /// Commit to records
    #[command(after_help = "\
Example:
  fairshare commit data --policy policy.toml --params ceremony.srs \\
      --contributor 0x00000000000000000000000000000000000000e1 --data EWR.parquet --out ewr-data

Sign ewr-data/request.json with `fairshare register sign`, and give the registry the result: it says in \
which round it takes the data. Keep ewr-data/opening.bin secret, and keep it: nothing else can prove the \
score. If `commit` is interrupted, run it again: it continues where it stopped.")]
    Data(CommitDataArgs),
}

#[derive(Debug, Args)]
pub struct CommitDataArgs {
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The parameters
    #[arg(long, value_name = "SRS")]
    pub params: PathBuf,
    /// The contributor's address
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub contributor: Address,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The records: files, folders or patterns of files, or `-` for standard input (see docs/data.md)
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub data: Vec<PathBuf>,
    #[command(flatten)]
    pub unmatched: UnmatchedArgs,
}

#[derive(Debug, Subcommand)]
pub enum ProveCommand {
    /// Prove the score of committed data
    #[command(after_help = "\
Example:
  fairshare prove data ewr-data --policy policy.toml --params ceremony.srs --memory 4GiB \\
      --out ewr-data.bundle

Several folders of one contributor make one bundle. Interrupted work continues where it stopped, and \
finished segments are reused under the next policy.

On several machines that share the folder, each proves a range of the segments, and one makes the bundle:
  fairshare prove data ewr-data --policy policy.toml --params ceremony.srs --segments 0..40
  fairshare prove data ewr-data --policy policy.toml --params ceremony.srs --segments 40..80
  fairshare prove data ewr-data --policy policy.toml --params ceremony.srs --assemble --out ewr-data.bundle

`commit data` prints how many segments there are. docs/cluster.md has job scripts.")]
    Data(ProveDataArgs),
    /// Prove the score of a node's units; they are public, so anybody can
    #[command(after_help = "\
Example:
  fairshare prove compute --policy policy.toml --params ceremony.srs --units units.csv \\
      --contributor 0x00000000000000000000000000000000000000e1 --out ewr-compute.bundle")]
    Compute(ProveComputeArgs),
}

impl ProveCommand {
    /// What both need.
    pub fn common(&self) -> &ProveArgs {
        match self {
            Self::Data(args) => &args.common,
            Self::Compute(args) => &args.common,
        }
    }

    /// Where the bundle goes; nowhere if none is made.
    pub fn out(&self) -> Option<&Path> {
        match self {
            Self::Data(args) => args.out.as_deref(),
            Self::Compute(args) => Some(&args.out),
        }
    }
}

#[derive(Debug, Args)]
pub struct ProveDataArgs {
    /// Folders that `fairshare commit data` wrote
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    #[command(flatten)]
    pub common: ProveArgs,
    /// Where to write the bundle
    #[arg(long, value_name = "BUNDLE", required_unless_present = "segments")]
    pub out: Option<PathBuf>,
    /// Prove only segments A to B, or part I/N of all; keep their proofs in the folders, and make no bundle
    ///
    /// Segments are numbered from 0 over the folders in the order in which they are named: with 10 segments
    /// in the first, `8..12` are its last two and the second's first two. B itself is not in the range, and
    /// may lie beyond the last segment. `I/N` is part I, counted from 0, of N equal parts of all segments.
    /// Any number of processes may work at once, also on the same segments.
    #[arg(long, value_name = "A..B", value_parser = parse_segments, conflicts_with_all = ["assemble", "out"])]
    pub segments: Option<Segments>,
    /// Make the bundle from kept proofs of segments alone, and say which are missing
    #[arg(long)]
    pub assemble: bool,
    /// Prove the score even if eight others of a dataset are on record
    ///
    /// Each score under another reference, or together with other datasets, is one more equation in the
    /// counts of your data's histogram. About as many scores as the schema has bins give the histogram away;
    /// with few bins, or data that can be guessed, fewer do. Use this only if the histogram may become known.
    /// A score that is on record can be proved again without it.
    #[arg(long)]
    pub ninth_score: bool,
}

#[derive(Debug, Args)]
pub struct ProveComputeArgs {
    #[command(flatten)]
    pub node: NodeArgs,
    #[command(flatten)]
    pub common: ProveArgs,
    /// Where to write the bundle
    #[arg(long, value_name = "BUNDLE")]
    pub out: PathBuf,
}

/// What every proof needs.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The parameters
    #[arg(long, value_name = "SRS")]
    pub params: PathBuf,
    #[command(flatten)]
    pub work: WorkArgs,
}

/// How much of the machine proving takes.
#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Maximum number of proofs at the same time [default: one per thread]
    #[arg(long, value_parser = parse_count, value_name = "N")]
    pub jobs: Option<usize>,
    /// Memory limit for proving, for example 512MiB or 8GiB
    /// [default: what this machine or container has left]
    #[arg(long, value_parser = parse_size, value_name = "SIZE")]
    pub memory: Option<u64>,
    /// Where proving keys are cached [default: fairshare in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Number of threads, at most four per processor [default: one per processor]
    #[arg(long, value_parser = parse_count, value_name = "N")]
    pub threads: Option<usize>,
}

/// The key that signs.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The encrypted key to sign with [default: the environment variable FAIRSHARE_PRIVATE_KEY]
    #[arg(long, value_name = "FILE")]
    pub keystore: Option<PathBuf>,
    /// The keystore's password [default: the environment variable FAIRSHARE_KEYSTORE_PASSWORD]
    #[arg(long, value_name = "FILE", requires = "keystore")]
    pub password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("record").required(true).multiple(true), after_help = "\
Example:
  fairshare verify ewr-data.bundle ewr-compute.bundle --policy policy.toml --params ceremony.srs \\
      --registration ewr-data/signed.json --units units.csv

Registrations are matched to bundles by digest, units by the node. Every bundle gets a \
verdict; an unreadable bundle is refused like one that does not verify. --json prints one object per bundle, \
each on its own line. Trust the score only if `accepted` is true.")]
pub struct VerifyArgs {
    /// The bundles
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The parameters, whole or a verifier's
    #[arg(long, value_name = "PARAMS")]
    pub params: PathBuf,
    /// The rules hash, if you were given it and the policy has none
    #[arg(long, value_name = "0x…")]
    pub rules_hash: Option<Digest>,
    /// What was registered of data: requests, or signed registrations
    #[arg(long, num_args = 1.., value_name = "FILE", group = "record")]
    pub registration: Vec<PathBuf>,
    /// The nodes' units on record
    #[arg(long, value_name = "UNITS.csv", group = "record")]
    pub units: Option<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Show it on a development chain
    #[arg(long)]
    pub chain: bool,
    /// Its node
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545", requires = "chain")]
    pub rpc: String,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fairshare bench --geometry compact --runs 5")]
pub struct BenchArgs {
    /// The circuits' shape; its widest segment is measured
    #[arg(long, value_parser = parse_geometry, default_value = "standard", value_name = "NAME")]
    pub geometry: Geometry,
    /// Runs of each measurement; the table shows their median
    #[arg(long, value_parser = parse_count, default_value = "3", value_name = "N")]
    pub runs: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  fairshare schema vault status

`fairshare schema error` describes errors; without a command, all schemas are printed as one document.")]
pub struct SchemaArgs {
    /// The command, without its options [default: all that print JSON]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

fn parse_geometry(name: &str) -> Result<Geometry, String> {
    let names: Vec<_> = Geometry::ALL.iter().map(Geometry::name).collect();
    Geometry::from_name(name).ok_or_else(|| format!("the geometries are {}", names.join(", ")))
}

fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("give a whole number of 1 or more".to_owned()),
    }
}

fn parse_segments(text: &str) -> Result<Segments, String> {
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number)
    };
    let numbers = |sign| text.split_once(sign).and_then(|(one, other)| Some((number(one)?, number(other)?)));
    let range =
        numbers("..").filter(|(first, end)| first < end).map(|(first, end)| Segments::Range(first..end));
    let part = || numbers("/").filter(|(index, parts)| index < parts);
    range
        .or_else(|| part().map(|(index, parts)| Segments::Part { index, parts }))
        .ok_or_else(|| "give A..B with A below B, or I/N with I below N, for example 0..40 or 3/8".to_owned())
}

/// Units of sizes; longer suffixes first, so that `GiB` is not read as `B`.
const UNITS: [(&str, u64); 5] =
    [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1)];

fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
        .unwrap_or((text, 1));
    let digits = number.trim_end();
    let size = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
    size.and_then(|size: u64| size.checked_mul(unit))
        .filter(|size| *size > 0)
        .ok_or_else(|| "give a number of bytes, KiB, MiB, GiB or TiB, for example 512MiB or 8GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        fn visit(command: &clap::Command) {
            let leaf = command.get_subcommands().next().is_none();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!leaf || help.starts_with("Example:\n  fairshare "), "{}", command.get_name());
            assert!(command.get_about().is_some(), "{}", command.get_name());
            command.get_subcommands().for_each(visit);
        }
        visit(&Cli::command());
    }

    #[test]
    fn global_flags_stand_anywhere() {
        for line in [
            "fairshare --json --log-level debug policy check p.toml",
            "fairshare policy --json check --log-level debug p.toml",
            "fairshare policy check p.toml --log-level debug --json",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.global.json);
            assert_eq!(cli.global.log_level, Some(LogLevel::Debug));
        }
    }

    #[test]
    fn sizes_have_binary_units() {
        for (text, size) in [
            ("1", 1),
            ("4096B", 4096),
            ("512MiB", 512 << 20),
            ("8GiB", 8 << 30),
            ("8 GiB", 8 << 30),
            ("2TiB", 2 << 40),
            ("3KiB", 3072),
        ] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for text in ["", "GiB", "0", "-1", "+1", "1.5GiB", "8GB", "8 gib", "99999999999TiB", "1e9"] {
            assert!(parse_size(text).unwrap_err().contains("8GiB"), "{text}");
        }
    }

    #[test]
    fn segments_are_a_range_that_holds_some_or_a_part() {
        assert_eq!(parse_segments("0..40"), Ok((0..40).into()));
        assert_eq!(parse_segments("7..8"), Ok((7..8).into()));
        assert_eq!(parse_segments("3/8"), Ok(Segments::Part { index: 3, parts: 8 }));
        for text in [
            "",
            "..",
            "/",
            "3",
            "3..3",
            "4..3",
            "0..=3",
            "..3",
            "0..",
            "-1..3",
            "+1..3",
            "1..+3",
            "a..b",
            "8/8",
            "0/0",
            "1/",
            "/2",
            "-1/2",
            "1/2/3",
            "0..99999999999999999999",
        ] {
            assert!(parse_segments(text).unwrap_err().contains("0..40"), "{text}");
        }
    }

    #[test]
    fn counts_start_at_one() {
        assert_eq!(parse_count("3"), Ok(3));
        assert!(parse_count("0").is_err() && parse_count("-1").is_err() && parse_count("").is_err());
    }
}
