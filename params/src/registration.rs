//! What a registry has on record of a dataset, as far as a proof is about it.
//!
//! In which round it was registered, and with what evidence, is the registry's word ([`crate::registry`]).
//! Computing power has no such thing: nobody registers units for themselves ([`crate::units`]).

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::digest::{data_digest, segment_hash};
use crate::encoding::Digest;
use crate::registry::Request;

/// One dataset on record.
///
/// No number is out of range. That the digest belongs to certain columns is for the verifier to check, which
/// has the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    contributor: Address,
    geometry: Geometry,
    schema_hash: Digest,
    records: u32,
    digest: Digest,
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
}

type Result<T> = std::result::Result<T, RegistrationError>;

impl Registration {
    /// A registration as somebody gives it: what its own parts can show of it is checked.
    pub fn new(
        contributor: Address,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        digest: Digest,
    ) -> Result<Self> {
        if contributor.is_zero() {
            return Err(RegistrationError::Contributor);
        }
        if records == 0 {
            return Err(RegistrationError::Records);
        }
        Ok(Self { contributor, geometry, schema_hash, records, digest })
    }

    /// A registration of columns: `column_commitments` has one list per segment, columns in order.
    pub fn of_columns(
        contributor: Address,
        geometry: Geometry,
        schema_hash: Digest,
        records: u32,
        column_commitments: &[Vec<G1Affine>],
    ) -> Result<Self> {
        let segments: Vec<_> =
            column_commitments.iter().map(|columns| segment_hash(&geometry, columns)).collect();
        let digest = data_digest(&contributor, &geometry, &schema_hash, records, &segments);
        Self::new(contributor, geometry, schema_hash, records, digest)
    }

    /// Who contributed.
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

    /// The registered digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// What is on record once the request is granted.
impl From<&Request> for Registration {
    fn from(request: &Request) -> Self {
        Self {
            contributor: *request.contributor(),
            geometry: request.geometry(),
            schema_hash: *request.schema_hash(),
            records: request.records(),
            digest: *request.digest(),
        }
    }
}
