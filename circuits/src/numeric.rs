//! The exact integer arithmetic of PROTOCOL sections 6 and 7, free of circuits.
//!
//! This is the executable specification: circuits must agree with it to the last bit, and so must anyone who
//! recomputes a score. Nothing here uses floating point. Real constants are computed as integer intervals
//! that are proved to contain them, and are rounded only where every point of the interval rounds alike.
//!
//! Decay, logarithm and intervals are written here and not taken from a library, because they are normative:
//! PROTOCOL fixes every bit of them, and no library promises its own.
//!
//! Nothing here panics on any input. Where a bound and not a check says why a sum or a product fits, the
//! bound stands at the function.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

mod enclosure;

/// `Ln`, the scaled natural logarithm of a 32-bit integer, and its table (PROTOCOL section 6).
pub mod ln;

/// The data score: a Kullback-Leibler divergence in integers (PROTOCOL section 6).
pub mod divergence;

/// `λ`, `λ_q`, `ρ` and the decay recurrence (PROTOCOL section 7).
pub mod decay;

/// The compute score: decayed shares of rounds (PROTOCOL section 7).
pub mod rounds;

/// Scores as decimals and back: 48 fractional bits (PROTOCOL sections 6, 7 and 10).
pub mod fixed;
