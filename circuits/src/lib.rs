//! # What is true: Fairshare's statements and constraints
//!
//! No keys, no proofs, no input or output, no randomness. Read in this order:
//!
//! 1. [`geometry`]: the shape every circuit is parameterised by (PROTOCOL section 2);
//! 2. [`numeric`]: the exact integer arithmetic of PROTOCOL sections 6 and 7;
//! 3. [`histogram`], [`data_score`], [`compute_score`]: the three statements, each with its clauses in prose,
//!    as a plain function (`check`) and as a circuit;
//! 4. [`chips`]: the gate families they are made of, and [`circuit`], [`columns`], [`trace`], [`wiped`]: what
//!    the circuits share besides; [`notation`]: how a text names their columns and polynomials.
//!
//! ## Glossary
//!
//! | symbol | meaning |
//! | --- | --- |
//! | `k`, `W`, `b` | a geometry: `2^k` rows, a segment's `W` data columns, an alphabet of `2^b` symbols |
//! | `n`, `u` | rows; usable rows, `u = 2^k − 8` (in PROTOCOL section 6, `n` is the number of records) |
//! | `v`, `m` | a symbol; a multiplicity |
//! | `γ`, `θ` | LogUp's challenge; the challenge that folds tuples |
//! | `c`, `r`, `ℓ` | counts; smoothed reference counts; reference logarithms `Ln(r)` |
//! | `d`, `R_f` | features; feature `f`'s reference total |
//! | `u_x`, `U_x` | a node's units in round `x`; the round's total |
//! | `λ_q`, `ρ` | `⌊λ·2^48⌋`; `⌊e^(−λ)·2^64⌋` |

pub mod chips;
pub mod circuit;
pub mod columns;
pub mod compute_score;
pub mod data_score;
pub mod geometry;
pub mod histogram;
pub mod notation;
pub mod numeric;
pub mod trace;
pub mod wiped;

/// The degree of every circuit of the protocol: no gate is of higher degree, and key generation is told so.
pub const DEGREE: usize = 5;
