//! Audits through the command: what was published elsewhere, what is no archive, and archives that were made
//! to harm.

use std::fs;
use std::io::Write;
use std::process::Command;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use super::archives::{forge, read};
use super::support::*;
use super::vaults::*;

fn audit(path: &str, more: &str) -> Ran {
    fairshare(&format!("audit {path} {} {more}", parameters()))
}

/// Every difference of an audit that finds some.
fn differences(ran: &Ran) -> Vec<String> {
    assert_eq!(ran.status, 1, "{}\n{}", ran.stdout, ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    assert_eq!(found["accepted"], false);
    let differences = found["differences"].as_array().expect("a list");
    differences.iter().map(|line| line.as_str().expect("text").to_owned()).collect()
}

#[test]
fn what_was_published_is_compared() {
    let vault = Vault::at(Step::Settled);
    let path = vault.archive();
    let found = audit(&path, "--json").json();
    let text = |name: &str| found[name].as_str().expect("text").to_owned();
    let (hash, root, total) = (text("rules_hash"), text("root"), text("total"));
    let right = format!("--rules-hash {hash} --root {root} --total {total}");
    assert_eq!(audit(&path, &right).status, 0);
    let other = format!("0x{}", "5a".repeat(32));
    let more = (total.parse::<u128>().unwrap() + 1).to_string();
    for (wrong, part) in [
        (right.replace(&hash, &other), format!("the rules hash is {hash}, but {other} was to be expected")),
        (right.replace(&root, &other), format!("the root of the claims is {root}, but {other} was")),
        (right.replace(&total, &more), format!("the claims are {total} in all, but {more} was")),
    ] {
        let found = differences(&audit(&path, &format!("{wrong} --json")));
        assert!(matches!(&found[..], [one] if one.contains(&part)), "{part}: {found:?}");
        mended(
            "an audit of the wrong rules looked like an audit of the right ones",
            format!("exit 1: {}", found[0]),
        );
        assert!(audit(&path, &wrong).stdout.contains(&part));
    }
    // Text, JSON and page name what was audited.
    let page = vault.path("audit.html");
    let told = audit(&path, &format!("--report {page}")).stdout;
    let page = fs::read_to_string(page).unwrap();
    for part in [&hash, &root, &text("head"), &text("vault"), &text("registry")] {
        assert!(told.contains(part.as_str()), "{part}: {told}");
        assert!(page.contains(part.as_str()), "{part}: {page}");
    }
    assert!(told.contains("INSECURE") && told.contains("fairshare 0."), "{told}");
}

/// A receipt shows that an archive lacks its entry, or has another in its place.
#[test]
fn a_receipt_holds_the_operator_to_its_word() {
    let (p, vault) = (prepared(), Vault::at(Step::Open));
    let before = vault.path("before.tar");
    vault.done(&format!("export --archive {before}"));
    let receipt = lines(&vault.register(&p.signed))[0]["receipt"].as_str().unwrap().to_owned();
    let given = format!("--receipt {receipt} --json");
    assert_eq!(audit(&vault.archive(), &given).status, 0);
    let found = differences(&audit(&before, &given));
    assert!(matches!(&found[..], [one] if one.contains("receipt of entry 3")), "{found:?}");
    let garbage = write(&vault.folder, "garbage", "{}");
    audit(&before, &format!("--receipt {garbage}")).fails(2, &["garbage"]);
}

#[test]
fn an_altered_archive_is_told_by_what_differs() {
    let vault = Vault::at(Step::Settled);
    let path = vault.archive();
    let bytes = fs::read(&path).unwrap();
    let (_, entries) = read(&path);
    let (stored, files) = entries.last().unwrap();
    let list = files.single();
    let offset = bytes.windows(list.len()).position(|window| window == list).expect("the earnings");
    let digit = offset + list.iter().rposition(u8::is_ascii_digit).unwrap();
    let mut altered = bytes.clone();
    altered[digit] = if altered[digit] == b'9' { b'8' } else { altered[digit] + 1 };
    let altered = write(&vault.folder, "altered.tar", altered);
    let found = differences(&audit(&altered, "--json"));
    let place = format!("entry {}, epoch 2013: ", stored.index);
    assert!(
        found.iter().any(|one| one.contains(&place) && one.contains("one of them was altered")),
        "{found:?}"
    );
    let told = audit(&altered, "");
    assert!(told.stdout.contains(&format!("DIFFERENCE {place}")), "{}", told.stdout);
    // Parameters that are not allowed are told once, and not as if every amount differed.
    let found = differences(&fairshare(&format!("audit {path} --params {} --json", prepared().params)));
    assert!(matches!(&found[..], [one] if one.contains("INSECURE")), "{found:?}");
}

#[test]
fn parameters_other_than_the_rules_name_are_no_difference() {
    let vault = Vault::at(Step::Submitted);
    let path = vault.archive();
    let other = vault.path("standard.srs");
    assert_eq!(fairshare(&format!("params insecure --geometry standard --out {other}")).status, 0);
    let ran = fairshare(&format!("audit {path} --params {other} --allow-insecure-params"));
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let told = "NOT AUDITED the policy of epoch 2013 names the parameters insecure-development for geometry \
                `compact`, and they were not given; give the whole reference string (`--params`)";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    let ran = fairshare(&format!("audit {path} --params {other} --allow-insecure-params --json"));
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let found: Value = serde_json::from_str(&ran.stdout).expect("one JSON object");
    assert_eq!((&found["accepted"], &found["differences"]), (&false.into(), &Value::Array(Vec::new())));
    assert_eq!(found["unaudited"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["epochs"][0]["rules_hash"], Value::Null);
    mended(
        "an audit with other parameters than the rules name said \"different\"",
        format!("exit 2: {told}"),
    );
}

#[test]
fn what_is_no_archive_is_called_by_its_name() {
    let vault = Vault::at(Step::Settled);
    let path = vault.archive();
    let bytes = fs::read(&path).unwrap();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(&bytes).unwrap();
    let plain = vault.path("plain.tar");
    let tar = |arguments: &[&str]| {
        let status = Command::new("tar").current_dir(examples()).args(arguments).status();
        assert!(status.expect("tar").success());
    };
    tar(&["-cf", &plain, "units.csv"]);
    let cut = &bytes[..bytes.len() / 2];
    for (path, part) in [
        (
            write(&vault.folder, "vault.tar.gz", zipped.finish().unwrap()),
            "compressed with gzip; unpack it first",
        ),
        (plain, "a tar archive, but not of a ledger: its first entry is `units.csv`"),
        (
            vault.ledger.clone(),
            "an SQLite database, not an archive; if it is a ledger, audit it with `fairshare",
        ),
        (write(&vault.folder, "empty.tar", ""), "the file is empty; an archive is what"),
        (write(&vault.folder, "cut.tar", cut), "the archive ends within `0000"),
        (prepared().policy.clone(), "not a tar archive; an archive is what"),
        (vault.path("absent.tar"), "cannot be read"),
    ] {
        audit(&path, "").fails(2, &[&path, part]);
        mended("gzip, a plain tar, a ledger were \"not an archive\"", part);
    }
    // What it is told to do helps.
    assert_eq!(vault.json(&format!("audit {}", parameters()))["accepted"], true);
}

#[test]
fn the_unpacked_policy_passes_its_check() {
    let vault = Vault::at(Step::Announced);
    let path = vault.archive();
    let into = vault.folder.join("unpacked");
    fs::create_dir(&into).unwrap();
    let status = Command::new("tar").current_dir(&into).args(["-xf", &path]).status().expect("tar");
    assert!(status.success());
    let policy = show(&into.join("000000001-rules/policy.toml"));
    let checked = fairshare(&format!("policy check {policy} --params {} --json", prepared().params)).json();
    assert_eq!(checked["valid"], true);
    assert_eq!(checked["rules_hash"], vault.status()["epochs"][0]["rules_hash"]);
    mended("`policy check` refused an archive's unpacked policy", "valid, with the ledger's rules hash");
}

/// A tar archive's header of an entry, with its sum.
fn header(name: &[u8], kind: u8, bytes: u64) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000644");
    header[108..115].copy_from_slice(b"0000000");
    header[116..123].copy_from_slice(b"0000000");
    header[124..135].copy_from_slice(format!("{bytes:011o}").as_bytes());
    header[136..147].copy_from_slice(b"00000000000");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar  \0");
    if kind == b'S' {
        // A hole of 64 MiB, of which no byte stands in the archive.
        for at in [386, 483] {
            header[at..at + 11].copy_from_slice(format!("{:011o}", 64 << 20).as_bytes());
        }
        header[398..409].copy_from_slice(b"00000000000");
    }
    header[148..156].copy_from_slice(b"        ");
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn no_control_character_of_an_archive_reaches_the_terminal() {
    let folder = folder();
    let text = "{\"\u{1b}[31mred\": 1}\u{1b}[2J";
    let mut heading = header(b"ledger.json", b'0', text.len() as u64);
    heading.extend(text.as_bytes());
    heading.resize(1024, 0);
    let name = b"photos/\x1b[2J\x1b[31mred\x07.jpg";
    for (what, bytes) in [
        ("its first name", header(name, b'0', 0)),
        ("a link's name", header(name, b'2', 0)),
        (
            "a long name",
            [
                header(b"././@LongLink", b'L', 20),
                b"\x1b[2Jlong".to_vec(),
                vec![0; 504],
                header(b"x", b'0', 0),
            ]
            .concat(),
        ),
        ("its heading", heading),
        ("a header that is none", {
            let mut odd = header(name, b'0', 0);
            odd[148..156].copy_from_slice(b"zz\x1b[1m\x9b\0");
            odd
        }),
    ] {
        let path = write(&folder, "odd.tar", [bytes, vec![0; 1024]].concat());
        for more in ["", "--json", "--log-level trace"] {
            let ran = audit(&path, more);
            assert_eq!(ran.status, 2, "{what}: {}", ran.stderr);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!all.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{what}: {all:?}");
            mended("ANSI codes in an archive's names reached the terminal", "exit 2, and none is printed");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_of_holes_takes_no_memory() {
    let vault = Vault::at(Step::Proving);
    let path = vault.archive();
    let (_, entries) = read(&path);
    let holes = |from: u64| -> Vec<u8> {
        let name = |index: u64| format!("{index:09}-bundle/proof.bundle").into_bytes();
        (from..from + 60).flat_map(|index| header(&name(index), b'S', 0)).chain([0; 1024]).collect()
    };
    let bare = holes(1);
    assert_eq!(bare.len(), 31_744);
    // And behind all that is sound.
    let whole = fs::read(&path).unwrap();
    let end = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    let behind = [&whole[..end.next_multiple_of(512)], &holes(entries.len() as u64)].concat();
    for bytes in [bare, behind] {
        let bomb = write(&vault.folder, "bomb.tar", bytes);
        let line = format!("audit {bomb} {}", parameters());
        let (ran, peak) = super::resources::measured(&line, 1 << 20);
        ran.fails(2, &["a sparse file or another special entry"]);
        assert!(peak < 256 << 10, "{peak} KiB");
        mended("31,744 bytes of sparse entries took 3.94 GB", format!("refused within {} MiB", peak >> 10));
    }
}

/// A name is read as far as names go, whatever length its entry claims, and whatever follows in the file.
#[cfg(target_os = "linux")]
#[test]
fn a_name_of_gigabytes_takes_no_memory() {
    let folder = folder();
    const LONG: u64 = 7 << 30;
    for kind in [b'L', b'K', b'x', b'g'] {
        let path = write(&folder, "long.tar", header(b"././@LongLink", kind, LONG));
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(LONG + (10 << 20)).unwrap();
        let (ran, peak) = super::resources::measured(&format!("audit {path} {}", parameters()), 1 << 20);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        assert!(peak < 256 << 10, "{peak} KiB");
        mended("a long name took 10 GB", format!("refused within {} MiB", peak >> 10));
    }
}

/// Bundles go as they are refused: what an archive has more of takes no more memory.
#[cfg(target_os = "linux")]
#[test]
fn an_archive_of_large_bundles_takes_little_more_than_one() {
    use fairshare_formats::ledger::{Event, Files, Kind};
    const BUNDLES: usize = 20;
    const LARGE: usize = 16 << 20;
    let vault = Vault::at(Step::Submitted);
    let (path, large) = (vault.archive(), vault.path("large.tar"));
    forge(&path, &large, |entries| {
        let is_bundle = |event: &Event| matches!(event, Event::Bundle { .. });
        let found = entries.iter().position(|(entry, _)| is_bundle(&entry.event)).expect("a bundle");
        let (entry, files) = entries[found].clone();
        let mut bytes = files.single().to_vec();
        bytes.resize(LARGE, 0x5a);
        let copies = (0..BUNDLES).map(|_| (entry.clone(), Files::one(Kind::Bundle, bytes.clone())));
        entries.splice(found + 1..found + 1, copies.collect::<Vec<_>>());
    });
    assert!(fs::metadata(&large).unwrap().len() > (BUNDLES * LARGE) as u64);
    let line = format!("audit {large} {} --json", parameters());
    let (ran, peak) = super::resources::measured(&line, 2 << 20);
    let found = differences(&ran);
    assert_eq!(found.len(), BUNDLES, "{found:?}");
    fs::remove_file(large).unwrap();
    let bound = (256 << 10) + (LARGE as u64 >> 10);
    assert!(peak < bound, "{peak} KiB, and {bound} are allowed");
}
