//! The policy's hash covers every rule and nothing else.

use std::collections::HashMap;

use fairshare_params::encoding::Digest;
use sha3::{Digest as _, Keccak256};

use crate::fixture::{POLICY, REFERENCE_JSON, edit, policy, read, read_with, with_reference_file};

/// One edit of every rule that may vary; `protocol` and `weights` have one value each.
const CHANGES: [(&str, &str); 28] = [
    ("\"compact\"", "\"standard\""),
    ("chain_id = 16601", "chain_id = 16602"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("new-york-flights", "new-york-flightz"),
    ("epoch = 4", "epoch = 5"),
    ("pool = \"1000000000000000000000000\"", "pool = \"1000000000000000000000001\""),
    ("\"0.1\"", "\"0.2\""),
    // Closer than λ_q and ρ can tell: only the decimal itself differs.
    ("\"0.1\"", "\"0.10000000000000000000000000000000001\""),
    ("pseudo_count = 2", "pseudo_count = 3"),
    ("min_records = 100", "min_records = 101"),
    ("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\""),
    ("cap = \"0.05\"", "cap = \"0.06\""),
    ("\"0.01\"", "\"0.02\""),
    ("\"0.01\"", "\"0.01000000000000000000000000000000001\""),
    ("first = 10", "first = 11"),
    ("count = 3", "count = 4"),
    ("\"UA\"", "\"AA\""),
    ("[\"UA\", \"B6\"]", "[\"B6\", \"UA\"]"),
    ("[-5, 0.5, 30]", "[-5, 0.25, 30]"),
    ("[-5, 0.5, 30]", "[-5, 0.5, 31]"),
    ("carrier = [10, 20, 30, 0]", "carrier = [11, 20, 30, 0]"),
    ("carrier = [10, 20, 30, 0]", "carrier = [10, 20, 30, 1]"),
    ("carrier = [10, 20, 30, 0]", "carrier = [20, 10, 30, 0]"),
    ("delay = [1, 2, 3, 4, 5]", "delay = [1, 2, 3, 4, 6]"),
    ("delay = [1, 2, 3, 4, 5]", "delay = [2, 2, 3, 4, 5]"),
    // The same smoothed counts under another pseudo-count.
    ("pseudo_count = 2", "pseudo_count = 1 # and every raw count one more"),
    // As many bins, of the other kind.
    (
        "name = \"carrier\"\nkind = \"categorical\"\nlabels = [\"UA\", \"B6\"]",
        "name = \"carrier\"\nkind = \"numeric\"\nedges = [1, 2]",
    ),
    ("labels = [\"UA\", \"B6\"]", "labels = [\"UAB\", \"6\"]"),
];

#[test]
fn every_rule_changes_the_hash() {
    let mut seen = HashMap::from([(policy().hash(), "the policy itself")]);
    for (from, to) in CHANGES {
        let mut text = edit(from, to);
        if to.ends_with("one more") {
            text = text
                .replace("[10, 20, 30, 0]", "[11, 21, 31, 1]")
                .replace("[1, 2, 3, 4, 5]", "[2, 3, 4, 5, 6]");
        }
        let hash = read(&text).unwrap_or_else(|error| panic!("{to}: {error}")).hash();
        if let Some(other) = seen.insert(hash, to) {
            panic!("`{to}` has the hash of `{other}`");
        }
    }
    assert_eq!(seen.len(), CHANGES.len() + 1);
}

#[test]
fn names_and_order_of_features_change_the_hash() {
    let renamed = POLICY.replace("carrier", "airline");
    assert_ne!(read(&renamed).unwrap().hash(), policy().hash());
    let (start, end) = (POLICY.find("[[").unwrap(), POLICY.find("[reference").unwrap());
    let middle = start + 1 + POLICY[start + 1..].find("[[").unwrap();
    let swapped = [&POLICY[..start], &POLICY[middle..end], &POLICY[start..middle], &POLICY[end..]].concat();
    assert_ne!(read(&swapped).unwrap().hash(), policy().hash());
}

#[test]
fn layout_and_spelling_change_nothing() {
    for (from, to) in [
        ("[weights]", "# fixed by the protocol\n\n[weights]"),
        ("count = 3", "count = 0x3 # days"),
        ("epoch = 4", "epoch = 0x4"),
        ("chain_id = 16601\n", "chain_id = 16_601\n"),
        ("\"0.1\"", "\"00.100\""),
        ("\"0.01\"", "\"0.010\""),
        ("\"0.05\"", "\"0.050\""),
        ("[-5, 0.5, 30]", "[-5.0, 5e-1, 3e1]"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("[\"UA\", \"B6\"]", "['UA', \"\\u00426\"]"),
        (
            "carrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]",
            "delay = [1, 2, 3, 4, 5]\ncarrier = [10, 20, 30, 0]",
        ),
    ] {
        let edited = read(&edit(from, to)).unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!(edited.hash(), policy().hash(), "{to}");
    }
}

#[test]
fn the_form_of_a_list_changes_nothing() {
    let hash = policy().hash();
    assert_eq!(read_with(&with_reference_file(REFERENCE_JSON), REFERENCE_JSON).unwrap().hash(), hash);
}

/// Recomputed byte by byte: an encoding that moves would make every published policy another one.
#[test]
fn the_encoding_is_fixed() {
    let policy = policy();
    let mut bytes = Vec::new();
    let mut put = |part: &[u8]| bytes.extend_from_slice(part);
    put(&19u64.to_be_bytes());
    put(b"fairshare/v1/policy");
    put(&1u32.to_be_bytes());
    // compact: identifier 1, k = 11, two widths, b = 10
    put(&[1, 0, 0, 0, 11]);
    [2u64, 4, 16].iter().for_each(|number| put(&number.to_be_bytes()));
    put(&[0, 0, 0, 10]);
    put(&16601u64.to_be_bytes());
    put(&hex::decode("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed").unwrap());
    put(&16u64.to_be_bytes());
    put(b"new-york-flights");
    put(&4u64.to_be_bytes());
    put(&10u128.pow(24).to_be_bytes());
    put(&[0, 0, 0, 7, 0, 0, 0, 3]);
    put(&3u64.to_be_bytes());
    put(b"0.1");
    // ⌊2^48/10⌋ and ⌊e^(−1/10)·2^64⌋
    put(&28147497671065u64.to_be_bytes());
    put(&16691304278825489409u64.to_be_bytes());
    put(&[0, 0, 0, 2, 0, 0, 0, 100, 1]);
    put(&14073748835532u64.to_be_bytes());
    put(&4u64.to_be_bytes());
    put(b"0.01");
    put(&2814749767106u64.to_be_bytes());
    put(&18263195903389592620u64.to_be_bytes());
    put(&10u64.to_be_bytes());
    put(&3u64.to_be_bytes());
    put(&policy.schema().hash().0);
    put(&10u64.to_be_bytes());
    [0u32, 12, 22, 32, 2, 3, 4, 5, 6, 7].iter().for_each(|count| put(&count.to_be_bytes()));
    assert_eq!(policy.hash(), Digest(Keccak256::digest(&bytes).into()));
}
