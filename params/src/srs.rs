//! The structured reference string (PROTOCOL sections 2 and 4): made, taken from outside, checked.
//!
//! An [`Srs`] holds, for one geometry of `n = 2^k` rows, the powers `[s^i]_1`, the Lagrange points
//! `G_i = [L_i(s)]_1`, and `[1]_2`, `[s]_2`. There are three ways to one:
//!
//! - [`Srs::from_powers`] takes the powers of a ceremony and computes the Lagrange points: what a deployment
//!   uses;
//! - [`Srs::insecure`] derives it from a public seed, for tests and demonstrations;
//! - [`Srs::decode`] reads the points that [`Srs::encode`] wrote.
//!
//! Every way repeats every check: each point canonical, on its curve and in its group; the powers consecutive
//! powers of one `s`, the one in `[s]_2`; the Lagrange points theirs. A reference string that fails one of
//! them has no value of this type.
//!
//! What a check cannot tell is whether someone knows `s`. Two cases are told by content, whatever a file says
//! of itself: the public seed of this crate ([`Srs::is_insecure`]) and the public ceremony
//! ([`Srs::is_perpetual_powers_of_tau`]).

mod ceremony;
mod error;
mod hashes;
#[expect(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "computes from constants alone")]
mod insecure;
#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "indices below the number of points, which the entry checks to be 2^k with k at most 28; limbs \
              of wide integers"
)]
mod lagrange;
mod points;

use std::fmt;

use fairshare_circuits::geometry::{BLINDING_ROWS, Geometry};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub use error::{Element, SrsError};
pub use hashes::{openings_hash, openings_words, powers_digest};
pub use insecure::INSECURE_SEED;
pub use lagrange::from_powers as lagrange_points;
pub use points::{G2_BYTES, g1_from_coordinates, g2_from_coordinates};
pub(crate) use points::{decode_g2, encode_g2};

use crate::commitment::{LagrangePoints, OpeningPoints};
use crate::encoding::Digest;
use points::Points;

/// A BLAKE2b-512 hash of a whole file, shown as 128 hexadecimal digits: how ceremonies publish theirs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileHash(pub [u8; 64]);

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a reference string comes from, as far as its content bears the claim out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Its trapdoor is [`INSECURE_SEED`]'s: anyone can forge proofs under it.
    Insecure,
    /// It was imported from a ceremony file.
    Ceremony {
        /// The hash of the imported file.
        file: FileHash,
        /// The published file of that hash; `None` for a ceremony that this crate does not know.
        name: Option<&'static str>,
    },
    /// Nothing is claimed, or what was claimed is not borne out.
    Unknown,
}

