use std::fmt;

use halo2curves::bn256::Fr;
use std::num::NonZeroU32;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::geometry::Geometry;
use crate::numeric::ln::ln;
use crate::trace::element;

/// The policy's side of the statement: smoothed reference counts and feature boundaries, by symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    counts: Vec<u32>,
    boundary: Vec<Bin>,
    features: u32,
}

/// What a symbol is to the schema; the number is its value in column `k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    /// Padding, or past the last feature.
    Unused = 0,
    /// A feature's bin, not its last.
    Inner = 1,
    /// A feature's last bin.
    Last = 2,
}

impl Reference {
    /// Lays out the features' smoothed counts from symbol 1. `None` if a feature is empty, a count is zero or
    /// the geometry's alphabet is too small.
    pub fn new<'a>(geometry: Geometry, features: impl IntoIterator<Item = &'a [u32]>) -> Option<Self> {
        let mut reference = Self { counts: vec![0], boundary: vec![Bin::Unused], features: 0 };
        for counts in features {
            let (_, inner) = counts.split_last()?;
            if counts.contains(&0) {
                return None;
            }
            reference.counts.extend_from_slice(counts);
            reference.boundary.extend(inner.iter().map(|_| Bin::Inner));
            reference.boundary.push(Bin::Last);
            reference.features += 1;
        }
        let alphabet = geometry.alphabet();
        if reference.counts.len() > alphabet {
            return None;
        }
        reference.counts.resize(alphabet, 0);
        reference.boundary.resize(alphabet, Bin::Unused);
        Some(reference)
    }

    /// `r_t` by symbol; 0 where unused.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Column `k` by symbol.
    pub fn boundary(&self) -> &[Bin] {
        &self.boundary
    }

    /// `d`.
    pub fn features(&self) -> u32 {
        self.features
    }

    /// Column `ℓ`: `Ln(r_t)` by symbol, 0 where unused.
    pub fn ln_column(&self) -> Vec<Fr> {
        let logarithm = |count| NonZeroU32::new(count).map_or(Fr::zero(), |count| element(ln(count)));
        self.counts.iter().copied().map(logarithm).collect()
    }

    /// Column `k` in the field.
    pub fn boundary_column(&self) -> Vec<Fr> {
        self.boundary.iter().map(|bin| Fr::from(*bin as u64)).collect()
    }
}

/// The merged histogram: the secret side of the statement.
#[derive(Clone)]
pub struct Witness {
    /// `c_0`: cells of padding, of which there may be more than a count holds.
    pub padding: u64,
    /// `c_t` by symbol, one for each symbol of the alphabet; that of padding is not looked at.
    pub counts: Vec<u32>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness({} counts, redacted)", self.counts.len())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.counts.zeroize();
    }
}

impl ZeroizeOnDrop for Witness {}
