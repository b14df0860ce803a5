//! Gates of the histogram circuit, and how a witness fills its columns.
//!
//! Besides the columns of [`super::columns`] there is a fixed one, the alphabet `t`: the row number in rows
//! `0..2^b`.

use ff::{BatchInvert, Field};
use halo2_proofs::circuit::{Region, Value};
use halo2_proofs::plonk::{
    Advice, Column, ConstraintSystem, Constraints, FirstPhase, Fixed, Instance as InstanceColumn, Selector,
};
use halo2curves::bn256::Fr;

use super::Witness;
use super::columns::Columns;
use crate::chips::limbs::range_values;
use crate::chips::logup::{LogUp, Sums, Term, sums};
use crate::chips::{Expr, assign_fixed};
use crate::geometry::{Geometry, SegmentShape};

/// The circuit's configuration.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) geometry: Geometry,
    columns: Columns,
    alphabet: Column<Fixed>,
    pub(super) logup: LogUp,
    pub(super) below_alphabet: Selector,
}

impl Layout {
    pub(super) fn declare(meta: &mut ConstraintSystem<Fr>, shape: SegmentShape) -> Self {
        let geometry = shape.geometry();
        meta.set_minimum_degree(geometry.helper_width() + 2);
        let columns = Columns::configure(meta, shape);
        let instance = meta.instance_column();
        let alphabet = meta.fixed_column();
        let gamma = meta.challenge_usable_after(FirstPhase);

        let below_alphabet = meta.selector();
        meta.create_gate("H3 counts-end: m = 0 below the alphabet", |_| {
            Constraints::with_selector(below_alphabet.expr(), [("H3 counts-end", columns.counts.cur())])
        });
        let mut terms: Vec<_> = columns.data.iter().map(|column| Term::lookup(column.cur())).collect();
        terms.push(Term::table(columns.counts.cur(), alphabet.cur()));
        let logup = LogUp::configure(meta, gamma, geometry.helper_width(), terms);
        meta.create_gate("H4 padding-counted: m_0 = instance", |_| {
            let instance: Expr = Column::<InstanceColumn>::cur(&instance);
            let counted = ("H4 padding-counted", columns.counts.cur() - instance);
            Constraints::with_selector(logup.first_row(), [counted])
        });
        Self { geometry, columns, alphabet, logup, below_alphabet }
    }

    /// The helper columns, each with the data columns `v` whose `Σ 1/(γ − v)` it holds, row by row; by index
    /// of advice column. A prover may use that to commit to them.
    pub fn helpers(&self) -> Vec<(usize, Vec<usize>)> {
        let looked_up = self.columns.data.chunks(self.logup.width());
        let indices = |data: &[Column<Advice>]| data.iter().map(Column::index).collect();
        self.logup
            .helpers()
            .iter()
            .zip(looked_up)
            .map(|(helper, data)| (helper.index(), indices(data)))
            .collect()
    }

    /// `γ`, by its index among the challenges.
    pub fn gamma(&self) -> usize {
        self.logup.gamma().index()
    }

    pub(super) fn assign_table(&self, region: &mut Region<'_, Fr>) {
        assign_fixed(region, self.alphabet, &range_values(self.geometry.alphabet_bits()));
    }

    pub(super) fn assign_witness(&self, region: &mut Region<'_, Fr>, witness: Option<&Witness>) {
        let Some(witness) = witness else { return };
        let usable = self.geometry.usable_rows();
        for (column, symbols) in self.columns.data.iter().zip(witness.symbols.chunks(usable)) {
            for (row, symbol) in symbols.iter().enumerate() {
                region.assign_advice(*column, row, Value::known(Fr::from(u64::from(*symbol))));
            }
        }
        for (row, count) in witness.counts.iter().enumerate().take(usable) {
            region.assign_advice(self.columns.counts, row, Value::known(Fr::from(u64::from(*count))));
        }
    }

    /// The LogUp columns: every cell takes its fraction from a table of `1/(γ − t)`, one inversion a symbol
    /// instead of one a cell.
    pub(super) fn sums(&self, witness: &Witness, gamma: Fr) -> Sums {
        let usable = self.geometry.usable_rows();
        let alphabet = self.geometry.alphabet();
        let largest = witness.symbols.iter().copied().max().map_or(0, usize::from);
        let mut inverses: Vec<Fr> =
            (0..alphabet.max(largest + 1) as u64).map(|t| gamma - Fr::from(t)).collect();
        inverses.iter_mut().batch_invert();
        let width = self.columns.data.len();
        sums(width + 1, self.logup.width(), usable, |term, row| {
            if term < width {
                return inverses[usize::from(witness.symbols[term * usable + row])];
            }
            let entry = if row < alphabet { row } else { 0 };
            match witness.counts.get(row) {
                None | Some(0) => Fr::ZERO,
                Some(count) => -Fr::from(u64::from(*count)) * inverses[entry],
            }
        })
    }
}
