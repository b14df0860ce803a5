//! # The `fairshare` command
//!
//! Arguments ([`args`]), progress, printing: every command calls the library and prints what it says. Results
//! go to standard output, everything else to standard error; the exit status is one of [`error::Status`].

mod args;
mod commands;
mod document;
mod error;
mod failure;
mod interrupt;
mod load;
#[cfg(test)]
mod manual;
mod output;
mod progress;

#[cfg(feature = "asm")]
use std::arch::is_x86_feature_detected;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;

use args::{Cli, Command};
use error::{CliError, Status};
use output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::misused(&error),
    };
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::from(cli.global.log_level))
        .with_writer(progress::LogWriter)
        .with_target(false)
        .init();
    let output = Output::new(cli.global.json);
    let status = run(&cli, output).unwrap_or_else(|error| {
        output.error(&error);
        error.status()
    });
    status.into()
}

fn run(cli: &Cli, output: Output) -> Result<Status, CliError> {
    // The library does not look: without this, its first multiplication would end the process without a word.
    #[cfg(feature = "asm")]
    if !(is_x86_feature_detected!("adx") && is_x86_feature_detected!("bmi2")) {
        return Err(CliError::Processor);
    }
    match &cli.command {
        Command::Params(command) => commands::params::run(command, output),
        Command::Policy(command) => commands::policy::run(command, output),
        Command::Commit(command) => commands::commit::run(command, output),
        Command::Upload(command) => commands::upload::run(command, output),
        Command::Register(command) => commands::register::run(command, output),
        Command::Score(command) => commands::score::run(command, output),
        Command::Prove(args) => commands::prove::run(args, output),
        Command::Verify(args) => commands::verify::run(args, output),
        Command::Vault(args) => commands::vault::run(args, output),
        Command::Audit(args) => commands::audit::run(args, output),
        Command::Demo => commands::demo::run(output),
        Command::Bench(args) => commands::bench::run(args, output),
        Command::Schema(args) => commands::schema::run(args, output),
    }
}
