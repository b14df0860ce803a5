//! Circuit ids, verifying and proving keys.
//!
//! A verifying key is a pure function of circuit, geometry and SRS. One that comes from elsewhere is believed
//! only as a part of whole parameters ([`crate::verifier_parameters`]); a proving key only if the verifying
//! key inside it is the one that is believed.

mod fixed;

use std::fmt;
use std::io;
use std::sync::OnceLock;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit};
use fairshare_circuits::geometry::{Geometry, Width};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use ff::PrimeField;
use halo2_proofs::plonk::{self, Circuit, ConstraintSystem, keygen_pk, keygen_vk_custom};
use halo2_proofs::{SerdeCurveAffine, SerdeFormat};
use halo2curves::bn256::{Fr, G1Affine};
use sha3::{Digest as _, Keccak256};

use crate::encoding::{Digest, POINT_BYTES, SCALAR_BYTES, encode_point, encode_scalar, wide};
use crate::keys::fixed::FixedColumns;
use crate::srs::Srs;

/// Which statement a circuit proves: there is one circuit for each, and for histograms one a width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CircuitKind {
    /// One segment of symbols, of this width, has this histogram.
    Histogram(Width),
    /// A merged histogram has this score.
    DataScore,
    /// A unit log has this score.
    ComputeScore,
}

impl CircuitKind {
    /// Those of a geometry: histograms by ascending width, then the scores.
    pub fn all(geometry: Geometry) -> impl Iterator<Item = Self> {
        let histograms = geometry.widths().iter().map(|width| Self::Histogram(*width));
        histograms.chain([Self::DataScore, Self::ComputeScore])
    }

    /// Its name in file names and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Histogram(_) => "histogram",
            Self::DataScore => "data-score",
            Self::ComputeScore => "compute-score",
        }
    }

    /// Its number in a key's words.
    const fn id(self) -> u8 {
        match self {
            Self::Histogram(_) => 1,
            Self::DataScore => 2,
            Self::ComputeScore => 3,
        }
    }

    /// The first columns, whose commitments a verifier uses by themselves: the data columns and the counts;
    /// the linked column and the public ones; the public ones.
    pub const fn leading_columns(self) -> usize {
        match self {
            Self::Histogram(width) => width.columns().saturating_add(1),
            Self::DataScore => data_score::LINKED_COLUMNS.saturating_add(data_score::PUBLIC_COLUMNS),
            Self::ComputeScore => compute_score::PUBLIC_COLUMNS,
        }
    }

    /// Columns among those that are linked to a commitment outside the proof, the first of them.
    pub const fn linked_columns(self) -> usize {
        match self {
            Self::Histogram(_) | Self::ComputeScore => 0,
            Self::DataScore => data_score::LINKED_COLUMNS,
        }
    }

    /// Columns among those that everybody knows, the last of them.
    pub const fn public_columns(self) -> usize {
        match self {
            Self::Histogram(_) => 0,
            Self::DataScore => data_score::PUBLIC_COLUMNS,
            Self::ComputeScore => compute_score::PUBLIC_COLUMNS,
        }
    }

    /// Number of instance rows: fixed, and checked before a proof is looked at.
    pub const fn instance_rows(self) -> usize {
        match self {
            Self::Histogram(_) => histogram::INSTANCE_ROWS.len(),
            Self::DataScore => data_score::INSTANCE_ROWS.len(),
            Self::ComputeScore => compute_score::INSTANCE_ROWS.len(),
        }
    }
}

/// A circuit: a kind at a geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CircuitId {
    /// What it proves.
    pub kind: CircuitKind,
    /// The geometry.
    pub geometry: Geometry,
}

impl fmt::Display for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, geometry) = (self.kind.name(), self.geometry.name());
        match self.kind {
            CircuitKind::Histogram(width) => write!(f, "{name}-{geometry}-{width}"),
            CircuitKind::DataScore | CircuitKind::ComputeScore => write!(f, "{name}-{geometry}"),
        }
    }
}

/// Why keys could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Key generation failed: an invariant of the circuit is violated; please report.
    #[error("key generation for {circuit} failed")]
    Generation {
        /// The circuit.
        circuit: CircuitId,
        /// The backend's reason.
        #[source]
        source: plonk::Error,
    },
    /// A verifying key that was stated is not the one that the whole parameters give.
    #[error(
        "the verifier's parameters state a false key for {circuit}; write them again from the whole \
         parameters (`fairshare params verifier`), and ask whoever gave you the rules hash how they got it"
    )]
    False {
        /// The circuit.
        circuit: CircuitId,
    },
}

