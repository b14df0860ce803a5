//! The figures of `docs/policy.md`: bins against records, and λ against an epoch's length.

use std::f64::consts::PI;
use std::iter;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FRACTION_BITS, FeatureCounts, divergence};
use fairshare_circuits::numeric::fixed::to_decimal;

const DOCUMENT: &str = include_str!("../../docs/policy.md");

/// The mean of the data, in standard deviations; that of the reference is 0.
const MEAN: f64 = 0.5;
/// The integral of the divergence of two normals of one deviation.
const INTEGRAL: f64 = MEAN * MEAN / 2.0;
/// The bins of the finest schema. Those of all others are unions of them.
const FINEST: usize = 256;
/// Bins that a row is for.
const BINS: [usize; 7] = [4, 8, 16, 32, 64, 128, 256];
/// Records that a column is for, and of how many samples it has the mean.
const SAMPLES: [(u32, u32); 5] = [(100, 4000), (1000, 2000), (10_000, 400), (100_000, 40), (1_000_000, 8)];
/// Records of the reference in each of the finest bins.
const REFERENCE: u32 = 1 << 20;

/// The standard normal's distribution function, by Simpson's rule.
fn cumulative(x: f64) -> f64 {
    const STEPS: u32 = 400;
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * PI).sqrt();
    let step = x / f64::from(STEPS);
    let weighted = (0..=STEPS).map(|at| {
        let weight = match at {
            0 | STEPS => 1.0,
            at if at % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * density(step * f64::from(at))
    });
    0.5 + weighted.sum::<f64>() * step / 3.0
}

/// Its quantile, by halving.
fn quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if cumulative(middle) < share { low = middle } else { high = middle }
    }
    low
}

/// The data's probabilities of the finest bins, which are quantiles of the reference.
fn probabilities() -> Vec<f64> {
    let edge = |at: usize| cumulative(quantile(at as f64 / FINEST as f64) - MEAN);
    let edges: Vec<_> = iter::once(0.0).chain((1..FINEST).map(edge)).chain([1.0]).collect();
    edges.windows(2).map(|edges| edges[1] - edges[0]).collect()
}

/// The divergence of probabilities over so many bins.
fn binned(probabilities: &[f64], bins: usize) -> f64 {
    let merged = probabilities.chunks(FINEST / bins).map(|some| some.iter().sum::<f64>());
    merged.map(|share| share * (share * bins as f64).ln()).sum()
}

/// Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// So many draws from the finest bins.
fn sample(random: &mut Random, bounds: &[u64], records: u32) -> Vec<u32> {
    let mut counts = vec![0; FINEST];
    for _ in 0..records {
        let draw = random.next();
        counts[bounds.partition_point(|bound| *bound <= draw).min(FINEST - 1)] += 1;
    }
    counts
}

/// What a score shows of a sample over so many bins, in nats per record.
fn scored(sample: &[u32], bins: usize, records: u32) -> f64 {
    let merge = FINEST / bins;
    let counts: Vec<u32> = sample.chunks(merge).map(|some| some.iter().sum()).collect();
    let reference = vec![REFERENCE * merge as u32; bins];
    let score = divergence(&[FeatureCounts { counts: &counts, reference: &reference }]).unwrap().score;
    score as f64 / f64::from(1 << FRACTION_BITS) / f64::from(records)
}

/// The mean of what scores show, by bins and by records.
fn means(probabilities: &[f64]) -> Vec<[f64; SAMPLES.len()]> {
    let mut sum = 0.0;
    let bounds: Vec<_> = probabilities
        .iter()
        .map(|share| {
            sum += share;
            (sum * (u64::MAX as f64)) as u64
        })
        .collect();
    let mut random = Random(21);
    let mut means = vec![[0.0; SAMPLES.len()]; BINS.len()];
    for (column, (records, samples)) in SAMPLES.into_iter().enumerate() {
        for _ in 0..samples {
            let sample = sample(&mut random, &bounds, records);
            for (mean, bins) in means.iter_mut().zip(BINS) {
                mean[column] += scored(&sample, bins, records) / f64::from(samples);
            }
        }
    }
    means
}

fn says(part: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(DOCUMENT).contains(&words(part)), "docs/policy.md does not say: {part}");
}

#[test]
fn bins_against_records() {
    let probabilities = probabilities();
    let means = means(&probabilities);
    let mut before = 0.0;
    let mut rows = Vec::new();
    for (bins, means) in BINS.into_iter().zip(&means) {
        let exact = binned(&probabilities, bins);
        assert!(exact > before && exact < INTEGRAL, "{bins}: {exact}");
        before = exact;
        let shown = means.iter().map(|mean| format!("{mean:.3}")).collect::<Vec<_>>().join(" | ");
        rows.push(format!("| {bins} | {exact:.4} | {shown} |"));
        // What is taken off is right from ten records in a bin on, to a twentieth.
        for (mean, (records, _)) in means.iter().zip(SAMPLES) {
            let left = mean - (bins as f64 - 1.0) / 2.0 / f64::from(records);
            let error = (left / exact - 1.0).abs();
            assert!(records < 10 * bins as u32 || error < 0.05, "{bins} bins, {records} records: {left}");
        }
    }
    says(&rows.join("\n"));
    let lost = |bins| 100.0 * (1.0 - binned(&probabilities, bins) / INTEGRAL);
    says(&format!(
        "Eight quantiles lose {:.0} % of the integral here, 32 lose {:.1} %, 64 lose {:.1} %.",
        lost(8),
        lost(32),
        lost(64)
    ));
    // Far fewer records than bins, and fewer than ten in a bin.
    let left = |bins: usize, column: usize| {
        let row = BINS.iter().position(|own| *own == bins).unwrap();
        means[row][column] - (bins as f64 - 1.0) / 2.0 / f64::from(SAMPLES[column].0)
    };
    says(&format!(
        "100 records in 64 bins are left with {:.3} nats each, a third too much, and in 256 bins with {:.3}: \
         nothing.",
        left(64, 0),
        left(256, 0)
    ));
}

#[test]
fn the_first_round_against_the_last() {
    let ratio = |lambda, rounds: u64| {
        let ratio = Decay::from_decimal(lambda).unwrap().first_over_last(rounds - 1).unwrap();
        to_decimal(ratio, 2)
    };
    says(&format!(
        "Over 365 rounds λ = 0.01 makes that {}, λ = 0.002 {}, λ = 0.0005 {}.",
        ratio("0.01", 365),
        ratio("0.002", 365),
        ratio("0.0005", 365)
    ));
}
