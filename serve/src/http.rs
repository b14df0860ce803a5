//! Health, readiness and metrics over HTTP. Nothing that is asked does anything, and what is asked is small:
//! whoever sends more, or sends slowly, is cut off, and a newcomer takes the place of the oldest.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use fairshare_formats::time::Moment;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time;

use crate::board::Snapshot;
use crate::metrics;
use crate::shared::Shared;

/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 8 << 10;
/// How long a head may take to come.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may last.
const WHOLE_TIME: Duration = Duration::from_secs(15);
/// Most connections at a time.
const MAX_CONNECTIONS: usize = 64;
/// How long a connection may last once the service stops.
const LAST_TIME: Duration = Duration::from_secs(3);
/// How long to wait where the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);
/// How soon the service ends once a thread is lost: time enough to say so to who asks for its health.
const LOST: Duration = Duration::from_secs(1);

/// The listener, on a runtime that runs on the calling thread.
#[derive(Debug)]
pub struct Http {
    runtime: Runtime,
    listener: tokio::net::TcpListener,
    address: SocketAddr,
    signals: Signals,
}

impl Http {
    /// Takes connections from now on, though none is answered yet, and hears signals.
    pub fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (listener, signals) = {
            let _entered = runtime.enter();
            (tokio::net::TcpListener::from_std(listener)?, Signals::new()?)
        };
        Ok(Self { runtime, listener, address, signals })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until a signal comes, and then what is under way.
    pub fn answer(self, shared: &Arc<Shared>) {
        let Self { runtime, listener, mut signals, .. } = self;
        runtime.block_on(async {
            let mut connections = Connections::default();
            let mut lost = std::pin::pin!(lost(shared));
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => connections.begin(stream, shared),
                        Err(error) => {
                            tracing::warn!(%error, "a connection could not be taken");
                            time::sleep(NO_ROOM).await;
                        }
                    },
                    () = signals.come() => break,
                    () = &mut lost => break,
                }
            }
            drop(listener);
            connections.end().await;
        });
    }
}

/// Waits until a thread has ended that should not have: whatever keeps the service running begins it anew.
async fn lost(shared: &Shared) {
    while shared.board().lost.is_none() {
        time::sleep(LOST).await;
    }
}

/// Connections under way, the oldest first.
#[derive(Default)]
struct Connections(VecDeque<JoinHandle<()>>);

impl Connections {
    fn begin(&mut self, stream: TcpStream, shared: &Arc<Shared>) {
        self.0.retain(|connection| !connection.is_finished());
        if self.0.len() >= MAX_CONNECTIONS
            && let Some(oldest) = self.0.pop_front()
        {
            // What is asked here is answered at once: the oldest one is waiting for its own client.
            oldest.abort();
        }
        self.0.push_back(tokio::spawn(converse(stream, Arc::clone(shared))));
    }

    async fn end(self) {
        let all = async {
            for connection in self.0 {
                // One that was cut off has ended, too.
                let _ = connection.await;
            }
        };
        let _ = time::timeout(LAST_TIME, all).await;
    }
}

/// One request, and its answer.
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let answer = answer(&request, &shared);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match time::timeout(WHOLE_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(_) => tracing::debug!("a connection took too long"),
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let known = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    if !known {
        return text(StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n".to_owned());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    // A copy, so that the board is not held while it is written down.
    let snapshot = shared.board().clone();
    match request.uri().path() {
        "/healthz" => health(&snapshot),
        "/readyz" => readiness(&snapshot),
        _ => match metrics::text(&snapshot) {
            Ok(metrics) => response(StatusCode::OK, prometheus::TEXT_FORMAT, metrics),
            Err(error) => {
                tracing::error!(%error, "the metrics could not be written");
                text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n".to_owned())
            }
        },
    }
}

#[derive(Serialize)]
struct Health {
    healthy: bool,
    reason: Option<String>,
}

fn health(snapshot: &Snapshot) -> Response<Full<Bytes>> {
    let reason = snapshot.unwell();
    json(reason.is_none(), &Health { healthy: reason.is_none(), reason })
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reason: Option<String>,
    entries: Option<u64>,
    head: Option<String>,
    last_read: Option<String>,
    last_audit: Option<String>,
    differences: Option<u64>,
    unaudited_epochs: Option<u64>,
}

fn readiness(snapshot: &Snapshot) -> Response<Full<Bytes>> {
    let reason = snapshot.unready();
    let end = snapshot.end();
    let date = |seconds: u64| Moment::from_unix_seconds(seconds).ok().map(|moment| moment.to_string());
    let audit = snapshot.audit.as_ref();
    let readiness = Readiness {
        ready: reason.is_none(),
        reason,
        entries: end.map(|(entries, _)| entries),
        head: end.and_then(|(_, head)| head).map(|head| head.to_string()),
        last_read: snapshot.read.and_then(|(_, seconds)| date(seconds)),
        last_audit: audit.and_then(|audit| date(audit.at)),
        differences: audit.map(|audit| audit.differences),
        unaudited_epochs: audit.map(|audit| audit.unaudited),
    };
    json(readiness.ready, &readiness)
}

fn json(is_well: bool, value: &impl Serialize) -> Response<Full<Bytes>> {
    let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut body = serde_json::to_string(value).unwrap_or_default();
    body.push('\n');
    response(status, "application/json", body)
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", body)
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The signals that ask the service to stop.
#[cfg(unix)]
#[derive(Debug)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }

    async fn come(&mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Other systems have Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn come(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::state::Store;

    /// A service without one of its threads ends, so that whoever keeps it begins it anew.
    #[test]
    fn it_answers_until_a_thread_is_lost() {
        let store = Store::open(None, false).expect("no state");
        let shared = Arc::new(Shared::new(store, "fairshare test", Duration::from_secs(1), false));
        let (ended, ends) = mpsc::channel();
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            Http::new(listener).expect("a runtime").answer(&of_thread);
            ended.send(()).expect("somebody waits");
        });
        assert!(ends.recv_timeout(LOST * 2).is_err(), "it has ended");
        shared.board().lost = Some("auditor");
        ends.recv_timeout(LOST * 30).expect("it ends");
    }
}
