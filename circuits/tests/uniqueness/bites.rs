//! The harness bites: what the cells and the rank say when a constraint, a copy or a look-up is left out.
//!
//! Nothing in the circuits is switched off for this: the faults are made in the extracted system.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use ff::Field;
use halo2curves::bn256::Fr;

use super::pins::assert_file;
use super::rank::{Jacobian, Lookups};
use super::subjects::{self, Subject};
use super::sweep::{Sweep, View, survivors};
use crate::claims::GEOMETRY;
use crate::fault::Fault;
use crate::logup::{Argument, Fraction};
use crate::system::{Constraint, Kind, System};

/// Rows of which the cells are altered: those with counts or units, some that are empty, and the single
/// values.
fn rows() -> impl Iterator<Item = usize> + Clone {
    (0..14).chain(1020..1032)
}

/// What is measured of a system.
#[derive(Clone, Debug)]
struct Measures {
    /// Free directions with looked-up and committed cells held.
    forced: usize,
    /// If limbs may move.
    relaxed: usize,
    /// If limbs and committed cells may move.
    uncommitted: usize,
    /// Of the second phase.
    second: usize,
    /// Rows of the instance that nothing holds.
    instance: BTreeSet<usize>,
    /// Loose cells, and how.
    cells: BTreeSet<(View, usize, usize, &'static str)>,
}

fn measure(sweep: &mut Sweep, instance_rows: usize) -> Measures {
    let nullity = |held, lookups| Jacobian::new(&sweep.system, &sweep.logup, held, lookups).nullity();
    let held = Some(sweep.held);
    let (forced, relaxed, uncommitted) =
        (nullity(held, Lookups::Discrete), nullity(held, Lookups::Relaxed), nullity(None, Lookups::Relaxed));
    let second = Jacobian::of_second_phase(&sweep.system).nullity();
    let instance = loose_instance(&sweep.system, instance_rows);
    let columns = sweep.system.advice.len();
    let mut cells = BTreeSet::new();
    for view in [View::Alone, View::Recounted] {
        let (survivors, _) = survivors(sweep, 0..columns, rows(), view);
        for ((column, row), names) in survivors {
            cells.extend(names.into_iter().map(|name| (view, column, row, name)));
        }
    }
    Measures { forced, relaxed, uncommitted, second, instance, cells }
}

/// Rows of the instance that may say something else, with every cell as it is.
fn loose_instance(system: &System, rows: usize) -> BTreeSet<usize> {
    let reads_it =
        |constraint: &&Constraint| constraint.queries().iter().any(|query| query.kind == Kind::Instance);
    let readers: Vec<_> = system.constraints.iter().filter(reads_it).collect();
    assert!(system.copies.is_empty(), "gates alone read the instance");
    let objects = |row: usize| {
        let mut altered = system.clone();
        altered.instance[0][row] += Fr::ONE;
        let is_broken = |constraint: &&Constraint| {
            (0..altered.usable).any(|row| altered.evaluate(&constraint.polynomial, row) != Fr::ZERO)
        };
        readers.iter().any(is_broken)
    };
    (0..rows).filter(|row| !objects(*row)).collect()
}

/// A circuit and what is measured of it as it is.
struct Honest {
    subject: Subject,
    measures: Measures,
}

fn honest(name: &str) -> &'static Honest {
    static ALL: [OnceLock<Honest>; 3] = [const { OnceLock::new() }; 3];
    type Make = fn() -> Subject;
    let (cell, make): (_, Make) = match name {
        "histogram" => (&ALL[0], subjects::histogram),
        "data_score" => (&ALL[1], subjects::data_score),
        _ => (&ALL[2], subjects::compute_score),
    };
    cell.get_or_init(|| {
        let subject = make();
        let measures = measure(&mut subject.sweep(), subject.instance_rows);
        assert!(measures.instance.is_empty(), "every row of the instance is held");
        Honest { subject, measures }
    })
}

impl Honest {
    /// This circuit with faults in it.
    fn with(&self, faults: impl IntoIterator<Item = Fault>) -> Sweep {
        let mut system = self.subject.system.clone();
        let mut argument = Argument::read(&system);
        for fault in faults {
            argument = fault.plant(&mut system);
        }
        Sweep::new(system, argument, self.subject.held)
    }

