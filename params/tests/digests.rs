//! Hashes over words against vectors that an independent implementation of PROTOCOL sections 4 and 5 made.

use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::context::context_under;
use fairshare_params::digest::{data_digest, segment_hash};
use fairshare_params::encoding::{Digest, decode_hex, decode_point};
use fairshare_params::role::Role;
use group::prime::PrimeCurveAffine;
use halo2curves::bn256::G1Affine;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
struct Vector {
    #[serde(deserialize_with = "address")]
    contributor: Address,
    #[serde(deserialize_with = "geometry")]
    geometry: Geometry,
    schema_hash: Digest,
    records: u32,
    segments: Vec<Segment>,
    data_digest: Digest,
    rules_hash: Digest,
    #[serde(deserialize_with = "point")]
    totals: G1Affine,
    context_data: Digest,
    context_compute: Digest,
}

/// A width that a geometry does not use is hashed like any other: `width` counts the commitments.
#[derive(Deserialize)]
struct Segment {
    width: usize,
    commitments: Vec<Point>,
    hash: Digest,
}

#[derive(Deserialize)]
struct Point(#[serde(deserialize_with = "point")] G1Affine);

fn vectors() -> Vec<Vector> {
    let text = include_str!("vectors/digests.json");
    serde_json::from_str(text).expect("the vectors are in the repository and well formed")
}

#[test]
fn segment_hashes() {
    let mut count = 0;
    for (index, vector) in vectors().iter().enumerate() {
        for segment in &vector.segments {
            let columns: Vec<_> = segment.commitments.iter().map(|point| point.0).collect();
            assert_eq!(columns.len(), segment.width);
            assert_eq!(segment_hash(&vector.geometry, &columns), segment.hash, "vector {index}");
            count += 1;
        }
    }
    assert_eq!(count, 22);
}

#[test]
fn data_digests() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 10);
    for (index, vector) in vectors.iter().enumerate() {
        let Vector { contributor, geometry, schema_hash, records, .. } = vector;
        let segments: Vec<_> = vector.segments.iter().map(|segment| segment.hash).collect();
        let found = data_digest(contributor, geometry, schema_hash, *records, &segments);
        assert_eq!(found, vector.data_digest, "vector {index}");
    }
}

#[test]
fn contexts() {
    for (index, vector) in vectors().iter().enumerate() {
        let context = |role, totals, digests: &[Digest]| {
            context_under(&vector.rules_hash, &totals, &vector.contributor, role, digests)
        };
        let data = context(Role::Data, G1Affine::identity(), &[vector.data_digest]);
        assert_eq!(data, vector.context_data, "vector {index}");
        let compute = context(Role::Compute, vector.totals, &[]);
        assert_eq!(compute, vector.context_compute, "vector {index}");
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
    let text = String::deserialize(deserializer)?;
    decode_hex(&text).map(Address).map_err(serde::de::Error::custom)
}

fn geometry<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Geometry, D::Error> {
    let id = u8::deserialize(deserializer)?;
    Geometry::from_id(id).ok_or_else(|| serde::de::Error::custom(id))
}

fn point<'de, D: Deserializer<'de>>(deserializer: D) -> Result<G1Affine, D::Error> {
    let [x, y] = <[Digest; 2]>::deserialize(deserializer)?;
    let bytes = [x.0, y.0].concat().try_into().expect("two words");
    decode_point(&bytes).ok_or_else(|| serde::de::Error::custom("not a point of the curve"))
}
