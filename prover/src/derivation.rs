//! What follows from an opening's seed (PROTOCOL section 4): a secret for each segment, and from that the
//! blindings of its columns and all randomness of its proof.
//!
//! **Invariant.** One blinding never meets two columns, and one proof's randomness never two proofs: either
//! would tell what the two differ in. So every secret is derived with all that could differ: a segment's with
//! its symbols among them, a proof's with its key and its commitments. A seed that is used again, with other
//! records or for another contributor, shares nothing; with the same ones it makes the same bytes, on any
//! number of threads, by whoever has the segment's secret and symbols.

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::commitment::{BLINDING_ROWS, Blinding};
use fairshare_params::encoding::Digest;
use fairshare_params::keystream::Keystream;
use fairshare_params::wiped::Wiped;
use fairshare_params::words::Words;
use fairshare_plonk::Randomness;
use halo2curves::bn256::Fr;
use sha3::{Digest as _, Keccak256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::count::SegmentIndex;
use crate::secret::Seed;

/// The version of what is derived for a proof: whatever changes a proof's bytes under one key changes it, for
/// two proofs of one segment spend two openings of its columns.
pub const DERIVATION_VERSION: u32 = 2;

/// What a dataset's segments have in common.
#[derive(Clone, Copy, Debug)]
pub struct Dataset<'a> {
    /// Who contributes it.
    pub contributor: &'a Address,
    /// The circuits' shape.
    pub geometry: Geometry,
    /// Hash of its schema.
    pub schema: &'a Digest,
    /// Its number of records.
    pub records: u32,
}

/// One segment's secret: with the symbols, all that its proof takes.
pub struct SegmentSecret(Zeroizing<[u8; 32]>);

impl ZeroizeOnDrop for SegmentSecret {}

impl std::fmt::Debug for SegmentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SegmentSecret(redacted)")
    }
}

impl SegmentSecret {
    /// The secret of the segment of these symbols, padding left out.
    pub fn derive(seed: &Seed, dataset: &Dataset<'_>, index: SegmentIndex, symbols: &[u16]) -> Self {
        let words = Words::new("segment-secret")
            .words(seed.as_slice())
            .address(dataset.contributor)
            .integer(dataset.geometry.id())
            .digest(dataset.schema)
            .integer(dataset.records)
            .integer(index.get())
            .digest(&hash(symbols));
        Self::from_bytes(Zeroizing::new(words.finish().0))
    }

    /// A secret that was derived elsewhere, and handed on with the segment's symbols.
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The secret, to hand on.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// The blindings of its data columns, in order.
    pub fn blindings(&self, columns: usize) -> Wiped<Vec<Blinding>> {
        let key = self.key(Words::new("blinding"));
        let draw = |column: usize| {
            let mut stream = Keystream::at(&key, column as u64, 0);
            Blinding(std::array::from_fn::<_, BLINDING_ROWS, _>(|_| stream.draw()))
        };
        // Its whole length at once: growing would leave a copy behind.
        let mut blindings = Wiped::from(Vec::with_capacity(columns));
        blindings.extend((0..columns).map(draw));
        blindings
    }

    /// All that is random in the segment's proof under a key, the blinding of its histogram included.
    pub fn randomness(&self, key: &Digest, segment: &Digest, instance: &[Fr]) -> Randomness {
        let words = Words::new("proof").integer(DERIVATION_VERSION).digest(key).digest(segment);
        let words = instance.iter().fold(words.count(instance.len()), |words, value| words.scalar(value));
        Randomness::from_seed(self.key(words))
    }

    fn key(&self, words: Words) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(words.words(self.0.as_slice()).finish().0)
    }
}

/// The hash of symbols, two bytes each.
fn hash(symbols: &[u16]) -> Digest {
    const AT_ONCE: usize = 1 << 12;
    let mut hash = Keccak256::new();
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * AT_ONCE.min(symbols.len())));
    for symbols in symbols.chunks(AT_ONCE) {
        bytes.clear();
        bytes.extend(symbols.iter().flat_map(|symbol| symbol.to_be_bytes()));
        hash.update(bytes.as_slice());
    }
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const CONTRIBUTOR: Address = Address([7; 20]);
    const SCHEMA: Digest = Digest([8; 32]);

    fn dataset(records: u32) -> Dataset<'static> {
        Dataset { contributor: &CONTRIBUTOR, geometry: Geometry::COMPACT, schema: &SCHEMA, records }
    }

    fn secret(seed: u8, dataset: &Dataset<'_>, index: usize, symbols: &[u16]) -> [u8; 32] {
        let index = SegmentIndex::try_from(index).expect("few");
        *SegmentSecret::derive(&Zeroizing::new([seed; 32]), dataset, index, symbols).to_bytes()
    }

    #[test]
    fn a_segments_secret_is_of_everything_that_may_differ() {
        let (other, schema) = (Address([9; 20]), Digest([9; 32]));
        let base = dataset(5);
        let secrets = [
            secret(1, &base, 0, &[1, 2, 3]),
            secret(2, &base, 0, &[1, 2, 3]),
            secret(1, &Dataset { contributor: &other, ..base }, 0, &[1, 2, 3]),
            secret(1, &Dataset { geometry: Geometry::STANDARD, ..base }, 0, &[1, 2, 3]),
            secret(1, &Dataset { schema: &schema, ..base }, 0, &[1, 2, 3]),
            secret(1, &dataset(6), 0, &[1, 2, 3]),
            secret(1, &base, 1, &[1, 2, 3]),
            secret(1, &base, 0, &[1, 2, 4]),
            secret(1, &base, 0, &[1, 2]),
            secret(1, &base, 0, &[1, 2, 3, 0]),
        ];
        assert_eq!(secrets.iter().collect::<HashSet<_>>().len(), secrets.len());
        assert_eq!(secret(1, &base, 0, &[1, 2, 3]), secrets[0]);
    }

    #[test]
    fn symbols_are_hashed_whole() {
        let symbols: Vec<u16> = (0..10_000).collect();
        let bytes: Vec<u8> = symbols.iter().flat_map(|symbol| symbol.to_be_bytes()).collect();
        assert_eq!(hash(&symbols).0, <[u8; 32]>::from(Keccak256::digest(bytes)));
    }

    #[test]
    fn no_two_blindings_or_proofs_share_randomness() {
        let [one, two] = [1, 2].map(|byte| SegmentSecret::from_bytes(Zeroizing::new([byte; 32])));
        let mut rows = HashSet::new();
        for secret in [&one, &two] {
            for blinding in secret.blindings(16).iter() {
                assert!(blinding.0.iter().all(|row| rows.insert(format!("{row:?}"))));
            }
        }
        let (key, segment, instance) = (Digest([3; 32]), Digest([4; 32]), Fr::from(5));
        for randomness in [
            one.randomness(&key, &segment, &[instance]),
            two.randomness(&key, &segment, &[instance]),
            one.randomness(&segment, &segment, &[instance]),
            one.randomness(&key, &key, &[instance]),
            one.randomness(&key, &segment, &[instance + Fr::from(1)]),
            one.randomness(&key, &segment, &[]),
        ] {
            let blinding = randomness.blinding(16, 2048);
            assert!(blinding.0.iter().all(|row| rows.insert(format!("{row:?}"))));
        }
    }
}
