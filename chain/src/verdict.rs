//! Whether a posted root is what its archive gives.

use std::error::Error;

use fairshare_audit::audit::{AuditError, EpochReport, Report};
use fairshare_audit::registry::State;
use fairshare_formats::archive::{ArchiveError, ContentError};
use fairshare_formats::eip55::{chain, checksummed};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use crate::royalty::Root;

/// What is to be said of a posted root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The archive gives it, and nothing in the archive is wrong.
    True,
    /// It does not, or something is.
    False,
    /// That cannot be told: the archive is not to be had, or was not audited for want of parameters.
    Unknown,
}

/// What the audit of an archive gives for an epoch; none of what it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recomputed {
    /// The root of its claims.
    pub root: Option<Digest>,
    /// The hash of its rules.
    pub rules_hash: Option<Digest>,
    /// The sum of its claims.
    pub total: Option<u128>,
}

/// What was found of a posted root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What is to be said of it.
    pub verdict: Verdict,
    /// What the archive gives.
    pub found: Recomputed,
    /// What differs, in words.
    pub differences: Vec<String>,
    /// Why it cannot be told whether it is true, in words.
    pub reasons: Vec<String>,
}

/// What a root is compared with, besides its archive.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The rules hash that its epoch has to have, as told elsewhere.
    pub rules_hash: Option<Digest>,
}

/// Whether a fault is the system's, in whatever errors of the library it is wrapped.
fn is_of_the_system(error: &std::io::Error) -> bool {
    let inner = || error.get_ref().and_then(|inner| inner.downcast_ref::<std::io::Error>());
    let cause = || error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
    let held = || error.get_ref().and_then(|held| held.source()?.downcast_ref::<std::io::Error>());
    error.raw_os_error().is_some()
        || inner().is_some_and(is_of_the_system)
        || cause().is_some_and(is_of_the_system)
        || held().is_some_and(is_of_the_system)
}

impl Judgement {
    /// Of a root that nothing can be said about.
    pub fn unknown(reason: String) -> Self {
        let found = Recomputed::default();
        Self { verdict: Verdict::Unknown, found, differences: Vec::new(), reasons: vec![reason] }
    }

    /// Of a root whose archive could not be audited to its end.
    ///
    /// The bytes are those that the operator posted. Where they are no archive, nobody can compute the root
    /// again, whoever asks: that is the operator's fault, and the root is false. A fault of this machine, or
    /// an archive of a later version, says nothing.
    pub fn unread(error: &AuditError) -> Self {
        let told = chain(error).collect::<Vec<_>>().join(": ");
        let is_ours = match error {
            // The tar library tells what is no archive as the system tells its faults: those have a number.
            AuditError::Archive(ArchiveError::Io(error)) => is_of_the_system(error),
            AuditError::Archive(ArchiveError::Content { source, .. }) => {
                matches!(source, ContentError::Version { .. })
            }
            AuditError::Archive(_) => false,
            _ => true,
        };
        if is_ours {
            return Self::unknown(told);
        }
        let differences = vec![format!("what was posted is not an archive: {told}")];
        Self { verdict: Verdict::False, found: Recomputed::default(), differences, reasons: Vec::new() }
    }

    /// Of a root whose archive was audited.
    pub fn of(posted: &Root, subject: &Subject, report: &Report) -> Self {
        let settled = report.epochs.iter().find(|epoch| epoch.number == posted.epoch);
        let settled = settled.filter(|epoch| epoch.state == State::Settled);
        let found = settled.map(recomputed).unwrap_or_default();
        let mut differences = identity(subject, report);
        match settled {
            None => differences.push(format!("the archive has no settled epoch {}", posted.epoch)),
            Some(_) => differences.extend(compare(posted, &found)),
        }
        if let Some(expected) = subject.rules_hash
            && posted.rules_hash != expected
        {
            let posted = posted.rules_hash;
            differences
                .push(format!("the rules hash {posted} was posted, and {expected} was to be expected"));
        }
        let counts = |epoch: Option<u64>| epoch.is_none_or(|epoch| epoch <= posted.epoch);
        let lines = report.findings.iter().zip(report.lines());
        differences.extend(lines.filter(|(found, _)| counts(found.epoch)).map(|(_, line)| line));
        // A report has room for so many. Whoever fills it with faults of no consequence hides others behind
        // them.
        if report.more_findings > 0 {
            differences.push(format!(
                "and {} differences more, which the report has no room for",
                report.more_findings
            ));
        }
        let unaudited = report.unaudited.iter().filter(|epoch| counts(Some(epoch.epoch)));
        let mut reasons: Vec<_> = unaudited.map(ToString::to_string).collect();
        // What was verified under nothing is taken at the record's word.
        let unverified =
            report.epochs.iter().filter(|epoch| epoch.number <= posted.epoch && epoch.basis.is_none());
        let unverified =
            unverified.filter(|epoch| !report.unaudited.iter().any(|told| told.epoch == epoch.number));
        reasons.extend(unverified.map(|epoch| format!("epoch {} was not verified", epoch.number)));
        let verdict = match (differences.is_empty(), reasons.is_empty()) {
            (false, _) => Verdict::False,
            (true, false) => Verdict::Unknown,
            (true, true) => Verdict::True,
        };
        Self { verdict, found, differences, reasons }
    }
}

/// Of an epoch that was not verified, what stands on record.
fn recomputed(epoch: &EpochReport) -> Recomputed {
    let hash = epoch.basis.map_or(epoch.recorded_rules_hash, |basis| basis.rules_hash);
    Recomputed { root: epoch.root, rules_hash: Some(hash), total: Some(epoch.claims_total) }
}

