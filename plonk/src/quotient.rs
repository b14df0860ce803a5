//! The quotient: all constraints, folded with powers of one challenge, divided by the polynomial that
//! vanishes on the rows.
//!
//! Constraints of degree `d` in columns of `n` rows make a quotient of degree below `(d − 1)·n`, which takes
//! its values on `d − 1` cosets of the rows; but taking every column to a coset is what costs most. Here it
//! is done for `d − 2` cosets. Nearly every constraint of the highest degree is `s·E` with a selector `s`,
//! and where `s` is not zero, `E` is: on the rows, `E` is known without any transform. That stands in for the
//! last coset's values: `E` has degree below `(d − 1)·n`, so `d − 2` cosets and the rows interpolate it, and
//! it is one polynomial for all constraints of a selector. The quotient is the same to the last coefficient.

use std::borrow::Cow;

use ff::Field;
use halo2_proofs::plonk::{Any, Expression};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::PlonkError;
use crate::column::Column;
use crate::constraint::Constraint;
use crate::device::Work;
use crate::domain::{Coset, Domain};
use crate::gate_evaluator::{GateEvaluator, Operand};
use crate::key::Key;
use crate::permutation::{self, Folding};
use crate::signal::Cancelled;

/// Rows that one thread works on at a time.
const CHUNK: usize = 1 << 10;

/// All constraints of a proof, folded: `Σ_g s_g·E_g`.
pub struct Constraints {
    evaluator: GateEvaluator,
    /// `E_g`.
    sums: Vec<Operand>,
    /// The index of `s_g`; the first has none, as its constraints have theirs in them.
    selectors: Vec<Option<usize>>,
    /// Indices of the polynomials that are taken to cosets: the key's, then the proof's own.
    read: [Vec<usize>; 2],
    /// On how many cosets columns are evaluated.
    pub cosets: usize,
}

impl Constraints {
    /// Folds them with powers of `y`.
    pub fn new(key: &Key, challenges: &[Fr], folding: Folding, y: Fr) -> Result<Self, PlonkError> {
        let mut evaluator = GateEvaluator::default();
        let constraints =
            collect_constraints(key, &mut evaluator, challenges, folding).ok_or(PlonkError::Key)?;
        let most = key.domain().cosets().len();
        let (selectors, spared) = groups(&constraints, most);
        let sums = fold(&mut evaluator, constraints, &selectors, y);
        // A group's selector is multiplied with outside the evaluator, which has to know that it is read.
        for index in selectors.iter().flatten() {
            evaluator.cell(*index, 0);
        }
        let read = (0..key.polynomials() + key.own_polynomials()).filter(|index| evaluator.reads(*index));
        let (of_key, own) = read.partition(|index| *index < key.polynomials());
        let cosets = most - usize::from(spared);
        Ok(Self { evaluator, sums, selectors, read: [of_key, own], cosets })
    }

    /// On how many columns [`Self::quotient`] works, each as often as it does.
    pub fn steps(&self, key: &Key) -> usize {
        let pieces = key.domain().cosets().len();
        let on_cosets = self.cosets * self.read.iter().map(Vec::len).sum::<usize>();
        let extended = match pieces - self.cosets {
            0 => 0,
            // For every group its values on the cosets and rows, and those on the further one.
            _ => self.sums.len() * (self.cosets + 2) + self.selectors.iter().flatten().count(),
        };
        on_cosets + extended + pieces
    }

    /// Every `E_g` on the rows, of all polynomials by rows. Where `s_g` is not zero, `E_g` is taken to be: if
    /// it is not, there is no quotient, and no proof that verifies.
    pub fn on_rows(&self, rows: &[&[Fr]]) -> Vec<Column> {
        let size = rows.first().map_or(0, |column| column.len());
        let idle = |row: usize| {
            let selector = |index: &usize| rows[*index][row];
            self.selectors.iter().flatten().any(|index| selector(index) == Fr::ZERO)
        };
        let groups = self.sums.len();
        let mut values = Column::zero(size * groups);
        values.par_chunks_mut(CHUNK * groups).enumerate().for_each(|(chunk, out)| {
            let first = chunk * CHUNK;
            let here: Vec<_> = (first..first + out.len() / groups).collect();
            for run in here.chunk_by(|row, next| idle(*row) == idle(*next)).filter(|run| idle(run[0])) {
                let out = &mut out[(run[0] - first) * groups..][..run.len() * groups];
                self.evaluator.run(&self.sums, rows, size, run[0], out);
                for (row, out) in run.iter().zip(out.chunks_exact_mut(groups)) {
                    for (out, selector) in out.iter_mut().zip(&self.selectors) {
                        if selector.is_none_or(|index| rows[index][*row] != Fr::ZERO) {
                            *out = Fr::ZERO;
                        }
                    }
                }
            }
        });
        self.apart(&values)
    }

