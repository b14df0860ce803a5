use halo2curves::bn256::Fr;

/// Names of the instance rows, in order.
pub const INSTANCE_ROWS: [&str; 5] = ["context_low", "context_high", "rho", "lambda_q", "score"];

/// Public inputs of the compute-score circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The context digest as two 128-bit limbs, low limb first.
    pub context: [Fr; 2],
    /// `ρ = ⌊e^(−λ)·2^64⌋`.
    pub rho: u64,
    /// `λ_q = ⌊λ·2^48⌋`.
    pub lambda_q: u64,
    /// The score, 48 fractional bits.
    pub score: u64,
}

impl Instance {
    /// The instance column, by the rows of [`INSTANCE_ROWS`].
    pub fn to_rows(&self) -> [Fr; INSTANCE_ROWS.len()] {
        [self.context[0], self.context[1], Fr::from(self.rho), Fr::from(self.lambda_q), Fr::from(self.score)]
    }
}
