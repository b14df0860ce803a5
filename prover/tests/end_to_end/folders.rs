//! Commitment folders that cannot be used, or not together: each refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use fairshare_ingest::IngestError;
use fairshare_params::Geometry;
use fairshare_params::context::ContextError;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::{NamedParameters, ParametersError};
use fairshare_params::registration::Registration;
use fairshare_prover::commit::{COMMITMENTS_FILE, CommitError, OPENING_FILE, REQUEST_FILE, commit_data};
use fairshare_prover::secret::OpeningError;
use fairshare_prover::{
    BackendError, LimitError, Limits, ProofSubject, ProveError, Prover, SegmentIndex, Silent,
};
use fairshare_verifier::VerifyError;

use super::fixture::{
    POLICY, PROVER, RULES, SRS, VERIFIER, commit_records, contributor, edit, policy, records, stranger,
    verifier, write,
};
use super::folder;

/// Bytes of an opening before its payload.
const PAYLOAD_START: usize = 113;

fn refuse(folders: &[PathBuf]) -> ProveError {
    PROVER.prove_data(folders, &Silent).expect_err("must be refused")
}

fn refuse_opening(target: &Path, bytes: &[u8]) -> OpeningError {
    fs::write(target.join(OPENING_FILE), bytes).expect("write");
    match refuse(&[target.to_owned()]) {
        ProveError::Commit(CommitError::Opening(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_opening_with_any_header_byte_altered() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    for at in 0..PAYLOAD_START {
        let mut bytes = honest.clone();
        bytes[at] ^= 0x40;
        let error = refuse_opening(&target, &bytes);
        assert!(matches!(error, OpeningError::Header { .. }), "byte {at}: {error:?}");
    }
}

#[test]
fn an_opening_cut_short_or_extended() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    for length in [0, 1, PAYLOAD_START - 1] {
        let error = refuse_opening(&target, &honest[..length]);
        assert!(matches!(error, OpeningError::Header { .. }), "{length}: {error:?}");
    }
    let longer = [honest.as_slice(), &[0, 0]].concat();
    for bytes in [&honest[..PAYLOAD_START], &honest[..honest.len() - 1], &longer] {
        let error = refuse_opening(&target, bytes);
        let OpeningError::Length { found, expected, .. } = error else { panic!("{error:?}") };
        assert_eq!((found, expected), (bytes.len() as u64, honest.len() as u64));
    }
}

#[test]
fn an_opening_of_another_request() {
    let folder = folder();
    let (mine, registration) = commit_records(folder.path(), "mine", &contributor(), &[records(200, 1)]);
    let (other, other_registration) =
        commit_records(folder.path(), "other", &contributor(), &[records(200, 1)]);
    let bytes = fs::read(other.join(OPENING_FILE)).expect("read");
    let error = refuse_opening(&mine, &bytes);
    let OpeningError::OtherRequest { found, expected, .. } = error else { panic!("{error:?}") };
    assert_eq!((found, expected), (*other_registration.digest(), *registration.digest()));
}

#[test]
fn a_missing_opening() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    fs::remove_file(target.join(OPENING_FILE)).expect("remove");
    let error = refuse(std::slice::from_ref(&target));
    assert!(
        matches!(error, ProveError::Commit(CommitError::Opening(OpeningError::Read { .. }))),
        "{error:?}"
    );
    assert!(error.to_string().contains(OPENING_FILE), "{error}");
    // A folder stands where the file should be.
    fs::create_dir(target.join(OPENING_FILE)).expect("create");
    let error = refuse(&[target]);
    assert!(
        matches!(error, ProveError::Commit(CommitError::Opening(OpeningError::Read { .. }))),
        "{error:?}"
    );
}

#[test]
fn an_altered_symbol_is_never_proved() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(16_400, 1)]);
    let honest = fs::read(target.join(OPENING_FILE)).expect("read");
    // Another bin of the feature, padding, past the schema, past the alphabet: in the first segment's first,
    // a middle and the last, and in the last segment.
    for (symbol, value) in
        [(0, None), (16_320, Some(0u16)), (32_639, Some(900)), (1, Some(u16::MAX)), (32_640, None)]
    {
        let mut bytes = honest.clone();
        let at = PAYLOAD_START + 2 * symbol;
        let old = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let new = value.unwrap_or(if old == 1 { 2 } else { old - 1 });
        bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
        fs::write(target.join(OPENING_FILE), &bytes).expect("write");
        let error = refuse(std::slice::from_ref(&target));
        if symbol == 32_640 {
            // Before anything is proved.
            assert!(matches!(error, ProveError::OpeningMismatch { .. }), "{error:?}");
            continue;
        }
        let ProveError::Proof { subject, source: BackendError::Verify(source) } = &error else {
            panic!("{error:?}")
        };
        let segment = ProofSubject::Segment { folder: target.clone(), index: SegmentIndex::FIRST };
        assert_eq!(*subject, segment);
        // The proof is about the commitments as registered, which these symbols do not open.
        assert!(matches!(**source, VerifyError::Proof { .. }), "{source:?}");
        assert!(!target.join("proofs/000000.proof").exists(), "nothing is kept of it");
    }
}

