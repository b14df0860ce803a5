//! From the powers `[s^j]_1` to the Lagrange points `G_i = 1/n·Σ_j ω^(−ij)·[s^j]_1`: an inverse Fourier
//! transform over points.
//!
//! Nearly all of its price is multiplying points by roots of unity, `7.5·2^14` times at `k = 14`. Each
//! multiplication splits its scalar in two halves along the curve's endomorphism `φ(x, y) = (β·x, y) = ζ·(x,
//! y)` (Gallant, Lambert, Vanstone 2001) and runs both through one chain of doublings with signed windows.
//! That is why it is ours: the library's `g_to_lagrange` takes 3.9 times as long at `k = 14` and 3.6 times at
//! `k = 16` (`--bench lagrange`). The trapdoor's powers are public, so nothing here needs to take constant
//! time.

use ff::{Field, PrimeField, WithSmallOrderMulGroup};
use group::Group;
use group::prime::PrimeCurveAffine;
use halo2curves::CurveExt;
use halo2curves::bn256::{Fr, G1, G1Affine};
use rayon::prelude::*;

use super::SrsError;
use super::insecure::normalize;
use super::points::domain_generator;

/// The Lagrange points of `2^k` powers. Any other number of powers is refused, and so is a `k` for which the
/// field has no domain.
pub fn from_powers(powers: &[G1Affine], k: u32) -> Result<Vec<G1Affine>, SrsError> {
    if k > Fr::S || powers.len() != 1 << k {
        return Err(SrsError::InconsistentPowers);
    }
    let mut points: Vec<G1> = powers.iter().map(PrimeCurveAffine::to_curve).collect();
    inverse_transform(&mut points, k);
    Ok(normalize(&points))
}

/// In-place radix-2 decimation in time, the division by `n` included.
fn inverse_transform(points: &mut [G1], k: u32) {
    let n_inverse = SplitScalar::new(Fr::TWO_INV.pow_vartime([u64::from(k)]));
    let roots = inverse_roots(k);
    reverse_bits(points, k);
    for stage in 0..k {
        tracing::info!(stage = stage + 1, stages = k + 1, "computing Lagrange points");
        let half = 1usize << stage;
        let stride = roots.len() >> stage;
        points.par_chunks_mut(2 * half).for_each(|block| {
            let (low, high) = block.split_at_mut(half);
            let roots = roots.par_iter().step_by(stride);
            low.par_iter_mut().zip(high).zip(roots).for_each(|((low, high), root)| {
                let turned = root.multiply(high);
                *high = *low - turned;
                *low += turned;
            });
        });
    }
    tracing::info!(stage = k + 1, stages = k + 1, "computing Lagrange points");
    points.par_iter_mut().for_each(|point| *point = n_inverse.multiply(point));
}

/// `ω^(−i)` for `i < n/2`, split for multiplication.
fn inverse_roots(k: u32) -> Vec<SplitScalar> {
    let inverse = domain_generator(k).pow_vartime([(1u64 << k) - 1]);
    let roots = std::iter::successors(Some(Fr::ONE), |root| Some(root * inverse));
    roots.take((1 << k) / 2).map(SplitScalar::new).collect()
}

/// Moves each point to the index whose `k` bits are the reverse of its own.
fn reverse_bits(points: &mut [G1], k: u32) {
    for i in 0..points.len() {
        // A single point, of `k = 0`, has no bits to reverse.
        let reversed = i.reverse_bits().checked_shr(usize::BITS - k).unwrap_or(0);
        if i < reversed {
            points.swap(i, reversed);
        }
    }
}

/// A scalar `k = k1 + k2·ζ`, each half as signed odd digits below `2^4` in magnitude.
struct SplitScalar {
    halves: [Vec<i8>; 2],
}

impl SplitScalar {
    /// `(k1, k2) = (k, 0) + q1·(−A, −B) − q2·(C, −A)`, where the two vectors span the lattice of all `(x, y)`
    /// with `x + y·ζ = 0` and `q1`, `q2` round `k·A/r` and `k·B/r`: both halves stay below `2^127` in
    /// magnitude.
    fn new(k: Fr) -> Self {
        let a = Fr::from_u128(LATTICE_A);
        let (q1, q2) = (times_over_2_256(&k, A_OVER_R), times_over_2_256(&k, B_OVER_R));
        let k2 = q2 * a - q1 * Fr::from_u128(LATTICE_B);
        let k1 = k - k2 * Fr::ZETA;
        Self { halves: [k1, k2].map(|half| signed_digits(&half)) }
    }

    /// `k·point`.
    fn multiply(&self, point: &G1) -> G1 {
        if let ([1], []) = (self.halves[0].as_slice(), self.halves[1].as_slice()) {
            return *point;
        }
        let direct = odd_multiples(point);
        let turned = direct.map(|multiple| multiple.endo());
        let digits = self.halves[0].len().max(self.halves[1].len());
        let mut sum = G1::identity();
        for i in (0..digits).rev() {
            sum = sum.double();
            for (half, multiples) in self.halves.iter().zip([&direct, &turned]) {
                sum = add_digit(sum, multiples, half.get(i).copied().unwrap_or(0));
            }
        }
        sum
    }
}

