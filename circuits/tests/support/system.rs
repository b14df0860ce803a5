//! A circuit taken apart: what a verifier would hold a prover to, as data that a test can read, alter and
//! evaluate.
//!
//! [`System::extract`] configures and synthesises a circuit once, as key generation and the prover together
//! do, with a recording [`Assignment`]. It keeps
//!
//! - every constraint of every gate, by name, as the expression that was declared (selectors not yet
//!   replaced);
//! - every copy, every fixed cell, every selector's rows, the regions and the cells that each of them
//!   assigned;
//! - the values of all phases' advice columns, under challenges drawn from a constant seed, and the instance.
//!
//! Rows `usable..rows` of the advice columns are the library's blinding rows: they hold random numbers here,
//! so a constraint that reads one fails. A cell that no region assigns is zero, as it is in a proof.
//!
//! [`System::failures`] evaluates every constraint on every row and every copy. The clause tests run it
//! beside the mock prover on each honest and each false assignment and ask for one answer, so it may stand
//! for the mock prover where that cannot go: when a constraint is left out on purpose, or one cell changes
//! thousands of times. All fields are public on purpose: a test makes a lie or a fault by writing to them.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use std::collections::BTreeSet;
use std::fmt;

use ff::Field;
use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Expression,
    Fixed, FloorPlanner, Instance, Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// Seed of the challenges and of the blinding rows.
const SEED: u64 = 0x6661_6972;

/// Kinds of columns that hold cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Instance,
    Advice,
    Fixed,
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Self::Instance => 'i',
            Self::Advice => 'a',
            Self::Fixed => 'f',
        }
    }
}

/// A column and a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    pub kind: Kind,
    pub column: usize,
    pub row: usize,
}

impl Cell {
    pub fn advice(column: usize, row: usize) -> Self {
        Self { kind: Kind::Advice, column, row }
    }

    fn new(column: Column<Any>, row: usize) -> Self {
        let kind = match column.column_type() {
            Any::Instance => Kind::Instance,
            Any::Advice(_) => Kind::Advice,
            Any::Fixed => Kind::Fixed,
        };
        Self { kind, column: column.index(), row }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} row {}", self.kind.letter(), self.column, self.row)
    }
}

/// A column read by a constraint, relative to the constraint's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query {
    pub kind: Kind,
    pub column: usize,
    pub rotation: i32,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.letter(), self.column)?;
        match self.rotation {
            0 => Ok(()),
            rotation => write!(f, "({rotation:+})"),
        }
    }
}

/// One named polynomial that must vanish on every row.
#[derive(Clone, Debug)]
pub struct Constraint {
    pub gate: String,
    pub name: String,
    pub polynomial: Expression<Fr>,
}

impl Constraint {
    /// What it reads, in the order in which it is written, each once.
    pub fn queries(&self) -> Vec<Query> {
        let mut queries = Vec::new();
        visit(&self.polynomial, &mut |leaf| {
            let (kind, column, rotation) = match leaf {
                Expression::Fixed(query) => (Kind::Fixed, query.column_index(), query.rotation()),
                Expression::Advice(query) => (Kind::Advice, query.column_index(), query.rotation()),
                Expression::Instance(query) => (Kind::Instance, query.column_index(), query.rotation()),
                _ => return,
            };
            let query = Query { kind, column, rotation: rotation.0 };
            if !queries.contains(&query) {
                queries.push(query);
            }
        });
        queries
    }

    /// What switches it on: a selector, or a sum or difference of some, by which the rest is multiplied.
    pub fn switch(&self) -> &Expression<Fr> {
        let Expression::Product(switch, _) = &self.polynomial else {
            panic!("{}: a constraint without a selector", self.name);
        };
        let is_selector = |leaf: &Expression<Fr>| matches!(leaf, Expression::Selector(_));
        visit(switch, &mut |leaf| assert!(is_selector(leaf), "{}: switched by {leaf:?}", self.name));
        switch
    }

    /// The selectors that it contains.
    pub fn selectors(&self) -> BTreeSet<usize> {
        let mut selectors = BTreeSet::new();
        visit(&self.polynomial, &mut |leaf| {
            if let Expression::Selector(selector) = leaf {
                selectors.insert(selector.index());
            }
        });
        selectors
    }
}

