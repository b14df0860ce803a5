use halo2curves::bn256::Fr;

/// Names of the instance rows, in order.
pub const INSTANCE_ROWS: [&str; 2] = ["statement_low", "statement_high"];

/// Public inputs of the histogram circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The statement hash as two 128-bit limbs, low limb first.
    pub statement: [Fr; 2],
}

impl Instance {
    /// The instance column, by the rows of [`INSTANCE_ROWS`].
    pub fn to_rows(&self) -> [Fr; INSTANCE_ROWS.len()] {
        self.statement
    }
}
