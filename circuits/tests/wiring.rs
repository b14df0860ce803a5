//! Ring 4 of the suite: is each value the value meant?
//!
//! A gate says what holds between the cells of a row; the wiring says which values those cells are. For each
//! circuit, in the compact geometry, `tests/pinned/NAME.txt` lists in words every selector's rows, every
//! constraint with its degree, its queries and its polynomial, the fractions of the look-up argument as they
//! stand in its gates, every copy, the fixed columns' contents, the cells that each region assigns, and the
//! cells that nothing reads. The test prints a change as a diff against that file: it is to be read by a
//! second person before it is pinned anew, with
//!
//! ```text
//! FAIRSHARE_BLESS=1 cargo test --release -p fairshare-circuits --test wiring
//! ```
//!
//! Nothing else writes there. The second half asserts what must hold of any wiring.

use std::collections::BTreeSet;

use fairshare_circuits::compute_score::{self, ComputeScoreCircuit};
use fairshare_circuits::data_score::{self, DataScoreCircuit};
use fairshare_circuits::geometry::Geometry;
use fairshare_circuits::histogram::{self, HistogramCircuit};
use fairshare_circuits::notation::Notation;
use fairshare_circuits::{DEGREE, numeric};
use halo2_proofs::plonk::{Advice, Any, Circuit, Column, Fixed};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;

mod wiring {
    pub mod text;
}

#[path = "support/claims.rs"]
mod claims;
#[path = "support/logup.rs"]
mod logup;
#[path = "support/system.rs"]
mod system;

use claims::{ComputeClaim, DataClaim, GEOMETRY, HistogramClaim, SHAPE};
use logup::Argument;
use system::{Cell, Kind, System};

/// A circuit with a true witness, taken apart.
struct Subject {
    name: &'static str,
    notation: Notation,
    system: System,
    /// Advice columns that a commitment holds, the first ones: no constraint may read them in rows `u..n`.
    held: usize,
}

impl Subject {
    fn assert_pinned(&self) {
        let text = wiring::text::describe(&self.system, &self.notation);
        fairshare_pinned::assert_pinned(format!("tests/pinned/{}.txt", self.name), &text);
    }
}

fn histogram() -> Subject {
    let claim = HistogramClaim::honest();
    Subject {
        name: "histogram",
        notation: Notation::histogram(SHAPE),
        system: System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows()),
        held: SHAPE.columns() + 1,
    }
}

fn data_score() -> Subject {
    let claim = DataClaim::honest();
    Subject {
        name: "data_score",
        notation: Notation::data_score(GEOMETRY),
        system: System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows()),
        held: data_score::LINKED_COLUMNS + data_score::PUBLIC_COLUMNS,
    }
}

fn compute_score() -> Subject {
    let claim = ComputeClaim::honest();
    Subject {
        name: "compute_score",
        notation: Notation::compute_score(GEOMETRY),
        system: System::extract(GEOMETRY.k(), &claim.circuit(), &claim.instance.to_rows()),
        held: compute_score::PUBLIC_COLUMNS,
    }
}

fn subjects() -> [Subject; 3] {
    [histogram(), data_score(), compute_score()]
}

#[test]
fn histogram_is_wired_as_pinned() {
    histogram().assert_pinned();
}

#[test]
fn data_score_is_wired_as_pinned() {
    data_score().assert_pinned();
}

#[test]
fn compute_score_is_wired_as_pinned() {
    compute_score().assert_pinned();
}

/// The library caps the degree that it computes by an environment variable, so it is computed here.
fn assert_degree(system: &System) {
    for constraint in &system.constraints {
        let degree = constraint.polynomial.degree();
        assert!(degree <= DEGREE, "{} is of degree {degree}", constraint.name);
    }
    assert_eq!(system.meta.minimum_degree(), Some(DEGREE));
}

/// A Solidity generator in use drops the second of two queries of one column whose rotations are equal modulo
/// the number of rows, without a word. Selectors become columns of their own, as in the keys.
fn assert_queries_unique(system: &System) {
    let (meta, _) = system.meta.clone().directly_convert_selectors_to_fixed(system.selectors.clone());
    let advice = meta.advice_queries().iter().map(|(column, at)| ('a', column.index(), *at));
    let fixed = meta.fixed_queries().iter().map(|(column, at)| ('f', column.index(), *at));
    let instance = meta.instance_queries().iter().map(|(column, at)| ('i', column.index(), *at));
    let mut seen = BTreeSet::new();
    for (kind, column, Rotation(at)) in advice.chain(fixed).chain(instance) {
        let row = system.rotated(0, at);
        assert!(seen.insert((kind, column, row)), "{kind}{column} is queried twice at rotation {at}");
    }
    assert!(seen.len() > meta.num_advice_columns());
}

