use std::cell::Cell;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;

use super::*;
use crate::content::Upload;
use crate::record::{Committed, Content};

/// A stream's beginning, and something that makes it one's own.
fn submitted(jobs: &Jobs, own: u8) -> Submitted {
    let mut upload = Upload::begin(jobs.store(), 1 << 20, 0).expect("room");
    upload.take(&[0xff, 0xff, 0xff, 0xff, 0, 0, own]).expect("Arrow's first bytes");
    upload.finish().expect("whole")
}

fn purpose(policy: &str) -> Purpose {
    let (policy, rules, contributor) = (policy.to_owned(), Digest([7; 32]), Address([8; 20]));
    Purpose { policy, rules, contributor, accept_unmatched: false }
}

/// A folder for a state folder: the service makes that itself, so that nobody else may enter it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    (folder, state)
}

fn opened(state: &Path, kept: Vec<(Id, Record)>) -> Arc<Jobs> {
    let (store, found) = Store::open(state, 0).expect("a state folder");
    Arc::new(Jobs::open(store, if kept.is_empty() { found } else { kept }, 8, u32::MAX))
}

fn submit(jobs: &Arc<Jobs>, policy: &str, own: u8) -> Result<(Arc<Job>, bool), Refusal> {
    let slot = jobs.begin().expect("a place");
    jobs.submit(slot, purpose(policy), submitted(jobs, own))
}

