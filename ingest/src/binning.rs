//! From cells to symbols: the schema's rules, laid out for speed.

use std::collections::HashMap;
use std::mem;
use std::ops::Range;

use fairshare_params::schema::{self, Rule, Schema};

use crate::error::IngestError;

/// The rules of all columns, in the schema's order: a feature's stand together.
#[derive(Debug)]
pub(crate) struct Binning {
    columns: Vec<Column>,
    /// The features' symbols.
    features: Vec<Range<usize>>,
    symbols: usize,
}

/// One column: from a cell to its term of the feature's symbol.
///
/// A feature's symbol is the sum of its columns' terms, the feature's base in the first one's. So a feature
/// of one column has its symbol for its only term, and nothing else needs to know of crossed ones.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    /// Position of its feature.
    feature: usize,
    /// The term of an absent value.
    missing: u16,
    bins: Bins,
}

/// A column's rule, with terms instead of bins.
#[derive(Debug)]
pub(crate) enum Bins {
    Categorical(Labels),
    Numeric(Edges),
}

#[derive(Debug)]
pub(crate) struct Labels {
    terms: HashMap<Box<[u8]>, u16>,
    other: u16,
    /// Bytes of the longest label.
    longest: usize,
}

#[derive(Debug)]
pub(crate) struct Edges {
    terms: Terms,
    edges: Vec<f64>,
}

/// From bins to terms: bin `i` has `base + i·stride`.
#[derive(Clone, Copy, Debug)]
struct Terms {
    base: u16,
    stride: u16,
}

impl Binning {
    pub(crate) fn new(schema: &Schema) -> Result<Self, IngestError> {
        let symbols = schema.symbol_count();
        // Each term of a feature is one of its symbols or less, and so is each stride.
        if symbols > 1 << 16 {
            return Err(IngestError::TooManySymbols { symbols });
        }
        let features: Vec<_> = (0..schema.len()).map(|feature| schema.symbols(feature)).collect();
        let columns = schema.features().iter().zip(&features).enumerate();
        let columns = columns.flat_map(|(index, (feature, symbols))| {
            let mut base = symbols.start as u16;
            let mut stride = feature.bins();
            feature.columns().iter().map(move |column| {
                stride /= column.bins();
                Column::new(index, column, Terms { base: mem::take(&mut base), stride: stride as u16 })
            })
        });
        Ok(Self { columns: columns.collect(), features, symbols })
    }

    /// The columns to read, those of a crossed feature one after the other.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Every feature's symbols, for indexing a histogram.
    pub(crate) fn features(&self) -> &[Range<usize>] {
        &self.features
    }

    /// Symbols in use, padding included.
    pub(crate) fn symbols(&self) -> usize {
        self.symbols
    }
}

