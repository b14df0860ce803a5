//! What a column is: numbers, labels, or nothing to score records by.

use fairshare_ingest::may_mean_missing;
use fairshare_params::schema::Rule;

use crate::budget::{MAX_LABELS, label_share};
use crate::edges;
use crate::profile::cells::truth;
use crate::profile::{Column, Profile};
use crate::remark::{Finding, Remark};

/// Longest name of a column that becomes a feature, in bytes.
pub(crate) const NAME_BYTES: usize = 128;
/// Empty cells, of all, from which a column is left out.
const MOSTLY: f64 = 0.95;
/// Different values, of the records, from which each record has its own.
const OWN: f64 = 0.9;
/// Fewer records show nothing of the kind.
const FEW_RECORDS: u64 = 20;
/// Most different whole numbers that look like categories.
const FEW_NUMBERS: usize = 24;
/// Most different values of a column of numbers and other text that becomes labels.
const FEW_VALUES: usize = 64;
/// Cells that are written in one way, of all, from which the column is taken for it.
const MOST: f64 = 0.5;

/// What a column becomes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Guess {
    /// Numbers between edges, of so many different ones in the sample.
    Numeric {
        /// The numbers of the sample in order, equal ones together.
        values: Vec<(f64, usize)>,
        /// The least and the largest of all.
        range: (f64, f64),
    },
    /// Labels, the most frequent first.
    Categorical {
        /// Those that are frequent enough.
        labels: Vec<String>,
        /// Whether the column has others.
        others: bool,
    },
}

impl Guess {
    /// How many bins it would have, that of missing values aside.
    pub(crate) fn bins(&self) -> usize {
        match self {
            Self::Numeric { values, .. } => values.len().max(2),
            Self::Categorical { labels, others } => labels.len() + usize::from(*others),
        }
    }
}

/// A column that may become a feature.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Its place among the profile's columns.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// What it becomes.
    pub guess: Guess,
    /// What is to be said of its values, once it is known how many bins they get.
    pub values: Option<Values>,
}

/// Values that a remark counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// So many different whole numbers.
    FewNumbers(usize),
    /// Truth values in these spellings.
    Truths(Vec<String>),
}

impl Candidate {
    /// What is said of its values, with the bins that the finished rule has for them.
    pub(crate) fn remark(&self, rule: &Rule) -> Option<Remark> {
        let (bins, labels) = match rule {
            Rule::Numeric { edges } => (edges.len() + 1, false),
            Rule::Categorical { labels } => (labels.len(), true),
        };
        let finding = match self.values.clone()? {
            // Two numbers are what they seem, unless they have become labels.
            Values::FewNumbers(..=2) if !labels => return None,
            Values::FewNumbers(distinct) => Finding::FewNumbers { distinct, labels, bins },
            Values::Truths(spellings) => Finding::Truths { spellings, listed: bins },
        };
        Some(Remark::on(&self.name, finding))
    }
}

/// What is asked of all columns alike.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Records of the smallest contribution that is expected.
    pub expected_records: u64,
    /// Columns whose numbers are labels.
    pub categorical: &'a [String],
}

/// What a column is, and what is to be said of it.
pub(crate) fn guess(
    profile: &Profile,
    place: usize,
    asked: Asked<'_>,
    remarks: &mut Vec<Remark>,
) -> Option<Candidate> {
    let column = profile.columns().get(place)?;
    let mut said = Said::default();
    let judge = Judge { profile, column, place, asked };
    let found = match judge.unfit() {
        Some(finding) => Err(finding),
        None => judge.values(&mut said),
    };
    let guess = match found {
        Ok(guess) => Some(guess),
        Err(finding) => {
            said.findings = vec![finding];
            None
        }
    };
    let Said { findings, values } = said;
    remarks.extend(findings.into_iter().map(|finding| Remark::on(column.name(), finding)));
    Some(Candidate { place, name: column.name().to_owned(), guess: guess?, values })
}

/// What is to be said of a column that becomes a feature: at once, and with its bins.
#[derive(Default)]
struct Said {
    findings: Vec<Finding>,
    values: Option<Values>,
}

struct Judge<'a> {
    profile: &'a Profile,
    column: &'a Column,
    place: usize,
    asked: Asked<'a>,
}

type Judged = Result<Guess, Finding>;

