//! The stored form of a reference string.
//!
//! | bytes | content |
//! | --- | --- |
//! | 4 | `FSRS` |
//! | 1 | format version, 1 |
//! | 1 | geometry identifier |
//! | 1 | provenance: 0 unknown, 1 insecure, 2 ceremony |
//! | 64 | BLAKE2b-512 of the ceremony's file; zero unless the provenance is 2 |
//! | 64·n | powers, canonical ([`crate::encoding`]) |
//! | 64·n | Lagrange points |
//! | 128 + 128 | `[1]_2`, `[s]_2` |
//! | 32 | SHA-256 of all bytes before |
//!
//! Every geometry has its own length, so a file's length says how much may be read before anything is parsed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use fairshare_circuits::geometry::Geometry;
use sha2::{Digest as _, Sha256};

use super::points::{Points, encoded_bytes};
use super::{FileHash, Provenance, SrsError, ceremony};
use crate::files::{self, Access};

const MAGIC: [u8; 4] = *b"FSRS";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 4 + 1 + 1 + 1 + 64;
const CHECKSUM_BYTES: usize = 32;

/// What a file holds, its points decoded but not yet checked against each other.
pub(super) struct Stored {
    pub(super) geometry: Geometry,
    pub(super) provenance: Provenance,
    pub(super) points: Points,
}

/// Reads and decodes a file: length, hash, header, points, in this order.
pub(super) fn read(path: &Path, expected: Option<Geometry>) -> Result<Stored, SrsError> {
    let (geometry, bytes) = read_bounded(path, expected)?;
    let content = verify_checksum(path, &bytes)?;
    let Some((header, payload)) = content.split_first_chunk::<HEADER_BYTES>() else {
        return Err(SrsError::NotAPoint { element: super::Element::Power(0) });
    };
    let provenance = decode_header(header, geometry)?;
    Ok(Stored { geometry, provenance, points: Points::decode(geometry.k(), payload)? })
}

/// Writes a file beside `path` and renames it there once it is on the disk.
pub(super) fn write(
    path: &Path,
    geometry: Geometry,
    provenance: &Provenance,
    points: &Points,
) -> Result<(), SrsError> {
    let mut bytes = encode_header(geometry, provenance).to_vec();
    bytes.extend(points.encode());
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);

    files::write(path, &bytes, Access::Public).map_err(SrsError::io("write", path))
}

/// Bytes of a file for that geometry.
fn file_bytes(geometry: Geometry) -> u64 {
    (HEADER_BYTES + encoded_bytes(geometry) + CHECKSUM_BYTES) as u64
}

/// The whole file, if its length is that of a geometry that is wanted; the length is judged before reading.
fn read_bounded(path: &Path, expected: Option<Geometry>) -> Result<(Geometry, Vec<u8>), SrsError> {
    let accepted: Vec<(Geometry, u64)> = Geometry::ALL
        .into_iter()
        .filter(|geometry| expected.is_none_or(|expected| expected == *geometry))
        .map(|geometry| (geometry, file_bytes(geometry)))
        .collect();
    let file = File::open(path).map_err(SrsError::io("open", path))?;
    let mut found = file.metadata().map_err(SrsError::io("inspect", path))?.len();
    if let Some((geometry, length)) = accepted.iter().copied().find(|(_, length)| *length == found) {
        let mut bytes = Vec::with_capacity(length as usize + 1);
        // One byte more than announced, so that a file that grew meanwhile is seen.
        file.take(length + 1).read_to_end(&mut bytes).map_err(SrsError::io("read", path))?;
        if bytes.len() as u64 == length {
            return Ok((geometry, bytes));
        }
        found = bytes.len() as u64;
    }
    Err(SrsError::Length { path: path.to_path_buf(), found, accepted })
}

/// All but the checksum, if the checksum is right.
fn verify_checksum<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a [u8], SrsError> {
    let (content, stored) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM_BYTES));
    let computed = Sha256::digest(content);
    if computed.as_slice() != stored {
        return Err(SrsError::Checksum {
            path: path.to_path_buf(),
            stored: hex::encode(stored),
            computed: hex::encode(computed),
        });
    }
    Ok(content)
}

fn encode_header(geometry: Geometry, provenance: &Provenance) -> [u8; HEADER_BYTES] {
    let (code, hash) = match provenance {
        Provenance::Unknown => (0, FileHash([0; 64])),
        Provenance::Insecure => (1, FileHash([0; 64])),
        Provenance::Ceremony { file, .. } => (2, *file),
    };
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[4..7].copy_from_slice(&[VERSION, geometry.id(), code]);
    header[7..].copy_from_slice(&hash.0);
    header
}

/// The provenance that the header claims, once magic, version and geometry are right.
fn decode_header(header: &[u8; HEADER_BYTES], geometry: Geometry) -> Result<Provenance, SrsError> {
    let [m0, m1, m2, m3, version, id, code, hash @ ..] = *header;
    let (magic, file) = ([m0, m1, m2, m3], FileHash(hash));
    if magic != MAGIC {
        return Err(SrsError::Magic { found: magic });
    }
    if version != VERSION {
        return Err(SrsError::Version { found: version, supported: VERSION });
    }
    if id != geometry.id() {
        return Err(SrsError::WrongGeometry { found: id, expected: geometry });
    }
    let no_file = hash == [0; 64];
    match code {
        0 if no_file => Ok(Provenance::Unknown),
        1 if no_file => Ok(Provenance::Insecure),
        2 if !no_file => Ok(Provenance::Ceremony { file, name: ceremony::published_name(&file) }),
        _ => Err(SrsError::ProvenanceField { code }),
    }
}
