//! What an interrupted commitment left: the segments committed to so far, and the seed of all secrets.
//!
//! ```text
//! magic "FSJRNL" · version u16 · geometry u8 · seed 32 · checksum 32 · records
//! record: the segment's column commitments, 64 each · check 32
//! ```
//!
//! Every record but the last is of a segment of the largest width.
//!
//! The check of a record is the SHA-256 of the parameters' digest, the segment's secret and its commitments,
//! so that a record serves only a segment that did not change. Another segment in its place is committed to
//! under the same seed: its secret is another, and nothing is shared (`derivation.rs`). What a killed process
//! had computed but not written here, the next computes again, the same.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use fairshare_params::encoding::{Digest, POINT_BYTES, decode_point, encode_point};
use fairshare_params::srs::Srs;
use fairshare_params::{Geometry, Width};
use fairshare_storage::files::{self, OpenError, ReadError};
use halo2curves::bn256::G1Affine;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::count::SegmentIndex;
use crate::derivation::SegmentSecret;
use crate::secret::Seed;

const MAGIC: [u8; 6] = *b"FSJRNL";
const VERSION: u16 = 2;
/// Bytes before the checksum.
const HEADER_BYTES: usize = 41;
const HASH_BYTES: usize = 32;

/// A journal, and what stood in it when it was opened.
pub(super) struct Journal {
    path: PathBuf,
    geometry: Geometry,
    /// The parameters' digest: commitments under others are others.
    srs: Digest,
    seed: Seed,
    /// The records found, none of them checked yet.
    found: Vec<u8>,
    /// Open once there is something in it.
    file: Option<File>,
}

/// Longest journal that is read, in bytes: that of a quarter of a million segments.
const MAX_JOURNAL_BYTES: u64 = 1 << 30;

impl Journal {
    /// The journal at `path`, if it is whole and of this geometry; else none, and the fresh seed.
    pub(super) fn open(path: &Path, srs: &Srs, fresh: Seed) -> io::Result<Self> {
        let geometry = srs.geometry();
        let (path, srs) = (path.to_owned(), srs.digest());
        let none = Self { path, geometry, srs, seed: fresh, found: Vec::new(), file: None };
        let (mut file, length) = match files::open_to_append(&none.path) {
            Ok((_, length)) if length > MAX_JOURNAL_BYTES => return none.discard(),
            Ok(opened) => opened,
            Err(OpenError::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(none),
            Err(error) => return Err(error.into()),
        };
        match read(&mut file, length, geometry) {
            Ok(Some((seed, found))) => Ok(Self { seed, found, file: Some(file), ..none }),
            // Not a journal of ours, or one that has grown meanwhile.
            Ok(None) | Err(ReadError::TooLong { .. }) => none.discard(),
            Err(ReadError::Io(error)) => Err(error),
        }
    }

    fn discard(self) -> io::Result<Self> {
        remove(&self.path)?;
        Ok(Self { found: Vec::new(), file: None, ..self })
    }

    /// The seed of all secrets.
    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The commitments to a segment of a width, if they were made before.
    pub(super) fn segment(
        &self,
        index: SegmentIndex,
        width: Width,
        secret: &SegmentSecret,
    ) -> Option<Vec<G1Affine>> {
        let first = usize::try_from(self.offset(index)).ok()?;
        let record = self.found.get(first..)?.get(..record_bytes(width))?;
        let (points, hash) = record.split_at(record.len() - HASH_BYTES);
        let (points, _) = points.as_chunks::<POINT_BYTES>();
        let same = *hash == self.check(secret, points.as_flattened());
        same.then(|| points.iter().map(decode_point).collect()).flatten()
    }

    /// Where a segment's record begins, after the header.
    fn offset(&self, index: SegmentIndex) -> u64 {
        let largest = self.geometry.largest_segment().width();
        u64::from(index.get()) * record_bytes(largest) as u64
    }

    fn check(&self, secret: &SegmentSecret, points: &[u8]) -> [u8; HASH_BYTES] {
        let mut hash = Sha256::new_with_prefix(b"fairshare/v2/journal");
        hash.update(self.srs.0);
        hash.update(secret.to_bytes().as_slice());
        hash.update(points);
        hash.finalize().into()
    }

    /// Records a segment in place of what was recorded of it and of those after it, whole or not at all as
    /// far as the process lives to see to it.
    pub(super) fn append(
        &mut self,
        index: SegmentIndex,
        secret: &SegmentSecret,
        columns: &[G1Affine],
    ) -> io::Result<()> {
        let mut record: Vec<u8> = columns.iter().flat_map(encode_point).collect();
        let hash = self.check(secret, &record);
        record.extend(hash);
        let before = self.offset(index);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path, &header(self.geometry, &self.seed))?),
        };
        let length = (HEADER_BYTES + HASH_BYTES) as u64 + before;
        if file.metadata()?.len() > length {
            file.set_len(length)?;
            self.found.truncate(usize::try_from(before).unwrap_or(usize::MAX));
        }
        file.write_all(&record).inspect_err(|_| {
            // The disk is full, perhaps: the records before this one are worth keeping.
            let _ = file.set_len(length);
        })
    }
}

