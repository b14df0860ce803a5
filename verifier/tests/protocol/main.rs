//! Real bundles, and every way in which they must be refused.

use fairshare_testkit::fixture;

mod alter;
mod batch;
mod binding;
mod claim;
mod elements;
mod inventory;
mod link;
mod manifest;
mod matrix;
mod padding;
mod parameters;
mod public_columns;
mod sequence;
mod sums;
mod tamper;
mod world;
