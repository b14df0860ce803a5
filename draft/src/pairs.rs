//! What columns have to do with each other, by the sample: which follow from others, and which depend on each
//! other.

use std::collections::{HashMap, HashSet};

use fairshare_params::schema::Rule;

use crate::profile::{Cell, Sample};

/// Most columns that are compared with each other.
pub(crate) const MOST_COLUMNS: usize = 64;
/// Pairs of records that agree in one column and would differ in another if the two were independent: so many
/// have to be expected before "none differs" says anything.
const EXPECTED_PAIRS: f64 = 50.0;
/// Records that a cell has to be in, on average, to say something although it tells them apart.
const MANY_RECORDS: usize = 20;
/// Nats beyond chance from which two columns are said to depend on each other, and the share of what the
/// lesser of them tells.
const LEAST_NATS: f64 = 0.02;
const LEAST_SHARE: f64 = 0.05;
/// Standard deviations of chance that this is at least.
const LEAST_SIGMAS: f64 = 6.0;
/// Nats that a column may tell beyond what another tells, of all that it tells, to follow from its bins.
const LEFT_OVER: f64 = 0.2;

/// A column of the sample, its different cells numbered from 0.
pub(crate) struct Numbered {
    cells: Vec<u32>,
    counts: Vec<u32>,
}

impl Numbered {
    fn of(ids: impl Iterator<Item = u64>) -> Self {
        let mut numbers: HashMap<u64, u32> = HashMap::new();
        let (mut cells, mut counts) = (Vec::new(), Vec::<u32>::new());
        for id in ids {
            let next = u32::try_from(counts.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(id).or_insert(next);
            if number == next {
                counts.push(0);
            }
            if let Some(count) = usize::try_from(number).ok().and_then(|number| counts.get_mut(number)) {
                *count += 1;
            }
            cells.push(number);
        }
        Self { cells, counts }
    }

    /// The cells as they are.
    pub(crate) fn exact(sample: &Sample, place: usize) -> Self {
        Self::of(sample.column(place).iter().map(|cell| cell.hash))
    }

    /// Whether a cell tells which of the different records it is of, and is not in many. Copies of a record
    /// agree in everything, so that nothing can be said of what follows from such cells.
    pub(crate) fn identifies(&self, different: usize) -> bool {
        let distinct = self.counts.len();
        10 * distinct >= 9 * different && self.cells.len() < MANY_RECORDS * distinct
    }

    /// The cells' bins.
    pub(crate) fn binned(sample: &Sample, place: usize, rule: &Rule) -> Self {
        let bins = Bins::of(rule);
        Self::of(sample.column(place).iter().map(|cell| bins.bin(*cell)))
    }

    /// `H`, in nats.
    fn entropy(&self) -> f64 {
        entropy(self.counts.iter().copied(), self.cells.len())
    }
}

/// A rule, laid out for cells of the sample.
enum Bins<'a> {
    Labels(HashMap<u64, u64>),
    Edges(&'a [f64]),
}

impl<'a> Bins<'a> {
    fn of(rule: &'a Rule) -> Self {
        match rule {
            Rule::Numeric { edges } => Self::Edges(edges),
            Rule::Categorical { labels } => {
                let hashes = labels.iter().map(|label| Cell::of_text(label).hash);
                Self::Labels(hashes.zip(0..).collect())
            }
        }
    }

