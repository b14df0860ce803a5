//! Segments proved by several processes on one folder, and the bundle that is assembled.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::support::*;

/// Of the sample of two thousand flights: their symbols fill three compact segments of 16 columns, and one of
/// 4 holds what is left.
const REPEATS: usize = 7;
const SEGMENTS: usize = 4;

/// A dataset, committed to; and again, proved by one process from end to end.
struct Scene {
    segments: usize,
    root: PathBuf,
    target: PathBuf,
    local: PathBuf,
}

impl Scene {
    /// Of four segments.
    fn new() -> Self {
        let scene = Self::of(REPEATS);
        assert_eq!(scene.segments, SEGMENTS);
        scene
    }

    /// Of the sample, so many times.
    fn of(repeats: usize) -> Self {
        let root = folder();
        let sample = fs::read_to_string(examples().join("flights-2000.csv")).expect("flights");
        let (header, rows) = sample.split_once('\n').expect("a header");
        let data = write(&root, "data.csv", format!("{header}\n{}", rows.repeat(repeats)));
        let (target, local) = (root.join("target"), root.join("local"));
        let commit = format!("commit data {} --contributor {CONTRIBUTOR} --data {data}", prepared().common());
        let committed = fairshare(&format!("{commit} --out {} --json", show(&target))).json();
        let segments = committed["segments"].as_u64().expect("a number") as usize;
        let scene = Self { segments, root, target, local };
        fs::create_dir(&scene.local).expect("create");
        for name in ["request.json", "commitments.bin", "opening.bin"] {
            fs::copy(scene.target.join(name), scene.local.join(name)).expect("copy");
        }
        let out = show(&scene.root.join("local.bundle"));
        fairshare(&format!("prove data {} {} --out {out}", show(&scene.local), prepared().common())).done();
        scene
    }

    fn range(&self, segments: &Range<usize>) -> String {
        let (target, common) = (show(&self.target), prepared().common());
        format!("prove data {target} {common} --segments {}..{}", segments.start, segments.end)
    }

    fn bundle(&self) -> String {
        show(&self.root.join("out.bundle"))
    }

    fn assemble(&self) -> String {
        let (target, common) = (show(&self.target), prepared().common());
        format!("prove data {target} {common} --assemble --out {}", self.bundle())
    }

    /// The bundle is accepted, and its proofs are those that one process made, byte by byte.
    fn is_as_local(&self) {
        assert_eq!(proofs(&self.target), proofs(&self.local));
        let registration = show(&self.target.join("request.json"));
        let common = prepared().common();
        let line = format!("verify {} {common} --registration {registration}", self.bundle());
        fairshare(&format!("{line} --allow-insecure-params")).done();
    }
}

/// The kept proofs by their names; nothing else stands beside them.
fn proofs(target: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(target.join("proofs")).into_iter().flatten();
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_str().expect("text").to_owned();
        (name, fs::read(path).expect("a file"))
    };
    entries.map(|entry| read(entry.expect("an entry").path())).collect()
}

#[test]
fn segments_are_proved_in_ranges_and_assembled() {
    let scene = Scene::new();
    scene_misses(&scene, "4 of 4 segments have no proof that verifies: 0..4;");
    let result = fairshare(&format!("{} --json", scene.range(&(1..3)))).json();
    assert_eq!(
        (&result["segments"], &result["made"], &result["segments_in_all"]),
        (&"1..3".into(), &2.into(), &4.into())
    );
    assert!(result["bundle"].is_null() && result["score"].is_null() && result["role"] == "data");
    let text = fairshare(&scene.range(&(2..4)));
    text.done();
    for part in ["2..4 of 0..4", "1 made, 1 kept from before", "--assemble"] {
        assert!(text.stdout.contains(part), "{part:?} is not in\n{}", text.stdout);
    }
    scene_misses(&scene, "1 of 4 segments have no proof that verifies: 0..1;");
    for (part, segments, made) in [("0/3", "0..1", 1), ("2/3", "2..4", 0), ("0/9", "0..0", 0)] {
        let (target, common) = (show(&scene.target), prepared().common());
        let result = fairshare(&format!("prove data {target} {common} --segments {part} --json")).json();
        assert_eq!((&result["segments"], &result["made"]), (&segments.into(), &made.into()));
    }
    let result = fairshare(&format!("{} --json", scene.range(&(0..100)))).json();
    assert_eq!((&result["segments"], &result["made"]), (&"0..4".into(), &0.into()));
    let result = fairshare(&format!("{} --json", scene.assemble())).json();
    assert_eq!((&result["bundle"], result["segments"].is_null()), (&scene.bundle().into(), true));
    assert_eq!(result["records"], 2000 * REPEATS);
    scene.is_as_local();
}

