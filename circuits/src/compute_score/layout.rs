//! Columns and gates of the compute-score circuit.
//!
//! The linked columns come first, so that their commitments are the first points of a proof. `copied` cells
//! come from the instance; every other cell is linked, or a hint or result forced by the gate named.
//!
//! | name | kind | origin |
//! | --- | --- | --- |
//! | `u`, `U` | advice | linked |
//! | `z` | advice | hint, 1 where `U > 0`: C3 |
//! | `ρ` | advice | row 0 copied, then equal to the row above: C1 |
//! | `sum` | advice | running sum, zero in row 0: C5 |
//! | `io` | advice | copied |
//! | limbs of `u`, `U − u`, `share`, `remainder`, `slack` | advice | hints: C2, C3; in row `F` the first of them hold the score's remainder: C6 |
//! | limbs of `decay`, `lost` | advice | hints: C4 |
//!
//! `lost`, the part of `decay·ρ` below `2^64`, and the score's remainder, below `2^96`, are carried scaled to a
//! whole number of limbs (see [`crate::chips::limbs`]): that makes their ranges exact.

use halo2_proofs::circuit::{Layouter, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Constraints, Error, FirstPhase, Instance as InstanceColumn,
    Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::{Clause, INSTANCE_ROWS, Trace};
use crate::chips::limbs::{Limbs, RangeTable, compose, range_values, scaling};
use crate::chips::logup::{LogUp, fractions, sums};
use crate::chips::{Expr, assign_column, assign_fixed, constant, enable, power_of_two};
use crate::geometry::Geometry;

/// Linked columns: units, round totals.
pub const LINKED_COLUMNS: usize = 2;

/// Bits of units, of what they lack of the total, and of a division's remainder and slack.
pub(super) const UNIT_BITS: u32 = 32;
/// Bits of a share: the full share is `2^32`.
pub(super) const SHARE_BITS: u32 = 33;
/// Bits of a decay: the first is `2^64`.
pub(super) const DECAY_BITS: u32 = 65;
/// Bits that a step of the decay loses.
pub(super) const LOST_BITS: u32 = 64;
/// Bits that the score's floor drops.
pub(super) const REMAINDER_BITS: u32 = 96;

/// Where the single values stand.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    rounds: usize,
}

impl Rows {
    /// The rows of a geometry.
    pub const fn new(geometry: Geometry) -> Self {
        Self { rounds: geometry.rounds() }
    }

    /// A row for each round.
    pub const fn rounds(self) -> std::ops::Range<usize> {
        0..self.rounds
    }

    /// `F`: the row in which the running sum is complete.
    pub const fn total(self) -> usize {
        self.rounds
    }

    /// Row of `io` for each instance row but `rho`, which heads its own column.
    pub(super) fn io(self, name: &str) -> Option<usize> {
        match name {
            "first_decay" => Some(0),
            "lambda_q" => Some(self.rounds - 1),
            "score" => Some(self.rounds),
            "first_round" => Some(self.rounds + 1),
            "context_low" => Some(self.rounds + 2),
            "context_high" => Some(self.rounds + 3),
            _ => None,
        }
    }
}

/// The circuit's configuration.
#[derive(Clone, Debug)]
pub struct Layout {
    geometry: Geometry,
    theta: Challenge,
    instance: Column<InstanceColumn>,
    columns: Columns,
    range: RangeTable,
    logup: LogUp,
    round: Selector,
    first_round: Selector,
    total: Selector,
}

/// First-phase advice columns, in the order of [`super::Cells`].
#[derive(Clone, Debug)]
struct Columns {
    units: Column<Advice>,
    totals: Column<Advice>,
    nonzero: Column<Advice>,
    rho: Column<Advice>,
    sum: Column<Advice>,
    io: Column<Advice>,
    multiplicity: Column<Advice>,
    unit_limbs: Limbs,
    rest: Limbs,
    share: Limbs,
    remainder: Limbs,
    slack: Limbs,
    decay: Limbs,
    lost: Limbs,
}

