//! What one column holds.

use std::ops::RangeInclusive;

use arrow_schema::DataType;
use fairshare_formats::excerpt::excerpt;
use fairshare_ingest::MISSING_NUMBERS;

use super::cells::{self, Shape};
use super::distinct::Distinct;
use super::hash;
use super::labels::Labels;

/// Counts of a column's cells, by what they look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All cells.
    pub cells: u64,
    /// Empty ones.
    pub missing: u64,
    /// Words that stand for a missing number, in a column of numbers.
    pub missing_numbers: u64,
    /// Finite decimal numbers.
    pub numbers: u64,
    /// Those of digits alone.
    pub whole: u64,
    /// Those that begin with a zero that says nothing of their value.
    pub leading_zeros: u64,
    /// Days, with or without a time.
    pub dates: u64,
    /// Numbers with separators or signs.
    pub written: u64,
    /// Numbers with white space around them.
    pub padded: u64,
    /// `nan` and the infinities.
    pub not_finite: u64,
    /// Cells of other text that has white space within.
    pub spaced: u64,
}

impl Counts {
    /// Cells that are not empty.
    pub(crate) fn present(&self) -> u64 {
        self.cells.saturating_sub(self.missing)
    }
}

/// One column of all files.
pub(crate) struct Column {
    name: String,
    counts: Counts,
    files: usize,
    labels: Labels,
    /// Whether its cells are counted although they are numbers.
    counts_numbers: bool,
    /// Whether some file holds it as floats, which no label can be made of.
    is_unlabelled: bool,
    unreadable: Option<String>,
    is_temporal: bool,
    distinct: Distinct,
    least: f64,
    most: f64,
    /// Whether each number is above the one before, within every file.
    ascends: bool,
    last: f64,
    /// The first cells with a leading zero, of a date, written otherwise, and of other text.
    zero_example: Option<String>,
    odd_example: Option<String>,
}

impl Column {
    /// With room for so many labels. `counts_numbers` goes on counting cells that are all numbers.
    pub(super) fn new(name: &str, labels: usize, counts_numbers: bool) -> Self {
        Self {
            name: name.to_owned(),
            counts: Counts::default(),
            files: 0,
            labels: Labels::new(labels),
            counts_numbers,
            is_unlabelled: false,
            unreadable: None,
            is_temporal: false,
            distinct: Distinct::default(),
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
            ascends: true,
            last: f64::NEG_INFINITY,
            zero_example: None,
            odd_example: None,
        }
    }

    pub(super) fn begin_file(&mut self) {
        self.files += 1;
        self.last = f64::NEG_INFINITY;
    }

    pub(super) fn unreadable(&mut self, kind: &DataType) {
        self.unreadable = Some(excerpt(&kind.to_string()));
        self.is_temporal |= kind.is_temporal();
    }

    pub(super) fn without_labels(&mut self) {
        self.is_unlabelled = true;
        self.labels.stop();
    }

    /// Takes a cell of text. Labels come from the reference alone.
    pub(super) fn text(&mut self, text: &str, is_reference: bool) {
        self.counts.cells += 1;
        if text.is_empty() {
            self.counts.missing += 1;
            return;
        }
        let hash = hash::of(text.as_bytes());
        self.distinct.add(hash);
        if is_reference {
            self.labels.add(hash, text);
        }
        match cells::number(text) {
            Some(number) => self.number_text(text, number),
            None if MISSING_NUMBERS.contains(&text) => self.counts.missing_numbers += 1,
            None => self.other(text),
        }
    }

    /// Takes a cell of a float, or an empty one.
    pub(super) fn float(&mut self, number: Option<f64>) {
        self.counts.cells += 1;
        match number {
            None => self.counts.missing += 1,
            Some(number) if number.is_finite() => {
                self.distinct.add(hash::of(&number.to_bits().to_le_bytes()));
                self.number(number);
            }
            Some(number) => {
                self.counts.not_finite += 1;
                self.odd_example.get_or_insert_with(|| number.to_string());
            }
        }
    }

    fn number_text(&mut self, text: &str, number: f64) {
        if cells::is_whole(text) {
            self.counts.whole += 1;
            if cells::has_leading_zero(text) {
                self.counts.leading_zeros += 1;
                self.zero_example.get_or_insert_with(|| excerpt(text));
            }
        }
        self.number(number);
        // Counting takes time, and measurements make no labels. `lacks_labels` says if these were none.
        let measures = !self.counts_numbers && self.counts.leading_zeros == 0 && self.is_numeric();
        if measures && self.labels.is_counting() && self.labels.error() > 0 {
            self.labels.stop();
        }
    }

    fn number(&mut self, number: f64) {
        self.counts.numbers += 1;
        self.least = self.least.min(number);
        self.most = self.most.max(number);
        self.ascends &= number > self.last;
        self.last = number;
    }

    fn other(&mut self, text: &str) {
        match cells::shape(text) {
            Shape::Date => self.counts.dates += 1,
            Shape::Written => self.counts.written += 1,
            Shape::Padded => self.counts.padded += 1,
            Shape::NotFinite => self.counts.not_finite += 1,
            Shape::Text => self.counts.spaced += u64::from(text.contains(' ')),
        }
        self.odd_example.get_or_insert_with(|| excerpt(text));
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What its cells look like.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many files have it.
    pub(crate) fn files(&self) -> usize {
        self.files
    }

    /// Its labels, from the reference.
    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Whether its cells may be labels in every file.
    pub(crate) fn may_have_labels(&self) -> bool {
        !self.is_unlabelled
    }

    /// Whether it stopped counting, because all cells had been numbers, and now has codes or text. What it
    /// counted says nothing; the files have to be read again.
    pub(crate) fn lacks_labels(&self) -> bool {
        let has_text = !self.is_numeric() || self.counts.leading_zeros > 0;
        self.may_have_labels() && !self.labels.is_counting() && has_text
    }

    /// The type that is not readable, if some file has it so.
    pub(crate) fn unreadable_type(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// Whether that type is of days or times.
    pub(crate) fn is_temporal(&self) -> bool {
        self.is_temporal
    }

    /// Whether every cell is a number or says that there is none, and there are numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        let Counts { numbers, missing_numbers, .. } = self.counts;
        numbers > 0 && numbers + missing_numbers == self.counts.present()
    }

    /// Whether every number has digits alone.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_numeric() && self.counts.whole == self.counts.numbers
    }

    /// How many different cells there are, about.
    pub(crate) fn distinct(&self) -> f64 {
        self.distinct.estimate()
    }

    /// The least number and the largest.
    pub(crate) fn range(&self) -> RangeInclusive<f64> {
        self.least..=self.most
    }

    /// Whether each number is above the one before, within every file.
    pub(crate) fn ascends(&self) -> bool {
        self.ascends && self.counts.numbers > 1
    }

    /// A cell with a leading zero, for a message.
    pub(crate) fn zero_example(&self) -> &str {
        self.zero_example.as_deref().unwrap_or_default()
    }

    /// A cell that is not a number, for a message.
    pub(crate) fn odd_example(&self) -> &str {
        self.odd_example.as_deref().unwrap_or_default()
    }
}
