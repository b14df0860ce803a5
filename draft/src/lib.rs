//! # From anybody's data to a policy
//!
//! [`draft`] reads the parts of contributors and writes the policy of an epoch that pays for them: which
//! columns are features, with which bins, what they are compared with, and the numbers of the rules that
//! follow from data. Terms that do not, such as the vault's address, are placeholders until they are given.
//! The policy is read back and checked before it is returned.
//!
//! The files are read **twice**. The first pass finds out what the columns hold, since labels and edges must
//! be known before anything can be counted. The second counts the reference and every part by them, as every
//! other command does. So the counts are exact, although labels and edges come from sketches and a sample.
//! Where a column turns out late not to hold numbers alone, the first pass is made once more.
//!
//! **Memory** is bounded, whatever the files hold. A column has room for some thousands of different cells,
//! an estimate of how many there are, and its part of a sample of whole records. Nothing in it is random, so
//! the same files give the same draft.
//!
//! How many bins a draft has: `budget.rs`. What it says of the data: [`Finding`].
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use arrow_schema::Field;
use fairshare_formats::policy::{MAX_POLICY_BYTES, from_toml, side_file_hash};
use fairshare_formats::reference::to_json;
use fairshare_ingest::unmatched::{Unmatched, unmatched};
use fairshare_ingest::{Given, Records, Tables, reference};
use fairshare_params::Geometry;
use fairshare_params::policy::Policy;
use fairshare_params::reference::Reference;
use fairshare_params::schema::{Feature, Rule, Schema};

mod apart;
mod budget;
mod edges;
mod error;
mod figures;
mod guess;
mod options;
mod pairs;
mod placeholders;
mod plan;
mod profile;
mod remark;
mod text;

pub use error::DraftError;
pub use figures::{Figures, Part};
pub use options::{Options, Terms};
pub use placeholders::Placeholder;
pub use remark::{Crossing, Finding, Remark};

use figures::{Counted, FEW_RECORDS, Scoring};
use placeholders::Set;
use plan::{Choice, Pair, Plan, Sizes};
use profile::{Profile, Purpose};
use text::Written;

/// Most files, parts and those of the reference together.
pub const MAX_FILES: usize = 4_096;

/// A policy, and what is to be said of it.
#[derive(Debug)]
pub struct Drafted {
    /// The policy's text.
    pub text: String,
    /// The reference's file, which the policy names with its hash.
    pub reference: String,
    /// The policy, as it was read back.
    pub policy: Policy,
    /// Numbers of the rules that follow from the data.
    pub figures: Figures,
    /// The parts under it, in the order given.
    pub parts: Vec<Part>,
    /// Records of the reference.
    pub reference_records: u64,
    /// Records of the smallest contribution that is expected.
    pub expected_records: u64,
    /// By feature, what of the reference matches no label or is empty.
    pub unmatched: Vec<Unmatched>,
    /// What was seen in the data.
    pub remarks: Vec<Remark>,
    /// What has to be set before the policy is used.
    pub placeholders: Vec<Placeholder>,
}

/// Drafts a policy.
///
/// # Errors
///
/// Too many files or columns, files that cannot be read, an option that names no column, data without a
/// single column that can be a feature, and terms that the rules refuse.
pub fn draft(options: &Options) -> Result<Drafted, DraftError> {
    draft_while(options, &|_| true)
}

