//! What a verifier needs of the parameters, in a file of its own: it serves in their place, and is believed
//! under a rules hash alone.

use std::fs;
use std::path::Path;

use fairshare_circuits::geometry::RESERVED_ROWS;
use fairshare_formats::ledger::Files;
use fairshare_params::Geometry;
use sha2::{Digest as _, Sha256};

use super::archives::forge;
use super::support::*;

const GEOMETRY: &str = "geometry = \"compact\"";
/// The fingerprint of nobody's parameters.
const OTHER_PARAMETERS: &str = "0x0707070707070707070707070707070707070707070707070707070707070707";
const NOT_NAMED: &str = "other parameters than the policy names";
const CHECKSUM: usize = 32;
const POINT: usize = 64;
/// Where the points of rows begin: after the header, the fingerprint and `[s]_2`.
const ROWS: usize = 4 + 1 + 1 + 32 + 128;

/// The file that was written with the parameters.
fn written() -> Vec<u8> {
    fs::read(prepared().root.join("compact.verifier.params")).expect("the file beside the parameters")
}

/// A copy of it in a folder where no whole parameters are.
fn alone(folder: &Path) -> String {
    write(folder, "alone.verifier.params", written())
}

/// The example policy's, from the whole parameters.
fn rules_hash() -> String {
    let p = prepared();
    let checked = fairshare(&format!("policy check {} --params {} --json", p.policy, p.params)).json();
    checked["rules_hash"].as_str().expect("a rules hash").to_owned()
}

/// Both bundles, under a policy and parameters.
fn verify(policy: &str, params: &str, hash: &str) -> Ran {
    let p = prepared();
    let hash = if hash.is_empty() { String::new() } else { format!("--rules-hash {hash}") };
    fairshare(&format!(
        "verify {} {} {} --policy {policy} --params {params} --allow-insecure-params {hash}",
        p.data_bundle,
        p.compute_bundle,
        p.record()
    ))
}

/// A policy with a line more.
fn with_rules_hash(folder: &Path, hash: &str) -> String {
    policy(folder, &[(GEOMETRY, &format!("rules_hash = \"{hash}\"\n{GEOMETRY}"))])
}

fn with_another_digit(hash: &str) -> String {
    let last = if hash.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &hash[..hash.len() - 1])
}

#[test]
fn it_is_written_with_the_parameters_and_by_a_command_of_its_own() {
    let p = prepared();
    let folder = folder();
    let named = show(&folder.join("named.params"));
    let ran = fairshare(&format!("params verifier {} --out {named} --json", p.params)).json();
    assert_eq!(ran["verifier_file"], named.as_str());
    assert!(fs::read(&named).unwrap() == written(), "other bytes than those written with the parameters");
    // Without a name it stands beside them, over the one before.
    let srs = show(&folder.join("copy.srs"));
    fs::copy(&p.params, &srs).unwrap();
    let beside = write(&folder, "copy.verifier.params", "an older file");
    let ran = fairshare(&format!("params verifier {srs} --json")).json();
    assert_eq!(ran["verifier_file"], beside.as_str());
    assert!(fs::read(&beside).unwrap() == written());
    // It is made from whole parameters, and never takes their place.
    fairshare(&format!("params verifier {srs} --out {srs}")).fails(2, &["copy.srs"]);
    fairshare(&format!("params verifier {beside} --out {named}")).fails(2, &["cannot be used as parameters"]);
}

#[test]
fn it_serves_in_the_place_of_the_parameters_under_a_rules_hash() {
    let folder = folder();
    let (params, hash) = (alone(&folder), rules_hash());
    let ran = verify(&prepared().policy, &params, &hash);
    assert_eq!(ran.status, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 of 2 accepted") && ran.stderr.contains("INSECURE"), "{}", ran.stderr);
    let named = with_rules_hash(&folder, &hash);
    for given in ["", hash.as_str()] {
        assert_eq!(verify(&named, &params, given).status, 0, "{given}");
    }
    // Whoever asks for a ceremony's parameters is not served with others under the right hash.
    let p = prepared();
    let (bundle, common) = (&p.data_bundle, format!("--policy {} --params {params}", p.policy));
    let ran = fairshare(&format!("verify {bundle} {} {common} --rules-hash {hash}", p.record()));
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("--allow-insecure-params"), "{}", ran.stdout);
}

