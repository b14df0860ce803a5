#![doc = include_str!("histogram/statement.md")]

mod clauses;
mod instance;
mod layout;
mod relation;
mod witness;

pub use clauses::Clause;
pub use instance::{INSTANCE_ROWS, Instance};
pub use layout::{LINKED_COLUMNS_AFTER_DATA, Layout};
pub use relation::{Violation, check};
pub use witness::Witness;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use crate::geometry::Geometry;

/// The histogram circuit of one segment; see the module.
#[derive(Clone, Debug)]
pub struct HistogramCircuit {
    geometry: Geometry,
    witness: Option<Witness>,
}

impl HistogramCircuit {
    /// The circuit without a witness, for key generation.
    pub fn shape(geometry: Geometry) -> Self {
        Self { geometry, witness: None }
    }

    /// The circuit for one segment. The witness is taken as it is: whether it is true is for the constraints.
    pub fn new(geometry: Geometry, witness: Witness) -> Self {
        Self { geometry, witness: Some(witness) }
    }
}

impl Circuit<Fr> for HistogramCircuit {
    type Config = Layout;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Geometry;

    fn without_witnesses(&self) -> Self {
        Self::shape(self.geometry)
    }

    fn params(&self) -> Geometry {
        self.geometry
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Layout {
        Layout::configure(meta, geometry)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Layout {
        Layout::configure(meta, Geometry::default())
    }

    fn synthesize(&self, layout: Layout, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let witness = self.witness.as_ref();
        layouter.assign_region(
            || "witness",
            |mut region| {
                layout.assign_table(&mut region);
                layout.assign_witness(&mut region, witness);
                Ok(())
            },
        )?;
        clauses::statement_bound(&layout, &mut layouter)?;
        clauses::counts_end(&layout, &mut layouter)?;
        layouter.next_phase();
        clauses::counts_match(&layout, &mut layouter, witness)
    }
}
