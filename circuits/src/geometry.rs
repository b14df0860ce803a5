//! Circuit shapes (PROTOCOL section 2): one verifying key for data of any size.

use std::fmt;

/// Rows at the end of every column that may not hold data.
///
/// The last six rows are halo2's blinding rows; two more stand between them and the data, one of which
/// holds the final value of the LogUp running sum.
pub const RESERVED_ROWS: usize = 8;

/// Rows at the very end of a column that blind it; of a public column only the last is not zero (PROTOCOL
/// section 4).
pub const BLINDING_ROWS: usize = 6;

/// A circuit shape `(k, W, b)`: `2^k` rows, `W` data columns, an alphabet of `2^b` symbols.
///
/// Keys depend on the geometry alone: never on a dataset's size, its schema, the policy or the contributor.
/// Nothing that comes from outside can name another geometry than those of protocol version 1,
/// [`Geometry::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    name: &'static str,
    id: u8,
    k: u32,
    data_columns: usize,
    helper_width: usize,
}

impl Geometry {
    /// Small uploads, tests, laptops: 32,640 symbols a segment, an alphabet of 1,024.
    pub const COMPACT: Self = Self::version_1("compact", 1, 11, 16);

    /// The default: 1,048,064 symbols a segment, an alphabet of 8,192.
    pub const STANDARD: Self = Self::version_1("standard", 2, 14, 64);

    /// Few columns, for verification on a chain: 1,048,448 symbols a segment in a third of the standard's
    /// proof, an alphabet of 32,768. Verifiers generated for it fit a contract; proving takes longer.
    pub const ONCHAIN: Self = Self::version_1("onchain", 3, 16, 16);

    /// Every geometry of protocol version 1, smallest first.
    pub const ALL: [Self; 3] = [Self::COMPACT, Self::STANDARD, Self::ONCHAIN];

    const fn version_1(name: &'static str, id: u8, k: u32, data_columns: usize) -> Self {
        Self { name, id, k, data_columns, helper_width: 3 }
    }

    /// A shape outside the protocol, for measuring: no policy, registration or bundle can name it.
    ///
    /// # Panics
    ///
    /// If `k` is not in `5..=17` (a symbol has 16 bits; the circuits need 11, for the table of logarithms has
    /// 1,024 rows), if `helper_width` is not 1, 2 or 3, or if there are fewer data columns than that.
    pub const fn trial(k: u32, data_columns: usize, helper_width: usize) -> Self {
        assert!(k >= 5 && k <= 17 && helper_width >= 1 && helper_width <= 3 && data_columns >= helper_width);
        Self { name: "trial", id: 0, k, data_columns, helper_width }
    }

    /// The geometry of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|geometry| geometry.name == name)
    }

    /// The geometry with that identifier in the canonical encodings, if there is one.
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|geometry| geometry.id == id)
    }

    /// Its name in policies and on the command line.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its identifier in canonical encodings.
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// Binary logarithm of the number of rows.
    pub const fn k(&self) -> u32 {
        self.k
    }

    /// `n = 2^k`: rows of a column, blinding rows included.
    pub const fn rows(&self) -> usize {
        1 << self.k
    }

    /// `u`: rows of a column that may hold data; rows `u..n` are never read by a constraint on a column
    /// of a commitment.
    pub const fn usable_rows(&self) -> usize {
        self.rows() - RESERVED_ROWS
    }

    /// `W`: data columns of the histogram circuit.
    pub const fn data_columns(&self) -> usize {
        self.data_columns
    }

    /// Fractions that share a helper column in LogUp: three in version 1, the most that a gate of degree
    /// [`DEGREE`](crate::DEGREE) can take.
    pub const fn helper_width(&self) -> usize {
        self.helper_width
    }

    /// `b = k − 1`: binary logarithm of the alphabet's size, and the width of a range-check limb.
    pub const fn alphabet_bits(&self) -> u32 {
        self.k - 1
    }

    /// `2^b`: the alphabet's size, symbol 0 (padding) included.
    pub const fn alphabet(&self) -> usize {
        1 << self.alphabet_bits()
    }

    /// `W·u`: symbols in one segment.
    pub const fn segment_symbols(&self) -> usize {
        self.data_columns * self.usable_rows()
    }

    /// Rounds that one compute-score proof covers: one for each row of the alphabet.
    pub const fn rounds(&self) -> usize {
        self.alphabet()
    }
}

impl Default for Geometry {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl fmt::Debug for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(k={}, W={}, b={})", self.name, self.k, self.data_columns, self.alphabet_bits())
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
