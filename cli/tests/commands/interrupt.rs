//! Ctrl-C while data is committed to or a bundle is proved: the first ends the work between two columns, the
//! second at once.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use super::support::*;

/// What the first Ctrl-C is answered with.
const STOPPING: &str = "stopping; what is finished is kept; press Ctrl-C again to end at once\n";

/// The first Ctrl-C is to end the work within this time.
const SOON: Duration = Duration::from_secs(2);

/// A command at work.
struct Working {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Working {
    fn start(line: &str) -> Self {
        // In the background of a shell the tests ignore Ctrl-C, and so would the program.
        let mut child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(program().get_program())
            .args(line.split_whitespace())
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        Self { child, stderr }
    }

    /// Waits until the program has said what it does on Ctrl-C (signal 2), which is before its work begins.
    fn listens(&self) {
        let status = format!("/proc/{}/status", self.child.id());
        wait(|| {
            let text = fs::read_to_string(&status).expect("the program runs");
            let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a mask");
            u64::from_str_radix(caught.trim(), 16).expect("hexadecimal") & 0b10 != 0
        });
    }

    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stderr.read_line(&mut line).expect("text"), 0, "it ended without a word");
        line
    }

    /// The exit status, and what else was said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.stderr.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("an end").code(), rest)
    }
}

fn wait(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The sample's header, and its records so often.
fn records(times: usize) -> String {
    let sample = fs::read_to_string(examples().join("flights-2000.csv")).expect("flights");
    let (header, rows) = sample.split_once('\n').expect("a header");
    format!("{header}\n{}", rows.repeat(times))
}

/// The line that commits to these records.
fn commit(root: &Path, data: &str) -> String {
    let (common, target) = (prepared().common(), show(&root.join("target")));
    format!("commit data {common} --contributor {CONTRIBUTOR} --out {target} --data {data}")
}

/// A commitment of two segments, and the line that proves it one segment at a time, with its keys in a folder
/// of its own, so that they are made first.
fn scene(root: &Path) -> String {
    let data = write(root, "data.csv", records(9));
    assert_eq!(fairshare(&commit(root, &data)).status, 0);
    let (common, target) = (prepared().common(), show(&root.join("target")));
    let (out, keys) = (show(&root.join("out.bundle")), show(&root.join("keys")));
    format!("prove data {target} {common} --out {out} --keys {keys} --jobs 1")
}

/// Finished segments' proofs.
fn kept(root: &Path) -> usize {
    let names = fs::read_dir(root.join("target/proofs")).into_iter().flatten().flatten();
    names.filter(|entry| entry.path().extension().is_some_and(|end| end == "proof")).count()
}

#[test]
fn the_first_ctrl_c_keeps_what_is_finished() {
    let root = folder();
    let line = scene(&root);
    let mut proving = Working::start(&line);
    wait(|| kept(&root) == 1);
    proving.interrupt();
    while proving.line() != STOPPING {}
    let (status, said) = proving.end();
    assert_eq!(status, Some(130), "{said}");
    assert_eq!(said, "error: proving was stopped; segments of a data score that were finished are kept\n");
    assert_eq!(kept(&root), 1, "it did not go on");
    assert!(!root.join("out.bundle").exists());

    assert_eq!(fairshare(&line).status, 0, "the same command completes the work");
    assert!(root.join("out.bundle").exists());
}

#[test]
fn the_second_ctrl_c_ends_at_once() {
    let root = folder();
    let mut proving = Working::start(&scene(&root));
    proving.listens();
    // Nobody asks whether to stop before there are keys, so the first alone would take a while.
    proving.interrupt();
    while proving.line() != STOPPING {}
    proving.interrupt();
    let (status, said) = proving.end();
    assert_eq!((status, said.as_str()), (Some(130), ""));
}

/// What a commitment that was stopped ends with.
const STOPPED: &str = "error: committing was stopped; segments that were committed to are kept, and the same \
                       command goes on from there\n";

#[test]
fn ctrl_c_ends_a_commitment_between_two_columns() {
    let root = folder();
    let line = commit(&root, &write(&root, "data.csv", records(200)));
    let journal = root.join("target/commit.journal");
    let mut committing = Working::start(&line);
    wait(|| journal.exists());
    committing.interrupt();
    let asked = Instant::now();
    while committing.line() != STOPPING {}
    let (status, said) = committing.end();
    assert_eq!((status, said.as_str()), (Some(130), STOPPED));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert!(journal.exists() && !root.join("target/opening.bin").exists());
    assert_eq!(fairshare(&line).status, 0, "the same command completes the work");
    assert!(root.join("target/request.json").exists());
}

/// Ctrl-C ends the whole of a pipe, so that the last record may be cut short: that is not an error then.
#[test]
fn ctrl_c_ends_a_commitment_while_it_reads() {
    let root = folder();
    let mut committing = Working::start(&commit(&root, "-"));
    let mut pipe = committing.child.stdin.take().expect("piped");
    pipe.write_all(records(9).as_bytes()).expect("it reads");
    committing.listens();
    committing.interrupt();
    while committing.line() != STOPPING {}
    let asked = Instant::now();
    // It may have ended already.
    let _ = pipe.write_all(b"1,");
    drop(pipe);
    let (status, said) = committing.end();
    assert_eq!((status, said.as_str()), (Some(130), STOPPED));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    assert_eq!(fs::read_dir(root.join("target")).expect("a folder").count(), 0, "nothing is left");
}
