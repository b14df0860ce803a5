//! What falls into a bin, in words for people.

use std::fmt;

use super::{Column, Feature, Rule};

/// A bin of one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bin<'a> {
    /// Cells with this label.
    Label(&'a str),
    /// Cells with a label that is not listed.
    Other,
    /// Numbers from the first edge, if there is one, to below the second, if there is one.
    Numbers(Option<f64>, Option<f64>),
    /// Empty cells.
    Missing,
}

impl Column {
    /// What falls into that bin; none if the column has fewer.
    pub fn bin(&self, bin: usize) -> Option<Bin<'_>> {
        if bin == self.missing_bin() {
            return Some(Bin::Missing);
        }
        match &self.rule {
            Rule::Categorical { labels } => match labels.get(bin) {
                Some(label) => Some(Bin::Label(label)),
                None => (bin == labels.len()).then_some(Bin::Other),
            },
            Rule::Numeric { edges } => {
                let below = bin.checked_sub(1).and_then(|below| edges.get(below)).copied();
                let above = edges.get(bin).copied();
                (below.is_some() || above.is_some()).then_some(Bin::Numbers(below, above))
            }
        }
    }
}

impl Feature {
    /// What falls into that bin, of each of its columns; none if it has fewer.
    pub fn bin(&self, bin: usize) -> Option<Vec<Bin<'_>>> {
        let mut left = bin;
        // The last column's bins count fastest.
        let last_first = self.columns().iter().rev().map(|column| {
            let own = left.checked_rem(column.bins())?;
            left = left.checked_div(column.bins())?;
            column.bin(own)
        });
        let mut bins: Vec<_> = last_first.collect::<Option<_>>()?;
        bins.reverse();
        (left == 0).then_some(bins)
    }
}

impl fmt::Display for Bin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Label(label) => write!(f, "{label:?}"),
            Self::Other => f.write_str("other"),
            Self::Missing => f.write_str("missing"),
            Self::Numbers(Some(from), Some(to)) => write!(f, "{} to {}", Edge(from), Edge(to)),
            Self::Numbers(Some(from), None) => write!(f, "{} and more", Edge(from)),
            Self::Numbers(None, Some(to)) => write!(f, "below {}", Edge(to)),
            Self::Numbers(None, None) => f.write_str("any number"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(feature: &Feature) -> Vec<String> {
        let name = |bin| {
            let bins = feature.bin(bin).expect("a bin");
            bins.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
        };
        assert_eq!(feature.bin(feature.bins()), None);
        (0..feature.bins()).map(name).collect()
    }

    #[test]
    fn every_bin_is_named() {
        let labels = Column {
            name: "kind".to_owned(),
            rule: Rule::Categorical { labels: vec!["a".to_owned(), "other".to_owned()] },
        };
        let numbers = Column { name: "x".to_owned(), rule: Rule::Numeric { edges: vec![-1.5, 0.0, 1e300] } };
        assert_eq!(
            named(&Feature::Column(numbers.clone())),
            ["below -1.5", "-1.5 to 0", "0 to 1e300", "1e300 and more", "missing"]
        );
        assert_eq!(named(&Feature::Column(labels.clone())), ["\"a\"", "\"other\"", "other", "missing"]);
        let crossed = Feature::Crossed { name: "both".to_owned(), of: vec![labels, numbers] };
        let named = named(&crossed);
        assert_eq!(named.len(), 20);
        assert_eq!(
            [0, 4, 5, 19].map(|bin| named[bin].as_str()),
            ["\"a\" × below -1.5", "\"a\" × missing", "\"other\" × below -1.5", "missing × missing"]
        );
    }
}
