//! What a draft says of the data: what it took something for, and what to do if that is not what it is.

use std::fmt;

use fairshare_formats::excerpt::excerpt;

/// A remark on a column, on columns together, or on the data as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// The columns that it is about, as the files name them; none for the data as a whole.
    pub columns: Vec<String>,
    /// What was seen.
    pub finding: Finding,
}

/// What was seen, with what the draft did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// Left out: the column has no name.
    Unnamed,
    /// Left out: a name too long.
    LongName {
        /// Most bytes of a name.
        bound: usize,
    },
    /// Left out: some file lacks it.
    NotEverywhere {
        /// Files that have it.
        files: usize,
        /// All files.
        of: usize,
    },
    /// Left out: a type that no feature can be made of.
    Type {
        /// The type.
        found: String,
    },
    /// Left out: days or times.
    Date {
        /// One of them, or the type.
        example: String,
    },
    /// Left out: nearly all cells are empty.
    MostlyMissing {
        /// Empty cells, of all.
        share: f64,
    },
    /// Left out: of some file, most cells have no bin of their own.
    MostlyUnmatched {
        /// The file.
        file: String,
        /// Such cells, of all.
        share: f64,
    },
    /// Left out: one value only.
    Constant,
    /// Left out: nearly every record has its own.
    Identifier {
        /// About how many there are.
        distinct: u64,
    },
    /// Left out: text that people wrote.
    FreeText {
        /// About how many there are.
        distinct: u64,
    },
    /// Left out: no value is frequent enough for a bin.
    TooVaried {
        /// About how many there are.
        distinct: u64,
        /// The share of records that no value exceeds, as far as is known.
        most: f64,
    },
    /// Left out: numbers with separators or signs.
    WrittenNumbers {
        /// One of them.
        example: String,
    },
    /// Left out: numbers with white space around them.
    PaddedNumbers,
    /// Left out: `nan` or an infinity among numbers.
    NotFinite {
        /// How many cells.
        cells: u64,
        /// One of them.
        example: String,
    },
    /// Numbers, and cells that are none.
    PartlyNumbers {
        /// Cells that are none.
        cells: u64,
        /// One of them.
        example: String,
        /// Whether the column became labels all the same; else it was left out.
        kept: bool,
    },
    /// Whole numbers of which there are few.
    FewNumbers {
        /// How many.
        distinct: usize,
        /// Whether the draft has labels for them; else bins between edges.
        labels: bool,
        /// How many labels, or how many of these bins.
        bins: usize,
    },
    /// Asked for as labels, or written as codes, but some file holds floats.
    Floats,
    /// Codes: zeros before the number.
    LeadingZeros {
        /// One of them.
        example: String,
    },
    /// Truth values, spelled in more than one way.
    Truths {
        /// The spellings.
        spellings: Vec<String>,
        /// How many of them are labels of the draft.
        listed: usize,
    },
    /// Labels that differ in white space or capitals alone.
    Variants {
        /// Two of them.
        example: [String; 2],
        /// How many labels have such variants.
        labels: usize,
    },
    /// A label that is a word for a missing value.
    MissingWord {
        /// The label.
        label: String,
    },
    /// More cells than is to be warned of have no bin of their own.
    Unmatched {
        /// Where: the reference, or a part's file.
        file: String,
        /// The share of cells with a label that is not listed.
        other: f64,
        /// The share of empty cells.
        missing: f64,
        /// Labels that are listed; 0 for numbers.
        listed: usize,
    },
    /// The first column follows from the second.
    Determined {
        /// Whether each follows from the other.
        both: bool,
        /// Whether the first was left out for it.
        dropped: bool,
    },
    /// A part whose values hardly occur in the others.
    Apart {
        /// Its file.
        part: String,
    },
    /// Two columns depend on each other.
    Dependent {
        /// Nats that a record of both tells beyond what each tells, less what chance makes.
        nats: f64,
        /// Bins of the crossed feature.
        bins: usize,
        /// Whether the draft proposes to cross them.
        crossing: Crossing,
    },
    /// More pairs depend on each other than are remarked on.
    MorePairs {
        /// How many more.
        pairs: usize,
    },
    /// Columns that were not compared with the others.
    NotCompared {
        /// How many.
        columns: usize,
        /// Columns that were.
        compared: usize,
    },
    /// Parts so small that chance makes much of what they score.
    SmallParts {
        /// Records of the smallest.
        records: u64,
    },
    /// Nothing to compare with but the one part itself.
    OnePart,
    /// A part that weighs nothing under the draft.
    NoWeight {
        /// Its file.
        part: String,
        /// Nats per record.
        nats: f64,
        /// Nats per record that chance makes.
        bias: f64,
    },
    /// A part that is smaller than the policy's minimum.
    BelowMinimum {
        /// Its file.
        part: String,
        /// Its records.
        records: u64,
    },
}

