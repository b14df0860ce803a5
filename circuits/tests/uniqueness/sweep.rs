//! Alters cells and asks what objects.
//!
//! Only the constraints that read an altered cell are evaluated. LogUp is judged for first-phase cells by
//! what it claims, in one of two ways ([`View`]); second-phase cells meet LogUp's gates as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::claims::GEOMETRY;
use crate::logup::{Argument, Fraction, is_of_logup};
use crate::system::{Kind, System, visit};

/// Seed of the random values.
const SEED: u64 = 0x756e_6971;

/// Rows that are tried for a tuple of hints in place of its own.
const TUPLE_STEPS: [usize; 3] = [1, 7, 500];

/// A cell of an advice column and its new value.
pub type Change = (usize, usize, Fr);

/// What the liar does about the multiplicities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Only the altered cells differ.
    Alone,
    /// The multiplicities that no commitment outside holds are chosen anew, to suit the altered cells.
    Recounted,
}

/// A circuit's honest assignment, ready to be altered.
#[derive(Clone, Debug)]
pub struct Sweep {
    pub system: System,
    pub logup: Argument,
    /// All fractions of the argument, numbered.
    pub terms: Vec<Fraction>,
    /// Columns before this one are held by a commitment: the registered one, the histogram's, or one that the
    /// verifier computes.
    pub held: usize,
    /// Constraints and rotations that read a column, by column.
    readers: Vec<Vec<(usize, i32)>>,
    copies: HashMap<(usize, usize), Vec<usize>>,
    /// By term and row: `γ − v` and `m` of the honest assignment.
    denominators: Vec<Vec<Fr>>,
    numerators: Vec<Vec<Fr>>,
    /// How many rows of tables with free multiplicities offer a value, by `γ − v`.
    offers: HashMap<[u8; 32], usize>,
}

impl Sweep {
    pub fn new(system: System, logup: Argument, held: usize) -> Self {
        let mut sweep = Self {
            readers: vec![Vec::new(); system.advice.len()],
            copies: HashMap::new(),
            denominators: Vec::new(),
            numerators: Vec::new(),
            offers: HashMap::new(),
            terms: logup.fractions().cloned().collect(),
            system,
            logup,
            held,
        };
        sweep.index_readers();
        sweep.index_lookups();
        sweep
    }

    /// A cell of the first phase is not judged by the gates of LogUp, which read second-phase cells computed
    /// for the honest assignment.
    fn index_readers(&mut self) {
        for (index, constraint) in self.system.constraints.iter().enumerate() {
            let of_logup = is_of_logup(&self.system, constraint);
            for query in constraint.queries() {
                if query.kind == Kind::Advice && (self.system.phase(query.column) > 0 || !of_logup) {
                    self.readers[query.column].push((index, query.rotation));
                }
            }
        }
        for (index, (left, right)) in self.system.copies.iter().enumerate() {
            for cell in [left, right].into_iter().filter(|cell| cell.kind == Kind::Advice) {
                self.copies.entry((cell.column, cell.row)).or_default().push(index);
            }
        }
    }

    fn index_lookups(&mut self) {
        for term in 0..self.terms.len() {
            let (system, logup, known) = (&self.system, &self.logup, &self.terms[term]);
            let rows = || logup.rows.clone();
            self.denominators.push(rows().map(|row| logup.denominator(system, known, row)).collect());
            self.numerators.push(rows().map(|row| known.numerator(system, row)).collect());
            if self.has_free_multiplicity(term) {
                for denominator in &self.denominators[term] {
                    *self.offers.entry(denominator.to_repr()).or_default() += 1;
                }
            }
        }
    }

    /// Whether a term is a table whose multiplicities the prover may choose.
    fn has_free_multiplicity(&self, term: usize) -> bool {
        let columns = &self.terms[term].multiplicities;
        !columns.is_empty() && columns.iter().all(|column| *column >= self.held)
    }

    /// Whether any multiplicity may be chosen anew; if not, both views are one.
    pub fn has_free_multiplicities(&self) -> bool {
        !self.offers.is_empty()
    }

    /// The sum of all fractions of the honest assignment.
    pub fn balance(&self) -> Fr {
        let mut inverses: Vec<Fr> = self.denominators.iter().flatten().copied().collect();
        inverses.iter_mut().batch_invert();
        self.numerators.iter().flatten().zip(inverses).map(|(numerator, inverse)| *numerator * inverse).sum()
    }