    /// The quotient's pieces, in coefficients, of the key's polynomials, the proof's `own` in coefficients,
    /// and what [`Self::on_rows`] has returned.
    pub fn quotient(
        &self,
        key: &Key,
        work: Work<'_>,
        own: &[&[Fr]],
        on_rows: Vec<Column>,
    ) -> Result<Vec<Column>, Cancelled> {
        let domain = key.domain();
        let mut quotient = Vec::with_capacity(domain.cosets().len());
        let mut sums: Vec<Vec<Column>> = vec![Vec::new(); self.sums.len()];
        // A coset at a time: its values of all columns are the most memory that a proof takes.
        for coset in 0..self.cosets {
            let columns = tracing::debug_span!("cosets").in_scope(|| self.evaluate(key, work, coset, own))?;
            let _span = tracing::debug_span!("constraints").entered();
            let columns: Vec<&[Fr]> = columns.iter().map(|column| &***column).collect();
            let values = self.on_coset(&columns);
            let selectors: Vec<_> =
                self.selectors.iter().map(|selector| selector.map(|index| columns[index])).collect();
            quotient.push(divided(&domain.cosets()[coset], &values, &selectors));
            for (sums, values) in sums.iter_mut().zip(values) {
                sums.push(values);
            }
        }
        let _span = tracing::debug_span!("pieces").entered();
        if self.cosets < domain.cosets().len() {
            sums.iter_mut().zip(on_rows).for_each(|(sums, rows)| sums.push(rows));
            quotient.push(self.on_spared_coset(key, work, sums)?);
        }
        domain.pieces(work, &shifts(domain), quotient)
    }

    /// The quotient on the coset to which no column is taken but the selectors, from every `E_g` on all
    /// others and on the rows.
    fn on_spared_coset(
        &self,
        key: &Key,
        work: Work<'_>,
        sums: Vec<Vec<Column>>,
    ) -> Result<Column, Cancelled> {
        let domain = key.domain();
        let coset = &domain.cosets()[self.cosets];
        let known = [&shifts(domain)[..self.cosets], &[Fr::ONE]].concat();
        let sums: Vec<Column> = sums
            .into_par_iter()
            .map(|values| domain.extend(work, &known, values, coset))
            .collect::<Result<_, _>>()?;
        let indices: Vec<usize> = self.selectors.iter().copied().flatten().collect();
        let mut columns = key.on_coset(work, self.cosets, &indices)?.into_iter();
        let selectors: Vec<_> =
            self.selectors.iter().map(|selector| selector.and_then(|_| columns.next())).collect();
        let selectors: Vec<_> =
            selectors.iter().map(|selector| selector.as_deref().map(|column| &**column)).collect();
        Ok(divided(coset, &sums, &selectors))
    }

    /// The polynomials that constraints read, on a coset, by index; empty columns for the others.
    fn evaluate<'k>(
        &self,
        key: &'k Key,
        work: Work<'_>,
        coset: usize,
        own: &[&[Fr]],
    ) -> Result<Vec<Cow<'k, Column>>, Cancelled> {
        let [read_of_key, read_own] = &self.read;
        let transform = &key.domain().cosets()[coset].transform;
        let coefficients: Vec<&[Fr]> = read_own.iter().map(|index| own[index - key.polynomials()]).collect();
        let (of_key, own_columns) = rayon::join(
            || key.on_coset(work, coset, read_of_key),
            || work.evaluate(transform, &coefficients),
        );
        let evaluated = of_key?.into_iter().chain(own_columns?.into_iter().map(Cow::Owned));
        let mut columns = vec![Cow::Owned(Column::zero(0)); key.polynomials() + own.len()];
        for (index, column) in read_of_key.iter().chain(read_own).zip(evaluated) {
            columns[*index] = column;
        }
        Ok(columns)
    }

    /// Every `E_g` on a coset, of all polynomials there.
    fn on_coset(&self, columns: &[&[Fr]]) -> Vec<Column> {
        let size = columns.iter().map(|column| column.len()).max().unwrap_or(0);
        let groups = self.sums.len();
        let mut values = Column::zero(size * groups);
        values.par_chunks_mut(CHUNK * groups).enumerate().for_each(|(chunk, out)| {
            self.evaluator.run(&self.sums, columns, size, chunk * CHUNK, out);
        });
        self.apart(&values)
    }

    /// Takes groups apart whose values lie row by row.
    fn apart(&self, values: &[Fr]) -> Vec<Column> {
        let groups = self.sums.len();
        (0..groups)
            .map(|group| values.iter().skip(group).step_by(groups).copied().collect::<Vec<_>>().into())
            .collect()
    }
}

