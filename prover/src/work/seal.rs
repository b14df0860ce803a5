//! Units on their way: encrypted to the one task that proves them.
//!
//! ```text
//! magic "FSUNIT" · version u16 · id 71 · symbols u32 · encapsulated key 32 · ciphertext · tag 16
//! ```
//!
//! HPKE (RFC 9180) in base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305; one
//! message for each key. All before the encapsulated key, after `fairshare/v2/unit`, is the `info` that the
//! keys are derived with, so that a unit opens for the segment, the proving key and the version that it was
//! sealed for, or not at all. Anybody can seal to a task: that a unit is the driver's is not known, and
//! need not be, for a task's only result is a true proof of what it was given.

use std::convert::Infallible;
use std::io;

use fairshare_params::words::Words;
use hpke::aead::{AeadTag, ChaCha20Poly1305};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem as _, X25519HkdfSha256};
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{ID_BYTES, Unit, UnitId};
use crate::secret::{Seed, fresh_seed};

type PrivateKey = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;
type Tag = AeadTag<ChaCha20Poly1305>;

const MAGIC: [u8; 6] = *b"FSUNIT";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 6 + 2 + ID_BYTES + 4;
const TAG_BYTES: usize = 16;
/// Of the protocol's version, and of this use alone.
const CONTEXT: &[u8] = b"fairshare/v2/unit";

/// Bytes of a [`WorkerKey`].
pub const WORKER_KEY_BYTES: usize = 32;

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
    /// Not a key that can be sealed to.
    #[error("not a worker's public key: {WORKER_KEY_BYTES} bytes of X25519, as the task hands them out")]
    WorkerKey,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers, so nothing can be sealed; try again when it does")]
    Randomness(#[source] io::Error),
}

/// A task's public key: what a unit is sealed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerKey(PublicKey);

impl WorkerKey {
    /// The key that these bytes are, if there are as many as one has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        PublicKey::from_bytes(bytes).map(Self).map_err(|_| SealError::WorkerKey)
    }

    /// Its bytes, to hand out.
    pub fn to_bytes(&self) -> [u8; WORKER_KEY_BYTES] {
        self.0.to_bytes().into()
    }
}

/// A task's key pair, in memory only.
pub(super) struct KeyPair {
    private: PrivateKey,
    public: WorkerKey,
}

/// The private key overwrites itself.
impl ZeroizeOnDrop for KeyPair {}

impl KeyPair {
    pub(super) fn fresh() -> Result<Self, SealError> {
        let seed = fresh_seed().map_err(SealError::Randomness)?;
        let (private, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        Ok(Self { private, public: WorkerKey(public) })
    }

    pub(super) fn public(&self) -> &WorkerKey {
        &self.public
    }

    /// The unit of `expected` in `sealed`, which may come from anybody.
    pub(super) fn open(&self, sealed: &[u8], expected: &UnitId) -> Result<Unit, SealError> {
        let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(SealError::Format)?;
        let (id, symbols) = read_header(header).ok_or(SealError::Format)?;
        if id != *expected {
            return Err(SealError::OtherUnit { found: Box::new(id), expected: Box::new(expected.clone()) });
        }
        let most = id.shape.symbols();
        let count = usize::try_from(symbols).ok().filter(|count| (1..=most).contains(count));
        let count = count.ok_or(SealError::Symbols { found: symbols, most })?;
        let secret = Unit::length(id.shape.columns(), count);
        let length = |sealed| HEADER_BYTES + WORKER_KEY_BYTES + sealed + TAG_BYTES;
        if sealed.len() != length(secret) {
            return Err(SealError::Length { found: sealed.len(), expected: length(secret) });
        }
        // The lengths are known from here on.
        let (key, rest) = rest.split_at(WORKER_KEY_BYTES);
        let (ciphertext, tag) = rest.split_at(secret);
        let key = EncappedKey::from_bytes(key).map_err(|_| SealError::Opening)?;
        let tag = Tag::from_bytes(tag).map_err(|_| SealError::Opening)?;
        let mut opened = Zeroizing::new(ciphertext.to_vec());
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &key,
            &info(header),
        )
        .and_then(|mut context| context.open_inout_detached(InOutBuf::from(opened.as_mut_slice()), &[], &tag))
        .map_err(|_| SealError::Opening)?;
        Unit::from_bytes(&opened, id.shape).ok_or(SealError::Content)
    }
}

/// The unit of `id`, for the task with this key and nobody else.
pub(super) fn seal(unit: &Unit, id: &UnitId, to: &WorkerKey) -> Result<Vec<u8>, SealError> {
    let mut source = Drawn { seed: fresh_seed().map_err(SealError::Randomness)?, blocks: 0 };
    // A segment holds far fewer than 2^32.
    let symbols = unit.symbols.len() as u32;
    let header = write_header(id, symbols);
    let mut bytes = unit.to_bytes();
    let (key, mut context) = setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to.0,
        &info(&header),
        &mut source,
    )
    // A point of low order: no task makes one.
    .map_err(|_| SealError::WorkerKey)?;
    let tag = context
        .seal_inout_detached(InOutBuf::from(bytes.as_mut_slice()), &[])
        .map_err(|_| SealError::WorkerKey)?;
    // From here on what stands in `bytes` is ciphertext.
    Ok([header.as_slice(), &key.to_bytes(), &bytes, &tag.to_bytes()].concat())
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

fn info(header: &[u8]) -> Vec<u8> {
    [CONTEXT, header].concat()
}

/// What was drawn from the system before, where that could fail: the library's own source would panic.
struct Drawn {
    seed: Seed,
    blocks: u64,
}

impl Drawn {
    fn fill(&mut self, out: &mut [u8]) {
        for part in out.chunks_mut(32) {
            let block = Words::new("sealing").words(self.seed.as_slice()).integer(self.blocks).finish();
            let block = Zeroizing::new(block.0);
            part.copy_from_slice(&block[..part.len()]);
            self.blocks += 1;
        }
    }
}

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}
