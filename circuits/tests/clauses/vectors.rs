//! Vectors of an independent arbitrary-precision implementation, in circuit and in every geometry: the score
//! of each is accepted, and the scores one unit beside it are refused.

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::numeric::divergence::sum_ln_totals;
use halo2curves::bn256::Fr;
use serde_json::Value;

use super::support::failures_in;
use crate::claims::GEOMETRY;

const CONTEXT: [Fr; 2] = [Fr::from_raw([1, 0, 0, 0]), Fr::from_raw([2, 0, 0, 0])];

fn numbers(value: &Value) -> Vec<u32> {
    let list = value.as_array().expect("a list");
    list.iter().map(|number| u32::try_from(number.as_u64().expect("an integer")).expect("32 bits")).collect()
}

fn integer<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().expect("a decimal string").parse().expect("an integer")
}

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("a list of vectors")
}

/// Every third vector in the geometry under test; in each other the longest, by the numbers in `field`. Some
/// have more rounds than the compact geometry.
fn sample(vectors: Vec<Value>, geometry: Geometry, field: &str) -> Vec<Value> {
    if geometry != GEOMETRY {
        return vectors.into_iter().max_by_key(|vector| numbers(&vector[field]).len()).into_iter().collect();
    }
    let sample: Vec<_> = vectors.into_iter().step_by(3).collect();
    assert!(sample.len() >= 5);
    sample
}

/// Accepted as it is, refused with the score one up and, in the geometry under test, one down.
fn check_scores(geometry: Geometry, score: u64, is_accepted: impl Fn(u64) -> bool) {
    assert!(is_accepted(score));
    assert!(!is_accepted(score + 1));
    assert!(score == 0 || geometry != GEOMETRY || !is_accepted(score - 1));
}

#[test]
fn data_scores() {
    Geometry::ALL.into_iter().for_each(data_scores_in);
}

fn data_scores_in(geometry: Geometry) {
    let vectors = vectors(include_str!("../vectors/data_score.json"));
    for vector in sample(vectors, geometry, "counts") {
        let mut references = numbers(&vector["reference"]);
        let features: Vec<Vec<u32>> = vector["features"]
            .as_array()
            .expect("features")
            .iter()
            .map(|feature| {
                let bins = feature["bins"].as_u64().expect("bins") as usize;
                references.drain(..bins).collect()
            })
            .collect();
        let slices = || features.iter().map(Vec::as_slice);
        let reference = Reference::new(geometry, slices()).expect("a reference");
        let mut counts = vec![0];
        counts.extend(numbers(&vector["counts"]));
        counts.resize(geometry.alphabet(), 0);
        let records = vector["n"].as_u64().and_then(|n| u32::try_from(n).ok()?.try_into().ok());
        let witness = data_score::Witness { padding: 0, counts };
        check_scores(geometry, integer(&vector["score"]), |score| {
            let instance = data_score::Instance {
                context: CONTEXT,
                records: records.expect("records"),
                features: features.len() as u32,
                ln_totals: sum_ln_totals(slices()).expect("totals"),
                score,
            };
            let trace = data_score::Trace::new(geometry, &instance, &reference, &witness);
            failures_in(geometry, &DataScoreCircuit::new(geometry, trace), &instance.to_rows()).is_empty()
        });
    }
}

#[test]
fn compute_scores() {
    Geometry::ALL.into_iter().for_each(compute_scores_in);
}

fn compute_scores_in(geometry: Geometry) {
    let mut vectors = vectors(include_str!("../vectors/compute_score.json"));
    vectors.retain(|vector| numbers(&vector["totals"]).len() <= geometry.rounds());
    for vector in sample(vectors, geometry, "totals") {
        let witness =
            compute_score::Witness { units: numbers(&vector["units"]), totals: numbers(&vector["totals"]) };
        check_scores(geometry, integer(&vector["score"]), |score| {
            let instance = compute_score::Instance {
                context: CONTEXT,
                rho: integer(&vector["rho"]),
                lambda_q: integer(&vector["lambda_q"]),
                score,
            };
            let trace = compute_score::Trace::new(geometry, &instance, &witness);
            failures_in(geometry, &ComputeScoreCircuit::new(geometry, trace), &instance.to_rows()).is_empty()
        });
    }
}