/// A verifying key that knows its circuit.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    id: CircuitId,
    /// The key itself, or the same over a domain of [`OUTLINE_K`]: all of it but what belongs to the domain.
    outline: plonk::VerifyingKey<G1Affine>,
    /// The key of an outline, made when it is first asked for.
    whole: OnceLock<plonk::VerifyingKey<G1Affine>>,
    digest: Digest,
}

/// Binary logarithm of the rows of an outline's domain. The library makes tables as long as the domain, so
/// that a verifier of one bundle would spend most of its time on keys that it does not need.
const OUTLINE_K: u32 = 1;

impl VerifyingKey {
    /// Builds the key of `kind` at the SRS's geometry.
    pub fn build(srs: &Srs, kind: CircuitKind) -> Result<Self, KeyError> {
        let geometry = srs.geometry();
        let id = CircuitId { kind, geometry };
        let params = &FixedColumns(srs);
        // Selectors stay columns of their own: compression would raise degrees and make the key's layout
        // depend on a packing heuristic.
        let key = match kind {
            CircuitKind::Histogram(width) => {
                keygen_vk_custom(params, &HistogramCircuit::shape(geometry.segment(width)), false)
            }
            CircuitKind::DataScore => keygen_vk_custom(params, &DataScoreCircuit::shape(geometry), false),
            CircuitKind::ComputeScore => {
                keygen_vk_custom(params, &ComputeScoreCircuit::shape(geometry), false)
            }
        };
        let key = key.map_err(|source| KeyError::Generation { circuit: id, source })?;
        Ok(Self::of(id, key))
    }

    /// The key with these commitments, fixed columns first, then permutation columns: none unless there are
    /// as many as [`KeyShape::of`] says. Whose they are is not known.
    pub fn from_points(id: CircuitId, points: &[G1Affine]) -> Option<Self> {
        let KeyShape { fixed, permutation } = KeyShape::of(id);
        if fixed.checked_add(permutation) != Some(points.len()) {
            return None;
        }
        Some(Self::of(id, read_over(OUTLINE_K, id, fixed, points).ok()?))
    }

    /// The commitments, as [`VerifyingKey::from_points`] takes them.
    pub fn points(&self) -> impl Iterator<Item = &G1Affine> {
        self.outline.fixed_commitments().iter().chain(self.outline.permutation().commitments())
    }

    /// Whether it was read, and not built.
    fn is_outline(&self) -> bool {
        self.outline.get_domain().k() != self.id.geometry.k()
    }

    fn built_again(self, srs: &Srs) -> Result<Self, KeyError> {
        let built = Self::build(srs, self.id.kind)?;
        if built.digest == self.digest { Ok(built) } else { Err(KeyError::False { circuit: self.id }) }
    }

    fn of(id: CircuitId, outline: plonk::VerifyingKey<G1Affine>) -> Self {
        let digest = Digest(Keccak256::digest(code(id, &outline)).into());
        Self { id, outline, whole: OnceLock::new(), digest }
    }

    /// The circuit.
    pub fn id(&self) -> CircuitId {
        self.id
    }

    /// The backend's key.
    pub fn key(&self) -> &plonk::VerifyingKey<G1Affine> {
        if !self.is_outline() {
            return &self.outline;
        }
        if let Some(key) = self.whole.get() {
            return key;
        }
        let points: Vec<_> = self.points().copied().collect();
        let fixed = self.outline.fixed_commitments().len();
        // Never under the cell's lock: the library makes its tables on the thread pool, where a thread that
        // waits takes up other work, which may ask for this key and would wait for itself.
        let whole = read_over(self.id.geometry.k(), self.id, fixed, &points);
        // The same bytes but for the domain were read before. An outline in its place verifies nothing.
        self.whole.get_or_init(|| whole.unwrap_or_else(|_| self.outline.clone()))
    }

    /// The verifying-key digest (PROTOCOL section 8), of circuit, geometry and SRS: what is pinned and
    /// logged, and what every transcript absorbs first.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The code of the contract that holds the key, whose hash is the [digest](Self::digest).
    pub fn code(&self) -> Vec<u8> {
        code(self.id, &self.outline)
    }

