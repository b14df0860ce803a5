//! Instructions executed, counted by callgrind: the same whatever else the machine does, so that CI can tell
//! a slower program from a busy neighbour. Compact geometry, one thread.
//!
//! `.ci/instructions` runs it, installs what it needs, and compares with the counts on record.

#![allow(missing_docs, reason = "the macros make modules")]

use std::hint::black_box;

use fairshare_benches::{Setup, full_segment};
use fairshare_circuits::compute_score::{Instance, Trace, Witness as Units};
use fairshare_circuits::histogram::Witness;
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::rounds::compute_score;
use fairshare_params::Geometry;
use gungraun::{library_benchmark, library_benchmark_group, main};

/// One thread, and that the one which is counted.
fn alone() {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build_global()
        .expect("the first pool");
}

fn setup() -> Setup {
    alone();
    let setup = Setup::new(Geometry::COMPACT);
    setup.commit_key.tables();
    setup
}

/// With all that the first proof under a key leaves to the others.
fn proved_before() -> Setup {
    let setup = setup();
    drop(black_box(setup.prove()));
    setup
}

fn symbols() -> Vec<u16> {
    full_segment(Geometry::COMPACT)
}

/// A node that does a third of the work of every round.
fn units() -> (Instance, Units) {
    let units: Vec<u32> = (0..Geometry::COMPACT.alphabet() as u32).map(|round| 1 + round % 77).collect();
    let totals: Vec<u32> = units.iter().map(|units| 3 * units).collect();
    let decay = Decay::from_decimal("0.01").expect("a λ");
    let score = compute_score(&units, &totals, &decay).expect("a score").score;
    let (rho, lambda_q) = (decay.rho(), decay.lambda_q());
    let instance = Instance { context: Default::default(), rho, lambda_q, score };
    (instance, Units { units, totals })
}

#[library_benchmark]
#[bench::compact(setup = units)]
fn witness((instance, units): (Instance, Units)) -> Trace {
    black_box(Trace::new(Geometry::COMPACT, &instance, &units))
}

#[library_benchmark]
#[bench::compact(setup = symbols)]
fn histogram(symbols: Vec<u16>) -> Witness {
    black_box(Witness::new(Geometry::COMPACT.largest_segment(), symbols))
}

#[library_benchmark]
#[bench::compact(setup = setup)]
fn commitment(setup: Setup) -> usize {
    black_box(setup.commit()).len()
}

#[library_benchmark]
#[bench::compact(setup = proved_before)]
fn proof(setup: Setup) -> usize {
    black_box(setup.prove()).len()
}

library_benchmark_group!(name = instructions; benchmarks = witness, histogram, commitment, proof);
main!(library_benchmark_groups = instructions);
