//! Commitments that were interrupted: the same command, run again, completes them, and no blinding ever meets
//! another column.

use std::collections::HashSet;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_params::Width;
use fairshare_params::encoding::{POINT_BYTES, decode_point};
use fairshare_params::registry::Request;
use fairshare_prover::commit::{
    COMMITMENTS_FILE, CommitError, CommitmentFolder, JOURNAL_FILE, OPENING_FILE, REQUEST_FILE, commit_data,
};
use fairshare_prover::measure::commit_columns;
use fairshare_prover::{Progress, Silent, Task};
use fairshare_storage::files;
use group::Curve;
use halo2curves::bn256::G1Affine;
use tempfile::TempDir;

use super::fixture::{POLICY, RULES, SRS, contributor, policy, records, stranger, write};
use super::{folder, prove, secret_of};

/// Four segments under the tests' policy, in files that can be changed one by one.
const FILES: [(usize, u64); 4] = [(16_320, 1), (16_320, 2), (16_320, 3), (400, 4)];
/// Bytes of a journal before its records, of a record of one of the first three segments, and of the
/// commitments to the last one, which is of the least width.
const JOURNAL_HEADER: usize = 73;
const RECORD: usize = 16 * POINT_BYTES + 32;
const LAST: usize = 4 * POINT_BYTES;

/// Ends the work, as far as that can be done within one process, when one more segment than these is
/// committed to.
pub(super) struct StopAfter(pub AtomicUsize);

impl Progress for StopAfter {
    fn begin(&self, _: Task, _: u64, _: u64) {}

    fn advance(&self, task: Task, _: u64) {
        if task != Task::Commit {
            return;
        }
        self.0.store(self.0.load(Ordering::Relaxed).checked_sub(1).expect("stopped"), Ordering::Relaxed);
    }

    fn end(&self, _: Task) {}
}

/// Says stop once a task was advanced so often.
pub(super) struct Stops {
    task: Task,
    after: AtomicUsize,
}

impl Stops {
    pub(super) fn new(task: Task, after: usize) -> Self {
        Self { task, after: after.into() }
    }
}

impl Progress for Stops {
    fn begin(&self, _: Task, _: u64, _: u64) {}

    fn advance(&self, task: Task, _: u64) {
        if task == self.task {
            let left = self.after.load(Ordering::Relaxed).checked_sub(1).expect("it went on");
            self.after.store(left, Ordering::Relaxed);
        }
    }

    fn end(&self, _: Task) {}

    fn cancelled(&self) -> bool {
        self.after.load(Ordering::Relaxed) == 0
    }
}

pub(super) struct Scene {
    root: TempDir,
    pub(super) files: Vec<PathBuf>,
    pub(super) target: PathBuf,
}

impl Scene {
    pub(super) fn new() -> Self {
        let root = folder();
        let files = FILES.into_iter().enumerate();
        let files =
            files.map(|(i, (count, seed))| write(root.path(), &format!("{i}.csv"), &records(count, seed)));
        let files = files.collect();
        let target = root.path().join("target");
        Self { root, files, target }
    }

    /// Commits until the first `segments` segments, of one file each, are in the journal.
    pub(super) fn interrupt(&self, segments: usize) {
        let stop = StopAfter((segments - 1).into());
        let run = || commit_data(&SRS, &RULES, &contributor(), &self.files, &self.target, &stop);
        let stopped = catch_unwind(AssertUnwindSafe(run));
        assert!(stopped.is_err(), "the work was to be interrupted");
        assert!(!self.target.join(OPENING_FILE).exists() && !self.target.join(REQUEST_FILE).exists());
    }

    /// Commits until that is stopped.
    fn stop(&self, stops: &Stops) {
        let stopped = commit_data(&SRS, &RULES, &contributor(), &self.files, &self.target, stops);
        assert!(matches!(stopped, Err(CommitError::Cancelled)), "{stopped:?}");
    }

    fn journal(&self) -> PathBuf {
        self.target.join(JOURNAL_FILE)
    }

