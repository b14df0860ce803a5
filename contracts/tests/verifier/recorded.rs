//! Is a bundle in parts taken as it is in one, and are parts that nobody recorded, or others, refused?

use std::collections::BTreeSet;

use alloy_sol_types::SolCall;
use fairshare_contracts::recorded::{Recorded, RecordedError, SegmentProof};
use fairshare_contracts::recorded::{record_segments, split, verify_recorded};
use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors as Error;
use fairshare_contracts::verification::BundleVerifier::{
    isRecordedCall, recordSegmentsCall, verifyDataCall, verifyRecordedCall,
};
use fairshare_contracts::verification::register_openings;
use fairshare_params::Width;
use fairshare_params::encoding::encode_point;
use fairshare_testkit::fixture::contributor;
use group::Curve;
use halo2curves::bn256::{Fr, G1Affine};

use super::chain::Chain;
use super::machine::{Answer, Refusal, error, error_name};
use super::world::{self, Submission};

/// Two full segments and another one, of two datasets.
fn large() -> (Submission, Recorded) {
    let submission = world::data(&[32_640, 200]);
    let parts = parts(&submission);
    assert_eq!(parts.segments.len(), 3);
    (submission, parts)
}

fn parts(submission: &Submission) -> Recorded {
    let features = submission.world.verifier.rules().reference.features;
    let parameters = submission.world.parameters;
    split(parameters, features, &submission.registrations, &submission.bytes).expect("its parts")
}

/// A chain of its own: what is recorded stays.
fn chain(submission: &Submission) -> Chain {
    let mut chain = Chain::new();
    chain.register(submission.world.parameters);
    chain
}

fn record(chain: &mut Chain, submission: &Submission, segments: &[SegmentProof]) -> Result<Answer, Refusal> {
    chain.machine.send(chain.verifier, record_segments(submission.world.parameters, segments))
}

fn verify(chain: &mut Chain, submission: &Submission, bundle: &[u8]) -> Result<Answer, Refusal> {
    let rules = submission.world.verifier.rules();
    let data = verify_recorded(rules, &contributor(), &submission.registrations, bundle.to_vec());
    chain.machine.call(chain.verifier, data)
}

#[test]
fn in_parts_it_is_worth_what_it_is_in_one() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    let refused = error(verify(&mut chain, &submission, &parts.bundle));
    assert!(matches!(refused, Error::NotRecorded(_)), "{refused:?}");
    // In two calls, and in another order.
    for segments in [&parts.segments[2..], &parts.segments[..2]] {
        let refused = error(verify(&mut chain, &submission, &parts.bundle));
        assert!(matches!(refused, Error::NotRecorded(_)), "{refused:?}");
        record(&mut chain, &submission, segments).expect("they are recorded");
    }
    let whole = submission.on_chain(&submission.bytes).expect("accepted").output;
    let whole = verifyDataCall::abi_decode_returns(&whole).expect("three words");
    let found = verify(&mut chain, &submission, &parts.bundle).expect("accepted").output;
    let found = verifyRecordedCall::abi_decode_returns(&found).expect("three words");
    assert_eq!((found.rulesHash, found.score, found.records), (whole.rulesHash, whole.score, whole.records));
    // Once more, it changes nothing.
    record(&mut chain, &submission, &parts.segments).expect("they are recorded");
}

