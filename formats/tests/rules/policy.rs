//! What a policy may say, and what it is told when it may not.

use fairshare_formats::eip55::checksummed;
use fairshare_formats::policy::{MAX_POLICY_BYTES, MAX_SIDE_FILE_BYTES, PolicyError, PolicyFault};
use fairshare_formats::reference::ReferenceFileError;
use fairshare_params::Geometry;
use fairshare_params::policy::{NamedParameters, RuleError, Weighting};
use fairshare_params::rules::{DomainError, Settlement};
use fairshare_params::schema::SchemaError;
use proptest::prelude::*;

use crate::fixture::{POLICY, REFERENCE_JSON, edit, policy, read, read_with, with_reference_file};

/// Asserts that a policy is refused with this fault and no other, and that what is told has every one of the
/// parts.
macro_rules! refuses {
    ($result:expr, $fault:pat $(if $guard:expr)?, $($part:expr),+ $(,)?) => {{
        let errors = $result.unwrap_err();
        let told = errors.to_string();
        let [error] = errors.errors().collect::<Vec<_>>()[..] else { panic!("{told}") };
        assert!(matches!(error.fault(), $fault $(if $guard)?), "{error:?}");
        $(assert!(told.contains($part), "`{told}` lacks `{}`", $part);)+
    }};
}

pub(crate) use refuses;

#[test]
fn a_good_policy_says_what_it_says() {
    let policy = policy();
    assert_eq!(policy.geometry(), Geometry::COMPACT);
    let terms = policy.terms();
    assert_eq!((terms.chain_id, terms.epoch, terms.subnet.as_str()), (16601, 4, "new-york-flights"));
    let [vault, registry] = [terms.vault, terms.registry].map(|address| checksummed(&address).to_string());
    assert_eq!(vault, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    assert_eq!(registry, "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb");
    assert_eq!((terms.settlement, terms.pool), (Settlement::Claims, 10u128.pow(24)));
    assert_eq!((policy.data_decay().lambda(), policy.compute_decay().lambda()), ("0.1", "0.01"));
    assert_eq!((policy.pseudo_count(), terms.min_records, terms.evidence), (2, 100, true));
    let cap = ((1u128 << 48) * 5 / 100) as u64;
    assert_eq!(terms.weighting, Weighting::RecordsDivergence { cap });
    assert_eq!((terms.first_round, policy.rounds(), terms.last_round()), (10, 3, 12));
    assert_eq!((terms.data_first_round, terms.ends_by, terms.proving_seconds), (10, 1_798_761_600, 604_800));
    assert_eq!(policy.schema().len(), 2);
    assert_eq!((policy.parameters(), policy.rules_hash()), (NamedParameters::InsecureDevelopment, None));
}

#[test]
fn parameters_and_rules_hash_are_named_by_their_digests() {
    let digest = format!("0x{}", "a7".repeat(32));
    let named = read(&edit("insecure-development", &digest)).unwrap();
    assert_eq!(named.parameters(), NamedParameters::Digest(digest.parse().unwrap()));
    let told = read(&edit("[vault]", &format!("rules_hash = \"{digest}\"\n[vault]"))).unwrap();
    assert_eq!(told.rules_hash(), Some(digest.parse().unwrap()));
    for wrong in ["", "insecure", "Insecure-development", &digest[2..], &format!("{digest}00")] {
        refuses!(
            read(&edit("insecure-development", wrong)),
            PolicyFault::Parameters(_),
            "`parameters` (line 4, column 14): give the fingerprint",
            "`fairshare params inspect`",
            "\"insecure-development\""
        );
    }
    refuses!(
        read(&edit("[vault]", "rules_hash = \"insecure-development\"\n[vault]")),
        PolicyFault::Hash(_),
        "`rules_hash` (line 6, column 14)",
        "64 hexadecimal digits"
    );
}

#[test]
fn a_settlement_is_one_of_three() {
    for settlement in Settlement::ALL {
        let policy = read(&edit("\"claims\"", &format!("\"{settlement}\""))).unwrap();
        assert_eq!(policy.terms().settlement, settlement);
    }
    refuses!(
        read(&edit("\"claims\"", "\"contracts\"")),
        PolicyFault::Choice { .. },
        "`vault.settlement` (line 10, column 14)",
        "one of \"contract\", \"claims\", \"payments\""
    );
}

/// It begins with the epoch or before: then more of the past is paid for, and has faded more.
#[test]
fn a_data_window_may_begin_before_the_epoch() {
    let with =
        |first: u64| read(&edit("evidence = true", &format!("first_round = {first}\nevidence = true")));
    assert_eq!(with(10).unwrap().data_window(), 10..=12);
    assert_eq!(with(0).unwrap().data_window(), 0..=12);
    refuses!(
        with(11),
        PolicyFault::Rule(RuleError::Domain(DomainError::DataFirstRound { found: 11, first_round: 10 })),
        "`data.first_round` (line 21, column 15)",
        "after the epoch's first round, 10"
    );
    let early = edit("first = 10", "first = 1000");
    refuses!(
        read(&early.replace("evidence = true", "first_round = 0\nevidence = true")),
        PolicyFault::Rule(RuleError::DataFaded(_)),
        "`data.lambda` (line 16"
    );
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
    assert_eq!(read(&text).unwrap().terms().weighting, Weighting::Divergence);
}

#[test]
fn an_unknown_geometry_is_told_the_known_ones() {
    let text = edit("\"compact\"", "\"huge\"");
    refuses!(
        read(&text),
        PolicyFault::Choice { .. },
        "`geometry` (line 3",
        "\"huge\"",
        "one of \"compact\", \"standard\", \"large\""
    );
}

#[test]
fn a_chain_has_an_identifier() {
    refuses!(
        read(&edit("16601", "0")),
        PolicyFault::Rule(RuleError::Domain(DomainError::ChainId)),
        "`vault.chain_id` (line 7",
        "give the number of the vault's chain"
    );
}

#[test]
fn a_vault_has_an_address() {
    let text = edit("0x5aAeb6", "0x5AAeb6");
    refuses!(read(&text), PolicyFault::Address(_), "`vault.address` (line 8", "write `0x5aAeb6053F3E");
    let text = edit("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", &format!("0x{}", "0".repeat(40)));
    refuses!(
        read(&text),
        PolicyFault::Rule(RuleError::Domain(DomainError::Vault)),
        "`vault.address` (line 8",
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
            PolicyFault::Rule(RuleError::Domain(DomainError::Subnet { .. })),
            "`vault.subnet` (line 11",
            "1 to 64 printable ASCII"
        );
    }
    assert!(read(&edit("new-york-flights", &long[1..])).is_ok());
    assert!(read(&edit("new-york-flights", "New York")).is_ok());
}

