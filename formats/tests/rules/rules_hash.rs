//! What a proof is bound to covers every rule and nothing else.

use std::collections::HashMap;

use crate::fixture::{
    POLICY, REFERENCE_JSON, edit, identity, policy, read, read_with, rules_hash, with_reference_file,
};

/// Edits of every key that may vary; `protocol` has one value.
const CHANGES: &[(&str, &str)] = &[
    ("\"compact\"", "\"standard\""),
    ("chain_id = 16601", "chain_id = 16602"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("settlement = \"claims\"", "settlement = \"payments\""),
    ("settlement = \"claims\"", "settlement = \"contract\""),
    ("new-york-flights", "new-york-flightz"),
    ("epoch = 4", "epoch = 5"),
    ("pool = \"1000000000000000000000000\"", "pool = \"1000000000000000000000001\""),
    ("\"0.1\"", "\"0.2\""),
    ("pseudo_count = 2", "pseudo_count = 3"),
    ("min_records = 100", "min_records = 101"),
    ("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\""),
    ("cap = \"0.05\"", "cap = \"0.06\""),
    ("\"0.01\"", "\"0.02\""),
    ("first = 10", "first = 11"),
    ("count = 3", "count = 4"),
    ("00:00:00Z", "00:00:01Z"),
    ("proving_seconds = 604800", "proving_seconds = 604801"),
    ("evidence = true", "evidence = true\nfirst_round = 9"),
    ("evidence = true", "evidence = false"),
    ("\"insecure-development\"", "\"0x0000000000000000000000000000000000000000000000000000000000000001\""),
    ("\"insecure-development\"", "\"0x0000000000000000000000000000000000000000000000000000000000000002\""),
    (
        "[vault]",
        "rules_hash = \"0x0000000000000000000000000000000000000000000000000000000000000001\"\n[vault]",
    ),
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
fn every_key_changes_what_a_proof_is_bound_to() {
    let mut seen = HashMap::from([(identity(&policy()), "the policy itself")]);
    for &(from, to) in CHANGES {
        let mut text = edit(from, to);
        if to.ends_with("one more") {
            text = text
                .replace("[10, 20, 30, 0]", "[11, 21, 31, 1]")
                .replace("[1, 2, 3, 4, 5]", "[2, 3, 4, 5, 6]");
        }
        let changed = read(&text).unwrap_or_else(|error| panic!("{to}: {error}"));
        if let Some(other) = seen.insert(identity(&changed), to) {
            panic!("`{to}` says what `{other}` says");
        }
    }
    assert_eq!(seen.len(), CHANGES.len() + 1);
}

/// It is what the hash is compared with, and the parameters enter it by their own words.
#[test]
fn parameters_and_rules_hash_are_not_in_the_hash() {
    let digest = "\"0x0000000000000000000000000000000000000000000000000000000000000001\"";
    for text in [
        edit("\"insecure-development\"", digest),
        edit("[vault]", &format!("rules_hash = {digest}\n[vault]")),
    ] {
        assert_eq!(rules_hash(&read(&text).unwrap()), rules_hash(&policy()));
        assert_ne!(identity(&read(&text).unwrap()), identity(&policy()));
    }
}

#[test]
fn names_and_order_of_features_change_the_hash() {
    let renamed = POLICY.replace("carrier", "airline");
    assert_ne!(rules_hash(&read(&renamed).unwrap()), rules_hash(&policy()));
    let (start, end) = (POLICY.find("[[").unwrap(), POLICY.find("[reference").unwrap());
    let middle = start + 1 + POLICY[start + 1..].find("[[").unwrap();
    let swapped = [&POLICY[..start], &POLICY[middle..end], &POLICY[start..middle], &POLICY[end..]].concat();
    assert_ne!(rules_hash(&read(&swapped).unwrap()), rules_hash(&policy()));
}

#[test]
fn layout_and_spelling_change_nothing() {
    for (from, to) in [
        ("[vault]", "# what is paid, and where\n\n[vault]"),
        ("evidence = true", "evidence = true\nfirst_round = 10"),
        ("ends_by = 2027-01-01T00:00:00Z", "ends_by = 2027-01-01 01:00+01:00"),
        ("ends_by = 2027-01-01T00:00:00Z", "ends_by = 1798761600"),
        ("ends_by = 2027-01-01T00:00:00Z", "ends_by = \"1798761600\""),
        ("604800", "\"604800\""),
        ("pool = \"1000000000000000000000000\"", "pool = 1000000000000000000000000"),
        ("min_records = 100", "min_records = \"0100\""),
        ("count = 3", "count = 0x3 # days"),
        ("epoch = 4", "epoch = 0x4"),
        ("chain_id = 16601\n", "chain_id = 16_601\n"),
        ("\"0.1\"", "\"00.100\""),
        ("\"0.1\"", "0.1"),
        ("\"0.1\"", "0.1_00"),
        ("\"0.05\"", "0.05"),
        ("\"0.01\"", "\"0.010\""),
        ("\"0.05\"", "\"0.050\""),
        ("[-5, 0.5, 30]", "[-5.0, 5e-1, 3e1]"),
        ("[-5, 0.5, 30]", "[\"-5\", \"0.5\", \"3e1\"]"),
        ("[10, 20, 30, 0]", "[\"10\", \"20\", 0x1e, 0]"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("[\"UA\", \"B6\"]", "['UA', \"\\u00426\"]"),
        (
            "carrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]",
            "delay = [1, 2, 3, 4, 5]\ncarrier = [10, 20, 30, 0]",
        ),
    ] {
        let edited = read(&edit(from, to)).unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!(identity(&edited), identity(&policy()), "{to}");
    }
}

#[test]
fn the_form_of_a_list_changes_nothing() {
    let filed = read_with(&with_reference_file(REFERENCE_JSON), REFERENCE_JSON).unwrap();
    assert_eq!(identity(&filed), identity(&policy()));
}
