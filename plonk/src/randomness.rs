//! Where a proof's random values come from: each from its own block of a keyed stream, named by a label.

use fairshare_params::commitment::{BLINDING_ROWS, Blinding};
use fairshare_params::keystream::Keystream;
use fairshare_params::wiped::Wiped;
use halo2curves::bn256::Fr;
use rand_core::{Error, RngCore};
use zeroize::Zeroizing;

/// What a random column is for. Two labels never share a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// The last rows of an advice column, which the circuit leaves alone.
    Advice(usize),
    /// The last rows of a running product of the copy constraints.
    Product(usize),
    /// The last rows of the random polynomial.
    Mask,
}

impl Label {
    /// The round and the column, as the number of one of the cipher's 2^64 streams. No machine holds 2^56
    /// columns.
    fn stream(self) -> u64 {
        let (round, column) = match self {
            Self::Advice(column) => (1u64, column),
            Self::Product(index) => (2, index),
            Self::Mask => (3, 0),
        };
        round << 56 | column as u64
    }
}

/// A proof's randomness: a uniform value for each label and row, the same whoever asks and in whatever order.
///
/// The values are ChaCha20 keyed by a seed of 32 bytes; the label selects the stream, and the row the block
/// within it. A seed must serve one proof only: two proofs of different witnesses under one seed tell what
/// they differ in.
pub struct Randomness {
    seed: Zeroizing<[u8; 32]>,
}

impl Randomness {
    /// The randomness of a seed that is secret, uniform, and of no other proof.
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        Self { seed }
    }

    /// Draws a seed, or says why there is none. Nothing else about randomness can fail.
    pub fn fresh(source: &mut impl RngCore) -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        source.try_fill_bytes(seed.as_mut())?;
        Ok(Self { seed })
    }

    /// The last rows that a proof gives to advice column `column` of a key with so many rows, unless they are
    /// [known](crate::Known).
    pub fn blinding(&self, column: usize, rows: usize) -> Wiped<Blinding> {
        let mut blinding = Wiped::from(Blinding::NONE);
        self.fill(Label::Advice(column), rows.saturating_sub(BLINDING_ROWS), &mut blinding.0);
        blinding
    }

    /// The values of rows `first..first + into.len()`.
    pub(crate) fn fill(&self, label: Label, first: usize, into: &mut [Fr]) {
        let mut stream = Keystream::at(&self.seed, label.stream(), first as u64);
        into.fill_with(|| stream.draw());
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ff::{Field, PrimeField};

    use super::*;

    const SEED: [u8; 32] = [7; 32];

    fn values(label: Label, first: usize, count: usize) -> Vec<Fr> {
        let mut values = vec![Fr::ZERO; count];
        Randomness::from_seed(SEED.into()).fill(label, first, &mut values);
        values
    }

    #[test]
    fn a_value_depends_on_its_row_and_not_on_those_drawn_before_it() {
        let label = Label::Advice(3);
        let all = values(label, 0, 40);
        for first in [0, 1, 7, 39] {
            assert_eq!(values(label, first, 40 - first), all[first..]);
        }
    }

    #[test]
    fn no_two_labels_rows_or_seeds_share_a_value() {
        let labels = [0, 1, 2, 1 << 40].into_iter().flat_map(|i| [Label::Advice(i), Label::Product(i)]);
        let drawn = labels.chain([Label::Mask]).flat_map(|label| values(label, 0, 20));
        let drawn: Vec<_> = drawn.chain(other_seed()).map(|value| value.to_repr()).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), drawn.len());
    }

    fn other_seed() -> Vec<Fr> {
        let mut values = vec![Fr::ZERO; 20];
        Randomness::from_seed([8; 32].into()).fill(Label::Mask, 0, &mut values);
        values
    }
}
