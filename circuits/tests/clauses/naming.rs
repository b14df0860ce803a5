//! The five texts and tables that name each clause, and the names that are missing.
//!
//! | where | how clause `D2 unused-empty` stands there |
//! | --- | --- |
//! | statement | a heading `### D2 unused-empty` |
//! | enumeration | `UnusedEmpty`, with that name |
//! | region | a region of the synthesised circuit called so, or within `D1 … D6` |
//! | gate | a gate `D2 unused-empty: …`, or the look-up argument switched on in such a region |
//! | test | a test function `d2_unused_empty…` |
//!
//! The other way round, no gate may be called after a clause that the statement does not have, and a clause
//! test must name every constraint as the one that it expects to object.

use std::collections::BTreeSet;

use crate::system::System;

/// The look-up argument serves several clauses, so its constraints are called after itself.
const LOOKUPS: &str = "LogUp";

/// Constraints of the look-up argument that no first-phase lie can break: helpers and steps are computed from
/// it.
const COMPUTED: [&str; 2] = ["LogUp helper", "LogUp sum"];

/// How one circuit names its clauses, in all five.
#[derive(Clone, Debug)]
pub struct Naming {
    headings: Vec<String>,
    variants: Vec<(String, String)>,
    regions: Vec<Region>,
    gates: Vec<String>,
    constraints: BTreeSet<String>,
    tests: String,
}

/// A region's label, and whether the look-up argument is switched on in it.
#[derive(Clone, Debug)]
struct Region {
    label: String,
    looks_up: bool,
}

impl Naming {
    /// Collects them: headings and tests from the texts, the rest from what was compiled and synthesised.
    pub fn of(
        statement: &str,
        variants: impl IntoIterator<Item = (String, &'static str)>,
        system: &System,
        tests: &str,
    ) -> Self {
        let lookups: BTreeSet<usize> = system
            .constraints
            .iter()
            .filter(|constraint| constraint.name.starts_with(LOOKUPS))
            .flat_map(|constraint| constraint.selectors())
            .collect();
        let regions = system.regions.iter().map(|region| Region {
            label: region.name.clone(),
            looks_up: region.selectors.iter().any(|(selector, _)| lookups.contains(selector)),
        });
        Self {
            headings: headings(statement),
            variants: variants.into_iter().map(|(variant, name)| (variant, name.to_owned())).collect(),
            regions: regions.collect(),
            gates: system.constraints.iter().map(|constraint| constraint.gate.clone()).collect(),
            constraints: system.constraints.iter().map(|constraint| constraint.name.clone()).collect(),
            tests: tests.to_owned(),
        }
    }

    /// How many clauses the statement has.
    pub fn clauses(&self) -> usize {
        self.headings.len()
    }

    /// What is missing, a line each.
    pub fn missing(&self) -> Vec<String> {
        let names: Vec<_> = self.variants.iter().map(|(_, name)| name.clone()).collect();
        let mut missing = Vec::new();
        if names != self.headings {
            missing.push(format!("the statement has {:?}, the enumeration {names:?}", self.headings));
        }
        for name in &self.headings {
            let variant = camel(name);
            let occurrences = [
                ("variant", self.variants.iter().any(|it| *it == (variant.clone(), name.clone()))),
                ("region", self.regions.iter().any(|region| self.names(&region.label, name))),
                ("gate", self.has_gate(name)),
                ("test", self.has_test(name)),
            ];
            let absent = occurrences.iter().filter(|(_, present)| !present);
            missing.extend(absent.map(|(occurrence, _)| format!("{name}: no {occurrence}")));
        }
        missing.extend(self.unknown());
        missing
    }

    /// Constraints of no clause, and constraints that no test expects.
    fn unknown(&self) -> Vec<String> {
        let numbers: Vec<_> = self.headings.iter().map(|name| number(name)).collect();
        let known = |name: &str| name.starts_with(LOOKUPS) || numbers.contains(&number(name));
        let stray = self.constraints.iter().chain(&self.gates).filter(|name| !known(name));
        let stray = stray.map(|name| format!("{name}: a constraint of no clause"));
        let expected =
            |name: &&String| COMPUTED.contains(&name.as_str()) || self.tests.contains(&format!("\"{name}\""));
        let untested = self.constraints.iter().filter(|name| !expected(name));
        stray.chain(untested.map(|name| format!("{name}: no test expects it to object"))).collect()
    }

    /// Whether a region's label names the clause, itself or within a range.
    fn names(&self, label: &str, clause: &str) -> bool {
        let position = |found: Option<&String>| {
            found.and_then(|name| self.headings.iter().position(|heading| heading == name))
        };
        if let Some((left, right)) = label.split_once(" … ") {
            let first = position(self.headings.iter().find(|name| left.ends_with(name.as_str())));
            let last = position(self.headings.iter().find(|name| right.starts_with(name.as_str())));
            let this = self.headings.iter().position(|name| name == clause);
            let (Some(first), Some(this), Some(last)) = (first, this, last) else { return false };
            return (first..=last).contains(&this);
        }
        label.split([',', ':']).any(|part| part.trim() == clause)
    }

    fn has_gate(&self, clause: &str) -> bool {
        let label = format!("{clause}:");
        let looked_up = |region: &Region| region.looks_up && self.names(&region.label, clause);
        self.gates.iter().any(|gate| gate.starts_with(&label)) || self.regions.iter().any(looked_up)
    }

    /// A function of that name marked as a test.
    fn has_test(&self, clause: &str) -> bool {
        let function = format!("fn {}", clause.to_lowercase().replace([' ', '-'], "_"));
        let lines: Vec<_> = self.tests.lines().collect();
        lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&function))
    }
}

