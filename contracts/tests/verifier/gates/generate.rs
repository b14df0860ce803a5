//! A gate evaluator's source.

use std::fmt::Write;

use fairshare_circuits::notation::rotated;

use super::circuit::Subject;
use super::expression::{Program, Statements, identifier};
use super::shape;

/// Where the values begin in the calldata: after selector, offset and length.
const FIRST_VALUE: usize = 4 + 2 * 32;

/// The contract.
pub fn contract(subject: &Subject) -> String {
    let values = values(subject);
    let (name, title, hash) = (subject.contract(), subject.title(), subject.hash());
    let (shape, count) = (shape::literal(&shape::bytes(subject)), values.len());
    let (accessors, constraints) = (accessors(&values), constraints(subject));
    format!(
        r"// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {{IGates}} from '../IGates.sol';

/// @title The constraints of {title}
/// @notice Generated from the constraint system by `tests/verifier/gates/`, and held to it by that test.
/// Columns and clauses have the names of the statement; above each constraint stands its polynomial.
contract {name} is IGates {{
    /// @inheritdoc IGates
    bytes32 public constant constraintSystem = {hash};

    /// @inheritdoc IGates
    function shape() external pure returns (bytes memory) {{
        return{shape};
    }}

    /// @inheritdoc IGates
    function evaluate(uint256[] calldata values) external pure returns (uint256 numerator) {{
        if (values.length != {count} || msg.data.length != {end}) revert NotTheValues();
        assembly ('memory-safe') {{
{accessors}
            let r := 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001
            let y := calldataload({FIRST_VALUE})
{constraints}        }}
    }}
}}
",
        end = FIRST_VALUE + 32 * count,
    )
    .replace('\'', "\"")
}

/// The names of the values, in order.
fn values(subject: &Subject) -> Vec<String> {
    let (system, notation) = (subject.system(), &subject.notation);
    let challenges = notation.challenges().iter().map(|name| (*name).to_owned());
    let instance = notation.instance().iter().map(|name| format!("instance_{name}"));
    let advice = system.advice_queries().iter();
    let advice = advice.map(|(column, at)| rotated(&notation.advice()[column.index()], *at));
    let fixed = system.fixed_queries().iter();
    let fixed = fixed.map(|(column, at)| rotated(&notation.fixed()[column.index()], *at));
    let y = "y".to_owned();
    std::iter::once(y).chain(challenges).chain(instance).chain(advice).chain(fixed).collect()
}

/// A function for each value but `y`.
fn accessors(values: &[String]) -> String {
    values.iter().enumerate().skip(1).fold(String::new(), |mut text, (index, name)| {
        let (identifier, offset) = (identifier(name), FIRST_VALUE + 32 * index);
        let plain = identifier == *name;
        let comment = if plain { String::new() } else { format!(" // {name}") };
        writeln!(text, "            function {identifier}() -> v {{ v := calldataload({offset}) }}{comment}")
            .expect("a string takes all");
        text
    })
}

/// All constraints, each folded onto those before it.
fn constraints(subject: &Subject) -> String {
    let mut text = String::new();
    let gates = subject.system().gates();
    let mut program = Program::new(&subject.notation, gates.iter().flat_map(|gate| gate.polynomials()));
    for gate in gates {
        writeln!(text, "\n            // {}", gate.name()).expect("a string takes all");
        for (index, polynomial) in gate.polynomials().iter().enumerate() {
            let name = gate.constraint_name(index);
            if !gate.name().starts_with(name) {
                writeln!(text, "            // {name}").expect("a string takes all");
            }
            let Statements { shared, own } = program.statements(polynomial);
            for line in shared {
                writeln!(text, "{line}").expect("a string takes all");
            }
            writeln!(
                text,
                "            {{\n                // {}\n{own}\n{:16}numerator := \
                 addmod(mulmod(numerator, y, r), value, r)\n            }}",
                subject.notation.expression(polynomial),
                "",
            )
            .expect("a string takes all");
        }
    }
    text
}
