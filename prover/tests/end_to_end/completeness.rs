//! Whatever a statement's relation accepts is proved, linked and verified, under any blinding.

use std::num::NonZeroU32;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_circuits::numeric::decay::{DECAY_START, Decay};
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::rounds;
use fairshare_params::Geometry;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::keys::CircuitKind;
use fairshare_plonk::{Linked, ProverInput, Uninterrupted};
use fairshare_prover::measure::prove;
use fairshare_verifier::verify_linked;
use ff::{Field, PrimeField};
use group::Curve;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;
use proptest::prelude::*;
use rand_core::OsRng;

use super::fixture::{PROVER, SRS};

const GEOMETRY: Geometry = Geometry::COMPACT;

/// Commits to the columns under fresh blindings, proves, and verifies as a stranger would.
fn proved<C: Circuit<Fr>>(kind: CircuitKind, circuit: C, instance: &[Fr], columns: &[Vec<Fr>]) {
    let linked: Vec<_> = columns
        .iter()
        .map(|column| {
            let blinding = Blinding(Fr::random(OsRng));
            Linked { commitment: commit(&SRS, column, blinding).to_affine(), blinding }
        })
        .collect();
    let key = PROVER.key(kind).expect("a key");
    let input = ProverInput { linked: &linked, ..ProverInput::new(&circuit, instance) };
    let proof = prove(PROVER.commit_key(), key, input, &Uninterrupted).expect("whatever is true is proved");
    let registered: Vec<_> = linked.iter().map(|column| column.commitment).collect();
    verify_linked(&SRS, key.verifying(), instance, &registered, &proof).expect("and verified");
    assert_eq!(proof.proof.len(), key.verifying().proof_bytes());
}

fn small(values: &[u32]) -> Vec<Fr> {
    values.iter().map(|value| Fr::from(u64::from(*value))).collect()
}

fn histogram_is_proved(symbols: Vec<u16>, statement: [Fr; 2]) {
    let witness = histogram::Witness::new(GEOMETRY, symbols, statement);
    let instance = histogram::Instance { statement };
    histogram::check(GEOMETRY, &instance, &witness).expect("true");
    let mut columns: Vec<Vec<Fr>> = witness
        .symbols
        .chunks(GEOMETRY.usable_rows())
        .map(|column| column.iter().map(|symbol| Fr::from(u64::from(*symbol))).collect())
        .collect();
    columns.push(small(&witness.counts));
    let circuit = HistogramCircuit::new(GEOMETRY, witness);
    proved(CircuitKind::Histogram, circuit, &instance.to_rows(), &columns);
}

/// Features as (counts, smoothed reference counts).
fn data_score_is_proved(features: &[(Vec<u32>, Vec<u32>)], padding: u32) {
    let parts: Vec<_> =
        features.iter().map(|(counts, reference)| FeatureCounts { counts, reference }).collect();
    let score = divergence(&parts).expect("a score");
    let references = || features.iter().map(|(_, reference)| reference.as_slice());
    let reference = Reference::new(GEOMETRY, references()).expect("a reference");
    let mut counts = vec![padding];
    features.iter().for_each(|(feature, _)| counts.extend(feature));
    counts.resize(GEOMETRY.alphabet(), 0);
    let instance = data_score::Instance {
        context: [Fr::from_u128(u128::MAX), Fr::ZERO],
        records: NonZeroU32::new(score.n).expect("records"),
        features: features.len() as u32,
        ln_totals: sum_ln_totals(references()).expect("totals"),
        score: score.score,
    };
    let witness = data_score::Witness { counts };
    data_score::check(&instance, &reference, &witness).expect("true");
    let columns = [small(&witness.counts), reference.ln_column(), reference.boundary_column()];
    let trace = data_score::Trace::new(GEOMETRY, &instance, &reference, &witness);
    proved(CircuitKind::DataScore, DataScoreCircuit::new(GEOMETRY, trace), &instance.to_rows(), &columns);
}