/// `digit·point` added, where `multiples` holds `1, 3, 5, …, 15` times the point.
fn add_digit(sum: G1, multiples: &[G1; 8], digit: i8) -> G1 {
    match multiples.get(usize::from(digit.unsigned_abs() / 2)) {
        Some(multiple) if digit > 0 => sum + multiple,
        Some(multiple) if digit < 0 => sum - multiple,
        _ => sum,
    }
}

/// `point, 3·point, 5·point, …, 15·point`.
fn odd_multiples(point: &G1) -> [G1; 8] {
    let double = point.double();
    let mut multiple = *point - double;
    std::array::from_fn(|_| {
        multiple += double;
        multiple
    })
}

/// The non-adjacent form of width 5, least digit first, of a scalar within `2^127` of 0 modulo `r`. Nothing
/// larger reaches it; the digits of one that did would be wrong, and [`super::points::Points::check`] would
/// say so.
fn signed_digits(scalar: &Fr) -> Vec<i8> {
    let negative = scalar.to_repr().iter().skip(16).any(|byte| *byte != 0);
    let repr = if negative { -scalar } else { *scalar }.to_repr();
    let mut rest = repr.iter().take(16).rev().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
    let mut digits = Vec::with_capacity(128);
    while rest != 0 {
        let mut digit = 0i8;
        if rest & 1 == 1 {
            // The low five bits as a signed digit, so that the next four digits are zero.
            digit = (rest & 31) as i8;
            if digit >= 16 {
                digit -= 32;
            }
            rest = rest.wrapping_sub(digit as u128);
        }
        digits.push(if negative { -digit } else { digit });
        rest >>= 1;
    }
    digits
}

/// `⌊k·factor / 2^256⌋`, for factors of 256 bits in 64-bit limbs, least first.
fn times_over_2_256(k: &Fr, factor: [u64; 3]) -> Fr {
    let repr = k.to_repr();
    let mut product = [0u64; 7];
    for (i, limb) in repr.chunks_exact(8).enumerate() {
        let limb = limb.iter().rev().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
        let mut carry = 0u128;
        for (cell, f) in product.iter_mut().skip(i).zip(factor.into_iter().chain([0])) {
            let sum = limb * u128::from(f) + u128::from(*cell) + carry;
            *cell = sum as u64;
            carry = sum >> 64;
        }
    }
    Fr::from_raw([product[4], product[5], product[6], 0])
}

/// `A` of the lattice basis `(−A, −B)`, `(C, −A)`: `A² + B·C = r`.
const LATTICE_A: u128 = 0x89d3_2568_94d2_13e3;
/// `B` of the lattice basis.
const LATTICE_B: u128 = 0x6f4d_8248_eeb8_59fd_0be4_e154_1221_250b;
/// `A·2^256/r`, rounded.
const A_OVER_R: [u64; 3] = [0xd91d_232e_c7e0_b3d7, 0x0000_0000_0000_0002, 0x0000_0000_0000_0000];
/// `B·2^256/r`, rounded.
const B_OVER_R: [u64; 3] = [0x5398_fd03_00ff_6565, 0x4cce_f014_a773_d2d2, 0x0000_0000_0000_0002];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srs::insecure;
    use group::Curve;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn split_multiplication_is_multiplication() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut scalars: Vec<Fr> = (0..200).map(|_| Fr::random(&mut rng)).collect();
        scalars.extend([Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::ZETA, -Fr::ZETA, Fr::from(31), Fr::TWO_INV]);
        for scalar in scalars {
            let point = G1::random(&mut rng);
            assert_eq!(SplitScalar::new(scalar).multiply(&point), point * scalar, "scalar {scalar:?}");
        }
        assert_eq!(SplitScalar::new(-Fr::ONE).multiply(&G1::identity()), G1::identity());
    }

    #[test]
    fn halves_have_at_most_128_digits() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        for _ in 0..10_000 {
            let split = SplitScalar::new(Fr::random(&mut rng));
            assert!(split.halves.iter().all(|half| half.len() <= 128));
        }
    }

    #[test]
    fn agrees_with_the_closed_form() {
        for k in [1, 2, 7] {
            let points = insecure::points(k);
            assert_eq!(from_powers(&points.powers, k), Ok(points.lagrange));
        }
    }

    #[test]
    fn a_wrong_number_of_powers_is_refused() {
        let powers = insecure::points(3).powers;
        for (number, k) in
            [(0, 0), (0, 3), (1, 3), (7, 3), (8, 2), (8, 4), (8, Fr::S), (8, 64), (8, u32::MAX)]
        {
            assert_eq!(from_powers(&powers[..number], k), Err(SrsError::InconsistentPowers), "{number}, {k}");
        }
        assert_eq!(from_powers(&powers[..1], 0), Ok(vec![powers[0]]));
    }

    #[test]
    fn agrees_with_the_library() {
        let points = insecure::points(4);
        let powers = points.powers.iter().map(|point| point.to_curve()).collect();
        let theirs: Vec<G1Affine> = halo2_proofs::arithmetic::g_to_lagrange(powers, 4);
        assert_eq!(from_powers(&points.powers, 4).as_ref(), Ok(&theirs));
        assert_eq!(theirs[0].to_curve().to_affine(), points.lagrange[0]);
    }
}
