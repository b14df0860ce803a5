//! Pages over HTTP: health, readiness, metrics. Nothing that is asked does anything, and what is asked is
//! small: whoever sends more, or sends slowly, is cut off, and a newcomer takes the place of the oldest.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

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

use crate::signals::Signals;

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
/// How soon answering ends once there is nothing more to answer: time enough to say so to who asks for
/// health.
const OVER: Duration = Duration::from_secs(1);

/// What is answered. Asking does nothing.
pub trait Pages: Send + Sync + 'static {
    /// The paths that have a page.
    fn paths(&self) -> &'static [&'static str];
    /// The page of one of these paths.
    fn page(&self, path: &str) -> Page;
    /// Whether the service has ended, or has to.
    fn is_over(&self) -> bool;
}

/// A page.
#[derive(Debug)]
pub struct Page {
    status: StatusCode,
    kind: &'static str,
    body: String,
}

impl Page {
    /// An object; with status 503 where all is not well.
    pub fn json(is_well: bool, value: &impl Serialize) -> Self {
        let status = if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let mut body = serde_json::to_string(value).unwrap_or_default();
        body.push('\n');
        Self { status, kind: "application/json", body }
    }

    /// Metrics, as Prometheus reads them.
    pub fn metrics(text: Result<String, prometheus::Error>) -> Self {
        match text {
            Ok(body) => Self { status: StatusCode::OK, kind: prometheus::TEXT_FORMAT, body },
            Err(error) => {
                tracing::error!(%error, "the metrics could not be written");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Self::text(status, "the metrics could not be written\n".to_owned())
            }
        }
    }

    fn text(status: StatusCode, body: String) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body }
    }
}

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

    /// Answers until a signal comes or all is over, and then what is under way.
    pub fn answer<P: Pages>(self, pages: &Arc<P>) {
        let Self { runtime, listener, mut signals, .. } = self;
        runtime.block_on(async {
            let mut connections = Connections::default();
            let mut over = std::pin::pin!(over(&**pages));
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => connections.begin(stream, pages),
                        Err(error) => {
                            tracing::warn!(%error, "a connection could not be taken");
                            time::sleep(NO_ROOM).await;
                        }
                    },
                    () = signals.come() => break,
                    () = &mut over => break,
                }
            }
            drop(listener);
            connections.end().await;
        });
    }
}

async fn over(pages: &impl Pages) {
    while !pages.is_over() {
        time::sleep(OVER).await;
    }
}

/// Connections under way, the oldest first.
#[derive(Default)]
struct Connections(VecDeque<JoinHandle<()>>);

impl Connections {
    fn begin<P: Pages>(&mut self, stream: TcpStream, pages: &Arc<P>) {
        self.0.retain(|connection| !connection.is_finished());
        if self.0.len() >= MAX_CONNECTIONS
            && let Some(oldest) = self.0.pop_front()
        {
            // What is asked here is answered at once: the oldest one is waiting for its own client.
            oldest.abort();
        }
        self.0.push_back(tokio::spawn(converse(stream, Arc::clone(pages))));
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
async fn converse<P: Pages>(stream: TcpStream, pages: Arc<P>) {
    let service = service_fn(move |request| {
        let answer = respond(answer(&request, &*pages));
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

fn answer(request: &Request<Incoming>, pages: &impl Pages) -> Page {
    let (path, paths) = (request.uri().path(), pages.paths());
    if !paths.contains(&path) {
        return Page::text(StatusCode::NOT_FOUND, format!("there is {}\n", paths.join(", ")));
    }
    match *request.method() {
        Method::GET | Method::HEAD => pages.page(path),
        _ => Page::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned()),
    }
}

fn respond(page: Page) -> Response<Full<Bytes>> {
    let Page { status, kind, body } = page;
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::shared::Shared;
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
        assert!(ends.recv_timeout(OVER * 2).is_err(), "it has ended");
        shared.board().lost = Some("auditor");
        ends.recv_timeout(OVER * 30).expect("it ends");
    }
}
