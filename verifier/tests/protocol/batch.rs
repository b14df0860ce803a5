//! Many bundles at once: the good ones accepted, the bad ones named, whatever stands beside them.

use std::time::Instant;

use fairshare_params::address::Address;
use fairshare_params::encoding::{POINT_BYTES, decode_point, encode_point};
use fairshare_params::registration::Registration;
use fairshare_verifier::{Bundle, NoUnits, ProofError, Score, VerifyError};
use group::Curve;
use halo2curves::bn256::{Fr, G1};

use super::fixture::{VERIFIER, stranger};
use super::world::{Submission, WORLD, negate_point, point_mut, swap_points};

type Item<'a> = (&'a Bundle, &'a [Registration]);

/// Whether a refusal is for the right reason.
type Expected = fn(&VerifyError) -> bool;

fn good() -> Vec<Item<'static>> {
    WORLD.all().into_iter().map(item).collect()
}

fn item(submission: &Submission) -> Item<'_> {
    (&submission.bundle, &submission.registrations)
}

/// Kinds of bad bundles with their registrations, and what each is refused for.
fn bad() -> Vec<(Bundle, &'static [Registration], Expected)> {
    let data =
        bad_data().into_iter().map(|(bundle, expected)| (bundle, &WORLD.small.registrations[..], expected));
    let compute = bad_compute().into_iter().map(|(bundle, expected)| (bundle, &[][..], expected));
    data.chain(compute).collect()
}

/// Made of the first compute submission.
fn bad_compute() -> Vec<(Bundle, Expected)> {
    let honest = || WORLD.compute.compute();
    let mut score = honest();
    score.score += 1;
    let mut of_nobody = honest();
    of_nobody.contributor = Address([0x77; 20]);
    let mut of_another = honest();
    of_another.contributor = stranger();
    vec![
        (Bundle::Compute(score), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::False, .. })
        }),
        (Bundle::Compute(of_nobody), |error| matches!(error, VerifyError::Units(NoUnits::Node { .. }))),
        (Bundle::Compute(of_another), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::PublicColumn { column: 0 }, .. })
        }),
    ]
}

/// Made of the small data submission.
fn bad_data() -> Vec<(Bundle, Expected)> {
    let honest = || WORLD.small.data();
    let mut score = honest();
    score.score += 1;
    let mut undecodable = honest();
    // Of the points after those that the verifier uses by itself.
    point_mut(&mut undecodable.proof, 3).fill(0xff);
    let mut off_the_curve = honest();
    point_mut(&mut off_the_curve.proof, 0).fill(0xff);
    let mut other_rules = honest();
    negate_point(&mut other_rules.proof, 1);
    let mut short = honest();
    short.datasets[0].segments[0].pop();
    let mut link = honest();
    link.link.responses[3] += Fr::one();
    let mut digest = honest();
    swap_points(&mut digest.datasets[0].segments[0], 2, 3);
    let mut unregistered = honest();
    unregistered.datasets[0].digest.0[0] ^= 1;
    vec![
        (Bundle::Data(score), |error| matches!(error, VerifyError::Proof { source: ProofError::False, .. })),
        (Bundle::Data(undecodable), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::Backend(_), .. })
        }),
        (Bundle::Data(off_the_curve), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::Point { index: 0 }, .. })
        }),
        (Bundle::Data(other_rules), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::PublicColumn { column: 1 }, .. })
        }),
        (Bundle::Data(short), |error| {
            matches!(error, VerifyError::Proof { source: ProofError::Length { .. }, .. })
        }),
        (Bundle::Data(link), |error| matches!(error, VerifyError::Link { .. })),
        (Bundle::Data(digest), |error| matches!(error, VerifyError::Digest { .. })),
        (Bundle::Data(unregistered), |error| matches!(error, VerifyError::Unregistered { .. })),
    ]
}

#[test]
fn good_bundles_are_accepted_in_order() {
    let items = good();
    for (result, submission) in VERIFIER.verify_batch(&items).into_iter().zip(WORLD.all()) {
        let alone = VERIFIER.verify(&submission.bundle, &submission.registrations).expect("a true bundle");
        assert_eq!(result.expect("accepted"), alone);
    }
}

#[test]
fn an_empty_batch() {
    assert!(VERIFIER.verify_batch(&[]).is_empty());
}

#[test]
fn duplicates_are_answered_one_by_one() {
    // That one digest is not paid twice is for the vault; what is true is true twice.
    let items = [item(&WORLD.compute), item(&WORLD.compute), item(&WORLD.small), item(&WORLD.compute)];
    let results = VERIFIER.verify_batch(&items);
    assert_eq!(results.len(), 4);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(results[0].as_ref().ok(), results[3].as_ref().ok());
}

