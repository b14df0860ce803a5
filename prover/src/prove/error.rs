//! Why there is no bundle, or a segment is not proved.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use fairshare_params::context::ContextError;
use fairshare_params::keys::{CircuitId, CircuitKind, KeyError};
use fairshare_plonk::PlonkError;
use fairshare_verifier::{NoUnits, VerifyError};

use crate::backend::BackendError;
use crate::commit::CommitError;
use crate::count::{SegmentIndex, TooMany};
use crate::opened::OpenedError;
use crate::schedule::LimitError;
use crate::score::ScoreError;
use crate::scored::ScoredError;
use crate::secret::OpeningError;

/// Why there is no bundle. Histogram proofs that were finished are kept, and reused next time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// No commitment folder was named.
    #[error("no commitment folder given: name at least one that `fairshare commit` wrote")]
    NoFolders,
    /// A commitment folder cannot be used.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The registrations do not go together, or not with the policy.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Fewer records than the policy pays for.
    #[error("{records} records in all, but the policy asks for at least {least}: commit to more data")]
    TooFewRecords {
        /// Records registered.
        records: u64,
        /// The policy's minimum.
        least: u32,
    },
    /// More records than a score's arithmetic holds.
    #[error("{records} records in all, and a score covers fewer than 2^32: prove fewer of the datasets")]
    TooManyRecords {
        /// Records registered.
        records: u64,
    },
    /// No segment has such a number.
    #[error(
        "no segment is numbered {}: the datasets have {total}, numbered from 0 over the folders in order",
        in_short(std::slice::from_ref(asked))
    )]
    NoSegments {
        /// The numbers asked for.
        asked: Range<usize>,
        /// Segments of all datasets.
        total: usize,
    },
    /// No part has such a number.
    #[error("there is no part {index} of {parts}: parts are numbered from 0")]
    NoPart {
        /// The number asked for.
        index: usize,
        /// How many parts there are.
        parts: usize,
    },
    /// Segments without a kept proof, where none was to be made.
    #[error(
        "{} of {total} segments have no proof that verifies: {}; make them with `fairshare prove data \
         --segments A..B` over the same folders in the same order, and assemble again",
        missing.iter().map(ExactSizeIterator::len).sum::<usize>(), in_short(missing)
    )]
    Missing {
        /// Their numbers over the folders in order, ascending.
        missing: Vec<Range<usize>>,
        /// Segments of all datasets.
        total: usize,
    },
    /// There are no units to prove.
    #[error(transparent)]
    NoUnits(#[from] NoUnits),
    /// An opening that was proved under too many keys.
    #[error(transparent)]
    Opened(#[from] OpenedError),
    /// An opening that was scored as often as may be.
    #[error(transparent)]
    Scored(#[from] ScoredError),
    /// More segments than can be registered.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The opening's symbols cannot be read.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The score cannot be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A proof cannot be made.
    #[error("{subject}")]
    Proof {
        /// Which proof.
        subject: ProofSubject,
        /// Why.
        #[source]
        source: BackendError,
    },
    /// It was stopped.
    #[error("proving was stopped; segments of a data score that were finished are kept")]
    Cancelled,
    /// A proving key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Nothing can be proved within the limits.
    #[error(transparent)]
    Limits(#[from] LimitError),
    /// An opening that does not give its commitments under the verifier's parameters.
    #[error(
        "{}: the opening does not give the commitments: it was altered, or they were made under other \
         parameters; restore it, or name those parameters",
        folder.display()
    )]
    OpeningMismatch {
        /// The commitment folder.
        folder: PathBuf,
    },
    /// A circuit of a width that the geometry does not have: no dataset is cut into such segments.
    #[error("the geometry has no circuit {id}")]
    NoCircuit {
        /// The circuit.
        id: CircuitId,
    },
    /// No worker threads.
    #[error("no worker threads could be started")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The policy's reference does not fit its geometry. A checked policy's always does.
    #[error("the policy's reference does not fit its geometry")]
    Reference,
    /// The finished bundle does not verify: it is not handed out.
    #[error("the finished bundle does not verify, so it is not handed out")]
    Verify(#[source] VerifyError),
    /// A kept proof or the bundle cannot be written.
    #[error("{}: cannot be written; nothing that was there before is lost", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// Which proof could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofSubject {
    /// Any of that circuit, or the score's.
    Of(CircuitKind),
    /// A segment's histogram.
    Segment {
        /// The commitment's folder.
        folder: PathBuf,
        /// The segment.
        index: SegmentIndex,
    },
}

impl fmt::Display for ProofSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(kind) => write!(f, "{} proof", kind.name()),
            Self::Segment { folder, index } => write!(f, "{}: segment {index}", folder.display()),
        }
    }
}

/// Says which proof it is that cannot be made, unless it was merely stopped.
pub(super) fn refused(subject: impl FnOnce() -> ProofSubject) -> impl FnOnce(BackendError) -> ProveError {
    move |source| match source {
        BackendError::Prove(PlonkError::Cancelled(_)) => ProveError::Cancelled,
        source => ProveError::Proof { subject: subject(), source },
    }
}

/// Ranges as they are asked for, no more of them than a line holds.
fn in_short(ranges: &[Range<usize>]) -> String {
    const MOST: usize = 16;
    let shown: Vec<_> =
        ranges.iter().take(MOST).map(|range| format!("{}..{}", range.start, range.end)).collect();
    match ranges.len() {
        all if all > MOST => format!("{} and {} more", shown.join(", "), all - MOST),
        _ => shown.join(", "),
    }
}
