//! A circuit's columns and polynomials in the letters of its statement, for texts that people read: the
//! pinned wiring, and the gate evaluators of the contracts.

use ff::{Field, PrimeField};
use halo2_proofs::plonk::{Circuit, ConstraintSystem, Expression};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use num_bigint::BigUint;

use crate::chips::Expr;
use crate::columns::Symbol;
use crate::compute_score::{self, ComputeScoreCircuit};
use crate::data_score::{self, DataScoreCircuit};
use crate::geometry::{Geometry, SegmentShape};
use crate::histogram::{self, HistogramCircuit};

/// The letters of one circuit: of its columns, second-phase ones as `h1 … hn, φ`, its selectors `s0 …`, its
/// instance, its challenges.
#[derive(Clone, Debug)]
pub struct Notation {
    advice: Vec<String>,
    first_phase: usize,
    fixed: Vec<String>,
    instance: &'static [&'static str],
    challenges: &'static [&'static str],
}

impl Notation {
    /// That of a histogram circuit. The statement counts its data columns from 1.
    pub fn histogram(shape: SegmentShape) -> Self {
        let advice = histogram::Cells::symbols(shape).map(|symbol| name(symbol, 1)).collect();
        Self::of::<HistogramCircuit>(shape, advice, &["t"], &histogram::INSTANCE_ROWS, &["γ"])
    }

    /// That of a data-score circuit.
    pub fn data_score(geometry: Geometry) -> Self {
        let advice = data_score::Cells::symbols(geometry).map(|symbol| name(symbol, 0)).collect();
        let fixed = ["t", "tag", "x0", "x1", "x2"];
        let rows = &data_score::INSTANCE_ROWS;
        Self::of::<DataScoreCircuit>(geometry, advice, &fixed, rows, &["θ", "γ"])
    }

    /// That of a compute-score circuit.
    pub fn compute_score(geometry: Geometry) -> Self {
        let advice = compute_score::Cells::symbols(geometry).map(|symbol| name(symbol, 0)).collect();
        let rows = &compute_score::INSTANCE_ROWS;
        Self::of::<ComputeScoreCircuit>(geometry, advice, &["t"], rows, &["θ", "γ"])
    }

    fn of<C: Circuit<Fr>>(
        params: C::Params,
        mut advice: Vec<String>,
        tables: &[&'static str],
        instance: &'static [&'static str],
        challenges: &'static [&'static str],
    ) -> Self {
        let mut meta = ConstraintSystem::default();
        drop(C::configure_with_params(&mut meta, params));
        let first_phase = advice.len();
        let helpers = meta.num_advice_columns() - first_phase - 1;
        advice.extend((1..=helpers).map(|number| format!("h{number}")));
        advice.push("φ".to_owned());
        // A key turns each selector into a fixed column, after those that were declared.
        let selectors = (0..meta.num_selectors()).map(|number| format!("s{number}"));
        let fixed = tables.iter().map(|name| (*name).to_owned()).chain(selectors).collect();
        Self { advice, first_phase, fixed, instance, challenges }
    }

    /// How many advice columns the first phase has.
    pub fn first_phase(&self) -> usize {
        self.first_phase
    }

    /// Every advice column's name.
    pub fn advice(&self) -> &[String] {
        &self.advice
    }

    /// Every fixed column's name: the tables', then the selectors'.
    pub fn fixed(&self) -> &[String] {
        &self.fixed
    }

    /// Every instance row's name.
    pub fn instance(&self) -> &'static [&'static str] {
        self.instance
    }

    /// Every challenge's name.
    pub fn challenges(&self) -> &'static [&'static str] {
        self.challenges
    }

    /// A polynomial in these letters.
    pub fn expression(&self, expression: &Expr) -> String {
        match expression {
            Expression::Constant(value) => constant(value),
            Expression::Selector(selector) => format!("s{}", selector.index()),
            Expression::Fixed(query) => rotated(&self.fixed[query.column_index()], query.rotation()),
            Expression::Advice(query) => rotated(&self.advice[query.column_index()], query.rotation()),
            Expression::Instance(query) => rotated("instance", query.rotation()),
            Expression::Challenge(challenge) => self.challenges[challenge.index()].to_owned(),
            Expression::Negated(inner) => format!("−{}", self.factor(inner)),
            Expression::Sum(left, right) => match &**right {
                Expression::Negated(right) => {
                    format!("{} − {}", self.expression(left), self.factor(right))
                }
                right => format!("{} + {}", self.expression(left), self.expression(right)),
            },
            Expression::Product(left, right) => format!("{}·{}", self.factor(left), self.factor(right)),
            Expression::Scaled(inner, factor) if *factor == Fr::ONE => self.factor(inner),
            Expression::Scaled(inner, factor) => format!("{}·{}", constant(factor), self.factor(inner)),
        }
    }

    /// In brackets where it is a sum.
    fn factor(&self, expression: &Expr) -> String {
        match expression {
            Expression::Sum(..) | Expression::Negated(_) => format!("({})", self.expression(expression)),
            _ => self.expression(expression),
        }
    }
}

/// A letter, and the number if there is one, counted from `first`.
fn name(symbol: Symbol, first: usize) -> String {
    match symbol.number {
        None => symbol.letter.to_owned(),
        Some(number) => format!("{}{}", symbol.letter, first + number),
    }
}

/// A column so many rows further on.
pub fn rotated(name: &str, rotation: Rotation) -> String {
    match rotation.0 {
        0 => name.to_owned(),
        rows => format!("{name}({rows:+})"),
    }
}

/// A constant as a small integer, a power of two, the inverse of one, or a decimal integer.
pub fn constant(value: &Fr) -> String {
    let integer = |value: &Fr| BigUint::from_bytes_le(value.to_repr().as_ref());
    let power = |value: &BigUint| {
        let exponent = value.trailing_zeros()?;
        (value.bits() == exponent + 1 && exponent > 5).then_some(exponent)
    };
    let number = integer(value);
    if let Some(exponent) = power(&number) {
        return format!("2^{exponent}");
    }
    let (negated, inverse) = (-*value, value.invert().unwrap_or(Fr::ZERO));
    match inverse {
        inverse if number.bits() > 128 && integer(&inverse).count_ones() == 1 => {
            format!("2^-{}", integer(&inverse).trailing_zeros().unwrap_or(0))
        }
        _ if number.bits() > 128 && integer(&negated).bits() <= 128 => format!("−{}", integer(&negated)),
        _ => number.to_string(),
    }
}
