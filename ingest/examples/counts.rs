//! What this reader makes of files, for whoever holds it against another's: see `tests/differential`.
//!
//! Reads one question per line from standard input, as JSON: `{"path": …, "column": …, "labels": […]}` or,
//! of a numeric column, `"edges": […]`. Answers each with a line: `{"counts": […]}`, the records by bin, the
//! last two (of numbers the last) being "other" and "missing"; or `{"refused": "…"}`.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use fairshare_ingest::{Records, reference};
use fairshare_params::schema::{Column, Feature, Rule, Schema};
use serde::{Deserialize, Serialize};

/// Of one column of one file.
#[derive(Deserialize)]
struct Question {
    path: PathBuf,
    column: String,
    labels: Option<Vec<String>>,
    /// As text, which is rounded once.
    edges: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Counts(Vec<u64>),
    Refused(String),
}

impl Question {
    fn counts(self) -> Result<Vec<u64>, Box<dyn Error>> {
        let rule = match (self.labels, self.edges) {
            (Some(labels), None) => Rule::Categorical { labels },
            (None, Some(edges)) => {
                let edges = edges.iter().map(|edge| edge.parse()).collect::<Result<_, _>>()?;
                Rule::Numeric { edges }
            }
            _ => return Err("either labels or edges".into()),
        };
        let feature = Feature::Column(Column { name: self.column, rule });
        let schema = Schema::new(vec![feature], 1 << 13)?;
        let counts = reference::count(Records::open(&[self.path], &schema)?)?;
        Ok(counts.into_iter().next().unwrap_or_default())
    }
}

/// An error and what caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let answer = match question.counts() {
            Ok(counts) => Answer::Counts(counts),
            Err(error) => Answer::Refused(chain(error.as_ref())),
        };
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
