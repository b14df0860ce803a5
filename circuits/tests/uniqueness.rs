//! Ring 5: is the witness forced? For each circuit, on a small honest assignment of the compact geometry:
//!
//! - **cells** ([`uniqueness::sweep`]): every advice cell is altered in turn, to related and to random
//!   values, and some constraint must object. LogUp is judged by what it claims, a balance of fractions, as a
//!   prover who lies in a first-phase cell would compute the second-phase cells to match;
//! - **rank** ([`uniqueness::rank`]): at that assignment, with instance and committed columns held, the
//!   constraints leave no direction in which cells could move together.
//!
//! - **bites** ([`uniqueness::bites`]): each named constraint, each look-up and the copies are left out of
//!   the extracted system in turn, and cells or rank must report it.
//!
//! Cells and directions that nothing holds are written down with the reason why that is harmless, in
//! `uniqueness/pinned/`. A new one fails the test; `FAIRSHARE_BLESS=1` writes the files anew, which a
//! reviewer then reads; what has no reason in [`uniqueness::subjects`] fails all the same.
//!
//! In the standard geometry the same is asked of sampled rows, by a command of `docs/slow-runs.md`.
//!
//! Limits: one assignment a circuit; the cells move alone or in the few combinations listed at
//! [`uniqueness::sweep`], and the rank is of first order. An isolated second witness would escape both.

mod uniqueness {
    mod agreement;
    mod bites;
    mod pins;
    mod rank;
    mod replay;
    mod subjects;
    mod sweep;
}

#[path = "support/claims.rs"]
mod claims;
#[path = "support/fault.rs"]
mod fault;
#[path = "support/logup.rs"]
mod logup;
#[path = "clauses/support.rs"]
#[expect(dead_code, reason = "the clause tests use the rest")]
mod support;
#[path = "support/system.rs"]
mod system;
