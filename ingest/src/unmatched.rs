//! What of the data matched nothing in the schema: cells in the bin of any other label, and missing values.
//!
//! A label that is spelled otherwise than in the schema, or a column that is empty, is no error: it has a
//! bin. So a file that does not fit its schema would be counted in silence, and be scored for it. Whoever
//! counts records says for each column how much of it matched nothing, and asks before going on where it is
//! [more than half](MostlyUnmatched).

use std::fmt;

use fairshare_formats::excerpt::excerpt;
use fairshare_params::schema::Schema;

mod frequent;

pub use frequent::{Frequent, frequent};

/// Columns that a message about them lists.
const LISTED: usize = 5;

/// How much of one column matched nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The feature.
    pub feature: String,
    /// The column: the feature's own, or one of those that it crosses.
    pub column: String,
    /// Records, each with one cell of the column.
    pub records: u64,
    /// Cells with another label than those of the schema; none of a numeric column, whose bins have every
    /// number.
    pub other: Option<u64>,
    /// Cells without a value.
    pub missing: u64,
}

impl Unmatched {
    /// Cells that matched nothing.
    pub fn cells(&self) -> u64 {
        self.other.unwrap_or(0).saturating_add(self.missing)
    }

    /// Their share of all cells; 0 where there is no record.
    pub fn share(&self) -> f64 {
        share(self.cells(), self.records)
    }

    /// The share of cells with another label; 0 where there is no record.
    pub fn other_share(&self) -> f64 {
        share(self.other.unwrap_or(0), self.records)
    }

    /// The share of cells without a value; 0 where there is no record.
    pub fn missing_share(&self) -> f64 {
        share(self.missing, self.records)
    }

    /// Whether they are more than half of all cells.
    pub fn is_most(&self) -> bool {
        u128::from(self.cells()) * 2 > u128::from(self.records)
    }
}

fn share(cells: u64, records: u64) -> f64 {
    if records == 0 { 0.0 } else { cells as f64 / records as f64 }
}

/// How many cells match nothing, and why.
impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, cells, records) = (excerpt(&self.column), self.cells(), self.records);
        write!(f, "`{column}`: {cells} of {records} cells match nothing")?;
        match (self.other.unwrap_or(0), self.missing) {
            (0, 0) => Ok(()),
            (0, _) => f.write_str(" (all empty)"),
            (_, 0) => f.write_str(" (all with another label)"),
            (other, missing) => write!(f, " ({other} with another label, {missing} empty)"),
        }
    }
}

/// What matched nothing in each column of a schema, in its order, by counts as
/// [`histogram`](crate::reference::histogram) makes them. Symbols that are not there count for nothing.
pub fn unmatched(schema: &Schema, counts: &[u64]) -> Vec<Unmatched> {
    let mut found = Vec::new();
    for (index, feature) in schema.features().iter().enumerate() {
        let first = found.len();
        found.extend(feature.columns().iter().map(|column| Unmatched {
            feature: feature.name().to_owned(),
            column: column.name.clone(),
            records: 0,
            other: column.other_bin().map(|_| 0),
            missing: 0,
        }));
        let counted = counts.get(schema.symbols(index)).unwrap_or_default();
        for (bin, &count) in counted.iter().enumerate().filter(|(_, count)| **count > 0) {
            for ((column, bin), line) in feature.parts(bin).zip(&mut found[first..]) {
                line.records = line.records.saturating_add(count);
                if bin == column.missing_bin() {
                    line.missing = line.missing.saturating_add(count);
                } else if Some(bin) == column.other_bin() {
                    line.other = line.other.map(|other| other.saturating_add(count));
                }
            }
        }
    }
    found
}

/// Columns most of whose cells match nothing: the data hardly fits the schema, and what would be made of it
/// would have to be thrown away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the data hardly matches the schema: {}; correct the labels in the schema or the cells in the data, or \
     give --accept-unmatched if this is what the data is",
    listed(.columns)
)]
pub struct MostlyUnmatched {
    /// Them, in the schema's order.
    pub columns: Vec<Unmatched>,
}

