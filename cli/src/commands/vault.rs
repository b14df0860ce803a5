//! `fairshare vault`: the operator's books, from the rules of an epoch to the last payment.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fairshare_audit::registry::State;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::time::Moment;
use fairshare_vault::Ledger;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::{Epoch, Target, To};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::audit;
use crate::args::{InitArgs, StrikeArgs, VaultArgs, VaultCommand};
use crate::document::spelling::{Checksummed, Hash, StateName};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list};

mod claim;
mod close;
mod confirm;
mod export;
mod lists;
mod receipts;
mod register;
mod round;
mod serve;
mod settle;
mod status;
mod submit;

pub use claim::Claims;
pub use close::ClosedResult;
pub use confirm::Confirmed;
pub use export::Exported;
pub use register::Line as RegisteredLine;
pub use round::Reached;
pub use serve::Serving;
pub use settle::SettledResult;
pub use status::StatusResult;
pub use submit::Line as SubmittedLine;

pub fn run(args: &VaultArgs, output: Output) -> Result<Status, CliError> {
    let location: Location = args.ledger.parse().map_err(fairshare_vault::VaultError::from)?;
    let access = match &args.command {
        VaultCommand::Init(_) => Access::Create,
        command if command.only_reads() => Access::Read,
        _ => Access::Write,
    };
    if let VaultCommand::Init(args) = &args.command {
        return init(&location, args, output);
    }
    if let VaultCommand::Serve(args) = &args.command {
        // It opens the ledger itself, and waits for one that is not there.
        return serve::run(&location, args, output);
    }
    let mut ledger = Ledger::open(&location, access)?;
    match &args.command {
        VaultCommand::Init(_) | VaultCommand::Serve(_) => Ok(Status::Done),
        VaultCommand::Round(args) => round::run(&mut ledger, args, output),
        VaultCommand::Register(args) => register::run(&mut ledger, args, output),
        VaultCommand::Strike(args) => strike(&mut ledger, args, output),
        VaultCommand::Submit(args) => submit::run(&mut ledger, args, output),
        VaultCommand::Close(args) => close::run(&mut ledger, args, output),
        VaultCommand::Settle(args) => settle::run(&mut ledger, args.epoch, output),
        VaultCommand::Claim(args) => claim::run(&mut ledger, args, output),
        VaultCommand::Confirm(args) => confirm::run(&mut ledger, args, output),
        VaultCommand::Status(args) => status::run(&mut ledger, args.epoch, output),
        VaultCommand::Audit(args) => audit::ledger(&mut ledger, file_of(&location), args, output),
        VaultCommand::Export(args) => {
            let outputs = args.claims.iter().chain(&args.archive);
            outputs
                .map(PathBuf::as_path)
                .try_for_each(|path| load::check_output(path, file_of(&location)))?;
            export::run(&mut ledger, args, output)
        }
    }
}

/// The file that a ledger is kept in, if it is one.
fn file_of(location: &Location) -> Option<&Path> {
    match location {
        Location::File(path) => Some(path),
        Location::Server(_) => None,
    }
}

/// The time by this machine's clock.
pub fn now() -> Result<Moment, CliError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| CliError::Clock)?;
    Ok(Moment::from_unix_seconds(since.as_secs()).map_err(fairshare_vault::VaultError::from)?)
}

/// An epoch in its new state.
#[derive(Serialize, JsonSchema)]
pub struct Changed {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// The rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// The address of the key that signs receipts, which is the ledger's for ever.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The round that was begun; null if none was.
    round: Option<u64>,
    /// Whether it was so before.
    before: bool,
}

fn init(location: &Location, args: &InitArgs, output: Output) -> Result<Status, CliError> {
    let (source, policy) = fairshare_storage::policy::load_source(&args.policy)?;
    let parameters = load::Parameters::read(&args.params, &policy)?;
    // Insecure parameters are named; whoever verifies has to allow them.
    let verifier = parameters.verifier(&policy, Trust::AllowInsecure)?;
    let mut ledger = Ledger::open(location, Access::Create)?;
    let opened = ledger.open_epoch(&source, &verifier, now()?)?;
    let round = match opened.epoch.state {
        State::Announced if args.begin => Some(begin(&mut ledger, &opened.epoch)?),
        _ => None,
    };
    let Epoch { number, state, rules_hash, stage } = ledger.epoch(Some(opened.epoch.number))?.0;
    let rules_hash = rules_hash.to_string();
    let registry = checksummed(&policy.terms().registry).to_string();
    let before = opened.before && round.is_none();
    let changed = Changed { epoch: number, state: state.name(), rules_hash, registry, round, before };
    output.result(&changed, || {
        let again = if before { ", as it was before" } else { "" };
        let mut lines = vec![("epoch", format!("{number} is {state}{again}"))];
        if !opened.before {
            lines.push(("", format!("ledger at {}", ledger.location())));
            lines.push(("registry", format!("{}, for ever: the key that signs receipts", changed.registry)));
        }
        match round {
            Some(round) => lines.push(("round", format!("{round} has begun"))),
            None if !before => {
                lines.push(("", format!("`fairshare vault round --next` begins round {}", stage.span.first)));
            }
            None => {}
        }
        lines.push(("rules hash", changed.rules_hash.clone()));
        list(&lines)
    })?;
    Ok(Status::Done)
}

/// Begins the first round of an epoch that is announced.
fn begin(ledger: &mut Ledger, epoch: &Epoch) -> Result<u64, CliError> {
    Ok(ledger.advance(To::Round(epoch.stage.span.first), false, now()?)?.round)
}

/// A strike on record.
#[derive(Serialize, JsonSchema)]
pub struct StruckResult {
    /// Its entry in the ledger.
    entry: u64,
    /// The epoch whose rounds go on; null if none do.
    epoch: Option<u64>,
    /// The dataset's digest, or the node's address.
    target: String,
}

fn strike(ledger: &mut Ledger, args: &StrikeArgs, output: Output) -> Result<Status, CliError> {
    let struck = ledger.strike(args.target, &args.why, now()?)?;
    let (target, what) = match &args.target {
        Target::Data(digest) => (digest.to_string(), "dataset"),
        Target::Node(node) => (checksummed(node).to_string(), "node"),
    };
    let result = StruckResult { entry: struck.receipt.index, epoch: struck.epoch, target };
    let effect = match result.epoch {
        Some(epoch) => format!("weighs nothing in epoch {epoch}"),
        None => "weighs nothing in epochs whose last round has not ended".to_owned(),
    };
    output.result(&result, || {
        list(&[
            ("struck", format!("{what} {}", result.target)),
            ("", format!("{effect}; entry {}, for everybody to see", result.entry)),
        ])
    })?;
    Ok(Status::Done)
}

/// Most bytes of files that are read at once, unless one alone has more.
const BATCH_BYTES: u64 = 32 << 20;

/// How many of the files are read at once, of so many at most: the first in any case.
fn fitting(paths: &[PathBuf], most: usize) -> usize {
    let mut bytes = 0u64;
    let fits = |path: &&PathBuf| {
        bytes = bytes.saturating_add(path.metadata().map_or(0, |file| file.len()));
        bytes <= BATCH_BYTES
    };
    paths.iter().take(most).take_while(fits).count().max(1)
}
