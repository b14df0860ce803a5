//! What matches nothing in the schema: told by every command that counts records, warned of above a tenth,
//! and refused above a half.

use std::fs;

use serde_json::Value;

use super::support::*;

/// The sample, with this done to the carrier of so many records.
fn altered(name: &str, records: usize, alter: impl Fn(&str) -> String) -> String {
    let text = fs::read_to_string(examples().join("flights-2000.csv")).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let column = header.split(',').position(|column| column == "carrier").unwrap();
    let rows = lines.enumerate().map(|(index, row)| {
        let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
        if index < records {
            cells[column] = alter(&cells[column]);
        }
        cells.join(",")
    });
    let rows: Vec<_> = std::iter::once(header.to_owned()).chain(rows).collect();
    write(&folder(), name, rows.join("\n") + "\n")
}

/// The three commands on these records, each with a place of its own to write to.
fn lines(data: &str) -> [(String, Option<std::path::PathBuf>); 3] {
    let p = prepared();
    let home = folder();
    let (reference, target) = (home.join("reference.json"), home.join("mine"));
    [
        (
            format!("policy reference --policy {} --data {data} --out {}", p.policy, show(&reference)),
            Some(reference),
        ),
        (format!("score data --policy {} --data {data}", p.policy), None),
        (
            format!("commit data {} --contributor {OTHER} --data {data} --out {}", p.common(), show(&target)),
            Some(target),
        ),
    ]
}

fn carrier(json: &Value) -> &Value {
    &json["unmatched"].as_array().unwrap()[0]
}

#[test]
fn a_few_are_told_and_not_warned_of() {
    for (line, _) in lines(&altered("few.csv", 200, str::to_lowercase)) {
        let ran = fairshare(&format!("{line} --json"));
        assert!(!ran.stderr.contains("match nothing"), "{}", ran.stderr);
        let json = ran.json();
        let found = carrier(&json);
        assert_eq!(
            (&found["column"], &found["other"], &found["missing"]),
            (&"carrier".into(), &200.into(), &0.into())
        );
        assert_eq!((&found["share"], found["frequent"].as_array().unwrap().len()), (&0.1.into(), 0));
        // Numeric columns have no other labels.
        assert_eq!(json["unmatched"][2]["other"], Value::Null);
    }
    for (line, _) in lines(&altered("few.csv", 200, str::to_lowercase)) {
        let ran = fairshare(&line);
        assert!(ran.stdout.contains("What matches nothing in the schema"), "{}", ran.stdout);
        assert!(ran.stdout.contains("10.00 %"), "{}", ran.stdout);
    }
}

#[test]
fn above_a_tenth_each_command_warns_with_the_cells_and_the_remedy() {
    for (line, _) in lines(&altered("some.csv", 201, str::to_lowercase)) {
        let ran = fairshare(&format!("{line} --json"));
        for part in [
            "warning: `carrier`: 201 of 2000 cells match nothing (all with another label); most often `",
            ", like the label `UA`)",
            "labels are compared byte for byte",
        ] {
            assert!(ran.stderr.contains(part), "{part}\n{}", ran.stderr);
        }
        let json = ran.json();
        let frequent = carrier(&json)["frequent"].as_array().unwrap();
        assert_eq!(frequent.len(), 5);
        assert!(frequent[0]["records"].as_u64() >= frequent[4]["records"].as_u64());
        assert_eq!(frequent[0]["like"], frequent[0]["cell"].as_str().unwrap().to_uppercase());
        // How much is warned of can be said.
        let ran = fairshare(&format!("{} --warn-unmatched 0.2", line.replace("/mine", "/other")));
        assert!(ran.status == 0 && !ran.stderr.contains("match nothing"), "{}", ran.stderr);
    }
    let [(line, _), ..] = lines(&altered("some.csv", 1, |_| String::new()));
    let ran = fairshare(&format!("{line} --warn-unmatched 0"));
    assert!(ran.stderr.contains("(all empty); is this the right column"), "{}", ran.stderr);
    for share in ["1.1", "-1", "NaN", "x"] {
        fairshare(&format!("{line} --warn-unmatched={share}")).fails(2, &["give a share from 0 to 1"]);
    }
}

#[test]
fn above_a_half_each_command_refuses_and_leaves_nothing() {
    let data = altered("most.csv", 1001, str::to_lowercase);
    for (line, place) in lines(&data) {
        let ran = fairshare(&line);
        let said = ["`carrier`: 1001 of 2000 cells match nothing", "--accept-unmatched", "like the label"];
        ran.fails(1, &said);
        fairshare(&format!("{line} --json")).fails_as_json(1, "");
        if let Some(place) = &place {
            let left = fs::read_dir(place).map_or(0, Iterator::count);
            assert!(!place.is_file() && left == 0, "{line}");
        }
        let ran = fairshare(&format!("{line} --accept-unmatched --json"));
        assert!(ran.stderr.contains("warning: `carrier`: 1001 of 2000"), "{}", ran.stderr);
        assert_eq!(carrier(&ran.json())["other"], 1001);
        if let Some(place) = &place {
            assert!(place.exists(), "{line}");
        }
    }
    // Half is not more than half.
    for (line, _) in lines(&altered("half.csv", 1000, |_| String::new())) {
        let ran = fairshare(&line);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("1000 of 2000 cells match nothing (all empty)"), "{}", ran.stderr);
    }
}
