//! All errors of a file are told at once, each at its place, and none that follows from another.

use fairshare_formats::policy::{MAX_ERRORS, PolicyErrors, PolicyFault};

use crate::fixture::{POLICY, REFERENCE_JSON, edit, read, read_with, with_reference_file};

/// The policy with all of these edits.
fn edit_all(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(POLICY.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}`");
        text.replace(from, to)
    })
}

/// The location of every error, in the order in which they are told.
fn places(text: &str) -> Vec<String> {
    places_of(&read(text).expect_err("a refusal"))
}

fn places_of(errors: &PolicyErrors) -> Vec<String> {
    errors.errors().map(|error| error.location().to_string()).collect()
}

#[test]
fn all_errors_are_told_in_the_order_of_the_file() {
    let text = edit_all(&[
        ("\"compact\"", "\"huge\""),
        ("16601", "0"),
        ("settlement = \"claims\"\n", ""),
        ("\"0.1\"", "1e-1"),
        ("evidence = true", "evidence = 1\nlamda = 3"),
        ("count = 3", "count = -3"),
        ("\"numeric\"", "\"ordinal\""),
        ("[10, 20, 30, 0]", "[10, 20.5, -30, 0]"),
    ]);
    let errors = read(&text).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "10 errors:\n  \
         `geometry` (line 3, column 12): \"huge\" is not one of \"compact\", \"standard\", \"large\"\n  \
         `vault.settlement` (line 6, column 1): this key is missing; add it to `[vault]`, for \
         example `settlement = \"claims\"`\n  \
         `vault.chain_id` (line 7, column 12): the chain id is 0; give the number of the vault's chain\n  \
         `data.lambda` (line 15, column 10): λ is not a decimal: \"1e-1\" is not a plain decimal: write \
         digits, or digits, one point and digits, without sign or exponent\n  \
         `data.evidence` (line 20, column 12): expected true or false, found integer\n  \
         `data.lamda` (line 21, column 1): unknown key; did you mean `lambda`?\n  \
         `rounds.count` (line 28, column 9): -3 is not a whole number from 0 to 4294967295\n  \
         `schema.feature[1].kind` (line 39, column 8): \"ordinal\" is not one of \"categorical\", \
         \"numeric\", \"crossed\"\n  \
         `reference.counts.carrier[1]` (line 43, column 16): 20.5 is not a whole number from 0 to \
         18446744073709551615\n  \
         `reference.counts.carrier[2]` (line 43, column 22): -30 is not a whole number from 0 to \
         18446744073709551615"
    );
    assert!(std::error::Error::source(&errors).is_none(), "the causes are told already");
}

#[test]
fn one_error_is_told_on_one_line_with_its_causes() {
    let errors = read(&edit("\"insecure-development\"", "\"0x\\nab\"")).unwrap_err();
    let told = "`parameters` (line 4, column 14): give the fingerprint of the parameters, which `fairshare \
                params inspect` prints, or \"insecure-development\": `0x\\nab` is not 0x followed by 64 \
                hexadecimal digits";
    assert_eq!(errors.to_string(), told);
    let error = errors.errors().next().expect("an error");
    assert!(matches!(error.fault(), PolicyFault::Parameters(_)));
    assert!(std::error::Error::source(error).is_some());
}

/// Each rule is asked for though something else is refused.
#[test]
fn rules_are_judged_beside_values_that_are_refused() {
    let broken = ("epoch = 4", "epoch = false");
    for (from, to, place) in [
        ("16601", "0", "`vault.chain_id`"),
        ("\"1000000000000000000000000\"", "0", "`vault.pool`"),
        ("new-york-flights", " x", "`vault.subnet`"),
        ("pseudo_count = 2", "pseudo_count = 0", "`data.pseudo_count`"),
        ("min_records = 100", "min_records = 0", "`data.min_records`"),
        ("min_records = 100", "min_records = 1", "`data.min_records`"),
        ("\"0.05\"", "0", "`data.cap`"),
        ("evidence = true", "evidence = true\nfirst_round = 11", "`data.first_round`"),
        ("\"0.1\"", "99", "`data.lambda`"),
        ("\"0.01\"", "99", "`compute.lambda`"),
        ("count = 3", "count = 1", "`rounds.count`"),
        ("first = 10", "first = 18446744073709551615", "`rounds.first`"),
        ("[1, 2, 3, 4, 5]", "[1, 2, 3, 4]", "`reference.counts.delay`"),
    ] {
        let places = places(&edit_all(&[broken, (from, to)]));
        assert!(places.iter().any(|found| found.starts_with(place)), "{to}: {places:?}");
        assert_eq!(places.iter().filter(|found| found.starts_with("`vault.epoch`")).count(), 1, "{places:?}");
    }
}

