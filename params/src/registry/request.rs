//! The request to register a dataset: everything that its digest is made of.

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::digest::{data_digest, segment_hash};
use crate::encoding::Digest;

/// A dataset to be registered. It names no round: the registry assigns its own.
///
/// A segment hash is over commitments, which only the contributor can open; that these commitments belong to
/// the hashes is for the verifier to check, which has both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    contributor: Address,
    geometry: Geometry,
    schema_hash: Digest,
    records: u32,
    segments: Vec<Digest>,
    digest: Digest,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A contributor that nobody is.
    #[error("`contributor`: the zero address is not one that someone holds")]
    Contributor,
    /// No records.
    #[error("`records`: must be 1 or more, found 0")]
    Records,
    /// No segments.
    #[error("`segments`: must list one hash or more, found none")]
    Segments,
    /// The digest is not that of the other fields.
    #[error("`digest` is {found}, but the other fields have digest {expected}; one of them was altered")]
    Digest {
        /// The digest found.
        found: Digest,
        /// The digest of the other fields.
        expected: Digest,
    },
}

impl Request {
    /// Requests the registration of these segments, in order.
    pub fn new(
        contributor: Address,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        segments: Vec<Digest>,
    ) -> Result<Self, RequestError> {
        if contributor.is_zero() {
            return Err(RequestError::Contributor);
        }
        if records == 0 {
            return Err(RequestError::Records);
        }
        if segments.is_empty() {
            return Err(RequestError::Segments);
        }
        let digest = data_digest(&contributor, &geometry, &schema_hash, records, &segments);
        Ok(Self { contributor, geometry, schema_hash, records, segments, digest })
    }

    /// The same of the columns' commitments, one list per segment.
    pub fn for_columns(
        contributor: Address,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        columns: &[Vec<G1Affine>],
    ) -> Result<Self, RequestError> {
        let segments = columns.iter().map(|columns| segment_hash(&geometry, columns)).collect();
        Self::new(contributor, geometry, schema_hash, records, segments)
    }

    /// The same request if its digest is the one that stands beside it.
    pub fn with_digest(self, found: Digest) -> Result<Self, RequestError> {
        let expected = self.digest;
        if found == expected { Ok(self) } else { Err(RequestError::Digest { found, expected }) }
    }

    /// Who contributes.
    pub fn contributor(&self) -> &Address {
        &self.contributor
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// Hash of the schema that turned records into symbols.
    pub fn schema_hash(&self) -> &Digest {
        &self.schema_hash
    }

    /// Number of records, 1 or more.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// The segments' hashes, in order, 1 or more.
    pub fn segments(&self) -> &[Digest] {
        &self.segments
    }

    /// The data digest, as the registry computes it.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}
