//! # The `fairshare` command
//!
//! Arguments ([`args`]), progress, printing: every command calls the library and prints what it says. Results
//! go to standard output, everything else to standard error; the exit status is one of [`error::Status`].

mod args;
mod audit_cmd;
mod bench;
mod commit_cmd;
mod demo;
mod error;
mod load;
mod output;
mod params_cmd;
mod policy_cmd;
mod progress;
mod prove_cmd;
mod score_cmd;
mod vault_cmd;
mod verify_cmd;

#[cfg(feature = "asm")]
use std::arch::is_x86_feature_detected;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;

use args::{Cli, Command};
use error::{CliError, Status};
use output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(cli.global.log_level))
        .with_writer(progress::LogWriter)
        .with_target(false)
        .init();
    let status = run(&cli).unwrap_or_else(|error| {
        output::notice(error::block(&error).trim_end());
        error.status()
    });
    status.into()
}

fn run(cli: &Cli) -> Result<Status, CliError> {
    // The library does not look: without this, its first multiplication would end the process without a word.
    #[cfg(feature = "asm")]
    if !(is_x86_feature_detected!("adx") && is_x86_feature_detected!("bmi2")) {
        return Err(CliError::Processor);
    }
    let output = Output::new(cli.global.json);
    match &cli.command {
        Command::Params(command) => params_cmd::run(command, output),
        Command::Policy(command) => policy_cmd::run(command, output),
        Command::Commit(command) => commit_cmd::run(command, output),
        Command::Score(command) => score_cmd::run(command, output),
        Command::Prove(args) => prove_cmd::run(args, output),
        Command::Verify(args) => verify_cmd::run(args, output),
        Command::Vault(args) => vault_cmd::run(args, output),
        Command::Audit(args) => audit_cmd::run(args, output),
        Command::Demo => demo::run(output),
        Command::Bench(args) => bench::run(args, output),
    }
}
