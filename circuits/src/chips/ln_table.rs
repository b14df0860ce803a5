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
//! | `tag, x0 … x3` | fixed | rows `0..1024`: `(1, i, A_i, B_i, C_i)`; rows `1024..1056`: `(2, e, p, 0, 0)` |
//! | `m` | advice, first phase | hint: how often each row is looked up |
//!
//! **Gates** none of its own: two LogUp look-ups on every usable row and one table term. A tuple folds to
//! `tag + θ·x0 + θ²·x1 + θ³·x2 + θ⁴·x3`. The tag is a constant of the look-up, not a cell: without it a
//! prover could look up the all-zero interval, coefficients zero, in the range table's entry 0.
//!
//! **Wiring** the hints are forced into the table by LogUp; that they are the tuple *of this count* is the
//! caller's gate. `m` is forced by LogUp.
//!
//! **Cost** six columns and `m`, five fixed columns, three LogUp terms.

use ff::PrimeField;
use halo2_proofs::plonk::{Advice, Challenge, Column, ConstraintSystem, Fixed};
use halo2curves::bn256::Fr;

use super::logup::Term;
use super::{Expr, Table, constant};
use crate::numeric::ln::intervals;

/// Rows of the table: the intervals, then the exponents.
pub const TABLE_ROWS: usize = INTERVALS + EXPONENTS;
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
    columns: [Column<Fixed>; 5],
    multiplicity: Column<Advice>,
}

impl LnTable {
    /// Declares the table, folded with the challenge `theta`.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        theta: Challenge,
        multiplicity: Column<Advice>,
    ) -> Self {
        Self { theta, columns: std::array::from_fn(|_| meta.fixed_column()), multiplicity }
    }

    /// The look-up terms of one row's hints.
    pub fn lookups(&self, hints: &LnHints) -> Vec<Term> {
        let tag = |tag| constant(Fr::from(tag));
        let interval = [hints.interval, hints.a, hints.b, hints.c_magnitude].map(|column| column.cur());
        let exponent = [hints.exponent, hints.power].map(|column| column.cur());
        vec![
            Term::lookup(self.fold(tag(INTERVAL_TAG), interval)),
            Term::lookup(self.fold(tag(EXPONENT_TAG), exponent)),
        ]
    }

    /// The table's own term.
    pub fn term(&self) -> Term {
        let [tag, x @ ..] = self.columns.map(|column| column.cur());
        Term::table(self.multiplicity.cur(), self.fold(tag, x))
    }

    /// The table's fixed columns, tag, then the tuple, with their contents.
    pub(crate) fn tables(&self) -> impl Iterator<Item = Table> {
        self.columns.into_iter().zip(table_values())
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

/// The table's contents, by column.
fn table_values() -> [Vec<Fr>; 5] {
    let rows = intervals()
        .iter()
        .zip(0..)
        .map(|(interval, index)| {
            let tuple = [interval.a, interval.b, interval.c_magnitude].map(Fr::from_u128);
            [Fr::from(INTERVAL_TAG), Fr::from(index), tuple[0], tuple[1], tuple[2]]
        })
        .chain((0..EXPONENTS as u64).map(|exponent| {
            let power = Fr::from(1u64 << (31 - exponent));
            [Fr::from(EXPONENT_TAG), Fr::from(exponent), power, Fr::zero(), Fr::zero()]
        }));
    let mut columns: [Vec<Fr>; 5] = Default::default();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}