fn identity(subject: &Subject, report: &Report) -> Vec<String> {
    let heading = &report.heading;
    if (heading.chain_id, heading.vault) == (subject.chain_id, subject.vault) {
        return Vec::new();
    }
    let (found, expected) = (checksummed(&heading.vault), checksummed(&subject.vault));
    let (chain, ours) = (heading.chain_id, subject.chain_id);
    vec![format!("the archive is of the vault {found} of chain {chain}, not of {expected} of chain {ours}")]
}

fn compare(posted: &Root, found: &Recomputed) -> Vec<String> {
    let mut differences = Vec::new();
    if found.root != Some(posted.root) {
        let root = found.root.map_or_else(|| "none".to_owned(), |root| root.to_string());
        differences.push(format!("the root of the claims is {root}, and {} was posted", posted.root));
    }
    if let Some(hash) = found.rules_hash
        && hash != posted.rules_hash
    {
        differences.push(format!("the rules hash is {hash}, and {} was posted", posted.rules_hash));
    }
    if let Some(total) = found.total
        && total != posted.total
    {
        differences.push(format!("the claims are {total} in all, and {} was posted", posted.total));
    }
    differences
}

#[cfg(test)]
mod tests {
    use std::io;

    use fairshare_audit::audit::NoParameters;
    use fairshare_formats::archive::Heading;
    use fairshare_params::Geometry;
    use fairshare_params::policy::NamedParameters;

    use super::*;

    const VAULT: Address = Address([7; 20]);
    const POSTED: Root = Root { epoch: 5, root: Digest([1; 32]), rules_hash: Digest([2; 32]), total: 9 };
    const SUBJECT: Subject = Subject { chain_id: 10, vault: VAULT, rules_hash: None };

    /// A report in which nothing was found, and no epoch is.
    fn report(vault: Address) -> Report {
        let head = Digest([0; 32]);
        Report {
            heading: Heading::new("fairshare 0", 10, vault, VAULT, 0, head),
            identity: None,
            head,
            epochs: Vec::new(),
            datasets: Vec::new(),
            strikes: Vec::new(),
            sent: (0, 0),
            confirmed: 0,
            claimed: (0, 0),
            due: (0, 0),
            findings: Vec::new(),
            more_findings: 0,
            unaudited: Vec::new(),
            bundles: 0,
        }
    }

    #[test]
    fn only_the_operators_bytes_make_a_root_false() {
        let content = |source| AuditError::Archive(ArchiveError::Content { entry: "x".into(), source });
        for (error, verdict) in [
            (AuditError::Archive(ArchiveError::Empty), Verdict::False),
            (AuditError::Archive(ArchiveError::NoTar), Verdict::False),
            // A fault of the system has a number, in whatever it is wrapped; what the tar library says has
            // none.
            (AuditError::Archive(io::Error::from_raw_os_error(5).into()), Verdict::Unknown),
            (AuditError::Archive(io::Error::other(io::Error::from_raw_os_error(5)).into()), Verdict::Unknown),
            (
                AuditError::Archive(io::Error::other("archive header checksum mismatch").into()),
                Verdict::False,
            ),
            (content(ContentError::Version { found: 99 }), Verdict::Unknown),
            (AuditError::TooMany { what: "strikes", most: 1 }, Verdict::Unknown),
        ] {
            let judgement = Judgement::unread(&error);
            assert_eq!(judgement.verdict, verdict, "{error}");
            assert_eq!(judgement.differences.is_empty(), verdict == Verdict::Unknown, "{error}");
        }
    }

    #[test]
    fn the_archive_is_of_this_vault_and_has_the_epoch() {
        let judgement = Judgement::of(&POSTED, &SUBJECT, &report(Address([8; 20])));
        assert_eq!(judgement.verdict, Verdict::False);
        let [vault, epoch] = &judgement.differences[..] else { panic!("{judgement:?}") };
        assert!(vault.contains("the archive is of the vault 0x0808"), "{vault}");
        assert!(epoch.contains("no settled epoch 5"), "{epoch}");
    }

    /// A thousand faults of a later epoch do not hide what is wrong with this one.
    #[test]
    fn what_a_report_has_no_room_for_counts() {
        let mut full = report(VAULT);
        full.more_findings = 1;
        let judgement = Judgement::of(&POSTED, &SUBJECT, &full);
        assert_eq!(judgement.verdict, Verdict::False);
        assert!(judgement.differences.iter().any(|line| line.contains("no room")), "{judgement:?}");
    }

    /// Parameters that an earlier epoch needs leave its sums unchecked; a later one's are of no concern.
    #[test]
    fn what_was_not_audited_up_to_the_epoch_counts() {
        for (epoch, reasons) in [(4, 1), (5, 1), (6, 0)] {
            let mut report = report(VAULT);
            let named = NamedParameters::InsecureDevelopment;
            report.unaudited.push(NoParameters { epoch, geometry: Geometry::COMPACT, named });
            let judgement = Judgement::of(&POSTED, &SUBJECT, &report);
            assert_eq!(judgement.reasons.len(), reasons, "{epoch}");
        }
    }

    #[test]
    fn each_word_of_a_root_is_compared() {
        let found = Recomputed {
            root: Some(POSTED.root),
            rules_hash: Some(POSTED.rules_hash),
            total: Some(POSTED.total),
        };
        assert_eq!(compare(&POSTED, &found), Vec::<String>::new());
        for found in [
            Recomputed { root: None, ..found },
            Recomputed { root: Some(Digest([3; 32])), ..found },
            Recomputed { rules_hash: Some(Digest([3; 32])), ..found },
            Recomputed { total: Some(8), ..found },
        ] {
            assert_eq!(compare(&POSTED, &found).len(), 1, "{found:?}");
        }
    }
}
