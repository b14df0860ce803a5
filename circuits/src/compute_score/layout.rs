//! Gates of the compute-score circuit over the columns of [`super::columns`], and how a trace fills these.
//!
//! Decay runs downwards from row 0, the sum upwards to row 0, where the instance stands: its gates read the
//! instance directly, and nothing has to be copied. No gate but LogUp's has a degree above 4.

use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Constraints, Error, FirstPhase, Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::columns::{Columns, DECAY_BITS, LOST_BITS, REMAINDER_BITS};
use super::{Clause, Rows, Trace};
use crate::chips::limbs::{self, Limbs, RangeTable, compose, scaling};
use crate::chips::logup::LogUp;
use crate::chips::{Expr, InstanceRows, assign_trace, constant, enable, power_of_two};
use crate::circuit::TracedLayout;
use crate::columns::Groups;
use crate::geometry::Geometry;

/// Columns that everybody knows, the first: units, round totals.
pub const PUBLIC_COLUMNS: usize = 2;

/// The circuit's configuration.
#[derive(Clone, Debug)]
pub struct Layout {
    geometry: Geometry,
    theta: Challenge,
    columns: Columns,
    range: RangeTable,
    logup: LogUp,
    switches: Switches,
}

/// Where the gates are on.
#[derive(Clone, Copy, Debug)]
struct Switches {
    /// Row 0.
    first: Selector,
    /// Rows `0..F`.
    round: Selector,
    /// Row `F`.
    bottom: Selector,
}

impl TracedLayout for Layout {
    type Trace = Trace;

    fn declare(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        meta.set_minimum_degree(geometry.helper_width() + 2);
        let width = geometry.alphabet_bits();
        let columns = Columns::configure(meta, geometry);
        let instance = InstanceRows::new(meta.instance_column());
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let range = RangeTable::configure(meta, theta, columns.multiplicity, width);

        let [first, round, bottom] = std::array::from_fn(|_| meta.complex_selector());
        let switches = Switches { first, round, bottom };
        instance_gates(meta, &columns, instance, switches);
        round_gates(meta, &columns, round);
        decay_gates(meta, &columns, switches, width);
        score_gates(meta, &columns, instance, switches, width);

        let mut terms = range.lookups(columns.limbs());
        terms.push(range.term());
        let logup = LogUp::configure(meta, gamma, geometry.helper_width(), terms);
        end_gate(meta, &columns, logup.active().expr() - round.expr());
        Self { geometry, theta, columns, range, logup, switches }
    }

    fn assign(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let columns: Vec<_> = self.columns.in_order().collect();
        assign_trace(layouter, &[self.range.table()], &columns, trace.map(Trace::columns))
    }

    /// C1 to C6: switches the gates on.
    fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        layouter.assign_region(
            || "C1 instance-bound, C4 decay, C6 score",
            |mut region| enable(&mut region, self.switches.first, [0]),
        )?;
        layouter.assign_region(
            || "C1 instance-bound … C5 sum, by round",
            |mut region| enable(&mut region, self.switches.round, rows.rounds()),
        )?;
        layouter.assign_region(
            || Clause::Score.name(),
            |mut region| enable(&mut region, self.switches.bottom, [rows.bottom()]),
        )
    }

    /// LogUp over all limbs: the ranges of C2, C3, C4 and C6. Its switch is also that of C7.
    fn assign_lookups(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let name = "C2 units-within-totals, C3 shares, C4 decay, C6 score, C7 rounds-end: the usable rows";
        let usable = self.geometry.usable_rows();
        let tables = [self.range.table()];
        self.logup.synthesize(layouter, name, self.theta, usable, &tables, trace.map(Trace::columns))
    }
}

