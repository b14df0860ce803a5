//! The first-phase columns' values: computed here, apart from columns and gates, so that a test can alter any
//! cell by name and see which constraint objects.

use std::num::NonZeroU32;

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;

use super::columns::{COUNT_BITS, OFFSET_BITS, REMAINDER_BITS};
use super::{Bin, Cells, INSTANCE_ROWS, Instance, Reference, Rows, Witness};
use crate::chips::limbs::{self, scaling, split};
use crate::chips::ln_table::{EXPONENTS, INTERVALS};
use crate::chips::power_of_two;
use crate::geometry::Geometry;
use crate::numeric::ln::{decompose, intervals, ln};
use crate::trace::{Columns, low_bits};

/// The first-phase columns, rows `0..u`.
#[derive(Clone, Debug)]
pub struct Trace {
    geometry: Geometry,
    columns: Columns,
}

impl Trace {
    /// The columns that prove `instance` for `witness`, if it is true.
    pub fn new(geometry: Geometry, instance: &Instance, reference: &Reference, witness: &Witness) -> Self {
        let columns = Columns::zero(Cells::count(geometry), geometry.usable_rows());
        let mut trace = Self { geometry, columns };
        trace.fill_linked(reference, witness);
        trace.fill_instance(instance);
        trace.fill_symbols(witness);
        trace.fill_score(instance);
        trace.recount();
        trace
    }

    /// The columns, in layout order.
    pub fn columns(&self) -> &[Vec<Fr>] {
        self.columns.as_slice()
    }

    /// A cell's value.
    pub fn get(&self, cells: Cells, row: usize) -> Fr {
        self.columns.get(cells.index(self.geometry), row)
    }

    /// Overwrites a cell.
    pub fn set(&mut self, cells: Cells, row: usize, value: Fr) {
        self.columns.set(cells.index(self.geometry), row, value);
    }

    /// Puts `value` into column `a` and its limbs into this row and the next.
    pub fn set_wide(&mut self, row: usize, value: Fr) {
        let width = self.geometry.alphabet_bits();
        self.set(Cells::Running, row, value);
        let limbs = split(low_bits(&value), width, limbs::count(REMAINDER_BITS, width));
        let first = Cells::Offset(0).index(self.geometry);
        let per_row = self.columns().len() - first;
        for (offset, limbs) in limbs.chunks(per_row).enumerate() {
            self.columns.set_limbs(first, row + offset, limbs);
        }
    }

    /// Recomputes both multiplicity columns from the looked-up cells as they are. Values that stand in no
    /// table are left out.
    pub fn recount(&mut self) {
        let usable = self.geometry.usable_rows();
        let column = |cells: Cells| cells.index(self.geometry);
        let mut range = vec![0; self.geometry.alphabet()];
        self.columns.count(column(Cells::Offset(0))..self.columns().len(), &mut range);
        let (mut interval, mut exponent) = (vec![0; INTERVALS], vec![0; EXPONENTS]);
        self.columns.count(column(Cells::Interval)..column(Cells::Interval) + 1, &mut interval);
        self.columns.count(column(Cells::Exponent)..column(Cells::Exponent) + 1, &mut exponent);
        interval.extend(exponent);
        let targets = [column(Cells::RangeMultiplicity), column(Cells::LnMultiplicity)];
        for (target, mut counts) in targets.into_iter().zip([range, interval]) {
            counts.resize(usable, 0);
            self.columns.fill(target, counts.into_iter().map(Fr::from));
        }
    }

    fn fill_linked(&mut self, reference: &Reference, witness: &Witness) {
        let counts = witness.counts.iter().map(|count| Fr::from(u64::from(*count)));
        self.columns.fill(Cells::Counts.index(self.geometry), counts);
        self.columns.fill(Cells::LnReference.index(self.geometry), reference.ln_column());
        self.columns.fill(Cells::Boundary.index(self.geometry), reference.boundary_column());
    }

    fn fill_instance(&mut self, instance: &Instance) {
        let rows = Rows::new(self.geometry);
        for (name, value) in INSTANCE_ROWS.iter().zip(instance.to_rows()) {
            match rows.io(name) {
                Some(row) => self.set(Cells::Io, row, value),
                None => (1..=rows.division()).for_each(|row| self.set(Cells::Records, row, value)),
            }
        }
    }

    fn fill_symbols(&mut self, witness: &Witness) {
        let symbols = Rows::new(self.geometry).symbols();
        for row in 0..self.geometry.usable_rows() {
            if !symbols.contains(&row) {
                self.fill_logarithm(row, 0);
                continue;
            }
            let count = witness.counts.get(row).copied().unwrap_or(0);
            let logarithm = self.fill_logarithm(row, count);
            let count = Fr::from(u64::from(count));
            let last = self.get(Cells::Boundary, row) == Fr::from(Bin::Last as u64);
            let total = self.get(Cells::Running, row) + count;
            self.set(Cells::Running, row + 1, if last { Fr::ZERO } else { total });
            let term = count * (logarithm - self.get(Cells::LnReference, row));
            self.set(Cells::Sum, row + 1, self.get(Cells::Sum, row) + term);
        }
    }

    /// The hints for `Ln(count)`; an empty row carries those of `Ln(1)`, which its zero count silences.
    fn fill_logarithm(&mut self, row: usize, count: u32) -> Fr {
        let width = self.geometry.alphabet_bits();
        let positive = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let parts = decompose(positive);
        let interval = intervals()[parts.interval as usize];
        let hints = [
            (Cells::Nonempty, u128::from(count > 0)),
            (Cells::Exponent, u128::from(parts.exponent)),
            (Cells::Power, u128::from(parts.power)),
            (Cells::Interval, u128::from(parts.interval)),
            (Cells::A, interval.a),
            (Cells::B, interval.b),
            (Cells::CMagnitude, interval.c_magnitude),
        ];
        for (cells, value) in hints {
            self.set(cells, row, Fr::from_u128(value));
        }
        let offset = u128::from(parts.offset) << scaling(OFFSET_BITS, width);
        for (cells, value, bits) in
            [(Cells::Offset(0), offset, OFFSET_BITS), (Cells::CountLimb(0), u128::from(count), COUNT_BITS)]
        {
            let limbs = split(value, width, limbs::count(bits, width));
            self.columns.set_limbs(cells.index(self.geometry), row, &limbs);
        }
        Fr::from_u128(ln(positive))
    }

    fn fill_score(&mut self, instance: &Instance) {
        let rows = Rows::new(self.geometry);
        let [_, _, records, features, ln_records, ln_totals, score] = instance.to_rows();
        let constants = ln_totals - features * ln_records + features * power_of_two(63);
        let total = self.get(Cells::Sum, rows.total()) + records * constants;
        self.set(Cells::Sum, rows.total() + 1, total);
        let divisor = records * power_of_two(48);
        let remainder = total - score * divisor;
        self.set_wide(rows.remainder(), remainder);
        self.set_wide(rows.slack(), divisor - Fr::ONE - remainder);
    }
}
