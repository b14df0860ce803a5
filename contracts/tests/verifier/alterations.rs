//! Whatever is altered of a bundle, both verifiers refuse it: every word in every way here, and any number of
//! random alterations in `fuzz`.

use std::collections::BTreeSet;

use fairshare_params::encoding::SCALAR_BYTES;

use super::machine::Refusal;
use super::pool::{LARGE, STANDARD};
use super::world::{self, Submission};

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
        Err(Refusal::Error(error)) => {
            format!("{error:?}").chars().take_while(|letter| letter.is_alphabetic()).collect()
        }
        other => panic!("{what}: {other:?}"),
    };
    assert!(!submission.in_rust(altered), "Rust takes it: {what}");
    name
}

/// Alters every word of a bundle, in all ways or, with a `step`, in one of so many; and its length. The errors by
/// which the chain refused it.
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

/// In the larger geometries every third alteration: each word is altered in two ways, and its neighbours in the
/// others. All of them: `differential::in_full`.
#[test]
fn of_larger_bundles() {
    meets(&STANDARD[0], 3, OF_DATA);
    meets(&STANDARD[4], 3, OF_COMPUTE);
    meets(&LARGE[1], 7, OF_COMPUTE);
}
