//! `fairshare chain`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use fairshare_formats::eip55;
use fairshare_params::address::Address;
use fairshare_vault::ledger::Target;

use super::royalty::{FundArgs, PayArgs, PostArgs, WatchArgs};
use super::sending::{RpcArgs, SendArgs};
use super::vault::parse_target;

#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Deploy a vault that computes what it pays, with its registry and, if none is named, its verifier
    #[command(after_help = "\
Example:
  fairshare chain deploy --token 0x5FbDB2315678afecb367f032d93F642f64180aa3 --subnet nyc-flights \\
      --task federated --out deployment.json

The sender owns both contracts, and is operator and coordinator, unless others are named. The addresses, \
which a policy's [vault] names, are in deployment.json before anything is sent; run again, the command goes \
on where it stopped. Roles and trust: docs/chain.md.")]
    Deploy(DeployArgs),
    /// Register verifying keys and openings with a verifier contract, or make the transactions that do
    #[command(after_help = "\
Example:
  fairshare chain keys --params ceremony.srs --verifier 0x5FbDB2315678afecb367f032d93F642f64180aa3
  fairshare chain keys --params ceremony.srs --out register

With --verifier both are sent, once; the verifier keeps them under the hashes that this command prints, and \
rules name the same ones. Without it they are only made. Anyone may send them. Of development parameters the \
openings say so in their code, and only a contract that was deployed to take such parameters takes them.")]
    Keys(KeysArgs),
    /// Open the rules of the epoch that begins next, and fund its pool
    #[command(after_help = "\
Example:
  fairshare chain open --policy policy.toml --params ceremony.srs --fund

For the vault's operator; anybody may fund. --fund brings what the pool lacks, and no more; of rules without \
a pool it takes an amount, and tops up to it what the vault has for them. Until the first round begins, \
other rules may take the place of these.")]
    Open(OpenArgs),
    /// Register data, by its contributor's signature
    #[command(after_help = "\
Example:
  fairshare chain register ewr-data/signed.json --policy policy.toml

Anybody may send what `fairshare register sign` wrote; the contributor is who signed it. A folder stands for \
the `.json` files in it. One that is refused does not keep the others out. The registry says in which round \
it takes the data: the later, the less it weighs.")]
    Register(ChainRegisterArgs),
    /// Begin an epoch, record nodes' units, and end rounds
    #[command(after_help = "\
Example:
  fairshare chain record-round --begin --policy policy.toml --params ceremony.srs
  fairshare chain record-round --to 39 --units units.csv --policy policy.toml --params ceremony.srs
  fairshare chain record-round --finish --policy policy.toml --params ceremony.srs

For the registry's coordinator; --finish is for anybody, once the rules' `ends_by` is over. --to records the \
units of each round up to this one and ends it. units.csv lists all rounds of the epoch, with 0 for those \
still to come, in a column `round` and one for each node, named by its address; of an FHE task with 1 for \
the round's node. Recording units takes the whole parameters.")]
    RecordRound(RecordRoundArgs),
    /// Send bundles to the vault, which verifies them
    #[command(after_help = "\
Example:
  fairshare chain submit ewr-data.bundle ewr-compute.bundle --policy policy.toml \\
      --params ceremony.verifier.params

Anybody may send anybody's, from the end of the last round up to the deadline. A folder stands for the \
`.bundle` files in it. One that is refused does not keep the others out. A bundle too large for one \
transaction is sent in several.")]
    Submit(ChainSubmitArgs),
    /// Have contributors paid what an epoch owes them
    #[command(after_help = "\
Example:
  fairshare chain claim 0x00000000000000000000000000000000000000e1 --policy policy.toml
  fairshare chain claim --all --policy policy.toml

Anybody may have anybody paid; the money goes to the contributor. --to sends one's own elsewhere. The epoch \
is the policy's. Claims are paid once the deadlines of this epoch and of all before it are over.")]
    Claim(ChainClaimArgs),
    /// Take a dataset or a node out, for everybody to see
    #[command(after_help = "\
