use std::fmt;

use halo2_proofs::circuit::{Layouter, Value};
use halo2_proofs::plonk::Error;
use halo2curves::bn256::Fr;

use super::Witness;
use super::layout::Layout;
use crate::chips::enable;

/// The clauses of the histogram statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// Every symbol is in the alphabet.
    InAlphabet,
    /// Every count is the number of equal symbols.
    CountsMatch,
    /// Nothing is counted below the alphabet.
    CountsEnd,
    /// Padding is counted, and public.
    PaddingCounted,
}

impl Clause {
    /// Every clause, in order.
    pub const ALL: [Self; 4] = [Self::InAlphabet, Self::CountsMatch, Self::CountsEnd, Self::PaddingCounted];

    /// Its heading in the statement.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InAlphabet => "H1 in-alphabet",
            Self::CountsMatch => "H2 counts-match",
            Self::CountsEnd => "H3 counts-end",
            Self::PaddingCounted => "H4 padding-counted",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// H1 and H2: one LogUp argument over all data cells and the alphabet. With it H4 is on, in row 0, where the
/// argument's rows begin.
pub(super) fn counts_match(
    layout: &Layout,
    layouter: &mut impl Layouter<Fr>,
    witness: Option<&Witness>,
) -> Result<(), Error> {
    let gamma = layouter.get_challenge(layout.logup.gamma());
    let usable = layout.geometry.usable_rows();
    let sums = witness.map_or(Value::unknown(), Value::known).zip(gamma);
    let sums = sums.map(|(witness, gamma)| layout.sums(witness, gamma));
    layouter.assign_region(
        || "H1 in-alphabet, H2 counts-match, H4 padding-counted",
        |mut region| {
            layout.logup.enable(&mut region, usable)?;
            layout.logup.assign(&mut region, usable, sums.as_ref());
            Ok(())
        },
    )
}

/// H3: the counts end with the alphabet.
pub(super) fn counts_end(layout: &Layout, layouter: &mut impl Layouter<Fr>) -> Result<(), Error> {
    let rows = layout.geometry.alphabet()..layout.geometry.usable_rows();
    layouter.assign_region(
        || "H3 counts-end",
        |mut region| enable(&mut region, layout.below_alphabet, rows.clone()),
    )
}
