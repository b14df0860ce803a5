//! What is said of each kind of column, and what the draft makes of it.

use std::path::PathBuf;

use fairshare_draft::{DraftError, Finding, MAX_FILES, draft};
use fairshare_ingest::Given;
use fairshare_params::schema::Rule;

use super::support::*;

/// The draft of a column beside one that is always a feature.
fn with(name: &str, cell: impl Fn(usize) -> String) -> fairshare_draft::Drafted {
    drafted(&table(2_000, &[(name, &cell), ("x", &|record| random(99, record, 5_000).to_string())]))
        .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// Left out, for that alone.
fn is_left_out(name: &str, kind: &str, cell: impl Fn(usize) -> String) -> String {
    let drafted = with(name, cell);
    let found = said(&drafted, name);
    assert_eq!(found.iter().map(|finding| finding.name()).collect::<Vec<_>>(), [kind]);
    assert!(column(&drafted, name).is_none() && found[0].is_left_out());
    let remark = drafted.remarks.iter().find(|remark| remark.columns == [name]).expect("the remark");
    assert!(drafted.text.contains(&format!("# - `{name}`: ")), "{}", drafted.text);
    remark.to_string()
}

#[test]
fn numbers_that_look_like_categories() {
    let months = with("month", |record| (random(1, record, 12) + 1).to_string());
    assert_eq!(said(&months, "month"), [&Finding::FewNumbers { distinct: 12, labels: false, bins: 12 }]);
    assert!(months.text.contains("12 different whole numbers, a bin each."), "{}", months.text);
    assert_eq!(edges(&months, "month"), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]);
    let codes = with("code", |record| ["101", "205", "999"][random(1, record, 3)].to_owned());
    assert_eq!(said(&codes, "code"), [&Finding::FewNumbers { distinct: 3, labels: true, bins: 3 }]);
    assert!(codes.text.contains("taken for codes: a label each."), "{}", codes.text);
    assert_eq!(labels(&codes, "code").len(), 3);
    // Two numbers, and many, are what they seem.
    assert!(said(&with("flag", |record| (record % 2).to_string()), "flag").is_empty());
    assert!(said(&with("age", |record| random(1, record, 90).to_string()), "age").is_empty());
}

#[test]
fn codes_with_leading_zeros() {
    let zips = with("zip", |record| format!("{:05}", 500 + random(1, record, 7)));
    assert!(matches!(said(&zips, "zip")[..], [Finding::LeadingZeros { .. }]));
    assert!(labels(&zips, "zip").contains(&"00503".to_owned()));
}

#[test]
fn truth_values_in_several_spellings() {
    let spelled = ["true", "True", "1", "no", "0", "FALSE"];
    let drafted = with("paid", |record| spelled[random(1, record, 6)].to_owned());
    let found = said(&drafted, "paid");
    let truths = found.iter().find_map(|finding| match finding {
        Finding::Truths { spellings, listed } => Some((spellings.len(), *listed)),
        _ => None,
    });
    assert_eq!(truths, Some((6, 6)), "{found:?}");
    assert_eq!(labels(&drafted, "paid").len(), 6);
    assert!(said(&with("paid", |record| ["yes", "no"][record % 2].to_owned()), "paid").is_empty());
}

#[test]
fn dates_are_left_out_with_what_to_do() {
    let day = |record: usize| format!("2024-{:02}-{:02}", record % 12 + 1, record % 28 + 1);
    assert!(is_left_out("day", "date", day).contains("month, day of the week or hour"));
    is_left_out("time", "date", |record| format!("{}T{:02}:00:00Z", day(record), record % 24));
    is_left_out("us", "date", |record| format!("{}/{}/2024", record % 12 + 1, record % 28 + 1));
    is_left_out("number", "date", |record| day(record).replace('-', ""));
}

