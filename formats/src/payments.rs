//! A list of payments as whoever pays is given it: whose ledger's, as of which entry, and to whom how much.
//!
//! The ledger's head stands in it. So it is known which ledger wrote it, and what that one knew.

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use serde::{Deserialize, Serialize};

use crate::eip55::checksummed;
use crate::json::{self, JsonError};
use crate::ledger::Transfer;
use crate::text;

/// Longest list, in bytes: some 700,000 payments.
pub const MAX_PAYMENTS_BYTES: u64 = 128 << 20;
const VERSION: u32 = 2;

/// A list of payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentList {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The ledger operator's address.
    pub registry: Address,
    /// The epoch up to which is paid.
    pub epoch: u64,
    /// How many entries the ledger had.
    pub entries: u64,
    /// Its head after them.
    pub head: Digest,
    /// The payments, by address.
    pub payments: Vec<Transfer>,
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
    /// Out of order, or twice.
    #[error(
        "{contributor} does not follow the payment before it: contributors stand by address, each once",
        contributor = checksummed(.contributor)
    )]
    Order {
        /// The contributor.
        contributor: Address,
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
    /// As JSON.
    pub fn to_json(&self) -> String {
        let Self { chain_id, vault, registry, epoch, entries, head, .. } = *self;
        let payment = |transfer: &Transfer| {
            let Transfer { contributor, amount, cumulative } = *transfer;
            Payment { contributor, amount, cumulative }
        };
        let payments = self.payments.iter().map(payment).collect();
        let fairshare_payments = VERSION;
        let file = File { fairshare_payments, chain_id, vault, registry, epoch, entries, head, payments };
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
        let mut last = None;
        for Payment { contributor, .. } in &file.payments {
            if last >= Some(*contributor) {
                return Err(PaymentsError::Order { contributor: *contributor });
            }
            last = Some(*contributor);
        }
        let File { chain_id, vault, registry, epoch, entries, head, payments, .. } = file;
        let transfer = |payment: Payment| {
            let Payment { contributor, amount, cumulative } = payment;
            Transfer { contributor, amount, cumulative }
        };
        let payments = payments.into_iter().map(transfer).collect();
        Ok(Self { chain_id, vault, registry, epoch, entries, head, payments })
    }
}
