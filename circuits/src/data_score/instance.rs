use std::num::NonZeroU32;

use ff::PrimeField;
use halo2curves::bn256::Fr;

/// Names of the instance rows, in order.
pub const INSTANCE_ROWS: [&str; 6] =
    ["context_low", "context_high", "records", "features", "ln_totals", "score"];

/// Public inputs of the data-score circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The context digest as two 128-bit limbs, low limb first.
    pub context: [Fr; 2],
    /// `n`: records in the merged histogram.
    pub records: NonZeroU32,
    /// `d`: features of the schema.
    pub features: u32,
    /// `Σ_f Ln(R_f)`, scaled by `2^96`.
    pub ln_totals: u128,
    /// The score, in 1/256 nat.
    pub score: u64,
}

impl Instance {
    /// The instance column, by the rows of [`INSTANCE_ROWS`].
    pub fn to_rows(&self) -> [Fr; INSTANCE_ROWS.len()] {
        [
            self.context[0],
            self.context[1],
            Fr::from(u64::from(self.records.get())),
            Fr::from(u64::from(self.features)),
            Fr::from_u128(self.ln_totals),
            Fr::from(self.score),
        ]
    }
}
