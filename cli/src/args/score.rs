//! Scores without proofs: their part of the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fairshare_formats::eip55;
use fairshare_params::address::Address;

/// What to do where data does not match its schema.
#[derive(Debug, Args)]
pub struct UnmatchedArgs {
    /// Warn where more than this share of a column's cells matches nothing in the schema
    #[arg(long, value_parser = parse_share, value_name = "SHARE", default_value = "0.1")]
    pub warn_unmatched: f64,
    /// Go on although more than half of a column's cells match nothing in the schema
    #[arg(long)]
    pub accept_unmatched: bool,
}

/// A node, and where its units are.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The units on record: a CSV file with a column `round` and one for each node, named by its address
    #[arg(long, value_name = "UNITS.csv")]
    pub units: PathBuf,
    /// The node's address
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub contributor: Address,
}

#[derive(Debug, Subcommand)]
pub enum ScoreCommand {
    /// What records are worth under a policy: their divergence, weight and share, step by step
    #[command(after_help = "\
Example:
  fairshare score data --policy policy.toml --data EWR.parquet --plot plots
  fairshare score data --policy policy.toml --data EWR.parquet --among vault.tar --params ceremony.srs

The first line says what the data earns, or why it earns nothing. --among says among whom: a vault's \
archive, which is audited with --params, and whose weights are computed again from its proofs; or, if its \
name ends in `.csv`, a file with a line `contributor,weight` and a line for each contributor. \
docs/scoring.md explains every step.

Keep the result and the plots to yourself: they show your data's histogram, and only `prove data` counts the \
scores that you give away.")]
    Data(Box<ScoreDataArgs>),
    /// The decayed share of units in all rounds
    #[command(after_help = "\
Example:
  fairshare score compute --policy policy.toml --units units.csv \\
      --contributor 0x00000000000000000000000000000000000000e1 --json")]
    Compute(ScoreComputeArgs),
}

#[derive(Debug, Args)]
pub struct ScoreDataArgs {
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The records: files, folders or patterns of files, or `-` for standard input (see docs/data.md)
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// The round in which the data is registered, of several datasets the latest [default: the data window's
    /// first]
    #[arg(long, value_name = "N")]
    pub round: Option<u64>,
    /// Others' weights, among which to say the share: a vault's archive, or a file of weights (.csv)
    #[arg(long, value_name = "FILE")]
    pub among: Option<PathBuf>,
    /// The epoch of the archive whose weights to take [default: the policy's, or else the last one with
    /// proofs of data]
    #[arg(long, value_name = "N", requires = "among")]
    pub epoch: Option<u64>,
    /// Your address: a weight of its own among the others is not counted twice
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, requires = "among")]
    pub contributor: Option<Address>,
    /// The parameters that the archive's policies name, whole
    #[arg(long, num_args = 1.., value_name = "SRS", requires = "among")]
    pub params: Vec<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long, requires = "params")]
    pub allow_insecure_params: bool,
    /// Draw each feature beside the reference, as an SVG image in this folder
    #[arg(long, value_name = "DIR")]
    pub plot: Option<PathBuf>,
    /// Draw each feature here, in characters
    #[arg(long)]
    pub show: bool,
    #[command(flatten)]
    pub unmatched: UnmatchedArgs,
}

#[derive(Debug, Args)]
pub struct ScoreComputeArgs {
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub node: NodeArgs,
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("give a share from 0 to 1, for example 0.1".to_owned()),
    }
}
