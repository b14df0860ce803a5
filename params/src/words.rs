//! Hashes over words (PROTOCOL section 4): `K`, which a contract computes with `abi.encode`, and `K'`.
//!
//! Every element is one 32-byte big-endian word, except that a point is two. A tag comes first, so no two
//! kinds of hash share a preimage; what enters such a hash by its own has none. The protocol fixes which
//! words follow a tag. Lists enter as their `K'`, except for a segment's columns, which follow their number.

use halo2curves::bn256::{Fr, G1Affine};
use sha3::{Digest as _, Keccak256};

use crate::address::Address;
use crate::encoding::{Digest, encode_point, encode_scalar, wide};

/// Before every tag's name.
const TAG_PREFIX: &str = "fairshare/v2/";

/// `T_name = keccak256("fairshare/v2/name")`.
pub fn tag(name: &str) -> Digest {
    Digest(Keccak256::new().chain_update(TAG_PREFIX).chain_update(name).finalize().into())
}

/// `K(T_name, …)`, word by word.
#[derive(Clone)]
pub struct Words(Keccak256);

impl Words {
    /// Begins with a [tag].
    pub fn new(name: &str) -> Self {
        Self(Keccak256::new()).digest(&tag(name))
    }

    /// Begins with nothing: for what only ever enters a hash that has a tag.
    pub fn untagged() -> Self {
        Self(Keccak256::new())
    }

    /// Begins with the hash of a struct's type, as EIP-712 has it.
    pub fn typed(encoded_type: &str) -> Self {
        Self(Keccak256::new()).text(encoded_type)
    }

    /// Begins with the two bytes of typed data that is signed by EIP-712, so that no transaction looks alike.
    pub fn signed() -> Self {
        Self(Keccak256::new_with_prefix([0x19, 0x01]))
    }

    /// A number.
    pub fn integer(self, value: impl Into<u128>) -> Self {
        let mut word = [0; 32];
        let (_, low) = word.split_at_mut(16);
        low.copy_from_slice(&value.into().to_be_bytes());
        self.digest(&Digest(word))
    }

    /// How many there are of something.
    pub fn count(self, count: usize) -> Self {
        self.integer(wide(count))
    }

    /// A scalar.
    pub fn scalar(mut self, scalar: &Fr) -> Self {
        self.0.update(encode_scalar(scalar));
        self
    }

    /// Text, as its hash.
    pub fn text(self, text: &str) -> Self {
        self.digest(&Digest(Keccak256::digest(text).into()))
    }

    /// Bytes that are words, one after the other. The caller fixes their number.
    pub fn words(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// A digest, or any word.
    pub fn digest(mut self, digest: &Digest) -> Self {
        self.0.update(digest.0);
        self
    }

    /// An address, padded on the left.
    pub fn address(self, address: &Address) -> Self {
        let mut word = [0; 32];
        let (_, low) = word.split_at_mut(12);
        low.copy_from_slice(&address.0);
        self.digest(&Digest(word))
    }

    /// A point, `x` then `y`.
    pub fn point(mut self, point: &G1Affine) -> Self {
        self.0.update(encode_point(point));
        self
    }

    /// The hash of all words.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// `K'`: the hash of a list of digests, one after the other; of nothing for an empty list.
pub fn hash_list<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let hash = digests.into_iter().fold(Keccak256::new(), |hash, digest| hash.chain_update(digest.0));
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keccak(bytes: &[u8]) -> Digest {
        Digest(Keccak256::digest(bytes).into())
    }

    #[test]
    fn every_element_is_words() {
        let point = G1Affine::generator();
        let found = Words::new("data").integer(u64::MAX).count(5).address(&Address([7; 20])).point(&point);
        let mut bytes = keccak(b"fairshare/v2/data").0.to_vec();
        bytes.extend([&[0; 24], u64::MAX.to_be_bytes().as_slice()].concat());
        bytes.extend([[0; 31].as_slice(), &[5]].concat());
        bytes.extend([[0; 12].as_slice(), &[7; 20]].concat());
        // The generator is (1, 2).
        bytes.extend([[0; 31].as_slice(), &[1], &[0; 31], &[2]].concat());
        assert_eq!(found.finish(), keccak(&bytes));
    }

    #[test]
    fn a_list_is_its_digests_and_nothing_else() {
        assert_eq!(hash_list([]), keccak(b""));
        let two = [Digest([1; 32]), Digest([2; 32])];
        assert_eq!(hash_list(&two), keccak(&[[1; 32], [2; 32]].concat()));
    }
}
