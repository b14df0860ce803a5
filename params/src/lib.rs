//! # What both sides agree on: parameters, keys, commitments, policy
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

pub mod address;
pub mod commitment;
pub mod context;
pub mod digest;
pub mod encoding;
pub mod keys;
pub mod keystream;
pub mod lagrange_tree;
pub mod ledger;
pub mod policy;
pub mod reference;
pub mod registration;
pub mod registry;
pub mod role;
pub mod rules;
pub mod schema;
pub mod srs;
pub mod transcript;
pub mod units;
pub mod verifier_parameters;
pub mod words;

pub use fairshare_circuits::geometry::{Geometry, SegmentShape, Width};
pub use fairshare_circuits::wiped;
