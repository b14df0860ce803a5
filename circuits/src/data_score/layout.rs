//! Columns and gates of the data-score circuit.
//!
//! The linked columns come first, so that their commitments are the first points of a proof. `copied` cells
//! come from the instance; every other cell is linked, or a hint or result forced by the gate named.
//!
//! | name | kind | origin |
//! | --- | --- | --- |
//! | `c`, `ℓ`, `k` | advice | linked |
//! | `s` | advice | hint, 1 where `c > 0`: D5 |
//! | `e, p, i, A, B, C` | advice | hints: D5 and the Ln table |
//! | `n` | advice | row 1 copied, then equal to the row above: D1 |
//! | `a` | advice | running total of the feature, zero in row 1: D3. Row `F+1` holds the remainder, row `F+3` what the remainder lacks of `n·2^48`: D7 |
//! | `S` | advice | running sum, zero in row 1: D6 |
//! | `io` | advice | copied |
//! | offset and count limbs | advice | hints: D5, D4; in rows `F+1..F+5` limbs of the two values in `a`: D7 |

use ff::{Field, PrimeField};
use halo2_proofs::circuit::{Layouter, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Column, ConstraintSystem, Constraints, Error, FirstPhase, Instance as InstanceColumn,
    Selector,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

use super::{Clause, INSTANCE_ROWS, Trace};
use crate::chips::limbs::{Limbs, RangeTable, compose, range_values, scaling};
use crate::chips::ln_table::{LnHints, LnTable, table_values};
use crate::chips::logup::{LogUp, fractions, sums};
use crate::chips::{Expr, assign_column, assign_fixed, constant, enable, power_of_two};
use crate::geometry::Geometry;
use crate::numeric::ln::ln2;

/// Linked columns: counts, reference logarithms, boundaries.
pub const LINKED_COLUMNS: usize = 3;

/// Bits of an offset within an interval.
pub(super) const OFFSET_BITS: u32 = 21;
/// Bits of a count.
pub(super) const COUNT_BITS: u32 = 32;
/// Bits of `n·2^48`, the bound of the remainder.
pub(super) const REMAINDER_BITS: u32 = 80;

/// Where the single values stand, below the alphabet's `F` rows.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    alphabet: usize,
}

impl Rows {
    /// The rows of a geometry.
    pub const fn new(geometry: Geometry) -> Self {
        Self { alphabet: geometry.alphabet() }
    }

    /// Symbols that are scored: all but padding.
    pub const fn symbols(self) -> std::ops::Range<usize> {
        1..self.alphabet
    }

    /// `F`: the row in which the running sum is complete.
    pub const fn total(self) -> usize {
        self.alphabet
    }

    /// The remainder's row in `a`.
    pub const fn remainder(self) -> usize {
        self.alphabet + 1
    }

    /// The row of the division.
    pub const fn division(self) -> usize {
        self.alphabet + 2
    }

    /// The row in `a` of what the remainder lacks of its bound.
    pub const fn slack(self) -> usize {
        self.alphabet + 3
    }

    /// Row of `io` for each instance row but `records`, which heads its own column.
    pub(super) fn io(self, name: &str) -> Option<usize> {
        let offset = match name {
            "ln_records" => 0,
            "ln_totals" => 1,
            "features" => 2,
            "score" => 3,
            "context_low" => 4,
            "context_high" => 5,
            _ => return None,
        };
        Some(self.alphabet - 1 + offset)
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
    ln_table: LnTable,
    logup: LogUp,
    symbol: Selector,
    first_symbol: Selector,
    same_records: Selector,
    total: Selector,
    division: Selector,
    wide: Selector,
}

/// First-phase advice columns, in the order of [`super::Cells`].
#[derive(Clone, Debug)]
struct Columns {
    counts: Column<Advice>,
    ln_reference: Column<Advice>,
    boundary: Column<Advice>,
    nonempty: Column<Advice>,
    hints: LnHints,
    records: Column<Advice>,
    running: Column<Advice>,
    sum: Column<Advice>,
    io: Column<Advice>,
    range_multiplicity: Column<Advice>,
    ln_multiplicity: Column<Advice>,
    offset: Limbs,
    count_limbs: Limbs,
}

impl Columns {
    fn configure(meta: &mut ConstraintSystem<Fr>, width: u32) -> Self {
        let [counts, ln_reference, boundary, nonempty] = std::array::from_fn(|_| meta.advice_column());
        let hints = LnHints::configure(meta);
        let [records, running, sum, io, range_multiplicity, ln_multiplicity] =
            std::array::from_fn(|_| meta.advice_column());
        let offset = Limbs::configure(meta, OFFSET_BITS, width);
        let count_limbs = Limbs::configure(meta, COUNT_BITS, width);
        Self {
            counts,
            ln_reference,
            boundary,
            nonempty,
            hints,
            records,
            running,
            sum,
            io,
            range_multiplicity,
            ln_multiplicity,
            offset,
            count_limbs,
        }
    }

