//! A sample of whole records: for edges, and for what columns have to do with each other.
//!
//! Each record's place in the order gives it a random priority, and those with the least are kept. So the
//! sample depends on nothing but the files and their order, and every record has the same chance.

use std::collections::BinaryHeap;

use super::hash::mix;

/// Any number: the draft of the same files is the same.
const SEED: u64 = 0x6661_6972_7368_6172;

/// A cell of the sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    /// The hash of its text; 0 where it is empty.
    pub hash: u64,
    /// Its number, if it is one.
    pub number: Option<f64>,
}

/// Cells of sampled records, column by column.
pub(crate) struct Sample {
    columns: Vec<Vec<Cell>>,
    /// The priorities of the records that are kept, with their places; the first to go on top.
    kept: BinaryHeap<(u64, usize)>,
    capacity: usize,
    seen: u64,
}

impl Sample {
    /// Room for that many records.
    pub(crate) fn new(columns: usize, capacity: usize) -> Self {
        Self { columns: vec![Vec::new(); columns], kept: BinaryHeap::new(), capacity, seen: 0 }
    }

    /// Which of the next records are taken, and to which places.
    pub(crate) fn take(&mut self, records: usize) -> Vec<(usize, usize)> {
        let mut taken = Vec::new();
        for record in 0..records {
            let priority = mix(SEED ^ mix(self.seen));
            self.seen += 1;
            let place = if self.kept.len() < self.capacity {
                self.kept.len()
            } else {
                match self.kept.peek() {
                    Some(last) if priority < last.0 => last.1,
                    _ => continue,
                }
            };
            if self.kept.len() >= self.capacity {
                self.kept.pop();
            }
            self.kept.push((priority, place));
            taken.push((record, place));
        }
        taken
    }

    /// Puts a cell in its place.
    pub(crate) fn put(&mut self, column: usize, place: usize, cell: Cell) {
        if let Some(cells) = self.columns.get_mut(column) {
            if cells.len() <= place {
                cells.resize(place + 1, Cell::default());
            }
            if let Some(slot) = cells.get_mut(place) {
                *slot = cell;
            }
        }
    }

    /// How many records are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// A hash of a kept record's cells.
    pub(crate) fn record(&self, place: usize) -> u64 {
        let cells = self.columns.iter().map(|column| column.get(place).map_or(0, |cell| cell.hash));
        cells.fold(0, |record, cell| mix(record ^ cell).wrapping_add(1))
    }

    /// The cells of a column that has cells in every record.
    pub(crate) fn column(&self, column: usize) -> &[Cell] {
        self.columns.get(column).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(batches: &[usize], capacity: usize) -> Vec<u64> {
        let mut sample = Sample::new(1, capacity);
        let mut first = 0;
        for &records in batches {
            for (record, place) in sample.take(records) {
                sample.put(0, place, Cell { hash: (first + record) as u64, number: None });
            }
            first += records;
        }
        let mut found: Vec<_> = sample.column(0).iter().map(|cell| cell.hash).collect();
        assert_eq!(found.len(), sample.kept.len());
        found.sort_unstable();
        found
    }

    #[test]
    fn a_sample_is_the_same_however_the_records_come() {
        let whole = sampled(&[100_000], 500);
        assert_eq!(whole, sampled(&[1, 30_000, 0, 69_999], 500));
        assert_eq!(whole.len(), 500);
        assert!(whole.windows(2).all(|pair| pair[0] < pair[1]), "each record once");
        assert_eq!(sampled(&[3, 4], 500), [0, 1, 2, 3, 4, 5, 6]);
    }

    /// The mean of 500 of 100,000 is 50,000 with a standard error of 1,291.
    #[test]
    fn early_and_late_records_have_the_same_chance() {
        let mean = sampled(&[100_000], 500).iter().sum::<u64>() as f64 / 500.0;
        assert!((mean - 50_000.0).abs() < 5_000.0, "{mean}");
    }
}