#[test]
fn ids_are_left_out() {
    assert!(is_left_out("id", "identifier", |record| format!("order-{record}")).contains("an id"));
    is_left_out("n", "identifier", |record| (record + 70_000).to_string());
    is_left_out("user_id", "identifier", |record| (random(1, record, 1 << 30) * 7).to_string());
    is_left_out("code", "identifier", |record| format!("{record:08}"));
    // Numbers that are all different and measure something stay.
    assert!(said(&with("income", |record| random(1, record, 1 << 30).to_string()), "income").is_empty());
}

#[test]
fn columns_that_tell_nothing_are_left_out() {
    is_left_out("same", "constant", |_| "a".to_owned());
    is_left_out("same", "constant", |_| "1".to_owned());
    is_left_out("empty", "mostly-missing", |_| String::new());
    is_left_out(
        "rare",
        "mostly-missing",
        |record| if record.is_multiple_of(50) { "a".into() } else { String::new() },
    );
    let remarks = is_left_out("comment", "free-text", |record| format!("see number {record} of these"));
    assert!(remarks.contains("free text"), "{remarks}");
    is_left_out("long", "free-text", |record| "x".repeat(200) + &(record % 7).to_string());
    is_left_out("varied", "too-varied", |record| format!("v{}", record / 2));
    // A value or nothing is a feature.
    let some = with("some", |record| if record % 3 > 0 { "a".into() } else { String::new() });
    assert_eq!(labels(&some, "some"), ["a"]);
}

#[test]
fn numbers_that_are_not_written_as_numbers() {
    let grouped = |record: usize| format!("\"{},{:03}\"", random(1, record, 900) + 1, random(2, record, 999));
    assert!(is_left_out("price", "written-numbers", grouped).contains("without separators"));
    is_left_out("comma", "written-numbers", |record| format!("\"{},5\"", random(1, record, 900)));
    is_left_out("money", "written-numbers", |record| format!("${}", random(1, record, 900)));
    is_left_out("padded", "padded-numbers", |record| format!(" {}", random(1, record, 900)));
    let nan = |record: usize| {
        if record.is_multiple_of(9) { "nan".into() } else { format!("{}.5", random(1, record, 900)) }
    };
    assert!(is_left_out("nan", "not-finite", nan).contains("223 cells such as `nan`"));
    let missing = |record: usize| {
        if record.is_multiple_of(9) { "none".into() } else { random(1, record, 900).to_string() }
    };
    assert!(is_left_out("none", "partly-numbers", missing).contains("223 cells such as `none`"));
    let few =
        with(
            "few",
            |record| {
                if record.is_multiple_of(9) { "none".into() } else { random(1, record, 9).to_string() }
            },
        );
    assert!(matches!(said(&few, "few")[..], [Finding::PartlyNumbers { kept: true, .. }]));
    assert_eq!(labels(&few, "few").len(), 10);
}

/// As R writes it: the column is of numbers all the same.
#[test]
fn a_missing_number_leaves_a_column_of_numbers() {
    let cell = |record: usize| match record % 20 {
        0 => "NA".into(),
        _ => format!("{}.5", random(1, record, 900)),
    };
    let drafted = with("wind", cell);
    assert!(said(&drafted, "wind").is_empty(), "{:?}", said(&drafted, "wind"));
    assert!(drafted.policy.schema().features().iter().any(|feature| {
        feature.name() == "wind" && matches!(feature.columns()[0].rule, Rule::Numeric { .. })
    }));
}

#[test]
fn labels_that_are_spelled_in_several_ways() {
    let cities = ["Oslo", "oslo ", "Bergen", "OSLO", "Bergen"];
    let drafted = with("city", |record| cities[random(1, record, 5)].to_owned());
    let found = said(&drafted, "city");
    let [Finding::Variants { labels: 2, example }, ..] = found[..] else { panic!("{found:?}") };
    assert!(example.iter().all(|label| label.trim().eq_ignore_ascii_case("oslo")), "{example:?}");
    let missing = with("city", |record| ["Oslo", "N/A", "Bergen"][random(1, record, 3)].to_owned());
    assert_eq!(said(&missing, "city"), [&Finding::MissingWord { label: "N/A".to_owned() }]);
}