/// What follows from something that is refused is not told: the one mistake is.
#[test]
fn nothing_is_told_that_follows_from_another_error() {
    let refused = [
        // Neither the rounds' number nor the alphabet is judged without a geometry.
        ("\"compact\"", "\"huge\"", "`geometry`"),
        ("count = 3", "count = \"x\"", "`rounds.count`"),
        ("first = 10", "first = \"x\"", "`rounds.first`"),
        ("\"0.1\"", "\"x\"", "`data.lambda`"),
        ("\"0.01\"", "\"x\"", "`compute.lambda`"),
        ("pseudo_count = 2", "pseudo_count = \"x\"", "`data.pseudo_count`"),
        ("min_records = 100", "min_records = \"x\"", "`data.min_records`"),
        ("\"0.05\"", "\"x\"", "`data.cap`"),
        ("\"records-divergence\"", "\"x\"", "`data.weighting`"),
        ("\"claims\"", "\"x\"", "`vault.settlement`"),
        ("\"1000000000000000000000000\"", "\"x\"", "`vault.pool`"),
        ("evidence = true", "evidence = true\nfirst_round = \"x\"", "`data.first_round`"),
        ("\"categorical\"", "\"x\"", "`schema.feature[0].kind`"),
        ("name = \"delay\"", "name = 7", "`schema.feature[1].name`"),
        ("[-5, 0.5, 30]", "[-5, 0.5, \"x\"]", "`schema.feature[1].edges[2]`"),
        ("[10, 20, 30, 0]", "[10, 20, 30, \"x\"]", "`reference.counts.carrier[3]`"),
        ("[10, 20, 30, 0]", "7", "`reference.counts.carrier`"),
    ];
    for (from, to, place) in refused {
        let places = places(&edit(from, to));
        assert!(places.len() == 1 && places[0].starts_with(place), "{to}: {places:?}");
    }
    // Two rounds too few, each rule beside it in order: rounds that are wrong fade into nothing else.
    assert_eq!(places(&edit("count = 3", "count = 4294967295")).len(), 1);
    // A crossed feature may name the one that is refused; so may the reference's counts.
    let crossed = "[[schema.feature]]\nname = \"both\"\nkind = \"crossed\"\nof = [\"carrier\", \"delay\"]\n\
                   [reference.counts]";
    let text = edit_all(&[("[reference.counts]", crossed), ("\"numeric\"", "\"x\"")]);
    assert_eq!(places(&text), ["`schema.feature[1].kind` (line 39, column 8)"]);
}

#[test]
fn a_large_alphabet_is_not_judged_without_a_geometry() {
    let many: Vec<_> = (0..40_000).collect();
    let text = edit_all(&[("[-5, 0.5, 30]", &format!("{many:?}")), ("\"compact\"", "\"huge\"")]);
    assert_eq!(places(&text), ["`geometry` (line 3, column 12)"]);
}

/// The faults of every feature, and not only the first.
#[test]
fn every_feature_is_judged_by_itself() {
    let text = edit_all(&[
        ("\"B6\"]", "\"UA\"]"),
        ("[-5, 0.5, 30]", "[-5, 30, 0.5]\n[[schema.feature]]\nname = \"z\"\nkind = \"numeric\"\nedges = []"),
    ]);
    assert_eq!(
        places(&text),
        [
            "`schema.feature[0].labels` (line 35, column 10)",
            "`schema.feature[1].edges[2]` (line 40, column 18)",
            "`schema.feature[2].edges` (line 44, column 9)",
        ]
    );
}

