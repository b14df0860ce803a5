//! The file form of a verifier's parameters.
//!
//! | bytes | content |
//! | --- | --- |
//! | 4 | `FSVP` |
//! | 1 | format version, 1 |
//! | 1 | geometry identifier |
//! | the geometry's | [`VerifierParameters::encode`] |
//! | 32 | SHA-256 of all bytes before |
//!
//! Whoever wrote the file could hash it: the hash tells damage from intent, and nothing else.

use fairshare_params::Geometry;
use fairshare_params::encoding::{Digest, wide};
use fairshare_params::verifier_parameters::{VerifierParameters, VerifierParametersError};
use sha2::{Digest as _, Sha256};

/// How such a file begins.
pub const MAGIC: [u8; 4] = *b"FSVP";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 4 + 1 + 1;
const CHECKSUM_BYTES: usize = 32;

/// Why bytes are not a verifier's parameters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierFileError {
    /// Shorter than any.
    #[error("{found} bytes are too few for a verifier's parameters; write them again")]
    Short {
        /// Bytes found.
        found: usize,
    },
    /// The file starts with other bytes than `FSVP`.
    #[error("the file starts with {found:02x?}, not with `FSVP`: these are no verifier's parameters")]
    Magic {
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// A format version that this release does not read.
    #[error("format version {found} of a verifier's parameters; this release reads version {VERSION}")]
    Version {
        /// The file's version.
        found: u8,
    },
    /// No geometry of that identifier.
    #[error("geometry identifier {found} is unknown; write the file again")]
    Geometry {
        /// The identifier in the file.
        found: u8,
    },
    /// The SHA-256 at the end is not that of what precedes it.
    #[error("damaged: its SHA-256 is {computed}, the one it records {stored}; write it again")]
    Checksum {
        /// The recorded hash.
        stored: Digest,
        /// The hash of the content.
        computed: Digest,
    },
    /// The content is refused.
    #[error("the file's content is refused")]
    Content(#[from] VerifierParametersError),
}

/// The file of a verifier's parameters.
pub fn encode(parameters: &VerifierParameters) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([VERSION, parameters.geometry().id()]);
    bytes.extend(parameters.encode());
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

/// Reads a file that [`encode`] wrote: header, length, hash, content, in this order. Nothing of it is
/// believed yet.
pub fn decode(bytes: &[u8]) -> Result<VerifierParameters, VerifierFileError> {
    let short = || VerifierFileError::Short { found: bytes.len() };
    let (content, stored) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(short)?;
    let (header, points) = content.split_first_chunk::<HEADER_BYTES>().ok_or_else(short)?;
    let [m0, m1, m2, m3, version, id] = *header;
    let found = [m0, m1, m2, m3];
    if found != MAGIC {
        return Err(VerifierFileError::Magic { found });
    }
    if version != VERSION {
        return Err(VerifierFileError::Version { found: version });
    }
    let geometry = Geometry::from_id(id).ok_or(VerifierFileError::Geometry { found: id })?;
    let (stored, computed) = (Digest(*stored), Digest(Sha256::digest(content).into()));
    if computed != stored && points.len() == VerifierParameters::encoded_bytes(geometry) {
        return Err(VerifierFileError::Checksum { stored, computed });
    }
    Ok(VerifierParameters::decode(geometry, points)?)
}

/// Bytes of the longest such file.
pub fn max_bytes() -> u64 {
    let content = Geometry::ALL.map(VerifierParameters::encoded_bytes).into_iter().max().unwrap_or(0);
    wide(content.saturating_add(HEADER_BYTES).saturating_add(CHECKSUM_BYTES))
}
