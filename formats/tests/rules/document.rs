//! `docs/policy.md`, held to the reader: its tables have every key that there is and no other, and of each
//! the type, the range and whether it is needed.

use fairshare_formats::policy::PolicyFault;
use fairshare_formats::policy::keys::{FEATURE, Key, Need, REFERENCE, SCHEMA, SECTIONS, Section, TOP};

use crate::fixture::{REFERENCE_JSON, hash, read_with};

const DOCUMENT: &str = include_str!("../../../docs/policy.md");

/// A row of the document: type, range and default.
struct Row {
    key: String,
    kind: String,
    range: String,
    default: String,
}

/// The rows of a table's part.
fn rows(section: &Section) -> Vec<Row> {
    let heading = match section.header {
        "" => "### Before the first table".to_owned(),
        header => format!("### `{header}`"),
    };
    let (_, part) = DOCUMENT.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let part = part.split_once("\n#").map_or(part, |(part, _)| part);
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        let [key, kind, range, default, effect] = &cells[..] else { panic!("five cells: {line}") };
        assert!(!effect.is_empty() || kind == "a table", "{line}");
        let key = key.trim_matches('`').to_owned();
        Row { key, kind: kind.clone(), range: range.clone(), default: default.clone() }
    };
    part.lines().filter(|line| line.starts_with("| `")).map(row).collect()
}

fn row(section: &Section, key: &str) -> Row {
    rows(section).into_iter().find(|row| row.key == key).expect("a row")
}

#[test]
fn the_document_has_every_key_and_no_other() {
    for section in &SECTIONS {
        let listed: Vec<_> = rows(section).into_iter().map(|row| row.key).collect();
        let known: Vec<_> = section.keys.iter().map(|key| key.name).collect();
        assert_eq!(listed, known, "{}", section.header);
    }
}

#[test]
fn the_document_says_which_keys_are_needed() {
    for section in &SECTIONS {
        for (row, key) in rows(section).iter().zip(section.keys) {
            match key.need {
                Need::Always => assert_eq!(row.default, "needed", "{}", key.name),
                Need::Optional => assert!(!row.default.contains("needed"), "{}", key.name),
                Need::If(when) => assert!(row.default.contains(when), "{}: {when}", key.name),
            }
        }
    }
}

/// A policy of the examples that the keys have; `edit` gives another value to one of them, or none.
fn policy(section: &Section, name: &str, value: Option<&str>) -> String {
    let of = |own: &Section, key: &Key| -> Option<String> {
        if own == section && key.name == name {
            return value.map(str::to_owned);
        }
        match (own.name, key.name) {
            ("", "rules_hash") => None,
            // The smallest, so that its ends are soon reached.
            ("", "geometry") => Some("\"compact\"".to_owned()),
            ("reference", "hash") if section != &REFERENCE || name != "counts" => {
                Some(format!("\"{}\"", hash(REFERENCE_JSON)))
            }
            ("reference", "file" | "hash") if section == &REFERENCE && name == "counts" => None,
            _ => key.example.map(str::to_owned),
        }
    };
    let lines = |own: &Section| -> String {
        let lines = own.keys.iter().filter_map(|key| Some(format!("{} = {}\n", key.name, of(own, key)?)));
        format!("{}\n{}", own.header, lines.collect::<String>())
    };
    let tables = SECTIONS.iter().filter(|own| ![&SCHEMA, &FEATURE].contains(own)).map(lines);
    let mut features = vec![
        ("carrier", "categorical", ("labels", "[\"UA\", \"B6\"]")),
        ("delay", "numeric", ("edges", "[-5, 0.5, 30]")),
    ];
    if section == &FEATURE && name == "of" {
        features.push(("both", "crossed", ("of", "[\"carrier\", \"delay\"]")));
    }
    let features = features.into_iter().map(|(feature, kind, (list, items))| {
        let own = |key: &str, own: String| match value {
            Some(value) if section == &FEATURE && name == key => value.to_owned(),
            _ => own,
        };
        format!(
            "[[schema.feature]]\nname = {}\nkind = {}\n{list} = {}\n",
            own("name", format!("{feature:?}")),
            own("kind", format!("{kind:?}")),
            own(list, items.to_owned())
        )
    });
    let features: String = match (section == &SCHEMA, value) {
        (true, Some(value)) => format!("[schema]\nfeature = {value}\n"),
        _ => features.collect(),
    };
    tables.collect::<String>() + &features
}

/// What is refused of a policy, of that key alone; nothing if it is taken.
fn refused(section: &Section, key: &str, value: &str) -> Option<String> {
    let errors = read_with(&policy(section, key, Some(value)), REFERENCE_JSON).err()?;
    Some(errors.to_string())
}

#[test]
fn the_document_says_what_type_each_value_has() {
    for section in &SECTIONS {
        for key in section.keys {
            let row = row(section, key.name);
            let is_list = section == &TOP && ["schema"].contains(&key.name);
            let other = if row.kind == "true or false" { "3" } else { "true" };
            // A table is another type where a value is.
            let text = match row.kind.as_str() {
                "a table" if section == &TOP => format!("protocol = 2\n{} = true\n", key.name),
                _ => policy(section, key.name, Some(other)),
            };
            assert!(!is_list || row.kind == "a table");
            let errors = read_with(&text, REFERENCE_JSON).unwrap_err();
            let types: Vec<_> = errors
                .errors()
                .filter_map(|error| match error.fault() {
                    PolicyFault::Type { expected, .. } => Some(*expected),
                    _ => None,
                })
                .collect();
            assert!(
                types.contains(&row.kind.as_str()),
                "{}.{}: {types:?} in {errors}",
                section.name,
                key.name
            );
        }
    }
}

