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

/// A family of circuit shapes `(k; widths)`: `2^k` rows, an alphabet of `2^b` symbols, and segments of some
/// widths.
///
/// Keys depend on the geometry and a width alone: never on a dataset's size, its schema, the policy or the
/// contributor. Nothing that comes from outside can name another geometry than those of the protocol,
/// [`Geometry::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    name: &'static str,
    id: u8,
    k: u32,
    widths: &'static [Width],
    helper_width: usize,
}

/// `W`: data columns of a segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Width(usize);

impl Width {
    /// 4 columns: a segment holds 8,160 symbols (compact), 65,504 (standard) or 262,112 (large).
    pub const FOUR: Self = Self(4);

    /// 16 columns.
    pub const SIXTEEN: Self = Self(16);

    /// 64 columns; the compact geometry has none.
    pub const SIXTY_FOUR: Self = Self(64);

    /// That of so many columns, of the protocol or outside it.
    pub const fn of(columns: usize) -> Self {
        Self(columns)
    }

    /// How many columns.
    pub const fn columns(self) -> usize {
        self.0
    }
}

impl fmt::Debug for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W={}", self.0)
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Geometry {
    /// Small uploads, tests, laptops: up to 32,640 symbols a segment, an alphabet of 1,024.
    pub const COMPACT: Self = Self::of_protocol("compact", 1, 11, &[Width::FOUR, Width::SIXTEEN]);

    /// The default: up to 1,048,064 symbols a segment, an alphabet of 8,192.
    pub const STANDARD: Self =
        Self::of_protocol("standard", 2, 14, &[Width::FOUR, Width::SIXTEEN, Width::SIXTY_FOUR]);

    /// Large alphabets and very large data: up to 4,193,792 symbols a segment, an alphabet of 32,768.
    pub const LARGE: Self =
        Self::of_protocol("large", 3, 16, &[Width::FOUR, Width::SIXTEEN, Width::SIXTY_FOUR]);

    /// Every geometry of the protocol, smallest first.
    pub const ALL: [Self; 3] = [Self::COMPACT, Self::STANDARD, Self::LARGE];

    const fn of_protocol(name: &'static str, id: u8, k: u32, widths: &'static [Width]) -> Self {
        Self { name, id, k, widths, helper_width: 3 }
    }

    /// A geometry outside the protocol, for measuring: no policy, registration or bundle can name it.
    ///
    /// # Panics
    ///
    /// If `k` is not in `5..=17` (a symbol has 16 bits; the circuits need 11, for the table of logarithms has
    /// 1,024 rows), if there is no width or they do not ascend, if `helper_width` is not 1, 2 or 3, or if
    /// there are fewer data columns than that.
    pub const fn trial(k: u32, widths: &'static [Width], helper_width: usize) -> Self {
        assert!(k >= 5 && k <= 17 && helper_width >= 1 && helper_width <= 3);
        let mut index = 0;
        assert!(!widths.is_empty());
        while index < widths.len() {
            assert!(widths[index].0 >= helper_width);
            assert!(index == 0 || widths[index - 1].0 < widths[index].0);
            index += 1;
        }
        Self { name: "trial", id: 0, k, widths, helper_width }
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

    /// The widths that segments may have, the least first.
    pub const fn widths(&self) -> &'static [Width] {
        self.widths
    }

    /// A segment of this width, which should be one of [`Self::widths`].
    pub const fn segment(self, width: Width) -> SegmentShape {
        SegmentShape { geometry: self, width }
    }

    /// The smallest segment.
    pub const fn smallest_segment(self) -> SegmentShape {
        self.segment(self.widths[0])
    }

    /// The largest segment.
    pub const fn largest_segment(self) -> SegmentShape {
        self.segment(self.widths[self.widths.len() - 1])
    }

    /// The segments that so many symbols are cut into.
    pub fn cut(self, symbols: u64) -> Cut {
        let largest = self.largest_segment();
        let capacity = largest.symbols() as u64;
        let (full, left) = (symbols / capacity, symbols % capacity);
        let holding = self.widths.iter().map(|width| self.segment(*width));
        let last = holding.filter(|shape| shape.symbols() as u64 >= left).min_by_key(|shape| shape.width);
        Cut { symbols, largest, full, last: last.filter(|_| left > 0) }
    }

    /// Fractions that share a helper column in LogUp: three in the protocol, the most that a gate of degree
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
        write!(f, "{}(k={}, {:?}, b={})", self.name, self.k, self.widths, self.alphabet_bits())
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The shape of one segment: a geometry and a width of it. It is that of a histogram circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SegmentShape {
    geometry: Geometry,
    width: Width,
}

impl SegmentShape {
    /// The geometry.
    pub const fn geometry(&self) -> Geometry {
        self.geometry
    }

    /// The width.
    pub const fn width(&self) -> Width {
        self.width
    }

    /// `W`: data columns.
    pub const fn columns(&self) -> usize {
        self.width.0
    }

    /// `W·u`: symbols that it holds.
    pub const fn symbols(&self) -> usize {
        self.width.0 * self.geometry.usable_rows()
    }
}

impl Default for SegmentShape {
    fn default() -> Self {
        Geometry::default().largest_segment()
    }
}

/// A dataset cut into segments (PROTOCOL section 2): as many of the largest width as its symbols fill, and
/// one of the smallest width that holds what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    symbols: u64,
    largest: SegmentShape,
    full: u64,
    last: Option<SegmentShape>,
}

