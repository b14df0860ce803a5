//! Which reference strings a verifier takes, and that a proof is of one only.

use std::fs;
use std::path::Path;

use fairshare_params::Geometry;
use fairshare_params::keys::{CircuitKind, VerifyingKey};
use fairshare_params::srs::Srs;
use fairshare_prover::{Limits, Prover, Silent};
use fairshare_verifier::{Bundle, ProofError, SetupError, Trust, Verifier, VerifyError};
use ff::{Field, PrimeField};
use group::Curve;
use halo2curves::bn256::{Fq, Fr, G1Affine, G2Affine};
use halo2curves::serde::SerdeObject;
use rayon::prelude::*;

use super::fixture::{RECORD, RULES, SRS, VERIFIER, contributor, edit, policy};
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
    let error = Verifier::new(&SRS, &RULES, Trust::CeremonyOnly).expect_err("insecure");
    assert!(matches!(error, SetupError::InsecureParameters));
    assert!(error.to_string().contains("INSECURE") && error.to_string().contains("--allow-insecure-params"));
    // A file that calls itself something else is recognised all the same.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("srs");
    fairshare_storage::srs::write(&path, &SRS).expect("written");
    let read = fairshare_storage::srs::read(&path, None).expect("read");
    assert!(matches!(Verifier::new(&read, &RULES, Trust::CeremonyOnly), Err(SetupError::InsecureParameters)));
}

#[test]
fn parameters_of_another_geometry() {
    let standard = policy(&edit("geometry = \"compact\"", "geometry = \"standard\""));
    let error = Verifier::new(&SRS, &standard, Trust::AllowInsecure).expect_err("too small");
    let expected = (Geometry::COMPACT, Geometry::STANDARD);
    assert!(matches!(error, SetupError::Geometry { parameters, policy } if (parameters, policy) == expected));
}

#[test]
fn a_proof_is_of_one_reference_string() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = import(folder.path());
    let verifier = Verifier::new(&other, &RULES, Trust::CeremonyOnly).expect("a ceremony's");
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
    let prover = Prover::new(&verifier, Limits::default());
    let proved = prover.prove_compute(&contributor().address, &Silent).expect("a bundle");
    verifier.verify(&proved.bundle, &[]).expect("verified");
    let error = VERIFIER.verify(&proved.bundle, &[]).expect_err("another trapdoor");
    assert!(of_other_points(&error), "{error:?}");
}

/// Whether the first public column is committed to with other points.
fn of_other_points(error: &VerifyError) -> bool {
    matches!(error, VerifyError::Proof { source: ProofError::PublicColumn { column: 0 }, .. })
}