/// Whether the draft has a block, commented out, that crosses two features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crossing {
    /// It has.
    Proposed,
    /// Not: they have too many bins together.
    TooManyBins,
    /// Not: another block crosses one of them, and a feature is crossed once.
    AlreadyCrossed,
    /// Not: enough blocks cross features that depend on each other more.
    Enough,
}

impl Finding {
    /// A short name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unnamed => "unnamed",
            Self::LongName { .. } => "long-name",
            Self::NotEverywhere { .. } => "not-everywhere",
            Self::Type { .. } => "type",
            Self::Date { .. } => "date",
            Self::MostlyMissing { .. } => "mostly-missing",
            Self::MostlyUnmatched { .. } => "mostly-unmatched",
            Self::Constant => "constant",
            Self::Identifier { .. } => "identifier",
            Self::FreeText { .. } => "free-text",
            Self::TooVaried { .. } => "too-varied",
            Self::WrittenNumbers { .. } => "written-numbers",
            Self::PaddedNumbers => "padded-numbers",
            Self::NotFinite { .. } => "not-finite",
            Self::PartlyNumbers { .. } => "partly-numbers",
            Self::FewNumbers { .. } => "few-numbers",
            Self::Floats => "floats",
            Self::LeadingZeros { .. } => "leading-zeros",
            Self::Truths { .. } => "truth-values",
            Self::Variants { .. } => "variants",
            Self::MissingWord { .. } => "missing-word",
            Self::Unmatched { .. } => "unmatched",
            Self::Determined { .. } => "determined",
            Self::Apart { .. } => "apart",
            Self::Dependent { .. } => "dependent",
            Self::MorePairs { .. } => "more-pairs",
            Self::NotCompared { .. } => "not-compared",
            Self::SmallParts { .. } => "small-parts",
            Self::OnePart => "one-part",
            Self::NoWeight { .. } => "no-weight",
            Self::BelowMinimum { .. } => "below-minimum",
        }
    }

    /// Whether the first column is not a feature of the draft for it.
    pub fn is_left_out(&self) -> bool {
        match self {
            Self::PartlyNumbers { kept, .. } => !kept,
            Self::Determined { dropped, .. } => *dropped,
            Self::Unnamed
            | Self::LongName { .. }
            | Self::NotEverywhere { .. }
            | Self::Type { .. }
            | Self::Date { .. }
            | Self::MostlyMissing { .. }
            | Self::MostlyUnmatched { .. }
            | Self::Constant
            | Self::Identifier { .. }
            | Self::FreeText { .. }
            | Self::TooVaried { .. }
            | Self::WrittenNumbers { .. }
            | Self::PaddedNumbers
            | Self::NotFinite { .. } => true,
            _ => false,
        }
    }
}

impl Remark {
    /// On one column.
    pub(crate) fn on(column: &str, finding: Finding) -> Self {
        Self { columns: vec![column.to_owned()], finding }
    }

    /// On two columns.
    pub(crate) fn on_both(first: &str, second: &str, finding: Finding) -> Self {
        Self { columns: vec![first.to_owned(), second.to_owned()], finding }
    }

    /// On the data as a whole.
    pub(crate) fn on_all(finding: Finding) -> Self {
        Self { columns: Vec::new(), finding }
    }
}

