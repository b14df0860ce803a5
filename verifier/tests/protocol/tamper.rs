//! Bundles put together otherwise, and bytes that are not one: every one refused, by a typed error, without
//! a panic. Changes of single elements are in `elements`.

use std::time::{Duration, Instant};

use fairshare_params::Geometry;
use fairshare_params::context::ContextError;
use fairshare_params::registration::{Contribution, Registration};
use fairshare_verifier::bundle::{DataBundle, MAGIC, Segment, VERSION};
use fairshare_verifier::link::Link;
use fairshare_verifier::{Bundle, BundleError, ProofError, Subject, VerifyError};
use halo2curves::bn256::{Fr, G1Affine};
use proptest::prelude::*;

use super::fixture::{VERIFIER, contributor};
use super::world::WORLD;

#[test]
fn segments_and_proofs_exchanged() {
    let submission = &WORLD.data;
    let subject = Subject::Histogram { dataset: 0, segment: 0 };

    let mut bundle = submission.data();
    bundle.datasets[0].segments.swap(0, 1);
    assert!(matches!(submission.refuse(bundle), VerifyError::Digest { dataset: 0, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments[1] = bundle.datasets[0].segments[0].clone();
    assert!(matches!(submission.refuse(bundle), VerifyError::Digest { dataset: 0, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.push(submission.data().datasets[0].segments[1].clone());
    let error = submission.refuse(bundle);
    assert!(matches!(error, VerifyError::Segments { dataset: 0, registered: 2, found: 3, needed: 2 }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.pop();
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { found: 1, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.clear();
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { found: 0, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments[0].columns.swap(0, 1);
    assert!(matches!(submission.refuse(bundle), VerifyError::Digest { dataset: 0, .. }));

    // A segment moved to the other dataset.
    let mut bundle = submission.data();
    let moved = bundle.datasets[0].segments.pop().unwrap();
    bundle.datasets[1].segments.push(moved);
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { dataset: 0, .. }));

    let mut bundle = submission.data();
    let [first, second] = &mut bundle.datasets[0].segments[..] else { panic!("two segments") };
    std::mem::swap(&mut first.proof, &mut second.proof);
    let error = submission.refuse(bundle);
    assert!(matches!(error, VerifyError::Proof { subject: s, source: ProofError::False } if s == subject));

    let mut bundle = submission.data();
    let [first, second] = &mut bundle.datasets[0].segments[..] else { panic!("two segments") };
    std::mem::swap(&mut first.histogram, &mut second.histogram);
    let error = submission.refuse(bundle);
    assert!(matches!(error, VerifyError::Proof { subject: s, source: ProofError::False } if s == subject));

    // Another histogram with its own statement: the proof is of the old one.
    let mut bundle = submission.data();
    bundle.datasets[1].segments[0].histogram = G1Affine::generator();
    let subject = Subject::Histogram { dataset: 1, segment: 0 };
    assert!(matches!(submission.refuse(bundle), VerifyError::Proof { subject: s, .. } if s == subject));
}

#[test]
fn datasets_exchanged_dropped_and_repeated() {
    let submission = &WORLD.data;
    let mut bundle = submission.data();
    bundle.datasets.swap(0, 1);
    let error = submission.refuse(bundle);
    let expected = Subject::DataScore;
    assert!(
        matches!(error, VerifyError::Proof { subject, source: ProofError::False } if subject == expected)
    );

    let mut bundle = submission.data();
    bundle.datasets.pop();
    assert!(matches!(submission.refuse(bundle.clone()), VerifyError::Registrations { needed: 1, given: 2 }));
    let error = VERIFIER.verify(&Bundle::Data(bundle), &submission.registrations[..1]).unwrap_err();
    assert!(matches!(error, VerifyError::Proof { subject: Subject::DataScore, .. }), "{error:?}");

    let mut bundle = submission.data();
    bundle.datasets.push(bundle.datasets[1].clone());
    assert!(matches!(submission.refuse(bundle.clone()), VerifyError::Registrations { needed: 3, given: 2 }));
    let mut registrations = submission.registrations.clone();
    registrations.push(registrations[1].clone());
    let error = VERIFIER.verify(&Bundle::Data(bundle), &registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Context(ContextError::Repeated { index: 2, .. })), "{error:?}");

    let mut bundle = submission.data();
    bundle.datasets.clear();
    let error = VERIFIER.verify(&Bundle::Data(bundle), &[]).unwrap_err();
    assert!(matches!(error, VerifyError::Context(ContextError::Count { found: 0, .. })), "{error:?}");
}

#[test]
fn links_replaced() {
    // Of the honest link and another of the same statement.
    type Replace = fn(Link, Link) -> Link;
    let replacements: [Replace; 4] = [
        |_, other| other,
        |link, _| Link { responses: [Fr::zero(); 8], ..link },
        |link, other| Link { commitment: other.commitment, ..link },
        |link, _| Link { commitment: -link.commitment, ..link },
    ];
    for replace in replacements {
        let submission = &WORLD.data;
        let mut bundle = submission.data();
        let [first, second] = &mut bundle.datasets[0].segments[..] else { panic!("two segments") };
        first.proof.link = replace(first.proof.link, second.proof.link);
        let subject = Subject::Histogram { dataset: 0, segment: 0 };
        assert!(matches!(submission.refuse(bundle), VerifyError::Link { subject: s } if s == subject));

        let mut bundle = submission.data();
        bundle.proof.link = replace(bundle.proof.link, WORLD.small.data().proof.link);
        assert!(matches!(submission.refuse(bundle), VerifyError::Link { subject: Subject::DataScore }));

        let submission = &WORLD.compute;
        let mut bundle = submission.compute();
        bundle.proof.link = replace(bundle.proof.link, WORLD.other_node.compute().proof.link);
        assert!(matches!(submission.refuse(bundle), VerifyError::Link { subject: Subject::ComputeScore }));
    }
}

#[test]
fn a_proof_of_another_statement() {
    let submission = &WORLD.data;
    let mut bundle = submission.data();
    bundle.proof = WORLD.compute.compute().proof;
    assert!(matches!(
        submission.refuse(bundle),
        VerifyError::Proof { source: ProofError::Length { .. }, .. }
    ));
    let mut bundle = submission.data();
    bundle.proof = WORLD.small.data().proof;
    assert!(matches!(submission.refuse(bundle), VerifyError::Proof { source: ProofError::False, .. }));
    let submission = &WORLD.compute;
    let mut bundle = submission.compute();
    bundle.proof = WORLD.other_node.compute().proof;
    assert!(matches!(submission.refuse(bundle), VerifyError::Proof { source: ProofError::False, .. }));
}

#[test]
fn a_score_off_by_one() {
    for delta in [1, u64::MAX] {
        let mut bundle = WORLD.data.data();
        bundle.score = bundle.score.wrapping_add(delta);
        let error = WORLD.data.refuse(bundle);
        assert!(
            matches!(error, VerifyError::Proof { subject: Subject::DataScore, source: ProofError::False }),
            "{error:?}"
        );
        let mut bundle = WORLD.compute.compute();
        bundle.score = bundle.score.wrapping_add(delta);
        let error = WORLD.compute.refuse(bundle);
        assert!(
            matches!(error, VerifyError::Proof { subject: Subject::ComputeScore, source: ProofError::False }),
            "{error:?}"
        );
    }
}

/// Bundles that no bytes encode, and registrations that fit them: a library user may build both.
#[test]
fn bundles_of_impossible_shape_are_refused_too() {
    let honest = WORLD.small.data();
    let registration = &WORLD.small.registrations[0];
    let Contribution::Data { schema_hash, records, .. } = registration.contribution() else { panic!("data") };
    for columns in [0, 1, 15, 17] {
        let mut bundle = honest.clone();
        let segment: &mut Segment = &mut bundle.datasets[0].segments[0];
        segment.columns.resize(columns, G1Affine::generator());
        let lists = [segment.columns.clone()];
        let fitting = Registration::for_data(
            bundle.contributor,
            registration.round(),
            Geometry::COMPACT,
            *schema_hash,
            *records,
            &lists,
        )
        .unwrap();
        bundle.datasets[0].digest = *fitting.digest();
        let error = VERIFIER.verify(&Bundle::Data(bundle.clone()), &[fitting]).unwrap_err();
        assert!(matches!(error, VerifyError::Proof { .. }), "{error:?}");
        assert!(VERIFIER.verify_segment(&bundle.datasets[0].segments[0]).is_err());
    }
    let mut bundle = honest.clone();
    bundle.geometry = Geometry::STANDARD;
    let error = WORLD.small.refuse(bundle);
    let expected = (Geometry::STANDARD, Geometry::COMPACT);
    assert!(matches!(error, VerifyError::Geometry { bundle, policy } if (bundle, policy) == expected));
    // The identity, which no bytes encode.
    let mut bundle = honest;
    bundle.datasets[0].segments[0].histogram = G1Affine::default();
    assert!(matches!(WORLD.small.refuse(bundle), VerifyError::NothingCounted));
}

/// A header, then `body`.
fn with_header(role: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_be_bytes());
    bytes.extend([role, Geometry::COMPACT.id()]);
    bytes.extend(contributor().address.0);
    bytes.extend(body);
    bytes
}

#[test]
fn a_count_is_refused_before_anything_is_allocated() {
    let most = u32::MAX.to_be_bytes();
    let one = 1u32.to_be_bytes();
    let digest = [7; 32];
    // Datasets, segments, and a proof's length; alone, and with a megabyte after them.
    let bodies = [
        (1, most.to_vec(), "datasets"),
        (1, [&one[..], &digest, &most].concat(), "segments"),
        (2, [&digest[..], &[0; 8], &most].concat(), "compute-score proof"),
    ];
    for (role, body, name) in bodies {
        for tail in [0, 1 << 20] {
            let bytes = with_header(role, &[body.as_slice(), &vec![0xff; tail]].concat());
            let start = Instant::now();
            let error = Bundle::from_bytes(&bytes).unwrap_err();
            let BundleError::Truncated { field, needed, left, .. } = error else { panic!("{error:?}") };
            assert_eq!((field, left), (name, tail));
            assert!(needed >= u64::from(u32::MAX));
            assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
        }
        let mut empty = body.clone();
        let at = empty.len() - 4;
        empty[at..].fill(0);
        let error = Bundle::from_bytes(&with_header(role, &empty)).unwrap_err();
        assert!(matches!(error, BundleError::Empty { field, .. } if field == name), "{error:?}");
    }
}

/// What reads at all reads back the same: one encoding for each bundle.
fn reads_or_refuses(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(bundle) = Bundle::from_bytes(bytes) {
        prop_assert_eq!(bundle.to_bytes().expect("an encoding"), bytes);
    }
    if let Ok(segment) = Segment::from_bytes(Geometry::COMPACT, bytes) {
        prop_assert_eq!(segment.to_bytes().expect("an encoding"), bytes);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        reads_or_refuses(&bytes)?;
    }

    #[test]
    fn any_body_is_read_or_refused(role in 1..3u8, body in prop::collection::vec(0..4u8, 0..4096)) {
        reads_or_refuses(&with_header(role, &body))?;
    }

    #[test]
    fn any_segment_kept_on_disk_is_read_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = WORLD.small.data().datasets[0].segments[0].to_bytes().expect("an encoding");
        edits.iter().for_each(|(at, byte)| { let at = at.index(bytes.len()); bytes[at] = *byte; });
        if let Some(cut) = cut { bytes.truncate(cut.index(bytes.len())); }
        reads_or_refuses(&bytes)?;
    }

    #[test]
    fn any_mutation_is_read_or_refused(
        data in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..5),
    ) {
        let submission = if data { &WORLD.small } else { &WORLD.compute };
        let mut bytes = submission.bundle.to_bytes().expect("an encoding");
        for (index, byte, kind) in edits {
            let at = index.index(bytes.len());
            match kind {
                0 | 1 => bytes[at] = byte,
                2 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        reads_or_refuses(&bytes)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A bundle that reads but is not the one proved is refused, whatever its proofs say.
    #[test]
    fn no_mutation_is_accepted(
        data in any::<bool>(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let submission = if data { &WORLD.small } else { &WORLD.compute };
        let honest = submission.bundle.to_bytes().expect("an encoding");
        let start = at.index(honest.len());
        let end = honest.len().min(start + bytes.len());
        let mut altered = honest.clone();
        altered[start..end].copy_from_slice(&bytes[..end - start]);
        prop_assume!(altered != honest);
        prop_assert!(submission.verify_bytes(&altered).is_err());
    }
}

/// A data bundle's own type says no more than its bytes.
#[test]
fn a_bundle_in_another_role_is_refused() {
    let mut bytes = WORLD.small.bundle.to_bytes().expect("an encoding");
    bytes[10] = 2;
    assert!(Bundle::from_bytes(&bytes).is_err());
    let data: DataBundle = WORLD.small.data();
    let error = VERIFIER.verify(&Bundle::Data(data), &WORLD.other_node.registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Unregistered { .. }), "{error:?}");
}
