//! The program killed (signal 9) at seeded moments: what stands there is whole, and the same command
//! completes the work.
//!
//! A dozen kills in the default suite;
//! `FAIRSHARE_KILLS=200 cargo test --release -p fairshare --test commands killed -- --nocapture` for more,
//! and `FAIRSHARE_SEED` for others. Where `strace` is at hand and `FAIRSHARE_SYSCALLS` is set, the program is
//! killed at each of its calls that change a file in turn, so that no moment between two of them is left out.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fairshare_params::Geometry;
use fairshare_prover::secret::Opening;
use fairshare_verifier::bundle::Header;

use super::support::*;

/// Features of the example policy.
const FEATURES: usize = 7;
/// The calls that change files or folders.
const CALLS: &str = "mkdir,write,rename,renameat,renameat2,fsync,fchmod,unlink,unlinkat,ftruncate";

/// When to kill.
enum Moment {
    After(Duration),
    /// After so many changes that a watcher sees in the scene's folder.
    Change(u64),
    /// On the n-th call that changes a file, of whichever thread reaches its n-th first.
    Call(u64),
}

/// A contribution of several segments that is committed to and proved, over and over.
struct Scene {
    root: PathBuf,
    data: String,
    records: u64,
    segments: usize,
    target: PathBuf,
    bundle: PathBuf,
    keys: PathBuf,
}

impl Scene {
    /// `repeats` times the sample of two thousand flights.
    fn new(name: &str, repeats: usize) -> Self {
        let root = folder().join(name);
        fs::create_dir_all(&root).unwrap();
        let sample = fs::read_to_string(examples().join("flights-2000.csv")).unwrap();
        let (header, rows) = sample.split_once('\n').unwrap();
        let data = write(&root, "data.csv", format!("{header}\n{}", rows.repeat(repeats)));
        let work = root.join("work");
        let scene = Self {
            data,
            records: 2000 * repeats as u64,
            segments: (2000 * repeats * FEATURES).div_ceil(Geometry::COMPACT.largest_segment().symbols()),
            target: work.join("target"),
            bundle: work.join("out.bundle"),
            keys: work.join("keys"),
            root,
        };
        scene.clear();
        scene
    }

    /// Where everything that the program writes is.
    fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    fn clear(&self) {
        let _ = fs::remove_dir_all(self.work());
        fs::create_dir(self.work()).unwrap();
    }

    fn commit(&self) -> String {
        let (common, target) = (prepared().common(), show(&self.target));
        format!("commit data {common} --contributor {CONTRIBUTOR} --data {} --out {target}", self.data)
    }

    fn prove(&self) -> String {
        let (target, bundle, keys) = (show(&self.target), show(&self.bundle), show(&self.keys));
        format!("prove data {target} {} --out {bundle} --keys {keys}", prepared().common())
    }

    /// Every file that the program wrote, by its path within the scene.
    fn files(&self) -> BTreeMap<String, u64> {
        fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, u64>) {
            // What vanishes while it is looked at is a change, no fault.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match entry.metadata() {
                    Ok(found) if found.is_dir() => walk(root, &path, files),
                    Ok(found) => {
                        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                        files.insert(name, found.len());
                    }
                    Err(_) => {}
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(&self.work(), &self.work(), &mut files);
        files
    }

