//! A circuit's first-phase columns, named once.
//!
//! Each circuit lists its columns in its own `columns.rs`, in the order of the layout, by `columns!`. From
//! the list follow the columns of its configuration and the function that declares them (`Columns`), the
//! names by which a trace and the tests speak of cells (`Cells`), the column that each name stands for
//! (`Cells::index`), and the symbols in the pinned texts (`Cells::symbols`). Nothing else may count columns.

use halo2_proofs::plonk::{Advice, Column};

use crate::chips::limbs::{self, Limbs};
use crate::geometry::Dimensions;

/// How many columns stand under one name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    /// One.
    One,
    /// The limbs of a value of so many bits.
    Limbs(u32),
    /// The data columns.
    Data,
}

impl Count {
    #[inline]
    fn of(self, dimensions: impl Dimensions) -> usize {
        match self {
            Self::One => 1,
            Self::Limbs(bits) => limbs::count(bits, dimensions.limb_bits()),
            Self::Data => dimensions.data_columns(),
        }
    }
}

/// The columns of some names of a list together: of those before a name, or of all.
#[inline]
pub(crate) fn total(counts: &[Count], dimensions: impl Dimensions) -> usize {
    counts.iter().map(|count| count.of(dimensions)).sum()
}

/// How many names, of those before one, begin the list with a column each: traces ask for cells so often that
/// these are counted when the list is compiled.
pub(crate) const fn leading_ones(counts: &[Count], before: usize) -> usize {
    let mut ones = 0;
    while ones < before && matches!(counts[ones], Count::One) {
        ones += 1;
    }
    ones
}

/// A column's symbol in the statement and in pinned texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its letter or word.
    pub letter: &'static str,
    /// Its number, from 0, where several columns share the letter.
    pub number: Option<usize>,
}

/// The symbols of the columns of one name.
pub(crate) fn symbols(
    letter: &'static str,
    count: Count,
    dimensions: impl Dimensions,
) -> impl Iterator<Item = Symbol> {
    let is_alone = matches!(count, Count::One);
    (0..count.of(dimensions)).map(move |number| Symbol { letter, number: (!is_alone).then_some(number) })
}

/// The columns of one name, as a configuration holds them.
pub(crate) trait Group {
    /// In order.
    fn columns(&self) -> &[Column<Advice>];

    /// Themselves, if they are limbs.
    fn as_limbs(&self) -> Option<&Limbs> {
        None
    }
}

impl Group for Column<Advice> {
    fn columns(&self) -> &[Column<Advice>] {
        std::slice::from_ref(self)
    }
}

impl Group for Vec<Column<Advice>> {
    fn columns(&self) -> &[Column<Advice>] {
        self
    }
}

impl Group for Limbs {
    fn columns(&self) -> &[Column<Advice>] {
        Limbs::columns(self)
    }

    fn as_limbs(&self) -> Option<&Limbs> {
        Some(self)
    }
}

/// A configuration's columns, name by name.
pub(crate) trait Groups {
    /// In the order of the list.
    fn groups(&self) -> Vec<&dyn Group>;

    /// Every column, in the order of the layout.
    fn in_order(&self) -> impl Iterator<Item = Column<Advice>> {
        self.groups().into_iter().flat_map(Group::columns).copied()
    }

    /// Every value that is its limbs.
    fn limbs(&self) -> impl Iterator<Item = &Limbs> {
        self.groups().into_iter().filter_map(Group::as_limbs)
    }
}

/// Makes `Cells` and `Columns` of a circuit's list: for each name its description, field, number of columns
/// ([`Count`]), variant and symbol. The number of a column among several is bound by the variant, `limb` in
/// `Offset(limb)`.
macro_rules! columns {
    ($(
        $(#[$description:meta])+
        $field:ident: $count:ident $(($bits:expr))? = $cells:ident $(($number:ident))?, $letter:literal;
    )+) => {
        /// A first-phase column by name, in the order of the layout; where several share a name, they are
        /// counted from 0, limbs from the least significant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Cells {
            $( $(#[$description])+ $cells $((columns!(@usize $number)))?, )+
        }

        impl Cells {
            const COUNTS: &[$crate::columns::Count] = &[$( $crate::columns::Count::$count $(($bits))? ),+];

            /// The column's index in the layout.
            #[inline]
            pub fn index(self, dimensions: impl $crate::geometry::Dimensions) -> usize {
                enum Name { $( $cells ),+ }
                match self {
                    $( Self::$cells $(($number))? => {
                        const BEFORE: usize = Name::$cells as usize;
                        const ONES: usize = $crate::columns::leading_ones(Cells::COUNTS, BEFORE);
                        let others = $crate::columns::total(&Cells::COUNTS[ONES..BEFORE], dimensions);
                        let number: usize = columns!(@number $($number)?);
                        ONES + others + number
                    } )+
                }
            }

            /// How many columns there are.
            pub fn count(dimensions: impl $crate::geometry::Dimensions) -> usize {
                $crate::columns::total(Self::COUNTS, dimensions)
            }

            /// Every column's symbol, in the order of the layout.
            pub fn symbols(
                dimensions: impl $crate::geometry::Dimensions,
            ) -> impl Iterator<Item = $crate::columns::Symbol> {
                [$( $letter ),+].into_iter().zip(Self::COUNTS).flat_map(move |(letter, count)| {
                    $crate::columns::symbols(letter, *count, dimensions)
                })
            }
        }

        /// The first-phase columns of the configuration.
        #[derive(Clone, Debug)]
        pub(super) struct Columns {
            $( pub(super) $field: columns!(@type $count), )+
        }

        impl Columns {
            /// Declares them in the order of the list.
            pub(super) fn configure(
                meta: &mut halo2_proofs::plonk::ConstraintSystem<halo2curves::bn256::Fr>,
                dimensions: impl $crate::geometry::Dimensions,
            ) -> Self {
                Self { $( $field: columns!(@declare $count $(($bits))?, meta, dimensions), )+ }
            }
        }

        impl $crate::columns::Groups for Columns {
            fn groups(&self) -> Vec<&dyn $crate::columns::Group> {
                vec![$( &self.$field ),+]
            }
        }
    };
    (@usize $number:ident) => { usize };
    (@number) => { 0 };
    (@number $number:ident) => { $number };
    (@type One) => { halo2_proofs::plonk::Column<halo2_proofs::plonk::Advice> };
    (@type Limbs) => { $crate::chips::limbs::Limbs };
    (@type Data) => { Vec<halo2_proofs::plonk::Column<halo2_proofs::plonk::Advice>> };
    (@declare One, $meta:ident, $dimensions:ident) => { $meta.advice_column() };
    (@declare Limbs($bits:expr), $meta:ident, $dimensions:ident) => {
        $crate::chips::limbs::Limbs::configure($meta, $bits, $dimensions.limb_bits())
    };
    (@declare Data, $meta:ident, $dimensions:ident) => {
        (0..$dimensions.data_columns()).map(|_| $meta.advice_column()).collect()
    };
}
pub(crate) use columns;
