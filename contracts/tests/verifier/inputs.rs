//! A true bundle, and a caller who says something else of it: every word that a call has besides the bundle.

use std::ops::Range;

use fairshare_contracts::verification::verify_data;
use fairshare_params::encoding::Digest;
use fairshare_params::registration::Registration;
use fairshare_testkit::fixture::{PARAMETERS, VERIFIER, contributor, stranger};

use super::alterations::WORD;
use super::machine::{Answer, Refusal, error_name};
use super::world::{self, CHAIN, Submission};

/// Bytes of a selector.
const SELECTOR: usize = 4;
/// Words of the rules.
const RULES: usize = 35;

fn call(data: Vec<u8>) -> Result<Answer, Refusal> {
    CHAIN.with_borrow_mut(|chain| {
        chain.register(&PARAMETERS);
        chain.machine.call(chain.verifier, data)
    })
}

/// The name of the error that a call is refused with; of a revert that says nothing, the decoder's, none.
#[track_caller]
fn refused(data: Vec<u8>) -> String {
    match call(data) {
        Err(Refusal::Error(error)) => error_name(&error),
        Err(Refusal::Revert(output)) if output.is_empty() => String::new(),
        other => panic!("{other:?}"),
    }
}

/// Of each word, in order, the errors that alterations of it are refused with: the lowest bit, the highest.
#[track_caller]
fn words(submission: &Submission, range: Range<usize>) -> Vec<[String; 2]> {
    let data = submission.calldata(&submission.bytes);
    call(data.clone()).expect("the honest call");
    let altered = |at: usize, bit: u8| {
        let mut data = data.clone();
        data[at] ^= bit;
        refused(data)
    };
    range
        .map(|index| {
            let at = SELECTOR + WORD * index;
            [altered(at + WORD - 1, 1), altered(at, 0x80)]
        })
        .collect()
}

/// What each word of the rules is refused by. Most are bound by the rules hash alone, which the context of a
/// score's proof covers: `first` is what sees that first. So even a word out of its domain is another rule.
fn of_rules(first: &str, named: &[(usize, [&str; 2])]) -> Vec<[String; 2]> {
    let mut expected = vec![[first, first]; RULES];
    named.iter().for_each(|(index, names)| expected[*index] = *names);
    expected.into_iter().map(|names| names.map(str::to_owned)).collect()
}

/// A link's challenge covers the instance of its proof, and links are checked before proofs.
#[test]
fn every_word_of_the_rules_is_bound_to_a_data_bundle() {
    let column = ["PublicColumnRefused", "PublicColumnRefused"];
    let expected = of_rules(
        "LinkRefused",
        &[
            (13, ["UnknownKeys", ""]),                // geometry
            (14, ["DigestRefused", "DigestRefused"]), // schema hash
            (16, ["LinkRefused", ""]),                // features
            (18, ["LinkRefused", ""]),                // Σ Ln(R)
            (19, column),
            (20, column),
            (21, column),
            (22, column),
            (23, ["LinkRefused", ""]), // least records
            (32, ["UnknownKeys", "UnknownKeys"]),
            (34, ["UnknownOpenings", "UnknownOpenings"]),
        ],
    );
    assert_eq!(words(&world::data(&[150]), 0..RULES), expected);
}

#[test]
fn every_word_of_the_rules_is_bound_to_a_compute_bundle() {
    let expected = of_rules(
        "ProofRefused",
        &[
            (13, ["UnknownKeys", ""]),
            (28, ["ProofRefused", ""]), // λ_q and ρ of computing power
            (29, ["ProofRefused", ""]),
            (32, ["UnknownKeys", "UnknownKeys"]),
            (34, ["UnknownOpenings", "UnknownOpenings"]),
        ],
    );
    assert_eq!(words(&world::compute(), 0..RULES), expected);
}

/// Contributor, offsets, registration and length.
#[test]
fn every_other_word_of_a_data_call_is_bound() {
    let found = words(&world::data(&[150]), RULES..RULES + 7);
    let expected = [
        ["HeaderRefused", ""],              // contributor
        ["", ""],                           // offset of the registrations
        ["", ""],                           // offset of the bundle
        ["NotCanonical", ""],               // how many registrations
        ["HeaderRefused", "HeaderRefused"], // digest
        ["DigestRefused", ""],              // records
        ["", ""],                           // bytes of the bundle
    ];
    assert_eq!(found, expected.map(|names| names.map(str::to_owned)));
}

