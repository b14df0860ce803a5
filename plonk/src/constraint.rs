//! One constraint, as the quotient takes it.

use crate::gate_evaluator::Operand;

/// A polynomial that is zero on every row: `selector·rest`.
#[derive(Clone, Copy)]
pub struct Constraint {
    /// The index of the selector, if there is one, among the key's polynomials.
    pub selector: Option<usize>,
    /// The other factor.
    pub rest: Operand,
    /// Of the product, in columns.
    pub degree: usize,
}
