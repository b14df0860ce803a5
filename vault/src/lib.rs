//! # The ledger of a vault
//!
//! Who registered what, what was proved, what each contributor is paid and has been paid: the [`ledger`]
//! keeps it in a [`database`]. What is paid, and whether it was, is computed by `fairshare-audit`, which
//! needs neither.

pub mod database;
mod error;
pub mod ledger;

pub use error::{MAX_BUNDLES, MirrorError, SubmitError, VaultError};
pub use ledger::Ledger;
