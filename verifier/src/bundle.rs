//! The bundle: what a prover hands to a verifier, to the byte the same for Rust and for contracts.
//!
//! It is words of 32 bytes and points of two words, without a length of any part (PROTOCOL section 5):
//!
//! ```text
//! data     role · contributor · number of datasets · their digests · all histogram proofs, in order
//!          · score · data-score proof · link commitment · 8 link responses
//! compute  role · contributor · score · compute-score proof
//! ```
//!
//! A histogram proof begins with its segment's column commitments and its histogram commitment, which stand
//! nowhere else. How many proofs there are and how long they are follows from registrations and keys: that is
//! a [`Layout`]. Whose registrations they are is in the [`Header`]. Reading is total, allocates no more than
//! the bytes given, and takes each bundle in one encoding.

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_params::address::{ADDRESS_BYTES, Address};
use fairshare_params::encoding::{
    Digest, POINT_BYTES, SCALAR_BYTES, decode_point, decode_scalar, encode_point, encode_scalar, wide,
};
use fairshare_params::role::Role;
use halo2curves::bn256::{Fr, G1Affine};

use crate::link::Link;

/// Bytes of a word.
const WORD: usize = 32;

/// Bytes of a link.
const LINK_BYTES: usize = POINT_BYTES + RESERVED_ROWS * SCALAR_BYTES;

/// How a bundle of protocol version 1 began.
const VERSION_1: &[u8] = b"FSBUNDLE";

/// A proof of either role.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "its parts are on the heap but for one link, and few are held at a time"
)]
pub enum Bundle {
    /// A contributor's data score.
    Data(DataBundle),
    /// A node's compute score.
    Compute(ComputeBundle),
}

/// A contributor's claimed data score with its proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataBundle {
    /// Who claims.
    pub contributor: Address,
    /// The datasets that it covers.
    pub datasets: Vec<Dataset>,
    /// The claimed score, in 1/256 nat.
    pub score: u64,
    /// The data-score proof.
    pub proof: Vec<u8>,
    /// That the proof's counts are the sum of the histograms.
    pub link: Link,
}

/// One registered dataset, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The registered digest.
    pub digest: Digest,
    /// Its segments' histogram proofs, in order; each begins with the segment's column commitments and its
    /// histogram commitment.
    pub segments: Vec<Vec<u8>>,
}

/// A node's claimed compute score with its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComputeBundle {
    /// Who claims.
    pub contributor: Address,
    /// The claimed score, 48 fractional bits.
    pub score: u64,
    /// The compute-score proof.
    pub proof: Vec<u8>,
}

/// What a bundle says before its proofs: which registrations are needed to read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its role.
    pub role: Role,
    /// Who claims.
    pub contributor: Address,
    /// The registered digests that a data bundle covers. A compute bundle names none: it is of the node's
    /// only units.
    pub digests: Vec<Digest>,
}

/// How long the parts of a bundle are, which no byte of it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Of each dataset, its histogram proofs; none for compute.
    pub datasets: Vec<Vec<Run>>,
    /// Bytes of the score's proof.
    pub score: usize,
}

/// Proofs of one length that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub proofs: u64,
    /// Bytes of each.
    pub bytes: usize,
}

