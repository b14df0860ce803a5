use crate::geometry::Geometry;

/// Where the single values stand, below the alphabet's `F` rows.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    alphabet: usize,
}

impl Rows {
    /// The rows of a geometry.
    pub const fn new(geometry: Geometry) -> Self {
        Self { alphabet: geometry.alphabet() }
    }

    /// Symbols that are scored: all but padding.
    pub const fn symbols(self) -> std::ops::Range<usize> {
        1..self.alphabet
    }

    /// `F`: the row below the symbols, in which the sum begins.
    pub const fn bottom(self) -> usize {
        self.alphabet
    }
}
