//! An extracted assignment as a circuit again, for the mock prover: what the sweep says of an altered cell
//! can so be asked of it.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance, SecondPhase,
    Selector,
};
use halo2curves::bn256::Fr;

use super::sweep::Change;
use crate::logup::Argument;
use crate::support::failures;
use crate::system::{Kind, System, visit};

/// At least as many as any instance has; the rest of the column is zero.
const INSTANCE_ROWS: usize = 16;

/// The circuit `C` with the assignment of `system`, whose second phase is computed anew by `logup`, and is
/// then shifted in the cells `shifts`.
#[derive(Clone, Debug)]
pub struct Replay<C: Circuit<Fr>> {
    shape: C::Params,
    system: System,
    logup: Argument,
    shifts: Vec<Change>,
    circuit: PhantomData<C>,
}

/// What the mock prover says of an assignment of the circuit `C`: the names of all that objects.
pub fn mock_objections<C: Circuit<Fr, Params: Copy>>(
    shape: C::Params,
    system: System,
    logup: Argument,
    shifts: Vec<Change>,
) -> BTreeSet<String> {
    let instance = system.instance[0][..INSTANCE_ROWS].to_vec();
    failures(&Replay::<C> { shape, system, logup, shifts, circuit: PhantomData }, &instance)
}

impl<C: Circuit<Fr, Params: Copy>> Circuit<Fr> for Replay<C> {
    type Config = Leaves;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = C::Params;

    fn without_witnesses(&self) -> Self {
        unreachable!("the mock prover asks for no keys")
    }

    fn params(&self) -> C::Params {
        self.shape
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: C::Params) -> Leaves {
        C::configure_with_params(meta, shape);
        Leaves::of(meta)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Leaves {
        Self::configure_with_params(meta, C::Params::default())
    }

    fn synthesize(&self, leaves: Leaves, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let mut bound = Vec::new();
        layouter.assign_region(
            || "first phase",
            |mut region| {
                leaves.assign_fixed(&mut region, &self.system)?;
                bound = leaves.assign_first(&mut region, &self.system);
                Ok(())
            },
        )?;
        for (cell, column, row) in bound {
            assert_eq!(column, 0, "one instance column");
            layouter.constrain_instance(cell, leaves.instance, row);
        }
        layouter.next_phase();
        let challenges: Vec<Value<Fr>> =
            leaves.challenges.iter().map(|challenge| layouter.get_challenge(*challenge)).collect();
        let challenges: Value<Vec<Fr>> = challenges.into_iter().collect();
        let system = challenges.map(|challenges| {
            let mut system = self.system.clone();
            system.challenges = challenges;
            self.logup.sum(&mut system, Fr::zero());
            self.shifts.iter().for_each(|(column, row, shift)| system.advice[*column][*row] += shift);
            system
        });
        layouter.assign_region(
            || "second phase",
            |mut region| {
                for column in (0..self.system.advice.len()).filter(|column| self.system.phase(*column) > 0) {
                    for row in 0..self.system.usable {
                        let value = system.as_ref().map(|system| system.advice[column][row]);
                        region.assign_advice(leaves.advice[column], row, value);
                    }
                }
                Ok(())
            },
        )
    }
}

/// What cannot be made from an index: selectors and challenges are found in the gates, columns are declared
/// once more, in a constraint system of their own, which numbers them alike.
#[derive(Clone, Debug)]
pub struct Leaves {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Column<Instance>,
    selectors: Vec<Selector>,
    challenges: Vec<Challenge>,
}

impl Leaves {
    fn of(meta: &ConstraintSystem<Fr>) -> Self {
        let mut again = ConstraintSystem::<Fr>::default();
        let mut advice = |phase| match phase {
            0 => again.advice_column(),
            _ => again.advice_column_in(SecondPhase),
        };
        let mut leaves = Self {
            advice: meta.advice_column_phase().into_iter().map(&mut advice).collect(),
            fixed: (0..meta.num_fixed_columns()).map(|_| again.fixed_column()).collect(),
            instance: again.instance_column(),
            selectors: Vec::new(),
            challenges: Vec::new(),
        };
        for polynomial in meta.gates().iter().flat_map(|gate| gate.polynomials()) {
            visit(polynomial, &mut |leaf| match leaf {
                Expression::Selector(selector) if !leaves.selectors.contains(selector) => {
                    leaves.selectors.push(*selector);
                }
                Expression::Challenge(challenge) if !leaves.challenges.contains(challenge) => {
                    leaves.challenges.push(*challenge);
                }
                _ => {}
            });
        }
        leaves.challenges.sort_by_key(Challenge::index);
        assert_eq!(leaves.challenges.len(), meta.num_challenges());
        leaves
    }

    fn assign_fixed(&self, region: &mut Region<'_, Fr>, system: &System) -> Result<(), Error> {
        for (column, values) in system.fixed.iter().enumerate() {
            for (row, value) in values.iter().enumerate().take(system.usable) {
                region.assign_fixed(self.fixed[column], row, *value);
            }
        }
        for selector in &self.selectors {
            let rows = &system.selectors[selector.index()];
            for row in (0..system.usable).filter(|row| rows[*row]) {
                selector.enable(region, row)?;
            }
        }
        Ok(())
    }

    /// Returns the cells that the instance binds, with its column and row.
    fn assign_first(
        &self,
        region: &mut Region<'_, Fr>,
        system: &System,
    ) -> Vec<(halo2_proofs::circuit::Cell, usize, usize)> {
        let mut bound = Vec::new();
        for column in (0..system.advice.len()).filter(|column| system.phase(*column) == 0) {
            for row in 0..system.usable {
                let value = Value::known(system.advice[column][row]);
                let cell = region.assign_advice(self.advice[column], row, value);
                let is_here = |cell: &crate::system::Cell| {
                    cell.kind == Kind::Advice && (cell.column, cell.row) == (column, row)
                };
                for (left, right) in &system.copies {
                    for (here, there) in [(left, right), (right, left)] {
                        if is_here(here) {
                            assert_eq!(there.kind, Kind::Instance, "a copy between advice cells");
                            bound.push((cell.cell(), there.column, there.row));
                        }
                    }
                }
            }
        }
        bound
    }
}
