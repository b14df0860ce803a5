//! From cells to symbols: the schema's rules, laid out for speed.

use std::collections::HashMap;

use fairshare_params::schema::{Rule, Schema};

use crate::error::IngestError;

/// The rules of all features, in the schema's order.
#[derive(Debug)]
pub(crate) struct Binning {
    columns: Vec<Column>,
    symbols: usize,
}

/// One feature: from a cell to its symbol.
#[derive(Debug)]
pub(crate) struct Column {
    name: String,
    /// Symbols `base..=missing` are the feature's.
    base: u16,
    missing: u16,
    bins: Bins,
}

/// A feature's rule, with symbols instead of bins.
#[derive(Debug)]
pub(crate) enum Bins {
    Categorical(Labels),
    Numeric(Edges),
}

#[derive(Debug)]
pub(crate) struct Labels {
    symbols: HashMap<Box<[u8]>, u16>,
    other: u16,
}

#[derive(Debug)]
pub(crate) struct Edges {
    base: u16,
    edges: Vec<f64>,
}

impl Binning {
    pub(crate) fn new(schema: &Schema) -> Result<Self, IngestError> {
        let symbols = schema.symbol_count();
        let columns = schema
            .features()
            .iter()
            .enumerate()
            .map(|(index, feature)| {
                let range = schema.symbols(index);
                // The last symbol of any feature is the missing bin's.
                let ends = (u16::try_from(range.start), u16::try_from(range.end - 1));
                let (Ok(base), Ok(missing)) = ends else {
                    return Err(IngestError::TooManySymbols { symbols });
                };
                let bins = match &feature.rule {
                    Rule::Categorical { labels } => Bins::Categorical(Labels {
                        symbols: labels.iter().map(|label| label.as_bytes().into()).zip(base..).collect(),
                        other: missing - 1,
                    }),
                    Rule::Numeric { edges } => Bins::Numeric(Edges { base, edges: edges.clone() }),
                };
                Ok(Column { name: feature.name.clone(), base, missing, bins })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { columns, symbols })
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Symbols in use, padding included.
    pub(crate) fn symbols(&self) -> usize {
        self.symbols
    }
}

impl Column {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The symbol of an absent value.
    pub(crate) fn missing(&self) -> u16 {
        self.missing
    }

    pub(crate) fn bins(&self) -> &Bins {
        &self.bins
    }

    /// The feature's symbols, for indexing a histogram.
    pub(crate) fn symbols(&self) -> std::ops::RangeInclusive<usize> {
        usize::from(self.base)..=usize::from(self.missing)
    }

    /// The symbol of a cell of text; `None` where a number is wanted and the text is none.
    pub(crate) fn text_symbol(&self, cell: &[u8]) -> Option<u16> {
        if cell.is_empty() {
            return Some(self.missing);
        }
        match &self.bins {
            Bins::Categorical(labels) => Some(labels.symbol(cell)),
            Bins::Numeric(edges) => edges.symbol(parse_number(cell)?),
        }
    }
}

impl Labels {
    pub(crate) fn symbol(&self, label: &[u8]) -> u16 {
        self.symbols.get(label).copied().unwrap_or(self.other)
    }
}

impl Edges {
    /// `None` for what is nowhere on the line: NaN and the infinities.
    pub(crate) fn symbol(&self, value: f64) -> Option<u16> {
        // Fewer edges than symbols, and those fit 16 bits.
        value.is_finite().then(|| self.base + self.edges.partition_point(|edge| *edge <= value) as u16)
    }
}

/// A decimal number, `[+-]digits[.digits][e[+-]digits]`, rounded to the nearest float. Whatever else Rust's
/// parser knows (`nan`, `inf`, an exponent that overflows) is not finite and refused by [`Edges::symbol`].
fn parse_number(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// What to do about a cell that is not a number.
pub(crate) fn number_hint(cell: &str) -> &'static str {
    if cell.trim() != cell {
        "cells are taken as they are, so remove the white space around it"
    } else if cell.contains(',') {
        "write it without separators and with a decimal point"
    } else if cell.parse::<f64>().is_ok_and(f64::is_infinite) {
        "it is beyond what a 64-bit float holds; correct it, or leave the cell empty if the value is missing"
    } else {
        "correct it, or leave the cell empty if the value is missing"
    }
}

#[cfg(test)]
mod tests {
    use fairshare_params::schema::Feature;
    use proptest::prelude::*;

    use super::*;

    fn column(rule: Rule) -> Column {
        let pad = Feature { name: "pad".into(), rule: Rule::Numeric { edges: vec![0.0] } };
        let schema =
            Schema::new(vec![pad, Feature { name: "x".into(), rule }], 1 << 13).expect("a schema in range");
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
                let symbol = column.text_symbol(value.to_string().as_bytes()).map(usize::from);
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
            prop_assert_eq!(rule.symbol(value).map(usize::from), expected);
        }

        #[test]
        fn labels_match_byte_for_byte(cell in "[a-cA-C ]{0,2}") {
            let labels = ["a", "b", "A", " a"];
            let column = column(Rule::Categorical { labels: labels.map(String::from).to_vec() });
            let position = labels.iter().position(|label| *label == cell);
            let bin = if cell.is_empty() { labels.len() + 1 } else { position.unwrap_or(labels.len()) };
            prop_assert_eq!(column.text_symbol(cell.as_bytes()).map(usize::from), Some(BASE + bin));
        }
    }

    #[test]
    fn only_finite_decimal_numbers_are_numbers() {
        let column = column(Rule::Numeric { edges: vec![0.0, 100.0] });
        for cell in
            ["nan", "NaN", "inf", "-Infinity", "0x10", "1_000", "1,5", " 1", "1 ", "1e999", "NA", "-", "."]
        {
            assert_eq!(column.text_symbol(cell.as_bytes()), None, "{cell:?}");
        }
        for (cell, bin) in [("-1", 0), ("-0", 1), ("+7", 1), ("1e2", 2), (".5", 1), ("99.999", 1), ("", 3)] {
            assert_eq!(column.text_symbol(cell.as_bytes()).map(usize::from), Some(BASE + bin), "{cell:?}");
        }
    }

    #[test]
    fn symbols_beyond_sixteen_bits_are_refused() {
        let edges = (0..65_534).map(f64::from).collect();
        let feature = Feature { name: "x".into(), rule: Rule::Numeric { edges } };
        let schema = Schema::new(vec![feature], usize::MAX).expect("any alphabet");
        let error = Binning::new(&schema).expect_err("one symbol too many");
        assert_eq!(
            error.to_string(),
            "the schema has 65537 symbols, but a symbol is at most 65535: drop bins"
        );
    }
}
