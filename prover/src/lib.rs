//! # How a contributor convinces
//!
//! Reading order: [`fairshare_ingest`] turns files into symbols (PROTOCOL section 3);
//! [`commit`] commits to them and keeps the [`secret`] opening; `prove.rs` makes a bundle of proofs, a
//! histogram for each segment (`segment.rs`) from what its secret gives ([`derivation`]), scheduled over the
//! cores (`schedule.rs`), each proof made by [`fairshare_plonk`] and checked by `backend.rs`; [`score`]
//! computes the exact integers without a proof. [`work`] has segments proved by other machines. [`account`]
//! signs what is to be registered. [`measure`] is for benchmarks.
//!
//! The steps of [`Prover::prove_data`] and [`Prover::prove_compute`], numbered as in the verifier:
//!
//! 1. the parameters: those of the verifier it is given;
//! 2. what is on record: one request in each commitment folder, all of one contributor, under this
//!    policy; or the node's units;
//! 3. the digests: the folder's commitments hash to what is registered;
//! 4. the instances: the verifier's own, for the score computed here;
//! 5. the proofs: one histogram a segment, kept for the next epoch, and one score;
//! 6. the link: the counts that are scored are the sum of the histograms.
//!
//! Whatever is handed out was verified before.

pub mod account;
mod backend;
pub mod commit;
mod count;
pub mod derivation;
pub mod measure;
mod memory;
mod opened;
mod progress;
mod prove;
mod schedule;
pub mod score;
mod score_proof;
mod scored;
pub mod secret;
mod segment;
mod uses;
pub mod work;

pub use account::{Account, AccountError};
pub use backend::{BackendError, Key};
pub use commit::{
    CommitError, CommitmentFolder, Committed, Matching, REQUEST_FILE, SymbolSource, commit_data,
    commit_matching, commit_symbols,
};
pub use count::{Counted, SegmentIndex, TooMany};
pub use opened::{MOST_OPENINGS, OPENED_FILE, OpenedError};
pub use progress::{Progress, Silent, Task};
pub use prove::{
    PROOFS_FOLDER, ProofSubject, ProveError, Proved, Prover, Segments, SegmentsProved, write_bundle,
};
pub use schedule::{LimitError, Limits, plan};
pub use scored::{MOST_SCORES, SCORED_FILE, ScoreLimit, ScoredError};
pub use uses::UseListError;

/// The library's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
struct Library;
