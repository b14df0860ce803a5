//! The list of the circuit's first-phase columns.
//!
//! The linked columns come first, so that their commitments are the first points of a proof.

use crate::columns::columns;

columns! {
    /// `v_1 … v_W`, linked to the data digest.
    data: Data = Data(column), "v";
    /// `m`, linked to the histogram commitment.
    counts: One = Counts, "m";
    /// The statement hash in rows 0 and 1, forced to the instance by the gate of H4.
    statement: One = Statement, "statement";
}
