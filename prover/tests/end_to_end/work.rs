//! Segments that other machines prove: units sealed to a task, and results that are taken or refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use fairshare_params::Width;
use fairshare_params::encoding::{Digest, POINT_BYTES, encode_point};
use fairshare_params::keys::CircuitKind;
use fairshare_prover::commit::CommitmentFolder;
use fairshare_prover::measure::SegmentWitness;
use fairshare_prover::work::{
    Driver, EnvelopeError, ResultError, SealError, UnitId, WORKER_KEY_BYTES, WorkError, Worker, WorkerKey,
    WorkerTask,
};
use fairshare_prover::{Limits, OPENED_FILE, OpenedError, PROOFS_FOLDER, Progress, ProveError, Silent, Task};

use super::fixture::{PROVER, RULES, SRS, VERIFIER, commit_records, contributor, records};
use super::parameters::other_parameters;
use super::segments::{copy, kept, open_under_five, proofs, three_segments};
use super::{folder, prove, secret_of};

/// A machine that has the parameters alone.
static WORKER: LazyLock<Worker<'static>> = LazyLock::new(|| Worker::new(&SRS, Limits::default()));

/// One segment proved by the worker.
fn prove_unit(driver: &Driver<'_, '_>, number: usize) -> Vec<u8> {
    let task = WorkerTask::fresh().expect("a task");
    let (unit, sealed) =
        (driver.unit(number).expect("an id"), driver.seal(number, task.key()).expect("sealed"));
    WORKER.prove(task, &unit, &sealed, &Silent).expect("a proof")
}

fn bytes(target: &Path, segment: usize) -> Vec<u8> {
    fs::read(target.join(PROOFS_FOLDER).join(format!("{segment:06}.proof"))).expect("a kept proof")
}

#[test]
fn workers_make_the_bytes_that_the_driver_would() {
    let folder = folder();
    let folders = three_segments(folder.path());
    let elsewhere =
        [copy(&folders[0], &folder.path().join("a")), copy(&folders[1], &folder.path().join("b"))];
    let local = prove(&elsewhere);
    let driver = Driver::new(&PROVER, &folders).expect("folders");
    assert_eq!((driver.segments(), driver.lacking()), (3, vec![0, 1, 2]));
    for number in [2, 0] {
        driver.accept(number, &prove_unit(&driver, number)).expect("its proof");
    }
    assert_eq!(driver.lacking(), [1]);
    // What a cluster does not finish, the driver does.
    PROVER.prove_segments(&folders, 1..2, &Silent).expect("a proof");
    let proved = PROVER.assemble(&folders, &Silent).expect("a bundle");
    assert_eq!(proofs(&proved.bundle), proofs(&local.bundle));
    assert_eq!(VERIFIER.verify(&proved.bundle, &proved.registrations).expect("true"), local.score);
    // A task that is tried again, after its result was lost, makes the same.
    assert_eq!(prove_unit(&driver, 0), bytes(&folders[0], 0));
}

/// Folders with two segments, and with their proofs; and a second dataset with a proof.
struct Scene {
    _root: tempfile::TempDir,
    target: PathBuf,
    results: [Vec<u8>; 2],
    stranger: Vec<u8>,
}

fn scene() -> Scene {
    let root = folder();
    let (target, _) = commit_records(root.path(), "target", &contributor(), &[records(16_400, 5)]);
    let (other, _) = commit_records(root.path(), "other", &contributor(), &[records(16_400, 6)]);
    let elsewhere = copy(&target, &root.path().join("elsewhere"));
    prove(std::slice::from_ref(&elsewhere));
    PROVER.prove_segments(std::slice::from_ref(&other), 0..1, &Silent).expect("a proof");
    let (results, stranger) = ([0, 1].map(|segment| bytes(&elsewhere, segment)), bytes(&other, 0));
    Scene { _root: root, target, results, stranger }
}

/// The result with its histogram committed to as it is under another key: that of the other width.
fn under_another_key(target: &Path, honest: &[u8]) -> Vec<u8> {
    let commitment = CommitmentFolder::read(target, &RULES).expect("a folder");
    let (symbols, secret) = secret_of(&commitment, 0);
    let columns = &commitment.columns[0];
    let other = PROVER.key(CircuitKind::Histogram(Width::FOUR)).expect("a key");
    let witness = SegmentWitness::new(&SRS, other, symbols, &secret, columns);
    let mut bytes = honest.to_vec();
    let place = columns.len() * POINT_BYTES..(columns.len() + 1) * POINT_BYTES;
    bytes[place].copy_from_slice(&encode_point(&witness.histogram().commitment));
    bytes
}

