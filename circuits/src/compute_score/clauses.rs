use std::fmt;

/// The clauses of the compute-score statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// Every public input is a cell of the circuit.
    InstanceBound,
    /// No round's units exceed its total.
    UnitsWithinTotals,
    /// Shares are floors of quotients.
    Shares,
    /// The decay recurrence.
    Decay,
    /// The decayed sum.
    Sum,
    /// The score is the floor of the scaled sum.
    Score,
    /// No units where there is no round.
    RoundsEnd,
}

impl Clause {
    /// Every clause, in order.
    pub const ALL: [Self; 7] = [
        Self::InstanceBound,
        Self::UnitsWithinTotals,
        Self::Shares,
        Self::Decay,
        Self::Sum,
        Self::Score,
        Self::RoundsEnd,
    ];

    /// Its heading in the statement.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstanceBound => "C1 instance-bound",
            Self::UnitsWithinTotals => "C2 units-within-totals",
            Self::Shares => "C3 shares",
            Self::Decay => "C4 decay",
            Self::Sum => "C5 sum",
            Self::Score => "C6 score",
            Self::RoundsEnd => "C7 rounds-end",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
