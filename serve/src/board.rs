//! What the threads have found, for whoever asks: it is looked at, and nobody waits for a database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fairshare_formats::time::Moment;
use fairshare_params::encoding::Digest;
use fairshare_vault::ledger::Status;

use crate::notice::NoticeKind;

/// How long the observer may be silent: longer than a database is waited for.
const SILENCE: Duration = Duration::from_secs(180);
/// How old what was read of the ledger may be, besides three times the time between two reads.
const AGE: Duration = Duration::from_secs(30);

/// All that is known at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The program's name and version.
    pub software: &'static str,
    /// How often the ledger is read.
    pub every: Duration,
    /// When the observer last went through its loop.
    pub beat: Instant,
    /// A thread that has ended before its time.
    pub lost: Option<&'static str>,
    /// Where the ledger stood when it was last read.
    pub standing: Option<Arc<Status>>,
    /// When its last entry was appended.
    pub last_entry: Option<Moment>,
    /// When it was last read, by the machine's uptime and in Unix seconds.
    pub read: Option<(Instant, u64)>,
    /// Why it could not be read the last time.
    pub failure: Option<String>,
    /// How often it could not be read.
    pub read_failures: u64,
    /// How often it was another copy than the one seen before.
    pub replaced: u64,
    /// The last audit that came to its end.
    pub audit: Option<AuditMade>,
    /// Audits that came to their end.
    pub audits: u64,
    /// Audits that did not.
    pub audit_failures: u64,
    /// How often the state could not be written.
    pub state_failures: u64,
    /// What was delivered, where there is a receiver.
    pub webhook: Option<Deliveries>,
}

/// An audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditMade {
    /// When it ended, in Unix seconds.
    pub at: u64,
    /// How long it took.
    pub took: Duration,
    /// How many differences it found.
    pub differences: u64,
    /// Epochs that it did not verify for want of parameters.
    pub unaudited: u64,
}

/// What was delivered, of each kind.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// Attempts.
    pub attempts: BTreeMap<NoticeKind, u64>,
    /// Attempts that failed.
    pub failures: BTreeMap<NoticeKind, u64>,
    /// Deliveries.
    pub delivered: BTreeMap<NoticeKind, u64>,
    /// What waits to be delivered.
    pub waiting: u64,
    /// When something was last delivered, in Unix seconds.
    pub last: Option<u64>,
}

impl Snapshot {
    /// Nothing is known yet.
    pub fn new(software: &'static str, every: Duration, tells: bool) -> Self {
        Self {
            software,
            every,
            beat: Instant::now(),
            lost: None,
            standing: None,
            last_entry: None,
            read: None,
            failure: None,
            read_failures: 0,
            replaced: 0,
            audit: None,
            audits: 0,
            audit_failures: 0,
            state_failures: 0,
            webhook: tells.then(Deliveries::default),
        }
    }

    /// Why the service is not alive, if it is not.
    pub fn unwell(&self) -> Option<String> {
        if let Some(name) = self.lost {
            return Some(format!("the {name} has ended, please report why; restart the service"));
        }
        let silent = self.beat.elapsed();
        let is_stuck = silent > SILENCE.saturating_add(self.every);
        is_stuck.then(|| format!("the loop that reads the ledger has not moved for {} s", silent.as_secs()))
    }

    /// Why the service is not ready, if it is not: the ledger could not be read lately. What an audit finds
    /// does not count: the service works, and sending its readers elsewhere would mend nothing.
    pub fn unready(&self) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        let Some((read, _)) = self.read else { return Some("the ledger has not been read yet".to_owned()) };
        let age = read.elapsed();
        let is_old = age > self.every.saturating_mul(3).saturating_add(AGE);
        is_old.then(|| format!("the ledger was last read {} s ago", age.as_secs()))
    }

    /// Entries and head of the ledger, as far as they are known.
    pub fn end(&self) -> Option<(u64, Option<Digest>)> {
        self.standing.as_ref().map(|standing| (standing.entries, standing.head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(age: Duration) -> Instant {
        Instant::now().checked_sub(age).expect("the machine has been up for minutes")
    }

    #[test]
    fn it_is_ready_only_while_what_was_read_is_young() {
        let every = Duration::from_secs(5);
        let mut snapshot = Snapshot::new("fairshare test", every, false);
        assert!(snapshot.unready().unwrap().contains("has not been read yet"));
        let oldest = every * 3 + AGE;
        snapshot.read = Some((ago(oldest - Duration::from_secs(2)), 0));
        assert_eq!(snapshot.unready(), None);
        snapshot.read = Some((ago(oldest + Duration::from_secs(1)), 0));
        assert!(snapshot.unready().unwrap().contains("last read 46 s ago"));
        // What failed is said before what is old.
        snapshot.failure = Some("gone".to_owned());
        assert_eq!(snapshot.unready().as_deref(), Some("gone"));
    }

    #[test]
    fn it_is_well_only_while_its_loop_moves() {
        let mut snapshot = Snapshot::new("fairshare test", Duration::from_secs(5), false);
        assert_eq!(snapshot.unwell(), None);
        snapshot.beat = ago(SILENCE);
        assert_eq!(snapshot.unwell(), None);
        snapshot.beat = ago(SILENCE + Duration::from_secs(6));
        assert!(snapshot.unwell().unwrap().contains("has not moved for 186 s"));
    }
}
