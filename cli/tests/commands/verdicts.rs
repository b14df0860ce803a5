//! What `verify` refuses, and how it says so.

use std::fs;

use fairshare_params::encoding::Digest;
use serde_json::Value;

use super::support::*;

/// Verifies `bundles` with the units on record, and returns the exit status and one object a bundle.
fn verify(bundles: &[&str], policy: &str, registrations: &[&str]) -> (i32, Vec<Value>, String) {
    let ran = fairshare(&format!(
        "verify {} --policy {policy} --params {} --registration {} --units {} --allow-insecure-params --json",
        bundles.join(" "),
        prepared().params,
        registrations.join(" "),
        prepared().units
    ));
    let verdicts = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (ran.status, verdicts, ran.stderr)
}

fn assert_refused(verdict: &Value, part: &str) {
    assert_eq!(verdict["accepted"], false, "{verdict}");
    assert!(verdict["error"].as_str().unwrap().contains(part), "{part:?}: {verdict}");
}

#[test]
fn damaged_bundles_are_refused_and_the_others_accepted() {
    let p = prepared();
    let folder = folder();
    let good = fs::read(&p.data_bundle).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let extended = [good.as_slice(), &[0]].concat();
    let last = good.len() - 1;
    let absent = show(&folder.join("absent"));
    let damaged = [
        (write(&folder, "truncated", &good[..last]), "but a bundle for these registrations has"),
        (write(&folder, "extended", &extended), "but a bundle for these registrations has"),
        (write(&folder, "empty", []), "truncated at byte 0"),
        (write(&folder, "role", flipped(0)), "not a bundle"),
        (write(&folder, "old", [b"FSBUNDLE".as_slice(), &good].concat()), "protocol version 1"),
        // The link's last response: canonical, but of another equation.
        (write(&folder, "response", flipped(last)), "link does not hold"),
        (absent, "cannot be read"),
    ];
    let data = p.registration();
    let mut bundles: Vec<&str> = damaged.iter().map(|(path, _)| path.as_str()).collect();
    bundles.insert(3, &p.data_bundle);
    bundles.push(&p.compute_bundle);
    let (status, verdicts, _) = verify(&bundles, &p.policy, &[&data]);
    assert_eq!(status, 1);
    assert_eq!(verdicts.len(), bundles.len());
    for (verdict, bundle) in verdicts.iter().zip(&bundles) {
        assert_eq!(verdict["bundle"], **bundle);
        match damaged.iter().find(|(path, _)| path == bundle) {
            Some((_, part)) => assert_refused(verdict, part),
            None => assert_eq!((&verdict["accepted"], &verdict["error"]), (&true.into(), &Value::Null)),
        }
    }
    // What cannot be read has no fields; what can has those that it claims, as far as it can.
    assert_eq!((&verdicts[2]["role"], &verdicts[2]["score"]), (&Value::Null, &Value::Null));
    assert_eq!((&verdicts[0]["role"], &verdicts[0]["score"]), (&"data".into(), &Value::Null));
    assert_eq!(verdicts[6]["role"], "data");
    assert!(verdicts[6]["score"].is_string());
}

#[test]
fn a_score_raised_by_one_unit_is_refused() {
    let p = prepared();
    let data = p.registration();
    let folder = folder();
    let score = |path: &str| -> u64 {
        let (_, verdicts, _) = verify(&[path], &p.policy, &[&data]);
        verdicts[0]["score"].as_str().unwrap().parse().unwrap()
    };
    for (bundle, name) in [(&p.data_bundle, "data-score proof"), (&p.compute_bundle, "compute-score proof")] {
        let honest = score(bundle);
        let mut bytes = fs::read(bundle).unwrap();
        let offset = bytes.windows(8).rposition(|window| window == honest.to_be_bytes()).unwrap();
        bytes[offset..offset + 8].copy_from_slice(&(honest + 1).to_be_bytes());
        let raised = write(&folder, "raised", bytes);
        assert_eq!(score(&raised), honest + 1);
        let (status, verdicts, _) = verify(&[&raised], &p.policy, &[&data]);
        assert_eq!(status, 1);
        assert_refused(&verdicts[0], name);
    }
}

