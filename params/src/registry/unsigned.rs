//! A registration as its contributor signs it: a request, evidence, and where and how long it counts.

use super::request::Request;
use super::typed_data::{Domain, Message};
use super::upload::{PathError, check_path};
use crate::address::Address;
use crate::encoding::Digest;

/// Where the data is stored, and the path which shows that the upload is for this digest.
///
/// Length and transaction are the contributor's word, for auditors to compare with the storage layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Root of the stored file.
    pub storage_root: Digest,
    /// Its length in bytes.
    pub byte_length: u64,
    /// The siblings of its first chunk, from the lowest to the highest.
    pub path: Vec<Digest>,
    /// Hash of the upload's transaction.
    pub transaction_hash: Digest,
}

/// Everything but the signature. Its evidence, if there is any, belongs to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    request: Request,
    evidence: Option<Evidence>,
    domain: Domain,
    vault: Address,
    last_round: u64,
}

/// Why a registration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsignedError {
    /// The evidence is of another upload.
    #[error("the evidence does not belong to digest {digest}")]
    Evidence {
        /// The request's digest.
        digest: Digest,
        /// What was wrong.
        source: PathError,
    },
    /// Signed for another chain.
    #[error("it is for chain {found}, not for chain {expected}; sign it again for that one")]
    Chain {
        /// Where it counts.
        found: u64,
        /// Where it should.
        expected: u64,
    },
    /// Signed for another registry.
    #[error("it is for the registry {found:?}, not for {expected:?}; sign it again for that one")]
    Registry {
        /// Where it counts.
        found: Address,
        /// Where it should.
        expected: Address,
    },
    /// Signed for another vault.
    #[error("it is for the vault {found:?}, not for {expected:?}; sign it again for that one")]
    Vault {
        /// Where it counts.
        found: Address,
        /// Where it should.
        expected: Address,
    },
    /// A registry or a vault that is nowhere.
    #[error("`{field}`: the zero address is not that of a contract or an operator")]
    ZeroAddress {
        /// `registry` or `vault`.
        field: &'static str,
    },
}

impl Unsigned {
    /// A registration to be signed, for one vault at one registry. It is void after `last_round`.
    pub fn new(
        request: Request,
        evidence: Option<Evidence>,
        domain: Domain,
        vault: Address,
        last_round: u64,
    ) -> Result<Self, UnsignedError> {
        for (field, address) in [("registry", &domain.registry), ("vault", &vault)] {
            if address.is_zero() {
                return Err(UnsignedError::ZeroAddress { field });
            }
        }
        if let Some(Evidence { storage_root, path, .. }) = &evidence {
            let digest = *request.digest();
            check_path(storage_root, &digest, path)
                .map_err(|source| UnsignedError::Evidence { digest, source })?;
        }
        Ok(Self { request, evidence, domain, vault, last_round })
    }

    /// What is signed.
    pub fn message(&self) -> Message {
        let (root, length, upload_tx) = match &self.evidence {
            Some(evidence) => (evidence.storage_root, evidence.byte_length, evidence.transaction_hash),
            None => (Digest([0; 32]), 0, Digest([0; 32])),
        };
        let (vault, digest, last_round) = (self.vault, *self.request.digest(), self.last_round);
        Message { vault, digest, root, length, upload_tx, last_round }
    }

    /// The hash that is signed.
    pub fn hash(&self) -> Digest {
        self.message().hash(&self.domain)
    }

    /// What is to be registered.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Evidence of the upload, if there is any.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// The registry and its chain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The vault that is to pay.
    pub fn vault(&self) -> &Address {
        &self.vault
    }

    /// After this round the registration is void.
    pub fn last_round(&self) -> u64 {
        self.last_round
    }

    /// Refuses what was signed for another chain, registry or vault.
    pub fn check(&self, domain: &Domain, vault: &Address) -> Result<(), UnsignedError> {
        let (signed, own) = (&self.domain, self.vault);
        if signed.chain_id != domain.chain_id {
            return Err(UnsignedError::Chain { found: signed.chain_id, expected: domain.chain_id });
        }
        if signed.registry != domain.registry {
            return Err(UnsignedError::Registry { found: signed.registry, expected: domain.registry });
        }
        if own != *vault {
            return Err(UnsignedError::Vault { found: own, expected: *vault });
        }
        Ok(())
    }
}