impl Judge<'_> {
    /// Why it is left out, whatever its values are.
    fn unfit(&self) -> Option<Finding> {
        let (column, counts, files) = (self.column, self.column.counts(), self.profile.files());
        if column.name().is_empty() {
            return Some(Finding::Unnamed);
        }
        if column.name().len() > NAME_BYTES {
            return Some(Finding::LongName { bound: NAME_BYTES });
        }
        if let Some(found) = column.unreadable_type() {
            let found = found.to_owned();
            return Some(if column.is_temporal() {
                Finding::Date { example: found }
            } else {
                Finding::Type { found }
            });
        }
        if column.files() < files {
            return Some(Finding::NotEverywhere { files: column.files(), of: files });
        }
        let words = if column.is_numeric() { counts.missing_numbers } else { 0 };
        let share = share(counts.missing + words, counts.cells);
        if share >= MOSTLY {
            return Some(Finding::MostlyMissing { share });
        }
        let one = column.distinct().round() <= 1.0;
        (one && counts.missing == 0 && counts.not_finite == 0).then_some(Finding::Constant)
    }

    fn values(&self, said: &mut Said) -> Judged {
        let column = self.column;
        let is_named = self.asked.categorical.iter().any(|name| name == column.name());
        let has_zeros = column.counts().leading_zeros > 0 && column.is_numeric();
        if !column.may_have_labels() {
            if is_named || has_zeros {
                said.findings.push(Finding::Floats);
            }
            return if column.is_numeric() { self.numbers(said) } else { self.text(said) };
        }
        if is_named {
            return self.labels(said);
        }
        if has_zeros {
            if !self.is_own() {
                said.findings.push(Finding::LeadingZeros { example: column.zero_example().to_owned() });
            }
            return self.labels(said);
        }
        if let Some(spellings) = self.truths() {
            let of = |value| spellings.iter().filter(|text| truth(text) == Some(value)).count();
            if of(true) > 1 || of(false) > 1 {
                said.values = Some(Values::Truths(spellings));
            }
            return self.labels(said);
        }
        if column.is_numeric() { self.numbers(said) } else { self.text(said) }
    }

    /// A column of numbers.
    fn numbers(&self, said: &mut Said) -> Judged {
        let column = self.column;
        if column.is_whole() {
            if self.are_days() {
                return Err(Finding::Date { example: column.range().end().to_string() });
            }
            if self.is_counter() {
                return Err(Finding::Identifier { distinct: whole(column.distinct()) });
            }
            if let Some(guess) = self.few_numbers(said) {
                return Ok(guess);
            }
        }
        Ok(self.numeric())
    }

    /// Numbers that are nearly all different, and count up, or are named as ids are.
    fn is_counter(&self) -> bool {
        let (column, records) = (self.column, self.column.counts().present());
        if !self.is_own() {
            return false;
        }
        let span = column.range().end() - column.range().start() + 1.0;
        let is_dense = column.distinct() >= 0.5 * span;
        let name = column.name().to_ascii_lowercase();
        let is_named = ["id", "uuid", "guid", "key", "index"].contains(&name.as_str())
            || ["_id", " id", "-id", "_uuid", "_key"].iter().any(|end| name.ends_with(end))
            || column.name().ends_with("Id")
            || column.name().ends_with("ID");
        records >= FEW_RECORDS && (column.ascends() || is_dense || is_named)
    }

    /// Days written as one number: 20240331.
    fn are_days(&self) -> bool {
        let range = self.column.range();
        let is_day = |number: f64| {
            let (year, month, day) = ((number / 1e4).floor(), (number / 1e2).floor() % 1e2, number % 1e2);
            (1900.0..2100.0).contains(&year) && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day)
        };
        let sample = self.profile.sample().column(self.place);
        is_day(*range.start())
            && is_day(*range.end())
            && sample.iter().filter_map(|cell| cell.number).all(is_day)
    }

    /// Few whole numbers: a bin each, or, if there are gaps between them, a label each.
    fn few_numbers(&self, said: &mut Said) -> Option<Guess> {
        let (column, labels) = (self.column, self.column.labels());
        let distinct = labels.by_count().len();
        let records = self.profile.reference_records();
        let repeats = u64::try_from(distinct).unwrap_or(u64::MAX).saturating_mul(4) <= records;
        if !labels.is_exact() || !(2..=FEW_NUMBERS).contains(&distinct) || !repeats {
            return None;
        }
        let span = column.range().end() - column.range().start() + 1.0;
        let gaps = span > 2.0 * distinct as f64;
        // Signs and zeros before a number are other labels, and the same number.
        let canonical = |text: &str| text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
        let as_labels = gaps && labels.by_count().iter().all(|(text, _)| canonical(text));
        said.values = Some(Values::FewNumbers(distinct));
        as_labels.then(|| self.labels(&mut Said::default()).ok()).flatten()
    }

    fn numeric(&self) -> Guess {
        let cells = self.profile.sample().column(self.place);
        let range = self.column.range();
        Guess::Numeric {
            values: edges::values(cells.iter().filter_map(|cell| cell.number)),
            range: (*range.start(), *range.end()),
        }
    }

    /// The truth values' spellings, if there is nothing else.
    fn truths(&self) -> Option<Vec<String>> {
        let labels = self.column.labels();
        let found = labels.by_count();
        let are_numbers = self.column.is_numeric();
        (labels.is_exact() && !found.is_empty() && !are_numbers).then_some(())?;
        found.iter().all(|(text, _)| truth(text).is_some()).then_some(())?;
        Some(found.into_iter().map(|(text, _)| text.to_owned()).collect())
    }

    /// A column with text in it.
    fn text(&self, said: &mut Said) -> Judged {
        let (column, counts) = (self.column, self.column.counts());
        let of_present = |cells: u64| share(cells, counts.present());
        let example = || column.odd_example().to_owned();
        if of_present(counts.dates) >= MOST {
            return Err(Finding::Date { example: example() });
        }
        let floats = !column.may_have_labels();
        if counts.numbers + counts.missing_numbers + counts.not_finite == counts.present()
            && (floats || counts.numbers > 0)
        {
            return Err(Finding::NotFinite { cells: counts.not_finite, example: example() });
        }
        let odd = counts.present().saturating_sub(counts.numbers + counts.missing_numbers);
        // The reader takes neither labels from floats nor numbers from such text.
        if floats || of_present(counts.numbers) >= MOST {
            let partly = |kept| Finding::PartlyNumbers { cells: odd, example: example(), kept };
            if column.labels().is_exact() && column.labels().by_count().len() <= FEW_VALUES {
                said.findings.push(partly(true));
                return self.labels(&mut Said::default());
            }
            return Err(partly(false));
        }
        if of_present(counts.written + counts.numbers) >= MOST && counts.written > 0 {
            return Err(Finding::WrittenNumbers { example: example() });
        }
        if of_present(counts.padded + counts.numbers) >= MOST && counts.padded > 0 {
            return Err(Finding::PaddedNumbers);
        }
        self.labels(said)
    }

    /// Labels, if any is frequent enough.
    fn labels(&self, said: &mut Said) -> Judged {
        let (column, labels) = (self.column, self.column.labels());
        let distinct = whole(column.distinct());
        if self.is_own() || share(labels.long(), self.profile.reference_records()) >= MOST {
            let spaced = share(column.counts().spaced, column.counts().present()) >= MOST;
            return Err(if spaced || labels.long() > 0 {
                Finding::FreeText { distinct }
            } else {
                Finding::Identifier { distinct }
            });
        }
        let needed = label_share(self.asked.expected_records);
        let found = labels.by_count();
        let enough = needed * self.profile.reference_records() as f64;
        let frequent: Vec<_> = found.iter().filter(|(_, count)| *count as f64 >= enough).collect();
        if frequent.is_empty() {
            // Counts may be too low, so that more is not known of the most frequent one.
            let most = found.first().map_or(0, |(_, count)| *count).saturating_add(labels.error());
            let known = share(most, self.profile.reference_records());
            return Err(Finding::TooVaried { distinct, most: needed.max(known) });
        }
        let texts: Vec<&str> = frequent.iter().map(|(text, _)| *text).take(MAX_LABELS).collect();
        said.findings.extend(variants(&texts));
        said.findings.extend(
            texts
                .iter()
                .find(|text| may_mean_missing(text))
                .map(|text| Finding::MissingWord { label: (*text).to_owned() }),
        );
        let others = !labels.is_exact() || texts.len() < found.len();
        Ok(Guess::Categorical { labels: texts.into_iter().map(str::to_owned).collect(), others })
    }

    /// Whether nearly every record has a value of its own.
    fn is_own(&self) -> bool {
        let present = self.column.counts().present();
        present >= FEW_RECORDS && self.column.distinct() >= OWN * present as f64
    }
}

/// Labels that are the same but for white space and capitals.
fn variants(labels: &[&str]) -> Option<Finding> {
    let mut folded: Vec<_> = labels
        .iter()
        .map(|label| (label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(), *label))
        .collect();
    folded.sort_unstable();
    let mut pairs = folded.windows(2).filter_map(|pair| match pair {
        [(a, first), (b, second)] if a == b => Some([*first, *second]),
        _ => None,
    });
    let example = pairs.next()?.map(str::to_owned);
    Some(Finding::Variants { example, labels: pairs.count() + 1 })
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// A number of values; estimates are not below zero, and far below 2^64.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate for people")]
fn whole(estimate: f64) -> u64 {
    estimate.round() as u64
}
