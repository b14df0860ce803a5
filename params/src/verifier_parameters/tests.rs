//! The words against vectors that an independent program made (`tests/vectors`), of the compact geometry.

use serde_json::Value;
use sha3::{Digest as _, Keccak256};

use super::*;
use crate::encoding::{decode_hex, decode_scalar};

const DERIVED: &str = include_str!("../../tests/vectors/derived.json");
const RULES: &str = include_str!("../../tests/vectors/rules.json");

fn word(vector: &Value, name: &str) -> Digest {
    vector[name].as_str().unwrap().parse().unwrap()
}

#[test]
fn words_of_the_parameters() {
    let geometry = Geometry::COMPACT;
    let derived: Vec<Value> = serde_json::from_str(DERIVED).unwrap();
    let rules: Vec<Value> = serde_json::from_str(RULES).unwrap();
    let s = decode_scalar(&decode_hex(derived[0]["s"].as_str().unwrap()).unwrap()).unwrap();
    let parameters = VerifierParameters::derive(&Srs::of_trapdoor(geometry, s)).unwrap();
    let digests = parameters.keys.iter().flat_map(|key| key.digest().0);
    let keys = Digest(Keccak256::digest(digests.collect::<Vec<_>>()).into());
    let mut vectors: Vec<_> = derived.iter().filter(|vector| vector.get("srs").is_some()).collect();
    assert!(vectors.len() > 1);
    vectors.extend(rules.iter().map(|vector| &vector["rules"]));
    vectors.retain(|vector| vector["geometry"].as_str() == Some(&geometry.id().to_string()));
    assert!(!vectors.is_empty());
    for vector in vectors {
        let [srs, lagrange_root, openings] =
            ["srs", "lagrange_root", "openings"].map(|name| word(vector, name));
        assert_eq!(*parameters.words(), ParameterWords { srs, keys, lagrange_root, openings });
    }
}
