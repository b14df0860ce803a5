//! Data that hardly matches its schema: refused before anything is committed to, and nothing is left that
//! would have to be thrown away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;

use fairshare_ingest::unmatched::Unmatched;
use fairshare_params::registry::Request;
use fairshare_prover::commit::{
    COMMITMENTS_FILE, CommitError, Committed, JOURNAL_FILE, Matching, OPENING_FILE, REQUEST_FILE,
    commit_matching,
};

use super::interrupted::StopAfter;
use super::*;

/// So many records whose carrier is another, after so many of a known one.
fn misspelled(known: usize, other: usize) -> String {
    format!("delay,carrier\n{}{}", "1,UA\n".repeat(known), "1,ua\n".repeat(other))
}

struct Scene {
    root: TempDir,
    file: PathBuf,
    target: PathBuf,
}

impl Scene {
    fn new(text: &str) -> Self {
        let root = folder();
        let file = write(root.path(), "data.csv", text);
        let target = root.path().join("target");
        Self { root, file, target }
    }

    fn commit(&self, matching: Matching) -> Result<Committed, CommitError> {
        let files = std::slice::from_ref(&self.file);
        commit_matching(&SRS, &RULES, &contributor(), files, &self.target, matching, &Silent)
    }

    fn refused(&self) -> Vec<Unmatched> {
        match self.commit(Matching::Required) {
            Err(CommitError::Unmatched(mostly)) => mostly.columns,
            other => panic!("{:?}", other.map(|made| made.unmatched)),
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.target).expect("a folder").map(|entry| entry.expect("an entry"));
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    /// Commits until the first segment is in the journal.
    fn interrupt(&self) {
        let stop = StopAfter(AtomicUsize::new(0));
        let files = std::slice::from_ref(&self.file);
        let run =
            || commit_matching(&SRS, &RULES, &contributor(), files, &self.target, Matching::Waived, &stop);
        assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "the work was to be interrupted");
        assert_eq!(self.names(), [JOURNAL_FILE]);
    }
}

const WHOLE: [&str; 3] = [COMMITMENTS_FILE, OPENING_FILE, REQUEST_FILE];

fn of(made: &Committed) -> &Request {
    &made.request
}

#[test]
fn what_hardly_matches_is_refused_before_anything_is_written() {
    let scene = Scene::new(&misspelled(100, 101));
    let columns = scene.refused();
    let column = |column: &str, other: Option<u64>| Unmatched {
        feature: column.into(),
        column: column.into(),
        records: 201,
        other,
        missing: 0,
    };
    assert_eq!(columns, [column("carrier", Some(101))]);
    assert_eq!(scene.names(), Vec::<String>::new());
    // The library's short form refuses, too: nobody commits to it without having said so.
    let files = std::slice::from_ref(&scene.file);
    let refused = commit_data(&SRS, &RULES, &contributor(), files, &scene.target, &Silent);
    assert!(matches!(refused, Err(CommitError::Unmatched(_))));
    // The folder is free for the data as it should be, or for this data if that is meant.
    let made = scene.commit(Matching::Waived).expect("a commitment");
    assert_eq!(scene.names(), WHOLE);
    assert_eq!(made.unmatched, [column("carrier", Some(101)), column("delay", None)]);
    assert_eq!(of(&made).records(), 201);
}

#[test]
fn half_is_not_refused_and_what_matched_nothing_is_told() {
    let scene = Scene::new(&misspelled(100, 100));
    let made = scene.commit(Matching::Required).expect("a commitment");
    let shares: Vec<_> = made.unmatched.iter().map(Unmatched::share).collect();
    assert_eq!(shares, [0.5, 0.0]);
}

/// A journal is of a run that was told to go on: one that is not leaves it as it is.
#[test]
fn a_refusal_leaves_the_journal_to_a_run_that_accepts() {
    let scene = Scene::new(&misspelled(8_000, 16_000));
    scene.interrupt();
    let journal = fs::read(scene.target.join(JOURNAL_FILE)).expect("a journal");
    scene.refused();
    assert_eq!(scene.names(), [JOURNAL_FILE]);
    assert!(fs::read(scene.target.join(JOURNAL_FILE)).expect("a journal") == journal);
    scene.commit(Matching::Waived).expect("a commitment");
    assert_eq!(scene.names(), WHOLE);
    // The first segment's commitments are those of the journal: nothing was done twice, or under two seeds.
    let commitments = fs::read(scene.target.join(COMMITMENTS_FILE)).expect("commitments");
    assert!(commitments.starts_with(&journal[73..journal.len() - 32]));
}

/// Other data in the folder of an interrupted run, the wrong file for instance: the journal survives it.
#[test]
fn a_wrong_file_does_not_cost_the_journal() {
    let mut scene = Scene::new(&records(17_000, 1));
    scene.interrupt();
    let journal = fs::read(scene.target.join(JOURNAL_FILE)).expect("a journal");
    let right = scene.file.clone();
    scene.file = write(scene.root.path(), "wrong.csv", &misspelled(0, 17_000));
    scene.refused();
    assert!(fs::read(scene.target.join(JOURNAL_FILE)).expect("a journal") == journal);
    scene.file = right;
    scene.commit(Matching::Required).expect("a commitment");
    let commitments = fs::read(scene.target.join(COMMITMENTS_FILE)).expect("commitments");
    assert!(commitments.starts_with(&journal[73..journal.len() - 32]));
}

/// Where an opening stands, the data is committed to: nobody is asked again, and the request is written.
#[test]
fn what_is_committed_to_is_not_refused_again() {
    let scene = Scene::new(&misspelled(0, 200));
    let made = scene.commit(Matching::Waived).expect("a commitment");
    let again = scene.commit(Matching::Required).expect("the same again");
    assert_eq!((of(&again), &again.unmatched), (of(&made), &made.unmatched));
    fs::remove_file(scene.target.join(REQUEST_FILE)).expect("removed");
    assert_eq!(of(&scene.commit(Matching::Required).expect("a request")), of(&made));
    assert_eq!(scene.names(), WHOLE);
}