#[test]
fn other_versions_are_refused_before_anything_else() {
    for (broken, version) in [("", "1"), ("epoch = \n", "\"1\""), ("[weights]\ncompute = 7\n", "0x1")] {
        let text = edit_all(&[
            ("protocol = 2", &format!("protocol = {version}")),
            ("[data]", &format!("{broken}[dat]")),
        ]);
        let errors = read(&text).unwrap_err().to_string();
        assert_eq!(
            errors,
            "`protocol` (line 2, column 12): 1 is not 2, the version of policies that this program reads; \
             version 1 was never released: write 2, remove `[weights]`, put `rounds.count` in place of \
             `rounds.totals`, and add `parameters`, \
             `vault.registry`, `vault.settlement`, `rounds.ends_by`, `rounds.proving_seconds` and \
             `data.evidence`"
        );
    }
    let errors = read("protocol = 3").unwrap_err().to_string();
    assert!(errors.ends_with("3 is not 2, the version of policies that this program reads"), "{errors}");
}

#[test]
fn weights_are_told_why_they_go() {
    let errors = read(&edit("[compute]", "[weights]\ncompute = 7\ndata = 3\n[compute]")).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "`weights` (line 23, column 2): unknown key; the protocol fixes compute : data = 7 : 3, so a policy \
         has no weights: remove this table"
    );
}

#[test]
fn unknown_keys_are_named_with_the_closest() {
    for (key, hint) in [
        ("lamda", "did you mean `lambda`?"),
        ("min_record", "did you mean `min_records`?"),
        ("wieghting", "did you mean `weighting`?"),
        ("cpa", "did you mean `cap`?"),
        ("Cap", "did you mean `cap`?"),
        (
            "x",
            "the keys here are `lambda`, `pseudo_count`, `min_records`, `weighting`, `cap`, `first_round`, \
             `evidence`",
        ),
        ("\"a\\u0007b\"", "the keys here are"),
    ] {
        let errors = read(&edit("evidence = true", &format!("{key} = 1\nevidence = true"))).unwrap_err();
        assert!(matches!(errors.errors().next().unwrap().fault(), PolicyFault::UnknownKey { .. }));
        let told = errors.to_string();
        assert!(told.contains(&format!("(line 21, column 1): unknown key; {hint}")), "{told}");
        assert!(!told.contains('\u{7}'));
    }
    // One key too many in each table but the reference's counts, whose keys are the features.
    for (from, to, key) in [
        ("protocol = 2\n", "protocol = 2\nextra = 1\n", "`extra` (line 3, column 1)"),
        ("[vault]\n", "[vault]\nextra = 1\n", "`vault.extra` (line 7, column 1)"),
        ("[data]\n", "[data]\nextra = 1\n", "`data.extra` (line 16, column 1)"),
        ("[compute]\n", "[compute]\nextra = 1\n", "`compute.extra` (line 24, column 1)"),
        ("[rounds]\n", "[rounds]\nextra = 1\n", "`rounds.extra` (line 27, column 1)"),
        (
            "\n[[schema.feature]]\nname = \"carrier\"",
            "\n[schema]\nextra = 1\n[[schema.feature]]\nname = \"carrier\"",
            "`schema.extra` (line 33, column 1)",
        ),
        (
            "name = \"delay\"\n",
            "name = \"delay\"\nextra = 1\n",
            "`schema.feature[1].extra` (line 39, column 1)",
        ),
        (
            "[reference.counts]\n",
            "[reference]\nextra = 1\n[reference.counts]\n",
            "`reference.extra` (line 43, column 1)",
        ),
    ] {
        assert_eq!(places(&edit(from, to)), [key], "{to}");
    }
}

