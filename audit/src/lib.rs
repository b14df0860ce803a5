//! # What is paid, and whether it was
//!
//! What a registry takes, how a royalty vault divides its pool, and how anyone checks that it did. Amounts
//! come from verified scores alone (PROTOCOL section 10). Nobody has to trust the operator's arithmetic: an
//! archive of the ledger holds all that it takes to compute every amount again, elsewhere. This crate has no
//! database and opens no file, so that an audit runs wherever the verifier does.
//!
//! In reading order: [`registry`] says what a ledger takes; [`settlement`] divides a pool; [`claims`] makes
//! the tree that a contract pays by; [`audit`] goes through a ledger's entries and believes none of them;
//! [`report`] tells what it found. [`worth`] says what data would be paid, and [`among`] among whom.

pub mod among;
pub mod audit;
pub mod claims;
pub mod registry;
pub mod report;
pub mod settlement;
pub mod worth;
