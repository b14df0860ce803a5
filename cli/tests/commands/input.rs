//! Bad input: each with its message, which says where and what to do.

use std::fs;

use super::support::*;

const HEADER: &str = "carrier,dest,dep_delay,arr_delay,air_time,distance,hour\n";

/// Commits to a file's content under the example policy.
fn commit(name: &str, content: &str) -> Ran {
    let folder = folder();
    let file = write(&folder, name, content);
    let ran = fairshare(&format!(
        "commit data {} --contributor {CONTRIBUTOR} --round 0 --data {file} --out {}",
        prepared().common(),
        show(&folder.join("out"))
    ));
    assert!(!folder.join("out/registration.json").exists() || ran.status == 0, "nothing half done");
    ran
}

#[test]
fn records_that_cannot_be_read_name_file_line_and_column() {
    for (name, content, parts) in [
        ("empty.csv", String::new(), ["empty.csv", "the file is empty"]),
        ("header.csv", HEADER.to_owned(), ["no records", "header only"]),
        ("missing.csv", HEADER.replace("dest,", ""), ["missing.csv", "no column `dest`"]),
        (
            "cell.csv",
            format!("{HEADER}UA,IAH,1,2,3,4,5\nUA,IAH,1,2,soon,4,5\n"),
            ["cell.csv, line 3, column `air_time`", "`soon` is not a finite decimal number"],
        ),
        ("ragged.csv", format!("{HEADER}UA,IAH,1\n"), ["line 2", "3 cells, but the header has 7"]),
        ("notes.txt", HEADER.to_owned(), ["notes.txt", "neither .csv nor .parquet"]),
        ("fake.parquet", HEADER.to_owned(), ["fake.parquet", "not a readable Parquet file"]),
    ] {
        commit(name, &content).fails(2, &parts);
    }
    let score =
        format!("score data --policy {} --data {}", prepared().policy, show(&folder().join("absent.csv")));
    fairshare(&score).fails(2, &["absent.csv: cannot be opened", "caused by: "]);
}