/// Names in a folder of the state folder.
fn names(state: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(state.join(folder)).expect("a folder").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// As many jobs as are kept, done but for those whose number `other` changes.
fn as_many_as_can_be(other: impl Fn(u64, &mut Record)) -> Vec<(Id, Record)> {
    let kept = (1..=MAX_KEPT as u64).map(|number| {
        let mut id = Id([0; 32]);
        id.0[..8].copy_from_slice(&number.to_be_bytes());
        let mut record = Record::new(number, purpose("p"), Content::Stream);
        record.state = State::Done;
        other(number, &mut record);
        (id, record)
    });
    kept.collect()
}

#[test]
fn where_as_many_are_kept_as_can_be_the_oldest_worthless_one_is_forgotten() {
    let (_folder, state) = folder();
    let committed = Committed { digest: Digest([1; 32]), records: 1, segments: 1 };
    let kept = as_many_as_can_be(|number, record| match number {
        // What was committed to is kept: the commitment may be on record.
        10 => (record.state, record.committed) = (State::Cancelled, Some(committed)),
        20 => record.state = State::Failed,
        30 => record.state = State::Cancelled,
        _ => {}
    });
    let jobs = opened(&state, kept);
    let numbers = |jobs: &Jobs| -> Vec<u64> {
        let all = jobs.after(0, usize::MAX);
        all.iter()
            .map(|job| job.view().record.number)
            .filter(|number| [10, 20, 30].contains(number))
            .collect()
    };
    let (first, _) = submit(&jobs, "p", 1).expect("there was room");
    assert_eq!((numbers(&jobs), first.view().record.number), (vec![10, 30], MAX_KEPT as u64 + 1));
    submit(&jobs, "p", 2).expect("there was room");
    assert_eq!(numbers(&jobs), [10]);
    assert_eq!(jobs.after(0, usize::MAX).len(), MAX_KEPT);
    // The rest is worth something, or not over.
    let refused = submit(&jobs, "p", 3).map(drop).expect_err("no room");
    assert!(matches!(refused, Refusal::TooManyKept { limit: MAX_KEPT }), "{refused}");
    assert_eq!(names(&state, "jobs").len(), 2, "what was refused is not there");
    assert!(names(&state, "incoming").is_empty());
}

#[test]
fn of_a_job_that_cannot_be_written_down_nothing_is_left() {
    let (_folder, state) = folder();
    let jobs = opened(&state, Vec::new());
    // A record that could not be read again.
    let long = "x".repeat(9 << 20);
    let refused = submit(&jobs, &long, 1).map(drop).expect_err("too long");
    assert!(matches!(refused, Refusal::State(StoreError::Io { .. })), "{refused}");
    assert!(names(&state, "jobs").is_empty() && jobs.after(0, 1).is_empty());
    // A job that was there stays as it was.
    let (job, _) = submit(&jobs, "p", 1).expect("it is taken");
    jobs.cancel(&job).expect("it waits");
    let path = format!("jobs/{}", job.id);
    fs::remove_file(state.join(&path).join("job.json")).expect("a record");
    fs::create_dir(state.join(&path).join("job.json")).expect("in its place");
    submit(&jobs, "p", 1).map(drop).expect_err("a folder cannot be replaced");
    assert_eq!(names(&state, &path), ["job.json"], "its records are gone again");
    assert_eq!(job.view().record.state, State::Cancelled);
}

#[test]
fn a_record_that_cannot_be_read_does_not_stop_the_other_jobs() {
    let (_folder, state) = folder();
    let ids: Vec<_> = {
        let jobs = opened(&state, Vec::new());
        (0..3).map(|own| submit(&jobs, "p", own).expect("it is taken").0.id).collect()
    };
    let record = |id: &Id| state.join(format!("jobs/{id}/job.json"));
    fs::write(record(&ids[0]), b"{").expect("written");
    fs::write(record(&ids[1]), vec![b' '; 9 << 20]).expect("written");
    let jobs = opened(&state, Vec::new());
    assert_eq!(jobs.after(0, 9).iter().map(|job| job.id).collect::<Vec<_>>(), [ids[2]]);
    for own in [0, 1] {
        let refused = submit(&jobs, "p", own).map(drop).expect_err("its folder is not ours to change");
        assert!(matches!(refused, Refusal::Unreadable), "{refused}");
    }
    assert_eq!(fs::read(record(&ids[0])).expect("it is there"), b"{");
    assert!(submit(&jobs, "p", 2).expect("the job that is there").1);
}

#[test]
fn a_job_that_is_submitted_while_it_is_being_cancelled_begins_again() {
    let (_folder, state) = folder();
    let jobs = opened(&state, Vec::new());
    submit(&jobs, "p", 1).expect("it is taken");
    let job = jobs.next().expect("it waits");
    jobs.change(&job, |record| record.state = State::Committing).expect("written");
    jobs.cancel(&job).expect("heard");
    let worker = {
        let (jobs, job) = (Arc::clone(&jobs), Arc::clone(&job));
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            jobs.change(&job, |record| record.state = State::Cancelled).expect("written");
        })
    };
    let (again, is_known) = submit(&jobs, "p", 1).expect("it is taken");
    worker.join().expect("it ends");
    assert!(!is_known && !again.is_cancelled());
    assert_eq!((again.view().record.state, again.view().record.attempt), (State::Queued, 2));
    assert_eq!(jobs.next().expect("it waits").id, again.id);
}

#[test]
fn who_works_waits_for_room_on_the_disk_until_the_service_stops() {
    let (_folder, state) = folder();
    let jobs = opened(&state, Vec::new());
    let full = || StoreError::Io { path: "x".into(), source: Error::from(ErrorKind::StorageFull) };
    let tries = Cell::new(0);
    let done = jobs.with_room(StoreError::is_full, || {
        tries.set(tries.get() + 1);
        if tries.get() < 3 { Err(full()) } else { Ok(()) }
    });
    assert!(done.is_ok() && tries.get() == 3);
    let other = || StoreError::Io { path: "x".into(), source: Error::from(ErrorKind::PermissionDenied) };
    let refused = jobs.with_room(StoreError::is_full, || Err::<(), _>(other()));
    assert!(!refused.expect_err("nothing to wait for").is_full());
    jobs.stop();
    assert!(jobs.with_room(StoreError::is_full, || Err::<(), _>(full())).expect_err("stopped").is_full());
}
