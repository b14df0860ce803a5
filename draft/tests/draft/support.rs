//! Files, and drafts of them.

use std::fs;
use std::path::PathBuf;

use fairshare_draft::{DraftError, Drafted, Finding, Options, Remark, Terms, draft};
use fairshare_params::policy::NamedParameters;
use fairshare_params::schema::{Column, Feature, Rule};
use tempfile::TempDir;

/// Files of these names and contents, in a folder that lasts as long as they do.
pub struct Files {
    folder: TempDir,
    pub paths: Vec<PathBuf>,
}

impl Files {
    pub fn new<N: AsRef<str>, C: AsRef<[u8]>>(files: &[(N, C)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |(name, content): &(N, C)| {
            let path = folder.path().join(name.as_ref());
            fs::write(&path, content).expect("write");
            path
        };
        let paths = files.iter().map(write).collect();
        Self { folder, paths }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn options(&self) -> Options {
        options(&self.paths)
    }
}

pub fn options(data: &[PathBuf]) -> Options {
    Options {
        data: data.iter().cloned().map(Into::into).collect(),
        reference_from: Vec::new(),
        leave_out: Vec::new(),
        categorical: Vec::new(),
        accept_unmatched: false,
        warn_unmatched: 0.1,
        expected_records: None,
        geometry: None,
        parameters: NamedParameters::InsecureDevelopment,
        terms: Terms { ends_by: 2_208_988_800, ends_by_assumed: true, ..Terms::default() },
        reference_file: "reference.json".to_owned(),
    }
}

/// The draft of one file's text.
pub fn drafted(text: &str) -> Result<Drafted, DraftError> {
    draft(&Files::new(&[("data.csv", text)]).options())
}

/// A table of these columns: each a name and what its cell is in each record.
pub fn table(records: usize, columns: &[(&str, &dyn Fn(usize) -> String)]) -> String {
    let mut lines = vec![columns.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>().join(",")];
    for record in 0..records {
        lines.push(columns.iter().map(|(_, cell)| cell(record)).collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

/// A number without a pattern, below `bound`.
pub fn random(seed: usize, record: usize, bound: usize) -> usize {
    let mut mixed = (record as u64 ^ ((seed as u64) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 33) % bound as u64) as usize
}

/// What is said of a column.
pub fn said<'a>(drafted: &'a Drafted, column: &str) -> Vec<&'a Finding> {
    let about = |remark: &&Remark| remark.columns.first().is_some_and(|first| first == column);
    drafted.remarks.iter().filter(about).map(|remark| &remark.finding).collect()
}

/// The feature of that column, if it is one.
pub fn column<'a>(drafted: &'a Drafted, name: &str) -> Option<&'a Column> {
    drafted.policy.schema().features().iter().flat_map(Feature::columns).find(|column| column.name == name)
}

pub fn labels<'a>(drafted: &'a Drafted, name: &str) -> &'a [String] {
    match column(drafted, name).map(|column| &column.rule) {
        Some(Rule::Categorical { labels }) => labels,
        other => panic!("`{name}` has no labels: {other:?}"),
    }
}

pub fn edges<'a>(drafted: &'a Drafted, name: &str) -> &'a [f64] {
    match column(drafted, name).map(|column| &column.rule) {
        Some(Rule::Numeric { edges }) => edges,
        other => panic!("`{name}` has no edges: {other:?}"),
    }
}
