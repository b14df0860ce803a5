//! A column's most frequent cells, in memory that does not grow with it.
//!
//! Cells are counted exactly until there are too many different ones. Then the count that half of them do not
//! exceed is taken from all, and those at zero are forgotten (Misra and Gries 1982, in batches as Anderson et
//! al. 2017 do). A count is then too low, by what was taken in all at most. So cells that are frequent enough
//! to be labels stay.

use std::collections::HashMap;

/// Longest cell that may be a label, in bytes. Longer ones are counted together.
pub(crate) const LABEL_BYTES: usize = 128;

/// Cells with their counts.
pub(crate) struct Labels {
    entries: HashMap<u64, Label>,
    capacity: usize,
    taken: u64,
    long: u64,
    counting: bool,
}

struct Label {
    text: Box<str>,
    count: u64,
}

impl Labels {
    /// Room for that many different cells.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), capacity: capacity.max(2), taken: 0, long: 0, counting: true }
    }

    /// Counts a cell.
    pub(crate) fn add(&mut self, hash: u64, text: &str) {
        if !self.counting {
            return;
        }
        if text.len() > LABEL_BYTES {
            self.long += 1;
            return;
        }
        if let Some(label) = self.entries.get_mut(&hash) {
            label.count += 1;
            return;
        }
        if self.entries.len() >= self.capacity {
            self.forget();
        }
        self.entries.insert(hash, Label { text: text.into(), count: 1 });
    }

    /// Counts no more, and forgets what was counted.
    pub(crate) fn stop(&mut self) {
        self.counting = false;
        self.entries = HashMap::new();
    }

    /// Whether cells are still counted.
    pub(crate) fn is_counting(&self) -> bool {
        self.counting
    }

    /// Whether every cell has its own count, and the count is right.
    pub(crate) fn is_exact(&self) -> bool {
        self.counting && self.taken == 0 && self.long == 0
    }

    /// Cells too long to be labels.
    pub(crate) fn long(&self) -> u64 {
        self.long
    }

    /// How much too low a count may be.
    pub(crate) fn error(&self) -> u64 {
        self.taken
    }

    /// The cells by how often they occur, the most frequent first; of equals, in the order of their bytes.
    pub(crate) fn by_count(&self) -> Vec<(&str, u64)> {
        let mut found: Vec<_> =
            self.entries.values().map(|label| (label.text.as_ref(), label.count)).collect();
        found.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then(a.cmp(b)));
        found
    }

    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.entries.values().map(|label| label.count).collect();
        let half = counts.len() / 2;
        let (_, median, _) = counts.select_nth_unstable(half);
        let median = *median;
        self.taken += median;
        self.entries.retain(|_, label| {
            label.count = label.count.saturating_sub(median);
            label.count > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash;
    use super::*;

    fn add(labels: &mut Labels, text: &str) {
        labels.add(hash::of(text.as_bytes()), text);
    }

    #[test]
    fn few_cells_are_counted_exactly() {
        let mut labels = Labels::new(3);
        "b a b c c".split(' ').for_each(|text| add(&mut labels, text));
        assert!(labels.is_exact());
        assert_eq!(labels.by_count(), [("b", 2), ("c", 2), ("a", 1)]);
    }

    #[test]
    fn frequent_cells_stay_among_millions_and_memory_does_not_grow() {
        let mut labels = Labels::new(64);
        for cell in 0..1_000_000 {
            add(&mut labels, &format!("rare {cell}"));
            add(&mut labels, if cell % 3 == 0 { "third" } else { "two thirds" });
        }
        assert!(labels.entries.len() <= 64 && !labels.is_exact());
        let found = labels.by_count();
        assert_eq!((found[0].0, found[1].0), ("two thirds", "third"));
        for ((_, found), exact) in found.into_iter().zip([666_666, 333_334]) {
            assert!(found <= exact && found + labels.error() >= exact, "{found} of {exact}");
        }
    }

    #[test]
    fn cells_too_long_for_labels_are_not_kept() {
        let mut labels = Labels::new(64);
        add(&mut labels, &"x".repeat(LABEL_BYTES));
        add(&mut labels, &"x".repeat(LABEL_BYTES + 1));
        assert_eq!((labels.entries.len(), labels.long(), labels.is_exact()), (1, 1, false));
    }
}