fn compute_score_is_proved(lambda: &str, units: Vec<u32>, totals: Vec<u32>, first_decay: u128) {
    let decay = Decay::from_decimal(lambda).expect("λ");
    let score = rounds::compute_score(&units, &totals, &decay, first_decay).expect("a score").score;
    let instance = compute_score::Instance {
        context: [Fr::ONE, Fr::from_u128(u128::MAX)],
        rho: decay.rho(),
        lambda_q: decay.lambda_q(),
        first_round: u64::MAX,
        first_decay,
        score,
    };
    let witness = compute_score::Witness { units, totals };
    compute_score::check(GEOMETRY, &instance, &witness).expect("true");
    let columns = [small(&witness.units), small(&witness.totals)];
    let trace = compute_score::Trace::new(GEOMETRY, &instance, &witness);
    proved(
        CircuitKind::ComputeScore,
        ComputeScoreCircuit::new(GEOMETRY, trace),
        &instance.to_rows(),
        &columns,
    );
}

#[test]
fn histograms_at_the_edges() {
    let full = GEOMETRY.segment_symbols();
    let statement = [Fr::ZERO, Fr::ZERO];
    histogram_is_proved(vec![], statement);
    histogram_is_proved(vec![1023; full], statement);
    histogram_is_proved((0..full).map(|index| (index % 1024) as u16).collect(), [-Fr::ONE; 2]);
}

#[test]
fn data_scores_at_the_edges() {
    // One record in one bin.
    data_score_is_proved(&[(vec![1], vec![1])], 0);
    // As many records as there may be, the farthest reference, as much padding as a count holds.
    data_score_is_proved(&[(vec![u32::MAX, 0], vec![1, u32::MAX - 1])], u32::MAX);
    // As many bins as the alphabet has, and as many features: every symbol but padding is used.
    data_score_is_proved(&[(vec![3; 1023], (1..1024).collect())], 7);
    data_score_is_proved(&vec![(vec![u32::MAX], vec![5]); 1023], 0);
}

#[test]
fn compute_scores_at_the_edges() {
    compute_score_is_proved("0.01", vec![], vec![], DECAY_START);
    compute_score_is_proved("0.01", vec![0], vec![0], DECAY_START);
    // As many rounds as a proof covers, full shares, the largest totals; no decay to speak of, and all of it
    // at once.
    compute_score_is_proved("0.000001", vec![u32::MAX; 1024], vec![u32::MAX; 1024], DECAY_START);
    compute_score_is_proved("1000", vec![u32::MAX - 1; 1024], vec![u32::MAX; 1024], DECAY_START);
    compute_score_is_proved("0.01", vec![1; 1024], vec![u32::MAX; 1024], 0);
}

prop_compose! {
    /// Features with equal totals, and references.
    fn arb_features()(
        records in prop_oneof![1u32..50, 1u32..u32::MAX],
        shapes in prop::collection::vec(
            prop::collection::vec((0u32..=u32::MAX, 1u32..300_000_000), 1..12), 1..6),
    ) -> Vec<(Vec<u32>, Vec<u32>)> {
        shapes
            .into_iter()
            .map(|bins| {
                let mut cuts: Vec<u32> = bins.iter().skip(1).map(|(cut, _)| cut % records).collect();
                cuts.extend([0, records]);
                cuts.sort_unstable();
                let counts = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
                (counts, bins.iter().map(|(_, reference)| *reference).collect())
            })
            .collect()
    }
}

proptest! {
    // A case is a proof: seconds on a busy machine.
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn histograms(symbols in prop::collection::vec(0u16..1024, 0..32_640), limbs in any::<[u128; 2]>()) {
        histogram_is_proved(symbols, limbs.map(Fr::from_u128));
    }

    #[test]
    fn data_scores(features in arb_features(), padding in any::<u32>()) {
        data_score_is_proved(&features, padding);
    }

    #[test]
    fn compute_scores(
        lambda in prop::sample::select(vec!["0.0001", "0.01", "0.693147", "2.5", "1000"]),
        rounds in prop::collection::vec((any::<u32>(), any::<u32>(), 0u8..4), 1..200),
        first_decay in prop::sample::select(vec![0, 1, DECAY_START / 3, DECAY_START]),
    ) {
        let (units, totals) = rounds
            .into_iter()
            .map(|(units, total, kind)| match kind {
                0 => (0, 0),
                1 => (total, total),
                _ => (units.checked_rem(total).unwrap_or(0), total),
            })
            .unzip();
        compute_score_is_proved(lambda, units, totals, first_decay);
    }
}
