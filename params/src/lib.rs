//! # What both sides agree on: parameters, keys, commitments, policy

pub mod address;
pub mod context;
pub mod digest;
pub mod encoding;
pub mod policy;
pub mod reference;
pub mod registration;
pub mod schema;

pub use fairshare_circuits::geometry::Geometry;
