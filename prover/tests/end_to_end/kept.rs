//! What is kept between runs: finished histogram proofs, reused in later epochs and after an interruption.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fairshare_params::keys::CircuitKind;
use fairshare_prover::{Limits, PROOFS_FOLDER, Progress, ProveError, Prover, Silent, Task};

use super::fixture::{POLICY, PROVER, commit_records, contributor, policy, records, verifier};
use super::{folder, prove};

/// The kept proofs of a commitment folder, by file name.
fn kept(target: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(target.join(PROOFS_FOLDER)).expect("kept proofs");
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let bytes = fs::read(&path).expect("a file");
            (path, bytes)
        })
        .collect()
}

/// A commitment of two segments, proved once.
fn two_segments(folder: &Path) -> PathBuf {
    let (target, _) = commit_records(folder, "long", &contributor(), &[records(16_400, 5)]);
    prove(std::slice::from_ref(&target));
    assert_eq!(kept(&target).len(), 2);
    target
}

#[test]
fn another_epoch_and_reference_reuse_the_histogram_proofs() {
    let folder = folder();
    let target = two_segments(folder.path());
    let before = kept(&target);
    let later = policy(
        &POLICY
            .replace("epoch = 4", "epoch = 5")
            .replace("carrier = [10, 20, 30, 0]", "carrier = [1, 2, 30, 4]")
            .replace("count = 4", "count = 2"),
    );
    let verifier = verifier(&later);
    let proved = Prover::new(&super::SRS, &verifier, Limits::default())
        .prove_data(std::slice::from_ref(&target), &Silent)
        .expect("a bundle under the later policy");
    assert_eq!(kept(&target), before);
    assert_eq!(verifier.verify(&proved.bundle, &proved.registrations).expect("verified"), proved.score);
    assert!(super::VERIFIER.verify(&proved.bundle, &proved.registrations).is_err());
}

/// Tables of multiples take longer than they save in a few small proofs; those of five segments pay for them,
/// unless they are kept from before.
#[test]
fn tables_are_made_where_they_pay() {
    let folder = folder();
    let (small, _) = commit_records(folder.path(), "small", &contributor(), &[records(200, 1)]);
    let (some, _) = commit_records(folder.path(), "some", &contributor(), &[records(40_000, 3)]);
    let (long, _) = commit_records(folder.path(), "long", &contributor(), &[records(80_000, 2)]);
    let has_tables = |target: &PathBuf| {
        let prover = Prover::new(&super::SRS, &super::VERIFIER, Limits::default());
        prover.prove_data(std::slice::from_ref(target), &Silent).expect("a bundle");
        prover.commit_key().has_tables()
    };
    assert!(!has_tables(&small));
    assert!(!has_tables(&some), "three segments");
    assert!(has_tables(&long));
    assert!(!has_tables(&long), "nothing is left to be proved but the score");
}

#[test]
fn a_spoiled_kept_proof_is_proved_again() {
    let folder = folder();
    let target = two_segments(folder.path());
    let before = kept(&target);
    let (first, second) = {
        let mut paths = before.keys().cloned();
        (paths.next().expect("first"), paths.next().expect("second"))
    };
    let honest = &before[&first];
    let length = honest.len();
    let flipped = |at: usize| {
        let mut bytes = honest.clone();
        bytes[at] ^= 1;
        bytes
    };
    let spoiled = [
        // A commitment, a value, the end.
        flipped(70),
        flipped(length / 2),
        flipped(length - 1),
        honest[..length - 1].to_vec(),
        [honest.as_slice(), &[0]].concat(),
        Vec::new(),
        // True, but of the other segment.
        before[&second].clone(),
    ];
    for bytes in spoiled {
        fs::write(&first, &bytes).expect("write");
        prove(std::slice::from_ref(&target));
        let after = kept(&target);
        assert_eq!(after, before, "proved again, the same");
    }
}

