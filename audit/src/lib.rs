//! # What is paid, and whether it was
//!
//! How a royalty vault divides its pool, and how anyone checks that it did. Amounts come from verified scores
//! alone (PROTOCOL section 10). Nobody has to trust the operator's arithmetic: an archive of the ledger holds
//! all that it takes to compute every amount again, elsewhere. This crate has no database and opens no file,
//! so that an audit runs wherever the verifier does.
//!
//! In reading order: [`settlement`] divides a pool; [`claims`] makes the tree that a
//! contract pays by; [`snapshot`] is all that a ledger holds; [`archive`] is its file; [`audit`] believes
//! none of it; [`report`] tells what it found.

pub mod archive;
pub mod audit;
pub mod claims;
pub mod report;
pub mod settlement;
pub mod snapshot;
