//! The demonstration's vault: the operator's epoch, from its rules to the claims, and an auditor's look at
//! it.

use std::path::Path;
use std::time::Duration;

use fairshare_audit::audit::{Audit, AuditError, Auditor, Expected};
use fairshare_formats::archive::Item;
use fairshare_formats::ledger::Earning;
use fairshare_params::units::Units;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_vault::database::{Access, Location};
use fairshare_vault::ledger::{Submission, Submitted, To};
use fairshare_vault::{Ledger, VaultError};
use fairshare_verifier::{Trust, Verifier};

use super::{Made, data, say, timed};
use crate::commands::vault::now;
use crate::document::SOFTWARE;
use crate::error::{CliError, one_line};
use crate::load;
use crate::output::{Output, thousands};

/// A ledger under the policy's rules.
pub fn open(root: &Path, verifier: &Verifier<'_>) -> Result<Ledger, CliError> {
    let (source, _) = fairshare_storage::policy::load_source(&root.join(data::POLICY))?;
    let mut ledger = Ledger::open(&Location::File(root.join("vault.ledger")), Access::Create)?;
    ledger.open_epoch(&source, verifier, now()?)?;
    Ok(ledger)
}

/// Steps to the epoch's end, with the units that the airports worked on record.
pub fn end(output: Output, ledger: &mut Ledger, units: &Units) -> Result<(), CliError> {
    let (_, took) = timed("ending the rounds", || {
        let (epoch, _) = ledger.begun_epoch()?;
        ledger.advance(To::Round(epoch.stage.span.last), false, now()?)?;
        ledger.register_units(units, now()?)?;
        Ok(ledger.advance(To::End, false, now()?)?)
    })?;
    say(output, "the year's rounds are over, and all units are on record", took)
}

/// Verifies all bundles together; says what each of them claims.
pub fn submit(
    output: Output,
    ledger: &mut Ledger,
    verifier: &Verifier<'_>,
    made: &[Made],
) -> Result<(Vec<Submitted>, Duration), CliError> {
    let submissions = made
        .iter()
        .map(|made| Ok(Submission { bytes: load::bytes(&made.bundle, u64::MAX)? }))
        .collect::<Result<Vec<_>, CliError>>()?;
    let (verdicts, took) = timed("verifying", || Ok(ledger.submit(None, verifier, &submissions, now()?)?))?;
    if let Some(error) = verdicts.iter().find_map(|verdict| verdict.result.as_ref().err()) {
        output.text(&one_line(error))?;
        return Err(CliError::Demo("an honest bundle is refused"));
    }
    let submitted: Vec<_> = verdicts.into_iter().filter_map(|verdict| verdict.claim).collect();
    say(output, &format!("the vault verifies {} bundles together: all accepted", submitted.len()), took)?;
    Ok((submitted, took))
}

/// Closes and settles the epoch, and audits it; says who earns what.
pub fn pay(
    output: Output,
    mut ledger: Ledger,
    parameters: &VerifierParameters,
) -> Result<Vec<Earning>, CliError> {
    let (closed, took) = timed("closing", || Ok(ledger.close(None, false, now()?)?))?;
    let what = format!("the vault closes the epoch: {} on record get nothing", closed.forfeits.len());
    say(output, &what, took)?;
    let (settled, took) = timed("settling", || Ok(ledger.settle(None, now()?)?))?;
    let units = settled.settled.total;
    say(
        output,
        &format!("the vault settles {} units and posts the root of the claims", thousands(units)),
        took,
    )?;
    let ((bundles, clean), took) = timed("auditing", || audit(&mut ledger, parameters))?;
    if !clean {
        return Err(CliError::Demo("the audit finds a difference"));
    }
    say(output, &format!("an auditor verifies {bundles} bundles again and agrees to the unit"), took)?;
    Ok(settled.earnings)
}

/// The auditor has the same parameters, whole.
fn audit(ledger: &mut Ledger, parameters: &VerifierParameters) -> Result<(u64, bool), CliError> {
    let auditor = Auditor::new(std::slice::from_ref(parameters), Trust::AllowInsecure, &|_, _| {});
    let (expected, mut audit) = (Expected::default(), None);
    ledger
        .export(SOFTWARE, |item| match (item, &mut audit) {
            (Item::Heading(heading), _) => {
                audit = Some(auditor.begin(heading, &expected));
                Ok(())
            }
            (Item::Entry(stored, files), Some(audit)) => {
                audit.entry(&stored, files).map_err(|error: AuditError| Box::new(error).into())
            }
            (Item::Entry(..), None) => Ok(()),
        })
        .map_err(|error: Unaudited| error.0)?;
    let report = audit.map(Audit::finish).ok_or(CliError::Demo("the ledger is empty"))?;
    Ok((report.bundles, report.is_clean()))
}

/// Why going through the ledger stopped.
struct Unaudited(CliError);

impl From<VaultError> for Unaudited {
    fn from(error: VaultError) -> Self {
        Self(error.into())
    }
}

impl From<Box<AuditError>> for Unaudited {
    fn from(source: Box<AuditError>) -> Self {
        Self(CliError::Archive { path: Default::default(), source })
    }
}
