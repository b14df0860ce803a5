//! The LogUp argument as it stands in a circuit's gates, read back from their polynomials.
//!
//! What the chip says of itself (`LogUp::terms`) is not asked: a gate
//! `s·(h·Π(γ − v_i) − Σ m_i·Π_{j≠i}(γ − v_j))` is taken apart into its fractions `m_i/(γ − v_i)`, and
//! [`Argument::read`] checks on random values that the fractions give the gate back. So a term lost between
//! the chip's list and its gates is lost here too. Whether the gates hold what the argument claims, a balance
//! of all fractions, is [`Argument::binds`].
//!
//! [`Argument::recount`] and [`Argument::sum`] fill the multiplicities and the second-phase columns as the
//! most able liar would: from whatever stands in the other cells, for whatever fractions the gates still
//! contain.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use std::collections::{BTreeSet, HashMap};

use fairshare_circuits::chips::Expr;
use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::system::{Constraint, Kind, Query, System, visit};

/// `multiplicity / (γ − value)`.
#[derive(Clone, Debug)]
pub struct Fraction {
    pub multiplicity: Expr,
    pub value: Expr,
    /// Advice columns of the value, as read.
    pub looked_up: Vec<usize>,
    /// Fixed columns of the value, as read.
    pub table: Vec<usize>,
    /// Advice columns of the multiplicity, as read.
    pub multiplicities: Vec<usize>,
}

impl Fraction {
    fn new(value: Expr, multiplicity: Expr) -> Self {
        let [looked_up, table] = [Kind::Advice, Kind::Fixed].map(|kind| columns(&value, kind));
        let multiplicities = columns(&multiplicity, Kind::Advice);
        Self { multiplicity, value, looked_up, table, multiplicities }
    }

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

    /// The first advice column of the value.
    pub fn first_column(&self) -> Option<usize> {
        self.looked_up.first().copied()
    }

    /// The multiplicity on a row.
    pub fn numerator(&self, system: &System, row: usize) -> Fr {
        system.evaluate(&self.multiplicity, row)
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
    /// Whether the gates hold the sum of all fractions at zero.
    pub binds: bool,
    /// The challenge, `γ`.
    gamma: Expr,
}

/// Whether a constraint reads a second-phase cell, and so belongs to the argument.
pub fn is_of_logup(system: &System, constraint: &Constraint) -> bool {
    constraint.queries().iter().any(|query| query.kind == Kind::Advice && system.phase(query.column) > 0)
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
        let gamma = gamma(system);
        for group in &groups {
            assert_same(&system.constraints[group.constraint], &group.polynomial(system, &gamma));
        }
        let active = |group: &Group, row: usize| system.is_active(&system.constraints[group.constraint], row);
        let rows = 0..(0..system.rows).take_while(|row| active(&groups[0], *row)).count();
        let everywhere = |group| (0..system.rows).all(|row| active(group, row) == rows.contains(&row));
        let running = running(&groups);
        let binds = groups.iter().all(everywhere) && is_closed(system, &groups, running, &rows);
        Self { groups, running, rows, binds, gamma }
    }

    /// All fractions.
    pub fn fractions(&self) -> impl Iterator<Item = &Fraction> {
        self.groups.iter().flat_map(|group| &group.fractions)
    }

    /// `γ − v` of a fraction on a row.
    pub fn denominator(&self, system: &System, fraction: &Fraction, row: usize) -> Fr {
        system.evaluate(&self.gamma, row) - system.evaluate(&fraction.value, row)
    }

    /// Writes the groups' polynomials back into the system.
    pub fn write(&self, system: &mut System) {
        for group in &self.groups {
            system.constraints[group.constraint].polynomial = group.polynomial(system, &self.gamma);
        }
    }

    /// The helper columns.
    pub fn helpers(&self) -> impl Iterator<Item = usize> {
        self.groups.iter().filter_map(|group| advice_column(&group.sum))
    }

    /// Counts into the multiplicity columns how often each table entry is looked up, at the first row that
    /// offers it. Values that stand in no table are left out.
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
            let values = group.values(system, &self.gamma, rows.clone());
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
    /// `s·(sum·Π(γ − v_i) − Σ_i m_i·Π_{j≠i}(γ − v_j))`, with the selector of the gate as it is, so that it
    /// can be read again.
    fn polynomial(&self, system: &System, gamma: &Expr) -> Expr {
        let (selector, _) = split(&system.constraints[self.constraint].polynomial);
        let sum = self.fractions.iter().fold(None, |sum: Option<(Expr, Expr)>, fraction| {
            let (m, d) = (fraction.multiplicity.clone(), gamma.clone() - fraction.value.clone());
            Some(match sum {
                None => (m, d),
                Some((n, product)) => (n * d.clone() + m * product.clone(), product * d),
            })
        });
        selector
            * match sum {
                Some((numerator, product)) => self.sum.clone() * product - numerator,
                None => self.sum.clone(),
            }
    }

