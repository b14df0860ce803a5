//! What transactions to a royalty vault carry.

use alloy_primitives::FixedBytes;
use alloy_sol_types::SolCall;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use crate::interface::RoyaltyVault;

/// Funds an epoch with the sender's tokens, which the sender has approved on the token before.
pub fn fund(epoch: u64, amount: u128) -> Vec<u8> {
    RoyaltyVault::fundCall { epoch, amount }.abi_encode()
}

/// What an operator posts of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting<'a> {
    /// The epoch.
    pub epoch: u64,
    /// The root of its claims.
    pub root: Digest,
    /// The hash of the rules under which it was settled.
    pub rules_hash: Digest,
    /// The sum of all its claims' cumulative amounts.
    pub total: u128,
    /// Keccak-256 of the bytes of the archive from which anyone can recompute the root.
    pub archive_hash: Digest,
    /// Where the archive can be fetched: 1 to 256 bytes.
    pub archive_place: &'a str,
}

/// A claim of [`claim_many`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedClaim {
    /// Who is paid.
    pub contributor: Address,
    /// All that the contributor has earned up to and including the epoch.
    pub cumulative: u128,
    /// The siblings from its leaf up to the root.
    pub proof: Vec<Digest>,
}

/// Posts, or while it is pending replaces, an epoch's root.
pub fn post(posting: &Posting<'_>) -> Vec<u8> {
    let Posting { epoch, root, rules_hash, total, archive_hash, archive_place } = posting;
    let call = RoyaltyVault::postCall {
        epoch: *epoch,
        root: word(root),
        rulesHash: word(rules_hash),
        total: *total,
        archiveHash: word(archive_hash),
        archivePlace: (*archive_place).to_owned(),
    };
    call.abi_encode()
}

/// Strikes out a pending root.
pub fn veto(epoch: u64, root: &Digest) -> Vec<u8> {
    RoyaltyVault::vetoCall { epoch, root: word(root) }.abi_encode()
}

/// Pays a contributor what the claim is worth; `proof` leads from its leaf to the root of an active epoch.
pub fn claim(epoch: u64, contributor: &Address, cumulative: u128, proof: &[Digest]) -> Vec<u8> {
    let proof = proof.iter().map(word).collect();
    RoyaltyVault::claimCall { epoch, contributor: evm_address(contributor), cumulative, proof }.abi_encode()
}

/// Pays many contributors. One that has nothing left to be paid, or cannot be paid, does not stop the others;
/// a false proof does.
pub fn claim_many(epoch: u64, claims: &[ProvedClaim]) -> Vec<u8> {
    let claim = |claim: &ProvedClaim| RoyaltyVault::Claim {
        contributor: evm_address(&claim.contributor),
        cumulative: claim.cumulative,
        proof: claim.proof.iter().map(word).collect(),
    };
    RoyaltyVault::claimManyCall { epoch, claims: claims.iter().map(claim).collect() }.abi_encode()
}

/// An address in the type that the encoder takes.
pub fn evm_address(address: &Address) -> alloy_primitives::Address {
    alloy_primitives::Address::from(address.0)
}

/// A digest in the type that the encoder takes.
pub(crate) fn word(digest: &Digest) -> FixedBytes<32> {
    FixedBytes(digest.0)
}
