#![doc = include_str!("histogram/statement.md")]

mod clauses;
mod columns;
mod instance;
mod layout;
mod relation;
mod witness;

pub use clauses::Clause;
pub use columns::Cells;
pub use instance::{INSTANCE_ROWS, Instance};
pub use layout::Layout;
pub use relation::{Violation, check};
pub use witness::Witness;

use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use crate::circuit::{CircuitLayout, StatementCircuit};
use crate::geometry::SegmentShape;

/// The histogram circuit of one segment; see the module.
pub type HistogramCircuit = StatementCircuit<Layout>;

impl CircuitLayout for Layout {
    type Shape = SegmentShape;
    type Witness = Witness;

    fn configure(meta: &mut ConstraintSystem<Fr>, shape: SegmentShape) -> Self {
        Self::declare(meta, shape)
    }

    fn synthesize(&self, layouter: &mut impl Layouter<Fr>, witness: Option<&Witness>) -> Result<(), Error> {
        layouter.assign_region(
            || "witness",
            |mut region| {
                self.assign_table(&mut region);
                self.assign_witness(&mut region, witness);
                Ok(())
            },
        )?;
        clauses::counts_end(self, layouter)?;
        layouter.next_phase();
        clauses::counts_match(self, layouter, witness)
    }
}