/// Why bytes are not a bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A bundle of the version before.
    #[error("a bundle of protocol version 1, which is no longer verified: prove again")]
    Version1,
    /// No such role.
    #[error("not a bundle: its first word is neither 1, for data, nor 2, for compute")]
    Role,
    /// It ends too early.
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
    /// A data bundle of no dataset.
    #[error("no dataset: at least one is needed")]
    NoDatasets,
    /// Another number of datasets than was asked for.
    #[error("{found} datasets, {expected} are registered for it")]
    Datasets {
        /// Datasets found.
        found: usize,
        /// Datasets expected.
        expected: usize,
    },
    /// A layout that no verifier makes: proofs without a byte, of which any number would fit.
    #[error("a proof of no bytes was asked for")]
    EmptyProof,
    /// Not as long as its registrations ask for.
    #[error("{found} bytes, but a bundle for these registrations has {expected}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes of such a bundle.
        expected: u64,
    },
    /// A word above its range, a coordinate or scalar not below its modulus, a point off the curve, or the
    /// identity.
    #[error(
        "{field} at byte {offset} is not canonical: above its range, off the curve, or the curve's identity"
    )]
    NotCanonical {
        /// What was read.
        field: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
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

    /// The claimed score, of data in 1/256 nat, of units with 48 fractional bits: a claim until verified.
    pub fn claimed_score(&self) -> u64 {
        match self {
            Self::Data(bundle) => bundle.score,
            Self::Compute(bundle) => bundle.score,
        }
    }

    /// Its header.
    pub fn header(&self) -> Header {
        let digests = match self {
            Self::Data(bundle) => bundle.datasets.iter().map(|dataset| dataset.digest).collect(),
            Self::Compute(_) => Vec::new(),
        };
        Header { role: self.role(), contributor: self.contributor(), digests }
    }

    /// The canonical encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = number(u64::from(self.role().id())).to_vec();
        bytes.extend([0; WORD - ADDRESS_BYTES]);
        bytes.extend(self.contributor().0);
        match self {
            Self::Data(bundle) => write_data(&mut bytes, bundle),
            Self::Compute(bundle) => {
                bytes.extend(number(bundle.score));
                bytes.extend(&bundle.proof);
            }
        }
        bytes
    }

    /// Reads the canonical encoding of a bundle that has this layout.
    pub fn from_bytes(bytes: &[u8], layout: &Layout) -> Result<Self, BundleError> {
        let mut reader = Reader { bytes, offset: 0 };
        let Header { role, contributor, digests } = reader.header()?;
        if layout.datasets.iter().flatten().any(|run| run.bytes == 0) {
            return Err(BundleError::EmptyProof);
        }
        // A compute bundle has none: what a layout says of datasets would be bytes that nobody reads.
        let [found, expected] = [digests.len(), layout.datasets.len()];
        if found != expected {
            return Err(BundleError::Datasets { found, expected });
        }
        let expected = layout.bytes(reader.offset, role);
        if wide(bytes.len()) != expected {
            return Err(BundleError::Length { found: bytes.len(), expected });
        }
        Ok(match role {
            Role::Data => {
                let datasets = digests.into_iter().zip(&layout.datasets);
                let datasets = datasets
                    .map(|(digest, runs)| Ok(Dataset { digest, segments: reader.proofs(runs)? }))
                    .collect::<Result<_, _>>()?;
                let score = reader.number("score")?;
                let proof = reader.bytes("data-score proof", layout.score)?.to_vec();
                Self::Data(DataBundle { contributor, datasets, score, proof, link: reader.link()? })
            }
            Role::Compute => {
                let score = reader.number("score")?;
                let proof = reader.bytes("compute-score proof", layout.score)?.to_vec();
                Self::Compute(ComputeBundle { contributor, score, proof })
            }
        })
    }
}

impl Header {
    /// Reads the header of a bundle, and nothing behind it.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        Reader { bytes, offset: 0 }.header()
    }
}

impl Layout {
    /// Bytes of a whole bundle whose header has as many; more than 64 bits count are cut to a length that no
    /// bundle has.
    fn bytes(&self, header: usize, role: Role) -> u64 {
        let link = match role {
            Role::Data => LINK_BYTES,
            Role::Compute => 0,
        };
        let histograms = self.datasets.iter().flatten().map(|run| run.proofs.saturating_mul(wide(run.bytes)));
        let others = [header, WORD, self.score, link].map(wide);
        histograms.chain(others).fold(0, u64::saturating_add)
    }
}

/// A number as a word.
fn number(value: u64) -> [u8; WORD] {
    let mut word = [0; WORD];
    let (_, low) = word.split_at_mut(24);
    low.copy_from_slice(&value.to_be_bytes());
    word
}

