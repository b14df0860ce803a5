//! Crossed features in a policy: how they are written, and what is said of those that cannot be.

use fairshare_formats::policy::PartialPolicy;
use fairshare_params::schema::{Feature, Schema};

const CARRIER: &str = "[[schema.feature]]\nname = \"carrier\"\nkind = \"categorical\"\nlabels = [\"UA\"]\n";
const HOUR: &str = "[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = [6, 12]\n";
const DELAY: &str = "[[schema.feature]]\nname = \"delay\"\nkind = \"numeric\"\nedges = [0]\n";

fn crossed(name: &str, of: &str) -> String {
    format!("[[schema.feature]]\nname = \"{name}\"\nkind = \"crossed\"\nof = {of}\n")
}

/// Tables of four lines each, from the second line on.
fn read(tables: &[&str]) -> Result<Schema, String> {
    let text = format!("geometry = \"compact\"\n{}", tables.concat());
    PartialPolicy::from_toml(&text).map(|draft| draft.schema().clone()).map_err(|errors| errors.to_string())
}

fn refusal(tables: &[&str]) -> String {
    read(tables).expect_err("a refusal")
}

/// Names of the features, and of the columns of each.
fn names(schema: &Schema) -> Vec<(&str, Vec<&str>)> {
    fn columns(feature: &Feature) -> Vec<&str> {
        feature.columns().iter().map(|column| column.name.as_str()).collect()
    }
    schema.features().iter().map(|feature| (feature.name(), columns(feature))).collect()
}

