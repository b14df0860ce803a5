//! What a verifier needs of the parameters: verifying keys, the Lagrange points of the rows that public
//! columns fill, and what checks an opening (PROTOCOL section 8).
//!
//! Whoever has the whole reference string derives them ([`VerifierParameters::derive`]), which takes a
//! fraction of a second, and can write them down for those who do not want to wait. What is read is a
//! claim of whoever wrote it. All words but the SRS fingerprint are computed from its content. It is believed
//! only under a rules hash from somebody who derived it from the whole SRS.

#[cfg(test)]
mod tests;

use fairshare_circuits::geometry::{BLINDING_ROWS, Geometry, RESERVED_ROWS};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2curves::bn256::{Bn256, G1Affine, G2Affine};
use rayon::prelude::*;

use crate::commitment::{LagrangePoints, OpeningPoints};
use crate::encoding::{Digest, POINT_BYTES, decode_point, encode_point, wide};
use crate::keys::{CircuitId, CircuitKind, KeyError, KeyShape, VerifyingKey};
use crate::lagrange_tree::LagrangeTree;
use crate::rules::{DerivedError, ParameterWords, keys_digest};
use crate::srs::{
    G2_BYTES, Srs, backend_params, decode_g2, encode_g2, is_insecure, openings_hash, openings_words,
};

/// What the code of a contract says that holds the openings of the development string, after their words.
pub const INSECURE_NOTE: &str = "INSECURE: development parameters, anyone can forge a proof";

/// Why there are no verifier's parameters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierParametersError {
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The words could not be derived.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// Another length than this geometry's.
    #[error("{found} bytes, but those of geometry `{geometry}` have {expected}")]
    Length {
        /// Bytes found.
        found: u64,
        /// Bytes expected.
        expected: u64,
        /// The geometry.
        geometry: Geometry,
    },
    /// No point, or one that is written otherwise than points are.
    #[error("the point at byte {offset} is not one of its curve in canonical encoding")]
    Point {
        /// Where it begins, from 0.
        offset: usize,
    },
    /// Commitments that make no key.
    #[error("the commitments of {circuit} make no verifying key")]
    NoKey {
        /// The circuit.
        circuit: CircuitId,
    },
}

type Result<T> = std::result::Result<T, VerifierParametersError>;

/// A verifier's parameters: they serve every policy that names their reference string.
#[derive(Debug)]
pub struct VerifierParameters {
    geometry: Geometry,
    rows: Vec<G1Affine>,
    reserved: [G1Affine; RESERVED_ROWS],
    s_g2: G2Affine,
    keys: Vec<VerifyingKey>,
    words: ParameterWords,
    is_derived: bool,
    backend: ParamsKZG<Bn256>,
}

impl VerifierParameters {
    /// Those of a whole reference string.
    pub fn derive(srs: &Srs) -> Result<Self> {
        let geometry = srs.geometry();
        let kinds: Vec<_> = CircuitKind::all(geometry).collect();
        // The widest take the longest, and begin first.
        let keys = kinds.into_par_iter().rev().map(|kind| VerifyingKey::build(srs, kind));
        let mut keys = keys.collect::<std::result::Result<Vec<_>, _>>()?;
        keys.reverse();
        let reserved = srs.reserved_points().first_chunk().copied().unwrap_or_default();
        let rows = srs.lagrange().iter().take(geometry.alphabet()).copied().collect();
        let parts = Parts { geometry, srs: srs.digest(), rows, reserved, s_g2: srs.s_g2(), keys };
        parts.assemble(true)
    }

    /// Reads what [`VerifierParameters::encode`] wrote, of that geometry. Nothing of it is believed yet.
    pub fn decode(geometry: Geometry, bytes: &[u8]) -> Result<Self> {
        let (found, expected) = (bytes.len(), Self::encoded_bytes(geometry));
        if found != expected {
            return Err(VerifierParametersError::Length {
                found: wide(found),
                expected: wide(expected),
                geometry,
            });
        }
        let mut reader = Reader { bytes, offset: 0 };
        let srs = Digest(reader.take());
        let s_g2 = reader.g2()?;
        let rows = reader.points(geometry.alphabet())?;
        let reserved = reader.points(RESERVED_ROWS)?;
        let reserved = reserved.first_chunk().copied().unwrap_or_default();
        let mut keys = Vec::new();
        for kind in CircuitKind::all(geometry) {
            let circuit = CircuitId { kind, geometry };
            let points = reader.points(KeyShape::of(circuit).points())?;
            let key = VerifyingKey::from_points(circuit, &points);
            keys.push(key.ok_or(VerifierParametersError::NoKey { circuit })?);
        }
        Parts { geometry, srs, rows, reserved, s_g2, keys }.assemble(false)
    }

