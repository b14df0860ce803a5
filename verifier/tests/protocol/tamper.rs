//! Bundles put together otherwise, and bytes that are not one: every one refused, by a typed error, without
//! a panic. Changes of single elements are in `elements`.

use std::time::{Duration, Instant};

use fairshare_params::Width;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::{POINT_BYTES, encode_point};
use fairshare_params::registration::Registration;
use fairshare_params::role::Role;
use fairshare_verifier::bundle::{DataBundle, Header, Layout, Run};
use fairshare_verifier::link::Link;
use fairshare_verifier::{Bundle, BundleError, ProofError, Subject, VerifyError};
use halo2curves::bn256::{Fr, G1Affine};
use proptest::prelude::*;

use super::claim::USABLE;
use super::fixture::{VERIFIER, contributor};
use super::manifest::segment_columns;
use super::world::{WORLD, altered, point_mut, swap_points};

#[test]
fn segments_and_proofs_exchanged() {
    let submission = &WORLD.data;

    // They are of two widths.
    let of_another_width = |error: &VerifyError, segment: usize| {
        let VerifyError::Proof { subject, source: ProofError::Length { .. } } = error else { return false };
        *subject == Subject::Histogram { dataset: 0, segment }
    };
    let mut bundle = submission.data();
    bundle.datasets[0].segments.swap(0, 1);
    assert!(of_another_width(&submission.refuse(bundle), 0));

    let mut bundle = submission.data();
    bundle.datasets[0].segments[1] = bundle.datasets[0].segments[0].clone();
    assert!(of_another_width(&submission.refuse(bundle), 1));

    // Of one width, in two datasets.
    let mut bundle = submission.data();
    bundle.datasets[0].segments[1] = bundle.datasets[1].segments[0].clone();
    assert!(matches!(submission.refuse(bundle), VerifyError::Digest { dataset: 0, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.push(submission.data().datasets[0].segments[1].clone());
    let error = submission.refuse(bundle);
    assert!(matches!(error, VerifyError::Segments { dataset: 0, found: 3, needed: 2 }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.pop();
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { found: 1, .. }));

    let mut bundle = submission.data();
    bundle.datasets[0].segments.clear();
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { found: 0, .. }));

    let mut bundle = submission.data();
    swap_points(&mut bundle.datasets[0].segments[0], 0, 1);
    assert!(matches!(submission.refuse(bundle), VerifyError::Digest { dataset: 0, .. }));

    // A segment moved to the other dataset.
    let mut bundle = submission.data();
    let moved = bundle.datasets[0].segments.pop().unwrap();
    bundle.datasets[1].segments.push(moved);
    assert!(matches!(submission.refuse(bundle), VerifyError::Segments { dataset: 0, .. }));

    // Each under the other's columns, from the histogram on; and the histograms alone.
    let subject = Subject::Histogram { dataset: 0, segment: 1 };
    let last = submission.data().datasets[0].segments[1].clone();
    let columns = segment_columns(&last) * POINT_BYTES;
    for exchanged in [columns..last.len(), columns..columns + POINT_BYTES] {
        let mut bundle = submission.data();
        let [one, other] = &mut bundle.datasets[..] else { panic!("two datasets") };
        one.segments[1][exchanged.clone()].swap_with_slice(&mut other.segments[0][exchanged]);
        let error = submission.refuse(bundle);
        assert!(
            matches!(error, VerifyError::Proof { subject: s, source: ProofError::False } if s == subject)
        );
    }

    // Another histogram: the proof is of the old one.
    let mut bundle = submission.data();
    let other = encode_point(&G1Affine::generator());
    let histogram = segment_columns(&bundle.datasets[1].segments[0]);
    point_mut(&mut bundle.datasets[1].segments[0], histogram).copy_from_slice(&other);
    let subject = Subject::Histogram { dataset: 1, segment: 0 };
    let error = submission.refuse(bundle);
    assert!(matches!(error, VerifyError::Proof { subject: s, source: ProofError::False } if s == subject));
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
    assert!(matches!(error, VerifyError::Context(ContextError::None)), "{error:?}");
}

#[test]
fn links_replaced() {
    // Of the honest link and another's.
    type Replace = fn(Link, Link) -> Link;
    let replacements: [Replace; 5] = [
        |_, other| other,
        |link, _| Link { responses: [Fr::zero(); 8], ..link },
        |link, other| Link { commitment: other.commitment, ..link },
        |link, _| Link { commitment: -link.commitment, ..link },
        // No bytes encode it.
        |link, _| Link { commitment: G1Affine::default(), ..link },
    ];
    for replace in replacements {
        for (submission, other) in [(&WORLD.data, &WORLD.small), (&WORLD.small, &WORLD.data)] {
            let mut bundle = submission.data();
            bundle.link = replace(bundle.link, other.data().link);
            let error = submission.refuse(bundle);
            assert!(matches!(error, VerifyError::Link { subject: Subject::DataScore }), "{error:?}");
        }
    }
}

#[test]
fn a_proof_of_another_statement() {
    let submission = &WORLD.data;
    for other in [WORLD.compute.compute().proof, submission.data().datasets[0].segments[0].clone()] {
        let mut bundle = submission.data();
        bundle.proof = other;
        assert!(matches!(
            submission.refuse(bundle),
            VerifyError::Proof { subject: Subject::DataScore, source: ProofError::Length { .. } }
        ));
    }
    let mut bundle = submission.data();
    DataBundle { proof: bundle.proof, link: bundle.link, .. } = WORLD.small.data();
    assert!(matches!(
        submission.refuse(bundle),
        VerifyError::Proof { subject: Subject::DataScore, source: ProofError::False }
    ));
    // The other node's units are not these.
    let submission = &WORLD.compute;
    let mut bundle = submission.compute();
    bundle.proof = WORLD.other_node.compute().proof;
    assert!(matches!(
        submission.refuse(bundle),
        VerifyError::Proof { subject: Subject::ComputeScore, source: ProofError::PublicColumn { column: 0 } }
    ));
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
    let subject = Subject::Histogram { dataset: 0, segment: 0 };
    let proof = &honest.datasets[0].segments[0];
    let registration = &WORLD.small.registrations[0];
    // Fewer and more points than the columns are, so that a registration of these would fit.
    let columns = segment_columns(proof);
    for points in [0, 1, columns - 1, columns, columns + 1, proof.len() / POINT_BYTES + 1] {
        let mut altered = proof.clone();
        altered.resize(points * POINT_BYTES, 1);
        let lists = [vec![G1Affine::generator(); points.min(columns)]];
        let fitting = Registration::of_columns(
            honest.contributor,
            registration.geometry(),
            *registration.schema_hash(),
            registration.records(),
            &lists,
        )
        .expect("a registration");
        let mut bundle = honest.clone();
        bundle.datasets[0].digest = *fitting.digest();
        bundle.datasets[0].segments[0] = altered.clone();
        let error = VERIFIER.verify(&Bundle::Data(bundle), &[fitting]).unwrap_err();
        let VerifyError::Proof { subject: s, source: ProofError::Length { .. } } = error else {
            panic!("{error:?}")
        };
        assert_eq!(s, subject);
        let error = VERIFIER.verify_segment(Width::FOUR, 0, &altered).unwrap_err();
        assert!(matches!(error, VerifyError::Proof { source: ProofError::Length { .. }, .. }), "{error:?}");
    }
    // The identity for each point that the verifier uses by itself.
    for index in 0..=columns {
        let mut bundle = honest.clone();
        point_mut(&mut bundle.datasets[0].segments[0], index).fill(0);
        let error = WORLD.small.refuse(bundle);
        let VerifyError::Proof { subject: s, source: ProofError::Point { index: found } } = error else {
            panic!("{error:?}")
        };
        assert_eq!((s, found), (subject, index));
    }
}

/// A word with a number in it.
fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// A header without its digests, then `body`.
fn with_header(role: u8, body: &[u8]) -> Vec<u8> {
    [&word(role.into()), [0; 12].as_slice(), &contributor().0, body].concat()
}

#[test]
fn a_number_of_datasets_is_refused_before_anything_is_allocated() {
    for count in [u64::MAX, u64::MAX / 32 + 1, 1 << 59, u64::from(u32::MAX)] {
        for tail in [0, 1 << 20] {
            let bytes = with_header(1, &[word(count).as_slice(), &vec![0xff; tail]].concat());
            let start = Instant::now();
            let error = Header::read(&bytes).unwrap_err();
            let BundleError::Truncated { field, offset, needed, left } = error else { panic!("{error:?}") };
            assert_eq!((field, offset, left), ("data digests", 96, tail));
            assert_eq!(needed, count.saturating_mul(32));
            let error = VERIFIER.read(&bytes, &WORLD.data.registrations).unwrap_err();
            assert!(matches!(error, VerifyError::Bundle(BundleError::Truncated { .. })), "{error:?}");
            assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
        }
    }
    assert_eq!(Header::read(&with_header(1, &word(0))), Err(BundleError::NoDatasets));
    let header = Header::read(&with_header(1, &[word(1), [7; 32]].concat())).expect("one dataset");
    assert_eq!((header.role, header.contributor), (Role::Data, contributor()));
    assert_eq!(header.digests.len(), 1);
    let header = Header::read(&with_header(2, &[])).expect("no digest");
    assert_eq!((header.role, header.digests.len()), (Role::Compute, 0));
}

/// Found by libFuzzer: a compute bundle under a layout of datasets, as long as both together, was read
/// without what the datasets would be.
#[test]
fn a_compute_bundle_has_no_datasets_whatever_its_layout_says() {
    let bytes = WORLD.compute.bundle.to_bytes();
    let run = Run { proofs: 1, bytes: 32 };
    // Role, contributor, score.
    let layout = Layout { datasets: vec![vec![run]], score: bytes.len() - 3 * 32 };
    let longer = [bytes.as_slice(), &[7; 32]].concat();
    for bytes in [&bytes, &longer] {
        let error = Bundle::from_bytes(bytes, &layout).unwrap_err();
        assert!(matches!(error, BundleError::Datasets { found: 0, expected: 1 }), "{error:?}");
    }
}

#[test]
fn a_layout_is_compared_before_anything_is_allocated() {
    let submission = &WORLD.small;
    let (honest, bytes) = (&submission.registrations[0], submission.bundle.to_bytes());
    let many = altered(honest, |fields| fields.records = u32::MAX);
    let start = Instant::now();
    let error = VERIFIER.read(&bytes, &[many]).unwrap_err();
    let VerifyError::Bundle(BundleError::Length { found, expected }) = error else { panic!("{error:?}") };
    assert_eq!(found, bytes.len());
    // Two features, so as many symbols: as many segments of 16 columns of 2,040 rows as they fill, and the
    // 510 that are left in one of the least width, as the honest one is.
    let (full, left) = (2 * u64::from(u32::MAX) / 32_640, 2 * u64::from(u32::MAX) % 32_640);
    assert_eq!(left, 510);
    let proof = WORLD.data.data().datasets[0].segments[0].len() as u64;
    assert_eq!(expected, bytes.len() as u64 + full * proof);
    // And whatever else somebody asks for.
    let [most, none] = [usize::MAX, 0].map(|bytes| Run { proofs: u64::MAX, bytes });
    // Role, contributor, count, digest; the score; the link.
    let fitting = bytes.len() - 4 * 32 - 32 - 10 * 32;
    for (datasets, is_empty) in [
        (vec![vec![most]], false),
        (vec![vec![most; 3]], false),
        (vec![vec![most, none]; 2], true),
        (vec![vec![none]], true),
    ] {
        for score in [0, fitting, usize::MAX] {
            let layout = Layout { datasets: datasets.clone(), score };
            let error = Bundle::from_bytes(&bytes, &layout).unwrap_err();
            let expected = match error {
                BundleError::Length { .. } => !is_empty,
                BundleError::EmptyProof => is_empty,
                _ => false,
            };
            assert!(expected, "{error:?}");
        }
    }
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
}

/// A layout of another number of datasets than the header has.
#[test]
fn a_layout_is_of_as_many_datasets() {
    let bytes = WORLD.small.bundle.to_bytes();
    let layout = VERIFIER.layout(&WORLD.small.bundle.header(), &WORLD.small.registrations).expect("its own");
    assert_eq!(Bundle::from_bytes(&bytes, &layout).as_ref(), Ok(&WORLD.small.bundle));
    let two = Layout { datasets: [layout.datasets.clone(), vec![Vec::new()]].concat(), ..layout };
    let error = Bundle::from_bytes(&bytes, &two);
    assert_eq!(error, Err(BundleError::Datasets { found: 1, expected: 2 }));
}

/// What was a bundle is told from what never was one: its prover is asked to prove again.
#[test]
fn a_bundle_of_protocol_version_1_is_refused() {
    let mut old = b"FSBUNDLE".to_vec();
    assert_eq!(Header::read(&old), Err(BundleError::Version1));
    // Version, role, geometry, contributor, and whatever followed.
    old.extend([0, 1, 1, 1]);
    old.extend(contributor().0);
    old.extend([7; 5_000]);
    for (submission, length) in
        WORLD.all().into_iter().flat_map(|one| [(one, 8), (one, 40), (one, old.len())])
    {
        let error = VERIFIER.read(&old[..length], &submission.registrations).unwrap_err();
        assert!(matches!(error, VerifyError::Bundle(BundleError::Version1)), "{error:?}");
        assert!(error.to_string().contains("prove again"), "{error}");
    }
    assert!(matches!(Header::read(b"FSBUNDL"), Err(BundleError::Truncated { field: "role", .. })));
    old[7] += 1;
    assert_eq!(Header::read(&old), Err(BundleError::Role));
}

/// What reads at all reads back the same: one encoding for each bundle.
fn reads_or_refuses(bytes: &[u8]) -> Result<(), TestCaseError> {
    for submission in WORLD.all() {
        if let Ok(bundle) = VERIFIER.read(bytes, &submission.registrations) {
            prop_assert_eq!(bundle.to_bytes(), bytes);
        }
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

    /// Proofs are bytes to the reader, of whatever number and length: a body that a layout fits is read, and
    /// with a byte more or less it is not.
    #[test]
    fn any_proofs_of_a_layout_are_read(
        datasets in prop::collection::vec(prop::collection::vec((0..4u64, 1..50usize), 0..3), 1..4),
        score in 0..100usize,
        filling in any::<u8>(),
        claimed in any::<u64>(),
    ) {
        let run = |&(proofs, bytes): &(u64, usize)| Run { proofs, bytes };
        let layout = Layout {
            datasets: datasets.iter().map(|runs| runs.iter().map(run).collect()).collect(),
            score,
        };
        let lengths = datasets.iter().flatten().map(|(proofs, bytes)| *proofs as usize * bytes);
        let histograms: usize = lengths.sum();
        let mut body = word(datasets.len() as u64).to_vec();
        body.extend(vec![filling; 32 * datasets.len() + histograms]);
        body.extend(word(claimed));
        body.extend(vec![filling; score]);
        body.extend(encode_point(&G1Affine::generator()));
        body.extend([word(5); 8].concat());
        let mut bytes = with_header(1, &body);
        let bundle = Bundle::from_bytes(&bytes, &layout).expect("a bundle of this layout");
        prop_assert_eq!((bundle.to_bytes(), bundle.claimed_score()), (bytes.clone(), claimed));
        bytes.push(0);
        prop_assert!(Bundle::from_bytes(&bytes, &layout).is_err());
        prop_assert!(Bundle::from_bytes(&bytes[..bytes.len() - 2], &layout).is_err());
    }

    /// A histogram proof that a prover kept is the one it made, or refused.
    #[test]
    fn any_proof_kept_on_disk_is_verified_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let honest = WORLD.small.data().datasets.remove(0).segments.remove(0);
        let mut bytes = honest.clone();
        edits.iter().for_each(|(at, byte)| { let at = at.index(bytes.len()); bytes[at] = *byte; });
        if let Some(cut) = cut { bytes.truncate(cut.index(bytes.len())); }
        let padding = (4 * USABLE - 2 * 250) as u64;
        prop_assert_eq!(VERIFIER.verify_segment(Width::FOUR, padding, &bytes).is_ok(), bytes == honest);
    }

    #[test]
    fn any_mutation_is_read_or_refused(
        data in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..5),
    ) {
        let submission = if data { &WORLD.small } else { &WORLD.compute };
        let mut bytes = submission.bundle.to_bytes();
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
        let honest = submission.bundle.to_bytes();
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
    let mut bytes = WORLD.small.bundle.to_bytes();
    bytes[31] = 2;
    let error = VERIFIER.read(&bytes, &[]).unwrap_err();
    assert!(matches!(error, VerifyError::Bundle(BundleError::Length { .. })), "{error:?}");
    let error = VERIFIER.read(&bytes, &WORLD.small.registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Registrations { needed: 0, given: 1 }), "{error:?}");
    let mut bytes = WORLD.compute.bundle.to_bytes();
    bytes[31] = 1;
    let error = VERIFIER.read(&bytes, &WORLD.compute.registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Bundle(BundleError::Truncated { .. })), "{error:?}");
    let error = VERIFIER.verify(&WORLD.small.bundle, &WORLD.other_node.registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Registrations { needed: 1, given: 0 }), "{error:?}");
    let error = VERIFIER.verify(&WORLD.other_node.bundle, &WORLD.small.registrations).unwrap_err();
    assert!(matches!(error, VerifyError::Registrations { needed: 0, given: 1 }), "{error:?}");
}
