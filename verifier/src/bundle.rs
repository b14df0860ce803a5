//! The bundle: what a prover hands to a verifier, in one canonical encoding.
//!
//! ```text
//! magic "FSBUNDLE" · version u16 · role u8 · geometry u8 · contributor 20 · body
//! data body     datasets u32 · dataset… · score u64 · linked proof
//!   dataset     digest 32 · segments u32 · segment…
//!   segment     W column commitments · histogram commitment · linked proof
//! compute body  digest 32 · score u64 · linked proof
//! linked proof  length u32 · halo2 proof · link commitment · 8 responses
//! ```
//!
//! Integers are big-endian; points and scalars as in [`fairshare_params::encoding`]. Reading is total: every
//! count is checked against the bytes that are left before anything is allocated, and nothing may follow the
//! last field.

use fairshare_circuits::geometry::{Geometry, RESERVED_ROWS};
use fairshare_params::address::Address;
use fairshare_params::encoding::{
    Digest, POINT_BYTES, SCALAR_BYTES, decode_point, decode_scalar, encode_point, encode_scalar, wide,
};
use fairshare_params::role::Role;
use halo2curves::bn256::{Fr, G1Affine};

use crate::link::Link;

/// First bytes of a bundle.
pub const MAGIC: [u8; 8] = *b"FSBUNDLE";
/// Version of the encoding.
pub const VERSION: u16 = 1;

/// Bytes of a linked proof's link.
const LINK_BYTES: usize = POINT_BYTES + RESERVED_ROWS * SCALAR_BYTES;

/// Least bytes of a dataset: its digest and the number of its segments.
const DATASET_BYTES: usize = 36;

/// A proof of either role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// A contributor's data score.
    Data(DataBundle),
    /// A node's compute score.
    Compute(ComputeBundle),
}

/// A contributor's claimed data score with its proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataBundle {
    /// The circuits' geometry.
    pub geometry: Geometry,
    /// Who claims.
    pub contributor: Address,
    /// Every dataset of the epoch.
    pub datasets: Vec<Dataset>,
    /// The claimed score, in 1/256 nat.
    pub score: u64,
    /// The data-score proof.
    pub proof: LinkedProof,
}

/// One registered dataset, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The registered digest.
    pub digest: Digest,
    /// Its segments, in order.
    pub segments: Vec<Segment>,
}

/// One segment's commitments and the proof that they belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The `W` data-column commitments, in order.
    pub columns: Vec<G1Affine>,
    /// The histogram commitment.
    pub histogram: G1Affine,
    /// The histogram proof.
    pub proof: LinkedProof,
}

/// A node's claimed compute score with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeBundle {
    /// The circuit's geometry.
    pub geometry: Geometry,
    /// Who claims.
    pub contributor: Address,
    /// The registered digest.
    pub digest: Digest,
    /// The claimed score, 48 fractional bits.
    pub score: u64,
    /// The compute-score proof.
    pub proof: LinkedProof,
}

/// A halo2 proof with its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedProof {
    /// The halo2 proof.
    pub proof: Vec<u8>,
    /// The link of its first commitments.
    pub link: Link,
}

/// Why bytes are not a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The first bytes are not a bundle's.
    #[error("not a bundle: it does not start with `FSBUNDLE`")]
    Magic,
    /// Another version.
    #[error("bundle version {found}, but this verifier reads version {VERSION}: update it, or prove again")]
    Version {
        /// The version found.
        found: u16,
    },
    /// No such role.
    #[error("role {found} is neither data (1) nor compute (2)")]
    Role {
        /// The role found.
        found: u8,
    },
    /// No such geometry.
    #[error("geometry {found} is not one of this version's")]
    Geometry {
        /// The geometry found.
        found: u8,
    },
    /// A field asks for more bytes than are left.
    #[error("truncated at byte {offset}: {field} needs {needed} bytes, {left} are left")]
    Truncated {
        /// What was read.
        field: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
        /// Bytes needed.
        needed: u64,
        /// Bytes left.
        left: usize,
    },
    /// A list that must not be empty is.
    #[error("no {field} at byte {offset}: at least one is needed")]
    Empty {
        /// The list.
        field: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// A coordinate or scalar not below its modulus, a point off the curve, or the identity.
    #[error(
        "{field} at byte {offset} is not canonical: not below its modulus, off the curve, or the identity"
    )]
    NotCanonical {
        /// What was read.
        field: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
    },
    /// More than the encoding can count.
    #[error("{length} {field} do not fit a bundle, which counts them in 32 bits")]
    TooMany {
        /// The list.
        field: &'static str,
        /// How long it is.
        length: usize,
    },
    /// Bytes follow the last field.
    #[error("{extra} bytes follow the bundle's end at byte {offset}")]
    Trailing {
        /// Where the bundle ends.
        offset: usize,
        /// How many follow.
        extra: usize,
    },
}

