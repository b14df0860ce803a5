//! `fairshare vault close`: what nodes left unproved is proved, whoever gets nothing is listed.

use std::path::Path;
use std::time::{Duration, Instant};

use comfy_table::Cell;
use fairshare_audit::registry::Refusal;
use fairshare_formats::eip55::checksummed;
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_prover::{ProveError, Prover};
use fairshare_vault::ledger::{Epoch, Forfeit, Submission};
use fairshare_vault::{Ledger, SubmitError, VaultError};
use fairshare_verifier::SetupError;
use schemars::JsonSchema;
use serde::Serialize;

use super::now;
use super::settle::{self, SettledResult};
use crate::args::CloseArgs;
use crate::commands::prove;
use crate::document::spelling::{Checksummed, RoleName, StateName};
use crate::error::{CliError, Status};
use crate::interrupt;
use crate::load;
use crate::output::{Output, count, list, notice, seconds, table};
use crate::progress::{self, Bars};

/// A closed epoch, or one that would be closed if somebody were forfeited.
#[derive(Serialize, JsonSchema)]
pub struct ClosedResult {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// Whether it was closed before.
    before: bool,
    /// Compute proofs that were made now.
    proved: usize,
    /// Everyone on record who gets nothing.
    nothing: Vec<NothingLine>,
    /// The settlement; null if it was not asked for, or the epoch is not closed.
    settled: Option<SettledResult>,
}

/// Somebody on record who gets nothing.
#[derive(Serialize, JsonSchema)]
pub struct NothingLine {
    /// The address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// For what.
    #[schemars(with = "RoleName")]
    role: &'static str,
    /// Why.
    why: String,
}

impl From<&Forfeit> for NothingLine {
    fn from(forfeit: &Forfeit) -> Self {
        Self {
            contributor: checksummed(&forfeit.contributor).to_string(),
            role: forfeit.role.name(),
            why: forfeit.why.to_string(),
        }
    }
}

pub fn run(ledger: &mut Ledger, args: &CloseArgs, output: Output) -> Result<Status, CliError> {
    let (epoch, policy) = ledger.proving_epoch(args.epoch.epoch)?;
    let missing = ledger.unproved_nodes(Some(epoch.number))?;
    if !missing.is_empty() {
        prove_missing(ledger, args, &epoch, policy, &missing, output)?;
    }
    let forfeits = ledger.forfeits(Some(epoch.number))?;
    let nothing: Vec<_> = forfeits.iter().map(NothingLine::from).collect();
    let closed = ledger.close(Some(epoch.number), args.forfeit, now()?);
    let (state, before) = match &closed {
        Ok(closed) => (closed.epoch.state, closed.before),
        Err(_) => (epoch.state, false),
    };
    let (number, proved) = (epoch.number, missing.len());
    let settled =
        (args.settle && closed.is_ok()).then(|| settle::settle(ledger, Some(number))).transpose()?;
    let (settled, text) = settled.unzip();
    let result = ClosedResult { epoch: number, state: state.name(), before, proved, nothing, settled };
    // Of those who get nothing nothing is to be said where that is not why it is not closed.
    if closed.as_ref().err().is_none_or(is_about_them) {
        output.result(&result, || {
            describe(&result) + &text.map(|text| format!("\n{text}")).unwrap_or_default()
        })?;
    }
    closed?;
    Ok(Status::Done)
}

fn is_about_them(error: &VaultError) -> bool {
    matches!(error, VaultError::Forfeits { .. } | VaultError::Refused(Refusal::ClosedEarly { .. }))
}

/// Makes the proofs that nodes left unmade, one after the other, each on record before the next is begun: an
/// interrupted command goes on where it stopped.
fn prove_missing(
    ledger: &mut Ledger,
    args: &CloseArgs,
    epoch: &Epoch,
    policy: Policy,
    missing: &[Address],
    output: Output,
) -> Result<(), CliError> {
    let params: &Path = args
        .params
        .as_deref()
        .ok_or(CliError::ProofsMissing { nodes: missing.len(), epoch: epoch.number })?;
    interrupt::listen();
    let estimate = processor_seconds(policy.geometry()) * missing.len() as f64;
    notice(&format!(
        "without a compute proof: {}; making what is missing takes about {} of processor time, and anybody \
         could have made it",
        count(missing.len(), "node"),
        seconds(Duration::from_secs_f64(estimate)),
    ));
    let srs = load::params(params)?;
    if srs.is_insecure() && !args.allow_insecure_params {
        return Err(SetupError::InsecureParameters.into());
    }
    let policy = policy.expecting(epoch.rules_hash);
    let parameters = load::Parameters::read(params, &policy)?;
    let units = ledger.units(Some(epoch.number))?;
    let verifier = parameters.verifier_beside(&srs, &policy)?.with_units(units.as_ref())?;
    let prover = Prover::new(&srs, &verifier, prove::limits(&args.work));
    let prover = prove::with_cache(prover, &args.work);
    let begun = Instant::now();
    let bar = progress::counter("proving what nodes left unproved");
    for (done, node) in missing.iter().enumerate() {
        bar.set(done, missing.len());
        let proved = prover.prove_compute(node, &Bars::until(interrupt::is_asked));
        let proved = proved.map_err(|error| match error {
            ProveError::Cancelled => CliError::ClosingStopped { done, nodes: missing.len() },
            other => other.into(),
        })?;
        let submission = Submission { bytes: proved.bundle.to_bytes() };
        let verdicts = ledger.submit(Some(epoch.number), &verifier, &[submission], now()?)?;
        for verdict in verdicts {
            match verdict.result {
                Ok(_) => {}
                // Somebody else has closed it meanwhile, with proofs of their own.
                Err(SubmitError::Refused(Refusal::Closed { .. })) => return Ok(()),
                Err(source) => {
                    let (node, source) = (checksummed(node), Box::new(source));
                    return Err(CliError::OwnProof { node, source });
                }
            }
        }
    }
    drop(bar);
    output.text(&format!("{} made in {}", count(missing.len(), "compute proof"), seconds(begun.elapsed())))
}

/// What one compute proof takes of a processor, as measured (`docs/performance.md`).
fn processor_seconds(geometry: Geometry) -> f64 {
    match geometry.name() {
        "compact" => 0.4,
        "standard" => 2.8,
        _ => 19.0,
    }
}

fn describe(result: &ClosedResult) -> String {
    let again = if result.before { ", as it was before" } else { "" };
    let mut text = list(&[("epoch", format!("{} is {}{again}", result.epoch, result.state))]);
    if !result.nothing.is_empty() {
        let mut table = table(["gets nothing", "for", "why"]);
        for line in &result.nothing {
            table.add_row([&line.contributor, line.role, &line.why].map(Cell::new));
        }
        text = format!("{table}\n{text}");
    }
    text
}
