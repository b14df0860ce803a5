//! Histograms to score: of every shape at random, and composed to stretch the logarithm's error furthest.

use rand::Rng;
use rand::seq::SliceRandom;

use fairshare_circuits::numeric::divergence::FeatureCounts;

/// One feature: counts and reference counts of its bins.
#[derive(Clone, Debug)]
pub struct Feature {
    pub counts: Vec<u32>,
    pub reference: Vec<u32>,
}

impl Feature {
    pub fn new(counts: &[u32], reference: &[u32]) -> Self {
        Self { counts: counts.to_vec(), reference: reference.to_vec() }
    }

    pub fn view(&self) -> FeatureCounts<'_> {
        FeatureCounts { counts: &self.counts, reference: &self.reference }
    }

    /// `R`.
    pub fn total(&self) -> u32 {
        self.reference.iter().sum()
    }

    /// The same bins in another order.
    pub fn shuffled(&self, rng: &mut impl Rng) -> Self {
        let mut bins: Vec<(u32, u32)> =
            self.counts.iter().copied().zip(self.reference.iter().copied()).collect();
        bins.shuffle(rng);
        let (counts, reference) = bins.into_iter().unzip();
        Self { counts, reference }
    }

    /// Neighbouring bins made one: a coarser schema.
    pub fn coarsened(&self) -> Self {
        let merged = |values: &[u32]| values.chunks(2).map(|pair| pair.iter().sum()).collect();
        Self { counts: merged(&self.counts), reference: merged(&self.reference) }
    }
}

/// `total` handed out in proportion to `weights`, what flooring leaves to one bin.
pub fn split(total: u32, weights: &[u32], rng: &mut impl Rng) -> Vec<u32> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    let mut parts: Vec<u32> = weights
        .iter()
        .map(|&weight| (u128::from(total) * u128::from(weight)).checked_div(sum).unwrap_or(0) as u32)
        .collect();
    let lucky = rng.gen_range(0..parts.len());
    parts[lucky] += total - parts.iter().sum::<u32>();
    parts
}

/// Any size from 1 to `2^32 − 1`, every number of bits equally often.
pub fn arb_total(rng: &mut impl Rng) -> u32 {
    (rng.r#gen::<u32>() >> rng.gen_range(0..32)).max(1)
}

/// Weights: level, of all sizes, with holes, or all in one bin.
fn arb_weights(bins: usize, rng: &mut impl Rng) -> Vec<u32> {
    let shape = rng.gen_range(0..4);
    let only = rng.gen_range(0..bins);
    let weight = |bin| match shape {
        0 => rng.gen_range(1 << 20..1 << 21),
        1 => rng.r#gen::<u32>() >> rng.gen_range(0..32),
        2 => u32::from(rng.gen_bool(0.3)) * rng.r#gen::<u32>(),
        _ => u32::from(bin == only),
    };
    (0..bins).map(weight).collect()
}

/// `n` records in `bins` bins, against a reference that is unlike them or nearly their own distribution.
pub fn arb_feature(n: u32, bins: usize, rng: &mut impl Rng) -> Feature {
    let counts = split(n, &arb_weights(bins, rng), rng);
    let pseudo = bins as u32;
    let weights = if rng.gen_bool(0.3) { counts.clone() } else { arb_weights(bins, rng) };
    let spread = arb_total(rng).min(u32::MAX - pseudo);
    let reference = split(spread, &weights, rng).into_iter().map(|count| count + 1).collect();
    Feature { counts, reference }
}

/// One to eight features of the same records.
pub fn arb_features(rng: &mut impl Rng) -> Vec<Feature> {
    let n = arb_total(rng);
    (0..rng.gen_range(1..=8)).map(|_| arb_feature(n, rng.gen_range(1..=40), rng)).collect()
}

/// Numbers that sum to `total` and have the leading digits of `mantissa`, save for small ones:
/// `mantissa/2^largest` as often as it fits, then the next power, to `2^23`.
fn with_mantissa(mantissa: u32, total: u32, largest: u32) -> Vec<u32> {
    let mut left = total;
    let mut parts = Vec::new();
    for shift in largest..24 {
        let part = mantissa >> shift;
        while part <= left {
            parts.push(part);
            left -= part;
        }
    }
    if left > 0 {
        parts.push(left);
    }
    parts
}

/// A feature whose four logarithms all err the same way: counts and `R` have leading digits `one`, references
/// and `n` have leading digits `other`, where `Ln` errs most in one direction and most in the other.
pub fn stretched(one: u32, other: u32) -> Feature {
    let mut counts = with_mantissa(one, other, 1);
    let reference = with_mantissa(other, one, 5);
    assert!(counts.len() <= reference.len(), "references start smaller, and so they are more");
    counts.resize(reference.len(), 0);
    Feature { counts, reference }
}