    /// The fingerprint of the reference string, `[s]_2`, `G_0 … G_{2^b−1}`, `G_u … G_{n−1}`, and each key's
    /// commitments, keys in the order of [`CircuitKind::all`].
    pub fn encode(&self) -> Vec<u8> {
        let points = self.rows.iter().chain(&self.reserved);
        let points = points.chain(self.keys.iter().flat_map(VerifyingKey::points)).flat_map(encode_point);
        let srs = self.words.srs.0.into_iter();
        srs.chain(encode_g2(&self.s_g2)).chain(points).collect()
    }

    /// Bytes of [`VerifierParameters::encode`] for that geometry.
    pub fn encoded_bytes(geometry: Geometry) -> usize {
        let shapes = CircuitKind::all(geometry).map(|kind| KeyShape::of(CircuitId { kind, geometry }));
        let points = shapes.map(|shape| shape.points()).fold(0, usize::saturating_add);
        let points = points.saturating_add(geometry.alphabet()).saturating_add(RESERVED_ROWS);
        points.saturating_mul(POINT_BYTES).saturating_add(32 + G2_BYTES)
    }

    /// The geometry they are for.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The words that they give.
    pub fn words(&self) -> &ParameterWords {
        &self.words
    }

    /// Whether they were derived here, from a whole reference string. Others are believed only under a rules
    /// hash.
    pub fn is_derived(&self) -> bool {
        self.is_derived
    }

    /// The code of a contract that holds what checks openings: a zero byte, so that it does nothing when
    /// called, and the words that PROTOCOL section 8 hashes. Of the development string it ends with a
    /// [note](INSECURE_NOTE).
    pub fn openings_code(&self) -> Vec<u8> {
        let words = openings_words(&self.reserved, &G2Affine::generator(), &self.s_g2);
        let note = if self.is_insecure() { INSECURE_NOTE } else { "" };
        [&[0], words.as_slice(), note.as_bytes()].concat()
    }

    /// Whether the reference string is the development one, told from `[s]_2`.
    pub fn is_insecure(&self) -> bool {
        is_insecure(&self.s_g2)
    }

    /// A circuit's key; none of another geometry's widths.
    pub fn key(&self, kind: CircuitKind) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.id().kind == kind)
    }
}

impl OpeningPoints for VerifierParameters {
    fn backend(&self) -> &ParamsKZG<Bn256> {
        &self.backend
    }

    fn reserved_points(&self) -> &[G1Affine] {
        &self.reserved
    }
}

impl LagrangePoints for VerifierParameters {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn row_points(&self) -> &[G1Affine] {
        &self.rows
    }

    fn blinding_points(&self) -> &[G1Affine] {
        let (_, blinding) = self.reserved.split_at(RESERVED_ROWS - BLINDING_ROWS);
        blinding
    }
}

/// All that the rest follows from.
struct Parts {
    geometry: Geometry,
    srs: Digest,
    rows: Vec<G1Affine>,
    reserved: [G1Affine; RESERVED_ROWS],
    s_g2: G2Affine,
    keys: Vec<VerifyingKey>,
}

impl Parts {
    fn assemble(self, is_derived: bool) -> Result<VerifierParameters> {
        let Self { geometry, srs, rows, reserved, s_g2, keys } = self;
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let tree = LagrangeTree::new(&rows).ok_or(DerivedError::Points { found: rows.len() })?;
        let words = ParameterWords {
            srs,
            keys: keys_digest(geometry, &keys)?,
            lagrange_root: tree.root(),
            openings: openings_hash(&reserved, &g2, &s_g2),
        };
        let backend = backend_params(geometry.k(), vec![g1], vec![g1], [g2, s_g2]);
        Ok(VerifierParameters { geometry, rows, reserved, s_g2, keys, words, is_derived, backend })
    }
}

/// Bytes whose number was checked.
struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.bytes.get(self.offset..).and_then(<[u8]>::first_chunk).copied();
        self.offset = self.offset.saturating_add(N);
        taken.unwrap_or([0; N])
    }

    fn g2(&mut self) -> Result<G2Affine> {
        let offset = self.offset;
        let bytes: [u8; G2_BYTES] = self.take();
        decode_g2(&bytes).ok_or(VerifierParametersError::Point { offset })
    }

    fn points(&mut self, count: usize) -> Result<Vec<G1Affine>> {
        let first = self.offset;
        let rest = self.bytes.get(first..).unwrap_or_default();
        let (chunks, _) = rest.as_chunks::<POINT_BYTES>();
        let chunks = chunks.get(..count).unwrap_or_default();
        self.offset = first.saturating_add(count.saturating_mul(POINT_BYTES));
        let point = |(index, chunk): (usize, &[u8; POINT_BYTES])| {
            let offset = first.saturating_add(index.saturating_mul(POINT_BYTES));
            decode_point(chunk).ok_or(VerifierParametersError::Point { offset })
        };
        chunks.par_iter().enumerate().map(point).collect()
    }
}
