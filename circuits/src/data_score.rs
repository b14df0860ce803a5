#![doc = include_str!("data_score/statement.md")]

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
pub use layout::{LINKED_COLUMNS, Layout, PUBLIC_COLUMNS};
pub use relation::{Violation, check};
pub use rows::Rows;
pub use trace::Trace;
pub use witness::{Bin, Reference, Witness};

use crate::circuit::StatementCircuit;

/// The data-score circuit; see the module. It is given its first-phase columns filled.
pub type DataScoreCircuit = StatementCircuit<Layout>;
