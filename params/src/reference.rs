//! The subnet's public reference distribution: raw counts per bin, and their smoothing (PROTOCOL section 6).

use std::collections::BTreeMap;

use crate::encoding::{Digest, wide};
use crate::schema::{Feature, Schema};
use crate::words::Words;

/// Raw reference counts: for every feature one count per bin, in the schema's order of bins, the bin of a
/// missing value last. A crossed feature's stand under its own name, the first column's bins counting
/// slowest: all bins of the last column for the first bin of the others, then for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    counts: BTreeMap<String, Vec<u64>>,
}

/// Reference counts after smoothing, laid out by symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmoothedReference {
    by_symbol: Vec<u32>,
    totals: Vec<u32>,
    free_bins: u64,
}

/// Why reference counts are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// A feature of the schema has no counts.
    #[error("no counts for feature `{feature}`; add one count for each of its {bins} bins")]
    MissingFeature {
        /// The feature.
        feature: String,
        /// Its bins.
        bins: usize,
    },
    /// Counts for a feature that the schema does not have.
    #[error("counts for `{feature}`, which is not a feature of the schema; remove them or correct the name")]
    UnknownFeature {
        /// The name.
        feature: String,
    },
    /// Counts for a column that is crossed, and so has no symbols of its own.
    #[error(
        "counts for `{part}`, which is crossed in `{feature}`; remove them, for only crossed counts are \
         compared"
    )]
    CrossedPart {
        /// The column.
        part: String,
        /// The feature that crosses it.
        feature: String,
    },
    /// Not one count per bin.
    #[error(
        "feature `{feature}` has {found} counts for {bins} bins; give one per bin, those of other labels and \
         of missing values included"
    )]
    Bins {
        /// The feature.
        feature: String,
        /// Counts found.
        found: usize,
        /// Its bins.
        bins: usize,
    },
    /// A smoothed count is 2^32 or more.
    #[error(
        "feature `{feature}`, bin {bin}: count {count} with pseudo-count {pseudo_count} is above 4294967295; \
         scale the counts down"
    )]
    Count {
        /// The feature.
        feature: String,
        /// The bin, from 0.
        bin: usize,
        /// The raw count.
        count: u64,
        /// The pseudo-count.
        pseudo_count: u32,
    },
    /// A feature's smoothed counts add up to 2^32 or more.
    #[error(
        "feature `{feature}`: smoothed counts add up to {total}, above 4294967295; scale the counts down"
    )]
    Total {
        /// The feature.
        feature: String,
        /// The sum.
        total: u64,
    },
    /// A histogram shorter than the schema's symbols.
    #[error("the histogram has {found} symbols, but the schema uses {needed}, padding included")]
    Histogram {
        /// Symbols found.
        found: usize,
        /// Symbols of the schema.
        needed: usize,
    },
    /// A pseudo-count of zero would leave the logarithm of an empty bin undefined.
    #[error("the pseudo-count is 0; give 1 or more")]
    PseudoCount,
}

impl Reference {
    /// Reference counts by name of feature; [`Reference::smooth`] checks them against a schema.
    pub fn new(counts: BTreeMap<String, Vec<u64>>) -> Self {
        Self { counts }
    }

    /// The counts in a histogram over the schema's symbols (symbol 0, padding, is left out).
    pub fn from_histogram(schema: &Schema, histogram: &[u64]) -> Result<Self, ReferenceError> {
        let short = || ReferenceError::Histogram { found: histogram.len(), needed: schema.symbol_count() };
        let counts = schema.features().iter().enumerate().map(|(index, feature)| {
            let bins = histogram.get(schema.symbols(index)).ok_or_else(short)?;
            Ok((feature.name().to_owned(), bins.to_vec()))
        });
        counts.collect::<Result<_, _>>().map(Self::new)
    }

    /// The raw counts by name of feature.
    pub fn counts(&self) -> &BTreeMap<String, Vec<u64>> {
        &self.counts
    }