Example:
  fairshare chain strike 0x00000000000000000000000000000000000000e1 --policy policy.toml \\
      --why 'reports what nobody saw'

For the registry's coordinator. A struck dataset weighs nothing in the epochs whose last round has not \
ended, a struck node in the epoch whose rounds go on.")]
    Strike(ChainStrikeArgs),
    /// Show where a vault and its registry stand
    #[command(after_help = "Example:\n  fairshare chain status --policy policy.toml --json")]
    Status(ChainStatusArgs),
    /// Copy a registry's final events into a ledger
    #[command(after_help = "\
Example:
  fairshare chain sync --policy policy-1.toml --policy policy-2.toml --ledger chain.ledger
  fairshare vault audit --ledger chain.ledger --params ceremony.srs

Only blocks that the chain calls final are read. Run again, it goes on where it stopped; a block that \
changed after it was read stops it. --policy names the rules of each epoch: a contract has their hash \
alone. A bundle that was sent through another contract, or in parts, is looked for in --bundles.")]
    Sync(SyncArgs),
    /// Post the root of a ledger's claims at a vault that pays roots
    #[command(after_help = "\
Example:
  fairshare vault export --archive vault.tar --ledger vault.ledger
  fairshare chain post --archive vault.tar --archive-place https://archives.example/2013.tar --send

For the vault's operator. The archive has to be at its place before: guardians fetch it from there, and \
compare the bytes with the hash that is posted. Fund the epoch first. --safe writes the transaction for the \
owners of a Safe, --calldata prints it. Another root that is pending for the epoch is replaced only with \
--replace.")]
    Post(PostArgs),
    /// Fund an epoch of a vault that pays roots, up to what the ledger's claims are in all
    #[command(after_help = "\
Example:
  fairshare chain fund --send
  fairshare chain fund --safe fund.json --from 0x5FbDB2315678afecb367f032d93F642f64180aa3

Anybody may. What is missing is brought, and no more; the vault is approved for that amount on the token \
before, if it is not yet. What was funded leaves by claims only.")]
    Fund(FundArgs),
    /// Have contributors paid what the claims of a root are worth
    #[command(after_help = "\
Example:
  fairshare chain pay --all --send
  fairshare chain pay 0xB22CE629B429C75aCfD5c43a939b1551acd4b17f --calldata

Anybody may, once the window of the epoch's root is over; the money goes to the contributors. Who has it \
already is left out, and who cannot be paid is named with the reason.")]
    Pay(PayArgs),
    /// Follow a vault that pays roots: audit the archive of each root, and veto a false one
    #[command(after_help = "\
Example:
  fairshare chain watch --policy policy.toml --params ceremony.srs --keystore guardian.json
  fairshare chain watch --policy policy.toml --params ceremony.srs --no-veto --once --json

For the guardian, and with --no-veto for anybody. With --once the exit status tells of the pending root: 0 \
it is true, or none is pending; 1 it is false, and was vetoed unless something kept it from that; 2 that \
cannot be told, because the archive is not to be had or was not audited: nothing is vetoed then. Without \
--once it goes on until Ctrl-C, prints each verdict, and ends with the status of the worst.")]
    Watch(Box<WatchArgs>),
}

/// By which rules.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// The policy: its vault, registry and chain, and the epoch's rules
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    /// The parameters that it names, whole or a verifier's
    #[arg(long, value_name = "PARAMS")]
    pub params: PathBuf,
}

/// The kinds of registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Fully homomorphic encryption: one node a round
    Fhe,
    /// Federated learning: many nodes a round
    Federated,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("paid").required(true))]
