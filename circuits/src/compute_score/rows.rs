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

    /// `F`: the row below the rounds, in which the sum begins.
    pub const fn bottom(self) -> usize {
        self.rounds
    }
}
