//! Sums of full scalars over tables of the points' multiples.
//!
//! A scalar `s = Σ_w d_w·2^(13w)` with signed digits `|d_w| ≤ 2^12` makes `s·G = Σ_w d_w·(2^(13w)·G)`. With
//! the multiples `2^(13w)·G` at hand, all windows' digits share one set of buckets, which is weighed once;
//! without them every window needs its own, and between them doublings. Small scalars are terms of the first
//! window as they are.
//!
//! Each window's points are grouped and summed by themselves and then added to the buckets: that touches a
//! mebibyte at a time, and the number of additions is the same however the digits are spread.

use std::panic::resume_unwind;
use std::thread::ScopedJoinHandle;

use group::prime::PrimeCurveAffine;
use halo2curves::bn256::{Fr, G1, G1Affine};

use super::{BATCH, Pair, Sums, add_pairs, digits, multiexp_repeated, signed, small_value};

/// Bits of a digit. Signed, so that only half as many buckets are filled.
const WINDOW_BITS: u32 = 13;
const WINDOWS: usize = digits::windows(WINDOW_BITS);

/// The multiples `2^(13w)·G_i` of some points: 20 times the points' memory.
pub struct Tables {
    windows: Vec<Vec<G1Affine>>,
}

impl Tables {
    /// Makes the tables: some 250 doublings a point, on `threads` threads.
    ///
    /// They are plain threads: a thread of a pool that waits for its others may meanwhile take up work that
    /// waits for the tables.
    pub fn new(points: &[G1Affine], threads: usize) -> Self {
        let share = points.len().div_ceil(threads.max(1)).max(1);
        let parts: Vec<Vec<Vec<G1Affine>>> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                points.chunks(share).map(|points| scope.spawn(move || multiples(points))).collect();
            // A part that is missing would shift all points after it.
            let part =
                |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            workers.into_iter().map(part).collect()
        });
        let windows = (0..WINDOWS)
            .map(|window| parts.iter().flat_map(|part| part[window].iter().copied()).collect())
            .collect();
        Self { windows }
    }

    /// `Σ s_i·G_i`. Scalars beyond the points are left out.
    ///
    /// Threads of the pool that have nothing to do take windows. Each fills and weighs its own buckets, which
    /// is a fortieth of the work of a sum of `2^14`; as long as no thread is idle, nobody else does that.
    pub fn multiexp(&self, scalars: &[Fr]) -> G1 {
        let (mut small, mut large) = (Vec::with_capacity(scalars.len()), Vec::new());
        for (index, scalar) in scalars.iter().enumerate() {
            match small_value(scalar).filter(|value| value >> WINDOW_BITS == 0) {
                Some(0) => {}
                Some(value) => small.push((value, (index, false))),
                None => large.push((index, *scalar)),
            }
        }
        let repeated = self.windows.first().and_then(|points| {
            large.retain(|(index, _)| *index < points.len());
            multiexp_repeated(&large, points)
        });
        let large: Vec<_> = match repeated {
            Some(_) => Vec::new(),
            None => large.iter().map(|(index, scalar)| (*index, digits_of(scalar))).collect(),
        };
        let used = if large.is_empty() { 1 } else { WINDOWS };
        let sums = digits::shared(used, |windows| self.windows_sum(windows, &small, &large));
        sums.into_iter().chain(repeated).sum()
    }

    /// What some of the windows add to the sum; the first has the small scalars, too.
    fn windows_sum(
        &self,
        windows: &mut dyn Iterator<Item = usize>,
        small: &[(u16, (usize, bool))],
        large: &[(usize, [i16; WINDOWS])],
    ) -> G1 {
        let (mut sums, mut buckets) = (Sums::default(), Buckets::new());
        for window in windows {
            let mut terms = Vec::with_capacity(small.len() + large.len());
            if window == 0 {
                terms.extend_from_slice(small);
            }
            for (index, digits) in large {
                let digit = digits[window];
                if digit != 0 {
                    terms.push((digit.unsigned_abs(), (*index, digit < 0)));
                }
            }
            let points = &self.windows[window];
            sums.by_key(&terms, |(index, is_negative)| match points.get(index) {
                Some(point) => signed(*point, is_negative),
                None => G1Affine::identity(),
            });
            buckets.add(&mut sums);
        }
        let filled: Vec<_> = buckets.filled().collect();
        sums.weigh(&filled)
    }
}