/// What is remembered of a proof is all that it showed: under another padding, key or commitment it is not
/// there.
#[test]
fn every_word_of_what_is_recorded_counts() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    record(&mut chain, &submission, &parts.segments).expect("they are recorded");
    let words = submission.world.parameters.words();
    let header = 96 + 2 * 32;
    let place = &parts.bundle[header..header + 96];
    let word = |index: usize| <[u8; 32]>::try_from(&place[32 * index..32 * (index + 1)]).expect("32 bytes");
    let widest = submission.world.parameters.geometry().widths().last().expect("a width");
    let kind = fairshare_params::keys::CircuitKind::Histogram(*widest);
    let key = submission.world.parameters.key(kind).expect("a key").digest().0;
    let asked = |change: &dyn Fn(&mut isRecordedCall)| {
        let mut call = isRecordedCall {
            key: key.into(),
            openings: words.openings.0.into(),
            segment: word(0).into(),
            padding: alloy_primitives::U256::from(parts.segments[0].padding),
            histogram: fairshare_contracts::verification::BundleVerifier::G1 {
                x: alloy_primitives::U256::from_be_bytes(word(1)),
                y: alloy_primitives::U256::from_be_bytes(word(2)),
            },
        };
        change(&mut call);
        call
    };
    let one = alloy_primitives::U256::from(1);
    let mut is = |call: isRecordedCall| chain.machine.expect(chain.verifier, &call);
    assert!(is(asked(&|_| ())));
    assert!(!is(asked(&|call| call.key.0[31] ^= 1)));
    assert!(!is(asked(&|call| call.openings.0[31] ^= 1)));
    assert!(!is(asked(&|call| call.segment.0[31] ^= 1)));
    assert!(!is(asked(&|call| call.padding += one)));
    assert!(!is(asked(&|call| call.histogram.x += one)));
    assert!(!is(asked(&|call| call.histogram.y += one)));
}

/// Every word of what is left of the bundle, in its lowest bit.
#[test]
fn an_altered_rest_is_refused() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    record(&mut chain, &submission, &parts.segments).expect("they are recorded");
    verify(&mut chain, &submission, &parts.bundle).expect("accepted");
    let mut named = BTreeSet::new();
    for index in 0..parts.bundle.len() / 32 {
        let mut altered = parts.bundle.clone();
        altered[32 * index + 31] ^= 1;
        named.insert(error_name(&error(verify(&mut chain, &submission, &altered))));
    }
    // A link covers the score's proof, and is checked before it.
    let expected = ["HeaderRefused", "LinkRefused", "NotAPoint", "NotRecorded"];
    assert_eq!(named, expected.map(str::to_owned).into());
    let mut of_length = |bundle: &[u8]| error_name(&error(verify(&mut chain, &submission, bundle)));
    assert_eq!(of_length(&parts.bundle[..64]), "HeaderRefused");
    // Within the first segment's words, and before the score.
    assert_eq!(of_length(&parts.bundle[..160 + 64]), "Truncated");
    assert_eq!(of_length(&parts.bundle[..160 + 3 * 96]), "Truncated");
    assert_eq!(of_length(&parts.bundle[..parts.bundle.len() - 32]), "LengthRefused");
    assert_eq!(of_length(&[parts.bundle.as_slice(), &[0; 32]].concat()), "LengthRefused");
}

#[test]
fn a_false_proof_is_not_recorded_and_neither_are_those_beside_it() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    let mut refuse = |change: &dyn Fn(&mut Vec<SegmentProof>), expected: &str| {
        let mut altered = parts.segments.clone();
        change(&mut altered);
        assert_eq!(error_name(&error(record(&mut chain, &submission, &altered))), expected);
    };
    refuse(&|segments| segments[2].padding += 1, "ProofRefused");
    refuse(&|segments| segments[0].proof[63] ^= 1, "NotAPoint");
    refuse(&|segments| segments[0].width = segments[2].width, "NotAPoint");
    let points: Vec<_> = parts.segments[0].proof[..64].to_vec();
    // Another column in the place of a segment's second one.
    refuse(&|segments| segments[0].proof[64..128].copy_from_slice(&points), "ProofRefused");
    refuse(&|segments| segments[2].proof.extend([0; 32]), "LengthRefused");
    refuse(&|segments| segments[2].proof.truncate(64), "Truncated");
    refuse(&|segments| segments.clear(), "NothingRegistered");
    refuse(&|segments| segments[0].width = Width::of(64), "WidthRefused");
    let refused = error(verify(&mut chain, &submission, &parts.bundle));
    assert!(matches!(refused, Error::NotRecorded(_)), "{refused:?}");
}

