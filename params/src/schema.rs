//! From records to symbols (PROTOCOL section 3): features, bins and the symbols they occupy.

use std::collections::HashSet;
use std::iter;
use std::ops::Range;
use std::slice;

use crate::encoding::{Digest, wide};
use crate::words::{Words, hash_list};

mod bins;

pub use bins::BinName;

/// How a cell of one column becomes a bin.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// One bin per label, in order; then one for any other label; then one for a missing value.
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

/// One column of the data, with its binning.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name, matched exactly.
    pub name: String,
    /// Its binning.
    pub rule: Rule,
}

/// What gives one symbol of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Feature {
    /// A column by itself: a categorical or a numeric feature.
    Column(Column),
    /// Columns together: one bin for every combination of their bins, the first column's counting slowest.
    ///
    /// Its parts are columns, so a crossed feature cannot be crossed again.
    Crossed {
        /// Its name, which is not a column's.
        name: String,
        /// The columns, two or more. They have no symbols of their own.
        of: Vec<Column>,
    },
}

impl Column {
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

    /// Hash of name and rule.
    fn hash(&self) -> Digest {
        let words = match &self.rule {
            Rule::Categorical { labels } => labels
                .iter()
                .fold(feature_words(1, &self.name, labels.len()), |words, label| words.text(label)),
            // Zero has two floating-point forms; adding +0.0 leaves one.
            Rule::Numeric { edges } => {
                edges.iter().fold(feature_words(2, &self.name, edges.len()), |words, edge| {
                    words.integer((edge + 0.0).to_bits())
                })
            }
        };
        words.finish()
    }
}

impl Feature {
    /// The feature's name; that of its column where it has only one.
    pub fn name(&self) -> &str {
        match self {
            Self::Column(column) => &column.name,
            Self::Crossed { name, .. } => name,
        }
    }

    /// The columns it is made of.
    pub fn columns(&self) -> &[Column] {
        match self {
            Self::Column(column) => slice::from_ref(column),
            Self::Crossed { of, .. } => of,
        }
    }

    /// Number of bins. What a product of too many bins saturates at is more than any [`Schema`] takes.
    pub fn bins(&self) -> usize {
        self.columns().iter().fold(1, |product, column| product.saturating_mul(column.bins()))
    }

    /// Its own name, and those of the columns that it crosses.
    fn names(&self) -> impl Iterator<Item = &str> {
        let parts: &[Column] = match self {
            Self::Column(_) => &[],
            Self::Crossed { of, .. } => of,
        };
        iter::once(self.name()).chain(parts.iter().map(|part| part.name.as_str()))
    }

    /// Hash of name and rule. A crossed feature's parts enter by their hashes as features.
    fn hash(&self) -> Digest {
        match self {
            Self::Column(column) => column.hash(),
            Self::Crossed { name, of } => of
                .iter()
                .fold(feature_words(3, name, of.len()), |words, part| words.digest(&part.hash()))
                .finish(),
        }
    }
}

