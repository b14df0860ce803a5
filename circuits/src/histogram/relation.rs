use super::{Clause, Instance, Witness};
use crate::geometry::Geometry;

/// The first clause a claim breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clause {clause} does not hold at index {index}")]
pub struct Violation {
    /// The broken clause.
    pub clause: Clause,
    /// The offending symbol or count, by position.
    pub index: usize,
}

/// The statement in plain Rust: the executable specification.
pub fn check(geometry: Geometry, instance: &Instance, witness: &Witness) -> Result<(), Violation> {
    let refuse = |clause, index| Err(Violation { clause, index });
    let alphabet = geometry.alphabet();

    if let Some(index) = witness.symbols.iter().position(|symbol| usize::from(*symbol) >= alphabet) {
        return refuse(Clause::InAlphabet, index);
    }
    let mut counts = vec![0u32; alphabet];
    for symbol in &witness.symbols {
        counts[usize::from(*symbol)] += 1;
    }
    let claimed = &witness.counts;
    if let Some(symbol) = (0..alphabet).find(|&symbol| claimed.get(symbol) != Some(&counts[symbol])) {
        return refuse(Clause::CountsMatch, symbol);
    }
    if let Some(index) = claimed.iter().skip(alphabet).position(|count| *count != 0) {
        return refuse(Clause::CountsEnd, alphabet + index);
    }
    if u64::from(counts[0]) != instance.padding {
        return refuse(Clause::PaddingCounted, 0);
    }
    Ok(())
}
