//! `fairshare audit` and `fairshare vault audit`: everything computed again.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use fairshare_audit::audit::{Audit, AuditError, Auditor, DatasetReport, Expected, Line, Report};
use fairshare_audit::report;
use fairshare_formats::archive::{ArchiveError, Item};
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{MAX_RECEIPT_BYTES, SignedReceipt};
use fairshare_params::address::Address;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_storage::files::{self, Access};
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::Trust;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{AuditArchiveArgs, AuditArgs};
use crate::document::SOFTWARE;
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
    /// The vault's chain.
    chain_id: u64,
    /// The vault's address.
    #[schemars(with = "Checksummed")]
    vault: String,
    /// The ledger operator's address.
    #[schemars(with = "Checksummed")]
    registry: String,
    /// The head that its entries lead to.
    #[schemars(with = "Hash")]
    head: String,
    /// Entries.
    entries: u64,
    /// The program that wrote the archive, as that one says.
    written_by: String,
    /// The program that audits.
    audited_by: &'static str,
    /// The rules hash of the last settled epoch, or of the last one; null if it was not verified.
    #[schemars(with = "Option<Hash>")]
    rules_hash: Option<String>,
    /// Root of the claims of the last settled epoch, computed again; null if nothing has been earned.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// The sum of these claims, in base units.
    #[schemars(with = "Decimal")]
    total: String,
    /// Bundles verified again.
    bundles: u64,
    /// Payments listed.
    payments: u64,
    /// Listed to be paid in all, in base units.
    #[schemars(with = "Decimal")]
    paid: String,
    /// Payments confirmed.
    confirmed: u64,
    /// Claims that the contract has paid, of a ledger that follows one.
    claims: u64,
    /// Paid by them in all, in base units.
    #[schemars(with = "Decimal")]
    claimed: String,
    /// Earned and on no list, in base units; 0 where contributors claim from a contract.
    #[schemars(with = "Decimal")]
    due: String,
    /// Every epoch, in order.
    epochs: Vec<AuditedEpoch>,
    /// Every dataset on record, in order.
    datasets: Vec<AuditedDataset>,
    /// Every strike, in order.
    strikes: Vec<AuditedStrike>,
    /// What is not as it should be, in words; empty if nothing is.
    differences: Vec<String>,
    /// Differences that are not listed, because there are too many.
    more_differences: u64,
    /// Epochs that were not audited for want of parameters, in words; empty if all were.
    unaudited: Vec<String>,
    /// Where the report was written as a web page; null if it was not asked for.
    report: Option<&'a str>,
}

/// A dataset, and what became of it.
#[derive(Serialize, JsonSchema)]
pub struct AuditedDataset {
    /// The entry that registered it.
    entry: u64,
    /// Its digest.
    #[schemars(with = "Hash")]
    digest: String,
    /// Whose it is.
    #[schemars(with = "Checksummed")]
    contributor: String,
    /// The round in which it was registered.
    round: u64,
    /// Its records.
    records: u32,
    /// What became of it in each closed epoch that could have counted it.
    fates: Vec<AuditedFate>,
}

/// What became of a dataset in an epoch.
#[derive(Serialize, JsonSchema)]
pub struct AuditedFate {
    /// The epoch.
    epoch: u64,
    /// Whether it counted.
    counted: bool,
    /// In words.
    fate: String,
}