/// The words with which every feature begins: kind, name, and how many labels, edges or parts follow.
fn feature_words(kind: u8, name: &str, count: usize) -> Words {
    Words::untagged().integer(kind).text(name).count(count)
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
    /// A feature's name is empty, or that of a part.
    #[error("a feature has an empty name; name every feature, those that are crossed included")]
    Unnamed,
    /// Two features share a name, or a feature and a part, or two parts.
    #[error("`{name}` is listed twice; a name stands for one feature, and a feature is crossed once")]
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
    /// A crossed feature of one part or none.
    #[error("crossed feature `{feature}` needs two or more features to join, and has {found}")]
    FewParts {
        /// The crossed feature.
        feature: String,
        /// Its parts.
        found: usize,
    },
    /// A crossed feature of more bins than the geometry's alphabet has symbols.
    #[error(
        "crossed feature `{feature}` has {} bins, the product of its parts' bins, but the geometry's \
         alphabet has {alphabet} symbols: cross fewer features or coarser ones, or choose a larger geometry",
        product(.bins)
    )]
    TooManyBins {
        /// The crossed feature.
        feature: String,
        /// The product; none if it is 2^64 or more.
        bins: Option<u64>,
        /// Symbols available.
        alphabet: usize,
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

fn product(bins: &Option<u64>) -> String {
    bins.map_or_else(|| "2^64 or more".to_owned(), |bins| bins.to_string())
}

impl Schema {
    /// Checks the features and lays out their symbols from 1 (symbol 0 is padding) in an alphabet of that
    /// size.
    pub fn new(features: Vec<Feature>, alphabet: usize) -> Result<Self, SchemaError> {
        if features.is_empty() {
            return Err(SchemaError::Empty);
        }
        let mut names = HashSet::new();
        for feature in &features {
            for name in feature.names() {
                if name.is_empty() {
                    return Err(SchemaError::Unnamed);
                }
                if !names.insert(name) {
                    return Err(SchemaError::DuplicateFeature { name: name.to_owned() });
                }
            }
            feature.columns().iter().try_for_each(check_rule)?;
            if let Feature::Crossed { name, of } = feature {
                check_crossed(name, of, alphabet)?;
            }
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

    /// `d`: number of features. Those that are crossed count in the one that crosses them.
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

    /// `K(T_schema, d, K'(features))`: names and rules, in order (PROTOCOL section 3).
    pub fn hash(&self) -> Digest {
        let features: Vec<_> = self.features.iter().map(Feature::hash).collect();
        Words::new("schema").count(features.len()).digest(&hash_list(&features)).finish()
    }
}

/// Multiplied and compared before anything is laid out.
fn check_crossed(name: &str, of: &[Column], alphabet: usize) -> Result<(), SchemaError> {
    let feature = || name.to_owned();
    if of.len() < 2 {
        return Err(SchemaError::FewParts { feature: feature(), found: of.len() });
    }
    let bins = of.iter().try_fold(1u64, |bins, part| bins.checked_mul(wide(part.bins())));
    if bins.is_none_or(|bins| bins > wide(alphabet)) {
        return Err(SchemaError::TooManyBins { feature: feature(), bins, alphabet });
    }
    Ok(())
}

fn check_rule(column: &Column) -> Result<(), SchemaError> {
    let name = || column.name.clone();
    match &column.rule {
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

#[cfg(test)]
mod tests {
    use sha3::{Digest as _, Keccak256};

    use super::*;

    fn categorical(name: &str, labels: &[&str]) -> Column {
        let labels = labels.iter().map(ToString::to_string).collect();
        Column { name: name.to_owned(), rule: Rule::Categorical { labels } }
    }

    fn numeric(name: &str, edges: &[f64]) -> Column {
        Column { name: name.to_owned(), rule: Rule::Numeric { edges: edges.to_vec() } }
    }

    fn crossed(name: &str, of: Vec<Column>) -> Feature {
        Feature::Crossed { name: name.to_owned(), of }
    }

    /// Three features over four columns.
    fn features() -> Vec<Feature> {
        vec![
            Feature::Column(numeric("delay", &[-0.0, 15.5])),
            crossed("carrier x hour", vec![categorical("carrier", &["UA", "B6"]), numeric("hour", &[12.0])]),
            Feature::Column(categorical("dest", &["ATL"])),
        ]
    }

    fn refusal(features: Vec<Feature>) -> String {
        Schema::new(features, 1 << 10).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_crossed_feature_has_a_bin_for_every_combination() {
        let schema = Schema::new(features(), 21).expect("20 bins and padding");
        let bins: Vec<_> = schema.features().iter().map(Feature::bins).collect();
        // Two labels, other and missing; below and from 12, and missing.
        assert_eq!(bins, [4, 4 * 3, 3]);
        assert_eq!([0, 1, 2, 3].map(|feature| schema.symbols(feature)), [1..5, 5..17, 17..20, 0..0]);
        assert_eq!((schema.len(), schema.symbol_count()), (3, 20));
        let columns: Vec<_> =
            schema.features().iter().flat_map(Feature::columns).map(|column| column.name.as_str()).collect();
        assert_eq!(columns, ["delay", "carrier", "hour", "dest"]);
        assert_eq!(schema.features()[1].name(), "carrier x hour");
    }

    /// PROTOCOL section 3, byte by byte.
    #[test]
    fn the_hash_is_of_these_bytes() {
        let keccak = |bytes: &[u8]| -> [u8; 32] { Keccak256::digest(bytes).into() };
        let word = |value: u64| [[0; 24].as_slice(), &value.to_be_bytes()].concat();
        let text = |text: &str| keccak(text.as_bytes()).to_vec();
        // Minus zero as zero.
        let delay = keccak(&[word(2), text("delay"), word(2), word(0), word(0x402f_0000_0000_0000)].concat());
        let carrier = keccak(&[word(1), text("carrier"), word(2), text("UA"), text("B6")].concat());
        let hour = keccak(&[word(2), text("hour"), word(1), word(0x4028_0000_0000_0000)].concat());
        let parts = [carrier.to_vec(), hour.to_vec()].concat();
        let crossed = keccak(&[word(3), text("carrier x hour"), word(2), parts].concat());
        let dest = keccak(&[word(1), text("dest"), word(1), text("ATL")].concat());
        let list = keccak(&[delay, crossed, dest].concat());
        let whole = keccak(&[text("fairshare/v2/schema"), word(3), list.to_vec()].concat());
        assert_eq!(Schema::new(features(), 1 << 10).expect("a schema").hash().0, whole);
    }

    #[test]
    fn the_hash_is_of_every_part_and_of_their_order() {
        let hash = |features| Schema::new(features, 1 << 10).expect("a schema").hash();
        let joined = |name: &str, parts: &[Column]| hash(vec![crossed(name, parts.to_vec())]);
        let (x, y) = (numeric("x", &[1.0]), categorical("y", &["a"]));
        let of = [x.clone(), y.clone()];
        let mut hashes = vec![
            joined("z", &of),
            joined("w", &of),
            joined("z", &[y.clone(), x.clone()]),
            joined("z", &[numeric("x", &[2.0]), y.clone()]),
            joined("z", &[x.clone(), categorical("y", &["b"])]),
            joined("z", &[numeric("v", &[1.0]), y.clone()]),
            joined("z", &[x.clone(), y.clone(), numeric("v", &[1.0])]),
            hash(vec![Feature::Column(x.clone()), Feature::Column(y.clone())]),
            hash(vec![Feature::Column(x)]),
        ];
        hashes.sort_unstable_by_key(|hash| hash.0);
        hashes.dedup();
        assert_eq!(hashes.len(), 9);
    }

    #[test]
    fn a_name_stands_once_in_the_whole_schema() {
        let twice = "is listed twice; a name stands for one feature, and a feature is crossed once";
        let (x, y, z) = (numeric("x", &[1.0]), numeric("y", &[1.0]), numeric("z", &[1.0]));
        let xy = || crossed("xy", vec![x.clone(), y.clone()]);
        for (features, name) in [
            (vec![Feature::Column(x.clone()), Feature::Column(x.clone())], "x"),
            (vec![Feature::Column(x.clone()), xy()], "x"),
            (vec![xy(), Feature::Column(y.clone())], "y"),
            (vec![xy(), crossed("yz", vec![z.clone(), y.clone()])], "y"),
            (vec![crossed("xx", vec![x.clone(), x.clone()])], "x"),
            (vec![crossed("x", vec![x.clone(), y.clone()])], "x"),
            (vec![xy(), crossed("xy", vec![z.clone(), numeric("v", &[1.0])])], "xy"),
        ] {
            assert_eq!(refusal(features), format!("`{name}` {twice}"));
        }
        let unnamed = "a feature has an empty name; name every feature, those that are crossed included";
        for features in [
            vec![Feature::Column(numeric("", &[1.0]))],
            vec![crossed("", vec![x.clone(), y.clone()])],
            vec![crossed("xy", vec![x.clone(), numeric("", &[1.0])])],
        ] {
            assert_eq!(refusal(features), unnamed);
        }
    }

    #[test]
    fn a_crossed_feature_joins_two_or_more() {
        for found in 0..2 {
            assert_eq!(
                refusal(vec![crossed("xy", vec![numeric("x", &[1.0]); found])]),
                format!("crossed feature `xy` needs two or more features to join, and has {found}")
            );
        }
    }

    #[test]
    fn a_crossed_features_parts_keep_their_rules() {
        let with = |part| refusal(vec![crossed("xy", vec![numeric("x", &[1.0]), part])]);
        assert_eq!(
            with(numeric("y", &[1.0, 1.0])),
            "feature `y`: edge 1 is 1, not a finite number above the edge before it"
        );
        assert_eq!(with(categorical("y", &["a", "a"])), "feature `y` lists label `a` twice");
        assert_eq!(with(numeric("y", &[])), "feature `y` has no labels or edges; give at least one");
    }

    /// As large a product as any: nothing is laid out, nothing overflows.
    #[test]
    fn more_bins_than_the_alphabet_are_refused_with_the_product() {
        let edges: Vec<f64> = (0..62).map(f64::from).collect();
        let of = |parts: usize| (0..parts).map(|part| numeric(&part.to_string(), &edges)).collect();
        for (parts, alphabet, product) in [
            (2, 4095, "4096"),
            (10, 1 << 10, "1152921504606846976"),
            (11, usize::MAX, "2^64 or more"),
            (20_000, usize::MAX, "2^64 or more"),
        ] {
            let error = Schema::new(vec![crossed("all", of(parts))], alphabet).expect_err("too many bins");
            assert_eq!(
                error.to_string(),
                format!(
                    "crossed feature `all` has {product} bins, the product of its parts' bins, but the \
                     geometry's alphabet has {alphabet} symbols: cross fewer features or coarser ones, or \
                     choose a larger geometry"
                )
            );
        }
        // As many as the alphabet has, and no symbol left for padding.
        assert_eq!(
            Schema::new(vec![crossed("all", of(2))], 4096),
            Err(SchemaError::TooManySymbols { needed: 4097, alphabet: 4096 })
        );
        assert!(Schema::new(vec![crossed("all", of(2))], 4097).is_ok());
    }
}
