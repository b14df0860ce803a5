//! Bundles of so many points that the library sums them in batches, where a point that is the identity, or
//! that stands there twice, ended the process; and segments that are given twice.

use std::time::Instant;

use fairshare_params::encoding::POINT_BYTES;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_verifier::bundle::DataBundle;
use fairshare_verifier::{Bundle, ProofError, Subject, VerifyError};
use rayon::prelude::*;

use super::claim::{Claim, GEOMETRY, Segment, equal_records};
use super::fixture::{POLICY, RULES, VERIFIER, contributor, policy, verifier};
use super::manifest::{segment_columns, segment_points};
use super::world::{WORLD, negate_point, swap_points};

/// Enough segments for more than 8,104 points in the pairing checks of their proofs.
const SEGMENTS: usize = 200;

/// A bundle of one dataset of these histogram proofs, with a registration that fits it.
fn dataset(segments: Vec<Vec<u8>>) -> (Bundle, Vec<Registration>) {
    let honest = &WORLD.small.registrations[0];
    let symbols = GEOMETRY.largest_segment().symbols() * segments.len();
    let records = u32::try_from(symbols / RULES.schema().len()).expect("32 bits");
    let columns: Vec<_> = segments.iter().map(|segment| segment_points(segment).0).collect();
    let registration = Registration::of_columns(
        *honest.contributor(),
        honest.geometry(),
        RULES.schema().hash(),
        records,
        &columns,
    );
    let registration = registration.expect("a registration");
    let mut bundle: DataBundle = WORLD.small.data();
    bundle.datasets[0].digest = *registration.digest();
    bundle.datasets[0].segments = segments;
    (Bundle::Data(bundle), vec![registration])
}

/// The honest segment, with its columns in another order for each number: so no two are the same.
fn shuffled(number: usize) -> Vec<u8> {
    // Of the largest width.
    let mut segment = WORLD.data.data().datasets.remove(0).segments.remove(0);
    let columns = segment_columns(&segment);
    let (points, _) = segment.as_chunks_mut::<POINT_BYTES>();
    points[..columns].rotate_left(number % columns);
    swap_points(&mut segment, 0, 1 + number / columns);
    segment
}

fn refusal(bundle: &Bundle, registrations: &[Registration]) -> VerifyError {
    VERIFIER.verify(bundle, registrations).expect_err("must be refused")
}

#[test]
fn histograms_that_cancel_are_refused() {
    let segments = (0..SEGMENTS).map(|number| {
        let mut segment = shuffled(number);
        if number % 2 == 1 {
            let histogram = segment_columns(&segment);
            negate_point(&mut segment, histogram);
        }
        segment
    });
    let (bundle, registrations) = dataset(segments.collect());
    assert!(matches!(refusal(&bundle, &registrations), VerifyError::NothingCounted));
}

/// Alone and beside honest bundles, which are accepted.
#[test]
fn thousands_of_points_are_summed() {
    let (bundle, registrations) = dataset((0..SEGMENTS).map(shuffled).collect());
    let is_named = |error: &VerifyError| {
        let first = Subject::Histogram { dataset: 0, segment: 0 };
        matches!(error, VerifyError::Proof { subject, source: ProofError::False } if *subject == first)
    };
    assert!(is_named(&refusal(&bundle, &registrations)));
    let honest = [&WORLD.data, &WORLD.compute].map(|one| (&one.bundle, &one.registrations[..]));
    let items = [honest[0], (&bundle, &registrations[..]), honest[1]];
    let verdicts = VERIFIER.verify_batch(&items);
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok(), "{verdicts:?}");
    assert!(verdicts[1].as_ref().is_err_and(is_named), "{verdicts:?}");
}

#[test]
fn a_segment_is_counted_once() {
    let (bundle, registrations) = dataset(vec![shuffled(0), shuffled(1), shuffled(0)]);
    let error = refusal(&bundle, &registrations);
    assert!(matches!(error, VerifyError::SegmentTwice { dataset: 0, segment: 2 }), "{error:?}");
}

/// Of one width, and so of one length: the digest says which comes first.
#[test]
fn segments_have_an_order() {
    let claim = full(2);
    let (mut bundle, registrations) = (claim.prove(&VERIFIER), claim.registrations());
    VERIFIER.verify(&bundle, &registrations).expect("true");
    let Bundle::Data(data) = &mut bundle else { panic!("a data bundle") };
    data.datasets[0].segments.swap(0, 1);
    let error = refusal(&bundle, &registrations);
    assert!(matches!(error, VerifyError::Digest { dataset: 0, .. }), "{error:?}");
}

/// Rules whose reference is uniform: every `Ln(r_t)` is that of 1, which is 0, so the column `ℓ` is zero
/// throughout.
fn uniform() -> Policy {
    let edits = [
        ("pseudo_count = 2", "pseudo_count = 1"),
        ("carrier = [10, 20, 30, 0]", "carrier = [0, 0, 0, 0]"),
        ("delay = [1, 2, 3, 4, 5]", "delay = [0, 0, 0, 0, 0]"),
    ];
    let text = edits.iter().fold(POLICY.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    policy(&text)
}

/// A true claim of so many full segments of equal records: their columns differ by nothing but the blinding.
fn full(segments: usize) -> Claim {
    let capacity = GEOMETRY.largest_segment().symbols() / RULES.schema().len();
    let symbols = equal_records(capacity);
    let number = |number: usize| u16::try_from(number).expect("16 bits");
    let made = (0..segments).into_par_iter().map(|at| Segment::new(&symbols, number(at))).collect();
    let records = u32::try_from(capacity * segments).expect("32 bits");
    Claim { contributor: contributor(), datasets: vec![(records, made)] }
}

/// A true bundle of so many segments under a uniform reference: alone, and in one batch with another.
fn verifies_under_a_uniform_reference(segments: usize) {
    let rules = uniform();
    let (verifier, start) = (verifier(&rules), Instant::now());
    assert!(rules.reference_counts().iter().all(|count| *count <= 1));
    let (many, one) = (full(segments), full(1));
    let (bundle, beside) = (many.prove(&verifier), one.prove(&verifier));
    println!("{segments} segments proved in {:?}", start.elapsed());
    let (registrations, its_own) = (many.registrations(), one.registrations());
    let start = Instant::now();
    let alone = verifier.verify(&bundle, &registrations).expect("a true bundle");
    println!("verified in {:?}", start.elapsed());
    let bytes = bundle.to_bytes();
    assert_eq!(verifier.read(&bytes, &registrations).expect("its bytes"), bundle);
    let items = [(&beside, its_own.as_slice()), (&bundle, registrations.as_slice())];
    // On one thread all the points are in one sum.
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let verdicts = pool.install(|| verifier.verify_batch(&items));
        assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
        assert_eq!(verdicts[1].as_ref().ok(), Some(&alone));
    }
}

#[test]
fn segments_under_a_uniform_reference_verify() {
    verifies_under_a_uniform_reference(20);
}

/// As many segments as make one sum of ten thousands of points:
/// `cargo test --release --workspace --test protocol four_hundred -- --ignored`.
#[test]
#[ignore = "proves 400 segments"]
fn four_hundred_segments_under_a_uniform_reference_verify() {
    verifies_under_a_uniform_reference(400);
}
