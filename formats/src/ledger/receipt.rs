//! Receipts: the operator's signed word that an entry stands in the ledger, and where.
//!
//! Whoever has one shows with it that an archive lacks the entry, or has another in its place.

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::ledger::next_head;
use fairshare_params::registry::Domain;
use fairshare_params::registry::ReceiptMessage;
use serde::{Deserialize, Serialize};

use super::{Entry, Event};
use crate::eip55::{Checksummed, checksummed};
use crate::json::{self, JsonError};
use crate::registry::{Signature, SignatureError};
use crate::text;
use crate::time::Moment;

/// Longest receipt, in bytes.
pub const MAX_RECEIPT_BYTES: usize = 32 << 10;
const VERSION: u32 = 2;

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose ledger: its chain and its operator's address.
    pub domain: Domain,
    /// The entry's place in the ledger, from 1.
    pub index: u64,
    /// The round that went on, or had ended last.
    pub round: u64,
    /// The entry.
    pub entry: Entry,
    /// The head before it.
    pub before: Digest,
}

/// A receipt with the operator's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReceipt {
    receipt: Receipt,
    signature: Signature,
}

/// Why a file is not a receipt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Longer than any.
    #[error("it has {found} bytes, and a receipt has at most {MAX_RECEIPT_BYTES}; is this another file?")]
    TooLarge {
        /// Its length.
        found: usize,
    },
    /// Not the JSON of a receipt.
    #[error("it is not a receipt, as `fairshare vault register` and `submit` write one")]
    Json(#[source] JsonError),
    /// Another version.
    #[error("it has version {found}, not {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// A head that does not follow.
    #[error("`after` is {found}, but the entry leads from `before` to {expected}; one of them was altered")]
    After {
        /// The head found.
        found: Digest,
        /// The head after the entry.
        expected: Digest,
    },
    /// A signature that nobody can have made.
    #[error("`signature` is not valid")]
    Signature(#[from] SignatureError),
    /// Somebody else's.
    #[error(
        "`signature` is that of {found}, not of the ledger's operator {operator}: another key has signed, \
         or something was altered since"
    )]
    Signer {
        /// Who has signed.
        found: Checksummed,
        /// The operator.
        operator: Checksummed,
    },
}

impl Receipt {
    /// The hash that is signed.
    pub fn hash(&self) -> Digest {
        let Self { domain, index, round, entry, before } = self;
        let (entry, before) = (entry.hash(), *before);
        let after = next_head(&before, &entry);
        ReceiptMessage { index: *index, round: *round, entry, before, after }.hash(domain)
    }

    /// The head after the entry.
    pub fn after(&self) -> Digest {
        self.entry.follow(&self.before)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(with = "text")]
    chain_id: u64,
    #[serde(with = "text::address")]
    registry: Address,
    #[serde(with = "text")]
    index: u64,
    #[serde(with = "text")]
    round: u64,
    time: Moment,
    event: Event,
    before: Digest,
    after: Digest,
    signature: Signature,
}

impl SignedReceipt {
    /// A receipt with the operator's signature; anybody else's is refused.
    pub fn new(receipt: Receipt, signature: Signature) -> Result<Self, ReceiptError> {
        let found = signature.signer(&receipt.hash())?;
        let operator = receipt.domain.registry;
        if found != operator {
            let (found, operator) = (checksummed(&found), checksummed(&operator));
            return Err(ReceiptError::Signer { found, operator });
        }
        Ok(Self { receipt, signature })
    }

    /// What it says.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        let Receipt { domain, index, round, entry, before } = self.receipt.clone();
        let file = File {
            version: VERSION,
            chain_id: domain.chain_id,
            registry: domain.registry,
            index,
            round,
            time: entry.time,
            after: entry.follow(&before),
            event: entry.event,
            before,
            signature: self.signature,
        };
        // Every key is a text, and no value fails.
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a receipt back, and checks that it is its operator's.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLarge { found: bytes.len() });
        }
        let file: File = json::from_slice(bytes).map_err(ReceiptError::Json)?;
        if file.version != VERSION {
            return Err(ReceiptError::Version { found: file.version });
        }
        let domain = Domain { chain_id: file.chain_id, registry: file.registry };
        let entry = Entry { time: file.time, event: file.event };
        let receipt = Receipt { domain, index: file.index, round: file.round, entry, before: file.before };
        let expected = receipt.after();
        if file.after != expected {
            return Err(ReceiptError::After { found: file.after, expected });
        }
        Self::new(receipt, file.signature)
    }
}
