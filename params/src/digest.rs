//! What is registered, as one hash (PROTOCOL section 4).

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::{Digest, Hasher};
use crate::words::{Words, hash_list};

/// The hash of a segment: of its geometry, its width and its columns' commitments, in order.
pub fn segment_hash(geometry: &Geometry, columns: &[G1Affine]) -> Digest {
    let words = Words::new("segment").integer(geometry.id()).count(columns.len());
    columns.iter().fold(words, |words, column| words.point(column)).finish()
}

/// The data digest: it names its contributor, and binds geometry, schema, number of records and every
/// segment, in order.
///
/// Nobody else can have a proof accepted under it, and one who copies commitments cannot open them.
pub fn data_digest(
    contributor: &Address,
    geometry: &Geometry,
    schema_hash: &Digest,
    records: u32,
    segments: &[Digest],
) -> Digest {
    Words::new("data")
        .address(contributor)
        .integer(geometry.id())
        .digest(schema_hash)
        .integer(records)
        .count(segments.len())
        .digest(&hash_list(segments))
        .finish()
}

/// The compute digest: it binds the geometry, the rounds that the column covers and its commitment.
///
/// Row `x` of the column holds the units of round `first_round + x`.
pub fn compute_digest(geometry: &Geometry, first_round: u64, rounds: u32, commitment: &G1Affine) -> Digest {
    absorb_geometry(Hasher::new("fairshare/v1/compute"), geometry)
        .u64(first_round)
        .u32(rounds)
        .point(commitment)
        .finish()
}

/// Identifier and shape: a shape that moves without its identifier still changes every digest.
pub(crate) fn absorb_geometry(hasher: Hasher, geometry: &Geometry) -> Hasher {
    let hasher = hasher.u8(geometry.id()).u32(geometry.k()).len(geometry.widths().len());
    let hasher = geometry.widths().iter().fold(hasher, |hasher, width| hasher.len(width.columns()));
    hasher.u32(geometry.alphabet_bits())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ff::Field;
    use group::Curve;
    use halo2curves::bn256::{Fr, G1};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn points(count: usize) -> Vec<G1Affine> {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        (0..count).map(|_| (G1::generator() * Fr::random(&mut rng)).to_affine()).collect()
    }

    fn assert_all_differ(digests: &[Digest]) {
        assert_eq!(digests.iter().collect::<HashSet<_>>().len(), digests.len());
    }

    #[test]
    fn a_segment_hash_binds_every_input() {
        let (small, large) = (Geometry::COMPACT, Geometry::STANDARD);
        let p = points(3);
        assert_all_differ(&[
            segment_hash(&small, &p),
            segment_hash(&large, &p),
            segment_hash(&small, &p[..2]),
            segment_hash(&small, &[p[1], p[0], p[2]]),
            segment_hash(&small, &[p[0], p[1], -p[2]]),
        ]);
    }

    #[test]
    fn a_data_digest_binds_every_input() {
        let (one, two) = (Address([1; 20]), Address([2; 20]));
        let (small, large) = (Geometry::COMPACT, Geometry::STANDARD);
        let (schema, other) = (Digest([1; 32]), Digest([2; 32]));
        let segments = [Digest([3; 32]), Digest([4; 32])];
        assert_all_differ(&[
            data_digest(&one, &small, &schema, 5, &segments),
            data_digest(&two, &small, &schema, 5, &segments),
            data_digest(&one, &large, &schema, 5, &segments),
            data_digest(&one, &small, &other, 5, &segments),
            data_digest(&one, &small, &schema, 6, &segments),
            data_digest(&one, &small, &schema, 5, &segments[..1]),
            data_digest(&one, &small, &schema, 5, &[]),
            data_digest(&one, &small, &schema, 5, &[segments[1], segments[0]]),
        ]);
    }

    #[test]
    fn a_compute_digest_binds_every_input() {
        let p = points(2);
        assert_all_differ(&[
            compute_digest(&Geometry::COMPACT, 3, 4, &p[0]),
            compute_digest(&Geometry::STANDARD, 3, 4, &p[0]),
            compute_digest(&Geometry::COMPACT, 4, 4, &p[0]),
            compute_digest(&Geometry::COMPACT, 3, 5, &p[0]),
            compute_digest(&Geometry::COMPACT, 3, 4, &p[1]),
        ]);
    }

    /// Recomputed here byte by byte: an encoding that moves would orphan every registered digest.
    #[test]
    fn the_encoding_of_a_compute_digest_is_fixed() {
        use sha3::{Digest as _, Keccak256};

        let point = G1Affine::generator();
        let mut bytes = Vec::new();
        bytes.extend(20u64.to_be_bytes());
        bytes.extend(b"fairshare/v1/compute");
        bytes.push(1);
        bytes.extend(11u32.to_be_bytes());
        [2u64, 4, 16].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        bytes.extend(10u32.to_be_bytes());
        bytes.extend(9u64.to_be_bytes());
        bytes.extend(365u32.to_be_bytes());
        // The generator is (1, 2).
        bytes.extend([[0u8; 31].as_slice(), &[1], &[0; 31], &[2]].concat());
        let expected: [u8; 32] = Keccak256::digest(&bytes).into();
        assert_eq!(compute_digest(&Geometry::COMPACT, 9, 365, &point), Digest(expected));
    }
}
