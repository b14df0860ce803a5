//! # LogUp
//!
//! **Claim** `Σ_rows Σ_i m_i/(γ − v_i) = 0` over the usable rows `0..u`, for a list of terms `(m_i, v_i)`.
//!
//! A looked-up cell is a term `(1, v)`, a table with multiplicities a term `(−m, t)`. The values and the
//! multiplicities are committed before `γ` is drawn, so the sum is zero only if, as rational functions, the
//! poles cancel: every looked-up value stands in the table, and `m_t` is exactly how often `t` was looked up
//! (fewer than `2^32` look-ups, far below the field's characteristic). Where table rows repeat a value, the
//! claim is about the sum of their multiplicities.
//!
//! **Spec** PROTOCOL section 5; Haböck, *Multivariate lookups based on logarithmic derivatives*, ePrint
//! 2022/1530, section 3 (lemma 5 for the multiplicities).
//!
//! **Columns**
//!
//! | name | kind | origin |
//! | --- | --- | --- |
//! | `h_j` | advice, second phase | hint: the sum of one group's fractions on one row |
//! | `φ` | advice, second phase | hint: the running sum of all fractions above this row |
//! | `active`, `boundary` | selectors | rows `0..u`; rows `0` and `u` |
//!
//! **Gates**
//!
//! | degree | constraint | meaning |
//! | --- | --- | --- |
//! | ≤ w + 2 | `active · (h·d0·d1·d2 − (m0·d1 + m1·d0)·d2 − m2·d0·d1)`, `d_i = γ − v_i` | `h = Σ m_i/d_i` |
//! | ≤ w + 2 | the same with `h = φ′ − φ − Σ_j h_j`, for the last group of terms | running sum |
//! | 2 | `boundary · φ` | it starts and ends at zero |
//!
//! Terms are summed in groups of `w`, the geometry's helper width; the equations are written for `w = 3`,
//! the protocol's. The last group has no helper column: what it adds to a row is the step of `φ` less the
//! helpers.
//!
//! **Wiring** `m_i`, `v_i` are the caller's expressions over first-phase cells of the same row: nothing is
//! copied. `h_j` is forced by the helper gate (`d_i ≠ 0` except with probability `≈ 2^-230`), `φ` by the
//! running sum from its zero start. No result leaves the chip.
//!
//! **Cost** `⌈terms/w⌉` columns, no row of its own; row `u` holds the final `φ`.

use ff::{BatchInvert, Field};
use halo2_proofs::circuit::{Layouter, Region, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Constraints, Error, SecondPhase, Selector,
};
use halo2curves::bn256::Fr;

use super::{Expr, Table, enable};
use crate::wiped::Wiped;

/// One fraction `multiplicity / (γ − value)`, on every usable row.
#[derive(Clone, Debug)]
pub struct Term {
    /// The numerator, of degree at most 1 over first-phase cells.
    pub multiplicity: Expr,
    /// The value looked up or offered, of degree at most 1 over first-phase and fixed cells.
    pub value: Expr,
}

impl Term {
    /// A looked-up value.
    pub fn lookup(value: Expr) -> Self {
        Self { multiplicity: super::constant(Fr::ONE), value }
    }

    /// A table entry with its multiplicity.
    pub fn table(multiplicity: Expr, value: Expr) -> Self {
        Self { multiplicity: -multiplicity, value }
    }
}

/// The chip; see the module.
#[derive(Clone, Debug)]
pub struct LogUp {
    gamma: Challenge,
    width: usize,
    terms: Vec<Term>,
    helpers: Vec<Column<Advice>>,
    sum: Column<Advice>,
    active: Selector,
    boundary: Selector,
}

/// Values of the second-phase columns: helpers on rows `0..u`, the running sum on rows `0..=u`. Under a
/// challenge that a verifier knows, they tell the cells that were looked up: overwritten when dropped.
#[derive(Clone, Debug)]
pub struct Sums {
    /// One column for each group of terms but the last.
    pub helpers: Wiped<Vec<Vec<Fr>>>,
    /// The running sum.
    pub sum: Wiped<Vec<Fr>>,
}

