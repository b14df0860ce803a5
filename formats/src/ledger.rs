//! A ledger's entries (PROTOCOL section 9, *A ledger answers for its word*): what each says, the hash by
//! which it enters the chain, and how it is written.
//!
//! An entry is small. What is long stands in files that belong to it, and enters its hash by theirs: a
//! policy, a signed registration, units, a bundle, a list of amounts. Whether an entry may follow the ones
//! before it is for `fairshare_audit::registry` to say.

mod amounts;
mod files;
mod receipt;

use std::fmt;

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::next_head;
use fairshare_params::role::Role;
use fairshare_params::words::Words;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use sha3::{Digest as _, Keccak256};

use crate::json::{self, JsonError};
use crate::text;
use crate::time::Moment;

pub use amounts::{
    AmountsError, Earning, MAX_AMOUNTS, Transfer, earnings_from_csv, earnings_to_csv, transfers_from_csv,
    transfers_to_csv,
};
pub use files::{Files, FilesError, MAX_BUNDLE_BYTES, MAX_FILES_BYTES};
pub use receipt::{MAX_RECEIPT_BYTES, Receipt, ReceiptError, SignedReceipt};

/// Longest entry, in bytes of JSON: its texts are bounded.
pub const MAX_ENTRY_BYTES: usize = 16 << 10;
/// Longest reason of a strike, and longest evidence of a payment, in bytes.
pub const MAX_NOTE_BYTES: usize = 1_000;

/// One entry: what happened, and when by the ledger's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Moment,
    /// What.
    pub event: Event,
}

/// What an entry says. A file's hash is Keccak-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The rules of an epoch stand, in the place of any that stood for it before.
    Rules {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
        /// The rules hash.
        rules_hash: Digest,
        /// The hash of the policy's text and files.
        policy: Digest,
    },
    /// Rounds began, one after the other; the last of them goes on.
    Rounds {
        /// The first.
        #[serde(with = "text")]
        first: u64,
        /// The last.
        #[serde(with = "text")]
        last: u64,
    },
    /// A dataset was registered.
    Registration {
        /// The round, which the registry assigns.
        #[serde(with = "text")]
        round: u64,
        /// The contributor, who signed or sent it.
        #[serde(with = "text::address")]
        contributor: Address,
        /// The data digest.
        digest: Digest,
        /// Hash of the registration's file.
        file: Digest,
    },
    /// Every node's units in an epoch are on record.
    Units {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
        /// Hash of the table's file.
        file: Digest,
    },
    /// A dataset weighs nothing in the epochs whose last round had not ended.
    StrikeData {
        /// Its digest.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// A node weighs nothing in the epoch whose rounds go on.
    StrikeNode {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
        /// The node.
        #[serde(with = "text::address")]
        node: Address,
        /// Why.
        reason: String,
    },
    /// An epoch's last round ended: from here on proofs are taken.
    Ended {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
    },
    /// What an epoch pays whose rules name no pool: what had been funded when its last round ended.
    Funded {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
        /// The pool, in base units, without what was carried to it.
        #[serde(with = "text")]
        pool: u128,
    },
    /// A bundle was verified and counts, in the place of any that its contributor had for the role.
    Bundle {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
        /// For what.
        role: Role,
        /// Whose.
        #[serde(with = "text::address")]
        contributor: Address,
        /// The score, of data in 1/256 nat, of units with 48 fractional bits.
        #[serde(with = "text")]
        score: u64,
        /// Hash of the bundle's file.
        file: Digest,
    },
    /// No more proofs are taken.
    Closed {
        /// The epoch.
        #[serde(with = "text")]
        epoch: u64,
    },
    /// Everybody's amount is fixed.
    Settled(Settled),
    /// Somebody was told to pay what is listed.
    Sent {
        /// The epoch up to which is paid.
        #[serde(with = "text")]
        epoch: u64,
        /// Hash of the list's file.
        file: Digest,
    },
    /// A payment was made, by this evidence.
    Confirmed {
        /// Who was paid.
        #[serde(with = "text::address")]
        contributor: Address,
        /// All that the contributor has been paid with it.
        #[serde(with = "text")]
        cumulative: u128,
        /// The transfer's name, for instance the hash of its transaction.
        evidence: String,
    },
}

/// What an epoch's settlement fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// The epoch.
    #[serde(with = "text")]
    pub epoch: u64,
    /// What the epoch before left it.
    pub brought: Tenths,
    /// What it leaves to the next one.
    pub left: Tenths,
    /// What it pays in all, in base units.
    #[serde(with = "text")]
    pub total: u128,
    /// The root of all claims; none while nobody has ever earned anything.
    pub root: Option<Digest>,
    /// Hash of the file that lists the earnings.
    pub file: Digest,
}