#[test]
fn a_bundle_is_its_contributors_alone() {
    let p = prepared();
    let folder = folder();
    let data = p.registration();
    // The digest covers the contributor: a request in another's name is none.
    let edited = fs::read_to_string(&data).unwrap().replace(CONTRIBUTOR, OTHER);
    let edited = write(&folder, "edited.json", edited);
    let (status, verdicts, stderr) = verify(&[&p.data_bundle], &p.policy, &[&edited]);
    assert_eq!((status, verdicts.len()), (1, 0), "{stderr}");
    assert!(stderr.contains("one of them was altered"), "{stderr}");

    // Replayed: the bundle under the other's name, with the owner's digest and with one of the other's own.
    let mut bytes = fs::read(&p.data_bundle).unwrap();
    bytes[44..64].copy_from_slice(&[[0; 19].as_slice(), &[0xa2]].concat());
    let replayed = write(&folder, "replayed", &bytes);
    let (status, verdicts, _) = verify(&[&replayed], &p.policy, &[&data]);
    assert_eq!(status, 1);
    assert_eq!(verdicts[0]["contributor"], OTHER);
    assert_refused(&verdicts[0], "belongs to");
    assert_refused(&verdicts[0], CONTRIBUTOR);
    let own = request_of(&folder, "own.json", OTHER);
    let hash = |path: &str| -> Digest {
        let json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        json["digest"].as_str().unwrap().parse().unwrap()
    };
    let at = bytes.windows(32).position(|window| window == hash(&data).0).expect("the digest");
    bytes[at..at + 32].copy_from_slice(&hash(&own).0);
    let replayed = write(&folder, "replayed-whole", &bytes);
    let (status, verdicts, _) = verify(&[&replayed], &p.policy, &[&own]);
    assert_eq!(status, 1);
    assert_eq!((&verdicts[0]["contributor"], &verdicts[0]["accepted"]), (&OTHER.into(), &false.into()));
    assert_refused(&verdicts[0], "proof");
}

#[test]
fn a_bundle_is_of_one_policy_alone() {
    let p = prepared();
    let data = p.registration();
    for change in [
        ("epoch = 2013", "epoch = 2014"),
        ("chain_id = 31337", "chain_id = 1"),
        ("f11e4755\"", "f11e4756\""),
        ("nyc-flights-sample", "nyc-flights"),
        ("pool = 100_000_000", "pool = 100_000_001"),
        ("lambda = \"0.005\"", "lambda = \"0.004\""),
        ("pseudo_count = 1", "pseudo_count = 2"),
    ] {
        let folder = folder();
        let policy = policy(&folder, &[change]);
        let (status, verdicts, _) = verify(&[&p.data_bundle, &p.compute_bundle], &policy, &[&data]);
        assert_eq!(status, 1, "{change:?}");
        assert_refused(&verdicts[0], "data-score proof");
        assert_refused(&verdicts[1], "compute-score proof");
    }
    let policy = policy(&folder(), &[("min_records = 500", "min_records = 2001")]);
    let (_, verdicts, _) = verify(&[&p.data_bundle], &policy, &[&data]);
    assert_refused(&verdicts[0], "at least 2001");
}