    /// The names of all that objects to the altered cells.
    pub fn objections(&mut self, changes: &[Change], view: View) -> BTreeSet<String> {
        let old: Vec<Change> = self.apply(changes);
        let names = self.objecting(changes, view).map(str::to_owned).collect();
        self.apply(&old);
        names
    }

    /// Whether nothing objects to the altered cells.
    pub fn survives(&mut self, changes: &[Change], view: View) -> bool {
        let old: Vec<Change> = self.apply(changes);
        let survives = self.objecting(changes, view).next().is_none();
        self.apply(&old);
        survives
    }

    /// Writes the cells and returns what undoes it.
    fn apply(&mut self, changes: &[Change]) -> Vec<Change> {
        let mut old: Vec<Change> = changes
            .iter()
            .map(|&(column, row, value)| {
                (column, row, std::mem::replace(&mut self.system.advice[column][row], value))
            })
            .collect();
        old.reverse();
        old
    }

    fn objecting<'a>(&'a self, changes: &'a [Change], view: View) -> impl Iterator<Item = &'a str> {
        let system = &self.system;
        let constraints = changes.iter().flat_map(move |&(column, row, _)| {
            self.readers[column].iter().filter_map(move |&(index, rotation)| {
                let constraint = &system.constraints[index];
                let value = system.evaluate(&constraint.polynomial, system.rotated(row, -rotation));
                (value != Fr::ZERO).then_some(constraint.name.as_str())
            })
        });
        let copies = changes.iter().flat_map(move |&(column, row, _)| {
            self.copies.get(&(column, row)).into_iter().flatten().filter_map(move |&index| {
                let (left, right) = system.copies[index];
                (system.value(left) != system.value(right)).then_some("permutation")
            })
        });
        let unbalanced = std::iter::once_with(move || self.is_unbalanced(changes, view));
        constraints.chain(copies).chain(unbalanced.filter(|is| *is).map(|_| "LogUp boundary"))
    }

    /// Whether LogUp would object, with the second-phase cells computed for the altered assignment.
    fn is_unbalanced(&self, changes: &[Change], view: View) -> bool {
        let changed = self.changed_terms(changes);
        if !self.logup.binds || changed.is_empty() {
            return false;
        }
        if view == View::Recounted && self.has_free_multiplicities() {
            return !changed.iter().all(|change| self.can_be_recounted(change));
        }
        // Σ m'/d' = Σ m/d over the terms that changed; for one of them without a division.
        if let [Changed { term, row, numerator, denominator }] = changed[..] {
            return numerator * self.denominators[term][row] != self.numerators[term][row] * denominator;
        }
        let mut inverses: Vec<Fr> = changed
            .iter()
            .flat_map(|change| [change.denominator, self.denominators[change.term][change.row]])
            .collect();
        inverses.iter_mut().batch_invert();
        let shift: Fr = changed
            .iter()
            .zip(inverses.chunks(2))
            .map(|(change, pair)| {
                change.numerator * pair[0] - self.numerators[change.term][change.row] * pair[1]
            })
            .sum();
        shift != Fr::ZERO
    }

    fn changed_terms(&self, changes: &[Change]) -> Vec<Changed> {
        let mut changed: Vec<Changed> = Vec::new();
        for (term, known) in self.terms.iter().enumerate() {
            for &(column, row, _) in changes {
                let reads = known.looked_up.contains(&column) || known.multiplicities.contains(&column);
                if !reads || row >= self.logup.rows.end {
                    continue;
                }
                let numerator = known.numerator(&self.system, row);
                let denominator = self.logup.denominator(&self.system, known, row);
                let differs =
                    numerator != self.numerators[term][row] || denominator != self.denominators[term][row];
                if differs && changed.iter().all(|known| (known.term, known.row) != (term, row)) {
                    changed.push(Changed { term, row, numerator, denominator });
                }
            }
        }
        changed
    }

    /// One look-up counted elsewhere: from a multiplicity to the next row that offers the same entry.
    fn transfer(&self, column: usize, row: usize) -> Option<(&'static str, Vec<Change>)> {
        let is_table = |term: &Fraction| term.multiplicities == [column];
        let term = self.terms.iter().position(is_table).filter(|_| row < self.logup.rows.end)?;
        let own = self.denominators[term][row];
        let rows = self.logup.rows.end;
        let other =
            (1..rows).map(|step| (row + step) % rows).find(|row| self.denominators[term][*row] == own)?;
        let values = &self.system.advice[column];
        let changes = vec![(column, row, values[row] - Fr::ONE), (column, other, values[other] + Fr::ONE)];
        Some(("transferred", changes))
    }

