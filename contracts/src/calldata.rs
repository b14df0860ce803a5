//! What transactions to a vault carry.

use alloy_primitives::FixedBytes;
use alloy_sol_types::SolCall;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use crate::interface::RoyaltyVault;

/// Funds an epoch with the sender's tokens, which the sender has approved on the token before.
pub fn fund(epoch: u64, amount: u128) -> Vec<u8> {
    RoyaltyVault::fundCall { epoch, amount }.abi_encode()
}

/// Posts, or while it is pending replaces, an epoch's root; `total` is the sum of all its claims' cumulative
/// amounts.
pub fn post(epoch: u64, root: &Digest, rules_hash: &Digest, total: u128) -> Vec<u8> {
    RoyaltyVault::postCall { epoch, root: word(root), policyHash: word(rules_hash), total }.abi_encode()
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

/// An address in the type that the encoder takes.
pub fn evm_address(address: &Address) -> alloy_primitives::Address {
    alloy_primitives::Address::from(address.0)
}

fn word(digest: &Digest) -> FixedBytes<32> {
    FixedBytes(digest.0)
}