fn scene_misses(scene: &Scene, what: &str) {
    fairshare(&scene.assemble()).fails(2, &[what, "--segments A..B"]);
    assert!(!Path::new(&scene.bundle()).exists());
}

#[test]
fn ranges_that_hold_nothing_and_options_that_do_not_fit_are_refused() {
    let p = prepared();
    let (data, common) = (show(&p.data), p.common());
    let line = format!("prove data {data} {common}");
    let total = fairshare(&format!("{line} --segments 0..1 --json")).json()["segments_in_all"].clone();
    assert_eq!(total, 1);
    let error = fairshare(&format!("{line} --segments 1..3 --json"))
        .fails_as_json(2, "no segment is numbered 1..3: the datasets have 1, numbered from 0");
    assert_eq!(error["causes"], serde_json::json!([]));
    for (options, part) in [
        ("--segments 3..3", "give A..B with A below B"),
        ("--segments 0-3", "give A..B with A below B"),
        ("--segments 1/1", "I/N with I below N"),
        ("--segments 0..1 --out x.bundle", "cannot be used with"),
        ("--segments 0..1 --assemble --out x.bundle", "cannot be used with"),
        ("--assemble", "--out"),
        ("", "--out"),
    ] {
        fairshare(&format!("{line} {options}")).fails(2, &[part]);
    }
}

/// Starts the program, kills it after a while, and says whether it was still at work.
fn killed(line: &str, after: Duration) -> bool {
    let mut child = program()
        .args(line.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(after);
    // Of one that has ended, nothing is left to kill.
    let _ = child.kill();
    child.wait().expect("an end").signal() == Some(9)
}

/// Two loops over all segments, from either end, so that they meet: each range is begun, killed at a seeded
/// moment some times, and then completed. `FAIRSHARE_SYMBOLS=10000000` takes a dataset of so many symbols.
#[test]
fn two_processes_at_once_and_killed_make_what_one_makes() {
    let symbols = std::env::var("FAIRSHARE_SYMBOLS").ok().map(|symbols| symbols.parse().expect("a number"));
    // Of seven features each.
    let scene = symbols.map_or_else(Scene::new, |symbols: usize| Scene::of(symbols / 14_000));
    let together = scene.segments.div_ceil(16);
    let ranges = (0..scene.segments).step_by(together);
    let ranges: Vec<_> = ranges.map(|first| first..(first + together).min(scene.segments)).collect();
    let kills: usize = std::thread::scope(|scope| {
        let loops = [ranges.clone(), ranges.into_iter().rev().collect()];
        let loops = loops.into_iter().zip(1..).map(|(ranges, seed)| {
            let scene = &scene;
            scope.spawn(move || {
                let mut random = Random(seed);
                let mut kills = 0;
                for range in ranges {
                    let line = scene.range(&range);
                    for _ in 0..2 {
                        kills += usize::from(killed(&line, Duration::from_millis(random.below(400))));
                    }
                    fairshare(&line).done();
                }
                kills
            })
        });
        let loops: Vec<_> = loops.collect();
        loops.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert!(kills >= 6, "{kills} kills landed");
    fairshare(&scene.assemble()).done();
    // What a killed process had begun to write was swept by whoever wrote the same.
    scene.is_as_local();
    let opened = fs::read_to_string(scene.target.join("opened.txt")).expect("a list");
    // Which comes first is the race's to say.
    let mut widths: Vec<_> = opened.lines().filter_map(|line| line.split(' ').next()).collect();
    widths.sort_unstable();
    assert_eq!(widths, ["16", "4"], "one key for each width:\n{opened}");
    let scored = fs::read_to_string(scene.target.join("scored.txt")).expect("a list");
    assert_eq!(scored.lines().count(), 1);
}

/// A shell's own loop, twice at once in different order; nothing but the folder is shared.
#[test]
fn two_shell_loops_at_once_make_what_one_process_makes() {
    let scene = Scene::new();
    let start = |numbers: &str| {
        let script = format!(
            "for i in {numbers}; do \"$1\" prove data \"$2\" {} --segments $i..$((i + 1)) || exit 1; done",
            prepared().common()
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_fairshare"), &show(&scene.target)]);
        shell.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).stdout(Stdio::null());
        shell.spawn().expect("a shell")
    };
    let mut loops = [start("0 1 2 3"), start("2 1 0 3")];
    for shell in &mut loops {
        assert!(shell.wait().expect("an end").success());
    }
    fairshare(&scene.assemble()).done();
    scene.is_as_local();
}
