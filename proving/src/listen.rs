//! Where requests come from: a Unix socket, or an address, with mutual TLS wherever others can reach it.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use zeroize::Zeroizing;

use crate::crowd::{Crowd, Ending, Place};
use crate::error::ServiceError;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the first words of HTTP/2 may take, and their length in bytes.
const GREETING: Duration = Duration::from_secs(10);
const GREETING_BYTES: usize = 24;
/// How long to wait where the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Where a service listens.
#[derive(Debug)]
pub enum Listen {
    /// A Unix socket: who may enter its folder and write to it may use the service.
    Socket(PathBuf),
    /// An address.
    Address {
        /// Address and port.
        address: SocketAddr,
        /// Needed unless the address is this machine's alone.
        tls: Option<Tls>,
    },
}

/// Mutual TLS, in PEM.
pub struct Tls {
    /// The service's certificate, and those that lead to its authority.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Zeroizing<Vec<u8>>,
    /// The authority that clients' certificates have to come from.
    pub client_ca: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// A listener that takes connections, though none is answered yet.
#[derive(Debug)]
pub(crate) enum Listener {
    Socket(UnixListener, PathBuf),
    Address(tokio::net::TcpListener, SocketAddr),
}

impl Listen {
    /// What TLS needs, if there is to be any. Without it nobody but this machine is listened to.
    pub(crate) fn tls(&self) -> Result<Option<ServerTlsConfig>, ServiceError> {
        let Self::Address { address, tls } = self else { return Ok(None) };
        let Some(tls) = tls else {
            let exposed = ServiceError::Exposed { address: *address };
            return if address.ip().is_loopback() { Ok(None) } else { Err(exposed) };
        };
        let config = ServerTlsConfig::new()
            .identity(Identity::from_pem(&tls.certificate, tls.key.as_slice()))
            .client_ca_root(Certificate::from_pem(&tls.client_ca))
            .timeout(HANDSHAKE);
        Ok(Some(config))
    }

    /// Listens. Within a runtime.
    pub(crate) fn begin(&self) -> Result<Listener, ServiceError> {
        match self {
            Self::Socket(path) => Ok(Listener::Socket(socket(path)?, path.clone())),
            Self::Address { address, .. } => {
                let refuse = |source| ServiceError::Listen { address: *address, source };
                let listener = TcpListener::bind(address).map_err(refuse)?;
                listener.set_nonblocking(true).map_err(refuse)?;
                let bound = listener.local_addr().map_err(refuse)?;
                let listener = tokio::net::TcpListener::from_std(listener).map_err(refuse)?;
                Ok(Listener::Address(listener, bound))
            }
        }
    }
}

/// The socket. One that a killed service left is removed: nobody listens there. Only a refused connection
/// says so: a socket of another kind belongs to somebody, though it takes no connections of this kind.
fn socket(path: &Path) -> Result<UnixListener, ServiceError> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    let refuse = |source| ServiceError::Socket { path: path.to_owned(), source };
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        match std::os::unix::net::UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(refuse)?;
            }
            Ok(_) | Err(_) => return Err(ServiceError::SocketTaken { path: path.to_owned() }),
        }
    }
    let listener = UnixListener::bind(path).map_err(refuse)?;
    // Its group may use it; the folder says who else can get there.
    fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(refuse)?;
    Ok(listener)
}

impl Listener {
    /// As a client names it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Socket(_, path) => format!("unix:{}", path.display()),
            Self::Address(_, address) => address.to_string(),
        }
    }

    /// Connections as they come. Within a runtime.
    pub(crate) fn connections(self) -> ReceiverStream<io::Result<Connection>> {
        let (give, take) = mpsc::channel(1);
        tokio::spawn(async move {
            let crowd = Arc::new(Crowd::default());
            loop {
                match self.accept().await {
                    Ok(stream) => {
                        if give.send(Ok(Connection::new(stream, &crowd))).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        sleep(NO_ROOM).await;
                    }
                }
            }
        });
        ReceiverStream::new(take)
    }

    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Socket(listener, _) => Ok(Stream::Socket(listener.accept().await?.0)),
            Self::Address(listener, _) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Address(stream))
            }
        }
    }
}

#[derive(Debug)]
enum Stream {
    Socket(UnixStream),
    Address(TcpStream),
}

/// A connection, which has a place until it ends.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    place: Place,
    ending: Ending,
    /// While the first words have not come: how many bytes of them, and when it is too late.
    greeting: Option<(usize, Pin<Box<Sleep>>)>,
}

impl Connection {
    fn new(stream: Stream, crowd: &Arc<Crowd>) -> Self {
        let (place, ending) = crowd.enter();
        Self { stream, place, ending, greeting: Some((GREETING_BYTES, Box::pin(sleep(GREETING)))) }
    }

    /// Whether it has to end: another one needs its place, or nothing was said in time.
    fn has_to_end(&mut self, context: &mut Context<'_>) -> Option<io::ErrorKind> {
        // It may be asked again after it was told to end: then nobody is there to tell it.
        if self.ending.is_terminated() || Pin::new(&mut self.ending).poll(context).is_ready() {
            return Some(io::ErrorKind::ConnectionAborted);
        }
        let (_, late) = self.greeting.as_mut()?;
        late.as_mut().poll(context).is_ready().then_some(io::ErrorKind::TimedOut)
    }

    fn came(&mut self, bytes: usize) {
        if let Some((left, _)) = &mut self.greeting {
            *left = left.saturating_sub(bytes);
        }
        self.greeting.take_if(|(left, _)| *left == 0);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.place.leave();
    }
}

impl Connected for Connection {
    type ConnectInfo = Place;

    /// Asked for once the connection is to be answered: after the handshake, where there is one.
    fn connect_info(&self) -> Place {
        self.place.settle();
        self.place.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let own = self.get_mut();
        if let Some(reason) = own.has_to_end(context) {
            return Poll::Ready(Err(reason.into()));
        }
        let before = buffer.filled().len();
        let read = match &mut own.stream {
            Stream::Socket(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Address(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        own.came(buffer.filled().len().saturating_sub(before));
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Socket(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Address(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Socket(stream) => Pin::new(stream).poll_flush(context),
            Stream::Address(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Socket(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Address(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
