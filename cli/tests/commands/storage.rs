//! Places that cannot be written to: every output of every command fails with what to do, and what stood
//! there stands.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::*;

/// The commands that write one file, each with its line but for the file's path.
fn single_outputs() -> [(&'static str, String); 3] {
    let p = prepared();
    let flights = show(&examples().join("flights-2000.csv"));
    [
        ("parameters", "params insecure --geometry compact --out".to_owned()),
        ("reference", format!("policy reference --policy {} --data {flights} --out", p.policy)),
        ("bundle", format!("prove data {} {} --out", show(&p.data), p.common())),
    ]
}

/// The command that writes a folder.
fn commit() -> String {
    let (common, examples) = (prepared().common(), show(examples()));
    format!("commit data {common} --contributor {CONTRIBUTOR} --data {examples}/flights-2000.csv --out")
}

/// A folder's files and their content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn on_a_full_disk_the_old_output_stands_and_the_error_says_what_to_do() {
    for (name, line) in single_outputs() {
        let folder = folder();
        // Counts replace nothing but counts.
        let stood: &[u8] =
            if name == "reference" { br#"{"counts": {"a": [1]}}"# } else { b"what stood there" };
        let out = write(&folder, "out", stood);
        let before = content(&folder);
        for blocks in [0, 1] {
            bounded(blocks, &format!("{line} {out}")).fails(2, &[&out, "to do: make room there"]);
            assert_eq!(content(&folder), before, "{name}: the old file, and nothing else");
        }
        // With room again, the same command replaces it.
        assert_eq!(fairshare(&format!("{line} {out}")).status, 0);
        let after = content(&folder);
        assert_eq!(
            after.len(),
            if name == "parameters" { 2 } else { 1 },
            "{name}: the verifier's part with them"
        );
        assert_ne!(after[&folder.join("out")], before[&folder.join("out")]);
    }
}

#[test]
fn on_a_full_disk_nothing_half_is_committed_to() {
    let target = folder().join("out");
    let line = format!("{} {}", commit(), show(&target));
    for blocks in [0, 1, 2, 8] {
        let ran = bounded(blocks, &line);
        ran.fails(2, &["opening.bin", "nothing that was there before is lost", "to do: make room there"]);
        assert_eq!(content(&target).len(), 0, "{blocks} blocks");
    }
    assert_eq!(fairshare(&line).status, 0);
}

#[test]
fn on_a_full_disk_finished_proofs_and_keys_are_whole_or_absent() {
    let p = prepared();
    let folder = folder();
    let (target, keys) = (folder.join("data"), folder.join("keys"));
    fs::create_dir(&target).unwrap();
    for name in ["request.json", "commitments.bin", "opening.bin"] {
        fs::copy(p.data.join(name), target.join(name)).unwrap();
    }
    let bundle = folder.join("out.bundle");
    let line = format!("prove data {} {} --out {}", show(&target), p.common(), show(&bundle));
    // A histogram proof has more than 2 KiB: it cannot be kept, nor can a key, which alone would only be
    // warned of.
    bounded(4, &format!("{line} --keys {}", show(&keys)))
        .fails(2, &["000000.proof", "cannot be written", "to do: make room there", "the key cannot be kept"]);
    assert_eq!(content(&target.join("proofs")).len() + content(&keys).len(), 0);
    assert!(!bundle.exists());
    // Keys have megabytes, proofs and bundle kilobytes.
    let ran = bounded(128, &format!("{line} --keys {}", show(&keys)));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("the key cannot be kept"), "{}", ran.stderr);
    assert_eq!((content(&target.join("proofs")).len(), content(&keys).len()), (1, 0));
}

