//! # A proving service
//!
//! It commits to records and proves their score for programs of other languages, over gRPC:
//! `proto/fairshare/v1/prover.proto` says what can be asked for, and `docs/service.md` how it is run. A crate
//! of its own, because the service beside a ledger (`fairshare-serve`) has no prover, and the prover no
//! network.
//!
//! One thread answers (`rpc.rs`), and one works on one job after the other (`worker.rs`). What is between
//! them is the list of jobs (`jobs.rs`), each of which is on the disk before anybody hears of it
//! (`store.rs`).
//!
//! | what is secret | where it is |
//! | --- | --- |
//! | the records, while they are not committed to | `jobs/ID/records.arrows` or `jobs/ID/files/` |
//! | the opening of each commitment | `jobs/ID/commitment/`; no call gives it out |
//! | what job ids are made with | `service.key` |

#![cfg(unix)]

mod below;
mod book;
mod bounded;
mod content;
mod crowd;
mod error;
mod intake;
mod jobs;
mod listen;
mod pages;
pub mod proto;
mod record;
mod rpc;
mod store;
mod tell;
mod worker;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fairshare_prover::Limits;
use fairshare_serve::{Http, Signals};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_reflection::server::v1::{ServerReflection, ServerReflectionServer};

pub use book::Book;
pub use error::{ServiceError, StoreError};
pub use listen::{Listen, Tls};

use jobs::Jobs;
use listen::Listener;
use pages::Watched;
use proto::v1::prover_server::ProverServer;
use rpc::Calls;
use store::Store;

/// How long requests under way have to end once the service is asked to stop, and then the worker.
const GRACE: Duration = Duration::from_secs(3);
/// Longest message: a chunk of 4 MiB, and what is around it.
const MAX_MESSAGE: usize = (4 << 20) + 1024;
/// Most requests at a time on one connection.
const MAX_STREAMS: u32 = 64;
/// What a stream, and a connection, may send before it is taken.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// How often a connection is asked whether it is still there, and how long it may take to say so.
const KEEPALIVE: Duration = Duration::from_secs(30);
const ALIVE: Duration = Duration::from_secs(20);

/// What a service is asked to do.
#[derive(Debug)]
pub struct Config {
    /// The program's name and version.
    pub software: &'static str,
    /// What is proved under.
    pub book: Book,
    /// Where the service keeps its jobs, and their secrets.
    pub state: PathBuf,
    /// Where requests are answered.
    pub listen: Listen,
    /// Where health, readiness and metrics are told; nowhere if there is none.
    pub metrics: Option<SocketAddr>,
    /// The folder below which files may be named; without it, none may.
    pub files: Option<PathBuf>,
    /// Most bytes of an upload, or of the files that are named instead.
    pub max_upload: u64,
    /// Most records of a job.
    pub max_records: u32,
    /// Bytes of the state folder's disk that uploads leave free.
    pub keep_free: u64,
    /// Most jobs that wait or are under way.
    pub max_jobs: usize,
    /// Threads and memory of a job.
    pub limits: Limits,
}

/// A service that is ready to run.
pub struct Service {
    runtime: Runtime,
    listener: Listener,
    signals: Signals,
    tls: Option<tonic::transport::ServerTlsConfig>,
    metrics: Option<Http>,
    calls: Calls,
    watched: Arc<Watched>,
    limits: Limits,
}

impl Service {
    /// Opens the state folder and listens; nothing is answered yet.
    pub fn prepare(config: Config) -> Result<Self, ServiceError> {
        let Config { software, book, state, files, max_upload, keep_free, max_jobs, limits, .. } = config;
        let tls = config.listen.tls()?;
        book.check(&limits)?;
        let (store, kept) = Store::open(&state, keep_free)?;
        let files = files.map(|path| apart(path, &state)).transpose()?;
        let jobs = Arc::new(Jobs::open(store, kept, max_jobs, config.max_records));
        for job in jobs.after(0, usize::MAX) {
            jobs.tidy(&job, job.view().record.state);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ServiceError::System)?;
        let (listener, signals) = {
            let _entered = runtime.enter();
            (config.listen.begin()?, Signals::new().map_err(ServiceError::System)?)
        };
        let metrics = config.metrics.map(pages).transpose()?;
        let (ready, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let watched = Arc::new(Watched { software, jobs: Arc::clone(&jobs), ready, over });
        let calls = Calls { book: Arc::new(book), jobs, files, max_upload };
        Ok(Self { runtime, listener, signals, tls, metrics, calls, watched, limits })
    }

    /// Where requests are answered, as clients name it.
    pub fn address(&self) -> String {
        self.listener.shown()
    }

    /// Where health, readiness and metrics are told.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Http::address)
    }

