//! Segments proved one range at a time, by any number of provers, and the bundle that is made of them.
#![expect(clippy::single_range_in_vec_init, reason = "one range of segments is meant")]

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_params::encoding::Digest;
use fairshare_prover::commit::{OPENING_FILE, commit_data};
use fairshare_prover::derivation::DERIVATION_VERSION;
use fairshare_prover::{
    MOST_OPENINGS, MOST_SCORES, OPENED_FILE, OpenedError, PROOFS_FOLDER, ProveError, SCORED_FILE,
    ScoredError, SegmentsProved, Silent,
};
use fairshare_verifier::Bundle;

use super::fixture::{PROVER, SRS, VERIFIER, commit_records, contributor, records, write};
use super::parameters::other_parameters;
use super::{folder, prove};

/// Two datasets of two segments and one, committed to.
pub(super) fn three_segments(folder: &Path) -> [PathBuf; 2] {
    let (long, _) = commit_records(folder, "long", &contributor(), &[records(16_400, 5)]);
    let (short, _) = commit_records(folder, "short", &contributor(), &[records(120, 3)]);
    [long, short]
}

/// The same folder again, as another machine without what was proved would have it.
pub(super) fn copy(folder: &Path, to: &Path) -> PathBuf {
    fs::create_dir(to).expect("create");
    for entry in fs::read_dir(folder).expect("read") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copy");
        }
    }
    to.to_owned()
}

/// The proofs in a bundle, dataset by dataset.
pub(super) fn proofs(bundle: &Bundle) -> Vec<Vec<Vec<u8>>> {
    let Bundle::Data(bundle) = bundle else { panic!("a data bundle") };
    bundle.datasets.iter().map(|dataset| dataset.segments.clone()).collect()
}

/// How many proofs a folder keeps.
pub(super) fn kept(target: &Path) -> usize {
    fs::read_dir(target.join(PROOFS_FOLDER)).map_or(0, Iterator::count)
}

#[test]
fn ranges_are_proved_and_assembled_to_what_one_prover_makes() {
    let folder = folder();
    let folders = three_segments(folder.path());
    let elsewhere =
        [copy(&folders[0], &folder.path().join("a")), copy(&folders[1], &folder.path().join("b"))];
    let local = prove(&elsewhere);
    let missing = |expected: &[std::ops::Range<usize>]| {
        let refused = PROVER.assemble(&folders, &Silent).map(drop);
        let Err(ProveError::Missing { missing, total: 3 }) = refused else { panic!("{refused:?}") };
        assert_eq!(missing, expected);
    };
    missing(&[0..3]);
    let range = |segments, expected: SegmentsProved| {
        let proved = PROVER.prove_segments(&folders, segments, &Silent).expect("proofs");
        assert_eq!(proved, expected);
    };
    range(1..2, SegmentsProved { segments: 1..2, made: 1, total: 3 });
    assert_eq!((kept(&folders[0]), kept(&folders[1])), (1, 0));
    missing(&[0..1, 2..3]);
    // Numbers go on from one folder to the next, and a range may end beyond the last.
    range(1..9, SegmentsProved { segments: 1..3, made: 1, total: 3 });
    assert_eq!((kept(&folders[0]), kept(&folders[1])), (1, 1));
    missing(&[0..1]);
    range(0..3, SegmentsProved { segments: 0..3, made: 1, total: 3 });
    range(0..3, SegmentsProved { segments: 0..3, made: 0, total: 3 });
    assert!(!folders[0].join(SCORED_FILE).exists(), "nothing was scored yet");
    let proved = PROVER.assemble(&folders, &Silent).expect("a bundle");
    assert_eq!(proofs(&proved.bundle), proofs(&local.bundle), "byte by byte");
    assert_eq!(VERIFIER.verify(&proved.bundle, &proved.registrations).expect("true"), local.score);
    for target in &folders {
        let lines = fs::read_to_string(target.join(SCORED_FILE)).expect("a list");
        assert_eq!(lines.lines().count(), 1, "the score is on record beside each opening");
    }
}