    /// This circuit without a constraint, by name.
    fn without(&self, name: &'static str) -> Sweep {
        self.with([Fault::Constraint(name)])
    }

    /// This circuit without the look-ups of some columns.
    fn without_lookups(&self, is_dropped: impl Fn(&str) -> bool) -> Sweep {
        let argument = Argument::read(&self.subject.system);
        let columns = argument.fractions().filter_map(Fraction::first_column);
        let dropped: Vec<_> = columns.filter(|column| is_dropped(&self.subject.columns[*column])).collect();
        assert!(!dropped.is_empty(), "no such look-up");
        self.with(dropped.into_iter().map(Fault::Lookup))
    }

    fn report(&self, sweep: &mut Sweep) -> Report {
        let measures = measure(sweep, self.subject.instance_rows);
        let new = measures.cells.difference(&self.measures.cells);
        Report {
            forced: measures.forced - self.measures.forced,
            relaxed: measures.relaxed - self.measures.relaxed,
            uncommitted: measures.uncommitted - self.measures.uncommitted,
            second: measures.second - self.measures.second,
            instance: measures.instance.len(),
            cells: new.map(|(_, column, row, how)| self.describe(*column, *row, how)).collect(),
        }
    }

    fn describe(&self, column: usize, row: usize, how: &str) -> String {
        format!("{} row {row}: {how}", self.subject.columns[column])
    }
}

/// What a fault adds to the measures.
#[derive(Debug)]
struct Report {
    forced: usize,
    relaxed: usize,
    uncommitted: usize,
    second: usize,
    instance: usize,
    cells: BTreeSet<String>,
}

impl Report {
    #[track_caller]
    fn shows(&self, cell: &str) {
        assert!(self.cells.contains(cell), "{cell} is not among {:?}", self.cells);
    }

    fn is_silent(&self) -> bool {
        self.forced + self.relaxed + self.uncommitted + self.second + self.instance == 0
            && self.cells.is_empty()
    }

    fn line(&self, what: &str) -> String {
        let Self { forced, relaxed, uncommitted, second, instance, cells } = self;
        let example = cells.first().map(|cell| format!(", such as {cell}")).unwrap_or_default();
        format!(
            "{what} | {forced}, {relaxed}, {uncommitted} | {second} | {instance} | {}{example}\n",
            cells.len()
        )
    }
}

/// Leaves out each named constraint, and the look-ups of each value: something must be reported of every one
/// of them. What it is, is pinned.
fn each_is_reported(name: &str, values: &[&str]) {
    let honest = honest(name);
    let mut text = format!(
        "# {name}: what is reported when something is left out: directions more, in three ways \
         (looked-up and\n# committed cells held, limbs may move, committed cells may move too) | in the \
         second phase | rows of the\n# instance that nothing holds | loose cells more\n"
    );
    let names: BTreeSet<&str> =
        honest.subject.system.constraints.iter().map(|constraint| constraint.name.as_str()).collect();
    // Without these there is no argument to read from the gates; the sweep names them for each cell they
    // hold.
    let read = ["LogUp helper", "LogUp sum"];
    let mut add = |what: &str, mut sweep: Sweep| {
        let report = honest.report(&mut sweep);
        assert!(!report.is_silent(), "{name}: {what} can be left out unnoticed");
        text.push_str(&report.line(what));
    };
    for constraint in names.into_iter().filter(|name| !read.contains(name)) {
        add(constraint, honest.without(constraint));
    }
    for value in values {
        let is_dropped = |column: &str| column.split('[').next() == Some(value);
        add(&format!("look-ups of {value}"), honest.without_lookups(is_dropped));
    }
    assert_file(&format!("{name}_left_out"), &text);
}

#[test]
fn each_part_of_histogram_is_reported() {
    each_is_reported("histogram", &["v"]);
}

#[test]
fn each_part_of_data_score_is_reported() {
    each_is_reported("data_score", &["e", "i", "o", "c"]);
}

#[test]
fn each_part_of_compute_score_is_reported() {
    each_is_reported("compute_score", &["u", "rest", "share", "rem", "slack", "decay", "lost"]);
}

