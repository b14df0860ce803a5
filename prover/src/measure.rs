//! The one door to the prover's inside, for what measures it and what tests it part by part. Nothing here is
//! needed to use the prover, and it changes as the inside does.

pub use crate::backend::prove;
pub use crate::commit::commit_units;
pub use crate::schedule::{Plan, RunError, job_memory, plan, run, shared_memory};
pub use crate::segment::{SegmentSecret, commit_columns};
