//! The LogUp argument of an extracted circuit, read from its gates: which fractions it sums, and whether the gates
//! still bind it.
//!
//! A gate `h·Π(γ − v_i) − N` names its denominators as `γ − v_i`. Term `i`'s numerator `m_i` is what is left of `N`
//! when its own denominator is put at 0 and the others' at 1.

use std::collections::BTreeSet;

use ff::{BatchInvert, Field};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

use crate::system::{Constraint, Kind, System, visit};

type Expr = Expression<Fr>;

/// One fraction `m/(γ − v)` on every row of the argument.
#[derive(Clone, Debug)]
pub struct Term {
    pub numerator: Expr,
    pub value: Expr,
    /// First-phase columns of `value`, as written.
    pub looked_up: Vec<usize>,
    /// Fixed columns of `value`, as written.
    pub table: Vec<usize>,
    /// First-phase columns of the numerator.
    pub multiplicities: Vec<usize>,
}

/// The terms of one gate.
#[derive(Clone, Debug)]
struct Group {
    /// By index in [`LogUp::terms`].
    terms: std::ops::Range<usize>,
    /// The second-phase columns, with rotations, for whose value the gate is solved.
    solved_for: BTreeSet<(usize, i32)>,
}

/// The argument; see the module.
#[derive(Clone, Debug)]
pub struct LogUp {
    pub terms: Vec<Term>,
    groups: Vec<Group>,
    gamma: usize,
    /// `0..rows` are summed.
    pub rows: usize,
    /// Whether the gates hold the sum of all fractions at zero.
    pub binds: bool,
}

/// Whether a constraint reads a second-phase cell, and so belongs to LogUp.
pub fn is_of_logup(system: &System, constraint: &Constraint) -> bool {
    constraint.queries().iter().any(|query| query.kind == Kind::Advice && system.phase(query.column) > 0)
}

impl LogUp {
    /// Reads the argument from the gates that sum fractions.
    pub fn of(system: &System) -> Self {
        let mut logup = Self { terms: Vec::new(), groups: Vec::new(), gamma: 0, rows: 0, binds: false };
        let mut active: Vec<Vec<bool>> = Vec::new();
        for constraint in &system.constraints {
            let mut denominators = Vec::new();
            find_denominators(&constraint.polynomial, &mut denominators);
            if denominators.is_empty() || !is_of_logup(system, constraint) {
                continue;
            }
            active.push((0..system.rows).map(|row| system.is_active(constraint, row)).collect());
            logup.add_group(system, constraint, &denominators);
        }
        let first = active.first().expect("a LogUp gate");
        logup.rows = first.iter().position(|active| !active).unwrap_or(system.rows);
        logup.binds =
            active.iter().all(|rows| rows.iter().enumerate().all(|(row, on)| *on == (row < logup.rows)))
                && logup.is_closed(system);
        logup
    }

    fn add_group(&mut self, system: &System, constraint: &Constraint, denominators: &[(usize, Expr)]) {
        let start = self.terms.len();
        for (index, (gamma, value)) in denominators.iter().enumerate() {
            self.gamma = *gamma;
            // With h = 0 the polynomial is −N.
            let numerator = -rewrite(&constraint.polynomial, &mut |node| match node {
                Expression::Selector(_) => Some(Expression::Constant(Fr::ONE)),
                Expression::Advice(query) if query.phase() > 0 => Some(Expression::Constant(Fr::ZERO)),
                node => {
                    let (_, inner) = denominator(node)?;
                    let other = inner.identifier() != value.identifier();
                    assert!(
                        denominators
                            .iter()
                            .enumerate()
                            .all(|(i, (_, v))| { i == index || v.identifier() != value.identifier() })
                    );
                    Some(Expression::Constant(Fr::from(u64::from(other))))
                }
            });
            let columns = |expression: &Expr, kind| columns(expression, kind);
            self.terms.push(Term {
                looked_up: columns(value, Kind::Advice),
                table: columns(value, Kind::Fixed),
                multiplicities: columns(&numerator, Kind::Advice),
                numerator,
                value: value.clone(),
            });
        }
        let queries = constraint.queries().into_iter();
        let second = queries.filter(|query| query.kind == Kind::Advice && system.phase(query.column) > 0);
        let solved_for = second.map(|query| (query.column, query.rotation)).collect();
        self.groups.push(Group { terms: start..self.terms.len(), solved_for });
    }

    /// The running sum's column: the one that a gate reads on the next row too.
    pub fn sum(&self) -> usize {
        let queries = self.groups.iter().flat_map(|group| &group.solved_for);
        queries
            .filter(|(_, rotation)| *rotation == 1)
            .map(|(column, _)| *column)
            .next()
            .expect("a running sum")
    }

    /// Whether the running sum takes in every helper, every helper is solved for by one gate, and the sum is held
    /// at zero before the first row and after the last.
    fn is_closed(&self, system: &System) -> bool {
        let sum = self.sum();
        let (running, helped): (Vec<_>, Vec<_>) =
            self.groups.iter().partition(|group| group.solved_for.contains(&(sum, 1)));
        let [running] = running[..] else { return false };
        let mut expected = BTreeSet::from([(sum, 0), (sum, 1)]);
        for group in &helped {
            expected.extend(&group.solved_for);
        }
        let held = |row: usize| {
            system.constraints.iter().any(|constraint| {
                let only = constraint.queries();
                let reads = |query: &crate::system::Query| query.kind == Kind::Advice && query.column == sum;
                only.len() == 1 && only.iter().all(reads) && system.is_active(constraint, row)
            })
        };
        running.solved_for == expected
            && helped.iter().all(|group| group.solved_for.len() == 1)
            && expected.len() == helped.len() + 2
            && held(0)
            && held(self.rows)
    }

