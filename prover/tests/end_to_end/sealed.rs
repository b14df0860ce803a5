//! Records that other machines read: sealed to who commits to them, and committed to as if they had been
//! read there.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_prover::commit::{
    CommitError, CommitmentFolder, JOURNAL_FILE, Lost, OPENING_FILE, REQUEST_FILE, SymbolSource,
    commit_symbols,
};
use fairshare_prover::work::{
    Opened, RANGE_BYTES, RecordsKey, SEALED_RECORDS, SealedBatchError, SealedRecords, SealedRecordsError,
};
use fairshare_prover::{Committed, Matching, Silent, Task};

use super::fixture::{RULES, SRS, commit_records, contributor, records, write};
use super::interrupted::Stops;
use super::{folder, prove, segment_counts};

/// Batches of three ranges of records, each read and sealed for itself.
fn sealed(key: &RecordsKey, root: &Path, texts: &[String]) -> Vec<Vec<u8>> {
    let ranges = texts.iter().enumerate().flat_map(|(range, text)| {
        let file = write(root, &format!("range-{range}.csv"), text);
        SealedRecords::open(&[file], RULES.schema(), key.public()).expect("a file")
    });
    ranges.map(|batch| batch.expect("sealed")).collect()
}

fn given(batches: Vec<Vec<u8>>) -> impl Iterator<Item = Result<Vec<u8>, Lost>> {
    batches.into_iter().map(Ok)
}

fn commit(
    key: &RecordsKey,
    batches: impl Iterator<Item = Result<Vec<u8>, Lost>>,
    target: &Path,
) -> Result<Committed, CommitError> {
    let mut source = Opened::new(key, RULES.schema(), batches);
    commit_symbols(&SRS, &RULES, &contributor(), &mut source, target, Matching::Waived, &Silent)
}

/// Which batch is refused, and why.
fn batch_of(refused: CommitError) -> SealedBatchError {
    match refused {
        CommitError::Lost(reason) => *reason.downcast().expect("a refused batch"),
        other => panic!("{other}"),
    }
}

fn texts() -> [String; 3] {
    [records(9_000, 1), records(70_000, 2), records(3, 3)]
}

fn symbols(target: &Path) -> Vec<u16> {
    let commitment = CommitmentFolder::read(target, &RULES).expect("a folder");
    let count = commitment.registration.records() as usize * RULES.schema().len();
    commitment.opening.symbols(0, count).expect("symbols").to_vec()
}

#[test]
fn records_that_others_read_are_committed_to_as_if_they_were_read_here() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let (local, registration) = commit_records(root.path(), "local", &contributor(), &texts());
    let batches = sealed(&key, root.path(), &texts());
    // The second range is one batch more than is sealed together.
    assert_eq!((batches.len(), SEALED_RECORDS), (4, 65_536));

    let target = root.path().join("sealed");
    let committed = commit(&key, given(batches.clone()), &target).expect("a commitment");
    assert_eq!(committed.request.records(), 79_003);
    assert_eq!(symbols(&target), symbols(&local));
    assert_eq!(segment_counts(&prove(&[target])), [5]);

    // Beside the opening of a local run they give its request: they are the same records in the same order.
    let request = fs::read(local.join(REQUEST_FILE)).expect("a request");
    fs::remove_file(local.join(REQUEST_FILE)).expect("removed");
    let again = commit(&key, given(batches.clone()), &local).expect("the same records");
    assert_eq!(again.request.digest(), registration.digest());
    assert_eq!(fs::read(local.join(REQUEST_FILE)).expect("a request"), request);
    // With their ranges in another order, or without one of them, they are others.
    for others in [[1, 2, 0, 3].map(|batch| batches[batch].clone()).to_vec(), batches[..3].to_vec()] {
        fs::remove_file(local.join(REQUEST_FILE)).expect("removed");
        let refused = commit(&key, given(others), &local).expect_err("other records");
        assert!(matches!(refused, CommitError::Occupied { .. }), "{refused}");
        fs::write(local.join(REQUEST_FILE), &request).expect("written");
    }
}

/// What was interrupted goes on from its segments when the records are sealed again, to another key.
#[test]
fn what_was_interrupted_goes_on_when_the_records_are_read_again() {
    let root = folder();
    let target = root.path().join("target");
    let key = RecordsKey::fresh().expect("a key");
    let batches = sealed(&key, root.path(), &texts());
    let mut source = Opened::new(&key, RULES.schema(), given(batches));
    let stops = Stops::new(Task::Commit, 2);
    let stopped =
        commit_symbols(&SRS, &RULES, &contributor(), &mut source, &target, Matching::Waived, &stops);
    assert!(matches!(stopped, Err(CommitError::Cancelled)), "{stopped:?}");
    let kept = fs::metadata(target.join(JOURNAL_FILE)).expect("a journal").len();
    assert!(kept > 2_000 && !target.join(OPENING_FILE).exists());
    let other = RecordsKey::fresh().expect("a key");
    let batches = sealed(&other, root.path(), &texts());
    let made = commit(&other, given(batches), &target).expect("a commitment");
    assert_eq!((made.request.records(), target.join(JOURNAL_FILE).exists()), (79_003, false));
    prove(&[target]);
}

