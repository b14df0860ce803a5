//! A disk that is nearly full: what comes in is refused, and what is there goes on.

use std::sync::Arc;

use arrow_array::{ArrayRef, NullArray, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use fairshare_proving::proto::v1::{Header, State};
use tonic::Code;

use super::support::*;
use super::world::*;

/// More than any disk has.
const MORE: &str = "--keep-free 1000000GiB";

#[test]
fn what_comes_in_leaves_room() {
    let folder = folder();
    std::fs::write(folder.join("a.csv"), "x\n").unwrap();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("a.csv"), "x\n1\n").unwrap();
    let state = folder.join("state");
    let service = Service::start(&state, &format!("{MORE} --files {}", show(&data)));
    let mut client = service.client();
    let stream = client.submit_as(header(), &records(1), 1 << 16).expect_err("no room");
    let named = Header { files: vec!["a.csv".to_owned()], ..header() };
    let named = client.submit_as(named, &[], 1).expect_err("no room");
    for refused in [stream, named] {
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert!(refused.message().contains("the disk of the service is full"), "{refused}");
    }
    assert!(client.list(0, 0).is_empty() && files(&state.join("incoming")).is_empty());
}

#[test]
fn records_that_leave_no_room_for_others_fail_their_job_alone() {
    let state = folder().join("state");
    let service = Service::start(&state, "");
    let mut client = service.client();
    let first = client.submit(&records(30)).job.expect("a job");
    let second = client.submit(&records(2)).job.expect("a job");
    client.until(&first.id, |job| job.state() == State::Proving);
    drop(client);
    service.kill();
    // The first one is proved; the second one's records would be read.
    let service = Service::start(&state, MORE);
    let mut client = service.client();
    assert_eq!(client.end(&first.id).state(), State::Done);
    let failed = client.end(&second.id);
    assert_eq!(failed.state(), State::Failed, "{failed:?}");
    assert!(failed.error.contains("too little room for the records"), "{}", failed.error);
    let kept = files(&state.join("jobs").join(&second.id));
    assert_eq!(kept.len(), 1, "{kept:?}");
    drop(client);
    drop(service);
    let service = Service::start(&state, "");
    let mut client = service.client();
    let again = client.submit(&records(2)).job.expect("a job");
    assert_eq!((again.id == second.id, again.attempt), (true, 2));
    assert_eq!(client.end(&again.id).state(), State::Done);
}

#[test]
fn a_short_stream_of_many_records_fails_before_it_fills_the_disk() {
    let state = folder().join("state");
    let service = Service::start(&state, "--max-records 100000");
    let mut client = service.client();
    // Nulls have no bytes: some hundred of them are two thousand million records.
    let names = batch(&[]).schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let nulls = || -> ArrayRef { Arc::new(NullArray::new(1 << 30)) };
    let columns = names.into_iter().map(|name| (name, nulls()));
    let many = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = StreamWriter::try_new(Vec::new(), &many.schema()).expect("a writer");
    (0..2).for_each(|_| writer.write(&many).expect("a batch"));
    let bytes = writer.into_inner().expect("bytes");
    assert!(bytes.len() < 10_000, "{}", bytes.len());
    let header = Header { accept_unmatched: true, ..header() };
    let job = client.submit_as(header, &bytes, 1 << 16).expect("it is taken").job.expect("a job");
    let failed = client.end(&job.id);
    assert_eq!(failed.state(), State::Failed, "{failed:?}");
    assert!(failed.error.contains("more than 100000 records"), "{}", failed.error);
    assert!(files(&state.join("jobs")).len() == 1, "its record alone");
    let other = client.submit(&records(1)).job.expect("a job");
    assert_eq!(client.end(&other.id).state(), State::Done);
}
