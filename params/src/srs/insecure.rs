//! The reference string that everybody can forge under: its trapdoor is a hash of a public text.

use ff::{BatchInvert, Field, FromUniformBytes, PrimeField};
use group::{Curve, Group};
use halo2curves::bn256::{Fr, G1, G1Affine, G2Affine};
use rayon::prelude::*;

use super::points::{Points, domain_generator};
use crate::encoding::Hasher;

/// The public text whose hash is the trapdoor.
pub const INSECURE_SEED: &str =
    "fairshare/v1/insecure: whoever reads this text can forge every proof under it";

/// Bits of one window of the fixed-base multiplication: a byte of the scalar.
const WINDOW_BITS: usize = 8;

/// The trapdoor `s`: 512 bits of Keccak-256 of the seed, reduced.
fn trapdoor() -> Fr {
    let mut wide = [0; 64];
    for (i, half) in (0u8..).zip(wide.chunks_exact_mut(32)) {
        half.copy_from_slice(&Hasher::new(INSECURE_SEED).u8(i).finish().0);
    }
    Fr::from_uniform_bytes(&wide)
}

/// `[s]_2`, by which the trapdoor is recognised.
pub(super) fn s_g2() -> G2Affine {
    (G2Affine::generator() * trapdoor()).to_affine()
}

/// The whole reference string over `2^k` rows.
pub(super) fn points(k: u32) -> Points {
    from_trapdoor(k, trapdoor())
}

/// The reference string of a known trapdoor, which must not lie in the domain of `2^k` rows.
pub(super) fn from_trapdoor(k: u32, s: Fr) -> Points {
    let n = 1usize << k;
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * s)).take(n).collect();
    let table = fixed_base_table();
    Points {
        k,
        powers: multiply_generator(&table, &powers),
        lagrange: multiply_generator(&table, &lagrange_scalars(k, s)),
        g2: G2Affine::generator(),
        s_g2: (G2Affine::generator() * s).to_affine(),
    }
}

/// `L_i(s) = (s^n − 1)/n · ω^i/(s − ω^i)`.
fn lagrange_scalars(k: u32, s: Fr) -> Vec<Fr> {
    let omega = domain_generator(k);
    let domain: Vec<Fr> =
        std::iter::successors(Some(Fr::ONE), |power| Some(power * omega)).take(1 << k).collect();
    let mut scalars: Vec<Fr> = domain.iter().map(|root| s - root).collect();
    scalars.iter_mut().batch_invert();
    let factor = (s.pow_vartime([1u64 << k]) - Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(k)]);
    scalars.iter_mut().zip(&domain).for_each(|(inverse, root)| *inverse *= factor * root);
    scalars
}

/// `j·2^(8w)·G` for each window `w` and each byte `j`, window by window.
fn fixed_base_table() -> Vec<G1Affine> {
    let entries: Vec<G1> = (0..Fr::NUM_BITS.div_ceil(WINDOW_BITS as u32))
        .into_par_iter()
        .flat_map_iter(|window| {
            let base =
                G1Affine::generator() * Fr::from(2).pow_vartime([u64::from(window) * WINDOW_BITS as u64]);
            std::iter::successors(Some(G1::identity()), move |multiple| Some(multiple + base))
                .take(1 << WINDOW_BITS)
        })
        .collect();
    normalize(&entries)
}

/// `scalar·G` for each scalar.
fn multiply_generator(table: &[G1Affine], scalars: &[Fr]) -> Vec<G1Affine> {
    let multiples: Vec<G1> = scalars
        .par_iter()
        .map(|scalar| {
            let windows = table.chunks_exact(1 << WINDOW_BITS).zip(scalar.to_repr());
            let terms = windows.filter_map(|(multiples, byte)| multiples.get(usize::from(byte)));
            terms.fold(G1::identity(), |sum, term| sum + term)
        })
        .collect();
    normalize(&multiples)
}

/// The points in affine form, with one inversion for each chunk.
pub(super) fn normalize(points: &[G1]) -> Vec<G1Affine> {
    let mut affine = vec![G1Affine::default(); points.len()];
    const CHUNK: usize = 1024;
    affine
        .par_chunks_mut(CHUNK)
        .zip(points.par_chunks(CHUNK))
        .for_each(|(affine, points)| G1::batch_normalize(points, affine));
    affine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_library_setup_of_the_same_trapdoor() {
        use halo2_proofs::poly::EvaluationDomain;
        use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
        use halo2_proofs::poly::kzg::commitment::ParamsKZG;
        use halo2curves::bn256::Bn256;
        use rand_chacha::ChaCha20Rng;
        use rand_core::SeedableRng;

        let seed = [7; 32];
        let theirs = ParamsKZG::<Bn256>::setup(5, ChaCha20Rng::from_seed(seed));
        let ours = from_trapdoor(5, Fr::random(ChaCha20Rng::from_seed(seed)));
        assert_eq!(theirs.get_g(), ours.powers);
        assert_eq!(theirs.s_g2(), ours.s_g2);
        let domain = EvaluationDomain::<Fr>::new(1, 5);
        for (i, ours) in ours.lagrange.iter().enumerate() {
            let mut unit = domain.empty_lagrange();
            unit[i] = Fr::ONE;
            assert_eq!(theirs.commit_lagrange(&unit, Blind::default()).to_affine(), *ours);
        }
    }

    #[test]
    fn passes_the_full_check() {
        points(6).check().unwrap();
    }
}
