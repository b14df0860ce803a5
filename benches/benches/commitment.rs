//! Committing to one column: the library's multi-scalar multiplication against this project's without and
//! with tables of the points' multiples, by scalar size, on one thread; medians, and their ratio to the
//! library's in the same run.
//!
//! `cargo bench -p fairshare-benches --bench commitment`; `FAIRSHARE_GEOMETRY=compact` for the small
//! geometry.

use std::hint::black_box;

use fairshare_benches::{cost, geometry};
use fairshare_params::srs::Srs;
use fairshare_plonk::CommitKey;
use fairshare_plonk::multiexp::multiexp;
use ff::PrimeField;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fr, G1};

/// Rounds of each measurement.
const ROUNDS: usize = 9;

fn main() {
    let geometry = geometry();
    let srs = Srs::insecure(geometry);
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread pool");
    println!("{geometry}, one thread");
    let commit_key = CommitKey::new(&srs);
    let made = cost(|| {
        black_box(commit_key.tables());
    });
    let tables = commit_key.tables();
    println!("tables: {:.2} s of processor time, once a process", made.processor);
    println!(
        "{:>10} {:>11} {:>9} {:>7} {:>10} {:>7}",
        "scalars", "library ms", "ours ms", "", "tables ms", ""
    );
    for bits in [1, 8, geometry.alphabet_bits(), 20, 254] {
        let scalars = scalars(geometry.rows(), bits);
        let library = || best_multiexp(&scalars, srs.lagrange());
        let ours = || multiexp(&scalars, srs.lagrange());
        let with_tables = || tables.multiexp(&scalars);
        let ways: [&(dyn Fn() -> G1 + Sync); 3] = [&library, &ours, &with_tables];
        let [library, ours, with_tables] = single.install(|| {
            medians(&ways.map(|way| {
                move || {
                    black_box(way());
                }
            }))
        });
        println!(
            "{:>10} {:>11.1} {:>9.1} {:>6.1}x {:>10.1} {:>6.1}x",
            format!("{bits} bits"),
            library * 1e3,
            ours * 1e3,
            library / ours,
            with_tables * 1e3,
            library / with_tables,
        );
    }
}

/// Median wall seconds of each of the ways, which take turns so that all see the same machine.
fn medians<const N: usize>(ways: &[impl Fn(); N]) -> [f64; N] {
    let rounds: Vec<[f64; N]> =
        (0..ROUNDS).map(|_| std::array::from_fn(|way| cost(&ways[way]).wall)).collect();
    std::array::from_fn(|way| {
        let mut times: Vec<_> = rounds.iter().map(|round| round[way]).collect();
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}

/// Scalars of at most so many bits, spread evenly, the same on every machine.
fn scalars(count: usize, bits: u32) -> Vec<Fr> {
    let mut state = Fr::MULTIPLICATIVE_GENERATOR;
    (0..count)
        .map(|_| {
            state = state * state + Fr::MULTIPLICATIVE_GENERATOR;
            match bits {
                254.. => state,
                _ => {
                    let low: [u8; 8] = state.to_repr().as_ref()[..8].try_into().expect("eight bytes");
                    Fr::from(u64::from_le_bytes(low) & ((1 << bits) - 1))
                }
            }
        })
        .collect()
}
