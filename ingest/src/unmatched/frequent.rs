//! Which cells matched no label: the most frequent ones, in bounded memory, by reading the files again.
//!
//! Counts are Misra and Gries's ("Finding repeated elements", 1982): of at most [`HELD`] different cells they
//! are exact, of more they may be too low, by one in as many cells as are held, and never too high.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use fairshare_params::schema::{Rule, Schema};

use crate::error::IngestError;
use crate::guard::guarded;
use crate::source::Wanted;
use crate::symbols::{CellError, as_text};
use crate::tables::{RECORD_LIMIT, Tables};

/// Different cells of a column that are held at once.
pub const HELD: usize = 512;
/// Bytes of a cell that are held: longer ones that begin alike are taken for one.
const CELL: usize = 64;

/// A cell that matched no label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frequent {
    /// Its text, the first 64 bytes.
    pub cell: String,
    /// How often it occurs, at least.
    pub records: u64,
    /// A label that differs from it in case or in the white space around it alone, if there is one.
    pub like: Option<String>,
}

/// The most frequent cells, at most so many, of each of these columns that match none of its labels; in the
/// order of `columns`. A numeric column has none.
pub fn frequent(
    paths: &[PathBuf],
    schema: &Schema,
    columns: &[&str],
    most: usize,
) -> Result<Vec<Vec<Frequent>>, IngestError> {
    let mut counts: Vec<_> = columns.iter().map(|column| Labels::of(schema, column)).collect();
    let read: Vec<usize> = (0..columns.len()).filter(|index| counts[*index].is_some()).collect();
    if read.is_empty() {
        return Ok(vec![Vec::new(); columns.len()]);
    }
    let names = read.iter().map(|index| columns[*index].to_owned()).collect();
    let mut tables = Tables::open_below(paths.into(), Wanted::Named(names), RECORD_LIMIT, |_, _| Ok(()))?;
    while let Some(batch) = tables.next_batch()? {
        let row = tables.records_read() - batch.records() as u64;
        for (index, array) in read.iter().zip(batch.columns()) {
            let Some(labels) = &mut counts[*index] else { continue };
            let texts = guarded(tables.path(), row, || Ok(as_text(array)))?;
            let texts = texts.map_err(|error| match error {
                CellError::Decode(source) => IngestError::Cells {
                    path: tables.path().to_path_buf(),
                    column: columns[*index].to_owned(),
                    row,
                    source: Box::new(source),
                },
                CellError::NotANumber { .. } => IngestError::Stopped,
            })?;
            texts.as_string_view().iter().flatten().for_each(|cell| labels.count(cell));
        }
    }
    Ok(counts
        .into_iter()
        .map(|labels| labels.map(|labels| labels.largest(most)).unwrap_or_default())
        .collect())
}

/// A column's labels, and how often other cells occur.
struct Labels<'a> {
    labels: HashSet<&'a str>,
    /// Bytes of the longest label: a longer cell is not hashed whole.
    longest: usize,
    counts: HashMap<String, u64>,
}

impl<'a> Labels<'a> {
    /// Those of a categorical column.
    fn of(schema: &'a Schema, column: &str) -> Option<Self> {
        let mut columns = schema.features().iter().flat_map(|feature| feature.columns());
        match &columns.find(|found| found.name == column)?.rule {
            Rule::Categorical { labels } => Some(Self {
                labels: labels.iter().map(String::as_str).collect(),
                longest: labels.iter().map(String::len).max().unwrap_or(0),
                counts: HashMap::with_capacity(HELD),
            }),
            Rule::Numeric { .. } => None,
        }
    }

    fn count(&mut self, cell: &str) {
        if cell.is_empty() || (cell.len() <= self.longest && self.labels.contains(cell)) {
            return;
        }
        let cell = cell.get(..cell.floor_char_boundary(CELL)).unwrap_or_default();
        if let Some(count) = self.counts.get_mut(cell) {
            *count += 1;
        } else if self.counts.len() < HELD {
            self.counts.insert(cell.to_owned(), 1);
        } else {
            // Each of the cells held goes with this one: no count is lowered more often than cells are held.
            self.counts.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }

    fn largest(self, most: usize) -> Vec<Frequent> {
        let mut counts: Vec<_> = self.counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let plain = |text: &str| text.trim().to_lowercase();
        let like = |cell: &str| {
            let same = self.labels.iter().filter(|label| plain(label) == plain(cell));
            same.min().map(|label| (*label).to_owned())
        };
        counts.truncate(most);
        counts.into_iter().map(|(cell, records)| Frequent { like: like(&cell), cell, records }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fairshare_params::schema::{Column, Feature};

    use super::*;

    fn schema() -> Schema {
        let labels = Rule::Categorical { labels: vec!["UA".into(), "B6".into()] };
        let column = |name: &str, rule: Rule| Column { name: name.into(), rule };
        let of = vec![column("carrier", labels), column("delay", Rule::Numeric { edges: vec![0.0] })];
        Schema::new(vec![Feature::Crossed { name: "both".into(), of }], 1 << 10).expect("a schema")
    }

    fn found(text: &str, most: usize) -> Vec<Vec<Frequent>> {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
        paths.iter().for_each(|path| fs::write(path, text).expect("write"));
        frequent(&paths, &schema(), &["delay", "carrier", "absent"], most).expect("cells")
    }

    #[test]
    fn the_most_frequent_cells_come_first_with_the_label_they_look_like() {
        let text = "delay,carrier\n1,ua\n1,UA\n1,DL\n1,ua\n1,\n1,B6 \n";
        let [delay, carrier, absent] = &found(text, 2)[..] else { panic!("three columns") };
        assert!(delay.is_empty() && absent.is_empty());
        let cells: Vec<_> =
            carrier.iter().map(|cell| (cell.cell.as_str(), cell.records, cell.like.as_deref())).collect();
        // Two files of these records; what occurs as often stands by its text.
        assert_eq!(cells, [("ua", 4, Some("UA")), ("B6 ", 2, Some("B6"))]);
    }

    #[test]
    fn many_different_cells_take_bounded_memory_and_leave_the_frequent_ones() {
        let mut text = String::from("delay,carrier\n");
        for index in 0..20_000 {
            text.push_str(&format!(
                "1,{}\n",
                if index % 4 == 0 { "often".to_owned() } else { format!("x{index}") }
            ));
        }
        text.push_str(&format!("1,{}\n", "y".repeat(5_000)));
        let carrier = &found(&text, 10_000)[1];
        assert!(carrier.len() <= HELD);
        let often = &carrier[0];
        assert!(
            often.cell == "often" && often.records <= 10_000 && often.records > 9_800,
            "{}",
            often.records
        );
        assert!(carrier.iter().all(|cell| cell.cell.len() <= CELL));
    }
}
