//! Attacks on memory and time: files that nobody could keep in memory, given to every command that reads a
//! file. Each is refused by a process that may not have more memory than an ordinary one.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::support::{CONTRIBUTOR, Ran, examples, folder, policy, prepared, program, show, write};

/// Address space that a process may have, in KiB. A debug build of an ordinary run takes a third of it.
const ADDRESS_SPACE: u64 = 1 << 20;
/// As much as a refusal may take, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
const GIBIBYTE: u64 = 1 << 30;

/// Runs the program under a limit on its address space that the system keeps.
pub fn bounded(line: &str, kibibytes: u64) -> Ran {
    measured(line, kibibytes).0
}

/// The same, with the peak of its memory in KiB, as last seen.
pub fn measured(line: &str, kibibytes: u64) -> (Ran, u64) {
    let program = program();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -v {kibibytes}; exec \"$0\" \"$@\"")]).arg(program.get_program());
    for (key, value) in program.get_envs() {
        shell.env(key, value.expect("a value"));
    }
    // Address space goes with threads, of which large machines have more.
    shell.env("RAYON_NUM_THREADS", "2").env("MALLOC_ARENA_MAX", "2").args(line.split_whitespace());
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let begun = Instant::now();
    let mut peak = String::new();
    while child.try_wait().expect("wait").is_none() {
        if let Ok(status) = fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let found = status.lines().find(|line| line.starts_with("VmHWM")).map(str::to_owned);
            peak = found.unwrap_or(peak);
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("kill");
            panic!("no answer within {PATIENCE:?}: {line}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    let ran = Ran::new(child.wait_with_output().expect("output"));
    println!("{:>6} ms, {peak}: {line}", begun.elapsed().as_millis());
    let kibibytes = peak.split_whitespace().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    (ran, kibibytes)
}

/// Checks that a command refuses its input in these words, within the bounds.
fn refuses(line: &str, status: i32, part: &str) {
    let ran = bounded(line, ADDRESS_SPACE);
    assert_eq!(ran.status, status, "{line}\n{}\n{}", ran.stdout, ran.stderr);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains(part), "{part:?} is not in\n{said}");
}

/// A file that begins with that text and then has zeros, which take no room on the disk, up to that length.
fn sparse(folder: &Path, name: &str, text: &str, length: u64) -> String {
    let path = folder.join(name);
    let mut file = File::create(&path).expect("create");
    file.write_all(text.as_bytes()).expect("write");
    file.set_len(length).expect("a file system with sparse files");
    show(&path)
}

fn ten_gibibytes(folder: &Path, name: &str) -> String {
    sparse(folder, name, "", 10 * GIBIBYTE)
}

#[test]
fn ten_gibibytes_of_zeros_as_data() {
    let p = prepared();
    let folder = folder();
    let csv = ten_gibibytes(&folder, "zeros.csv");
    let score = format!("score data --policy {} --data", p.policy);
    let too_long = "a record of more than 1048576 bytes";
    refuses(&format!("{score} {csv}"), 2, too_long);
    let header = fs::read_to_string(examples().join("flights-2000.csv")).expect("read");
    let header = header.lines().next().expect("a header").to_owned() + "\n";
    // One endless line, one endless quoted cell; after one sound line, and at once.
    let first = fs::read_to_string(examples().join("flights-2000.csv")).expect("read");
    let two = first.lines().take(2).map(|line| format!("{line}\n")).collect::<String>();
    for (name, text) in [("line.csv", header), ("cell.csv", format!("{two}\""))] {
        refuses(&format!("{score} {}", sparse(&folder, name, &text, 10 * GIBIBYTE)), 2, too_long);
    }
    refuses(
        &format!("{score} {}", ten_gibibytes(&folder, "zeros.parquet")),
        2,
        "it does not begin and end with `PAR1`",
    );
    let units = format!("score compute --policy {} --contributor {CONTRIBUTOR} --units {csv}", p.policy);
    refuses(&units, 2, "a row of more than 4194304 bytes");
}

#[test]
fn ten_gibibytes_of_zeros_as_parameters() {
    let folder = folder();
    let length = "10737418240 bytes";
    refuses(&format!("params inspect {}", ten_gibibytes(&folder, "zeros.srs")), 2, length);
    let out = show(&folder.join("out.srs"));
    let ptau = ten_gibibytes(&folder, "zeros.ptau");
    refuses(&format!("params import {ptau} --geometry compact --out {out}"), 2, "zeros.ptau");
}

#[test]
fn ten_gibibytes_of_zeros_as_a_policy_or_beside_it() {
    let root = folder();
    let limit = "at most 1048576 are read";
    let file = ten_gibibytes(&root, "zeros.toml");
    refuses(&format!("policy check {file}"), 2, limit);
    let beside = folder();
    let path = policy(&beside, &[]);
    ten_gibibytes(&beside, "reference-compact.json");
    refuses(&format!("policy check {path}"), 2, "at most 16777216 are read");
}