/// Fills a small file system for real, where the system lets a test mount one: the files' sum counts there,
/// so that in turn each of them is the one that does not fit.
#[test]
fn a_disk_that_fills_at_any_file_and_is_then_enlarged() {
    const SCRIPT: &str = r#"
        set -e
        mount -t tmpfs -o size=$1k,mode=755 tmpfs "$2"; shift
        disk=$1; shift
        set +e
        "$@" 2> "$disk.stderr" > /dev/null
        echo $? > "$disk.status"
        find "$disk" -type f > "$disk.left"
        mount -o remount,size=64m "$disk"
        "$@" > "$disk.again" 2>&1
        status=$?
        mkdir "$disk.kept" && cp -a "$disk/." "$disk.kept"
        exit $status
    "#;
    let unshare = |arguments: &[&str]| {
        let program = program();
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]).args(arguments);
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.output()
    };
    let probe = folder();
    let mountable = unshare(&["mount -t tmpfs tmpfs \"$1\"", "sh", &show(&probe)]);
    if !mountable.is_ok_and(|output| output.status.success()) {
        eprintln!("this system lets no test mount a file system: the bounds on files above stand for it");
        return;
    }
    let page: u64 = run_text("getconf", &["PAGESIZE"]).trim().parse().unwrap();
    let opening = |folder: &Path| fs::metadata(folder.join("opening.bin")).unwrap().len().div_ceil(page);
    let data = opening(&prepared().data);
    // Each file but the opening has one page; the journal's is free again before the request is written.
    for (pages, unwritten) in [
        (data - 1, Some("opening.bin")),
        (data, Some("commit.journal")),
        (data + 1, Some("commitments.bin")),
        (data + 2, None),
    ] {
        let disk = folder().join("disk");
        fs::create_dir(&disk).unwrap();
        let line =
            format!("{} {} {}", show(Path::new(program().get_program())), commit(), show(&disk.join("out")));
        let (size, path) = ((pages * page / 1024).to_string(), show(&disk));
        let mut arguments = vec![SCRIPT, "sh", &size, &path];
        arguments.extend(line.split_whitespace());
        let output = unshare(&arguments).unwrap();
        let read = |suffix: &str| fs::read_to_string(format!("{path}.{suffix}")).unwrap();
        assert!(output.status.success(), "{unwritten:?}: enlarged, {}", read("again"));
        let (status, stderr, left) = (read("status"), read("stderr"), read("left"));
        match unwritten {
            Some(file) => {
                assert_eq!(status.trim(), "2", "{stderr}");
                assert!(stderr.contains(file) && stderr.contains("to do: make room there"), "{stderr}");
                assert!(!left.contains("request.json") && !left.contains("partial"), "{left}");
            }
            None => assert_eq!(status.trim(), "0", "{stderr}"),
        }
        let kept = PathBuf::from(format!("{path}.kept/out"));
        assert_eq!(content(&kept).len(), 3);
        if unwritten == Some("commit.journal") {
            let bundle = show(&folder().join("out.bundle"));
            let proved =
                fairshare(&format!("prove data {} {} --out {bundle}", show(&kept), prepared().common()));
            assert_eq!(proved.status, 0, "{}", proved.stderr);
        }
    }
}

