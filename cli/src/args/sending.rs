//! Which node of a chain is asked, and how transactions are sent there.

use std::path::PathBuf;

use clap::Args;

use super::KeyArgs;

/// Which node of the chain is asked.
#[derive(Debug, Args)]
pub struct RpcArgs {
    /// A node of the chain, as http:// or https://
    #[arg(long, env = "ETH_RPC_URL", hide_env_values = true, value_name = "URL")]
    pub rpc: Option<String>,
}

/// How transactions are sent.
#[derive(Debug, Args)]
pub struct SendArgs {
    #[command(flatten)]
    pub rpc: RpcArgs,
    #[command(flatten)]
    pub key: KeyArgs,
    /// Show the next transaction and its cost; send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait until a transaction is mined; run the command again to wait longer
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    pub wait: u64,
    /// Highest fee per gas, in gwei
    #[arg(
        long,
        value_name = "GWEI",
        default_value = "500",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    pub max_fee: u64,
    /// Folder for pending transactions [default: fairshare in $XDG_STATE_HOME]
    #[arg(long, value_name = "DIR")]
    pub outbox: Option<PathBuf>,
}