/// Every key that must be there, taken away in turn.
#[test]
fn missing_keys_are_named_at_their_tables() {
    for (line, place, table) in [
        ("protocol = 2\n", "`protocol`", "the top, before the first table"),
        ("geometry = \"compact\"\n", "`geometry`", "the top, before the first table"),
        ("parameters = \"insecure-development\"\n", "`parameters`", "the top, before the first table"),
        ("chain_id = 16601\n", "`vault.chain_id` (line 6, column 1)", "`[vault]`"),
        (
            "address = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"\n",
            "`vault.address` (line 6, column 1)",
            "`[vault]`",
        ),
        (
            "registry = \"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb\"\n",
            "`vault.registry` (line 6, column 1)",
            "`[vault]`",
        ),
        ("settlement = \"claims\"\n", "`vault.settlement` (line 6, column 1)", "`[vault]`"),
        ("subnet = \"new-york-flights\"\n", "`vault.subnet` (line 6, column 1)", "`[vault]`"),
        ("epoch = 4\n", "`vault.epoch` (line 6, column 1)", "`[vault]`"),
        ("pool = \"1000000000000000000000000\"\n", "`vault.pool` (line 6, column 1)", "`[vault]`"),
        ("lambda = \"0.1\"\n", "`data.lambda` (line 15, column 1)", "`[data]`"),
        ("pseudo_count = 2\n", "`data.pseudo_count` (line 15, column 1)", "`[data]`"),
        ("min_records = 100\n", "`data.min_records` (line 15, column 1)", "`[data]`"),
        ("weighting = \"records-divergence\"\n", "`data.weighting` (line 15, column 1)", "`[data]`"),
        ("evidence = true\n", "`data.evidence` (line 15, column 1)", "`[data]`"),
        ("lambda = \"0.01\"\n", "`compute.lambda` (line 23, column 1)", "`[compute]`"),
        ("first = 10\n", "`rounds.first` (line 26, column 1)", "`[rounds]`"),
        ("count = 3\n", "`rounds.count` (line 26, column 1)", "`[rounds]`"),
        ("ends_by = 2027-01-01T00:00:00Z\n", "`rounds.ends_by` (line 26, column 1)", "`[rounds]`"),
        ("proving_seconds = 604800\n", "`rounds.proving_seconds` (line 26, column 1)", "`[rounds]`"),
        ("name = \"delay\"\n", "`schema.feature[1].name` (line 37, column 1)", "this `[[schema.feature]]`"),
        ("kind = \"numeric\"\n", "`schema.feature[1].kind` (line 37, column 1)", "this `[[schema.feature]]`"),
    ] {
        let errors = read(&edit(line, "")).unwrap_err();
        assert!(matches!(errors.errors().next().unwrap().fault(), PolicyFault::MissingKey { .. }));
        let (key, _) = line.split_once(' ').unwrap();
        let told = format!("{place}: this key is missing; add it to {table}, for example `{key} = ");
        assert!(errors.to_string().starts_with(&told), "{errors}");
    }
}

/// By its name: there is no line to name.
#[test]
fn missing_tables_are_named() {
    let text = POLICY;
    let starts: Vec<_> = text.match_indices("\n[").map(|(at, _)| at + 1).chain([text.len()]).collect();
    let table = |name: &str| {
        let from = starts.iter().position(|at| text[*at..].starts_with(name)).unwrap();
        text.replace(&text[starts[from]..starts[from + 1]], "")
    };
    for (header, told) in [
        ("[vault]", "`vault`: this table is missing; add `[vault]` with `chain_id = 31337`, `address = \""),
        (
            "[data]",
            "`data`: this table is missing; add `[data]` with `lambda = \"0.01\"`, `pseudo_count = 1`, \
             `min_records = 1_000`, `weighting = \"records-divergence\"`, `evidence = false`; and `cap = \
             \"1.5\"` with weighting `records-divergence`",
        ),
        ("[compute]", "`compute`: this table is missing; add `[compute]` with `lambda = \"0.005\"`"),
        (
            "[rounds]",
            "`rounds`: this table is missing; add `[rounds]` with `first = 0`, `count = 365`, `ends_by = \
             2040-01-01T00:00:00Z`, `proving_seconds = 1_209_600`",
        ),
        (
            "[reference.counts]",
            "`reference`: this table is missing; add `[reference]` with `file` and `hash`, which `fairshare \
             policy reference` writes and prints, or `[reference.counts]` with a list of counts for each \
             feature",
        ),
    ] {
        let errors = read(&table(header)).unwrap_err();
        assert!(matches!(errors.errors().next().unwrap().fault(), PolicyFault::MissingTable { .. }));
        assert_eq!(errors.errors().len(), 1, "{errors}");
        assert!(errors.to_string().starts_with(told), "{errors}");
    }
    assert_eq!(
        places("protocol = 2\n[vault]\n"),
        [
            "`geometry`",
            "`parameters`",
            "`vault.chain_id` (line 2, column 1)",
            "`vault.address` (line 2, column 1)",
            "`vault.registry` (line 2, column 1)",
            "`vault.settlement` (line 2, column 1)",
            "`vault.subnet` (line 2, column 1)",
            "`vault.epoch` (line 2, column 1)",
            "`vault.pool` (line 2, column 1)",
        ]
        .iter()
        .map(ToString::to_string)
        .chain(["schema", "data", "reference", "rounds", "compute"].map(|table| format!("`{table}`")))
        .collect::<Vec<_>>()
    );
}