    /// The journal's points, segment by segment.
    pub(super) fn recorded(&self) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.journal()).expect("a journal");
        let records = bytes[JOURNAL_HEADER..].chunks(RECORD);
        records.map(|record| record[..RECORD - 32].to_vec()).collect()
    }

    fn commit(&self) -> Result<Request, CommitError> {
        commit_data(&SRS, &RULES, &contributor(), &self.files, &self.target, &Silent)
    }

    /// Commits again, checks that the folder is whole and nothing else, and returns the columns' commitments.
    fn complete(&self) -> Vec<u8> {
        let request = self.commit().expect("a commitment");
        let stored = fs::read(self.target.join(REQUEST_FILE)).expect("read");
        assert_eq!(fairshare_formats::registry::request_from_json(&stored).expect("a request"), request);
        assert_eq!(
            names(&self.target),
            [COMMITMENTS_FILE, OPENING_FILE, REQUEST_FILE].map(Into::into).into()
        );
        let commitment = CommitmentFolder::read(&self.target, &RULES).expect("a whole folder");
        for (index, columns) in commitment.columns.iter().enumerate() {
            let (symbols, secret) = secret_of(&commitment, index);
            let width = Width::of(columns.len());
            assert_eq!(commit_columns(&SRS, width, &symbols, &secret), *columns, "segment {index}");
        }
        fs::read(self.target.join(COMMITMENTS_FILE)).expect("read")
    }

    fn change(&mut self, file: usize, content: &str) {
        fs::write(&self.files[file], content).expect("write");
    }
}

fn names(folder: &Path) -> HashSet<String> {
    let entries = fs::read_dir(folder).expect("read");
    entries.map(|entry| entry.expect("entry").file_name().into_string().expect("text")).collect()
}

pub(super) fn points(bytes: &[u8]) -> HashSet<&[u8]> {
    bytes.chunks(POINT_BYTES).collect()
}