    /// Works until it is told to stop by SIGTERM or SIGINT. Jobs that have not ended go on when a service is
    /// begun again with the same state folder.
    pub fn run(self) -> Result<(), ServiceError> {
        let Self { runtime, listener, signals, tls, metrics, calls, watched, limits } = self;
        if let Some(http) = metrics {
            let watched = Arc::clone(&watched);
            begin("watched", move || http.answer(&watched))?;
        }
        let jobs = Arc::clone(&calls.jobs);
        let (ready, is_ready) = oneshot::channel();
        let worker = begin_worker(&calls, &watched, limits, ready)?;
        tracing::info!(listen = listener.shown(), "the service has started");
        let ended = runtime.block_on(answer(listener, tls, calls, signals, is_ready, worker));
        jobs.stop();
        watched.over.store(true, Ordering::Relaxed);
        // What waits for a disk is not waited for: it is left as a killed process leaves it.
        runtime.shutdown_timeout(GRACE);
        tracing::info!("the service has stopped");
        ended
    }
}

/// A worker's end.
type Ended = oneshot::Receiver<Result<(), ServiceError>>;

/// The folder of files, once it is apart from the state folder: records of other jobs must not be named.
fn apart(path: PathBuf, state: &Path) -> Result<PathBuf, ServiceError> {
    let files = path.canonicalize().map_err(|source| ServiceError::Files { path, source })?;
    let state = state.canonicalize().map_err(ServiceError::System)?;
    if files.starts_with(&state) || state.starts_with(&files) {
        return Err(ServiceError::Overlap { files, state });
    }
    Ok(files)
}

fn pages(address: SocketAddr) -> Result<Http, ServiceError> {
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "other machines can reach the metrics: they tell how many jobs there are");
    }
    TcpListener::bind(address).and_then(Http::new).map_err(|source| ServiceError::Listen { address, source })
}

fn begin(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ServiceError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(ServiceError::System)
}

fn begin_worker(
    calls: &Calls,
    watched: &Arc<Watched>,
    limits: Limits,
    ready: oneshot::Sender<()>,
) -> Result<Ended, ServiceError> {
    let (book, jobs, watched) = (Arc::clone(&calls.book), Arc::clone(&calls.jobs), Arc::clone(watched));
    let (tell, ended) = oneshot::channel();
    begin("worker", move || {
        let is_ready = || {
            watched.ready.store(true, Ordering::Relaxed);
            // Nobody hears it once the service stops.
            let _ = ready.send(());
        };
        let _ = tell.send(worker::work(&book, &jobs, limits, is_ready));
    })?;
    Ok(ended)
}

/// Answers until a signal comes, or the worker has ended.
async fn answer(
    listener: Listener,
    tls: Option<tonic::transport::ServerTlsConfig>,
    calls: Calls,
    mut signals: Signals,
    is_ready: oneshot::Receiver<()>,
    mut worker: Ended,
) -> Result<(), ServiceError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    for name in ["", SERVICE] {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
    tokio::spawn(async move {
        if is_ready.await.is_ok() {
            for name in ["", SERVICE] {
                reporter.set_service_status(name, ServingStatus::Serving).await;
            }
        }
    });
    let jobs = Arc::clone(&calls.jobs);
    let mut server = server(tls)?;
    let server = server
        .add_service(ProverServer::new(calls).max_decoding_message_size(MAX_MESSAGE))
        .add_service(health)
        .add_service(reflection()?);
    let mut stopping = jobs.stopping();
    let stopped = async move { drop(stopping.wait_for(|stopping| *stopping).await) };
    let mut served = std::pin::pin!(server.serve_with_incoming_shutdown(listener.connections(), stopped));
    tokio::select! {
        served = &mut served => return served.map_err(ServiceError::Serve),
        ended = &mut worker => return ended.unwrap_or(Err(ServiceError::Lost)).and(Err(ServiceError::Lost)),
        () = signals.come() => {}
    }
    tracing::info!("the service stops");
    jobs.stop();
    let _ = timeout(GRACE, served).await;
    match timeout(GRACE, worker).await {
        Ok(ended) => ended.unwrap_or(Err(ServiceError::Lost)),
        Err(_) => {
            tracing::warn!("the worker did not end in time and is left; its job goes on with the next start");
            Ok(())
        }
    }
}

/// The service's name in health checks.
const SERVICE: &str = "fairshare.v1.Prover";

fn server(tls: Option<tonic::transport::ServerTlsConfig>) -> Result<Server, ServiceError> {
    let server = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(ALIVE));
    let Some(tls) = tls else { return Ok(server) };
    // The only provider that this program is built with, whatever else a dependency brings.
    let _ = rustls::crypto::ring::default_provider().install_default();
    server.tls_config(tls).map_err(ServiceError::Tls)
}

/// Says what can be asked for.
fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>, ServiceError> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(ServiceError::Reflection)
}