/// 40 labels in a hundredth of the records each, 60 in a thousandth, and most records of one.
#[test]
fn rare_labels_share_a_bin_and_their_share_is_said() {
    let label = |record: usize| match random(1, record, 100) {
        many @ 0..40 => format!("often {many}"),
        40..60 => format!("rare {}", random(2, record, 500)),
        _ => "most".to_owned(),
    };
    let drafted = with("kind", label);
    assert!(matches!(said(&drafted, "kind")[..], [Finding::Unmatched { other, missing: 0.0, listed, .. }]
        if (0.15..0.25).contains(other) && (35..=41).contains(listed)));
    assert_eq!(labels(&drafted, "kind")[0], "most");
    assert!(
        drafted.text.contains("labels, the most frequent first, and a bin for any other: "),
        "{}",
        drafted.text
    );
}

#[test]
fn columns_most_of_whose_cells_have_no_bin_are_left_out_unless_that_is_meant() {
    let cell =
        |record: usize| if record % 10 < 7 { String::new() } else { "a".to_owned() + ["", "b"][record % 2] };
    let remark = is_left_out("sparse", "mostly-unmatched", cell);
    assert!(remark.contains("70.0 %") && remark.contains("--accept-unmatched"), "{remark}");
    let text = table(2_000, &[("sparse", &cell), ("x", &|record| random(9, record, 50).to_string())]);
    let files = Files::new(&[("data.csv", text)]);
    let mut options = files.options();
    options.accept_unmatched = true;
    let drafted = draft(&options).expect("a draft");
    // That it is meant does not make it little.
    assert!(matches!(said(&drafted, "sparse")[..], [Finding::Unmatched { other: 0.0, missing: 0.7, .. }]));
    assert_eq!(labels(&drafted, "sparse").len(), 2);
    assert_eq!(drafted.unmatched[0].missing, 1_400);
}

#[test]
fn columns_without_a_name_with_a_long_one_or_in_some_files_only() {
    let files = Files::new(&[
        ("a.csv", format!(",x,{},extra\n{}", "n".repeat(200), "7,1,2,3\n8,2,3,4\n".repeat(200))),
        ("b.csv", format!(",x,{}\n{}", "n".repeat(200), "7,1,2\n9,3,1\n".repeat(200))),
    ]);
    let drafted = draft(&files.options()).expect("a draft");
    assert_eq!(said(&drafted, "")[0].name(), "unnamed");
    assert_eq!(said(&drafted, &"n".repeat(200)), [&Finding::LongName { bound: 128 }]);
    assert_eq!(said(&drafted, "extra"), [&Finding::NotEverywhere { files: 1, of: 2 }]);
    assert_eq!(drafted.policy.schema().len(), 1);
}

#[test]
fn columns_that_follow_from_each_other_count_once() {
    let city = |record: usize| random(1, record, 12);
    let text = table(
        3_000,
        &[
            ("city", &|record| format!("city {}", city(record))),
            ("country", &|record| format!("country {}", city(record) / 4)),
            ("code", &|record| format!("C{}", city(record))),
            ("x", &|record| random(2, record, 70).to_string()),
        ],
    );
    let drafted = drafted(&text).expect("a draft");
    assert_eq!(said(&drafted, "country"), [&Finding::Determined { both: false, dropped: true }]);
    assert_eq!(said(&drafted, "code"), [&Finding::Determined { both: true, dropped: true }]);
    assert!(column(&drafted, "city").is_some() && column(&drafted, "x").is_some());
    assert_eq!(drafted.policy.schema().len(), 2);
    // They stand in the draft for whoever wants them.
    assert!(drafted.text.contains("#[[schema.feature]]\n#name = \"country\"\n"), "{}", drafted.text);
}

