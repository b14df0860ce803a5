//! The secret opening: what a contributor keeps to prove later, readable by its owner only.
//!
//! ```text
//! magic "FSOPEN" · version u16 · geometry u8 · digest 32 · seed 32 · records u64 · checksum 32 · symbols
//! ```
//!
//! The symbols are `u16` each, record by record. Integers are big-endian. The checksum is the SHA-256 of the
//! header before it: it catches an altered header; an altered symbol is caught when its segment is proved,
//! because a proof that is not of the registered commitments is never handed out.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fairshare_params::Geometry;
use fairshare_params::encoding::Digest;
use rand_core::{OsRng, RngCore};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use fairshare_storage::files::{self, Access};

/// The file's name in a commitment folder.
pub const OPENING_FILE: &str = "opening.bin";

const MAGIC: [u8; 6] = *b"FSOPEN";
const VERSION: u16 = 2;
/// Bytes before the checksum.
const HEADER_BYTES: usize = 81;
const CHECKSUM_BYTES: usize = 32;
const PAYLOAD_START: u64 = (HEADER_BYTES + CHECKSUM_BYTES) as u64;
const SYMBOL_BYTES: usize = 2;

/// What all secrets of one commitment are derived from.
pub type Seed = Zeroizing<[u8; 32]>;

/// A fresh seed from the operating system, or its reason for giving none.
pub fn fresh_seed() -> io::Result<Seed> {
    draw_seed(&mut OsRng)
}

fn draw_seed(source: &mut impl RngCore) -> io::Result<Seed> {
    let mut seed = Zeroizing::new([0; 32]);
    source.try_fill_bytes(seed.as_mut()).map_err(io::Error::other)?;
    Ok(seed)
}

/// What an opening is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The geometry committed under.
    pub geometry: Geometry,
    /// The registered digest.
    pub digest: Digest,
    /// How many records there are.
    pub records: u64,
}

/// Why an opening cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// It cannot be read.
    #[error("{}: the secret opening cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Its header is not one that was written.
    #[error(
        "{}: not a secret opening, or its header was altered; restore the file from a copy, or commit again",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
    },
    /// Of the version before, whose blindings hide no opening.
    #[error(
        "{}: a secret opening of protocol version 1: commit again, and register the new digest",
        path.display()
    )]
    Version1 {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to another request.
    #[error(
        "{}: opens {found}, but the request beside it is of {expected}; put the two that belong \
         together into one folder",
        path.display()
    )]
    OtherRequest {
        /// The file.
        path: PathBuf,
        /// The digest it opens.
        found: Digest,
        /// The request's digest.
        expected: Digest,
    },
    /// It is shorter or longer than its header says.
    #[error(
        "{}: {found} bytes, its header says {expected}; restore the file from a copy, or commit again",
        path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes found.
        found: u64,
        /// Bytes expected.
        expected: u64,
    },
}

/// Writes an opening, payload first: the digest is known only when all columns are committed to.
///
/// Symbols come in large batches and are written as they come: a buffer of the standard library's would keep
/// a copy.
pub struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    seed: Seed,
}

impl Writer {
    /// Begins the opening that will be `path`.
    pub fn begin(path: &Path, seed: Seed) -> io::Result<Self> {
        let mut file = files::begin(path)?;
        file.write_all(&[0; PAYLOAD_START as usize])?;
        Ok(Self { file, path: path.to_owned(), seed })
    }

    /// The seed.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Appends symbols.
    pub fn symbols(&mut self, symbols: &[u16]) -> io::Result<()> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(symbols.len() * SYMBOL_BYTES));
        symbols.iter().for_each(|symbol| bytes.extend(symbol.to_be_bytes()));
        self.file.write_all(&bytes)
    }

    /// Symbols that were appended, from number `first` on.
    pub fn read_back(&mut self, first: u64, count: usize) -> io::Result<Zeroizing<Vec<u16>>> {
        let symbols = decode_symbols(&read_payload(
            self.file.as_file_mut(),
            first.saturating_mul(SYMBOL_BYTES as u64),
            count * SYMBOL_BYTES,
        )?);
        self.file.seek(SeekFrom::End(0))?;
        Ok(symbols)
    }

    /// Writes the header and gives the file its name.
    pub fn finish(mut self, header: &Header) -> io::Result<()> {
        let bytes = encode(header, &self.seed);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(bytes.as_ref())?;
        self.file.write_all(&Sha256::digest(bytes.as_ref() as &[u8]))?;
        files::publish(self.file, &self.path, Access::Secret)
    }
}

