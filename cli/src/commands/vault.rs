//! `fairshare vault`: the operator's books, from opening an epoch to the last claim.

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use fairshare_audit::archive;
use fairshare_audit::snapshot::State;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_prover::commit::{COMMITMENTS_FILE, REGISTRATION_FILE};
use fairshare_storage::files::{self, Access};
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{Batch, Epoch, Unproved};
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use super::audit;
use crate::args::{ExportArgs, RegisterArgs, VaultArgs, VaultCommand};
use crate::document::spelling::{Hash, StateName};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, list, notice, thousands};
use crate::progress;

mod claim;
mod settle;
mod status;
mod submit;

pub use claim::Claims;
pub use settle::SettledResult;
pub use status::StatusResult;
pub use submit::Line as SubmittedLine;

pub fn run(args: &VaultArgs, output: Output) -> Result<Status, CliError> {
    let location = args.ledger.parse().map_err(VaultError::Database)?;
    if let VaultCommand::Init { policy, params } = &args.command {
        return init(&location, policy, params, output);
    }
    let mut ledger = Ledger::open(&location)?;
    match &args.command {
        VaultCommand::Init { .. } => Ok(Status::Done),
        VaultCommand::Register(args) => register(&mut ledger, args, output),
        VaultCommand::Submit(args) => submit::run(&mut ledger, args, output),
        VaultCommand::Close(args) => {
            let closed = ledger.close(args.epoch)?;
            let Unproved { contributors, nodes } = closed.unproved;
            if contributors + nodes > 0 {
                notice(&format!(
                    "warning: the data of {contributors} contributors and the units of {nodes} nodes are on \
                     record and not proved; they weigh nothing"
                ));
            }
            let text = match closed.nodes {
                0 => "no units are on record: what is for computing power goes to the next epoch".to_owned(),
                nodes => format!("the units of {nodes} nodes are on record"),
            };
            changed(output, &closed.epoch, closed.before, &text)
        }
        VaultCommand::Settle(args) => settle::run(&mut ledger, args.epoch, output),
        VaultCommand::Claim(args) => claim::run(&mut ledger, args, output),
        VaultCommand::Status => status::run(&mut ledger, output),
        VaultCommand::Audit(args) => {
            let snapshot = ledger.snapshot()?;
            audit::audit(&snapshot, file_of(&location), args, output)
        }
        VaultCommand::Export(args) => {
            let outputs = args.claims.iter().chain(&args.archive);
            outputs
                .map(PathBuf::as_path)
                .try_for_each(|path| load::check_output(path, file_of(&location)))?;
            export(&mut ledger, args, output)
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

/// An epoch in its new state.
#[derive(Serialize, JsonSchema)]
pub struct Changed<'a> {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// The rules hash.
    #[schemars(with = "Hash")]
    rules_hash: String,
    /// Whether it was so before.
    before: bool,
    #[serde(skip)]
    text: &'a str,
}

/// Says what a transition did.
fn changed(output: Output, epoch: &Epoch, before: bool, text: &str) -> Result<Status, CliError> {
    let changed = Changed {
        epoch: epoch.number,
        state: epoch.state.name(),
        rules_hash: epoch.rules_hash.to_string(),
        before,
        text,
    };
    output.result(&changed, || {
        let again = if before { ", as it was before" } else { "" };
        let mut lines = vec![("epoch", format!("{} is {}{again}", epoch.number, epoch.state))];
        if !changed.text.is_empty() && !before {
            lines.push(("", changed.text.to_owned()));
        }
        lines.push(("rules hash", changed.rules_hash.clone()));
        list(&lines)
    })?;
    Ok(Status::Done)
}

fn init(location: &Location, policy: &Path, params: &Path, output: Output) -> Result<Status, CliError> {
    let (source, policy) = fairshare_storage::policy::load_source(policy)?;
    let parameters = load::Parameters::read(params, &policy)?;
    // Insecure parameters are named; whoever verifies has to allow them.
    let verifier = parameters.verifier(&policy, Trust::AllowInsecure)?;
    let mut ledger = Ledger::open_or_create(location)?;
    let opened = ledger.open_epoch(&source, &verifier)?;
    let text = format!("ledger at {}", ledger.location());
    changed(output, &opened.epoch, opened.before, &text)
}

/// What was put on record.
#[derive(Serialize, JsonSchema)]
pub struct RegisteredResult {
    /// Registrations recorded now.
    new: usize,
    /// Registrations that were on record before.
    before: usize,
    /// Nodes whose units were recorded now.
    units: usize,
}

fn register(ledger: &mut Ledger, args: &RegisterArgs, output: Output) -> Result<Status, CliError> {
    let mut registrations = Vec::new();
    for path in expand(&registrations_of(&args.registrations), "json")? {
        registrations.push((load::registration(&path)?, path));
    }
    registrations.sort_by_key(|(registration, _)| (*registration.digest(), *registration.contributor()));
    for pair in registrations.windows(2) {
        if let [(first, path), (second, again)] = pair
            && (first.digest(), first.contributor()) == (second.digest(), second.contributor())
        {
            return Err(CliError::RegisteredTwice {
                first: path.clone(),
                second: again.clone(),
                digest: *first.digest(),
                contributor: *first.contributor(),
            });
        }
    }
    let batch = Batch::new(registrations.into_iter().map(|(registration, _)| registration).collect())?;
    let (_, policy) = ledger.epoch(args.epoch.epoch)?;
    let units = args.units.as_deref().map(|units| read_units(units, Rounds::of(&policy))).transpose()?;
    let done = ledger.register(args.epoch.epoch, &batch, units.as_ref())?;
    let result = RegisteredResult { new: done.new, before: done.before, units: done.units };
    output.result(&result, || {
        list(&[
            (
                "registered",
                format!("{} now, {} before", thousands(done.new as u64), thousands(done.before as u64)),
            ),
            ("units", format!("of {} nodes put on record", thousands(done.units as u64))),
        ])
    })?;
    Ok(Status::Done)
}

/// What was written.
#[derive(Serialize, JsonSchema)]
pub struct Exported {
    /// The claims' file; null if it was not asked for.
    claims: Option<String>,
    /// Root of the claims; null without them.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// The archive's file; null if it was not asked for.
    archive: Option<String>,
}

fn export(ledger: &mut Ledger, args: &ExportArgs, output: Output) -> Result<Status, CliError> {
    let mut exported = Exported { claims: None, root: None, archive: None };
    if let Some(path) = &args.claims {
        let refuse = |source| CliError::File { path: path.clone(), source };
        let tree = ledger.claim_tree(args.epoch.epoch)?.ok_or(CliError::NoClaims)?;
        let text = tree.to_json().map_err(|error| refuse(error.into()))?;
        files::write(path, text.as_bytes(), Access::Public).map_err(refuse)?;
        exported.claims = Some(path.display().to_string());
        exported.root = Some(tree.root().to_string());
    }
    if let Some(path) = &args.archive {
        let refuse = |source| CliError::File { path: path.clone(), source };
        let spinner = progress::spinner("writing the archive");
        let snapshot = ledger.snapshot()?;
        let file = files::begin(path).map_err(refuse)?;
        archive::write(&snapshot, BufWriter::new(&file)).map_err(refuse)?;
        files::publish(file, path, Access::Public).map_err(refuse)?;
        drop(spinner);
        exported.archive = Some(path.display().to_string());
        if snapshot.epochs.iter().any(|epoch| epoch.state < State::Settled) {
            notice("warning: an epoch is not settled yet; its amounts are not in the archive");
        }
    }
    output.result(&exported, || {
        let mut lines = Vec::new();
        if let (Some(path), Some(root)) = (&exported.claims, &exported.root) {
            lines.push(("claims", path.clone()));
            lines.push(("root", root.clone()));
        }
        if let Some(path) = &exported.archive {
            lines.push(("archive", path.clone()));
        }
        list(&lines)
    })?;
    Ok(Status::Done)
}

/// A commitment folder, told by its commitments, stands for its registration: its other JSON is none. In any
/// other folder a file of that name is one of many.
fn registrations_of(paths: &[PathBuf]) -> Vec<PathBuf> {
    let registration = |path: &PathBuf| {
        let is_commitment = path.join(COMMITMENTS_FILE).is_file();
        Some(path.join(REGISTRATION_FILE)).filter(|inside| is_commitment && inside.is_file())
    };
    paths.iter().map(|path| registration(path).unwrap_or_else(|| path.clone())).collect()
}

/// The files named, a folder standing for those in it that end so; in order of their names.
fn expand(paths: &[PathBuf], extension: &str) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let refuse = |source| CliError::File { path: path.clone(), source };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refuse)? {
            let file = entry.map_err(refuse)?.path();
            if file.extension().is_some_and(|found| found == extension) {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(CliError::EmptyFolder { path: path.clone(), extension: extension.to_owned() });
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}