#[test]
fn a_small_upload_is_warned_of_but_committed_to() {
    let ran = commit("small.csv", &format!("{HEADER}UA,IAH,1,2,3,4,5\n"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("1 records, but the policy asks for 500"), "{}", ran.stderr);
}

#[test]
fn units_must_fit_the_policys_rounds() {
    let folder = folder();
    for (content, column, status, part) in [
        ("round,units\n0,843\n", "", 1, "843 units in round 0, but the policy's total is 842"),
        ("round,units\n0,0\n", "", 1, "no units in any round"),
        ("round,units\n365,1\n", "", 2, "line 2: round 365 is not one of the 365 rounds from 0"),
        ("round,units\n0,-1\n", "", 2, "line 2, column `units`: `-1` is not an integer"),
        ("round,units\n0,4294967296\n", "", 2, "`4294967296` is not an integer from 0 to 4294967295"),
        ("round,a,b\n0,1,1\n", "", 2, "which column holds the units?"),
        ("round,a,b\n0,1,1\n", "--column c", 2, "no column `c`"),
    ] {
        let file = write(&folder, "units.csv", content);
        fairshare(&format!(
            "commit compute {} --contributor {CONTRIBUTOR} --units {file} {column} --out {}",
            prepared().common(),
            show(&folder.join("out"))
        ))
        .fails(status, &[part]);
    }
}

#[test]
fn a_policy_is_refused_with_the_place_of_its_fault() {
    for (from, to, parts) in [
        ("protocol = 1\n", "protocol = 1\nsurprise = 2\n", ["unknown field `surprise`", "line"]),
        ("pseudo_count = 1\n", "", ["missing field `pseudo_count`", "line"]),
        ("pseudo_count = 1", "pseudo_count = 0", ["`data.pseudo_count`", "must be a whole number from 1"]),
        ("lambda = \"0.005\"", "lambda = \"0.01\"", ["`compute.lambda`", "is not below `data.lambda`"]),
        ("\"9E\",", "\"9E\", \"9E\",", ["lists label `9E` twice", "line"]),
        ("edges = [1, 2,", "edges = [2, 1,", ["feature `hour`: edge 1 is 1", "line"]),
        ("compute = 7", "compute = 8", ["`weights.compute`", "7 : 3"]),
        ("hash = \"0xaed9", "hash = \"0xaed8", ["rounds.csv", "keccak256"]),
    ] {
        let path = policy(&folder(), &[(from, to)]);
        let ran = fairshare(&format!("policy check {path}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        let ran_json = fairshare(&format!("policy check {path} --json"));
        assert_eq!(ran_json.status, 1);
        let checked: serde_json::Value = serde_json::from_str(&ran_json.stdout).unwrap();
        assert_eq!(checked["valid"], false);
        for part in parts {
            assert!(ran.stdout.contains(part), "{part:?}: {}", ran.stdout);
            assert!(checked["error"].as_str().unwrap().contains(part), "{checked}");
        }
        // Where the policy is only a means, a bad one is unusable input.
        let data = show(&examples().join("flights-2000.csv"));
        fairshare(&format!("score data --policy {path} --data {data}")).fails(2, &parts);
    }
    fairshare("policy check no-such-policy.toml").fails(2, &["cannot read the policy"]);
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
    let reference = fs::read_to_string(examples().join("reference.json")).unwrap();
    let hash = |text: &str| fairshare_formats::policy::side_file_hash(text.as_bytes()).to_string();
    let short = reference.replacen("[1064, ", "[", 1);
    let huge = reference.replacen("[1064, ", "[4294967295, ", 1);
    let original = hash(&reference);
    for (text, part) in [(short, "20 counts for 21 bins"), (huge, "above 4294967295")] {
        let folder = folder();
        let path = policy(&folder, &[(&original, &hash(&text))]);
        write(&folder, "reference.json", text);
        let ran = fairshare(&format!("policy check {path}"));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}

#[test]
fn a_commitment_is_never_overwritten() {
    let p = prepared();
    let before = fs::read(p.data.join("opening.bin")).unwrap();
    fairshare(&format!(
        "commit data {} --contributor {CONTRIBUTOR} --round 0 --data {}/flights-2000.csv --out {}",
        p.common(),
        show(examples()),
        show(&p.data)
    ))
    .fails(2, &["holds a commitment already", "choose another folder"]);
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
    let foreign = fs::read(p.compute.join("opening.bin")).unwrap();
    for (content, status, parts) in [
        (None, 2, ["opening.bin: the secret opening cannot be read", "caused by"]),
        (Some(&b"nonsense"[..]), 2, ["opening.bin", "opening"]),
        (Some(&seed[..]), 2, ["header was altered", "commit again"]),
        (Some(&opening[..opening.len() - 1]), 2, ["its header says", "restore the file"]),
        (Some(&foreign[..]), 2, ["but the registration beside it is of", "into one folder"]),
        (Some(&symbol[..]), 2, ["does not give the commitments", "restore it"]),
    ] {
        let folder = folder();
        for name in ["registration.json", "commitments.bin"] {
            fs::copy(p.data.join(name), folder.join(name)).unwrap();
        }
        if let Some(content) = content {
            write(&folder, "opening.bin", content);
        }
        let out = folder.join("out.bundle");
        fairshare(&format!("prove {} {} --out {}", show(&folder), p.common(), show(&out)))
            .fails(status, &parts);
        assert!(!out.exists(), "no bundle that does not verify");
    }
}

#[test]
fn folders_that_do_not_go_together_are_refused() {
    let p = prepared();
    let (data, compute) = (show(&p.data), show(&p.compute));
    let out = show(&folder().join("out.bundle"));
    let line = |folders: &str| format!("prove {folders} {} --out {out}", p.common());
    fairshare(&line(&format!("{data} {compute}"))).fails(1, &["registration 1 is for compute, not for data"]);
    fairshare(&line(&format!("{data} {data}"))).fails(1, &["registration 1 repeats digest"]);
    fairshare(&line(&show(&folder()))).fails(2, &["registration.json", "caused by"]);
    let other = policy(&folder(), &[("edges = [1, 2,", "edges = [1, 2.5,")]);
    fairshare(&format!("prove {data} --policy {other} --params {} --out {out}", p.params))
        .fails(1, &["commit the data under the policy's schema"]);
    fairshare(&format!("{} --memory 1MiB", line(&data))).fails(2, &["raise `--memory`"]);
}
