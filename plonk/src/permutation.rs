//! The copy constraints: a running product over every few columns that take part in them, and what the
//! quotient asks of it (Gabizon, Williamson, Ciobotaru 2019, ePrint 2019/953, section 5, in halo2's form with
//! several columns a product).

use ff::{BatchInvert, Field, PrimeField};
use halo2_proofs::plonk::Any;
use halo2curves::bn256::Fr;
use rayon::prelude::*;

use crate::column::Column;
use crate::constraint::Constraint;
use crate::gate_evaluator::{GateEvaluator, Operand};
use crate::key::Key;
use crate::randomness::Label;
use crate::session::Session;

/// Challenges under which columns and their positions are folded.
#[derive(Clone, Copy)]
pub struct Folding {
    pub beta: Fr,
    pub gamma: Fr,
}

/// The running products, by rows, blinded; `rows` are all polynomials before them, by rows.
pub fn products(session: &Session<'_>, rows: &[&[Fr]], folding: Folding) -> Vec<Column> {
    let key = session.key;
    let columns = key.cs().permutation().get_columns();
    let value = |column: &halo2_proofs::plonk::Column<Any>| {
        rows[key.indices().column(*column.column_type(), column.index())]
    };
    let values: Vec<&[Fr]> = columns.iter().map(value).collect();
    let permuted: Vec<&[Fr]> =
        key.halo2().permutation().permutations().iter().map(|column| column.values()).collect();
    let ratios: Vec<Column> = values
        .par_chunks(key.columns_per_product())
        .zip(permuted.par_chunks(key.columns_per_product()))
        .enumerate()
        .map(|(product, (values, permuted))| {
            let first = Fr::DELTA.pow([(product * key.columns_per_product()) as u64]);
            ratios(key.domain().omega(), first, values, permuted, folding)
        })
        .collect();
    let blinding = key.blinding_rows() - 1;
    let mut last = Fr::ONE;
    ratios
        .into_iter()
        .enumerate()
        .map(|(index, mut column)| {
            let end = column.len() - blinding;
            let mut product = last;
            for value in &mut column[..end] {
                last = product;
                product *= *value;
                *value = last;
            }
            session.randomness.fill(Label::Product(index), end, &mut column[end..]);
            column
        })
        .collect()
}

/// `Π_j (v_j + β·δ^j·ω^i + γ) / (v_j + β·σ_j + γ)`, by row `i`.
fn ratios(
    omega: Fr,
    first: Fr,
    values: &[&[Fr]],
    permuted: &[&[Fr]],
    Folding { beta, gamma }: Folding,
) -> Column {
    let rows = values.first().map_or(0, |column| column.len());
    let mut ratios = Column::from(vec![Fr::ONE; rows]);
    for (values, permuted) in values.iter().zip(permuted) {
        for (ratio, (value, position)) in ratios.iter_mut().zip(values.iter().zip(*permuted)) {
            *ratio *= *value + beta * position + gamma;
        }
    }
    ratios.iter_mut().batch_invert();
    let mut start = beta * first;
    for values in values {
        let mut position = start;
        for (ratio, value) in ratios.iter_mut().zip(*values) {
            *ratio *= *value + position + gamma;
            position *= omega;
        }
        start *= Fr::DELTA;
    }
    ratios
}

/// The constraints on the products, in the verifier's order.
pub fn constraints(evaluator: &mut GateEvaluator, key: &Key, folding: Folding) -> Vec<Constraint> {
    let indices = key.indices();
    let products: Vec<_> =
        (0..key.products()).map(|index| evaluator.cell(indices.product(index), 0)).collect();
    let (Some(first), Some(last)) = (products.first().copied(), products.last().copied()) else {
        return Vec::new();
    };
    let [l_first, l_last, l_active] = indices.lagrange().map(Some);
    let one = evaluator.constant(Fr::ONE);
    let mut constraints = Vec::with_capacity(2 * products.len() + 1);

    let starts = evaluator.subtract(one, first);
    constraints.push(Constraint { selector: l_first, rest: starts, degree: 2 });
    let square = evaluator.multiply(last, last);
    let ends = evaluator.subtract(square, last);
    constraints.push(Constraint { selector: l_last, rest: ends, degree: 3 });
    for (index, product) in products.iter().enumerate().skip(1) {
        let before = evaluator.cell(indices.product(index - 1), key.last_usable());
        let continues = evaluator.subtract(*product, before);
        constraints.push(Constraint { selector: l_first, rest: continues, degree: 2 });
    }
    let columns = key.cs().permutation().get_columns();
    let mut shift = folding.beta;
    for (index, chunk) in columns.chunks(key.columns_per_product()).enumerate() {
        let rest = steps(evaluator, key, index, chunk, folding, &mut shift);
        constraints.push(Constraint { selector: l_active, rest, degree: chunk.len() + 2 });
    }
    constraints
}

/// That a product's next value is its last, times the row's ratio. `shift` is `β·δ^j` of its first column,
/// then of the next product's.
fn steps(
    evaluator: &mut GateEvaluator,
    key: &Key,
    product: usize,
    columns: &[halo2_proofs::plonk::Column<Any>],
    Folding { beta, gamma }: Folding,
    shift: &mut Fr,
) -> Operand {
    let indices = key.indices();
    let (beta, gamma) = (evaluator.constant(beta), evaluator.constant(gamma));
    let point = evaluator.cell(indices.point(), 0);
    let mut left = evaluator.cell(indices.product(product), 1);
    let mut right = evaluator.cell(indices.product(product), 0);
    for (offset, column) in columns.iter().enumerate() {
        let value = evaluator.cell(indices.column(*column.column_type(), column.index()), 0);
        let value = evaluator.add(value, gamma);
        let permuted = evaluator.cell(indices.permuted(product * key.columns_per_product() + offset), 0);
        let permuted = evaluator.multiply(beta, permuted);
        let factor = evaluator.add(value, permuted);
        left = evaluator.multiply(left, factor);
        let position = evaluator.constant(*shift);
        let position = evaluator.multiply(position, point);
        let factor = evaluator.add(value, position);
        right = evaluator.multiply(right, factor);
        *shift *= Fr::DELTA;
    }
    evaluator.subtract(left, right)
}
