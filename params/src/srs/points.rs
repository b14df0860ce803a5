//! The points of a reference string of any power, their encoding and their checks.

use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::trace::element;
use ff::PrimeField;
use group::Group;
use group::cofactor::CofactorGroup;
use group::prime::PrimeCurveAffine;
use halo2curves::CurveAffine;
use halo2curves::bn256::{Bn256, Fq, Fq2, Fr, G1, G1Affine, G2Affine, G2Prepared};
use halo2curves::fft::best_fft;
use halo2curves::msm::msm_best;
use pairing::{MillerLoopResult, MultiMillerLoop};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

use super::{Element, SrsError};
use crate::encoding::{Digest, Hasher, POINT_BYTES, decode_point, encode_point};

/// Bytes of an encoded point of G2: `x‖y`, each coordinate as `c1‖c0`, big-endian, as EVM precompiles take
/// it.
pub const G2_BYTES: usize = 128;

/// The points of a reference string over `2^k` rows.
pub(super) struct Points {
    pub(super) k: u32,
    pub(super) powers: Vec<G1Affine>,
    pub(super) lagrange: Vec<G1Affine>,
    pub(super) g2: G2Affine,
    pub(super) s_g2: G2Affine,
}

/// Bytes of [`Points::encode`] for that geometry.
#[expect(clippy::arithmetic_side_effects, reason = "a geometry has at most 2^17 rows")]
pub(super) const fn encoded_bytes(geometry: Geometry) -> usize {
    2 * geometry.rows() * POINT_BYTES + 2 * G2_BYTES
}

impl Points {
    /// The canonical payload: powers, Lagrange points, `[1]_2`, `[s]_2`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let g1 = self.powers.iter().chain(&self.lagrange).flat_map(encode_point);
        g1.chain(encode_g2(&self.g2)).chain(encode_g2(&self.s_g2)).collect()
    }

    /// The points with this payload: each canonical, on its curve, not the identity. Nothing is known yet of
    /// how they relate: see [`Points::check`].
    pub(super) fn decode(k: u32, payload: &[u8]) -> Result<Self, SrsError> {
        let g1_bytes = POINT_BYTES.checked_shl(k.saturating_add(1)).unwrap_or(usize::MAX);
        let (g1, g2) = payload.split_at_checked(g1_bytes).unwrap_or((payload, &[]));
        let (powers, lagrange) = g1.split_at(g1.len() / 2);
        let (g2, s_g2) = g2.split_at(g2.len() / 2);
        Ok(Self {
            k,
            powers: decode_g1(powers, Element::Power)?,
            lagrange: decode_g1(lagrange, Element::Lagrange)?,
            g2: decode_g2(g2).ok_or(SrsError::NotAPoint { element: Element::G2 })?,
            s_g2: decode_g2(s_g2).ok_or(SrsError::NotAPoint { element: Element::SG2 })?,
        })
    }

    /// A hash of all points, the Lagrange points among them: what seeds their check's coefficients.
    fn digest(&self) -> Digest {
        Hasher::new("fairshare/v1/srs").u32(self.k).bytes(&self.encode()).finish()
    }

    /// Whether these are the powers and Lagrange points of one trapdoor, up to a chance of `2^−126`.
    ///
    /// The random coefficients are derived from a hash of all points, so that one file always meets one
    /// verdict; to find a wrong file that passes takes on the order of `2^126` attempts. Points are presumed
    /// on their curves.
    pub(super) fn check(&self) -> Result<(), SrsError> {
        let (mut values, commitment) = self.check_powers()?;
        if let Some(i) = identity_among(&self.lagrange) {
            return Err(SrsError::DegenerateTrapdoor { element: Element::Lagrange(i) });
        }
        // A polynomial with random coefficients has one commitment, whether by coefficients or by values.
        best_fft(&mut values, domain_generator(self.k), self.k);
        if values.len() != self.lagrange.len() || msm_best(&values, &self.lagrange) != commitment {
            return Err(SrsError::InconsistentLagrange);
        }
        Ok(())
    }

    /// Whether all points but the Lagrange points lie on their curves. Decoded points do.
    pub(super) fn check_on_curves(&self) -> Result<(), SrsError> {
        let off = self.powers.par_iter().position_first(|point| !bool::from(point.is_on_curve()));
        let off = off.map(Element::Power);
        let off = off.or_else(|| (!bool::from(self.g2.is_on_curve())).then_some(Element::G2));
        let off = off.or_else(|| (!bool::from(self.s_g2.is_on_curve())).then_some(Element::SG2));
        off.map_or(Ok(()), |element| Err(SrsError::NotAPoint { element }))
    }

    /// The part of [`Points::check`] that needs no Lagrange points; returns the random coefficients and the
    /// commitment to them.
    ///
    /// `e(Σ c_i·P_i, [s]_2) = e(Σ c_i·P_{i+1}, [1]_2)` over `i < n − 1`, for random `c`, holds only if each
    /// `P_{i+1} = s·P_i`; with `P_0` the generator, `P_i = [s^i]_1`.
    pub(super) fn check_powers(&self) -> Result<(Vec<Fr>, G1), SrsError> {
        self.check_each_power()?;
        let mut rng = ChaCha20Rng::from_seed(self.digest().0);
        let coefficients: Vec<Fr> = self.powers.iter().map(|_| random_half_scalar(&mut rng)).collect();
        let (Some((last_c, first_c)), Some((last, _)), Some((_, shifted))) =
            (coefficients.split_last(), self.powers.split_last(), self.powers.split_first())
        else {
            return Err(SrsError::InconsistentPowers);
        };
        let commitment = msm_best(&coefficients, &self.powers);
        let unshifted = (commitment - *last * last_c).into();
        let shifted = (-msm_best(first_c, shifted)).into();
        let terms = [(&unshifted, &G2Prepared::from(self.s_g2)), (&shifted, &G2Prepared::from(self.g2))];
        if bool::from(Bn256::multi_miller_loop(&terms).final_exponentiation().is_identity()) {
            Ok((coefficients, commitment))
        } else {
            Err(SrsError::InconsistentPowers)
        }
    }

    /// The checks that look at one point at a time. The identity is refused here also because the
    /// multi-scalar multiplication presumes that no base is.
    fn check_each_power(&self) -> Result<(), SrsError> {
        if self.powers.first() != Some(&G1Affine::generator()) {
            return Err(SrsError::NotGenerator { element: Element::Power(0) });
        }
        if self.g2 != G2Affine::generator() {
            return Err(SrsError::NotGenerator { element: Element::G2 });
        }
        if !bool::from(self.s_g2.to_curve().is_torsion_free()) {
            return Err(SrsError::Subgroup { element: Element::SG2 });
        }
        if self.s_g2 == G2Affine::generator() || bool::from(PrimeCurveAffine::is_identity(&self.s_g2)) {
            return Err(SrsError::DegenerateTrapdoor { element: Element::SG2 });
        }
        match identity_among(&self.powers) {
            Some(i) => Err(SrsError::DegenerateTrapdoor { element: Element::Power(i) }),
            None => Ok(()),
        }
    }
}

