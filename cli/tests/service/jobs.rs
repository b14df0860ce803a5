//! Jobs from their submission to a bundle that the command accepts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use fairshare_proving::proto::v1::{File, Header, State};
use tonic::Code;

use super::support::*;
use super::world::*;

#[test]
fn a_stream_becomes_a_bundle_that_the_command_accepts() {
    let (folder, bytes) = (folder(), records(1));
    let state = folder.join("state");
    let service = Service::start(&state, "");
    let mut client = service.client();
    let taken = client.submit(&bytes);
    let (job, known) = (taken.job.expect("a job"), taken.known);
    assert!(!known && job.number == 1 && job.attempt == 1);
    assert_eq!((job.policy.as_str(), job.contributor.as_str()), (POLICY, CONTRIBUTOR));
    let done = client.end(&job.id);
    assert_eq!(done.state(), State::Done, "{done:?}");
    let bundle = client.fetch(&job.id, File::Bundle).expect("a bundle");
    let proved = done.proved.expect("proved");
    assert!(proved.bytes == bundle.len() as u64 && proved.insecure && proved.score > 0);
    let bundle = write(&folder, "a.bundle", &bundle);
    let request = client.fetch(&job.id, File::Request).expect("a request");
    let request = write(&folder, "request.json", &request);
    let common = prepared().common();
    let line = format!("verify {bundle} {common} --registration {request} --allow-insecure-params --json");
    let verdict = fairshare(&line).json();
    assert_eq!(verdict["score"], proved.score.to_string());
    // What was sent is gone, and what is kept is for its owner alone.
    assert!(files(&state).keys().all(|name| !name.ends_with("records.arrows")));
    for name in ["", "service.key", &format!("jobs/{}", job.id), "incoming"] {
        let mode = fs::metadata(state.join(name)).expect("kept").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} {mode:o}");
    }
    assert_eq!(service.stop(), Some(0));
}

#[test]
fn the_same_content_is_one_job_however_and_by_whomever_it_is_sent() {
    let state = folder().join("state");
    let service = Service::start(&state, "");
    let bytes = records(1);
    let clients: Vec<_> = [7_000, 1 << 20].map(|chunk| (service.client(), chunk)).into();
    let jobs: Vec<_> = std::thread::scope(|scope| {
        let sent: Vec<_> = clients
            .into_iter()
            .map(|(mut client, chunk)| {
                let bytes = &bytes;
                scope.spawn(move || client.submit_as(header(), bytes, chunk).expect("it is taken"))
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("no panic")).collect()
    });
    let ids: Vec<_> = jobs.iter().map(|taken| taken.job.clone().expect("a job").id).collect();
    assert_eq!(ids[0], ids[1]);
    assert_eq!(jobs.iter().filter(|taken| taken.known).count(), 1, "one of them began it");
    let mut client = service.client();
    let done = client.end(&ids[0]);
    assert_eq!(done.state(), State::Done);
    let again = client.submit(&bytes);
    assert!(again.known && again.job.expect("a job").state() == State::Done);
    assert_eq!(client.list(0, 0).len(), 1);
    // Of somebody else, or of other records, it is another job.
    let other = Header { contributor: JFK.to_owned(), ..header() };
    let other = client.submit_as(other, &bytes, 1 << 20).expect("it is taken").job.expect("a job");
    let longer = client.submit(&records(2)).job.expect("a job");
    let numbers: Vec<_> = client.list(1, 0).iter().map(|job| job.number).collect();
    assert_eq!(numbers, [2, 3]);
    assert_eq!(client.list(1, 1).len(), 1);
    assert!(other.id != ids[0] && longer.id != ids[0]);
    // Another service has another secret: an id tells nothing about the records to who does not know it.
    drop(service);
    let service = Service::start(&folder().join("state"), "");
    let elsewhere = service.client().submit(&bytes).job.expect("a job");
    assert_ne!(elsewhere.id, ids[0]);
}

#[test]
fn what_the_records_lack_fails_the_job_and_it_can_be_sent_again() {
    let service = Service::start(&folder().join("state"), "");
    let mut client = service.client();
    let whole = records(1);
    // A stream that stops within its batch: that is seen when it is read.
    let (cut, _) = whole.split_at(whole.len() - 2_000);
    let job = client.submit(cut).job.expect("a job");
    let failed = client.end(&job.id);
    assert_eq!(failed.state(), State::Failed, "{failed:?}");
    assert!(failed.error.contains("the stream") && !failed.error.contains("/jobs/"), "{}", failed.error);
    assert!(!service.log().contains(&failed.error), "why it failed is for who sent it");
    let refused = client.fetch(&job.id, File::Bundle).expect_err("none");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let again = client.submit(cut);
    let job = again.job.expect("a job");
    assert!(!again.known && job.attempt == 2);
    assert_eq!(client.end(&job.id).state(), State::Failed);
}

#[test]
fn a_job_of_a_stopped_service_goes_on_with_the_next_one() {
    let state = folder().join("state");
    let service = Service::start(&state, "");
    let mut client = service.client();
    let job = client.submit(&records(30)).job.expect("a job");
    client.until(&job.id, |job| job.state() == State::Proving);
    assert_eq!(service.stop(), Some(0));
    let service = Service::start(&state, "");
    let done = service.client().end(&job.id);
    assert_eq!((done.state(), done.attempt), (State::Done, 1));
}