#[test]
fn results_of_another_segment_dataset_or_key_are_refused_and_not_kept() {
    let Scene { _root, target, results, stranger } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let refused = |number, result: &[u8]| driver.accept(number, result).expect_err("refused");
    let error = refused(0, &results[1]);
    assert!(matches!(error, ResultError::OtherSegment { found: 1, expected: 0 }), "{error}");
    let error = refused(1, &results[0]);
    assert!(matches!(error, ResultError::OtherSegment { found: 0, expected: 1 }), "{error}");
    for bad in [stranger.as_slice(), &[], &[7; 100], &results[0][..POINT_BYTES - 1]] {
        let error = refused(0, bad);
        assert!(matches!(error, ResultError::OtherDataset { expected: 0 }), "{error}");
    }
    // One column of another dataset among the right ones.
    let mut mixed = results[0].clone();
    mixed[POINT_BYTES..2 * POINT_BYTES].copy_from_slice(&stranger[POINT_BYTES..2 * POINT_BYTES]);
    let error = refused(0, &mixed);
    assert!(matches!(error, ResultError::OtherDataset { expected: 0 }), "{error}");
    let error = refused(0, &under_another_key(&target, &results[0]));
    let ResultError::OtherKey { expected: 0, key } = error else { panic!("{error}") };
    assert_eq!(key, driver.unit(0).expect("an id").key);
    let length = results[0].len();
    for bad in [results[0][..length - 1].to_vec(), [results[0].as_slice(), &[0]].concat()] {
        let error = refused(0, &bad);
        assert!(matches!(error, ResultError::Length { expected: 0, .. }), "{error}");
    }
    for at in [17 * POINT_BYTES, length / 2, length - 1] {
        let mut altered = results[0].clone();
        altered[at] ^= 1;
        let error = refused(0, &altered);
        assert!(matches!(error, ResultError::Invalid { expected: 0, .. }), "byte {at}: {error}");
    }
    let error = refused(2, &results[0]);
    assert!(matches!(&error, ResultError::Prove(error) if matches!(**error, ProveError::NoSegments { .. })));
    assert_eq!(kept(&target), 0, "nothing that was refused is kept");
    driver.accept(0, &results[0]).expect("the true one");
    assert_eq!(bytes(&target, 0), results[0]);
}

#[test]
fn units_open_for_their_task_whole_and_unaltered_or_not_at_all() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let (unit, other) = (driver.unit(0).expect("an id"), driver.unit(1).expect("an id"));
    // Each task is used up by one try: the same unit is sealed to each.
    let fails = |alter: &dyn Fn(Vec<u8>) -> Vec<u8>, as_unit: &UnitId| {
        let task = WorkerTask::fresh().expect("a task");
        let sealed = alter(driver.seal(0, task.key()).expect("sealed"));
        match WORKER.prove(task, as_unit, &sealed, &Silent) {
            Err(WorkError::Seal(error)) => error,
            result => panic!("{result:?}"),
        }
    };
    let length = driver.seal(0, WorkerTask::fresh().expect("a task").key()).expect("sealed").len();
    let flipped = |at: usize| {
        move |mut bytes: Vec<u8>| {
            bytes[at] ^= 1;
            bytes
        }
    };
    let to_another = |_| driver.seal(0, WorkerTask::fresh().expect("a task").key()).expect("sealed");
    assert!(matches!(fails(&to_another, &unit), SealError::Opening));
    // Encapsulated key, secret, commitments, symbols, tag.
    for at in [83, 115, 200, length / 2, length - 17, length - 1] {
        assert!(matches!(fails(&flipped(at), &unit), SealError::Opening), "byte {at}");
    }
    for (at, what) in [(0, "magic"), (7, "version"), (8, "geometry"), (10, "columns")] {
        assert!(matches!(fails(&flipped(at), &unit), SealError::Format), "{what}");
    }
    for (at, what) in [(14, "segment"), (20, "dataset"), (50, "key")] {
        let error = fails(&flipped(at), &unit);
        assert!(
            matches!(&error, SealError::OtherUnit { expected, .. } if **expected == unit),
            "{what}: {error}"
        );
    }
    // Sealed for one segment, handed out as another, with and without a header to match.
    assert!(matches!(fails(&|sealed| sealed, &other), SealError::OtherUnit { .. }));
    let relabelled = |mut sealed: Vec<u8>| {
        sealed[8..79].copy_from_slice(&UnitId { segment: other.segment, ..unit.clone() }.to_bytes());
        sealed
    };
    let as_other = UnitId { segment: other.segment, ..unit.clone() };
    assert!(matches!(fails(&relabelled, &as_other), SealError::Opening));
    let key = UnitId { key: Digest([9; 32]), ..unit.clone() };
    let relabelled = |mut sealed: Vec<u8>| {
        sealed[8..79].copy_from_slice(&key.to_bytes());
        sealed
    };
    assert!(matches!(fails(&relabelled, &key), SealError::Opening));
    for cut in [0, 1, 82] {
        assert!(matches!(fails(&|sealed| sealed[..cut].to_vec(), &unit), SealError::Format), "{cut} bytes");
    }
    for cut in [83, 115, length - 1] {
        let error = fails(&|sealed| sealed[..cut].to_vec(), &unit);
        assert!(matches!(error, SealError::Length { found, expected } if found == cut && expected == length));
    }
    let longer = |sealed: Vec<u8>| [sealed.as_slice(), &[0]].concat();
    assert!(matches!(fails(&longer, &unit), SealError::Length { .. }));
    // A number of symbols that is not there, or that no segment holds: nothing is made room for.
    let counts = |count: u32| {
        move |mut sealed: Vec<u8>| {
            sealed[79..83].copy_from_slice(&count.to_be_bytes());
            sealed
        }
    };
    assert!(matches!(fails(&counts(3), &unit), SealError::Length { .. }));
    for count in [0, unit.shape.symbols() as u32 + 1, u32::MAX] {
        let error = fails(&counts(count), &unit);
        assert!(matches!(error, SealError::Symbols { found, .. } if found == count), "{error}");
    }
}

