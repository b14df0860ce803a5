//! Scalars in signed digits of a number of bits, and threads that share what each window of bits takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use ff::PrimeField;
use halo2curves::bn256::Fr;

/// The widest digits: `2^12` buckets.
const MOST_BITS: u32 = 13;

/// Windows of a scalar below the field's order, with a bit to spare for the last carry.
pub const fn windows(bits: u32) -> usize {
    (Fr::NUM_BITS + 1).div_ceil(bits) as usize
}

/// Bits of a digit with which a sum of so many points takes fewest additions: each window adds all points,
/// and then its `2^(bits − 1)` buckets twice.
pub fn width(points: usize) -> u32 {
    (4..=MOST_BITS).min_by_key(|bits| windows(*bits) * (points + (1 << bits))).unwrap_or(MOST_BITS)
}

/// Signed digits of at most 15 bits, the least first: `|d| ≤ 2^(bits − 1)`.
pub fn of(scalar: &Fr, bits: u32) -> impl Iterator<Item = i16> {
    let bytes = scalar.to_repr();
    let mut carry = 0;
    (0..windows(bits)).map(move |window| {
        let bit = window * bits as usize;
        let byte = |index: usize| u32::from(bytes.as_ref().get(index).copied().unwrap_or(0));
        let value = byte(bit / 8) | byte(bit / 8 + 1) << 8 | byte(bit / 8 + 2) << 16;
        let digit = (value >> (bit % 8) & ((1 << bits) - 1)) as i32 + carry;
        carry = i32::from(digit > 1 << (bits - 1));
        (digit - (carry << bits)) as i16
    })
}

/// What `take` makes of windows that it is given, each of them once. Threads of the pool that have nothing to
/// do take their share; as long as no thread is idle, one takes them all.
pub fn shared<T: Send>(windows: usize, take: impl Fn(&mut dyn Iterator<Item = usize>) -> T + Sync) -> Vec<T> {
    let (next, made) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        let own = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|window| *window < windows);
        let mut own = std::iter::from_fn(own).peekable();
        // Who comes when no window is left makes nothing.
        if own.peek().is_some() {
            let part = take(&mut own);
            made.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        }
    };
    rayon::scope(|scope| {
        for _ in 1..windows.min(rayon::current_num_threads()) {
            scope.spawn(|_| work());
        }
        work();
    });
    made.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use ff::Field;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn digits_make_the_scalar() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let edges =
            [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(4096), Fr::from(4097), Fr::from(8191), -Fr::from(4096)];
        for scalar in edges.into_iter().chain((0..100).map(|_| Fr::random(&mut rng))) {
            for bits in 4..=15 {
                let digits: Vec<_> = of(&scalar, bits).collect();
                assert_eq!(digits.len(), windows(bits));
                assert!(digits.iter().all(|digit| digit.unsigned_abs() <= 1 << (bits - 1)));
                let sum = digits.iter().rev().fold(Fr::ZERO, |sum, digit| {
                    let size = Fr::from(u64::from(digit.unsigned_abs()));
                    sum * Fr::from(1 << bits) + if *digit < 0 { -size } else { size }
                });
                assert_eq!(sum, scalar, "{bits}");
            }
        }
    }

    #[test]
    fn digits_grow_with_the_points() {
        assert!(width(0) <= width(64) && width(64) < width(2_048) && width(2_048) < width(16_384));
        assert!(width(16_384) <= MOST_BITS && width(usize::MAX >> 8) == MOST_BITS);
    }

    #[test]
    fn every_window_is_taken_once() {
        for threads in [1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let mut taken = pool.install(|| shared(24, |own| own.collect::<Vec<_>>())).concat();
            taken.sort_unstable();
            assert!(taken.into_iter().eq(0..24));
            assert!(pool.install(|| shared(0, |own| own.count())).is_empty());
        }
    }
}
