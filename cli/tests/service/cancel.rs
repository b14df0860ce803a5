//! A job is cancelled in each of its phases, and its threads are free within two seconds.

use std::time::{Duration, Instant};

use fairshare_proving::proto::v1::{Job, State, Task};

use super::support::*;
use super::world::*;

/// Within what a cancelled job has ended.
const SOON: Duration = Duration::from_secs(2);

/// Cancels a job of so many samples once it is as wanted. What is left of it is looked at, and the processor
/// has nothing to do any more.
fn cancelled(name: &str, times: usize, wanted: impl Fn(&Job) -> bool) {
    let state = folder().join("state");
    let service = Service::start(&state, "");
    let mut client = service.client();
    let bytes = records(times);
    let job = client.submit(&bytes).job.expect("a job");
    let seen = client.until(&job.id, wanted);
    assert!(!has_ended(seen.state()), "{name}: it was over before: {seen:?}");
    let asked = Instant::now();
    client.cancel(&job.id).expect("a job");
    let ended = client.end(&job.id);
    let took = asked.elapsed();
    assert_eq!(ended.state(), State::Cancelled, "{name}: {ended:?}");
    assert!(took < SOON, "{name}: {took:?}");
    let before = service.processor();
    std::thread::sleep(Duration::from_millis(500));
    let used = service.processor() - before;
    assert!(used < 0.2, "{name}: {used} seconds of processor in half a second after the end");
    println!("{name}: cancelled in {} ms", took.as_millis());
    let kept = files(&state.join("jobs"));
    assert!(kept.keys().all(|path| !path.ends_with("records.arrows")), "{name}: {kept:?}");
    let is_whole = kept.keys().any(|path| path.ends_with("request.json"));
    let has_secret =
        kept.keys().any(|path| path.ends_with("opening.bin") || path.ends_with("commit.journal"));
    assert_eq!(has_secret, is_whole, "{name}: {kept:?}");
    // Another job is worked on, and the same one can be submitted again.
    let other = client.submit(&records(2)).job.expect("a job");
    assert_eq!(client.end(&other.id).state(), State::Done);
    let again = client.submit(&bytes);
    assert!(!again.known && again.job.expect("a job").attempt == 2);
}

fn works_on(task: Task) -> impl Fn(&Job) -> bool {
    move |job| has_ended(job.state()) || job.progress.is_some_and(|progress| progress.task() == task)
}

#[test]
fn while_it_is_read() {
    cancelled("reading", 500, works_on(Task::Read));
}

#[test]
fn while_it_is_committed_to() {
    cancelled("committing", 60, works_on(Task::Commit));
}

#[test]
fn while_its_segments_are_proved() {
    cancelled("segments", 30, works_on(Task::Segments));
}

#[test]
fn while_its_score_is_proved() {
    cancelled("the score", 1, works_on(Task::Score));
}

#[test]
fn while_it_waits() {
    let service = Service::start(&folder().join("state"), "");
    let mut client = service.client();
    let first = client.submit(&records(60)).job.expect("a job");
    let second = client.submit(&records(1)).job.expect("a job");
    assert_eq!(client.cancel(&second.id).expect("a job").state(), State::Cancelled);
    assert!(!has_ended(client.until(&first.id, |_| true).state()), "the other one goes on");
    client.cancel(&first.id).expect("a job");
    assert_eq!(client.end(&first.id).state(), State::Cancelled);
}