    /// What a liar adds to `changes` in the second view: for each look-up that changed, one less of the entry
    /// it was and one more of what it is; for a multiplicity that changed, the difference off another row of
    /// its entry. Entries that no table offers are left out.
    pub fn recount(&mut self, changes: &[Change]) -> Vec<Change> {
        let old = self.apply(changes);
        let changed = self.changed_terms(changes);
        self.apply(&old);
        let mut counted: BTreeMap<(usize, usize), Fr> = BTreeMap::new();
        for change in &changed {
            let (was, is) = (self.denominators[change.term][change.row], change.denominator);
            let by = change.numerator - self.numerators[change.term][change.row];
            let corrections = if self.has_free_multiplicity(change.term) {
                vec![(was, by)]
            } else {
                vec![(was, -Fr::ONE), (is, Fr::ONE)]
            };
            for (entry, by) in corrections {
                if let Some(cell) = self.offer(entry, changes) {
                    *counted.entry(cell).or_insert(self.system.advice[cell.0][cell.1]) += by;
                }
            }
        }
        counted.into_iter().map(|((column, row), value)| (column, row, value)).collect()
    }

    /// A multiplicity of an entry, by `γ − v`, that is not among `changes`.
    fn offer(&self, entry: Fr, changes: &[Change]) -> Option<(usize, usize)> {
        let tables = (0..self.terms.len()).filter(|term| self.has_free_multiplicity(*term));
        let cells = tables.flat_map(|term| {
            let column = self.terms[term].multiplicities[0];
            let rows = (0..self.logup.rows.end).filter(move |row| self.denominators[term][*row] == entry);
            rows.map(move |row| (column, row))
        });
        let mut free = cells.filter(|cell| changes.iter().all(|change| (change.0, change.1) != *cell));
        free.next()
    }

    /// Whether multiplicities exist that balance a changed term: a looked-up value that some table offers, or
    /// a multiplicity whose entry another row offers too.
    fn can_be_recounted(&self, change: &Changed) -> bool {
        let offers = self.offers.get(&change.denominator.to_repr()).copied().unwrap_or(0);
        if self.has_free_multiplicity(change.term) { offers >= 2 } else { offers >= 1 }
    }
}

/// A term's fraction on a row, as altered.
struct Changed {
    term: usize,
    row: usize,
    numerator: Fr,
    denominator: Fr,
}

/// Ways to alter a cell, by name; those that change nothing are left out.
pub fn alterations(system: &System, column: usize, row: usize) -> Vec<(&'static str, Vec<Change>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED ^ (column as u64) << 32 ^ row as u64);
    let values = &system.advice[column];
    let value = values[row];
    let limb = Fr::from(1u64 << GEOMETRY.alphabet_bits());
    let above = values[row.saturating_sub(1)];
    let below = values[(row + 1).min(system.usable - 1)];
    let one = Fr::ONE;
    let mut all: Vec<(&'static str, Vec<Change>)> = [
        ("0", Fr::ZERO),
        ("1", one),
        ("+1", value + one),
        ("-1", value - one),
        ("negated", -value),
        ("doubled", value.double()),
        ("halved", value * Fr::TWO_INV),
        ("+limb", value + limb),
        ("-limb", value - limb),
        ("+2^253", value + Fr::from(2).pow_vartime([253])),
        ("as above", above),
        ("as below", below),
        ("small", Fr::from(rng.next_u64() % (1 << GEOMETRY.alphabet_bits()))),
        ("random", Fr::random(&mut rng)),
    ]
    .map(|(name, value)| (name, vec![(column, row, value)]))
    .into();
    if row + 1 < system.usable {
        all.push(("swapped", vec![(column, row, below), (column, row + 1, value)]));
    }
    // A limb too large, made up for in the next: what only a range check refuses.
    if column + 1 < system.advice.len() && system.phase(column + 1) == system.phase(column) {
        let next = system.advice[column + 1][row];
        all.push(("carried", vec![(column, row, value + limb), (column + 1, row, next - one)]));
    }
    all.retain(|(_, changes)| {
        changes.iter().any(|&(column, row, value)| system.advice[column][row] != value)
    });
    all
}

