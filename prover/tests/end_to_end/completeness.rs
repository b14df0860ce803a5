//! Whatever a statement's relation accepts is proved, linked and verified, under any blinding.
//!
//! All of it in the compact geometry. In each other one the largest case of each statement, and all edges
//! where `FAIRSHARE_COMPLETENESS=full` asks for them.

use std::num::NonZeroU32;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit, Reference};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_circuits::numeric::decay::Decay;
use fairshare_circuits::numeric::divergence::{FeatureCounts, divergence, sum_ln_totals};
use fairshare_circuits::numeric::rounds;
use fairshare_params::commitment::{Blinding, commit};
use fairshare_params::keys::CircuitKind;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_params::{Geometry, Width};
use fairshare_plonk::{Known, LastRows, ProverInput, Uninterrupted};
use fairshare_prover::measure::{fresh_randomness, link, prove};
use fairshare_prover::{Limits, Prover};
use fairshare_verifier::bundle::leading_points;
use fairshare_verifier::link::LinkStatement;
use fairshare_verifier::{ProofCheck, Subject, Trust, Verifier};
use ff::{Field, PrimeField};
use group::Curve;
use halo2_proofs::plonk::Circuit;
use halo2curves::bn256::Fr;
use proptest::prelude::*;
use rand_core::OsRng;

use super::fixture::{PROVER, SRS, edit, policy};

/// What proofs of one geometry are made with.
struct World<'a> {
    srs: &'a Srs,
    prover: &'a Prover<'a>,
}

impl World<'static> {
    fn compact() -> Self {
        Self { srs: &SRS, prover: &PROVER }
    }
}

impl World<'_> {
    fn geometry(&self) -> Geometry {
        self.srs.geometry()
    }
}

/// Runs `test` with what proofs of another geometry are made with, and drops it: the keys are large.
fn in_geometry(geometry: Geometry, test: impl FnOnce(&World<'_>)) {
    let srs = Srs::insecure(geometry);
    let policy = policy(&edit("geometry = \"compact\"", &format!("geometry = \"{geometry}\"")));
    let parameters = VerifierParameters::derive(&srs).expect("keys");
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure).expect("a verifier");
    let prover = Prover::new(&srs, &verifier, Limits::default());
    test(&World { srs: &srs, prover: &prover });
}

/// Commits to the leading columns, secret ones under fresh blindings, proves, and verifies as a stranger
/// would.
fn proved<C: Circuit<Fr>>(
    world: &World<'_>,
    kind: CircuitKind,
    circuit: C,
    instance: &[Fr],
    columns: &[Vec<Fr>],
) {
    let World { srs, prover } = world;
    let secret = columns.len() - kind.public_columns();
    let blindings: Vec<_> = (0..columns.len())
        .map(|column| match column < secret {
            true => Blinding(std::array::from_fn(|_| Fr::random(OsRng))),
            false => Blinding::PUBLIC,
        })
        .collect();
    let committed = columns.iter().zip(&blindings);
    let commitments: Vec<_> =
        committed.map(|(column, blinding)| commit(*srs, column, blinding).to_affine()).collect();
    let is_linked = |column: usize| kind == CircuitKind::DataScore && column < secret;
    let known: Vec<_> = commitments
        .iter()
        .zip(&blindings)
        .enumerate()
        .map(|(column, (commitment, blinding))| {
            let rows = if is_linked(column) { LastRows::Fresh } else { LastRows::Kept };
            Known { commitment: *commitment, blinding, rows }
        })
        .collect();
    let key = prover.key(kind).expect("a key");
    let input = ProverInput { known: &known, ..ProverInput::new(&circuit, instance) };
    let randomness = fresh_randomness().expect("random numbers");
    let (proof, drawn) = prove(prover.commit_key(), key, input, randomness, &Uninterrupted)
        .expect("whatever is true is proved");
    let leading = leading_points(&proof, columns.len());
    let key = key.verifying();
    let merged = commitments[0];
    let link = drawn.first().map(|drawn| {
        let statement = LinkStatement { key, instance, proof: &proof, carried: leading[0], merged };
        link(srs, &statement, drawn, &blindings[0]).expect("random numbers")
    });
    for column in (0..columns.len()).filter(|column| !is_linked(*column)) {
        assert_eq!(leading[column], commitments[column], "the proof's own");
    }
    let check = ProofCheck {
        subject: Subject::of(kind),
        key,
        instance: instance.to_vec(),
        public: commitments[secret..].to_vec(),
        linked: link.as_ref().map(|link| (link, merged)),
        proof: &proof,
    };
    check.run(*srs).expect("and verified");
    assert_eq!(proof.len(), key.proof_bytes());
}

