//! Gates as straight-line programs: every sum and product of all constraints once, in an order in which each
//! can be computed from those before it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ff::{Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

use crate::column::Column;

/// A value that a step takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The same at every point: a constant of the gates or a challenge.
    Constant(usize),
    /// A column, some rows further on: its index in the list handed to [`GateEvaluator::run`], and the
    /// rotation's in the evaluator's list.
    Cell { column: usize, rotation: usize },
    /// The result of an earlier step.
    Step(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Add(Operand, Operand),
    Subtract(Operand, Operand),
    Multiply(Operand, Operand),
}

/// Steps whose last is the result.
#[derive(Default)]
pub struct GateEvaluator {
    steps: Vec<Step>,
    known: HashMap<Step, Operand>,
    constants: Vec<Fr>,
    constants_known: HashMap<[u8; 32], usize>,
    rotations: Vec<i32>,
    columns: Vec<bool>,
}

impl GateEvaluator {
    /// A constant.
    pub fn constant(&mut self, value: Fr) -> Operand {
        let next = self.constants.len();
        Operand::Constant(match self.constants_known.entry(value.to_repr()) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                self.constants.push(value);
                *entry.insert(next)
            }
        })
    }

    /// The cell of a column `rotation` rows further on.
    pub fn cell(&mut self, column: usize, rotation: i32) -> Operand {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, false);
        }
        self.columns[column] = true;
        let rotation = self.rotations.iter().position(|known| *known == rotation).unwrap_or_else(|| {
            self.rotations.push(rotation);
            self.rotations.len() - 1
        });
        Operand::Cell { column, rotation }
    }

    /// Whether any step reads the column.
    pub fn reads(&self, column: usize) -> bool {
        self.columns.get(column).copied().unwrap_or(false)
    }

    /// `a + b`.
    pub fn add(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a + b),
            (Some(zero), None) if zero == Fr::ZERO => b,
            (None, Some(zero)) if zero == Fr::ZERO => a,
            _ => self.step(Step::Add(a, b)),
        }
    }

    /// `a − b`.
    pub fn subtract(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a - b),
            (None, Some(zero)) if zero == Fr::ZERO => a,
            _ => self.step(Step::Subtract(a, b)),
        }
    }

    /// `a·b`.
    pub fn multiply(&mut self, a: Operand, b: Operand) -> Operand {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a * b),
            (Some(zero), _) | (_, Some(zero)) if zero == Fr::ZERO => self.constant(Fr::ZERO),
            (Some(one), None) if one == Fr::ONE => b,
            (None, Some(one)) if one == Fr::ONE => a,
            _ => self.step(Step::Multiply(a, b)),
        }
    }

    /// A gate's polynomial, its queries and challenges found by `find`. None for a virtual selector: keys
    /// have none.
    pub fn expression(
        &mut self,
        expression: &Expression<Fr>,
        find: &impl Fn(&mut Self, &Expression<Fr>) -> Option<Operand>,
    ) -> Option<Operand> {
        Some(match expression {
            Expression::Constant(value) => self.constant(*value),
            Expression::Negated(inner) => {
                let (zero, inner) = (self.constant(Fr::ZERO), self.expression(inner, find)?);
                self.subtract(zero, inner)
            }
            Expression::Sum(left, right) => {
                let left = self.expression(left, find)?;
                match &**right {
                    Expression::Negated(right) => {
                        let right = self.expression(right, find)?;
                        self.subtract(left, right)
                    }
                    right => {
                        let right = self.expression(right, find)?;
                        self.add(left, right)
                    }
                }
            }
            Expression::Product(left, right) => {
                let (left, right) = (self.expression(left, find)?, self.expression(right, find)?);
                self.multiply(left, right)
            }
            Expression::Scaled(inner, factor) => {
                let (inner, factor) = (self.expression(inner, find)?, self.constant(*factor));
                self.multiply(inner, factor)
            }
            query => find(self, query)?,
        })
    }

    fn value(&self, operand: Operand) -> Option<Fr> {
        match operand {
            Operand::Constant(index) => self.constants.get(index).copied(),
            _ => None,
        }
    }

    fn step(&mut self, step: Step) -> Operand {
        let next = Operand::Step(self.steps.len());
        match self.known.entry(step) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(entry) => {
                self.steps.push(step);
                *entry.insert(next)
            }
        }
    }

    /// What is `wanted` at each of the rows from `first` on, row after row, of columns with `size` rows that
    /// follow one another in a circle.
    pub fn run(&self, wanted: &[Operand], columns: &[&[Fr]], size: usize, first: usize, out: &mut [Fr]) {
        // A column only so that it is overwritten in the end.
        let mut results = Column::zero(self.steps.len());
        let mut rows = vec![0; self.rotations.len()];
        for (offset, out) in out.chunks_exact_mut(wanted.len()).enumerate() {
            for (row, rotation) in rows.iter_mut().zip(&self.rotations) {
                *row = ((first + offset) as i64 + i64::from(*rotation)).rem_euclid(size as i64) as usize;
            }
            let get = |results: &[Fr], operand| match operand {
                Operand::Constant(index) => self.constants[index],
                Operand::Cell { column, rotation } => columns[column][rows[rotation]],
                Operand::Step(step) => results[step],
            };
            for (index, step) in self.steps.iter().enumerate() {
                results[index] = match *step {
                    Step::Add(a, b) => get(&results, a) + get(&results, b),
                    Step::Subtract(a, b) => get(&results, a) - get(&results, b),
                    Step::Multiply(a, b) => get(&results, a) * get(&results, b),
                };
            }
            for (out, wanted) in out.iter_mut().zip(wanted) {
                *out = get(&results, *wanted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_are_computed_once_and_constants_folded() {
        let mut evaluator = GateEvaluator::default();
        let (a, b) = (evaluator.cell(0, 0), evaluator.cell(1, -1));
        let sum = evaluator.add(a, b);
        let again = evaluator.add(a, b);
        assert_eq!(sum, again);
        let (zero, one) = (evaluator.constant(Fr::ZERO), evaluator.constant(Fr::ONE));
        assert_eq!(evaluator.multiply(sum, one), sum);
        assert_eq!(evaluator.multiply(zero, sum), zero);
        assert_eq!(evaluator.add(sum, zero), sum);
        assert_eq!(evaluator.subtract(sum, zero), sum);
        let square = evaluator.multiply(sum, sum);
        assert_eq!(evaluator.steps.len(), 2);
        assert!(evaluator.reads(1) && !evaluator.reads(2));

        let columns: [Vec<Fr>; 2] =
            [[1, 2, 3, 4], [10, 20, 30, 40]].map(|column| column.map(Fr::from).to_vec());
        let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let mut out = [Fr::ZERO; 6];
        evaluator.run(&[sum, square], &columns, 4, 0, &mut out);
        assert_eq!(out, [41, 41 * 41, 12, 12 * 12, 23, 23 * 23].map(Fr::from));
    }
}