#[test]
fn nothing_is_left_of_batches_that_are_refused_or_do_not_arrive() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let batches = sealed(&key, root.path(), &texts());
    let target = |name: &str| -> PathBuf { root.path().join(name) };
    let is_empty = |folder: &Path| !folder.join(OPENING_FILE).exists() && !folder.join(JOURNAL_FILE).exists();

    let mut altered = batches.clone();
    altered[2][100] ^= 1;
    let refused = commit(&key, given(altered), &target("altered")).expect_err("altered");
    assert_eq!(batch_of(refused), SealedBatchError { batch: 2, source: SealedRecordsError::Opening });
    assert!(is_empty(&target("altered")));

    let lost = given(batches.clone()).take(2).chain([Err(Lost::from("a worker is gone"))]);
    let refused = commit(&key, lost, &target("lost")).expect_err("lost");
    let CommitError::Lost(reason) = &refused else { panic!("{refused}") };
    assert_eq!(reason.to_string(), "a worker is gone");
    assert!(is_empty(&target("lost")));

    let other = RecordsKey::fresh().expect("a key");
    let refused = commit(&other, given(batches), &target("other")).expect_err("another key");
    assert_eq!(batch_of(refused), SealedBatchError { batch: 0, source: SealedRecordsError::Opening });
    let refused = commit(&key, given(Vec::new()), &target("none")).expect_err("no records");
    assert!(is_empty(&target("none")), "{refused}");
}

/// Batches that come twice, late or not at all, as a queue may have it.
#[test]
fn every_batch_of_a_range_comes_once_and_in_its_order() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let batches = sealed(&key, root.path(), &texts());
    let cases: [(&[usize], u64, SealedRecordsError); 7] = [
        (&[0, 0, 1, 2, 3], 1, SealedRecordsError::Repeated),
        (&[0, 1, 1, 2, 3], 2, SealedRecordsError::Order { found: 0, expected: 1 }),
        (&[0, 1, 2, 3, 1], 4, SealedRecordsError::Repeated),
        (&[0, 2, 1, 3], 1, SealedRecordsError::Order { found: 1, expected: 0 }),
        (&[0, 1, 3, 2], 2, SealedRecordsError::Between { expected: 1 }),
        (&[0, 1, 2, 3, 3], 4, SealedRecordsError::Repeated),
        (&[0, 1], 2, SealedRecordsError::Unfinished { last: 0 }),
    ];
    for (order, at, why) in cases {
        let given = given(order.iter().map(|batch| batches[*batch].clone()).collect());
        let target = root.path().join("target");
        let refused = commit(&key, given, &target).expect_err("refused");
        assert_eq!(batch_of(refused), SealedBatchError { batch: at, source: why }, "{order:?}");
        assert!(!target.join(OPENING_FILE).exists() && !target.join(JOURNAL_FILE).exists());
    }
}

/// A reader that died after its first batch is begun again: who asked has its second one of another reader.
#[test]
fn a_range_that_is_named_is_read_by_two() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let file = write(root.path(), "range.csv", &texts()[1]);
    let reader = |name| {
        let reader = SealedRecords::open(std::slice::from_ref(&file), RULES.schema(), key.public());
        reader.expect("a file").named([name; RANGE_BYTES]).map(|batch| batch.expect("sealed"))
    };
    let batches = reader(1).take(1).chain(reader(1).skip(1)).collect();
    let made = commit(&key, given(batches), &root.path().join("target")).expect("a commitment");
    assert_eq!(made.request.records(), 70_000);
    let batches = reader(1).take(1).chain(reader(2).skip(1)).collect();
    let refused = commit(&key, given(batches), &root.path().join("other")).expect_err("two ranges");
    let source = SealedRecordsError::Between { expected: 1 };
    assert_eq!(batch_of(refused), SealedBatchError { batch: 1, source });
}

/// A reader that fails says so once, and gives no more.
#[test]
fn what_cannot_be_read_is_not_sealed() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let file = write(root.path(), "bad.csv", "delay,carrier\n1,UA\nlate,UA\n2,B6\n");
    let mut sealing = SealedRecords::open(&[file], RULES.schema(), key.public()).expect("a file");
    let error = sealing.next().expect("a batch").expect_err("not a number");
    assert!(error.to_string().contains("bad.csv"), "{error}");
    assert!(sealing.next().is_none());
}

/// What is sealed shows nothing of the records, and the key nothing of itself.
#[test]
fn sealed_records_show_nothing() {
    let root = folder();
    let key = RecordsKey::fresh().expect("a key");
    let batches = sealed(&key, root.path(), &texts());
    let target = root.path().join("target");
    commit(&key, given(batches.clone()), &target).expect("a commitment");
    let symbols: Vec<u8> = symbols(&target).iter().flat_map(|symbol| symbol.to_be_bytes()).collect();
    let rows: std::collections::HashSet<&[u8]> = symbols.windows(64).step_by(2).collect();
    for sealed in &batches {
        assert!(!sealed.windows(64).any(|window| rows.contains(window)));
    }
    let mut source = Opened::new(&key, RULES.schema(), given(batches));
    let mut out = Vec::new();
    source.next_batch(&mut out).expect("a batch");
    assert!(format!("{key:?}").contains("redacted"));
    assert_eq!(format!("{source:?}"), "Opened(9000 records, redacted)");
}