/// The look-up argument is the project's own: the library's has no place in a statement that names its
/// clauses.
fn assert_no_other_argument(system: &System) {
    assert!(system.meta.lookups().is_empty());
    assert!(system.meta.constants().is_empty());
}

#[test]
fn every_geometry_keeps_degree_and_queries() {
    for geometry in Geometry::ALL {
        let scores = [
            System::extract(geometry.k(), &DataScoreCircuit::shape(geometry), &[]),
            System::extract(geometry.k(), &ComputeScoreCircuit::shape(geometry), &[]),
        ];
        let histograms = geometry.widths().iter().map(|width| {
            System::extract(geometry.k(), &HistogramCircuit::shape(geometry.segment(*width)), &[])
        });
        for system in histograms.chain(scores) {
            assert_degree(&system);
            assert_queries_unique(&system);
            assert_no_other_argument(&system);
        }
    }
}

/// Advice cells that a constraint reads on a row where its selectors are on, or that a copy names.
fn cells_read(system: &System) -> BTreeSet<Cell> {
    let mut read: BTreeSet<Cell> = system.copies.iter().flat_map(|(left, right)| [*left, *right]).collect();
    for constraint in &system.constraints {
        assert!(!constraint.selectors().is_empty(), "{} holds on every row", constraint.name);
        let queries = constraint.queries();
        for row in (0..system.rows).filter(|row| system.is_active(constraint, *row)) {
            read.extend(queries.iter().map(|query| Cell {
                kind: query.kind,
                column: query.column,
                row: system.rotated(row, query.rotation),
            }));
        }
    }
    read.retain(|cell| cell.kind == Kind::Advice);
    read
}

fn cells_assigned(system: &System) -> BTreeSet<Cell> {
    let cells = system.regions.iter().flat_map(|region| &region.cells);
    cells.copied().filter(|cell| cell.kind == Kind::Advice).collect()
}

#[test]
fn every_cell_that_a_gate_reads_is_assigned() {
    for Subject { name, system, .. } in subjects() {
        let (read, assigned) = (cells_read(&system), cells_assigned(&system));
        assert!(read.len() > 10_000, "{name}: too few cells to be all");
        if let Some(cell) = read.difference(&assigned).next() {
            panic!("{name}: {cell} is read and never assigned");
        }
    }
}

/// Rows `u..n` belong to the blinding, and to the link's span; the running sum alone ends in row `u`.
#[test]
fn nothing_is_assigned_below_the_usable_rows() {
    let usable = GEOMETRY.usable_rows();
    for Subject { name, system, .. } in subjects() {
        let end = Cell::advice(Argument::read(&system).running, usable);
        assert!(system.usable > usable, "{name}: the sum would end in a blinding row");
        let cells: Vec<_> = system.regions.iter().flat_map(|region| &region.cells).collect();
        for cell in &cells {
            assert!(cell.row < usable || **cell == end, "{name}: {cell} is assigned");
        }
        assert!(cells.contains(&&end), "{name}: the sum has no end");
        for (_, row) in system.regions.iter().flat_map(|region| &region.selectors) {
            assert!(*row <= usable, "{name}: a selector in row {row}");
        }
    }
}

/// A commitment's last rows are its blinding, and all from `u` on are free in the link: no constraint may
/// look at them.
#[test]
fn committed_columns_are_not_read_below_the_usable_rows() {
    for Subject { name, system, held, .. } in subjects() {
        let read = cells_read(&system);
        assert!((0..held).all(|column| read.contains(&Cell::advice(column, 1))), "{name}");
        let mut below = read.iter().filter(|cell| cell.column < held && cell.row >= GEOMETRY.usable_rows());
        assert_eq!(below.next(), None, "{name}");
        assert!(
            (0..held).all(|column| system.phase(column) == 0),
            "{name}: a committed column of a later phase"
        );
    }
}

/// Every row of the instance is bound to a cell, by a copy or by a gate.
#[test]
fn every_instance_row_is_bound() {
    let rows =
        [histogram::INSTANCE_ROWS.len(), data_score::INSTANCE_ROWS.len(), compute_score::INSTANCE_ROWS.len()];
    for (Subject { name, system, .. }, rows) in subjects().into_iter().zip(rows) {
        let mut bound: BTreeSet<usize> = system
            .copies
            .iter()
            .flat_map(|(left, right)| [left, right])
            .filter(|cell| cell.kind == Kind::Instance)
            .map(|cell| cell.row)
            .collect();
        for constraint in &system.constraints {
            let queries = constraint.queries();
            for query in queries.iter().filter(|query| query.kind == Kind::Instance) {
                let active = (0..system.rows).filter(|row| system.is_active(constraint, *row));
                bound.extend(active.map(|row| system.rotated(row, query.rotation)));
            }
        }
        assert_eq!(bound, (0..rows).collect(), "{name}");
    }
}

