//! Why a service does not start, and why a request is refused.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use fairshare_formats::eip55::{self, AddressError};
use fairshare_formats::excerpt::excerpt;
use fairshare_formats::json::JsonError;
use fairshare_params::policy::ParametersError;
use fairshare_prover::{LimitError, ProveError};
use fairshare_verifier::SetupError;
use tonic::{Code, Status};

use crate::record::State;

/// Why a service does not start, or ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No policy.
    #[error("there is no policy to prove under: give --policy")]
    NoPolicy,
    /// Two policies of one name.
    #[error("two policies are called `{name}`, which is how clients name them: rename one of the files")]
    PolicyTwice {
        /// The name.
        name: String,
    },
    /// No parameters of a policy.
    #[error("none of the parameters given are those of the policy `{name}`: give its own by --params")]
    NoParameters {
        /// The policy's name.
        name: String,
        /// What is wrong with the last that were given.
        source: Option<Box<ParametersError>>,
    },
    /// A policy that cannot be verified under.
    #[error("the policy `{name}` cannot be used")]
    Setup {
        /// The policy's name.
        name: String,
        /// Why.
        source: Box<SetupError>,
    },
    /// Limits within which nothing can be proved.
    #[error(transparent)]
    Limits(#[from] LimitError),
    /// An address that others can reach.
    #[error(
        "{address} can be reached from other machines, and records are sent there: give mutual TLS by \
         --tls-cert, --tls-key and --client-ca, or listen on a socket (--socket) or on 127.0.0.1"
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
    },
    /// The address is not to be had.
    #[error("cannot listen on {address}; is another service there? name another address or port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The socket is not to be had.
    #[error("{}: cannot listen on this socket", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody listens there.
    #[error("{}: another program uses this socket; stop it, or name another one", path.display())]
    SocketTaken {
        /// The socket.
        path: PathBuf,
    },
    /// The certificates or the key.
    #[error("the certificate, its key or the clients' authority cannot be used; all are PEM files")]
    Tls(#[source] tonic::transport::Error),
    /// The folder of files.
    #[error("{}: this folder of files cannot be used", path.display())]
    Files {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Records of other jobs could be named, or files changed by them.
    #[error(
        "{}: the folder of files and the state folder {} must not lie one within the other: records of other \
         jobs could be named",
        files.display(),
        state.display()
    )]
    Overlap {
        /// The folder of files.
        files: PathBuf,
        /// The state folder.
        state: PathBuf,
    },
    /// The system.
    #[error("the system does not let the service begin; raise its limits on threads and files")]
    System(#[source] io::Error),
    /// Threads to commit with.
    #[error("the system gives the service no threads to work with; raise its limit on them")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// Its state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A proving key.
    #[error("a proving key cannot be made")]
    Key(#[source] Box<ProveError>),
    /// Serving.
    #[error("requests can be answered no more")]
    Serve(#[source] tonic::transport::Error),
    /// Its own description.
    #[error("internal invariant violated: the service cannot describe itself; please report")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// A thread that has ended, and should not have.
    #[error("the worker has ended: what went wrong stands in the log above; please report it")]
    Lost,
}

/// What is wrong with a service's state folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system.
    #[error("{}: the state cannot be read or written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may enter.
    #[error(
        "{}: others may enter this folder, and secrets are kept there: `chmod 700` keeps them out",
        path.display()
    )]
    Exposed {
        /// The folder.
        path: PathBuf,
    },
    /// In use.
    #[error("{}: another service uses this state folder; give each one its own", path.display())]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// Something else.
    #[error(
        "{}: this is not what a service keeps of a job; restore it from a copy, or move its folder away",
        path.display()
    )]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        source: JsonError,
    },
    /// Longer than a record is.
    #[error(
        "{}: longer than {bound} bytes, which no record of a job is; restore it from a copy, or move its \
         folder away",
        path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// The most that a record has.
        bound: u64,
    },
    /// A later version's.
    #[error("{}: the job has version {found}, and this program knows {known}; use a newer `fairshare`",
        path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is known.
        known: u32,
    },
    /// A key of another length.
    #[error("{}: this is not the service's key; restore it from a copy", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// No randomness.
    #[error("the system gives no random numbers; try again when it does")]
    Randomness(#[source] rand_core::Error),
}

impl StoreError {
    /// Whether it is for want of room.
    pub(crate) fn is_full(&self) -> bool {
        is_full(self)
    }
}