fn headings(statement: &str) -> Vec<String> {
    statement
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|name| name.trim().to_owned())
        .collect()
}

/// `D2` of `D2 unused-empty`.
fn number(name: &str) -> &str {
    name.split([' ', ':']).next().unwrap_or_default()
}

/// `UnusedEmpty` of `D2 unused-empty`.
fn camel(name: &str) -> String {
    let words = name.split([' ', '-']).skip(1);
    words
        .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
        .collect()
}

mod bite {
    use super::*;

    /// Three clauses named everywhere: one by its own gate, one in a range, one by the look-up argument.
    fn complete() -> Naming {
        let region = |label: &str, looks_up| Region { label: label.to_owned(), looks_up };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Naming {
            headings: headings("# X\n### X1 first-thing\ntext\n### X2 second\n### X3 third\n"),
            variants: [("FirstThing", "X1 first-thing"), ("Second", "X2 second"), ("Third", "X3 third")]
                .map(|(variant, name)| (variant.to_owned(), name.to_owned()))
                .to_vec(),
            regions: vec![
                region("witness", false),
                region("X1 first-thing … X2 second, by row", false),
                region("X3 third: look-ups", true),
            ],
            gates: names(&["X1 first-thing: a = b", "X2 second: c = 0", "LogUp helper: h"]),
            constraints: names(&["X1 equal", "X2 zero", "LogUp helper"]).into_iter().collect(),
            tests: "#[test]\nfn x1_first_thing() { f(&[\"X1 equal\"]) }\n#[test]\nfn x2_second_alone() {\n\
                    f(&[\"X2 zero\"]) }\n#[test]\nfn x3_third() {}\n"
                .to_owned(),
        }
    }

    #[track_caller]
    fn lacks(expected: &[&str], change: impl FnOnce(&mut Naming)) {
        let mut naming = complete();
        change(&mut naming);
        assert_eq!(naming.missing(), expected);
    }

    #[test]
    fn nothing_is_missing_where_nothing_is() {
        lacks(&[], |_| {});
    }

    #[test]
    fn on_a_heading() {
        lacks(
            &[
                "the statement has [\"X1 first-thing\", \"X3 third\"], the enumeration \
                 [\"X1 first-thing\", \"X2 second\", \"X3 third\"]",
                "X1 first-thing: no region",
                "X2 zero: a constraint of no clause",
                "X2 second: c = 0: a constraint of no clause",
            ],
            |naming| naming.headings.retain(|name| name != "X2 second"),
        );
    }

    #[test]
    fn on_a_variant() {
        lacks(&["X1 first-thing: no variant"], |naming| naming.variants[0].0 = "First".to_owned());
        lacks(
            &[
                "the statement has [\"X1 first-thing\", \"X2 second\", \"X3 third\"], the enumeration \
                 [\"X1 first-thing\", \"X2 second\"]",
                "X3 third: no variant",
            ],
            |naming| naming.variants.truncate(2),
        );
    }

    #[test]
    fn on_a_region() {
        lacks(&["X1 first-thing: no region", "X2 second: no region"], |naming| {
            naming.regions.remove(1);
        });
        lacks(&["X1 first-thing: no region"], |naming| naming.regions[1].label = "X2 second".to_owned());
        lacks(&["X3 third: no region", "X3 third: no gate"], |naming| {
            naming.regions[2].label = "X31 third".to_owned();
        });
    }

    #[test]
    fn on_a_gate() {
        lacks(&["X2 second: no gate"], |naming| {
            naming.gates.remove(1);
        });
        lacks(&["X3 third: no gate"], |naming| naming.regions[2].looks_up = false);
        lacks(&["X9 new: a constraint of no clause"], |naming| naming.gates.push("X9 new".to_owned()));
    }

    #[test]
    fn on_a_test() {
        lacks(&["X3 third: no test"], |naming| {
            naming.tests = naming.tests.replace("#[test]\nfn x3", "fn x3");
        });
        lacks(&["X1 equal: no test expects it to object"], |naming| {
            naming.tests = naming.tests.replace("X1 equal", "X1 unequal");
        });
    }
}
