//! Sums `Σ s_i·G_i` over the reference string's Lagrange points, fast where the scalars are small.
//!
//! Data columns hold symbols below `2^13`, and committing to them is the first thing a contributor waits for. A
//! general multi-scalar multiplication walks over all the windows of a 254-bit scalar and reduces buckets in each; a
//! small scalar has one digit, so one set of buckets does for all of them:
//!
//! 1. Points are grouped by digit, and each group is summed: `B_v = Σ_{s_i = v} G_i`.
//! 2. `Σ_v v·B_v`, with `v = 2^h·a + b`, is `2^h·Σ_a a·(Σ_b B_v) + Σ_b b·(Σ_a B_v)`: the groups' sums are grouped
//!    and summed twice more, by their high and by their low digits, and what is left is a few hundred additions.
//!
//! All the grouped sums are of affine points, pairwise, with one field inversion for a whole batch of pairs: six
//! multiplications an addition against eleven and more in projective coordinates. Scalars that are not small, such as
//! the blinding rows of a proof's columns, are left to the library: one set of buckets for all windows, over tables of the
//! points' multiples, was measured between 1.0 and 1.5 times as fast, which the tables' making eats up.
//!
//! Running time depends on the scalars: see SECURITY.md on timing.

use ff::{Field, PrimeField};
use group::Group;
use group::prime::PrimeCurveAffine;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fq, Fr, G1, G1Affine};

/// Scalars below `2^SMALL_BITS` are small: every symbol of every geometry is, and most counts are.
const SMALL_BITS: u32 = 13;
/// The low digit's bits: half of [`SMALL_BITS`].
const LOW_BITS: u32 = 6;
/// Pairs of points that share a field inversion: enough to make its cost vanish, few enough for the inner cache.
const BATCH: usize = 1024;

/// `Σ s_i·G_i`, fast for small scalars; large ones are left to the library. Whichever of the two is longer is cut
/// to the other's length.
pub fn multiexp(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    let mut small = Vec::with_capacity(scalars.len().min(bases.len()));
    let (mut large_scalars, mut large_bases) = (Vec::new(), Vec::new());
    for (scalar, base) in scalars.iter().zip(bases) {
        match small_value(scalar) {
            Some(value) => small.push((value, *base)),
            None => {
                large_scalars.push(*scalar);
                large_bases.push(*base);
            }
        }
    }
    sum_of_products(&small) + best_multiexp(&large_scalars, &large_bases)
}

/// The scalar, if it is below `2^SMALL_BITS`.
fn small_value(scalar: &Fr) -> Option<u16> {
    let bytes = scalar.to_repr();
    let (low, high) = bytes.as_ref().split_first_chunk()?;
    let value = u16::from_le_bytes(*low);
    (high.iter().all(|byte| *byte == 0) && value >> SMALL_BITS == 0).then_some(value)
}

/// `Σ v·P` over terms `(v, P)` with small `v`.
fn sum_of_products(terms: &[(u16, G1Affine)]) -> G1 {
    let buckets = sum_by_key(terms.iter().copied().filter(|(value, _)| *value != 0), 1 << SMALL_BITS);
    let by_digit = |digit: fn(u16) -> u16| {
        let keyed = buckets.iter().map(|(value, sum)| (digit(*value), *sum));
        weighted_sum(&sum_by_key(keyed, 1 << (SMALL_BITS - LOW_BITS)))
    };
    let mut sum = by_digit(|value| value >> LOW_BITS);
    for _ in 0..LOW_BITS {
        sum = sum.double();
    }
    sum + by_digit(|value| value & ((1 << LOW_BITS) - 1))
}

/// `Σ v·B_v` for buckets in ascending order of `v`: the sum over all thresholds of what lies at or above them.
fn weighted_sum(buckets: &[(u16, G1Affine)]) -> G1 {
    let (mut above, mut total) = (G1::identity(), G1::identity());
    let mut buckets = buckets.iter().rev().peekable();
    let largest = buckets.peek().map_or(0, |(value, _)| *value);
    for threshold in (1..=largest).rev() {
        if let Some((_, sum)) = buckets.next_if(|(value, _)| *value == threshold) {
            above += sum;
        }
        total += above;
    }
    total
}

/// The sum of the points of each key that occurs, in ascending order of keys, which are below `keys`.
fn sum_by_key(terms: impl Iterator<Item = (u16, G1Affine)> + Clone, keys: usize) -> Vec<(u16, G1Affine)> {
    let mut places = vec![0usize; keys];
    for (key, _) in terms.clone() {
        places[usize::from(key)] += 1;
    }
    let (mut present, mut lengths, mut total) = (Vec::new(), Vec::new(), 0);
    for (key, place) in places.iter_mut().enumerate() {
        let length = std::mem::replace(place, total);
        total += length;
        if length > 0 {
            present.push(key as u16);
            lengths.push(length);
        }
    }
    let mut points = vec![G1Affine::identity(); total];
    for (key, point) in terms {
        let place = &mut places[usize::from(key)];
        points[*place] = point;
        *place += 1;
    }
    present.into_iter().zip(sum_groups(points, lengths)).collect()
}