/// Whether an error, or one of its causes, is that the disk is full.
pub(crate) fn is_full(error: &(dyn Error + 'static)) -> bool {
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| kinds.contains(&error.kind())) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Why a request is refused. No message has a path of the state folder.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the first message has to be the header, and no other may be one")]
    Header,
    #[error("an empty message: each has a header or a chunk")]
    EmptyMessage,
    #[error("no policy is called `{name}`, and none has that rules hash; there are: {known}")]
    Policy { name: String, known: String },
    #[error("the contributor `{given}` is not an address, 0x and 40 hexadecimal digits")]
    Contributor { given: String, source: AddressError },
    #[error("there are no records: send them as chunks of an Arrow IPC stream, or name files")]
    Empty,
    #[error("records come as chunks or as files, not as both: leave one of them out")]
    Both,
    #[error(
        "the chunks do not begin as an Arrow IPC stream does; write the records with Arrow's stream writer, \
         or, as files of another format, name them in the header"
    )]
    NotArrow,
    #[error(
        "more than {limit} bytes, the most that this service takes at once: send less in one job, or ask its \
         operator to raise --max-upload"
    )]
    TooLong { limit: u64 },
    #[error("the header promised {promised} bytes, and {found} came: send all of them again")]
    Size { promised: u64, found: u64 },
    #[error("no chunk came for {seconds} seconds, so nothing was submitted: send all of them again")]
    Idle { seconds: u64 },
    #[error(
        "the chunks came with less than {least} bytes per second, so nothing was submitted: send them faster"
    )]
    Slow { least: u64 },
    #[error("the stream was cut off, so nothing was submitted: send all of it again")]
    CutOff,
    #[error("the records cannot be used: {reason}")]
    Records { reason: String },
    #[error(
        "{limit} jobs wait or are under way, the most that this service takes: wait for one to end, or \
         cancel one; its operator may raise --max-jobs"
    )]
    TooManyJobs { limit: usize },
    #[error(
        "this service keeps {limit} jobs, the most that it can: its operator has to move folders of finished \
         jobs out of the state folder, while it is stopped"
    )]
    TooManyKept { limit: usize },
    #[error("this service takes no files: its operator may allow a folder by --files")]
    NoFiles,
    #[error("more than {limit} files: name fewer, or send the records as chunks")]
    TooManyFiles { limit: usize },
    #[error("`{name}` is named twice: name each file once")]
    Twice { name: String },
    #[error("`{name}` is a name of more than {limit} bytes: give the file a shorter one")]
    LongName { name: String, limit: usize },
    #[error(
        "`{name}` does not lead to a file below the folder that the operator allows; links are not followed"
    )]
    Outside { name: String },
    #[error("`{name}` was changed while it was read, so nothing was submitted: submit it again")]
    Changed { name: String },
    #[error("`{name}` cannot be read: {source}")]
    File { name: String, source: io::Error },
    #[error("`{given}` is not a job's id, 64 hexadecimal digits as `Submit` and `List` give them")]
    Id { given: String },
    #[error("this service has no job {given}; `List` has those that there are")]
    NoJob { given: String },
    #[error("say which file: FILE_BUNDLE or FILE_REQUEST")]
    WhichFile,
    #[error("the job is {}, and its file is not there: {remedy}", state.name())]
    NotYet { state: State, remedy: &'static str },
    #[error("the job is being cancelled: submit it again in a moment")]
    Ending,
    #[error(
        "what the service kept of this job cannot be read; its log says why: its operator has to restore it, \
         or to move its folder away"
    )]
    Unreadable,
    #[error(
        "{limit} files are being fetched over this connection, the most at a time: take them one after the \
         other"
    )]
    TooManyFetches { limit: usize },
    #[error("the service stops: ask again in a moment; jobs that were submitted go on then")]
    Stopping,
    #[error("the disk of the service is full; nothing was submitted or changed: ask its operator for room")]
    Full,
    #[error("the service could not read or write its state; its log says why")]
    State(#[source] StoreError),
}

impl Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Header
            | Self::EmptyMessage
            | Self::Policy { .. }
            | Self::Contributor { .. }
            | Self::Empty
            | Self::Both
            | Self::NotArrow
            | Self::Size { .. }
            | Self::CutOff
            | Self::Records { .. }
            | Self::TooManyFiles { .. }
            | Self::File { .. }
            | Self::Twice { .. }
            | Self::LongName { .. }
            | Self::Changed { .. }
            | Self::Id { .. }
            | Self::WhichFile => Code::InvalidArgument,
            Self::TooLong { .. }
            | Self::TooManyJobs { .. }
            | Self::TooManyKept { .. }
            | Self::TooManyFetches { .. }
            | Self::Full => Code::ResourceExhausted,
            Self::Idle { .. } | Self::Slow { .. } => Code::DeadlineExceeded,
            Self::NoFiles | Self::Outside { .. } => Code::PermissionDenied,
            Self::NoJob { .. } => Code::NotFound,
            Self::NotYet { .. } => Code::FailedPrecondition,
            Self::Stopping | Self::Ending => Code::Unavailable,
            Self::State(_) | Self::Unreadable => Code::Internal,
        }
    }

    /// The code's name, for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self.code() {
            Code::InvalidArgument => "invalid_argument",
            Code::ResourceExhausted => "resource_exhausted",
            Code::DeadlineExceeded => "deadline_exceeded",
            Code::PermissionDenied => "permission_denied",
            Code::NotFound => "not_found",
            Code::FailedPrecondition => "failed_precondition",
            Code::Unavailable => "unavailable",
            _ => "internal",
        }
    }

    /// All codes that there are.
    pub(crate) const LABELS: [&'static str; 8] = [
        "deadline_exceeded",
        "failed_precondition",
        "internal",
        "invalid_argument",
        "not_found",
        "permission_denied",
        "resource_exhausted",
        "unavailable",
    ];
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if error.is_full() { Self::Full } else { Self::State(error) }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

/// Longest message that is kept and told of a job.
const LONGEST: usize = 2_000;

/// An error and its causes in one line. Paths that clients do not know are told by what is there.
pub(crate) fn told(error: &dyn Error, places: &[(&std::path::Path, &str)]) -> String {
    let mut text = eip55::chain(error).collect::<Vec<_>>().join(": ");
    for (path, name) in places {
        text = text.replace(&path.display().to_string(), name);
    }
    if text.len() > LONGEST {
        let end = text.floor_char_boundary(LONGEST);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What a client gave, short enough to be told back.
pub(crate) fn given(text: &str) -> String {
    excerpt(text)
}
