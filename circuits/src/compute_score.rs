#![doc = include_str!("compute_score/statement.md")]

mod clauses;
mod columns;
mod instance;
mod layout;
mod relation;
mod rows;
mod trace;
mod witness;

pub use clauses::Clause;
pub use columns::Cells;
pub use instance::{INSTANCE_ROWS, Instance};
pub use layout::{Layout, PUBLIC_COLUMNS};
pub use relation::{Violation, check};
pub use rows::Rows;
pub use trace::Trace;
pub use witness::Witness;

use crate::circuit::StatementCircuit;

/// The compute-score circuit; see the module. It is given its first-phase columns filled.
pub type ComputeScoreCircuit = StatementCircuit<Layout>;
