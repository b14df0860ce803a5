//! A registration with its contributor's signature: what anybody may bring to the registry.

use fairshare_params::address::Address;
use fairshare_params::registry::Unsigned;

use super::signature::{Signature, SignatureError};
use crate::eip55::{Checksummed, checksummed};

/// A registration that its contributor has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRegistration {
    unsigned: Unsigned,
    signature: Signature,
}

/// Why a signature is not a registration's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// A signature that nobody can have made.
    #[error("`signature` is not valid")]
    Signature(#[from] SignatureError),
    /// Somebody else's signature, or one of something else.
    #[error(
        "`signature` is that of {found}, not of the contributor {contributor}: another key has signed, or \
         something was altered since"
    )]
    Signer {
        /// Who has signed these fields, as far as the signature can tell.
        found: Checksummed,
        /// The contributor.
        contributor: Checksummed,
    },
}

impl SignedRegistration {
    /// This registration with its contributor's signature; anybody else's is refused.
    pub fn new(unsigned: Unsigned, signature: Signature) -> Result<Self, SignedError> {
        let found: Address = signature.signer(&unsigned.hash())?;
        let contributor = unsigned.request().contributor();
        if found != *contributor {
            let (found, contributor) = (checksummed(&found), checksummed(contributor));
            return Err(SignedError::Signer { found, contributor });
        }
        Ok(Self { unsigned, signature })
    }

    /// What the contributor has signed.
    pub fn unsigned(&self) -> &Unsigned {
        &self.unsigned
    }

    /// The contributor's signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}
