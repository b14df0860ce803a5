//! Gates of the data-score circuit over the columns of [`super::columns`], and how a trace fills these.

use std::iter;

use ff::{Field, PrimeField};
use halo2_proofs::circuit::Layouter;
use halo2_proofs::plonk::{
    Challenge, Column, ConstraintSystem, Constraints, Error, FirstPhase, Instance as InstanceColumn, Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::columns::{Columns, OFFSET_BITS, REMAINDER_BITS};
use super::{Clause, INSTANCE_ROWS, Rows, Trace};
use crate::chips::limbs::{self, Limbs, RangeTable, compose, scaling};
use crate::chips::ln_table::{LnHints, LnTable};
use crate::chips::logup::LogUp;
use crate::chips::{Expr, Table, assign_trace, constant, enable, power_of_two};
use crate::circuit::TracedLayout;
use crate::columns::Groups;
use crate::geometry::Geometry;
use crate::numeric::ln::ln2;

/// Linked columns: counts, reference logarithms, boundaries.
pub const LINKED_COLUMNS: usize = 3;

/// The circuit's configuration.
#[derive(Clone, Debug)]
pub struct Layout {
    geometry: Geometry,
    theta: Challenge,
    instance: Column<InstanceColumn>,
    columns: Columns,
    range: RangeTable,
    ln_table: LnTable,
    logup: LogUp,
    symbol: Selector,
    first_symbol: Selector,
    same_records: Selector,
    total: Selector,
    division: Selector,
    wide: Selector,
}

impl Columns {
    /// The hints that the Ln table serves.
    fn hints(&self) -> LnHints {
        let Self { exponent, power, interval, a, b, c_magnitude, .. } = *self;
        LnHints { exponent, power, interval, a, b, c_magnitude }
    }

    /// `Ln(c)` where `c > 0`; the offset's limbs hold it scaled to their width.
    fn logarithm(&self, width: u32) -> Expr {
        let offset = self.offset(width);
        self.exponent.cur() * Fr::from_u128(ln2()) + self.a.cur() + self.b.cur() * offset.clone()
            - self.c_magnitude.cur() * offset.clone() * offset
    }

    fn offset(&self, width: u32) -> Expr {
        let unscale = power_of_two(scaling(OFFSET_BITS, width)).invert().unwrap_or(Fr::ZERO);
        self.offset.value(Rotation::cur()) * unscale
    }
}

impl TracedLayout for Layout {
    type Trace = Trace;

    fn declare(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        meta.set_minimum_degree(crate::DEGREE);
        let width = geometry.alphabet_bits();
        let columns = Columns::configure(meta, geometry);
        let instance = meta.instance_column();
        for column in [columns.records, columns.io] {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let range = RangeTable::configure(meta, theta, columns.range_multiplicity, width);
        let ln_table = LnTable::configure(meta, theta, columns.ln_multiplicity);

        let same_records = records_gate(meta, &columns);
        let (symbol, first_symbol) = symbol_gates(meta, &columns, width);
        let total = total_gate(meta, &columns);
        let (division, wide) = division_gates(meta, &columns, width);

        let mut terms = range.lookups(columns.limbs());
        terms.extend(ln_table.lookups(&columns.hints()));
        terms.extend([range.term(), ln_table.term()]);
        let logup = LogUp::configure(meta, gamma, geometry.helper_width(), terms);
        Self {
            geometry,
            theta,
            instance,
            columns,
            range,
            ln_table,
            logup,
            symbol,
            first_symbol,
            same_records,
            total,
            division,
            wide,
        }
    }

    fn assign(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let columns: Vec<_> = self.columns.in_order().collect();
        assign_trace(layouter, &self.tables(), &columns, trace.map(Trace::columns))
    }

    /// D1: copies every instance row into its cell, and `n` down its column.
    fn bind_instance(&self, layouter: &mut impl Layouter<Fr>, trace: Option<&Trace>) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        layouter.assign_region(
            || "D1 instance-bound: records",
            |mut region| enable(&mut region, self.same_records, 1..rows.division()),
        )?;
        let name = Clause::InstanceBound.name();
        crate::chips::bind_instance(layouter, name, self.instance, INSTANCE_ROWS.len(), |index| {
            let io = rows.io(INSTANCE_ROWS[index]);
            let (column, row) = io.map_or((self.columns.records, 1), |row| (self.columns.io, row));
            (column, row, trace.map(|trace| trace.columns()[column.index()][row]))
        })
    }

    /// D2 to D7: switches the gates on.
    fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
        let rows = Rows::new(self.geometry);
        layouter.assign_region(
            || "D2 unused-empty … D6 sum, by symbol",
            |mut region| {
                enable(&mut region, self.symbol, rows.symbols())?;
                enable(&mut region, self.first_symbol, [rows.symbols().start])
            },
        )?;
        layouter.assign_region(
            || Clause::Sum.name(),
            |mut region| self.total.enable(&mut region, rows.total()),
        )?;
        layouter.assign_region(
            || Clause::Score.name(),
            |mut region| {
                self.division.enable(&mut region, rows.division())?;
                enable(&mut region, self.wide, [rows.remainder(), rows.slack()])
            },
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
        iter::once(self.range.table()).chain(self.ln_table.tables()).collect()
    }
}

/// D1: `n` is the same in every row.
fn records_gate(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Selector {
    let selector = meta.selector();
    let records = columns.records;
    meta.create_gate("D1 instance-bound: n(next) = n", |_| {
        Constraints::with_selector(
            selector.expr(),
            [("D1 records", Expr::from(records.next()) - records.cur())],
        )
    });
    selector
}

/// D2 to D6, on the row of each symbol.
fn symbol_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, width: u32) -> (Selector, Selector) {
    let (symbol, first) = (meta.selector(), meta.selector());
    let one = || constant(Fr::ONE);
    let [c, k, a, s] = [columns.counts, columns.boundary, columns.running, columns.nonempty]
        .map(|column| column.cur::<Fr>());

    meta.create_gate("D2 unused-empty: (k − 1)(k − 2)·c = 0", |_| {
        let unused = (k.clone() - one()) * (k.clone() - constant(Fr::from(2)));
        Constraints::with_selector(symbol.expr(), [("D2 unused-empty", unused * c.clone())])
    });
    // k(k − 1) is 2 on a feature's last bin and 0 on every other row.
    let last = k.clone() * (k.clone() - one());
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
    meta.create_gate("D5 logarithms: c·p = s·(2^31 + i·2^21 + o), s = 0 or 1", |_| {
        let mantissa = constant(power_of_two(31))
            + columns.interval.cur() * power_of_two(OFFSET_BITS)
            + columns.offset(width);
        Constraints::with_selector(
            symbol.expr(),
            [
                ("D5 nonempty", s.clone() * (s.clone() - one())),
                ("D5 normalised", c.clone() * columns.power.cur() - s.clone() * mantissa),
            ],
        )
    });
    meta.create_gate("D6 sum: S(next) = S + c·(e·LN2 + A + B·o − C·o² − ℓ)", |_| {
        let term = c.clone() * (columns.logarithm(width) - columns.ln_reference.cur());
        Constraints::with_selector(
            symbol.expr(),
            [("D6 term", columns.sum.next() - columns.sum.cur() - term)],
        )
    });
    meta.create_gate("D3 and D6 start: a = 0, S = 0", |_| {
        Constraints::with_selector(first.expr(), [("D3 start", a.clone()), ("D6 start", columns.sum.cur())])
    });
    (symbol, first)
}

/// D6: the constants join the sum.
fn total_gate(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Selector {
    let selector = meta.selector();
    meta.create_gate("D6 sum: S(next) = S + n·(ΣLn(R) − d·Ln(n) + d·2^63)", |_| {
        let [ln_records, ln_totals, features]: [Expr; 3] =
            [columns.io.prev(), columns.io.cur(), columns.io.next()];
        let constants = ln_totals - features.clone() * ln_records + features * power_of_two(63);
        let total = columns.sum.cur() + columns.records.cur() * constants;
        Constraints::with_selector(selector.expr(), [("D6 total", columns.sum.next() - total)])
    });
    selector
}

/// D7: the division and the range of its remainder.
fn division_gates(meta: &mut ConstraintSystem<Fr>, columns: &Columns, width: u32) -> (Selector, Selector) {
    let (division, wide) = (meta.selector(), meta.selector());
    meta.create_gate("D7 score: S = score·n·2^48 + remainder, remainder + slack + 1 = n·2^48", |_| {
        let divisor = columns.records.cur::<Fr>() * power_of_two(48);
        let (remainder, slack) = (columns.running.prev::<Fr>(), columns.running.next::<Fr>());
        let quotient = columns.io.cur() * divisor.clone();
        Constraints::with_selector(
            division.expr(),
            [
                ("D7 division", columns.sum.prev() - quotient - remainder.clone()),
                ("D7 remainder", remainder + slack + constant(Fr::ONE) - divisor),
            ],
        )
    });
    meta.create_gate("D7 score: a = Σ 2^(bj)·limb_j over this row and the next", |_| {
        let this = columns.limbs().flat_map(Limbs::columns).map(|column| column.cur());
        let next = columns.limbs().flat_map(Limbs::columns).map(|column| column.next());
        let needed = limbs::count(REMAINDER_BITS, width);
        let value = compose(this.chain(next).take(needed), width);
        Constraints::with_selector(wide.expr(), [("D7 range", columns.running.cur() - value)])
    });
    (division, wide)
}
