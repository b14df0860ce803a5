//! # Files
//!
//! What the other crates read from a file system and write to it: [`files`] are there whole or not at all,
//! and are read by one bounded reader; [`srs`], [`policy`] and [`key_cache`] are the files that a prover and
//! an operator keep; [`upload`] makes the file that a contributor stores. What the bytes mean is for
//! `fairshare_formats` to say.

pub mod files;
pub mod key_cache;
pub mod policy;
pub mod srs;
pub mod upload;