fn listed(columns: &[Unmatched]) -> String {
    let mut lines: Vec<_> = columns.iter().take(LISTED).map(ToString::to_string).collect();
    let more = columns.len().saturating_sub(LISTED);
    if more > 0 {
        lines.push(format!("{more} more columns"));
    }
    lines.join(", ")
}

/// Refuses where more than half of a column's cells matched nothing.
pub fn refuse_mostly(unmatched: &[Unmatched]) -> Result<(), MostlyUnmatched> {
    let columns: Vec<_> = unmatched.iter().filter(|column| column.is_most()).cloned().collect();
    if columns.is_empty() { Ok(()) } else { Err(MostlyUnmatched { columns }) }
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::{Column, Feature, Rule};

    use super::*;

    fn schema() -> Schema {
        let labels = Rule::Categorical { labels: vec!["a".into(), "b".into()] };
        let number = Rule::Numeric { edges: vec![0.0] };
        let column = |name: &str, rule: &Rule| Column { name: name.into(), rule: rule.clone() };
        let features = vec![
            Feature::Column(column("kind", &labels)),
            Feature::Column(column("size", &number)),
            Feature::Crossed {
                name: "both".into(),
                of: vec![column("from", &labels), column("at", &number)],
            },
        ];
        Schema::new(features, 1 << 10).expect("a schema")
    }

    /// Symbols: padding, kind 1 to 4 (other 3, missing 4), size 5 to 7 (missing 7), both from 8, by threes.
    fn counts() -> Vec<u64> {
        let mut counts = vec![0; 20];
        counts[1..5].copy_from_slice(&[1, 2, 3, 4]);
        counts[5..8].copy_from_slice(&[9, 0, 1]);
        // (a, below 0), (other, missing), (missing, below 0), (missing, missing).
        for (symbol, count) in [(8, 2), (16, 1), (17, 3), (19, 4)] {
            counts[symbol] = count;
        }
        counts
    }

    #[test]
    fn each_column_has_its_own_shares_crossed_ones_too() {
        let found = unmatched(&schema(), &counts());
        let lines: Vec<_> = found
            .iter()
            .map(|line| (line.feature.as_str(), line.column.as_str(), line.records, line.other, line.missing))
            .collect();
        assert_eq!(
            lines,
            [
                ("kind", "kind", 10, Some(3), 4),
                ("size", "size", 10, None, 1),
                ("both", "from", 10, Some(1), 7),
                ("both", "at", 10, None, 5),
            ]
        );
        assert_eq!([0, 1, 2, 3].map(|line| found[line].share()), [0.7, 0.1, 0.8, 0.5]);
        // Half is not more than half.
        assert_eq!([0, 1, 2, 3].map(|line| found[line].is_most()), [true, false, true, false]);
        let refused = refuse_mostly(&found).expect_err("two columns");
        let said = refused.to_string();
        for part in [
            "`kind`: 7 of 10 cells match nothing (3 with another label, 4 empty), `from`: 8 of 10 cells",
            "--accept-unmatched",
        ] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(refuse_mostly(&found[3..]), Ok(()));
    }

    #[test]
    fn no_records_and_short_counts_match_nothing_and_refuse_nothing() {
        for counts in [&[][..], &[0; 20], &[5, 0]] {
            let found = unmatched(&schema(), counts);
            assert_eq!(found.len(), 4);
            assert!(found.iter().all(|line| line.cells() == 0 && line.share() == 0.0));
            assert_eq!(refuse_mostly(&found), Ok(()));
        }
    }

    #[test]
    fn a_message_lists_a_few_columns_whatever_they_are_called() {
        let line = Unmatched {
            feature: "f".into(),
            column: "\u{1b}".repeat(1000),
            records: 2,
            other: None,
            missing: 2,
        };
        let said = MostlyUnmatched { columns: vec![line; 9] }.to_string();
        assert!(
            said.contains("2 of 2 cells match nothing (all empty), 4 more columns;") && said.len() < 700,
            "{said}"
        );
        let labels = Unmatched { other: Some(2), missing: 0, ..refused_line() };
        assert_eq!(labels.to_string(), "`x`: 2 of 2 cells match nothing (all with another label)");
    }

    fn refused_line() -> Unmatched {
        Unmatched { feature: "x".into(), column: "x".into(), records: 2, other: None, missing: 0 }
    }
}