#[test]
fn two_exchanged_symbols_are_never_proved() {
    // The histogram is the same: only the data columns' commitments tell.
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(16_400, 1)]);
    let mut bytes = fs::read(target.join(OPENING_FILE)).expect("read");
    let at = (PAYLOAD_START..bytes.len() - 6)
        .step_by(4)
        .find(|at| bytes[at + 1] != bytes[at + 5])
        .expect("two records that differ");
    bytes.swap(at + 1, at + 5);
    fs::write(target.join(OPENING_FILE), &bytes).expect("write");
    let error = refuse(&[target]);
    let ProveError::Proof { source: BackendError::Verify(source), .. } = error else { panic!("{error:?}") };
    assert!(matches!(*source, VerifyError::Proof { .. }), "{source:?}");
}

#[test]
fn altered_column_commitments() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let path = target.join(COMMITMENTS_FILE);
    let honest = fs::read(&path).expect("read");
    let mut swapped = honest.clone();
    swapped[..128].rotate_left(64);
    let mut flipped = honest.clone();
    flipped[17] ^= 1;
    let longer = [honest.as_slice(), &[0]].concat();
    for bytes in [swapped, flipped, honest[..honest.len() - 64].to_vec(), Vec::new()] {
        fs::write(&path, bytes).expect("write");
        let error = refuse(std::slice::from_ref(&target));
        assert!(matches!(error, ProveError::Commit(CommitError::Commitments { .. })), "{error:?}");
    }
    fs::write(&path, longer).expect("write");
    let error = refuse(std::slice::from_ref(&target));
    assert!(matches!(error, ProveError::Commit(CommitError::TooLong { .. })), "{error:?}");
    fs::remove_file(&path).expect("remove");
    let error = refuse(&[target]);
    assert!(matches!(error, ProveError::Commit(CommitError::Io { .. })), "{error:?}");
}

#[test]
fn an_altered_request() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let (other, registration) = commit_records(folder.path(), "other", &contributor(), &[records(201, 1)]);
    let path = target.join(REQUEST_FILE);
    let honest = fs::read_to_string(&path).expect("read");
    let more = honest.replace("\"records\": 200", "\"records\": 201");
    assert_ne!(more, honest);
    for text in [&more, "{}"] {
        fs::write(&path, text).expect("write");
        let error = refuse(std::slice::from_ref(&target));
        let ProveError::Commit(CommitError::Request { path: named, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*named, path);
    }
    // One that is right, of another dataset.
    fs::copy(other.join(REQUEST_FILE), &path).expect("copy");
    let error = refuse(std::slice::from_ref(&target));
    let ProveError::Commit(CommitError::Opening(OpeningError::OtherRequest { expected, .. })) = error else {
        panic!("{error:?}")
    };
    assert_eq!(expected, *registration.digest());
    fs::remove_file(&path).expect("remove");
    assert!(matches!(refuse(&[target]), ProveError::Commit(CommitError::Io { .. })));
}

