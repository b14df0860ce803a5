//! The service's part of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::parse_size;

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where requests are answered; from elsewhere than this machine it has neither TLS nor authentication
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    pub listen: SocketAddr,
    /// Seconds between two looks at the ledger
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "5",
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub every: u32,
    /// Seconds between two audits of the ledger; the first is made at once
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "3600",
        value_parser = clap::value_parser!(u32).range(1..=2_592_000)
    )]
    pub audit_every: u32,
    /// The parameters that the policies name, whole; an audit verifies no epoch without its own
    #[arg(long, num_args = 1.., value_name = "SRS")]
    pub params: Vec<PathBuf>,
    /// What an audit may hold in memory; ledgers of many contributors need more
    #[arg(long, value_parser = parse_size, value_name = "SIZE", default_value = "256MiB")]
    pub memory: u64,
    /// Accept development parameters, under which anyone can forge a proof
    #[arg(long)]
    pub allow_insecure_params: bool,
    /// The URL that is told what happens
    #[arg(
        long,
        value_name = "URL",
        env = "FAIRSHARE_WEBHOOK",
        hide_env_values = true,
        requires = "webhook_secret_file",
        requires = "state"
    )]
    pub webhook: Option<String>,
    /// The secret that the webhook is signed with, 32 bytes at least
    #[arg(long, value_name = "FILE")]
    pub webhook_secret_file: Option<PathBuf>,
    /// Seconds that one delivery may take
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = clap::value_parser!(u32).range(1..=300)
    )]
    pub webhook_timeout: u32,
    /// Where the service keeps how far it has come
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Without a state yet, tell what is on record already, too [default: what comes from now on]
    #[arg(long)]
    pub from_start: bool,
    /// How the log is written to standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Json, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One object a line
    Json,
    /// For people
    Text,
}
