//! # What the tests of several crates share
//!
//! Only ever a dev-dependency, or a dependency of crates that are tests themselves: nothing that is delivered
//! may use it.

pub mod epochs;
pub mod fixture;
mod mended;
pub mod parts;

pub use mended::mended;
