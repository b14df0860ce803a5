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

    /// `F`: the row in which the running sum is complete.
    pub const fn total(self) -> usize {
        self.alphabet
    }

    /// The remainder's row in `a`.
    pub const fn remainder(self) -> usize {
        self.alphabet + 1
    }

    /// The row of the division.
    pub const fn division(self) -> usize {
        self.alphabet + 2
    }

    /// The row in `a` of what the remainder lacks of its bound.
    pub const fn slack(self) -> usize {
        self.alphabet + 3
    }

    /// Row of `io` for each instance row but `records`, which heads its own column.
    pub(super) fn io(self, name: &str) -> Option<usize> {
        let offset = match name {
            "ln_records" => 0,
            "ln_totals" => 1,
            "features" => 2,
            "score" => 3,
            "context_low" => 4,
            "context_high" => 5,
            _ => return None,
        };
        Some(self.alphabet - 1 + offset)
    }
}
