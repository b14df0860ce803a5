//! What scores give away: a ninth reference, or merger with other datasets, is refused unless asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registration::Registration;
use fairshare_params::words::hash_list;
use fairshare_prover::{
    Limits, PROOFS_FOLDER, Progress, ProveError, Proved, Prover, SCORED_FILE, ScoreLimit, ScoredError,
    Silent, Task, UseListError,
};

use super::fixture::{
    POLICY, PROVER, RULES, SRS, VERIFIER, commit_records, contributor, edit, policy, records, verifier,
};
use super::folder;

/// `r_1, r_2, …` of the fixture's policy: its counts and two more in every bin.
const REFERENCE: [u64; 9] = [12, 22, 32, 2, 3, 4, 5, 6, 7];

/// The line of a score, computed apart from the prover.
fn line(reference: &[u64], covered: &[&Registration]) -> String {
    let word = |count: &u64| {
        let mut word = [0; 32];
        word[24..].copy_from_slice(&count.to_be_bytes());
        Digest(word)
    };
    let words: Vec<_> = reference.iter().map(word).collect();
    let covered: BTreeSet<_> = covered.iter().map(|registration| registration.digest()).collect();
    format!("{} {}", hash_list(&words), hash_list(covered))
}

fn lines(target: &Path) -> Vec<String> {
    let text = fs::read_to_string(target.join(SCORED_FILE)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn prove(folders: &[&PathBuf]) -> Result<Proved, Box<ProveError>> {
    let folders: Vec<_> = folders.iter().map(|folder| (*folder).clone()).collect();
    PROVER.prove_data(&folders, &Silent).map_err(Box::new)
}

fn is_refused(proved: Result<Proved, Box<ProveError>>, of: &Path) {
    match *proved.expect_err("a ninth") {
        ProveError::Scored(ScoredError::TooOften { folder, known: 8 }) => assert_eq!(folder, of),
        other => panic!("{other:?}"),
    }
}

/// One dataset with every selection of three others makes eight scores of it, and four of each other.
#[test]
fn the_ninth_score_of_an_opening_is_refused() {
    let folder = folder();
    let [a, b, c, d, e] = [1, 2, 3, 4, 5].map(|seed| {
        commit_records(folder.path(), &format!("data-{seed}"), &contributor(), &[records(120, seed)])
    });
    let (target, others) = (&a.0, [&b, &c, &d]);
    let mut expected = Vec::new();
    for selection in 0..8 {
        let chosen = others.iter().enumerate().filter(|(index, _)| selection >> index & 1 == 1);
        // Now first, now last.
        let mut covered: Vec<_> = chosen.map(|(_, other)| *other).collect();
        covered.insert(covered.len() * (selection % 2), &a);
        let folders: Vec<_> = covered.iter().map(|dataset| &dataset.0).collect();
        prove(&folders).expect("one of eight");
        expected.push(line(&REFERENCE, &covered.iter().map(|dataset| &dataset.1).collect::<Vec<_>>()));
        assert_eq!(lines(target), expected);
    }
    assert_eq!(others.map(|other| lines(&other.0).len()), [4; 3]);

    // Others may still be scored, with whatever was not scored eight times.
    is_refused(prove(&[target, &e.0]), target);
    is_refused(prove(&[&e.0, target]), target);
    assert!(!e.0.join(PROOFS_FOLDER).exists() && lines(&e.0).is_empty(), "nothing was done for it");
    let rules = policy(&edit("carrier = [10, 20, 30, 0]", "carrier = [10, 20, 31, 0]"));
    let other_reference = verifier(&rules);
    let under_another = Prover::new(&SRS, &other_reference, Limits::default());
    let ninth = under_another.prove_data(std::slice::from_ref(target), &Silent);
    is_refused(ninth.map_err(Box::new), target);
    assert_eq!(lines(target), expected);
    prove(&[&b.0, &e.0]).expect("the fifth");

    // What is on record can be proved again, in any order, and costs nothing.
    prove(&[target]).expect("the first again");
    prove(&[&d.0, target, &b.0]).expect("in another order");
    assert_eq!(lines(target), expected);

    let asked = under_another.with_score_limit(ScoreLimit::None);
    asked.prove_data(std::slice::from_ref(target), &Silent).expect("asked for");
    let mut reference = REFERENCE;
    reference[2] += 1;
    expected.push(line(&reference, &[&a.1]));
    assert_eq!(lines(target), expected);
}

/// A later epoch, other rules: as long as the reference is the same, so is the score.
#[test]
fn other_rules_with_the_same_reference_give_nothing_new_away() {
    let folder = folder();
    let (target, registration) = commit_records(folder.path(), "data", &contributor(), &[records(120, 1)]);
    prove(&[&target]).expect("a bundle");
    let later: Policy = policy(
        &POLICY
            .replace("epoch = 4", "epoch = 5")
            .replace("pseudo_count = 2", "pseudo_count = 1")
            .replace("carrier = [10, 20, 30, 0]", "carrier = [11, 21, 31, 1]")
            .replace("delay = [1, 2, 3, 4, 5]", "delay = [2, 3, 4, 5, 6]"),
    );
    assert_ne!(later.terms(), RULES.terms());
    let verifier = verifier(&later);
    let prover = Prover::new(&SRS, &verifier, Limits::default());
    prover.prove_data(std::slice::from_ref(&target), &Silent).expect("a bundle");
    assert_eq!(lines(&target), [line(&REFERENCE, &[&registration])]);
}

/// Looks at the record whenever a task begins, and says stop at a step of the score's.
struct Watching<'a> {
    target: &'a Path,
    before: AtomicUsize,
    at_score: AtomicUsize,
}

impl Progress for Watching<'_> {
    fn begin(&self, task: Task, _: u64, _: u64) {
        let known = lines(self.target).len();
        match task {
            Task::Segments => self.before.store(known, Ordering::SeqCst),
            Task::Score => self.at_score.store(known, Ordering::SeqCst),
            _ => {}
        }
    }

    fn advance(&self, _: Task, _: u64) {}

    fn end(&self, _: Task) {}

    fn cancelled(&self) -> bool {
        self.at_score.load(Ordering::SeqCst) != usize::MAX
    }
}

