//! The first-phase columns' values: computed here, apart from columns and gates, so that a test can alter any
//! cell by name and see which constraint objects.

use std::num::NonZeroU32;

use ff::Field;
use halo2curves::bn256::Fr;

use super::columns::{COUNT_BITS, OFFSET_BITS, REMAINDER_BITS};
use super::{Bin, Cells, Instance, Reference, Rows, Witness};
use crate::chips::limbs::{self, scaling, split};
use crate::chips::ln_table::{EXPONENTS, INTERVALS, exponents_row};
use crate::chips::power_of_two;
use crate::geometry::Geometry;
use crate::numeric::ln::{decompose, intervals, ln};
use crate::trace::{Columns, element, low_bits};

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
        trace.fill_committed(reference, witness);
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

    /// Overwrites the limbs that start at `first` with those of `value`, a value of `bits` bits.
    pub fn set_limbs(&mut self, first: Cells, row: usize, value: u128, bits: u32) {
        let width = self.geometry.alphabet_bits();
        let limbs = split(value, width, limbs::count(bits, width));
        self.columns.set_limbs(first.index(self.geometry), row, &limbs);
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
        interval.resize(exponents_row(self.geometry), 0);
        interval.extend(exponent);
        let targets = [column(Cells::RangeMultiplicity), column(Cells::LnMultiplicity)];
        for (target, mut counts) in targets.into_iter().zip([range, interval]) {
            counts.resize(usable, 0);
            self.columns.fill(target, counts.into_iter().map(Fr::from));
        }
    }

    fn fill_committed(&mut self, reference: &Reference, witness: &Witness) {
        let counts = witness.counts.iter().skip(1).map(|count| Fr::from(u64::from(*count)));
        let counts = [Fr::from(witness.padding)].into_iter().chain(counts);
        self.columns.fill(Cells::Counts.index(self.geometry), counts);
        self.columns.fill(Cells::LnReference.index(self.geometry), reference.ln_column());
        self.columns.fill(Cells::Boundary.index(self.geometry), reference.boundary_column());
    }

    /// Row 0: the context, and `n` with its logarithm; then `n` in every row that reads it.
    fn fill_instance(&mut self, instance: &Instance) {
        let [context_low, context_high, records, ..] = instance.to_rows();
        self.set(Cells::Running, 0, context_low);
        self.set(Cells::Sum, 0, context_high);
        for row in 0..=Rows::new(self.geometry).bottom() {
            self.set(Cells::Records, row, records);
        }
        self.fill_logarithm(0, instance.records.get());
    }

    fn fill_symbols(&mut self, witness: &Witness) {
        let symbols = Rows::new(self.geometry).symbols();
        for row in symbols.clone() {
            let count = witness.counts.get(row).copied().unwrap_or(0);
            self.fill_count(row, count);
            let last = self.get(Cells::Boundary, row) == Fr::from(Bin::Last as u64);
            let total = self.get(Cells::Running, row) + Fr::from(u64::from(count));
            self.set(Cells::Running, row + 1, if last { Fr::ZERO } else { total });
        }
        // Below the symbols the hints are those of any number, which must stand in the tables too.
        (symbols.end..self.geometry.usable_rows()).for_each(|row| self.fill_logarithm(row, 1));
    }

    /// A symbol's count, in limbs and with its logarithm; an empty row carries that of 1, which the count
    /// silences.
    fn fill_count(&mut self, row: usize, count: u32) {
        self.fill_logarithm(row, count.max(1));
        self.set_limbs(Cells::CountLimb(0), row, count.into(), COUNT_BITS);
    }

    /// `Ln(number)` and the hints for it; the number is not 0.
    fn fill_logarithm(&mut self, row: usize, number: u32) {
        let number = NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let parts = decompose(number);
        let interval = intervals()[parts.interval as usize];
        let hints = [
            (Cells::Exponent, u128::from(parts.exponent)),
            (Cells::Power, u128::from(parts.power)),
            (Cells::Interval, u128::from(parts.interval)),
            (Cells::A, interval.a),
            (Cells::B, interval.b),
            (Cells::CMagnitude, interval.c_magnitude),
            (Cells::Logarithm, ln(number)),
        ];
        for (cells, value) in hints {
            self.set(cells, row, element(value));
        }
        let scale = scaling(OFFSET_BITS, self.geometry.alphabet_bits());
        self.set_limbs(Cells::Offset(0), row, u128::from(parts.offset) << scale, OFFSET_BITS);
    }

    /// Fills in the sum from row `F` upwards, and the remainder that it begins without, from the other cells
    /// as they are.
    pub fn fill_score(&mut self, instance: &Instance) {
        let rows = Rows::new(self.geometry);
        let remainder = self.total(instance) - Fr::from(instance.score) * power_of_two(REMAINDER_BITS);
        let taken_off = self.set_remainder(remainder);
        self.set(Cells::Sum, rows.bottom(), -taken_off);
        for row in rows.symbols().rev() {
            let sum = self.get(Cells::Sum, row + 1) + self.term(row);
            self.set(Cells::Sum, row, sum);
        }
    }

    /// `S`, of the counts and logarithms as they are.
    pub fn total(&self, instance: &Instance) -> Fr {
        let [_, _, records, features, ln_totals, _] = instance.to_rows();
        let per_record = ln_totals + features * (power_of_two(63) - self.get(Cells::Logarithm, 0));
        let terms: Fr = Rows::new(self.geometry).symbols().map(|row| self.term(row)).sum();
        terms + records * per_record
    }

    /// `c·(L − ℓ)`.
    fn term(&self, row: usize) -> Fr {
        let logarithm = self.get(Cells::Logarithm, row) - self.get(Cells::LnReference, row);
        self.get(Cells::Counts, row) * logarithm
    }

    /// Puts the remainder's low limbs into row 0 and the high ones into row `F`; the value of the high ones.
    ///
    /// Of a false score's remainder the bits beyond its range are dropped: the circuit refuses it.
    fn set_remainder(&mut self, remainder: Fr) -> Fr {
        let width = self.geometry.alphabet_bits();
        let scale = power_of_two(scaling(REMAINDER_BITS, width));
        let limbs = split(low_bits(&(remainder * scale)), width, limbs::count(REMAINDER_BITS, width));
        let (low, high) = limbs.split_at(limbs::count(COUNT_BITS, width));
        let bottom = Rows::new(self.geometry).bottom();
        self.columns.set_limbs(Cells::CountLimb(0).index(self.geometry), 0, low);
        self.columns.set_limbs(Cells::Offset(0).index(self.geometry), bottom, high);
        let weight = |limb: usize| power_of_two(width * (low.len() + limb) as u32);
        let limbs = high.iter().map(|limb| Fr::from(u64::from(*limb))).enumerate();
        let value: Fr = limbs.map(|(index, limb)| limb * weight(index)).sum();
        value * scale.invert().unwrap_or(Fr::ZERO)
    }
}