/// One line, whatever the columns' names are.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |index: usize| excerpt(self.columns.get(index).map_or("", String::as_str));
        match self.columns.len() {
            0 => {}
            1 => write!(f, "`{}`: ", name(0))?,
            _ => write!(f, "`{}` and `{}`: ", name(0), name(1))?,
        }
        self.finding.fmt(f)?;
        if self.finding.is_left_out() { write!(f, " Left out.") } else { Ok(()) }
    }
}

/// What was seen, and what to do about it, in sentences.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => write!(f, "a column has no name; name it if records should be scored by it."),
            Self::LongName { bound } => write!(f, "the name has more than {bound} bytes; shorten it."),
            Self::NotEverywhere { files, of } => {
                write!(f, "{files} of {of} files have this column; a feature's column must be in every file.")
            }
            Self::Type { found } => {
                write!(f, "the type {found} gives no bins; convert it to text or a number.")
            }
            Self::Date { example } => write!(
                f,
                "dates, such as {example}; later data always has others. Make columns of the parts that \
                 matter, as month, day of the week or hour."
            ),
            Self::MostlyMissing { share } => write!(f, "{} of the cells are empty.", percent(*share)),
            Self::MostlyUnmatched { file, share } => write!(
                f,
                "{} of the cells in {} are empty or have a label that is too rare to be listed. Group the \
                 labels, or give --accept-unmatched here and whenever such data is read.",
                percent(*share),
                excerpt(file)
            ),
            Self::Constant => write!(f, "every record has the same value, so it tells nothing."),
            _ => self.of_values(f),
        }
    }
}

