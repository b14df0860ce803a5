//! Units on their way: encrypted to the one task that proves them.
//!
//! ```text
//! magic "FSUNIT" · version u16 · id 71 · symbols u32 · encapsulated key 32 · ciphertext · tag 16
//! ```
//!
//! An [envelope](super::envelope) for `fairshare/v2/unit`: a unit opens for the segment, the proving key and
//! the version that it was sealed for, or not at all. That a unit is the driver's is not known, and need not
//! be, for a task's only result is a true proof of what it was given.

use super::envelope::{self, EnvelopeError, KeyPair, WorkerKey, sealed_bytes};
use super::{ID_BYTES, Unit, UnitId};

const MAGIC: [u8; 6] = *b"FSUNIT";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 6 + 2 + ID_BYTES + 4;
/// Of the protocol's version, and of this use alone.
const CONTEXT: &[u8] = b"fairshare/v2/unit";

/// Why a unit was not sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Not bytes that a unit is sealed into.
    #[error("not a sealed unit, or one of another version: use the same version on driver and workers")]
    Format,
    /// More or fewer bytes than it says.
    #[error(
        "the sealed unit has {found} bytes, and its header says {expected}: it was cut short, or added to"
    )]
    Length {
        /// Bytes that there are.
        found: usize,
        /// Bytes of a unit with such a header.
        expected: usize,
    },
    /// More symbols than such a segment holds, or none.
    #[error("the sealed unit says that it has {found} symbols, and its segment holds 1 to {most}")]
    Symbols {
        /// How many it says.
        found: u32,
        /// How many the segment holds.
        most: usize,
    },
    /// A unit, but not the one that the task is for.
    #[error("this is the unit of {found}, and the task is for {expected}")]
    OtherUnit {
        /// The unit's.
        found: Box<UnitId>,
        /// The task's.
        expected: Box<UnitId>,
    },
    /// It does not open under the task's key.
    #[error(
        "the unit does not open: it was sealed to another task's key, or altered; have it sealed again, to \
         this task"
    )]
    Opening,
    /// What opened is not a unit.
    #[error("the unit opens, but it does not hold a segment: whoever sealed it did not follow the format")]
    Content,
    /// Nothing can be sealed, or not to this key.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// The unit of `expected` in `sealed`, which may come from anybody.
pub(super) fn open(pair: &KeyPair, sealed: &[u8], expected: &UnitId) -> Result<Unit, SealError> {
    let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(SealError::Format)?;
    let (id, symbols) = read_header(header).ok_or(SealError::Format)?;
    if id != *expected {
        return Err(SealError::OtherUnit { found: Box::new(id), expected: Box::new(expected.clone()) });
    }
    let most = id.shape.symbols();
    let count = usize::try_from(symbols).ok().filter(|count| (1..=most).contains(count));
    let count = count.ok_or(SealError::Symbols { found: symbols, most })?;
    let expected = HEADER_BYTES + sealed_bytes(Unit::length(id.shape.columns(), count));
    if sealed.len() != expected {
        return Err(SealError::Length { found: sealed.len(), expected });
    }
    let opened = pair.open(CONTEXT, header, rest).ok_or(SealError::Opening)?;
    Unit::from_bytes(&opened, id.shape).ok_or(SealError::Content)
}

/// The unit of `id`, for the task with this key and nobody else.
pub(super) fn seal(unit: &Unit, id: &UnitId, to: &WorkerKey) -> Result<Vec<u8>, EnvelopeError> {
    // A segment holds far fewer than 2^32.
    let header = write_header(id, unit.symbols.len() as u32);
    envelope::seal(CONTEXT, &header, unit.to_bytes(), to)
}

fn write_header(id: &UnitId, symbols: u32) -> Vec<u8> {
    [MAGIC.as_slice(), &VERSION.to_be_bytes(), &id.to_bytes(), &symbols.to_be_bytes()].concat()
}

fn read_header(bytes: &[u8; HEADER_BYTES]) -> Option<(UnitId, u32)> {
    let (magic, bytes) = bytes.split_first_chunk::<6>()?;
    let (version, bytes) = bytes.split_first_chunk::<2>()?;
    let (id, symbols) = bytes.split_first_chunk::<ID_BYTES>()?;
    let symbols = u32::from_be_bytes(symbols.try_into().ok()?);
    let ours = *magic == MAGIC && u16::from_be_bytes(*version) == VERSION;
    Some((UnitId::from_bytes(id).filter(|_| ours)?, symbols))
}
