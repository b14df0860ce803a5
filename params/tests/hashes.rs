//! Hashes over words against vectors that an independent program made of PROTOCOL sections 4, 5, 8 and 9
//! (`tests/vectors/protocol.py`). Those of the rules and their derived words are tested beside them.

use std::str::FromStr;

use fairshare_params::address::Address;
use fairshare_params::context::context_under;
use fairshare_params::encoding::{Digest, decode_hex, decode_point};
use fairshare_params::lagrange_tree::{LagrangeTree, is_member};
use fairshare_params::ledger::{first_head, next_head};
use fairshare_params::role::Role;
use fairshare_params::srs::{g2_from_coordinates, lagrange_points, openings_hash, powers_digest};
use fairshare_params::words::{Words, hash_list};
use ff::PrimeField;
use group::prime::PrimeCurveAffine;
use halo2curves::bn256::{Fq, Fq2, Fr, G1Affine, G2Affine};
use serde_json::Value;

fn vectors(text: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).expect("well formed");
    assert!(vectors.len() >= 20);
    vectors
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn read<T: FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    text(value).parse().expect("well formed")
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().expect("a list").iter().map(read).collect()
}

fn address(value: &Value) -> Address {
    Address(decode_hex(text(value)).expect("an address"))
}

/// A point, or the identity for zeros.
fn point(value: &Value) -> G1Affine {
    let [x, y] = [&value[0], &value[1]].map(read::<Digest>);
    if [x, y] == [Digest([0; 32]); 2] {
        return G1Affine::identity();
    }
    decode_point(&[x.0, y.0].concat().try_into().expect("two words")).expect("a point")
}

/// Four words, the imaginary parts first.
fn second_group(value: &Value) -> G2Affine {
    let coordinate = |word: &Value| {
        let mut bytes = read::<Digest>(word).0;
        bytes.reverse();
        Fq::from_repr(bytes).expect("a coordinate")
    };
    let words = list(value, coordinate);
    let [x1, x0, y1, y0] = words.try_into().expect("four words");
    g2_from_coordinates(Fq2 { c0: x0, c1: x1 }, Fq2 { c0: y0, c1: y1 }).expect("a point")
}

/// The powers' digest; and the Lagrange points, computed from the powers, give the openings' hash. Their
/// order is that of halo2's root of unity, which PROTOCOL section 4 names.
#[test]
fn reference_strings() {
    for vector in vectors(include_str!("vectors/srs.json")) {
        let k: u32 = read(&vector["k"]);
        let powers = list(&vector["powers"], point);
        let (g2, s_g2) = (G2Affine::generator(), second_group(&vector["s_2"]));
        let name = &vector["name"];
        assert_eq!(powers_digest(k, &powers, &g2, &s_g2), read(&vector["srs"]), "{name}");
        let lagrange = lagrange_points(&powers, k).expect("a power of two");
        let last = lagrange.last_chunk().expect("eight");
        assert_eq!(last.to_vec(), list(&vector["blinding_points"], point), "{name}");
        assert_eq!(openings_hash(last, &g2, &s_g2), read(&vector["openings"]), "{name}");
    }
}

#[test]
fn lagrange_roots() {
    for vector in vectors(include_str!("vectors/lagrange_roots.json")) {
        let points = list(&vector["points"], point);
        let tree = LagrangeTree::new(&points).expect("a power of two");
        assert_eq!(tree.root(), read(&vector["root"]), "{}", vector["name"]);
        for (index, point) in (0..).zip(&points) {
            let path = tree.path(index).expect("a leaf");
            assert_eq!(1 << path.len(), points.len());
            assert!(is_member(&tree.root(), index, point, &path), "{}, {index}", vector["name"]);
        }
    }
}

/// What is not exactly a leaf's index, point and path does not lead to the root.
#[test]
fn a_path_is_of_one_point_at_one_index() {
    let scalars = (1..=8u64).map(|i| G1Affine::generator() * Fr::from(i * i));
    let points: Vec<G1Affine> = scalars.map(Into::into).collect();
    let tree = LagrangeTree::new(&points).expect("a power of two");
    let (root, path) = (tree.root(), tree.path(5).expect("a leaf"));
    assert!(is_member(&root, 5, &points[5], &path));
    for index in (0..16).chain([u64::MAX]).filter(|index| *index != 5) {
        assert!(!is_member(&root, index, &points[5], &path), "{index}");
    }
    // The same turns, and bits that no turn reads.
    assert!(!is_member(&root, 5 + 8, &points[5], &path));
    assert!(!is_member(&root, 5, &points[4], &path));
    assert!(!is_member(&root, 5, &-points[5], &path));
    assert!(!is_member(&Digest([0; 32]), 5, &points[5], &path));
    for level in 0..3 {
        let mut other = path.clone();
        other[level].0[31] ^= 1;
        assert!(!is_member(&root, 5, &points[5], &other), "{level}");
    }
    for other in [&path[..2], &path[1..], &[], &[&path[..], &path[..1]].concat()] {
        assert!(!is_member(&root, 5, &points[5], other));
    }
    for index in [8, 9, u64::MAX] {
        assert_eq!(tree.path(index), None);
    }
    for count in [0, 3, 5, 6, 7] {
        assert!(LagrangeTree::new(&points[..count]).is_none(), "{count}");
    }
}

/// A leaf names its index, and its place must be that: under another root than a tree's it might not be.
#[test]
fn a_leaf_in_anothers_place_is_refused() {
    let leaf = |index: u64, point| Words::untagged().integer(index).point(point).finish();
    let point = G1Affine::generator();
    let first = leaf(0, &point);
    for (index, expected) in [(1, true), (3, false), (1 << 63 | 1, false)] {
        let root = hash_list(&[first, leaf(index, &point)]);
        assert_eq!(is_member(&root, index, &point, &[first]), expected, "{index}");
    }
}

#[test]
fn lists_of_key_digests() {
    for vector in vectors(include_str!("vectors/keys_digest.json")) {
        let digests: Vec<Digest> = list(&vector["digests"], read);
        assert_eq!(hash_list(&digests), read(&vector["hash"]), "{}", vector["name"]);
    }
}

#[test]
fn contexts() {
    for vector in vectors(include_str!("vectors/contexts.json")) {
        let id: u8 = read(&vector["role"]);
        let role = [Role::Data, Role::Compute].into_iter().find(|role| role.id() == id);
        let digests: Vec<Digest> = list(&vector["digests"], read);
        let found = context_under(
            &read(&vector["rules_hash"]),
            &point(&vector["totals"]),
            &address(&vector["contributor"]),
            role.expect("a role"),
            &digests,
        );
        assert_eq!(found, read(&vector["hash"]), "{}", vector["name"]);
        let limbs = list(&vector["limbs"], |limb| Fr::from_u128(read(limb)));
        assert_eq!(found.limbs().to_vec(), limbs, "{}", vector["name"]);
    }
}

#[test]
fn ledger_heads() {
    for vector in vectors(include_str!("vectors/ledger.json")) {
        let (vault, registry) = (address(&vector["vault"]), address(&vector["registry"]));
        let mut head = first_head(read(&vector["chain_id"]), &vault, &registry);
        assert_eq!(head, read(&vector["start"]), "{}", vector["name"]);
        let entries: Vec<Digest> = list(&vector["entries"], read);
        let heads: Vec<Digest> = list(&vector["heads"], read);
        assert_eq!(entries.len(), heads.len());
        for (entry, expected) in entries.iter().zip(heads) {
            head = next_head(&head, entry);
            assert_eq!(head, expected, "{}", vector["name"]);
        }
    }
}