impl Finding {
    fn of_values(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier { distinct } => write!(
                f,
                "nearly every record has a value of its own, about {distinct} in all: an id, which tells \
                 nothing about the data."
            ),
            Self::FreeText { distinct } => {
                write!(f, "free text, about {distinct} different ones; make a column of what matters in it.")
            }
            Self::TooVaried { distinct, most } => write!(
                f,
                "about {distinct} different values, none in more than {} of the records; group them into \
                 fewer.",
                percent(*most)
            ),
            Self::WrittenNumbers { example } => write!(
                f,
                "numbers written as `{example}`; write them with a decimal point, without separators or \
                 signs."
            ),
            Self::PaddedNumbers => {
                write!(f, "numbers with white space around them; remove it, for cells are taken as they are.")
            }
            Self::NotFinite { cells, example } => write!(
                f,
                "{cells} cells such as `{example}` among numbers; leave them empty if the value is missing."
            ),
            Self::PartlyNumbers { cells, example, kept } => {
                let then = if *kept { " Its frequent values became labels." } else { "" };
                write!(
                    f,
                    "{cells} cells such as `{example}` among numbers; leave them empty if the value is \
                     missing, and the column becomes numeric.{then}"
                )
            }
            Self::FewNumbers { distinct, labels: true, bins } => {
                let each = each(*distinct, *bins);
                write!(
                    f,
                    "{distinct} different whole numbers with gaps, taken for codes: {each}. If they measure \
                     something, make the feature numeric."
                )
            }
            Self::FewNumbers { distinct, labels: false, bins } => {
                let each = if bins == distinct { "a bin each".to_owned() } else { format!("{bins} bins") };
                write!(
                    f,
                    "{distinct} different whole numbers, {each}. If they are codes, draft with --categorical."
                )
            }
            Self::Floats => write!(
                f,
                "a file holds floats, which cannot be labels, so the column is taken for numbers. If they \
                 are codes, write them as whole numbers or text (with pandas, type Int64 or str)."
            ),
            _ => self.of_labels(f),
        }
    }

    fn of_labels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeadingZeros { example } => write!(
                f,
                "codes with leading zeros, such as `{example}`, taken for labels. Keep the zeros in every \
                 file: labels are compared byte for byte."
            ),
            Self::Truths { spellings, listed } => write!(
                f,
                "truth values in several spellings ({}), {}. Agree on one spelling, in the data and here: \
                 labels are compared byte for byte.",
                spellings
                    .iter()
                    .map(|spelling| format!("`{}`", excerpt(spelling)))
                    .collect::<Vec<_>>()
                    .join(", "),
                each(spellings.len(), *listed)
            ),
            Self::Variants { example: [a, b], labels } => write!(
                f,
                "{labels} labels differ from others in white space or capitals alone, as {:?} and {:?}. \
                 Agree on one spelling: labels are compared byte for byte.",
                excerpt(a),
                excerpt(b)
            ),
            Self::MissingWord { label } => write!(
                f,
                "the value `{}` reads like a missing one; if it is, leave such cells empty.",
                excerpt(label)
            ),
            Self::Unmatched { file, other, missing, listed } => {
                let mut told = Vec::new();
                if *other > 0.0 {
                    let other = percent(*other);
                    told.push(format!("{other} of the cells have none of the {listed} labels listed"));
                }
                if *missing > 0.0 {
                    told.push(format!("{} are empty", percent(*missing)));
                }
                write!(f, "in {}, {}.", excerpt(file), told.join(", and "))
            }
            _ => self.of_several(f),
        }
    }

    fn of_several(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Determined { both, dropped } => {
                let other = if *both { ", and the second from the first" } else { "" };
                let then = if *dropped {
                    ""
                } else {
                    " The draft has both, as its bins of the second do not give those of the first."
                };
                write!(
                    f,
                    "the first follows from the second{other}, so that both together count what they share \
                     twice. Keep one, or cross them.{then}"
                )
            }
            Self::Dependent { nats, bins, crossing } => write!(
                f,
                "they depend on each other ({nats:.2} nats per record): what they share counts twice, and \
                 which values go together does not count. Crossed they have {bins} bins. {crossing}"
            ),
            Self::MorePairs { pairs } => {
                write!(f, "{pairs} more pairs of features depend on each other, less than those named here.")
            }
            Self::NotCompared { columns, compared } => write!(
                f,
                "only the first {compared} columns were compared with each other. Whether the other \
                 {columns} follow from them or depend on them is not known: leave out what is not needed."
            ),
            Self::SmallParts { records } => write!(
                f,
                "the smallest part has {records} records. Fewer than 100 say little, since chance alone \
                 makes them diverge."
            ),
            Self::Apart { part } => write!(
                f,
                "hardly a value of {} occurs in the other parts, so the column names the contributor in \
                 other words, and pays for that. Leave it out (--leave-out), unless this difference is what \
                 is to be paid for.",
                excerpt(part)
            ),
            _ => self.of_parts(f),
        }
    }

    fn of_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnePart => write!(
                f,
                "the reference is counted from the one part that is given, so that this part earns nothing. \
                 Give the parts of all contributors to --data, or other data to --reference-from."
            ),
            Self::NoWeight { part, nats, bias } => write!(
                f,
                "{} would earn nothing: it diverges by {nats:.4} nats per record, and chance alone makes \
                 {bias:.4}.",
                excerpt(part)
            ),
            Self::BelowMinimum { part, records } => {
                write!(f, "{} has {records} records, fewer than the minimum.", excerpt(part))
            }
            _ => Ok(()),
        }
    }
}

/// What becomes of so many values of which so many are labels.
fn each(values: usize, listed: usize) -> String {
    if listed == values {
        "a label each".to_owned()
    } else {
        format!("{listed} of them labels, and one bin for the others")
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proposed => "A block that crosses them stands below, commented out.",
            Self::TooManyBins => "Give them fewer bins before you cross them.",
            Self::AlreadyCrossed => {
                "No block crosses them, since another crosses one of them, and a feature is crossed once."
            }
            Self::Enough => "No block crosses them, since other pairs depend on each other more.",
        })
    }
}

/// A share for people.
pub(crate) fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent <= 0.0 => "0 %".to_owned(),
        percent if percent < 0.01 => "less than 0.01 %".to_owned(),
        percent if percent < 1.0 => format!("{percent:.2} %"),
        percent if percent > 99.9 && percent < 100.0 => "more than 99.9 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}
