//! Sums `Σ s_i·G_i` over the reference string's Lagrange points, fast where the scalars are small.
//!
//! Data columns hold symbols below `2^16`, and committing to them is the first thing a contributor waits for.
//! A general multi-scalar multiplication walks over all the windows of a 254-bit scalar and reduces buckets
//! in each; a small scalar has one digit, so one set of buckets does for all of them:
//!
//! 1. Points are grouped by digit, and each group is summed: `B_v = Σ_{s_i = v} G_i`.
//! 2. `Σ_v v·B_v`, with `v = 2^h·a + b` of twice as many bits, is `2^h·Σ_a a·(Σ_b B_v) + Σ_b b·(Σ_a B_v)`:
//!    the groups' sums are grouped and summed twice more, by their high and by their low digits, and what is
//!    left is a few hundred additions.
//!
//! All the grouped sums are of affine points, pairwise, with one field inversion for a whole batch of pairs:
//! six multiplications an addition against eleven and more in projective coordinates. Scalars that are not
//! small are cut into signed digits, a window of bits each, and every window is such a sum; where many of
//! these sums are to be taken, [`Tables`] of the points' multiples let all windows share the weighing.
//!
//! It is ours because it is measured to be faster than the library's, three to five times on symbols:
//! `docs/performance.md`, and `--bench commitment` to see it again.
//!
//! Running time depends on the scalars: see SECURITY.md on timing.

mod digits;
mod tables;

use std::collections::HashMap;

use ff::{Field, PrimeField};
use group::Group;
use group::prime::PrimeCurveAffine;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fq, Fr, G1, G1Affine};

pub use tables::Tables;

/// Pairs of points that share a field inversion: enough to make its cost vanish, few enough for the inner
/// cache.
const BATCH: usize = 1024;

/// Fewer large scalars than these are left to the library.
const FEW: usize = 64;

/// `Σ s_i·G_i`, fast for small scalars. Whichever of the two is longer is cut to the other's length.
pub fn multiexp(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    let mut small = Vec::with_capacity(scalars.len().min(bases.len()));
    let mut large = Vec::new();
    for (index, (scalar, _)) in scalars.iter().zip(bases).enumerate() {
        match small_value(scalar) {
            Some(0) => {}
            Some(value) => small.push((value, index)),
            None => large.push((index, *scalar)),
        }
    }
    let mut sums = Sums::default();
    sums.by_key(&small, |index| bases[index]);
    let buckets: Vec<_> = sums.iter().collect();
    let large = multiexp_repeated(&large, bases).unwrap_or_else(|| multiexp_large(&large, bases));
    sums.weigh(&buckets) + large
}

/// `Σ_j Σ_i f(v_ij)·G_i` for columns of small integers `v_ij`, `most` different ones at most, where `weights`
/// gives `f` of ascending values. None where there are more or a larger one.
///
/// The points are summed by value, so that only as many full scalars are left as there are values: what a
/// dataset's schema uses of the alphabet is often a small part.
pub fn multiexp_by_value(
    columns: &[&[Fr]],
    bases: &[G1Affine],
    most: usize,
    weights: impl FnOnce(&[u16]) -> Vec<Fr>,
) -> Option<G1> {
    let mut terms = Vec::with_capacity(columns.len() * bases.len());
    let (mut seen, mut different) = (vec![false; 1 << u16::BITS], 0);
    for column in columns {
        for (index, scalar) in column.iter().enumerate().take(bases.len()) {
            let value = small_value(scalar)?;
            different += usize::from(!std::mem::replace(&mut seen[usize::from(value)], true));
            terms.push((value, index));
        }
        if different > most {
            return None;
        }
    }
    let mut sums = Sums::default();
    sums.by_key(&terms, |index| bases[index]);
    let weights: Vec<_> = weights(&sums.keys).into_iter().enumerate().collect();
    Some(multiexp_large(&weights, &sums.points))
}

