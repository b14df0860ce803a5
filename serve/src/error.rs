//! Why a service does not start. Once it runs, nothing ends it but a signal.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use fairshare_formats::eip55::Checksummed;
use fairshare_formats::json::JsonError;

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Its address.
    #[error(
        "cannot listen on {address}; is another service there? name another address or port with --listen"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A thread.
    #[error("the system does not let the service begin a thread; raise its limit on processes")]
    Thread(#[source] io::Error),
    /// Its state.
    #[error(transparent)]
    State(#[from] StateError),
    /// A thread that has ended, and should not have.
    #[error("the {name} has ended: what went wrong stands in the log above; please report it")]
    Lost {
        /// The thread's name.
        name: &'static str,
    },
}

/// What is wrong with the file that keeps how far a service has come.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The system.
    #[error("{}: the state cannot be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else.
    #[error(
        "{}: this is not the state of a service; name another file, or move this one away: the service then \
         begins as for the first time",
        path.display()
    )]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        source: JsonError,
    },
    /// A later version's.
    #[error("{}: the state has version {found}, and this program knows {known}; use a newer `fairshare`",
        path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is known.
        known: u32,
    },
    /// In use.
    #[error("{}: another service uses this state; give each one its own", path.display())]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// Another vault's.
    #[error(
        "the state is of vault {recorded} on chain {recorded_chain}, and the ledger of vault {found} on \
         chain {found_chain}; give each ledger a state of its own"
    )]
    OtherVault {
        /// The state's vault.
        recorded: String,
        /// Its chain.
        recorded_chain: u64,
        /// The ledger's vault.
        found: Checksummed,
        /// Its chain.
        found_chain: u64,
    },
}

/// Why nothing can be delivered to a URL, or signed with a secret. The URL is not repeated: it may hold a
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// No URL.
    #[error("the webhook is not a URL as in https://example.org/hook")]
    Form,
    /// A name or password in it.
    #[error(
        "the webhook's URL has a user or a password in it; leave them out: the receiver knows the sender by \
         the signature"
    )]
    UserInfo,
    /// A secret that can be guessed.
    #[error(
        "the webhook's secret has {found} bytes; it needs {least} at least: `openssl rand -hex 32` makes one"
    )]
    ShortSecret {
        /// Its length.
        found: usize,
        /// The least.
        least: usize,
    },
}
