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

/// The instance column as the gates of row 0 read it: by rotation, so that no cell has to be copied.
///
/// The verifier computes its values at the rotated points itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstanceRows(Column<Instance>);

impl InstanceRows {
    pub(crate) fn new(column: Column<Instance>) -> Self {
        Self(column)
    }

    /// Row `row` of the instance, seen from row 0.
    pub(crate) fn row(self, row: i32) -> Expr {
        self.0.rot(row)
    }
}
