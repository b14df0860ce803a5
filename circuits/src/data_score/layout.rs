//! Gates of the data-score circuit over the columns of [`super::columns`], and how a trace fills these.
//!
//! The sum runs upwards, from row `F` to row 0, where the instance stands: its gates read the instance
//! directly, and nothing has to be copied. No gate but LogUp's has a degree above 4.

use std::iter;

use ff::{Field, PrimeField};
use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{Challenge, ConstraintSystem, Constraints, Error, FirstPhase, Selector};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::columns::{Columns, OFFSET_BITS, REMAINDER_BITS};
use super::{Clause, Rows, Trace};
use crate::chips::limbs::{self, Limbs, RangeTable, compose, scaling};
use crate::chips::ln_table::{LnHints, LnTable};
use crate::chips::logup::LogUp;
use crate::chips::{Expr, InstanceRows, Table, assign_trace, constant, enable, power_of_two};
use crate::circuit::TracedLayout;
use crate::columns::Groups;
use crate::geometry::Geometry;
use crate::numeric::ln::ln2;

/// Columns linked to commitments outside the proof: counts.
pub const LINKED_COLUMNS: usize = 1;

/// Columns after them that everybody knows: reference logarithms, boundaries.
pub const PUBLIC_COLUMNS: usize = 2;

/// The circuit's configuration.
#[derive(Clone, Debug)]
pub struct Layout {
    geometry: Geometry,
    theta: Challenge,
    columns: Columns,
    range: RangeTable,
    ln_table: LnTable,
    logup: LogUp,
    switches: Switches,
}

/// Where the gates are on.
#[derive(Clone, Copy, Debug)]
struct Switches {
    /// Row 0.
    first: Selector,
    /// Rows `1..F`.
    symbol: Selector,
    /// Row `F`.
    bottom: Selector,
}

impl Switches {
    /// Rows `0..F`.
    fn upper(self) -> Expr {
        self.first.expr() + self.symbol.expr()
    }
}

impl Columns {
    /// The hints that the Ln table serves.
    fn hints(&self) -> LnHints {
        let Self { exponent, power, interval, a, b, c_magnitude, .. } = *self;
        LnHints { exponent, power, interval, a, b, c_magnitude }
    }

    /// The offset, whose limbs hold it scaled to their width.
    fn offset(&self, width: u32) -> Expr {
        let unscale = power_of_two(scaling(OFFSET_BITS, width)).invert().unwrap_or(Fr::ZERO);
        self.offset.value(Rotation::cur()) * unscale
    }

    /// `2^31 + i·2^21 + o`.
    fn mantissa(&self, width: u32) -> Expr {
        let interval = self.interval.cur::<Fr>() * power_of_two(OFFSET_BITS);
        constant(power_of_two(31)) + interval + self.offset(width)
    }
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
        let range = RangeTable::configure(meta, theta, columns.range_multiplicity, width);
        let ln_table = LnTable::configure(meta, theta, range.values(), columns.ln_multiplicity);

        let [first, symbol, bottom] = std::array::from_fn(|_| meta.complex_selector());
        let switches = Switches { first, symbol, bottom };
        instance_gates(meta, &columns, instance, switches);
        symbol_gates(meta, &columns, symbol);
        logarithm_gates(meta, &columns, switches, width);
        sum_gates(meta, &columns, switches);
        score_gates(meta, &columns, instance, switches, width);

        let mut terms = range.lookups(columns.limbs());
        terms.extend(ln_table.lookups(&columns.hints()));
        terms.extend([range.term(), ln_table.term()]);
        let logup = LogUp::configure(meta, gamma, geometry.helper_width(), terms);
        Self { geometry, theta, columns, range, ln_table, logup, switches }
    }

    fn assign(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let columns: Vec<_> = self.columns.in_order().collect();
        assign_trace(layouter, &self.tables(), &columns, trace.map(Trace::columns))
    }

    /// D1 to D7: switches the gates on.
    fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        layouter.assign_region(
            || "D1 instance-bound, D5 logarithms of n, D7 score",
            |mut region| enable(&mut region, self.switches.first, [0]),
        )?;
        layouter.assign_region(
            || "D2 unused-empty … D6 sum, by symbol",
            |mut region| enable(&mut region, self.switches.symbol, rows.symbols()),
        )?;
        layouter.assign_region(
            || Clause::Score.name(),
            |mut region| enable(&mut region, self.switches.bottom, [rows.bottom()]),
        )
    }

    /// LogUp over all limbs and tuples: D4's and D7's ranges, D5's table.
    fn assign_lookups(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let name = "D4 counts-range, D5 logarithms, D7 score: look-ups";
        let usable = self.geometry.usable_rows();
        self.logup.synthesize(layouter, name, self.theta, usable, &self.tables(), trace.map(Trace::columns))
    }
}

impl Layout {
    /// The fixed columns' contents.
    fn tables(&self) -> Vec<Table> {
        iter::once(self.range.table()).chain(self.ln_table.tables(self.geometry)).collect()
    }
}

/// D1: row 0 holds the instance, and `n` is the same in every row that uses it. `d`, `Σ_f Ln(R_f)` and the
/// score are read by the score's gate itself.
fn instance_gates(
    meta: &mut ConstraintSystem<Fr>,
    columns: &Columns,
    instance: InstanceRows,
    switches: Switches,
) {
    let [context_low, context_high, records] = [columns.running, columns.sum, columns.records];
    meta.create_gate("D1 instance-bound: a, S, n of row 0 are the instance's", |_| {
        Constraints::with_selector(
            switches.first.expr(),
            [
                ("D1 context low", context_low.cur() - instance.row(0)),
                ("D1 context high", context_high.cur() - instance.row(1)),
                ("D1 records", records.cur() - instance.row(2)),
            ],
        )
    });
    meta.create_gate("D1 instance-bound: n(next) = n", |_| {
        let step: Expr = records.next() - records.cur();
        Constraints::with_selector(switches.upper(), [("D1 same records", step)])
    });
}

