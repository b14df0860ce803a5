//! Verifying one bundle, and batches of 10, 100 and 1,000: milliseconds a bundle, and bundles a second and
//! core.
//!
//! `cargo bench -p fairshare-benches --bench verification`; `FAIRSHARE_GEOMETRY=compact` for the small
//! geometry, `RAYON_NUM_THREADS=1` for one core. A data bundle has two proofs, a compute bundle one.

use std::hint::black_box;

use fairshare_benches::{cost, flights, geometry, median};
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::Proved;
use fairshare_verifier::{Trust, Verifier};

fn main() {
    let geometry = geometry();
    let threads = rayon::current_num_threads();
    let srs = Srs::insecure(geometry);
    let parameters = VerifierParameters::derive(&srs).expect("keys");
    let policy = flights::policy(geometry);
    let units = flights::units(&policy);
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)
        .and_then(|verifier| verifier.with_units(&units))
        .expect("a verifier");
    println!("{geometry}, threads: {threads}; medians");
    println!("{:>8} {:>7} {:>12} {:>18}", "role", "batch", "ms a bundle", "a second and core");
    for (role, proved) in ["data", "compute"].into_iter().zip(flights::prove(&srs, &verifier, threads)) {
        for (batch, rounds) in [(1, 21), (10, 9), (100, 5), (1000, 3)] {
            let taken = seconds(&verifier, &proved, batch, rounds) / batch as f64;
            let rate = 1.0 / taken / threads as f64;
            println!("{role:>8} {batch:>7} {:>12.2} {rate:>18.0}", taken * 1e3);
        }
    }
}

/// Seconds for one batch.
fn seconds(verifier: &Verifier<'_>, proved: &Proved, batch: usize, rounds: usize) -> f64 {
    let items = vec![(&proved.bundle, proved.registrations.as_slice()); batch];
    let times = (0..rounds)
        .map(|_| {
            cost(|| {
                let verdicts = black_box(verifier.verify_batch(&items));
                assert!(verdicts.iter().all(Result::is_ok), "every bundle is good");
            })
            .wall
        })
        .collect();
    median(times)
}
