//! # What both sides agree on: parameters, keys, commitments, policy

pub mod encoding;
pub mod schema;
pub mod srs;

pub use fairshare_circuits::geometry::Geometry;