/// A strike on record.
#[derive(Serialize, JsonSchema)]
pub struct AuditedStrike {
    /// Its entry.
    entry: u64,
    /// What was struck, in words.
    target: String,
    /// Why.
    why: String,
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
    /// The rules hash on record, which is the ledger's word.
    #[schemars(with = "Hash")]
    recorded_rules_hash: String,
    /// Fingerprint of the parameters that it was verified under; null if it was not verified.
    #[schemars(with = "Option<Hash>")]
    srs_fingerprint: Option<String>,
    /// Whether everybody knows their trapdoor; null if it was not verified.
    insecure: Option<bool>,
    /// What it pays, in base units, without what was brought to it; null where its rules name no pool, until
    /// it is known what was funded.
    #[schemars(with = "Option<Decimal>")]
    pool: Option<String>,
    /// Root of its claims, computed again; null if it is not settled, or nothing has been earned.
    #[schemars(with = "Option<Hash>")]
    root: Option<String>,
    /// The sum of all claims up to it, in base units.
    #[schemars(with = "Decimal")]
    claims_total: String,
    /// The first epoch before it that was not verified, on whose word its carries and sums are taken; null if
    /// all were.
    unverified_before: Option<u64>,
    /// Contributors with a score, by address.
    contributors: Vec<AuditedLine>,
    /// Contributors that were audited and are not listed: a report holds those of the latest epochs only.
    unlisted: u64,
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
        |source: AuditError| CliError::Archive { path: args.archive.clone(), source: Box::new(source) };
    let (file, _) = files::open(&args.archive)
        .map_err(|error| refuse(ArchiveError::from(io::Error::from(error)).into()))?;
    audit(Some(&args.archive), &args.audit, output, |auditor, expected| {
        auditor.archive(BufReader::new(file), expected).map_err(refuse)
    })
}

/// Audits a ledger itself.
pub fn ledger(
    ledger: &mut Ledger,
    from: Option<&Path>,
    args: &AuditArgs,
    output: Output,
) -> Result<Status, CliError> {
    audit(from, args, output, |auditor, expected| {
        let mut audit = None;
        let exported = ledger.export(SOFTWARE, |item| match (item, &mut audit) {
            (Item::Heading(heading), _) => {
                audit = Some(auditor.begin(heading, expected));
                Ok(())
            }
            (Item::Entry(stored, files), Some(audit)) => audit.entry(&stored, files).map_err(Stopped::Audit),
            (Item::Entry(..), None) => Ok(()),
        });
        exported.map_err(|stopped| match stopped {
            Stopped::Vault(error) => CliError::from(error),
            Stopped::Audit(source) => {
                let path = from.map(Path::to_owned).unwrap_or_default();
                CliError::Archive { path, source: Box::new(source) }
            }
        })?;
        let nothing = || VaultError::Refused(fairshare_audit::registry::Refusal::NoEpoch);
        let mut report = audit.map(Audit::finish).ok_or_else(nothing)?;
        for beside in ledger.beside()? {
            report.add_beside(beside.entry, beside.table);
        }
        Ok(report)
    })
}

/// Why going through a ledger stopped.
enum Stopped {
    Vault(VaultError),
    Audit(AuditError),
}

