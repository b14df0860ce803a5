//! Parameters, references, and bad usage.

use std::fs;
use std::path::Path;

use super::support::*;

#[test]
fn parameters_are_described_and_insecure_ones_named() {
    let p = prepared();
    let ran = fairshare(&format!("params inspect {} --json", p.params));
    let described = ran.json();
    assert_eq!((&described["geometry"], &described["rows"]), (&"compact".into(), &2048.into()));
    assert_eq!((&described["insecure"], &described["provenance"]), (&true.into(), &"insecure".into()));
    assert_eq!(described["perpetual_powers_of_tau"], false);
    assert!(ran.stderr.contains("INSECURE"), "{}", ran.stderr);
    // The same on every machine and in every run.
    let again = show(&folder().join("again.srs"));
    let made = fairshare(&format!("params insecure --geometry compact --out {again} --json"));
    assert_eq!(made.json()["digest"], described["digest"]);
    assert!(made.stderr.contains("INSECURE"), "{}", made.stderr);
    assert_eq!(fs::read(&again).unwrap(), fs::read(&p.params).unwrap());
}

#[test]
fn damaged_parameters_are_never_used() {
    let p = prepared();
    let folder = folder();
    let good = fs::read(&p.params).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for (name, bytes, parts) in [
        ("truncated.srs", &good[..good.len() - 1], ["truncated.srs cannot", "generate or import it again"]),
        ("flipped.srs", &flipped[..], ["damaged: its SHA-256", "generate or import it again"]),
        ("empty.srs", &[], ["caused by: 0 bytes", "generate or import it again"]),
    ] {
        let path = write(&folder, name, bytes);
        fairshare(&format!("params inspect {path}")).fails(2, &parts);
        let out = show(&folder.join("out"));
        fairshare(&format!("prove data {} --policy {} --params {path} --out {out}", show(&p.data), p.policy))
            .fails(2, &parts);
    }
}

#[test]
fn parameters_of_another_geometry_are_refused() {
    let p = prepared();
    let folder = folder();
    let policy = policy(&folder, &[("geometry = \"compact\"", "geometry = \"standard\"")]);
    let common = format!("--policy {policy} --params {}", p.params);
    let too_small =
        ["other parameters than the policy names: of geometry `compact`, and the policy has `standard`"];
    let out = show(&folder.join("out"));
    let data = p.registration();
    fairshare(&format!(
        "commit data {common} --contributor {CONTRIBUTOR} --data {}/flights-2000.csv --out {out}",
        show(examples())
    ))
    .fails(2, &too_small);
    fairshare(&format!("prove data {} {common} --out {out}", show(&p.data))).fails(2, &too_small);
    fairshare(&format!("verify {} {common} --registration {data} --allow-insecure-params", p.data_bundle))
        .fails(2, &too_small);
}

#[test]
fn a_ceremony_file_that_is_none_or_too_small_is_refused() {
    let folder = folder();
    let out = show(&folder.join("out.srs"));
    let garbage = write(&folder, "garbage.ptau", [7; 100]);
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/tests/data/powersOfTau28_hez_final_08.ptau");
    for (path, parts) in [
        (garbage.as_str(), ["garbage.ptau", "error: "]),
        (small, ["powersOfTau28_hez_final_08.ptau", "power"]),
        ("absent.ptau", ["absent.ptau", "cannot"]),
    ] {
        fairshare(&format!("params import {path} --geometry compact --out {out}")).fails(2, &parts);
    }
    assert!(!folder.join("out.srs").exists());
}

#[test]
fn the_example_reference_is_what_the_command_makes_of_the_data() {
    let folder = folder();
    let text = fs::read_to_string(examples().join("policy.toml")).unwrap();
    // A draft: the tables of rounds and reference are not there yet.
    let cut = |text: &str, from: &str, to: &str| {
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{}", &text[..start], &text[end..])
    };
    let draft = cut(&text, "\n[rounds]", "\n[reference]");
    let draft = cut(&draft, "\n[reference]", "\n# ---- What a record is");
    assert!(!draft.contains("file = "), "{draft}");
    let draft = write(&folder, "draft.toml", draft);
    let data: Vec<_> =
        ["EWR", "JFK", "LGA"].map(|name| show(&examples().join(format!("{name}.parquet")))).into();
    let counted =
        fairshare(&format!("policy reference --policy {draft} --data {} --json", data.join(" "))).json();
    assert_eq!(counted["records"], 336_776);
    let made = fs::read(folder.join("reference.json")).unwrap();
    assert!(made == fs::read(examples().join("reference.json")).unwrap());
    let toml = counted["toml"].as_str().unwrap();
    assert!(text.contains(toml), "{toml}");
    fairshare(&format!("policy reference --policy {draft} --data absent.csv")).fails(2, &["absent.csv"]);
}

