//! One full segment: committing, proving, verifying; and, as a ratio in the same run, proving / committing.
//!
//! `cargo bench -p fairshare-benches --bench segment`; `FAIRSHARE_GEOMETRY=compact` for the small geometry.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fairshare_benches::full_segment;
use fairshare_params::Geometry;
use fairshare_params::keys::{ProvingKey, Statement};
use fairshare_params::srs::Srs;
use fairshare_prover::opening::{Seed, fresh_seed};
use fairshare_prover::segment::{SegmentSecret, commit_columns};
use halo2curves::bn256::G1Affine;

struct Setup {
    srs: Srs,
    key: ProvingKey,
    symbols: Vec<u16>,
    seed: Seed,
    columns: Vec<G1Affine>,
}

impl Setup {
    fn new(geometry: Geometry) -> Self {
        let srs = Srs::insecure(geometry);
        let key = ProvingKey::build(&srs, Statement::Histogram).expect("a proving key");
        let (symbols, seed) = (full_segment(geometry), fresh_seed());
        let columns = commit_columns(&srs, &symbols, &seed, 0);
        Self { srs, key, symbols, seed, columns }
    }

    fn commit(&self) -> Vec<G1Affine> {
        commit_columns(&self.srs, &self.symbols, &self.seed, 0)
    }

    /// Counting, the histogram commitment, the proof, its link, and the check that every proof gets.
    fn prove(&self) -> fairshare_verifier::bundle::Segment {
        let secret = SegmentSecret::new(&self.srs, self.symbols.clone(), &self.seed, 0);
        secret.prove(&self.srs, &self.key, &self.columns).expect("a proof")
    }
}

fn geometry() -> Geometry {
    let name = std::env::var("FAIRSHARE_GEOMETRY").unwrap_or_else(|_| "standard".into());
    Geometry::from_name(&name).expect("FAIRSHARE_GEOMETRY is a geometry's name")
}

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
        let commit = cost(|| drop(std::hint::black_box(setup.commit())));
        pairs.push([commit, cost(|| drop(std::hint::black_box(setup.prove())))]);
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

/// What a piece of work took, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

fn cost(work: impl FnOnce()) -> Cost {
    let (start, processor) = (Instant::now(), processor_seconds());
    work();
    Cost { wall: start.elapsed().as_secs_f64(), processor: processor_seconds() - processor }
}

/// User and system time of all threads so far, from Linux's `/proc` (hundredths of a second); 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The command's name, in parentheses, may hold spaces; utime and stime are fields 14 and 15 of the line.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / 100.0
}

criterion_group!(benches, segment);
criterion_main!(benches);