/// Drafts a policy for as long as `goes_on` says so: it is asked after every batch, and told how many records
/// were read of both passes together.
pub fn draft_while(options: &Options, goes_on: &dyn Fn(u64) -> bool) -> Result<Drafted, DraftError> {
    let files = options.data.len().saturating_add(options.reference_from.len());
    if files > MAX_FILES {
        return Err(DraftError::TooManyFiles { found: files, bound: MAX_FILES });
    }
    let mut reading = Reading { goes_on, records: 0, of_each: Vec::with_capacity(files) };
    let (profile, sizes) = profile(options, &mut reading)?;
    let choice = Choice::new(&profile, options, sizes)?;
    let mut counts = Counts::of(options, &choice.schema, &mut reading)?;
    let unfit = if options.accept_unmatched { Vec::new() } else { counts.mostly_unmatched(&choice.schema) };
    let counted = choice.schema.clone();
    let mut plan = choice.plan(&profile, options, unfit)?;
    drop(profile);
    counts.keep(&counted, &plan.kept);
    let reference = Reference::from_histogram(&plan.schema, &counts.reference)?;
    let scoring = Scoring {
        options,
        schema: &plan.schema,
        reference: &reference,
        alphabet: plan.geometry.alphabet(),
        reference_records: counts.records(&plan.schema),
        expected_records: plan.expected_records,
        rounds: Set::of(options).rounds.1,
    };
    let mut remarks = std::mem::take(&mut plan.remarks);
    let (figures, parts) = scoring.figures(&counts.parts, &mut plan.pairs, &mut remarks)?;
    remarks.extend(apart::features(&plan.schema, &counts.parts));
    remarks.extend(plan.pairs.iter().map(dependent));
    remarks.extend(general(options, &plan));
    remarks.extend(counts.much_unmatched(&plan.schema, options.warn_unmatched));
    write(options, plan, &counts, to_json(&reference), Found { figures, parts, remarks })
}

/// What was found out besides the schema.
struct Found {
    figures: Figures,
    parts: Vec<Part>,
    remarks: Vec<Remark>,
}

/// The draft as text, read back.
fn write(
    options: &Options,
    plan: Plan,
    counts: &Counts,
    reference: String,
    found: Found,
) -> Result<Drafted, DraftError> {
    let Found { figures, parts, remarks } = found;
    let unmatched = unmatched(&plan.schema, &counts.reference);
    let placeholders = placeholders::missing(options);
    let reference_records = counts.records(&plan.schema);
    let written = Written {
        options,
        set: &Set::of(options),
        plan: &plan,
        reference_hash: side_file_hash(reference.as_bytes()).to_string(),
        reference_records,
        figures: &figures,
        parts: &parts,
        remarks: &remarks,
        placeholders: &placeholders,
        unmatched: &unmatched,
    };
    let text = text::policy(&written);
    let policy = read_back(&text, &reference, &options.reference_file)?;
    let expected_records = plan.expected_records;
    Ok(Drafted {
        text,
        reference,
        policy,
        figures,
        parts,
        reference_records,
        expected_records,
        unmatched,
        remarks,
        placeholders,
    })
}

/// How far the two passes are.
struct Reading<'a> {
    goes_on: &'a dyn Fn(u64) -> bool,
    records: u64,
    /// Records of each file or table in the first pass, those of the reference last.
    of_each: Vec<u64>,
}

impl Reading<'_> {
    fn add(&mut self, records: u64) -> Result<(), DraftError> {
        self.records = self.records.saturating_add(records);
        if (self.goes_on)(self.records) { Ok(()) } else { Err(DraftError::Cancelled) }
    }

    /// Counts by symbol what is the `place`-th of all, which has to be as long as before.
    fn count(&mut self, given: &Given, place: usize, schema: &Schema) -> Result<Vec<u64>, DraftError> {
        let mut counts = vec![0; schema.symbol_count()];
        let (before, first) = (self.records, self.of_each.get(place).copied().unwrap_or_default());
        let mut records = 0;
        let is_whole = reference::count_while(Records::open(given.data(), schema)?, &mut counts, |read| {
            records = read.records_read();
            (self.goes_on)(before.saturating_add(records))
        })?;
        self.records = before.saturating_add(records);
        match (is_whole, records == first) {
            (false, _) => Err(DraftError::Cancelled),
            (true, true) => Ok(counts),
            (true, false) => {
                Err(DraftError::Changed { path: given.name().to_owned(), first, second: records })
            }
        }
    }
}

