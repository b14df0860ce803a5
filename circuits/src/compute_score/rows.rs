use crate::geometry::Geometry;

/// Where the single values stand.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    rounds: usize,
}

impl Rows {
    /// The rows of a geometry.
    pub const fn new(geometry: Geometry) -> Self {
        Self { rounds: geometry.rounds() }
    }

    /// A row for each round.
    pub const fn rounds(self) -> std::ops::Range<usize> {
        0..self.rounds
    }

    /// `F`: the row in which the running sum is complete.
    pub const fn total(self) -> usize {
        self.rounds
    }

    /// Row of `io` for each instance row but `rho`, which heads its own column.
    pub(super) fn io(self, name: &str) -> Option<usize> {
        match name {
            "first_decay" => Some(0),
            "lambda_q" => Some(self.rounds - 1),
            "score" => Some(self.rounds),
            "first_round" => Some(self.rounds + 1),
            "context_low" => Some(self.rounds + 2),
            "context_high" => Some(self.rounds + 3),
            _ => None,
        }
    }
}