#[test]
fn it_is_not_believed_without_a_rules_hash_or_under_another() {
    let folder = folder();
    let (params, hash) = (alone(&folder), rules_hash());
    let policy = &prepared().policy;
    verify(policy, &params, "").fails(2, &["believed only under", "--rules-hash"]);
    let other = with_another_digit(&hash);
    // A ledger is opened under no hash that nobody gave.
    let ledger = show(&folder.join("ledger"));
    fairshare(&format!("vault init --policy {policy} --params {params} --ledger {ledger}"))
        .fails(2, &["believed only under"]);
    assert!(!folder.join("ledger").exists());
    let is_other = [hash.as_str(), &other, "the policy was changed"];
    verify(policy, &params, &other).fails(2, &is_other);
    verify(&with_rules_hash(&folder, &other), &params, "").fails(2, &is_other);
}

/// It is not for the program to choose.
#[test]
fn two_rules_hashes_are_refused() {
    let folder = folder();
    let (params, hash) = (alone(&folder), rules_hash());
    let other = with_another_digit(&hash);
    for (named, given) in [(&hash, &other), (&other, &hash)] {
        verify(&with_rules_hash(&folder, named), &params, given).fails(2, &[&hash, &other, "remove the one"]);
    }
}

/// Under a rules hash as well.
#[test]
fn what_takes_whole_parameters_refuses_it() {
    let folder = folder();
    let (params, out) = (alone(&folder), show(&folder.join("out")));
    let (p, whole) = (prepared(), ["cannot be used as parameters"]);
    let named = with_rules_hash(&folder, &rules_hash());
    let common = format!("--policy {named} --params {params} --out {out}");
    fairshare(&format!("prove data {} {common}", show(&p.data))).fails(2, &whole);
    fairshare(&format!(
        "commit data {common} --contributor {CONTRIBUTOR} --data {}/flights-2000.csv",
        show(examples())
    ))
    .fails(2, &whole);
    fairshare(&format!("policy check {named} --params {params}")).fails(2, &whole);
}

/// The file with two of its points exchanged, and its hash made right again.
fn exchanged(one: usize, other: usize) -> Vec<u8> {
    let mut content = written();
    content.truncate(content.len() - CHECKSUM);
    let point = |offset: usize| content[offset..offset + POINT].to_vec();
    let (first, second) = (point(one), point(other));
    assert_ne!(first, second, "points {one} and {other} are one");
    content[one..one + POINT].copy_from_slice(&second);
    content[other..other + POINT].copy_from_slice(&first);
    let hash = Sha256::digest(&content);
    content.extend(hash);
    content
}

/// Bundles are never judged by false keys: neither accepted nor refused.
#[test]
fn false_points_with_the_true_fingerprint_are_no_verdict_on_bundles() {
    let folder = folder();
    let (policy, hash) = (&prepared().policy, rules_hash());
    let reserved = ROWS + POINT * Geometry::COMPACT.alphabet();
    let keys = reserved + POINT * RESERVED_ROWS;
    let last = written().len() - CHECKSUM - POINT;
    for (name, one, other) in [
        ("two keys", keys, last),
        ("one key", keys, keys + POINT),
        ("a key and a row", ROWS, last),
        ("two rows", ROWS, reserved - POINT),
        ("two reserved rows", reserved, keys - POINT),
    ] {
        let path = write(&folder, "false.verifier.params", exchanged(one, other));
        let ran = verify(policy, &path, &hash);
        ran.fails(2, &[&hash, "the verifier's parameters are false", "give the whole parameters"]);
        assert!(!ran.stderr.contains("altered"), "{name}: {}", ran.stderr);
        verify(&with_rules_hash(&folder, &hash), &path, "").fails(2, &["parameters are false"]);
        verify(policy, &path, "").fails(2, &["believed only under"]);
    }
}