    /// Adds `pseudo_count` to every bin and lays the counts out by symbol, for an alphabet of that size.
    ///
    /// Every used symbol gets `1 ≤ r_t < 2^32` and every feature a total `R_f < 2^32`, so the logarithms of
    /// PROTOCOL section 6 are defined; unused symbols, padding among them, get 0.
    pub fn smooth(
        &self,
        schema: &Schema,
        pseudo_count: u32,
        alphabet: usize,
    ) -> Result<SmoothedReference, ReferenceError> {
        if pseudo_count == 0 {
            return Err(ReferenceError::PseudoCount);
        }
        let known = |name: &String| schema.features().iter().any(|feature| feature.name() == name);
        if let Some(name) = self.counts.keys().find(|name| !known(name)) {
            return Err(unknown(name, schema));
        }
        let mut by_symbol = vec![0];
        let mut totals = Vec::with_capacity(schema.len());
        let mut free_bins = 0u64;
        for feature in schema.features() {
            let (name, bins) = (feature.name(), feature.bins());
            let counts = self
                .counts
                .get(name)
                .ok_or_else(|| ReferenceError::MissingFeature { feature: name.to_owned(), bins })?;
            if counts.len() != bins {
                return Err(ReferenceError::Bins { feature: name.to_owned(), found: counts.len(), bins });
            }
            let occurring = wide(counts.iter().filter(|count| **count > 0).count());
            // At most the schema's symbols, which fit an alphabet.
            free_bins = free_bins.saturating_add(occurring.saturating_sub(1));
            totals.push(smooth_feature(name, counts, pseudo_count, &mut by_symbol)?);
        }
        by_symbol.resize(alphabet.max(by_symbol.len()), 0);
        Ok(SmoothedReference { by_symbol, totals, free_bins })
    }
}

impl SmoothedReference {
    /// `r_t` by symbol, over the whole alphabet; 0 for symbols that the schema does not use.
    pub fn by_symbol(&self) -> &[u32] {
        &self.by_symbol
    }

    /// `R_f` by feature.
    pub fn totals(&self) -> &[u32] {
        &self.totals
    }

    /// `bins'`: over all features, the bins that occur in the reference before smoothing, less one (PROTOCOL
    /// section 10). Data drawn from the reference diverges from it by chance, by half a nat for each.
    pub fn free_bins(&self) -> u64 {
        self.free_bins
    }

    /// The reference hash: `keccak256` of `r_1, r_2, …` as words, up to the last symbol that the schema uses
    /// (PROTOCOL section 8).
    pub fn hash(&self) -> Digest {
        // Used symbols follow each other from 1, and none has a count of 0.
        let used = self.by_symbol.iter().skip(1).take_while(|count| **count != 0);
        used.fold(Words::untagged(), |words, count| words.integer(*count)).finish()
    }
}

/// Why there cannot be counts of that name.
fn unknown(name: &str, schema: &Schema) -> ReferenceError {
    let crosses = |feature: &&Feature| feature.columns().iter().any(|column| column.name == name);
    match schema.features().iter().find(crosses) {
        Some(feature) => {
            ReferenceError::CrossedPart { part: name.to_owned(), feature: feature.name().to_owned() }
        }
        None => ReferenceError::UnknownFeature { feature: name.to_owned() },
    }
}

/// Appends a feature's smoothed counts and returns their total.
fn smooth_feature(
    name: &str,
    counts: &[u64],
    pseudo_count: u32,
    by_symbol: &mut Vec<u32>,
) -> Result<u32, ReferenceError> {
    let mut total = 0u64;
    for (bin, &count) in counts.iter().enumerate() {
        let smoothed = count
            .checked_add(pseudo_count.into())
            .and_then(|sum| u32::try_from(sum).ok())
            .ok_or_else(|| ReferenceError::Count { feature: name.to_owned(), bin, count, pseudo_count })?;
        // Only the sum of 2^32 counts could saturate, and it is refused below like any above 2^32.
        total = total.saturating_add(smoothed.into());
        by_symbol.push(smoothed);
    }
    u32::try_from(total).map_err(|_| ReferenceError::Total { feature: name.to_owned(), total })
}

#[cfg(test)]
mod tests {
    use std::iter;

    use sha3::{Digest as _, Keccak256};

    use super::*;
    use crate::schema::{Column, Rule};

    fn schema() -> Schema {
        let labels = vec!["a".to_owned(), "b".to_owned()];
        let features = vec![
            Feature::Column(Column { name: "y".to_owned(), rule: Rule::Categorical { labels } }),
            Feature::Column(Column { name: "x".to_owned(), rule: Rule::Numeric { edges: vec![0.0] } }),
        ];
        Schema::new(features, 16).unwrap()
    }

    fn reference(y: &[u64], x: &[u64]) -> Reference {
        Reference::new([("y".to_owned(), y.to_vec()), ("x".to_owned(), x.to_vec())].into())
    }

