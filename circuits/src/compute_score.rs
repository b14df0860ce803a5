#![doc = include_str!("compute_score/statement.md")]

mod clauses;
mod instance;
mod layout;
mod relation;
mod trace;
mod witness;

pub use clauses::Clause;
pub use instance::{INSTANCE_ROWS, Instance};
pub use layout::{LINKED_COLUMNS, Layout, Rows};
pub use relation::{Violation, check};
pub use trace::{Cells, Trace};
pub use witness::Witness;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use crate::geometry::Geometry;

/// The compute-score circuit; see the module.
#[derive(Clone, Debug)]
pub struct ComputeScoreCircuit {
    geometry: Geometry,
    trace: Option<Trace>,
}

impl ComputeScoreCircuit {
    /// The circuit without a witness, for key generation.
    pub fn shape(geometry: Geometry) -> Self {
        Self { geometry, trace: None }
    }

    /// The circuit for one node. The trace is taken as it is: whether it is true is for the constraints.
    pub fn new(geometry: Geometry, trace: Trace) -> Self {
        Self { geometry, trace: Some(trace) }
    }
}

impl Circuit<Fr> for ComputeScoreCircuit {
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
        layout.assign(&mut layouter, self.trace.as_ref())?;
        layout.bind_instance(&mut layouter, self.trace.as_ref())?;
        layout.enable_clauses(&mut layouter)?;
        layouter.next_phase();
        layout.assign_lookups(&mut layouter, self.trace.as_ref())
    }
}
