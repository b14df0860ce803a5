//! Every word of a bundle, altered in every way: both verifiers refuse.

use std::collections::BTreeSet;

use fairshare_params::encoding::SCALAR_BYTES;

use super::machine::Refusal;
use super::world::{self, Submission};

const WORD: usize = SCALAR_BYTES;

/// The scalar field's order and the coordinates' modulus, big-endian.
const MODULI: [&str; 2] = [
    "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001",
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47",
];

/// Adds a modulus to a word, unless the sum has more than 256 bits.
fn plus(word: &[u8], modulus: &str) -> Option<Vec<u8>> {
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

/// The errors by which the chain refused what was altered.
fn nothing_else_is_taken(submission: &Submission) -> BTreeSet<String> {
    submission.accepted();
    let bytes = &submission.bytes;
    let mut named = BTreeSet::new();
    let mut refuse = |altered: &[u8], what: &str| {
        // By an error that says why: never by running out of gas in a precompile, never without a word.
        match submission.on_chain(altered) {
            Err(Refusal::Error(error)) => named.insert(
                format!("{error:?}").chars().take_while(|letter| letter.is_alphabetic()).collect::<String>(),
            ),
            other => panic!("{what}: {other:?}"),
        };
        assert!(!submission.in_rust(altered), "Rust takes it: {what}");
    };
    assert_eq!(bytes.len() % WORD, 0);
    for index in 0..bytes.len() / WORD {
        for (name, altered) in alterations(bytes, index) {
            refuse(&altered, &format!("word {index}, {name}"));
        }
    }
    for length in [0, WORD, bytes.len() - WORD, bytes.len() - 1] {
        refuse(&bytes[..length], &format!("cut to {length} bytes"));
    }
    for extra in [1, WORD] {
        refuse(&[bytes.as_slice(), &vec![0; extra]].concat(), &format!("{extra} bytes more"));
    }
    named
}

#[test]
fn of_a_data_bundle() {
    let named = nothing_else_is_taken(&world::data(&[150]));
    let expected = [
        "HeaderRefused",
        "LengthRefused",
        "LinkRefused",
        "NotAPoint",
        "NotAScalar",
        "NotCanonical",
        "ProofRefused",
        "ScoreRefused",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
}

#[test]
fn of_a_compute_bundle() {
    let named = nothing_else_is_taken(&world::compute());
    let expected = [
        "HeaderRefused",
        "LengthRefused",
        "NotAPoint",
        "NotAScalar",
        "NotCanonical",
        "ProofRefused",
        "ScoreRefused",
        "Truncated",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
}
