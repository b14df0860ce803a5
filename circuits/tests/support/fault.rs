//! What can be left out of a circuit that has been taken apart: one constraint, one look-up, the tags.
//!
//! The planted faults and the bites of the uniqueness tests are made of these.

#![allow(dead_code, reason = "each test target uses a part of it, and none the same part")]

use fairshare_circuits::chips::{Expr, constant};
use ff::Field;
use halo2_proofs::plonk::Expression;
use halo2curves::bn256::Fr;

use crate::logup::{Argument, Fraction};
use crate::system::{Constraint, System};

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The constraints of that name.
    Constraint(&'static str),
    /// The constraint of that name, on one row; with it goes what holds where its selector and another meet.
    OnRow(&'static str, usize),
    /// The look-up whose value starts with this advice column.
    Lookup(usize),
    /// The tags that tell one table's tuples from another's.
    Tags,
}

impl Fault {
    /// Leaves it out of a system, and returns the look-up argument that a liar has to satisfy.
    pub fn plant(self, system: &mut System) -> Argument {
        let argument = Argument::read(system);
        match self {
            Self::Constraint(name) => {
                let before = system.constraints.len();
                system.constraints.retain(|constraint| constraint.name != name);
                assert!(system.constraints.len() < before, "no constraint {name}");
                if ["LogUp helper", "LogUp sum"].contains(&name) {
                    // Its fractions can no longer be read.
                    return argument;
                }
            }
            Self::OnRow(name, row) => {
                let named = |constraint: &&Constraint| constraint.name == name;
                let selectors = system.constraints.iter().find(named).expect("a constraint").selectors();
                let alone = |constraint: &&Constraint| constraint.selectors() == selectors;
                assert_eq!(system.constraints.iter().filter(alone).count(), 1, "{name} shares its selector");
                for selector in selectors {
                    assert!(std::mem::take(&mut system.selectors[selector][row]), "{name} is off there");
                }
            }
            Self::Lookup(column) => {
                return edit(system, argument, |fractions| {
                    let before = fractions.len();
                    fractions.retain(|it| !(it.is_lookup() && it.first_column() == Some(column)));
                    before - fractions.len()
                });
            }
            Self::Tags => {
                return edit(system, argument, |fractions| {
                    let tagged = fractions.iter_mut().filter(|it| matches!(it.value, Expression::Sum(..)));
                    tagged.map(|fraction| fraction.value = without_tag(&fraction.value)).count()
                });
            }
        }
        Argument::read(system)
    }
}

/// Edits the argument's fractions, and the gates with them; `edit` says how many it changed.
fn edit(
    system: &mut System,
    mut argument: Argument,
    mut edit: impl FnMut(&mut Vec<Fraction>) -> usize,
) -> Argument {
    let changed: usize = argument.groups.iter_mut().map(|group| edit(&mut group.fractions)).sum();
    assert!(changed > 0, "no such look-up");
    argument.write(system);
    argument
}

/// `tag + rest` with zero for the tag.
fn without_tag(value: &Expr) -> Expr {
    match value {
        Expression::Sum(left, right) => without_tag(left) + (**right).clone(),
        _ => constant(Fr::ZERO),
    }
}