#[test]
fn ranges_without_a_segment_are_refused() {
    let folder = folder();
    let folders = three_segments(folder.path());
    for asked in [3..4, 7..9, 2..2] {
        let refused = PROVER.prove_segments(&folders, asked.clone(), &Silent);
        let Err(ProveError::NoSegments { asked: named, total: 3 }) = refused else { panic!("{refused:?}") };
        assert_eq!(named, asked);
    }
    assert!(!folders[0].join(OPENED_FILE).exists());
    assert!(matches!(PROVER.prove_segments(&[], 0..1, &Silent), Err(ProveError::NoFolders)));
}

/// What does not verify is missing like what is not there, and assembling repairs nothing.
#[test]
fn assembling_names_kept_proofs_that_do_not_verify() {
    let folder = folder();
    let folders = three_segments(folder.path());
    PROVER.prove_segments(&folders, 0..3, &Silent).expect("proofs");
    let path = |segment: usize| folders[0].join(PROOFS_FOLDER).join(format!("{segment:06}.proof"));
    let honest = fs::read(path(0)).expect("a proof");
    // True, but of the other segment.
    let other = fs::read(path(1)).expect("a proof");
    for spoiled in [other, honest[..honest.len() - 1].to_vec(), Vec::new()] {
        fs::write(path(0), &spoiled).expect("write");
        let refused = PROVER.assemble(&folders, &Silent).map(drop);
        let Err(ProveError::Missing { missing, total: 3 }) = &refused else { panic!("{refused:?}") };
        assert_eq!(missing, &[0..1]);
        assert_eq!(fs::read(path(0)).expect("a file"), spoiled);
    }
    let made = PROVER.prove_segments(&folders, 0..1, &Silent).expect("a proof").made;
    assert_eq!((made, fs::read(path(0)).expect("a proof")), (1, honest));
    PROVER.assemble(&folders, &Silent).expect("a bundle");
}

/// Five keys that were never used, so that the prover's is the sixth.
pub(super) fn open_under_five(target: &Path) {
    let line = |columns: usize, key: u8| format!("{columns} {DERIVATION_VERSION} {}\n", Digest([key; 32]));
    let lines =
        [4, 16].into_iter().flat_map(|columns| (0..MOST_OPENINGS as u8).map(move |key| line(columns, key)));
    fs::write(target.join(OPENED_FILE), lines.collect::<String>()).expect("write");
}

#[test]
fn an_opening_of_five_keys_proves_no_range_under_a_sixth() {
    let folder = folder();
    let folders = three_segments(folder.path());
    open_under_five(&folders[0]);
    for refused in [
        PROVER.prove_segments(&folders, 0..1, &Silent).map(drop),
        PROVER.prove_segments(&folders, 0..3, &Silent).map(drop),
    ] {
        assert!(matches!(refused, Err(ProveError::Opened(OpenedError::TooOften { .. }))), "{refused:?}");
    }
    assert_eq!(kept(&folders[0]), 0);
    // The other opening is not spent, and its segment can be proved.
    PROVER.prove_segments(&folders, 2..3, &Silent).expect("a proof");
    // Nor is a bundle made of proofs that were kept under the sixth.
    let other = copy(&folders[0], &folder.path().join("other"));
    fs::remove_file(other.join(OPENED_FILE)).expect("remove");
    PROVER.prove_segments(std::slice::from_ref(&other), 0..2, &Silent).expect("proofs");
    open_under_five(&other);
    let refused = PROVER.assemble(&[other], &Silent).map(drop);
    assert!(matches!(refused, Err(ProveError::Opened(OpenedError::TooOften { .. }))), "{refused:?}");
}

