//! What of the data has no bin of its own: cells with other labels than those listed, and empty ones.

use fairshare_params::schema::{Feature, Rule, Schema};

/// What of a feature's records has another label than those listed, or is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The feature.
    pub feature: String,
    /// Records.
    pub records: u64,
    /// Those with another label; none of a numeric feature.
    pub other: Option<u64>,
    /// Empty cells.
    pub missing: u64,
}

impl Unmatched {
    /// By feature, none of which is crossed, from counts by symbol.
    pub(crate) fn of(schema: &Schema, histogram: &[u64]) -> Vec<Self> {
        let one = |(place, feature): (usize, &Feature)| {
            Self::of_one(feature, histogram.get(schema.symbols(place)).unwrap_or_default())
        };
        schema.features().iter().enumerate().map(one).collect()
    }

    fn of_one(feature: &Feature, counts: &[u64]) -> Self {
        let mut from_end = counts.iter().rev().copied();
        let missing = from_end.next().unwrap_or_default();
        let last = from_end.next().unwrap_or_default();
        let labels = matches!(feature.columns(), [column] if matches!(column.rule, Rule::Categorical { .. }));
        Self {
            feature: feature.name().to_owned(),
            records: counts.iter().sum(),
            other: labels.then_some(last),
            missing,
        }
    }

    /// The share with another label.
    pub fn other_share(&self) -> f64 {
        self.other.unwrap_or_default() as f64 / self.records.max(1) as f64
    }

    /// The share of empty cells.
    pub fn missing_share(&self) -> f64 {
        self.missing as f64 / self.records.max(1) as f64
    }

    /// Whether more than half have no bin of their own.
    pub(crate) fn is_most(&self) -> bool {
        let unmatched = u128::from(self.other.unwrap_or_default()) + u128::from(self.missing);
        unmatched * 2 > u128::from(self.records)
    }
}