#[test]
fn a_score_is_on_record_before_its_proof_is_begun_and_stays_there() {
    let folder = folder();
    let (target, registration) = commit_records(folder.path(), "data", &contributor(), &[records(120, 1)]);
    let (before, at_score) = (usize::MAX.into(), usize::MAX.into());
    let watching = Watching { target: &target, before, at_score };
    let stopped = PROVER.prove_data(std::slice::from_ref(&target), &watching);
    assert!(matches!(stopped, Err(ProveError::Cancelled)), "{stopped:?}");
    assert_eq!((watching.before.into_inner(), watching.at_score.into_inner()), (0, 1));
    let expected = [line(&REFERENCE, &[&registration])];
    assert_eq!(lines(&target), expected);
    prove(&[&target]).expect("a bundle");
    assert_eq!(lines(&target), expected);
}

#[test]
fn a_score_that_cannot_be_put_on_record_is_not_proved() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(120, 1)]);
    let record = target.join(SCORED_FILE);
    fs::write(&record, "junk\n").expect("written");
    let prover = Prover::new(&SRS, &VERIFIER, Limits::default()).with_score_limit(ScoreLimit::None);
    let refused = prover.prove_data(std::slice::from_ref(&target), &Silent);
    let Err(ProveError::Scored(ScoredError::List(UseListError::Line { path, line: 1, .. }))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(path, record);
    assert!(!target.join(PROOFS_FOLDER).exists(), "nothing was proved");
    fs::remove_file(&record).expect("removed");
    fs::create_dir(&record).expect("in the way");
    let refused = *prove(&[&target]).expect_err("no record");
    let ProveError::Scored(ScoredError::List(UseListError::Io { .. })) = refused else {
        panic!("{refused:?}")
    };
}
