//! Proving in a real memory control group: what does not fit is refused, or planned smaller; nothing is
//! killed.
//!
//! Making a group takes rights that the tests may lack. Then they say so on standard error, where the test
//! harness hides nothing, and what is left are the tests of `fairshare_prover`'s reading of the kernel's
//! files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::support::{CONTRIBUTOR, Ran, examples, fairshare, folder, prepared, program, show};

const MEBIBYTE: u64 = 1 << 20;

/// A memory control group of one test, removed at its end.
struct Group {
    folder: PathBuf,
}

impl Group {
    /// A group with that limit, under either version; `None`, after saying so, where none may be made.
    fn new(name: &str, limit: u64) -> Option<Self> {
        let versions = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        let made = versions.iter().find_map(|(root, file)| {
            let folder = Path::new(root).join(format!("fairshare-{name}-{}", std::process::id()));
            fs::create_dir(&folder).ok()?;
            let group = Self { folder };
            // Without the memory controller there is no such file, and writing must not make one.
            let limited = fs::OpenOptions::new().write(true).open(group.folder.join(file));
            limited.and_then(|mut file| file.write_all(limit.to_string().as_bytes())).ok()?;
            // Where there is swap, it would hide what memory is missing.
            let _ = fs::write(group.folder.join("memory.swap.max"), "0");
            Some(group)
        });
        if made.is_none() {
            let text =
                "\nNOT TESTED: no memory control group may be made here, so nothing was proved in one\n";
            io::stderr().write_all(text.as_bytes()).expect("standard error");
        }
        made
    }

    /// Runs the program in the group. A run that the kernel ends is a failed test.
    fn run(&self, line: &str) -> Ran {
        let program = program();
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\""]).arg(&self.folder);
        shell.arg(program.get_program()).args(line.split_whitespace());
        for (name, value) in program.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        Ran::new(shell.output().expect("a shell"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The kernel may hold it for a moment after its last process has ended.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A commitment to eight times the sample, four segments of the compact geometry or 16 columns of the
/// standard one, and how it is proved; the parameters are made where there are none.
fn committed(geometry: &str) -> String {
    let folder = folder();
    let (examples, out) = (show(examples()), show(&folder.join("data")));
    let (policy, params) = match geometry {
        "compact" => (prepared().policy.clone(), prepared().params.clone()),
        _ => (format!("{examples}/policy.toml"), show(&folder.join("dev.srs"))),
    };
    let run = |line: &str| assert_eq!(fairshare(line).status, 0, "{line}");
    if geometry != "compact" {
        run(&format!("params insecure --geometry {geometry} --out {params}"));
    }
    let common = format!("--policy {policy} --params {params}");
    let sample = fs::read(format!("{examples}/flights-2000.csv")).unwrap();
    let copies: Vec<_> =
        (0..8).map(|copy| super::support::write(&folder, &format!("{copy}.csv"), &sample)).collect();
    run(&format!("commit data {common} --contributor {CONTRIBUTOR} --data {} --out {out}", copies.join(" ")));
    format!("prove data {out} {common} --out {}", show(&folder.join("out.bundle")))
}

/// The kernel used to end the first, with nothing said.
#[test]
fn a_standard_proof_is_refused_in_200_mebibytes_and_made_in_300() {
    let Some(small) = Group::new("small", 200 * MEBIBYTE) else { return };
    let line = committed("standard");
    small.run(&line).fails(
        2,
        &["the standard geometry, with segments of 4 columns at most, takes up to", "MiB may be used"],
    );
    let Some(enough) = Group::new("enough", 300 * MEBIBYTE) else { return };
    let ran = enough.run(&line);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

/// For four jobs 89 MiB are planned.
#[test]
fn fewer_jobs_are_planned_where_not_all_fit() {
    let Some(group) = Group::new("compact", 80 * MEBIBYTE) else { return };
    let line = committed("compact") + " --threads 4 --jobs 4 --log-level debug";
    let jobs = |ran: &Ran| {
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        (1..=4).find(|jobs| ran.stderr.contains(&format!(" {jobs} at once"))).expect("a plan")
    };
    assert!(jobs(&group.run(&line)) < 4);
    fs::remove_dir_all(Path::new(line.split(' ').nth(2).expect("a folder")).join("proofs"))
        .expect("kept proofs");
    assert_eq!(jobs(&fairshare(&format!("{line} --memory 8GiB"))), 4);
}

#[test]
fn more_threads_than_four_for_each_processor_are_refused() {
    let p = prepared();
    let line =
        format!("prove data {} {} --out {}", show(&p.data), p.common(), show(&folder().join("out.bundle")));
    fairshare(&format!("{line} --threads 100000")).fails(2, &["100000 threads for", "give at most"]);
}
