//! The derived words of the rules (PROTOCOL section 8): what a contract cannot compute.

use std::fmt;

use fairshare_circuits::data_score::Reference;
use fairshare_circuits::numeric::divergence::{DivergenceError, sum_ln_totals};
use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::commitment::{LagrangePoints, commit_public};
use crate::encoding::{Digest, wide};
use crate::keys::{CircuitId, CircuitKind, VerifyingKey};
use crate::words::{Words, hash_list};

/// Why words cannot be derived.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivedError {
    /// Not the keys of the SRS's geometry, each once, in the order of [`CircuitKind::all`].
    #[error(
        "position {index} has {}, where {} belongs; give a geometry's keys in their order",
        Named(.found), Named(.expected)
    )]
    Key {
        /// Position in the list, from 0.
        index: usize,
        /// The key found there; none if the list is too short.
        found: Option<Box<CircuitId>>,
        /// The key expected there; none if the list is too long.
        expected: Option<Box<CircuitId>>,
    },
    /// A reference without logarithms.
    #[error("the smoothed reference counts are refused")]
    Reference(#[source] DivergenceError),
    /// A reference for a larger alphabet.
    #[error("the reference has more bins than geometry `{geometry}` has symbols; choose a larger geometry")]
    Alphabet {
        /// The points' geometry.
        geometry: Geometry,
    },
    /// Lagrange points that are not a tree's leaves.
    #[error("internal invariant violated: {found} Lagrange points are not a power of two; please report")]
    Points {
        /// How many there are.
        found: usize,
    },
}

/// A key in a message, or its absence.
struct Named<'a>(&'a Option<Box<CircuitId>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => fmt::Display::fmt(id, f),
            None => f.write_str("no key"),
        }
    }
}

/// The words that depend on the SRS and its keys alone: the same for every policy of one geometry.
/// [`VerifierParameters`](crate::verifier_parameters::VerifierParameters) have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterWords {
    /// The SRS digest.
    pub srs: Digest,
    /// `K'` of the verifying-key digests.
    pub keys: Digest,
    /// The Merkle root of `G_0 … G_{2^b−1}`.
    pub lagrange_root: Digest,
    /// The hash of `G_u … G_{n−1}`, `[1]_2`, `[s]_2`: what checks an opening.
    pub openings: Digest,
}

impl ParameterWords {
    /// Appends them to the rules' words.
    pub(super) fn append(&self, words: Words) -> Words {
        words.digest(&self.srs).digest(&self.keys).digest(&self.lagrange_root).digest(&self.openings)
    }
}

/// `K'` of the verifying-key digests: of all keys of a geometry, in the order of [`CircuitKind::all`].
pub fn keys_digest<'k>(
    geometry: Geometry,
    keys: impl IntoIterator<Item = &'k VerifyingKey>,
) -> Result<Digest, DerivedError> {
    let mut expected = CircuitKind::all(geometry).map(|kind| Box::new(CircuitId { kind, geometry }));
    let mut digests = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let (found, expected) = (Some(Box::new(key.id())), expected.next());
        if found != expected {
            return Err(DerivedError::Key { index, found, expected });
        }
        digests.push(key.digest());
    }
    match expected.next() {
        None => Ok(hash_list(&digests)),
        expected => Err(DerivedError::Key { index: digests.len(), found: None, expected }),
    }
}

/// The words derived from the reference, the commitments under one SRS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceWords {
    /// `d`: features.
    pub features: u32,
    /// `bins'`: over all features, the bins that occur in the reference before smoothing, less one.
    pub free_bins: u64,
    /// `Σ_f Ln(R_f)`.
    pub ln_totals: u128,
    /// The commitment to `ℓ`.
    pub ln: G1Affine,
    /// The commitment to the feature boundaries.
    pub boundaries: G1Affine,
}

impl ReferenceWords {
    /// Those of the features' smoothed counts, in the schema's order of features and bins; `pseudo_count` is
    /// what smoothing added to each.
    pub fn of<'a>(
        points: &impl LagrangePoints,
        features: impl Iterator<Item = &'a [u32]> + Clone,
        pseudo_count: u32,
    ) -> Result<Self, DerivedError> {
        let geometry = points.geometry();
        let ln_totals = sum_ln_totals(features.clone()).map_err(DerivedError::Reference)?;
        // Empty features and counts of zero have no logarithm, so the alphabet alone is left to refuse.
        let reference =
            Reference::new(geometry, features.clone()).ok_or(DerivedError::Alphabet { geometry })?;
        let columns = [reference.ln_column(), reference.boundary_column()];
        let [ln, boundaries] = columns.map(|column| commit_public(points, &column));
        let free_bins = free_bins(features, pseudo_count);
        Ok(Self { features: reference.features(), free_bins, ln_totals, ln, boundaries })
    }

    /// Appends them to the rules' words.
    pub(super) fn append(&self, words: Words) -> Words {
        let words = words.integer(self.features).integer(self.free_bins).integer(self.ln_totals);
        words.point(&self.ln).point(&self.boundaries)
    }
}

/// `bins'`: a bin occurs before smoothing if its count is more than what smoothing added.
fn free_bins<'a>(features: impl Iterator<Item = &'a [u32]>, pseudo_count: u32) -> u64 {
    let occurring = |counts: &[u32]| counts.iter().filter(|count| **count > pseudo_count).count();
    features.map(|counts| wide(occurring(counts)).saturating_sub(1)).fold(0, u64::saturating_add)
}
