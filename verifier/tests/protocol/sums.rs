//! Bundles of so many points that the library sums them in batches, where a point that is the identity, or
//! that stands there twice, ended the process; and segments that are given twice.

use fairshare_params::registration::Registration;
use fairshare_verifier::bundle::{DataBundle, Segment};
use fairshare_verifier::{Bundle, ProofError, Subject, VerifyError};

use super::fixture::{RULES, VERIFIER};
use super::world::WORLD;

/// Enough segments for more than 8,104 points in the equations of their links.
const SEGMENTS: usize = 200;

/// A bundle of one dataset of these segments, with a registration that fits it.
fn dataset(segments: Vec<Segment>) -> (Bundle, Vec<Registration>) {
    let honest = &WORLD.small.registrations[0];
    let symbols = RULES.geometry().segment_symbols() * segments.len();
    let records = u32::try_from(symbols / RULES.schema().len()).expect("32 bits");
    let columns: Vec<_> = segments.iter().map(|segment| segment.columns.clone()).collect();
    let registration = Registration::for_data(
        *honest.contributor(),
        honest.round(),
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
fn shuffled(number: usize) -> Segment {
    let mut segment = WORLD.small.data().datasets.remove(0).segments.remove(0);
    let columns = segment.columns.len();
    segment.columns.rotate_left(number % columns);
    segment.columns.swap(0, 1 + number / columns);
    segment
}

fn refusal(bundle: &Bundle, registrations: &[Registration]) -> VerifyError {
    VERIFIER.verify(bundle, registrations).expect_err("must be refused")
}

#[test]
fn histograms_that_cancel_are_refused() {
    let segments = (0..SEGMENTS).map(|number| {
        let segment = shuffled(number);
        let histogram = if number % 2 == 0 { segment.histogram } else { -segment.histogram };
        Segment { histogram, ..segment }
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