#[test]
fn tables_of_another_type_are_located() {
    let errors = read("protocol = 2\nvault = 3\ndata = [1]\nschema = { feature = 3 }\n").unwrap_err();
    let told = errors.to_string();
    for part in [
        "`vault` (line 2, column 9): expected a table, found integer",
        "`data` (line 3, column 8): expected a table, found array",
        "`schema.feature` (line 4, column 22): expected a list, found integer",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let text = edit(
        "[reference.counts]\ncarrier = [10, 20, 30, 0]\ndelay = [1, 2, 3, 4, 5]",
        "[reference]\ncounts = 3",
    );
    assert_eq!(places(&text), ["`reference.counts` (line 43, column 10)"]);
    let text = edit(
        "[[schema.feature]]\nname = \"carrier\"",
        "[schema]\nfeature = [1, {}]\n[[x]]\nname = \"carrier\"",
    );
    let places = places(&text);
    assert!(places.contains(&"`schema.feature[0]` (line 33, column 12)".to_owned()), "{places:?}");
}

/// Inline tables and dotted keys are tables as well.
#[test]
fn tables_may_be_written_in_any_form() {
    let text = edit_all(&[
        ("[compute]\nlambda = \"0.01\"\n", ""),
        (
            "[vault]",
            "compute = { lambda = 0.01 }\nrounds.first = 10\nrounds.count = 3\nrounds.proving_seconds = 7\n\
             [vault]",
        ),
        ("[rounds]\nfirst = 10\ncount = 3\nends_by = 2027-01-01T00:00:00Z\nproving_seconds = 604800\n", ""),
    ]);
    let errors = read(&text).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "`rounds.ends_by` (line 7, column 1): this key is missing; add it to `[rounds]`, for example \
         `ends_by = 2040-01-01T00:00:00Z`"
    );
    assert!(read(&text.replace("rounds.first", "rounds.ends_by = 0\nrounds.first")).is_ok());
}

#[test]
fn text_that_is_not_toml_is_located() {
    let line = |text: &str| places(text);
    assert_eq!(line(&edit("epoch = 4", "epoch = ")), ["line 12, column 9"]);
    assert_eq!(line(&edit("epoch = 4", "epoch = 4\nepoch = 5")), ["line 13, column 1"]);
    assert_eq!(line(&edit("epoch = 4", "epoch 4")), ["line 12, column 7"]);
    assert_eq!(line(&edit("[data]", "[data")), ["line 15, column 6"]);
    assert_eq!(line(&edit("[compute]", "[data]")).first().map(String::as_str), Some("line 23, column 2"));
    assert_eq!(line(&edit("\"0.1\"", "\"0.1")), ["line 16, column 14"]);
    // Which one is there twice is told, of a key and of a table.
    for (from, to, told) in [
        ("epoch = 4", "epoch = 4\nepoch = 5", "line 13, column 1: `epoch` stands there twice; join the two"),
        ("[compute]", "[data]\n[compute]", "`data` stands there twice; join the two, or remove one"),
    ] {
        let errors = read(&edit(from, to)).unwrap_err().to_string();
        assert!(errors.contains(told), "{errors}");
    }
    assert_eq!(line(&edit("2027-01-01T00:00:00Z", "2027-02-30T00:00:00Z")), ["line 29, column 11"]);
    assert_eq!(line(&edit("604800", "0604800")), ["line 30, column 19"]);
}

/// Every line that is not TOML is told, and whatever is wrong elsewhere; but not what is missing: it may be
/// what the parser could not read.
#[test]
fn lines_that_are_not_toml_are_told_with_everything_else() {
    let text = edit_all(&[
        ("16601", "01"),
        ("epoch = 4", "epoch = four"),
        ("\"claims\"", "\"credit\""),
        ("\"1000000000000000000000000\"", "0"),
        ("evidence = true", "evidense = true"),
        ("cap = \"0.05\"\n", ""),
        ("\"0.01\"", "\"0.01"),
        ("count = 3", "count = -3"),
        ("labels = [\"UA\", \"B6\"]", ""),
    ]);
    let errors = read(&text).unwrap_err();
    assert_eq!(
        places_of(&errors),
        [
            "line 7, column 12",
            "`vault.settlement` (line 10, column 14)",
            "line 12, column 9",
            "`data.evidense` (line 20, column 1)",
            "line 23, column 15",
            "`rounds.count` (line 27, column 9)",
        ],
        "{errors}"
    );
}

