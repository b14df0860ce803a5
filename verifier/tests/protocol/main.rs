//! Real bundles, and every way in which they must be refused.

mod alter;
mod batch;
mod binding;
mod elements;
#[path = "../../../prover/tests/support/fixture.rs"]
mod fixture;
mod inventory;
mod link;
mod manifest;
mod matrix;
mod parameters;
mod sequence;
mod tamper;
mod world;
