//! # How a contributor convinces
//!
//! Reading order: [`fairshare_ingest`] turns files into symbols and units (PROTOCOL sections 3 and 7);
//! [`commit`] commits to them and keeps the secret [`opening`]; [`prove`] makes a bundle of proofs, a
//! histogram for each [`segment`], [`schedule`]d over the cores, each proof made by [`fairshare_plonk`],
//! linked and checked by the [`backend`]; [`score`] computes the exact integers without a proof.
//!
//! The steps of [`Prover::prove`], numbered as in the verifier:
//!
//! 1. the parameters: those of the verifier it is given;
//! 2. the registrations: one in each commitment folder, all of one contributor, under this policy;
//! 3. the digests: the folder's commitments hash to what is registered;
//! 4. the instances: the verifier's own, for the score computed here;
//! 5. the proofs: one histogram a segment, kept for the next epoch, and one score;
//! 6. the links: every linked column of every proof holds a registered or public column.
//!
//! Whatever is handed out was verified before.

pub mod backend;
pub mod commit;
mod memory;
pub mod opening;
pub mod progress;
pub mod prove;
pub mod schedule;
pub mod score;
pub mod segment;

pub use commit::{Commitment, Contributor, commit_compute, commit_data};
pub use progress::{Progress, Silent, Task};
pub use prove::{ProveError, Proved, Prover, write_bundle};
pub use schedule::{LimitError, Limits};

/// The library's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/library.md")]
struct Library;