    /// `γ − v` of a term on a row.
    pub fn denominator(&self, system: &System, term: usize, row: usize) -> Fr {
        system.challenges[self.gamma] - system.evaluate(&self.terms[term].value, row)
    }

    /// A term's numerator on a row.
    pub fn numerator(&self, system: &System, term: usize, row: usize) -> Fr {
        system.evaluate(&self.terms[term].numerator, row)
    }

    /// Fills the second-phase columns for the first-phase cells as they are, as an honest prover would; a cell that
    /// no gate solves for stays as it is.
    pub fn fill(&self, system: &mut System) {
        let sum = self.sum();
        let mut total = Fr::ZERO;
        for row in 0..self.rows {
            let mut inverses: Vec<Fr> =
                (0..self.terms.len()).map(|term| self.denominator(system, term, row)).collect();
            inverses.iter_mut().batch_invert();
            system.advice[sum][row] = total;
            for group in &self.groups {
                let fractions = group.terms.clone();
                let value: Fr =
                    fractions.map(|term| self.numerator(system, term, row) * inverses[term]).sum();
                total += value;
                if let [(helper, 0)] = group.solved_for.iter().copied().collect::<Vec<_>>()[..] {
                    system.advice[helper][row] = value;
                }
            }
        }
        system.advice[sum][self.rows] = total;
    }
}

/// `γ − v`, taken apart.
fn denominator(node: &Expr) -> Option<(usize, &Expr)> {
    let Expression::Sum(left, right) = node else { return None };
    let (Expression::Challenge(gamma), Expression::Negated(value)) = (left.as_ref(), right.as_ref()) else {
        return None;
    };
    Some((gamma.index(), value))
}

fn find_denominators(node: &Expr, found: &mut Vec<(usize, Expr)>) {
    if let Some((gamma, value)) = denominator(node) {
        if found.iter().all(|(_, known)| known.identifier() != value.identifier()) {
            found.push((gamma, value.clone()));
        }
        return;
    }
    match node {
        Expression::Negated(inner) | Expression::Scaled(inner, _) => find_denominators(inner, found),
        Expression::Sum(left, right) | Expression::Product(left, right) => {
            find_denominators(left, found);
            find_denominators(right, found);
        }
        _ => {}
    }
}

/// Replaces nodes, outermost first, and folds what has become constant.
pub fn rewrite(node: &Expr, replace: &mut impl FnMut(&Expr) -> Option<Expr>) -> Expr {
    if let Some(replaced) = replace(node) {
        return replaced;
    }
    let (zero, one) = (Fr::ZERO, Fr::ONE);
    match node {
        Expression::Negated(inner) => match rewrite(inner, replace) {
            Expression::Constant(value) => Expression::Constant(-value),
            Expression::Negated(inner) => *inner,
            inner => Expression::Negated(Box::new(inner)),
        },
        Expression::Scaled(inner, factor) => match rewrite(inner, replace) {
            Expression::Constant(value) => Expression::Constant(value * factor),
            inner => Expression::Scaled(Box::new(inner), *factor),
        },
        Expression::Sum(left, right) => match (rewrite(left, replace), rewrite(right, replace)) {
            (Expression::Constant(left), Expression::Constant(right)) => Expression::Constant(left + right),
            (Expression::Constant(value), other) | (other, Expression::Constant(value)) if value == zero => {
                other
            }
            (left, right) => Expression::Sum(Box::new(left), Box::new(right)),
        },
        Expression::Product(left, right) => match (rewrite(left, replace), rewrite(right, replace)) {
            (Expression::Constant(value), _) | (_, Expression::Constant(value)) if value == zero => {
                Expression::Constant(zero)
            }
            (Expression::Constant(value), other) | (other, Expression::Constant(value)) if value == one => {
                other
            }
            (left, right) => Expression::Product(Box::new(left), Box::new(right)),
        },
        leaf => leaf.clone(),
    }
}

/// The columns of one kind that an expression reads, as written; LogUp's terms read their own row only.
fn columns(expression: &Expr, kind: Kind) -> Vec<usize> {
    let mut columns = Vec::new();
    visit(expression, &mut |leaf| {
        let (leaf_kind, column, rotation) = match leaf {
            Expression::Fixed(query) => (Kind::Fixed, query.column_index(), query.rotation()),
            Expression::Advice(query) => (Kind::Advice, query.column_index(), query.rotation()),
            Expression::Instance(query) => (Kind::Instance, query.column_index(), query.rotation()),
            _ => return,
        };
        assert_eq!(rotation.0, 0, "a LogUp term reads another row");
        assert_ne!(leaf_kind, Kind::Instance, "a LogUp term reads the instance");
        if leaf_kind == kind {
            columns.push(column);
        }
    });
    columns
}
