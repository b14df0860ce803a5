//! Bad input: each with its message, which says where and what to do.

use std::fs::{self, File};
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::support::*;

const HEADER: &str = "carrier,dest,dep_delay,arr_delay,air_time,distance,hour\n";

/// Commits to a file's content under the example policy.
fn commit(name: &str, content: &str) -> Ran {
    let folder = folder();
    let file = write(&folder, name, content);
    let ran = fairshare(&format!(
        "commit data {} --contributor {CONTRIBUTOR} --data {file} --out {}",
        prepared().common(),
        show(&folder.join("out"))
    ));
    assert!(!folder.join("out/request.json").exists() || ran.status == 0, "nothing half done");
    ran
}

#[test]
fn records_that_cannot_be_read_name_file_line_and_column() {
    for (name, content, parts) in [
        ("empty.csv", String::new(), ["empty.csv", "the file is empty"]),
        ("header.csv", HEADER.to_owned(), ["no records", "the data has columns only"]),
        ("missing.csv", HEADER.replace("dest,", ""), ["missing.csv", "no column `dest`"]),
        (
            "cell.csv",
            format!("{HEADER}UA,IAH,1,2,3,4,5\nUA,IAH,1,2,soon,4,5\n"),
            ["cell.csv, line 3, column `air_time`", "`soon` is not a finite decimal number"],
        ),
        ("ragged.csv", format!("{HEADER}UA,IAH,1\n"), ["line 2", "3 cells, but the header has 7"]),
        ("notes.txt", HEADER.to_owned(), ["notes.txt", "the name does not say what the file holds"]),
        ("fake.parquet", HEADER.to_owned(), ["fake.parquet", "the file is text, not Parquet"]),
    ] {
        commit(name, &content).fails(2, &parts);
    }
    let score =
        format!("score data --policy {} --data {}", prepared().policy, show(&folder().join("absent.csv")));
    fairshare(&score).fails(2, &["absent.csv: cannot be opened", "caused by: "]);
}

/// Runs a line with those bytes for standard input.
fn given(line: &str, bytes: &[u8]) -> Ran {
    let file = folder().join("input");
    fs::write(&file, bytes).unwrap();
    let mut program = program();
    program.stdin(File::open(file).unwrap());
    run(program, line)
}

/// Standard input, folders and patterns are the same records as the file itself.
#[test]
fn records_come_from_standard_input_and_from_folders() {
    let sample = examples().join("flights-2000.csv");
    let text = fs::read(&sample).unwrap();
    let score = |data: &str| format!("score data --policy {} --json --data {data}", prepared().policy);
    let expected = fairshare(&score(&show(&sample)));
    assert_eq!(expected.status, 0, "{}", expected.stderr);
    let mut compressed = GzEncoder::new(Vec::new(), Compression::default());
    compressed.write_all(&text).unwrap();
    let compressed = compressed.finish().unwrap();
    for input in [&text[..], &compressed] {
        let ran = given(&score("-"), input);
        assert_eq!((ran.status, &ran.stdout), (0, &expected.stdout), "{}", ran.stderr);
    }
    let folder = folder();
    fs::create_dir(folder.join("origin=EWR")).unwrap();
    write(&folder, "origin=EWR/part-0.csv", &text);
    for data in [show(&folder), show(&folder.join("*/part-?.csv"))] {
        let ran = fairshare(&score(&data));
        assert_eq!((ran.status, &ran.stdout), (0, &expected.stdout), "{}", ran.stderr);
    }
    given(&score("- -"), &text).fails(2, &["standard input: named twice"]);
    given(&score("-"), b"").fails(2, &["standard input: the file is empty"]);
    given(&score("-"), b"x\n1\n").fails(2, &["standard input: no column `carrier`"]);
}

