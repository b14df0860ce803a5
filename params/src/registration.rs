//! What a task contract records about one upload or one log of units: the public side of a contribution.
//!
//! How it is written is for `fairshare_formats` to say.

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::digest::{compute_digest, data_digest, segment_hash};
use crate::encoding::{Digest, decode_point, encode_point, wide};
use crate::role::Role;

/// One contribution as registered.
///
/// Its parts fit together: a registration of units has the digest of its commitment, and no number is out of
/// range. That a data digest belongs to certain columns is for the verifier to check, which has the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    contributor: Address,
    round: u64,
    geometry: Geometry,
    digest: Digest,
    contribution: Contribution,
    evidence: Option<Evidence>,
}

/// What was contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contribution {
    /// Records.
    Data {
        /// Hash of the schema that turned records into symbols.
        schema_hash: Digest,
        /// Number of records, 1 or more.
        records: u32,
        /// Number of segments that hold their symbols, 1 or more.
        segments: u32,
    },
    /// Units of computing power by round.
    Compute {
        /// The round in row 0 of the column.
        first_round: u64,
        /// Rounds covered, 1 to [`Geometry::rounds`].
        rounds: u32,
        /// Commitment to the column of units.
        commitment: G1Affine,
    },
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
    /// More rounds than the geometry covers, or none.
    #[error("`rounds`: {found} is not 1 to {bound}, what geometry `{geometry}` covers")]
    Rounds {
        /// The number found.
        found: u32,
        /// The geometry.
        geometry: Geometry,
        /// Rounds that it covers.
        bound: usize,
    },
    /// Rounds past the last number.
    #[error("`first_round`: {found} is not a round from which the last is below 2^64")]
    FirstRound {
        /// The first round.
        found: u64,
    },
    /// Not a point of the curve, or the identity, which only a log without any unit would commit to.
    #[error(
        "`commitment` is not a point of the curve other than the identity; copy it again from the \
         registration"
    )]
    Point,
    /// The digest of units is not the digest of the commitment beside it.
    #[error(
        "`digest` is {found}, but the commitment and its rounds have digest {expected}; one of them was \
         altered"
    )]
    DigestMismatch {
        /// The digest found.
        found: Digest,
        /// The digest of the other fields.
        expected: Digest,
    },
}

type Result<T> = std::result::Result<T, RegistrationError>;

impl Registration {
    /// Registers data: `column_commitments` has one list a segment, columns in order.
    pub fn for_data(
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
        let contribution = Contribution::Data { schema_hash, records, segments };
        Self::new(contributor, round, geometry, digest, contribution)
    }

    /// Registers units: row `x` of the committed column holds those of round `first_round + x`.
    pub fn for_compute(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        first_round: u64,
        rounds: u32,
        commitment: G1Affine,
    ) -> Result<Self> {
        let digest = compute_digest(&geometry, first_round, rounds, &commitment);
        let contribution = Contribution::Compute { first_round, rounds, commitment };
        Self::new(contributor, round, geometry, digest, contribution)
    }

    /// A registration as somebody gives it: what its own parts can show of it is checked.
    pub fn new(
        contributor: Address,
        round: u64,
        geometry: Geometry,
        digest: Digest,
        contribution: Contribution,
    ) -> Result<Self> {
        Self { contributor, round, geometry, digest, contribution, evidence: None }.checked()
    }

    /// The same registration with this evidence of its upload.
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence: Some(evidence), ..self }
    }

    /// Who contributed.
    pub fn contributor(&self) -> &Address {
        &self.contributor
    }

    /// What the contributor is paid for.
    pub fn role(&self) -> Role {
        match self.contribution {
            Contribution::Data { .. } => Role::Data,
            Contribution::Compute { .. } => Role::Compute,
        }
    }

    /// The round in which it was registered, from which data's decay counts.
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

    /// What was contributed.
    pub fn contribution(&self) -> &Contribution {
        &self.contribution
    }

    /// Evidence of the upload, if there is any.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// Every constructor ends here.
    fn checked(self) -> Result<Self> {
        require(!self.contributor.is_zero(), || RegistrationError::Contributor)?;
        match &self.contribution {
            Contribution::Data { records, segments, .. } => {
                require(*records > 0, || RegistrationError::Records)?;
                require(*segments > 0, || RegistrationError::Segments { found: 0 })?;
            }
            Contribution::Compute { first_round, rounds, commitment } => {
                let (found, bound) = (*rounds, self.geometry.rounds());
                let covered = found > 0 && usize::try_from(found).is_ok_and(|rounds| rounds <= bound);
                let geometry = self.geometry;
                require(covered, || RegistrationError::Rounds { found, geometry, bound })?;
                let ends = first_round.checked_add(u64::from(*rounds)).is_some();
                require(ends, || RegistrationError::FirstRound { found: *first_round })?;
                require(decode_point(&encode_point(commitment)).is_some(), || RegistrationError::Point)?;
                let (found, expected) =
                    (self.digest, compute_digest(&self.geometry, *first_round, *rounds, commitment));
                require(found == expected, || RegistrationError::DigestMismatch { found, expected })?;
            }
        }
        Ok(self)
    }
}

fn require(holds: bool, error: impl FnOnce() -> RegistrationError) -> Result<()> {
    if holds { Ok(()) } else { Err(error()) }
}
