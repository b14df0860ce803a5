//! Weights and shares against vectors that an independent implementation of PROTOCOL section 10 made. `fade`
//! by itself has its vectors in `circuits/tests/numeric_vectors.rs`.

use std::num::NonZeroU32;
use std::str::FromStr;

use fairshare_audit::settlement::{DataWeights, shares};
use fairshare_circuits::numeric::decay::Decay;
use fairshare_params::policy::Weighting;
use num_bigint::BigUint;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
struct WeightVector {
    weighting: String,
    #[serde(deserialize_with = "from_text")]
    cap: u64,
    free_bins: u64,
    lambda: String,
    #[serde(deserialize_with = "from_text")]
    score: u64,
    datasets: Vec<DatasetVector>,
    #[serde(deserialize_with = "from_text")]
    g: u128,
    #[serde(deserialize_with = "from_text")]
    weight: BigUint,
}

#[derive(Deserialize)]
struct DatasetVector {
    records: u32,
    rounds_since_window_began: u64,
}

#[derive(Deserialize)]
struct SharesVector {
    #[serde(deserialize_with = "from_text")]
    tenths: BigUint,
    #[serde(deserialize_with = "from_texts")]
    weights: Vec<BigUint>,
    #[serde(deserialize_with = "from_texts")]
    shares: Vec<BigUint>,
    #[serde(deserialize_with = "from_text")]
    tenths_left: BigUint,
}

/// Wherever the window begins.
#[test]
fn data_weight_vectors() {
    let vectors: Vec<WeightVector> = parse(include_str!("vectors/data_weight.json"));
    assert_eq!(vectors.len(), 60);
    for (index, vector) in vectors.iter().enumerate() {
        let decay = Decay::from_decimal(&vector.lambda).expect("a decimal");
        let weighting = match vector.weighting.as_str() {
            "divergence" => Weighting::Divergence,
            "records-divergence" => Weighting::RecordsDivergence { cap: vector.cap },
            other => panic!("vector {index}: {other}"),
        };
        let records = vector.datasets.iter().map(|dataset| dataset.records).sum();
        let records = NonZeroU32::new(records).expect("records");
        for first in [0, 10, u64::MAX - 1000] {
            let window = first..=u64::MAX;
            let weights = DataWeights { decay: &decay, weighting, free_bins: vector.free_bins, window };
            let since = vector.datasets.iter().map(|dataset| dataset.rounds_since_window_began).max();
            let latest = first + since.expect("a dataset");
            assert_eq!(weights.g(vector.score, records), vector.g, "vector {index}");
            assert_eq!(weights.weight(vector.score, records, latest), vector.weight, "vector {index}");
        }
    }
}

#[test]
fn shares_vectors() {
    let vectors: Vec<SharesVector> = parse(include_str!("vectors/shares.json"));
    assert_eq!(vectors.len(), 60);
    for (index, SharesVector { tenths, weights, shares: expected, tenths_left }) in vectors.iter().enumerate()
    {
        let (found, left) = shares(tenths, weights.iter());
        assert_eq!((&found, &left), (expected, tenths_left), "vector {index}");
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

fn from_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BigUint>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}