/// D2 to D4, on the row of each symbol.
fn symbol_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, symbol: Selector) {
    let one = || constant(Fr::ONE);
    let [c, k, a] = [columns.counts, columns.boundary, columns.running].map(|column| column.cur::<Fr>());
    meta.create_gate("D2 unused-empty: (k − 1)(k − 2)·c = 0", |_| {
        let unused = (k.clone() - one()) * (k.clone() - constant(Fr::from(2)));
        Constraints::with_selector(symbol.expr(), [("D2 unused-empty", unused * c.clone())])
    });
    // k(k − 1) is 2 on a feature's last bin and 0 on every other row.
    let last = k.clone() * (k - one());
    meta.create_gate("D3 feature-totals: a(next) = k = 2 ? 0 : a + c, and a + c = n where k = 2", |_| {
        let total = a.clone() + c.clone();
        let keep = one() - last.clone() * Fr::TWO_INV;
        Constraints::with_selector(
            symbol.expr(),
            [
                ("D3 running total", columns.running.next() - total.clone() * keep),
                ("D3 feature total", last.clone() * (total - columns.records.cur())),
            ],
        )
    });
    meta.create_gate("D4 counts-range: c = Σ 2^(bj)·limb_j", |_| {
        let limbs = columns.count_limbs.value(Rotation::cur());
        Constraints::with_selector(symbol.expr(), [("D4 counts-range", c.clone() - limbs)])
    });
}

/// D5: `L` is the logarithm of `c`, in row 0 of `n`. Where `c = 0` the hints are those of any number: `c`
/// silences what they say.
fn logarithm_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, switches: Switches, width: u32) {
    let [c, n, p] = [columns.counts, columns.records, columns.power].map(|column| column.cur::<Fr>());
    meta.create_gate("D5 logarithms: L = e·LN2 + A + B·o − C·o²", |_| {
        let offset = columns.offset(width);
        let slope = columns.b.cur() - columns.c_magnitude.cur() * offset.clone();
        let value = columns.exponent.cur() * Fr::from_u128(ln2()) + columns.a.cur() + slope * offset;
        Constraints::with_selector(switches.upper(), [("D5 logarithm", columns.logarithm.cur() - value)])
    });
    meta.create_gate("D5 logarithms: c = 0 or c·p = 2^31 + i·2^21 + o", |_| {
        let normalised = c.clone() * p.clone() - columns.mantissa(width);
        Constraints::with_selector(switches.symbol.expr(), [("D5 normalised", c.clone() * normalised)])
    });
    meta.create_gate("D5 logarithms: n·p = 2^31 + i·2^21 + o", |_| {
        let normalised = n.clone() * p.clone() - columns.mantissa(width);
        Constraints::with_selector(switches.first.expr(), [("D5 normalised n", normalised)])
    });
}

/// D6, and the start of each feature's total.
fn sum_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, switches: Switches) {
    meta.create_gate("D3 feature-totals: a = 0 in row 1", |_| {
        Constraints::with_selector(switches.first.expr(), [("D3 start", columns.running.next::<Fr>())])
    });
    meta.create_gate("D6 sum: S = S(next) + c·(L − ℓ)", |_| {
        let term = columns.counts.cur() * (columns.logarithm.cur::<Fr>() - columns.ln_reference.cur());
        let step = columns.sum.cur::<Fr>() - columns.sum.next();
        Constraints::with_selector(switches.symbol.expr(), [("D6 term", step - term)])
    });
}

/// D7: the total less its remainder is the score's multiple of `2^88`.
///
/// The remainder, scaled by `2^s` to a whole number of limbs, is `low + high·2^(b·low limbs)`. The low limbs
/// stand in row 0, where no count needs them; the high ones in row `F`, where they are taken off the sum
/// before it begins.
fn score_gates(
    meta: &mut ConstraintSystem<Fr>,
    columns: &Columns,
    instance: InstanceRows,
    switches: Switches,
    width: u32,
) {
    let scale = power_of_two(scaling(REMAINDER_BITS, width));
    meta.create_gate("D7 score: S·2^s = −high limbs in row F", |_| {
        let low_limbs = columns.count_limbs.columns().len();
        let high_limbs = limbs::count(REMAINDER_BITS, width) - low_limbs;
        let columns_of_row = columns.limbs().flat_map(Limbs::columns).map(|column| column.cur());
        let high = compose(columns_of_row.take(high_limbs), width) * power_of_two(width * low_limbs as u32);
        Constraints::with_selector(switches.bottom.expr(), [("D7 high", columns.sum.cur() * scale + high)])
    });
    meta.create_gate(
        "D6 sum, D7 score: (S(1) + n·(ΣLn(R) − d·Ln(n) + d·2^63) − score·2^88)·2^s = low",
        |_| {
            let [features, ln_totals, score] = [3, 4, 5].map(|row| instance.row(row));
            let per_record = ln_totals + features * (constant(power_of_two(63)) - columns.logarithm.cur());
            let total = columns.sum.next::<Fr>() + columns.records.cur() * per_record;
            let low = columns.count_limbs.value(Rotation::cur());
            let remainder = (total - score * power_of_two(REMAINDER_BITS)) * scale;
            Constraints::with_selector(switches.first.expr(), [("D7 score", remainder - low)])
        },
    );
}