/// Of each range the ends are taken, and what is next to them is refused.
#[test]
fn the_document_has_the_ranges_that_are_checked() {
    const U64: &str = "18446744073709551615";
    const ABOVE_U64: &str = "18446744073709551616";
    const U128: &str = "340282366920938463463374607431768211455";
    const ABOVE_U128: &str = "340282366920938463463374607431768211456";
    const LEAST: &str = "0.000000059604644775390625";
    let name = |letters: usize| format!("{:?}", "x".repeat(letters));
    let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    for (section, key, range, taken, not_taken) in [
        ("", "protocol", "2", list(&["2"]), list(&["1", "3"])),
        ("vault", "chain_id", &format!("1 to {U64}"), list(&["1", U64]), list(&["0", ABOVE_U64])),
        ("vault", "epoch", &format!("0 to {U64}"), list(&["0", U64]), list(&["-1", ABOVE_U64])),
        (
            "vault",
            "pool",
            &format!("1 to {U128}, under `contract` also 0"),
            vec!["1".to_owned(), format!("\"{U128}\"")],
            vec!["0".to_owned(), format!("\"{ABOVE_U128}\"")],
        ),
        (
            "vault",
            "subnet",
            "1 to 64 printable ASCII characters, no space at either end",
            vec![name(1), name(64), "\"a b\"".to_owned()],
            vec![name(0), name(65), "\" a\"".to_owned(), "\"é\"".to_owned()],
        ),
        (
            "vault",
            "symbol",
            "1 to 12 ASCII characters without spaces, one of them a letter",
            vec![name(1), name(12)],
            vec![name(0), name(13), "\"12\"".to_owned(), "\"a b\"".to_owned()],
        ),
        ("vault", "decimals", "0 to 36", list(&["0", "36"]), list(&["-1", "37"])),
        ("rounds", "first", &format!("0 to {U64}"), list(&["0"]), list(&["-1", ABOVE_U64, U64])),
        (
            "rounds",
            "count",
            "2 to 1024, 8192 or 32768, by the geometry",
            list(&["2", "1024"]),
            list(&["1", "1025"]),
        ),
        (
            "rounds",
            "ends_by",
            &format!("1970 to the year 9999, or 0 to {U64}"),
            list(&["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0", U64]),
            list(&["1969-12-31T23:59:59Z", "-1", ABOVE_U64]),
        ),
        ("rounds", "proving_seconds", &format!("0 to {U64}"), list(&["0", U64]), list(&["-1", ABOVE_U64])),
        // Epochs of 365 rounds take no larger one, and data has to fade faster than work.
        (
            "data",
            "lambda",
            &format!("{LEAST} to 1000, above λ of computing power"),
            list(&["0.045"]),
            list(&["0.000000059604644775390624", "1000.1", "0.005", "0.0"]),
        ),
        (
            "compute",
            "lambda",
            &format!("{LEAST} to 1000, below λ of data"),
            list(&[LEAST, "0.009999"]),
            list(&["0.000000059604644775390624", "0.01"]),
        ),
        ("data", "pseudo_count", "1 to 4294967295", list(&["1", "100"]), list(&["0", "4294967296"])),
        ("data", "min_records", "1 to 4294967295", list(&["3", "4294967295"]), list(&["0", "4294967296"])),
        ("data", "cap", "above 0 to 32768", list(&["0.01", "32768"]), list(&["0", "32768.1"])),
        ("data", "first_round", "0 to `rounds.first`", list(&["0"]), list(&["1", "-1"])),
        ("reference", "file", "a plain relative path of at most 1024 bytes", vec![name(1024)], {
            let mut names = vec![name(1025)];
            names.extend(list(&["\"../a\"", "\"/a\"", "\"./a\"", "\"\""]));
            names
        }),
        ("schema.feature", "labels", "one or more, each once, none empty", list(&["[\"a\", \"b\"]"]), {
            list(&["[]", "[\"a\", \"a\"]", "[\"a\", \"\"]"])
        }),
        ("schema.feature", "edges", "one or more, ascending, finite", list(&["[1, 2, 3e300]"]), {
            list(&["[]", "[1, 1, 2]", "[2, 1, 3]", "[1, 2, inf]"])
        }),
        ("schema.feature", "of", "two or more features that are not crossed, each crossed once", vec![], {
            list(&["[\"carrier\"]", "[\"carrier\", \"both\"]", "[\"carrier\", \"carrier\"]"])
        }),
    ] {
        let section = SECTIONS.iter().find(|known| known.name == section).expect("a table");
        assert_eq!(row(section, key).range, range, "{key}");
        for value in taken {
            assert_eq!(refused(section, key, &value), None, "{key} = {value}");
        }
        for value in not_taken {
            let told = refused(section, key, &value).unwrap_or_else(|| panic!("{key} = {value} is taken"));
            assert!(told.contains(key), "{told}");
        }
    }
}

/// Words that may stand somewhere, by the message that has them all.
#[test]
fn the_document_has_every_word() {
    for (section, key) in
        [("", "geometry"), ("vault", "settlement"), ("data", "weighting"), ("schema.feature", "kind")]
    {
        let section = SECTIONS.iter().find(|known| known.name == section).expect("a table");
        let text = policy(section, key, Some("\"no such word\""));
        let errors = read_with(&text, REFERENCE_JSON).unwrap_err();
        let of = errors.errors().find_map(|error| match error.fault() {
            PolicyFault::Choice { of, .. } => Some(of.clone()),
            _ => None,
        });
        let words: Vec<_> = of.expect("words").into_iter().map(|word| format!("`{word}`")).collect();
        assert_eq!(row(section, key).range, words.join(", "), "{key}");
    }
}