#[test]
fn a_sealed_unit_and_a_task_show_nothing_of_the_segment() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let task = WorkerTask::fresh().expect("a task");
    let sealed = driver.seal(0, task.key()).expect("sealed");
    let commitment = CommitmentFolder::read(&target, &RULES).expect("a folder");
    let (symbols, secret) = secret_of(&commitment, 0);
    let symbols: Vec<u8> = symbols.iter().flat_map(|symbol| symbol.to_be_bytes()).collect();
    let shows = |part: &[u8]| sealed.windows(part.len()).any(|window| window == part);
    assert!(!shows(secret.to_bytes().as_slice()) && !shows(commitment.opening.seed().as_slice()));
    // Nor any 32 symbols in a row.
    let rows: std::collections::HashSet<&[u8]> = symbols.windows(64).step_by(2).collect();
    assert!(!sealed.windows(64).any(|window| rows.contains(window)));
    // Sealed twice, to one key, it is not the same twice.
    assert_ne!(driver.seal(0, task.key()).expect("sealed"), sealed);
    assert!(format!("{task:?} {driver:?}").contains("redacted"));
}

#[test]
fn worker_keys_are_32_bytes_that_can_be_sealed_to() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let task = WorkerTask::fresh().expect("a task");
    assert_eq!(WorkerKey::from_bytes(&task.key().to_bytes()).expect("a key"), *task.key());
    assert_ne!(task.key(), WorkerTask::fresh().expect("a task").key(), "one for each task");
    for length in [0, WORKER_KEY_BYTES - 1, WORKER_KEY_BYTES + 1] {
        let refused = WorkerKey::from_bytes(&vec![1; length]);
        assert!(matches!(refused, Err(EnvelopeError::WorkerKey)), "{length}");
    }
    // A point of low order would give every task the same secret.
    let low = WorkerKey::from_bytes(&[0; WORKER_KEY_BYTES]).expect("32 bytes");
    let refused = driver.seal(0, &low).expect_err("no secret");
    assert!(matches!(refused, ResultError::Seal(EnvelopeError::WorkerKey)), "{refused}");
}

#[test]
fn an_opening_of_five_keys_is_sealed_to_no_worker() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let task = WorkerTask::fresh().expect("a task");
    open_under_five(&target);
    let refused = driver.seal(0, task.key()).expect_err("a sixth");
    let ResultError::Prove(error) = &refused else { panic!("{refused}") };
    assert!(matches!(**error, ProveError::Opened(OpenedError::TooOften { .. })), "{refused}");
    fs::remove_file(target.join(OPENED_FILE)).expect("remove");
    driver.seal(0, task.key()).expect("sealed");
    let line = fs::read_to_string(target.join(OPENED_FILE)).expect("on record before it left");
    assert!(line.contains(&driver.unit(0).expect("an id").key.to_string()), "{line}");
}

#[test]
fn a_worker_of_other_parameters_proves_nothing() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let (srs, _) = other_parameters();
    let worker = Worker::new(&srs, Limits::default());
    let task = WorkerTask::fresh().expect("a task");
    let (unit, sealed) = (driver.unit(1).expect("an id"), driver.seal(1, task.key()).expect("sealed"));
    let refused = worker.prove(task, &unit, &sealed, &Silent).expect_err("another key");
    assert!(matches!(&refused, WorkError::OtherKey { unit: key, .. } if *key == unit.key), "{refused}");
}

/// Says stop at once.
struct Stopped;

impl Progress for Stopped {
    fn begin(&self, _: Task, _: u64, _: u64) {}
    fn advance(&self, _: Task, _: u64) {}
    fn end(&self, _: Task) {}
    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn a_task_is_stopped() {
    let Scene { _root, target, .. } = scene();
    let driver = Driver::new(&PROVER, std::slice::from_ref(&target)).expect("a folder");
    let task = WorkerTask::fresh().expect("a task");
    let (unit, sealed) = (driver.unit(1).expect("an id"), driver.seal(1, task.key()).expect("sealed"));
    let stopped = WORKER.prove(task, &unit, &sealed, &Stopped);
    assert!(matches!(stopped, Err(WorkError::Cancelled)), "{stopped:?}");
}
