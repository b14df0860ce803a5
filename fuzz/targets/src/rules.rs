//! Registrations and policies.

use std::io;
use std::sync::LazyLock;

use fairshare_formats::policy::{PartialPolicy, side_file_hash};
use fairshare_formats::registration::MAX_REGISTRATION_BYTES;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;

use crate::fixture::{POLICY, commit_records, contributor, edit, evidence, records};
use crate::{refused, said};

/// What is read is written in the one spelling, which reads back as the same.
pub fn registration(data: &[u8]) -> bool {
    match fairshare_formats::registration::from_json(data) {
        Ok(registration) => {
            let text = fairshare_formats::registration::to_json(&registration);
            assert!(text.len() <= MAX_REGISTRATION_BYTES, "{} bytes", text.len());
            assert_eq!(
                fairshare_formats::registration::from_json(text.as_bytes()).as_ref(),
                Ok(&registration)
            );
            true
        }
        Err(error) => refused(&error),
    }
}

/// A policy and its reference, parted by NUL; `REFERENCE_HASH` in the policy stands for the file's right
/// hash. What is accepted keeps the rules that circuits rely on, and has one hash.
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
    match fairshare_formats::policy::from_toml(&text, &load) {
        Ok(policy) => {
            check(&policy, &text, &load);
            true
        }
        Err(error) => {
            check_position(&said(&error), &text);
            // Whoever drafts a policy meets the same words.
            if let Err(error) = PartialPolicy::from_toml(&text) {
                check_position(&said(&error), &text);
            }
            false
        }
    }
}

fn check(policy: &Policy, text: &str, load: &dyn Fn(&str) -> io::Result<Vec<u8>>) {
    let (geometry, schema) = (policy.geometry(), policy.schema());
    assert!(schema.symbol_count() <= geometry.alphabet());
    assert!((2..=geometry.rounds()).contains(&policy.rounds()));
    assert!(policy.pseudo_count() > 0 && policy.min_records() > 0 && policy.vault().pool > 0);
    assert!(policy.compute_decay().compare(policy.data_decay()).is_lt());
    assert_eq!(policy.reference_counts().len(), geometry.alphabet());
    for (counts, total) in policy.feature_references().zip(policy.feature_totals()) {
        assert!(counts.iter().all(|count| *count >= policy.pseudo_count()));
        assert_eq!(counts.iter().map(|count| u64::from(*count)).sum::<u64>(), u64::from(*total));
    }
    let draft = PartialPolicy::from_toml(text).expect("a policy is a draft");
    assert_eq!((draft.geometry(), draft.schema()), (geometry, schema));
    let again = fairshare_formats::policy::from_toml(&format!("# A comment changes nothing.\n{text}"), load);
    assert_eq!(again.expect("a comment").hash(), policy.hash());
}

/// A message that begins with a position names one that the text has.
fn check_position(message: &str, text: &str) {
    // ``line 3, column 4`` or ``` `key` (line 3, column 4)```; a key holds no such words.
    let position = match message.strip_prefix('`').and_then(|rest| rest.split_once("` (line ")) {
        Some((key, position)) if !key.contains('`') => position,
        _ => match message.strip_prefix("line ") {
            Some(position) => position,
            None => return,
        },
    };
    let Some((line, rest)) = position.split_once(", column ") else { return };
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let (Ok(line), Ok(column)) = (line.parse::<usize>(), digits.parse::<usize>()) else { return };
    let found = text.split('\n').nth(line.wrapping_sub(1));
    let length = found.unwrap_or_else(|| panic!("no line {line}: {message}")).chars().count();
    assert!((1..=length + 1).contains(&column), "no column {column} in line {line}: {message}");
}

static REGISTRATIONS: LazyLock<[Registration; 2]> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut stored = contributor();
    stored.evidence = Some(evidence(1));
    let (_, data) = commit_records(folder.path(), "data", &contributor(), &[records(150, 2)]);
    let (_, uploaded) = commit_records(folder.path(), "uploaded", &stored, &[records(150, 3)]);
    [data, uploaded]
});

pub(crate) fn registration_seeds() -> Vec<Vec<u8>> {
    REGISTRATIONS
        .iter()
        .map(|registration| fairshare_formats::registration::to_json(registration).into_bytes())
        .collect()
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
    ]
}

pub(crate) const REGISTRATION_TOKENS: &[&str] = &[
    "\"version\"",
    "\"contributor\"",
    "\"round\"",
    "\"geometry\"",
    "\"digest\"",
    "\"records\"",
    "\"segments\"",
    "\"evidence\"",
    "4294967296",
    "18446744073709551616",
    "1e400",
    "-0",
    "\\u0000",
    "\\ud800",
    "0x",
    "null",
    "{",
    "}",
    "[",
    "]",
];

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