#[test]
fn one_bad_bundle_at_every_position_is_named_and_the_others_accepted() {
    for (bundle, registrations, expected) in &bad() {
        for position in 0..=good().len() {
            let mut items = good();
            items.insert(position, (bundle, registrations));
            for (index, result) in VERIFIER.verify_batch(&items).into_iter().enumerate() {
                match result {
                    Ok(score) => {
                        assert_ne!(index, position, "the bad one was accepted");
                        assert_eq!(score.value(), items[index].0.claimed_score());
                    }
                    Err(error) => {
                        assert_eq!(index, position, "a good one was refused: {error:?}");
                        assert!(expected(&error), "{error:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn all_bad() {
    let bad = bad();
    let items: Vec<Item<'_>> =
        bad.iter().map(|(bundle, registrations, _)| (bundle, *registrations)).collect();
    for (result, (.., expected)) in VERIFIER.verify_batch(&items).into_iter().zip(&bad) {
        assert!(expected(&result.expect_err("a bad one")));
    }
}

/// Two errors that cancel in a plain sum: without a random weight for each equation both would pass.
#[test]
fn errors_that_cancel_are_still_refused() {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    for response in 0..8 {
        let error = Fr::from(12_345);
        let mut up = WORLD.small.data();
        up.link.responses[response] += error;
        let mut down = WORLD.small.data();
        down.link.responses[response] -= error;
        let (up, down) = (Bundle::Data(up), Bundle::Data(down));
        let registrations = WORLD.small.registrations.as_slice();
        let results =
            one_thread.install(|| VERIFIER.verify_batch(&[(&up, registrations), (&down, registrations)]));
        assert!(results.iter().all(|result| matches!(result, Err(VerifyError::Link { .. }))), "{results:?}");
    }
}

/// The same for pairing checks: the last point of a proof follows its last challenge, so an error in it moves
/// both sides of the check in proportion.
#[test]
fn errors_of_proofs_that_cancel_are_still_refused() {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let moved = |proof: &mut Vec<u8>, by: G1| {
        let last = proof.last_chunk_mut::<POINT_BYTES>().expect("a point");
        *last = encode_point(&(by + decode_point(last).expect("a point")).to_affine());
    };
    let error = G1::generator();
    // Between two bundles.
    let (mut up, mut down) = (WORLD.compute.compute(), WORLD.compute.compute());
    moved(&mut up.proof, error);
    moved(&mut down.proof, -error);
    let (up, down) = (Bundle::Compute(up), Bundle::Compute(down));
    let registrations = WORLD.compute.registrations.as_slice();
    let results =
        one_thread.install(|| VERIFIER.verify_batch(&[(&up, registrations), (&down, registrations)]));
    let falsely = |result: &Result<Score, VerifyError>| {
        matches!(result, Err(VerifyError::Proof { source: ProofError::False, .. }))
    };
    assert!(results.iter().all(falsely), "{results:?}");
    // Within one bundle, between two of its proofs.
    let mut bundle = WORLD.data.data();
    moved(&mut bundle.datasets[0].segments[0], error);
    moved(&mut bundle.datasets[0].segments[1], -error);
    let result = one_thread.install(|| VERIFIER.verify(&Bundle::Data(bundle), &WORLD.data.registrations));
    assert!(falsely(&result), "{result:?}");
}

#[test]
fn registrations_are_each_bundles_own() {
    // The right registrations, at the wrong bundles.
    let items = [
        (&WORLD.small.bundle, &WORLD.data.registrations[1..]),
        (&WORLD.data.bundle, &WORLD.small.registrations[..]),
        (&WORLD.compute.bundle, &WORLD.small.registrations[..]),
        (&WORLD.small.bundle, &[][..]),
        item(&WORLD.small),
        item(&WORLD.compute),
    ];
    let results = VERIFIER.verify_batch(&items);
    let refusals: Vec<_> =
        results[..4].iter().map(|result| result.as_ref().expect_err("another's")).collect();
    let unregistered = *WORLD.small.registrations[0].digest();
    assert!(matches!(refusals[0], VerifyError::Unregistered { digest } if *digest == unregistered));
    for (refusal, counts) in refusals[1..].iter().zip([(2, 1), (0, 1), (1, 0)]) {
        let VerifyError::Registrations { needed, given } = **refusal else { panic!("{refusal:?}") };
        assert_eq!((needed, given), counts);
    }
    assert!(results[4].is_ok() && results[5].is_ok());
}

#[test]
fn a_batch_on_one_thread_and_on_many() {
    let items: Vec<_> = (0..6).flat_map(|_| good()).collect();
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        let start = Instant::now();
        let results = pool.install(|| VERIFIER.verify_batch(&items));
        assert!(results.iter().all(Result::is_ok), "{threads} threads");
        println!("{} bundles on {threads} threads: {:?}", items.len(), start.elapsed());
    }
}
