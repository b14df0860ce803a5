//! `fairshare vault submit`: a verdict for every bundle.

use std::path::{Path, PathBuf};
use std::time::Instant;

use comfy_table::Cell;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::MAX_BUNDLE_BYTES;
use fairshare_vault::Ledger;
use fairshare_vault::ledger::{Submission, Verdict};
use fairshare_verifier::{Trust, Verifier};
use schemars::JsonSchema;
use serde::Serialize;

use super::receipts::Receipts;
use super::{fitting, now};
use crate::args::SubmitArgs;
use crate::document::spelling::{Checksummed, Decimal, RoleName};
use crate::error::{CliError, Status, one_line};
use crate::load;
use crate::output::{self, Output, align_right, seconds, short_address, table, thousands};
use crate::progress;

/// Bundles verified together: enough to keep every core busy. The others wait on the disk.
const BATCH: usize = 64;

/// The verdict on a bundle. What cannot be read of it is null.
#[derive(Serialize, JsonSchema)]
pub struct Line {
    /// The bundle's file.
    bundle: String,
    /// Whether it verifies and is on record.
    accepted: bool,
    /// Whether it was on record before.
    before: bool,
    /// What it is for.
    #[schemars(with = "Option<RoleName>")]
    role: Option<&'static str>,
    /// The contributor's address.
    #[schemars(with = "Option<Checksummed>")]
    contributor: Option<String>,
    /// Score as claimed, true only where `accepted` is: in 1/256 nat of data, in 2^-48 of computing power.
    #[schemars(with = "Option<Decimal>")]
    score: Option<String>,
    /// Its entry in the ledger; null if it is refused.
    entry: Option<u64>,
    /// The receipt's file; null if it is refused.
    receipt: Option<String>,
    /// Why it is refused; null if it is accepted.
    error: Option<String>,
    #[serde(skip)]
    shown: Option<String>,
}

pub fn run(ledger: &mut Ledger, args: &SubmitArgs, output: Output) -> Result<Status, CliError> {
    let paths = load::expand(&args.bundles, "bundle")?;
    let total = paths.len();
    let receipts = Receipts::open(ledger, &args.receipts.receipts, &args.receipts.key)?;
    let (epoch, policy) = ledger.proving_epoch(args.epoch.epoch)?;
    // Given when the epoch was opened, by parameters that were derived or believed then.
    let policy = policy.expecting(epoch.rules_hash);
    let parameters = load::Parameters::read(&args.params, &policy)?;
    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let units = ledger.units(Some(epoch.number))?;
    let verifier = parameters.verifier(&policy, trust)?.with_units(units.as_ref())?;
    let begun = Instant::now();
    let bar = progress::counter("verifying bundles");
    let mut lines = Vec::new();
    let mut rest = paths.as_slice();
    while !rest.is_empty() {
        let (batch, left) = rest.split_at(fitting(rest, BATCH));
        rest = left;
        for line in submit(ledger, epoch.number, &verifier, batch, &receipts)? {
            if output.is_json() {
                output.result(&line, String::new)?;
            }
            lines.push(line);
        }
        bar.set(lines.len(), total);
    }
    drop(bar);
    let accepted = lines.iter().filter(|line| line.accepted).count();
    output.text(&format!(
        "{}\n{} of {} accepted in {}",
        describe(&lines),
        thousands(accepted as u64),
        thousands(lines.len() as u64),
        seconds(begun.elapsed())
    ))?;
    Ok(if accepted == lines.len() { Status::Done } else { Status::Refused })
}

/// Files that cannot be read are refused like bundles that do not verify.
fn submit(
    ledger: &mut Ledger,
    epoch: u64,
    verifier: &Verifier<'_>,
    paths: &[PathBuf],
    receipts: &Receipts,
) -> Result<Vec<Line>, CliError> {
    let mut submissions = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        let bytes = load::bytes(path, MAX_BUNDLE_BYTES as u64);
        errors.push(bytes.as_ref().err().map(|error| one_line(error)));
        submissions.extend(bytes.ok().map(|bytes| Submission { bytes }));
    }
    let mut verdicts = ledger.submit(Some(epoch), verifier, &submissions, now()?)?.into_iter();
    paths
        .iter()
        .zip(errors)
        .filter_map(|(path, error)| match error {
            Some(error) => Some(Ok(Line::unreadable(path, error))),
            None => verdicts.next().map(|verdict| Line::of(path, &verdict, receipts)),
        })
        .collect()
}

impl Line {
    fn unreadable(path: &Path, error: String) -> Self {
        Self {
            bundle: path.display().to_string(),
            accepted: false,
            before: false,
            role: None,
            contributor: None,
            score: None,
            entry: None,
            receipt: None,
            error: Some(error),
            shown: None,
        }
    }

    fn of(path: &Path, verdict: &Verdict, receipts: &Receipts) -> Result<Self, CliError> {
        let claim = verdict.claim.as_ref();
        let recorded = verdict.result.as_ref().ok();
        let told = recorded.map(|recorded| receipts.told(recorded.receipt.clone())).transpose()?;
        let (receipt, unwritten) = told.unwrap_or_default();
        let refusal = verdict.result.as_ref().err().map(|error| one_line(error));
        Ok(Self {
            bundle: path.display().to_string(),
            accepted: verdict.result.is_ok(),
            before: recorded.is_some_and(|recorded| recorded.before),
            role: claim.map(|claim| claim.role.name()),
            contributor: claim.map(|claim| checksummed(&claim.contributor).to_string()),
            score: claim.and_then(|claim| claim.score).map(|score| score.to_string()),
            entry: recorded.map(|recorded| recorded.receipt.index),
            receipt,
            error: refusal.or(unwritten),
            shown: claim.and_then(|claim| Some(output::score(claim.role, claim.score?))),
        })
    }
}

fn describe(lines: &[Line]) -> String {
    let mut table = table(["bundle", "role", "contributor", "score", "verdict"]);
    align_right(&mut table, [3]);
    let mut reasons = String::new();
    for line in lines {
        let verdict = match (line.accepted, line.before) {
            (true, false) => "accepted",
            (true, true) => "accepted before",
            (false, _) => "REFUSED",
        };
        table.add_row([
            output::file_cell(&line.bundle),
            Cell::new(line.role.unwrap_or("?")),
            Cell::new(line.contributor.as_deref().map(short_address).unwrap_or_default()),
            Cell::new(line.shown.clone().unwrap_or_default()),
            Cell::new(verdict),
        ]);
        if let Some(error) = &line.error {
            reasons.push_str(&output::reason(&line.bundle, error));
        }
    }
    format!("{table}{reasons}")
}
