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

/// Commits and proves in turn, so that both see the same machine; prints the median of the pairs' ratios.
fn ratio(setup: &Setup) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<_> = (0..5)
        .map(|_| {
            let commit = time(&|| drop(std::hint::black_box(setup.commit())));
            time(&|| drop(std::hint::black_box(setup.prove()))) / commit
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "prove / commit, {}: median {:.2} of {ratios:.2?}",
        setup.srs.geometry(),
        ratios[ratios.len() / 2]
    );
}

criterion_group!(benches, segment);
criterion_main!(benches);
