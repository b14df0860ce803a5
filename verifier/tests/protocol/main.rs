//! Real bundles, and every way in which they must be refused.

mod batch;
mod binding;
#[path = "../../../prover/tests/support/fixture.rs"]
mod fixture;
mod link;
mod parameters;
mod tamper;
mod world;
