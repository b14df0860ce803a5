//! `policy draft`: a policy from data, taken unedited by everything that takes a policy.

use std::fs;

use serde_json::Value;

use super::support::*;

/// Two parts of the example's flights: those of the airlines up to M, and the others.
fn parts(folder: &std::path::Path) -> [String; 2] {
    let flights = fs::read_to_string(examples().join("flights-2000.csv")).expect("the flights");
    let (header, records) = flights.split_once('\n').expect("a header");
    let place = header.split(',').position(|column| column == "carrier").expect("a column");
    let is_early = |record: &&str| record.split(',').nth(place).is_some_and(|carrier| carrier < "DL");
    let (early, late): (Vec<_>, Vec<_>) = records.lines().partition(is_early);
    assert!(early.len() > 300 && late.len() > 300, "{} {}", early.len(), late.len());
    [("early.csv", early), ("late.csv", late)]
        .map(|(name, records)| write(folder, name, format!("{header}\n{}\n", records.join("\n"))))
}

#[test]
fn a_draft_is_taken_unedited_and_pays_parts_that_differ() {
    let folder = folder();
    let ([early, late], policy) = (parts(&folder), show(&folder.join("policy.toml")));
    let units = &prepared().units;
    let line = format!("policy draft --data {early} {late} --units {units} --pool 5000000 --out {policy}");
    let drafted = fairshare(&format!("{line} --json")).json();
    assert_eq!(drafted["geometry"], "compact");
    assert!(folder.join("reference.json").exists());
    for part in drafted["parts"].as_array().expect("parts") {
        assert!(number(&part["worth"]) > 0, "{part}");
    }
    let keys: Vec<_> =
        drafted["to_set"].as_array().expect("a list").iter().map(|line| &line["key"]).collect();
    assert!(!keys.iter().any(|key| key.as_str().is_some_and(|key| key.contains("pool"))), "{keys:?}");

    let checked = fairshare(&format!("policy check {policy} --json")).json();
    assert_eq!((&checked["valid"], &checked["pool"]), (&Value::Bool(true), &"5000000".into()));
    assert_eq!((&checked["first_round"], &checked["rounds"]), (&0.into(), &365.into()));
    // What is said of the parts is what `score` says.
    for (part, file) in [(0, &early), (1, &late)] {
        let scored = fairshare(&format!("score data --policy {policy} --data {file} --json")).json();
        assert_eq!(scored["score"], drafted["parts"][part]["score"]);
        assert_eq!(scored["records"], drafted["parts"][part]["records"]);
    }
    // Counted anew, the reference is the same.
    let again = show(&folder.join("again.json"));
    let counted =
        fairshare(&format!("policy reference --policy {policy} --data {early} {late} --out {again} --json"))
            .json();
    assert_eq!(counted["hash"], drafted["reference_hash"]);
}

/// Parts and reference are what every other command takes as data.
#[test]
fn a_draft_reads_folders_patterns_and_every_format() {
    let folder = folder();
    let ([early, late], out) = (parts(&folder), show(&folder.join("policy.toml")));
    let plain = fairshare(&format!("policy draft --data {early} {late} --out {out} --json")).json();
    let lines = |file: &str| {
        let text = fs::read_to_string(file).expect("a part");
        let (header, records) = text.split_once('\n').expect("a header");
        let json = |record: &str| {
            let cells = header.split(',').zip(record.split(','));
            let cells = cells.filter(|(_, cell)| !cell.is_empty());
            // In the header's order: features stand in the order of columns.
            let cells = cells.map(|(name, cell)| format!("{}:{}", Value::from(name), Value::from(cell)));
            format!("{{{}}}\n", cells.collect::<Vec<_>>().join(","))
        };
        records.lines().map(json).collect::<String>()
    };
    fs::create_dir(folder.join("early")).expect("a folder");
    for (name, text) in [("early/1.jsonl", lines(&early)), ("late-1.jsonl", lines(&late))] {
        write(&folder, name, text);
    }
    let other = show(&folder.join("other.toml"));
    let (early, late) = (show(&folder.join("early")), show(&folder.join("late-*.jsonl")));
    let drafted = fairshare(&format!("policy draft --data {early} {late} --out {other} --json")).json();
    for key in ["reference_hash", "records", "features", "cap"] {
        assert_eq!(drafted[key], plain[key], "{key}");
    }
    let whole = format!("--reference-from {early} {late}");
    let again =
        fairshare(&format!("policy draft --data {early} {whole} --out {other} --replace --json")).json();
    assert_eq!(again["reference_hash"], plain["reference_hash"]);
}

