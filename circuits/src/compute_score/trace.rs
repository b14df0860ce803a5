//! The first-phase columns' values: computed here, apart from columns and gates, so that a test can alter any
//! cell by name and see which constraint objects.

use ff::Field;
use halo2curves::bn256::Fr;

use super::columns::{DECAY_BITS, LOST_BITS, REMAINDER_BITS, SHARE_BITS, UNIT_BITS};
use super::relation::decayed;
use super::{Cells, Instance, Rows, Witness};
use crate::chips::limbs::{self, scaling, split};
use crate::chips::power_of_two;
use crate::geometry::Geometry;
use crate::numeric::decay::DECAY_START;
use crate::trace::{Columns, element, low_bits};

/// The first-phase columns, rows `0..u`.
#[derive(Clone, Debug)]
pub struct Trace {
    geometry: Geometry,
    columns: Columns,
}

impl Trace {
    /// The columns that prove `instance` for `witness`, if it is true.
    pub fn new(geometry: Geometry, instance: &Instance, witness: &Witness) -> Self {
        let columns = Columns::zero(Cells::count(geometry), geometry.usable_rows());
        let mut trace = Self { geometry, columns };
        trace.fill_instance(instance);
        trace.fill_rounds(instance, witness);
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

    /// Recomputes the multiplicities from the limbs as they are. Values that stand in no table are left out.
    pub fn recount(&mut self) {
        let mut counts = vec![0; self.geometry.alphabet()];
        let first = Cells::UnitLimb(0).index(self.geometry);
        self.columns.count(first..self.columns().len(), &mut counts);
        counts.resize(self.geometry.usable_rows(), 0);
        self.columns.fill(Cells::Multiplicity.index(self.geometry), counts.into_iter().map(Fr::from));
    }

    fn fill_instance(&mut self, instance: &Instance) {
        let [context_low, context_high, rho, lambda, _] = instance.to_rows();
        for (cells, first, rest) in [(Cells::Rho, context_low, rho), (Cells::Lambda, context_high, lambda)] {
            self.set(cells, 0, first);
            (1..=Rows::new(self.geometry).bottom()).for_each(|row| self.set(cells, row, rest));
        }
    }

    fn fill_rounds(&mut self, instance: &Instance, witness: &Witness) {
        let rows = Rows::new(self.geometry);
        let scale = scaling(LOST_BITS, self.geometry.alphabet_bits());
        let mut decay = DECAY_START;
        for row in rows.rounds() {
            let units = witness.units.get(row).copied().unwrap_or(0);
            let total = witness.totals.get(row).copied().unwrap_or(0);
            let share = self.fill_share(row, units, total);
            let next = decayed(decay, instance.rho);
            let product = element(decay) * Fr::from(instance.rho);
            let lost = low_bits(&(product - element(next) * power_of_two(LOST_BITS)));
            self.set_limbs(Cells::Decay(0), row, decay, DECAY_BITS);
            self.set_limbs(Cells::Lost(0), row, lost << scale, LOST_BITS);
            // Its own term for now; [`Self::fill_score`] adds those below.
            let term = Fr::from(instance.lambda_q) * Fr::from(share) * element(decay);
            self.set(Cells::Sum, row, term);
            decay = next;
        }
        self.set_limbs(Cells::Decay(0), rows.bottom(), decay, DECAY_BITS);
        // What a false claim has below the rounds: the circuit refuses it.
        for row in rows.bottom()..self.geometry.usable_rows() {
            for (cells, values) in [(Cells::Units, &witness.units), (Cells::Totals, &witness.totals)] {
                self.set(cells, row, Fr::from(u64::from(values.get(row).copied().unwrap_or(0))));
            }
        }
    }

    /// Shares of a false claim (`units > total`) are computed all the same: the circuit refuses them.
    fn fill_share(&mut self, row: usize, units: u32, total: u32) -> u64 {
        let scaled = u64::from(units) << 32;
        let nonzero = u64::from(total > 0);
        let share = scaled.checked_div(u64::from(total)).unwrap_or(0);
        let remainder = scaled - share * u64::from(total);
        self.set(Cells::Units, row, Fr::from(u64::from(units)));
        self.set(Cells::Totals, row, Fr::from(u64::from(total)));
        self.set(Cells::Nonzero, row, Fr::from(nonzero));
        let slack = u64::from(total).wrapping_sub(nonzero).wrapping_sub(remainder);
        let values = [
            (Cells::UnitLimb(0), u64::from(units), UNIT_BITS),
            (Cells::Rest(0), u64::from(total.wrapping_sub(units)), UNIT_BITS),
            (Cells::Share(0), share, SHARE_BITS),
            (Cells::Remainder(0), remainder, UNIT_BITS),
            (Cells::Slack(0), slack, UNIT_BITS),
        ];
        for (cells, value, bits) in values {
            self.set_limbs(cells, row, u128::from(value), bits);
        }
        share
    }

    /// The sum from row `F` upwards, and the remainder that it begins without.
    fn fill_score(&mut self, instance: &Instance) {
        let rows = Rows::new(self.geometry);
        let total: Fr = rows.rounds().map(|row| self.get(Cells::Sum, row)).sum();
        let remainder = total - Fr::from(instance.score) * power_of_two(REMAINDER_BITS);
        let mut sum = self.set_remainder(remainder);
        self.set(Cells::Sum, rows.bottom(), sum);
        for row in rows.rounds().rev() {
            sum += self.get(Cells::Sum, row);
            self.set(Cells::Sum, row, sum);
        }
    }

    /// Puts the remainder's limbs into row `F`, and returns what the sum begins with.
    ///
    /// Of a false score's remainder the bits beyond its range are dropped: the circuit refuses it.
    fn set_remainder(&mut self, remainder: Fr) -> Fr {
        let scaling = scaling(REMAINDER_BITS, self.geometry.alphabet_bits());
        let scale = power_of_two(scaling);
        let scaled = low_bits(&(remainder * scale)) & ((1 << (REMAINDER_BITS + scaling)) - 1);
        self.set_limbs(Cells::UnitLimb(0), Rows::new(self.geometry).bottom(), scaled, REMAINDER_BITS);
        -element(scaled) * scale.invert().unwrap_or(Fr::ZERO)
    }
}
