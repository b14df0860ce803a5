//! The main path: what is committed to and proved is verified, and every form of output is as documented.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use super::support::*;

#[test]
fn what_was_committed_and_proved_is_accepted_with_its_exact_score() {
    let p = prepared();
    let record = p.record();
    let ran = fairshare(&format!(
        "verify {} {} {} {record} --allow-insecure-params --json",
        p.data_bundle,
        p.compute_bundle,
        p.common()
    ));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("INSECURE"), "{}", ran.stderr);
    let verdicts: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), 2);
    let data_score = fairshare(&format!(
        "score data --policy {} --data {}/flights-2000.csv --json",
        p.policy,
        show(examples())
    ))
    .json();
    let compute_score = fairshare(&format!(
        "score compute --policy {} --units {} --contributor {CONTRIBUTOR} --json",
        p.policy, p.units
    ))
    .json();
    for (verdict, bundle, role, score) in [
        (&verdicts[0], &p.data_bundle, "data", &data_score),
        (&verdicts[1], &p.compute_bundle, "compute", &compute_score),
    ] {
        assert_eq!(verdict["bundle"], **bundle);
        assert_eq!(verdict["accepted"], true);
        assert_eq!(verdict["role"], role);
        assert_eq!(verdict["contributor"], CONTRIBUTOR);
        assert_eq!(verdict["score"], score["score"]);
        assert_eq!(verdict["error"], Value::Null);
        // Units have no digest of their own.
        assert_eq!(verdict["digests"].as_array().unwrap().len(), usize::from(role == "data"));
    }
    assert_eq!(verdicts[0]["records"], 2000);
    assert_eq!(verdicts[1]["records"], Value::Null);
}

#[test]
fn scores_are_exact_integers_in_text_beside_their_approximation() {
    let p = prepared();
    let line = format!("score data --policy {} --data {}/flights-2000.csv", p.policy, show(examples()));
    let scored = fairshare(&format!("{line} --json")).json();
    assert_eq!(scored["role"], "data");
    assert_eq!(scored["records"], 2000);
    let score: u64 = scored["score"].as_str().unwrap().parse().unwrap();
    let (nats, records) = (scored["nats_per_record"].as_f64().unwrap(), scored["records"].as_f64().unwrap());
    assert!((nats - score as f64 / 256.0 / records).abs() < 1e-12);
    assert!(fairshare(&line).stdout.contains(&score.to_string()));

    let line = format!("score compute --policy {} --units {} --contributor {LGA}", p.policy, p.units);
    let scored = fairshare(&format!("{line} --json")).json();
    assert_eq!(scored["role"], "compute");
    assert_eq!((&scored["rounds"], &scored["units"]), (&365.into(), &104_662.into()));
    let score: u64 = scored["score"].as_str().unwrap().parse().unwrap();
    assert!((scored["value"].as_f64().unwrap() - score as f64 / (1u64 << 48) as f64).abs() < 1e-12);
    assert!(fairshare(&line).stdout.contains(&score.to_string()));
}

#[test]
fn a_person_reads_a_table_and_nothing_moves_where_nobody_watches() {
    let p = prepared();
    let record = p.record();
    let ran = fairshare(&format!(
        "verify {} {} {} {record} --allow-insecure-params",
        p.data_bundle,
        p.compute_bundle,
        p.common()
    ));
    assert_eq!(ran.status, 0);
    assert!(ran.stdout.contains("2 of 2 accepted"), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("accepted │").count(), 2, "{}", ran.stdout);
    // Standard error is not a terminal here: the warning, and no bar or control character.
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains(['\r', '\u{1b}']), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn the_opening_is_its_owners_and_the_request_everyones() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |name: &str| fs::metadata(prepared().data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("opening.bin"), 0o600);
    assert_eq!(mode("request.json"), 0o644);
}