/// What a row of the instance alone holds is free without the gate that reads it.
#[test]
fn without_the_instance_public_inputs_move() {
    for (circuit, constraint, cell) in [
        ("data_score", "D1 context low", "a row 0: any value"),
        ("data_score", "D1 context high", "S row 0: any value"),
        ("compute_score", "C1 context low", "ρ row 0: any value"),
        ("compute_score", "C1 context high", "λ row 0: any value"),
    ] {
        let report = honest(circuit).report(&mut honest(circuit).without(constraint));
        assert_eq!((report.forced, report.instance), (1, 1), "{constraint}");
        report.shows(cell);
    }
    // Counts are held by commitment and look-ups, so that it is the instance that moves.
    let report = honest("histogram").report(&mut honest("histogram").without("H4 padding-counted"));
    assert_eq!((report.forced, report.uncommitted, report.instance), (0, 0, 1));
    assert!(report.cells.is_empty(), "{:?}", report.cells);
}

/// Four limbs that need only compose to the quotient, or to the remainder, leave three free directions in
/// each round.
#[test]
fn without_a_range_limbs_move_against_each_other() {
    let honest = honest("compute_score");
    let rounds = 3 * GEOMETRY.rounds();
    for (column, silent) in [("share", 3 + 4 * 1015), ("rem", 4 * 1016)] {
        let report = honest.report(&mut honest.without_lookups(|name| name.starts_with(column)));
        assert_eq!(report.forced, rounds + silent, "{column}");
        report.shows(&format!("{column}[0] row 0: carried"));
    }
    // The data score's remainder stands in the limbs of offsets and counts.
    let report = self::honest("data_score").report(
        &mut self::honest("data_score")
            .without_lookups(|name| name.starts_with("o[") || name.starts_with("c[")),
    );
    report.shows("c[0] row 0: carried");
    report.shows("o[0] row 1024: carried");
}

/// Without the boundary on its last row alone, LogUp claims nothing: limbs leave their range, counts are
/// free.
#[test]
fn without_its_end_logup_claims_nothing() {
    for (name, cells) in [
        ("histogram", ["v[0] row 0: any value", "m row 5: any value"]),
        ("data_score", ["m_range row 5: any value", "o[0] row 1030: any value"]),
        ("compute_score", ["m row 5: any value", "rest[0] row 1025: any value"]),
    ] {
        let honest = honest(name);
        let end = honest.subject.sweep().logup.rows.end;
        let report = honest.report(&mut honest.with([Fault::OnRow("LogUp boundary", end)]));
        assert_eq!(report.second, 0, "the running sum still starts somewhere");
        cells.iter().for_each(|cell| report.shows(cell));
    }
}

/// Totals and starts hold no cell of their own: they hold the counts, once counts and their limbs may move.
#[test]
fn without_a_total_or_a_start_one_equation_is_missing() {
    for (circuit, constraint, relaxed, uncommitted) in [
        ("data_score", "D3 start", 0, 1),
        ("data_score", "D7 high", 1, 1),
        ("compute_score", "C4 start", 1, 1),
        ("compute_score", "C6 remainder", 1, 1),
    ] {
        let report = honest(circuit).report(&mut honest(circuit).without(constraint));
        assert_eq!((report.relaxed, report.uncommitted), (relaxed, uncommitted), "{constraint}");
    }
    let report = honest("data_score").report(&mut honest("data_score").without("D3 feature total"));
    assert_eq!(report.relaxed, 0);
    assert!(report.uncommitted >= 3, "three features, {} directions", report.uncommitted);
}

/// Without tags a tuple of zeros passes for what the range table offers.
#[test]
fn without_tags_a_tuple_of_zeros_is_accepted() {
    let honest = honest("data_score");
    let mut sweep = honest.with([Fault::Tags]);
    // The tuples that are tried are those under the look-up's tag, which is none.
    let tag = sweep.terms.iter().find(|term| term.table.len() > 1).expect("a table of tuples").table[0];
    sweep.system.fixed[tag].fill(Fr::ZERO);
    let report = honest.report(&mut sweep);
    report.shows("i row 2: tuple 0");
    report.shows("e row 2: tuple 0");
}