#[test]
fn folders_that_do_not_go_together() {
    let folder = folder();
    let (mine, _) = commit_records(folder.path(), "mine", &contributor(), &[records(200, 1)]);
    let (theirs, _) = commit_records(folder.path(), "theirs", &stranger(), &[records(200, 2)]);
    assert!(matches!(refuse(&[]), ProveError::NoFolders));
    let context = |folders: &[&PathBuf]| {
        let folders: Vec<_> = folders.iter().map(|folder| (*folder).clone()).collect();
        match refuse(&folders) {
            ProveError::Context(error) => error,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(context(&[&mine, &theirs]), ContextError::Contributor { index: 1, .. }));
    assert!(matches!(context(&[&mine, &mine]), ContextError::Repeated { index: 1, .. }));
}

#[test]
fn a_policy_of_another_schema() {
    let folder = folder();
    let (data, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    // A label spelled otherwise, and a feature more: whatever else no longer fits, it is the schema that is
    // named.
    let label = edit("[\"UA\", \"B6\"]", "[\"UA\", \"B7\"]");
    let feature = POLICY.replace(
        "[reference.counts]",
        "[[schema.feature]]\nname = \"hour\"\nkind = \"numeric\"\nedges = [12]\n\
             [reference.counts]\nhour = [1, 1, 1]",
    );
    for text in [label, feature] {
        let rules = policy(&text);
        let verifier = verifier(&rules);
        let refused = Prover::new(&SRS, &verifier, Limits::default())
            .prove_data(std::slice::from_ref(&data), &Silent)
            .expect_err("must be refused");
        assert!(matches!(refused, ProveError::Commit(CommitError::Schema { .. })), "{refused:?}");
    }
}

#[test]
fn fewer_records_than_the_policy_pays_for() {
    let folder = folder();
    let (few, _) = commit_records(folder.path(), "few", &contributor(), &[records(99, 1)]);
    let error = refuse(std::slice::from_ref(&few));
    let ProveError::TooFewRecords { records: 99, least: 100 } = error else { panic!("{error:?}") };
    // Two datasets reach the minimum together.
    let (one, _) = commit_records(folder.path(), "one", &contributor(), &[records(1, 2)]);
    super::prove(&[few, one]);
}

#[test]
fn memory_for_not_even_one_proof() {
    let folder = folder();
    let (target, _) = commit_records(folder.path(), "data", &contributor(), &[records(200, 1)]);
    let limits = Limits { memory: 1 << 20, ..Limits::default() };
    let error = Prover::new(&SRS, &VERIFIER, limits).prove_data(&[target], &Silent).expect_err("too little");
    assert!(matches!(error, ProveError::Limits(LimitError::Memory(_))), "{error:?}");
}

/// Before any folder is read, and before a thread is started.
#[test]
fn more_threads_than_are_of_use() {
    let limits = Limits { threads: 100_000, ..Limits::default() };
    let error =
        Prover::new(&SRS, &VERIFIER, limits).prove_data(&["absent".into()], &Silent).expect_err("too many");
    let ProveError::Limits(LimitError::Threads { asked: 100_000, processors, most }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(most, 4 * processors);
}

#[test]
fn nothing_is_left_of_a_commitment_that_failed() {
    let folder = folder();
    let target = folder.path().join("target");
    let bad = write(folder.path(), "bad.csv", "delay,carrier\n1,UA\nsoon,UA\n");
    let refused = commit_data(&SRS, &RULES, &contributor(), &[bad], &target, &Silent);
    assert!(matches!(refused, Err(CommitError::Ingest(IngestError::NotANumber { .. }))), "{refused:?}");
    let standing = fs::read_dir(&target).map_or(0, Iterator::count);
    assert_eq!(standing, 0, "no secret of a commitment that was never registered");
    // The folder is free for another attempt.
    let good = write(folder.path(), "good.csv", &records(120, 1));
    commit_data(&SRS, &RULES, &contributor(), &[good], &target, &Silent).expect("a commitment");
}

#[test]
fn parameters_of_another_geometry() {
    let folder = folder();
    let standard = policy(&edit("geometry = \"compact\"", "geometry = \"standard\""));
    let csv = write(folder.path(), "data.csv", &records(120, 1));
    let target = folder.path().join("target");
    let refused = commit_data(&SRS, &standard, &contributor(), &[csv], &target, &Silent);
    let Err(CommitError::Parameters(error)) = refused else { panic!("not refused for this") };
    let (found, named) = (Geometry::COMPACT, Geometry::STANDARD);
    assert_eq!(error, ParametersError::Geometry { found, named });
    assert!(!target.exists());
    // And of another trapdoor: what is committed to would be of no use under this policy.
    let other = policy(&edit("\"insecure-development\"", &format!("\"{}\"", Digest([7; 32]))));
    let csv = write(folder.path(), "data.csv", &records(120, 1));
    let refused = commit_data(&SRS, &other, &contributor(), &[csv], &target, &Silent);
    let named = NamedParameters::Digest(Digest([7; 32]));
    let expected = ParametersError::Other { found: SRS.digest(), named };
    assert!(matches!(refused, Err(CommitError::Parameters(error)) if error == expected));
    assert!(!target.exists());
}

/// The request in a folder is the one that was returned, in its one spelling, and what is proved is of it.
#[test]
fn the_request_is_the_one_returned() {
    let folder = folder();
    let csv = write(folder.path(), "data.csv", &records(200, 1));
    let target = folder.path().join("target");
    let request = commit_data(&SRS, &RULES, &contributor(), &[csv], &target, &Silent).expect("a commitment");
    let bytes = fs::read(target.join(REQUEST_FILE)).expect("read");
    assert_eq!(fairshare_formats::registry::request_from_json(&bytes).expect("a request"), request);
    assert_eq!(bytes, fairshare_formats::registry::request_to_json(&request).as_bytes());
    assert_eq!((request.contributor(), request.records()), (&contributor(), 200));
    assert_eq!(super::prove(&[target]).registrations, [Registration::from(&request)]);
}