impl Bundle {
    /// Its role.
    pub fn role(&self) -> Role {
        match self {
            Self::Data(_) => Role::Data,
            Self::Compute(_) => Role::Compute,
        }
    }

    /// Who claims.
    pub fn contributor(&self) -> Address {
        match self {
            Self::Data(bundle) => bundle.contributor,
            Self::Compute(bundle) => bundle.contributor,
        }
    }

    /// The circuits' geometry.
    pub fn geometry(&self) -> Geometry {
        match self {
            Self::Data(bundle) => bundle.geometry,
            Self::Compute(bundle) => bundle.geometry,
        }
    }

    /// The claimed score, of data in 1/256 nat, of units with 48 fractional bits: a claim until verified.
    pub fn claimed_score(&self) -> u64 {
        match self {
            Self::Data(bundle) => bundle.score,
            Self::Compute(bundle) => bundle.score,
        }
    }

    /// The digests it claims to cover.
    pub fn digests(&self) -> Vec<Digest> {
        match self {
            Self::Data(bundle) => bundle.datasets.iter().map(|dataset| dataset.digest).collect(),
            Self::Compute(bundle) => vec![bundle.digest],
        }
    }

    /// The canonical encoding; an error only for lists of 2^32 and more.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend([self.role().id(), self.geometry().id()]);
        bytes.extend(self.contributor().0);
        match self {
            Self::Data(bundle) => write_data(&mut bytes, bundle)?,
            Self::Compute(bundle) => write_compute(&mut bytes, bundle)?,
        }
        Ok(bytes)
    }

    /// Reads the canonical encoding; see the module. Allocates no more than a small multiple of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        let mut reader = Reader { bytes, offset: 0 };
        if reader.array::<8>("magic")? != MAGIC {
            return Err(BundleError::Magic);
        }
        let found = u16::from_be_bytes(reader.array("version")?);
        if found != VERSION {
            return Err(BundleError::Version { found });
        }
        let [role, geometry] = reader.array("role and geometry")?;
        let geometry = Geometry::from_id(geometry).ok_or(BundleError::Geometry { found: geometry })?;
        let contributor = Address(reader.array("contributor")?);
        let bundle = if role == Role::Data.id() {
            Self::Data(reader.data(geometry, contributor)?)
        } else if role == Role::Compute.id() {
            Self::Compute(reader.compute(geometry, contributor)?)
        } else {
            return Err(BundleError::Role { found: role });
        };
        reader.finish()?;
        Ok(bundle)
    }
}

impl Segment {
    /// A segment's encoding within a bundle; also how a prover keeps finished segments.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        let mut bytes = Vec::new();
        write_segment(&mut bytes, self)?;
        Ok(bytes)
    }

    /// Reads one segment and nothing else.
    pub fn from_bytes(geometry: Geometry, bytes: &[u8]) -> Result<Self, BundleError> {
        let mut reader = Reader { bytes, offset: 0 };
        let segment = reader.segment(geometry)?;
        reader.finish()?;
        Ok(segment)
    }
}

fn write_data(bytes: &mut Vec<u8>, bundle: &DataBundle) -> Result<(), BundleError> {
    write_length(bytes, "datasets", bundle.datasets.len())?;
    for dataset in &bundle.datasets {
        bytes.extend(dataset.digest.0);
        write_length(bytes, "segments", dataset.segments.len())?;
        dataset.segments.iter().try_for_each(|segment| write_segment(bytes, segment))?;
    }
    bytes.extend(bundle.score.to_be_bytes());
    write_proof(bytes, &bundle.proof)
}

fn write_segment(bytes: &mut Vec<u8>, segment: &Segment) -> Result<(), BundleError> {
    segment.columns.iter().for_each(|column| bytes.extend(encode_point(column)));
    bytes.extend(encode_point(&segment.histogram));
    write_proof(bytes, &segment.proof)
}

fn write_compute(bytes: &mut Vec<u8>, bundle: &ComputeBundle) -> Result<(), BundleError> {
    bytes.extend(bundle.digest.0);
    bytes.extend(bundle.score.to_be_bytes());
    write_proof(bytes, &bundle.proof)
}

fn write_proof(bytes: &mut Vec<u8>, linked: &LinkedProof) -> Result<(), BundleError> {
    write_length(bytes, "bytes of a proof", linked.proof.len())?;
    bytes.extend(&linked.proof);
    bytes.extend(encode_point(&linked.link.commitment));
    linked.link.responses.iter().for_each(|response| bytes.extend(encode_scalar(response)));
    Ok(())
}

