//! Registrations and policies with every byte altered: refused, or another value that a proof is bound to, or
//! — for reasons listed here — the same value spelled otherwise.

use fairshare_formats::registry::{
    Signature, SignedRegistration, address_of, registration_from_json, request_to_json, signed_to_json,
};
use fairshare_params::registry::{Request, Unsigned};
use k256::ecdsa::SigningKey;

use crate::fixture::{POLICY, identity, policy, read, request};

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

/// Every field of a request is in its digest, and every other field of a registration under its signature:
/// what reads otherwise is refused at once.
#[test]
fn registrations() {
    for text in [request_to_json(&request(1)), signed_to_json(&signed())] {
        let honest = registration_from_json(text.as_bytes()).unwrap();
        let mut tally = Tally::default();
        for changed in changes(&text) {
            match registration_from_json(changed.as_bytes()) {
                Err(_) => tally.refused += 1,
                Ok(other) => {
                    assert_eq!(other, honest, "{changed}");
                    same(&mut tally, &text, &changed);
                }
            }
        }
        println!("registration: {tally:?}");
        assert!(tally.refused > 5 * text.len() && tally.zero + tally.time == 0, "{tally:?}");
    }
}

/// The request of a contributor whose key is known, signed.
fn signed() -> SignedRegistration {
    let key = SigningKey::from_bytes(&[7; 32].into()).unwrap();
    let (honest, contributor) = (request(1), address_of(key.verifying_key()));
    let segments = honest.segments().to_vec();
    let request =
        Request::new(contributor, honest.geometry(), *honest.schema_hash(), honest.records(), segments);
    let (domain, vault) = (policy().domain(), policy().terms().vault);
    let unsigned = Unsigned::new(request.unwrap(), None, domain, vault, 11).unwrap();
    let (signature, recovery) = key.sign_prehash_recoverable(&unsigned.hash().0).unwrap();
    SignedRegistration::new(unsigned, Signature::new(signature, recovery).unwrap()).unwrap()
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
