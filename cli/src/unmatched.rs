//! What of the data matched nothing in the schema: told for every column, warned of, refused.

use std::path::PathBuf;

use comfy_table::Cell;
use fairshare_formats::excerpt::{escaped, excerpt};
use fairshare_ingest::unmatched::{Frequent, MostlyUnmatched, Unmatched, frequent, refuse_mostly};
use fairshare_params::schema::Schema;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::UnmatchedArgs;
use crate::output::{align_right, notice, percent, table, thousands};

/// Cells that a warning lists, and the JSON.
const LISTED: usize = 5;

/// What of a column matched nothing in the schema.
#[derive(Serialize, JsonSchema)]
pub struct UnmatchedLine {
    /// The feature.
    feature: String,
    /// The column: the feature's own, or one of those that it crosses.
    column: String,
    /// Cells with another label than those of the schema; null of a numeric column, which has a bin for every
    /// number.
    other: Option<u64>,
    /// Cells without a value.
    missing: u64,
    /// The share of both together in all cells, from 0 to 1.
    share: f64,
    /// The most frequent other labels, at most five; empty where the share is not above the one that is
    /// warned of.
    frequent: Vec<FrequentLine>,
}

/// A cell that matched no label.
#[derive(Serialize, JsonSchema)]
pub struct FrequentLine {
    /// Its text, the first 64 bytes.
    cell: String,
    /// How often it occurs, at least.
    records: u64,
    /// The label that differs from it in case or in the white space around it alone; null if there is none.
    like: Option<String>,
}

/// What of each column matched nothing, and of those that are warned of the most frequent cells.
pub struct Found<'a> {
    args: &'a UnmatchedArgs,
    columns: Vec<(Unmatched, Vec<Frequent>)>,
}

impl<'a> Found<'a> {
    /// Reads the files again where there is something to warn of.
    pub fn new(found: Vec<Unmatched>, schema: &Schema, data: &[PathBuf], args: &'a UnmatchedArgs) -> Self {
        let many = |column: &&Unmatched| column.share() > args.warn_unmatched && column.other != Some(0);
        let named: Vec<_> = found.iter().filter(many).map(|column| column.column.as_str()).collect();
        // Without them the warning is shorter: what cannot be read is told by whoever reads it to the end.
        let mut cells = frequent(data, schema, &named, LISTED).unwrap_or_default().into_iter();
        let cells: Vec<_> = found
            .iter()
            .map(|column| if many(&column) { cells.next() } else { None }.unwrap_or_default())
            .collect();
        Self { args, columns: found.into_iter().zip(cells).collect() }
    }

    /// Warns of every column of which more matched nothing than is asked for.
    pub fn warn(&self) {
        for (column, cells) in &self.columns {
            if column.share() > self.args.warn_unmatched {
                notice(&warning(column, cells));
            }
        }
    }

    /// Warns, and refuses where most of a column matched nothing, unless that is accepted.
    pub fn check(&self) -> Result<(), MostlyUnmatched> {
        self.warn();
        if self.args.accept_unmatched {
            return Ok(());
        }
        refuse_mostly(&self.columns.iter().map(|(column, _)| column.clone()).collect::<Vec<_>>())
    }

    /// The same for programs.
    pub fn lines(&self) -> Vec<UnmatchedLine> {
        let line = |(column, cells): &(Unmatched, Vec<Frequent>)| UnmatchedLine {
            feature: column.feature.clone(),
            column: column.column.clone(),
            other: column.other,
            missing: column.missing,
            share: column.share(),
            frequent: cells.iter().map(FrequentLine::from).collect(),
        };
        self.columns.iter().map(line).collect()
    }

    /// A table of all columns.
    pub fn text(&self) -> String {
        let mut table = table(["column", "other labels", "missing", "of cells"]);
        align_right(&mut table, 1..4);
        for (column, _) in &self.columns {
            let name = if column.feature == column.column {
                escaped(&column.column)
            } else {
                escaped(&format!("{} (in {})", column.column, column.feature))
            };
            let other = column.other.map(thousands).unwrap_or_default();
            let cells = [name, other, thousands(column.missing), percent(column.share())];
            table.add_row(cells.map(Cell::new));
        }
        format!("What matches nothing in the schema:\n{table}")
    }
}

impl From<&Frequent> for FrequentLine {
    fn from(found: &Frequent) -> Self {
        Self { cell: found.cell.clone(), records: found.records, like: found.like.clone() }
    }
}

/// What is wrong with a column, and the remedy.
fn warning(column: &Unmatched, cells: &[Frequent]) -> String {
    let cell = |found: &Frequent| {
        let like = found.like.as_ref().map(|label| format!(", like the label `{}`", excerpt(label)));
        format!("`{}` ({}{})", excerpt(&found.cell), thousands(found.records), like.unwrap_or_default())
    };
    let listed: Vec<_> = cells.iter().map(cell).collect();
    let most = if listed.is_empty() { String::new() } else { format!("; most often {}", listed.join(", ")) };
    let remedy = if listed.is_empty() {
        "is this the right column, and the right file?"
    } else {
        "labels are compared byte for byte: correct the cells, or have these labels in the policy"
    };
    format!("warning: {column}{most}; {remedy}")
}