/// An opening, its header checked.
pub struct Opening {
    path: PathBuf,
    header: Header,
    seed: Seed,
}

impl ZeroizeOnDrop for Opening {}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({}, redacted)", self.header.digest)
    }
}

impl Opening {
    /// Reads the header of the opening of `expected` and checks the file's length; a record has
    /// `features` symbols.
    pub fn read(path: &Path, expected: &Digest, features: usize) -> Result<Self, OpeningError> {
        Self::read_if(path, features, |header| match header.digest == *expected {
            true => Ok(()),
            false => Err(OpeningError::OtherRequest {
                path: path.to_owned(),
                found: header.digest,
                expected: *expected,
            }),
        })
    }

    /// As [`Self::read`], of an opening that has no request beside it yet.
    pub fn read_unregistered(path: &Path, features: usize) -> Result<Self, OpeningError> {
        Self::read_if(path, features, |_| Ok(()))
    }

    fn read_if(
        path: &Path,
        features: usize,
        accept: impl FnOnce(&Header) -> Result<(), OpeningError>,
    ) -> Result<Self, OpeningError> {
        let failed = |source| OpeningError::Read { path: path.to_owned(), source };
        let (mut file, found) = files::open(path).map_err(|error| failed(error.into()))?;
        if files::is_exposed(&file).map_err(failed)? {
            tracing::warn!("{}: others than its owner may read this secret; chmod 600 it", path.display());
        }
        let path_of = || path.to_owned();
        let (header, seed) = match read_header(&mut file).map_err(failed)? {
            Found::Header(header, seed) => (header, seed),
            Found::Version1 => return Err(OpeningError::Version1 { path: path_of() }),
            Found::Nothing => return Err(OpeningError::Header { path: path_of() }),
        };
        accept(&header)?;
        let record_bytes = (features * SYMBOL_BYTES) as u64;
        // Where that is more than 64 bits count, it is cut to a length that no file has.
        let expected = PAYLOAD_START.saturating_add(header.records.saturating_mul(record_bytes));
        if found != expected {
            return Err(OpeningError::Length { path: path.to_owned(), found, expected });
        }
        Ok(Self { path: path.to_owned(), header, seed })
    }

    /// The refusal of an opening whose header is not the one that was written.
    pub(crate) fn altered(&self) -> OpeningError {
        OpeningError::Header { path: self.path.clone() }
    }

    /// What it is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The seed of its blindings.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The symbols `first..first + count`, fewer at the end.
    pub fn symbols(&self, first: u64, count: usize) -> Result<Zeroizing<Vec<u16>>, OpeningError> {
        let offset = first.checked_mul(SYMBOL_BYTES as u64).ok_or_else(|| self.altered())?;
        let bytes = self.payload(offset, count * SYMBOL_BYTES)?;
        Ok(decode_symbols(&bytes))
    }

    fn payload(&self, offset: u64, length: usize) -> Result<Zeroizing<Vec<u8>>, OpeningError> {
        let read = || -> io::Result<Zeroizing<Vec<u8>>> {
            let (file, _) = files::open(&self.path)?;
            read_payload(file, offset, length)
        };
        read().map_err(|source| OpeningError::Read { path: self.path.clone(), source })
    }
}

/// What a file begins with.
enum Found {
    /// A header that is whole, and the seed.
    Header(Header, Seed),
    /// That of the version before.
    Version1,
    /// Neither.
    Nothing,
}

fn read_header(file: &mut impl Read) -> io::Result<Found> {
    let mut bytes = Zeroizing::new([0u8; HEADER_BYTES]);
    let mut checksum = [0u8; CHECKSUM_BYTES];
    for part in [bytes.as_mut_slice(), &mut checksum] {
        match file.read_exact(part) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Found::Nothing),
            result => result?,
        }
    }
    let whole = Sha256::digest(bytes.as_slice()).as_slice() == checksum;
    Ok(match decode(&bytes) {
        // Its header was longer, and so its checksum stands elsewhere.
        Found::Version1 => Found::Version1,
        found if whole => found,
        _ => Found::Nothing,
    })
}