#[test]
fn a_draft_warns_above_a_share_that_is_given() {
    let folder = folder();
    let rows: String = (0..400)
        .map(|row| format!("{},{}\n", if row % 20 < 9 { "" } else { ["a", "b"][row % 2] }, row * row % 97))
        .collect();
    let data = write(&folder, "data.csv", format!("some,x\n{rows}"));
    let out = show(&folder.join("policy.toml"));
    let line = format!("policy draft --data {data} --out {out} --replace");
    let kinds = |line: &str| {
        let drafted = fairshare(&format!("{line} --json")).json();
        let remarks = drafted["remarks"].as_array().expect("a list");
        remarks.iter().map(|remark| remark["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
    };
    assert!(kinds(&line).contains(&"unmatched".to_owned()));
    assert!(!kinds(&format!("{line} --warn-unmatched 0.5")).contains(&"unmatched".to_owned()));
    fairshare(&format!("{line} --warn-unmatched 1.5")).fails(2, &["a share from 0 to 1"]);
    // Each option says what it does here.
    let help = fairshare("policy draft --help").stdout;
    assert!(help.contains("Remark on columns") && help.contains("Keep columns"), "{help}");
}

/// From the draft to a verified bundle and a ledger that takes its rules.
#[test]
fn a_draft_is_proved_and_verified_under() {
    let p = prepared();
    let folder = folder();
    let ([early, late], policy) = (parts(&folder), show(&folder.join("policy.toml")));
    let (units, params, path) = (&p.units, &p.params, |name: &str| show(&folder.join(name)));
    fairshare(&format!("policy draft --data {early} {late} --units {units} --out {policy}")).done();
    let common = format!("--policy {policy} --params {params}");
    let (data, bundle, trust) = (path("data"), path("data.bundle"), "--allow-insecure-params");
    fairshare(&format!("commit data {common} --contributor {OPERATOR} --data {early} --out {data}")).done();
    fairshare(&format!("prove data {data} {common} --out {bundle}")).done();
    fairshare(&format!("verify {bundle} {common} --registration {data}/request.json {trust}")).done();
    fairshare(&format!("vault init {common} --ledger {}", path("vault.ledger"))).done();
}

#[test]
fn a_draft_says_what_it_took_the_data_for() {
    let folder = folder();
    let rows: String = (0..400)
        .map(|row| format!("{row},2024-01-{:02},{:05},{}\n", row % 28 + 1, row % 7 + 90, row * row % 97))
        .collect();
    let data = write(&folder, "data.csv", format!("id,day,zip,x\n{rows}"));
    let out = show(&folder.join("mine.toml"));
    let ran = fairshare(&format!("policy draft --data {data} --out {out}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for part in [
        "features       2, 2 columns left out",
        "`id`: nearly every record has a value of its own",
        "`day`: dates, such as 2024-01-01",
        "`zip`: codes with leading zeros, such as `00090`",
        "the reference is counted from the one part",
        "to set before it is used",
        "`vault.pool` (--pool)",
        "`parameters` (--params)",
    ] {
        assert!(ran.stdout.contains(part), "{part} is not in\n{}", ran.stdout);
    }
    assert!(folder.join("mine.reference.json").exists());
    fairshare(&format!("policy check {out}")).done();
}

#[test]
fn a_draft_replaces_nothing_unless_it_is_told_to() {
    let folder = folder();
    let ([early, late], policy) = (parts(&folder), show(&folder.join("policy.toml")));
    let line = format!("policy draft --data {early} {late} --out {policy}");
    fairshare(&line).done();
    let edited = fs::read_to_string(&policy).expect("a policy") + "# mine\n";
    fs::write(&policy, &edited).expect("write");
    fairshare(&line).fails(2, &["policy.toml: stands there already", "--replace"]);
    assert_eq!(fs::read_to_string(&policy).expect("a policy"), edited);
    fs::remove_file(&policy).expect("remove");
    // Another policy may name the counts that stand there.
    fairshare(&line).fails(2, &["reference.json: stands there already"]);
    fairshare(&format!("{line} --replace")).done();
    fairshare(&format!("policy draft --data {early} --out {early} --replace"))
        .fails(2, &["would replace a file"]);
    fairshare(&format!("policy draft --data {early} --out {}/x/policy.toml", show(&folder)))
        .fails(2, &["cannot be read or written"]);
    fairshare(&format!("policy draft --data {early} --out {policy} --replace --cap 1e3"))
        .fails(2, &["refused by the rules", "`data.cap`"]);
    fairshare(&format!("policy draft --data {early} --out {policy} --replace --lambda no"))
        .fails(2, &["λ is refused"]);
}