#[test]
fn interrupted_work_resumes_at_the_missing_segment() {
    let folder = folder();
    let target = two_segments(folder.path());
    let before = kept(&target);
    for gone in before.keys() {
        let standing = kept(&target);
        fs::remove_file(gone).expect("remove");
        prove(std::slice::from_ref(&target));
        let after = kept(&target);
        assert_eq!(after, standing, "{}", gone.display());
    }
    fs::remove_dir_all(target.join(PROOFS_FOLDER)).expect("remove");
    prove(std::slice::from_ref(&target));
    assert_eq!(kept(&target), before);
}

/// Says stop once a segment is proved.
#[derive(Default)]
struct OneSegment(AtomicBool);

impl Progress for OneSegment {
    fn begin(&self, _: Task, _: u64, _: u64) {}

    fn advance(&self, task: Task, _: u64) {
        self.0.fetch_or(task == Task::Segments, Ordering::SeqCst);
    }

    fn end(&self, _: Task) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn work_that_is_stopped_keeps_what_is_finished() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "long", &contributor(), &[records(16_400, 5)]);
    let one_at_a_time = Limits { jobs: 1, ..Limits::default() };
    let stopped = Prover::new(&super::SRS, &super::VERIFIER, one_at_a_time)
        .prove_data(std::slice::from_ref(&target), &OneSegment::default());
    assert!(matches!(stopped, Err(ProveError::Cancelled)), "{stopped:?}");
    let before = kept(&target);
    assert_eq!(before.len(), 1);
    prove(std::slice::from_ref(&target));
    let after = kept(&target);
    assert_eq!(after.len(), 2);
    assert!(before.iter().all(|(path, bytes)| after[path] == *bytes), "not proved again");
}

/// Says stop once so many steps of a score's proof were begun.
struct Steps {
    left: AtomicU64,
}

impl Progress for Steps {
    fn begin(&self, _: Task, _: u64, _: u64) {}

    fn advance(&self, task: Task, units: u64) {
        if task == Task::Score {
            self.left.fetch_sub(units, Ordering::SeqCst);
        }
    }

    fn end(&self, _: Task) {}

    fn cancelled(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

#[test]
fn a_score_is_stopped_between_its_steps() {
    let folder = folder();
    let target = two_segments(folder.path());
    let one_thread = Limits { threads: 1, jobs: 1, ..Limits::default() };
    let progress = Steps { left: 7.into() };
    let stopped = Prover::new(&super::SRS, &super::VERIFIER, one_thread)
        .prove_data(std::slice::from_ref(&target), &progress);
    assert!(matches!(stopped, Err(ProveError::Cancelled)), "{stopped:?}");
    assert_eq!(progress.left.into_inner(), 0, "no step was begun after that");
    assert_eq!(kept(&target).len(), 2);
}

/// What was heard, in order.
#[derive(Default)]
struct Heard(Mutex<Vec<(Task, &'static str, u64)>>);

impl Progress for Heard {
    fn begin(&self, task: Task, total: u64, done: u64) {
        assert_eq!(done, 0);
        self.0.lock().expect("lock").push((task, "begin", total));
    }

    fn advance(&self, task: Task, units: u64) {
        self.0.lock().expect("lock").push((task, "advance", units));
    }

    fn end(&self, task: Task) {
        self.0.lock().expect("lock").push((task, "end", 0));
    }
}

#[test]
fn progress_counts_every_segment() {
    let folder = folder();
    let target = two_segments(folder.path());
    let heard = Heard::default();
    PROVER.prove_data(&[target], &heard).expect("a bundle");
    let heard = heard.0.into_inner().expect("lock");
    let steps = PROVER.key(CircuitKind::DataScore).expect("a key").plonk().steps() as u64;
    assert!(steps > 20, "a bar that moves");
    for (task, total) in [(Task::Segments, 2), (Task::Score, steps + 1)] {
        let of: Vec<_> = heard.iter().filter(|event| event.0 == task).collect();
        assert_eq!(of.first().map(|event| (event.1, event.2)), Some(("begin", total)));
        assert_eq!(of.last().map(|event| event.1), Some("end"));
        let sum: u64 = of.iter().filter(|event| event.1 == "advance").map(|event| event.2).sum();
        assert_eq!(sum, total);
    }
}
