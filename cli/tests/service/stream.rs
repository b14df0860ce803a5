//! A stream of which the policy needs a part: memory does not grow with it.

use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, StringArray};
use arrow_ipc::writer::StreamWriter;
use fairshare_proving::proto::v1::submit_request::Part;
use fairshare_proving::proto::v1::{State, SubmitRequest};

use super::support::*;
use super::world::*;

/// Bytes of each of the columns that nobody asks for, in each batch of 2,000 records.
const WIDE: usize = 8 << 20;

#[test]
fn memory_does_not_grow_with_what_is_sent() {
    let mib: usize =
        std::env::var("FAIRSHARE_STREAM_MIB").map_or(192, |text| text.parse().expect("a number"));
    let service = Service::start(&folder().join("state"), "");
    let mut client = service.client();
    // The keys are made before the first job: what comes after is the job's.
    let job = client.submit(&records(1)).job.expect("a job");
    assert_eq!(client.end(&job.id).state(), State::Done);
    let (before, begun) = (service.peak(), Instant::now());
    let wide: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(WIDE / 2_000); 2_000]));
    let batch = batch(&[("nobody asks".to_owned(), wide)]);
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
    let batches = (mib << 20) / WIDE;
    let chunks = (0..=batches).flat_map(move |index| {
        if index < batches {
            writer.write(&batch).expect("a batch");
        } else {
            writer.finish().expect("an end");
        }
        let bytes = std::mem::take(writer.get_mut());
        bytes.chunks(1 << 20).map(|chunk| Part::Chunk(chunk.to_vec())).collect::<Vec<_>>()
    });
    let messages = [Part::Header(header())].into_iter().chain(chunks);
    let messages = messages.map(|part| SubmitRequest { part: Some(part) });
    let sent = client.runtime.block_on(client.inner.submit(tokio_stream::iter(messages)));
    let job = sent.expect("it is taken").into_inner().job.expect("a job");
    let sent = begun.elapsed().as_secs_f64();
    let done = client.until(&job.id, |job| has_ended(job.state()) || job.state() == State::Proving);
    assert_eq!(done.state(), State::Proving, "{done:?}");
    assert_eq!(done.committed.expect("committed").records as usize, batches * 2_000);
    let committed = begun.elapsed().as_secs_f64();
    let grown = service.peak() - before;
    println!(
        "{mib} MiB: sent in {sent:.1} s, committed to after {committed:.1} s; peak {} MiB",
        before + grown
    );
    assert!(grown < 128, "{grown} MiB more than before, of {mib} sent");
}