impl LogUp {
    /// Declares helper columns and gates for `terms`, to be summed under the challenge `gamma`, `width` in a
    /// group: a gate has degree `width + 2`.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        gamma: Challenge,
        width: usize,
        terms: Vec<Term>,
    ) -> Self {
        let (helped, last) = terms.split_at(terms_with_helpers(terms.len(), width));
        let helpers: Vec<_> = helped.chunks(width).map(|_| meta.advice_column_in(SecondPhase)).collect();
        let sum = meta.advice_column_in(SecondPhase);
        let [active, boundary] = std::array::from_fn(|_| meta.complex_selector());

        meta.create_gate("LogUp helper: h·Π(γ − v_i) = Σ m_i·Π_{j≠i}(γ − v_j)", |_| {
            let constraints: Vec<_> = helped
                .chunks(width)
                .zip(&helpers)
                .map(|(terms, helper)| ("LogUp helper", sum_of_fractions(gamma, terms, helper.cur())))
                .collect();
            Constraints::with_selector(active.expr(), constraints)
        });
        meta.create_gate("LogUp sum: φ(next) = φ + Σ h + Σ m_i/(γ − v_i)", |_| {
            let step = helpers.iter().fold(sum.next() - sum.cur(), |step: Expr, helper| step - helper.cur());
            Constraints::with_selector(active.expr(), [("LogUp sum", sum_of_fractions(gamma, last, step))])
        });
        meta.create_gate("LogUp boundary: φ = 0 on rows 0 and u", |_| {
            Constraints::with_selector(boundary.expr(), [("LogUp boundary", sum.cur())])
        });
        Self { gamma, width, terms, helpers, sum, active, boundary }
    }

    /// The challenge under which the fractions are summed.
    pub fn gamma(&self) -> Challenge {
        self.gamma
    }

    /// On in the usable rows.
    pub(crate) fn active(&self) -> Selector {
        self.active
    }

    /// On in row 0 alone, of degree 2: where the usable rows and the boundaries of the sum meet.
    pub(crate) fn first_row(&self) -> Expr {
        let [active, boundary] = [self.active, self.boundary].map(|selector| -> Expr { selector.expr() });
        active * boundary
    }

    /// The terms, in the order in which [`fractions`] and [`sums`] number them.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Terms in a group.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The helper columns, in the order of their groups of terms.
    pub fn helpers(&self) -> &[Column<Advice>] {
        &self.helpers
    }

    /// Switches the argument on for the usable rows `0..usable`.
    pub fn enable(&self, region: &mut Region<'_, Fr>, usable: usize) -> Result<(), Error> {
        enable(region, self.active, 0..usable)?;
        enable(region, self.boundary, [0, usable])
    }

    /// Switches the argument on, in a region called `name`, and, where a trace is known, sums the fractions
    /// that its columns give under the challenges; `theta` folds the values looked up in `tables`.
    pub(crate) fn synthesize(
        &self,
        layouter: &mut impl Layouter<Fr>,
        name: &'static str,
        theta: Challenge,
        usable: usize,
        tables: &[Table],
        trace: Option<&[Vec<Fr>]>,
    ) -> Result<(), Error> {
        let trace = trace.map_or(Value::unknown(), Value::known);
        let challenges = layouter.get_challenge(theta).zip(layouter.get_challenge(self.gamma));
        let values = trace.zip(challenges).map(|(trace, (folding, gamma))| {
            let challenge = |index| if index == theta.index() { folding } else { gamma };
            let fractions = fractions(&self.terms, usable, gamma, trace, &by_index(tables), &challenge);
            sums(self.terms.len(), self.width, usable, |term, row| fractions[term][row])
        });
        layouter.assign_region(
            || name,
            |mut region| {
                self.enable(&mut region, usable)?;
                self.assign(&mut region, usable, values.as_ref());
                Ok(())
            },
        )
    }

    /// Fills the second-phase columns.
    pub fn assign(&self, region: &mut Region<'_, Fr>, usable: usize, sums: Value<&Sums>) {
        for (index, helper) in self.helpers.iter().enumerate() {
            for row in 0..usable {
                region.assign_advice(*helper, row, sums.map(|sums| sums.helpers[index][row]));
            }
        }
        for row in 0..=usable {
            region.assign_advice(self.sum, row, sums.map(|sums| sums.sum[row]));
        }
    }
}