#[test]
fn a_small_upload_is_warned_of_but_committed_to() {
    let ran = commit("small.csv", &format!("{HEADER}UA,IAH,1,2,3,4,5\n"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("1 record, but the policy asks for 500"), "{}", ran.stderr);
}

#[test]
fn units_are_of_every_round_and_node() {
    let folder = folder();
    let rows = |of: &str| -> String { (0..365).map(|round| format!("{round}{of}\n")).collect() };
    for (content, part) in [
        (format!("round,{CONTRIBUTOR}\n0,5\n"), "the table ends before round 1"),
        (format!("round,{CONTRIBUTOR}\n1,5\n"), "line 2, column `round`: 1 stands where 0 belongs"),
        (format!("round,{CONTRIBUTOR}\n0,-1\n"), "`-1` is not an integer from 0 to 4294967295"),
        (format!("round,{CONTRIBUTOR}\n0,4294967296\n"), "`4294967296` is not an integer"),
        (format!("round,{CONTRIBUTOR},{OTHER}\n0,4294967295,1\n"), "line 2: the units of round 0 add up to"),
        ("round,EWR\n0,1\n".to_owned(), "column `EWR`: a node's units stand under its address"),
        (format!("round,{OTHER}\n{}", rows(",1")), "no units are on record for"),
        (format!("round,{CONTRIBUTOR}\n{}365,1\n", rows(",1")), "line 367: round 365 is not one of the 365"),
    ] {
        let file = write(&folder, "units.csv", content);
        let policy = &prepared().policy;
        let line = format!("score compute --policy {policy} --units {file} --contributor {CONTRIBUTOR}");
        fairshare(&line).fails(2, &[part]);
        let line =
            line.replace("score compute", "prove compute") + &format!(" --params {}", prepared().params);
        fairshare(&format!("{line} --out {}", show(&folder.join("out")))).fails(2, &[part]);
    }
}

#[test]
fn a_policy_is_told_what_its_first_round_pays_and_warned_of_few_records() {
    let checked = fairshare(&format!("policy check {}", prepared().policy));
    assert_eq!((checked.status, checked.stderr.as_str()), (0, ""));
    // λ is 0.01 and 0.005, and there are 364 rounds between the first and the last.
    for part in ["the first round pays 38.09 times the last", "the first round pays 6.17 times the last"] {
        assert!(checked.stdout.contains(part), "{part}: {}", checked.stdout);
    }
    let odd = [
        ("ends_by = 2040-01-01T00:00:00Z", "ends_by = 2020-01-01T00:00:00Z", "`rounds.ends_by` is over"),
        ("ends_by = 2040-01-01T00:00:00Z", "ends_by = 1800000000000", "is it in milliseconds?"),
        ("proving_seconds = 1_209_600", "proving_seconds = 0", "no proof is taken after the last round"),
        ("min_records = 500", "min_records = 100", "100 records earn nothing below "),
    ];
    for (from, to, said) in odd {
        let checked = fairshare(&format!("policy check {}", policy(&folder(), &[(from, to)])));
        assert_eq!(checked.status, 0, "{}", checked.stdout);
        assert!(checked.stderr.contains("warning: ") && checked.stderr.contains(said), "{}", checked.stderr);
    }
    let few = policy(&folder(), &[("min_records = 500", "min_records = 99")]);
    let checked = fairshare(&format!("policy check {few}"));
    assert_eq!(checked.status, 0, "{}", checked.stdout);
    assert!(
        checked.stderr.contains("warning: `data.min_records` is 99; fewer than 100"),
        "{}",
        checked.stderr
    );
}

#[test]
fn a_policy_is_refused_with_the_place_of_its_fault() {
    for (from, to, key, line, said) in [
        ("protocol = 2\n", "protocol = 2\nsurprise = 2\n", "surprise", 5, "unknown key; the keys here are"),
        ("protocol = 2", "protocol = 1", "protocol", 4, "version 1 was never released: write 2"),
        ("pseudo_count = 1\n", "", "data.pseudo_count", 17, "this key is missing"),
        ("pseudo_count = 1", "pseudo_count = 0", "data.pseudo_count", 19, "must be a whole number from 1"),
        ("\"0.005\"", "\"0.01\"", "compute.lambda", 26, "is not below `data.lambda`"),
        ("\"9E\",", "\"9E\", \"9E\",", "schema.feature[0].labels", 47, "lists label `9E` twice"),
        ("edges = [1, 2,", "edges = [2, 1,", "schema.feature[6].edges[1]", 91, "feature `hour`: edge 1 is 1"),
        ("[compute]", "[weights]\ncompute = 7\n[compute]", "weights", 25, "unknown key"),
        ("hash = \"0x7aa9", "hash = \"0x7aa8", "reference.file", 36, "has keccak256"),
        ("count = 365", "count = 1025", "rounds.count", 30, "2 to 1024"),
    ] {
        let path = policy(&folder(), &[(from, to)]);
        let ran = fairshare(&format!("policy check {path}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let place = format!("`{key}` (line {line}, column ");
        assert!(ran.stdout.contains(&place) && ran.stdout.contains(said), "{place}: {}", ran.stdout);
        let ran = fairshare(&format!("policy check {path} --json"));
        assert_eq!(ran.status, 1);
        let checked: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let error = &checked["errors"][0];
        assert_eq!(
            (&checked["valid"], &error["key"], &error["line"]),
            (&false.into(), &key.into(), &line.into())
        );
        assert!(
            error["column"].is_number() && error["message"].as_str().unwrap().contains(said),
            "{checked}"
        );
        // Where the policy is only a means, a bad one is unusable input.
        let data = show(&examples().join("flights-2000.csv"));
        fairshare(&format!("score data --policy {path} --data {data}")).fails(2, &[&place, said]);
    }
    fairshare("policy check no-such-policy.toml").fails(2, &["cannot read the policy"]);
}

#[test]
fn all_that_is_wrong_with_a_policy_is_told_at_once() {
    let changes = [
        ("pool = 100_000_000\n", ""),
        ("lambda = \"0.01\"", "lambda = \"1e3\""),
        ("count = 365", "count = 1"),
    ];
    let path = policy(&folder(), &changes);
    let ran = fairshare(&format!("policy check {path}"));
    assert_eq!(ran.status, 1);
    for part in ["3 errors", "`vault.pool` (line 8", "`data.lambda` (line 17", "`rounds.count` (line 29"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    // A file that cannot be read leaves open whether the policy is right; with another fault it is wrong
    // anyway.
    let path = policy(&folder(), &[("file = \"reference-compact.json\"", "file = \"absent.json\"")]);
    fairshare(&format!("policy check {path}")).fails(2, &["`reference.file` (line 36", "absent.json"]);
    let path =
        policy(&folder(), &[("\"reference-compact.json\"", "\"absent.json\""), ("count = 365", "count = 1")]);
    let ran = fairshare(&format!("policy check {path}"));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("2 errors") && ran.stdout.contains("absent.json"), "{}", ran.stdout);
}

#[test]
fn too_many_symbols_for_the_geometry_are_refused() {
    let labels: Vec<_> = (0..1000).map(|label| format!("\"x{label}\"")).collect();
    let path = policy(&folder(), &[("labels = [", &format!("labels = [{},", labels.join(",")))]);
    let ran = fairshare(&format!("policy check {path}"));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("1234 symbols, padding included"), "{}", ran.stdout);
    assert!(ran.stdout.contains("drop bins or choose a larger geometry"), "{}", ran.stdout);
}

#[test]
fn a_reference_must_have_every_bin_and_no_room_for_overflow() {
    let reference = fs::read_to_string(examples().join("reference-compact.json")).unwrap();
    let hash = |text: &str| fairshare_formats::policy::side_file_hash(text.as_bytes()).to_string();
    let short = reference.replacen("[1064, ", "[", 1);
    let huge = reference.replacen("[1064, ", "[4294967295, ", 1);
    let original = hash(&reference);
    for (text, part) in [(short, "20 counts for 21 bins"), (huge, "above 4294967295")] {
        let folder = folder();
        let path = policy(&folder, &[(&original, &hash(&text))]);
        write(&folder, "reference-compact.json", text);
        let ran = fairshare(&format!("policy check {path}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}

#[test]
fn a_commitment_is_never_overwritten() {
    let p = prepared();
    let before = fs::read(p.data.join("opening.bin")).unwrap();
    let flights = fs::read_to_string(examples().join("flights-2000.csv")).unwrap();
    let fewer: String = flights.split_inclusive('\n').take(1500).collect();
    let fewer = write(&folder(), "fewer.csv", fewer);
    let line = format!("commit data {} --out {} --data", p.common(), show(&p.data));
    fairshare(&format!("{line} {fewer} --contributor {CONTRIBUTOR}"))
        .fails(2, &["holds a commitment already", "choose another folder"]);
    fairshare(&format!("{line} {}/flights-2000.csv --contributor {OTHER}", show(examples())))
        .fails(2, &["begun for another contributor", "choose another folder"]);
    assert_eq!(fs::read(p.data.join("opening.bin")).unwrap(), before);
}

#[test]
fn an_opening_that_is_absent_altered_or_anothers_proves_nothing() {
    let p = prepared();
    let opening = fs::read(p.data.join("opening.bin")).unwrap();
    let mut seed = opening.clone();
    seed[50] ^= 1;
    // A record's symbol after the header, in range: only the commitments tell that it is not what was
    // committed to.
    let mut symbol = opening.clone();
    symbol[115] ^= 1;
    let another = folder().join("another");
    let flights = show(&examples().join("flights-2000.csv"));
    let line = format!("commit data {} --contributor {CONTRIBUTOR} --data {flights}", p.common());
    assert_eq!(fairshare(&format!("{line} --out {}", show(&another))).status, 0);
    let foreign = fs::read(another.join("opening.bin")).unwrap();
    for (content, status, parts) in [
        (None, 2, ["opening.bin: the secret opening cannot be read", "caused by"]),
        (Some(&b"nonsense"[..]), 2, ["opening.bin", "opening"]),
        (Some(&seed[..]), 2, ["header was altered", "commit again"]),
        (Some(&opening[..opening.len() - 1]), 2, ["its header says", "restore the file"]),
        (Some(&foreign[..]), 2, ["but the request beside it is of", "into one folder"]),
        (Some(&symbol[..]), 2, ["does not give the commitments", "restore it"]),
    ] {
        let folder = folder();
        for name in ["request.json", "commitments.bin"] {
            fs::copy(p.data.join(name), folder.join(name)).unwrap();
        }
        if let Some(content) = content {
            write(&folder, "opening.bin", content);
        }
        let out = folder.join("out.bundle");
        fairshare(&format!("prove data {} {} --out {}", show(&folder), p.common(), show(&out)))
            .fails(status, &parts);
        assert!(!out.exists(), "no bundle that does not verify");
    }
}

#[test]
fn folders_that_do_not_go_together_are_refused() {
    let p = prepared();
    let data = show(&p.data);
    let out = show(&folder().join("out.bundle"));
    let line = |folders: &str| format!("prove data {folders} {} --out {out}", p.common());
    fairshare(&line(&format!("{data} {data}"))).fails(1, &["repeats digest"]);
    fairshare(&line(&show(&folder()))).fails(2, &["request.json", "caused by"]);
    let other = policy(&folder(), &[("edges = [1, 2,", "edges = [1, 2.5,")]);
    fairshare(&format!("prove data {data} --policy {other} --params {} --out {out}", p.params))
        .fails(1, &["commit the data under the policy's schema"]);
    fairshare(&format!("{} --memory 1MiB", line(&data))).fails(2, &["raise `--memory`"]);
}