    /// The constraint system, its selectors columns of their own.
    pub fn constraint_system(&self) -> &ConstraintSystem<Fr> {
        self.outline.cs()
    }

    /// Keccak-256 of the constraint system's pinned text: one of the key's words.
    pub fn constraint_system_hash(&self) -> Digest {
        constraint_system_hash(self.outline.cs())
    }

    /// The exact length of a proof under this key, in bytes: points, [evaluations](Self::evaluations), and
    /// the opening's two points.
    ///
    /// Points: advice columns, permutation products, the vanishing argument's random polynomial and quotient
    /// pieces.
    #[expect(clippy::arithmetic_side_effects, reason = "counts of a circuit of ours: thousands at most")]
    pub fn proof_bytes(&self) -> usize {
        let cs = self.outline.cs();
        let pieces = cs.degree() - 1;
        let points = cs.num_advice_columns() + self.permutation_products() + 1 + pieces + 2;
        points * POINT_BYTES + self.evaluations() * SCALAR_BYTES
    }

    /// Scalars of a proof, in the order of halo2's verifier: advice, fixed columns, the random polynomial,
    /// the permutation.
    #[expect(clippy::arithmetic_side_effects, reason = "counts of a circuit of ours: thousands at most")]
    pub fn evaluations(&self) -> usize {
        let cs = self.outline.cs();
        // Each product is opened at x and ωx, each but the last also at the last usable row.
        let permutation =
            cs.permutation().get_columns().len() + (3 * self.permutation_products()).saturating_sub(1);
        cs.advice_queries().len() + cs.fixed_queries().len() + 1 + permutation
    }

    /// halo2 packs `degree − 2` columns into a permutation product; every circuit of ours has degree 3 or
    /// more.
    fn permutation_products(&self) -> usize {
        let cs = self.outline.cs();
        cs.permutation().get_columns().len().div_ceil(cs.degree().saturating_sub(2).max(1))
    }
}

/// How many commitments a verifying key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyShape {
    /// To fixed columns, selectors among them.
    pub fixed: usize,
    /// To permutation columns.
    pub permutation: usize,
}

impl KeyShape {
    /// That of a circuit's key.
    pub fn of(id: CircuitId) -> Self {
        let mut cs = ConstraintSystem::default();
        let geometry = id.geometry;
        match id.kind {
            CircuitKind::Histogram(width) => {
                HistogramCircuit::configure_with_params(&mut cs, geometry.segment(width));
            }
            CircuitKind::DataScore => drop(DataScoreCircuit::configure_with_params(&mut cs, geometry)),
            CircuitKind::ComputeScore => drop(ComputeScoreCircuit::configure_with_params(&mut cs, geometry)),
        }
        // Key generation gives each selector a fixed column of its own.
        let fixed = cs.num_fixed_columns().saturating_add(cs.num_selectors());
        Self { fixed, permutation: cs.permutation().get_columns().len() }
    }

    /// Commitments in all.
    pub fn points(&self) -> usize {
        self.fixed.saturating_add(self.permutation)
    }
}

/// The library's key with these commitments, over a domain of `2^k` rows.
fn read_over(
    k: u32,
    id: CircuitId,
    fixed: usize,
    points: &[G1Affine],
) -> io::Result<plonk::VerifyingKey<G1Affine>> {
    parse(id, &mut library_key(k, fixed, points)?.as_slice())
}

/// A key as the library writes one, whose selectors are columns of their own.
fn library_key(k: u32, fixed: usize, points: &[G1Affine]) -> io::Result<Vec<u8>> {
    const VERSION: u8 = 2;
    const COMPRESSED: u8 = 0;
    let mut bytes = vec![VERSION];
    bytes.extend(k.to_le_bytes());
    bytes.push(COMPRESSED);
    bytes.extend(u32::try_from(fixed).map_err(io::Error::other)?.to_le_bytes());
    for point in points {
        SerdeCurveAffine::write(point, &mut bytes, SerdeFormat::RawBytes)?;
    }
    Ok(bytes)
}

