//! # From anybody's data to a policy
//!
//! [`draft`] reads the parts of contributors and writes the policy of an epoch that pays for them: which
//! columns
//! are features, with which bins, what they are compared with, and the numbers of the rules that follow from
//! data. Terms that do not, as the vault's address, are placeholders until they are given. What it writes is
//! read back and checked before it is handed out.
//!
//! It reads the files **twice**. The first pass finds out what the columns hold: labels and edges must be
//! known
//! before anything can be counted. The second counts the reference and every part by them, as every other
//! command does, so that counts are exact although labels and edges come from sketches and a sample.
//!
//! **Memory** is bounded, whatever the files hold: a column has room for some thousands of different
//! cells, an
//! estimate of how many there are, and its part of a sample of whole records. All of it is the same each
//! time,
//! so that the same files give the same draft.
//!
//! How many bins a draft has: `budget.rs`. What is said of the data: [`Finding`].
#![cfg_attr(
    not(test),
    deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::Field;
use fairshare_formats::policy::{MAX_POLICY_BYTES, from_toml, side_file_hash};
use fairshare_formats::reference::to_json;
use fairshare_ingest::unmatched::{Unmatched, unmatched};
use fairshare_ingest::{Records, Tables, reference};
use fairshare_params::Geometry;
use fairshare_params::policy::Policy;
use fairshare_params::reference::Reference;
use fairshare_params::schema::Schema;

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
pub use remark::{Finding, Remark};

use figures::{Counted, FEW_RECORDS, Scoring};
use placeholders::Set;
use plan::{Pair, Plan, Sizes};
use profile::{Profile, Purpose};
use text::Written;

