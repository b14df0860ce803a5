//! The vault's part of the command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use fairshare_formats::eip55;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_vault::ledger::Target;

use super::serve::ServeArgs;
use super::{KeyArgs, WorkArgs, parse_size};

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
    /// Let the rules of an epoch stand; the first ones create the ledger
    #[command(after_help = "\
Example:
  fairshare vault init --policy policy.toml --params ceremony.srs --ledger vault.ledger

The policy's `registry` is your own address: you sign receipts with its key. Until the epoch's first round \
begins, other rules may take the place of these.")]
    Init(InitArgs),
    /// Begin the next round of registration, or end an epoch's last one
    #[command(after_help = "\
Example:
  fairshare vault round --next
  fairshare vault round --to 364
  fairshare vault round --end --units units.csv --receipts receipts

Data is of the round that goes on when it is registered, and the later that is, the less it weighs. An \
epoch's last round takes the nodes' units, and no data. When it has ended, proofs are taken. With --units, \
the units are recorded in the last round before it ends, as `vault register --units` does.")]
    Round(RoundArgs),
    /// Record signed registrations, and the nodes' units
    #[command(after_help = "\
Example:
  fairshare vault register ewr-data/signed.json --receipts receipts
  fairshare vault register --units units.csv --receipts receipts

A folder stands for the `.json` files in it. Each registration is told what became of it; one that is \
refused does not keep the others out. units.csv has a column `round` and one column per node, named by its \
address. It has every round and every node of the epoch, and is recorded once, in the epoch's last round. \
Receipts are signed with the operator's key, from the keystore or the environment variable \
FAIRSHARE_PRIVATE_KEY; give them to whoever registered.")]
    Register(RegisterArgs),
    /// Take a dataset or a node out, for everybody to see
    #[command(after_help = "\
Example:
  fairshare vault strike 0x00000000000000000000000000000000000000e1 \\
    --why 'reports what nobody saw'

A struck dataset weighs nothing in the epochs whose last round has not ended, a struck node in the epoch \
whose rounds go on. The entry and its reason stand in every audit.")]
    Strike(StrikeArgs),
    /// Verify bundles and record those that count
    #[command(after_help = "\
Example:
  fairshare vault submit bundles/ --params ceremony.srs --receipts receipts

A folder stands for the `.bundle` files in it. Every bundle gets a verdict; a refused bundle does not affect \
the others. A bundle that weighs more takes the place of an earlier one. Receipts are signed as those of \
`vault register`.")]
    Submit(SubmitArgs),
    /// Close an epoch: prove what nodes left unproved, and take no more
    #[command(after_help = "\
Example:
  fairshare vault close --params ceremony.srs
  fairshare vault close --params ceremony.srs --settle

Nodes' units are public, so their missing proofs are made here; interrupted, the command goes on where it \
stopped. Everyone on record who gets nothing is listed with the reason; if anyone is, say --forfeit. Until \
the deadline the epoch is not closed while somebody's data is not proved.")]
    Close(CloseArgs),
    /// Fix what everybody is paid for a closed epoch
    #[command(after_help = "Example:\n  fairshare vault settle")]
    Settle(EpochArgs),
    /// Write a list of payments that are due, and record them as sent
    #[command(after_help = "\
Example:
  fairshare vault claim --all --lists payments

For rules whose settlement is `payments`. The list is written to the folder first, and then recorded. Keep \
the folder: a ledger that was restored from an older copy reads there what was sent since. Where it cannot \
know what was sent, because lists are missing, it pays only if you say --resume-without-history; a ledger's \
first list needs that, too. Where all lists are there, the option is refused. A list that does not follow \
from the ledger is recorded only if --record-unfounded names it. Under `claims`, contributors claim from \
the contract by what `vault export --claims` writes.")]
    Claim(ClaimArgs),
    /// Record that payments were made
    #[command(after_help = "\
Example:
  fairshare vault confirm --list payments/payments-000000042-5c50e1aa.json --evidence 0x5c50…

The evidence is of all payments of the list, or of those to the contributors named. All of them are \
confirmed, or none. A payment that was confirmed before by other evidence is refused, with that evidence.")]
    Confirm(ConfirmArgs),
    /// Show where everything stands
    #[command(after_help = "Example:\n  fairshare vault status --json")]
    Status(StatusArgs),
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
    /// Watch the ledger: health and metrics over HTTP, and a signed webhook
    #[command(after_help = "\
Example:
  fairshare vault serve --params ceremony.srs --state serve.state \\
      --webhook https://example.org/hook --webhook-secret-file hook.secret

Answers /healthz, /readyz and /metrics, and never writes to the ledger. The webhook is told when an epoch is \
closed or settled, and when an audit finds a difference. docs/vault.md says how to check its signature. \
SIGTERM or Ctrl-C ends the service.")]
    Serve(ServeArgs),
}

impl VaultCommand {
    /// Whether the command changes nothing.
    pub fn only_reads(&self) -> bool {
        matches!(self, Self::Status(_) | Self::Audit(_) | Self::Export(_) | Self::Serve(_))
    }
}

