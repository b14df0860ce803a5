//! What is registered, as one hash (PROTOCOL section 4).

use halo2curves::bn256::G1Affine;

use crate::Geometry;
use crate::address::Address;
use crate::encoding::Digest;
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
}