#[test]
fn parts_are_features_of_their_own_and_stand_in_the_crossed_one() {
    let both = crossed("late by hour", r#"["delay", "hour"]"#);
    // Parts may stand before it and after it; what it is called counts in no file.
    for tables in
        [[DELAY, CARRIER, HOUR, &both], [&both, CARRIER, HOUR, DELAY], [HOUR, &both, CARRIER, DELAY]]
    {
        let schema = read(&tables).expect("a schema");
        let at = usize::from(tables[0] != both && tables[1] != both);
        let mut expected = vec![("carrier", vec!["carrier"])];
        expected.insert(at, ("late by hour", vec!["delay", "hour"]));
        assert_eq!(names(&schema), expected);
        assert_eq!(schema.features()[at].bins(), 3 * 4);
    }
    let hash = |of: &str| read(&[DELAY, CARRIER, HOUR, &crossed("all", of)]).expect("a schema").hash();
    assert_ne!(hash(r#"["delay", "hour"]"#), hash(r#"["hour", "delay"]"#));
    assert_ne!(hash(r#"["delay", "hour"]"#), hash(r#"["delay", "hour", "carrier"]"#));
}

#[test]
fn two_features_are_crossed_at_least() {
    for (of, found) in [("[]", 0), ("[\"hour\"]", 1)] {
        assert_eq!(
            refusal(&[HOUR, &crossed("one", of)]),
            format!(
                "`schema.feature[1].of` (line 9, column 6): crossed feature `one` needs two or more features \
                 to join, and has {found}"
            )
        );
    }
}

#[test]
fn a_part_is_a_feature_that_is_listed() {
    assert_eq!(
        refusal(&[HOUR, DELAY, &crossed("both", r#"["hour", "dealy"]"#)]),
        "`schema.feature[2].of[1]` (line 13, column 15): no feature is named `dealy`; list it, with its \
         labels or edges, as a feature of its own"
    );
}

#[test]
fn a_part_is_crossed_once() {
    let twice = "`hour` is crossed twice; a feature is crossed once, so remove it here or there";
    assert_eq!(
        refusal(&[HOUR, DELAY, &crossed("both", r#"["hour", "hour"]"#)]),
        format!("`schema.feature[2].of[1]` (line 13, column 15): {twice}")
    );
    let other = crossed("other", r#"["carrier", "hour"]"#);
    assert_eq!(
        refusal(&[HOUR, DELAY, CARRIER, &crossed("both", r#"["hour", "delay"]"#), &other]),
        format!("`schema.feature[4].of[1]` (line 21, column 18): {twice}")
    );
}

#[test]
fn a_part_is_not_crossed_itself() {
    let both = crossed("both", r#"["hour", "delay"]"#);
    let itself = "is a crossed feature; name the categorical and numeric features that it joins";
    assert_eq!(
        refusal(&[HOUR, DELAY, CARRIER, &both, &crossed("all", r#"["both", "carrier"]"#)]),
        format!("`schema.feature[4].of[0]` (line 21, column 7): `both` {itself}")
    );
    assert_eq!(
        refusal(&[HOUR, &crossed("all", r#"["hour", "all"]"#)]),
        format!("`schema.feature[1].of[1]` (line 9, column 15): `all` {itself}")
    );
}

#[test]
fn a_crossed_feature_has_parts_and_nothing_else() {
    let both = crossed("both", r#"["hour", "delay"]"#);
    let problem =
        "`schema.feature[2].kind` (line 12, column 8): a crossed feature has `of` and no `labels` or `edges`";
    for table in [
        format!("{both}labels = [\"a\"]\n"),
        format!("{both}edges = [1]\n"),
        format!("{both}labels = [\"a\"]\nedges = [1]\n"),
        both.replace("of = [\"hour\", \"delay\"]\n", ""),
        both.replace("of = [\"hour\", \"delay\"]", "labels = [\"a\"]"),
    ] {
        assert_eq!(refusal(&[HOUR, DELAY, &table]), problem);
    }
    for (table, kind, keys) in [
        (CARRIER, "categorical", "`labels` and no `edges` or `of`"),
        (HOUR, "numeric", "`edges` and no `labels` or `of`"),
    ] {
        assert_eq!(
            refusal(&[&format!("{table}of = [\"delay\"]\n"), DELAY]),
            format!("`schema.feature[0].kind` (line 4, column 8): a {kind} feature has {keys}")
        );
    }
}

#[test]
fn names_are_of_one_feature_each() {
    let twice = "is listed twice; a name stands for one feature, and a feature is crossed once";
    let both = crossed("both", r#"["hour", "delay"]"#);
    assert_eq!(
        refusal(&[HOUR, DELAY, &both, HOUR]),
        format!("`schema.feature[3].name` (line 15, column 8): `hour` {twice}")
    );
    assert_eq!(
        refusal(&[HOUR, DELAY, &both, &CARRIER.replace("carrier", "both")]),
        format!("`schema.feature[3].name` (line 15, column 8): `both` {twice}")
    );
    assert_eq!(
        refusal(&[HOUR, &DELAY.replace("delay", ""), &crossed("both", r#"["hour", ""]"#)]),
        "`schema.feature[1].name` (line 7, column 8): a feature has an empty name; name every feature, those \
         that are crossed included"
    );
}

#[test]
fn a_parts_own_faults_are_its_tables() {
    let both = crossed("both", r#"["hour", "delay"]"#);
    assert_eq!(
        refusal(&[&both, HOUR, &DELAY.replace("[0]", "[0, 0]")]),
        "`schema.feature[2].edges[1]` (line 13, column 13): feature `delay`: edge 1 is 0, not a finite \
         number above the edge before it"
    );
}

#[test]
fn more_bins_than_the_alphabet_are_told_with_their_number() {
    let wide = |name: &str, edges: u32| {
        let edges: Vec<_> = (0..edges).collect();
        format!("[[schema.feature]]\nname = \"{name}\"\nkind = \"numeric\"\nedges = {edges:?}\n")
    };
    let both = crossed("both", r#"["x", "y"]"#);
    assert_eq!(
        refusal(&[&wide("x", 31), &wide("y", 30), &both]),
        "`schema.feature[2].of` (line 13, column 6): crossed feature `both` has 1056 bins, the product of \
         its parts' bins, but the geometry's alphabet has 1024 symbols: cross fewer features or coarser \
         ones, or choose a larger geometry"
    );
    assert_eq!(read(&[&wide("x", 31), &wide("y", 29), &both]).expect("1023 bins").symbol_count(), 1024);
}

/// As many parts as a policy has room for: an answer in words, at once.
#[test]
fn a_product_beyond_all_numbers_is_refused() {
    let parts: Vec<_> = (0..5_000).map(|part| format!("p{part}")).collect();
    let mut tables: Vec<_> = parts.iter().map(|part| HOUR.replace("hour", part)).collect();
    tables.push(crossed("all", &format!("{parts:?}")));
    let tables: Vec<_> = tables.iter().map(String::as_str).collect();
    let message = refusal(&tables);
    assert!(message.contains("crossed feature `all` has 2^64 or more bins"), "{message}");
}
