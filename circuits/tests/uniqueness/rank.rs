//! The rank of all constraints' Jacobian at the honest assignment: is there a direction in which cells could
//! move together?
//!
//! Unknowns are the first-phase cells; instance and committed columns are held. LogUp enters by what it
//! claims: a looked-up value is discrete and cannot move, for every value of `θ`; and the multiplicities of
//! each table entry add up to a constant. Second-phase cells are solved for apart, with the first phase held:
//! their gates are linear in them.
//!
//! With [`Lookups::Relaxed`] single looked-up cells may move, as within their range they can, and if no
//! column is held so may committed cells: then the number of directions tells how much is left to ranges and
//! commitments, and grows if an equation is missing.

use std::collections::{BTreeMap, BinaryHeap, HashMap};

use ff::{Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

use crate::logup::{Argument, is_of_logup};
use crate::system::{Cell, Kind, System};

/// Values of `θ` under which a looked-up tuple is held: one for each of its powers.
const THETAS: u64 = 5;

/// What a looked-up cell may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookups {
    /// Nothing: it is one of a table's values.
    Discrete,
    /// Move, unless it is part of a tuple.
    Relaxed,
}

/// A linear combination of unknowns, by index, in order, without zeros.
type Row = Vec<(u32, Fr)>;

/// A cell that is free, and the columns of all cells that move with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Column and row of the free cell.
    pub cell: (usize, usize),
    /// Columns and numbers of the other cells that move.
    pub moves: BTreeMap<usize, usize>,
}

/// The constraints, eliminated.
#[derive(Debug)]
pub struct Jacobian {
    columns: usize,
    /// Whether a cell may move, by index.
    unknowns: Vec<bool>,
    /// By leading unknown.
    pivots: Vec<Option<Row>>,
}

impl Jacobian {
    /// Of the first phase.
    pub fn new(system: &System, logup: &Argument, held: Option<usize>, lookups: Lookups) -> Self {
        let held = held.unwrap_or(0);
        let free = |column: usize| column >= held && system.phase(column) == 0;
        let mut jacobian = Self::empty(system, free);
        if logup.binds {
            jacobian.hold_lookups(system, logup, lookups);
        }
        for constraint in system.constraints.iter().filter(|constraint| !is_of_logup(system, constraint)) {
            for row in (0..system.rows).filter(|row| system.is_active(constraint, *row)) {
                jacobian.add(gradient(system, &constraint.polynomial, row));
            }
        }
        for (left, right) in &system.copies {
            let one = [(*left, Fr::ONE), (*right, -Fr::ONE)];
            jacobian.add(one.into_iter().filter(|(cell, _)| cell.kind == Kind::Advice).collect());
        }
        if logup.binds {
            jacobian.hold_multiplicities(system, logup, lookups);
        }
        jacobian
    }

    /// Of the second phase, the first held.
    pub fn of_second_phase(system: &System) -> Self {
        let mut jacobian = Self::empty(system, |column| system.phase(column) > 0);
        for constraint in system.constraints.iter().filter(|constraint| is_of_logup(system, constraint)) {
            for row in (0..system.rows).filter(|row| system.is_active(constraint, *row)) {
                jacobian.add(gradient(system, &constraint.polynomial, row));
            }
        }
        jacobian
    }

    fn empty(system: &System, free: impl Fn(usize) -> bool) -> Self {
        let columns = system.advice.len();
        let cells = (0..system.usable).flat_map(|_| (0..columns).map(&free));
        let mut unknowns: Vec<bool> = cells.collect();
        unknowns.resize(system.rows * columns, false);
        let pivots = vec![None; unknowns.len()];
        Self { columns, unknowns, pivots }
    }

    /// Adds an equation between movements of cells; cells that are held do not move.
    fn add(&mut self, terms: Vec<(Cell, Fr)>) {
        let mut row: BTreeMap<u32, Fr> = BTreeMap::new();
        for (cell, coefficient) in terms.into_iter().filter(|(cell, _)| cell.kind == Kind::Advice) {
            let unknown = index(self.columns, cell.column, cell.row);
            if self.unknowns[unknown as usize] {
                *row.entry(unknown).or_default() += coefficient;
            }
        }
        while let Some((lead, coefficient)) = row.pop_first() {
            if coefficient == Fr::ZERO {
                continue;
            }
            let Some(pivot) = &self.pivots[lead as usize] else {
                let inverse = coefficient.invert().expect("a non-zero coefficient");
                let rest = row.into_iter().filter(|(_, value)| *value != Fr::ZERO);
                self.pivots[lead as usize] =
                    Some(rest.map(|(unknown, value)| (unknown, value * inverse)).collect());
                return;
            };
            for (unknown, value) in pivot {
                *row.entry(*unknown).or_default() -= coefficient * value;
            }
        }
    }

    fn hold_lookups(&mut self, system: &System, logup: &Argument, lookups: Lookups) {
        let mut system = system.clone();
        for theta in 0..THETAS {
            system.challenges.iter_mut().for_each(|challenge| *challenge = Fr::from(theta + 2));
            for term in logup.fractions().filter(|term| !term.looked_up.is_empty()) {
                let is_single = term.looked_up.len() == 1;
                if is_single && (theta > 0 || lookups == Lookups::Relaxed) {
                    continue;
                }
                for row in logup.rows.clone() {
                    self.add(gradient(&system, &term.value, row));
                }
            }
        }
    }

