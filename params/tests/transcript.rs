//! The transcript against the one that Solidity verifiers of this lineage read, byte for byte.

use std::io::Cursor;

use fairshare_params::encoding::{encode_point, encode_scalar};
use fairshare_params::transcript::{Reader, Writer};
use ff::Field;
use group::Curve;
use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptRead, TranscriptWrite};
use halo2curves::bn256::{Fr, G1, G1Affine};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use snark_verifier::loader::native::NativeLoader;
use snark_verifier::system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript};

type Theirs<S> = EvmTranscript<G1Affine, NativeLoader, S, Vec<u8>>;

/// What happens to a transcript.
#[derive(Clone, Copy, Debug)]
enum Step {
    CommonPoint(u64),
    CommonScalar(u64),
    WritePoint(u64),
    WriteScalar(u64),
    Challenge,
}

fn arb_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u64>().prop_map(Step::CommonPoint),
        any::<u64>().prop_map(Step::CommonScalar),
        any::<u64>().prop_map(Step::WritePoint),
        any::<u64>().prop_map(Step::WriteScalar),
        Just(Step::Challenge),
        Just(Step::Challenge),
    ]
}

fn scalar(seed: u64) -> Fr {
    // Among small and large ones: zero, one, and the largest.
    match seed % 8 {
        0 => Fr::ZERO,
        1 => -Fr::ONE,
        _ => Fr::random(ChaCha20Rng::seed_from_u64(seed)),
    }
}

fn point(seed: u64) -> G1Affine {
    (G1::generator() * Fr::random(ChaCha20Rng::seed_from_u64(seed))).to_affine()
}

/// The challenges of a transcript that goes through these steps.
fn absorb<E: EncodedChallenge<G1Affine>, T: TranscriptWrite<G1Affine, E>>(
    transcript: &mut T,
    steps: &[Step],
) -> Vec<Fr> {
    let mut challenges = Vec::new();
    for step in steps {
        match *step {
            Step::CommonPoint(seed) => transcript.common_point(point(seed)).expect("a point"),
            Step::CommonScalar(seed) => transcript.common_scalar(scalar(seed)).expect("a scalar"),
            Step::WritePoint(seed) => transcript.write_point(point(seed)).expect("a point"),
            Step::WriteScalar(seed) => transcript.write_scalar(scalar(seed)).expect("a scalar"),
            Step::Challenge => challenges.push(transcript.squeeze_challenge().get_scalar()),
        }
    }
    challenges
}

/// The challenges of a transcript that reads what these steps wrote.
fn read<E: EncodedChallenge<G1Affine>, T: TranscriptRead<G1Affine, E>>(
    transcript: &mut T,
    steps: &[Step],
) -> Vec<Fr> {
    let mut challenges = Vec::new();
    for step in steps {
        match *step {
            Step::CommonPoint(seed) => transcript.common_point(point(seed)).expect("a point"),
            Step::CommonScalar(seed) => transcript.common_scalar(scalar(seed)).expect("a scalar"),
            Step::WritePoint(seed) => assert_eq!(transcript.read_point().expect("a point"), point(seed)),
            Step::WriteScalar(seed) => assert_eq!(transcript.read_scalar().expect("a scalar"), scalar(seed)),
            Step::Challenge => challenges.push(transcript.squeeze_challenge().get_scalar()),
        }
    }
    challenges
}

fn same(steps: &[Step]) {
    let (mut ours, mut theirs) = (Writer::new(), Theirs::new(Vec::<u8>::new()));
    let challenges = absorb(&mut ours, steps);
    let expected = absorb::<ChallengeEvm<_>, _>(&mut theirs, steps);
    assert_eq!(challenges, expected);
    let proof = ours.into_proof();
    assert_eq!(proof, theirs.finalize());

    let mut reader = Reader::new(&proof);
    assert_eq!(read(&mut reader, steps), expected);
    assert_eq!(reader.remaining(), 0);
    let mut theirs = Theirs::new(Cursor::new(&proof));
    assert_eq!(read::<ChallengeEvm<_>, _>(&mut theirs, steps), expected);

    let written = steps.iter().flat_map(|step| match *step {
        Step::WritePoint(seed) => encode_point(&point(seed)).to_vec(),
        Step::WriteScalar(seed) => encode_scalar(&scalar(seed)).to_vec(),
        _ => Vec::new(),
    });
    assert_eq!(proof, written.collect::<Vec<_>>());
}

#[test]
fn two_challenges_in_a_row() {
    same(&[Step::CommonScalar(3), Step::Challenge, Step::Challenge, Step::Challenge]);
    same(&[Step::Challenge, Step::Challenge]);
}

/// One scalar leaves a buffer as long as a hash: the byte that tells them apart is appended all the same.
#[test]
fn a_buffer_as_long_as_a_hash() {
    same(&[Step::CommonScalar(3), Step::Challenge]);
    same(&[Step::WriteScalar(0), Step::Challenge, Step::WriteScalar(1), Step::Challenge]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_steps(steps in prop::collection::vec(arb_step(), 1..24)) {
        same(&steps);
    }
}
