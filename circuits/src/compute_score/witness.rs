/// Units and totals by round. Units are public on the task contract: nothing here is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// `u_x`, at most one for each round that a proof covers; the rest are 0.
    pub units: Vec<u32>,
    /// `U_x`, as many.
    pub totals: Vec<u32>,
}
