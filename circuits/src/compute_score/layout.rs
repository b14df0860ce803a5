//! Gates of the compute-score circuit over the columns of [`super::columns`], and how a trace fills these.

use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{
    Challenge, Column, ConstraintSystem, Constraints, Error, FirstPhase, Instance as InstanceColumn, Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::columns::{Columns, LOST_BITS, REMAINDER_BITS};
use super::{Clause, INSTANCE_ROWS, Rows, Trace};
use crate::chips::limbs::{self, Limbs, RangeTable, compose, scaling};
use crate::chips::logup::LogUp;
use crate::chips::{Expr, assign_trace, constant, enable, power_of_two};
use crate::circuit::TracedLayout;
use crate::columns::Groups;
use crate::geometry::Geometry;

/// Linked columns: units, round totals.
pub const LINKED_COLUMNS: usize = 2;

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

impl TracedLayout for Layout {
    type Trace = Trace;

    fn declare(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        meta.set_minimum_degree(crate::DEGREE);
        let width = geometry.alphabet_bits();
        let columns = Columns::configure(meta, geometry);
        let instance = meta.instance_column();
        for column in [columns.rho, columns.io] {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let range = RangeTable::configure(meta, theta, columns.multiplicity, width);

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

    fn assign(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let columns: Vec<_> = self.columns.in_order().collect();
        assign_trace(layouter, &[self.range.table()], &columns, trace.map(Trace::columns))
    }

    /// C1: copies every instance row into its cell; the gate of C1 carries `ρ` down its column.
    fn bind_instance(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
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
    fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
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
    fn assign_lookups(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let name = "C2 units-within-totals, C3 shares, C4 decay, C6 score: ranges";
        let usable = self.geometry.usable_rows();
        let tables = [self.range.table()];
        self.logup.synthesize(layouter, name, self.theta, usable, &tables, trace.map(Trace::columns))
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
        let limbs = columns.limbs().flat_map(Limbs::columns).map(|column| column.cur());
        let remainder: Expr = compose(limbs.take(limbs::count(REMAINDER_BITS, width)), width);
        Constraints::with_selector(total.expr(), [("C6 score", product - score - remainder)])
    });
}
