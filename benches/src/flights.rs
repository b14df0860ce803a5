//! Real data for benchmarks: one airport of the example's year of flights.

use std::path::Path;

use fairshare_formats::eip55;
use fairshare_formats::units::{Rounds, from_csv};
use fairshare_params::Geometry;
use fairshare_params::address::Address;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_prover::{Limits, Proved, Prover, Silent, commit_data};
use fairshare_verifier::Verifier;

/// The airport, JFK, as the example has it.
fn airport() -> Address {
    eip55::parse("0xa64C3a7dB2a92f47Bc3c0729563D8B1F351A62A4").expect("an address")
}

/// A file of the example.
pub fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights").join(name)
}

/// The example's policy for a geometry: the small sample's for the compact one, else the whole year's.
///
/// # Panics
///
/// If the example cannot be read.
pub fn policy(geometry: Geometry) -> Policy {
    let name = if geometry == Geometry::COMPACT { "policy-compact.toml" } else { "policy.toml" };
    let text = std::fs::read_to_string(example(name)).expect("the example's policy");
    let text = text.replace("geometry = \"standard\"", &format!("geometry = \"{geometry}\""));
    fairshare_formats::policy::from_toml(&text, &|file| std::fs::read(example(file))).expect("a good policy")
}

/// The units on record of the example's airports.
///
/// # Panics
///
/// If the example cannot be read.
pub fn units(policy: &Policy) -> Units {
    let text = std::fs::read(example("units.csv")).expect("the example's units");
    from_csv(text.as_slice(), Rounds::of(policy)).expect("good units")
}

/// Commits to and proves the airport's records, or 2,000 of them in the compact geometry, and proves its
/// units, which the verifier has: a bundle of two proofs, and one of one.
///
/// # Panics
///
/// If a proof fails.
pub fn prove(srs: &Srs, verifier: &Verifier<'_>, threads: usize) -> [Proved; 2] {
    let policy = verifier.policy();
    let data = if srs.geometry() == Geometry::COMPACT { "flights-2000.csv" } else { "JFK.parquet" };
    let prover = Prover::new(srs, verifier, Limits { threads, jobs: threads, ..Limits::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("data");
    commit_data(srs, policy, &airport(), &[example(data)], &target, &Silent).expect("a commitment");
    [prover.prove_data(&[target], &Silent), prover.prove_compute(&airport(), &Silent)]
        .map(|proved| proved.expect("a bundle"))
}
