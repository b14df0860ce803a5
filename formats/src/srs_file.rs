//! The file form of a reference string.
//!
//! | bytes | content |
//! | --- | --- |
//! | 4 | `FSRS` |
//! | 1 | format version, 1 |
//! | 1 | geometry identifier |
//! | 1 | provenance: 0 unknown, 1 insecure, 2 ceremony |
//! | 64 | BLAKE2b-512 of the ceremony's file; zero unless the provenance is 2 |
//! | 64·n | powers, canonical ([`fairshare_params::encoding`]) |
//! | 64·n | Lagrange points |
//! | 128 + 128 | `[1]_2`, `[s]_2` |
//! | 32 | SHA-256 of all bytes before |
//!
//! Every geometry has its own length, so a file's length says how much may be read before anything is parsed.

use fairshare_params::Geometry;
use fairshare_params::encoding::{Digest, wide};
use fairshare_params::srs::{FileHash, Provenance, Srs, SrsError};
use sha2::{Digest as _, Sha256};

const MAGIC: [u8; 4] = *b"FSRS";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 4 + 1 + 1 + 1 + 64;
const CHECKSUM_BYTES: usize = 32;

/// Why bytes are not a reference string file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrsFormatError {
    /// The length is not a reference string's.
    #[error(
        "{found} bytes, but a reference string file holds {}: \
         it is truncated, extended or something else; generate or import it again",
        accepted_lengths(accepted)
    )]
    Length {
        /// Its length in bytes.
        found: u64,
        /// The lengths that would have been accepted, in bytes.
        accepted: Vec<(Geometry, u64)>,
    },
    /// The file of a verifier.
    #[error(
        "a verifier's parameters, which are a part of them; give the whole parameters, from which this file \
         was made"
    )]
    Verifiers,
    /// The SHA-256 at the end is not that of what precedes it.
    #[error("damaged: its SHA-256 is {computed}, the one it records {stored}; generate or import it again")]
    Checksum {
        /// The recorded hash.
        stored: Digest,
        /// The hash of the content.
        computed: Digest,
    },
    /// The file starts with other bytes than `FSRS`.
    #[error("the file starts with {found:02x?}, not with `FSRS`: it is not a reference string file")]
    Magic {
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// A format version that this release does not read.
    #[error("reference string format version {found}; this release reads version {supported}")]
    Version {
        /// The file's version.
        found: u8,
        /// The version read.
        supported: u8,
    },
    /// The file is of another geometry than its length or the caller says.
    #[error(
        "the reference string has geometry identifier {found}, but {expected} (identifier {}) is expected",
        expected.id()
    )]
    WrongGeometry {
        /// The identifier in the file.
        found: u8,
        /// The geometry expected.
        expected: Geometry,
    },
    /// The provenance field has no meaning in this version.
    #[error("provenance code {code} with this hash field is undefined; generate or import the file again")]
    ProvenanceField {
        /// The code in the file.
        code: u8,
    },
    /// The points are not those of a reference string.
    #[error("the file's points are refused")]
    Points(#[from] SrsError),
}

/// The file of a reference string.
pub fn encode(srs: &Srs) -> Vec<u8> {
    let mut bytes = encode_header(srs.geometry(), srs.provenance()).to_vec();
    bytes.extend(srs.encode());
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

/// Which geometry's file has that length; with `expected`, of that geometry only. Asked before a file is
/// read.
pub fn geometry_of(length: u64, expected: Option<Geometry>) -> Result<Geometry, SrsFormatError> {
    let accepted = accepted(expected);
    match accepted.iter().find(|(_, accepted)| *accepted == length) {
        Some((geometry, _)) => Ok(*geometry),
        None => Err(SrsFormatError::Length { found: length, accepted }),
    }
}

/// The lengths in bytes that [`geometry_of`] accepts.
pub fn accepted(expected: Option<Geometry>) -> Vec<(Geometry, u64)> {
    Geometry::ALL
        .into_iter()
        .filter(|geometry| expected.is_none_or(|expected| expected == *geometry))
        .map(|geometry| (geometry, file_bytes(geometry)))
        .collect()
}

/// Reads a file that [`encode`] wrote: length, hash, header, points, in this order.
pub fn decode(bytes: &[u8], expected: Option<Geometry>) -> Result<Srs, SrsFormatError> {
    let geometry = geometry_of(wide(bytes.len()), expected)?;
    let content = verify_checksum(bytes)?;
    let Some((header, points)) = content.split_first_chunk::<HEADER_BYTES>() else {
        return Err(too_short(bytes));
    };
    let claimed = decode_header(header, geometry)?;
    Ok(Srs::decode(geometry, points, claimed)?)
}

/// Bytes of a file for that geometry.
fn file_bytes(geometry: Geometry) -> u64 {
    let points = Srs::encoded_bytes(geometry);
    wide(points.saturating_add(HEADER_BYTES).saturating_add(CHECKSUM_BYTES))
}

/// All but the checksum, if the checksum is right.
fn verify_checksum(bytes: &[u8]) -> Result<&[u8], SrsFormatError> {
    let (content, stored) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(|| too_short(bytes))?;
    let (stored, computed) = (Digest(*stored), Digest(Sha256::digest(content).into()));
    if computed != stored {
        return Err(SrsFormatError::Checksum { stored, computed });
    }
    Ok(content)
}

/// Not reached once [`geometry_of`] has taken the length.
fn too_short(bytes: &[u8]) -> SrsFormatError {
    SrsFormatError::Length { found: wide(bytes.len()), accepted: accepted(None) }
}

fn encode_header(geometry: Geometry, provenance: &Provenance) -> [u8; HEADER_BYTES] {
    let (code, hash) = match provenance {
        Provenance::Unknown => (0, FileHash([0; 64])),
        Provenance::Insecure => (1, FileHash([0; 64])),
        Provenance::Ceremony { file, .. } => (2, *file),
    };
    let [m0, m1, m2, m3] = MAGIC;
    let mut header = [0; HEADER_BYTES];
    let (start, file) = header.split_at_mut(HEADER_BYTES - 64);
    start.copy_from_slice(&[m0, m1, m2, m3, VERSION, geometry.id(), code]);
    file.copy_from_slice(&hash.0);
    header
}

/// The provenance that the header claims, once magic, version and geometry are right.
fn decode_header(header: &[u8; HEADER_BYTES], geometry: Geometry) -> Result<Provenance, SrsFormatError> {
    let [m0, m1, m2, m3, version, id, code, hash @ ..] = *header;
    let (magic, file) = ([m0, m1, m2, m3], FileHash(hash));
    if magic != MAGIC {
        return Err(SrsFormatError::Magic { found: magic });
    }
    if version != VERSION {
        return Err(SrsFormatError::Version { found: version, supported: VERSION });
    }
    if id != geometry.id() {
        return Err(SrsFormatError::WrongGeometry { found: id, expected: geometry });
    }
    let no_file = hash == [0; 64];
    match code {
        0 if no_file => Ok(Provenance::Unknown),
        1 if no_file => Ok(Provenance::Insecure),
        2 if !no_file => Ok(Provenance::of_file(file)),
        _ => Err(SrsFormatError::ProvenanceField { code }),
    }
}

/// The accepted lengths as text, for a message.
fn accepted_lengths(accepted: &[(Geometry, u64)]) -> String {
    let listed: Vec<_> =
        accepted.iter().map(|(geometry, length)| format!("{length} bytes ({geometry})")).collect();
    listed.join(" or ")
}
