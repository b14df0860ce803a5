//! # Ln table
//!
//! **Claim** `(i, A, B, C)` is a row of the 1,024 intervals of PROTOCOL section 6 (`C` the magnitude of the
//! negative coefficient), and `(e, p)` satisfies `0 ≤ e < 32`, `p = 2^(31−e)`.
//!
//! **Spec** PROTOCOL sections 5 (tuples folded with a second challenge) and 6.
//!
//! **Columns**
//!
//! | name | kind | origin |
//! | --- | --- | --- |
//! | `i, A, B, C`, `e, p` | advice, first phase | hints |
//! | `t` | fixed | the range table's: the row number in rows `0..2^b`, 0 below |
//! | `tag, x1, x2, x3` | fixed | rows `0..1024`: `(1, A_i, B_i, C_i)`; rows `2^b..2^b + 32`: `(2, e, p, 0)` |
//! | `m` | advice, first phase | hint: how often each row is looked up |
//!
//! **Gates** none of its own: two LogUp look-ups on every usable row and one table term. A tuple folds to
//! `tag + θ·t + θ²·x1 + θ³·x2 + θ⁴·x3`: an interval's number is that of its row, and an exponent's row has
//! `t = 0`. The tag is a constant of the look-up, not a cell: without it a
//! prover could look up the all-zero interval, coefficients zero, in the range table's entry 0.
//!
//! **Wiring** the hints are forced into the table by LogUp; that they are the tuple *of this count* is the
//! caller's gate. `m` is forced by LogUp.
//!
//! **Cost** six columns and `m`, four fixed columns, three LogUp terms.

use std::iter;

use halo2_proofs::plonk::{Advice, Challenge, Column, ConstraintSystem, Fixed};
use halo2curves::bn256::Fr;

use super::logup::Term;
use super::{Expr, Table, constant};
use crate::geometry::Geometry;
use crate::numeric::ln::intervals;
use crate::trace::element;

/// Intervals of the mantissa.
pub const INTERVALS: usize = 1024;
/// Exponents of a 32-bit integer.
pub const EXPONENTS: usize = 32;

const INTERVAL_TAG: u64 = 1;
const EXPONENT_TAG: u64 = 2;

/// The hints that select `Ln`'s interval and exponent on a row.
#[derive(Clone, Copy, Debug)]
pub struct LnHints {
    /// `e = ⌊log2 x⌋`.
    pub exponent: Column<Advice>,
    /// `2^(31−e)`.
    pub power: Column<Advice>,
    /// `i`, the interval's number.
    pub interval: Column<Advice>,
    /// `A_i`.
    pub a: Column<Advice>,
    /// `B_i`.
    pub b: Column<Advice>,
    /// `−C_i`.
    pub c_magnitude: Column<Advice>,
}

/// The table and its multiplicities.
#[derive(Clone, Debug)]
pub struct LnTable {
    theta: Challenge,
    index: Column<Fixed>,
    columns: [Column<Fixed>; 4],
    multiplicity: Column<Advice>,
}

impl LnTable {
    /// Declares the table, folded with the challenge `theta`; `index` is the range table's column.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        theta: Challenge,
        index: Column<Fixed>,
        multiplicity: Column<Advice>,
    ) -> Self {
        Self { theta, index, columns: std::array::from_fn(|_| meta.fixed_column()), multiplicity }
    }

    /// The look-up terms of one row's hints.
    pub fn lookups(&self, hints: &LnHints) -> Vec<Term> {
        let tag = |tag| constant(Fr::from(tag));
        let interval = [hints.interval, hints.a, hints.b, hints.c_magnitude].map(|column| column.cur());
        let exponent = [hints.exponent, hints.power].map(|column| column.cur());
        let no_index = constant(Fr::zero());
        vec![
            Term::lookup(self.fold(tag(INTERVAL_TAG), interval)),
            Term::lookup(self.fold(tag(EXPONENT_TAG), iter::once(no_index).chain(exponent))),
        ]
    }

    /// The table's own term.
    pub fn term(&self) -> Term {
        let [tag, x @ ..] = self.columns.map(|column| column.cur());
        let tuple = iter::once(self.index.cur()).chain(x);
        Term::table(self.multiplicity.cur(), self.fold(tag, tuple))
    }

    /// The table's fixed columns but the index, with their contents.
    pub(crate) fn tables(&self, geometry: Geometry) -> impl Iterator<Item = Table> {
        self.columns.into_iter().zip(table_values(geometry))
    }

    /// The multiplicity column.
    pub fn multiplicity(&self) -> Column<Advice> {
        self.multiplicity
    }

    fn fold(&self, tag: Expr, tuple: impl IntoIterator<Item = Expr>) -> Expr {
        let mut power = self.theta.expr();
        tuple.into_iter().fold(tag, |sum, element| {
            let sum = sum + power.clone() * element;
            power = power.clone() * self.theta.expr();
            sum
        })
    }
}

/// Where exponent 0 stands: below the range table, whose index is 0 there.
pub const fn exponents_row(geometry: Geometry) -> usize {
    geometry.alphabet()
}

/// The table's contents, by column: tag, then the tuple.
fn table_values(geometry: Geometry) -> [Vec<Fr>; 4] {
    let mut columns: [Vec<Fr>; 4] = Default::default();
    columns.iter_mut().for_each(|column| column.resize(exponents_row(geometry) + EXPONENTS, Fr::zero()));
    let mut fill = |row: usize, tuple: [Fr; 4]| {
        columns.iter_mut().zip(tuple).for_each(|(column, value)| column[row] = value);
    };
    for (row, interval) in intervals().iter().enumerate() {
        let [a, b, c] = [interval.a, interval.b, interval.c_magnitude].map(element);
        fill(row, [Fr::from(INTERVAL_TAG), a, b, c]);
    }
    for (row, exponent) in (exponents_row(geometry)..).zip(0..EXPONENTS as u64) {
        let power = Fr::from(1 << (31 - exponent));
        fill(row, [Fr::from(EXPONENT_TAG), Fr::from(exponent), power, Fr::zero()]);
    }
    columns
}
