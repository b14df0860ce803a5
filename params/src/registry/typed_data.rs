//! What a contributor signs: typed data by EIP-712.

use crate::address::Address;
use crate::encoding::Digest;
use crate::words::Words;

const DOMAIN_TYPE: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const NAME: &str = "Fairshare";
const VERSION: &str = "2";
const REGISTRATION_TYPE: &str = "Registration(address vault,bytes32 digest,bytes32 root,uint64 length,\
                                 bytes32 uploadTx,uint64 lastRound)";
const RECEIPT_TYPE: &str = "Receipt(uint64 index,uint64 round,bytes32 entry,bytes32 before,bytes32 after)";

/// Where a signature counts: at one registry, on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The chain of the registry.
    pub chain_id: u64,
    /// The verifying contract, or the ledger operator's address.
    pub registry: Address,
}

impl Domain {
    fn separator(&self) -> Digest {
        Words::typed(DOMAIN_TYPE)
            .text(NAME)
            .text(VERSION)
            .integer(self.chain_id)
            .address(&self.registry)
            .finish()
    }
}

/// A registration as it is signed, field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The vault that is to pay.
    pub vault: Address,
    /// The data digest.
    pub digest: Digest,
    /// The storage root; zero without evidence.
    pub root: Digest,
    /// The upload's length in bytes; zero without evidence.
    pub length: u64,
    /// Hash of the upload's transaction; zero without evidence.
    pub upload_tx: Digest,
    /// After this round the registration is void.
    pub last_round: u64,
}

impl Message {
    /// The hash that is signed: `keccak256(0x1901 ‖ domain separator ‖ hash of the struct)`.
    pub fn hash(&self, domain: &Domain) -> Digest {
        let message = Words::typed(REGISTRATION_TYPE)
            .address(&self.vault)
            .digest(&self.digest)
            .digest(&self.root)
            .integer(self.length)
            .digest(&self.upload_tx)
            .integer(self.last_round)
            .finish();
        signed(domain, &message)
    }
}

/// A ledger's receipt as its operator signs it, field by field (PROTOCOL section 9, *A ledger answers for its
/// word*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptMessage {
    /// The entry's place in the ledger, from 1.
    pub index: u64,
    /// The round that went on, or had ended last.
    pub round: u64,
    /// The entry's hash.
    pub entry: Digest,
    /// The head before it.
    pub before: Digest,
    /// The head after it.
    pub after: Digest,
}

impl ReceiptMessage {
    /// The hash that is signed; the domain's registry is the operator.
    pub fn hash(&self, domain: &Domain) -> Digest {
        let Self { index, round, entry, before, after } = self;
        let words = Words::typed(RECEIPT_TYPE).integer(*index).integer(*round);
        signed(domain, &words.digest(entry).digest(before).digest(after).finish())
    }
}

fn signed(domain: &Domain, message: &Digest) -> Digest {
    Words::signed().digest(&domain.separator()).digest(message).finish()
}
