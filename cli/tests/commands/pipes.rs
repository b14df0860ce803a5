//! A pipe in place of each kind of file that the command opens: refused at once, and nothing is read of it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use super::support::*;

/// A pipe, and somebody who waits to write nothing to it.
///
/// A command that opened it and waited would be let go with an empty file, and say so instead.
struct Pipe {
    path: PathBuf,
    writer: JoinHandle<()>,
}

impl Pipe {
    fn new(path: PathBuf) -> Self {
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let end = path.clone();
        let writer = thread::spawn(move || drop(OpenOptions::new().write(true).open(end)));
        Self { path, writer }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // With both ends open, nobody waits for the other any more.
        let both = OpenOptions::new().read(true).write(true).open(&self.path).unwrap();
        while !self.writer.is_finished() {
            thread::yield_now();
        }
        drop(both);
    }
}

#[track_caller]
fn refuses(line: &str, pipe: Pipe) {
    let ran = fairshare(line);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert_ne!(ran.status, 0, "{line}\n{told}");
    let name = pipe.path.file_name().unwrap().to_str().unwrap();
    assert!(told.contains("not a regular file") && told.contains(name), "{line}\n{told}");
}

/// The folder's own copy of a contribution, but for `name`, which is a pipe.
fn contribution(of: &Path, name: &str) -> (String, Pipe) {
    let folder = folder();
    for entry in fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.ends_with(name) {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    (show(&folder), Pipe::new(folder.join(name)))
}

#[test]
fn a_pipe_in_place_of_a_file_that_is_named_is_refused_at_once() {
    let p = prepared();
    let common = p.common();
    let data = p.registration();
    let audit = format!("--params {} --allow-insecure-params", p.params);
    let verify = "--allow-insecure-params --registration";
    let commit = format!("{common} --contributor {CONTRIBUTOR} --out {}", show(&folder().join("out")));
    for (name, line) in [
        ("policy.toml", "policy check PIPE".to_owned()),
        ("data.csv", format!("score data --policy {} --data PIPE", p.policy)),
        ("data.parquet", format!("commit data {commit} --data PIPE")),
        (
            "units.csv",
            format!("score compute --policy {} --contributor {CONTRIBUTOR} --units PIPE", p.policy),
        ),
        ("some.srs", "params inspect PIPE".to_owned()),
        ("some.ptau", format!("params import PIPE --geometry compact --out {}", show(&folder().join("srs")))),
        ("request.json", format!("verify {} {common} {verify} PIPE", p.data_bundle)),
        ("some.bundle", format!("verify PIPE {common} {verify} {data}")),
        ("vault.tar", format!("audit PIPE {audit}")),
    ] {
        let pipe = Pipe::new(folder().join(name));
        refuses(&line.replace("PIPE", &show(&pipe.path)), pipe);
    }
}

#[test]
fn a_pipe_in_place_of_a_file_beside_another_is_refused_at_once() {
    let p = prepared();
    let (prove, out) = (p.common(), show(&folder().join("out.bundle")));
    for name in ["request.json", "opening.bin", "commitments.bin"] {
        let (folder, pipe) = contribution(&p.data, name);
        refuses(&format!("prove data {folder} {prove} --out {out}"), pipe);
    }
    let beside = folder();
    let path = policy(&beside, &[]);
    fs::remove_file(beside.join("reference-compact.json")).unwrap();
    refuses(&format!("policy check {path}"), Pipe::new(beside.join("reference-compact.json")));
    let folder = folder();
    let pipe = Pipe::new(folder.join("commit.journal"));
    let flights = show(&examples().join("flights-2000.csv"));
    let line = format!("commit data {} --contributor {CONTRIBUTOR} --data {flights}", p.common());
    refuses(&format!("{line} --out {}", show(&folder)), pipe);
}