/// Whoever has the whole parameters is not kept from verifying and proving by a file beside them.
#[test]
fn a_wrong_file_beside_the_parameters_is_passed_over() {
    let (p, folder) = (prepared(), folder());
    let srs = show(&folder.join("own.srs"));
    fs::copy(&p.params, &srs).unwrap();
    let checked = fairshare(&format!("policy check {} --params {} --json", p.policy, p.params)).json();
    let hash = format!("parameters = \"insecure-development\"\nrules_hash = {}", checked["rules_hash"]);
    let policy = policy(&folder, &[("parameters = \"insecure-development\"", &hash)]);
    let verify = format!(
        "verify {} --policy {policy} --params {srs} {} --allow-insecure-params",
        p.data_bundle,
        p.record()
    );
    let good = fs::read(Path::new(&p.params).with_extension("verifier.params")).unwrap();
    let mut damaged = good.clone();
    damaged[1000] ^= 1;
    // Of another geometry: whole, and not these.
    let large = show(&folder.join("large.srs"));
    assert_eq!(fairshare(&format!("params insecure --geometry standard --out {large}")).status, 0);
    let other = fs::read(folder.join("large.verifier.params")).unwrap();
    for (beside, part) in [(good, None), (damaged, Some("SHA-256")), (other, Some("other parameters"))] {
        write(&folder, "own.verifier.params", beside);
        let out = show(&folder.join("out.bundle"));
        let unit = format!("--units {} --contributor {CONTRIBUTOR} --out {out}", p.units);
        for line in [verify.clone(), format!("prove compute --policy {policy} --params {srs} {unit}")] {
            let ran = fairshare(&line);
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            assert_eq!(
                ran.stderr.contains("own.verifier.params is not used"),
                part.is_some(),
                "{}",
                ran.stderr
            );
            assert!(part.is_none_or(|part| ran.stderr.contains(part)), "{}", ran.stderr);
        }
    }
}

#[test]
fn bad_usage_has_status_two() {
    for (line, part) in [
        ("divide", "unrecognized subcommand"),
        ("params insecure --geometry huge --out x", "compact, standard, large"),
        ("params insecure --geometry compact", "--out"),
        ("prove data d --policy p --params s --out b --memory 8GB", "512MiB or 8GiB"),
        ("prove data d --policy p --params s --out b --jobs 0", "1 or more"),
        ("prove compute --policy p --params s --contributor 0x12 --units u --out d", "0x12"),
        ("commit data --policy p --params s --data d --out o", "--contributor"),
        ("verify --policy p --params s --registration r", "BUNDLE"),
        ("--log-level loud demo", "possible values"),
    ] {
        let ran = fairshare(line);
        assert_eq!(ran.status, 2, "{line}: {}", ran.stderr);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(part), "{line}: {}", ran.stderr);
    }
    let zero = format!("0x{}", "0".repeat(40));
    let out = show(&folder().join("out"));
    fairshare(&format!(
        "commit data {} --contributor {zero} --data {}/flights-2000.csv --out {out}",
        prepared().common(),
        show(examples())
    ))
    .fails(2, &["the zero address"]);
}

#[test]
fn the_log_goes_to_standard_error_as_far_as_asked() {
    let p = prepared();
    let small = concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/tests/data/powersOfTau28_hez_final_08.ptau");
    let import =
        format!("params import {small} --geometry compact --out {}", show(&p.root.join("never.srs")));
    let quiet = fairshare(&format!("{import} --log-level off"));
    assert!(!quiet.stderr.contains("INFO"), "{}", quiet.stderr);
    let loud = fairshare(&format!("--log-level info {import}"));
    assert!(loud.stderr.contains("INFO"), "{}", loud.stderr);
    assert!(loud.stdout.is_empty());
}