/// Bytes of the payload, fewer at its end.
fn read_payload(mut file: impl Read + Seek, offset: u64, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    file.seek(SeekFrom::Start(PAYLOAD_START.saturating_add(offset)))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(1 << 26)));
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode_symbols(bytes: &[u8]) -> Zeroizing<Vec<u16>> {
    let (symbols, _) = bytes.as_chunks::<SYMBOL_BYTES>();
    Zeroizing::new(symbols.iter().copied().map(u16::from_be_bytes).collect())
}

fn encode(header: &Header, seed: &Seed) -> Zeroizing<[u8; HEADER_BYTES]> {
    let mut bytes = Zeroizing::new([0u8; HEADER_BYTES]);
    let fields: [&[u8]; 6] = [
        &MAGIC,
        &VERSION.to_be_bytes(),
        &[header.geometry.id()],
        &header.digest.0,
        seed.as_slice(),
        &header.records.to_be_bytes(),
    ];
    let mut rest = bytes.as_mut_slice();
    for field in fields {
        let (head, tail) = rest.split_at_mut(field.len());
        head.copy_from_slice(field);
        rest = tail;
    }
    bytes
}

fn decode(bytes: &[u8; HEADER_BYTES]) -> Found {
    let Some((magic, rest)) = bytes.split_first_chunk::<6>() else { return Found::Nothing };
    match rest.split_first_chunk::<2>() {
        Some((version, fields)) if *magic == MAGIC => match u16::from_be_bytes(*version) {
            VERSION => {
                decode_fields(fields).map_or(Found::Nothing, |(header, seed)| Found::Header(header, seed))
            }
            1 => Found::Version1,
            _ => Found::Nothing,
        },
        _ => Found::Nothing,
    }
}

fn decode_fields(bytes: &[u8]) -> Option<(Header, Seed)> {
    let (geometry, rest) = bytes.split_first()?;
    let (digest, rest) = rest.split_first_chunk::<32>()?;
    let (seed, rest) = rest.split_first_chunk::<32>()?;
    let records = u64::from_be_bytes(*rest.first_chunk::<8>()?);
    let geometry = Geometry::from_id(*geometry)?;
    Some((Header { geometry, digest: Digest(*digest), records }, Zeroizing::new(*seed)))
}

#[cfg(test)]
pub(crate) mod tests {
    use fairshare_pinned::counting::reads_once;

    use super::*;

    /// A system without random numbers.
    pub(crate) struct Exhausted;

    impl RngCore for Exhausted {
        fn next_u32(&mut self) -> u32 {
            panic!("asked in a way that cannot fail")
        }

        fn next_u64(&mut self) -> u64 {
            panic!("asked in a way that cannot fail")
        }

        fn fill_bytes(&mut self, _: &mut [u8]) {
            panic!("asked in a way that cannot fail")
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), rand_core::Error> {
            Err(rand_core::Error::new("no entropy"))
        }
    }

    #[test]
    fn an_opening_is_read_once() {
        let (geometry, digest) = (Geometry::COMPACT, Digest([5; 32]));
        let header = Header { geometry, digest, records: 10_000 };
        let encoded = encode(&header, &Zeroizing::new([7; 32]));
        let checksum = Sha256::digest(encoded.as_slice());
        let payload: Vec<u8> = (0..20_000u32).map(|byte| byte as u8).collect();
        let bytes = [encoded.as_slice(), &checksum, &payload].concat();
        let read = reads_once(&bytes, |mut file| {
            let Found::Header(found, seed) = read_header(&mut file).expect("read") else {
                panic!("no header")
            };
            assert!(found.digest == digest && *seed == [7; 32]);
            // Each segment is read for itself, the last one beyond the end.
            let segment = |first| read_payload(file.clone(), first, 3_000).expect("read").to_vec();
            (0..7).flat_map(|index| segment(index * 3_000)).collect::<Vec<_>>()
        });
        assert!(read == payload);
    }

    #[test]
    fn without_randomness_there_is_no_seed_and_no_panic() {
        assert!(draw_seed(&mut Exhausted).expect_err("no seed").to_string().contains("no entropy"));
        assert_ne!(fresh_seed().expect("a seed"), fresh_seed().expect("a seed"));
    }
}
