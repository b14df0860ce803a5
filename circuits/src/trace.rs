//! Secret columns of field elements, by column and row: what a circuit assigns in its first phase.

use std::fmt;

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use zeroize::ZeroizeOnDrop;

use crate::wiped::Wiped;

/// First-phase columns, all of one height. Never printed, overwritten when dropped.
#[derive(Clone)]
pub struct Columns {
    values: Wiped<Vec<Vec<Fr>>>,
}

impl Columns {
    /// `count` columns of `rows` zeros.
    pub fn zero(count: usize, rows: usize) -> Self {
        Self { values: vec![vec![Fr::ZERO; rows]; count].into() }
    }

    /// The columns.
    pub fn as_slice(&self) -> &[Vec<Fr>] {
        &self.values
    }

    /// A cell's value.
    pub fn get(&self, column: usize, row: usize) -> Fr {
        self.values[column][row]
    }

    /// Overwrites a cell.
    pub fn set(&mut self, column: usize, row: usize, value: Fr) {
        self.values[column][row] = value;
    }

    /// Overwrites a column from row 0.
    pub fn fill(&mut self, column: usize, values: impl IntoIterator<Item = Fr>) {
        self.values[column].iter_mut().zip(values).for_each(|(cell, value)| *cell = value);
    }

    /// Overwrites one row of consecutive columns with small integers.
    pub fn set_limbs(&mut self, first: usize, row: usize, limbs: &[u16]) {
        for (column, limb) in self.values[first..].iter_mut().zip(limbs) {
            column[row] = Fr::from(u64::from(*limb));
        }
    }

    /// How often each integer below `counts.len()` stands in the columns `range`.
    pub fn count(&self, range: std::ops::Range<usize>, counts: &mut [u64]) {
        for value in self.values[range].iter().flatten() {
            if let Some(count) = small(value).and_then(|integer| counts.get_mut(integer)) {
                *count += 1;
            }
        }
    }
}

impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Columns({}, redacted)", self.values.len())
    }
}

impl ZeroizeOnDrop for Columns {}

/// The element as a machine integer, if it is one below `2^16`.
fn small(value: &Fr) -> Option<usize> {
    let repr = value.to_repr();
    let (low, high) = repr.split_at(2);
    high.iter().all(|byte| *byte == 0).then(|| usize::from(low[0]) | usize::from(low[1]) << 8)
}

/// The element of a wide integer: the field's own conversion doubles its way through the bits.
pub const fn element(value: u128) -> Fr {
    Fr::from_raw([value as u64, (value >> 64) as u64, 0, 0])
}

/// The element's low 128 bits: all of an honest value, and a wrong one of a value that is out of range, which
/// the circuit then refuses.
pub fn low_bits(value: &Fr) -> u128 {
    let mut low = [0u8; 16];
    low.copy_from_slice(&value.to_repr()[..16]);
    u128::from_le_bytes(low)
}
