//! # What is true: Fairshare's statements and constraints
//!
//! No keys, no proofs, no input or output, no randomness. Read in this order:
//!
//! 1. [`geometry`]: the shape every circuit is parameterised by (PROTOCOL section 2);
//! 2. [`numeric`]: the exact integer arithmetic of PROTOCOL sections 6 and 7.

pub mod geometry;
pub mod numeric;