/// What was proved under another key does not verify: an opening is not spent on saying so.
#[test]
fn assembling_what_does_not_verify_spends_no_opening() {
    let folder = folder();
    let folders = three_segments(folder.path());
    PROVER.prove_segments(&folders, 0..3, &Silent).expect("proofs");
    let spoiled = folders[0].join(PROOFS_FOLDER).join("000001.proof");
    let honest = fs::read(&spoiled).expect("a proof");
    for target in &folders {
        fs::remove_file(target.join(OPENED_FILE)).expect("a list");
    }
    fs::write(&spoiled, &honest[1..]).expect("written");
    let refused = PROVER.assemble(&folders, &Silent).map(drop);
    assert!(matches!(refused, Err(ProveError::Missing { total: 3, .. })), "{refused:?}");
    assert!(folders.iter().all(|target| !target.join(OPENED_FILE).exists()));
    fs::write(&spoiled, &honest).expect("written");
    PROVER.assemble(&folders, &Silent).expect("a bundle");
    assert!(folders.iter().all(|target| target.join(OPENED_FILE).exists()));
}

#[test]
fn an_opening_of_eight_scores_proves_no_range_for_a_ninth() {
    let folder = folder();
    let folders = three_segments(folder.path());
    let lines: String =
        (0..MOST_SCORES as u8).map(|score| format!("{0} {0}\n", Digest([score; 32]))).collect();
    fs::write(folders[1].join(SCORED_FILE), &lines).expect("write");
    for refused in [
        PROVER.prove_segments(&folders, 0..1, &Silent).map(drop),
        PROVER.assemble(&folders, &Silent).map(drop),
    ] {
        assert!(matches!(refused, Err(ProveError::Scored(ScoredError::TooOften { .. }))), "{refused:?}");
    }
    assert!(kept(&folders[0]) == 0 && !folders[0].join(OPENED_FILE).exists());
    assert_eq!(fs::read_to_string(folders[1].join(SCORED_FILE)).expect("a list"), lines);
}

/// Whichever range is asked for: the check that a whole run makes is of the last segment.
#[test]
fn ranges_of_commitments_of_other_parameters_spend_no_opening() {
    let folder = folder();
    let (srs, rules) = other_parameters();
    let data = write(folder.path(), "data.csv", &records(16_400, 5));
    let target = folder.path().join("target");
    commit_data(&srs, &rules, &contributor(), &[data], &target, &Silent).expect("a commitment");
    assert_eq!(srs.geometry(), SRS.geometry());
    for segments in [0..1, 1..2, 0..2] {
        let refused = PROVER.prove_segments(std::slice::from_ref(&target), segments, &Silent);
        assert!(matches!(refused, Err(ProveError::OpeningMismatch { .. })), "{refused:?}");
    }
    assert!(target.join(OPENING_FILE).exists() && !target.join(OPENED_FILE).exists());
}

/// Threads stand for processes here, which share the folder alone; `cli/tests/commands/segments.rs` has
/// processes.
#[test]
fn provers_of_the_same_segments_at_once_keep_the_same_proofs() {
    let folder = folder();
    let folders = three_segments(folder.path());
    let elsewhere =
        [copy(&folders[0], &folder.path().join("a")), copy(&folders[1], &folder.path().join("b"))];
    let local = prove(&elsewhere);
    std::thread::scope(|scope| {
        for segments in [0..3, 0..3, 1..3] {
            let folders = &folders;
            scope.spawn(move || PROVER.prove_segments(folders, segments, &Silent).expect("proofs"));
        }
    });
    let proved = PROVER.assemble(&folders, &Silent).expect("a bundle");
    assert_eq!(proofs(&proved.bundle), proofs(&local.bundle));
    let lines = |target: &Path| fs::read_to_string(target.join(OPENED_FILE)).expect("a list").lines().count();
    assert_eq!(folders.each_ref().map(|target| lines(target)), [2, 1], "a key for each width, once");
}
