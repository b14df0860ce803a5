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
pub use layout::{LINKED_COLUMNS, Layout};
pub use relation::{Violation, check};
pub use rows::Rows;
pub use trace::Trace;
pub use witness::Witness;

use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use crate::circuit::{CircuitLayout, StatementCircuit};
use crate::geometry::Geometry;

/// The compute-score circuit; see the module. It is given its first-phase columns filled.
pub type ComputeScoreCircuit = StatementCircuit<Layout>;

impl CircuitLayout for Layout {
    type Witness = Trace;

    fn configure(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        Self::declare(meta, geometry)
    }

    fn synthesize(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        self.assign(layouter, trace)?;
        self.bind_instance(layouter, trace)?;
        self.enable_clauses(layouter)?;
        layouter.next_phase();
        self.assign_lookups(layouter, trace)
    }
}