/// The first pass: what the columns hold, and how large the parts are. A column that began as numbers and has
/// text or codes later was not counted to its end; the files are then read again, and it is.
fn profile(options: &Options, reading: &mut Reading<'_>) -> Result<(Profile, Sizes), DraftError> {
    let mut counted = options.categorical.clone();
    let (profile, sizes) = profile_counting(options, &counted, reading)?;
    let lacking = profile.columns().iter().filter(|column| column.lacks_labels());
    let lacking: Vec<_> = lacking.map(|column| column.name().to_owned()).collect();
    if lacking.is_empty() {
        return Ok((profile, sizes));
    }
    drop(profile);
    reading.of_each.clear();
    counted.extend(lacking);
    profile_counting(options, &counted, reading)
}

/// One pass. Of the columns in `counted`, numbers are counted as labels, however many there are.
fn profile_counting(
    options: &Options,
    counted: &[String],
    reading: &mut Reading<'_>,
) -> Result<(Profile, Sizes), DraftError> {
    // Of parts alone, each is the reference's, too.
    let parts = if options.reference_from.is_empty() { Purpose::Reference } else { Purpose::Part };
    let files: Vec<_> = options.data.iter().map(|given| (given, parts, true)).collect();
    let others = options.reference_from.iter().map(|given| (given, Purpose::Reference, false));
    let files: Vec<_> = files.into_iter().chain(others).collect();
    let mut fields: Vec<Field> = Vec::new();
    let mut names = BTreeSet::new();
    // Each by itself: files may have other columns than the first one.
    for (given, ..) in &files {
        let table = Tables::open(given.data())?;
        let found = table.fields().iter().chain(table.passed_over());
        fields.extend(found.filter(|field| names.insert(field.name().clone())).cloned());
    }
    let mut profile = Profile::new(&fields, counted)?;
    let (mut smallest, mut largest) = (u64::MAX, 0);
    for (given, purpose, is_part) in files {
        let before = profile.records();
        let mut table = Tables::open(given.data())?;
        let layout = profile.begin(table.fields(), table.passed_over(), purpose);
        while let Some(batch) = table.next_batch()? {
            profile.add(&layout, given.name(), batch.records(), batch.columns())?;
            reading.add(batch.records() as u64)?;
        }
        let records = profile.records().saturating_sub(before);
        reading.of_each.push(records);
        if is_part {
            (smallest, largest) = (records.min(smallest), records.max(largest));
        }
    }
    Ok((profile, Sizes { smallest, largest }))
}

/// The second pass: the parts' histograms, and the reference's.
struct Counts {
    parts: Vec<Counted>,
    reference: Vec<u64>,
}

impl Counts {
    fn of(options: &Options, schema: &Schema, reading: &mut Reading<'_>) -> Result<Self, DraftError> {
        let mut sum = vec![0u64; schema.symbol_count()];
        let mut add = |histogram: &[u64]| {
            sum.iter_mut().zip(histogram).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        };
        let mut parts = Vec::with_capacity(options.data.len());
        for (place, given) in options.data.iter().enumerate() {
            let histogram = reading.count(given, place, schema)?;
            if options.reference_from.is_empty() {
                add(&histogram);
            }
            parts.push(Counted { path: given.name().to_owned(), histogram });
        }
        for (place, given) in (options.data.len()..).zip(&options.reference_from) {
            add(&reading.count(given, place, schema)?);
        }
        Ok(Self { parts, reference: sum })
    }

    /// Records of the reference.
    fn records(&self, schema: &Schema) -> u64 {
        self.reference.get(schema.symbols(0)).map_or(0, |counts| counts.iter().sum())
    }

    /// What matches nothing: in the reference, and then in each part, by the file's name.
    fn unmatched(&self, schema: &Schema) -> impl Iterator<Item = (String, Unmatched)> {
        let reference = ("the reference".to_owned(), &self.reference);
        let parts = self.parts.iter().map(|part| (name_of(&part.path), &part.histogram));
        std::iter::once(reference).chain(parts).flat_map(move |(file, histogram)| {
            unmatched(schema, histogram).into_iter().map(move |line| (file.clone(), line))
        })
    }

