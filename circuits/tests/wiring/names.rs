//! Names of columns in the pinned lists.

use fairshare_circuits::columns::Symbol;
use fairshare_circuits::geometry::{Geometry, SegmentShape};
use fairshare_circuits::{compute_score, data_score, histogram};

use crate::system::{Kind, Query};

/// A circuit's columns by name; second-phase columns follow as `h1 … hn, φ`.
pub struct Names {
    advice: Vec<String>,
    fixed: &'static [&'static str],
    challenges: &'static [&'static str],
}

/// A letter, and the number if there is one, counted from `first`.
fn name(symbol: Symbol, first: usize) -> String {
    match symbol.number {
        None => symbol.letter.to_owned(),
        Some(number) => format!("{}{}", symbol.letter, first + number),
    }
}

impl Names {
    /// The statement counts its data columns from 1.
    pub fn histogram(shape: SegmentShape) -> Self {
        let advice = histogram::Cells::symbols(shape).map(|symbol| name(symbol, 1)).collect();
        Self { advice, fixed: &["t"], challenges: &["γ"] }
    }

    pub fn data_score(geometry: Geometry) -> Self {
        let advice = data_score::Cells::symbols(geometry).map(|symbol| name(symbol, 0)).collect();
        Self { advice, fixed: &["t", "tag", "x0", "x1", "x2", "x3"], challenges: &["θ", "γ"] }
    }

    pub fn compute_score(geometry: Geometry) -> Self {
        let advice = compute_score::Cells::symbols(geometry).map(|symbol| name(symbol, 0)).collect();
        Self { advice, fixed: &["t"], challenges: &["θ", "γ"] }
    }

    /// Names the second-phase columns, of which there must be `columns` with the first phase's.
    pub fn advice(&self, columns: usize, index: usize) -> String {
        match self.advice.get(index) {
            Some(name) => name.clone(),
            None if index + 1 == columns => "φ".to_owned(),
            None => format!("h{}", index + 1 - self.advice.len()),
        }
    }

    /// First-phase columns.
    pub fn first_phase(&self) -> usize {
        self.advice.len()
    }

    pub fn fixed(&self, index: usize) -> &'static str {
        self.fixed[index]
    }

    pub fn challenge(&self, index: usize) -> &'static str {
        self.challenges[index]
    }

    pub fn query(&self, columns: usize, query: Query) -> String {
        let name = match query.kind {
            Kind::Advice => self.advice(columns, query.column),
            Kind::Fixed => self.fixed(query.column).to_owned(),
            Kind::Instance => "instance".to_owned(),
        };
        match query.rotation {
            0 => name,
            rotation => format!("{name}({rotation:+})"),
        }
    }
}
