//! Bundles that were proved once and must verify for ever: `frozen/PROVENANCE.md` says how they were made.
//!
//! Together they hold a proof of each circuit, in each geometry and width. A change of encoding, transcript,
//! key or rules that these refuse is a new version of the protocol. They are never made anew for the same
//! version.

use std::path::{Path, PathBuf};

use fairshare_formats::registry::registration_from_json;
use fairshare_formats::units::Rounds;
use fairshare_formats::verifier_file;
use fairshare_params::Geometry;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_verifier::{Score, Trust, Verifier};

fn frozen(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(frozen(name)).expect("a file of this test")
}

/// The data bundle of that many records has one dataset of each width, and that score.
fn verify(geometry: Geometry, records: u32, score: u64) {
    let policy = fairshare_storage::policy::load(&frozen(&format!("{geometry}.toml"))).expect("a policy");
    assert_eq!(policy.geometry(), geometry);
    assert!(policy.rules_hash().is_some(), "keys and words are those of the day as well");
    let units = fairshare_formats::units::from_csv(&bytes("units.csv")[..], Rounds::of(&policy));
    let units = units.expect("units");
    let registration =
        |width| registration_from_json(&bytes(&format!("{geometry}-{width}.json"))).expect("a request");
    let registrations: Vec<_> = geometry.widths().iter().map(registration).collect();

    let derived = VerifierParameters::derive(&Srs::insecure(geometry)).expect("keys");
    let stated = verifier_file::decode(&verifier_file::encode(&derived)).expect("what was written");
    for parameters in [derived, stated] {
        let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure).expect("a verifier");
        let verifier = verifier.with_units(&units).expect("units of its rounds");
        let verify = |name: &str, registrations: &[Registration]| {
            let bundle = bytes(&format!("{geometry}-{name}.bundle"));
            let bundle = verifier.read(&bundle, registrations).expect("a bundle");
            verifier.verify(&bundle, registrations).expect("a frozen bundle verifies")
        };
        let Score::Data(data) = verify("data", &registrations) else { panic!("a data score") };
        assert_eq!((data.records.get(), data.score), (records, score));
        let Score::Compute(compute) = verify("compute", &[]) else { panic!("a compute score") };
        assert_eq!(compute.score, 79_344_494_407_050);
    }
}

#[test]
fn compact() {
    verify(Geometry::COMPACT, 3_000, 83_194);
}

#[test]
fn standard() {
    verify(Geometry::STANDARD, 142_000, 3_537_916);
}

#[test]
fn large() {
    verify(Geometry::LARGE, 502_000, 12_507_283);
}
