//! # How a contributor convinces
//!
//! Reading order: [`ingest`] turns files into symbols and units (PROTOCOL sections 3 and 7).

pub mod ingest;