/// `Σ_g s_g·E_g`, divided by what vanishes on the rows, on a coset.
fn divided(coset: &Coset, sums: &[Column], selectors: &[Option<&[Fr]>]) -> Column {
    let mut quotient = Column::zero(sums.first().map_or(0, |sum| sum.len()));
    for (sum, selector) in sums.iter().zip(selectors) {
        match selector {
            Some(selector) => {
                for (quotient, (value, selector)) in quotient.iter_mut().zip(sum.iter().zip(*selector)) {
                    *quotient += *value * selector;
                }
            }
            None => quotient.iter_mut().zip(&**sum).for_each(|(quotient, value)| *quotient += value),
        }
    }
    quotient.iter_mut().for_each(|value| *value *= coset.vanishing_inverse);
    quotient
}

/// The quotient as a verifier folds its pieces' commitments: `Σ_p power^p·h_p`, `power = x^n`.
pub fn evaluate_at(pieces: &[Column], power: Fr) -> Column {
    let mut sum = Column::zero(pieces.first().map_or(0, |piece| piece.len()));
    for piece in pieces.iter().rev() {
        for (sum, coefficient) in sum.iter_mut().zip(piece.iter()) {
            *sum = *sum * power + coefficient;
        }
    }
    sum
}

/// The shifts of all cosets.
fn shifts(domain: &Domain) -> Vec<Fr> {
    domain.cosets().iter().map(|coset| coset.transform.shift()).collect()
}

/// The selectors of the groups of constraints, where constraints may have up to `most` in degree without the
/// last coset; and whether it is spared.
fn groups(constraints: &[Constraint], most: usize) -> (Vec<Option<usize>>, bool) {
    let highest = |constraint: &&Constraint| constraint.degree > most;
    let spared = constraints.iter().filter(highest).all(|constraint| constraint.selector.is_some());
    let mut selectors = vec![None];
    for constraint in constraints.iter().filter(highest).filter(|_| spared) {
        if !selectors.contains(&constraint.selector) {
            selectors.push(constraint.selector);
        }
    }
    (selectors, spared)
}

/// The sum of each group's constraints with their powers of `y`. The first constraint has the highest, as in
/// the verifier's folding.
fn fold(
    evaluator: &mut GateEvaluator,
    constraints: Vec<Constraint>,
    selectors: &[Option<usize>],
    y: Fr,
) -> Vec<Operand> {
    let mut sums = vec![evaluator.constant(Fr::ZERO); selectors.len()];
    let mut power = Fr::ONE;
    for Constraint { selector, rest, .. } in constraints.into_iter().rev() {
        let group = selectors.iter().position(|group| *group == selector).unwrap_or(0);
        let selector = selector.filter(|_| group == 0).map(|index| evaluator.cell(index, 0));
        let value = selector.map_or(rest, |selector| evaluator.multiply(selector, rest));
        let factor = evaluator.constant(power);
        let scaled = evaluator.multiply(value, factor);
        sums[group] = evaluator.add(sums[group], scaled);
        power *= y;
    }
    sums
}

/// Gates, then copy constraints, in the verifier's order.
fn collect_constraints(
    key: &Key,
    evaluator: &mut GateEvaluator,
    challenges: &[Fr],
    folding: Folding,
) -> Option<Vec<Constraint>> {
    let indices = key.indices();
    let find = |evaluator: &mut GateEvaluator, query: &Expression<Fr>| {
        let mut cell = |kind, index, at: Rotation| evaluator.cell(indices.column(kind, index), at.0);
        Some(match query {
            Expression::Advice(query) => cell(Any::advice(), query.column_index(), query.rotation()),
            Expression::Fixed(query) => cell(Any::Fixed, query.column_index(), query.rotation()),
            Expression::Instance(query) => cell(Any::Instance, query.column_index(), query.rotation()),
            Expression::Challenge(challenge) => evaluator.constant(*challenges.get(challenge.index())?),
            _ => return None,
        })
    };
    let mut constraints = Vec::new();
    for polynomial in key.cs().gates().iter().flat_map(|gate| gate.polynomials()) {
        let (selector, rest) = split_selector(polynomial);
        let selector = selector.map(|index| indices.column(Any::Fixed, index));
        let rest = evaluator.expression(rest, &find)?;
        constraints.push(Constraint { selector, rest, degree: polynomial.degree() });
    }
    constraints.extend(permutation::constraints(evaluator, key, folding));
    Some(constraints)
}

/// The fixed column that is the first factor, if there is one, and the other factor: as
/// `Constraints::with_selector` writes it, when keys have put a fixed column for the selector.
fn split_selector(polynomial: &Expression<Fr>) -> (Option<usize>, &Expression<Fr>) {
    if let Expression::Product(selector, rest) = polynomial
        && let Expression::Fixed(query) = &**selector
        && query.rotation() == Rotation::cur()
    {
        (Some(query.column_index()), rest)
    } else {
        (None, polynomial)
    }
}
