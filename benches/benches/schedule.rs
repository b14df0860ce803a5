//! Many one-thread jobs against one many-thread job: the same segments, proved both ways in turn.
//!
//! `cargo bench -p fairshare-benches --bench schedule`; `FAIRSHARE_GEOMETRY=compact` for the small geometry.

use fairshare_benches::{Setup, cost, geometry};
use fairshare_prover::schedule::{Limits, Wave, run};

fn main() {
    let setup = Setup::new(geometry());
    let threads = Limits::default().threads;
    let segments = threads * 2;
    let together = [Wave { segments, jobs: threads, threads: 1 }];
    let alone = [Wave { segments, jobs: 1, threads }];
    let prove = |waves: &[Wave]| {
        let all = || {
            let items: Vec<_> = (0..segments).collect();
            run(waves, items, |_| {
                std::hint::black_box(setup.prove());
                Ok::<_, std::convert::Infallible>(())
            })
            .expect("the jobs cannot fail");
        };
        cost(all).wall / segments as f64
    };
    println!("{}, {segments} segments on {threads} threads, seconds a segment:", setup.srs.geometry());
    for pair in 1..=3 {
        let (together, alone) = (prove(&together), prove(&alone));
        println!(
            "pair {pair}: {threads} jobs of 1 thread {together:.2}, 1 job of {threads} threads {alone:.2}, \
             ratio {:.2}",
            together / alone
        );
    }
}