/// Ways to exchange, as a whole, a tuple that is looked up: for other rows of its table, and for zeros.
pub fn tuple_alterations(sweep: &Sweep, term: usize, row: usize) -> Vec<(&'static str, Vec<Change>)> {
    let known = &sweep.terms[term];
    let system = &sweep.system;
    let tuple = |values: Vec<Fr>| -> Vec<Change> {
        known.looked_up.iter().zip(values).map(|(column, value)| (*column, row, value)).collect()
    };
    let table = sweep.terms.iter().find(|term| term.table.len() > known.looked_up.len());
    let table = table.expect("a table for the tuple");
    let (tag, entries) = table.table.split_first().expect("a tag");
    let own = leading_constant(&known.value);
    let rows: Vec<usize> = (0..sweep.logup.rows.end).filter(|row| system.fixed[*tag][*row] == own).collect();
    let entry = |row: usize| entries.iter().map(|column| system.fixed[*column][row]).collect::<Vec<_>>();
    let current: Vec<Fr> = known.looked_up.iter().map(|column| system.advice[*column][row]).collect();
    let mut all: Vec<_> = TUPLE_STEPS
        .into_iter()
        .map(|step| ("tuple moved", tuple(entry(rows[(row * 31 + step) % rows.len()]))))
        .collect();
    all.push(("tuple 0", tuple(vec![Fr::ZERO; known.looked_up.len()])));
    all.retain(|(_, changes)| changes.iter().zip(&current).any(|((_, _, value), current)| value != current));
    all
}

/// The constant with which an expression begins.
pub fn leading_constant(expression: &Expression<Fr>) -> Fr {
    let mut first = None;
    visit(expression, &mut |leaf| {
        if let (None, Expression::Constant(value)) = (first, leaf) {
            first = Some(*value);
        }
    });
    first.unwrap_or(Fr::ZERO)
}

/// The alterations of one cell that nothing objects to, in words.
fn surviving(sweep: &mut Sweep, ways: Vec<(&'static str, Vec<Change>)>, view: View) -> Vec<&'static str> {
    let limb = Fr::from(1u64 << GEOMETRY.alphabet_bits());
    let is_limb = |changes: &[Change]| changes.iter().all(|(_, _, value)| *value < limb);
    let (single, joint): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(_, changes)| changes.len() == 1);
    let verdicts: Vec<bool> = single.iter().map(|(_, changes)| sweep.survives(changes, view)).collect();
    if !single.is_empty() && verdicts.iter().all(|survives| *survives) {
        return vec!["any value"];
    }
    let limbs = single.iter().map(|(_, changes)| is_limb(changes));
    if verdicts.contains(&true) && limbs.eq(verdicts.iter().copied()) {
        let mut names = vec!["any limb"];
        // Cells that take any limb may be swapped too: only what goes beyond is worth a word.
        names.extend(joint_survivors(sweep, joint, view).into_iter().filter(|name| *name != "swapped"));
        return names;
    }
    let mut names: Vec<_> =
        single.iter().zip(verdicts).filter(|(_, survives)| *survives).map(|((name, _), _)| *name).collect();
    names.extend(joint_survivors(sweep, joint, view));
    names
}

fn joint_survivors(
    sweep: &mut Sweep,
    ways: Vec<(&'static str, Vec<Change>)>,
    view: View,
) -> Vec<&'static str> {
    let mut names: Vec<_> = ways
        .into_iter()
        .filter_map(|(name, changes)| sweep.survives(&changes, view).then_some(name))
        .collect();
    names.dedup();
    names
}

/// Cells with an alteration that nothing objects to, and the alterations' names; for a tuple, at its first
/// column.
pub type Survivors = BTreeMap<(usize, usize), Vec<&'static str>>;

/// Alters every cell of some columns and rows; returns the survivors, and the number of alterations.
pub fn survivors(
    sweep: &mut Sweep,
    columns: impl Iterator<Item = usize>,
    rows: impl Iterator<Item = usize> + Clone,
    view: View,
) -> (Survivors, usize) {
    let mut survivors = BTreeMap::new();
    let mut tried = 0;
    for column in columns {
        let tuples: Vec<usize> = (0..sweep.terms.len())
            .filter(|term| {
                let known = &sweep.terms[*term].looked_up;
                known.len() > 1 && known.first() == Some(&column)
            })
            .collect();
        for row in rows.clone() {
            let mut ways = alterations(&sweep.system, column, row);
            ways.extend(sweep.transfer(column, row));
            if row < sweep.logup.rows.end {
                ways.extend(tuples.iter().flat_map(|term| tuple_alterations(sweep, *term, row)));
            }
            tried += ways.len();
            let names = surviving(sweep, ways, view);
            if !names.is_empty() {
                survivors.insert((column, row), names);
            }
        }
    }
    (survivors, tried)
}
