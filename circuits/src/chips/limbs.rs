//! # Limbs
//!
//! **Claim** `x = Σ_j 2^(b·j)·x_j` with every `x_j ∈ [0, 2^b)`, hence `0 ≤ x < 2^(b·limbs)`.
//!
//! The value *is* its limbs: no cell holds `x` itself, so nothing has to tie the two together. A value that
//! must lie below `2^N` exactly, where `N` is no multiple of `b`, is carried as `2^s·x` with `N + s` a
//! multiple of `b` ([`scaling`]): the equation that defines it makes it divisible by `2^s`.
//!
//! **Spec** PROTOCOL section 5 ("the same chip is the range check").
//!
//! **Columns**
//!
//! | name | kind | origin |
//! | --- | --- | --- |
//! | `x_j` | advice, first phase | hint, least significant first |
//! | `t` | fixed | rows `0..2^b`: the row number; 0 below |
//! | `m` | advice, first phase | hint: how often each `t` is looked up |
//!
//! **Gates** none of its own: one LogUp term for each limb column, one for the table.
//!
//! **Wiring** `x_j` is forced into the table by LogUp on every usable row and given meaning by the caller's
//! gate, through [`Limbs::value`]. `m` is forced by LogUp, up to a shift between row 0 and rows below the
//! table, which all offer the value 0.
//!
//! **Cost** a column for each limb, one for `m`, one fixed; a LogUp term each.

use halo2_proofs::plonk::{Advice, Challenge, Column, ConstraintSystem, Fixed};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::logup::Term;
use super::{Expr, Table, constant, power_of_two};

/// The smallest `s` that makes `bits + s` a multiple of `width`.
pub const fn scaling(bits: u32, width: u32) -> u32 {
    bits.next_multiple_of(width) - bits
}

/// Limbs of `width` bits that a value of `bits` bits has.
pub const fn count(bits: u32, width: u32) -> usize {
    bits.div_ceil(width) as usize
}

/// Splits `value` into `count` limbs of `width` bits, least significant first; higher bits are dropped,
/// which the circuit then refuses.
pub fn split(value: u128, width: u32, count: usize) -> Vec<u16> {
    let mask = (1u128 << width) - 1;
    (0..count as u32).map(|limb| (value.checked_shr(limb * width).unwrap_or(0) & mask) as u16).collect()
}

/// A range-checked value, as the limbs that make it up.
#[derive(Clone, Debug)]
pub struct Limbs {
    columns: Vec<Column<Advice>>,
    width: u32,
}

impl Limbs {
    /// Declares `⌈bits/width⌉` limb columns.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, bits: u32, width: u32) -> Self {
        let columns = (0..count(bits, width)).map(|_| meta.advice_column()).collect();
        Self { columns, width }
    }

    /// The limb columns, least significant first.
    pub fn columns(&self) -> &[Column<Advice>] {
        &self.columns
    }

    /// The value at `rotation`.
    pub fn value(&self, rotation: Rotation) -> Expr {
        compose(self.columns.iter().map(|column| column.query_cell(rotation)), self.width)
    }
}

/// `Σ_j 2^(width·j)·limb_j`.
pub fn compose(limbs: impl Iterator<Item = Expr>, width: u32) -> Expr {
    limbs
        .zip(0..)
        .map(|(limb, index)| limb * power_of_two(width * index))
        .reduce(|sum, limb| sum + limb)
        .unwrap_or_else(|| constant(Fr::zero()))
}

/// The table `0..2^b` and its multiplicities.
///
/// Its entries are folded under tag 0, `θ·t`: other tables' tuples carry a non-zero tag as constant term
/// (see [`super::ln_table`]), so no tuple can pass for a limb nor a limb for a tuple.
#[derive(Clone, Debug)]
pub struct RangeTable {
    theta: Challenge,
    values: Column<Fixed>,
    multiplicity: Column<Advice>,
    width: u32,
}

impl RangeTable {
    /// Declares the table for limbs of `width` bits, folded with the challenge `theta`.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        theta: Challenge,
        multiplicity: Column<Advice>,
        width: u32,
    ) -> Self {
        Self { theta, values: meta.fixed_column(), multiplicity, width }
    }

    /// The look-up terms of `limbs`.
    pub fn lookups<'a>(&self, limbs: impl IntoIterator<Item = &'a Limbs>) -> Vec<Term> {
        limbs
            .into_iter()
            .flat_map(|limbs| &limbs.columns)
            .map(|column| Term::lookup(self.theta.expr() * column.cur()))
            .collect()
    }

    /// The table's own term.
    pub fn term(&self) -> Term {
        Term::table(self.multiplicity.cur(), self.theta.expr() * self.values.cur())
    }

    /// The table's fixed column with its contents.
    pub(crate) fn table(&self) -> Table {
        (self.values, range_values(self.width))
    }

    /// The table's fixed column.
    pub(crate) fn values(&self) -> Column<Fixed> {
        self.values
    }

    /// The multiplicity column.
    pub fn multiplicity(&self) -> Column<Advice> {
        self.multiplicity
    }
}

/// The table's contents for limbs of `width` bits.
pub fn range_values(width: u32) -> Vec<Fr> {
    (0..1u64 << width).map(Fr::from).collect()
}
