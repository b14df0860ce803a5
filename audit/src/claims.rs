//! The Merkle tree over what each contributor may have been paid in all, epoch by epoch (PROTOCOL section
//! 10).
//!
//! It is OpenZeppelin's *StandardMerkleTree*: leaves hashed twice, so that no inner node can pass for a leaf;
//! pairs hashed in ascending order, so that a proof needs no directions; leaves sorted by hash, so that one
//! set of claims has one root. A standard distributor contract can pay it, and its JavaScript library reads
//! [`ClaimTree::to_json`].
//!
//! Amounts are cumulative over all epochs of a vault: a claim that nobody made adds to the next one, and a
//! claim made twice is worth nothing the second time. A leaf binds chain and vault, so it is worth nothing
//! anywhere else, and the rules hash, so it is worth nothing under other rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use fairshare_formats::eip55::checksummed;
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use serde::Serialize;
use sha3::{Digest as _, Keccak256};

/// Solidity types of a leaf's fields, in order: chain, vault, epoch, rules hash, contributor, cumulative
/// amount.
pub const LEAF_ENCODING: [&str; 6] = ["uint256", "address", "uint256", "bytes32", "address", "uint256"];

/// What the claims of one tree have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault's contract.
    pub vault: Address,
    /// The epoch whose settlement fixed the amounts.
    pub epoch: u64,
    /// The hash of the rules under which it was settled.
    pub rules_hash: Digest,
}

impl Distribution {
    /// That of the policy's epoch; a policy does not know its rules hash, which takes the parameters, too.
    pub fn of(policy: &Policy, rules_hash: Digest) -> Self {
        let terms = policy.terms();
        Self { chain_id: terms.chain_id, vault: terms.vault, epoch: terms.epoch, rules_hash }
    }
}

/// One contributor's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who is paid.
    pub contributor: Address,
    /// All that the contributor has earned up to and including the epoch, in the token's base units.
    pub cumulative: u128,
}

/// Claims that make no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// A tree without leaves has no root.
    #[error("no claims: nothing has been earned yet, and a tree needs at least one claim")]
    Empty,
    /// A contributor with two leaves could choose between two amounts.
    #[error(
        "{contributor} has two claims in one epoch; add them up",
        contributor = checksummed(.contributor)
    )]
    Twice {
        /// The contributor.
        contributor: Address,
    },
}

/// The tree: an array whose node `i` has the children `2i + 1` and `2i + 2`, the root first and the leaves
/// last.
#[derive(Clone, Debug)]
pub struct ClaimTree {
    distribution: Distribution,
    claims: Vec<Claim>,
    nodes: Vec<Digest>,
    /// Where each contributor's claim stands in `claims`, and its leaf in `nodes`.
    positions: HashMap<Address, (usize, usize)>,
}

/// The JSON of OpenZeppelin's library, with root and proofs besides, so that a reader needs no library at
/// all.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dump {
    format: &'static str,
    rules_hash: String,
    total: String,
    leaf_encoding: [&'static str; 6],
    root: String,
    tree: Vec<String>,
    values: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    value: [String; 6],
    tree_index: usize,
    proof: Vec<String>,
}

impl ClaimTree {
    /// Builds the tree; the claims' order does not change its root.
    pub fn new(distribution: Distribution, claims: Vec<Claim>) -> Result<Self, ClaimsError> {
        if claims.is_empty() {
            return Err(ClaimsError::Empty);
        }
        let mut seen = HashSet::with_capacity(claims.len());
        match claims.iter().find(|claim| !seen.insert(claim.contributor)) {
            Some(Claim { contributor, .. }) => Err(ClaimsError::Twice { contributor: *contributor }),
            None => Ok(Self::build(distribution, claims)),
        }
    }

    /// The tree of all contributors' cumulative amounts; none if nothing has been earned.
    pub fn of_earned(distribution: Distribution, earned: &BTreeMap<Address, u128>) -> Option<Self> {
        let claim = |(contributor, cumulative): (&Address, &u128)| Claim {
            contributor: *contributor,
            cumulative: *cumulative,
        };
        (!earned.is_empty()).then(|| Self::build(distribution, earned.iter().map(claim).collect()))
    }