/// One segment of a [`Cut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutSegment {
    /// Its shape.
    pub shape: SegmentShape,
    /// The number of its first symbol.
    pub first: u64,
    /// How many symbols it has; what they lack of the whole is padding.
    pub symbols: usize,
}

impl CutSegment {
    /// Cells of padding.
    pub const fn padding(&self) -> u64 {
        (self.shape.symbols() - self.symbols) as u64
    }
}

impl Cut {
    /// The geometry.
    pub const fn geometry(&self) -> Geometry {
        self.largest.geometry
    }

    /// How many segments.
    pub const fn segments(&self) -> u64 {
        self.full + self.last.is_some() as u64
    }

    /// Its segments by shape: how many of each, in order, none of them 0.
    pub fn runs(&self) -> impl Iterator<Item = (SegmentShape, u64)> + use<> {
        let full = Some((self.largest, self.full)).filter(|(_, segments)| *segments > 0);
        full.into_iter().chain(self.last.map(|shape| (shape, 1)))
    }

    /// One of the segments, counted from 0.
    pub fn segment(&self, index: u64) -> Option<CutSegment> {
        let capacity = self.largest.symbols();
        let first = index.checked_mul(capacity as u64)?;
        if index < self.full {
            return Some(CutSegment { shape: self.largest, first, symbols: capacity });
        }
        let shape = self.last.filter(|_| index == self.full)?;
        Some(CutSegment { shape, first, symbols: (self.symbols - first) as usize })
    }

    /// All segments, in order.
    pub fn iter(self) -> impl Iterator<Item = CutSegment> {
        (0..self.segments()).map_while(move |index| self.segment(index))
    }
}

/// What decides how many columns a circuit's list declares.
pub trait Dimensions: Copy {
    /// `b`: the width of a range-check limb.
    fn limb_bits(self) -> u32;
    /// `W`, where there are data columns.
    fn data_columns(self) -> usize;
}

impl Dimensions for Geometry {
    fn limb_bits(self) -> u32 {
        self.alphabet_bits()
    }

    /// None but in a histogram circuit.
    fn data_columns(self) -> usize {
        0
    }
}

impl Dimensions for SegmentShape {
    fn limb_bits(self) -> u32 {
        self.geometry.alphabet_bits()
    }

    fn data_columns(self) -> usize {
        self.columns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule, said again in plain words.
    #[test]
    fn segments_follow_from_the_number_of_symbols_alone() {
        for geometry in Geometry::ALL {
            let capacities: Vec<_> =
                geometry.widths().iter().map(|width| geometry.segment(*width).symbols() as u64).collect();
            assert!(capacities.is_sorted());
            let largest = *capacities.last().expect("a width");
            let edges = capacities.iter().flat_map(|capacity| [capacity - 1, *capacity, capacity + 1]);
            let more = [1, 2, largest + 1, 3 * largest - 1, 3 * largest, 3 * largest + 5];
            for symbols in edges.chain(more) {
                let cut: Vec<_> = geometry.cut(symbols).iter().collect();
                assert_eq!(cut.len() as u64, geometry.cut(symbols).segments());
                assert_eq!(cut.iter().map(|segment| segment.symbols as u64).sum::<u64>(), symbols);
                let (last, before) = cut.split_last().expect("a segment");
                for (index, segment) in before.iter().enumerate() {
                    assert_eq!((segment.first, segment.symbols as u64), (index as u64 * largest, largest));
                    assert_eq!(segment.padding(), 0);
                }
                let fits = |capacity: &&u64| **capacity >= last.symbols as u64;
                assert_eq!(last.shape.symbols() as u64, *capacities.iter().find(fits).expect("one holds it"));
                assert_eq!(last.padding() + last.symbols as u64, last.shape.symbols() as u64);
            }
            assert_eq!(geometry.cut(0).segments(), 0);
        }
    }
}
