//! The one door to the prover's inside, for what measures it and what tests it part by part. Nothing here is
//! needed to use the prover, and it changes as the inside does.

pub use crate::backend::{fresh_randomness, link, prove};
pub use crate::schedule::{Plan, RunError, job_memory, plan, run, shared_memory};
pub use crate::score_proof::{Merged, ProvedScore, ScoreProofError, ScoreProver};
pub use crate::segment::{Histogram, SegmentWitness, commit_columns};
