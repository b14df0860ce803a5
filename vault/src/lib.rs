//! # What is paid
//!
//! A royalty vault's books: who registered what, what was proved, what each contributor is paid and has been paid.
//! Amounts come from verified scores alone (PROTOCOL section 8), and nobody has to trust the operator's arithmetic.

pub mod claims;
