//! The vault's part of the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use fairshare_formats::eip55;
use fairshare_params::address::Address;

#[derive(Debug, Args)]
pub struct VaultArgs {
    /// Where the ledger is kept: an SQLite file, or postgres://user@host/database
    #[arg(
        long,
        global = true,
        env = "FAIRSHARE_LEDGER",
        hide_env_values = true,
        default_value = "vault.ledger",
        value_name = "LEDGER"
    )]
    pub ledger: String,
    #[command(subcommand)]
    pub command: VaultCommand,
}

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Open the epoch of a policy; the first one creates the ledger
    #[command(after_help = "\
Example:
  fairshare vault init --policy policy.toml --params ceremony.srs --ledger vault.ledger")]
    Init {
        /// The policy
        #[arg(long, value_name = "POLICY")]
        policy: PathBuf,
        /// The parameters that it names, whole or a verifier's
        #[arg(long, value_name = "PARAMS")]
        params: PathBuf,
    },
    /// Record registrations, all of them or none, and the nodes' units
    #[command(after_help = "\
Example:
  fairshare vault register ewr-data/registration.json

A folder stands for the `.json` files in it. To record the nodes' units, which a task contract publishes:
  fairshare vault register --units units.csv
units.csv has a column `round` and one column per node, named by its address. It has every round and every \
node of the epoch, and is recorded once.")]
    Register(RegisterArgs),
    /// Verify bundles and record those that are accepted
    #[command(after_help = "\
Example:
  fairshare vault submit bundles/ --params ceremony.srs

A folder stands for the `.bundle` files in it. Every bundle gets a verdict; a refused bundle does not affect \
the others.")]
    Submit(SubmitArgs),
    /// Close an epoch: take no more contributions
    #[command(after_help = "Example:\n  fairshare vault close")]
    Close(EpochArgs),
    /// Fix what everybody is paid for a closed epoch
    #[command(after_help = "Example:\n  fairshare vault settle")]
    Settle(EpochArgs),
    /// Record that contributors are paid what they have earned and not yet claimed
    #[command(after_help = "\
Example:
  fairshare vault claim 0x00000000000000000000000000000000000000e1 --evidence 0x5c50…

Prints what to pay. A repeated claim pays nothing, because amounts are cumulative.")]
    Claim(ClaimArgs),
    /// Show the state of every epoch
    #[command(after_help = "Example:\n  fairshare vault status --json")]
    Status,
    /// Verify every bundle of the ledger and recompute every amount
    #[command(after_help = "Example:\n  fairshare vault audit --params ceremony.srs --report audit.html")]
    Audit(AuditArgs),
    /// Write the claims for a distributor contract, or the whole ledger for an auditor
    #[command(after_help = "\
Example:
  fairshare vault export --claims claims.json
  fairshare vault export --archive vault.tar

OpenZeppelin's StandardMerkleTree reads the claims. Nothing in the archive is secret; anyone can check it \
with `fairshare audit vault.tar --params ceremony.srs`.")]
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub struct EpochArgs {
    /// The epoch [default: the latest]
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct RegisterArgs {
    /// Registrations, or folders of them
    #[arg(value_name = "FILE", group = "what")]
    pub registrations: Vec<PathBuf>,
    /// The nodes' units by round, one column per node
    #[arg(long, value_name = "UNITS.csv", group = "what")]
    pub units: Option<PathBuf>,
    #[command(flatten)]
    pub epoch: EpochArgs,
}

#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Bundles, or folders of them
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// The parameters, whole or a verifier's
    #[arg(long, value_name = "PARAMS")]
    pub params: PathBuf,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    #[command(flatten)]
    pub epoch: EpochArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub struct ClaimArgs {
    /// The contributor
    #[arg(value_name = "0x…", group = "who", value_parser = eip55::parse)]
    pub contributor: Option<Address>,
    /// Everybody who has something to claim
    #[arg(long, group = "who")]
    pub all: bool,
    /// The transfer that pays it: its hash, for the record
    #[arg(long, value_name = "TX")]
    pub evidence: Option<String>,
}

#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The parameters that the policies name, whole
    #[arg(long, required = true, num_args = 1.., value_name = "SRS")]
    pub params: Vec<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    /// Also write the report as a web page
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  fairshare audit vault.tar --params ceremony.srs --report audit.html

Exit status 0 means that every bundle verifies and every amount is right to the unit; 1 means that something \
differs, which the report names.")]
pub struct AuditArchiveArgs {
    /// What `fairshare vault export --archive` wrote
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    #[command(flatten)]
    pub audit: AuditArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct ExportArgs {
    /// Where to write the tree of an epoch's claims, as JSON
    #[arg(long, value_name = "FILE.json", group = "what")]
    pub claims: Option<PathBuf>,
    /// Where to write the archive of the whole ledger
    #[arg(long, value_name = "FILE.tar", group = "what")]
    pub archive: Option<PathBuf>,
    #[command(flatten)]
    pub epoch: EpochArgs,
}
