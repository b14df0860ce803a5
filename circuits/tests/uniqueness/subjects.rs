//! The three circuits as subjects: an honest assignment each, columns by name, and why a cell may be loose.

use std::collections::BTreeSet;

use fairshare_circuits::chips::limbs;
use fairshare_circuits::chips::ln_table::{EXPONENTS, INTERVALS, exponents_row};
use fairshare_circuits::columns::Symbol;
use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit};
use fairshare_circuits::histogram::{self, HistogramCircuit};
use ff::Field;
use halo2curves::bn256::Fr;

use super::replay::mock_objections;
use super::sweep::{Change, Sweep};
use crate::claims::{ComputeClaim, DataClaim, GEOMETRY, HistogramClaim, SHAPE};
use crate::logup::Argument;
use crate::system::System;

/// A circuit under test.
#[derive(Debug)]
pub struct Subject {
    pub name: &'static str,
    pub system: System,
    /// By index.
    pub columns: Vec<String>,
    /// Columns before this one are held by a commitment.
    pub held: usize,
    /// Rows of the instance.
    pub instance_rows: usize,
    /// The mock prover's verdict on an assignment.
    pub mock: fn(System, Argument, Vec<Change>) -> BTreeSet<String>,
    /// Why a loose cell is harmless.
    pub reason: fn(&Subject, &str, usize) -> Option<&'static str>,
}

impl Subject {
    pub fn sweep(&self) -> Sweep {
        self.sweep_of(self.system.clone())
    }

    /// The sweep of this circuit with faults in it.
    pub fn sweep_of(&self, system: System) -> Sweep {
        let logup = Argument::read(&system);
        Sweep::new(system, logup, self.held)
    }

    /// A column's index.
    pub fn column(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).expect("a column")
    }

    fn value(&self, name: &str, row: usize) -> Fr {
        self.system.advice[self.column(name)][row]
    }
}

/// Column names: the circuit's own, `h0, h1, …` for LogUp's helpers and `φ`.
fn columns(system: &System, first: impl Iterator<Item = Symbol>) -> Vec<String> {
    let only_table = system.fixed.len() == 1;
    let mut names: Vec<String> = first.map(|symbol| name(symbol, only_table)).collect();
    let helpers = system.advice.len() - names.len() - 1;
    names.extend((0..helpers).map(|index| format!("h{index}")));
    names.push("φ".to_owned());
    assert_eq!(names.len(), system.advice.len());
    names
}

/// `o[0]`; a limb of a value goes by the value's letter, and the only multiplicities of a circuit by `m`.
fn name(Symbol { letter, number }: Symbol, only_table: bool) -> String {
    let letter = match letter {
        "c_" => "c",
        "unit" => "u",
        "m_range" if only_table => "m",
        letter => letter,
    };
    number.map_or(letter.to_owned(), |number| format!("{letter}[{number}]"))
}

/// Symbols of which no two neighbours are equal, so that every swap is one, and some padding.
pub fn histogram() -> Subject {
    let symbols = (SHAPE.symbols() / 16 * 15).min(30_000) as u16;
    let claim = HistogramClaim::of(SHAPE, (0..symbols).map(|index| index % 601 + 1).collect());
    let system = System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows());
    Subject {
        name: "histogram",
        columns: columns(&system, histogram::Cells::symbols(SHAPE)),
        held: SHAPE.columns() + 1,
        instance_rows: histogram::INSTANCE_ROWS.len(),
        mock: |system, logup, shifts| mock_objections::<HistogramCircuit>(SHAPE, system, logup, shifts),
        system,
        reason: histogram_reason,
    }
}

pub fn data_score() -> Subject {
    let claim = DataClaim::honest();
    let system = System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows());
    Subject {
        name: "data_score",
        columns: columns(&system, data_score::Cells::symbols(GEOMETRY)),
        held: data_score::LINKED_COLUMNS + data_score::PUBLIC_COLUMNS,
        instance_rows: data_score::INSTANCE_ROWS.len(),
        mock: |system, logup, shifts| mock_objections::<DataScoreCircuit>(GEOMETRY, system, logup, shifts),
        system,
        reason: data_reason,
    }
}