/// `Σ s_i·G_i` of large scalars, given with their points' indices.
///
/// Each window's points are grouped, summed and weighed by themselves, and the windows' sums are put together
/// by doublings. Threads of the pool that have nothing to do take windows.
fn multiexp_large(large: &[(usize, Fr)], bases: &[G1Affine]) -> G1 {
    if large.len() < FEW {
        let terms = large.iter().map(|(index, scalar)| (*scalar, bases[*index]));
        let (scalars, points): (Vec<_>, Vec<_>) = terms.unzip();
        return best_multiexp(&scalars, &points);
    }
    let bits = digits::width(large.len());
    let windows = digits::windows(bits);
    let mut digits = vec![0; windows * large.len()];
    for (at, (_, scalar)) in large.iter().enumerate() {
        let column = digits[at..].iter_mut().step_by(large.len());
        column.zip(digits::of(scalar, bits)).for_each(|(place, digit)| *place = digit);
    }
    let mut sums = digits::shared(windows, |windows| {
        let mut sums = Sums::default();
        let of_window = |window: usize| {
            let digits = digits[window * large.len()..].iter().zip(large).filter(|(digit, _)| **digit != 0);
            let terms: Vec<_> =
                digits.map(|(digit, (index, _))| (digit.unsigned_abs(), (*index, *digit < 0))).collect();
            sums.by_key(&terms, |(index, is_negative)| signed(bases[index], is_negative));
            let buckets: Vec<_> = sums.iter().collect();
            (window, sums.weigh(&buckets))
        };
        windows.map(of_window).collect::<Vec<_>>()
    })
    .concat();
    sums.sort_unstable_by_key(|(window, _)| *window);
    sums.iter()
        .rev()
        .fold(G1::identity(), |sum, (_, window)| (0..bits).fold(sum, |sum, _| sum.double()) + window)
}

fn signed(point: G1Affine, is_negative: bool) -> G1Affine {
    if is_negative { -point } else { point }
}

/// How often a large scalar must occur, on average, for the points of each to be summed first.
const REPETITIONS: usize = 4;

/// `Σ s_i·G_i` of large scalars that occur again and again, given with their points' indices: the points of
/// each are summed, so that only as many full scalars are left as there are different ones. None where they
/// occur fewer than [`REPETITIONS`] times on average.
///
/// A score's columns are of this kind: most bins of an alphabet are empty, and what stands in their rows is
/// the same.
fn multiexp_repeated(large: &[(usize, Fr)], bases: &[G1Affine]) -> Option<G1> {
    let most = large.len() / REPETITIONS;
    let mut keys: HashMap<_, u16> = HashMap::new();
    let mut terms = Vec::with_capacity(large.len());
    let mut different = Vec::new();
    for (index, scalar) in large {
        let fresh = u16::try_from(different.len()).ok()?;
        let key = *keys.entry(scalar.to_repr()).or_insert(fresh);
        if key == fresh {
            different.push(*scalar);
            if different.len() > most {
                return None;
            }
        }
        terms.push((key, *index));
    }
    let mut sums = Sums::default();
    sums.by_key(&terms, |index| bases[index]);
    // Every key occurs, so that the sums are in the order of the scalars.
    let different: Vec<_> = different.into_iter().enumerate().collect();
    Some(multiexp_large(&different, &sums.points))
}

/// The scalar, if it is small: below `2^16`, as every symbol of every geometry is, and most counts are.
fn small_value(scalar: &Fr) -> Option<u16> {
    let bytes = scalar.to_repr();
    let (low, high) = bytes.as_ref().split_first_chunk()?;
    let value = u16::from_le_bytes(*low);
    high.iter().all(|byte| *byte == 0).then_some(value)
}

/// `Σ v·B_v` for buckets in ascending order of `v`: the sum over all thresholds of what lies at or above
/// them.
fn weighted_sum(buckets: impl DoubleEndedIterator<Item = (u16, G1Affine)>) -> G1 {
    let (mut above, mut total) = (G1::identity(), G1::identity());
    let mut buckets = buckets.rev().peekable();
    let largest = buckets.peek().map_or(0, |(value, _)| *value);
    for threshold in (1..=largest).rev() {
        if let Some((_, sum)) = buckets.next_if(|(value, _)| *value == threshold) {
            above += sum;
        }
        total += above;
    }
    total
}

