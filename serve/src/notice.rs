//! What a receiver is told: the body of a webhook.

use fairshare_audit::registry::Identity;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::{Event, Stored};
use fairshare_formats::time::Moment;
use fairshare_params::encoding::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock;

/// Most findings that are told, and most bytes of each.
const MAX_FINDINGS: usize = 20;
const MAX_FINDING_BYTES: usize = 500;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// An epoch was closed.
    Closed,
    /// Amounts were fixed.
    Settled,
    /// Something on record is not what it should be.
    Difference,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Settled, Self::Difference];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Settled => "settled",
            Self::Difference => "difference",
        }
    }
}

/// A body. Every field is always there; what has no value is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The same whenever the same is told again, and nothing else's: a receiver that knows it does nothing.
    pub id: String,
    /// What is told.
    pub kind: NoticeKind,
    /// When it was appended, or found.
    pub time: Moment,
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault's address.
    pub vault: String,
    /// The registry: the operator's address.
    pub registry: String,
    /// The epoch; null of a difference.
    pub epoch: Option<u64>,
    /// The entry's place; of a difference the last entry that was looked at.
    pub entry: u64,
    /// The entry's hash; null of a difference.
    pub hash: Option<Digest>,
    /// The head after the entry.
    pub head: Digest,
    /// The root of the claims, where amounts were fixed and somebody has earned something.
    pub root: Option<Digest>,
    /// What the epoch pays in all, in base units, where amounts were fixed.
    pub total: Option<String>,
    /// What is not what it should be, in words.
    pub findings: Vec<String>,
    /// How many more there are.
    pub more_findings: u64,
}

/// What was found to differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// In words.
    pub lines: Vec<String>,
    /// How many more there are.
    pub more: u64,
}

impl Findings {
    /// One of them.
    pub fn one(line: String) -> Self {
        Self { lines: vec![line], more: 0 }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.more.saturating_add(self.lines.len() as u64)
    }

    /// What no other set of findings has.
    pub fn fingerprint(&self) -> Digest {
        let mut hash = Sha256::new();
        for line in &self.lines {
            hash.update((line.len() as u64).to_be_bytes());
            hash.update(line);
        }
        hash.update(self.more.to_be_bytes());
        Digest(hash.finalize().into())
    }

    /// The first of them, each cut short, and how many more there are.
    pub fn excerpt(&self) -> (Vec<String>, u64) {
        let told: Vec<_> = self.lines.iter().take(MAX_FINDINGS).map(|line| cut(line)).collect();
        let more = self.count().saturating_sub(told.len() as u64);
        (told, more)
    }
}

fn cut(line: &str) -> String {
    if line.len() <= MAX_FINDING_BYTES {
        return line.to_owned();
    }
    let mut line = line.get(..line.floor_char_boundary(MAX_FINDING_BYTES)).unwrap_or_default().to_owned();
    line.push('…');
    line
}

impl Notice {
    /// Of an entry; none if it is of a kind that nobody is told about.
    ///
    /// Its id is that of the head after the entry, which names the vault and everything before it.
    pub fn of_entry(identity: &Identity, stored: &Stored) -> Option<Self> {
        let (kind, epoch, root, total) = match &stored.event {
            Event::Closed { epoch } => (NoticeKind::Closed, *epoch, None, None),
            Event::Settled(settled) => {
                (NoticeKind::Settled, settled.epoch, settled.root, Some(settled.total.to_string()))
            }
            _ => return None,
        };
        Some(Self {
            id: format!("{}-{}-{}", kind.name(), stored.index, stored.head),
            time: stored.time,
            epoch: Some(epoch),
            entry: stored.index,
            hash: Some(stored.entry().hash()),
            head: stored.head,
            root,
            total,
            ..Self::blank(kind, identity)
        })
    }

    /// Of findings, made now. Its id does not change after that: it is kept until it is delivered.
    pub fn of_findings(identity: &Identity, entry: u64, head: Digest, findings: &Findings) -> Self {
        let blank = Self::blank(NoticeKind::Difference, identity);
        let (lines, more_findings) = findings.excerpt();
        let id = format!("difference-{}-{}", blank.time.unix_seconds(), findings.fingerprint());
        Self { id, entry, head, findings: lines, more_findings, ..blank }
    }

    fn blank(kind: NoticeKind, identity: &Identity) -> Self {
        Self {
            id: String::new(),
            kind,
            time: clock::now(),
            chain_id: identity.chain_id,
            vault: checksummed(&identity.vault).to_string(),
            registry: checksummed(&identity.registry).to_string(),
            epoch: None,
            entry: 0,
            hash: None,
            head: Digest([0; 32]),
            root: None,
            total: None,
            findings: Vec::new(),
            more_findings: 0,
        }
    }
}
