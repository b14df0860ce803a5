//! The order of a proof's elements, as the core reads it: `IGates.shape` describes the bytes.

use std::fmt::Write;

use halo2_proofs::plonk::ConstraintSystem;
use halo2curves::bn256::Fr;

use super::circuit::Subject;

/// Pieces of the quotient, as the core has them.
const PIECES: usize = 4;

/// A polynomial that is opened, and where its values stand among the evaluations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Opening {
    /// The advice column, or the fixed one's number behind all of those.
    column: u8,
    /// Evaluation at `x`.
    at_x: Option<u8>,
    /// Evaluation at `ωx`.
    at_next: Option<u8>,
}

/// The bytes of a circuit's shape.
pub fn bytes(subject: &Subject) -> Vec<u8> {
    let system = subject.system();
    let openings = openings(system);
    let (single, double): (Vec<Opening>, Vec<Opening>) =
        openings.iter().partition(|opening| opening.at_next.is_none());
    assert_eq!(system.fixed_queries().len(), system.num_fixed_columns(), "a fixed column is opened once");
    assert_eq!(system.degree() - 1, PIECES, "the core reads so many pieces of the quotient");
    // Every circuit has LogUp's running sum, with which the core begins a set.
    assert!(!double.is_empty(), "nothing is opened at x and ωx");
    // Sets follow the order of their first polynomials.
    let is_double_first = openings.first().is_some_and(|first| first.at_next.is_some());
    let phases = system.advice_column_phase();
    let first_phase = phases.iter().filter(|phase| **phase == 0).count();
    assert!(phases.is_sorted(), "columns stand in the order of their phases");
    assert!(system.challenge_phase().iter().all(|phase| *phase == 0), "challenges follow the first phase");
    let mut instances: Vec<_> = system.instance_queries().iter().map(|(_, at)| at.0).collect();
    instances.sort_unstable();
    assert!(instances.iter().zip(0..).all(|(found, row)| *found == row), "an instance row is its rotation");
    assert_eq!(instances.len(), subject.id.kind.instance_rows());
    let counts = [
        first_phase,
        phases.len() - first_phase,
        system.num_challenges(),
        instances.len(),
        system.advice_queries().len(),
        system.num_fixed_columns(),
        usize::from(is_double_first),
        single.len(),
        double.len(),
    ];
    let mut bytes: Vec<u8> = counts.map(small).to_vec();
    for opening in single {
        bytes.extend([opening.column, opening.at_x.expect("opened at x")]);
    }
    for opening in double {
        let [x, next] = [opening.at_x, opening.at_next].map(|value| value.expect("opened at x and ωx"));
        bytes.extend([opening.column, x, next]);
    }
    bytes
}

/// As Solidity writes bytes: in lines of 32.
pub fn literal(bytes: &[u8]) -> String {
    let gap = if bytes.len() > 32 { "\n            " } else { " " };
    bytes.chunks(32).fold(String::new(), |mut text, chunk| {
        write!(text, "{gap}hex\"{}\"", hex::encode(chunk)).expect("a string takes all");
        text
    })
}

/// What is opened, in the order of the verifier's queries: advice, then fixed columns.
fn openings(system: &ConstraintSystem<Fr>) -> Vec<Opening> {
    let advice = system.advice_queries().iter().map(|(column, at)| (small(column.index()), at.0));
    let advice_columns = system.num_advice_columns();
    let fixed = system.fixed_queries().iter();
    let fixed = fixed.map(|(column, at)| (small(advice_columns + column.index()), at.0));
    let mut openings: Vec<Opening> = Vec::new();
    for (evaluation, (column, rotation)) in advice.chain(fixed).enumerate() {
        let known = openings.iter().position(|opening| opening.column == column);
        let index = known.unwrap_or_else(|| {
            openings.push(Opening { column, at_x: None, at_next: None });
            openings.len() - 1
        });
        let value = match rotation {
            0 => &mut openings[index].at_x,
            1 => &mut openings[index].at_next,
            other => panic!("column {column} is opened {other} rows further on"),
        };
        assert_eq!(value.replace(small(evaluation)), None, "column {column} is queried twice");
    }
    openings
}

fn small(count: usize) -> u8 {
    u8::try_from(count).expect("a count below 256")
}