#[test]
fn a_pool_is_zero_only_where_whatever_is_funded_is_paid() {
    let pool = "\"1000000000000000000000000\"";
    for settlement in [Settlement::Claims, Settlement::Payments] {
        let text = edit(pool, "0").replace("claims", settlement.name());
        refuses!(
            read(&text),
            PolicyFault::Rule(RuleError::Domain(DomainError::Pool { .. })),
            "`vault.pool` (line 13",
            "1 or more"
        );
    }
    assert_eq!(read(&edit(pool, "0").replace("claims", "contract")).unwrap().terms().pool, 0);
}

#[test]
fn compute_fades_more_slowly_than_data() {
    for lambda in ["0.1", "0.10", "0.2"] {
        let text = edit("\"0.01\"", &format!("\"{lambda}\""));
        refuses!(
            read(&text),
            PolicyFault::Rule(RuleError::DecayOrder { .. }),
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
                PolicyFault::Whole { .. } | PolicyFault::Rule(_),
                key,
                value,
                "to 4294967295"
            );
        }
    }
    assert!(read(&edit("min_records = 100", "min_records = 4294967295")).is_ok());
}

#[test]
fn a_cap_goes_with_its_weighting() {
    let text = edit("cap = \"0.05\"\n", "");
    refuses!(read(&text), PolicyFault::MissingCap, "`data.weighting` (line 19", "add `cap` to `[data]`");
    let text = edit("\"records-divergence\"", "\"divergence\"");
    refuses!(read(&text), PolicyFault::UnusedCap, "`data.cap` (line 20", "remove this line");
    refuses!(read(&edit("\"0.05\"", "\"-1\"")), PolicyFault::Cap(_), "`data.cap` (line 20", "-1");
    refuses!(
        read(&edit("\"0.05\"", "\"0.0\"")),
        PolicyFault::Rule(RuleError::Domain(DomainError::Cap { .. })),
        "`data.cap` (line 20",
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
            PolicyFault::Rule(RuleError::Domain(DomainError::Rounds { bound: 1024, .. })),
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
        PolicyFault::Rule(RuleError::DataFaded(_)),
        "`data.lambda` (line 16",
        "the last of 168 rounds counts for less than 2^-24 of the first",
        "at most 167 rounds"
    );
    // λ of compute is below that of data, so data has faded out where computing power has.
    let errors = with(200, "0.09").unwrap_err();
    let faults: Vec<_> = errors.errors().map(PolicyError::fault).collect();
    assert!(
        matches!(
            faults[..],
            [PolicyFault::Rule(RuleError::DataFaded(_)), PolicyFault::Rule(RuleError::ComputeFaded(_))]
        ),
        "{errors}"
    );
    assert_eq!(
        errors.to_string(),
        "2 errors:\n  \
         `data.lambda` (line 16, column 10): with λ = 0.1, the last of 200 rounds counts for less than 2^-24 \
         of the first: choose a λ of at most 0.083595639866, or at most 167 rounds\n  \
         `compute.lambda` (line 24, column 10): with λ = 0.09, the last of 200 rounds counts for less than \
         2^-24 of the first: choose a λ of at most 0.083595639866, or at most 185 rounds"
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
            PolicyFault::Rule(RuleError::NeverWeighs { .. }),
            "`data.min_records` (line 18",
            needed
        );
    }
    assert!(with(1, "3.1").is_ok());
    let divergence = edit("weighting = \"records-divergence\"\ncap = \"0.05\"", "weighting = \"divergence\"");
    assert!(read(&divergence.replace("min_records = 100", "min_records = 1")).is_ok());
    refuses!(
        with(1, "32768.1"),
        PolicyFault::Rule(RuleError::Domain(DomainError::Cap { .. })),
        "`data.cap` (line 20",
        "to 32768 nats"
    );
}