/// Contributor, units, totals, offset and length. The units are in no hash: the public column alone binds
/// them.
#[test]
fn every_other_word_of_a_compute_call_is_bound() {
    let found = words(&world::compute(), RULES..RULES + 7);
    let expected = [
        ["HeaderRefused", ""],
        ["PrecompileFailed", "PrecompileFailed"],
        ["PrecompileFailed", "PrecompileFailed"],
        ["PrecompileFailed", "PrecompileFailed"],
        ["PrecompileFailed", "PrecompileFailed"],
        ["", ""],
        ["", ""],
    ];
    assert_eq!(found, expected.map(|names| names.map(str::to_owned)));
}

/// A node's proof with another's units, and under other totals: points that are on the curve.
#[test]
fn other_units_and_other_totals_are_refused() {
    let submission = world::compute();
    let data = submission.calldata(&submission.bytes);
    let at = SELECTOR + WORD * (RULES + 1);
    let (units, totals) = (at..at + 64, at + 64..at + 128);
    let with = |range: &Range<usize>, point: Vec<u8>| {
        let mut data = data.clone();
        data[range.clone()].copy_from_slice(&point);
        data
    };
    let [own, all] = [&units, &totals].map(|range| data[range.clone()].to_vec());
    assert_eq!(refused(with(&units, all.clone())), "PublicColumnRefused");
    assert_eq!(refused(with(&totals, own.clone())), "PublicColumnRefused");
    // Nobody's units, which is the identity.
    assert_eq!(refused(with(&units, vec![0; 64])), "PublicColumnRefused");
    // The proof's column of totals made to fit them: the context names them besides.
    let columns = data.len() - submission.bytes.len() + 96;
    let mut fitting = with(&totals, own);
    fitting.copy_within(columns..columns + 64, columns + 64);
    assert_eq!(refused(fitting), "ProofRefused");
}

/// Keys are of the geometry that the rules name: it decides how a dataset is cut.
#[test]
fn keys_of_another_geometry_are_not_the_rules() {
    for submission in [world::data(&[150]), world::compute()] {
        let mut data = submission.calldata(&submission.bytes);
        data[SELECTOR + WORD * 13 + WORD - 1] = 2;
        assert_eq!(refused(data), "UnknownKeys");
    }
}

/// The calldata of a data bundle with other registrations.
fn with_registrations(own: &[Registration], bytes: &[u8]) -> Vec<u8> {
    verify_data(VERIFIER.rules(), &contributor(), own, bytes.to_vec())
}

fn registration(digest: Digest, records: u32) -> Registration {
    let rules = VERIFIER.rules();
    let geometry = rules.terms.geometry;
    Registration::new(contributor(), geometry, rules.schema_hash, records, digest).expect("a registration")
}

#[test]
fn registrations_are_the_bundles() {
    let submission = world::data(&[150, 160]);
    let own = &submission.registrations;
    let refused = |own: &[Registration]| refused(with_registrations(own, &submission.bytes));
    assert_eq!(refused(&[]), "NothingRegistered");
    assert_eq!(refused(&own[..1]), "HeaderRefused");
    assert_eq!(refused(&[own[1].clone(), own[0].clone()]), "HeaderRefused");
    assert_eq!(refused(&[own[0].clone(), own[0].clone()]), "HeaderRefused");
    // Of the same digests, other records: more segments than the bundle has, and another padding.
    let many = registration(*own[1].digest(), u32::MAX);
    assert_eq!(refused(&[own[0].clone(), many]), "LengthRefused");
    let one_less = registration(*own[1].digest(), 159);
    assert_eq!(refused(&[own[0].clone(), one_less]), "DigestRefused");
}

/// A registration's `records`, which Rust cannot make zero.
#[test]
fn a_registration_of_no_record_is_refused() {
    let submission = world::data(&[150]);
    let mut data = submission.calldata(&submission.bytes);
    let at = SELECTOR + WORD * (RULES + 5);
    data[at..at + WORD].fill(0);
    assert_eq!(refused(data), "NothingRegistered");
}

