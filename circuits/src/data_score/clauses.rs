use std::fmt;

/// The clauses of the data-score statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// Every public input is a cell of the circuit.
    InstanceBound,
    /// Unused symbols have no counts.
    UnusedEmpty,
    /// Each feature's counts sum to the number of records.
    FeatureTotals,
    /// Counts are 32-bit integers.
    CountsRange,
    /// Logarithms of counts follow the table.
    Logarithms,
    /// The sum `S`.
    Sum,
    /// The score is the floor of the quotient.
    Score,
}

impl Clause {
    /// Every clause, in order.
    pub const ALL: [Self; 7] = [
        Self::InstanceBound,
        Self::UnusedEmpty,
        Self::FeatureTotals,
        Self::CountsRange,
        Self::Logarithms,
        Self::Sum,
        Self::Score,
    ];

    /// Its heading in the statement.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstanceBound => "D1 instance-bound",
            Self::UnusedEmpty => "D2 unused-empty",
            Self::FeatureTotals => "D3 feature-totals",
            Self::CountsRange => "D4 counts-range",
            Self::Logarithms => "D5 logarithms",
            Self::Sum => "D6 sum",
            Self::Score => "D7 score",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
