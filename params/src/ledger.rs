//! The heads of a ledger's hash chain (PROTOCOL section 9, *A ledger answers for its word*).

use crate::address::Address;
use crate::encoding::Digest;
use crate::words::Words;

/// The head of an empty ledger: it names chain, vault and registry, so no two vaults share one.
pub fn first_head(chain_id: u64, vault: &Address, registry: &Address) -> Digest {
    Words::new("ledger").integer(chain_id).address(vault).address(registry).finish()
}

/// The head after an entry with that hash.
pub fn next_head(head: &Digest, entry: &Digest) -> Digest {
    Words::new("entry").digest(head).digest(entry).finish()
}
