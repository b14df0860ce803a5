//! Bundles that were proved once and must verify for ever: `frozen/PROVENANCE.md` says how they were made.
//!
//! Together they hold a proof of each circuit. A change of encoding, transcript, key or policy hash that
//! these refuse is a new version of the protocol. Once a version is complete, they are never made anew for
//! it.

use std::path::{Path, PathBuf};

use fairshare_formats::units::Rounds;
use fairshare_params::registration::Registration;
use fairshare_params::srs::Srs;
use fairshare_verifier::{Score, Trust, Verifier};

fn frozen(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(frozen(name)).expect("a file of this test")
}

#[test]
fn frozen_bundles_verify() {
    let policy = fairshare_storage::policy::load(&frozen("policy.toml")).expect("a policy");
    let srs = Srs::insecure(policy.geometry());
    let units = bytes("units.csv");
    let units = fairshare_formats::units::from_csv(&units[..], Rounds::of(&policy)).expect("units");
    let verifier = Verifier::new(&srs, &policy, Trust::AllowInsecure).expect("a verifier");
    let verifier = verifier.with_units(&units).expect("units of its rounds");
    let verify = |name: &str, registrations: &[Registration]| {
        let bundle = verifier.read(&bytes(name), registrations).expect("a bundle");
        verifier.verify(&bundle, registrations).expect("a frozen bundle verifies")
    };

    let registration = fairshare_formats::registration::from_json(&bytes("data.json"));
    let registrations = [registration.expect("a registration")];
    let Score::Data(data) = verify("data.bundle", &registrations) else { panic!("a data score") };
    assert_eq!((data.records.get(), data.score), (2000, 28_295));
    let Score::Compute(compute) = verify("compute.bundle", &[]) else { panic!("a compute score") };
    assert_eq!(compute.score, 79_344_494_407_050);
}