#[derive(Debug, Args)]
pub struct EpochArgs {
    /// The epoch [default: the first that is not settled]
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The policy
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The parameters that it names, whole or a verifier's
    #[arg(long, value_name = "PARAMS")]
    pub params: PathBuf,
    /// Begin the epoch's first round, too; then no other rules may take the place of these
    #[arg(long)]
    pub begin: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("to").required(true))]
pub struct RoundArgs {
    /// The next round; after an epoch's last one, its end
    #[arg(long, group = "to")]
    pub next: bool,
    /// All rounds up to this one
    #[arg(long = "to", value_name = "X", group = "to", id = "round")]
    pub to: Option<u64>,
    /// All rounds that are left of the epoch, and its end
    #[arg(long, group = "to")]
    pub end: bool,
    /// End the epoch's rounds although no units are on record: nobody is paid for computing power
    #[arg(long)]
    pub without_units: bool,
    /// The nodes' units by round, to be recorded in the last round before it ends
    #[arg(
        long,
        value_name = "UNITS.csv",
        requires = "receipts",
        conflicts_with_all = ["next", "round", "without_units"]
    )]
    pub units: Option<PathBuf>,
    /// The folder that the units' signed receipt is written to
    #[arg(long, value_name = "DIR", requires = "units")]
    pub receipts: Option<PathBuf>,
    #[command(flatten)]
    pub key: KeyArgs,
}

/// Where signed receipts go.
#[derive(Debug, Args)]
pub struct ReceiptArgs {
    /// The folder that signed receipts are written to
    #[arg(long, value_name = "DIR")]
    pub receipts: PathBuf,
    #[command(flatten)]
    pub key: KeyArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).multiple(true))]
pub struct RegisterArgs {
    /// Signed registrations, or folders of them
    #[arg(value_name = "FILE", group = "what")]
    pub registrations: Vec<PathBuf>,
    /// The nodes' units by round, one column per node
    #[arg(long, value_name = "UNITS.csv", group = "what")]
    pub units: Option<PathBuf>,
    #[command(flatten)]
    pub receipts: ReceiptArgs,
}

#[derive(Debug, Args)]
pub struct StrikeArgs {
    /// A dataset's digest, or a node's address
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    pub target: Target,
    /// Why, in one line
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

pub(super) fn parse_target(text: &str) -> Result<Target, String> {
    if let Ok(digest) = text.parse::<Digest>() {
        return Ok(Target::Data(digest));
    }
    eip55::parse(text).map(Target::Node).map_err(|error| format!("neither a digest nor an address: {error}"))
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
    pub receipts: ReceiptArgs,
    #[command(flatten)]
    pub epoch: EpochArgs,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// The whole parameters, to prove what nodes left unproved
    #[arg(long, value_name = "SRS")]
    pub params: Option<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    /// Close although some on record get nothing
    #[arg(long)]
    pub forfeit: bool,
    /// Settle the epoch, too, as `vault settle` does
    #[arg(long)]
    pub settle: bool,
    #[command(flatten)]
    pub epoch: EpochArgs,
    #[command(flatten)]
    pub work: WorkArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub struct ClaimArgs {
    /// The contributor
    #[arg(value_name = "0x…", group = "who", value_parser = eip55::parse)]
    pub contributor: Option<Address>,
    /// Everybody to whom something is due
    #[arg(long, group = "who")]
    pub all: bool,
    /// The folder of all lists of this ledger
    #[arg(long, value_name = "DIR")]
    pub lists: PathBuf,
    /// Pay although the ledger cannot know what was sent: somebody may be paid twice
    #[arg(long)]
    pub resume_without_history: bool,
    /// A list there that does not follow from the ledger, and is recorded as it is: every audit names it
    #[arg(long, value_name = "FILE")]
    pub record_unfounded: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// The list that was paid
    #[arg(long, value_name = "FILE")]
    pub list: PathBuf,
    /// Contributors on it that were paid [default: all]
    #[arg(value_name = "0x…", value_parser = eip55::parse)]
    pub contributors: Vec<Address>,
    /// The transfer that paid them, for instance its hash
    #[arg(long, value_name = "TX")]
    pub evidence: String,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this epoch
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
}

#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The parameters that the policies name, whole
    #[arg(long, required = true, num_args = 1.., value_name = "SRS")]
    pub params: Vec<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    /// What the audit may hold in memory; ledgers of many contributors need more
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "256MiB")]
    pub memory: u64,
    /// Also write the report as a web page
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// The rules hash that the last settled epoch has to have, as published elsewhere
    #[arg(long, value_name = "H")]
    pub rules_hash: Option<Digest>,
    /// The root that its claims have to have
    #[arg(long, value_name = "R")]
    pub root: Option<Digest>,
    /// The sum that its claims have to have, of all epochs, in base units
    #[arg(long, value_name = "T")]
    pub total: Option<u128>,
    /// Receipts that the operator signed, which the ledger has to keep to
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub receipt: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  fairshare audit vault.tar --params ceremony.srs --report audit.html

Exit status 0 means that every bundle verifies and every amount is right to the unit; 1 means that something \
differs, which the report names; 2 that not everything could be audited.")]
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
    /// The epoch of the claims [default: the last that is settled]
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
}