    /// Runs the program and kills it; false if it ended by itself, which must be well.
    fn kill(&self, line: &str, moment: &Moment) -> bool {
        let mut command = match moment {
            Moment::Call(call) => {
                let mut strace = Command::new("strace");
                let inject = format!("inject={CALLS}:signal=KILL:when={call}");
                let trace = format!("trace={CALLS}");
                strace.args(["-f", "-qqq", "-o", "/dev/null", "-e", &trace, "-e", &inject]);
                strace.arg(program().get_program());
                strace
            }
            _ => program(),
        };
        let mut child = command
            .args(line.split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        match moment {
            Moment::After(time) => std::thread::sleep(*time),
            Moment::Change(changes) => {
                let (mut before, mut left) = (self.files(), *changes);
                while left > 0 && child.try_wait().unwrap().is_none() {
                    let now = self.files();
                    left -= u64::from(now != before);
                    before = now;
                    std::thread::sleep(Duration::from_micros(50));
                }
            }
            Moment::Call(_) => {}
        }
        if !matches!(moment, Moment::Call(_)) {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        // `strace` dies of the signal that it saw its child die of.
        assert!(status.success() || status.signal() == Some(9), "{line}: {status:?}");
        status.signal().is_some()
    }

    /// Checks what a killed run left: under a final name only what is whole, and no secret that others may
    /// read.
    fn inspect(&self, whole_keys: &BTreeMap<String, Vec<u8>>) {
        let files = self.files();
        let has = |name: &str| files.contains_key(&format!("target/{name}"));
        for name in files.keys() {
            let path = self.work().join(name);
            let bytes = fs::read(&path).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            let file = path.file_name().unwrap().to_str().unwrap();
            match file {
                "request.json" => {
                    fairshare_formats::registry::request_from_json(&bytes).expect("whole");
                    assert!(
                        has("opening.bin") && has("commitments.bin") && !has("commit.journal"),
                        "{files:?}"
                    );
                }
                "opening.bin" => {
                    let opening = Opening::read_unregistered(&path, FEATURES).expect("whole");
                    assert_eq!(opening.header().records, self.records);
                    assert!(has("commitments.bin"), "{files:?}");
                }
                "commitments.bin" => assert_eq!(bytes.len(), self.segments * 16 * 64),
                "commit.journal" => {}
                // What it is read with are registrations: that it ends where it should, the verifier says.
                "out.bundle" => {
                    Header::read(&bytes).expect("whole");
                    assert!(has("scored.txt"), "{files:?}");
                }
                // Replaced in one step.
                "opened.txt" | "scored.txt" => assert!(bytes.ends_with(b"\n"), "{files:?}"),
                _ if file.ends_with(".proof") => assert_eq!(bytes.len() % 32, 0, "{file}: not whole"),
                _ if file.ends_with(".key") => assert!(whole_keys[file] == bytes, "{file} is another key"),
                _ => assert!(file.starts_with('.') && file.ends_with(".partial"), "{name}"),
            }
            let secret = file.contains("opening.bin") || file == "commit.journal";
            // Public content may be readable for the moment before it takes its name, and no earlier.
            assert!(mode == 0o600 || !secret && mode == 0o644, "{name}: {mode:o}");
        }
        for folder in [self.target.clone(), self.target.join("proofs")] {
            if let Ok(found) = fs::metadata(&folder) {
                assert_eq!(found.permissions().mode() & 0o777, 0o700, "{}", folder.display());
            }
        }
    }

    /// Runs to the end what was killed; nothing but what belongs there is left.
    fn complete(&self, line: &str) {
        let ran = fairshare(line);
        assert_eq!(ran.status, 0, "{line}\n{}\n{:?}", ran.stderr, self.files());
        let left: Vec<_> = self
            .files()
            .into_keys()
            .filter(|name| name.contains("partial") || name.contains("journal"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    fn verify(&self) {
        let ran = fairshare(&format!(
            "verify {} {} --registration {} --allow-insecure-params --json",
            show(&self.bundle),
            prepared().common(),
            show(&self.target.join("request.json"))
        ));
        let verdict = ran.json();
        assert_eq!((&verdict["accepted"], &verdict["records"]), (&true.into(), &self.records.into()));
    }

    /// Histogram proofs are derived: whatever was killed before, proved once more from nothing they are the
    /// same.
    fn prove_again(&self) {
        let folder = self.target.join("proofs");
        let proofs = || -> BTreeMap<_, _> {
            let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
        };
        let before = proofs();
        assert_eq!(before.len(), self.segments);
        fs::remove_dir_all(&folder).unwrap();
        self.complete(&self.prove());
        assert!(proofs() == before, "proved again, the histogram proofs are others");
    }
}

/// What stands there, told shortly: the states that were met are counted.
fn state(files: &BTreeMap<String, u64>) -> String {
    let mut kinds: Vec<_> = files
        .keys()
        .map(|name| {
            let file = name.rsplit('/').next().unwrap();
            let kind = if file.contains(".proof") {
                "proof"
            } else if file.contains(".key") {
                "key"
            } else {
                file.trim_start_matches('.').split(".partial").next().unwrap()
            };
            let kind = ["opening.bin", "commitments.bin", "request.json", "out.bundle"]
                .into_iter()
                .find(|known| kind.starts_with(known))
                .unwrap_or(kind);
            if file.ends_with(".partial") { format!("half a {kind}") } else { kind.to_owned() }
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") }
}

/// One run to the end: how long each command takes, and the keys that it keeps.
fn rehearse(scene: &Scene) -> ([Duration; 2], BTreeMap<String, Vec<u8>>) {
    let mut times = [Duration::ZERO; 2];
    for (time, line) in times.iter_mut().zip([scene.commit(), scene.prove()]) {
        let begun = Instant::now();
        scene.complete(&line);
        *time = begun.elapsed();
    }
    scene.verify();
    let keys = fs::read_dir(&scene.keys).unwrap().map(|entry| entry.unwrap());
    let keys =
        keys.map(|key| (key.file_name().into_string().unwrap(), fs::read(key.path()).unwrap())).collect();
    (times, keys)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn killed_at_any_moment_the_same_command_completes_the_work() {
    let (kills, seed) = (number("FAIRSHARE_KILLS", 12), number("FAIRSHARE_SEED", 1));
    println!("FAIRSHARE_KILLS={kills} FAIRSHARE_SEED={seed}");
    let mut random = Random(seed);
    let scene = Scene::new("killed", 3);
    // Few contributions are killed a few times each, many of them many times.
    let at_least = if kills > 20 { 6 } else { 2 };
    let (times, keys) = rehearse(&scene);
    let mut states: [BTreeMap<String, u64>; 2] = Default::default();
    let (mut killed, mut cycles) = (0, 0);
    while killed < kills {
        // Keys are kept, but for every fourth contribution, which makes them and is killed at that too.
        if cycles % 4 == 3 {
            scene.clear();
        } else {
            fs::remove_dir_all(&scene.target).unwrap();
            let _ = fs::remove_file(&scene.bundle);
        }
        cycles += 1;
        for (command, line) in [scene.commit(), scene.prove()].into_iter().enumerate() {
            for _ in 0..at_least + random.below(4) {
                let time = times[command].mul_f64(random.below(1000) as f64 / 900.0);
                let moment = match random.below(2) {
                    0 => Moment::After(time),
                    _ => Moment::Change(1 + random.below([16, 24][command])),
                };
                if scene.kill(&line, &moment) {
                    killed += 1;
                    *states[command].entry(state(&scene.files())).or_default() += 1;
                }
                scene.inspect(&keys);
            }
            scene.complete(&line);
        }
        scene.verify();
        scene.prove_again();
    }
    println!("{killed} kills, {cycles} contributions completed and accepted; what was left:");
    for (name, states) in ["commit", "prove"].into_iter().zip(&states) {
        assert!(!states.is_empty(), "none was killed in {name}");
        states.iter().for_each(|(state, count)| println!("{name}: {count} × {state}"));
    }
}

#[test]
fn killed_at_every_call_that_changes_a_file() {
    if number("FAIRSHARE_SYSCALLS", 0) == 0 {
        // The explicit command's half; the default suite's is the test above.
        return;
    }
    let scene = Scene::new("calls", 3);
    let (_, keys) = rehearse(&scene);
    let mut states: [BTreeMap<String, u64>; 2] = Default::default();
    let mut killed = 0;
    for command in 0..2 {
        for call in 1.. {
            if command == 0 {
                scene.clear();
            } else {
                // Proved from nothing each time: keys, kept proofs and bundle are all written.
                let _ = fs::remove_dir_all(&scene.keys);
                let _ = fs::remove_dir_all(scene.target.join("proofs"));
                let _ = fs::remove_file(&scene.bundle);
            }
            let line = [scene.commit(), scene.prove()][command].clone();
            let ended = !scene.kill(&line, &Moment::Call(call));
            scene.inspect(&keys);
            if ended {
                break;
            }
            killed += 1;
            *states[command].entry(state(&scene.files())).or_default() += 1;
            scene.complete(&line);
            if command == 1 {
                scene.verify();
            }
        }
    }
    println!("{killed} kills, one at each call; what was left:");
    for (name, states) in ["commit", "prove"].into_iter().zip(&states) {
        states.iter().for_each(|(state, count)| println!("{name}: {count} × {state}"));
    }
}