/// Calls `leaf` with every leaf of the expression, from left to right.
pub fn visit(expression: &Expression<Fr>, leaf: &mut impl FnMut(&Expression<Fr>)) {
    match expression {
        Expression::Negated(inner) | Expression::Scaled(inner, _) => visit(inner, leaf),
        Expression::Sum(left, right) | Expression::Product(left, right) => {
            visit(left, leaf);
            visit(right, leaf);
        }
        other => leaf(other),
    }
}

/// A region, with what it did, in order.
#[derive(Clone, Debug, Default)]
pub struct Region {
    pub name: String,
    /// Phase in which it was entered, from 0.
    pub phase: u8,
    /// Advice and fixed cells that it assigned.
    pub cells: Vec<Cell>,
    /// Selector and row, for each that it enabled.
    pub selectors: Vec<(usize, usize)>,
}

/// What objects, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// A constraint, by index, on a row.
    Constraint { index: usize, row: usize },
    /// A copy, by index, whose cells differ.
    Copy { index: usize },
}

/// The circuit; see the module.
#[derive(Clone, Debug)]
pub struct System {
    /// Rows of a column.
    pub rows: usize,
    /// Rows before the library's blinding rows.
    pub usable: usize,
    /// As configured, with selectors.
    pub meta: ConstraintSystem<Fr>,
    pub constraints: Vec<Constraint>,
    /// In the order in which they were made.
    pub copies: Vec<(Cell, Cell)>,
    /// By selector and row.
    pub selectors: Vec<Vec<bool>>,
    /// By column and row, as all values here.
    pub fixed: Vec<Vec<Fr>>,
    pub advice: Vec<Vec<Fr>>,
    pub instance: Vec<Vec<Fr>>,
    /// By index.
    pub challenges: Vec<Fr>,
    pub regions: Vec<Region>,
}

impl System {
    /// Records `circuit` on `2^k` rows with one instance column.
    pub fn extract<C: Circuit<Fr>>(k: u32, circuit: &C, instance: &[Fr]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(SEED);
        let mut meta = ConstraintSystem::default();
        let config = C::configure_with_params(&mut meta, circuit.params());
        let rows = 1 << k;
        let usable = rows - (meta.blinding_factors() + 1);
        let column = |values: &[Fr]| {
            let mut column = values.to_vec();
            column.resize(rows, Fr::ZERO);
            column
        };
        let mut blinded = || {
            let mut values = vec![Fr::ZERO; rows];
            values[usable..].iter_mut().for_each(|cell| *cell = Fr::random(&mut rng));
            values
        };
        let advice = (0..meta.num_advice_columns()).map(|_| blinded()).collect();
        let challenges = (0..meta.num_challenges()).map(|_| Fr::random(&mut rng)).collect();
        let system = Self {
            rows,
            usable,
            constraints: constraints(&meta),
            copies: Vec::new(),
            selectors: vec![vec![false; rows]; meta.num_selectors()],
            fixed: vec![column(&[]); meta.num_fixed_columns()],
            advice,
            instance: vec![column(instance)],
            challenges,
            regions: Vec::new(),
            meta,
        };
        let constants = system.meta.constants().clone();
        let mut recorder = Recorder { system, phase: 0, region: None };
        C::FloorPlanner::synthesize(&mut recorder, circuit, config, constants).expect("synthesis");
        recorder.system
    }

    /// The row that `rotation` reaches from `row`.
    pub fn rotated(&self, row: usize, rotation: i32) -> usize {
        row.wrapping_add_signed(rotation as isize) % self.rows
    }

    /// A cell's value.
    pub fn value(&self, cell: Cell) -> Fr {
        let columns = match cell.kind {
            Kind::Instance => &self.instance,
            Kind::Advice => &self.advice,
            Kind::Fixed => &self.fixed,
        };
        columns[cell.column][cell.row]
    }

