//! Registrations and policies with every byte altered: refused, or another value that a proof is bound to, or
//! — for reasons listed here — the same value spelled otherwise.

use fairshare_params::context::data_context;
use fairshare_params::registration::Registration;

use crate::fixture::{POLICY, contributor, data, evidence, identity, policy, read, rules_hash};

/// Every single change of a text, by position: three flipped bits, a byte left out, doubled, replaced by
/// another digit or letter, exchanged with the next; and every prefix.
fn changes(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut changed = Vec::new();
    for at in 0..bytes.len() {
        let (before, own, after) = (&bytes[..at], bytes[at], &bytes[at + 1..]);
        for other in [own ^ 1, own ^ 0x20, own ^ 0x10, b'0', b'9', b'a', b' ', b'"', b'-', b'\n', 0] {
            changed.push([before, &[other], after].concat());
        }
        changed.push([before, after].concat());
        changed.push([before, &[own, own], after].concat());
        changed.push(before.to_vec());
        if let Some((next, rest)) = after.split_first() {
            changed.push([before, &[*next, own], rest].concat());
        }
    }
    let texts = changed.into_iter().filter_map(|bytes| String::from_utf8(bytes).ok());
    texts.filter(|other| other != text).collect()
}

fn without_space(text: &str) -> String {
    text.chars().filter(|character| !character.is_ascii_whitespace()).collect()
}

/// What a change did.
#[derive(Debug, Default)]
struct Tally {
    refused: usize,
    /// Another value, which a proof is bound to.
    other: usize,
    /// The same value: white space between tokens.
    space: usize,
    /// The same value: a hexadecimal digit in the other case.
    case: usize,
    /// The same value: a zero before a decimal string's digits.
    zero: usize,
    /// The same value: a date and its time parted by another letter, or in lower case.
    time: usize,
}

/// Why the text still says the same: one of four reasons, and no fifth.
fn same(tally: &mut Tally, honest: &str, changed: &str) {
    let shorter = |text: &str| text.replace("\"00", "\"0");
    // How the fixture writes the one time that it has.
    let spelled =
        |text: &str| text.replace("01t00:", "01T00:").replace("01 00:", "01T00:").replace("00z", "00Z");
    if without_space(honest) == without_space(changed) {
        tally.space += 1;
    } else if honest == spelled(changed) {
        tally.time += 1;
    } else if honest.eq_ignore_ascii_case(changed) {
        let differ = honest.bytes().zip(changed.bytes()).find(|(old, new)| old != new);
        assert!(differ.is_some_and(|(old, _)| old.is_ascii_hexdigit()), "{changed}");
        tally.case += 1;
    } else {
        assert_eq!(honest, shorter(changed));
        tally.zero += 1;
    }
}

/// A registration that reads otherwise is refused under the policy, or has another context; but for the
/// numbers of records and segments, from which the verifier computes the digest
/// again, and for round and evidence, which are the registry's word.
fn is_bound(honest: &Registration, other: &Registration) -> bool {
    let context = |registration: &Registration| {
        let registrations = std::slice::from_ref(registration);
        data_context(&policy(), &rules_hash(&policy()), &contributor(), registrations)
    };
    let numbers = |registration: &Registration| *registration.dataset();
    let word = |registration: &Registration| (registration.round(), registration.evidence().cloned());
    context(other).is_err()
        || context(other) != context(honest)
        || numbers(other) != numbers(honest)
        || word(other) != word(honest)
}

#[test]
fn registrations() {
    for honest in [data(1), data(1).with_evidence(evidence(3))] {
        let text = fairshare_formats::registration::to_json(&honest);
        let mut tally = Tally::default();
        for changed in changes(&text) {
            match fairshare_formats::registration::from_json(changed.as_bytes()) {
                Err(_) => tally.refused += 1,
                Ok(other) if other == honest => same(&mut tally, &text, &changed),
                Ok(other) => {
                    assert!(is_bound(&honest, &other), "{changed}");
                    tally.other += 1;
                }
            }
        }
        println!("registration: {tally:?}");
        assert!(tally.refused > 5 * text.len() && tally.zero + tally.time == 0, "{tally:?}");
    }
}

#[test]
fn policies() {
    let honest = identity(&policy());
    let mut tally = Tally::default();
    for changed in changes(POLICY) {
        match read(&changed).as_ref().map(identity) {
            Err(_) => tally.refused += 1,
            Ok(other) if other == honest => same(&mut tally, POLICY, &changed),
            Ok(_) => tally.other += 1,
        }
    }
    println!("policy: {tally:?}");
    assert!(tally.refused > 5 * POLICY.len() && tally.other > 100, "{tally:?}");
}
