//! Signatures: ECDSA on secp256k1, as accounts make them.
//!
//! A signature has one form: 65 bytes `r ‖ s ‖ v`, `s` in the lower half of the group's order (EIP-2), `v` 27
//! or 28. So nobody can turn one signature into a second one.

use std::fmt;

use fairshare_params::address::{ADDRESS_BYTES, Address};
use fairshare_params::encoding::{Digest, decode_hex};
use k256::ecdsa::{RecoveryId, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha3::{Digest as _, Keccak256};

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 65;
/// `v` of a signature is this and the parity of its point's `y`.
const FIRST_V: u8 = 27;

/// A signature in its one form. Of which hash, and by whom, [`Signature::signer`] says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    signature: k256::ecdsa::Signature,
    recovery: RecoveryId,
}

/// Why bytes are not a signature, or not one of this hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// `v` says nothing that is needed, in more than one form.
    #[error("the signature ends in {found}, but its last byte, `v`, must be 27 or 28; sign again")]
    V {
        /// The byte found.
        found: u8,
    },
    /// `r` or `s` is zero, or not below the group's order.
    #[error(
        "the signature's `r` or `s` is not from 1 to the order of secp256k1; copy it again, or sign again"
    )]
    Range,
    /// The other of two signatures that anybody can make of one.
    #[error(
        "the signature's `s` is in the upper half of the order of secp256k1, which EIP-2 forbids; sign again"
    )]
    HighS,
    /// `r` is not the abscissa of a point that gives a key.
    #[error("no key has made this signature; copy it again, or sign again")]
    NoSigner,
}

impl Signature {
    /// The signature with this encoding, if it is canonical.
    pub fn from_bytes(bytes: &[u8; SIGNATURE_BYTES]) -> Result<Self, SignatureError> {
        let [scalars @ .., v] = bytes;
        let recovery = v
            .checked_sub(FIRST_V)
            .filter(|parity| *parity < 2)
            .and_then(RecoveryId::from_byte)
            .ok_or(SignatureError::V { found: *v })?;
        let signature = k256::ecdsa::Signature::from_slice(scalars).map_err(|_| SignatureError::Range)?;
        Self::new(signature, recovery)
    }

    /// What a signer made.
    pub fn new(signature: k256::ecdsa::Signature, recovery: RecoveryId) -> Result<Self, SignatureError> {
        // A third and a fourth form are of points that nobody finds.
        if recovery.is_x_reduced() {
            return Err(SignatureError::V { found: recovery.to_byte().saturating_add(FIRST_V) });
        }
        match signature.normalize_s() {
            None => Ok(Self { signature, recovery }),
            Some(_) => Err(SignatureError::HighS),
        }
    }

    /// `r ‖ s ‖ v`.
    pub fn to_bytes(&self) -> [u8; SIGNATURE_BYTES] {
        let mut bytes = [0; SIGNATURE_BYTES];
        let (scalars, v) = bytes.split_at_mut(SIGNATURE_BYTES.saturating_sub(1));
        scalars.copy_from_slice(&self.signature.to_bytes());
        v.fill(self.recovery.to_byte().saturating_add(FIRST_V));
        bytes
    }

    /// Whose signature of this hash it is; never the zero address.
    pub fn signer(&self, hash: &Digest) -> Result<Address, SignatureError> {
        let key = VerifyingKey::recover_from_prehash(&hash.0, &self.signature, self.recovery);
        let signer = address_of(&key.map_err(|_| SignatureError::NoSigner)?);
        if signer.is_zero() { Err(SignatureError::NoSigner) } else { Ok(signer) }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = decode_hex(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
        Self::from_bytes(&bytes).map_err(serde::de::Error::custom)
    }
}

/// The account of a key: the last 20 bytes of Keccak-256 of its coordinates.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    // The first byte says that the point is not compressed.
    let coordinates = point.as_bytes().split_first().map_or(&[][..], |(_, coordinates)| coordinates);
    let hash: [u8; 32] = Keccak256::digest(coordinates).into();
    let mut address = [0; ADDRESS_BYTES];
    let (_, low) = hash.split_at(hash.len().saturating_sub(ADDRESS_BYTES));
    address.copy_from_slice(low);
    Address(address)
}
