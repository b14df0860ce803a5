//! How many different cells a column has, in 4 KiB however many they are (HyperLogLog, Flajolet et al. 2007).

/// Two to this power registers: the estimate's standard error is 1.6 %.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// An estimate of a number of different hashes.
#[derive(Clone)]
pub(crate) struct Distinct {
    registers: Box<[u8]>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { registers: vec![0; REGISTERS].into_boxed_slice() }
    }
}

impl Distinct {
    /// Counts a cell's hash.
    pub(crate) fn add(&mut self, hash: u64) {
        let index = usize::try_from(hash >> (64 - BITS)).unwrap_or_default();
        // The marker ends a run of zeros that has no other end.
        let run = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() + 1;
        if let Some(register) = self.registers.get_mut(index) {
            *register = (*register).max(u8::try_from(run).unwrap_or(u8::MAX));
        }
    }

    /// How many different hashes were counted, about.
    pub(crate) fn estimate(&self) -> f64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|run| (-f64::from(*run)).exp2()).sum();
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.registers.iter().filter(|run| **run == 0).count();
        if raw <= 2.5 * registers && empty > 0 { registers * (registers / empty as f64).ln() } else { raw }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    #[test]
    fn the_estimate_is_within_six_percent() {
        for exact in [1u64, 10, 1_000, 20_000, 1_000_000] {
            let mut distinct = Distinct::default();
            for _ in 0..2 {
                (0..exact).for_each(|cell| distinct.add(hash::of(&cell.to_le_bytes())));
            }
            let error = distinct.estimate() / exact as f64 - 1.0;
            assert!(error.abs() < 0.06, "{exact}: {error}");
        }
    }
}
