//! # What is paid
//!
//! A royalty vault's books: who registered what, what was proved, what each contributor is paid and has been paid.
//! Amounts come from verified scores alone (PROTOCOL section 8), and nobody has to trust the operator's arithmetic: an
//! archive of the books holds all that it takes to compute every amount again, elsewhere.
//!
//! In reading order: [`units`] must add up; [`settlement`] divides a pool; [`claims`] makes the tree that a contract pays by; [`ledger`] keeps the
//! books, in a [`database`]; [`books`] are what they hold; [`archive`] is their file; [`audit`] believes none of it.

pub mod archive;
pub mod audit;
pub mod books;
pub mod claims;
pub mod database;
mod error;
pub mod ledger;
pub mod report;
pub mod settlement;
pub mod units;

pub use error::{SubmitError, VaultError};
pub use ledger::Ledger;