#[test]
fn ten_gibibytes_of_zeros_as_bundle_and_registration() {
    let p = prepared();
    let root = folder();
    let zeros = ten_gibibytes(&root, "zeros.bundle");
    let registration = p.registration();
    let found = "10737418240 bytes, more than the";
    refuses(
        &format!("verify {zeros} {} --registration {registration} --allow-insecure-params", p.common()),
        1,
        found,
    );
    refuses(
        &format!("verify {} {} --registration {zeros} --allow-insecure-params", p.data_bundle, p.common()),
        2,
        found,
    );
}

#[test]
fn ten_gibibytes_of_zeros_in_a_commitment_folder() {
    let p = prepared();
    let all = ["request.json", "commitments.bin", "opening.bin"];
    let parts = ["more than the", "more than the", "not a secret opening"];
    for (large, part) in all.into_iter().zip(parts) {
        let folder = folder();
        for name in all.into_iter().filter(|name| *name != large) {
            fs::copy(p.data.join(name), folder.join(name)).expect("copy");
        }
        ten_gibibytes(&folder, large);
        let out = show(&folder.join("out.bundle"));
        refuses(&format!("prove data {} {} --out {out}", show(&folder), p.common()), 2, part);
    }
}

/// What its header says, it is checked against before that much is read: ten gibibytes of symbols that a
/// checksum confirms.
#[test]
fn an_opening_of_more_records_than_are_registered() {
    use sha2::{Digest, Sha256};
    let p = prepared();
    let folder = folder();
    for name in ["request.json", "commitments.bin"] {
        fs::copy(p.data.join(name), folder.join(name)).expect("copy");
    }
    let mut header = fs::read(p.data.join("opening.bin")).expect("read");
    header.truncate(81);
    // Seven features, two bytes each.
    let records = 10 * GIBIBYTE / 14;
    header[73..81].copy_from_slice(&records.to_be_bytes());
    let checksum = Sha256::digest(&header);
    header.extend(checksum);
    let path = folder.join("opening.bin");
    fs::write(&path, &header).expect("write");
    File::options().write(true).open(path).expect("open").set_len(113 + 14 * records).expect("sparse");
    let out = show(&folder.join("out.bundle"));
    refuses(&format!("prove data {} {} --out {out}", show(&folder), p.common()), 2, "not a secret opening");
}

#[test]
fn a_million_columns() {
    let p = prepared();
    let folder = folder();
    let score = format!("score data --policy {} --data", p.policy);
    let nameless = write(&folder, "nameless.csv", ",".repeat(1_000_000));
    refuses(&format!("{score} {nameless}"), 2, "and 999951 more");
    // Every column that the schema wants, behind a million that nobody reads.
    let sample = fs::read_to_string(examples().join("flights-2000.csv")).expect("read");
    let mut lines = sample.lines().map(|line| format!("{}{line}\n", ",".repeat(1_000_000)));
    let text: String = lines.by_ref().take(30).collect();
    let wide = write(&folder, "wide.csv", text);
    let ran = bounded(&format!("{score} {wide}"), ADDRESS_SPACE);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

/// Texts of the longest length that is read, of the shortest entries: what a parser makes of them is many
/// times longer.
#[test]
fn the_longest_policy() {
    let folder = folder();
    let sound = fs::read_to_string(examples().join("policy-compact.toml")).expect("read");
    let length = (1 << 20) - sound.len() - 100;
    for (name, head, entry, tail) in [
        ("list", "x = [", "0,", "]"),
        ("endless", "x = [", "0,", ""),
        ("lists", "x = [", "[],", "]"),
        ("nested", "x = ", "[", ""),
        ("dotted", "", "a.", "a = 0"),
        ("tables", "", "[a]\n", ""),
        ("inline", "x = ", "{a=", ""),
    ] {
        let text = format!("{sound}\n{head}{}{tail}\n", entry.repeat(length / entry.len()));
        let path = write(&folder, &format!("{name}.toml"), text);
        refuses(&format!("policy check {path}"), 1, "refused");
    }
}

#[test]
fn the_longest_files_beside_a_policy() {
    let hash = |bytes: &[u8]| fairshare_formats::policy::side_file_hash(bytes).to_string();
    let attacks = [
        ("reference-compact.json", "{\"counts\": {\"carrier\": [0", ",0", "refused"),
        ("reference-compact.json", "", "[", "refused"),
    ];
    for (name, head, entry, part) in attacks {
        let folder = folder();
        let sound = hash(&fs::read(examples().join(name)).expect("read"));
        let text = format!("{head}{}", entry.repeat(((16 << 20) - head.len()) / entry.len()));
        let path = policy(&folder, &[(&sound, &hash(text.as_bytes()))]);
        write(&folder, name, text);
        refuses(&format!("policy check {path}"), 1, part);
    }
}
