//! The service killed (signal 9) at seeded moments, and begun again: every job ends once, with a bundle.

use std::collections::BTreeMap;
use std::time::Duration;

use fairshare_proving::proto::v1::submit_request::Part;
use fairshare_proving::proto::v1::{File, State, SubmitRequest};

use super::support::*;
use super::world::*;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn killed_at_any_moment_every_job_ends_once() {
    let (kills, seed) = (number("FAIRSHARE_KILLS", 6), number("FAIRSHARE_SEED", 1));
    println!("{kills} kills, seed {seed}");
    let folder = folder();
    let state = folder.join("state");
    let mut random = Random(seed);
    let (mut log, mut ids, mut bundles) = (String::new(), Vec::new(), BTreeMap::new());
    for kill in 0..kills {
        let service = Service::start(&state, "");
        let mut client = service.client();
        // One more job with each beginning: none is like another.
        let sent = client.submit(&records(1 + kill as usize % 40));
        if kill < 40 {
            ids.push(sent.job.expect("a job").id);
        }
        for id in &ids {
            if let Ok(bundle) = client.fetch(id, File::Bundle) {
                let before = bundles.insert(id.clone(), bundle.clone());
                assert!(before.is_none_or(|before| before == bundle), "a bundle that was there has changed");
            }
        }
        std::thread::sleep(Duration::from_millis(random.below(1_500)));
        log.push_str(&service.kill());
    }
    let service = Service::start(&state, "");
    let mut client = service.client();
    for id in &ids {
        let done = client.end(id);
        assert_eq!((done.state(), done.attempt), (State::Done, 1), "{done:?}");
        let bundle = client.fetch(id, File::Bundle).expect("a bundle");
        assert!(
            bundles.get(id).is_none_or(|before| *before == bundle),
            "a bundle that was there has changed"
        );
        let request = client.fetch(id, File::Request).expect("a request");
        let (bundle, request) = (write(&folder, "b", bundle), write(&folder, "r.json", request));
        let common = prepared().common();
        let line = format!("verify {bundle} {common} --registration {request} --allow-insecure-params");
        fairshare(&line).done();
    }
    assert_eq!(client.list(0, 0).len(), ids.len());
    log.push_str(&service.log());
    for id in &ids {
        let ends =
            log.lines().filter(|line| line.contains(id.as_str()) && line.contains("has ended")).count();
        // Killed between its record and its line in the log, a job ends without one.
        assert!(ends <= 1, "{id} has ended {ends} times");
    }
    let kept = files(&state);
    assert!(kept.keys().all(|path| !path.ends_with("records.arrows")), "{kept:?}");
}

#[test]
fn of_an_upload_that_a_kill_cut_off_nothing_is_left_at_the_next_start() {
    let state = folder().join("state");
    let service = Service::start(&state, "");
    let client = service.client();
    let mut inner = client.inner.clone();
    let (give, take) = tokio::sync::mpsc::channel(4);
    let bytes = records(5);
    client.runtime.block_on(async {
        let messages = tokio_stream::wrappers::ReceiverStream::new(take);
        tokio::spawn(async move { inner.submit(messages).await });
        for part in [Part::Header(header()), Part::Chunk(bytes[..50_000].to_vec())] {
            give.send(SubmitRequest { part: Some(part) }).await.expect("sent");
        }
        while files(&state.join("incoming")).values().sum::<u64>() < 50_000 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    service.kill();
    assert_eq!(files(&state.join("incoming")).len(), 1, "what came is left by a kill");
    let service = Service::start(&state, "");
    assert!(files(&state.join("incoming")).is_empty());
    assert!(service.client().list(0, 0).is_empty());
}
