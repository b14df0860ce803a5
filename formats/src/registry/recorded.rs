//! A registration as a contract has recorded it: with whatever its contributor showed for it.

use fairshare_params::registry::Unsigned;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::excerpt::excerpt;

/// Longest signature, in bytes. A contract account (EIP-1271) takes any, and a contract can make a long one
/// up: one of this length takes 500 million gas for the memory alone, more than any block has.
pub const MAX_SIGNATURE_BYTES: usize = 16 << 20;

/// A registration that a contract has taken.
///
/// Its signature is empty if the contributor was the sender, and if the contributor is a contract only that
/// one can tell whether it is right. So nothing of it is checked: who registered is the registry's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRegistration {
    unsigned: Unsigned,
    signature: Vec<u8>,
}

/// Why no contract can have recorded it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordedError {
    /// Longer than any.
    #[error("`signature` has {found} bytes, and at most {MAX_SIGNATURE_BYTES} are kept")]
    Signature {
        /// Its length.
        found: usize,
    },
}

impl RecordedRegistration {
    /// A registration with what stood beside it.
    pub fn new(unsigned: Unsigned, signature: Vec<u8>) -> Result<Self, RecordedError> {
        match signature.len() {
            found if found > MAX_SIGNATURE_BYTES => Err(RecordedError::Signature { found }),
            _ => Ok(Self { unsigned, signature }),
        }
    }

    /// What was registered.
    pub fn unsigned(&self) -> &Unsigned {
        &self.unsigned
    }

    /// What its contributor signed; empty if the contributor was the sender.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Bytes of any number, written as `0x` and hexadecimal digits.
pub(super) struct Hex(pub Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("0x{}", hex::encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        let refused =
            || D::Error::custom(format_args!("`{}` is not `0x` and hexadecimal digits", excerpt(&text)));
        bytes.map(Self).ok_or_else(refused)
    }
}
