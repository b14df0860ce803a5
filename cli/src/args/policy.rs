//! Arguments of `fairshare policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::draft::DraftArgs;
use super::score::UnmatchedArgs;

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a policy and the files that it names, and print the rules hash
    #[command(after_help = "\
Example:
  fairshare policy check policy.toml --params ceremony.srs

The rules hash covers every rule and the parameters, so that it takes the whole parameters to compute it. \
Whoever has it in the policy (`rules_hash`), from somebody they trust, verifies without them.")]
    Check {
        /// The policy
        #[arg(value_name = "POLICY.toml")]
        policy: PathBuf,
        /// The parameters that it names, whole
        #[arg(long, value_name = "SRS")]
        params: Option<PathBuf>,
    },
    /// Count the reference distribution of a policy from data
    #[command(after_help = "\
Example:
  fairshare policy reference --policy draft.toml --data EWR.parquet JFK.parquet LGA.parquet

The draft needs `geometry` and `schema`; the rest may still be missing. Prints the lines that name the file \
in the policy.")]
    Reference(ReferenceArgs),
    /// Write a policy from data, and say what it took the data for
    #[command(after_help = "\
Example:
  fairshare policy draft --data EWR.parquet JFK.parquet LGA.parquet --units units.csv \\
      --pool 100000000 --out policy.toml

Reads the files twice, in bounded memory: labels and edges must be known before anything can be counted. \
The reference is counted from all parts, or from --reference-from. Numbers get at most 32 bins at quantiles \
of the reference; labels are the most frequent ones. Chance alone makes data diverge by half a nat for each \
bin, so bins are bounded: all features together get one for every ten records of the smallest contribution, \
shared evenly, and each feature at least three. A label is listed if it is expected five times in the \
smallest contribution. `fairshare policy check` accepts the policy unedited. What was not given is a \
placeholder, and is listed.")]
    Draft(Box<DraftArgs>),
    /// Say in words what a policy pays for, who may do what and when, and who would earn what
    #[command(after_help = "\
Example:
  fairshare policy explain policy.toml

Needs no parameters. The amounts of its example are computed as the vault computes them.")]
    Explain {
        /// The policy
        #[arg(value_name = "POLICY.toml")]
        policy: PathBuf,
    },
    /// Read a table of units: its rounds for a policy, totals, and the hash that goes on record
    #[command(after_help = "\
Example:
  fairshare policy rounds --units units.csv
  fairshare policy rounds --units units.csv --policy policy.toml

Without a policy it prints the lines that name the table's rounds in one. With one, or with --first-round \
and --rounds, it says whether the table has those rounds, and exits with 1 if not.")]
    Rounds(RoundsArgs),
}

#[derive(Debug, Args)]
pub struct ReferenceArgs {
    /// The policy, or a draft of it; only its geometry and schema are read
    #[arg(long, value_name = "DRAFT.toml")]
    pub policy: PathBuf,
    /// The data: files, folders or patterns of files, or `-` for standard input (see docs/data.md)
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Where to write the counts [default: the file that the policy names, or reference.json beside it]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub unmatched: UnmatchedArgs,
}

#[derive(Debug, Args)]
pub struct RoundsArgs {
    /// The nodes' units: a CSV file with a column `round` and one for each node, named by its address
    #[arg(long, value_name = "UNITS.csv")]
    pub units: PathBuf,
    /// The policy whose rounds they have to be
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["first_round", "rounds"])]
    pub policy: Option<PathBuf>,
    /// The first round that they have to be of
    #[arg(long, value_name = "X", requires = "rounds")]
    pub first_round: Option<u64>,
    /// How many rounds they have to be of
    #[arg(long, value_name = "N", requires = "first_round", value_parser = super::parse_count)]
    pub rounds: Option<usize>,
    /// The parameters, whole, to compute the commitments that a registry on a chain keeps
    #[arg(long, value_name = "SRS")]
    pub params: Option<PathBuf>,
}
