//! The LogUp argument as it stands in a circuit's gates, read back from their polynomials.
//!
//! What the chip says of itself (`LogUp::terms`) is not asked: a gate `s·(h·Π(γ − v_i) − Σ m_i·Π_{j≠i}(γ − v_j))` is
//! taken apart into its fractions `m_i/(γ − v_i)`, and [`Argument::read`] checks on random values that the fractions
//! give the gate back. So a term lost between the chip's list and its gates is lost here too.
//!
//! [`Argument::recount`] and [`Argument::sum`] fill the multiplicities and the second-phase columns as the most
//! able liar would: from whatever stands in the other cells, for whatever fractions the gates still contain.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use std::collections::HashMap;

use fairshare_circuits::chips::Expr;
use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::system::{Constraint, Kind, System};

/// `multiplicity / (γ − value)`.
#[derive(Clone, Debug)]
pub struct Fraction {
    pub multiplicity: Expr,
    pub value: Expr,
}

impl Fraction {
    /// Whether it is a looked-up value, `1/(γ − v)`; otherwise it is a table's entry.
    pub fn is_lookup(&self) -> bool {
        matches!(&self.multiplicity, Expression::Constant(one) if *one == Fr::ONE)
    }

    /// The column of a table's multiplicities.
    fn multiplicity_column(&self) -> usize {
        match &self.multiplicity {
            Expression::Negated(inner) => advice_column(inner).expect("a multiplicity column"),
            other => panic!("neither a look-up nor a table: {other:?}"),
        }
    }
}

/// The fractions of one gate.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its constraint's index in the system.
    pub constraint: usize,
    /// What the fractions add up to: a helper column, or the step of the running sum less the helpers.
    pub sum: Expr,
    pub fractions: Vec<Fraction>,
}

/// The whole argument.
#[derive(Clone, Debug)]
pub struct Argument {
    pub groups: Vec<Group>,
    /// The running sum's column.
    pub running: usize,
    /// The rows on which it is switched on.
    pub rows: std::ops::Range<usize>,
}

impl Argument {
    /// Reads the argument from the constraints called `LogUp …`.
    pub fn read(system: &System) -> Self {
        let named = |name: &'static str| {
            let all = system.constraints.iter().enumerate();
            all.filter(move |(_, constraint)| constraint.name == name)
        };
        let groups: Vec<Group> =
            named("LogUp helper").chain(named("LogUp sum")).map(|(index, it)| group(index, it)).collect();
        let (_, boundary) = named("LogUp boundary").next().expect("a boundary constraint");
        let [running] = boundary.queries()[..] else { panic!("the boundary reads the running sum alone") };
        for group in &groups {
            assert_same(system, &system.constraints[group.constraint], &group.polynomial(system));
        }
        let first = &system.constraints[groups[0].constraint];
        let rows = 0..(0..system.rows).take_while(|row| system.is_active(first, *row)).count();
        Self { groups, running: running.column, rows }
    }

    /// All fractions.
    pub fn fractions(&self) -> impl Iterator<Item = &Fraction> {
        self.groups.iter().flat_map(|group| &group.fractions)
    }

    /// Writes the groups' polynomials back into the system.
    pub fn write(&self, system: &mut System) {
        for group in &self.groups {
            system.constraints[group.constraint].polynomial = group.polynomial(system);
        }
    }

    /// The helper columns.
    pub fn helpers(&self) -> impl Iterator<Item = usize> {
        self.groups.iter().filter_map(|group| advice_column(&group.sum))
    }

    /// Counts into the multiplicity columns how often each table entry is looked up, at the first row that offers
    /// it. Values that stand in no table are left out.
    pub fn recount(&self, system: &mut System) {
        let rows = self.rows.clone();
        let mut counts: HashMap<[u8; 32], u64> = HashMap::new();
        for lookup in self.fractions().filter(|fraction| fraction.is_lookup()) {
            for row in rows.clone() {
                *counts.entry(system.evaluate(&lookup.value, row).to_repr()).or_default() += 1;
            }
        }
        for table in self.fractions().filter(|fraction| !fraction.is_lookup()) {
            for row in rows.clone() {
                let entry = system.evaluate(&table.value, row).to_repr();
                let count = counts.remove(&entry).unwrap_or_default();
                system.advice[table.multiplicity_column()][row] = Fr::from(count);
            }
        }
    }

    /// Fills helpers and running sum from a start, and returns what the sum ends in.
    pub fn sum(&self, system: &mut System, start: Fr) -> Fr {
        let rows = self.rows.clone();
        let mut steps = vec![Fr::ZERO; rows.len()];
        for group in &self.groups {
            let values = group.values(system, rows.clone());
            steps.iter_mut().zip(&values).for_each(|(step, value)| *step += value);
            if let Some(helper) = advice_column(&group.sum) {
                system.advice[helper][rows.clone()].copy_from_slice(&values);
            }
        }
        let mut total = start;
        system.advice[self.running][0] = total;
        for (row, step) in steps.into_iter().enumerate() {
            total += step;
            system.advice[self.running][row + 1] = total;
        }
        total
    }
}