fn parse(id: CircuitId, bytes: &mut &[u8]) -> io::Result<plonk::VerifyingKey<G1Affine>> {
    let (format, geometry) = (SerdeFormat::RawBytes, id.geometry);
    match id.kind {
        CircuitKind::Histogram(width) => {
            plonk::VerifyingKey::read::<_, HistogramCircuit>(bytes, format, geometry.segment(width))
        }
        CircuitKind::DataScore => plonk::VerifyingKey::read::<_, DataScoreCircuit>(bytes, format, geometry),
        CircuitKind::ComputeScore => {
            plonk::VerifyingKey::read::<_, ComputeScoreCircuit>(bytes, format, geometry)
        }
    }
}

/// The generator of a geometry's domain (PROTOCOL section 4).
fn omega(geometry: Geometry) -> Fr {
    (geometry.k()..Fr::S).fold(Fr::ROOT_OF_UNITY, |omega, _| omega.square())
}

/// The code of a contract that holds the key's words (PROTOCOL section 8): a zero byte, so that it does
/// nothing when called, then the words.
fn code(id: CircuitId, key: &plonk::VerifyingKey<G1Affine>) -> Vec<u8> {
    let (cs, permutation) = (key.cs(), key.permutation().commitments());
    let width = match id.kind {
        CircuitKind::Histogram(width) => width.columns(),
        CircuitKind::DataScore | CircuitKind::ComputeScore => 0,
    };
    let mut code = vec![0];
    for value in [u64::from(id.kind.id()), u64::from(id.geometry.id()), wide(width)] {
        code.extend(encode_scalar(&Fr::from(value)));
    }
    code.extend(constraint_system_hash(cs).0);
    code.extend(encode_scalar(&omega(id.geometry)));
    let counts =
        [cs.num_advice_columns(), cs.num_fixed_columns(), cs.num_instance_columns(), permutation.len()];
    for count in counts {
        code.extend(encode_scalar(&Fr::from(wide(count))));
    }
    key.fixed_commitments().iter().chain(permutation).for_each(|point| code.extend(encode_point(point)));
    code
}

/// Keccak-256 of the pinned text of a constraint system: what ties gates to a key.
fn constraint_system_hash(cs: &ConstraintSystem<Fr>) -> Digest {
    Digest(Keccak256::digest(format!("{:?}", cs.pinned())).into())
}

/// A proving key that knows its circuit.
#[derive(Debug)]
pub struct ProvingKey {
    verifying: VerifyingKey,
    key: plonk::ProvingKey<G1Affine>,
}

impl ProvingKey {
    /// Builds the key of `kind` at the SRS's geometry.
    pub fn build(srs: &Srs, kind: CircuitKind) -> Result<Self, KeyError> {
        Self::from_verifying(srs, VerifyingKey::build(srs, kind)?)
    }

    /// Builds the proving key that belongs to `verifying`. One that was not built here is built first, and
    /// refused if it is another: whoever proved under it would spend an opening, and have no proof.
    pub fn from_verifying(srs: &Srs, verifying: VerifyingKey) -> Result<Self, KeyError> {
        let verifying = if verifying.is_outline() { verifying.built_again(srs)? } else { verifying };
        let (vk, kind) = (verifying.key().clone(), verifying.id.kind);
        let (geometry, params) = (srs.geometry(), srs.params());
        let key = match kind {
            CircuitKind::Histogram(width) => {
                keygen_pk(params, vk, &HistogramCircuit::shape(geometry.segment(width)))
            }
            CircuitKind::DataScore => keygen_pk(params, vk, &DataScoreCircuit::shape(geometry)),
            CircuitKind::ComputeScore => keygen_pk(params, vk, &ComputeScoreCircuit::shape(geometry)),
        };
        let key = key.map_err(|source| KeyError::Generation { circuit: verifying.id, source })?;
        Ok(Self { verifying, key })
    }

    /// Takes a proving key that was kept, if the verifying key inside it is `verifying`, which is believed.
    ///
    /// The polynomials remain on trust: a wrong one can only make proofs that do not verify.
    pub fn from_parts(verifying: VerifyingKey, key: plonk::ProvingKey<G1Affine>) -> Option<Self> {
        (key.get_vk().transcript_repr() == verifying.key().transcript_repr())
            .then_some(Self { verifying, key })
    }

    /// The matching verifying key.
    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The backend's key.
    pub fn key(&self) -> &plonk::ProvingKey<G1Affine> {
        &self.key
    }

    /// The matching verifying key, and the backend's key.
    pub fn into_parts(self) -> (VerifyingKey, plonk::ProvingKey<G1Affine>) {
        (self.verifying, self.key)
    }
}
