//! Which reference strings a verifier takes, and that a proof is of one only.

use std::fs;
use std::path::Path;

use fairshare_params::Geometry;
use fairshare_params::encoding::{Digest, encode_point};
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::policy::ParametersError;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::{VerifierParameters, VerifierParametersError};
use fairshare_prover::{Limits, Prover, Silent};
use fairshare_verifier::{Bundle, ProofError, SetupError, Trust, Verifier, VerifyError};
use ff::{Field, PrimeField};
use group::Curve;
use halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::fixture::{PARAMETERS, RECORD, RULES, SRS, VERIFIER, contributor, edit, policy};
use super::world::WORLD;

/// A ceremony's file of the compact power, from a trapdoor that only this test knows.
fn ceremony() -> Vec<u8> {
    let (power, n) = (11u32, 1usize << 11);
    let s = Fr::from(0x5eed) * Fr::DELTA;
    let powers: Vec<G1Affine> = (0..n as u64)
        .into_par_iter()
        .map(|i| (G1Affine::generator() * s.pow_vartime([i])).to_affine())
        .collect();
    let g1 = powers.into_iter().chain(std::iter::repeat_n(G1Affine::generator(), n - 1));
    let s_g2 = (G2Affine::generator() * s).to_affine();
    let g2 =
        [G2Affine::generator(), s_g2].into_iter().chain(std::iter::repeat_n(G2Affine::generator(), n - 2));
    let raw = |coordinates: &[Fq]| coordinates.iter().flat_map(SerdeObject::to_raw_bytes).collect::<Vec<_>>();
    let mut header = 32u32.to_le_bytes().to_vec();
    let modulus = Fq::MODULUS.trim_start_matches("0x");
    let modulus = (0..32).rev().map(|i| u8::from_str_radix(&modulus[2 * i..2 * i + 2], 16).expect("a digit"));
    header.extend(modulus);
    header.extend(power.to_le_bytes());
    header.extend(28u32.to_le_bytes());
    let sections: [(u32, Vec<u8>); 4] = [
        (1, header),
        (2, g1.flat_map(|point| raw(&[point.x, point.y])).collect()),
        (3, g2.flat_map(|point| raw(&[point.x.c0, point.x.c1, point.y.c0, point.y.c1])).collect()),
        (12, vec![0; 64]),
    ];
    let mut bytes = b"ptau".to_vec();
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(4u32.to_le_bytes());
    for (kind, content) in sections {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

fn import(folder: &Path) -> Srs {
    let path = folder.join("ceremony.ptau");
    fs::write(&path, ceremony()).expect("write");
    fairshare_storage::srs::import_ptau(&path, Geometry::COMPACT).expect("a sound ceremony")
}

#[test]
fn insecure_parameters_are_refused_unless_asked_for() {
    let error = Verifier::new(&PARAMETERS, &RULES, Trust::CeremonyOnly).expect_err("insecure");
    assert!(matches!(error, SetupError::InsecureParameters));
    assert!(error.to_string().contains("INSECURE") && error.to_string().contains("--allow-insecure-params"));
    // A file that calls itself something else is recognised all the same.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("srs");
    fairshare_storage::srs::write(&path, &SRS).expect("written");
    let read = fairshare_storage::srs::read(&path, None).expect("read");
    let derived = VerifierParameters::derive(&read).expect("keys");
    let path = folder.path().join("verifier.params");
    fairshare_storage::srs::write_verifier(&path, &derived).expect("written");
    let stated = fairshare_storage::srs::read_verifier(&path).expect("read");
    let rules = RULES.clone().expecting(VERIFIER.rules_hash());
    for parameters in [derived, stated] {
        let refused = Verifier::new(&parameters, &rules, Trust::CeremonyOnly);
        assert!(matches!(refused, Err(SetupError::InsecureParameters)));
    }
}

#[test]
fn parameters_of_another_geometry() {
    let standard = policy(&edit("geometry = \"compact\"", "geometry = \"standard\""));
    let error = Verifier::new(&PARAMETERS, &standard, Trust::AllowInsecure).expect_err("too small");
    let (found, named) = (Geometry::COMPACT, Geometry::STANDARD);
    let expected = ParametersError::Geometry { found, named };
    assert!(matches!(error, SetupError::Parameters(error) if error == expected));
}

/// The policy that names the development parameters takes no ceremony's, and the other way round.
#[test]
fn parameters_that_the_policy_does_not_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = import(folder.path());
    let named = policy(&naming(&other));
    let other = VerifierParameters::derive(&other).expect("keys");
    for (parameters, policy) in [(&other, &*RULES), (&*PARAMETERS, &named)] {
        let error = Verifier::new(parameters, policy, Trust::AllowInsecure).expect_err("not named");
        let (found, named) = (parameters.words().srs, policy.parameters());
        let expected = ParametersError::Other { found, named };
        assert!(matches!(error, SetupError::Parameters(error) if error == expected));
    }
    Verifier::new(&other, &named, Trust::CeremonyOnly).expect("named");
}

/// A policy that names this reference string.
fn naming(srs: &Srs) -> String {
    edit("\"insecure-development\"", &format!("\"{}\"", srs.digest()))
}

/// A verifier's parameters from a file, with `change` made to their bytes.
fn stated(change: impl FnOnce(&mut Vec<u8>)) -> VerifierParameters {
    let mut bytes = PARAMETERS.encode();
    change(&mut bytes);
    VerifierParameters::decode(Geometry::COMPACT, &bytes).expect("points of the curve")
}

#[test]
fn stated_parameters_are_believed_under_a_rules_hash_alone() {
    let stated = stated(|_| {});
    assert!(!stated.is_derived());
    assert_eq!(stated.words(), PARAMETERS.words());
    let refused = Verifier::new(&stated, &RULES, Trust::AllowInsecure);
    assert!(matches!(refused, Err(SetupError::Unbelieved)));
    let hash = VERIFIER.rules_hash();
    let named =
        policy(&edit("geometry = \"compact\"", &format!("rules_hash = \"{hash}\"\ngeometry = \"compact\"")));
    assert_eq!(named.rules_hash(), Some(hash));
    for rules in [named, RULES.clone().expecting(hash)] {
        let verifier = Verifier::new(&stated, &rules, Trust::AllowInsecure).expect("believed");
        let verifier = verifier.with_units(&*RECORD).expect("units");
        assert_eq!(verifier.rules_hash(), hash);
        for submission in WORLD.all() {
            verifier.verify(&submission.bundle, &submission.registrations).expect("verified");
        }
    }
    // Another hash fits neither those from a file nor those derived.
    let rules = RULES.clone().expecting(Digest([7; 32]));
    for parameters in [&stated, &*PARAMETERS] {
        let error = Verifier::new(parameters, &rules, Trust::AllowInsecure).expect_err("another hash");
        let expected = (hash, Digest([7; 32]), parameters.is_derived());
        assert!(matches!(
            error,
            SetupError::RulesHash { found, given, is_derived } if (found, given, is_derived) == expected
        ));
    }
}

/// The true fingerprint and one point of each part exchanged for another: whoever was given the rules hash
/// believes none of them, and without one nobody does.
#[test]
fn false_parameters_with_the_true_fingerprint_are_refused() {
    let rules = RULES.clone().expecting(VERIFIER.rules_hash());
    let (fingerprint, s_g2) = (32, 128);
    let rows = fingerprint + s_g2;
    let reserved = rows + 64 * Geometry::COMPACT.alphabet();
    let keys = reserved + 64 * 8;
    let bytes = PARAMETERS.encode();
    let generator = encode_point(&G1Affine::generator());
    let mut offsets = vec![rows, reserved - 64, reserved, keys - 64];
    let mut first = keys;
    for kind in CircuitKind::all(Geometry::COMPACT) {
        let points = PARAMETERS.key(kind).expect("a key").points().count();
        offsets.extend([first, first + 64 * (points - 1)]);
        first += 64 * points;
    }
    assert_eq!(first, bytes.len());
    for offset in offsets {
        let altered = stated(|bytes| bytes[offset..offset + 64].copy_from_slice(&generator));
        assert_eq!(altered.words().srs, PARAMETERS.words().srs);
        assert_ne!(altered.words(), PARAMETERS.words(), "byte {offset} is in no word");
        let refused = |rules: &_| Verifier::new(&altered, rules, Trust::AllowInsecure).expect_err("false");
        assert!(matches!(refused(&RULES), SetupError::Unbelieved), "{offset}");
        assert!(matches!(refused(&rules), SetupError::RulesHash { is_derived: false, .. }), "{offset}");
    }
    // [s]_2 of another trapdoor: no development parameters any more.
    let other = G2Affine::generator();
    let other = [other.x.c1, other.x.c0, other.y.c1, other.y.c0].map(|coordinate| {
        let mut bytes = coordinate.to_repr();
        bytes.reverse();
        bytes
    });
    let altered = stated(|bytes| bytes[fingerprint..rows].copy_from_slice(&other.concat()));
    let error = Verifier::new(&altered, &rules, Trust::AllowInsecure).expect_err("another trapdoor");
    assert!(matches!(error, SetupError::Parameters(ParametersError::Other { .. })), "{error:?}");
}

/// Whatever bytes: an error that says where, or parameters that nobody believes.
#[test]
fn damaged_parameters_of_a_verifier_are_refused() {
    let bytes = fairshare_formats::verifier_file::encode(&PARAMETERS);
    let decode = fairshare_formats::verifier_file::decode;
    assert_eq!(decode(&bytes).expect("whole").encode(), PARAMETERS.encode());
    let told = |bytes: &[u8]| decode(bytes).map(|_| ()).expect_err("refused").to_string();
    for length in [0, 5, 37] {
        assert!(told(&bytes[..length]).contains("too few"), "{length}");
    }
    for length in [38, bytes.len() / 2, bytes.len() - 1] {
        assert!(told(&bytes[..length]).contains("content is refused"), "{length}");
    }
    let altered = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        bytes
    };
    for (at, value, part) in
        [(0, b'X', "not with `FSVP`"), (4, 9, "version 9"), (5, 77, "identifier 77"), (6, 0, "damaged")]
    {
        let value = if bytes[at] == value { value ^ 1 } else { value };
        assert!(told(&altered(at, value)).contains(part), "{at}");
    }
    assert!(told(&[&bytes[..], &[0]].concat()).contains("content is refused"));
    for geometry in Geometry::ALL {
        let found = VerifierParameters::encoded_bytes(geometry);
        let error = VerifierParameters::decode(geometry, &vec![0; found]).expect_err("no points");
        assert!(matches!(error, VerifierParametersError::Point { offset: 32 }), "{error}");
        let error = VerifierParameters::decode(geometry, &vec![0; found - 1]).expect_err("too short");
        assert!(matches!(error, VerifierParametersError::Length { .. }), "{error}");
    }
}

