//! Names of columns in the pinned lists.

use fairshare_circuits::compute_score::Cells as Compute;
use fairshare_circuits::data_score::Cells as Data;
use fairshare_circuits::geometry::Geometry;

use crate::system::{Kind, Query};

/// A circuit's columns by name; second-phase columns follow as `h1 … hn, φ`.
pub struct Names {
    advice: Vec<String>,
    fixed: &'static [&'static str],
    challenges: &'static [&'static str],
}

/// A limb's cells by its number.
type Limb = fn(usize) -> Compute;

fn numbered(name: &str, range: std::ops::Range<usize>) -> impl Iterator<Item = String> {
    range.map(move |number| format!("{name}{number}"))
}

impl Names {
    pub fn histogram(geometry: Geometry) -> Self {
        let mut advice: Vec<_> = numbered("v", 1..geometry.data_columns() + 1).collect();
        advice.extend(["m", "statement"].map(String::from));
        Self { advice, fixed: &["t"], challenges: &["γ"] }
    }

    pub fn data_score(geometry: Geometry) -> Self {
        let single = [
            (Data::Counts, "c"),
            (Data::LnReference, "ℓ"),
            (Data::Boundary, "k"),
            (Data::Nonempty, "s"),
            (Data::Exponent, "e"),
            (Data::Power, "p"),
            (Data::Interval, "i"),
            (Data::A, "A"),
            (Data::B, "B"),
            (Data::CMagnitude, "C"),
            (Data::Records, "n"),
            (Data::Running, "a"),
            (Data::Sum, "S"),
            (Data::Io, "io"),
            (Data::RangeMultiplicity, "m_range"),
            (Data::LnMultiplicity, "m_ln"),
        ];
        let mut names = Self {
            advice: Vec::new(),
            fixed: &["t", "tag", "x0", "x1", "x2", "x3"],
            challenges: &["θ", "γ"],
        };
        for (cells, name) in single {
            names.push(cells.index(geometry), name.to_owned());
        }
        let (offset, counts) = (Data::Offset(0).index(geometry), Data::CountLimb(0).index(geometry));
        names.limbs("o", offset, counts - offset);
        names.limbs("c_", counts, 32u32.div_ceil(geometry.alphabet_bits()) as usize);
        names
    }

    pub fn compute_score(geometry: Geometry) -> Self {
        let single = [
            (Compute::Units, "u"),
            (Compute::Totals, "U"),
            (Compute::Nonzero, "z"),
            (Compute::Rho, "ρ"),
            (Compute::Sum, "sum"),
            (Compute::Io, "io"),
            (Compute::Multiplicity, "m_range"),
        ];
        let mut names = Self { advice: Vec::new(), fixed: &["t"], challenges: &["θ", "γ"] };
        for (cells, name) in single {
            names.push(cells.index(geometry), name.to_owned());
        }
        let limbs: [(&str, Limb, u32); 7] = [
            ("unit", Compute::UnitLimb, 32),
            ("rest", Compute::Rest, 32),
            ("share", Compute::Share, 33),
            ("rem", Compute::Remainder, 32),
            ("slack", Compute::Slack, 32),
            ("decay", Compute::Decay, 65),
            ("lost", Compute::Lost, 64),
        ];
        for (name, cells, bits) in limbs {
            names.limbs(name, cells(0).index(geometry), bits.div_ceil(geometry.alphabet_bits()) as usize);
        }
        names
    }

    /// The next column's name: the names stand in the layout's order or the list is refused.
    fn push(&mut self, index: usize, name: String) {
        assert_eq!(index, self.advice.len(), "{name} is not the next column");
        self.advice.push(name);
    }

    fn limbs(&mut self, name: &str, first: usize, count: usize) {
        for (offset, name) in numbered(name, 0..count).enumerate() {
            self.push(first + offset, name);
        }
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
