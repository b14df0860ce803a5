//! The demonstration's vault: the operator's epoch, from opening to the last claim, and an auditor's look at
//! it.

use std::path::Path;
use std::time::Duration;

use fairshare_audit::audit::Auditor;
use fairshare_audit::snapshot::Paid;
use fairshare_params::registration::Registration;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_vault::Ledger;
use fairshare_vault::database::Location;
use fairshare_vault::ledger::{Batch, Submission, Submitted};
use fairshare_verifier::{Trust, Verifier};

use super::{Made, data, say, timed};
use crate::error::{CliError, one_line};
use crate::load;
use crate::output::{Output, thousands};

/// Opens the epoch, registers what the task contract recorded, and verifies all bundles; says what each of
/// them claims.
pub fn submit(
    output: Output,
    root: &Path,
    verifier: &Verifier<'_>,
    made: &[Made],
) -> Result<(Ledger, Vec<Submitted>, Duration), CliError> {
    let path = root.join(data::POLICY);
    let (source, _) = fairshare_storage::policy::load_source(&path)?;
    let mut ledger = Ledger::open_or_create(&Location::File(root.join("vault.ledger")))?;
    ledger.open_epoch(&source, verifier)?;
    let mut registrations: Vec<Registration> =
        made.iter().filter_map(|made| made.registration.clone()).collect();
    registrations.sort_by_key(|registration| (*registration.digest(), *registration.contributor()));
    ledger.register(None, &Batch::new(registrations)?, verifier.units())?;

    let submissions = made
        .iter()
        .map(|made| Ok(Submission { bytes: load::bytes(&made.bundle, u64::MAX)? }))
        .collect::<Result<Vec<_>, CliError>>()?;
    let (verdicts, took) =
        timed("verifying", || ledger.submit(None, verifier, &submissions).map_err(CliError::from))?;
    if let Some(error) = verdicts.iter().find_map(|verdict| verdict.result.as_ref().err()) {
        output.text(&one_line(error))?;
        return Err(CliError::Demo("an honest bundle is refused"));
    }
    let submitted: Vec<_> = verdicts.into_iter().filter_map(|verdict| verdict.claim).collect();
    say(output, &format!("the vault verifies {} bundles together: all accepted", submitted.len()), took)?;
    Ok((ledger, submitted, took))
}

/// Closes, settles and pays the epoch, and audits it; says who is paid what.
pub fn pay(
    output: Output,
    mut ledger: Ledger,
    parameters: &VerifierParameters,
) -> Result<Vec<Paid>, CliError> {
    let (closed, took) = timed("closing", || Ok(ledger.close(None)?))?;
    let what = format!("the vault closes the epoch, with the units of {} nodes on record", closed.nodes);
    say(output, &what, took)?;
    let (settled, took) = timed("settling", || Ok(ledger.settle(None)?))?;
    say(output, "the vault settles the epoch and posts the root of its claims", took)?;
    let (paid, took) = timed("paying", || Ok(ledger.claim_all(None)?.payments))?;
    let units: u128 = paid.iter().map(|payment| payment.amount).sum();
    say(output, &format!("{} contributors claim {} units", paid.len(), thousands(units)), took)?;
    let ((bundles, clean), took) = timed("auditing", || {
        // The auditor has the same parameters, whole.
        let parameters = std::slice::from_ref(parameters);
        let report = Auditor::new(parameters, Trust::AllowInsecure, &|_, _| {}).audit(&ledger.snapshot()?);
        Ok((report.bundles, report.is_clean()))
    })?;
    if !clean {
        return Err(CliError::Demo("the audit finds a difference"));
    }
    say(output, &format!("an auditor verifies {bundles} bundles again and agrees to the unit"), took)?;
    Ok(settled.payouts)
}
