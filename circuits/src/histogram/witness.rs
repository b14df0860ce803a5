use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::geometry::SegmentShape;

/// The secret side of one segment.
#[derive(Clone)]
pub struct Witness {
    /// `W·u` symbols, column after column.
    pub symbols: Vec<u16>,
    /// `u` counts: symbol `t`'s in row `t`, zeros below the alphabet.
    pub counts: Vec<u32>,
}

impl Witness {
    /// Counts the symbols `given`, padding the segment with symbol 0. Symbols past the segment's capacity are
    /// dropped.
    pub fn new(shape: SegmentShape, mut given: Vec<u16>) -> Self {
        // Growing the vector would leave its old place as it was.
        let mut symbols = Vec::with_capacity(shape.symbols().max(given.len()));
        symbols.extend_from_slice(&given);
        given.zeroize();
        symbols.resize(shape.symbols(), 0);
        let mut counts = vec![0; shape.geometry().usable_rows()];
        for symbol in &symbols {
            if let Some(count) = counts.get_mut(usize::from(*symbol)) {
                *count += 1;
            }
        }
        Self { symbols, counts }
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness({} symbols, redacted)", self.symbols.len())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.symbols.zeroize();
        self.counts.zeroize();
    }
}

impl ZeroizeOnDrop for Witness {}