impl Columns {
    fn configure(meta: &mut ConstraintSystem<Fr>, width: u32) -> Self {
        let [units, totals, nonzero, rho, sum, io, multiplicity] =
            std::array::from_fn(|_| meta.advice_column());
        let [unit_limbs, rest] = std::array::from_fn(|_| Limbs::configure(meta, UNIT_BITS, width));
        let share = Limbs::configure(meta, SHARE_BITS, width);
        let [remainder, slack] = std::array::from_fn(|_| Limbs::configure(meta, UNIT_BITS, width));
        let decay = Limbs::configure(meta, DECAY_BITS, width);
        let lost = Limbs::configure(meta, LOST_BITS, width);
        Self {
            units,
            totals,
            nonzero,
            rho,
            sum,
            io,
            multiplicity,
            unit_limbs,
            rest,
            share,
            remainder,
            slack,
            decay,
            lost,
        }
    }

    fn limbs(&self) -> [&Limbs; 7] {
        [&self.unit_limbs, &self.rest, &self.share, &self.remainder, &self.slack, &self.decay, &self.lost]
    }

    fn in_order(&self) -> impl Iterator<Item = Column<Advice>> {
        let single = [self.units, self.totals, self.nonzero, self.rho, self.sum, self.io, self.multiplicity];
        single.into_iter().chain(self.limbs().into_iter().flat_map(Limbs::columns).copied())
    }
}

impl Layout {
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        meta.set_minimum_degree(crate::DEGREE);
        let width = geometry.alphabet_bits();
        let columns = Columns::configure(meta, width);
        let instance = meta.instance_column();
        for column in [columns.rho, columns.io] {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let range = RangeTable::configure(meta, theta, columns.multiplicity);

        let [round, first_round, total] = std::array::from_fn(|_| meta.selector());
        round_gates(meta, round, &columns);
        decay_gates(meta, round, &columns, width);
        start_gate(meta, first_round, &columns);
        score_gate(meta, total, &columns, width);

        let mut terms = range.lookups(columns.limbs());
        terms.push(range.term());
        let logup = LogUp::configure(meta, gamma, geometry.helper_width(), terms);
        Self { geometry, theta, instance, columns, range, logup, round, first_round, total }
    }

    pub(super) fn assign(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Trace>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "witness",
            |mut region| {
                assign_fixed(&mut region, self.range.column(), &range_values(self.geometry.alphabet_bits()));
                let values = trace.iter().flat_map(|trace| trace.columns());
                for (column, values) in self.columns.in_order().zip(values) {
                    assign_column(&mut region, column, values);
                }
                Ok(())
            },
        )
    }

    /// C1: copies every instance row into its cell; the gate of C1 carries `ρ` down its column.
    pub(super) fn bind_instance(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Trace>,
    ) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        crate::chips::bind_instance(
            layouter,
            Clause::InstanceBound.name(),
            self.instance,
            INSTANCE_ROWS.len(),
            |index| {
                let (column, row) =
                    rows.io(INSTANCE_ROWS[index]).map_or((self.columns.rho, 0), |row| (self.columns.io, row));
                let value = trace.map(|trace| trace.columns()[column.index()][row]);
                (column, row, value)
            },
        )
    }

    /// C2 to C6: switches the gates on.
    pub(super) fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        layouter.assign_region(
            || "C2 units-within-totals … C5 sum, by round",
            |mut region| {
                enable(&mut region, self.round, rows.rounds())?;
                enable(&mut region, self.first_round, [0])
            },
        )?;
        layouter
            .assign_region(|| Clause::Score.name(), |mut region| self.total.enable(&mut region, rows.total()))
    }

    /// LogUp over all limbs: the ranges of C2, C3, C4 and C6.
    pub(super) fn assign_lookups(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Trace>,
    ) -> Result<(), Error> {
        let usable = self.geometry.usable_rows();
        let theta = layouter.get_challenge(self.theta);
        let gamma = layouter.get_challenge(self.logup.gamma());
        let trace = trace.map_or(Value::unknown(), Value::known);
        let values = trace.zip(theta).zip(gamma).map(|((trace, theta), gamma)| {
            let terms = self.logup.terms();
            let fixed = [range_values(self.geometry.alphabet_bits())];
            let challenge = |index| if index == self.theta.index() { theta } else { gamma };
            let fractions = fractions(terms, usable, gamma, trace.columns(), &fixed, &challenge);
            sums(terms.len(), self.logup.width(), usable, |term, row| fractions[term][row])
        });
        layouter.assign_region(
            || "C2 units-within-totals, C3 shares, C4 decay, C6 score: ranges",
            |mut region| {
                self.logup.enable(&mut region, usable)?;
                self.logup.assign(&mut region, usable, values.as_ref());
                Ok(())
            },
        )
    }
}

