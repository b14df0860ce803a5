//! The list of the circuit's first-phase columns.
//!
//! The registered columns come first and the counts next, so that their commitments are the first points of a
//! proof.

use crate::columns::columns;

columns! {
    /// `v_1 … v_W`, whose commitments are those of the segment hash.
    data: Data = Data(column), "v";
    /// `m`, whose commitment is the histogram commitment.
    counts: One = Counts, "m";
}
