//! The integer arithmetic against vectors that an independent implementation of PROTOCOL sections 6, 7 and 10
//! made.
//!
//! Scores must agree to the last bit; the true real values in the vectors hold the protocol's error bounds.

use std::num::NonZeroU32;
use std::ops::Range;
use std::str::FromStr;

use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::fixed::parse_fixed48;
use fairshare_circuits::numeric::ln::ln;
use fairshare_circuits::numeric::rounds::compute_score;
use num_bigint::BigUint;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
struct LnVector {
    x: NonZeroU32,
    #[serde(deserialize_with = "from_text")]
    ln: u128,
}

#[derive(Deserialize)]
struct DataScoreVector {
    kind: String,
    features: Vec<Bins>,
    counts: Vec<u32>,
    reference: Vec<u32>,
    n: u32,
    #[serde(rename = "S", deserialize_with = "from_text")]
    sum: BigUint,
    #[serde(deserialize_with = "from_text")]
    score: u64,
    nats: String,
}

/// A feature's symbols. Arrays begin at symbol 1: padding has no count.
#[derive(Deserialize)]
struct Bins {
    base: usize,
    bins: usize,
}

impl Bins {
    fn range(&self) -> Range<usize> {
        self.base - 1..self.base - 1 + self.bins
    }
}

#[derive(Deserialize)]
struct ComputeScoreVector {
    lambda: String,
    #[serde(deserialize_with = "from_text")]
    lambda_q: u64,
    #[serde(deserialize_with = "from_text")]
    rho: u64,
    units: Vec<u32>,
    totals: Vec<u32>,
    #[serde(deserialize_with = "from_text")]
    decay_last: u128,
    #[serde(deserialize_with = "from_text")]
    score: u64,
    value: String,
}

#[derive(Deserialize)]
struct FadeVector {
    lambda: String,
    #[serde(deserialize_with = "from_text")]
    lambda_q: u64,
    #[serde(deserialize_with = "from_text")]
    rho: u64,
    rounds: u64,
    #[serde(deserialize_with = "from_text")]
    fade: u128,
}

#[test]
fn ln_vectors() {
    let vectors: Vec<LnVector> = parse(include_str!("vectors/ln.json"));
    assert_eq!(vectors.len(), 137);
    for LnVector { x, ln: expected } in vectors {
        assert_eq!(ln(x), expected, "Ln({x})");
    }
}

#[test]
fn data_score_vectors() {
    let vectors: Vec<DataScoreVector> = parse(include_str!("vectors/data_score.json"));
    assert_eq!(vectors.len(), 60);
    for (index, vector) in vectors.iter().enumerate() {
        let name = format!("vector {index} ({})", vector.kind);
        let used: usize = vector.features.iter().map(|bins| bins.bins).sum();
        assert_eq!((used, used), (vector.counts.len(), vector.reference.len()), "{name}");
        let features: Vec<FeatureCounts<'_>> = vector
            .features
            .iter()
            .map(|bins| FeatureCounts {
                counts: &vector.counts[bins.range()],
                reference: &vector.reference[bins.range()],
            })
            .collect();

        let got = divergence(&features).expect(&name);
        assert_eq!((got.n, got.score), (vector.n, vector.score), "{name}");
        assert_eq!(got.sum, vector.sum, "{name}");
        assert!(sum_ln_totals(features.iter().map(|feature| feature.reference)).is_ok(), "{name}");

        // |score/256 − n·ΣD| ≤ n·d·2^−32 + 1/256, in 2^−40 nat, to which the true value is floored.
        let error = (i128::from(vector.score) << 32) - in_40_bits(&vector.nats);
        let bound = (i128::from(vector.n) * features.len() as i128) << 8;
        assert!(error.unsigned_abs() <= (bound + (1 << 32) + 1).unsigned_abs(), "{name}: off by {error}");
    }
}

/// `⌊value·2^40⌋` of a decimal.
fn in_40_bits(decimal: &str) -> i128 {
    let (whole, fraction) = decimal.split_once('.').expect("a decimal");
    let digits: BigUint = format!("{whole}{fraction}").parse().expect("digits");
    let scaled = (digits << 40u32) / BigUint::from(10u32).pow(fraction.len() as u32);
    scaled.try_into().expect("a total of fewer than 2^64 nats")
}

#[test]
fn compute_score_vectors() {
    let vectors: Vec<ComputeScoreVector> = parse(include_str!("vectors/compute_score.json"));
    assert_eq!(vectors.len(), 21);
    for (index, vector) in vectors.iter().enumerate() {
        let name = format!("vector {index} (λ = {})", vector.lambda);
        let decay = Decay::from_decimal(&vector.lambda).expect(&name);
        assert_eq!((decay.lambda_q(), decay.rho()), (vector.lambda_q, vector.rho), "{name}");
        let last = vector.units.len() as u64 - 1;
        assert_eq!(decay.at(last), Ok(vector.decay_last), "{name}");

        let got = compute_score(&vector.units, &vector.totals, &decay).expect(&name);
        assert_eq!(got.score, vector.score, "{name}");

        // Every share is floored by less than 2^−32, and all floors are downward: at most (1 + λ)·2^−32, and
        // flooring of λ and of decays far below that.
        let value = parse_fixed48(&vector.value).expect(&name);
        assert!(vector.score <= value && value - vector.score <= 4 << 16, "{name}: {value}");
    }
}

#[test]
fn fade_vectors() {
    let vectors: Vec<FadeVector> = parse(include_str!("vectors/fade.json"));
    assert_eq!(vectors.len(), 96);
    for FadeVector { lambda, lambda_q, rho, rounds, fade } in vectors {
        let decay = Decay::from_decimal(&lambda).expect(&lambda);
        assert_eq!((decay.lambda_q(), decay.rho()), (lambda_q, rho), "λ = {lambda}");
        assert_eq!(decay.fade(rounds), fade, "λ = {lambda}, {rounds} rounds");
    }
}

fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> T {
    serde_json::from_str(text).expect("the vectors are in the repository and well formed")
}

fn from_text<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
where
    T::Err: std::fmt::Display,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
