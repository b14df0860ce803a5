//! From records to symbols (PROTOCOL section 3): features, bins and the symbols they occupy.

use std::collections::HashSet;
use std::ops::Range;

use crate::encoding::{Digest, Hasher};

/// How a cell of one feature becomes a bin.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// One bin a label, in order; then one for any other label; then one for a missing value.
    Categorical {
        /// The labels, distinct, compared byte for byte.
        labels: Vec<String>,
    },
    /// Bins `(−∞,e_1), [e_1,e_2), …, [e_m,∞)`; then one for a missing value.
    Numeric {
        /// The edges, finite and strictly ascending, at least one.
        edges: Vec<f64>,
    },
}

/// One column of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// The column's name, matched exactly.
    pub name: String,
    /// Its binning.
    pub rule: Rule,
}

impl Feature {
    /// Number of bins: those of the rule, that of any other label or of the last edge, and that of a missing
    /// value.
    pub fn bins(&self) -> usize {
        let ruled = match &self.rule {
            Rule::Categorical { labels } => labels.len(),
            Rule::Numeric { edges } => edges.len(),
        };
        // A list in memory is never so long that two more could not be counted.
        ruled.saturating_add(2)
    }

    /// The bin of a missing value: the last.
    pub fn missing_bin(&self) -> usize {
        self.bins().saturating_sub(1)
    }
}

/// The features of a record, in order, with the symbols they occupy.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    features: Vec<Feature>,
    symbols: Vec<Range<usize>>,
}

/// Why a list of features is not a schema.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A schema needs at least one feature.
    #[error("the schema lists no feature; give at least one")]
    Empty,
    /// A feature's name is empty.
    #[error("feature {index} has an empty name")]
    UnnamedFeature {
        /// Position in the list, from 0.
        index: usize,
    },
    /// Two features share a name.
    #[error("feature `{name}` is listed twice")]
    DuplicateFeature {
        /// The name.
        name: String,
    },
    /// Two labels of one feature are equal.
    #[error("feature `{feature}` lists label `{label}` twice")]
    DuplicateLabel {
        /// The feature.
        feature: String,
        /// The label.
        label: String,
    },
    /// An empty label could never match: an empty cell is the missing bin.
    #[error("feature `{feature}` lists an empty label; an empty cell already has the missing bin")]
    EmptyLabel {
        /// The feature.
        feature: String,
    },
    /// A categorical feature without labels, or a numeric one without edges.
    #[error("feature `{feature}` has no labels or edges; give at least one")]
    NoBins {
        /// The feature.
        feature: String,
    },
    /// Edges must ascend strictly and be finite.
    #[error("feature `{feature}`: edge {index} is {edge}, not a finite number above the edge before it")]
    UnsortedEdges {
        /// The feature.
        feature: String,
        /// Position of the offending edge, from 0.
        index: usize,
        /// Its value.
        edge: f64,
    },
    /// More symbols than the geometry's alphabet.
    #[error(
        "the schema needs {needed} symbols, padding included, but the geometry's alphabet has {alphabet}: \
         drop bins or choose a larger geometry"
    )]
    TooManySymbols {
        /// Symbols needed, padding included.
        needed: usize,
        /// Symbols available.
        alphabet: usize,
    },
}

impl Schema {
    /// Checks the features and lays out their symbols from 1 (symbol 0 is padding) in an alphabet of that
    /// size.
    pub fn new(features: Vec<Feature>, alphabet: usize) -> Result<Self, SchemaError> {
        if features.is_empty() {
            return Err(SchemaError::Empty);
        }
        let mut names = HashSet::new();
        for (index, feature) in features.iter().enumerate() {
            if feature.name.is_empty() {
                return Err(SchemaError::UnnamedFeature { index });
            }
            if !names.insert(feature.name.as_str()) {
                return Err(SchemaError::DuplicateFeature { name: feature.name.clone() });
            }
            check_rule(feature)?;
        }
        let symbols: Vec<_> = features
            .iter()
            .scan(1usize, |next, feature| {
                let first = *next;
                *next = first.saturating_add(feature.bins());
                Some(first..*next)
            })
            .collect();
        let needed = symbols.last().map_or(0, |last| last.end);
        if needed > alphabet {
            return Err(SchemaError::TooManySymbols { needed, alphabet });
        }
        Ok(Self { features, symbols })
    }

    /// The features, in order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// `d`: number of features.
    pub fn len(&self) -> usize {
        self.features.len()
    }

    /// Never true; a schema has at least one feature.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Symbols of feature `index`, consecutive; none if there is no such feature.
    pub fn symbols(&self, index: usize) -> Range<usize> {
        self.symbols.get(index).cloned().unwrap_or_default()
    }

    /// Symbols in use, padding included: one past the last feature's last symbol.
    pub fn symbol_count(&self) -> usize {
        self.symbols.last().map_or(0, |last| last.end)
    }

    /// Digest of names and rules, in order (PROTOCOL section 4).
    pub fn hash(&self) -> Digest {
        let mut hasher = Hasher::new("fairshare/v1/schema").len(self.features.len());
        for feature in &self.features {
            hasher = hasher.string(&feature.name);
            hasher = match &feature.rule {
                Rule::Categorical { labels } => {
                    labels.iter().fold(hasher.u8(0).len(labels.len()), |hasher, label| hasher.string(label))
                }
                // Zero has two floating-point forms; adding +0.0 leaves one.
                Rule::Numeric { edges } => edges
                    .iter()
                    .fold(hasher.u8(1).len(edges.len()), |hasher, edge| hasher.u64((edge + 0.0).to_bits())),
            };
        }
        hasher.finish()
    }
}

fn check_rule(feature: &Feature) -> Result<(), SchemaError> {
    let name = || feature.name.clone();
    match &feature.rule {
        Rule::Categorical { labels } => {
            if labels.is_empty() {
                return Err(SchemaError::NoBins { feature: name() });
            }
            let mut seen = HashSet::new();
            for label in labels {
                if label.is_empty() {
                    return Err(SchemaError::EmptyLabel { feature: name() });
                }
                if !seen.insert(label) {
                    return Err(SchemaError::DuplicateLabel { feature: name(), label: label.clone() });
                }
            }
        }
        Rule::Numeric { edges } => {
            if edges.is_empty() {
                return Err(SchemaError::NoBins { feature: name() });
            }
            let mut previous = f64::NEG_INFINITY;
            for (index, &edge) in edges.iter().enumerate() {
                if !edge.is_finite() || edge <= previous {
                    return Err(SchemaError::UnsortedEdges { feature: name(), index, edge });
                }
                previous = edge;
            }
        }
    }
    Ok(())
}