fn write_data(bytes: &mut Vec<u8>, bundle: &DataBundle) {
    bytes.extend(number(wide(bundle.datasets.len())));
    bundle.datasets.iter().for_each(|dataset| bytes.extend(dataset.digest.0));
    bundle.datasets.iter().flat_map(|dataset| &dataset.segments).for_each(|proof| bytes.extend(proof));
    bytes.extend(number(bundle.score));
    bytes.extend(&bundle.proof);
    bytes.extend(encode_point(&bundle.link.commitment));
    bundle.link.responses.iter().for_each(|response| bytes.extend(encode_scalar(response)));
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], BundleError> {
        let end = self.offset.saturating_add(count);
        let left = self.bytes.len().saturating_sub(self.offset);
        let truncated = BundleError::Truncated { field, offset: self.offset, needed: wide(count), left };
        let bytes = self.bytes.get(self.offset..end).ok_or(truncated)?;
        self.offset = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], BundleError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(field, N)?);
        Ok(array)
    }

    /// The last `N` bytes of a word whose others are zero.
    fn low<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], BundleError> {
        let offset = self.offset;
        let word = self.array::<WORD>(field)?;
        let low = word.split_last_chunk::<N>().filter(|(high, _)| high.iter().all(|byte| *byte == 0));
        low.map(|(_, low)| *low).ok_or(BundleError::NotCanonical { field, offset })
    }

    fn number(&mut self, field: &'static str) -> Result<u64, BundleError> {
        self.low(field).map(u64::from_be_bytes)
    }

    fn header(&mut self) -> Result<Header, BundleError> {
        if self.bytes.starts_with(VERSION_1) {
            return Err(BundleError::Version1);
        }
        let role = self.array::<WORD>("role")?;
        let roles = [Role::Data, Role::Compute].into_iter();
        let role = roles.into_iter().find(|known| number(u64::from(known.id())) == role);
        let role = role.ok_or(BundleError::Role)?;
        let contributor = Address(self.low("contributor")?);
        let digests = match role {
            Role::Data => self.digests()?,
            Role::Compute => Vec::new(),
        };
        Ok(Header { role, contributor, digests })
    }

    /// A list whose length is checked against the bytes that are left before anything is allocated.
    fn digests(&mut self) -> Result<Vec<Digest>, BundleError> {
        let field = "data digests";
        let count = self.number("number of datasets")?;
        if count == 0 {
            return Err(BundleError::NoDatasets);
        }
        let (offset, left) = (self.offset, self.bytes.len().saturating_sub(self.offset));
        let needed = count.saturating_mul(wide(WORD));
        let fits = usize::try_from(needed).ok().filter(|needed| *needed <= left);
        let needed = fits.ok_or(BundleError::Truncated { field, offset, needed, left })?;
        let (words, _) = self.bytes(field, needed)?.as_chunks::<WORD>();
        Ok(words.iter().copied().map(Digest).collect())
    }

    fn proofs(&mut self, runs: &[Run]) -> Result<Vec<Vec<u8>>, BundleError> {
        let mut proofs = Vec::new();
        for run in runs {
            // As many as the whole length was found to hold.
            for _ in 0..run.proofs {
                proofs.push(self.bytes("histogram proof", run.bytes)?.to_vec());
            }
        }
        Ok(proofs)
    }

    fn link(&mut self) -> Result<Link, BundleError> {
        let (field, offset) = ("link commitment", self.offset);
        let commitment = decode_point(&self.array(field)?);
        let commitment = commitment.ok_or(BundleError::NotCanonical { field, offset })?;
        let mut responses = [Fr::zero(); RESERVED_ROWS];
        for response in &mut responses {
            let (field, offset) = ("link response", self.offset);
            let scalar = decode_scalar(&self.array(field)?);
            *response = scalar.ok_or(BundleError::NotCanonical { field, offset })?;
        }
        Ok(Link { commitment, responses })
    }
}

/// The points that a proof begins with; fewer than `count` if it is too short or one does not decode.
pub fn leading_points(proof: &[u8], count: usize) -> Vec<G1Affine> {
    let (points, _) = proof.as_chunks::<POINT_BYTES>();
    points.iter().take(count).map_while(decode_point).collect()
}