/// Points grouped by small keys, and each group's sum. The memory is kept from one grouping to the next.
#[derive(Default)]
struct Sums {
    /// The keys that occur, ascending.
    keys: Vec<u16>,
    /// How many points each of them still has.
    lengths: Vec<usize>,
    /// By key, how many points it has, then where they stand.
    offsets: Vec<usize>,
    points: Vec<G1Affine>,
    next: Vec<G1Affine>,
    scratch: Vec<(Fq, Fq)>,
}

impl Sums {
    /// Sums the points of each key; `terms` are keys and what `point` takes.
    fn by_key<T: Copy>(&mut self, terms: &[(u16, T)], point: impl Fn(T) -> G1Affine) {
        let largest = terms.iter().map(|(key, _)| usize::from(*key)).max().unwrap_or(0);
        self.offsets.clear();
        self.offsets.resize(largest + 1, 0);
        for (key, _) in terms {
            self.offsets[usize::from(*key)] += 1;
        }
        self.keys.clear();
        self.lengths.clear();
        let mut total = 0;
        for (key, offset) in (0..=u16::MAX).zip(&mut self.offsets) {
            let length = std::mem::replace(offset, total);
            total += length;
            if length > 0 {
                self.keys.push(key);
                self.lengths.push(length);
            }
        }
        self.points.resize(total, G1Affine::identity());
        for (key, term) in terms {
            let offset = &mut self.offsets[usize::from(*key)];
            self.points[*offset] = point(*term);
            *offset += 1;
        }
        self.reduce();
    }

    /// Keys and sums, by ascending key.
    fn iter(&self) -> impl DoubleEndedIterator<Item = (u16, G1Affine)> {
        self.keys.iter().copied().zip(self.points.iter().copied())
    }

    /// `Σ v·B_v` for buckets of ascending keys `v`: their high and their low digits by themselves.
    fn weigh(&mut self, buckets: &[(u16, G1Affine)]) -> G1 {
        let largest = buckets.last().map_or(0, |(value, _)| *value);
        let low_bits = (u16::BITS - largest.leading_zeros()) / 2;
        let mut by_digit = |digit: &dyn Fn(u16) -> u16| {
            let keyed: Vec<_> = buckets.iter().map(|(value, sum)| (digit(*value), *sum)).collect();
            self.by_key(&keyed, |sum| sum);
            weighted_sum(self.iter())
        };
        let mut sum = by_digit(&|value| value >> low_bits);
        for _ in 0..low_bits {
            sum = sum.double();
        }
        sum + by_digit(&|value| value & ((1 << low_bits) - 1))
    }

    /// Sums each group of consecutive points.
    ///
    /// A round adds the points of each group in pairs, which halves the groups; so the number of additions is
    /// the number of points less that of groups, however unevenly they are spread.
    fn reduce(&mut self) {
        while self.lengths.iter().any(|length| *length > 1) {
            let halves = self.lengths.iter().map(|length| length.div_ceil(2)).sum();
            self.next.resize(halves, G1Affine::identity());
            let mut pairs = Vec::with_capacity(BATCH);
            let (mut rest, mut position) = (self.points.as_slice(), 0);
            for length in &mut self.lengths {
                let (group, others) = rest.split_at(*length);
                rest = others;
                for pair in group.chunks(2) {
                    match pair {
                        [left, right] => pairs.push(Pair { left, right, position }),
                        alone => self.next[position] = alone[0],
                    }
                    position += 1;
                    if pairs.len() == BATCH {
                        add_pairs(&pairs, &mut self.next, &mut self.scratch);
                        pairs.clear();
                    }
                }
                *length = length.div_ceil(2);
            }
            add_pairs(&pairs, &mut self.next, &mut self.scratch);
            std::mem::swap(&mut self.points, &mut self.next);
        }
    }
}

/// Two points to be added, and where their sum goes.
struct Pair<'a> {
    left: &'a G1Affine,
    right: &'a G1Affine,
    position: usize,
}

