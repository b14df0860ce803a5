//! Where a cell stands, and what kind of feature it is of: for messages.

use std::fmt;

/// Where a cell stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The line of a text file on which the record begins, from 1.
    Line(u64),
    /// The row of a Parquet or Arrow file or of a table, from 1.
    Row(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// Kinds of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Labels.
    Categorical,
    /// Numbers, between edges.
    Numeric,
}

impl FeatureKind {
    /// Types of columns that can be read as such a feature.
    pub(crate) fn readable(self) -> &'static str {
        match self {
            Self::Categorical => "a string, integer, decimal, date or boolean",
            Self::Numeric => "an integer, float or decimal",
        }
    }
}

impl fmt::Display for FeatureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Categorical => "categorical",
            Self::Numeric => "numeric",
        })
    }
}