/// Where the identity is among these points, if it is.
fn identity_among(points: &[G1Affine]) -> Option<usize> {
    points.iter().position(|point| bool::from(PrimeCurveAffine::is_identity(point)))
}

/// `ω`: the generator of the domain of `2^k` rows that the proof system uses.
pub(super) fn domain_generator(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |omega, _| omega.square())
}

/// The point of G1's curve with these coordinates, unless there is none or it is the identity.
pub fn g1_from_coordinates(x: Fq, y: Fq) -> Option<G1Affine> {
    Option::from(G1Affine::from_xy(x, y)).filter(|point| !bool::from(PrimeCurveAffine::is_identity(point)))
}

/// The point of G2's curve with these coordinates, unless there is none or it is the identity. It may lie
/// outside the group of prime order.
pub fn g2_from_coordinates(x: Fq2, y: Fq2) -> Option<G2Affine> {
    Option::from(G2Affine::from_xy(x, y)).filter(|point| !bool::from(PrimeCurveAffine::is_identity(point)))
}

/// A point of G2 in [`G2_BYTES`] bytes.
pub(crate) fn encode_g2(point: &G2Affine) -> [u8; G2_BYTES] {
    let mut bytes = [0; G2_BYTES];
    let coordinates = [point.x.c1, point.x.c0, point.y.c1, point.y.c0];
    for (chunk, coordinate) in bytes.chunks_exact_mut(32).zip(coordinates) {
        chunk.copy_from_slice(&coordinate.to_repr());
        chunk.reverse();
    }
    bytes
}

/// Inverse of [`encode_g2`]; `None` for any other encoding.
pub(crate) fn decode_g2(bytes: &[u8]) -> Option<G2Affine> {
    let (coordinates, []) = bytes.as_chunks::<32>() else { return None };
    let [x1, x0, y1, y0] = coordinates else { return None };
    let coordinate = |bytes: &[u8; 32]| {
        let mut repr = *bytes;
        repr.reverse();
        Option::<Fq>::from(Fq::from_repr(repr))
    };
    let x = Fq2 { c1: coordinate(x1)?, c0: coordinate(x0)? };
    let y = Fq2 { c1: coordinate(y1)?, c0: coordinate(y0)? };
    g2_from_coordinates(x, y)
}

/// Points of G1 one after the other.
fn decode_g1(bytes: &[u8], element: fn(usize) -> Element) -> Result<Vec<G1Affine>, SrsError> {
    bytes
        .par_chunks(POINT_BYTES)
        .enumerate()
        .map(|(i, chunk)| {
            let point = chunk.try_into().ok().and_then(decode_point);
            point.ok_or(SrsError::NotAPoint { element: element(i) })
        })
        .collect()
}

/// A coefficient of 128 bits: half the price of a full scalar in a multi-scalar multiplication.
fn random_half_scalar(rng: &mut ChaCha20Rng) -> Fr {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    element(u128::from_le_bytes(bytes))
}