#[test]
fn several_folders_make_one_bundle_and_proofs_are_kept() {
    let p = prepared();
    let folder = folder();
    let second = show(&folder.join("second"));
    let line = format!(
        "commit data {} --contributor {CONTRIBUTOR} --data {}/flights-2000.csv --out {second} \
         --json",
        p.common(),
        show(examples())
    );
    let committed = fairshare(&line).json();
    assert_eq!((&committed["records"], &committed["segments"]), (&2000.into(), &1.into()));
    let bundle = show(&folder.join("both.bundle"));
    let keys = folder.join("keys");
    let line =
        format!("prove data {} {second} {} --out {bundle} --keys {}", show(&p.data), p.common(), show(&keys));
    let proved = fairshare(&format!("{line} --json")).json();
    let kept = fs::read_dir(&keys).unwrap().count();
    assert_eq!(kept, 2, "the keys of a histogram and of a data score");
    assert_eq!(proved["records"], 4000);
    assert_eq!(proved["insecure"], true);
    assert_eq!(proved["digests"][1], committed["digest"]);
    assert_eq!(proved["bytes"], fs::metadata(&bundle).unwrap().len());
    // A second run makes the score's proof only, with the kept keys and histogram proofs as they were.
    let segment = folder.join("second/proofs/000000.proof");
    let before = fs::read(&segment).unwrap();
    let again = fairshare(&format!("{line} --json")).json();
    assert_eq!(again["score"], proved["score"]);
    assert_eq!(fs::read(&segment).unwrap(), before);
    assert_eq!(fs::read_dir(&keys).unwrap().count(), kept);
    let first = p.registration();
    let verified = fairshare(&format!(
        "verify {bundle} {} --registration {second}/request.json {first} --allow-insecure-params --json",
        p.common()
    ))
    .json();
    assert_eq!((&verified["accepted"], &verified["records"]), (&true.into(), &4000.into()));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = program()
        .args(["policy", "check", &prepared().policy])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_demonstration_refuses_what_is_forged() {
    let shown = fairshare("demo --json").json();
    assert_eq!((&shown["accepted"], &shown["insecure"]), (&true.into(), &true.into()));
    assert_eq!(shown["contributors"].as_array().unwrap().len(), 3);
    let attacks = shown["attacks"].as_array().unwrap();
    assert_eq!(attacks.len(), 3);
    assert!(attacks.iter().all(|attack| attack["refused"] == true && attack["error"].is_string()));
}

#[test]
fn the_quick_bench_measures_every_statement() {
    let report = fairshare("bench --geometry compact --runs 1 --json").json();
    assert_eq!(report["geometry"], "compact");
    assert_eq!(report["measured"].as_array().unwrap().len(), 7);
    assert!(report["prove_to_commit"].as_f64().unwrap() > 0.0);
    assert!(report["machine"]["cores"].as_u64().unwrap() >= 1);
}

/// Units are public: whoever has the record proves for any node, and for no other.
#[test]
fn anybody_proves_for_any_node_on_record() {
    let p = prepared();
    let folder = folder();
    let bundle = show(&folder.join("jfk.bundle"));
    let jfk = JFK.to_lowercase();
    let line = format!("prove compute {} --units {} --out {bundle} --contributor", p.common(), p.units);
    let proved = fairshare(&format!("{line} {jfk} --json")).json();
    assert_eq!(proved["role"], "compute");
    let verified = fairshare(&format!(
        "verify {bundle} {} --units {} --allow-insecure-params --json",
        p.common(),
        p.units
    ));
    assert_eq!(verified.json()["accepted"], true);
    fairshare(&format!("{line} {OTHER}")).fails(2, &["no units are on record for", OTHER]);
    // The record of an epoch in which it did a unit less is not the one that was proved.
    let less = fs::read_to_string(&p.units).unwrap().replacen("305,297", "305,296", 1);
    let less = write(&folder, "less.csv", less);
    let ran = fairshare(&format!("verify {bundle} {} --units {less} --allow-insecure-params", p.common()));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("compute-score proof"), "{}", ran.stdout);
    // Without the record there is nothing to verify it with.
    let ran = fairshare(&format!(
        "verify {bundle} {} --registration {} --allow-insecure-params",
        p.common(),
        p.registration()
    ));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("--units"), "{}", ran.stdout);
}