/// Tenths of base units, of each pool by itself. What is carried stays with its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenths {
    /// For computing power.
    #[serde(with = "text")]
    pub compute: BigUint,
    /// For data.
    #[serde(with = "text")]
    pub data: BigUint,
}

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the kind of the event of its name")]
pub enum Kind {
    Rules,
    Rounds,
    Registration,
    Units,
    StrikeData,
    StrikeNode,
    Ended,
    Funded,
    Bundle,
    Closed,
    Settled,
    Sent,
    Confirmed,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Rules,
        Self::Rounds,
        Self::Registration,
        Self::Units,
        Self::StrikeData,
        Self::StrikeNode,
        Self::Ended,
        Self::Funded,
        Self::Bundle,
        Self::Closed,
        Self::Settled,
        Self::Sent,
        Self::Confirmed,
    ];

    /// Its name: the entry's tag is that of `entry-NAME`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Rounds => "rounds",
            Self::Registration => "registration",
            Self::Units => "units",
            Self::StrikeData => "strike-data",
            Self::StrikeNode => "strike-node",
            Self::Ended => "ended",
            Self::Funded => "funded",
            Self::Bundle => "bundle",
            Self::Closed => "closed",
            Self::Settled => "settled",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Event {
    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Rules { .. } => Kind::Rules,
            Self::Rounds { .. } => Kind::Rounds,
            Self::Registration { .. } => Kind::Registration,
            Self::Units { .. } => Kind::Units,
            Self::StrikeData { .. } => Kind::StrikeData,
            Self::StrikeNode { .. } => Kind::StrikeNode,
            Self::Ended { .. } => Kind::Ended,
            Self::Funded { .. } => Kind::Funded,
            Self::Bundle { .. } => Kind::Bundle,
            Self::Closed { .. } => Kind::Closed,
            Self::Settled { .. } => Kind::Settled,
            Self::Sent { .. } => Kind::Sent,
            Self::Confirmed { .. } => Kind::Confirmed,
        }
    }

    /// The epoch that it names.
    pub fn epoch(&self) -> Option<u64> {
        match self {
            Self::Rules { epoch, .. }
            | Self::Units { epoch, .. }
            | Self::StrikeNode { epoch, .. }
            | Self::Ended { epoch }
            | Self::Funded { epoch, .. }
            | Self::Bundle { epoch, .. }
            | Self::Closed { epoch }
            | Self::Settled(Settled { epoch, .. })
            | Self::Sent { epoch, .. } => Some(*epoch),
            Self::Rounds { .. }
            | Self::Registration { .. }
            | Self::StrikeData { .. }
            | Self::Confirmed { .. } => None,
        }
    }

    /// The hash of what belongs to it, if something does.
    pub fn file(&self) -> Option<Digest> {
        match self {
            Self::Rules { policy: file, .. }
            | Self::Registration { file, .. }
            | Self::Units { file, .. }
            | Self::Bundle { file, .. }
            | Self::Settled(Settled { file, .. })
            | Self::Sent { file, .. } => Some(*file),
            _ => None,
        }
    }
}

impl Entry {
    /// `K(T_kind, time, …)` over the entry's fields, in the order of the protocol's table.
    pub fn hash(&self) -> Digest {
        let words = Words::new(&format!("entry-{}", self.event.kind())).integer(self.time.unix_seconds());
        match &self.event {
            Event::Rules { epoch, rules_hash, policy } => {
                words.integer(*epoch).digest(rules_hash).digest(policy)
            }
            Event::Rounds { first, last } => words.integer(*first).integer(*last),
            Event::Registration { round, contributor, digest, file } => {
                words.integer(*round).address(contributor).digest(digest).digest(file)
            }
            Event::Units { epoch, file } | Event::Sent { epoch, file } => words.integer(*epoch).digest(file),
            Event::StrikeData { digest, reason } => words.digest(digest).text(reason),
            Event::StrikeNode { epoch, node, reason } => words.integer(*epoch).address(node).text(reason),
            Event::Ended { epoch } | Event::Closed { epoch } => words.integer(*epoch),
            Event::Funded { epoch, pool } => words.integer(*epoch).integer(*pool),
            Event::Bundle { epoch, role, contributor, score, file } => {
                words.integer(*epoch).integer(role.id()).address(contributor).integer(*score).digest(file)
            }
            Event::Settled(settled) => settled.append(words),
            Event::Confirmed { contributor, cumulative, evidence } => {
                words.address(contributor).integer(*cumulative).text(evidence)
            }
        }
        .finish()
    }

    /// The head after it.
    pub fn follow(&self, head: &Digest) -> Digest {
        next_head(head, &self.hash())
    }
}

impl Settled {
    fn append(&self, words: Words) -> Words {
        let Self { epoch, brought, left, total, root, file } = self;
        let words = words.integer(*epoch);
        let words = [brought, left].iter().fold(words, |words, tenths| tenths.append(words));
        words.integer(*total).digest(&root.unwrap_or(Digest([0; 32]))).digest(file)
    }
}

impl Tenths {
    fn append(&self, words: Words) -> Words {
        [&self.compute, &self.data].iter().fold(words, |words, tenths| words.digest(&word(tenths)))
    }
}

/// A number as a word. Tenths are of at most 40 digits when they are read, and below `2^132` when computed.
fn word(number: &BigUint) -> Digest {
    let bytes = number.to_bytes_be();
    let mut word = [0; 32];
    let low = word.iter_mut().rev().zip(bytes.iter().rev());
    low.for_each(|(to, from)| *to = *from);
    Digest(word)
}

/// Hash of a file that belongs to an entry.
pub fn file_hash(bytes: &[u8]) -> Digest {
    Digest(Keccak256::digest(bytes).into())
}

/// An entry as it is written, with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its place in the ledger, from 1.
    #[serde(with = "text")]
    pub index: u64,
    /// When.
    pub time: Moment,
    /// What.
    pub event: Event,
    /// The head after it.
    pub head: Digest,
}

impl Stored {
    /// The entry alone.
    pub fn entry(&self) -> Entry {
        Entry { time: self.time, event: self.event.clone() }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        // Every key is a text, and no value fails.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads one back. What it says is not believed here.
    pub fn from_json(bytes: &[u8]) -> Result<Self, JsonError> {
        json::from_slice(bytes)
    }
}
