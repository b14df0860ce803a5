//! One full segment: committing, proving, verifying; and, as a ratio in the same run, proving / committing.
//!
//! `cargo bench -p fairshare-benches --bench segment`; `FAIRSHARE_GEOMETRY=compact` for the small geometry.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fairshare_benches::{Cost, Setup, cost, geometry};

fn segment(criterion: &mut Criterion) {
    let geometry = geometry();
    let setup = Setup::new(geometry);
    let mut group = criterion.benchmark_group("segment");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(geometry.segment_symbols() as u64));
    group.bench_function(BenchmarkId::new("commit", geometry.name()), |bencher| {
        bencher.iter(|| setup.commit())
    });
    group
        .bench_function(BenchmarkId::new("prove", geometry.name()), |bencher| bencher.iter(|| setup.prove()));
    group.finish();
    ratio(&setup);
}

/// Commits and proves in turn, so that both see the same machine; prints the medians of the pairs' ratios, by the wall
/// clock and, where the system tells, by processor time, which a busy machine disturbs less.
fn ratio(setup: &Setup) {
    let mut pairs: Vec<[Cost; 2]> = Vec::new();
    for _ in 0..5 {
        let commit = cost(|| drop(black_box(setup.commit())));
        pairs.push([commit, cost(|| drop(black_box(setup.prove())))]);
    }
    let geometry = setup.srs.geometry();
    for (name, clock) in
        [("wall", (|cost| cost.wall) as fn(&Cost) -> f64), ("processor", |cost| cost.processor)]
    {
        let median = |figure: &dyn Fn(&[Cost; 2]) -> f64| {
            let mut figures: Vec<_> = pairs.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let commit = median(&|pair| clock(&pair[0]));
        let prove = median(&|pair| clock(&pair[1]));
        let ratio = median(&|pair| clock(&pair[1]) / clock(&pair[0]));
        println!(
            "{geometry}, {name} time: commit {commit:.2} s, prove {prove:.2} s, prove / commit {ratio:.2}"
        );
    }
}

criterion_group!(benches, segment);
criterion_main!(benches);