fn small(values: &[u32]) -> Vec<Fr> {
    values.iter().map(|value| Fr::from(u64::from(*value))).collect()
}

fn histogram_is_proved(world: &World<'_>, width: Width, symbols: Vec<u16>) {
    let geometry = world.geometry();
    let shape = geometry.segment(width);
    let witness = histogram::Witness::new(shape, symbols);
    let instance = histogram::Instance { padding: witness.counts[0].into() };
    histogram::check(geometry, &instance, &witness).expect("true");
    let mut columns: Vec<Vec<Fr>> = witness
        .symbols
        .chunks(geometry.usable_rows())
        .map(|column| column.iter().map(|symbol| Fr::from(u64::from(*symbol))).collect())
        .collect();
    columns.push(small(&witness.counts));
    let circuit = HistogramCircuit::new(shape, witness);
    proved(world, CircuitKind::Histogram(width), circuit, &instance.to_rows(), &columns);
}

/// Features as (counts, smoothed reference counts).
fn data_score_is_proved(world: &World<'_>, features: &[(Vec<u32>, Vec<u32>)], padding: u64) {
    let geometry = world.geometry();
    let parts: Vec<_> =
        features.iter().map(|(counts, reference)| FeatureCounts { counts, reference }).collect();
    let score = divergence(&parts).expect("a score");
    let references = || features.iter().map(|(_, reference)| reference.as_slice());
    let reference = Reference::new(geometry, references()).expect("a reference");
    let mut counts = vec![0];
    features.iter().for_each(|(feature, _)| counts.extend(feature));
    counts.resize(geometry.alphabet(), 0);
    let instance = data_score::Instance {
        context: [Fr::from_u128(u128::MAX), Fr::ZERO],
        records: NonZeroU32::new(score.n).expect("records"),
        features: features.len() as u32,
        ln_totals: sum_ln_totals(references()).expect("totals"),
        score: score.score,
    };
    let witness = data_score::Witness { padding, counts };
    data_score::check(&instance, &reference, &witness).expect("true");
    let mut merged = small(&witness.counts);
    merged[0] = Fr::from(padding);
    let columns = [merged, reference.ln_column(), reference.boundary_column()];
    let trace = data_score::Trace::new(geometry, &instance, &reference, &witness);
    let circuit = DataScoreCircuit::new(geometry, trace);
    proved(world, CircuitKind::DataScore, circuit, &instance.to_rows(), &columns);
}

fn compute_score_is_proved(world: &World<'_>, lambda: &str, units: Vec<u32>, totals: Vec<u32>) {
    let geometry = world.geometry();
    let decay = Decay::from_decimal(lambda).expect("λ");
    let score = rounds::compute_score(&units, &totals, &decay).expect("a score").score;
    let instance = compute_score::Instance {
        context: [Fr::ONE, Fr::from_u128(u128::MAX)],
        rho: decay.rho(),
        lambda_q: decay.lambda_q(),
        score,
    };
    let witness = compute_score::Witness { units, totals };
    compute_score::check(geometry, &instance, &witness).expect("true");
    let columns = [small(&witness.units), small(&witness.totals)];
    let trace = compute_score::Trace::new(geometry, &instance, &witness);
    let circuit = ComputeScoreCircuit::new(geometry, trace);
    proved(world, CircuitKind::ComputeScore, circuit, &instance.to_rows(), &columns);
}

/// A full segment of every symbol, of every width.
fn largest_histogram(world: &World<'_>) {
    let (geometry, alphabet) = (world.geometry(), world.geometry().alphabet());
    for width in geometry.widths() {
        let symbols =
            (0..geometry.segment(*width).symbols()).map(|index| (index % alphabet) as u16).collect();
        histogram_is_proved(world, *width, symbols);
    }
}

