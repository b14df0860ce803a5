//! `fairshare chain`, of a vault that pays roots of claims.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use fairshare_formats::eip55;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use super::parse_size;
use super::sending::SendArgs;

/// Whose claims.
#[derive(Debug, Args)]
pub struct BookArgs {
    /// Where the ledger is kept: an SQLite file, or postgres://user@host/database
    #[arg(
        long,
        env = "FAIRSHARE_LEDGER",
        hide_env_values = true,
        default_value = "vault.ledger",
        value_name = "LEDGER"
    )]
    pub ledger: String,
    /// The epoch [default: the last that is settled]
    #[arg(long, value_name = "N")]
    pub epoch: Option<u64>,
}

/// Who sends the transactions.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("how").required(true))]
pub struct HandArgs {
    /// Print what transactions carry, for somebody else to send
    #[arg(long, group = "how")]
    pub calldata: bool,
    /// Write the transactions for the owners of a Safe: a batch of its Transaction Builder
    #[arg(long, value_name = "FILE.json", group = "how")]
    pub safe: Option<PathBuf>,
    /// Send the transactions
    #[arg(long, group = "how")]
    pub send: bool,
    /// Who will send them, for instance the Safe [default: the vault's operator]
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, conflicts_with = "send")]
    pub from: Option<Address>,
    #[command(flatten)]
    pub sending: SendArgs,
}

#[derive(Debug, Args)]
pub struct PostArgs {
    /// The ledger's archive, as `vault export --archive` wrote it after the settlement
    #[arg(long, value_name = "FILE.tar")]
    pub archive: PathBuf,
    /// Where anybody can fetch this archive: a URL of at most 256 bytes
    #[arg(long, value_name = "URL")]
    pub archive_place: String,
    /// Post it in place of another root that is pending for the epoch
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub books: BookArgs,
    #[command(flatten)]
    pub hand: HandArgs,
}

#[derive(Debug, Args)]
pub struct FundArgs {
    #[command(flatten)]
    pub books: BookArgs,
    #[command(flatten)]
    pub hand: HandArgs,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true))]
pub struct PayArgs {
    /// The contributors
    #[arg(value_name = "0x…", group = "who", value_parser = eip55::parse)]
    pub contributors: Vec<Address>,
    /// Everybody who has earned something
    #[arg(long, group = "who")]
    pub all: bool,
    #[command(flatten)]
    pub books: BookArgs,
    #[command(flatten)]
    pub hand: HandArgs,
}

#[derive(Debug, Args)]
pub struct WatchArgs {
    /// A policy of the vault: it names the vault and its chain
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["vault", "chain_id"])]
    pub policy: Option<PathBuf>,
    /// The vault, if no policy names it
    #[arg(long, value_name = "0x…", value_parser = eip55::parse, requires = "chain_id")]
    pub vault: Option<Address>,
    /// Its chain
    #[arg(long, value_name = "N", requires = "vault")]
    pub chain_id: Option<u64>,
    /// The parameters that the vault's policies name, whole
    #[arg(long, required = true, num_args = 1.., value_name = "SRS")]
    pub params: Vec<PathBuf>,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    /// The rules hash that the root has to be posted with, as published elsewhere; each epoch has its own
    #[arg(long, value_name = "H", requires = "once")]
    pub rules_hash: Option<Digest>,
    /// A folder of archives: HASH.tar is taken from it, and what is fetched is kept there
    #[arg(long, value_name = "DIR")]
    pub archives: Option<PathBuf>,
    /// Longest archive that is fetched
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "1GiB")]
    pub max_archive: u64,
    /// Also fetch archives from this machine and from private networks
    #[arg(long)]
    pub private_archives: bool,
    /// What an audit may hold in memory; ledgers of many contributors need more
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "256MiB")]
    pub memory: u64,
    /// Veto nothing: no key is needed then
    #[arg(long)]
    pub no_veto: bool,
    /// Look at the root that is pending now, and end
    #[arg(long)]
    pub once: bool,
    /// Seconds between two looks at the vault
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub every: u32,
    #[command(flatten)]
    pub send: SendArgs,
}
