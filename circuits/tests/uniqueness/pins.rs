//! The pinned files: what nothing holds, compacted by column and rows, each line with the reason why it is
//! harmless.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fairshare_circuits::chips::ln_table::{EXPONENTS, INTERVALS};
use fairshare_circuits::geometry::Geometry;

use super::rank::{Direction, Jacobian, Lookups};
use super::subjects::{self, Subject};
use super::sweep::{View, survivors};
use crate::claims::GEOMETRY;

/// Stands in for a reason; no file with this word in it passes.
const UNEXPLAINED: &str = "UNEXPLAINED";

/// Rows of which every cell is altered: all in the compact geometry. In a larger one, those near each place
/// where something begins or ends, which is every kind of row, and a sample of the others.
fn rows(usable: usize) -> Vec<usize> {
    let near = |row: usize| row.saturating_sub(3)..row + 9;
    let alphabet = GEOMETRY.alphabet();
    let ends = [0, 8, INTERVALS, alphabet, alphabet + EXPONENTS, usable - 8].map(near);
    let is_taken = |row: &usize| {
        GEOMETRY == Geometry::COMPACT || row.is_multiple_of(97) || ends.iter().any(|rows| rows.contains(row))
    };
    (0..usable).filter(is_taken).collect()
}

/// What is said of a cell: rows, how it is loose, why that is harmless.
type Remark = (String, String, &'static str);

/// The lines of remarks on cells: consecutive rows, of those looked at, of a column together, then columns of
/// which the same is said.
fn compact(subject: &Subject, looked_at: &[usize], remarks: BTreeMap<(usize, usize), String>) -> Vec<String> {
    let follows = |row: usize, last: usize| {
        let next = looked_at.partition_point(|looked_at| *looked_at <= last);
        looked_at.get(next) == Some(&row)
    };
    let mut runs: Vec<(usize, usize, usize, String, &'static str)> = Vec::new();
    for ((column, row), how) in remarks {
        let why = (subject.reason)(subject, &subject.columns[column], row).unwrap_or(UNEXPLAINED);
        match runs.last_mut() {
            Some((known, _, last, same, because))
                if *known == column && follows(row, *last) && *same == how && *because == why =>
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
    let (columns, rows) = (sweep.system.advice.len(), rows(sweep.system.usable));
    let (cells, tried) = survivors(&mut sweep, 0..columns, rows.iter().copied(), view);
    let remarks = cells.into_iter().map(|(cell, names)| (cell, names.join(", "))).collect();
    let cells = columns * rows.len();
    (format!("{tried} alterations of {cells} cells"), compact(subject, &rows, remarks))
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
    let rows: Vec<_> = (0..subject.system.usable).collect();
    compact(subject, &rows, jacobian.directions().into_iter().map(describe).collect())
}

/// The pinned file's text.
fn report(subject: &Subject) -> String {
    let sweep = subject.sweep();
    let jacobian = |held, lookups| Jacobian::new(&subject.system, &sweep.logup, held, lookups);
    let first = jacobian(Some(subject.held), Lookups::Discrete);
    let second = Jacobian::of_second_phase(&subject.system);
    let mut text = format!(
        "# {}: what no constraint of the circuit holds, and why that is harmless. Written by the test \
         target\n# `uniqueness` with FAIRSHARE_BLESS=1; a line more is a fault until a reviewer has read \
         it.\n",
        subject.name
    );
    if GEOMETRY != Geometry::COMPACT {
        let rows = rows(subject.system.usable).len();
        let _ = writeln!(text, "# {GEOMETRY} geometry; cells of {rows} rows: near every end, and a sample.");
    }
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
    let relaxed = [("held", Some(subject.held)), ("free", None)].map(|(what, held)| {
        let nullity = jacobian(held, Lookups::Relaxed).nullity();
        format!("{nullity} with committed columns {what}")
    });
    section("number of directions if limbs could move", relaxed.into());
    text
}

/// Compares with the pinned file of that name, in a folder of the geometry's where it is not the compact one.
#[track_caller]
pub fn assert_file(name: &str, found: &str) {
    let folder = match GEOMETRY {
        Geometry::COMPACT => String::new(),
        other => format!("{other}/"),
    };
    fairshare_pinned::assert_pinned(format!("tests/uniqueness/pinned/{folder}{name}.txt"), found);
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
