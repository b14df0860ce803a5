//! Features that tell the parts apart: what they hold in one part hardly occurs in the others, so that they
//! name the contributor in other words, and pay for it.

use fairshare_params::schema::Schema;

use crate::figures::Counted;
use crate::name_of;
use crate::remark::{Finding, Remark};

/// Up to this part of its cells, a part shares them with the others by chance.
const SHARED: f64 = 0.02;
/// Fewer cells than these say little.
const CELLS: u64 = 50;

/// Each such feature, with the first part that it tells from the others.
pub(crate) fn features(schema: &Schema, parts: &[Counted]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (index, feature) in schema.features().iter().enumerate() {
        let counts = |part: &Counted| part.histogram.get(schema.symbols(index)).unwrap_or_default().to_vec();
        let counts: Vec<_> = parts.iter().map(counts).collect();
        let first = parts.iter().enumerate().find(|(own, _)| is_apart(&counts, *own));
        remarks.extend(
            first.map(|(_, part)| Remark::on(feature.name(), Finding::Apart { part: name_of(&part.path) })),
        );
    }
    remarks
}

/// Whether hardly a cell of that part could be one of the others: the overlap of its shares with theirs.
fn is_apart(counts: &[Vec<u64>], own: usize) -> bool {
    let Some(mine) = counts.get(own) else { return false };
    let others = |bin: usize| -> u64 {
        let others = counts.iter().enumerate().filter(|(index, _)| *index != own);
        others.filter_map(|(_, counts)| counts.get(bin)).sum()
    };
    let others: Vec<u64> = (0..mine.len()).map(others).collect();
    let [all, rest] = [mine, &others].map(|counts| counts.iter().sum::<u64>());
    if all < CELLS || rest < CELLS {
        return false;
    }
    let share = |count: &u64, of: u64| *count as f64 / of as f64;
    let overlap: f64 =
        mine.iter().zip(&others).map(|(mine, other)| share(mine, all).min(share(other, rest))).sum();
    overlap <= SHARED
}