#[test]
fn a_proof_is_of_one_reference_string() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = import(folder.path());
    let (rules, parameters) = (policy(&naming(&other)), VerifierParameters::derive(&other).expect("keys"));
    let verifier = Verifier::new(&parameters, &rules, Trust::CeremonyOnly).expect("a ceremony's");
    let verifier = verifier.with_units(&*RECORD).expect("units");

    // Made under the insecure one: commitments, keys and proofs are all others here.
    for submission in [&WORLD.data, &WORLD.compute] {
        let error =
            verifier.verify(&submission.bundle, &submission.registrations).expect_err("another trapdoor");
        match submission.bundle {
            Bundle::Data(_) => {
                assert!(matches!(error, VerifyError::Proof { source: ProofError::False, .. }), "{error:?}");
            }
            Bundle::Compute(_) => assert!(of_other_points(&error), "{error:?}"),
        }
    }
    for statement in CircuitKind::all(SRS.geometry()) {
        let digest = |srs| VerifyingKey::build(srs, statement).expect("a key").digest();
        assert_ne!(digest(&other), digest(&SRS), "{}", statement.name());
    }

    // And the other way round: what is proved under a ceremony's is verified under it, without any allowance.
    let prover = Prover::new(&other, &verifier, Limits::default());
    let proved = prover.prove_compute(&contributor(), &Silent).expect("a bundle");
    verifier.verify(&proved.bundle, &[]).expect("verified");
    let error = VERIFIER.verify(&proved.bundle, &[]).expect_err("another trapdoor");
    assert!(of_other_points(&error), "{error:?}");
}

/// Whether the first public column is committed to with other points.
fn of_other_points(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { source: ProofError::PublicColumn { column: 0 }, .. })
}
