//! What a registry records about one upload: the public side of a contribution of data.
//!
//! Computing power has no such thing: nobody registers units for themselves ([`crate::units`]). How a
//! registration is written is for `fairshare_formats` to say.

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::digest::{data_digest, segment_hash};
use crate::encoding::{Digest, wide};

/// One dataset as registered.
///
/// No number is out of range. That the digest belongs to certain columns is for the verifier to check, which
/// has the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    contributor: Address,
    round: u64,
    geometry: Geometry,
    digest: Digest,
    dataset: Dataset,
    evidence: Option<Evidence>,
}

/// What is known of a dataset beside its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Hash of the schema that turned records into symbols.
    pub schema_hash: Digest,
    /// Number of records, 1 or more.
    pub records: u32,
    /// Number of segments that hold their symbols, 1 or more.
    pub segments: u32,
}

/// Where the contribution was stored, and the transaction that says so.
///
/// The storage root does not bind the length (a trailing zero byte leaves it as it is), hence both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Root of the stored file.
    pub storage_root: Digest,
    /// Its length in bytes.
    pub byte_length: u64,
    /// Hash of the upload's transaction.
    pub transaction_hash: Digest,
}

/// Why a registration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// A contributor that nobody is.
    #[error("`contributor`: the zero address is not one that someone holds")]
    Contributor,
    /// No records.
    #[error("`records`: must be 1 or more, found 0")]
    Records,
    /// No segments, or more than 32 bits count.
    #[error("`segments`: {found} is not from 1 to 4294967295")]
    Segments {
        /// The number found.
        found: u64,
    },
}

type Result<T> = std::result::Result<T, RegistrationError>;

impl Registration {
    /// Registers columns: `column_commitments` has one list a segment, columns in order.
    pub fn of_columns(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        column_commitments: &[Vec<G1Affine>],
    ) -> Result<Self> {
        let hashes: Vec<_> =
            column_commitments.iter().map(|columns| segment_hash(&geometry, columns)).collect();
        let digest = data_digest(&contributor, &geometry, &schema_hash, records, &hashes);
        let found = wide(column_commitments.len());
        let segments = u32::try_from(found).map_err(|_| RegistrationError::Segments { found })?;
        Self::new(contributor, round, geometry, digest, Dataset { schema_hash, records, segments })
    }

    /// A registration as somebody gives it: what its own parts can show of it is checked.
    pub fn new(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        digest: Digest,
        dataset: Dataset,
    ) -> Result<Self> {
        require(!contributor.is_zero(), || RegistrationError::Contributor)?;
        require(dataset.records > 0, || RegistrationError::Records)?;
        require(dataset.segments > 0, || RegistrationError::Segments { found: 0 })?;
        Ok(Self { contributor, round, geometry, digest, dataset, evidence: None })
    }

    /// The same registration with this evidence of its upload.
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    /// Who contributed.
    pub fn contributor(&self) -> &Address {
        &self.contributor
    }

    /// The round in which it was registered: the later, the less it weighs.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The registered digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Schema, records and segments.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Number of records.
    pub fn records(&self) -> u32 {
        self.dataset.records
    }

    /// Evidence of the upload, if there is any.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }
}

fn require(holds: bool, error: impl FnOnce() -> RegistrationError) -> Result<()> {
    if holds { Ok(()) } else { Err(error()) }
}
