//! The calls of `fairshare.v1`: what is asked for becomes a change of [`Jobs`], and refusals become statuses.
//!
//! Requests are answered on one thread. Whatever waits for a disk does so on others.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fairshare_formats::eip55;
use fairshare_prover::REQUEST_FILE;
use fairshare_storage::files::{self, OpenError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::book::Book;
use crate::content::{Copies, Submitted, Upload};
use crate::crowd::{Place, Transfer};
use crate::error::{Refusal, StoreError, given};
use crate::intake::{Intake, PACE};
use crate::jobs::{Job, Jobs, Slot};
use crate::proto::v1;
use crate::proto::v1::submit_request::Part;
use crate::record::{Id, Purpose, State};
use crate::tell::of_job;

/// How long a client may take to take the next chunk of a file.
const TAKING: Duration = Duration::from_secs(60);
/// Chunks that wait to be written.
const WAITING: usize = 2;
/// How often a follower is told, at most.
const EVERY: Duration = Duration::from_millis(100);
/// Most jobs that are listed at once.
const LISTED: usize = 100;
/// Bytes of a file that are given out at once: each file that is fetched takes some times as much memory.
const CHUNK: usize = 1 << 18;

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What answers.
pub(crate) struct Calls {
    pub book: Arc<Book>,
    pub jobs: Arc<Jobs>,
    /// The folder below which files may be named.
    pub files: Option<PathBuf>,
    /// Most bytes of an upload.
    pub max_upload: u64,
}

#[tonic::async_trait]
impl v1::prover_server::Prover for Calls {
    type WatchStream = Answers<v1::WatchResponse>;
    type FetchStream = Answers<v1::FetchResponse>;

    async fn submit(&self, request: Request<Streaming<v1::SubmitRequest>>) -> Answer<v1::SubmitResponse> {
        let _upload = place(&request).map(|place| place.uploads());
        let submitted = self.take(request.into_inner()).await;
        self.answer(submitted.map(|(job, known)| v1::SubmitResponse { job: Some(of_job(&job)), known }))
    }

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Answer<Self::WatchStream> {
        acts(&request);
        let found = self.job(&request.into_inner().id);
        self.answer(found.map(|job| -> Self::WatchStream { Box::pin(follow(job, &self.jobs)) }))
    }

    async fn cancel(&self, request: Request<v1::CancelRequest>) -> Answer<v1::CancelResponse> {
        acts(&request);
        let cancelled = self.end(&request.into_inner().id).await;
        self.answer(cancelled.map(|job| v1::CancelResponse { job: Some(of_job(&job)) }))
    }

    async fn fetch(&self, request: Request<v1::FetchRequest>) -> Answer<Self::FetchStream> {
        let fetch = place(&request).map(Place::fetches).transpose();
        let request = request.into_inner();
        let path = self.job(&request.id).and_then(|job| self.file(&job, request.file()));
        let found = match fetch.and_then(|fetch| Ok((fetch, path?))) {
            Ok((fetch, path)) => hand_out(path, fetch).await,
            Err(refusal) => Err(refusal),
        };
        self.answer(found.map(|chunks| -> Self::FetchStream { Box::pin(chunks) }))
    }

    async fn list(&self, request: Request<v1::ListRequest>) -> Answer<v1::ListResponse> {
        acts(&request);
        let v1::ListRequest { after, most } = request.into_inner();
        let most = usize::try_from(most).ok().filter(|most| (1..=LISTED).contains(most));
        let jobs = self.jobs.after(after, most.unwrap_or(LISTED));
        Ok(Response::new(v1::ListResponse { jobs: jobs.iter().map(|job| of_job(job)).collect() }))
    }
}

impl Calls {
    /// Counts refusals, and logs those that are the service's own fault.
    fn answer<T>(&self, answer: Result<T, Refusal>) -> Answer<T> {
        answer.map(Response::new).map_err(|refusal| {
            self.jobs.refused(&refusal);
            if let Refusal::State(error) = &refusal {
                tracing::error!(error = error as &dyn std::error::Error, "a request could not be answered");
            }
            refusal.into()
        })
    }

    fn job(&self, id: &str) -> Result<Arc<Job>, Refusal> {
        let parsed: Id = id.parse().map_err(|_| Refusal::Id { given: given(id) })?;
        self.jobs.find(&parsed).ok_or_else(|| Refusal::NoJob { given: given(id) })
    }

    async fn end(&self, id: &str) -> Result<Arc<Job>, Refusal> {
        let (job, jobs) = (self.job(id)?, Arc::clone(&self.jobs));
        on_a_thread(move || jobs.cancel(&job).map(|()| job)).await
    }

    /// Takes what is submitted, and gives the job that it is.
    async fn take(&self, stream: Streaming<v1::SubmitRequest>) -> Result<(Arc<Job>, bool), Refusal> {
        let slot = self.jobs.begin()?;
        let mut parts = Intake::new(stream, PACE);
        let Some(Part::Header(header)) = parts.next().await? else { return Err(Refusal::Header) };
        let (name, purpose) = self.purpose(&header)?;
        let (slot, submitted) = if header.files.is_empty() {
            self.spool(parts, header.size, name, slot).await?
        } else {
            self.copy(parts, header, slot).await?
        };
        let jobs = Arc::clone(&self.jobs);
        on_a_thread(move || jobs.submit(slot, purpose, submitted)).await
    }

    /// What a header asks for, and its policy's name.
    fn purpose(&self, header: &v1::Header) -> Result<(String, Purpose), Refusal> {
        let page = self.book.find(&header.policy)?;
        let refused = |source| Refusal::Contributor { given: given(&header.contributor), source };
        let contributor = eip55::parse(&header.contributor).map_err(refused)?;
        let (policy, accept_unmatched) = (page.name.clone(), header.accept_unmatched);
        Ok((page.name.clone(), Purpose { policy, rules: page.rules, contributor, accept_unmatched }))
    }

    /// Writes chunks to a file as they come; a chunk is asked for when there is room for it. The thread that
    /// writes keeps the upload's place: it may have more to do when the client has gone.
    async fn spool(
        &self,
        mut parts: Intake<Streaming<v1::SubmitRequest>>,
        size: u64,
        policy: String,
        slot: Slot,
    ) -> Result<(Slot, Submitted), Refusal> {
        let (give, mut take) = mpsc::channel::<Vec<u8>>(WAITING);
        let (jobs, limit, book) = (Arc::clone(&self.jobs), self.max_upload, Arc::clone(&self.book));
        let written = spawn_blocking(move || {
            let mut upload = Upload::begin(jobs.store(), limit, size)?;
            while let Some(chunk) = take.blocking_recv() {
                // The mark of the end: a channel that closes without it was cut off.
                if chunk.is_empty() {
                    let submitted = upload.finish()?;
                    let names = [(submitted.spool.path(), "the stream")];
                    book.check_records(&policy, &submitted.paths(), &names)?;
                    return Ok((slot, submitted));
                }
                jobs.counts.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                upload.take(&chunk)?;
            }
            Err(Refusal::CutOff)
        });
        loop {
            let part = tokio::select! {
                part = parts.next() => part?,
                // Whoever writes has refused something: what, is said below.
                () = give.closed() => break,
            };
            let chunk = match part {
                None => Vec::new(),
                Some(Part::Chunk(chunk)) if !chunk.is_empty() => chunk,
                Some(Part::Chunk(_)) => return Err(Refusal::EmptyMessage),
                Some(Part::Header(_)) => return Err(Refusal::Header),
            };
            let is_last = chunk.is_empty();
            if give.send(chunk).await.is_err() || is_last {
                break;
            }
        }
        drop(give);
        written.await.map_err(|_| Refusal::Stopping)?
    }

    /// Copies the files that a header names; no chunk may follow. The thread that copies keeps the place, and
    /// stops if the client goes.
    async fn copy(
        &self,
        mut parts: Intake<Streaming<v1::SubmitRequest>>,
        header: v1::Header,
        slot: Slot,
    ) -> Result<(Slot, Submitted), Refusal> {
        if parts.next().await?.is_some() {
            return Err(Refusal::Both);
        }
        let (folder, book) = (self.files.clone(), Arc::clone(&self.book));
        let (jobs, limit, gone) = (Arc::clone(&self.jobs), self.max_upload, Arc::new(AtomicBool::new(false)));
        // Dropped with this call, be it answered or cut off.
        let _here = Here(Arc::clone(&gone));
        on_a_thread(move || {
            let is_over = || gone.load(Ordering::Relaxed) || jobs.is_stopping();
            let submitted = Copies::of(jobs.store(), folder.as_deref(), &header.files, limit, &is_over)?;
            let below = submitted.spool.path().join("");
            book.check_records(&header.policy, &submitted.paths(), &[(&below, "")])?;
            Ok((slot, submitted))
        })
        .await
    }

    /// Where a file of a job is, once it is there.
    fn file(&self, job: &Job, file: v1::File) -> Result<PathBuf, Refusal> {
        let (record, folder) = (job.view().record, self.jobs.store().job(&job.id));
        let state = record.state;
        let (path, is_there, remedy) = match file {
            v1::File::Unspecified => return Err(Refusal::WhichFile),
            v1::File::Bundle => (folder.bundle(), state == State::Done, "a bundle is there once it is done"),
            v1::File::Request => {
                let path = folder.commitment().join(REQUEST_FILE);
                (path, record.committed.is_some(), "a request is there once the records are committed to")
            }
        };
        if is_there { Ok(path) } else { Err(Refusal::NotYet { state, remedy }) }
    }
}

/// Somebody waits for an answer, until this is dropped.
struct Here(Arc<AtomicBool>);

impl Drop for Here {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The place of a request's connection.
fn place<T>(request: &Request<T>) -> Option<&Place> {
    request.extensions().get()
}

/// A request that is answered at once has come.
fn acts<T>(request: &Request<T>) {
    if let Some(place) = place(request) {
        place.acts();
    }
}

/// Runs what waits for a disk elsewhere.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    spawn_blocking(work).await.map_err(|_| Refusal::Stopping)?
}

/// Where a job stands, again and again until it ends.
fn follow(job: Arc<Job>, jobs: &Jobs) -> ReceiverStream<Result<v1::WatchResponse, Status>> {
    let (give, take) = mpsc::channel(1);
    let (mut view, mut stopping) = (job.follow(), jobs.stopping());
    tokio::spawn(async move {
        loop {
            let has_ended = view.borrow_and_update().record.state.has_ended();
            let told = Ok(v1::WatchResponse { job: Some(of_job(&job)) });
            if give.send(told).await.is_err() || has_ended {
                return;
            }
            tokio::select! {
                () = async { sleep(EVERY).await; let _ = view.changed().await; } => {}
                () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => {
                    let _ = give.send(Err(Refusal::Stopping.into())).await;
                    return;
                }
                () = give.closed() => return,
            }
        }
    });
    ReceiverStream::new(take)
}

/// A file's bytes, read as they are taken. Each chunk is read on a thread of its own: a client that takes
/// none holds none. Its connection's fetches are counted for as long as it may still take some.
async fn hand_out(
    path: PathBuf,
    fetch: Option<Transfer>,
) -> Result<impl Stream<Item = Result<v1::FetchResponse, Status>> + use<>, Refusal> {
    let opened = move || {
        let failed = |source| StoreError::Io { path: path.clone(), source };
        Ok(files::open(&path).map_err(|error: OpenError| failed(error.into()))?.0)
    };
    let file = on_a_thread(opened).await?;
    let (give, take) = mpsc::channel(1);
    let (fault, told) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(status) = give_out(file, give).await {
            // Whoever asked may have gone.
            let _ = fault.send(status);
        }
    });
    // A file that ends early must not look like a whole one.
    let fault = tokio_stream::once(told).then(|told| told).filter_map(|told| told.ok().map(Err));
    let chunks = ReceiverStream::new(take).map(|chunk| Ok(v1::FetchResponse { chunk }));
    Ok(chunks.chain(fault).map(move |chunk| {
        fetch.iter().for_each(Transfer::acts);
        chunk
    }))
}

async fn give_out(mut file: File, give: mpsc::Sender<Vec<u8>>) -> Result<(), Status> {
    loop {
        // The thread is not there any more once the service stops.
        let read = spawn_blocking(move || read_chunk(file)).await.map_err(|_| Refusal::Stopping)?;
        let (rest, chunk) = read.map_err(|error| {
            tracing::error!(%error, "a file could not be read to its end");
            Status::internal("the file could not be read to its end")
        })?;
        file = rest;
        if chunk.is_empty() {
            return Ok(());
        }
        let late = |_| Status::deadline_exceeded("the file was not taken in time: fetch it again");
        if timeout(TAKING, give.send(chunk)).await.map_err(late)?.is_err() {
            return Ok(());
        }
    }
}

fn read_chunk(mut file: File) -> io::Result<(File, Vec<u8>)> {
    let mut chunk = vec![0; CHUNK];
    let read = file.read(&mut chunk)?;
    chunk.truncate(read);
    Ok((file, chunk))
}