/// Most files, parts and those of the reference together.
pub const MAX_FILES: usize = 4_096;
/// The share of a feature's records in the bin of other labels from which it is remarked on.
const MUCH: f64 = 0.1;

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
pub fn draft(options: &Options) -> Result<Drafted, DraftError> {
    let files = options.data.len().saturating_add(options.reference_from.len());
    if files > MAX_FILES {
        return Err(DraftError::TooManyFiles { found: files, bound: MAX_FILES });
    }
    let (profile, sizes) = profile(options)?;
    let mut plan = Plan::new(&profile, options, sizes)?;
    drop(profile);
    let mut remarks = std::mem::take(&mut plan.remarks);
    let mut counts = Counts::of(options, &plan.schema)?;
    if !options.accept_unmatched {
        counts.leave_out(&mut plan, &mut remarks)?;
    }
    let reference = Reference::from_histogram(&plan.schema, &counts.reference)?;
    let reference_records = counts.records(&plan.schema);
    let (set, schema) = (Set::of(options), plan.schema.clone());
    let scoring = Scoring {
        options,
        schema: &schema,
        reference: &reference,
        alphabet: plan.geometry.alphabet(),
        reference_records,
        expected_records: plan.expected_records,
        rounds: set.rounds.1,
    };
    let (figures, parts) = scoring.figures(&counts.parts, &mut plan.pairs, &mut remarks)?;
    remarks.extend(plan.pairs.iter().map(dependent));
    let unmatched = unmatched(&plan.schema, &counts.reference);
    remarks.extend(general(options, &plan, &unmatched));
    let placeholders = placeholders::missing(options);
    let json = to_json(&reference);
    let written = Written {
        options,
        set: &set,
        plan: &plan,
        reference_hash: side_file_hash(json.as_bytes()).to_string(),
        reference_records,
        figures: &figures,
        parts: &parts,
        remarks: &remarks,
        placeholders: &placeholders,
        unmatched: &unmatched,
    };
    let text = text::policy(&written);
    let policy = read_back(&text, &json, &options.reference_file)?;
    let expected_records = plan.expected_records;
    Ok(Drafted {
        text,
        reference: json,
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

/// The first pass: what the columns hold, and how large the parts are.
fn profile(options: &Options) -> Result<(Profile, Sizes), DraftError> {
    // Of parts alone, each is the reference's, too.
    let parts = if options.reference_from.is_empty() { Purpose::Reference } else { Purpose::Part };
    let files: Vec<_> = options.data.iter().map(|path| (path, parts, true)).collect();
    let others = options.reference_from.iter().map(|path| (path, Purpose::Reference, false));
    let files: Vec<_> = files.into_iter().chain(others).collect();
    let mut fields: Vec<Field> = Vec::new();
    let mut names = BTreeSet::new();
    for (path, ..) in &files {
        let table = open(path)?;
        let found = table.fields().iter().chain(table.passed_over());
        fields.extend(found.filter(|field| names.insert(field.name().clone())).cloned());
    }
    let mut profile = Profile::new(&fields)?;
    let (mut smallest, mut largest) = (u64::MAX, 0);
    for (path, purpose, is_part) in files {
        let before = profile.records();
        let mut table = open(path)?;
        let layout = profile.begin(table.fields(), table.passed_over(), purpose);
        while let Some(batch) = table.next_batch()? {
            profile.add(&layout, batch.records(), batch.columns())?;
        }
        let records = profile.records().saturating_sub(before);
        if is_part {
            (smallest, largest) = (records.min(smallest), records.max(largest));
        }
    }
    Ok((profile, Sizes { smallest, largest }))
}

/// Each file by itself: files may have other columns than the first one.
fn open(path: &Path) -> Result<Tables, DraftError> {
    Ok(Tables::open(&[path.to_owned()])?)
}

/// The second pass: the parts' histograms, and the reference's.
struct Counts {
    parts: Vec<Counted>,
    reference: Vec<u64>,
}

impl Counts {
    fn of(options: &Options, schema: &Schema) -> Result<Self, DraftError> {
        let count = |path: &PathBuf| -> Result<Vec<u64>, DraftError> {
            Ok(reference::histogram(Records::open(std::slice::from_ref(path), schema)?)?)
        };
        let mut sum = vec![0u64; schema.symbol_count()];
        let mut add = |histogram: &[u64]| {
            sum.iter_mut().zip(histogram).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        };
        let mut parts = Vec::with_capacity(options.data.len());
        for path in &options.data {
            let histogram = count(path)?;
            if options.reference_from.is_empty() {
                add(&histogram);
            }
            parts.push(Counted { path: path.clone(), histogram });
        }
        for path in &options.reference_from {
            add(&count(path)?);
        }
        Ok(Self { parts, reference: sum })
    }

    /// Records of the reference.
    fn records(&self, schema: &Schema) -> u64 {
        self.reference.get(schema.symbols(0)).map_or(0, |counts| counts.iter().sum())
    }

    /// Leaves out the features of which most cells have no bin of their own, in the reference or in a part:
    /// whoever counts such data is asked to say that it is meant.
    fn leave_out(&mut self, plan: &mut Plan, remarks: &mut Vec<Remark>) -> Result<(), DraftError> {
        let mut names: Vec<String> = Vec::new();
        let named = self.parts.iter().map(|part| (name_of(&part.path), &part.histogram));
        for (file, histogram) in [("the reference".to_owned(), &self.reference)].into_iter().chain(named) {
            let found = unmatched(&plan.schema, histogram);
            for line in found.into_iter().filter(Unmatched::is_most) {
                if !names.contains(&line.feature) {
                    let share = line.other_share() + line.missing_share();
                    let finding = Finding::MostlyUnmatched { file: file.clone(), share };
                    remarks.push(Remark::on(&line.feature, finding));
                    names.push(line.feature);
                }
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        let before = plan.schema.clone();
        let stays = plan.without(&names)?;
        let keep = |histogram: &[u64]| -> Vec<u64> {
            let kept = (0..before.len()).zip(&stays).filter(|(_, stays)| **stays);
            let kept = kept.flat_map(|(place, _)| histogram.get(before.symbols(place)).unwrap_or_default());
            // Padding is not counted.
            std::iter::once(0).chain(kept.copied()).collect()
        };
        self.reference = keep(&self.reference);
        self.parts.iter_mut().for_each(|part| part.histogram = keep(&part.histogram));
        Ok(())
    }
}

/// A file's name, without its folder.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn dependent(pair: &Pair) -> Remark {
    let Pair { names: [first, second], nats, bins, proposed } = pair;
    let finding = Finding::Dependent { nats: *nats, bins: *bins, proposed: *proposed };
    Remark::on_both(first, second, finding)
}

/// Remarks that need the counts.
fn general(options: &Options, plan: &Plan, unmatched: &[Unmatched]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (feature, unmatched) in plan.schema.features().iter().zip(unmatched) {
        let listed = feature.bins().saturating_sub(2);
        let share = unmatched.other_share();
        if share > MUCH {
            remarks.push(Remark::on(feature.name(), Finding::Other { share, listed }));
        }
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