fn write_length(bytes: &mut Vec<u8>, field: &'static str, length: usize) -> Result<(), BundleError> {
    let count = u32::try_from(length).map_err(|_| BundleError::TooMany { field, length })?;
    bytes.extend(count.to_be_bytes());
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl Reader<'_> {
    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.offset)
    }

    fn need(&self, field: &'static str, needed: u64) -> Result<(), BundleError> {
        let left = self.left();
        if needed > wide(left) {
            return Err(BundleError::Truncated { field, offset: self.offset, needed, left });
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], BundleError> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let truncated =
            BundleError::Truncated { field, offset: self.offset, needed: wide(N), left: self.left() };
        let head = rest.first_chunk::<N>().ok_or(truncated)?;
        self.offset = self.offset.saturating_add(N);
        Ok(*head)
    }

    fn u32(&mut self, field: &'static str) -> Result<u32, BundleError> {
        self.array(field).map(u32::from_be_bytes)
    }

    fn u64(&mut self, field: &'static str) -> Result<u64, BundleError> {
        self.array(field).map(u64::from_be_bytes)
    }

    fn point(&mut self, field: &'static str) -> Result<G1Affine, BundleError> {
        let offset = self.offset;
        decode_point(&self.array(field)?).ok_or(BundleError::NotCanonical { field, offset })
    }

    fn scalar(&mut self, field: &'static str) -> Result<Fr, BundleError> {
        let offset = self.offset;
        decode_scalar(&self.array(field)?).ok_or(BundleError::NotCanonical { field, offset })
    }

    /// A list's length, at least one, refused before anything is allocated if the list cannot be there.
    fn count(&mut self, field: &'static str, least_bytes: usize) -> Result<usize, BundleError> {
        let offset = self.offset;
        let count = self.u32(field)?;
        if count == 0 {
            return Err(BundleError::Empty { field, offset });
        }
        let needed = u64::from(count).saturating_mul(wide(least_bytes));
        self.need(field, needed)?;
        usize::try_from(count).map_err(|_| BundleError::Truncated {
            field,
            offset,
            needed,
            left: self.left(),
        })
    }

    fn data(&mut self, geometry: Geometry, contributor: Address) -> Result<DataBundle, BundleError> {
        let datasets = self.count("datasets", DATASET_BYTES)?;
        let datasets = (0..datasets).map(|_| self.dataset(geometry)).collect::<Result<_, _>>()?;
        let score = self.u64("score")?;
        let proof = self.proof("data-score proof")?;
        Ok(DataBundle { geometry, contributor, datasets, score, proof })
    }

    fn dataset(&mut self, geometry: Geometry) -> Result<Dataset, BundleError> {
        let digest = Digest(self.array("data digest")?);
        let least = geometry.data_columns().saturating_mul(POINT_BYTES).saturating_add(LINK_BYTES);
        let segments = self.count("segments", least)?;
        let segments = (0..segments).map(|_| self.segment(geometry)).collect::<Result<_, _>>()?;
        Ok(Dataset { digest, segments })
    }

    fn segment(&mut self, geometry: Geometry) -> Result<Segment, BundleError> {
        let columns = (0..geometry.data_columns())
            .map(|_| self.point("data-column commitment"))
            .collect::<Result<_, _>>()?;
        let histogram = self.point("histogram commitment")?;
        let proof = self.proof("histogram proof")?;
        Ok(Segment { columns, histogram, proof })
    }

    fn compute(&mut self, geometry: Geometry, contributor: Address) -> Result<ComputeBundle, BundleError> {
        let digest = Digest(self.array("compute digest")?);
        let score = self.u64("score")?;
        let proof = self.proof("compute-score proof")?;
        Ok(ComputeBundle { geometry, contributor, digest, score, proof })
    }

    fn proof(&mut self, field: &'static str) -> Result<LinkedProof, BundleError> {
        let length = self.count(field, 1)?;
        let end = self.offset.saturating_add(length);
        let proof = self.bytes.get(self.offset..end).unwrap_or_default().to_vec();
        self.offset = end;
        let commitment = self.point("link commitment")?;
        let mut responses = [Fr::zero(); RESERVED_ROWS];
        for response in &mut responses {
            *response = self.scalar("link response")?;
        }
        Ok(LinkedProof { proof, link: Link { commitment, responses } })
    }

    fn finish(self) -> Result<(), BundleError> {
        match self.left() {
            0 => Ok(()),
            extra => Err(BundleError::Trailing { offset: self.offset, extra }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_longer_than_the_encoding_counts_is_refused_and_not_cut() {
        let mut bytes = Vec::new();
        let longest = u32::MAX as usize;
        assert_eq!(write_length(&mut bytes, "segments", longest), Ok(()));
        assert_eq!(bytes, [0xff; 4]);
        let error = BundleError::TooMany { field: "segments", length: longest + 1 };
        assert_eq!(write_length(&mut bytes, "segments", longest + 1), Err(error));
        assert_eq!(bytes.len(), 4);
    }
}