/// A text of lines that are all wrong: some are told, the others counted.
#[test]
fn no_more_errors_are_told_than_a_reader_reads() {
    let many = 5_000;
    let lines: String = (0..many).map(|line| format!("key{line} = 1\n")).collect();
    let errors = read(&edit("[vault]\n", &format!("{lines}[vault]\n"))).unwrap_err();
    assert_eq!((errors.errors().len(), errors.more()), (MAX_ERRORS, many - MAX_ERRORS));
    let told = errors.to_string();
    assert!(told.starts_with("5000 errors:\n  `key0` (line 6, column 1): unknown key"), "{told}");
    assert!(told.ends_with("\n  and 4900 more"), "{told}");
    // The first of the file, in its order.
    let expected: Vec<_> =
        (0..MAX_ERRORS).map(|key| format!("`key{key}` (line {}, column 1)", 6 + key)).collect();
    assert_eq!(places_of(&errors), expected);

    for line in ["= = =\n", "a\n", "a = 1\n", "]\n", "[[schema.feature]]\nx=1\n", "a = 0xggggg\n", "\u{e9}"] {
        let text = line.repeat((1 << 20) / line.len());
        let errors = read(&text).unwrap_err();
        assert!(errors.errors().len() <= MAX_ERRORS);
        assert!(errors.to_string().lines().count() <= MAX_ERRORS + 2);
    }
}

/// Names are the author's, and a name of half the text stands in every error of its list.
#[test]
fn names_of_any_length_make_messages_of_bounded_length() {
    let long = "x".repeat(400_000);
    let many = vec!["\"x\""; 100].join(", ");
    for (from, to, count) in [
        ("carrier = [10, 20, 30, 0]", format!("{long} = [{many}]"), MAX_ERRORS),
        ("carrier = [10, 20, 30, 0]", format!("carrier = [10, 20, 30, 0]\n{long} = [1]"), 1),
        ("name = \"delay\"", format!("name = \"{long}\""), 1),
        ("[\"UA\", \"B6\"]", format!("[\"{long}\", \"{long}\"]"), 1),
        ("\"compact\"", format!("\"{long}\""), 1),
        ("new-york-flights", long.clone(), 1),
        ("epoch = 4", format!("{long} = 4"), 2),
        ("epoch = 4", format!("epoch = \"{long}\""), 1),
        ("\"insecure-development\"", format!("\"{long}\""), 1),
    ] {
        let errors = read(&edit(from, &to)).unwrap_err();
        let told = errors.to_string();
        assert_eq!(errors.errors().len(), count, "{told:.2000}");
        for place in places_of(&errors) {
            assert!(place.chars().count() < 120, "{place:.200}");
        }
        let longest = told.lines().map(str::len).max();
        assert!(longest.is_some_and(|longest| longest < 1020), "{longest:?}: {told:.2000}");
    }
    let text = with_reference_file(REFERENCE_JSON).replace("reference.json", &long);
    assert!(read(&text).unwrap_err().to_string().len() < 1100);
}

/// A side file is asked for though something else is wrong, and its errors are told with the rest.
#[test]
fn a_side_file_is_judged_with_everything_else() {
    let text = with_reference_file(REFERENCE_JSON).replace("epoch = 4", "epoch = false");
    let errors = read_with(&text, &REFERENCE_JSON.replace("30", "31")).unwrap_err();
    assert_eq!(
        places_of(&errors),
        ["`vault.epoch` (line 12, column 9)", "`reference.file` (line 43, column 8)"],
        "{errors}"
    );
    let filed = REFERENCE_JSON.replace("[1, 2, 3, 4, 5]", "[1, 2]");
    let errors = read_with(&with_reference_file(&filed), &filed).unwrap_err();
    assert_eq!(places_of(&errors), ["`reference.file` (line 43, column 8)"], "{errors}");
}

/// As in registrations and tables: some editors begin a text with it.
#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert!(read(&format!("\u{feff}{POLICY}")).is_ok());
}