/// Records that are there ten times agree in everything; that says nothing of the columns.
#[test]
fn copies_of_records_make_no_column_follow_from_another() {
    let part = |record: usize| record % 200;
    let text = table(
        2_000,
        &[
            ("x", &|record| format!("{}.5", random(1, part(record), 1_000_000))),
            ("y", &|record| format!("y{}", random(2, part(record), 3))),
        ],
    );
    let drafted = drafted(&text).expect("a draft");
    assert!(
        said(&drafted, "y").iter().all(|finding| finding.name() != "determined"),
        "{:?}",
        drafted.remarks
    );
}

#[test]
fn what_is_wrong_with_the_whole_is_said() {
    let one = |record: usize| random(1, record, 30).to_string();
    let drafted = drafted(&table(60, &[("x", &one)])).expect("a draft");
    let kinds: Vec<_> = drafted.remarks.iter().map(|remark| remark.finding.name()).collect();
    assert_eq!(kinds, ["one-part", "small-parts"]);
    assert_eq!(drafted.parts[0].worth, 0);
}

#[test]
fn refusals_name_what_to_do() {
    let told = |text: &str| drafted(text).expect_err("a refusal").to_string();
    assert!(
        told("x\n1\n1\n").contains("no column can be a feature; the remarks say why each is left out: `x`: ")
    );
    assert!(told("x,x\n1,2\n").contains("two columns are named `x`"));
    let wide: Vec<_> = (0..1_025).map(|column| format!("c{column}")).collect();
    assert!(
        told(&format!("{}\n", wide.join(","))).contains("1025 columns, and a draft looks at 1024 at most")
    );
    let files = Files::new(&[("data.csv", "x\n1\n2\n3\n")]);
    let mut options = files.options();
    options.leave_out = vec!["y".to_owned()];
    let error = draft(&options).expect_err("a refusal");
    assert_eq!(error.to_string(), "no file has a column `y`, which --leave-out names; check the spelling");
    options.leave_out = Vec::new();
    options.terms.rounds = Some((0, 40_000));
    assert!(matches!(draft(&options), Err(DraftError::Rounds { found: 40_000, .. })));
}

/// The limit counts what is named, and is there before any file is opened.
#[test]
fn too_many_files_are_refused_before_one_is_opened() {
    let absent = |count: usize| (0..count).map(|file| PathBuf::from(format!("/absent/{file}.csv")));
    let mut options = options(&absent(MAX_FILES - 1).collect::<Vec<_>>());
    options.reference_from = absent(2).map(Given::from).collect();
    let error = draft(&options).expect_err("a refusal");
    assert!(matches!(error, DraftError::TooManyFiles { found, bound: MAX_FILES } if found == MAX_FILES + 1));
    options.reference_from = absent(1).map(Given::from).collect();
    assert!(matches!(draft(&options), Err(DraftError::Ingest(_))));
}

/// Without its determiner, a column that follows tells something: so it stays.
#[test]
fn a_column_stays_if_the_one_that_it_follows_from_is_left_out() {
    let reason = |record: usize| match random(1, record, 10) {
        0..6 => String::new(),
        some => format!("reason {some}"),
    };
    let text = table(
        3_000,
        &[
            ("reason", &reason),
            ("has_reason", &|record| (if reason(record).is_empty() { "no" } else { "yes" }).to_owned()),
            ("x", &|record| random(2, record, 70).to_string()),
        ],
    );
    let files = Files::new(&[("data.csv", text)]);
    let mut options = files.options();
    let drafted = draft(&options).expect("a draft");
    assert_eq!(said(&drafted, "reason")[0].name(), "mostly-unmatched");
    assert!(said(&drafted, "has_reason").is_empty(), "{:?}", drafted.remarks);
    assert_eq!(labels(&drafted, "has_reason"), ["no", "yes"]);
    assert!(!drafted.text.contains("follows from another feature"), "{}", drafted.text);
    // With it, it follows.
    options.accept_unmatched = true;
    let drafted = draft(&options).expect("a draft");
    assert_eq!(said(&drafted, "has_reason"), [&Finding::Determined { both: false, dropped: true }]);
    assert!(column(&drafted, "reason").is_some() && column(&drafted, "has_reason").is_none());
}