#[test]
fn the_last_round_has_a_number() {
    let with = |first: u64| edit("first = 10", &format!("first = {first}"));
    let policy = read(&with(i64::MAX as u64)).unwrap();
    assert_eq!(policy.terms().last_round(), i64::MAX as u64 + 2);
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
        refuses!(read(&text), PolicyFault::Form { .. }, "`reference` (line 42", problem, "either `counts`");
    }
}

#[test]
fn files_stay_below_the_policy() {
    for file in [
        "",
        "/etc/hosts",
        "../reference.json",
        "a/../../reference.json",
        "./reference.json",
        "a//reference.json",
        "a/./reference.json",
        "reference.json/",
        &"a".repeat(1025),
    ] {
        let text = with_reference_file(REFERENCE_JSON).replace("reference.json", file);
        refuses!(
            read_with(&text, REFERENCE_JSON),
            PolicyFault::SidePath { .. },
            "`reference.file` (line 43",
            "relative path"
        );
    }
    let text = with_reference_file(REFERENCE_JSON).replace("reference.json", "lists/reference.json");
    assert!(read_with(&text, REFERENCE_JSON).is_ok());
}

#[test]
fn a_file_must_be_the_one_that_was_meant() {
    let text = with_reference_file(REFERENCE_JSON);
    refuses!(read(&text), PolicyFault::SideFile { .. }, "`reference.file` (line 43", "no reference.json");
    for other in [REFERENCE_JSON.replace("30", "31"), "{}".to_owned()] {
        refuses!(
            read_with(&text, &other),
            PolicyFault::HashMismatch { .. },
            "`reference.file` (line 43",
            "`reference.json`",
            "keccak256 0x"
        );
    }
    let short = text.replace("hash = \"0x", "hash = \"0x0");
    refuses!(
        read_with(&short, REFERENCE_JSON),
        PolicyFault::Hash(_),
        "`reference.hash` (line 44",
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
            PolicyFault::FeatureKeys { .. },
            "`schema.feature[0].kind` (line 34",
            "`labels` and no"
        );
    }
    let text = edit("edges = [-5, 0.5, 30]", "labels = [\"a\"]");
    refuses!(
        read(&text),
        PolicyFault::FeatureKeys { .. },
        "`schema.feature[1].kind` (line 39",
        "`edges` and no"
    );
}

