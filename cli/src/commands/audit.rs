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
use serde::Serialize;

use crate::args::{AuditArchiveArgs, AuditArgs};
use crate::error::{CliError, Status};
use crate::load;
use crate::output::Output;
use crate::progress;

#[derive(Serialize)]
struct Audited<'a> {
    accepted: bool,
    bundles: usize,
    claims: usize,
    claimed: String,
    epochs: Vec<AuditedEpoch>,
    differences: Vec<String>,
    report: Option<&'a str>,
}

#[derive(Serialize)]
struct AuditedEpoch {
    epoch: u64,
    state: &'static str,
    contributors: Vec<AuditedLine>,
}

#[derive(Serialize)]
struct AuditedLine {
    contributor: String,
    records: u64,
    data_score: Option<String>,
    compute_score: Option<String>,
    data: String,
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
    let parameters = args.params.iter().map(|path| load::params(path)).collect::<Result<Vec<_>, _>>()?;
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
    Ok(if found.is_clean() { Status::Done } else { Status::Refused })
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
        contributors: epoch.lines.iter().map(line).collect(),
    });
    Audited {
        accepted: found.is_clean(),
        bundles: found.bundles,
        claims: found.claims,
        claimed: found.claimed.to_string(),
        epochs: epochs.collect(),
        differences: found.lines().collect(),
        report,
    }
}
