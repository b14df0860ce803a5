//! The ledger audited again and again: what no trigger of the database has kept anybody from altering.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fairshare_audit::audit::{Audit, AuditError, Auditor, Expected, Report};
use fairshare_audit::registry::{Identity, Refusal};
use fairshare_formats::archive::Item;
use fairshare_params::encoding::Digest;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_vault::VaultError;
use fairshare_vault::database::DatabaseError;
use fairshare_verifier::Trust;

use crate::backoff::Backoff;
use crate::board::AuditMade;
use crate::clock;
use crate::notice::{Findings, Notice};
use crate::reader::Reader;
use crate::shared::{Shared, one_line};

/// How often to ask whether the ledger was seen.
const UNSEEN: Duration = Duration::from_millis(500);
/// Longest wait after an audit that did not come to its end.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Audits the ledger.
pub struct Audits {
    reader: Reader,
    shared: Arc<Shared>,
    software: &'static str,
    every: Duration,
    parameters: Vec<VerifierParameters>,
    trust: Trust,
    memory: u64,
    /// The findings that were logged last.
    logged: Option<Digest>,
}

/// Why an audit does not come to its end.
enum Stopped {
    /// The service stops.
    Asked,
    Vault(VaultError),
    Audit(AuditError),
}

impl From<VaultError> for Stopped {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// What an audit has come to.
struct Outcome {
    identity: Identity,
    entries: u64,
    head: Digest,
    findings: Findings,
    unaudited: u64,
}

impl Audits {
    /// One that has audited nothing yet, with parameters and whether development ones are good enough.
    pub fn new(
        reader: Reader,
        shared: Arc<Shared>,
        software: &'static str,
        every: Duration,
        (parameters, trust): (Vec<VerifierParameters>, Trust),
        memory: u64,
    ) -> Self {
        Self { reader, shared, software, every, parameters, trust, memory, logged: None }
    }

    /// Audits until it is time to stop.
    pub fn run(mut self) {
        let mut backoff = Backoff::new(LONGEST_WAIT.min(self.every));
        while !self.shared.pulse.is_stopped() {
            if !self.shared.store().belongs() {
                // Whose ledger it is, is for the observer to see first.
                self.shared.pulse.wait(UNSEEN);
                continue;
            }
            let begun = Instant::now();
            let wait = match self.audit() {
                Ok(outcome) => {
                    self.made(&outcome, begun.elapsed());
                    backoff.reset();
                    self.every
                }
                Err(Stopped::Asked) => return,
                Err(Stopped::Vault(error)) => self.failed(&one_line(&error), &mut backoff),
                Err(Stopped::Audit(error)) => self.failed(&one_line(&error), &mut backoff),
            };
            self.shared.pulse.wait(wait);
        }
    }

    fn failed(&self, reason: &str, backoff: &mut Backoff) -> Duration {
        self.shared.board().audit_failures += 1;
        tracing::warn!(reason, "an audit did not come to its end; it is tried again");
        backoff.fail()
    }

    fn audit(&mut self) -> Result<Outcome, Stopped> {
        let Self { reader, shared, software, parameters, trust, memory, .. } = self;
        let identity = reader.read(|ledger| ledger.identity())?;
        let auditor = Auditor::new(parameters, *trust, &|_, _| {}).with_memory(*memory);
        let (mut audit, mut end) = (None, (0, Digest([0; 32])));
        // Each entry is read by itself: writers wait for no proof that is verified here.
        let read = reader.read(|ledger| {
            ledger.export(software, |item| match (item, &mut audit) {
                _ if shared.pulse.is_stopped() => Err(Stopped::Asked),
                (Item::Heading(heading), _) => {
                    end = (heading.entries, heading.head);
                    audit = Some(auditor.begin(heading, &Expected::default()));
                    Ok(())
                }
                (Item::Entry(stored, files), Some(audit)) => {
                    audit.entry(&stored, files).map_err(Stopped::Audit)
                }
                (Item::Entry(..), None) => Ok(()),
            })
        });
        let (entries, head) = end;
        match read {
            // What cannot even be gone through is what an audit is there to find.
            Err(Stopped::Vault(error)) if is_difference(&error) => {
                let findings = Findings::one(format!("the ledger: {}", one_line(&error)));
                return Ok(Outcome { identity, entries, head, findings, unaudited: 0 });
            }
            other => other?,
        }
        let report = audit.map(Audit::finish);
        let mut report = report.ok_or(Stopped::Vault(VaultError::Refused(Refusal::NoEpoch)))?;
        for beside in reader.read(|ledger| ledger.beside())? {
            report.add_beside(beside.entry, beside.table);
        }
        let unaudited = report.unaudited.len() as u64;
        Ok(Outcome { identity, entries, head, findings: findings(&report), unaudited })
    }

    fn made(&mut self, outcome: &Outcome, took: Duration) {
        let Outcome { identity, entries, head, findings, unaudited } = outcome;
        let (differences, unaudited) = (findings.count(), *unaudited);
        let mut board = self.shared.board();
        board.audits += 1;
        board.audit = Some(AuditMade { at: clock::unix_seconds(), took, differences, unaudited });
        drop(board);
        let seconds = took.as_secs_f64();
        tracing::info!(entries, differences, unaudited, seconds, "audited");
        let set = (differences > 0).then(|| findings.fingerprint());
        if set.is_some() && set != self.logged {
            let (told, more) = findings.excerpt();
            tracing::error!(findings = ?told, more, "difference: the ledger is not what it should be");
        }
        self.logged = set;
        if !self.shared.store().tells() {
            return;
        }
        // In one step: what is to be told is on the disk before anybody is told.
        self.shared.update(|state| {
            if state.reported != set && set.is_some() {
                state.tell(Notice::of_findings(identity, *entries, *head, findings));
            }
            state.reported = set;
        });
        self.shared.pulse.ring();
    }
}

fn findings(report: &Report) -> Findings {
    Findings { lines: report.lines().collect(), more: report.more_findings }
}

/// Whether an error says that what is on record is not what it should be, rather than that it could not be
/// read.
fn is_difference(error: &VaultError) -> bool {
    matches!(
        error,
        VaultError::MissingEntry { .. }
            | VaultError::Number
            | VaultError::PolicyChanged { .. }
            | VaultError::Database(
                DatabaseError::Corrupt { .. } | DatabaseError::Column { .. } | DatabaseError::Damaged(_)
            )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who can make an audit stop by what he puts into the ledger would have it say nothing for ever.
    #[test]
    fn what_this_program_never_writes_is_a_difference() {
        let column = DatabaseError::Column { column: "time".to_owned(), what: "no time" };
        for error in [column, DatabaseError::Corrupt { what: "an entry that is none" }] {
            assert!(is_difference(&VaultError::Database(error)));
        }
        let busy = DatabaseError::NoFile { path: "away.ledger".into() };
        assert!(!is_difference(&VaultError::Database(busy)));
    }
}