/// C1: row 0 of the columns of `ρ` and `λ_q` holds the context, and the rows below it the two of them. The
/// score is read by its gate itself.
fn instance_gates(
    meta: &mut ConstraintSystem<Fr>,
    columns: &Columns,
    instance: InstanceRows,
    switches: Switches,
) {
    let [rho, lambda] = [columns.rho, columns.lambda];
    meta.create_gate("C1 instance-bound: ρ and λ of rows 0 and 1 are the instance's", |_| {
        Constraints::with_selector(
            switches.first.expr(),
            [
                ("C1 context low", rho.cur() - instance.row(0)),
                ("C1 context high", lambda.cur() - instance.row(1)),
                ("C1 rho", rho.next() - instance.row(2)),
                ("C1 lambda", lambda.next() - instance.row(3)),
            ],
        )
    });
    meta.create_gate("C1 instance-bound: ρ(next) = ρ, λ(next) = λ, from row 1 on", |_| {
        let same = |column: Column<Advice>| -> Expr { column.next() - column.cur() };
        Constraints::with_selector(
            switches.round.expr() - switches.first.expr(),
            [("C1 same rho", same(rho)), ("C1 same lambda", same(lambda))],
        )
    });
}

/// C2, C3 and C5, on the row of each round.
fn round_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, round: Selector) {
    let one = || constant(power_of_two(0));
    let [units, totals, z] =
        [columns.units, columns.totals, columns.nonzero].map(|column| column.cur::<Fr>());
    let value = |limbs: &Limbs| limbs.value(Rotation::cur());
    let (share, remainder) = (value(&columns.share), value(&columns.remainder));

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
    meta.create_gate("C5 sum: sum = sum(next) + λ·share·decay", |_| {
        let term = columns.lambda.next::<Fr>() * share * value(&columns.decay);
        let step = columns.sum.cur::<Fr>() - columns.sum.next();
        Constraints::with_selector(round.expr(), [("C5 term", step - term)])
    });
}

/// C4: `decay·ρ = decay(next)·2^64 + lost`, both sides scaled so that the limbs of `lost` end at bit 64.
fn decay_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, switches: Switches, width: u32) {
    meta.create_gate("C4 decay: decay = 2^64 in row 0", |_| {
        let start = columns.decay.value(Rotation::cur()) - constant(power_of_two(DECAY_BITS - 1));
        Constraints::with_selector(switches.first.expr(), [("C4 start", start)])
    });
    meta.create_gate("C4 decay: decay·ρ·2^s = decay(next)·2^(64+s) + lost", |_| {
        let scale = scaling(LOST_BITS, width);
        let product = columns.decay.value(Rotation::cur()) * columns.rho.next() * power_of_two(scale);
        let kept = columns.decay.value(Rotation::next()) * power_of_two(LOST_BITS + scale);
        let lost = columns.lost.value(Rotation::cur());
        Constraints::with_selector(switches.round.expr(), [("C4 decay", product - kept - lost)])
    });
}

/// C6: the sum less its remainder is the score's multiple of `2^96`. The remainder's limbs stand in row `F`,
/// where those of a round's units, rest and share would.
fn score_gates(
    meta: &mut ConstraintSystem<Fr>,
    columns: &Columns,
    instance: InstanceRows,
    switches: Switches,
    width: u32,
) {
    meta.create_gate("C6 score: sum·2^s = −remainder in row F", |_| {
        let limbs = columns.limbs().flat_map(Limbs::columns).map(|column| column.cur());
        let remainder: Expr = compose(limbs.take(limbs::count(REMAINDER_BITS, width)), width);
        let sum = columns.sum.cur::<Fr>() * power_of_two(scaling(REMAINDER_BITS, width));
        Constraints::with_selector(switches.bottom.expr(), [("C6 remainder", sum + remainder)])
    });
    meta.create_gate("C6 score: sum = score·2^96 in row 0", |_| {
        let score = instance.row(4) * power_of_two(REMAINDER_BITS);
        Constraints::with_selector(switches.first.expr(), [("C6 score", columns.sum.cur() - score)])
    });
}

/// C7: `past` is 1 in the usable rows from `F` on.
fn end_gate(meta: &mut ConstraintSystem<Fr>, columns: &Columns, past: Expr) {
    meta.create_gate("C7 rounds-end: u = U = 0 from row F on", |_| {
        let [units, totals] = [columns.units, columns.totals].map(|column| column.cur());
        Constraints::with_selector(past, [("C7 units", units), ("C7 totals", totals)])
    });
}
