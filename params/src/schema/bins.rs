//! What bins are called, and which bins of its columns a crossed feature's bin joins.

use std::fmt;

use super::{Column, Feature, Rule};

/// A column's bin, as people read it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BinName<'a> {
    /// A label of the schema.
    Label(&'a str),
    /// Any other label.
    Other,
    /// Numbers below the first edge.
    Below(f64),
    /// From an edge to the next one, without that one.
    Between(f64, f64),
    /// The last edge, and numbers above it.
    From(f64),
    /// A missing value.
    Missing,
}

impl fmt::Display for BinName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => f.write_str(label),
            Self::Other => f.write_str("(other)"),
            Self::Below(edge) => write!(f, "below {}", Edge(*edge)),
            Self::Between(from, to) => write!(f, "{} to {}", Edge(*from), Edge(*to)),
            Self::From(edge) => write!(f, "from {}", Edge(*edge)),
            Self::Missing => f.write_str("(missing)"),
        }
    }
}

/// An edge with as few digits as tell it from others.
struct Edge(f64);

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        // The library writes large and small floats with all their zeros.
        if size == 0.0 || (1e-4..1e15).contains(&size) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}

impl Column {
    /// The bin of any other label; a numeric column has none, since every number is in one of its bins.
    pub fn other_bin(&self) -> Option<usize> {
        match &self.rule {
            Rule::Categorical { labels } => Some(labels.len()),
            Rule::Numeric { .. } => None,
        }
    }

    /// What a bin is called; none if there is no such bin.
    pub fn bin_name(&self, bin: usize) -> Option<BinName<'_>> {
        if bin == self.missing_bin() {
            return Some(BinName::Missing);
        }
        match &self.rule {
            Rule::Categorical { labels } if bin == labels.len() => Some(BinName::Other),
            Rule::Categorical { labels } => labels.get(bin).map(|label| BinName::Label(label)),
            Rule::Numeric { edges } => {
                let below = bin.checked_sub(1).and_then(|below| edges.get(below).copied());
                Some(match (below, edges.get(bin).copied()) {
                    (None, None) => return None,
                    (None, Some(edge)) => BinName::Below(edge),
                    (Some(from), Some(to)) => BinName::Between(from, to),
                    (Some(edge), None) => BinName::From(edge),
                })
            }
        }
    }
}

impl Feature {
    /// The columns with their bins that a bin of the feature stands for: one of a column, several of crossed
    /// ones. Nothing if there is no such bin.
    pub fn parts(&self, bin: usize) -> impl Iterator<Item = (&Column, usize)> {
        let columns = if bin < self.bins() { self.columns() } else { &[] };
        // The first column's bins count slowest: each takes what those after it leave.
        columns.iter().scan((self.bins(), bin), |(stride, rest), column| {
            *stride = stride.checked_div(column.bins())?;
            let own = rest.checked_div(*stride)?;
            *rest = rest.checked_rem(*stride)?;
            Some((column, own))
        })
    }

    /// What a bin is called; a crossed feature's by the names of the bins that it joins. Empty if there is no
    /// such bin.
    pub fn bin_name(&self, bin: usize) -> String {
        let names = self.parts(bin).filter_map(|(column, bin)| column.bin_name(bin));
        names.map(|name| name.to_string()).collect::<Vec<_>>().join(" × ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrier() -> Column {
        Column { name: "carrier".into(), rule: Rule::Categorical { labels: vec!["UA".into(), "B6".into()] } }
    }

    fn delay() -> Column {
        Column { name: "delay".into(), rule: Rule::Numeric { edges: vec![-5.0, 0.5, 1e300] } }
    }

    #[test]
    fn every_bin_has_a_name_and_no_other() {
        let names = |column: Column| -> Vec<String> {
            let feature = Feature::Column(column);
            (0..=feature.bins()).map(|bin| feature.bin_name(bin)).collect()
        };
        assert_eq!(names(carrier()), ["UA", "B6", "(other)", "(missing)", ""]);
        assert_eq!(names(delay()), ["below -5", "-5 to 0.5", "0.5 to 1e300", "from 1e300", "(missing)", ""]);
        assert_eq!([carrier().other_bin(), delay().other_bin()], [Some(2), None]);
        assert_eq!(carrier().bin_name(4), None);
        assert_eq!(delay().bin_name(5), None);
    }

    #[test]
    fn a_crossed_bin_is_of_one_bin_of_each_column() {
        let feature = Feature::Crossed { name: "both".into(), of: vec![carrier(), delay(), carrier()] };
        let mut expected = 0;
        for first in 0..4 {
            for second in 0..5 {
                for third in 0..4 {
                    let bins: Vec<_> = feature.parts(expected).map(|(_, bin)| bin).collect();
                    assert_eq!(bins, [first, second, third]);
                    expected += 1;
                }
            }
        }
        assert_eq!(expected, feature.bins());
        assert_eq!(feature.parts(expected).count(), 0);
        assert_eq!(feature.bin_name(4 * 5 * 2 + 4 + 3), "(other) × -5 to 0.5 × (missing)");
        assert_eq!(feature.bin_name(usize::MAX), "");
    }
}