    /// Of one claim or more, each contributor's once.
    fn build(distribution: Distribution, claims: Vec<Claim>) -> Self {
        let mut leaves: Vec<_> =
            claims.iter().enumerate().map(|(index, claim)| (leaf(&distribution, claim), index)).collect();
        leaves.sort_by_key(|(leaf, _)| leaf.0);
        let count = claims.len() * 2 - 1;
        let mut nodes = vec![Digest([0; 32]); count];
        let mut positions = HashMap::with_capacity(claims.len());
        for (rank, (leaf, index)) in leaves.into_iter().enumerate() {
            let position = count - 1 - rank;
            nodes[position] = leaf;
            positions.insert(claims[index].contributor, (index, position));
        }
        for position in (0..claims.len() - 1).rev() {
            nodes[position] = pair(&nodes[2 * position + 1], &nodes[2 * position + 2]);
        }
        Self { distribution, claims, nodes, positions }
    }

    /// What a contract is told.
    pub fn root(&self) -> Digest {
        self.nodes[0]
    }

    /// What the claims have in common.
    pub fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// The claims, in the order given.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// A contributor's claim.
    pub fn claim(&self, contributor: &Address) -> Option<&Claim> {
        self.positions.get(contributor).map(|(index, _)| &self.claims[*index])
    }

    /// A contributor's leaf.
    pub fn leaf(&self, contributor: &Address) -> Option<Digest> {
        self.positions.get(contributor).map(|(_, position)| self.nodes[*position])
    }

    /// The siblings from a contributor's leaf up to the root.
    pub fn proof(&self, contributor: &Address) -> Option<Vec<Digest>> {
        self.positions.get(contributor).map(|(_, position)| self.siblings(*position))
    }

    /// The sum of all claims, in the token's base units. A ledger's claims never come near 2^128.
    pub fn total(&self) -> u128 {
        self.claims.iter().fold(0, |sum, claim| sum.saturating_add(claim.cumulative))
    }

    /// The tree as JSON that OpenZeppelin's `StandardMerkleTree.load` reads, with the rules hash of its epoch
    /// and the sum of its claims.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let Distribution { chain_id, vault, epoch, rules_hash } = &self.distribution;
        let value = |claim: &Claim| {
            let (_, position) = self.positions[&claim.contributor];
            let Claim { contributor, cumulative } = claim;
            Value {
                value: [
                    chain_id.to_string(),
                    checksummed(vault).to_string(),
                    epoch.to_string(),
                    rules_hash.to_string(),
                    checksummed(contributor).to_string(),
                    cumulative.to_string(),
                ],
                tree_index: position,
                proof: self.siblings(position).iter().map(ToString::to_string).collect(),
            }
        };
        let dump = Dump {
            format: "standard-v1",
            rules_hash: rules_hash.to_string(),
            total: self.total().to_string(),
            leaf_encoding: LEAF_ENCODING,
            root: self.root().to_string(),
            tree: self.nodes.iter().map(ToString::to_string).collect(),
            values: self.claims.iter().map(value).collect(),
        };
        serde_json::to_string_pretty(&dump).map(|text| text + "\n")
    }

    fn siblings(&self, mut position: usize) -> Vec<Digest> {
        let mut siblings = Vec::new();
        while position > 0 {
            siblings.push(self.nodes[if position % 2 == 1 { position + 1 } else { position - 1 }]);
            position = (position - 1) / 2;
        }
        siblings
    }
}

/// Whether `proof` leads from this claim to `root`: what the contract computes.
pub fn proves(root: &Digest, distribution: &Distribution, claim: &Claim, proof: &[Digest]) -> bool {
    proof.iter().fold(leaf(distribution, claim), |node, sibling| pair(&node, sibling)) == *root
}

/// `keccak256(keccak256(abi.encode(chain, vault, epoch, rules hash, contributor, cumulative)))`: an inner
/// node is the hash of 64 bytes, a leaf that of 32, so neither passes for the other.
fn leaf(distribution: &Distribution, claim: &Claim) -> Digest {
    let inner = Keccak256::new()
        .chain_update(word(&distribution.chain_id.to_be_bytes()))
        .chain_update(word(&distribution.vault.0))
        .chain_update(word(&distribution.epoch.to_be_bytes()))
        .chain_update(distribution.rules_hash.0)
        .chain_update(word(&claim.contributor.0))
        .chain_update(word(&claim.cumulative.to_be_bytes()))
        .finalize();
    Digest(Keccak256::digest(inner).into())
}