#[test]
fn a_damaged_file_is_told_from_a_false_one() {
    let folder = folder();
    let (policy, hash, good) = (&prepared().policy, rules_hash(), written());
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= byte;
        bytes
    };
    let verifier = "cannot be used as a verifier's parameters";
    for (bytes, parts) in [
        (good[..good.len() - 1].to_vec(), [verifier, "but those of geometry `compact` have"]),
        ([&good, [0].as_slice()].concat(), [verifier, "but those of geometry `compact` have"]),
        (good[..10].to_vec(), [verifier, "10 bytes are too few"]),
        (changed(good.len() / 2, 1), [verifier, "damaged: its SHA-256 is"]),
        (changed(good.len() - 1, 1), [verifier, "damaged: its SHA-256 is"]),
        (changed(4, 3), [verifier, "format version 2"]),
        (changed(5, 0x80), [verifier, "geometry identifier"]),
        // What does not begin like one is taken for whole parameters.
        (changed(0, 1), ["cannot be used as parameters", "generate or import it again"]),
        (Vec::new(), ["cannot be used as parameters", "0 bytes"]),
    ] {
        let path = write(&folder, "damaged.verifier.params", bytes);
        verify(policy, &path, &hash).fails(2, &parts);
    }
}

#[test]
fn one_of_another_geometry_is_refused() {
    let folder = folder();
    let srs = show(&folder.join("standard.srs"));
    assert_eq!(fairshare(&format!("params insecure --geometry standard --out {srs}")).status, 0);
    fs::remove_file(&srs).unwrap();
    let params = show(&folder.join("standard.verifier.params"));
    let (policy, hash) = (&prepared().policy, rules_hash());
    for hash in ["", &hash] {
        verify(policy, &params, hash)
            .fails(2, &[NOT_NAMED, "of geometry `standard`, and the policy has `compact`"]);
    }
    // One that only says so has another length.
    let mut renamed = written();
    renamed[5] = fs::read(&params).unwrap()[5];
    let renamed = write(&folder, "renamed.verifier.params", renamed);
    verify(policy, &renamed, &hash).fails(2, &["but those of geometry `standard` have"]);
}

#[test]
fn a_policy_of_other_parameters_is_served_by_no_command() {
    let folder = folder();
    let p = prepared();
    let params = &p.params;
    let other = policy(&folder, &[("\"insecure-development\"", &format!("{OTHER_PARAMETERS:?}"))]);
    let (out, ledger) = (show(&folder.join("out")), show(&folder.join("ledger")));
    let parts = [NOT_NAMED, OTHER_PARAMETERS];
    // A rules hash does not help: what the policy names comes first.
    verify(&other, params, "").fails(2, &parts);
    verify(&other, &alone(&folder), &rules_hash()).fails(2, &parts);
    let common = format!("--policy {other} --params {params}");
    for line in [
        format!("prove data {} {common} --out {out}", show(&p.data)),
        format!("prove compute {common} --units {} --contributor {CONTRIBUTOR} --out {out}", p.units),
        format!(
            "commit data {common} --out {out} --contributor {CONTRIBUTOR} --data {}",
            show(&examples().join("flights-2000.csv"))
        ),
        format!("vault init {common} --ledger {ledger}"),
        format!("policy check {other} --params {params}"),
    ] {
        fairshare(&line).fails(2, &parts);
        assert!(!Path::new(&out).exists() && !Path::new(&ledger).exists(), "{line}");
    }
}

/// An auditor has the parameters that it trusts, and an archive whose policy names others.
#[test]
fn an_archive_of_other_parameters_is_not_audited() {
    let folder = folder();
    let p = prepared();
    let (ledger, path) = (show(&folder.join("ledger")), show(&folder.join("vault.tar")));
    for line in [format!("init {}", p.common()), format!("export --archive {path}")] {
        assert_eq!(fairshare(&format!("vault {line} --ledger {ledger}")).status, 0, "{line}");
    }
    let other = show(&folder.join("other.tar"));
    forge(&path, &other, |entries| {
        let mut source = entries[0].1.policy().unwrap();
        source.text = source.text.replacen("insecure-development", OTHER_PARAMETERS, 1);
        entries[0].1 = Files::of_policy(&source);
    });
    let ran = fairshare(&format!("audit {other} --params {} --allow-insecure-params", p.params));
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    for part in ["NOT AUDITED the policy of epoch 2013", OTHER_PARAMETERS, "Nothing of it was verified"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    // The ledger itself is one of these parameters; a verifier's are not enough to say so.
    let audit = |params: &str| {
        fairshare(&format!("vault audit --ledger {ledger} --params {params} --allow-insecure-params"))
    };
    assert_eq!(audit(&p.params).status, 0);
    audit(&alone(&folder)).fails(2, &["cannot be used as parameters", "a verifier's parameters"]);
}