    fn bin(&self, cell: Cell) -> u64 {
        match self {
            _ if cell.hash == 0 => u64::MAX,
            Self::Labels(labels) => labels.get(&cell.hash).copied().unwrap_or(u64::MAX - 1),
            Self::Edges(edges) => {
                let bin = cell.number.map(|number| edges.partition_point(|edge| *edge <= number));
                bin.and_then(|bin| u64::try_from(bin).ok()).unwrap_or(u64::MAX)
            }
        }
    }
}

/// How many of the sample's records are different.
pub(crate) fn different(sample: &Sample) -> usize {
    (0..sample.len()).map(|record| sample.record(record)).collect::<HashSet<_>>().len()
}

/// Whether the second column follows from the first: equal cells of the first never have different ones of
/// the second, and often would if the two were independent.
pub(crate) fn follows(first: &Numbered, second: &Numbered) -> bool {
    let mut seen: Vec<Option<u32>> = vec![None; first.counts.len()];
    for (one, other) in first.cells.iter().zip(&second.cells) {
        let Some(before) = usize::try_from(*one).ok().and_then(|one| seen.get_mut(one)) else { return false };
        if *before.get_or_insert(*other) != *other {
            return false;
        }
    }
    let records = second.cells.len().max(1) as f64;
    let differ = 1.0 - second.counts.iter().map(|count| (f64::from(*count) / records).powi(2)).sum::<f64>();
    let pairs: f64 =
        first.counts.iter().map(|count| f64::from(*count) * (f64::from(*count) - 1.0) / 2.0).sum();
    pairs * differ >= EXPECTED_PAIRS
}

/// Whether the second column's bins follow from the first one's, nearly.
pub(crate) fn bins_follow(first: &Numbered, second: &Numbered) -> bool {
    let own = second.entropy();
    own - shared(first, second) <= LEFT_OVER * own
}

/// Nats that two columns share beyond what chance makes, if that is enough to say that they depend on each
/// other.
pub(crate) fn dependence(first: &Numbered, second: &Numbered) -> Option<f64> {
    let records = first.cells.len() as f64;
    if first.counts.len() < 2 || second.counts.len() < 2 {
        return None;
    }
    // Of independent columns, twice the records' nats have a chi-squared distribution.
    let freedom = (first.counts.len() - 1) as f64 * (second.counts.len() - 1) as f64;
    let found = shared(first, second);
    let nats = found - freedom / (2.0 * records);
    let sigmas = 2.0 * records * nats / (2.0 * freedom).sqrt();
    let lesser = first.entropy().min(second.entropy());
    (nats >= LEAST_NATS && nats >= LEAST_SHARE * lesser && sigmas >= LEAST_SIGMAS).then_some(nats)
}

/// The mutual information of two columns of the sample, in nats.
fn shared(first: &Numbered, second: &Numbered) -> f64 {
    // Bins are at most some hundreds of each column.
    let mut joint = vec![0u32; first.counts.len().saturating_mul(second.counts.len())];
    for (one, other) in first.cells.iter().zip(&second.cells) {
        let [one, other] = [one, other].map(|number| usize::try_from(*number).unwrap_or(usize::MAX));
        let place = one.saturating_mul(second.counts.len()).saturating_add(other);
        if let Some(count) = joint.get_mut(place) {
            *count += 1;
        }
    }
    first.entropy() + second.entropy() - entropy(joint.into_iter(), first.cells.len())
}

fn entropy(counts: impl Iterator<Item = u32>, records: usize) -> f64 {
    let records = records.max(1) as f64;
    let nats = |count: u32| {
        let share = f64::from(count) / records;
        if count == 0 { 0.0 } else { -share * share.ln() }
    };
    counts.map(nats).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, below `bound`.
    fn random(seed: u64, bound: u64) -> impl Iterator<Item = u64> {
        (0u64..).map(move |step| {
            let mixed = (step ^ (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) % bound
        })
    }

    fn column(ids: impl Iterator<Item = u64>) -> Numbered {
        Numbered::of(ids.take(5_000))
    }

    #[test]
    fn what_follows_is_found_and_chance_is_not() {
        let city = column(random(1, 40));
        let country = column(random(1, 40).map(|city| city / 7));
        let other = column(random(2, 6));
        assert!(follows(&city, &country) && !follows(&country, &city));
        assert!(!follows(&city, &other));
        // Every record has its own: anything follows from it, and that says nothing.
        assert!(!follows(&column(0..), &country));
        // Two records of 5,000 differ: that they do not within a group is chance.
        let rare = column((0..).map(|record| u64::from(record % 2_500 == 7)));
        assert!(!follows(&column(random(1, 2_400)), &rare));
        // One exception is enough.
        let broken = column(random(1, 40).enumerate().map(|(at, city)| if at == 9 { 99 } else { city / 7 }));
        assert!(!follows(&city, &broken));
        assert!(bins_follow(&city, &country) && !bins_follow(&country, &city));
    }

    #[test]
    fn dependence_is_told_from_chance() {
        let (a, b) = (column(random(1, 16)), column(random(2, 16)));
        assert_eq!(dependence(&a, &b), None);
        let noisy = random(1, 16).zip(random(3, 3)).map(|(a, noise)| if noise == 0 { a } else { 16 + noise });
        let nats = dependence(&a, &column(noisy)).expect("a third of the records agree");
        assert!((0.5..1.5).contains(&nats), "{nats}");
        assert!((dependence(&a, &a).expect("itself") - 16f64.ln()).abs() < 0.1);
        assert_eq!(dependence(&a, &column(std::iter::repeat(1))), None);
    }

    #[test]
    fn cells_are_binned_as_the_rule_says() {
        let edges = Rule::Numeric { edges: vec![0.0, 5.0] };
        let bins = Bins::of(&edges);
        assert_eq!(
            ["-1", "0", "4.9", "5", ""].map(|text| bins.bin(Cell::of_text(text))),
            [0, 1, 1, 2, u64::MAX]
        );
        let labels = Rule::Categorical { labels: vec!["a".into(), "b".into()] };
        let bins = Bins::of(&labels);
        let found = ["b", "a", "A", ""].map(|text| bins.bin(Cell::of_text(text)));
        assert_eq!(found, [1, 0, u64::MAX - 1, u64::MAX]);
    }
}