/// C1, C2, C3 and C5, on the row of each round.
fn round_gates(meta: &mut ConstraintSystem<Fr>, round: Selector, columns: &Columns) {
    let one = || constant(power_of_two(0));
    let [units, totals, z] =
        [columns.units, columns.totals, columns.nonzero].map(|column| column.cur::<Fr>());
    let value = |limbs: &Limbs| limbs.value(Rotation::cur());
    let (share, remainder) = (value(&columns.share), value(&columns.remainder));

    meta.create_gate("C1 instance-bound: ρ(next) = ρ", |_| {
        Constraints::with_selector(round.expr(), [("C1 rho", columns.rho.next() - columns.rho.cur())])
    });
    meta.create_gate("C2 units-within-totals: u = Σ limbs, U − u = Σ limbs", |_| {
        Constraints::with_selector(
            round.expr(),
            [
                ("C2 units", units.clone() - value(&columns.unit_limbs)),
                ("C2 rest", totals.clone() - units.clone() - value(&columns.rest)),
            ],
        )
    });
    // Where z = 1 the slack U − 1 − remainder is in range only if U ≥ 1, so z = 0 wherever U = 0.
    meta.create_gate("C3 shares: u·2^32 = share·U + remainder, remainder + slack = U − z", |_| {
        let zero = one() - z.clone();
        Constraints::with_selector(
            round.expr(),
            [
                ("C3 nonzero", z.clone() * zero.clone()),
                ("C3 zero total", zero.clone() * totals.clone()),
                ("C3 zero share", zero * share.clone()),
                (
                    "C3 division",
                    units.clone() * power_of_two(32) - share.clone() * totals.clone() - remainder.clone(),
                ),
                ("C3 remainder", totals - z - remainder - value(&columns.slack)),
            ],
        )
    });
    meta.create_gate("C5 sum: sum(next) = sum + share·decay", |_| {
        let term = share * value(&columns.decay);
        Constraints::with_selector(round.expr(), [("C5 term", columns.sum.next() - columns.sum.cur() - term)])
    });
}

/// C4: `decay·ρ = decay(next)·2^64 + lost`, both sides scaled so that the limbs of `lost` end at bit 64.
fn decay_gates(meta: &mut ConstraintSystem<Fr>, round: Selector, columns: &Columns, width: u32) {
    meta.create_gate("C4 decay: decay·ρ·2^s = decay(next)·2^(64+s) + lost", |_| {
        let scale = scaling(LOST_BITS, width);
        let product = columns.decay.value(Rotation::cur()) * columns.rho.cur() * power_of_two(scale);
        let kept = columns.decay.value(Rotation::next()) * power_of_two(LOST_BITS + scale);
        let lost = columns.lost.value(Rotation::cur());
        Constraints::with_selector(round.expr(), [("C4 decay", product - kept - lost)])
    });
}

fn start_gate(meta: &mut ConstraintSystem<Fr>, first: Selector, columns: &Columns) {
    meta.create_gate("C4 and C5 start: decay = first_decay, sum = 0", |_| {
        let decay = columns.decay.value(Rotation::cur());
        Constraints::with_selector(
            first.expr(),
            [("C4 start", decay - columns.io.cur()), ("C5 start", columns.sum.cur())],
        )
    });
}

/// C6: the remainder's limbs stand where, on a round's row, those of units, rest and share stand.
fn score_gate(meta: &mut ConstraintSystem<Fr>, total: Selector, columns: &Columns, width: u32) {
    meta.create_gate("C6 score: λ_q·sum·2^s = score·2^(96+s) + remainder", |_| {
        let scale = scaling(REMAINDER_BITS, width);
        let product = columns.io.prev::<Fr>() * columns.sum.cur() * power_of_two(scale);
        let score = columns.io.cur::<Fr>() * power_of_two(REMAINDER_BITS + scale);
        let limbs = columns.limbs().into_iter().flat_map(Limbs::columns).map(|column| column.cur());
        let remainder: Expr = compose(limbs.take(REMAINDER_BITS.div_ceil(width) as usize), width);
        Constraints::with_selector(total.expr(), [("C6 score", product - score - remainder)])
    });
}