    /// The sum of its fractions on each row.
    fn values(&self, system: &System, gamma: &Expr, rows: std::ops::Range<usize>) -> Vec<Fr> {
        let gamma = system.evaluate(gamma, 0);
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

/// The second-phase cells for whose value a gate is solved, as columns and rotations.
fn solved_for(group: &Group) -> BTreeSet<(usize, i32)> {
    let mut cells = BTreeSet::new();
    visit(&group.sum, &mut |leaf| {
        if let Expression::Advice(query) = leaf {
            cells.insert((query.column_index(), query.rotation().0));
        }
    });
    cells
}

/// The running sum's column: the one that a gate reads on the next row too.
fn running(groups: &[Group]) -> usize {
    let next = groups.iter().flat_map(solved_for).find(|(_, rotation)| *rotation == 1);
    next.expect("a running sum").0
}

/// Whether the running sum takes in every helper, every helper is solved for by one gate, and the sum is held
/// at zero before the first row and after the last.
fn is_closed(system: &System, groups: &[Group], running: usize, rows: &std::ops::Range<usize>) -> bool {
    let (sums, helped): (Vec<_>, Vec<_>) =
        groups.iter().map(solved_for).partition(|cells| cells.contains(&(running, 1)));
    let mut expected = BTreeSet::from([(running, 0), (running, 1)]);
    expected.extend(helped.iter().flatten());
    let reads = |query: &Query| query.kind == Kind::Advice && query.column == running;
    let held = |row: usize| {
        system.constraints.iter().any(|constraint| {
            let [only] = constraint.queries()[..] else { return false };
            reads(&only) && system.is_active(constraint, row)
        })
    };
    sums == [expected.clone()]
        && helped.iter().all(|cells| cells.len() == 1)
        && expected.len() == helped.len() + 2
        && held(rows.start)
        && held(rows.end)
}

/// The columns of one kind that an expression reads, as written; a fraction reads its own row only.
fn columns(expression: &Expr, kind: Kind) -> Vec<usize> {
    let mut columns = Vec::new();
    visit(expression, &mut |leaf| {
        let (leaf_kind, column, rotation) = match leaf {
            Expression::Fixed(query) => (Kind::Fixed, query.column_index(), query.rotation()),
            Expression::Advice(query) => (Kind::Advice, query.column_index(), query.rotation()),
            Expression::Instance(query) => (Kind::Instance, query.column_index(), query.rotation()),
            _ => return,
        };
        assert_eq!(rotation.0, 0, "a fraction reads another row");
        assert_ne!(leaf_kind, Kind::Instance, "a fraction reads the instance");
        if leaf_kind == kind {
            columns.push(column);
        }
    });
    columns
}

/// The challenge of the sum: the last that is declared.
fn gamma(system: &System) -> Expr {
    let mut last = None;
    let index = system.meta.num_challenges() - 1;
    for constraint in &system.constraints {
        visit(&constraint.polynomial, &mut |leaf| {
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

fn reads_challenge(expression: &Expr) -> bool {
    let mut reads = false;
    visit(expression, &mut |leaf| reads |= matches!(leaf, Expression::Challenge(_)));
    reads
}

/// Takes `h·D − N` apart; `h` alone is a group whose fractions were all left out.
fn group(constraint: usize, it: &Constraint) -> Group {
    let (_, body) = split(&it.polynomial);
    if !reads_challenge(&body) {
        return Group { constraint, sum: body, fractions: Vec::new() };
    }
    let Expression::Sum(left, right) = body else { panic!("{}: no difference", it.name) };
    let (Expression::Product(sum, product), Expression::Negated(numerator)) = (*left, *right) else {
        panic!("{}: not h·D − N", it.name)
    };
    let values = denominators(&product);
    let multiplicities = numerators(&numerator, values.len());
    let fractions = values.into_iter().zip(multiplicities);
    let fractions = fractions.map(|(value, multiplicity)| Fraction::new(value, multiplicity)).collect();
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

/// Asserts that a polynomial is the constraint's, by random values of all that it reads, its selectors on.
fn assert_same(constraint: &Constraint, polynomial: &Expr) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut values: HashMap<(Kind, usize, i32), Fr> = HashMap::new();
    for Query { kind, column, rotation } in constraint.queries() {
        values.insert((kind, column, rotation), Fr::random(&mut rng));
    }
    let challenges = [(); 8].map(|()| Fr::random(&mut rng));
    let value = |polynomial: &Expr| {
        polynomial.evaluate(
            &|constant| constant,
            &|_| Fr::ONE,
            &|query| values[&(Kind::Fixed, query.column_index(), query.rotation().0)],
            &|query| values[&(Kind::Advice, query.column_index(), query.rotation().0)],
            &|query| values[&(Kind::Instance, query.column_index(), query.rotation().0)],
            &|challenge| challenges[challenge.index()],
            &|value: Fr| -value,
            &|left: Fr, right: Fr| left + right,
            &|left: Fr, right: Fr| left * right,
            &|value: Fr, factor: Fr| value * factor,
        )
    };
    let (expected, actual) = (value(&constraint.polynomial), value(polynomial));
    assert!(expected != Fr::ZERO && expected == actual, "{}: read wrongly", constraint.name);
}