    /// The features of which most cells have no bin of their own, in the reference or in a part, each with
    /// the first file that is so. They are left out: whoever counts such data is asked to say that it is
    /// meant.
    fn mostly_unmatched(&self, schema: &Schema) -> Vec<Remark> {
        let mut names = BTreeSet::new();
        let found = self.unmatched(schema).filter(|(_, line)| line.is_most());
        let first = found.filter(|(_, line)| names.insert(line.feature.clone()));
        let remark = |(file, line): (String, Unmatched)| {
            Remark::on(&line.feature, Finding::MostlyUnmatched { file, share: line.share() })
        };
        first.map(remark).collect()
    }

    /// The features of which more cells than a share `warn` have no bin of their own, each with the first
    /// file that is so.
    fn much_unmatched(&self, schema: &Schema, warn: f64) -> Vec<Remark> {
        let mut names = BTreeSet::new();
        let found = self.unmatched(schema).filter(|(_, line)| line.share() > warn);
        let first = found.filter(|(_, line)| names.insert(line.feature.clone()));
        let listed = |name: &str| {
            let columns = schema.features().iter().flat_map(Feature::columns);
            let mut rules = columns.filter(|column| column.name == name).map(|column| &column.rule);
            rules.find_map(|rule| match rule {
                Rule::Categorical { labels } => Some(labels.len()),
                Rule::Numeric { .. } => None,
            })
        };
        let remark = |(file, line): (String, Unmatched)| {
            let (other, missing) = (line.other_share(), line.missing_share());
            let listed = listed(&line.column).unwrap_or_default();
            Remark::on(&line.feature, Finding::Unmatched { file, other, missing, listed })
        };
        first.map(remark).collect()
    }

    /// Keeps the counts of these features of the schema that was counted by.
    fn keep(&mut self, counted: &Schema, kept: &[usize]) {
        let keep = |histogram: &[u64]| -> Vec<u64> {
            let counts = |place: &usize| histogram.get(counted.symbols(*place)).unwrap_or_default();
            // Padding is not counted.
            std::iter::once(0).chain(kept.iter().flat_map(counts).copied()).collect()
        };
        self.reference = keep(&self.reference);
        self.parts.iter_mut().for_each(|part| part.histogram = keep(&part.histogram));
    }
}

/// A file's name, without its folder.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn dependent(pair: &Pair) -> Remark {
    let Pair { names: [first, second], nats, bins, crossing, .. } = pair;
    let finding = Finding::Dependent { nats: *nats, bins: *bins, crossing: *crossing };
    Remark::on_both(first, second, finding)
}

/// Remarks on the data as a whole.
fn general(options: &Options, plan: &Plan) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if plan.more_pairs > 0 {
        remarks.push(Remark::on_all(Finding::MorePairs { pairs: plan.more_pairs }));
    }
    if options.data.len() == 1 && options.reference_from.is_empty() {
        remarks.push(Remark::on_all(Finding::OnePart));
    }
    if plan.expected_records < FEW_RECORDS {
        remarks.push(Remark::on_all(Finding::SmallParts { records: plan.expected_records }));
    }
    remarks
}

/// The draft as everybody else will read it.
fn read_back(text: &str, reference: &str, name: &str) -> Result<Policy, DraftError> {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > MAX_POLICY_BYTES {
        return Err(DraftError::TooLong { found: text.len(), bound: MAX_POLICY_BYTES });
    }
    let load = |wanted: &str| match wanted {
        wanted if wanted == name => Ok(reference.as_bytes().to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    Ok(from_toml(text, &load)?)
}

impl Drafted {
    /// The circuits' shape.
    pub fn geometry(&self) -> Geometry {
        self.policy.geometry()
    }
}