/// What the reference lacks, or one part, in all: labels that are not listed and empty cells together.
#[test]
fn cells_without_a_bin_are_remarked_on_above_a_share() {
    let kind = |record: usize| match random(1, record, 100) {
        0..6 => String::new(),
        6..12 => format!("rare {}", random(2, record, 900)),
        some => format!("k{}", some % 4),
    };
    let gaps =
        |record: usize| if record % 20 < 9 { String::new() } else { random(4, record, 90).to_string() };
    let size = |record: usize| random(3, record, 90).to_string();
    let files = Files::new(&[
        ("large.csv", table(40_000, &[("kind", &kind), ("size", &size)])),
        ("small.csv", table(2_000, &[("kind", &kind), ("size", &gaps)])),
    ]);
    let mut options = files.options();
    let drafted = draft(&options).expect("a draft");
    let [Finding::Unmatched { file, other, missing, listed: 4 }] = said(&drafted, "kind")[..] else {
        panic!("{:?}", drafted.remarks)
    };
    assert_eq!(file, "the reference");
    assert!((0.05..0.07).contains(other) && (0.05..0.07).contains(missing), "{other} {missing}");
    // Two in a hundred of all, and nearly half of one part.
    let small = Finding::Unmatched { file: "small.csv".to_owned(), other: 0.0, missing: 0.45, listed: 0 };
    assert_eq!(said(&drafted, "size"), [&small]);
    assert!(drafted.text.contains("# - `size`: in small.csv, 45.0 % are empty."), "{}", drafted.text);
    options.warn_unmatched = 0.2;
    let drafted = draft(&options).expect("a draft");
    assert_eq!((said(&drafted, "kind").len(), said(&drafted, "size").len()), (0, 1));
    options.warn_unmatched = 0.45;
    assert!(said(&draft(&options).expect("a draft"), "size").is_empty());
}

/// Eight columns share 40 free bins, whatever each could have by itself.
#[test]
fn what_is_said_of_bins_is_what_the_draft_has() {
    let months = |seed: usize| move |record: usize| (random(seed, record, 24) + 1).to_string();
    let codes = |record: usize| (random(7, record, 24) * 100).to_string();
    // One spelling is too rare for a label.
    let paid = |record: usize| match random(8, record, 1_000) {
        0..5 => "TRUE".to_owned(),
        some => ["true", "True", "no"][some % 3].to_owned(),
    };
    let [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map(months);
    let text = table(
        4_000,
        &[
            ("a", &a),
            ("b", &b),
            ("c", &c),
            ("d", &d),
            ("e", &e),
            ("f", &f),
            ("code", &codes),
            ("paid", &paid),
        ],
    );
    let files = Files::new(&[("data.csv", text)]);
    let mut options = files.options();
    (options.expected_records, options.accept_unmatched) = (Some(400), true);
    let drafted = draft(&options).expect("a draft");
    let [Finding::FewNumbers { distinct: 24, labels: false, bins }] = said(&drafted, "a")[..] else {
        panic!("{:?}", drafted.remarks)
    };
    assert_eq!(*bins, edges(&drafted, "a").len() + 1);
    assert!(*bins < 10, "{bins}");
    let told = format!("`a`: 24 different whole numbers, {bins} bins.");
    assert!(drafted.text.contains(&told) && !drafted.text.contains("a bin each"), "{}", drafted.text);
    let Finding::FewNumbers { distinct: 24, labels: true, bins } = said(&drafted, "code")[0] else {
        panic!("{:?}", drafted.remarks)
    };
    assert_eq!(*bins, labels(&drafted, "code").len());
    assert!(drafted.text.contains(&format!("codes: {bins} of them labels")), "{}", drafted.text);
    let found = said(&drafted, "paid");
    let truths = found.iter().find_map(|finding| match finding {
        Finding::Truths { spellings, listed } => Some((spellings.len(), *listed)),
        _ => None,
    });
    assert_eq!((truths, labels(&drafted, "paid").len()), (Some((4, 3)), 3), "{found:?}");
}