    /// An expression's value on a row.
    pub fn evaluate(&self, expression: &Expression<Fr>, row: usize) -> Fr {
        let at = |rotation: Rotation| self.rotated(row, rotation.0);
        match expression {
            Expression::Constant(value) => *value,
            Expression::Selector(selector) => Fr::from(u64::from(self.selectors[selector.index()][row])),
            Expression::Fixed(query) => self.fixed[query.column_index()][at(query.rotation())],
            Expression::Advice(query) => self.advice[query.column_index()][at(query.rotation())],
            Expression::Instance(query) => self.instance[query.column_index()][at(query.rotation())],
            Expression::Challenge(challenge) => self.challenges[challenge.index()],
            Expression::Negated(inner) => -self.evaluate(inner, row),
            Expression::Sum(left, right) => self.evaluate(left, row) + self.evaluate(right, row),
            Expression::Product(left, right) => match self.evaluate(left, row) {
                // A disabled selector spares the rest of its constraint.
                zero if bool::from(zero.is_zero()) => zero,
                left => left * self.evaluate(right, row),
            },
            Expression::Scaled(inner, factor) => self.evaluate(inner, row) * factor,
        }
    }

    /// Whether a constraint is switched on in a row.
    pub fn is_active(&self, constraint: &Constraint, row: usize) -> bool {
        self.evaluate(constraint.switch(), row) != Fr::ZERO
    }

    /// Every constraint that does not vanish, on every row, and every copy whose cells differ.
    pub fn failures(&self) -> Vec<Failure> {
        let constraints = self.constraints.iter().enumerate().flat_map(|(index, constraint)| {
            (0..self.rows)
                .filter(|row| self.evaluate(&constraint.polynomial, *row) != Fr::ZERO)
                .map(move |row| Failure::Constraint { index, row })
        });
        let copies = self.copies.iter().enumerate();
        let copies = copies.filter(|(_, (left, right))| self.value(*left) != self.value(*right));
        constraints.chain(copies.map(|(index, _)| Failure::Copy { index })).collect()
    }

    /// The names of what objects: constraints by theirs, copies as `permutation`.
    pub fn failing_names(&self) -> BTreeSet<String> {
        self.failures().into_iter().map(|failure| self.name_of(failure).to_owned()).collect()
    }

    /// A failure's name.
    pub fn name_of(&self, failure: Failure) -> &str {
        match failure {
            Failure::Constraint { index, .. } => &self.constraints[index].name,
            Failure::Copy { .. } => "permutation",
        }
    }

    /// The phase of an advice column, from 0.
    pub fn phase(&self, column: usize) -> u8 {
        self.meta.advice_column_phase()[column]
    }
}

/// The gates' polynomials, in order.
fn constraints(meta: &ConstraintSystem<Fr>) -> Vec<Constraint> {
    let gates = meta.gates().iter();
    gates
        .flat_map(|gate| {
            gate.polynomials().iter().enumerate().map(|(index, polynomial)| Constraint {
                gate: gate.name().to_owned(),
                name: gate.constraint_name(index).to_owned(),
                polynomial: polynomial.clone(),
            })
        })
        .collect()
}

/// Writes down what a floor planner does.
struct Recorder {
    system: System,
    phase: u8,
    region: Option<Region>,
}

impl Recorder {
    fn region(&mut self) -> &mut Region {
        self.region.as_mut().expect("an assignment within a region")
    }
}

impl Assignment<Fr> for Recorder {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, name: N) {
        assert!(self.region.is_none(), "a region within a region");
        self.region = Some(Region { name: name().into(), phase: self.phase, ..Region::default() });
    }

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn exit_region(&mut self) {
        self.system.regions.extend(self.region.take());
    }

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), Error> {
        self.region().selectors.push((selector.index(), row));
        self.system.selectors[selector.index()][row] = true;
        Ok(())
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::known(self.system.instance[column.index()][row]))
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        self.region().cells.push(Cell::advice(column.index(), row));
        to.map(|value| self.system.advice[column.index()][row] = value.evaluate());
        // No circuit here reads back what it assigned; a reference that outlives this call cannot be had
        // safely.
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.region().cells.push(Cell::new(column.into(), row));
        self.system.fixed[column.index()][row] = to.evaluate();
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        let equality = self.system.meta.permutation().get_columns();
        assert!(equality.contains(&left) && equality.contains(&right), "a copy of a column without equality");
        self.system.copies.push((Cell::new(left, left_row), Cell::new(right, right_row)));
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Result<(), Error> {
        to.map(|value| (row..self.system.usable).for_each(|row| self.assign_fixed(column, row, value)));
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        if self.phase > challenge.phase() {
            Value::known(self.system.challenges[challenge.index()])
        } else {
            Value::unknown()
        }
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}

    fn next_phase(&mut self) {
        self.phase += 1;
    }
}
