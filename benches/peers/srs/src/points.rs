//! Trapdoors, scalars made of them, and points made of those.

use std::io::{self, Write};

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{PrimeGroup, scalar_mul::BatchMulPreprocessing};
use ark_ff::{BigInteger, FftField, Field, PrimeField, batch_inversion};

/// The trapdoors. Public, on purpose.
pub const TAU: u64 = 0x7061_7065_7220_7461;
pub const ALPHA: u64 = 0x616c_7068_6120_2031;
pub const BETA: u64 = 0x6265_7461_2020_2032;

/// Points made at a time: bounds the memory.
const CHUNK: usize = 1 << 18;

/// A trapdoor of full size: a small one would make cheap scalars.
pub fn trapdoor(seed: u64) -> Fr {
    Fr::from(seed).pow([5])
}

/// `factor·τ^i` for `i < length`.
pub fn powers(factor: Fr, length: usize) -> Vec<Fr> {
    let tau = trapdoor(TAU);
    std::iter::successors(Some(factor), |power| Some(*power * tau)).take(length).collect()
}

/// `L_i(τ) = ω^i·(τ^N − 1) / (N·(τ − ω^i))` over the domain of `N = 2^power`.
pub fn lagrange(generator: u64, power: u32) -> Vec<Fr> {
    let n = 1u64 << power;
    let (tau, root) = (trapdoor(TAU), root_of_unity(generator, power));
    let roots: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |w| Some(*w * root)).take(n as usize).collect();
    let mut inverses: Vec<Fr> = roots.iter().map(|w| tau - w).collect();
    batch_inversion(&mut inverses);
    let factor = (tau.pow([n]) - Fr::ONE) / Fr::from(n);
    roots.iter().zip(inverses).map(|(w, inverse)| *w * inverse * factor).collect()
}

/// Libraries agree on the domains and not on their generators.
fn root_of_unity(generator: u64, power: u32) -> Fr {
    let mut root = Fr::from(generator).pow(Fr::TRACE);
    for _ in power..Fr::TWO_ADICITY {
        root.square_in_place();
    }
    root
}

/// Tables of multiples of both generators.
pub struct Generators {
    g1: BatchMulPreprocessing<G1Projective>,
    g2: BatchMulPreprocessing<G2Projective>,
}

impl Generators {
    pub fn new(multiplications: usize) -> Self {
        let multiplications = multiplications.min(CHUNK);
        Self {
            g1: BatchMulPreprocessing::new(G1Projective::generator(), multiplications),
            g2: BatchMulPreprocessing::new(G2Projective::generator(), multiplications),
        }
    }

    pub fn g1(&self, scalars: &[Fr], mut each: impl FnMut(&G1Affine) -> io::Result<()>) -> io::Result<()> {
        scalars.chunks(CHUNK).try_for_each(|chunk| self.g1.batch_mul(chunk).iter().try_for_each(&mut each))
    }

    pub fn g2(&self, scalars: &[Fr], mut each: impl FnMut(&G2Affine) -> io::Result<()>) -> io::Result<()> {
        scalars.chunks(CHUNK).try_for_each(|chunk| self.g2.batch_mul(chunk).iter().try_for_each(&mut each))
    }
}

pub fn g1_coordinates(point: &G1Affine) -> [Fq; 2] {
    [point.x, point.y]
}

pub fn g2_coordinates(point: &G2Affine) -> [Fq; 4] {
    [point.x.c0, point.x.c1, point.y.c0, point.y.c1]
}

pub fn big_endian(value: &Fq) -> Vec<u8> {
    value.into_bigint().to_bytes_be()
}

/// As arkworks holds it: Montgomery form, least limb first. The point at infinity is all zeros.
pub fn montgomery(file: &mut impl Write, values: &[Fq]) -> io::Result<()> {
    values.iter().flat_map(|value| value.0.0).try_for_each(|limb| file.write_all(&limb.to_le_bytes()))
}
