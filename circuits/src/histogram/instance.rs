use halo2curves::bn256::Fr;

/// Names of the instance rows, in order.
pub const INSTANCE_ROWS: [&str; 1] = ["padding"];

/// Public inputs of the histogram circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Cells of the segment that hold symbol 0, which is padding.
    pub padding: u64,
}

impl Instance {
    /// The instance column, by the rows of [`INSTANCE_ROWS`].
    pub fn to_rows(&self) -> [Fr; INSTANCE_ROWS.len()] {
        [Fr::from(self.padding)]
    }
}
