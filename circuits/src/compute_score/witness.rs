/// Units and totals by round. Units are public on the task contract: nothing here is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// `u_x`, at most one for each usable row: those past the rounds that a proof covers must be 0.
    pub units: Vec<u32>,
    /// `U_x`, as many.
    pub totals: Vec<u32>,
}