/// `2^(13w)·G` for every window and point.
fn multiples(points: &[G1Affine]) -> Vec<Vec<G1Affine>> {
    let mut scratch = Vec::with_capacity(BATCH);
    let mut windows = vec![points.to_vec()];
    while let Some(last) = windows.last()
        && windows.len() < WINDOWS
    {
        let mut next = last.clone();
        for _ in 0..WINDOW_BITS {
            let halves = next.clone();
            for (start, halves) in halves.chunks(BATCH).enumerate() {
                let pairs: Vec<_> = halves
                    .iter()
                    .enumerate()
                    .map(|(index, half)| Pair { left: half, right: half, position: start * BATCH + index })
                    .collect();
                add_pairs(&pairs, &mut next, &mut scratch);
            }
        }
        windows.push(next);
    }
    windows
}

/// The signed digits of a scalar, the least first.
fn digits_of(scalar: &Fr) -> [i16; WINDOWS] {
    let mut digits = digits::of(scalar, WINDOW_BITS);
    std::array::from_fn(|_| digits.next().unwrap_or(0))
}

/// One sum of points for each small value.
struct Buckets(Vec<G1Affine>);

impl Buckets {
    fn new() -> Self {
        Self(vec![G1Affine::identity(); 1 << WINDOW_BITS])
    }

    fn add(&mut self, terms: &mut Sums) {
        let mut before = Vec::with_capacity(BATCH);
        for (keys, points) in terms.keys.chunks(BATCH).zip(terms.points.chunks(BATCH)) {
            before.clear();
            before.extend(keys.iter().map(|key| self.0[usize::from(*key)]));
            let pairs: Vec<_> = keys
                .iter()
                .zip(&before)
                .zip(points)
                .map(|((key, left), right)| Pair { left, right, position: usize::from(*key) })
                .collect();
            add_pairs(&pairs, &mut self.0, &mut terms.scratch);
        }
    }

    /// Values and sums of all but empty buckets, by ascending value.
    fn filled(&self) -> impl Iterator<Item = (u16, G1Affine)> {
        (0..).zip(self.0.iter().copied()).filter(|(_, sum)| !bool::from(sum.is_identity()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bases, naive};
    use super::*;
    use ff::Field;
    use group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use rayon::ThreadPoolBuilder;

    #[test]
    fn agrees_with_the_definition() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let points = bases(300, &mut rng);
        for threads in [1, 2, 7, 30] {
            let tables = Tables::new(&points, threads);
            let random: Vec<_> = (0..300).map(|_| Fr::random(&mut rng)).collect();
            let mixed: Vec<_> = random
                .iter()
                .enumerate()
                .map(|(index, scalar)| if index % 3 == 0 { *scalar } else { Fr::from(index as u64 * 28) })
                .collect();
            for scalars in [
                &random[..],
                &mixed,
                &vec![-Fr::ONE; 300],
                &vec![Fr::from(8191); 300],
                &vec![Fr::from(8192); 300],
                &random[..1],
                &[],
            ] {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let sum = pool.install(|| tables.multiexp(scalars));
                assert_eq!(sum.to_affine(), naive(scalars, &points));
            }
        }
    }

    /// Equal and opposite points and the identity meet in one bucket.
    #[test]
    fn exceptional_points_add_up() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let point = bases(1, &mut rng)[0];
        let points = [point, -point, point, G1Affine::identity(), point];
        let tables = Tables::new(&points, 1);
        let scalar = Fr::random(&mut rng);
        for scalars in [[scalar; 5], [scalar, scalar, -scalar, scalar, scalar + Fr::ONE]] {
            assert_eq!(tables.multiexp(&scalars).to_affine(), naive(&scalars, &points));
        }
    }
}
