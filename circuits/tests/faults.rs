//! Planted faults: would the suite notice if a constraint were not there?
//!
//! For each named constraint and each look-up, a circuit without it is given a
//! concrete false witness. The faulty circuit accepts it; the real one refuses it, and exactly the constraint
//! in question objects. So every constraint is needed for what its clause says, and every fault of this kind
//! would be caught by the name of its clause.
//!
//! Nothing here is compiled into the circuits: a fault is an edit to a circuit that has been taken apart (see
//! [`system`]), which the clause tests hold to the mock prover's answers. The liar is as able as can be: it
//! fills the multiplicities and the second phase after its lies, for the argument as the fault leaves it.
//!
//! The compact geometry at every run; the standard one by a command of `docs/slow-runs.md`.

mod faults {
    pub mod compute_score;
    pub mod data_score;
    pub mod histogram;
    pub mod plant;
}

#[path = "support/claims.rs"]
mod claims;
#[path = "support/fault.rs"]
mod fault;
#[path = "support/logup.rs"]
mod logup;
#[path = "support/system.rs"]
mod system;
