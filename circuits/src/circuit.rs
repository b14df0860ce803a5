//! What the three circuits share: a shape, a witness or none, and a layout that declares and fills
//! columns.

use std::fmt;

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Error};
use halo2curves::bn256::Fr;

use crate::geometry::Geometry;

/// Columns and gates of a statement's circuit, and how a witness fills them.
pub trait CircuitLayout: Clone + fmt::Debug {
    /// The geometry, or a segment's shape where the columns depend on its width.
    type Shape: Copy + Default + fmt::Debug;
    /// What the circuit is given to fill its columns with.
    type Witness: Clone + fmt::Debug;

    /// Declares columns and gates.
    fn configure(meta: &mut ConstraintSystem<Fr>, shape: Self::Shape) -> Self;

    /// Fills the columns, and switches the gates on; without a witness it only switches them on.
    fn synthesize(
        &self,
        layouter: &mut impl Layouter<Fr>,
        witness: Option<&Self::Witness>,
    ) -> Result<(), Error>;
}

/// A layout whose first phase is given filled, as a trace, and whose second is one LogUp argument.
pub trait TracedLayout: Clone + fmt::Debug {
    /// The first-phase columns, filled.
    type Trace: Clone + fmt::Debug;

    /// Declares columns and gates.
    fn declare(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self;

    /// Fills the tables and the first-phase columns.
    fn assign(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Self::Trace>) -> Result<(), Error>;

    /// Switches the clauses' gates on.
    fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error>;

    /// Fills the LogUp columns, and switches the argument on.
    fn assign_lookups(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Self::Trace>,
    ) -> Result<(), Error>;
}

impl<L: TracedLayout> CircuitLayout for L {
    type Shape = Geometry;
    type Witness = L::Trace;

    fn configure(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        Self::declare(meta, geometry)
    }

    fn synthesize(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&L::Trace>) -> Result<(), Error> {
        self.assign(layouter, trace)?;
        self.enable_clauses(layouter)?;
        layouter.next_phase();
        self.assign_lookups(layouter, trace)
    }
}

/// A statement's circuit: a layout, in a shape, with a witness or without one.
#[derive(Clone, Debug)]
pub struct StatementCircuit<L: CircuitLayout> {
    shape: L::Shape,
    witness: Option<L::Witness>,
}

impl<L: CircuitLayout> StatementCircuit<L> {
    /// The circuit without a witness, for key generation.
    pub fn shape(shape: L::Shape) -> Self {
        Self { shape, witness: None }
    }

    /// The circuit with a witness, which is taken as it is: whether it is true is for the constraints.
    pub fn new(shape: L::Shape, witness: L::Witness) -> Self {
        Self { shape, witness: Some(witness) }
    }
}

impl<L: CircuitLayout> Circuit<Fr> for StatementCircuit<L> {
    type Config = L;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = L::Shape;

    fn without_witnesses(&self) -> Self {
        Self::shape(self.shape)
    }

    fn params(&self) -> L::Shape {
        self.shape
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: L::Shape) -> L {
        L::configure(meta, shape)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> L {
        L::configure(meta, L::Shape::default())
    }

    fn synthesize(&self, layout: L, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layout.synthesize(&mut layouter, self.witness.as_ref())
    }
}
