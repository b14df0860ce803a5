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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use zeroize::Zeroizing;

use crate::error::ServiceError;

/// Most connections at a time; more wait.
const MAX_CONNECTIONS: usize = 128;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
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

/// The socket. One that a killed service left is removed: nobody listens there.
fn socket(path: &Path) -> Result<UnixListener, ServiceError> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    let refuse = |source| ServiceError::Socket { path: path.to_owned(), source };
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(ServiceError::SocketTaken { path: path.to_owned() });
        }
        fs::remove_file(path).map_err(refuse)?;
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

    /// Connections as they come, no more at a time than are answered. Within a runtime.
    pub(crate) fn connections(self) -> ReceiverStream<io::Result<Connection>> {
        let (give, take) = mpsc::channel(1);
        tokio::spawn(async move {
            let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
            // The semaphore is never closed.
            while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
                match self.accept().await {
                    Ok(stream) => {
                        if give.send(Ok(Connection { stream, _permit: permit })).await.is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(NO_ROOM).await;
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

/// A connection, which takes the place of one until it ends.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: Stream,
    _permit: OwnedSemaphorePermit,
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        match &self.stream {
            Stream::Socket(_) => TcpConnectInfo { local_addr: None, remote_addr: None },
            Stream::Address(stream) => stream.connect_info(),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Socket(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Address(stream) => Pin::new(stream).poll_read(context, buffer),
        }
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