impl Group {
    /// `s·(sum·Π(γ − v_i) − Σ_i m_i·Π_{j≠i}(γ − v_j))`, with the selector and the challenge of the gate as it is.
    fn polynomial(&self, system: &System) -> Expr {
        let (selector, _) = split(&system.constraints[self.constraint].polynomial);
        let gamma = gamma(system);
        let product = |skip: Option<usize>| {
            let factors = self.fractions.iter().enumerate().filter(|(index, _)| Some(*index) != skip);
            factors.map(|(_, fraction)| gamma.clone() - fraction.value.clone()).reduce(|a, b| a * b)
        };
        let times = |factor: Expr, product: Option<Expr>| match product {
            Some(product) => factor * product,
            None => factor,
        };
        let terms = self.fractions.iter().enumerate();
        let numerator =
            terms.map(|(index, fraction)| times(fraction.multiplicity.clone(), product(Some(index))));
        let left = times(self.sum.clone(), product(None));
        selector * numerator.fold(left, |sum, term| sum - term)
    }

    /// The sum of its fractions on each row.
    fn values(&self, system: &System, rows: std::ops::Range<usize>) -> Vec<Fr> {
        let gamma = system.evaluate(&gamma(system), 0);
        let mut sums = vec![Fr::ZERO; rows.len()];
        for fraction in &self.fractions {
            let mut inverses: Vec<Fr> =
                rows.clone().map(|row| gamma - system.evaluate(&fraction.value, row)).collect();
            inverses.iter_mut().batch_invert();
            for (row, (sum, inverse)) in rows.clone().zip(sums.iter_mut().zip(inverses)) {
                *sum += system.evaluate(&fraction.multiplicity, row) * inverse;
            }
        }
        sums
    }
}

/// The challenge of the sum: the last that is declared.
fn gamma(system: &System) -> Expr {
    let mut last = None;
    let index = system.meta.num_challenges() - 1;
    for constraint in &system.constraints {
        crate::system::visit(&constraint.polynomial, &mut |leaf| {
            if matches!(leaf, Expression::Challenge(challenge) if challenge.index() == index) {
                last = Some(leaf.clone());
            }
        });
    }
    last.expect("a challenge")
}

fn advice_column(expression: &Expr) -> Option<usize> {
    match expression {
        Expression::Advice(query) if query.rotation().0 == 0 => Some(query.column_index()),
        _ => None,
    }
}

/// `s·body` as `(s, body)`.
fn split(polynomial: &Expr) -> (Expr, Expr) {
    match polynomial {
        Expression::Product(selector, body) if matches!(**selector, Expression::Selector(_)) => {
            ((**selector).clone(), (**body).clone())
        }
        other => panic!("a LogUp gate without a selector: {other:?}"),
    }
}

/// Takes `h·D − N` apart.
fn group(constraint: usize, it: &Constraint) -> Group {
    let (_, body) = split(&it.polynomial);
    let Expression::Sum(left, right) = body else { panic!("{}: no difference", it.name) };
    let (Expression::Product(sum, product), Expression::Negated(numerator)) = (*left, *right) else {
        panic!("{}: not h·D − N", it.name)
    };
    let values = denominators(&product);
    let multiplicities = numerators(&numerator, values.len());
    let fractions = values.into_iter().zip(multiplicities);
    let fractions = fractions.map(|(value, multiplicity)| Fraction { multiplicity, value }).collect();
    Group { constraint, sum: *sum, fractions }
}

/// The `v_i` of `(((γ − v_0)·(γ − v_1))·…)`.
fn denominators(product: &Expr) -> Vec<Expr> {
    match product {
        Expression::Product(left, right) => {
            let mut values = denominators(left);
            values.extend(denominators(right));
            values
        }
        Expression::Sum(gamma, value) => match (&**gamma, &**value) {
            (Expression::Challenge(_), Expression::Negated(value)) => vec![(**value).clone()],
            other => panic!("no factor γ − v: {other:?}"),
        },
        other => panic!("no factor γ − v: {other:?}"),
    }
}

/// The `m_i` of `((m_0·d_1 + m_1·D_0)·d_2 + m_2·D_1)…`.
fn numerators(numerator: &Expr, count: usize) -> Vec<Expr> {
    if count == 1 {
        return vec![numerator.clone()];
    }
    let Expression::Sum(earlier, last) = numerator else { panic!("no sum of numerators: {numerator:?}") };
    let (Expression::Product(earlier, _), Expression::Product(last, _)) = (&**earlier, &**last) else {
        panic!("no sum of numerators: {numerator:?}")
    };
    let mut multiplicities = numerators(earlier, count - 1);
    multiplicities.push((**last).clone());
    multiplicities
}

/// Asserts that a polynomial is the constraint's, by random values in all cells.
fn assert_same(system: &System, constraint: &Constraint, polynomial: &Expr) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut random = system.clone();
    let row = (0..system.rows).find(|row| system.is_active(constraint, *row)).expect("an active row");
    for query in constraint.queries() {
        let target = system.rotated(row, query.rotation);
        let columns = match query.kind {
            Kind::Advice => &mut random.advice,
            Kind::Fixed => &mut random.fixed,
            Kind::Instance => &mut random.instance,
        };
        columns[query.column][target] = Fr::random(&mut rng);
    }
    let (expected, actual) = (random.evaluate(&constraint.polynomial, row), random.evaluate(polynomial, row));
    assert!(expected != Fr::ZERO && expected == actual, "{}: read wrongly", constraint.name);
}