#[test]
fn registrations_are_matched_by_digest() {
    let p = prepared();
    let data = p.registration();
    let folder = folder();
    let unknown = request_of(&folder, "unknown.json", CONTRIBUTOR.to_lowercase().replace('b', "a").as_str());
    let (status, verdicts, stderr) = verify(&[&p.data_bundle], &p.policy, &[&unknown]);
    assert_eq!(status, 1);
    assert_refused(&verdicts[0], "but 0 were given");
    assert!(stderr.contains("no bundle given covers this registration"), "{stderr}");
    // The same twice is one, and so are a request and what was signed for it: one digest has one meaning.
    let copy = write(&folder, "copy.json", fs::read(&data).unwrap());
    for registrations in [vec![&data, &copy], vec![&data, &p.signed], vec![&p.signed]] {
        let registrations: Vec<_> = registrations.into_iter().map(String::as_str).collect();
        let (status, _, _) = verify(&[&p.data_bundle], &p.policy, &registrations);
        assert_eq!(status, 0, "{registrations:?}");
    }
    // Version 1 had other files.
    let old = write(&folder, "registration.json", "{\"version\": 1, \"role\": \"data\", \"round\": 3}");
    let (status, _, stderr) = verify(&[&p.data_bundle], &p.policy, &[&old]);
    assert_eq!(status, 2);
    assert!(stderr.contains("`version` is 1, not 2") && stderr.contains("signed registration"), "{stderr}");
    // One digest twice is for the payer to refuse, who is told.
    let (status, _, stderr) = verify(&[&p.data_bundle, &p.data_bundle], &p.policy, &[&data]);
    assert_eq!(status, 0);
    assert!(stderr.contains("must be paid once"), "{stderr}");
}

/// Rounds of another epoch are no record of this one.
#[test]
fn units_of_other_rounds_are_refused() {
    let p = prepared();
    let policy = policy(&folder(), &[("first = 0", "first = 365")]);
    fairshare(&format!(
        "verify {} --policy {policy} --params {} --units {} --allow-insecure-params",
        p.compute_bundle, p.params, p.units
    ))
    .fails(2, &["line 2, column `round`: 0 stands where 365 belongs"]);
}

#[test]
fn insecure_parameters_are_refused_unless_asked_for() {
    let p = prepared();
    let line = format!("verify {} {} {} {}", p.data_bundle, p.compute_bundle, p.common(), p.record());
    let ran = fairshare(&format!("{line} --json"));
    assert_eq!(ran.status, 1);
    let verdicts: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), 2);
    for verdict in &verdicts {
        assert_refused(verdict, "INSECURE");
        assert_refused(verdict, "--allow-insecure-params");
    }
    let ran = fairshare(&line);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("0 of 2 accepted"), "{}", ran.stdout);
}

/// Whether parameters are secure is no matter where they are not the ones.
#[test]
fn other_parameters_are_no_verdict() {
    let (p, folder) = (prepared(), folder());
    let named = format!("parameters = \"0x{}\"", "7".repeat(64));
    let policy = policy(&folder, &[("parameters = \"insecure-development\"", &named)]);
    let line = format!("verify {} --policy {policy} --params {} {}", p.data_bundle, p.params, p.record());
    for allow in ["", "--allow-insecure-params"] {
        fairshare(&format!("{line} {allow}")).fails(2, &["other parameters than the policy names"]);
    }
}

#[test]
fn nothing_is_verified_against_files_that_cannot_be_read() {
    let p = prepared();
    let data = p.registration();
    let folder = folder();
    let bad = write(&folder, "bad", "{}");
    let absent = show(&folder.join("absent"));
    for (policy, params, registration, parts) in [
        (&absent, &p.params, &data, ["cannot read the policy", "absent"]),
        (&bad, &p.params, &data, ["bad", "line 1"]),
        (&p.policy, &absent, &data, ["cannot", "absent"]),
        (&p.policy, &bad, &data, ["2 bytes", "generate or import it again"]),
        (&p.policy, &p.params, &absent, ["absent", "cannot be read"]),
        (&p.policy, &p.params, &bad, ["bad", "missing field `version`"]),
    ] {
        fairshare(&format!(
            "verify {} --policy {policy} --params {params} --registration {registration} \
             --allow-insecure-params",
            p.data_bundle
        ))
        .fails(2, &parts);
    }
}
