//! A list of payments as whoever pays is given it: whose ledger's, as of which entry, and to whom how much.
//!
//! The ledger's head stands in it. So it is known which ledger wrote it, and what that one knew.
//!
//! What a list pays can be recorded: a [`PaymentList`] has each contributor once, by address, and no more of
//! them than a ledger's file of payments has rows.

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use serde::{Deserialize, Serialize};

use crate::eip55::checksummed;
use crate::json::{self, JsonError};
use crate::ledger::{MAX_AMOUNTS, Transfer};
use crate::text;

/// Longest file of a list, in bytes; one of [`MAX_AMOUNTS`] payments fits.
pub const MAX_PAYMENTS_BYTES: u64 = 128 << 20;
const VERSION: u32 = 2;

/// Whose list it is, and what the ledger knew that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHeading {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The ledger operator's address.
    pub registry: Address,
    /// The epoch up to which is paid.
    pub epoch: u64,
    /// Which of the ledger's lists it is, from 1: so it is seen that one before it is missing.
    pub number: u64,
    /// How many entries the ledger had.
    pub entries: u64,
    /// Its head after them.
    pub head: Digest,
}

/// A list of payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentList {
    /// Its heading.
    pub heading: ListHeading,
    payments: Vec<Transfer>,
}

/// Why a file is not a list of payments.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentsError {
    /// Not the JSON of one.
    #[error("it is not a list of payments, as `fairshare vault claim` writes one")]
    Json(#[source] JsonError),
    /// Another version.
    #[error("it has version {found}, not {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// Numbered below 1: it would stand for one that is missing.
    #[error("its number is 0, and a ledger's lists are numbered from 1")]
    Number,
    /// Out of order, or twice.
    #[error(
        "{contributor} does not follow the payment before it: contributors stand by address, each once",
        contributor = checksummed(.contributor)
    )]
    Order {
        /// The contributor.
        contributor: Address,
    },
    /// An amount that no ledger lists.
    #[error(
        "{contributor} is paid {amount} of {cumulative} in all: a payment is at least 1 base unit, and at \
         most all that was paid with it",
        contributor = checksummed(.contributor)
    )]
    Amount {
        /// The contributor.
        contributor: Address,
        /// What is paid.
        amount: u128,
        /// What is paid in all.
        cumulative: u128,
    },
    /// More payments than a list has.
    #[error("it has {found} payments, more than {MAX_AMOUNTS}")]
    TooMany {
        /// How many.
        found: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fairshare_payments: u32,
    #[serde(with = "text")]
    chain_id: u64,
    #[serde(with = "text::address")]
    vault: Address,
    #[serde(with = "text::address")]
    registry: Address,
    #[serde(with = "text")]
    epoch: u64,
    #[serde(with = "text")]
    number: u64,
    #[serde(with = "text")]
    entries: u64,
    head: Digest,
    payments: Vec<Payment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    #[serde(with = "text::address")]
    contributor: Address,
    #[serde(with = "text")]
    amount: u128,
    #[serde(with = "text")]
    cumulative: u128,
}

impl PaymentList {
    /// A list of these payments: at most [`MAX_AMOUNTS`], by address, each contributor once, each of 1 base
    /// unit or more.
    pub fn new(heading: ListHeading, payments: Vec<Transfer>) -> Result<Self, PaymentsError> {
        if heading.number == 0 {
            return Err(PaymentsError::Number);
        }
        if payments.len() > MAX_AMOUNTS {
            return Err(PaymentsError::TooMany { found: payments.len() });
        }
        let mut last = None;
        for &Transfer { contributor, amount, cumulative } in &payments {
            if last >= Some(contributor) {
                return Err(PaymentsError::Order { contributor });
            }
            last = Some(contributor);
            if amount == 0 || amount > cumulative {
                return Err(PaymentsError::Amount { contributor, amount, cumulative });
            }
        }
        Ok(Self { heading, payments })
    }

    /// The payments, by address.
    pub fn payments(&self) -> &[Transfer] {
        &self.payments
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        let ListHeading { chain_id, vault, registry, epoch, number, entries, head } = self.heading;
        let payment = |transfer: &Transfer| {
            let Transfer { contributor, amount, cumulative } = *transfer;
            Payment { contributor, amount, cumulative }
        };
        let payments = self.payments.iter().map(payment).collect();
        let fairshare_payments = VERSION;
        let file =
            File { fairshare_payments, chain_id, vault, registry, epoch, number, entries, head, payments };
        // Every key is a text, and no value fails.
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a list back.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PaymentsError> {
        let file: File = json::from_slice(bytes).map_err(PaymentsError::Json)?;
        if file.fairshare_payments != VERSION {
            return Err(PaymentsError::Version { found: file.fairshare_payments });
        }
        let File { chain_id, vault, registry, epoch, number, entries, head, payments, .. } = file;
        let transfer = |payment: Payment| {
            let Payment { contributor, amount, cumulative } = payment;
            Transfer { contributor, amount, cumulative }
        };
        let heading = ListHeading { chain_id, vault, registry, epoch, number, entries, head };
        Self::new(heading, payments.into_iter().map(transfer).collect())
    }
}
