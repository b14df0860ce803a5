//! Secrets on their way between machines: encrypted to one key pair, which stays in its process's memory.
//!
//! ```text
//! header · encapsulated key 32 · ciphertext · tag 16
//! ```
//!
//! HPKE (RFC 9180) in base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305; one
//! message for each encapsulated key. The use's name and the header are the `info` that the keys are derived
//! with, so that a message opens for the use and the header that it was sealed with, or not at all. Anybody
//! can seal to a key.

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

use crate::secret::{Seed, fresh_seed};

type PrivateKey = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as hpke::Kem>::EncappedKey;
type Tag = AeadTag<ChaCha20Poly1305>;

const TAG_BYTES: usize = 16;

/// Bytes of a [`WorkerKey`].
pub const WORKER_KEY_BYTES: usize = 32;

/// Why nothing can be sealed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not a key that can be sealed to.
    #[error("not a public key to seal to: {WORKER_KEY_BYTES} bytes of X25519, as the task hands them out")]
    WorkerKey,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers, so nothing can be sealed; try again when it does")]
    Randomness(#[source] io::Error),
}

/// A public key: what units and records are sealed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerKey(PublicKey);

impl WorkerKey {
    /// The key that these bytes are, if there are as many as one has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        PublicKey::from_bytes(bytes).map(Self).map_err(|_| EnvelopeError::WorkerKey)
    }

    /// Its bytes, to hand out.
    pub fn to_bytes(&self) -> [u8; WORKER_KEY_BYTES] {
        self.0.to_bytes().into()
    }
}

/// A key pair, in memory only.
pub(super) struct KeyPair {
    private: PrivateKey,
    public: WorkerKey,
}

/// The private key overwrites itself.
impl ZeroizeOnDrop for KeyPair {}

impl KeyPair {
    pub(super) fn fresh() -> Result<Self, EnvelopeError> {
        let seed = fresh_seed().map_err(EnvelopeError::Randomness)?;
        let (private, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        Ok(Self { private, public: WorkerKey(public) })
    }

    pub(super) fn public(&self) -> &WorkerKey {
        &self.public
    }

    /// What was sealed for `context` after a header, which the caller has read; `rest` is as long as
    /// [`sealed_bytes`] says.
    pub(super) fn open(&self, context: &[u8], header: &[u8], rest: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (key, rest) = rest.split_at_checked(WORKER_KEY_BYTES)?;
        let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_BYTES)?)?;
        let (key, tag) = (EncappedKey::from_bytes(key).ok()?, Tag::from_bytes(tag).ok()?);
        let mut opened = Zeroizing::new(ciphertext.to_vec());
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &key,
            &[context, header].concat(),
        )
        .and_then(|mut keys| keys.open_inout_detached(InOutBuf::from(opened.as_mut_slice()), &[], &tag))
        .ok()?;
        Some(opened)
    }
}

/// Bytes after the header of so many secret ones.
pub(super) fn sealed_bytes(secret: usize) -> usize {
    WORKER_KEY_BYTES + secret + TAG_BYTES
}

/// The header with what is secret after it, for this use and this key alone.
pub(super) fn seal(
    context: &[u8],
    header: &[u8],
    mut secret: Zeroizing<Vec<u8>>,
    to: &WorkerKey,
) -> Result<Vec<u8>, EnvelopeError> {
    let mut source = Drawn { seed: fresh_seed().map_err(EnvelopeError::Randomness)?, blocks: 0 };
    let (key, mut keys) = setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to.0,
        &[context, header].concat(),
        &mut source,
    )
    // A point of low order: no task makes one.
    .map_err(|_| EnvelopeError::WorkerKey)?;
    let tag = keys
        .seal_inout_detached(InOutBuf::from(secret.as_mut_slice()), &[])
        .map_err(|_| EnvelopeError::WorkerKey)?;
    // From here on what stands in `secret` is ciphertext.
    Ok([header, &key.to_bytes(), &secret, &tag.to_bytes()].concat())
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