impl From<VaultError> for Stopped {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

fn audit(
    from: Option<&Path>,
    args: &AuditArgs,
    output: Output,
    go: impl FnOnce(&Auditor<'_>, &Expected) -> Result<Report, CliError>,
) -> Result<Status, CliError> {
    if let Some(path) = &args.report {
        load::check_output(path, args.params.iter().map(PathBuf::as_path).chain(from))?;
    }
    let expected = expected(args)?;
    // Whole ones: the rules hashes on record are the word of the one who is audited.
    let parameters = args.params.iter().map(|path| load::derive(&load::params(path)?));
    let parameters = parameters.collect::<Result<Vec<VerifierParameters>, _>>()?;
    let trust = if args.allow_insecure_params { Trust::AllowInsecure } else { Trust::CeremonyOnly };
    let bar = progress::counter("going through the entries");
    let progress = |done: u64, total: u64| {
        let [done, total] = [done, total].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        bar.set(done, total);
    };
    let auditor = Auditor::new(&parameters, trust, &progress).with_memory(args.memory);
    let found = go(&auditor, &expected)?;
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

/// What the auditor was told elsewhere.
fn expected(args: &AuditArgs) -> Result<Expected, CliError> {
    let receipt = |path: &PathBuf| {
        let bytes = load::bytes(path, MAX_RECEIPT_BYTES as u64)?;
        let signed = SignedReceipt::from_json(&bytes)
            .map_err(|source| CliError::Receipt { path: path.clone(), source: Box::new(source) })?;
        Ok::<_, CliError>(signed.receipt().clone())
    };
    let receipts = args.receipt.iter().map(receipt).collect::<Result<_, _>>()?;
    Ok(Expected { rules_hash: args.rules_hash, root: args.root, total: args.total, receipts })
}

fn describe<'a>(found: &Report, report: Option<&'a str>) -> Audited<'a> {
    let last = found.last();
    let hash = last.and_then(|last| last.basis).map(|basis| basis.rules_hash.to_string());
    Audited {
        accepted: found.is_clean(),
        chain_id: found.heading.chain_id,
        vault: checksummed(&found.heading.vault).to_string(),
        registry: checksummed(&found.heading.registry).to_string(),
        head: found.head.to_string(),
        entries: found.heading.entries,
        written_by: found.heading.software.clone(),
        audited_by: SOFTWARE,
        rules_hash: hash,
        root: last.and_then(|last| last.root).map(|root| root.to_string()),
        total: last.map_or(0, |last| last.claims_total).to_string(),
        bundles: found.bundles,
        payments: found.sent.1,
        paid: found.sent.0.to_string(),
        confirmed: found.confirmed,
        claims: found.claimed.1,
        claimed: found.claimed.0.to_string(),
        due: found.due.0.to_string(),
        epochs: found.epochs.iter().map(epoch).collect(),
        datasets: found.datasets.iter().map(dataset).collect(),
        strikes: strikes(found),
        differences: found.lines().collect(),
        more_differences: found.more_findings,
        unaudited: found.unaudited.iter().map(ToString::to_string).collect(),
        report,
    }
}

fn strikes(found: &Report) -> Vec<AuditedStrike> {
    let strike = |strike: &fairshare_audit::audit::Strike| AuditedStrike {
        entry: strike.index,
        target: strike.target.clone(),
        why: strike.reason.clone(),
    };
    found.strikes.iter().map(strike).collect()
}

fn dataset(dataset: &DatasetReport) -> AuditedDataset {
    let fates = dataset.fates.iter().map(|(epoch, fate)| AuditedFate {
        epoch: *epoch,
        counted: *fate == fairshare_audit::audit::Fate::Counted,
        fate: fate.to_string(),
    });
    AuditedDataset {
        entry: dataset.index,
        digest: dataset.digest.to_string(),
        contributor: checksummed(&dataset.contributor).to_string(),
        round: dataset.round,
        records: dataset.records,
        fates: fates.collect(),
    }
}

fn epoch(epoch: &fairshare_audit::audit::EpochReport) -> AuditedEpoch {
    let line = |(contributor, line): (&Address, &Line)| AuditedLine {
        contributor: checksummed(contributor).to_string(),
        records: line.records,
        data_score: line.data.map(|score| score.to_string()),
        compute_score: line.compute.map(|score| score.to_string()),
        data: line.payout.data.to_string(),
        compute: line.payout.compute.to_string(),
    };
    AuditedEpoch {
        epoch: epoch.number,
        state: epoch.state.name(),
        rules_hash: epoch.basis.map(|basis| basis.rules_hash.to_string()),
        recorded_rules_hash: epoch.recorded_rules_hash.to_string(),
        srs_fingerprint: epoch.basis.map(|basis| basis.srs.to_string()),
        insecure: epoch.basis.map(|basis| basis.insecure),
        pool: epoch.pool.map(|pool| pool.to_string()),
        root: epoch.root.map(|root| root.to_string()),
        claims_total: epoch.claims_total.to_string(),
        unverified_before: epoch.unverified_before,
        contributors: epoch.lines.iter().map(line).collect(),
        unlisted: epoch.unlisted,
    }
}