pub fn compute_score() -> Subject {
    let claim = ComputeClaim::honest();
    let system = System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows());
    Subject {
        name: "compute_score",
        columns: columns(&system, compute_score::Cells::symbols(GEOMETRY)),
        held: compute_score::PUBLIC_COLUMNS,
        instance_rows: compute_score::INSTANCE_ROWS.len(),
        mock: |system, logup, shifts| mock_objections::<ComputeScoreCircuit>(GEOMETRY, system, logup, shifts),
        system,
        reason: compute_reason,
    }
}

/// Rows that no gate reads.
fn below(column: &str, row: usize) -> Option<&'static str> {
    let usable = GEOMETRY.usable_rows();
    // The running sum's last value stands one row lower.
    let end = if column == "φ" { usable + 1 } else { usable };
    (row >= end).then_some("below the rows that any gate reads")
}

fn histogram_reason(_: &Subject, column: &str, row: usize) -> Option<&'static str> {
    let last = GEOMETRY.usable_rows() - 1;
    match column {
        // A swap leaves the histogram as it is; which symbol stands where is the commitment's to say.
        column if column.starts_with("v[") && row < last => {
            Some("committed; order does not matter to a histogram")
        }
        _ => below(column, row),
    }
}

const SILENT: &str = "looked up for uniformity: no gate reads this row's value";
const SAME_ENTRY: &str = "another row offers the same entry; only their sum counts, and nothing reads it";
const LINKED_UNREAD: &str = "linked; no gate reads it, so the link alone holds it";
const PUBLIC_UNREAD: &str = "public; no gate reads it, so the verifier's commitment alone holds it";
const UNREAD: &str = "read by nothing";

fn data_reason(subject: &Subject, column: &str, row: usize) -> Option<&'static str> {
    let rows = data_score::Rows::new(GEOMETRY);
    let is_symbol = rows.symbols().contains(&row);
    let is_empty = is_symbol && subject.value("c", row) == Fr::ZERO;
    let exponents = exponents_row(GEOMETRY)..exponents_row(GEOMETRY) + EXPONENTS;
    if let Some(reason) = below(column, row) {
        return Some(reason);
    }
    match column {
        "c" if !is_symbol => Some(LINKED_UNREAD),
        "ℓ" | "k" if !is_symbol => Some(PUBLIC_UNREAD),
        "ℓ" if is_empty => Some("public; an empty bin's reference does not enter the sum"),
        "k" if is_empty => Some("public; an empty bin adds nothing to its feature"),
        "L" | "n" | "a" | "S" if row > rows.bottom() => Some(UNREAD),
        "L" if row == rows.bottom() => Some(UNREAD),
        "m_range" if row == 0 || !(1..INTERVALS).contains(&row) => Some(SAME_ENTRY),
        "m_ln" if row >= INTERVALS && !exponents.contains(&row) => Some(SAME_ENTRY),
        "e" | "i" if row >= rows.bottom() => Some(SILENT),
        column if column.ends_with(']') => {
            let limb = subject.column(column) - subject.column("o[0]");
            let is_high = row == rows.bottom() && limb < high_limbs();
            (row >= rows.bottom() && !is_high).then_some(SILENT)
        }
        _ => None,
    }
}

/// How many limbs of the remainder stand in row `F`, from the first limb of the offset on.
fn high_limbs() -> usize {
    let count = |bits| limbs::count(bits, GEOMETRY.alphabet_bits());
    count(88) - count(32)
}

fn compute_reason(subject: &Subject, column: &str, row: usize) -> Option<&'static str> {
    let bottom = compute_score::Rows::new(GEOMETRY).bottom();
    if let Some(reason) = below(column, row) {
        return Some(reason);
    }
    match column {
        "z" if row >= bottom => Some(UNREAD),
        "ρ" | "λ" | "sum" if row > bottom => Some(UNREAD),
        "m" if row == 0 || row >= GEOMETRY.alphabet() => Some(SAME_ENTRY),
        // In row F stand the last decay, and the limbs of the score's remainder.
        column if column.ends_with(']') => {
            let limb = subject.column(column) - subject.column("u[0]");
            let is_last = column.starts_with("decay[") || limb < limbs::count(96, GEOMETRY.alphabet_bits());
            (row > bottom || row == bottom && !is_last).then_some(SILENT)
        }
        _ => None,
    }
}