/// Sums each group of consecutive points: `lengths` says how many points each has, at least one.
///
/// A round adds the points of each group in pairs, which halves the groups; so the number of additions is the number
/// of points less that of groups, however unevenly they are spread.
fn sum_groups(mut points: Vec<G1Affine>, mut lengths: Vec<usize>) -> Vec<G1Affine> {
    let mut products = Vec::with_capacity(BATCH);
    while lengths.iter().any(|length| *length > 1) {
        let mut sums = Vec::with_capacity(points.len() / 2 + lengths.len());
        let mut pairs = Vec::with_capacity(BATCH);
        let mut rest = points.as_slice();
        for length in &mut lengths {
            let (group, others) = rest.split_at(*length);
            rest = others;
            for pair in group.chunks(2) {
                if let [left, right] = pair {
                    pairs.push(Pair { left, right, place: sums.len() });
                }
                sums.extend(pair.first());
                if pairs.len() == BATCH {
                    add_pairs(&pairs, &mut sums, &mut products);
                    pairs.clear();
                }
            }
            *length = length.div_ceil(2);
        }
        add_pairs(&pairs, &mut sums, &mut products);
        points = sums;
    }
    points
}

/// Two points to be added, and where their sum goes.
struct Pair<'a> {
    left: &'a G1Affine,
    right: &'a G1Affine,
    place: usize,
}

/// Adds a batch of pairs with one inversion (Montgomery's trick; `products` is scratch).
fn add_pairs(pairs: &[Pair<'_>], sums: &mut [G1Affine], products: &mut Vec<Fq>) {
    products.clear();
    let mut product = Fq::ONE;
    for pair in pairs {
        products.push(product);
        product *= pair.denominator();
    }
    // Never zero, being a product of denominators that are not.
    let mut inverse = product.invert().unwrap_or(Fq::ZERO);
    for (pair, product) in pairs.iter().zip(products).rev() {
        sums[pair.place] = pair.sum(inverse * *product);
        inverse *= pair.denominator();
    }
}

impl Pair<'_> {
    /// The denominator of the slope between the points; one where the sum needs no slope.
    fn denominator(&self) -> Fq {
        let Self { left, right, .. } = self;
        if left.x != right.x {
            right.x - left.x
        } else if left.y == right.y && !is_identity(left) {
            left.y.double()
        } else {
            Fq::ONE
        }
    }

    /// The sum of the points, given the inverse of [`Self::denominator`].
    fn sum(&self, inverse: Fq) -> G1Affine {
        let Self { left, right, .. } = self;
        let numerator = if is_identity(left) {
            return **right;
        } else if is_identity(right) {
            return **left;
        } else if left.x != right.x {
            right.y - left.y
        } else if left.y == right.y {
            let square = left.x.square();
            square.double() + square
        } else {
            return G1Affine::identity();
        };
        let slope = numerator * inverse;
        let x = slope.square() - left.x - right.x;
        G1Affine { x, y: slope * (left.x - x) - left.y }
    }
}

/// Whether the point is the identity, written (0, 0): no other point of the curve has `y = 0`, its order being odd.
fn is_identity(point: &G1Affine) -> bool {
    point.y == Fq::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    fn naive(scalars: &[Fr], bases: &[G1Affine]) -> G1Affine {
        scalars.iter().zip(bases).map(|(scalar, base)| *base * *scalar).sum::<G1>().to_affine()
    }

    fn bases(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
        (0..count).map(|_| G1::random(&mut *rng).to_affine()).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let bases = bases(300, &mut rng);
        for bits in [0, 1, 2, 6, 7, 12, 13, 14, 20, 64] {
            for count in [0, 1, 2, 299] {
                let scalars: Vec<_> = (0..count)
                    .map(|_| Fr::from(rng.next_u64().checked_shr(64 - bits).unwrap_or(0)))
                    .collect();
                let sum = multiexp(&scalars, &bases).to_affine();
                assert_eq!(sum, naive(&scalars, &bases), "{count} scalars of {bits} bits");
            }
        }
    }

    #[test]
    fn small_and_large_scalars_mix() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let bases = bases(100, &mut rng);
        let edges = [0, 1, 63, 64, 65, 8191, 8192, 8193];
        let scalars: Vec<_> = (0..100usize)
            .map(|index| match index % 3 {
                0 => Fr::random(&mut rng),
                1 => -Fr::from(edges[index % 8]),
                _ => Fr::from(edges[index % 8]),
            })
            .collect();
        let sum = naive(&scalars, &bases);
        assert_eq!(multiexp(&scalars, &bases).to_affine(), sum);
    }

    /// Equal points, opposite points and the identity, which have no slope between them.
    #[test]
    fn exceptional_pairs_add_up() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let point = G1::random(&mut rng).to_affine();
        let choices = [point, -point, G1Affine::identity(), (point + point).to_affine()];
        for first in 0..4usize.pow(4) {
            let bases: Vec<_> = (0..4).map(|digit| choices[(first >> (2 * digit)) & 3]).collect();
            let scalars = [Fr::from(5); 4];
            let sum = naive(&scalars, &bases);
            assert_eq!(multiexp(&scalars, &bases).to_affine(), sum, "{first}");
        }
    }
}
