//! One full segment: committing, proving, verifying; and, as a ratio in the same run, proving / committing.
//!
//! `cargo bench -p fairshare-benches --bench segment`; `FAIRSHARE_GEOMETRY=compact` for the small geometry.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fairshare_benches::{Cost, Setup, cost, geometry, median};

fn segment(criterion: &mut Criterion) {
    let geometry = geometry();
    let setup = Setup::new(geometry);
    let mut group = criterion.benchmark_group("segment");
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(geometry.largest_segment().symbols() as u64));
    group.bench_function(BenchmarkId::new("commit", geometry.name()), |bencher| {
        bencher.iter(|| setup.commit())
    });
    group
        .bench_function(BenchmarkId::new("prove", geometry.name()), |bencher| bencher.iter(|| setup.prove()));
    group.finish();
    ratio(&setup);
}

/// Reads one of a cost's clocks.
type Clock = fn(&Cost) -> f64;

/// Commits by the library's multiplication and by ours, and proves, in turn, so that all see the same
/// machine; prints the medians of the ratios, by the wall clock and, where the system tells, by processor
/// time, which a busy machine disturbs less.
fn ratio(setup: &Setup) {
    let rounds: Vec<[Cost; 3]> = (0..5)
        .map(|_| {
            let library = cost(|| drop(black_box(setup.commit_by_library())));
            let commit = cost(|| drop(black_box(setup.commit())));
            [library, commit, cost(|| drop(black_box(setup.prove())))]
        })
        .collect();
    let geometry = setup.srs.geometry();
    let clocks: [(&str, Clock); 2] = [("wall", |cost| cost.wall), ("processor", |cost| cost.processor)];
    for (name, clock) in clocks {
        let median = |figure: &dyn Fn(&[Cost; 3]) -> f64| median(rounds.iter().map(figure).collect());
        let [library, commit, prove] = [0, 1, 2].map(|work| median(&|round| clock(&round[work])));
        let ratios = [0, 1].map(|work| median(&|round| clock(&round[2]) / clock(&round[work])));
        println!(
            "{geometry}, {name} time: commit by the library {library:.2} s, commit {commit:.2} s, \
             prove {prove:.2} s; prove / commit {:.2} and {:.2}",
            ratios[0], ratios[1]
        );
    }
}

criterion_group!(benches, segment);
criterion_main!(benches);