pub struct DeployArgs {
    /// The token that is paid
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, group = "paid")]
    pub token: Option<Address>,
    /// Deploy a token for development, which anybody mints, and mint 10^24 base units: worth nothing
    #[arg(long, group = "paid")]
    pub development_token: bool,
    /// The subnet's name, as policies have it
    #[arg(long, value_name = "NAME")]
    pub subnet: String,
    /// Which kind of rounds the registry records
    #[arg(long, value_enum)]
    pub task: Task,
    /// Who appoints operator and coordinator [default: the sender]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub owner: Option<Address>,
    /// Who opens rules [default: the owner]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub operator: Option<Address>,
    /// Who sets the pace and records units [default: the owner]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub coordinator: Option<Address>,
    /// An existing verifier contract [default: one is deployed]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, conflicts_with = "takes_insecure")]
    pub verifier: Option<Address>,
    /// Deploy the verifier so that it takes development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub takes_insecure: bool,
    /// Where to write the addresses
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct KeysArgs {
    /// The parameters, whole
    #[arg(long, value_name = "SRS")]
    pub params: PathBuf,
    /// A folder for the data of the two transactions, as text; with --json they are in the result
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The verifier contract that they are sent to
    #[arg(long, value_name = "0x…", value_parser = eip55::parse)]
    pub verifier: Option<Address>,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct OpenArgs {
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Fund the vault up to this, in base units, from the sender's tokens [default: the rules' pool]
    #[arg(long, value_name = "AMOUNT", num_args = 0..=1)]
    pub fund: Option<Option<u128>>,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct ChainRegisterArgs {
    /// Signed registrations, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub registrations: Vec<PathBuf>,
    /// The policy: its registry, vault and chain
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct RecordRoundArgs {
    /// Begin the first round of the epoch whose rules are open
    #[arg(long, group = "what")]
    pub begin: bool,
    /// Record the units of each round up to this one, and end it
    #[arg(long, value_name = "X", group = "what")]
    pub to: Option<u64>,
    /// End the epoch's rounds, once its time is over
    #[arg(long, group = "what")]
    pub finish: bool,
    /// The nodes' units: a column `round`, and one for each node
    #[arg(long, value_name = "UNITS.csv", requires = "to")]
    pub units: Option<PathBuf>,
    /// End the rounds up to --to although no units are given: nobody is paid for computing power in them
    #[arg(long, requires = "to", conflicts_with = "units")]
    pub without_units: bool,
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct ChainSubmitArgs {
    /// Bundles, or folders of them
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    #[command(flatten)]
    pub rules: RulesArgs,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub struct ChainClaimArgs {
    /// The contributors
    #[arg(value_name = "0x…", group = "who", value_parser = eip55::parse)]
    pub contributors: Vec<Address>,
    /// Everybody whose bundle counts
    #[arg(long, group = "who")]
    pub all: bool,
    /// Have one's own share sent to this account
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, conflicts_with = "all")]
    pub to: Option<Address>,
    /// The policy: its vault, registry and chain, and the epoch
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct ChainStrikeArgs {
    /// A dataset's digest, or a node's address
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    pub target: Target,
    /// Why, in one line
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// The policy: its registry, vault and chain
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub send: SendArgs,
}

#[derive(Debug, Args)]
pub struct ChainStatusArgs {
    /// The policy: its vault, registry and chain, and the epoch
    #[arg(long, value_name = "POLICY")]
    pub policy: PathBuf,
    #[command(flatten)]
    pub rpc: RpcArgs,
}

#[derive(Debug, Args)]
pub struct SyncArgs {
    /// The policies of the vault's epochs
    #[arg(long, required = true, value_name = "POLICY")]
    pub policy: Vec<PathBuf>,
    /// Bundles that may have been sent through other contracts, or in parts; folders of them
    #[arg(long, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// The parameters, whole or a verifier's: to recognise bundles that were sent in parts
    #[arg(long, value_name = "PARAMS")]
    pub params: Option<PathBuf>,
    /// Where the ledger is kept: an SQLite file, or postgres://user@host/database
    #[arg(long, env = "FAIRSHARE_LEDGER", hide_env_values = true, value_name = "LEDGER")]
    pub ledger: String,
    /// Blocks whose events are taken at once
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u64).range(1..))]
    pub blocks: u64,
    #[command(flatten)]
    pub rpc: RpcArgs,
}