/// The rules pay for 100 records and more: told before any proof.
#[test]
fn too_few_records_are_refused() {
    let submission = world::data(&[150]);
    let mut data = submission.calldata(&submission.bytes);
    let at = SELECTOR + WORD * 23;
    data[at + WORD - 1] = 151;
    assert_eq!(refused(data), "RecordsRefused");
}

/// A dataset that is registered twice counts once: its segments may not occur again.
#[test]
fn a_dataset_counts_once() {
    let submission = world::data(&[150]);
    let own = &submission.registrations[0];
    let bytes = &submission.bytes;
    // Two features a record.
    let segment = submission.world.parameters.geometry().cut(300).iter().next().expect("a segment");
    let kind = fairshare_params::keys::CircuitKind::Histogram(segment.shape.width());
    let proof = 128..128 + submission.world.parameters.key(kind).expect("a key").proof_bytes();
    let mut twice = bytes[..95].to_vec();
    twice.push(2);
    twice.extend([own.digest().0, own.digest().0].concat());
    twice.extend([&bytes[proof.clone()], &bytes[proof.clone()], &bytes[proof.end..]].concat());
    assert_eq!(refused(with_registrations(&[own.clone(), own.clone()], &twice)), "SegmentTwice");
}

/// The words of somebody else in front of somebody's proofs.
#[test]
fn a_bundle_is_its_contributors() {
    for submission in [world::data(&[150]), world::compute()] {
        let data = submission.calldata(&submission.bytes);
        let start = data.len() - submission.bytes.len();
        let theirs = stranger().0;
        let mut altered = data.clone();
        altered[start + WORD + 12..start + 2 * WORD].copy_from_slice(&theirs);
        assert_eq!(refused(altered.clone()), "HeaderRefused");
        let at = SELECTOR + WORD * RULES + 12;
        altered[at..at + 20].copy_from_slice(&theirs);
        let expected = if submission.registrations.is_empty() { "ProofRefused" } else { "DigestRefused" };
        assert_eq!(refused(altered), expected);
    }
}

/// What `abi.encode` does not give is refused, even where the words would be read all the same: a gap before
/// the bundle, or something behind it.
#[test]
fn a_call_has_one_encoding() {
    for submission in [world::data(&[150]), world::compute()] {
        let data = submission.calldata(&submission.bytes);
        assert_eq!(refused([data.as_slice(), &[0]].concat()), "NotCanonical");
        assert_eq!(refused([data.as_slice(), &[0; WORD]].concat()), "NotCanonical");
        // The offset of the bundle, one word further on.
        let offset = SELECTOR + WORD * (RULES + if submission.registrations.is_empty() { 5 } else { 2 });
        let start = data.len() - submission.bytes.len() - WORD;
        let mut gap = data.clone();
        gap[offset + WORD - 1] += 32;
        gap.splice(start..start, [0; WORD]);
        assert_eq!(refused(gap), "NotCanonical");
    }
    // The registrations read from the bundle's first words, while others stand where they belong.
    let submission = world::data(&[150]);
    let mut data = submission.calldata(&submission.bytes);
    let at = SELECTOR + WORD * (RULES + 1);
    let start = data.len() - submission.bytes.len() - SELECTOR;
    data[at + WORD - 8..at + WORD].copy_from_slice(&(start as u64).to_be_bytes());
    assert_eq!(refused(data), "NotCanonical");
    // The registrations behind the bundle.
    let submission = world::data(&[150]);
    let data = submission.calldata(&submission.bytes);
    let (list, bundle) = (SELECTOR + WORD * (RULES + 3), SELECTOR + WORD * (RULES + 6));
    let mut moved = [&data[..list], &data[bundle..], &data[list..bundle]].concat();
    let set = |data: &mut Vec<u8>, word: usize, value: usize| {
        let at = SELECTOR + WORD * word;
        data[at..at + WORD].fill(0);
        data[at + WORD - 8..at + WORD].copy_from_slice(&(value as u64).to_be_bytes());
    };
    let words = RULES + 3;
    set(&mut moved, RULES + 2, WORD * words);
    set(&mut moved, RULES + 1, WORD * words + WORD + submission.bytes.len());
    assert_eq!(refused(moved), "NotCanonical");
}