impl Column {
    fn new(feature: usize, column: &schema::Column, terms: Terms) -> Self {
        let missing = column.missing_bin();
        let bins = match &column.rule {
            Rule::Categorical { labels } => Bins::Categorical(Labels {
                terms: labels
                    .iter()
                    .enumerate()
                    .map(|(bin, label)| (label.as_bytes().into(), terms.of(bin)))
                    .collect(),
                other: terms.of(missing - 1),
                longest: labels.iter().map(String::len).max().unwrap_or(0),
            }),
            Rule::Numeric { edges } => Bins::Numeric(Edges { terms, edges: edges.clone() }),
        };
        Self { name: column.name.clone(), feature, missing: terms.of(missing), bins }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Position of the feature to which the column belongs, and of its symbol in a record.
    pub(crate) fn feature(&self) -> usize {
        self.feature
    }

    /// The term of an absent value.
    pub(crate) fn missing(&self) -> u16 {
        self.missing
    }

    pub(crate) fn bins(&self) -> &Bins {
        &self.bins
    }

    /// The term of a cell of text; `None` where a number is wanted and the text is none.
    pub(crate) fn text_term(&self, cell: &[u8]) -> Option<u16> {
        if cell.is_empty() {
            return Some(self.missing);
        }
        match &self.bins {
            Bins::Categorical(labels) => Some(labels.term(cell)),
            Bins::Numeric(_) if is_missing_number(cell) => Some(self.missing),
            Bins::Numeric(edges) => edges.term(parse_number(cell)?),
        }
    }
}

impl Labels {
    pub(crate) fn term(&self, label: &[u8]) -> u16 {
        // A dictionary's entry of megabytes may stand in every record: it is not hashed for each of them.
        if label.len() > self.longest {
            return self.other;
        }
        self.terms.get(label).copied().unwrap_or(self.other)
    }
}

impl Edges {
    /// `None` for what is nowhere on the line: NaN and the infinities.
    pub(crate) fn term(&self, value: f64) -> Option<u16> {
        value.is_finite().then(|| self.terms.of(self.edges.partition_point(|edge| *edge <= value)))
    }
}

impl Terms {
    fn of(self, bin: usize) -> u16 {
        // A bin of a feature whose symbols fit 16 bits, and a term of one of these symbols.
        self.base + self.stride * bin as u16
    }
}

/// Most bytes of a number: one of megabytes in a dictionary would be read anew for each of its records.
const NUMBER: usize = 1 << 12;

/// A decimal number, `[+-]digits[.digits][e[+-]digits]`, rounded to the nearest float. Whatever else Rust's
/// parser knows (`nan`, `inf`, an exponent that overflows) is not finite and refused by [`Edges::term`].
fn parse_number(cell: &[u8]) -> Option<f64> {
    if cell.len() > NUMBER {
        return None;
    }
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// What R, pandas and databases write where a number is missing (PROTOCOL section 3): no number is spelt so.
/// As a label each of them is a text like any other.
pub const MISSING_NUMBERS: [&str; 9] = ["NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null", "None", "\\N"];

fn is_missing_number(cell: &[u8]) -> bool {
    cell.len() <= 4 && MISSING_NUMBERS.iter().any(|word| word.as_bytes() == cell)
}

/// Whether a text may be meant for a missing value: somebody has to say so, since it may be a label too.
pub fn may_mean_missing(text: &str) -> bool {
    const WORDS: [&str; 14] =
        ["na", "n/a", "#n/a", "nan", "null", "(null)", "none", "nil", "missing", "-", "--", "?", ".", "\\n"];
    let text = text.trim();
    text.is_empty() || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// What to do about a cell that is not a number.
pub(crate) fn number_hint(cell: &str) -> &'static str {
    if cell.len() > NUMBER {
        "a number has at most 4096 digits; correct it, or leave the cell empty if the value is missing"
    } else if cell.trim() != cell {
        "cells are taken as they are, so remove the white space around it"
    } else if may_mean_missing(cell) {
        "if it says that the value is missing, leave the cell empty"
    } else if cell.contains(',') || cell.contains('_') {
        "write it without separators and with a decimal point"
    } else if cell.trim_start_matches(['+', '-']).to_lowercase().starts_with("0x") {
        "write it in decimal digits"
    } else if cell.starts_with(is_currency) || cell.ends_with(|last| last == '%' || is_currency(last)) {
        "write the number alone, without a sign before or after it"
    } else if is_infinity(cell) {
        "infinity falls in no bin; leave the cell empty if the value is missing"
    } else if cell.parse::<f64>().is_ok_and(f64::is_infinite) {
        "it is beyond what a 64-bit float holds; correct it, or leave the cell empty if the value is missing"
    } else {
        "correct it, or leave the cell empty if the value is missing"
    }
}

fn is_infinity(cell: &str) -> bool {
    let unsigned = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    ["inf", "infinity", "∞"].iter().any(|word| unsigned.to_lowercase() == *word)
}

fn is_currency(letter: char) -> bool {
    matches!(letter, '$' | '€' | '£' | '¥')
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::{Column as Named, Feature};
    use proptest::prelude::*;

    use super::*;

    fn named(name: &str, rule: Rule) -> Named {
        Named { name: name.into(), rule }
    }

    fn column(rule: Rule) -> Column {
        let pad = named("pad", Rule::Numeric { edges: vec![0.0] });
        let features = [pad, named("x", rule)].map(Feature::Column).to_vec();
        let schema = Schema::new(features, 1 << 13).expect("a schema in range");
        Binning::new(&schema).expect("16-bit symbols").columns.pop().expect("two columns")
    }

    /// PROTOCOL section 3 word for word: the first bin is below e_1, the last from e_m on, between them
    /// `[e_i, e_{i+1})`.
    fn naive_bin(edges: &[f64], value: f64) -> usize {
        if value < edges[0] {
            return 0;
        }
        for i in 0..edges.len() - 1 {
            if edges[i] <= value && value < edges[i + 1] {
                return i + 1;
            }
        }
        edges.len()
    }

    /// The padding feature before has 3 bins, from symbol 1.
    const BASE: usize = 4;

    proptest! {
        #[test]
        fn numbers_fall_in_the_bin_that_the_protocol_says(
            mut edges in prop::collection::vec(-50i32..50, 1..12),
            values in prop::collection::vec(-220i32..220, 1..40),
        ) {
            edges.sort_unstable();
            edges.dedup();
            let edges: Vec<f64> = edges.into_iter().map(f64::from).collect();
            let column = column(Rule::Numeric { edges: edges.clone() });
            for value in values.into_iter().map(|value| f64::from(value) / 4.0) {
                let symbol = column.text_term(value.to_string().as_bytes()).map(usize::from);
                prop_assert_eq!(symbol, Some(BASE + naive_bin(&edges, value)));
            }
        }

        #[test]
        fn any_finite_float_is_binned(
            edges in prop::collection::btree_set(any::<i64>(), 1..8),
            bits in any::<u64>(),
        ) {
            let mut edges: Vec<f64> = edges.into_iter().map(|edge| edge as f64).collect();
            edges.dedup();
            let Bins::Numeric(rule) = column(Rule::Numeric { edges: edges.clone() }).bins else {
                unreachable!("the rule given is numeric")
            };
            let value = f64::from_bits(bits);
            let expected = value.is_finite().then(|| BASE + naive_bin(&edges, value));
            prop_assert_eq!(rule.term(value).map(usize::from), expected);
        }

        #[test]
        fn labels_match_byte_for_byte(cell in "[a-cA-C ]{0,2}") {
            let labels = ["a", "b", "A", " a"];
            let column = column(Rule::Categorical { labels: labels.map(String::from).to_vec() });
            let position = labels.iter().position(|label| *label == cell);
            let bin = if cell.is_empty() { labels.len() + 1 } else { position.unwrap_or(labels.len()) };
            prop_assert_eq!(column.text_term(cell.as_bytes()).map(usize::from), Some(BASE + bin));
        }
    }

    #[test]
    fn only_finite_decimal_numbers_are_numbers() {
        let column = column(Rule::Numeric { edges: vec![0.0, 100.0] });
        for cell in
            ["nan", "NaN", "inf", "-Infinity", "0x10", "1_000", "1,5", " 1", "1 ", "1e999", "na", "-", "."]
        {
            assert_eq!(column.text_term(cell.as_bytes()), None, "{cell:?}");
        }
        for (cell, bin) in [("-1", 0), ("-0", 1), ("+7", 1), ("1e2", 2), (".5", 1), ("99.999", 1), ("", 3)] {
            assert_eq!(column.text_term(cell.as_bytes()).map(usize::from), Some(BASE + bin), "{cell:?}");
        }
    }

    #[test]
    fn a_number_has_a_longest_form_and_a_longer_label_is_another() {
        let numbers = column(Rule::Numeric { edges: vec![1.0] });
        let zeros = |count: usize| format!("{}5", "0".repeat(count)).into_bytes();
        assert_eq!(numbers.text_term(&zeros(4095)).map(usize::from), Some(BASE + 1));
        assert_eq!(numbers.text_term(&zeros(4096)), None);
        let labels = column(Rule::Categorical { labels: vec!["a".into(), "bcd".into()] });
        let terms = ["bcd", "bcde", "b"].map(|cell| labels.text_term(cell.as_bytes()).map(usize::from));
        assert_eq!(terms, [1, 2, 2].map(|bin| Some(BASE + bin)));
    }

    #[test]
    fn what_others_write_for_a_missing_number_is_one() {
        let numbers = column(Rule::Numeric { edges: vec![0.0] });
        let labels = column(Rule::Categorical { labels: vec!["NA".into()] });
        for word in MISSING_NUMBERS {
            assert_eq!(numbers.text_term(word.as_bytes()), Some(numbers.missing()), "{word}");
            assert_ne!(labels.text_term(word.as_bytes()), Some(labels.missing()), "{word}");
        }
        for near in ["Na", "NA ", "NULL.", "NaN", "nan", "none"] {
            assert_eq!(numbers.text_term(near.as_bytes()), None, "{near}");
        }
    }

    #[test]
    fn words_that_may_mean_nothing() {
        for word in ["NA", "n/a", "NULL", "?", " ", "None", "NaN"] {
            assert!(may_mean_missing(word), "{word}");
        }
        assert!(!may_mean_missing("Nauru"));
    }

    /// Three bins, four and three: of `[1, 37)`, the first column's count by twelves, the second's by threes.
    #[test]
    fn terms_of_crossed_columns_add_up_to_every_symbol_once() {
        let labels = ["a", "b"].map(String::from).to_vec();
        let of = vec![
            named("x", Rule::Numeric { edges: vec![0.0] }),
            named("kind", Rule::Categorical { labels }),
            named("y", Rule::Numeric { edges: vec![5.0] }),
        ];
        let schema =
            Schema::new(vec![Feature::Crossed { name: "all".into(), of }], 1 << 10).expect("a schema");
        let binning = Binning::new(&schema).expect("16-bit symbols");
        let mut expected = 1..37;
        for x in ["-1", "0", ""] {
            for kind in ["a", "b", "c", ""] {
                for y in ["4.5", "5", ""] {
                    let cells = binning.columns().iter().zip([x, kind, y]);
                    let terms = cells.map(|(column, cell)| column.text_term(cell.as_bytes()).expect("sound"));
                    assert_eq!(Some(terms.sum()), expected.next(), "{x},{kind},{y}");
                }
            }
        }
        assert_eq!(expected.next(), None);
        assert!(binning.columns().iter().all(|column| column.feature() == 0));
        assert_eq!(binning.features(), std::slice::from_ref(&(1..37)));
    }

    #[test]
    fn symbols_beyond_sixteen_bits_are_refused() {
        let last = |edges: u16| {
            let edges = (0..edges).map(f64::from).collect();
            let feature = Feature::Column(named("x", Rule::Numeric { edges }));
            let schema = Schema::new(vec![feature], usize::MAX).expect("any alphabet");
            Binning::new(&schema).map(|binning| binning.columns()[0].missing())
        };
        assert_eq!(last(65_533).expect("the last symbol of sixteen bits"), u16::MAX);
        let error = last(65_534).expect_err("one symbol too many");
        assert_eq!(
            error.to_string(),
            "the schema has 65537 symbols, but a symbol is at most 65535: drop bins"
        );
    }
}