/// Adds a batch of pairs with one inversion (Montgomery's trick). `scratch` holds, for each pair, the product
/// of the denominators before it, and its own.
fn add_pairs(pairs: &[Pair<'_>], sums: &mut [G1Affine], scratch: &mut Vec<(Fq, Fq)>) {
    scratch.clear();
    let mut product = Fq::ONE;
    for pair in pairs {
        let denominator = pair.denominator();
        scratch.push((product, denominator));
        product *= denominator;
    }
    // Never zero, being a product of denominators that are not.
    let mut inverse = product.invert().unwrap_or(Fq::ZERO);
    for (pair, (product, denominator)) in pairs.iter().zip(scratch).rev() {
        sums[pair.position] = pair.sum(inverse * *product);
        inverse *= *denominator;
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

/// Whether the point is the identity, written (0, 0): no other point of the curve has `y = 0`, its order
/// being odd.
fn is_identity(point: &G1Affine) -> bool {
    point.y == Fq::ZERO
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    pub(crate) fn naive(scalars: &[Fr], bases: &[G1Affine]) -> G1Affine {
        scalars.iter().zip(bases).map(|(scalar, base)| *base * *scalar).sum::<G1>().to_affine()
    }

    pub(crate) fn bases(count: usize, rng: &mut ChaCha20Rng) -> Vec<G1Affine> {
        (0..count).map(|_| G1::random(&mut *rng).to_affine()).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let bases = bases(300, &mut rng);
        for bits in [0, 1, 2, 6, 7, 12, 13, 14, 15, 16, 17, 20, 64] {
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
    fn values_are_weighed_once_each() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let bases = bases(50, &mut rng);
        let columns: Vec<Vec<Fr>> =
            (1..4).map(|step| (0..50).map(|row| Fr::from(row * step % 7 * 1000)).collect()).collect();
        let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let weight = |value: u16| Fr::from(u64::from(value)).square() - Fr::from(3);
        let weights = |values: &[u16]| values.iter().map(|value| weight(*value)).collect();
        let sum = multiexp_by_value(&slices, &bases, 7, weights).expect("seven values").to_affine();
        let scalars = columns.iter().flatten().map(|value| value.square() - Fr::from(3)).collect::<Vec<_>>();
        assert_eq!(sum, naive(&scalars, &bases.repeat(3)));
        assert!(multiexp_by_value(&slices, &bases, 6, weights).is_none(), "more values than asked for");
        let large = vec![Fr::from(1 << 16); 50];
        assert!(multiexp_by_value(&[&large], &bases, 7, weights).is_none(), "a value that is not small");
    }

    /// Large scalars that occur again and again, with others of each kind between them; and just too many
    /// different ones.
    #[test]
    fn repeated_scalars_are_summed_by_value() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let bases = bases(200, &mut rng);
        let tables = Tables::new(&bases, 2);
        for different in [1, 2, 7, 39, 50, 51, 200] {
            let values: Vec<_> = (0..different).map(|_| Fr::random(&mut rng)).collect();
            let scalars: Vec<_> = (0..200usize)
                .map(|index| match index % 11 {
                    3 => Fr::from(index as u64),
                    5 => Fr::ZERO,
                    _ => values[index * 7 % different],
                })
                .collect();
            let sum = naive(&scalars, &bases);
            assert_eq!(multiexp(&scalars, &bases).to_affine(), sum, "{different}");
            assert_eq!(tables.multiexp(&scalars).to_affine(), sum, "{different} over tables");
        }
        let large: Vec<_> = (0..200).map(|index| (index, Fr::from(1 << 20))).collect();
        let sum = multiexp_repeated(&large, &bases).expect("one value").to_affine();
        assert_eq!(sum, naive(&vec![Fr::from(1 << 20); 200], &bases));
        let distinct: Vec<_> = (0..200).map(|index| (index, Fr::random(&mut rng))).collect();
        assert!(multiexp_repeated(&distinct, &bases).is_none(), "nothing occurs again");
    }

    #[test]
    fn small_and_large_scalars_mix() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let bases = bases(100, &mut rng);
        let edges = [0, 1, 63, 8192, 65, 255, 65_535, 65_536];
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
