//! Connections that say nothing, ask for nothing, or take nothing, and what is left for the others.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use fairshare_proving::proto::v1::{FetchRequest, File, State};
use tonic::Code;

use super::support::*;
use super::world::*;

#[test]
fn who_says_nothing_keeps_nobody_out_and_is_cut_off() {
    let service = Service::start(&folder().join("state"), "");
    let path = service.said["listen"].as_str().unwrap().strip_prefix("unix:").expect("a socket");
    let mut silent: Vec<_> = (0..300).map(|_| UnixStream::connect(path).expect("taken")).collect();
    let begun = Instant::now();
    assert!(service.client().list(0, 0).is_empty(), "an answer");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The oldest gave way at once; the youngest is cut off for its silence, and not at once.
    assert!(is_cut_off(&mut silent[0], Duration::from_secs(5)));
    assert!(is_cut_off(silent.last_mut().expect("one"), Duration::from_secs(30)));
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(5) && waited < Duration::from_secs(20), "{waited:?}");
}

/// Whether the service ends a connection, whatever it says before, and does not let it wait for so long.
fn is_cut_off(stream: &mut UnixStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).unwrap();
    let read = stream.read_to_end(&mut Vec::new());
    !read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn who_asks_for_nothing_any_more_gives_way() {
    let service = Service::start(&folder().join("state"), "");
    let mut idle: Vec<_> = (0..130).map(|_| service.client()).collect();
    for client in &mut idle {
        assert!(client.list(0, 0).is_empty());
    }
    let begun = Instant::now();
    assert!(service.client().list(0, 0).is_empty());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn one_connection_fetches_few_files_at_a_time() {
    let service = Service::start(&folder().join("state"), "");
    let mut client = service.client();
    let job = client.submit(&records(1)).job.expect("a job");
    assert_eq!(client.end(&job.id).state(), State::Done);
    let whole = client.fetch(&job.id, File::Bundle).expect("a bundle");
    let answers = client.runtime.block_on(async {
        let calls: Vec<_> = (0..60)
            .map(|_| {
                let (mut inner, id) = (client.inner.clone(), job.id.clone());
                tokio::spawn(async move {
                    let mut chunks =
                        inner.fetch(FetchRequest { id, file: File::Bundle.into() }).await?.into_inner();
                    let mut bytes = Vec::new();
                    while let Some(answer) = chunks.message().await? {
                        bytes.extend(answer.chunk);
                    }
                    Ok(bytes)
                })
            })
            .collect();
        let mut answers: Vec<Result<_, tonic::Status>> = Vec::new();
        for call in calls {
            answers.push(call.await.expect("no panic"));
        }
        answers
    });
    let (given, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(given.len() >= 4 && given.into_iter().all(|bytes| bytes.is_ok_and(|bytes| bytes == whole)));
    assert!(!refused.is_empty(), "all at once");
    for refused in refused {
        let refused = refused.expect_err("refused");
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    }
    assert!(client.fetch(&job.id, File::Bundle).is_ok(), "and again one after the other");
}