/// No region overwrites what another assigned, but for the cells bound to the instance, which are named
/// twice.
#[test]
fn cells_assigned_twice_are_the_copied_ones() {
    for Subject { name, system, .. } in subjects() {
        let copied: BTreeSet<Cell> = system.copies.iter().map(|(left, _)| *left).collect();
        let mut seen = BTreeSet::new();
        for cell in system.regions.iter().flat_map(|region| &region.cells) {
            assert!(seen.insert(*cell) || copied.contains(cell), "{name}: {cell} is assigned twice");
        }
        assert!(system.failures().is_empty(), "{name}: the honest witness is refused");
    }
}

/// What the fixed columns must hold, computed apart from the chips.
#[test]
fn fixed_columns_hold_the_tables() {
    let alphabet = GEOMETRY.alphabet();
    let range: Vec<Fr> = (0..GEOMETRY.rows())
        .map(|row| if row < alphabet { Fr::from(row as u64) } else { Fr::zero() })
        .collect();
    for Subject { name, system, .. } in subjects() {
        assert_eq!(system.fixed[0], range, "{name}");
    }
    let system = data_score().system;
    for (index, interval) in numeric::ln::intervals().iter().enumerate() {
        let tuple = [1, interval.a, interval.b, interval.c_magnitude];
        for (column, expected) in system.fixed[1..].iter().zip(tuple) {
            assert_eq!(column[index], ff::PrimeField::from_u128(expected));
        }
    }
    for exponent in 0..32u64 {
        let tuple = [2, exponent, 1 << (31 - exponent), 0].map(Fr::from);
        let row = alphabet + exponent as usize;
        assert_eq!(system.fixed[1..].iter().map(|column| column[row]).collect::<Vec<_>>(), tuple);
    }
}

/// The assertions above bite: each is given a system with the one fault that it is for.
mod bite {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[derive(Clone, Debug)]
    struct Faulty {
        a: Column<Advice>,
        t: Column<Fixed>,
        selector: halo2_proofs::plonk::Selector,
    }

    /// A circuit of one gate of some degree, that queries its column at some rotation besides the current
    /// row.
    struct Toy<const DEGREE: usize, const ROTATION: i32>;

    impl<const GATE: usize, const ROTATION: i32> Circuit<Fr> for Toy<GATE, ROTATION> {
        type Config = Faulty;
        type FloorPlanner = halo2_proofs::circuit::SimpleFloorPlanner;
        type Params = ();

        fn without_witnesses(&self) -> Self {
            Self
        }

        fn configure(meta: &mut halo2_proofs::plonk::ConstraintSystem<Fr>) -> Faulty {
            meta.set_minimum_degree(DEGREE);
            let (a, t, selector) = (meta.advice_column(), meta.fixed_column(), meta.selector());
            meta.instance_column();
            meta.create_gate("toy", |meta| {
                let cell = meta.query_advice(a, Rotation::cur());
                let other = meta.query_advice(a, Rotation(ROTATION));
                let power = (2..GATE).fold(cell.clone(), |power, _| power * cell.clone());
                let selector = meta.query_selector(selector);
                vec![("toy", selector * (power - other))]
            });
            Faulty { a, t, selector }
        }

        fn synthesize(
            &self,
            config: Faulty,
            mut layouter: impl halo2_proofs::circuit::Layouter<Fr>,
        ) -> Result<(), halo2_proofs::plonk::Error> {
            layouter.assign_region(
                || "toy",
                |mut region| {
                    region.assign_advice(config.a, 3, halo2_proofs::circuit::Value::known(Fr::one()));
                    region.assign_fixed(config.t, 0, Fr::one());
                    config.selector.enable(&mut region, 3)
                },
            )
        }
    }

    fn panics(body: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(body)).is_err()
    }

    #[test]
    fn on_degree_and_on_queries() {
        let sound = System::extract(5, &Toy::<5, 1>, &[]);
        assert_degree(&sound);
        let high = System::extract(5, &Toy::<6, 1>, &[]);
        assert_eq!(high.meta.degree(), 5, "the library caps what it reports");
        assert!(panics(|| assert_degree(&high)));

        let doubled = System::extract(5, &Toy::<5, 32>, &[]);
        assert!(panics(|| assert_queries_unique(&doubled)));
    }

    #[test]
    fn on_cells_read_and_not_assigned() {
        let system = System::extract(5, &Toy::<5, 1>, &[]);
        let (read, assigned) = (cells_read(&system), cells_assigned(&system));
        assert_eq!(read.difference(&assigned).collect::<Vec<_>>(), [&Cell::advice(0, 4)]);
    }
}