fn other_histograms(world: &World<'_>) {
    let (geometry, alphabet) = (world.geometry(), world.geometry().alphabet());
    for width in geometry.widths() {
        histogram_is_proved(world, *width, vec![]);
        let full = geometry.segment(*width).symbols();
        histogram_is_proved(world, *width, vec![(alphabet - 1) as u16; full]);
    }
}

/// As many features as the alphabet has symbols but padding, of as many records as there may be.
fn largest_data_score(world: &World<'_>) {
    let features = world.geometry().alphabet() - 1;
    data_score_is_proved(world, &vec![(vec![u32::MAX], vec![5]); features], 0);
}

fn other_data_scores(world: &World<'_>) {
    // One record in one bin.
    data_score_is_proved(world, &[(vec![1], vec![1])], 0);
    // As many records as there may be, the farthest reference, more padding than a count holds.
    data_score_is_proved(world, &[(vec![u32::MAX, 0], vec![1, u32::MAX - 1])], u64::MAX);
    // As many bins as the alphabet has: every symbol but padding is used.
    let bins = world.geometry().alphabet() as u32 - 1;
    data_score_is_proved(world, &[(vec![3; bins as usize], (1..=bins).collect())], 7);
}

/// As many rounds as a proof covers, full shares, the largest totals; no decay to speak of.
fn largest_compute_score(world: &World<'_>) {
    let most = vec![u32::MAX; world.geometry().rounds()];
    compute_score_is_proved(world, "0.000001", most.clone(), most);
}

fn other_compute_scores(world: &World<'_>) {
    let rounds = world.geometry().rounds();
    compute_score_is_proved(world, "0.01", vec![], vec![]);
    compute_score_is_proved(world, "0.01", vec![0], vec![0]);
    // All decay at once, and none of it left.
    compute_score_is_proved(world, "1000", vec![u32::MAX - 1; rounds], vec![u32::MAX; rounds]);
    compute_score_is_proved(world, "0.01", vec![1; rounds], vec![u32::MAX; rounds]);
}

#[test]
fn histograms_at_the_edges() {
    largest_histogram(&World::compact());
    other_histograms(&World::compact());
}

#[test]
fn data_scores_at_the_edges() {
    largest_data_score(&World::compact());
    other_data_scores(&World::compact());
}

#[test]
fn compute_scores_at_the_edges() {
    largest_compute_score(&World::compact());
    other_compute_scores(&World::compact());
}

/// One after the other: each takes most of the machine.
#[test]
fn statements_of_the_larger_geometries() {
    let full = std::env::var("FAIRSHARE_COMPLETENESS").is_ok_and(|value| value == "full");
    for geometry in Geometry::ALL.into_iter().filter(|geometry| *geometry != Geometry::COMPACT) {
        in_geometry(geometry, |world| {
            let largest = [largest_histogram, largest_data_score, largest_compute_score];
            largest.iter().for_each(|prove| prove(world));
            let others = [other_histograms, other_data_scores, other_compute_scores];
            others.iter().filter(|_| full).for_each(|prove| prove(world));
        });
    }
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
    fn histograms(symbols in prop::collection::vec(0u16..1024, 0..32_640)) {
        let world = World::compact();
        let segment = world.geometry().cut(symbols.len() as u64).segment(0);
        let shape = segment.map_or(world.geometry().smallest_segment(), |segment| segment.shape);
        histogram_is_proved(&world, shape.width(), symbols);
    }

    #[test]
    fn data_scores(features in arb_features(), padding in any::<u64>()) {
        data_score_is_proved(&World::compact(), &features, padding);
    }

    #[test]
    fn compute_scores(
        lambda in prop::sample::select(vec!["0.0001", "0.01", "0.693147", "2.5", "1000"]),
        rounds in prop::collection::vec((any::<u32>(), any::<u32>(), 0u8..4), 1..200),
    ) {
        let (units, totals) = rounds
            .into_iter()
            .map(|(units, total, kind)| match kind {
                0 => (0, 0),
                1 => (total, total),
                _ => (units.checked_rem(total).unwrap_or(0), total),
            })
            .unzip();
        compute_score_is_proved(&World::compact(), lambda, units, totals);
    }
}
