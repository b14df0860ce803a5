//! A system in words, a line a fact, so that a change of wiring is a change of lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use fairshare_circuits::notation::{Notation, constant, rotated};
use ff::{Field, PrimeField};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

use crate::logup::Argument;
use crate::system::{Cell, Constraint, Kind, Query, Region, System};

/// The whole list.
pub fn describe(system: &System, notation: &Notation) -> String {
    let mut text = Text { system, notation, out: String::new() };
    text.columns();
    text.selectors();
    text.gates();
    text.lookups();
    text.copies();
    text.fixed();
    text.regions();
    text.unread();
    text.out
}

struct Text<'a> {
    system: &'a System,
    notation: &'a Notation,
    out: String,
}

impl Text<'_> {
    fn heading(&mut self, heading: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        self.line(format_args!("{gap}{heading}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.out.write_fmt(line).expect("a string takes all");
        self.out.push('\n');
    }

    fn advice(&self, index: usize) -> String {
        self.notation.advice()[index].clone()
    }

    fn query(&self, query: Query) -> String {
        let name = match query.kind {
            Kind::Advice => &self.notation.advice()[query.column],
            Kind::Fixed => &self.notation.fixed()[query.column],
            Kind::Instance => "instance",
        };
        rotated(name, Rotation(query.rotation))
    }

    fn cell(&self, cell: Cell) -> String {
        let query = Query { kind: cell.kind, column: cell.column, rotation: 0 };
        format!("{} row {}", self.query(query), cell.row)
    }

    fn columns(&mut self) {
        let meta = &self.system.meta;
        let phases = meta.advice_column_phase();
        let first = phases.iter().filter(|phase| **phase == 0).count();
        assert_eq!(first, self.notation.first_phase(), "every first-phase column has a name");
        self.heading(&format!(
            "COLUMNS of {} rows: {} advice ({first} in the first phase), {} fixed, {} instance, \
             {} selectors, {} challenges",
            self.system.rows,
            phases.len(),
            meta.num_fixed_columns(),
            meta.num_instance_columns(),
            meta.num_selectors(),
            meta.num_challenges(),
        ));
        self.line(format_args!("  advice: {}", self.notation.advice().join(" ")));
        let equality = meta.permutation().get_columns().into_iter().map(|column| {
            let kind = match column.column_type() {
                crate::Any::Instance => Kind::Instance,
                crate::Any::Advice(_) => Kind::Advice,
                crate::Any::Fixed => Kind::Fixed,
            };
            self.query(Query { kind, column: column.index(), rotation: 0 })
        });
        let equality = equality.collect::<Vec<_>>().join(" ");
        let equality = if equality.is_empty() { "none" } else { &equality };
        self.line(format_args!("  in the permutation: {equality}"));
    }

    fn selectors(&mut self) {
        self.heading("SELECTORS, and the rows that they are on");
        for (index, rows) in self.system.selectors.iter().enumerate() {
            let on = rows.iter().enumerate().filter(|(_, on)| **on).map(|(row, _)| row);
            let rows = ranges(on);
            self.line(format_args!("  s{index}: {rows}"));
        }
    }

    fn gates(&mut self) {
        self.heading("GATES: constraint, degree, cells read, polynomial");
        let mut gate = "";
        for constraint in &self.system.constraints {
            if constraint.gate != gate {
                gate = &constraint.gate;
                self.line(format_args!("  {gate}"));
            }
            let queries = constraint.queries().into_iter();
            let queries = queries.map(|query| self.query(query));
            let queries = queries.collect::<Vec<_>>().join(" ");
            let degree = constraint.polynomial.degree();
            self.line(format_args!("    {}: degree {degree}; reads {queries}", constraint.name));
            let polynomial = self.polynomial(constraint);
            self.line(format_args!("      {polynomial}"));
        }
    }

    /// A constraint's polynomial; the look-up argument's are long, and listed by their fractions.
    fn polynomial(&self, constraint: &Constraint) -> String {
        if ["LogUp helper", "LogUp sum"].contains(&constraint.name.as_str()) {
            let selectors = constraint.selectors().into_iter().map(|selector| format!("s{selector}"));
            return format!("{} · (see LOOK-UPS)", selectors.collect::<Vec<_>>().join(" · "));
        }
        self.notation.expression(&constraint.polynomial)
    }

    fn lookups(&mut self) {
        let argument = Argument::read(self.system);
        let rows = ranges(argument.rows.clone());
        self.heading(&format!("LOOK-UPS: on rows {rows}, each sum on the left is that of its fractions"));
        for group in &argument.groups {
            let fractions = group.fractions.iter().map(|fraction| {
                let multiplicity = match fraction.is_lookup() {
                    true => "1".to_owned(),
                    false => self.notation.expression(&fraction.multiplicity),
                };
                format!("{multiplicity}/(γ − [{}])", self.notation.expression(&fraction.value))
            });
            let fractions = fractions.collect::<Vec<_>>().join(" + ");
            let sum = self.notation.expression(&group.sum);
            self.line(format_args!("  {sum} = {fractions}"));
        }
        let looked_up = argument.fractions().filter(|fraction| fraction.is_lookup()).count();
        let tables = argument.fractions().count() - looked_up;
        self.line(format_args!("  {looked_up} look-ups, {tables} tables"));
    }

    fn copies(&mut self) {
        self.heading("COPIES");
        for (left, right) in &self.system.copies {
            let (left, right) = (self.cell(*left), self.cell(*right));
            self.line(format_args!("  {left} = {right}"));
        }
        if self.system.copies.is_empty() {
            self.line(format_args!("  none"));
        }
    }

    fn fixed(&mut self) {
        self.heading("FIXED COLUMNS: keccak256 of all rows, 32 bytes each, little-endian; first rows");
        for (index, column) in self.system.fixed.iter().enumerate() {
            let mut hash = Keccak256::new();
            column.iter().for_each(|value| hash.update(value.to_repr()));
            let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            let last = column.iter().rposition(|value| *value != Fr::ZERO).map_or(0, |row| row + 1);
            let first: Vec<_> = column.iter().take(3).map(constant).collect();
            let name = &self.notation.fixed()[index];
            self.line(format_args!("  {name}: {hash}"));
            self.line(format_args!("    {}, …; zero from row {last}", first.join(", ")));
        }
    }

    fn regions(&mut self) {
        self.heading("REGIONS, by phase: cells assigned, selectors switched on");
        for region in &self.system.regions {
            self.line(format_args!("  phase {}: {}", region.phase + 1, region.name));
            for line in self.region(region) {
                self.line(format_args!("    {line}"));
            }
        }
    }

    fn region(&self, region: &Region) -> Vec<String> {
        let mut columns: BTreeMap<(Kind, usize), BTreeSet<usize>> = BTreeMap::new();
        for cell in &region.cells {
            columns.entry((cell.kind, cell.column)).or_default().insert(cell.row);
        }
        let mut lines: Vec<_> = columns
            .into_iter()
            .map(|((kind, column), rows)| {
                let query = Query { kind, column, rotation: 0 };
                format!("{} rows {}", self.query(query), ranges(rows))
            })
            .collect();
        let mut selectors: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (selector, row) in &region.selectors {
            selectors.entry(*selector).or_default().insert(*row);
        }
        lines.extend(selectors.into_iter().map(|(index, rows)| format!("s{index} on rows {}", ranges(rows))));
        lines
    }

    /// Cells that hold a value which no constraint reads: free, and so nothing may depend on them.
    fn unread(&mut self) {
        self.heading("ASSIGNED AND READ BY NOTHING");
        let read = crate::cells_read(self.system);
        let mut columns: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for cell in crate::cells_assigned(self.system).difference(&read) {
            columns.entry(cell.column).or_default().insert(cell.row);
        }
        for (column, rows) in &columns {
            let (name, rows) = (self.advice(*column), ranges(rows.iter().copied()));
            self.line(format_args!("  {name} rows {rows}"));
        }
        if columns.is_empty() {
            self.line(format_args!("  none"));
        }
    }
}

/// Rows as ranges, the end excluded: `0..2040, 2041`.
fn ranges(rows: impl IntoIterator<Item = usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for row in rows {
        match ranges.last_mut() {
            Some((_, end)) if *end == row => *end += 1,
            _ => ranges.push((row, row + 1)),
        }
    }
    let text = ranges.into_iter().map(|(start, end)| match end - start {
        1 => start.to_string(),
        _ => format!("{start}..{end}"),
    });
    let text = text.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none".to_owned() } else { text }
}
