//! Gate families, one a file, each under the same six headings.

pub mod limbs;
pub mod ln_table;
pub mod logup;

use halo2_proofs::circuit::{Layouter, Region, Value};
use halo2_proofs::plonk::{Advice, Column, Error, Expression, Fixed, Instance, Selector};
use halo2curves::bn256::Fr;

/// A polynomial expression over BN254's scalar field.
pub type Expr = Expression<Fr>;

/// The constant `value` as an expression.
pub fn constant(value: Fr) -> Expr {
    Expression::Constant(value)
}

/// `2^exponent` in the field.
pub fn power_of_two(exponent: u32) -> Fr {
    use ff::Field;
    Fr::from(2).pow_vartime([u64::from(exponent)])
}

/// Enables `selector` on `rows`.
pub(crate) fn enable(
    region: &mut Region<'_, Fr>,
    selector: Selector,
    rows: impl IntoIterator<Item = usize>,
) -> Result<(), Error> {
    rows.into_iter().try_for_each(|row| selector.enable(region, row))
}

/// Fills a first-phase column from row 0.
pub(crate) fn assign_column(region: &mut Region<'_, Fr>, column: Column<Advice>, values: &[Fr]) {
    for (row, value) in values.iter().enumerate() {
        region.assign_advice(column, row, Value::known(*value));
    }
}

/// A fixed column and its values from row 0.
pub(crate) type Table = (Column<Fixed>, Vec<Fr>);

/// Fills the tables and, where a trace is known, the first-phase columns with it.
pub(crate) fn assign_trace(
    layouter: &mut impl Layouter<Fr>,
    tables: &[Table],
    columns: &[Column<Advice>],
    trace: Option<&[Vec<Fr>]>,
) -> Result<(), Error> {
    layouter.assign_region(
        || "witness",
        |mut region| {
            tables.iter().for_each(|(column, values)| assign_fixed(&mut region, *column, values));
            for (column, values) in columns.iter().zip(trace.into_iter().flatten()) {
                assign_column(&mut region, *column, values);
            }
            Ok(())
        },
    )
}

/// Fills a fixed column from row 0.
pub(crate) fn assign_fixed(region: &mut Region<'_, Fr>, column: Column<Fixed>, values: &[Fr]) {
    for (row, value) in values.iter().enumerate() {
        region.assign_fixed(column, row, *value);
    }
}

/// Copies rows of the instance into cells: `cell(index)` names the cell of instance row `index` and, where a
/// witness is known, the value it holds there.
pub(crate) fn bind_instance(
    layouter: &mut impl Layouter<Fr>,
    name: &'static str,
    instance: Column<Instance>,
    rows: usize,
    cell: impl Fn(usize) -> (Column<Advice>, usize, Option<Fr>),
) -> Result<(), Error> {
    let cells = layouter.assign_region(
        || name,
        |mut region| {
            Ok((0..rows)
                .map(|index| {
                    let (column, row, value) = cell(index);
                    let value = value.map_or(Value::unknown(), Value::known);
                    region.assign_advice(column, row, value).cell()
                })
                .collect::<Vec<_>>())
        },
    )?;
    for (row, cell) in cells.into_iter().enumerate() {
        layouter.constrain_instance(cell, instance, row);
    }
    Ok(())
}