/// The tables' values at their columns' indices.
fn by_index(tables: &[Table]) -> Vec<Vec<Fr>> {
    let count = tables.iter().map(|(column, _)| column.index() + 1).max().unwrap_or(0);
    let mut columns = vec![Vec::new(); count];
    tables.iter().for_each(|(column, values)| columns[column.index()].clone_from(values));
    columns
}

/// Terms whose fractions go to helper columns: all but the last group, which the running sum takes itself.
fn terms_with_helpers(terms: usize, width: usize) -> usize {
    terms.div_ceil(width).saturating_sub(1) * width
}

/// `h·D − N`, where `N/D` is the sum of the terms' fractions: `N ← N·d + m·D`, `D ← D·d`.
fn sum_of_fractions(gamma: Challenge, terms: &[Term], h: Expr) -> Expr {
    let denominator = |term: &Term| gamma.expr() - term.value.clone();
    let sum = terms.iter().fold(None, |sum: Option<(Expr, Expr)>, term| {
        let (m, d) = (term.multiplicity.clone(), denominator(term));
        Some(match sum {
            None => (m, d),
            Some((n, product)) => (n * d.clone() + m * product.clone(), product * d),
        })
    });
    match sum {
        Some((numerator, product)) => h * product - numerator,
        None => h,
    }
}

/// Helper columns and running sum for `terms` fractions a row in groups of `width`, given each fraction's
/// value.
pub fn sums(terms: usize, width: usize, usable: usize, fraction: impl Fn(usize, usize) -> Fr) -> Sums {
    let group = |first: usize, row: usize| -> Fr {
        (first..terms.min(first + width)).map(|term| fraction(term, row)).sum()
    };
    let helped = terms_with_helpers(terms, width);
    let helpers: Vec<Vec<Fr>> =
        (0..helped).step_by(width).map(|first| (0..usable).map(|row| group(first, row)).collect()).collect();
    let mut total = Fr::ZERO;
    let mut sum = Vec::with_capacity(usable + 1);
    sum.push(total);
    for row in 0..usable {
        total += helpers.iter().map(|helper| helper[row]).sum::<Fr>() + group(helped, row);
        sum.push(total);
    }
    Sums { helpers: helpers.into(), sum: sum.into() }
}

/// The fractions `m_i/(γ − v_i)` of every term on rows `0..usable`, by evaluating the terms' own expressions:
/// `advice` and `fixed` are indexed by column, then row, and `challenges` by challenge. As secret as
/// [`Sums`].
pub fn fractions(
    terms: &[Term],
    usable: usize,
    gamma: Fr,
    advice: &[Vec<Fr>],
    fixed: &[Vec<Fr>],
    challenges: &dyn Fn(usize) -> Fr,
) -> Wiped<Vec<Vec<Fr>>> {
    let cell = |columns: &[Vec<Fr>], column: usize, row: usize| {
        columns.get(column).and_then(|values| values.get(row)).copied().unwrap_or(Fr::ZERO)
    };
    let evaluate = |expression: &Expr, row: usize| {
        expression.evaluate(
            &|constant| constant,
            &|_| Fr::ONE,
            &|query| cell(fixed, query.column_index(), row),
            &|query| cell(advice, query.column_index(), row),
            &|_| Fr::ZERO,
            &|challenge| challenges(challenge.index()),
            &|value: Fr| -value,
            &|left: Fr, right: Fr| left + right,
            &|left: Fr, right: Fr| left * right,
            &|value: Fr, factor: Fr| value * factor,
        )
    };
    let fractions: Vec<_> = terms
        .iter()
        .map(|term| {
            let mut fractions: Vec<Fr> = (0..usable).map(|row| gamma - evaluate(&term.value, row)).collect();
            fractions.iter_mut().batch_invert();
            for (row, fraction) in fractions.iter_mut().enumerate() {
                *fraction *= evaluate(&term.multiplicity, row);
            }
            fractions
        })
        .collect();
    fractions.into()
}
