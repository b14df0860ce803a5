//! What a policy may say, and what it is told when it may not.

use std::error::Error;

use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PolicyError};
use fairshare_formats::reference::ReferenceFileError;
use fairshare_params::Geometry;
use fairshare_params::policy::{RuleError, Weighting};
use fairshare_params::schema::SchemaError;
use proptest::prelude::*;

use crate::fixture::{POLICY, REFERENCE_JSON, edit, policy, read, read_with, with_reference_file};

/// What a person is told: the error and its causes.
pub fn told(error: &dyn Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {}", told(cause)),
    }
}

/// Asserts that the edited policy is refused with this variant, and that the message has every one of the
/// parts.
macro_rules! refuses {
    ($result:expr, $variant:pat $(if $guard:expr)?, $($part:expr),+ $(,)?) => {{
        let error = $result.unwrap_err();
        assert!(matches!(&error, $variant $(if $guard)?), "{error:?}");
        let message = told(&error);
        $(assert!(message.contains($part), "`{message}` lacks `{}`", $part);)+
    }};
}

#[test]
fn a_good_policy_says_what_it_says() {
    let policy = policy();
    assert_eq!(policy.geometry(), Geometry::COMPACT);
    let vault = policy.vault();
    assert_eq!((vault.chain_id, vault.epoch, vault.subnet.as_str()), (16601, 4, "new-york-flights"));
    assert_eq!(checksummed(&vault.address).to_string(), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    assert_eq!(vault.pool, 10u128.pow(24));
    assert_eq!((policy.data_decay().lambda(), policy.compute_decay().lambda()), ("0.1", "0.01"));
    assert_eq!((policy.pseudo_count(), policy.min_records()), (2, 100));
    let cap = ((1u128 << 48) * 5 / 100) as u64;
    assert_eq!(policy.weighting(), Weighting::RecordsDivergence { cap });
    assert_eq!((policy.first_round(), policy.rounds(), policy.last_round()), (10, 3, 12));
    assert_eq!(policy.schema().len(), 2);
}

#[test]
fn reference_counts_are_smoothed_and_laid_out_by_symbol() {
    let policy = policy();
    assert_eq!(policy.reference_counts().len(), Geometry::COMPACT.alphabet());
    assert_eq!(policy.reference_counts()[..11], [0, 12, 22, 32, 2, 3, 4, 5, 6, 7, 0]);
    assert!(policy.reference_counts()[10..].iter().all(|count| *count == 0));
    let features: Vec<_> = policy.feature_references().collect();
    assert_eq!(features, [[12, 22, 32, 2].as_slice(), &[3, 4, 5, 6, 7]]);
    assert_eq!(policy.feature_totals(), [68, 25]);
}

#[test]
fn the_plain_divergence_needs_no_cap() {
    let text = edit("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"");
    assert_eq!(read(&text).unwrap().weighting(), Weighting::Divergence);
}

#[test]
fn text_that_is_not_toml_is_located() {
    refuses!(read(&edit("epoch = 4", "epoch = ")), PolicyError::Syntax { .. }, "line 9, column");
    refuses!(
        read(&edit("epoch = 4", "epoch = 4\nepoch = 5")),
        PolicyError::Syntax { .. },
        "line 10",
        "duplicate"
    );
}

#[test]
fn unknown_keys_are_named() {
    refuses!(
        read(&edit("[compute]\n", "[compute]\nlamda = \"1\"\n")),
        PolicyError::Syntax { .. },
        "`compute` (line 24, column 1)",
        "unknown field `lamda`",
        "expected `lambda`"
    );
    // One key too many in each table but the reference's counts, whose keys are the features.
    for (from, to) in [
        ("protocol = 1\n", "protocol = 1\nextra = 1\n"),
        ("[vault]\n", "[vault]\nextra = 1\n"),
        ("[weights]\n", "[weights]\nextra = 1\n"),
        ("[data]\n", "[data]\nextra = 1\n"),
        ("[compute]\n", "[compute]\nextra = 1\n"),
        ("[rounds]\n", "[rounds]\nextra = 1\n"),
        (
            "\n[[schema.feature]]\nname = \"carrier\"",
            "\n[schema]\nextra = 1\n[[schema.feature]]\nname = \"carrier\"",
        ),
        ("name = \"delay\"\n", "name = \"delay\"\nextra = 1\n"),
        ("[reference.counts]\n", "[reference]\nextra = 1\n[reference.counts]\n"),
    ] {
        refuses!(read(&edit(from, to)), PolicyError::Syntax { .. }, "unknown field `extra`");
    }
}

/// Every key that must be there, taken away in turn.
#[test]
fn missing_keys_are_named() {
    for (line, key, table) in [
        ("protocol = 1\n", "protocol", ""),
        ("geometry = \"compact\"\n", "geometry", ""),
        ("chain_id = 16601\n", "chain_id", "vault"),
        ("address = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"\n", "address", "vault"),
        ("subnet = \"new-york-flights\"\n", "subnet", "vault"),
        ("epoch = 4\n", "epoch", "vault"),
        ("pool = \"1000000000000000000000000\"\n", "pool", "vault"),
        ("compute = 7\n", "compute", "weights"),
        ("data = 3\n", "data", "weights"),
        ("lambda = \"0.1\"\n", "lambda", "data"),
        ("pseudo_count = 2\n", "pseudo_count", "data"),
        ("min_records = 100\n", "min_records", "data"),
        ("weighting = \"records-divergence\"\n", "weighting", "data"),
        ("lambda = \"0.01\"\n", "lambda", "compute"),
        ("first = 10\n", "first", "rounds"),
        ("count = 3\n", "count", "rounds"),
        ("name = \"delay\"\n", "name", "schema.feature"),
        ("kind = \"numeric\"\n", "kind", "schema.feature"),
    ] {
        let missing = format!("missing field `{key}`");
        refuses!(read(&edit(line, "")), PolicyError::Syntax { .. }, &missing, table, "line");
    }
}

#[test]
fn wrong_types_are_located() {
    let text = edit("chain_id = 16601", "chain_id = \"16601\"");
    refuses!(read(&text), PolicyError::Syntax { .. }, "`vault.chain_id` (line 6, column 12)", "expected u64");
    let text = edit("weighting = \"records-divergence\"", "weighting = \"entropy\"");
    refuses!(
        read(&text),
        PolicyError::Syntax { .. },
        "`data.weighting`",
        "`entropy`",
        "`records-divergence`"
    );
    let text = edit("kind = \"numeric\"", "kind = \"ordinal\"");
    refuses!(read(&text), PolicyError::Syntax { .. }, "`schema.feature.kind`", "line 37", "`ordinal`");
    let text = edit("count = 3", "count = 3.0");
    refuses!(read(&text), PolicyError::Syntax { .. }, "`rounds.count`", "3.0", "u64");
    let text = edit("edges = [-5, 0.5, 30]", "edges = [-5, 9007199254740993]");
    refuses!(read(&text), PolicyError::Syntax { .. }, "`schema.feature.edges`", "2^53");
    let text = edit("carrier = [10, 20, 30, 0]", "carrier = [10, -20, 30, 0]");
    refuses!(read(&text), PolicyError::Syntax { .. }, "`reference.counts.carrier`", "-20");
}

#[test]
fn only_version_one_of_policies_is_read() {
    refuses!(
        read(&edit("protocol = 1", "protocol = 2")),
        PolicyError::Version { found: 2, .. },
        "`protocol` (line 2",
        "2 is not 1"
    );
}

#[test]
fn an_unknown_geometry_is_told_the_known_ones() {
    let text = edit("\"compact\"", "\"huge\"");
    refuses!(
        read(&text),
        PolicyError::Geometry { .. },
        "`geometry` (line 3",
        "\"huge\"",
        "one of \"compact\", \"standard\", \"large\""
    );
}

#[test]
fn a_chain_has_an_identifier() {
    refuses!(
        read(&edit("16601", "0")),
        PolicyError::Rule { source: RuleError::ChainId, .. },
        "`vault.chain_id` (line 6",
        "1 or more"
    );
}

#[test]
fn a_vault_has_an_address() {
    let text = edit("0x5aAeb6", "0x5AAeb6");
    refuses!(read(&text), PolicyError::Address { .. }, "`vault.address` (line 7", "write `0x5aAeb6053F3E");
    let text = edit("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &format!("0x{}", "0".repeat(40)));
    refuses!(
        read(&text),
        PolicyError::Rule { source: RuleError::VaultAddress, .. },
        "`vault.address` (line 7",
        "zero address"
    );
}

#[test]
fn a_subnet_has_a_printable_name() {
    let long = "x".repeat(65);
    for name in ["", " a", "a ", "a\\tb", "a\\u0000", "Zürich", &long] {
        let text = edit("new-york-flights", name);
        refuses!(
            read(&text),
            PolicyError::Rule { source: RuleError::Subnet { .. }, .. },
            "`vault.subnet` (line 8",
            "1 to 64 printable ASCII"
        );
    }
    assert!(read(&edit("new-york-flights", &long[1..])).is_ok());
    assert!(read(&edit("new-york-flights", "New York")).is_ok());
}

#[test]
fn a_pool_is_a_positive_number_of_base_units() {
    let pool = "\"1000000000000000000000000\"";
    for (written, value) in
        [("7", 7), ("\"7\"", 7), ("\"340282366920938463463374607431768211455\"", u128::MAX)]
    {
        assert_eq!(read(&edit(pool, written)).unwrap().vault().pool, value);
    }
    refuses!(
        read(&edit(pool, "0")),
        PolicyError::Rule { source: RuleError::Pool, .. },
        "`vault.pool` (line 10",
        "1 or more"
    );
    for written in ["-1", "\"\"", "\"+7\"", "\"1e3\"", "1.5", "\"340282366920938463463374607431768211456\""] {
        refuses!(
            read(&edit(pool, written)),
            PolicyError::Syntax { .. },
            "`vault.pool` (line 10",
            "whole number below 2^128"
        );
    }
}

#[test]
fn weights_are_seven_to_three() {
    let text = edit("compute = 7", "compute = 6");
    refuses!(
        read(&text),
        PolicyError::Weight { found: 6, required: 7, .. },
        "`weights.compute` (line 13",
        "7 : 3"
    );
    let text = edit("data = 3", "data = 4");
    refuses!(
        read(&text),
        PolicyError::Weight { found: 4, required: 3, .. },
        "`weights.data` (line 14",
        "7 : 3"
    );
}

#[test]
fn decay_constants_are_decimals() {
    refuses!(read(&edit("\"0.1\"", "\"1e-1\"")), PolicyError::Decay { .. }, "`data.lambda` (line 17", "1e-1");
    refuses!(read(&edit("\"0.01\"", "\"0\"")), PolicyError::Decay { .. }, "`compute.lambda` (line 24", "0");
}

#[test]
fn compute_fades_more_slowly_than_data() {
    for lambda in ["0.1", "0.10", "0.2"] {
        let text = edit("\"0.01\"", &format!("\"{lambda}\""));
        refuses!(
            read(&text),
            PolicyError::Rule { source: RuleError::DecayOrder { .. }, .. },
            "`compute.lambda` (line 24",
            "`data.lambda`, 0.1"
        );
    }
    assert!(read(&edit("\"0.01\"", "\"0.0999999999999999999999999\"")).is_ok());
}

#[test]
fn small_numbers_are_between_one_and_2_to_the_32() {
    for (line, key) in
        [("pseudo_count = 2", "`data.pseudo_count`"), ("min_records = 100", "`data.min_records`")]
    {
        let name = line.split(' ').next().unwrap();
        for value in ["0", "4294967296"] {
            let text = edit(line, &format!("{name} = {value}"));
            refuses!(
                read(&text),
                PolicyError::OutOfRange { .. } | PolicyError::Rule { .. },
                key,
                value,
                "1 to 4294967295"
            );
        }
    }
    assert!(read(&edit("min_records = 100", "min_records = 4294967295")).is_ok());
}

#[test]
fn a_cap_goes_with_its_weighting() {
    let text = edit("cap = \"0.05\"\n", "");
    refuses!(read(&text), PolicyError::MissingCap { .. }, "`data.weighting` (line 20", "cap = \"0.05\"");
    let text = edit("\"records-divergence\"", "\"divergence\"");
    refuses!(read(&text), PolicyError::UnusedCap { .. }, "`data.cap` (line 21", "remove this line");
    refuses!(read(&edit("\"0.05\"", "\"-1\"")), PolicyError::Cap { .. }, "`data.cap` (line 21", "-1");
    refuses!(
        read(&edit("\"0.05\"", "\"0.0\"")),
        PolicyError::Rule { source: RuleError::Cap, .. },
        "`data.cap` (line 21",
        "from 2^-48"
    );
}

#[test]
fn rounds_are_between_two_and_the_geometrys() {
    // With data's λ at 0.1 the last of 1,024 rounds would be paid by rounding.
    let with = |count: u64| {
        read(
            &edit("count = 3", &format!("count = {count}")).replace("lambda = \"0.1\"", "lambda = \"0.011\""),
        )
    };
    assert_eq!([2, 1024].map(|count| with(count).unwrap().rounds()), [2, 1024]);
    for (count, part) in [(0, "takes no data"), (1, "takes no data"), (1025, "larger geometry")] {
        refuses!(
            with(count),
            PolicyError::Rule { source: RuleError::RoundCount { bound: 1024, .. }, .. },
            "`rounds.count` (line 28",
            &format!("{count} rounds, but geometry `compact` covers 2 to 1024"),
            part
        );
    }
}

#[test]
fn a_last_round_is_paid_by_more_than_rounding() {
    let with = |count: u64, compute: &str| {
        read(&edit("count = 3", &format!("count = {count}")).replace("\"0.01\"", &format!("\"{compute}\"")))
    };
    assert!(with(167, "0.01").is_ok());
    refuses!(
        with(168, "0.01"),
        PolicyError::Rule { source: RuleError::DataFaded(_), .. },
        "`data.lambda` (line 17",
        "the last of 168 rounds counts for less than 2^-24 of the first",
        "at most 167 rounds"
    );
    refuses!(
        with(200, "0.09"),
        PolicyError::Rule { source: RuleError::ComputeFaded(_), .. },
        "`compute.lambda` (line 24",
        "choose a λ of at most 0.08"
    );
}

/// Of the features' bins 3 and 5 occur: chance gives 3 nats, as much as 60 records at the cap of 0.05.
#[test]
fn the_fewest_records_could_weigh_something() {
    let with = |least: u32, cap: &str| {
        read(&edit("min_records = 100", &format!("min_records = {least}")).replace("0.05", cap))
    };
    assert!(with(61, "0.05").is_ok());
    for (least, cap, needed) in [(60, "0.05", "ask for 61"), (1, "0.05", "ask for 61"), (3, "1", "ask for 4")]
    {
        refuses!(
            with(least, cap),
            PolicyError::Rule { source: RuleError::NeverWeighs { .. }, .. },
            "`data.min_records` (line 19",
            needed
        );
    }
    assert!(with(1, "3.1").is_ok());
    let divergence = edit("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"");
    assert!(read(&divergence.replace("min_records = 100", "min_records = 1")).is_ok());
    refuses!(
        with(1, "32768.1"),
        PolicyError::Rule { source: RuleError::Cap, .. },
        "`data.cap` (line 21",
        "to 32768 nats"
    );
}

#[test]
fn the_last_round_has_a_number() {
    let with = |first: u64| edit("first = 10", &format!("first = {first}"));
    let policy = read(&with(i64::MAX as u64)).unwrap();
    assert_eq!(policy.last_round(), i64::MAX as u64 + 2);
}

#[test]
fn lists_have_exactly_one_form() {
    let hash = format!("\"0x{}\"", "1".repeat(64));
    let table = "[reference.counts]\ncarrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]";
    for (reference, problem) in [
        (String::new(), "neither the values nor a file"),
        ("file = \"a\"".to_owned(), "a file without its hash"),
        (format!("hash = {hash}"), "a hash without its file"),
        (format!("file = \"a\"\nhash = {hash}\n{table}"), "both the values and a file"),
    ] {
        let text = edit(table, &format!("[reference]\n{reference}"));
        refuses!(read(&text), PolicyError::Form { .. }, "`reference` (line 40", problem, "either `counts`");
    }
}

#[test]
fn files_stay_below_the_policy() {
    for file in ["", "/etc/hosts", "../reference.json", "a/../../reference.json", "./reference.json"] {
        let text = with_reference_file(REFERENCE_JSON).replace("reference.json", file);
        refuses!(
            read_with(&text, REFERENCE_JSON),
            PolicyError::SidePath { .. },
            "`reference.file` (line 41",
            "relative path"
        );
    }
    let text = with_reference_file(REFERENCE_JSON).replace("reference.json", "lists/reference.json");
    assert!(read_with(&text, REFERENCE_JSON).is_ok());
}

#[test]
fn a_file_must_be_the_one_that_was_meant() {
    let text = with_reference_file(REFERENCE_JSON);
    refuses!(read(&text), PolicyError::SideFile { .. }, "`reference.file` (line 41", "no reference.json");
    for other in [REFERENCE_JSON.replace("30", "31"), "{}".to_owned()] {
        refuses!(
            read_with(&text, &other),
            PolicyError::HashMismatch { .. },
            "`reference.file` (line 41",
            "`reference.json`",
            "keccak256 0x"
        );
    }
    let short = text.replace("hash = \"0x", "hash = \"0x0");
    refuses!(
        read_with(&short, REFERENCE_JSON),
        PolicyError::Hash { .. },
        "`reference.hash` (line 42",
        "64 hexadecimal digits"
    );
}

#[test]
fn features_have_the_keys_of_their_kind() {
    let categorical = "labels = [\"UA\", \"B6\"]";
    for keys in ["", "edges = [1]", "labels = [\"UA\"]\nedges = [1]"] {
        let text = edit(categorical, keys);
        refuses!(
            read(&text),
            PolicyError::FeatureKeys { .. },
            "`schema.feature[0].kind` (line 32",
            "`labels` and no"
        );
    }
    let text = edit("edges = [-5, 0.5, 30]", "labels = [\"a\"]");
    refuses!(
        read(&text),
        PolicyError::FeatureKeys { .. },
        "`schema.feature[1].kind` (line 37",
        "`edges` and no"
    );
}

#[test]
fn features_make_a_schema() {
    refuses!(
        read(&edit("\"B6\"]", "\"UA\"]")),
        PolicyError::Schema { source: SchemaError::DuplicateLabel { .. }, .. },
        "`schema.feature[0]` (line 30",
        "label `UA` twice"
    );
    for edges in ["[0, 0]", "[1, 0]", "[0, nan]", "[0, inf]"] {
        refuses!(
            read(&edit("[-5, 0.5, 30]", edges)),
            PolicyError::Schema { source: SchemaError::UnsortedEdges { index: 1, .. }, .. },
            "`schema.feature[1]` (line 35",
            "edge 1"
        );
    }
    refuses!(
        read(&edit("\"delay\"", "\"carrier\"")),
        PolicyError::Schema { source: SchemaError::DuplicateFeature { .. }, .. },
        "`schema.feature[1]` (line 35"
    );
    let many: Vec<_> = (0..2000).collect();
    refuses!(
        read(&edit("[-5, 0.5, 30]", &format!("{many:?}"))),
        PolicyError::Schema { source: SchemaError::TooManySymbols { .. }, .. },
        "`schema.feature` (line",
        "larger geometry"
    );
    let tables = &POLICY[POLICY.find("[[").unwrap()..POLICY.find("[reference").unwrap()];
    refuses!(
        read(&edit(tables, "[schema]\nfeature = []\n")),
        PolicyError::Schema { source: SchemaError::Empty, .. },
        "`schema.feature` (line 31"
    );
}

#[test]
fn reference_counts_fit_the_schema() {
    let counts = "delay = [1, 2, 3, 4, 5]";
    for (line, part) in [
        ("", "no counts for feature `delay`"),
        ("delay = [1, 2, 3, 4]", "has 4 counts for 5 bins"),
        ("delay = [1, 2, 3, 4, 5]\nair = [1]", "counts for `air`"),
        ("delay = [1, 2, 4294967294, 4, 5]", "feature `delay`, bin 2: count 4294967294"),
        ("delay = [4294967290, 0, 0, 0, 0]", "smoothed counts add up to 4294967300"),
    ] {
        refuses!(
            read(&edit(counts, line)),
            PolicyError::Rule { source: RuleError::Reference(_), .. },
            "`reference.counts` (line 40",
            part
        );
    }
}

#[test]
fn reference_files_are_checked() {
    let file = REFERENCE_JSON.replace("\"delay\"", "\"carrier\"");
    refuses!(
        read_with(&with_reference_file(&file), &file),
        PolicyError::ReferenceFile { source: ReferenceFileError::Json(_), .. },
        "`reference.file` (line 41",
        "feature `carrier` stands twice"
    );
    let file = REFERENCE_JSON.replace("{\"counts\"", "{\"extra\": 1, \"counts\"");
    refuses!(
        read_with(&with_reference_file(&file), &file),
        PolicyError::ReferenceFile { source: ReferenceFileError::Json(_), .. },
        "unknown field `extra`"
    );
}

#[test]
fn files_above_their_bounds_are_not_parsed() {
    let policy = format!("{POLICY}#{}", "x".repeat(MAX_POLICY_BYTES as usize));
    refuses!(
        read(&policy),
        PolicyError::TooLarge { bound: MAX_POLICY_BYTES, .. },
        "the policy",
        "1048576 bytes"
    );
    let side = "x".repeat(MAX_SIDE_FILE_BYTES as usize + 1);
    refuses!(
        read_with(&with_reference_file(""), &side),
        PolicyError::TooLarge { bound: MAX_SIDE_FILE_BYTES, .. },
        "`reference.file`",
        "`reference.json`"
    );
}

proptest! {
    /// Bytes put in, taken out and changed, so that most of the text stays a policy.
    #[test]
    fn a_mutated_policy_is_read_or_refused(
        edits in proptest::collection::vec((0..POLICY.len(), 0..8usize, "[ -~\n\u{e9}]{0,6}"), 1..4),
    ) {
        let mut text = POLICY.to_owned();
        for (start, length, put) in edits {
            let start = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (start + length..).find(|at| *at >= text.len() || text.is_char_boundary(*at)).unwrap();
            text.replace_range(start..end.min(text.len()), &put);
        }
        if let Err(error) = read_with(&text, REFERENCE_JSON) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn any_side_file_is_read_or_refused(content in "[a-z0-9,\"\n\r{}:\\[\\]]{0,40}") {
        let _ = read_with(&with_reference_file(&content), &content);
        let counts = format!("{{\"counts\": {content}");
        let _ = read_with(&with_reference_file(&counts), &counts);
    }
}