fn run_text(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_no_file_is_never_replaced() {
    let folder = folder();
    let taken = folder.join("folder");
    fs::create_dir(&taken).unwrap();
    let file = write(&folder, "file", b"in the way");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (name, line) in single_outputs() {
        let refused = |out: &str, part: &str| fairshare(&format!("{line} {out}")).fails(2, &[out, part]);
        refused(&show(&taken), "to do: name a file; a folder is never replaced");
        // As root, renaming would put a file in its place, be it a device of the machine: here it is the
        // test's own.
        refused(&show(&pipe), "not a regular file");
        refused(&format!("{file}/out"), "to do: a part of the path is a file");
        refused(&show(&folder.join("absent/out")), "to do: check the path");
        assert_eq!(content(&folder).len(), 1, "{name}");
    }
    fairshare(&format!("{} {file}", commit())).fails(2, &[&file]);
    assert_eq!(fs::read(&file).unwrap(), b"in the way");
    // Results too have to reach somebody.
    let device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program().args(["policy", "check", &prepared().policy]).stdout(device).output().unwrap();
    Ran::new(output).fails(2, &["cannot be written to standard output", "to do: make room there"]);
}

/// What a command reads, and what `commit` wrote, is not lost to a slip in `--out`.
#[test]
fn an_output_takes_no_inputs_place() {
    let p = prepared();
    let folder = folder();
    let data = folder.join("data");
    fs::create_dir(&data).unwrap();
    for name in ["request.json", "commitments.bin", "opening.bin"] {
        fs::copy(p.data.join(name), data.join(name)).unwrap();
    }
    let policy = policy(&folder, &[]);
    let params = show(&folder.join("compact.srs"));
    fs::copy(&p.params, &params).unwrap();
    let before = (content(&folder), content(&data));
    let prove = format!("prove data {} --policy {policy} --params {params} --out", show(&data));
    let reference = format!("policy reference --policy {policy} --data {params} --out");
    for (line, out) in [
        (&prove, &policy),
        (&prove, &params),
        (&prove, &show(&data.join("opening.bin"))),
        (&prove, &show(&data.join("request.json"))),
        (&prove, &format!("{}/../policy.toml", show(&data))),
        (&reference, &params),
        (&"params insecure --geometry compact --out".to_owned(), &show(&data.join("opening.bin"))),
    ] {
        fairshare(&format!("{line} {out}")).fails(2, &["this output would replace", "choose another"]);
    }
    assert_eq!((content(&folder), content(&data)), before);
}

#[test]
fn a_read_only_file_is_not_replaced() {
    for (name, line) in single_outputs() {
        let folder = folder();
        let out = write(&folder, "out", b"to be kept");
        fs::set_permissions(&out, fs::Permissions::from_mode(0o444)).unwrap();
        fairshare(&format!("{line} {out}")).fails(2, &[&out, "read-only", "to do: change the permissions"]);
        assert_eq!(fs::read(&out).unwrap(), b"to be kept", "{name}");
        assert_eq!(content(&folder).len(), 1, "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to() {
    // Not below the build's folder: whoever the program runs as must get there.
    let root = tempfile::tempdir().unwrap();
    let show_in = |name: &str| show(&root.path().join(name));
    let locked = root.path().join("locked");
    fs::create_dir(&locked).unwrap();
    let copies =
        [(show(Path::new(program().get_program())), "fairshare"), (prepared().params.clone(), "srs")];
    for (from, name) in copies {
        fs::copy(from, root.path().join(name)).unwrap();
    }
    for name in ["policy-compact.toml", "reference-compact.json", "flights-2000.csv"] {
        fs::copy(examples().join(name), root.path().join(name)).unwrap();
    }
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(root.path(), 0o755);
    mode(&locked, 0o555);
    let kept = locked.join("kept");
    // For root, who may write anywhere, nobody runs the program.
    let bound = fs::write(&kept, b"").is_err();
    let (policy, srs, flights) =
        (show_in("policy-compact.toml"), show_in("srs"), show_in("flights-2000.csv"));
    let common = format!("--policy {policy} --params {srs} --contributor {CONTRIBUTOR}");
    let out = show(&kept);
    for line in [
        format!("params insecure --geometry compact --out {out}"),
        format!("policy reference --policy {policy} --data {flights} --out {out}"),
        format!("prove data {} --policy {policy} --params {srs} --out {out}", show_in("none")),
        format!("commit data {common} --data {flights} --out {out}"),
        format!("commit data {common} --data {flights} --out {}", show(&locked)),
    ] {
        let _ = fs::remove_file(&kept);
        let mut command = Command::new(root.path().join("fairshare"));
        command.args(line.split_whitespace());
        if !bound {
            command.uid(65_534).gid(65_534);
        }
        Ran::new(command.output().unwrap()).fails(2, &[&show(&locked), "to do: change the permissions"]);
        assert_eq!(content(&locked).len(), 0, "{line}");
    }
    mode(&locked, 0o755);
}

/// A file that the command itself will write there is as good as standing.
#[test]
fn an_output_takes_no_place_in_a_commitment_folder() {
    let (p, target) = (prepared(), folder().join("data"));
    assert_eq!(fairshare(&format!("{} {}", commit(), show(&target))).status, 0);
    for name in ["scored.txt", "opened.txt", "opening.bin"] {
        let out = target.join(name);
        let line = format!("prove data {} {} --out {}", show(&target), p.common(), show(&out));
        fairshare(&line).fails(2, &[name, "replace a file"]);
        assert!(name == "opening.bin" || !out.exists(), "{name}");
    }
}

/// What the commands leave, under a mask that forbids nothing and one that forbids others everything.
#[test]
fn secrets_are_their_owners_under_any_mask() {
    for mask in ["000", "077"] {
        let folder = folder();
        let masked = |line: String| {
            let mut shell = Command::new("sh");
            shell.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", mask]).arg(program().get_program());
            shell.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
            let ran = Ran::new(shell.args(line.split_whitespace()).output().unwrap());
            assert_eq!(ran.status, 0, "{}", ran.stderr);
        };
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let target = folder.join("above").join("data");
        masked(format!("{} {}", commit(), show(&target)));
        assert_eq!(mode(&folder.join("above")), 0o700);
        let bundle = folder.join("out.bundle");
        let line = format!("prove data {} {} --out {}", show(&target), prepared().common(), show(&bundle));
        masked(line);
        assert_eq!(mode(&bundle), 0o644);
        assert_eq!(mode(&target), 0o700);
        for path in content(&target).into_keys() {
            let secret = path.ends_with("opening.bin");
            assert_eq!(mode(&path), if secret { 0o600 } else { 0o644 }, "{}", path.display());
        }
        assert_eq!(mode(&target.join("proofs")), 0o700);
    }
}
