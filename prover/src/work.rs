//! One segment as a piece of work for another machine.
//!
//! A proof follows from a segment's symbols, its secret and the key that it is proved under (PROTOCOL section
//! 4, `derivation.rs`), so a **unit** holds just these, with the commitments that the proof begins with. Its
//! result is the histogram proof, the same bytes wherever it is made.
//!
//! - The [`Driver`] has the commitment folders, and knows all.
//! - A [`Worker`] has the parameters. It learns the symbols of the segments that it proves, and the openings
//!   of their columns; not the seed, and no other segment.
//! - Whoever carries [sealed](WorkerKey) units and proofs learns how many symbols a segment has, nothing
//!   else.
//!
//! The steps: a worker makes a [`WorkerTask`], and with it a key pair that stays in memory; the driver
//! [seals](Driver::seal) a unit to the public key; the worker [proves](Worker::prove) it, and the task is
//! gone; the driver [accepts](Driver::accept) the proof into the commitment folder, or says why not. What a
//! worker does not finish is sealed to another, or proved by the driver itself
//! ([`crate::Prover::prove_segments`]).
//!
//! **Before** a unit leaves, the key that it is for is noted beside the opening, as before a proof is made
//! here: five keys, and no more.
//!
//! Records, too, can come from other machines: see [`SealedRecords`].
//!
//! **What is not defended against.** A worker can publish what it learns. It can also hand in a true proof
//! with other randomness than the derived one, which nobody sees without making the proof again; what that
//! tells, the worker knew.

mod driver;
mod envelope;
mod records;
mod seal;
mod worker;

use std::fmt;

use fairshare_circuits::geometry::{Geometry, SegmentShape};
use fairshare_params::encoding::{Digest, POINT_BYTES, decode_point, encode_point};
use halo2curves::bn256::G1Affine;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::count::SegmentIndex;
use crate::derivation::SegmentSecret;

pub use self::driver::{Driver, ResultError};
pub use self::envelope::{EnvelopeError, WORKER_KEY_BYTES, WorkerKey};
pub use self::records::{
    Opened, RANGE_BYTES, RecordsKey, SEALED_RECORDS, SealRecordsError, SealedBatchError, SealedRecords,
    SealedRecordsError,
};
pub use self::seal::SealError;
pub use self::worker::{WorkError, Worker, WorkerTask};

/// Bytes of a [`UnitId`] as text and seals have it.
const ID_BYTES: usize = 1 + 2 + 4 + 32 + 32;
const SECRET_BYTES: usize = 32;
const SYMBOL_BYTES: usize = 2;

/// Which segment, under which key: public, and all that a worker has to be told besides the sealed unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitId {
    /// The shape of the segment.
    pub shape: SegmentShape,
    /// Its number within its dataset.
    pub segment: SegmentIndex,
    /// The registered digest of its dataset.
    pub dataset: Digest,
    /// Digest of the verifying key that it is proved under.
    pub key: Digest,
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, segment, dataset, key } = self;
        write!(
            f,
            "segment {segment} of {dataset} ({}, {} columns) under key {key}",
            shape.geometry(),
            shape.columns()
        )
    }
}

impl UnitId {
    /// `geometry u8 · columns u16 · segment u32 · dataset 32 · key 32`, integers big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ID_BYTES);
        bytes.push(self.shape.geometry().id());
        // A geometry's widths have at most 64 columns.
        bytes.extend((self.shape.columns() as u16).to_be_bytes());
        bytes.extend(self.segment.get().to_be_bytes());
        bytes.extend(self.dataset.0);
        bytes.extend(self.key.0);
        bytes
    }

    /// The id that these bytes are, if they are one's.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (geometry, bytes) = bytes.split_first()?;
        let (columns, bytes) = bytes.split_first_chunk::<2>()?;
        let (segment, bytes) = bytes.split_first_chunk::<4>()?;
        let (dataset, bytes) = bytes.split_first_chunk::<32>()?;
        let key = <[u8; 32]>::try_from(bytes).ok()?;
        let geometry = Geometry::from_id(*geometry)?;
        let columns = usize::from(u16::from_be_bytes(*columns));
        let width = geometry.widths().iter().find(|width| width.columns() == columns)?;
        let segment = usize::try_from(u32::from_be_bytes(*segment)).ok()?;
        Some(Self {
            shape: geometry.segment(*width),
            segment: SegmentIndex::try_from(segment).ok()?,
            dataset: Digest(*dataset),
            key: Digest(key),
        })
    }
}

/// One segment with its secret. It leaves this process sealed, or not at all.
struct Unit {
    symbols: Zeroizing<Vec<u16>>,
    secret: SegmentSecret,
    columns: Vec<G1Affine>,
}