#[test]
fn features_make_a_schema() {
    refuses!(
        read(&edit("\"B6\"]", "\"UA\"]")),
        PolicyFault::Schema(SchemaError::DuplicateLabel { .. }),
        "`schema.feature[0].labels` (line 35, column 10)",
        "label `UA` twice"
    );
    for edges in ["[0, 0]", "[1, 0]"] {
        refuses!(
            read(&edit("[-5, 0.5, 30]", edges)),
            PolicyFault::Schema(SchemaError::UnsortedEdges { index: 1, .. }),
            "`schema.feature[1].edges[1]` (line 40, column 13)",
            "edge 1"
        );
    }
    refuses!(
        read(&edit("\"delay\"", "\"carrier\"")),
        PolicyFault::Schema(SchemaError::DuplicateFeature { .. }),
        "`schema.feature[1].name` (line 38, column 8)"
    );
    let many: Vec<_> = (0..2000).collect();
    refuses!(
        read(&edit("[-5, 0.5, 30]", &format!("{many:?}"))),
        PolicyFault::Schema(SchemaError::TooManySymbols { .. }),
        "`schema.feature` (line 32, column 1)",
        "larger geometry"
    );
    let tables = &POLICY[POLICY.find("[[").unwrap()..POLICY.find("[reference").unwrap()];
    refuses!(
        read(&edit(tables, "[schema]\nfeature = []\n")),
        PolicyFault::Schema(SchemaError::Empty),
        "`schema.feature` (line 33"
    );
}

#[test]
fn reference_counts_fit_the_schema() {
    let counts = "delay = [1, 2, 3, 4, 5]";
    let (all, own) =
        ("`reference.counts` (line 42, column 1)", "`reference.counts.delay` (line 44, column 9)");
    for (line, place, part) in [
        ("", all, "no counts for feature `delay`"),
        ("delay = [1, 2, 3, 4]", own, "has 4 counts for 5 bins"),
        (
            "delay = [1, 2, 3, 4, 5]\nair = [1]",
            "`reference.counts.air` (line 45, column 7)",
            "counts for `air`",
        ),
        ("delay = [1, 2, 4294967294, 4, 5]", own, "feature `delay`, bin 2: count 4294967294"),
        ("delay = [4294967290, 0, 0, 0, 0]", own, "smoothed counts add up to 4294967300"),
    ] {
        refuses!(read(&edit(counts, line)), PolicyFault::Rule(RuleError::Reference(_)), place, part);
    }
}

#[test]
fn reference_files_are_checked() {
    let file = REFERENCE_JSON.replace("\"delay\"", "\"carrier\"");
    refuses!(
        read_with(&with_reference_file(&file), &file),
        PolicyFault::ReferenceFile { source: ReferenceFileError::Json(_), .. },
        "`reference.file` (line 43",
        "feature `carrier` stands twice"
    );
    let file = REFERENCE_JSON.replace("{\"counts\"", "{\"extra\": 1, \"counts\"");
    refuses!(
        read_with(&with_reference_file(&file), &file),
        PolicyFault::ReferenceFile { source: ReferenceFileError::Json(_), .. },
        "unknown field `extra`"
    );
}

#[test]
fn files_above_their_bounds_are_not_parsed() {
    let policy = format!("{POLICY}#{}", "x".repeat(MAX_POLICY_BYTES as usize));
    refuses!(
        read(&policy),
        PolicyFault::TooLarge { bound: MAX_POLICY_BYTES },
        "policy: longer than 1048576 bytes"
    );
    let side = "x".repeat(MAX_SIDE_FILE_BYTES as usize + 1);
    refuses!(
        read_with(&with_reference_file(""), &side),
        PolicyFault::SideFileTooLarge { bound: MAX_SIDE_FILE_BYTES, .. },
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