    #[test]
    fn smoothing_lays_features_out_by_symbol() {
        let smoothed = reference(&[1, 2, 3, 4], &[0, 5, 6]).smooth(&schema(), 10, 16).unwrap();
        assert_eq!(smoothed.by_symbol(), [0, 11, 12, 13, 14, 10, 15, 16, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(smoothed.totals(), [50, 41]);
    }

    /// Three of four bins occur, and one of three; a feature without any count has none to spare.
    #[test]
    fn bins_that_never_occur_are_not_free_whatever_smoothing_adds() {
        let free_bins = |y: &[u64], x: &[u64]| {
            let [a, b] =
                [1, 9].map(|pseudo| reference(y, x).smooth(&schema(), pseudo, 16).unwrap().free_bins());
            assert_eq!(a, b);
            a
        };
        assert_eq!(free_bins(&[1, 0, 3, 4], &[0, 5, 0]), 2);
        assert_eq!(free_bins(&[1, 2, 3, 4], &[1, 5, 6]), 5);
        assert_eq!(free_bins(&[0, 0, 0, 0], &[0, 5, 6]), 1);
        assert_eq!(free_bins(&[0; 4], &[0; 3]), 0);
    }

    #[test]
    fn the_hash_is_of_the_used_symbols_as_words() {
        let words = [11u8, 12, 13, 14, 10, 15, 16].map(|count| [[0; 31].as_slice(), &[count]].concat());
        let expected: [u8; 32] = Keccak256::digest(words.concat()).into();
        let reference = reference(&[1, 2, 3, 4], &[0, 5, 6]);
        for alphabet in [8, 16] {
            assert_eq!(reference.smooth(&schema(), 10, alphabet).unwrap().hash().0, expected);
        }
    }

    #[test]
    fn crossed_counts_stand_under_the_crossed_name() {
        let features = schema().features().to_vec();
        let of = features.iter().flat_map(Feature::columns).cloned().collect();
        let schema = Schema::new(vec![Feature::Crossed { name: "y x".to_owned(), of }], 16).unwrap();
        let counts: Vec<u64> = (0..12).collect();
        let mut reference = Reference::new([("y x".to_owned(), counts)].into());
        let smoothed = reference.smooth(&schema, 1, 16).unwrap();
        assert_eq!(smoothed.by_symbol(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0]);
        assert_eq!(smoothed.totals(), [78]);
        let histogram: Vec<u64> = iter::once(99).chain(0..12).collect();
        assert_eq!(Reference::from_histogram(&schema, &histogram).as_ref(), Ok(&reference));
        reference.counts.insert("x".to_owned(), vec![0; 3]);
        assert_eq!(
            reference.smooth(&schema, 1, 16).unwrap_err().to_string(),
            "counts for `x`, which is crossed in `y x`; remove them, for only crossed counts are compared"
        );
    }

    #[test]
    fn a_histogram_gives_its_counts_without_padding() {
        let histogram = [99, 1, 2, 3, 4, 0, 5, 6, 77];
        assert_eq!(
            Reference::from_histogram(&schema(), &histogram),
            Ok(reference(&[1, 2, 3, 4], &[0, 5, 6]))
        );
        assert_eq!(
            Reference::from_histogram(&schema(), &histogram[..7]),
            Err(ReferenceError::Histogram { found: 7, needed: 8 })
        );
    }

    #[test]
    fn counts_must_fit_the_schema() {
        let smooth = |y: &[u64], x: &[u64]| reference(y, x).smooth(&schema(), 1, 16).unwrap_err();
        assert_eq!(
            smooth(&[1, 2, 3], &[0, 5, 6]),
            ReferenceError::Bins { feature: "y".to_owned(), found: 3, bins: 4 }
        );
        let mut counts = reference(&[1, 2, 3, 4], &[0, 5, 6]).counts().clone();
        counts.insert("z".to_owned(), vec![]);
        assert_eq!(
            Reference::new(counts.clone()).smooth(&schema(), 1, 16),
            Err(ReferenceError::UnknownFeature { feature: "z".to_owned() })
        );
        counts.remove("z");
        counts.remove("x");
        assert_eq!(
            Reference::new(counts).smooth(&schema(), 1, 16),
            Err(ReferenceError::MissingFeature { feature: "x".to_owned(), bins: 3 })
        );
    }

    #[test]
    fn counts_and_totals_stay_below_two_to_the_32() {
        let max = u64::from(u32::MAX);
        let smooth = |x: &[u64]| reference(&[1, 2, 3, 4], x).smooth(&schema(), 2, 16);
        assert_eq!(smooth(&[0, max - 6, 0]).unwrap().totals(), [18, u32::MAX]);
        assert_eq!(
            smooth(&[0, max - 5, 0]),
            Err(ReferenceError::Total { feature: "x".to_owned(), total: 1 << 32 })
        );
        for count in [max - 1, u64::MAX] {
            assert_eq!(
                smooth(&[0, count, 0]),
                Err(ReferenceError::Count { feature: "x".to_owned(), bin: 1, count, pseudo_count: 2 })
            );
        }
        assert_eq!(reference(&[], &[]).smooth(&schema(), 0, 16), Err(ReferenceError::PseudoCount));
    }
}