impl ZeroizeOnDrop for Unit {}

impl Unit {
    /// Bytes of one of so many columns and symbols.
    fn length(columns: usize, symbols: usize) -> usize {
        SECRET_BYTES + columns * POINT_BYTES + symbols * SYMBOL_BYTES
    }

    /// `secret 32 · column commitments, 64 each · symbols u16`.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Its whole length at once: growing would leave a copy behind.
        let mut bytes =
            Zeroizing::new(Vec::with_capacity(Self::length(self.columns.len(), self.symbols.len())));
        bytes.extend_from_slice(self.secret.to_bytes().as_slice());
        self.columns.iter().for_each(|column| bytes.extend(encode_point(column)));
        self.symbols.iter().for_each(|symbol| bytes.extend(symbol.to_be_bytes()));
        bytes
    }

    /// The unit of a segment of this shape, if these bytes are one's: whoever sealed it may be anybody.
    fn from_bytes(bytes: &[u8], shape: SegmentShape) -> Option<Self> {
        let (secret, bytes) = bytes.split_first_chunk::<SECRET_BYTES>()?;
        let (columns, symbols) = bytes.split_at_checked(shape.columns() * POINT_BYTES)?;
        let columns = columns.as_chunks::<POINT_BYTES>().0.iter().map(decode_point).collect::<Option<_>>()?;
        let (symbols, rest) = symbols.as_chunks::<SYMBOL_BYTES>();
        let alphabet = shape.geometry().alphabet();
        let symbols: Zeroizing<Vec<u16>> =
            Zeroizing::new(symbols.iter().copied().map(u16::from_be_bytes).collect());
        let fits = (1..=shape.symbols()).contains(&symbols.len())
            && symbols.iter().all(|symbol| (1..alphabet).contains(&usize::from(*symbol)));
        (rest.is_empty() && fits).then(|| Self {
            symbols,
            secret: SegmentSecret::from_bytes(Zeroizing::new(*secret)),
            columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::Width;
    use halo2curves::bn256::G1Affine;

    use super::*;

    const SHAPE: SegmentShape = Geometry::COMPACT.segment(Width::FOUR);

    fn unit(symbols: &[u16]) -> Zeroizing<Vec<u8>> {
        let secret = SegmentSecret::from_bytes(Zeroizing::new([7; 32]));
        let columns = vec![G1Affine::generator(); SHAPE.columns()];
        Unit { symbols: Zeroizing::new(symbols.to_vec()), secret, columns }.to_bytes()
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = UnitId {
            shape: SHAPE,
            segment: SegmentIndex::try_from(70_000).expect("few"),
            dataset: Digest([1; 32]),
            key: Digest([2; 32]),
        };
        let bytes = id.to_bytes();
        assert_eq!((bytes.len(), UnitId::from_bytes(&bytes)), (ID_BYTES, Some(id)));
        for length in [0, 1, ID_BYTES - 1] {
            assert_eq!(UnitId::from_bytes(&bytes[..length]), None);
        }
        assert_eq!(UnitId::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        // No such geometry; and a width that the compact one does not have.
        for (at, value) in [(0, 200), (2, 64), (2, 5), (1, 4)] {
            let mut altered = bytes.clone();
            altered[at] = value;
            assert_eq!(UnitId::from_bytes(&altered), None, "byte {at}");
        }
    }

    /// Whoever seals may be anybody, and a count beyond the alphabet or the segment has no place.
    #[test]
    fn only_a_segment_is_a_unit() {
        let alphabet = Geometry::COMPACT.alphabet() as u16;
        let honest = unit(&[1, 2, alphabet - 1]);
        let read = Unit::from_bytes(&honest, SHAPE).expect("a unit");
        assert_eq!((read.symbols.as_slice(), read.columns.len()), ([1, 2, alphabet - 1].as_slice(), 4));
        assert_eq!(*read.secret.to_bytes(), [7; 32]);
        for symbols in [vec![], vec![0], vec![1, alphabet], vec![u16::MAX], vec![1; SHAPE.symbols() + 1]] {
            assert!(Unit::from_bytes(&unit(&symbols), SHAPE).is_none());
        }
        assert!(Unit::from_bytes(&unit(&vec![1; SHAPE.symbols()]), SHAPE).is_some());
        for length in [0, 31, 32, 32 + 4 * POINT_BYTES - 1, honest.len() - 1] {
            assert!(Unit::from_bytes(&honest[..length], SHAPE).is_none(), "{length} bytes");
        }
        let mut off_the_curve = honest.to_vec();
        off_the_curve[32] ^= 1;
        assert!(Unit::from_bytes(&off_the_curve, SHAPE).is_none());
    }
}