/// The claims of all proofs are folded into one by a challenge: in whatever way the last point of one of them
/// is altered, which no digest and no link covers, the sum is false.
#[test]
fn one_false_proof_among_many_is_refused() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    for factor in 1..40_u64 {
        let mut altered = parts.segments.clone();
        let index = factor as usize % altered.len();
        let end = altered[index].proof.len();
        let point = (G1Affine::generator() * Fr::from(factor)).to_affine();
        altered[index].proof[end - 64..].copy_from_slice(&encode_point(&point));
        let refused = error(record(&mut chain, &submission, &altered));
        assert!(matches!(refused, Error::ProofRefused(_)), "{factor}: {refused:?}");
    }
}

#[test]
fn nobody_records_under_keys_that_are_unknown() {
    let (submission, parts) = large();
    let mut chain = Chain::new();
    let refused = error(record(&mut chain, &submission, &parts.segments));
    assert!(matches!(refused, Error::UnknownOpenings(_)), "{refused:?}");
    let openings = register_openings(submission.world.parameters);
    chain.machine.send(chain.verifier, openings).expect("registered");
    let refused = error(record(&mut chain, &submission, &parts.segments));
    assert!(matches!(refused, Error::UnknownKeys(_)), "{refused:?}");
}

/// A bundle of many datasets takes so much gas for each of them, and not more for the later ones.
#[test]
fn many_datasets_are_verified_in_their_number() {
    let submission = world::data(&[50; 48]);
    let parts = parts(&submission);
    let mut chain = chain(&submission);
    for segments in parts.segments.chunks(24) {
        record(&mut chain, &submission, segments).expect("they are recorded");
    }
    let gas = verify(&mut chain, &submission, &parts.bundle).expect("accepted").gas;
    println!("{gas} gas");
    assert!(gas < 610_000 + 48 * 14_500, "{gas}");
}

/// As of a bundle in one: nothing but what `abi.encode` gives.
#[test]
fn a_call_that_records_has_one_encoding() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    let data = record_segments(submission.world.parameters, &parts.segments);
    let mut send = |data: Vec<u8>| error_name(&error(chain.machine.send(chain.verifier, data)));
    assert_eq!(send([data.as_slice(), &[0; 32]].concat()), "NotCanonical");
    // The proofs one word further on.
    let start = 4 + 32 * (5 + 3 * 2);
    let mut gap = data.clone();
    gap[4 + 32 * 3 + 31] += 32;
    gap.splice(start..start, [0; 32]);
    assert_eq!(send(gap), "NotCanonical");
}

/// So many proofs are announced that there would be no room for what they show.
#[test]
fn a_run_is_no_longer_than_its_proofs() {
    let (submission, parts) = large();
    let mut chain = chain(&submission);
    let data = record_segments(submission.world.parameters, &parts.segments);
    let mut call = recordSegmentsCall::abi_decode(&data).expect("a call");
    call.runs[0].proofs = u32::MAX;
    let refused = error(chain.machine.send(chain.verifier, call.abi_encode()));
    assert!(matches!(refused, Error::LengthRefused(_)), "{refused:?}");
}

#[test]
fn a_bundle_without_such_parts_is_told_why() {
    let submission = world::data(&[150]);
    let parameters = submission.world.parameters;
    let split = |bytes: &[u8]| split(parameters, 2, &submission.registrations, bytes);
    for length in [0, 127, 128, 1_000] {
        assert_eq!(split(&submission.bytes[..length]).expect_err("too short"), RecordedError::Truncated);
    }
    let mut altered = submission.bytes.clone();
    altered[128 + 63] ^= 1;
    assert_eq!(split(&altered).expect_err("no point"), RecordedError::Point { segment: 0 });
}