impl Provenance {
    /// That of points imported from the ceremony file with this hash.
    pub fn of_file(file: FileHash) -> Self {
        Self::Ceremony { file, name: ceremony::published_name(&file) }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insecure => f.write_str("INSECURE: made from a public seed, for tests only"),
            Self::Ceremony { name: Some(name), .. } => write!(f, "Perpetual Powers of Tau, {name}"),
            Self::Ceremony { file, name: None } => {
                write!(f, "unrecognised ceremony file, BLAKE2b-512 {file}")
            }
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// The structured reference string of one geometry, checked.
pub struct Srs {
    geometry: Geometry,
    points: Points,
    params: ParamsKZG<Bn256>,
    digest: Digest,
    provenance: Provenance,
}

impl Srs {
    /// The reference string whose trapdoor is derived from [`INSECURE_SEED`]: the same on every machine, and
    /// worthless as security. For tests and demonstrations.
    pub fn insecure(geometry: Geometry) -> Self {
        Self::assemble(geometry, insecure::points(geometry.k()), Provenance::Insecure)
    }

    /// Takes the powers of a ceremony, whose file has that hash; the Lagrange points are computed.
    ///
    /// There must be as many powers as the geometry has rows. Each point must lie on its curve: the types'
    /// fields are public, so a value need not. Powers that are not a ceremony's are found out before the
    /// expensive part.
    pub fn from_powers(
        geometry: Geometry,
        powers: Vec<G1Affine>,
        g2: G2Affine,
        s_g2: G2Affine,
        file: FileHash,
    ) -> Result<Self, SrsError> {
        if powers.len() != geometry.rows() {
            return Err(SrsError::InconsistentPowers);
        }
        let mut points = Points { k: geometry.k(), powers, lagrange: Vec::new(), g2, s_g2 };
        points.check_on_curves()?;
        points.check_powers()?;
        points.lagrange = lagrange::from_powers(&points.powers, geometry.k())?;
        Self::checked(geometry, points, Provenance::of_file(file))
    }

    /// Reads points that [`Srs::encode`] wrote, with what their file claims of where they come from.
    pub fn decode(geometry: Geometry, points: &[u8], claimed: Provenance) -> Result<Self, SrsError> {
        Self::checked(geometry, Points::decode(geometry.k(), points)?, claimed)
    }

    /// The points in canonical encoding: powers, Lagrange points, `[1]_2`, `[s]_2`.
    pub fn encode(&self) -> Vec<u8> {
        self.points.encode()
    }

    /// Bytes of [`Srs::encode`] for that geometry.
    pub const fn encoded_bytes(geometry: Geometry) -> usize {
        points::encoded_bytes(geometry)
    }

    /// The geometry it is for.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The same reference string as the proof system's parameters.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// `G_i = [L_i(s)]_1` for each row `i < n`.
    pub fn lagrange(&self) -> &[G1Affine] {
        &self.points.lagrange
    }

    /// `[s^i]_1` for `i < n`.
    pub fn powers(&self) -> &[G1Affine] {
        &self.points.powers
    }

    /// `[1]_2`: the standard generator.
    pub fn g2(&self) -> G2Affine {
        self.points.g2
    }

    /// `[s]_2`.
    pub fn s_g2(&self) -> G2Affine {
        self.points.s_g2
    }

    /// The fingerprint, by which rules name it: [`powers_digest`]. Two files with one fingerprint hold one
    /// reference string, whatever they say of where it comes from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where it comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether its trapdoor is the one of [`INSECURE_SEED`], told from `[s]_2`: no label can hide it.
    pub fn is_insecure(&self) -> bool {
        is_insecure(&self.points.s_g2)
    }

    /// Whether its trapdoor is that of the Perpetual Powers of Tau, told from `[s]_2`.
    pub fn is_perpetual_powers_of_tau(&self) -> bool {
        ceremony::is_perpetual_powers_of_tau(&self.points.s_g2)
    }

    /// The reference string of a known trapdoor, which must not lie in the geometry's domain.
    #[cfg(test)]
    pub(crate) fn of_trapdoor(geometry: Geometry, s: halo2curves::bn256::Fr) -> Self {
        Self::assemble(geometry, insecure::from_trapdoor(geometry.k(), s), Provenance::Unknown)
    }

    fn checked(geometry: Geometry, points: Points, claimed: Provenance) -> Result<Self, SrsError> {
        points.check()?;
        let srs = Self::assemble(geometry, points, claimed);
        srs.refuse_mislabelled()?;
        Ok(srs)
    }

    /// Puts the parts together; a claim that `[s]_2` contradicts gives way to what `[s]_2` shows.
    fn assemble(geometry: Geometry, points: Points, claimed: Provenance) -> Self {
        let provenance = match claimed {
            _ if points.s_g2 == insecure::s_g2() => Provenance::Insecure,
            Provenance::Insecure => Provenance::Unknown,
            other => other,
        };
        let Points { k, ref powers, ref lagrange, g2, s_g2 } = points;
        let digest = powers_digest(k, powers, &g2, &s_g2);
        let params = backend_params(k, powers.clone(), lagrange.clone(), [g2, s_g2]);
        Self { geometry, points, params, digest, provenance }
    }

    /// A label costs nothing to write, so a published ceremony's name is granted only to that ceremony's
    /// `[s]_2`.
    fn refuse_mislabelled(&self) -> Result<(), SrsError> {
        match self.provenance {
            Provenance::Ceremony { name: Some(name), .. } if !self.is_perpetual_powers_of_tau() => {
                Err(SrsError::Mislabelled { name })
            }
            _ => Ok(()),
        }
    }
}

impl LagrangePoints for Srs {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn row_points(&self) -> &[G1Affine] {
        self.lagrange()
    }

    fn blinding_points(&self) -> &[G1Affine] {
        let (_, last) = self.lagrange().split_at(self.geometry.rows().saturating_sub(BLINDING_ROWS));
        last
    }
}

impl OpeningPoints for Srs {
    fn backend(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    fn reserved_points(&self) -> &[G1Affine] {
        let (_, last) = self.lagrange().split_at(self.geometry.usable_rows());
        last
    }
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srs")
            .field("geometry", &self.geometry)
            .field("digest", &self.digest)
            .field("provenance", &self.provenance)
            .finish_non_exhaustive()
    }
}

/// Whether this is `[s]_2` of [`INSECURE_SEED`]'s trapdoor.
pub(crate) fn is_insecure(s_g2: &G2Affine) -> bool {
    *s_g2 == insecure::s_g2()
}

/// The library's parameters from these points. Its `from_parts` is a method, so it needs a value to be called
/// on: the smallest one, of which nothing is kept.
pub(crate) fn backend_params(
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Vec<G1Affine>,
    [g2, s_g2]: [G2Affine; 2],
) -> ParamsKZG<Bn256> {
    let throw_away = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::from_seed([0; 32]));
    throw_away.from_parts(k, powers, Some(lagrange), g2, s_g2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    use ff::Field;
    use group::Curve;
    use halo2curves::bn256::{Fq, Fr};

    const GEOMETRY: Geometry = Geometry::COMPACT;

    /// A trapdoor that is not a root of unity.
    const S: u64 = 7;

    static GOOD: LazyLock<Points> = LazyLock::new(|| insecure::from_trapdoor(GEOMETRY.k(), Fr::from(S)));

    /// Why the points are refused that `change` makes of good ones.
    fn refusal(change: impl FnOnce(&mut Points)) -> Option<SrsError> {
        let (powers, lagrange) = (GOOD.powers.clone(), Vec::new());
        let mut points = Points { k: GOOD.k, powers, lagrange, g2: GOOD.g2, s_g2: GOOD.s_g2 };
        change(&mut points);
        let Points { powers, g2, s_g2, .. } = points;
        Srs::from_powers(GEOMETRY, powers, g2, s_g2, FileHash([0; 64])).err()
    }

    #[test]
    fn another_number_of_powers_than_rows_is_refused() {
        for rows in [0, 1, GEOMETRY.rows() / 2, GEOMETRY.rows() - 1] {
            let refused = refusal(|points| points.powers.truncate(rows));
            assert_eq!(refused, Some(SrsError::InconsistentPowers), "{rows}");
        }
        // The next power of the same trapdoor, one more than there are rows.
        let refused = refusal(|points| {
            let next = points.powers[GEOMETRY.rows() - 1] * Fr::from(S);
            points.powers.push(next.to_affine());
        });
        assert_eq!(refused, Some(SrsError::InconsistentPowers));
        assert_eq!(refusal(|_| ()), None);
    }

    #[test]
    fn points_off_their_curves_are_refused() {
        let refused = |element| Some(SrsError::NotAPoint { element });
        for i in [0, 1, GEOMETRY.rows() - 1] {
            assert_eq!(refusal(|points| points.powers[i].y += Fq::ONE), refused(Element::Power(i)));
        }
        assert_eq!(refusal(|points| points.g2.y.c0 += Fq::ONE), refused(Element::G2));
        assert_eq!(refusal(|points| points.s_g2.x.c1 += Fq::ONE), refused(Element::SG2));
    }
}