/// A value as Solidity's ABI pads it: to the right end of 32 bytes.
fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    let start = word.len().saturating_sub(bytes.len());
    word[start..].copy_from_slice(bytes);
    word
}

fn pair(a: &Digest, b: &Digest) -> Digest {
    let (low, high) = if a.0 <= b.0 { (a, b) } else { (b, a) };
    Digest(Keccak256::new().chain_update(low.0).chain_update(high.0).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Distribution =
        Distribution { chain_id: 31337, vault: Address([0x11; 20]), epoch: 7, rules_hash: Digest([7; 32]) };

    fn claims(count: u8) -> Vec<Claim> {
        (1..=count)
            .map(|id| Claim { contributor: Address([id; 20]), cumulative: u128::from(id) * 1_000_000_007 })
            .collect()
    }

    #[test]
    fn every_claim_of_trees_of_every_shape_is_proved_and_no_other() {
        for count in 1..=33 {
            let claims = claims(count);
            let tree = ClaimTree::new(HERE, claims.clone()).unwrap();
            assert_eq!(tree.claims(), claims);
            for claim in &claims {
                assert_eq!(tree.claim(&claim.contributor), Some(claim));
                assert_eq!(tree.leaf(&claim.contributor), Some(leaf(&HERE, claim)));
                let proof = tree.proof(&claim.contributor).unwrap();
                assert!(proves(&tree.root(), &HERE, claim, &proof));
                let more = Claim { cumulative: claim.cumulative + 1, ..*claim };
                assert!(!proves(&tree.root(), &HERE, &more, &proof));
                let other = Claim { contributor: Address([0xee; 20]), ..*claim };
                assert!(!proves(&tree.root(), &HERE, &other, &proof));
                for elsewhere in [
                    Distribution { chain_id: 1, ..HERE },
                    Distribution { vault: Address([0x12; 20]), ..HERE },
                    Distribution { epoch: 8, ..HERE },
                    Distribution { rules_hash: Digest([8; 32]), ..HERE },
                ] {
                    assert!(!proves(&tree.root(), &elsewhere, claim, &proof));
                }
            }
        }
    }

    #[test]
    fn the_order_of_claims_changes_nothing() {
        let forwards = claims(20);
        let backwards: Vec<_> = forwards.iter().rev().copied().collect();
        let [a, b] = [forwards, backwards].map(|claims| ClaimTree::new(HERE, claims).unwrap().root());
        assert_eq!(a, b);
    }

    #[test]
    fn no_claims_and_double_claims_make_no_tree() {
        assert_eq!(ClaimTree::new(HERE, Vec::new()).unwrap_err(), ClaimsError::Empty);
        let mut twice = claims(3);
        twice.push(Claim { cumulative: 5, ..twice[1] });
        let contributor = twice[1].contributor;
        assert_eq!(ClaimTree::new(HERE, twice).unwrap_err(), ClaimsError::Twice { contributor });
    }

    /// The contract's own tests read this file with OpenZeppelin's library: both sides are held to it.
    #[test]
    fn the_json_is_the_one_that_the_library_reads() {
        let mut claims = claims(9);
        claims[3].cumulative = u128::MAX - 1_000_000_000_000;
        let json = ClaimTree::new(HERE, claims).unwrap().to_json().unwrap();
        fairshare_pinned::assert_pinned("tests/data/claims.json", &json);
    }

    #[test]
    fn an_inner_node_is_no_leaf() {
        let tree = ClaimTree::new(HERE, claims(4)).unwrap();
        let leaves: Vec<_> = claims(4).iter().map(|claim| leaf(&HERE, claim)).collect();
        assert!(tree.nodes[..3].iter().all(|node| !leaves.contains(node)));
        assert!(tree.nodes[3..].iter().all(|node| leaves.contains(node)));
    }
}
