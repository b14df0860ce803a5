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
mod unmatched;

#[cfg(feature = "asm")]
use std::arch::is_x86_feature_detected;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use args::{Cli, Command, LogFormat, LogLevel, VaultArgs, VaultCommand};
use error::{CliError, Status};
use output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::misused(&error),
    };
    log(&cli);
    // What a decoder's panic says is in the error that it becomes.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !fairshare_ingest::is_decoding() {
            hook(panic);
        }
    }));
    let output = Output::new(cli.global.json);
    let status = run(&cli, output).unwrap_or_else(|error| {
        output.error(&error);
        error.status()
    });
    status.into()
}

/// Begins the log: lines for people; of a service, objects for programs, unless told otherwise.
fn log(cli: &Cli) {
    let service = match &cli.command {
        Command::Vault(VaultArgs { command: VaultCommand::Serve(args), .. }) => Some(args.log_format),
        Command::Serve(args) => Some(args.log_format),
        _ => None,
    };
    let default = if service.is_some() { LogLevel::Info } else { LogLevel::Warn };
    let level = LevelFilter::from(cli.global.log_level.unwrap_or(default));
    // The client of the webhook would log the whole URL, in which a token may stand.
    let targets = Targets::new().with_default(level).with_target("ureq", LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer().with_writer(progress::LogWriter).with_target(false);
    let layer = match service {
        Some(LogFormat::Json) => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
        Some(LogFormat::Text) | None => lines.boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(targets)).init();
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
        Command::Serve(args) => commands::service::run(args, output),
        Command::Vault(args) => commands::vault::run(args, output),
        Command::Audit(args) => commands::audit::run(args, output),
        Command::Chain(command) => commands::chain::run(command, output),
        Command::Demo(args) => commands::demo::run(args, output),
        Command::Bench(args) => commands::bench::run(args, output),
        Command::Schema(args) => commands::schema::run(args, output),
    }
}