#[test]
fn segments_committed_to_before_an_interruption_are_taken_over() {
    let scene = Scene::new();
    scene.interrupt(1);
    assert_eq!(scene.recorded().len(), 1);
    // Interrupted once more, the second run has gone on from where the first was stopped.
    let first = scene.recorded();
    scene.interrupt(3);
    let recorded = scene.recorded();
    assert_eq!((recorded.len(), &recorded[0]), (3, &first[0]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(scene.journal()).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a journal holds the seed");
    }
    let commitments = scene.complete();
    assert_eq!(commitments.len(), 3 * (RECORD - 32) + LAST);
    assert!(commitments.starts_with(&recorded.concat()), "the work done before");
    prove(std::slice::from_ref(&scene.target));
}

/// Neither the batch under way is finished nor anything written.
#[test]
fn commitments_that_are_stopped_while_data_is_read_leave_nothing() {
    let scene = Scene::new();
    for batches in [0, 1, 3] {
        scene.stop(&Stops::new(Task::Read, batches));
        assert_eq!(names(&scene.target).len(), 0, "after {batches} batches");
    }
    scene.complete();
}

#[test]
fn commitments_that_are_stopped_go_on_to_the_same_bytes() {
    let scene = Scene::new();
    for segments in [1, 2, 3] {
        // Each run takes over the segments of the one before.
        scene.stop(&Stops::new(Task::Commit, segments));
        assert_eq!(scene.recorded().len(), segments);
        assert_eq!(names(&scene.target), [JOURNAL_FILE.into()].into(), "no opening, no request");
    }
    let (journal, recorded) = (fs::read(scene.journal()).expect("a journal"), scene.recorded().concat());
    // While data is read again, all that was done stays.
    scene.stop(&Stops::new(Task::Read, 2));
    assert_eq!(fs::read(scene.journal()).expect("a journal"), journal);
    assert!(scene.complete().starts_with(&recorded));
    let opening = fs::read(scene.target.join(OPENING_FILE)).expect("read");
    assert_eq!(opening[41..73], journal[JOURNAL_HEADER - 64..JOURNAL_HEADER - 32], "the same seed");
}

/// A column's commitment is the longest that nobody asks: in the middle of a segment work stops, too.
#[test]
fn commitments_are_stopped_within_a_segment() {
    struct Asked(AtomicUsize);
    impl Progress for Asked {
        fn begin(&self, task: Task, _: u64, _: u64) {
            // Once as the first segment begins, and for three of its sixteen columns.
            let asked = if task == Task::Commit { 4 } else { usize::MAX };
            self.0.store(asked, Ordering::Relaxed);
        }
        fn advance(&self, task: Task, _: u64) {
            assert_eq!(task, Task::Read, "a segment was finished");
        }
        fn end(&self, _: Task) {}
        fn cancelled(&self) -> bool {
            let asked = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            asked.is_err()
        }
    }
    let scene = Scene::new();
    let asked = Asked(usize::MAX.into());
    let stopped = commit_data(&SRS, &RULES, &contributor(), &scene.files, &scene.target, &asked);
    assert!(matches!(stopped, Err(CommitError::Cancelled)), "{stopped:?}");
    assert!(!scene.journal().exists());
}

/// Beside an opening the same data is read again, which may take as long as the first time.
#[test]
fn a_request_is_not_written_once_the_work_is_stopped() {
    let scene = Scene::new();
    let request = scene.commit().expect("a commitment");
    let path = scene.target.join(REQUEST_FILE);
    fs::remove_file(&path).expect("remove");
    scene.stop(&Stops::new(Task::Read, 0));
    assert!(!path.exists());
    assert_eq!(scene.commit().expect("the same command"), request);
}

#[test]
fn a_record_says_which_commitments_are_taken_over_and_they_are_not_computed_again() {
    // Points of the curve that are no commitments to anything, in a record that is right otherwise, would
    // pass unless the record's check, which covers them, refused them.
    let scene = Scene::new();
    scene.interrupt(2);
    let recorded = scene.recorded();
    let mut bytes = fs::read(scene.journal()).expect("read");
    let (first, second) = (JOURNAL_HEADER, JOURNAL_HEADER + POINT_BYTES);
    bytes.copy_within(second..second + POINT_BYTES, first);
    fs::write(scene.journal(), bytes).expect("write");
    // Computed again they are the same, from the same seed.
    assert!(scene.complete().starts_with(&recorded.concat()));
}

#[test]
fn data_that_changed_shares_no_blinding_with_what_was_committed_to() {
    let more = |count, seed| records(count, seed) + "12,UA\n";
    // Records missing before or after what was committed to, or put in: another number of records, so that
    // every secret is another.
    for (file, content) in [(0, records(16_319, 1)), (0, more(16_320, 1)), (1, records(100, 2))] {
        let mut scene = Scene::new();
        scene.interrupt(2);
        let recorded = scene.recorded();
        assert_eq!(recorded.len(), 2);
        scene.change(file, &content);
        let commitments = scene.complete();
        assert!(points(&commitments).is_disjoint(&points(&recorded.concat())), "file {file}");
    }
}

/// Under one seed, which the journal keeps, a segment with one symbol changed is committed to again: no
/// column of it is the old one with that symbol put right, and those without any change are others, too.
#[test]
fn a_segment_with_one_symbol_changed_shares_no_blinding() {
    let mut scene = Scene::new();
    scene.interrupt(3);
    let before = scene.recorded();
    let seed = |bytes: &[u8]| bytes[JOURNAL_HEADER - 64..JOURNAL_HEADER - 32].to_vec();
    let old_seed = seed(&fs::read(scene.journal()).expect("a journal"));
    let text = records(16_320, 2);
    scene.change(1, &text.replacen(",UA\n", ",B6\n", 1));
    let commitments = scene.complete();
    let opening = fs::read(scene.target.join(OPENING_FILE)).expect("read");
    assert_eq!(opening[41..73], old_seed, "the same seed");
    let (segments, _) = commitments.as_chunks::<{ RECORD - 32 }>();
    let segment = |index: usize| segments[index].to_vec();
    assert_eq!((segment(0), segment(2)), (before[0].clone(), before[2].clone()), "the others are taken over");
    let row = text.lines().skip(1).position(|line| line.ends_with(",UA")).expect("a record");
    // Two symbols a record, the carrier's first: bins 1 (UA) and 2 (B6).
    let place = 2 * row;
    let (column, row) = (place / SRS.geometry().usable_rows(), place % SRS.geometry().usable_rows());
    let points = |bytes: &[u8]| -> Vec<G1Affine> {
        bytes.as_chunks::<POINT_BYTES>().0.iter().map(|bytes| decode_point(bytes).expect("a point")).collect()
    };
    let (old, new) = (points(&before[1]), points(&segment(1)));
    for (index, (old, new)) in old.iter().zip(&new).enumerate() {
        let change = if index == column { SRS.lagrange()[row] } else { G1Affine::default() };
        assert_ne!((*old + change).to_affine(), *new, "column {index} keeps its blinding");
    }
    prove(std::slice::from_ref(&scene.target));
}

#[test]
fn less_data_than_was_committed_to_shares_nothing_with_it() {
    let mut scene = Scene::new();
    scene.interrupt(3);
    let recorded = scene.recorded();
    assert_eq!(recorded.len(), 3);
    // What is left is unchanged, but there is less of it.
    scene.files.truncate(2);
    let commitments = scene.complete();
    assert!(points(&commitments).is_disjoint(&points(&recorded.concat())));
}

#[test]
fn segments_that_were_not_reached_may_change() {
    let mut scene = Scene::new();
    scene.interrupt(2);
    let recorded = scene.recorded();
    scene.change(3, &records(400, 9));
    assert!(scene.complete().starts_with(&recorded.concat()));
}

#[test]
fn a_damaged_journal_is_not_believed() {
    let scene = Scene::new();
    scene.interrupt(1);
    let recorded = scene.recorded();
    let honest = fs::read(scene.journal()).expect("read");
    let flipped = |at: usize| {
        let mut bytes = honest.clone();
        bytes[at] ^= 1;
        bytes
    };
    // Of a journal that is not whole, not even the seed is believed.
    let mut bad: Vec<_> = [0, 7, 8, 9, 40, 72].map(flipped).map(|bytes| (bytes, false)).into();
    let cut = [0, 1, JOURNAL_HEADER - 1, honest.len() - 1].map(|length| honest[..length].to_vec());
    bad.extend(cut.map(|bytes| (bytes, false)));
    bad.push(([honest.as_slice(), &[0]].concat(), false));
    // Of a whole one, a record is that does not fit its segment; the seed is kept.
    bad.extend([JOURNAL_HEADER, honest.len() - 1].map(flipped).map(|bytes| (bytes, true)));
    bad.push(([honest.as_slice(), &honest[JOURNAL_HEADER..]].concat(), true));
    for (case, (bytes, same)) in bad.iter().enumerate() {
        fs::write(scene.journal(), bytes).expect("write");
        scene.commit().expect("a commitment");
        let commitments = fs::read(scene.target.join(COMMITMENTS_FILE)).expect("read");
        let recorded = recorded.concat();
        let fits = if *same {
            commitments.starts_with(&recorded) && points(&commitments).len() == 3 * 16 + 4
        } else {
            points(&commitments).is_disjoint(&points(&recorded))
        };
        assert!(fits, "case {case}");
        for name in [COMMITMENTS_FILE, OPENING_FILE, REQUEST_FILE] {
            fs::remove_file(scene.target.join(name)).expect("remove");
        }
    }
    fs::write(scene.journal(), honest).expect("write");
    assert!(scene.complete().starts_with(&recorded.concat()), "and the honest one is");
}

#[test]
fn an_opening_without_its_request_is_completed_by_the_same_data_only() {
    let scene = Scene::new();
    let request = scene.commit().expect("a commitment");
    let path = scene.target.join(REQUEST_FILE);
    let opening = fs::read(scene.target.join(OPENING_FILE)).expect("read");
    fs::remove_file(&path).expect("remove");
    // A journal may stand there still: the work was stopped before it was removed.
    fs::write(scene.journal(), b"whatever").expect("write");
    assert_eq!(scene.commit().expect("the same command"), request);
    assert!(!scene.journal().exists());
    assert_eq!(fs::read(scene.target.join(OPENING_FILE)).expect("read"), opening, "as it was");

    fs::remove_file(&path).expect("remove");
    let changed = write(scene.root.path(), "changed.csv", &records(16_320, 1).replacen("UA", "B6", 1));
    let mut files = scene.files.clone();
    files[0] = changed;
    for files in [&files[..], &scene.files[..3], &[scene.files.clone(), vec![files[0].clone()]].concat()] {
        let refused = commit_data(&SRS, &RULES, &contributor(), files, &scene.target, &Silent);
        assert!(matches!(refused, Err(CommitError::Occupied { .. })), "{refused:?}");
    }
    // Of fewer features, a record's symbols are fewer, too.
    let (schema, counts) = (
        "[[schema.feature]]\nname = \"delay\"\nkind = \"numeric\"\nedges = [-5, 0.5, 30]\n",
        "delay = [1, 2, 3, 4, 5]\n",
    );
    let narrower = policy(&POLICY.replace(schema, "").replace(counts, ""));
    assert_eq!(narrower.schema().len(), 1);
    let refused = commit_data(&SRS, &narrower, &contributor(), &scene.files, &scene.target, &Silent);
    assert!(matches!(refused, Err(CommitError::Occupied { .. })), "{refused:?}");
    assert!(!path.exists());
    assert_eq!(fs::read(scene.target.join(OPENING_FILE)).expect("read"), opening, "as it was");
}

/// A request stands for a whole folder: none is written while there is no opening, and beside one whose
/// opening was moved away nothing is committed to, for its opening has to find it as it was. One that was
/// altered is not put right either.
#[test]
fn a_request_is_never_replaced() {
    let scene = Scene::new();
    let request = scene.commit().expect("a commitment");
    let (path, opening) = (scene.target.join(REQUEST_FILE), scene.target.join(OPENING_FILE));
    let moved = scene.root.path().join("moved");
    fs::rename(&opening, &moved).expect("move");
    let stands = |text: &[u8]| {
        let refused = scene.commit();
        assert!(matches!(refused, Err(CommitError::Occupied { .. })), "{refused:?}");
        assert_eq!(fs::read(&path).expect("read"), text);
    };
    let honest = fs::read(&path).expect("read");
    stands(&honest);
    fs::rename(&moved, &opening).expect("move");
    let altered = [honest.as_slice(), b"\n"].concat();
    fs::write(&path, &altered).expect("write");
    stands(&altered);
    fs::write(&path, &honest).expect("write");
    assert_eq!(scene.commit().expect("the same command"), request);
}

/// The digest names its contributor. Whoever resumes a commitment with another address is told so, whether
/// its request stands there or not.
#[test]
fn an_opening_is_not_completed_for_another_contributor() {
    let scene = Scene::new();
    let request = scene.commit().expect("a commitment");
    let path = scene.target.join(REQUEST_FILE);
    let before = [REQUEST_FILE, OPENING_FILE].map(|name| fs::read(scene.target.join(name)).expect("read"));
    for is_whole in [true, false] {
        if !is_whole {
            fs::remove_file(&path).expect("remove");
        }
        let theirs = commit_data(&SRS, &RULES, &stranger(), &scene.files, &scene.target, &Silent);
        let error = theirs.expect_err("theirs");
        let text = error.to_string();
        let CommitError::AnotherContributor { contributor, expected, found, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!((contributor, expected), (stranger(), *request.digest()));
        assert_ne!(found, expected);
        assert!(
            text.contains("another contributor than 0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
            "{text}"
        );
        assert_eq!(path.exists(), is_whole);
    }
    assert_eq!(scene.commit().expect("whose it is"), request);
    let after = [REQUEST_FILE, OPENING_FILE].map(|name| fs::read(scene.target.join(name)).expect("read"));
    assert_eq!(after, before);
}

#[test]
fn two_processes_never_commit_into_one_folder_at_once() {
    let root = folder();
    let target = root.path().join("data");
    fs::create_dir(&target).expect("create");
    let csv = write(root.path(), "data.csv", &records(200, 1));
    let commit = || commit_data(&SRS, &RULES, &contributor(), std::slice::from_ref(&csv), &target, &Silent);
    let lock = files::lock_folder(&target).expect("locks").expect("nobody else's");
    assert!(matches!(commit(), Err(CommitError::Busy { .. })));
    assert_eq!(names(&target).len(), 0);
    drop(lock);
    commit().expect("a commitment");
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let root = folder();
    let csv = write(root.path(), "data.csv", &records(200, 1));
    for mode in [0o722, 0o770, 0o777, 0o1777] {
        let target = root.path().join(format!("{mode:o}"));
        fs::create_dir(&target).expect("create");
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).expect("chmod");
        let commit =
            || commit_data(&SRS, &RULES, &contributor(), std::slice::from_ref(&csv), &target, &Silent);
        let refused = commit();
        assert!(matches!(refused, Err(CommitError::Shared { .. })), "{mode:o}: {refused:?}");
        assert_eq!(names(&target).len(), 0);
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).expect("chmod");
        commit().expect("a commitment");
    }
}

#[test]
fn what_killed_writers_left_is_swept_and_a_living_ones_is_not() {
    let root = folder();
    let path = root.path().join("file");
    let dead = [".file.abcdef.partial", ".file.x.partial"];
    let others = [".file.abcdef", "file.partial", ".other.abcdef.partial"];
    for name in dead.iter().chain(&others) {
        fs::write(root.path().join(name), b"half").expect("write");
    }
    let living = files::begin(&path).expect("a temporary file");
    assert!(living.path().exists());
    File::open(living.path()).expect("there");
    files::write(&path, b"whole", files::Access::Public).expect("written");
    let left = names(root.path());
    let living_name = living.path().file_name().expect("a name").to_str().expect("text").to_owned();
    assert_eq!(
        left,
        others.iter().map(|name| (*name).to_owned()).chain(["file".into(), living_name]).collect()
    );
    files::publish(living, &path, files::Access::Secret).expect("published");
    assert_eq!(
        names(root.path()),
        others.iter().map(|name| (*name).to_owned()).chain(["file".into()]).collect()
    );
}
