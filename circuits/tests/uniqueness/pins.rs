//! The pinned files: what nothing holds, compacted by column and rows, each line with the reason why it is harmless.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rank::{Direction, Jacobian, Lookups};
use super::subjects::{self, Subject};
use super::sweep::{View, survivors};

/// Stands in for a reason; no file with this word in it passes.
const UNEXPLAINED: &str = "UNEXPLAINED";

/// What is said of a cell: rows, how it is loose, why that is harmless.
type Remark = (String, String, &'static str);

/// The lines of remarks on cells: consecutive rows of a column together, then columns of which the same is said.
fn compact(subject: &Subject, remarks: BTreeMap<(usize, usize), String>) -> Vec<String> {
    let mut runs: Vec<(usize, usize, usize, String, &'static str)> = Vec::new();
    for ((column, row), how) in remarks {
        let why = (subject.reason)(subject, &subject.columns[column], row).unwrap_or(UNEXPLAINED);
        match runs.last_mut() {
            Some((known, _, last, same, because))
                if *known == column && *last + 1 == row && *same == how && *because == why =>
            {
                *last = row;
            }
            _ => runs.push((column, row, row, how, why)),
        }
    }
    let mut lines: Vec<(Remark, Vec<usize>)> = Vec::new();
    for (column, first, last, how, why) in runs {
        let rows = if first == last { first.to_string() } else { format!("{first}..={last}") };
        let remark = (rows, how, why);
        match lines.iter_mut().find(|(known, _)| *known == remark) {
            Some((_, columns)) => columns.push(column),
            None => lines.push((remark, vec![column])),
        }
    }
    lines
        .into_iter()
        .map(|((rows, how, why), columns)| format!("{} | {rows} | {how} | {why}", names(subject, &columns)))
        .collect()
}

/// Column names, runs of neighbours by their ends.
fn names(subject: &Subject, columns: &[usize]) -> String {
    let runs = columns.chunk_by(|left, right| left + 1 == *right).map(|run| match run {
        [first, _, .., last] => format!("{} … {}", subject.columns[*first], subject.columns[*last]),
        run => run.iter().map(|column| subject.columns[*column].clone()).collect::<Vec<_>>().join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// What nothing objects to, by view, and how much was tried.
fn loose_cells(subject: &Subject, view: View) -> (String, Vec<String>) {
    let mut sweep = subject.sweep();
    let (columns, rows) = (sweep.system.advice.len(), sweep.system.usable);
    let (cells, tried) = survivors(&mut sweep, 0..columns, 0..rows, view);
    let lines = compact(subject, cells.into_iter().map(|(cell, names)| (cell, names.join(", "))).collect());
    (format!("{tried} alterations of {} cells", columns * rows), lines)
}

/// Directions in which nothing holds the first phase.
fn directions(subject: &Subject, jacobian: &Jacobian) -> Vec<String> {
    let describe = |direction: Direction| {
        let with: Vec<_> = direction
            .moves
            .iter()
            .map(|(column, cells)| format!("{cells} of {}", subject.columns[*column]))
            .collect();
        let how = if with.is_empty() { "alone".to_owned() } else { format!("with {}", with.join(", ")) };
        (direction.cell, how)
    };
    compact(subject, jacobian.directions().into_iter().map(describe).collect())
}

/// The pinned file's text.
fn report(subject: &Subject) -> String {
    let sweep = subject.sweep();
    let jacobian = |linked, lookups| Jacobian::new(&subject.system, &sweep.logup, linked, lookups);
    let first = jacobian(Some(subject.linked), Lookups::Discrete);
    let second = Jacobian::of_second_phase(&subject.system);
    let mut text = format!(
        "# {}: what no constraint of the circuit holds, and why that is harmless. Written by the test target\n\
         # `uniqueness` with FAIRSHARE_BLESS=1; a line more is a fault until a reviewer has read it.\n",
        subject.name
    );
    let mut section = |title: &str, lines: Vec<String>| {
        let _ = writeln!(text, "\n[{title}]");
        lines.iter().for_each(|line| text.extend([line, "\n"]));
    };
    let (tried, cells) = loose_cells(subject, View::Alone);
    section(&format!("cells, altered alone: {tried}"), cells);
    if sweep.has_free_multiplicities() {
        let (tried, cells) = loose_cells(subject, View::Recounted);
        section(&format!("cells, altered and multiplicities counted anew: {tried}"), cells);
    }
    let rank = |jacobian: &Jacobian| format!("{} unknowns, rank {}", jacobian.unknowns(), jacobian.rank());
    section(&format!("directions, first phase: {}", rank(&first)), directions(subject, &first));
    section(&format!("directions, second phase: {}", rank(&second)), directions(subject, &second));
    let relaxed = [("held", Some(subject.linked)), ("free", None)].map(|(what, linked)| {
        let nullity = jacobian(linked, Lookups::Relaxed).nullity();
        format!("{nullity} with linked columns {what}")
    });
    section("number of directions if limbs could move", relaxed.into());
    text
}

/// Compares with the pinned file of that name.
#[track_caller]
pub fn assert_file(name: &str, found: &str) {
    fairshare_pinned::assert_pinned(format!("tests/uniqueness/pinned/{name}.txt"), found);
}

/// What nothing holds is what is pinned, and all of it has a reason, pinned or not.
#[track_caller]
fn assert_pinned(subject: &Subject) {
    let found = report(subject);
    assert_file(subject.name, &found);
    assert!(!found.contains(UNEXPLAINED), "{}: a loose cell without a reason", subject.name);
}

#[test]
fn histogram_is_forced() {
    assert_pinned(&subjects::histogram());
}

#[test]
fn data_score_is_forced() {
    assert_pinned(&subjects::data_score());
}

#[test]
fn compute_score_is_forced() {
    assert_pinned(&subjects::compute_score());
}