    /// The multiplicities of all rows that offer one value add up to how often it is looked up.
    fn hold_multiplicities(&mut self, system: &System, logup: &Argument, lookups: Lookups) {
        let mut entries: HashMap<[u8; 32], Vec<(Cell, Fr)>> = HashMap::new();
        for term in logup.fractions().filter(|term| !term.multiplicities.is_empty()) {
            for row in logup.rows.clone() {
                let moved = gradient(system, &term.multiplicity, row);
                if lookups == Lookups::Relaxed {
                    moved.into_iter().for_each(|cell| self.add(vec![cell]));
                } else {
                    entries.entry(logup.denominator(system, term, row).to_repr()).or_default().extend(moved);
                }
            }
        }
        let mut entries: Vec<_> = entries.into_values().collect();
        entries.sort_by_key(|cells| cells.iter().map(|(cell, _)| *cell).min());
        entries.into_iter().for_each(|cells| self.add(cells));
    }

    pub fn unknowns(&self) -> usize {
        self.unknowns.iter().filter(|is| **is).count()
    }

    pub fn rank(&self) -> usize {
        self.pivots.iter().flatten().count()
    }

    /// Dimension of what is left free.
    pub fn nullity(&self) -> usize {
        self.unknowns() - self.rank()
    }

    /// A basis of the free directions: for each free cell, what moves with it.
    pub fn directions(&self) -> Vec<Direction> {
        let mut leads: HashMap<u32, Vec<(u32, Fr)>> = HashMap::new();
        for (lead, row) in (0..).zip(&self.pivots) {
            for (unknown, coefficient) in row.iter().flatten() {
                leads.entry(*unknown).or_default().push((lead, *coefficient));
            }
        }
        let cells = (0..).zip(self.unknowns.iter().zip(&self.pivots));
        let free = cells.filter(|(_, (is_unknown, pivot))| **is_unknown && pivot.is_none());
        free.map(|(unknown, _)| self.direction(unknown, &leads)).collect()
    }

    /// Moves `free` by one and every other free cell not at all: the leads follow, later ones first, as a
    /// pivot's other unknowns all come after its lead.
    fn direction(&self, free: u32, leads: &HashMap<u32, Vec<(u32, Fr)>>) -> Direction {
        let mut queue = BinaryHeap::from([free]);
        let mut moved: BTreeMap<u32, Fr> = BTreeMap::from([(free, Fr::ONE)]);
        let mut moves: BTreeMap<usize, usize> = BTreeMap::new();
        while let Some(unknown) = queue.pop() {
            let by = moved[&unknown];
            if by == Fr::ZERO {
                continue;
            }
            if unknown != free {
                *moves.entry(unknown as usize % self.columns).or_default() += 1;
            }
            for (lead, coefficient) in leads.get(&unknown).into_iter().flatten() {
                let entry = moved.entry(*lead).or_insert_with(|| {
                    queue.push(*lead);
                    Fr::ZERO
                });
                *entry -= *coefficient * by;
            }
        }
        Direction { cell: (free as usize % self.columns, free as usize / self.columns), moves }
    }
}

/// Row by row, so that an equation's unknowns are near each other.
fn index(columns: usize, column: usize, row: usize) -> u32 {
    u32::try_from(row * columns + column).expect("a small circuit")
}

/// An expression's derivatives by the advice cells that it reads on a row.
fn gradient(system: &System, expression: &Expression<Fr>, row: usize) -> Vec<(Cell, Fr)> {
    derive(system, expression, row).1
}

fn derive(system: &System, expression: &Expression<Fr>, row: usize) -> (Fr, Vec<(Cell, Fr)>) {
    match expression {
        Expression::Advice(query) => {
            let cell = Cell::advice(query.column_index(), system.rotated(row, query.rotation().0));
            (system.value(cell), vec![(cell, Fr::ONE)])
        }
        Expression::Negated(inner) => {
            let (value, gradient) = derive(system, inner, row);
            (-value, scaled(gradient, -Fr::ONE))
        }
        Expression::Scaled(inner, factor) => {
            let (value, gradient) = derive(system, inner, row);
            (value * factor, scaled(gradient, *factor))
        }
        Expression::Sum(left, right) => {
            let (left, mut gradient) = derive(system, left, row);
            let (right, other) = derive(system, right, row);
            gradient.extend(other);
            (left + right, gradient)
        }
        Expression::Product(left, right) => {
            let (left, gradient) = derive(system, left, row);
            let (right, other) = derive(system, right, row);
            let mut gradient = scaled(gradient, right);
            gradient.extend(scaled(other, left));
            (left * right, gradient)
        }
        leaf => (system.evaluate(leaf, row), Vec::new()),
    }
}

fn scaled(mut gradient: Vec<(Cell, Fr)>, factor: Fr) -> Vec<(Cell, Fr)> {
    gradient.iter_mut().for_each(|(_, derivative)| *derivative *= factor);
    gradient
}