/// Removes a journal that is not needed any more.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn record_bytes(width: Width) -> usize {
    width.columns() * POINT_BYTES + HASH_BYTES
}

fn header(geometry: Geometry, seed: &Seed) -> Zeroizing<Vec<u8>> {
    // Its whole length at once: growing would leave a copy of the seed behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEADER_BYTES + HASH_BYTES));
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_be_bytes());
    bytes.push(geometry.id());
    bytes.extend(seed.iter());
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

/// The seed and the records of a journal that is whole, none of them checked yet.
fn read(file: impl Read, length: u64, geometry: Geometry) -> Result<Option<(Seed, Vec<u8>)>, ReadError> {
    let bytes = Zeroizing::new(files::read_whole(file, length)?);
    Ok(parse(&bytes, geometry).map(|(seed, found)| (seed, found.to_vec())))
}

fn parse(bytes: &[u8], geometry: Geometry) -> Option<(Seed, &[u8])> {
    let (head, records) = bytes.split_at_checked(HEADER_BYTES + HASH_BYTES)?;
    let seed = head.get(HEADER_BYTES - 32..HEADER_BYTES)?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).ok()?);
    // What is left of whole segments is the last one's record, which may be of any width.
    let left = records.len() % record_bytes(geometry.largest_segment().width());
    let is_last = left == 0 || geometry.widths().iter().any(|width| record_bytes(*width) == left);
    (is_last && *head == **header(geometry, &seed)).then_some((seed, records))
}

fn create(path: &Path, header: &[u8]) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(header).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use fairshare_pinned::counting::reads_once;

    use super::*;

    #[test]
    fn a_journal_is_read_once() {
        let (geometry, seed) = (Geometry::COMPACT, Zeroizing::new([7; 32]));
        let whole = 100 * record_bytes(geometry.largest_segment().width());
        // After whole segments none, or a last one of either width.
        for last in [0, 4 * POINT_BYTES + HASH_BYTES, 16 * POINT_BYTES + HASH_BYTES] {
            let records = vec![3; whole + last];
            let bytes = [header(geometry, &seed).as_slice(), &records].concat();
            let (found, kept) = reads_once(&bytes, |file| read(file, bytes.len() as u64, geometry))
                .expect("read")
                .expect("a journal");
            assert!(found == seed && kept == records);
            // Of a journal that does not fit, no byte is read again.
            let (short, _) = bytes.split_at(bytes.len() - 1);
            let read = reads_once(short, |file| read(file, short.len() as u64, geometry));
            assert!(read.expect("read").is_none());
        }
    }
}
