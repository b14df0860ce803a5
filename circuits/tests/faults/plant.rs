//! Cases, and the judge.

use std::collections::BTreeSet;

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use crate::fault::Fault;
use crate::logup::Argument;
use crate::system::{Constraint, System};

/// How the liar completes its witness, beyond summing the fractions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Whether it counts the look-ups, or the multiplicities are part of the lie.
    recount: bool,
    hide: Option<Hide>,
}

/// Where it hides what the sum lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hide {
    /// In a helper, which then is no sum of its fractions.
    InHelper,
    /// In a running sum of zeros.
    InSum,
}

/// A fault and a lie that it lets through.
pub struct Case {
    /// What is claimed falsely.
    pub name: &'static str,
    pub fault: Fault,
    /// The false witness, but for what `finish` fills in.
    pub lie: System,
    pub finish: Finish,
    /// What objects in the real circuit.
    pub refused_by: &'static str,
    /// The clause that the plain relation finds broken in what the committed cells and the instance say;
    /// `None` where the lie is about a cell that they do not show.
    pub breaks: Option<&'static str>,
}

impl Finish {
    /// Counts the look-ups.
    pub const RECOUNT: Self = Self { recount: true, hide: None };
    /// Leaves the multiplicities as they are.
    pub const SUM: Self = Self { recount: false, hide: None };

    pub fn hiding(self, hide: Hide) -> Self {
        Self { hide: Some(hide), ..self }
    }

    /// Completes a witness for the argument as it stands in the system.
    fn complete(self, system: &mut System, argument: &Argument) {
        if self.recount {
            argument.recount(system);
        }
        let end = argument.sum(system, Fr::ZERO);
        let rows = argument.rows.clone();
        match self.hide {
            Some(Hide::InHelper) => {
                let helper = argument.helpers().next().expect("a helper");
                system.advice[helper][0] -= end;
                system.advice[argument.running][1..=rows.end].iter_mut().for_each(|sum| *sum -= end);
            }
            Some(Hide::InSum) => system.advice[argument.running][..=rows.end].fill(Fr::ZERO),
            None => {
                let boundary = system.constraints.iter().find(|it| it.name == "LogUp boundary");
                if !system.is_active(boundary.expect("a boundary"), rows.start) {
                    argument.sum(system, -end);
                }
            }
        }
    }
}

impl Case {
    /// The real system refuses the lie, by name; the faulty one accepts it.
    pub fn judge(&self, violated: impl Fn(&System) -> Option<&'static str>) {
        let Self { name, fault, lie, finish, refused_by, breaks } = self;
        assert_eq!(violated(lie), *breaks, "{name}: what the relation says");
        let argument = Argument::read(lie);

        let mut real = lie.clone();
        finish.complete(&mut real, &argument);
        let objecting: Vec<_> = real.failing_names().into_iter().collect();
        assert_eq!(objecting, [*refused_by], "{name}: what objects");

        let mut faulty = lie.clone();
        let argument = fault.plant(&mut faulty);
        finish.complete(&mut faulty, &argument);
        assert_eq!(
            faulty.failing_names(),
            BTreeSet::new(),
            "{name}: the fault {fault:?} does not let it through"
        );
    }
}

/// Asserts that the cases leave out every constraint and the two ends of the look-up argument's sum, and that
/// there are no copies to leave out.
pub fn assert_complete(cases: &[Case], system: &System) {
    let faults: Vec<_> = cases.iter().map(|case| case.fault).collect();
    for constraint in &system.constraints {
        let planted = |fault: &Fault| match fault {
            Fault::Constraint(name) | Fault::OnRow(name, _) => *name == constraint.name,
            _ => false,
        };
        assert!(faults.iter().any(planted), "{} is never left out", constraint.name);
    }
    assert!(system.copies.is_empty(), "a copy is never left out");
    for row in [0, Argument::read(system).rows.end] {
        assert!(
            faults.contains(&Fault::OnRow("LogUp boundary", row)),
            "the sum's end in row {row} is never left out"
        );
    }
}

/// Every look-up counts: a value that stands in no table, in a row that no gate reads, spoils the sum, and
/// only where its own look-up is left out does it not.
pub fn assert_every_lookup_bites(honest: &System, expected: usize) {
    let argument = Argument::read(honest);
    let row = argument.rows.end - 1;
    let columns: Vec<_> = argument
        .fractions()
        .filter(|it| it.is_lookup())
        .map(|it| it.first_column().expect("a column"))
        .collect();
    assert_eq!(columns.iter().collect::<BTreeSet<_>>().len(), expected, "columns that are looked up");
    for column in columns {
        let mut lie = honest.clone();
        lie.advice[column][row] = Fr::from(1 << 40);
        argument.recount(&mut lie);
        assert_ne!(argument.sum(&mut lie, Fr::ZERO), Fr::ZERO, "a{column} is looked up nowhere");
        let without = Fault::Lookup(column).plant(&mut lie);
        without.recount(&mut lie);
        assert_eq!(without.sum(&mut lie, Fr::ZERO), Fr::ZERO, "a{column} is looked up twice");
    }
}

/// Carries a column forward: on each row where the constraint `x(next) − …` is on, writes the `x(next)` that
/// it asks for.
pub fn carry(system: &mut System, name: &str, column: usize) {
    let named = |constraint: &&Constraint| constraint.name == name;
    let constraint = system.constraints.iter().find(named).expect("a constraint").clone();
    for row in 0..system.usable {
        let residue = system.evaluate(&constraint.polynomial, row);
        system.advice[column][row + 1] -= residue;
    }
}

/// The same upwards, for `x − x(next) − …`: from a row to row 0 it writes the `x` that the constraint asks
/// for.
pub fn lift(system: &mut System, name: &str, column: usize, bottom: usize) {
    let named = |constraint: &&Constraint| constraint.name == name;
    let constraint = system.constraints.iter().find(named).expect("a constraint").clone();
    for row in (0..bottom).rev() {
        let residue = system.evaluate(&constraint.polynomial, row);
        system.advice[column][row] -= residue;
    }
}

/// A field element as an integer.
pub fn integer(value: Fr) -> BigUint {
    BigUint::from_bytes_le(value.to_repr().as_ref())
}

/// An integer as a field element.
pub fn element(value: &BigUint) -> Fr {
    let mut bytes = [0; 32];
    let digits = value.to_bytes_le();
    bytes[..digits.len()].copy_from_slice(&digits);
    Fr::from_repr(bytes).expect("an integer below the modulus")
}

/// A field element as a machine integer, if it is one.
pub fn small<T: TryFrom<BigUint>>(value: Fr) -> Option<T> {
    T::try_from(integer(value)).ok()
}

/// `count` limbs of `width` bits, least significant first; higher bits are dropped.
pub fn limbs(value: &BigUint, width: u32, count: usize) -> Vec<Fr> {
    let mask = (BigUint::from(1u32) << width) - 1u32;
    (0..count as u32).map(|limb| element(&((value >> (limb * width)) & &mask))).collect()
}
