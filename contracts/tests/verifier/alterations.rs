//! Whatever is altered of a bundle, both verifiers refuse it: every word in every way here, and any number of
//! random alterations in `fuzz`.

use std::collections::BTreeSet;

use fairshare_contracts::verification::BundleVerifier::BundleVerifierErrors as Error;
use fairshare_params::Width;
use fairshare_params::encoding::SCALAR_BYTES;
use fairshare_params::keys::CircuitKind;

use super::machine::{Refusal, error_name};
use super::pool::{LARGE, STANDARD};
use super::world::{self, COMPACT, Submission};

pub const WORD: usize = SCALAR_BYTES;

/// The scalar field's order and the coordinates' modulus, big-endian.
pub const MODULI: [&str; 2] = [
    "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001",
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47",
];

/// Adds a modulus to a word, unless the sum has more than 256 bits.
pub fn plus(word: &[u8], modulus: &str) -> Option<Vec<u8>> {
    let modulus = hex::decode(modulus).expect("hexadecimal digits");
    let mut sum = word.to_vec();
    let mut carry = 0;
    for (own, other) in sum.iter_mut().zip(modulus).rev() {
        carry += u16::from(*own) + u16::from(other);
        *own = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(sum)
}

/// What is put in the place of word `index`, with a name for it.
fn alterations(bytes: &[u8], index: usize) -> Vec<(&'static str, Vec<u8>)> {
    let at = index * WORD;
    let own = &bytes[at..at + WORD];
    let with = |word: &[u8]| {
        let mut altered = bytes.to_vec();
        altered[at..at + WORD].copy_from_slice(word);
        altered
    };
    let mut low = own.to_vec();
    low[WORD - 1] ^= 1;
    let mut high = own.to_vec();
    high[0] ^= 0x80;
    let mut found =
        vec![("lowest bit", with(&low)), ("highest bit", with(&high)), ("zeroed", with(&[0; WORD]))];
    let names = ["plus the order", "plus the modulus"];
    found.extend(
        MODULI.iter().zip(names).filter_map(|(modulus, name)| Some((name, with(&plus(own, modulus)?)))),
    );
    if let Some(next) = bytes.get(at + WORD..at + 2 * WORD) {
        let mut swapped = with(next);
        swapped[at + WORD..at + 2 * WORD].copy_from_slice(own);
        found.push(("swapped with the next", swapped));
    }
    found.retain(|(_, altered)| altered != bytes);
    found
}

/// Both refuse: the chain by an error that says why, whose name is returned; never by running out of gas in a
/// precompile, never without a word.
#[track_caller]
pub fn refused(submission: &Submission, altered: &[u8], what: &str) -> String {
    let name = match submission.on_chain(altered) {
        Err(Refusal::Error(error)) => error_name(&error),
        other => panic!("{what}: {other:?}"),
    };
    assert!(!submission.in_rust(altered), "Rust takes it: {what}");
    name
}

/// Alters every word of a bundle, in all ways or, with a `step`, in one of so many; and its length. The
/// errors by which the chain refused it.
pub fn nothing_else_is_taken(submission: &Submission, step: usize) -> BTreeSet<String> {
    submission.accepted();
    let bytes = &submission.bytes;
    let mut named = BTreeSet::new();
    assert_eq!(bytes.len() % WORD, 0);
    let words = 0..bytes.len() / WORD;
    let altered = words.flat_map(|index| alterations(bytes, index).into_iter().map(move |how| (index, how)));
    for (index, (name, altered)) in altered.step_by(step) {
        named.insert(refused(submission, &altered, &format!("word {index}, {name}")));
    }
    for length in [0, WORD, bytes.len() - WORD, bytes.len() - 1] {
        named.insert(refused(submission, &bytes[..length], &format!("cut to {length} bytes")));
    }
    for extra in [1, WORD] {
        let longer = [bytes.as_slice(), &vec![0; extra]].concat();
        named.insert(refused(submission, &longer, &format!("{extra} bytes more")));
    }
    named
}

/// The errors that a bundle's alterations meet.
const OF_DATA: [&str; 8] = [
    "HeaderRefused",
    "LengthRefused",
    "LinkRefused",
    "NotAPoint",
    "NotAScalar",
    "NotCanonical",
    "ProofRefused",
    "ScoreRefused",
];
const OF_COMPUTE: [&str; 8] = [
    "HeaderRefused",
    "LengthRefused",
    "NotAPoint",
    "NotAScalar",
    "NotCanonical",
    "ProofRefused",
    "ScoreRefused",
    "Truncated",
];

/// Exactly those errors; of some of the alterations, none but those.
#[track_caller]
fn meets(submission: &Submission, step: usize, expected: [&str; 8]) {
    let (found, expected) = (nothing_else_is_taken(submission, step), expected.map(str::to_owned).into());
    assert!(if step == 1 { found == expected } else { found.is_subset(&expected) }, "{found:?}");
}

#[test]
fn of_a_data_bundle() {
    meets(&world::data(&[150]), 1, OF_DATA);
}

#[test]
fn of_a_compute_bundle() {
    meets(&world::compute(), 1, OF_COMPUTE);
}

/// Every scalar plus the order and every coordinate plus its modulus, which would be read as the same, is
/// refused where it stands, before it is used.
#[test]
fn second_encodings_are_refused_where_they_stand() {
    let key = |kind| COMPACT.parameters.key(kind).expect("a key");
    let proof = |kind: CircuitKind| {
        let (system, scalars) = (key(kind).constraint_system(), key(kind).evaluations());
        let points = system.num_advice_columns() + 1 + 4;
        assert_eq!(key(kind).proof_bytes(), WORD * (2 * (points + 2) + scalars));
        [(true, points), (false, scalars), (true, 2)]
    };
    let histogram = proof(CircuitKind::Histogram(Width::of(4)));
    let data = proof(CircuitKind::DataScore);
    let link = [(true, 1), (false, 8)];
    let compute = proof(CircuitKind::ComputeScore);
    // Words before the next part: the header's, or the score's.
    let of_data = [(4, &histogram[..]), (1, &data[..]), (0, &link[..])];
    let of_compute = [(3, &compute[..])];
    for (submission, parts) in [(world::data(&[150]), &of_data[..]), (world::compute(), &of_compute[..])] {
        let mut next = 0;
        for (before, elements) in parts {
            next += before;
            for (is_point, count) in *elements {
                let words = if *is_point { 2 * count } else { *count };
                (next..next + words).for_each(|word| refused_at(&submission, word, *is_point));
                next += words;
            }
        }
        assert_eq!(WORD * next, submission.bytes.len());
    }
}

/// The word in its second encoding is refused by its place: a point's is that of its first word.
#[track_caller]
fn refused_at(submission: &Submission, word: usize, is_point: bool) {
    let at = WORD * word;
    let mut bytes = submission.bytes.clone();
    let altered = plus(&bytes[at..at + WORD], MODULI[usize::from(is_point)]).expect("it fits");
    bytes[at..at + WORD].copy_from_slice(&altered);
    let refused = submission.on_chain(&bytes);
    let place = match &refused {
        Err(Refusal::Error(Error::NotAPoint(error))) if is_point => error.offset,
        Err(Refusal::Error(Error::NotAScalar(error))) if !is_point => error.offset,
        _ => panic!("word {word}: {refused:?}"),
    };
    let place = place.to::<usize>();
    assert!(place == at || is_point && place + WORD == at, "word {word}: {refused:?}");
}

/// In the larger geometries some of the alterations. All of them: `differential::in_full`.
#[test]
fn of_larger_bundles() {
    meets(&STANDARD[0], 3, OF_DATA);
    meets(&STANDARD[4], 3, OF_COMPUTE);
    meets(&LARGE[0], 23, OF_DATA);
    meets(&LARGE[1], 7, OF_COMPUTE);
}