    fn limb_columns(&self) -> impl Iterator<Item = Column<Advice>> + Clone {
        self.offset.columns().iter().chain(self.count_limbs.columns()).copied()
    }

    fn in_order(&self) -> impl Iterator<Item = Column<Advice>> {
        let hints = &self.hints;
        let single = [
            self.counts,
            self.ln_reference,
            self.boundary,
            self.nonempty,
            hints.exponent,
            hints.power,
            hints.interval,
            hints.a,
            hints.b,
            hints.c_magnitude,
            self.records,
            self.running,
            self.sum,
            self.io,
            self.range_multiplicity,
            self.ln_multiplicity,
        ];
        single.into_iter().chain(self.limb_columns())
    }

    /// `Ln(c)` where `c > 0`; the offset's limbs hold it scaled to their width.
    fn logarithm(&self, width: u32) -> Expr {
        let hints = &self.hints;
        let offset = self.offset(width);
        hints.exponent.cur() * Fr::from_u128(ln2()) + hints.a.cur() + hints.b.cur() * offset.clone()
            - hints.c_magnitude.cur() * offset.clone() * offset
    }

    fn offset(&self, width: u32) -> Expr {
        let unscale = power_of_two(scaling(OFFSET_BITS, width)).invert().unwrap_or(Fr::ZERO);
        self.offset.value(Rotation::cur()) * unscale
    }
}

impl Layout {
    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, geometry: Geometry) -> Self {
        meta.set_minimum_degree(crate::DEGREE);
        let width = geometry.alphabet_bits();
        let columns = Columns::configure(meta, width);
        let instance = meta.instance_column();
        for column in [columns.records, columns.io] {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let range = RangeTable::configure(meta, theta, columns.range_multiplicity);
        let ln_table = LnTable::configure(meta, theta, columns.ln_multiplicity);

        let same_records = records_gate(meta, &columns);
        let (symbol, first_symbol) = symbol_gates(meta, &columns, width);
        let total = total_gate(meta, &columns);
        let (division, wide) = division_gates(meta, &columns, width);

        let mut terms = range.lookups([&columns.offset, &columns.count_limbs]);
        terms.extend(ln_table.lookups(&columns.hints));
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

    pub(super) fn assign(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Trace>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "witness",
            |mut region| {
                assign_fixed(&mut region, self.range.column(), &range_values(self.geometry.alphabet_bits()));
                for (column, values) in self.ln_table.columns().iter().zip(table_values()) {
                    assign_fixed(&mut region, *column, &values);
                }
                let values = trace.iter().flat_map(|trace| trace.columns());
                for (column, values) in self.columns.in_order().zip(values) {
                    assign_column(&mut region, column, values);
                }
                Ok(())
            },
        )
    }

    /// D1: copies every instance row into its cell, and `n` down its column.
    pub(super) fn bind_instance(
        &self,
        layouter: &mut impl Layouter<Fr>,
        trace: Option<&Trace>,
    ) -> Result<(), Error> {
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
    pub(super) fn enable_clauses(&self, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
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
            let fixed = self.fixed_values();
            let challenge = |index| if index == self.theta.index() { theta } else { gamma };
            let fractions = fractions(terms, usable, gamma, trace.columns(), &fixed, &challenge);
            sums(terms.len(), self.logup.width(), usable, |term, row| fractions[term][row])
        });
        layouter.assign_region(
            || "D4 counts-range, D5 logarithms, D7 score: look-ups",
            |mut region| {
                self.logup.enable(&mut region, usable)?;
                self.logup.assign(&mut region, usable, values.as_ref());
                Ok(())
            },
        )
    }

    /// The tables' contents at their columns' indices.
    fn fixed_values(&self) -> Vec<Vec<Fr>> {
        let mut columns = vec![Vec::new(); 1 + self.ln_table.columns().len()];
        columns[self.range.column().index()] = range_values(self.geometry.alphabet_bits());
        for (column, values) in self.ln_table.columns().iter().zip(table_values()) {
            columns[column.index()] = values;
        }
        columns
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
            + columns.hints.interval.cur() * power_of_two(OFFSET_BITS)
            + columns.offset(width);
        Constraints::with_selector(
            symbol.expr(),
            [
                ("D5 nonempty", s.clone() * (s.clone() - one())),
                ("D5 normalised", c.clone() * columns.hints.power.cur() - s.clone() * mantissa),
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
        let this = columns.limb_columns().map(|column| column.cur());
        let next = columns.limb_columns().map(|column| column.next());
        let needed = REMAINDER_BITS.div_ceil(width) as usize;
        let value = compose(this.chain(next).take(needed), width);
        Constraints::with_selector(wide.expr(), [("D7 range", columns.running.cur() - value)])
    });
    (division, wide)
}
