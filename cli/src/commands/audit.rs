//! `fairshare audit` and `fairshare vault audit`: everything computed again.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use fairshare_audit::archive::{self, ArchiveError};
use fairshare_audit::audit::{Auditor, Line, Report};
use fairshare_audit::report;
use fairshare_audit::snapshot::LedgerSnapshot;
use fairshare_formats::eip55::checksummed;
use fairshare_storage::files::{self, Access};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{AuditArchiveArgs, AuditArgs};
use crate::document::spelling::{Checksummed, Decimal, Hash, StateName};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::Output;
use crate::progress;

/// What the audit found.
#[derive(Serialize, JsonSchema)]
pub struct Audited<'a> {
    /// Whether everything on record was audited and is what it should be.
    accepted: bool,
    /// Bundles verified again.
    bundles: usize,
    /// Payments on record.
    claims: usize,
    /// Paid in all, in base units.
    #[schemars(with = "Decimal")]
    claimed: String,
    /// Every epoch, in order.
    epochs: Vec<AuditedEpoch>,
    /// What is not as it should be, in words; empty if nothing is.
    differences: Vec<String>,
    /// Epochs that were not audited for want of parameters, in words; empty if all were.
    unaudited: Vec<String>,
    /// Where the report was written as a web page; null if it was not asked for.
    report: Option<&'a str>,
}

/// What everybody is owed for an epoch, computed again.
#[derive(Serialize, JsonSchema)]
pub struct AuditedEpoch {
    /// The epoch's number.
    epoch: u64,
    /// Where it stands.
    #[schemars(with = "StateName")]
    state: &'static str,
    /// The rules hash that it was verified under; null if it was not verified.
    #[schemars(with = "Option<Hash>")]
    rules_hash: Option<String>,
    /// Fingerprint of the parameters that it was verified under; null if it was not verified.
    #[schemars(with = "Option<Hash>")]
    srs_fingerprint: Option<String>,
    /// The first epoch before it that was not verified, on whose word its carries and sums are taken; null if
    /// all were.
    unverified_before: Option<u64>,
    /// Contributors with a score, by address.
    contributors: Vec<AuditedLine>,
}

/// What one contributor is owed for an epoch.
#[derive(Serialize, JsonSchema)]
pub struct AuditedLine {
    /// The contributor's address.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// Records proved.
    records: u64,
    /// Divergence of all records, in 1/256 nat; null without data.
    #[schemars(with = "Option<Decimal>")]
    data_score: Option<String>,
    /// Decayed share of the rounds, in 2^-48; null without computing power.
    #[schemars(with = "Option<Decimal>")]
    compute_score: Option<String>,
    /// Owed for data, in base units.
    #[schemars(with = "Decimal")]
    data: String,
    /// Owed for computing power, in base units.
    #[schemars(with = "Decimal")]
    compute: String,
}

pub fn run(args: &AuditArchiveArgs, output: Output) -> Result<Status, CliError> {
    let refuse =
        |source: ArchiveError| CliError::Archive { path: args.archive.clone(), source: Box::new(source) };
    let spinner = progress::spinner("reading the archive");
    let (file, _) = files::open(&args.archive).map_err(|error| refuse(io::Error::from(error).into()))?;
    let snapshot = archive::read(BufReader::new(file)).map_err(refuse)?;
    drop(spinner);
    audit(&snapshot, Some(&args.archive), &args.audit, output)
}

/// Audits a ledger's snapshot, whether from an archive or a database.
pub fn audit(
    snapshot: &LedgerSnapshot,
    from: Option<&Path>,
    args: &AuditArgs,
    output: Output,
) -> Result<Status, CliError> {
    if let Some(path) = &args.report {
        load::check_output(path, args.params.iter().map(PathBuf::as_path).chain(from))?;
    }
    // Whole ones: the rules hashes on record are the word of the one who is audited.
    let parameters = args.params.iter().map(|path| load::derive(&load::params(path)?));
    let parameters = parameters.collect::<Result<Vec<_>, _>>()?;
    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let bar = progress::counter("verifying bundles");
    let found = Auditor::new(&parameters, trust, &|done, total| bar.set(done, total)).audit(snapshot);
    drop(bar);
    if let Some(path) = &args.report {
        files::write(path, report::html(&found).as_bytes(), Access::Public)
            .map_err(|source| CliError::File { path: path.clone(), source })?;
    }
    let path = args.report.as_ref().map(|path| path.display().to_string());
    output.result(&describe(&found, path.as_deref()), || report::text(&found))?;
    Ok(match (found.findings.is_empty(), found.unaudited.is_empty()) {
        (false, _) => Status::Refused,
        (true, false) => Status::Unusable,
        (true, true) => Status::Done,
    })
}

fn describe<'a>(found: &Report, report: Option<&'a str>) -> Audited<'a> {
    let line = |(contributor, line): (&fairshare_params::address::Address, &Line)| AuditedLine {
        contributor: checksummed(contributor).to_string(),
        records: line.records,
        data_score: line.data.map(|score| score.to_string()),
        compute_score: line.compute.map(|score| score.to_string()),
        data: line.payout.data.to_string(),
        compute: line.payout.compute.to_string(),
    };
    let epochs = found.epochs.iter().map(|epoch| AuditedEpoch {
        epoch: epoch.number,
        state: epoch.state.name(),
        rules_hash: epoch.basis.map(|basis| basis.rules_hash.to_string()),
        srs_fingerprint: epoch.basis.map(|basis| basis.srs.to_string()),
        unverified_before: epoch.unverified_before,
        contributors: epoch.lines.iter().map(line).collect(),
    });
    Audited {
        accepted: found.is_clean(),
        bundles: found.bundles,
        claims: found.claims,
        claimed: found.claimed.to_string(),
        epochs: epochs.collect(),
        differences: found.lines().collect(),
        unaudited: found.unaudited.iter().map(ToString::to_string).collect(),
        report,
    }
}
