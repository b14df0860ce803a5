//! What is said of each kind of column, and what the draft makes of it.

use fairshare_draft::{DraftError, Finding, draft};
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
    assert_eq!(said(&months, "month"), [&Finding::FewNumbers { distinct: 12, labels: false }]);
    assert_eq!(edges(&months, "month"), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0]);
    let codes = with("code", |record| ["101", "205", "999"][random(1, record, 3)].to_owned());
    assert_eq!(said(&codes, "code"), [&Finding::FewNumbers { distinct: 3, labels: true }]);
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
    let [Finding::Truths { spellings }, ..] = found[..] else { panic!("{found:?}") };
    assert_eq!(spellings.len(), 6);
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
    let cell = |record: usize| match record % 9 {
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
    assert!(matches!(said(&drafted, "kind")[..], [Finding::Other { share, listed }]
        if (0.15..0.25).contains(share) && (35..=41).contains(listed)));
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
    assert_eq!((labels(&drafted, "sparse").len(), said(&drafted, "sparse").len()), (2, 0));
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
