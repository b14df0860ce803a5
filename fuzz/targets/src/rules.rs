//! Policies.

use std::io;

use fairshare_formats::policy::{
    Location, MAX_ERRORS, PartialPolicy, PolicyErrors, PolicySource, Position, side_file_hash,
};
use fairshare_params::encoding::Digest;
use fairshare_params::policy::{NamedParameters, Policy};
use fairshare_params::rules::{ParameterWords, ReferenceWords, Rules};
use halo2curves::bn256::G1Affine;

use crate::MESSAGE_BYTES;
use crate::fixture::{POLICY, edit};

/// A policy and its reference, parted by NUL; `REFERENCE_HASH` in the policy stands for the file's right
/// hash. What is accepted keeps the rules that circuits rely on, and is the same when it is read again. What
/// is refused is refused in so many lines, each of bounded length and about a place that exists.
pub fn policy(data: &[u8]) -> bool {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (text, reference) = (part(), part());
    if let Ok(counts) = fairshare_formats::reference::from_json(reference) {
        let again = fairshare_formats::reference::from_json(
            fairshare_formats::reference::to_json(&counts).as_bytes(),
        )
        .expect("what was written");
        assert_eq!(again, counts);
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let text = text.replace("REFERENCE_HASH", &side_file_hash(reference).to_string());
    let load = |file: &str| match file {
        "reference.json" => Ok(reference.to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    match PolicySource::collect(text.clone(), load) {
        Ok((source, policy)) => {
            check(&policy, &source);
            true
        }
        Err(errors) => {
            check_errors(&errors, &text);
            // Whoever drafts a policy meets the same words.
            if let Err(errors) = PartialPolicy::from_toml(&text) {
                check_errors(&errors, &text);
            }
            false
        }
    }
}

fn check(policy: &Policy, source: &PolicySource) {
    let (geometry, schema) = (policy.geometry(), policy.schema());
    assert!(schema.symbol_count() <= geometry.alphabet());
    assert!((2..=geometry.rounds()).contains(&policy.rounds()));
    assert!(policy.pseudo_count() > 0 && policy.terms().faults().is_empty());
    assert!(policy.compute_decay().compare(policy.data_decay()).is_lt());
    assert_eq!(policy.reference_counts().len(), geometry.alphabet());
    for (counts, total) in policy.feature_references().zip(policy.feature_totals()) {
        assert!(counts.iter().all(|count| *count >= policy.pseudo_count()));
        assert_eq!(counts.iter().map(|count| u64::from(*count)).sum::<u64>(), u64::from(*total));
    }
    let draft = PartialPolicy::from_toml(&source.text).expect("a policy is a draft");
    assert_eq!((draft.geometry(), draft.schema()), (geometry, schema));
    assert_eq!(identity(&source.policy().expect("what was kept")), identity(policy));
    let commented = format!("# A comment changes nothing.\n{}", source.text);
    let commented = PolicySource { text: commented, files: source.files.clone() };
    assert_eq!(identity(&commented.policy().expect("a comment")), identity(policy));
}

/// Everything that a policy says: its words, with others in the place of those that are derived from the
/// parameters, and what it says of these.
fn identity(policy: &Policy) -> (Rules, NamedParameters, Option<Digest>) {
    let [srs, keys, lagrange_root, openings] = [Digest([1; 32]); 4];
    let point = G1Affine::generator();
    let reference = ReferenceWords {
        features: u32::try_from(policy.schema().len()).expect("an alphabet's features"),
        free_bins: policy.free_bins(),
        ln_totals: 1,
        ln: point,
        boundaries: point,
    };
    let rules = policy.rules(reference, ParameterWords { srs, keys, lagrange_root, openings });
    (rules, policy.parameters(), policy.rules_hash())
}

/// Errors are some, in the order of the text, and fit a screen each.
fn check_errors(errors: &PolicyErrors, text: &str) {
    let told = errors.to_string();
    let count = errors.errors().len();
    assert!((1..=MAX_ERRORS).contains(&count), "{told}");
    // One is a line by itself; more have a headline, and those that are only counted a line at the end.
    let expected = if count == 1 { 1 } else { count + 1 } + usize::from(errors.more() > 0);
    assert_eq!(told.lines().count(), expected, "{told}");
    for line in told.lines() {
        assert!(line.len() <= MESSAGE_BYTES, "a line of {} bytes: {line:.200}…", line.len());
        assert!(line.chars().any(char::is_alphabetic), "an error without words: {line}");
    }
    let positions: Vec<_> = errors.errors().filter_map(|error| error.location().position).collect();
    assert!(positions.is_sorted_by_key(|position| (position.line, position.column)), "{told}");
    errors.errors().for_each(|error| check_location(error.location(), text));
}

/// A position is one that the text has.
fn check_location(location: &Location, text: &str) {
    let Some(Position { line, column }) = location.position else { return };
    let found = text.split('\n').nth(line.wrapping_sub(1));
    let length = found.unwrap_or_else(|| panic!("no line {line}: {location}")).chars().count();
    assert!((1..=length + 1).contains(&column), "no column {column} in line {line}: {location}");
}

pub(crate) fn policy_seeds() -> Vec<Vec<u8>> {
    const REFERENCE: &str = "{\"counts\": {\"carrier\": [10, 20, 30, 0], \"delay\": [1, 2, 3, 4, 5]}}";
    let table = "[reference.counts]\ncarrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]\n";
    let filed = edit(table, "[reference]\nfile = \"reference.json\"\nhash = \"REFERENCE_HASH\"\n");
    let crossed = edit(
        table,
        "[[schema.feature]]\nname = \"both\"\nkind = \"crossed\"\nof = [\"carrier\", \"delay\"]\n\n\
         [reference.counts]\nboth = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n",
    );
    vec![
        POLICY.as_bytes().to_vec(),
        crossed.into_bytes(),
        format!("{filed}\0{REFERENCE}").into_bytes(),
        edit("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"").into_bytes(),
        edit("\"1000000000000000000000000\"", "7").replace("compact", "standard").into_bytes(),
        edit(
            "\"insecure-development\"",
            "\"0x0000000000000000000000000000000000000000000000000000000000000001\"",
        )
        .replace("evidence = false", "evidence = true\nfirst_round = 3")
        .replace("2027-01-01T00:00:00Z", "\"1798761600\"")
        .into_bytes(),
        // Many errors in one text.
        POLICY
            .replace("\"0.1\"", "1e-1")
            .replace("epoch", "epoche")
            .replace("[10, 20", "[1.5, -2")
            .into_bytes(),
    ]
}

pub(crate) const POLICY_TOKENS: &[&str] = &[
    "[[schema.feature]]\nname = \"z\"\nkind = \"numeric\"\nedges = [0]\n",
    "[[schema.feature]]\nname = \"w\"\nkind = \"crossed\"\nof = [\"carrier\", \"delay\"]\n",
    "\"crossed\"",
    "of = [\"carrier\", \"delay\"]",
    "[reference.counts]",
    "[rounds]",
    "\"\"\"",
    "'''",
    "\\u0000",
    "\\U0010FFFF",
    "nan",
    "inf",
    "-inf",
    "1e999",
    "0x7fffffffffffffff",
    "9223372036854775807",
    "4294967296",
    "1979-05-27T07:32:00Z",
    "ends_by = 9999-12-31T23:59:59-23:59",
    "protocol = 1",
    "\"insecure-development\"",
    "\"payments\"",
    "\"contract\"",
    "first_round = 9",
    "[weights]\ncompute = 7\ndata = 3\n",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "0.0999999999999999999999999999999",
    "\"0.1\"",
    "\"0.00000000000000000001\"",
    "true",
    "\0",
    "REFERENCE_HASH",
    "\"..\"",
    "\r",
    "# ",
    ".",
    "=",
    "[",
    "]",
    "{",
    "}",
];
